//! A broker as a process, ended in one way or the other, and started again on the same data.

use std::time::Duration;

use crate::process::Process;
use crate::raw::content::{Content, content};
use crate::raw::method::{basic_publish, confirm_select, connection_close_ok};
use crate::raw::peer::Peer;

/// How a broker ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By SIGTERM, in order.
    Stop,
    /// By SIGKILL.
    Kill,
}

pub(super) const ENDS: [End; 2] = [End::Stop, End::Kill];

/// A broker on data that outlive it.
pub(super) struct Restarted {
    data: tempfile::TempDir,
    settings: &'static [(&'static str, &'static str)],
    broker: Option<Process>,
}

impl Restarted {
    #[track_caller]
    pub(super) fn start() -> Self {
        Self::start_with(&[])
    }

    #[track_caller]
    pub(super) fn start_with(settings: &'static [(&'static str, &'static str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let broker = Some(Process::start_on(data.path(), settings));
        Self { data, settings, broker }
    }

    /// Ends the broker, and starts it again. These are all of its clients; those of a broker that
    /// stops agree to that.
    #[track_caller]
    pub(super) fn again(&mut self, end: End, clients: impl IntoIterator<Item = Peer>) {
        let mut broker = self.broker.take().unwrap();
        if end == End::Kill {
            broker.kill();
        } else {
            broker.terminate();
            for mut client in clients {
                client.skip_to_connection_close();
                client.send(&connection_close_ok());
            }
            assert!(broker.expect_exit(Duration::from_secs(20)).success());
        }
        self.broker = Some(Process::start_on(self.data.path(), self.settings));
    }

    /// A connection whose channel 1 is open.
    #[track_caller]
    pub(super) fn connect(&self) -> Peer {
        let mut peer = self.broker.as_ref().unwrap().connect();
        peer.open(1);
        peer
    }

    /// The same, and the channel confirms.
    #[track_caller]
    pub(super) fn connect_confirming(&self) -> Peer {
        let mut peer = self.connect();
        peer.channel(1).call(&confirm_select());
        peer
    }
}

/// A persistent message.
pub(super) fn kept(text: &str) -> Content {
    content(text.as_bytes()).delivery_mode(2)
}

/// Publishes persistent messages straight to a queue, on channel 1, which confirms; `first` is the
/// number of the first of them.
#[track_caller]
pub(super) fn keep(peer: &mut Peer, queue: &str, first: u64, texts: &[&str]) {
    for text in texts {
        peer.channel(1).publish(&basic_publish("", queue), &kept(text));
    }
    peer.expect_all_acked(1, first, first + texts.len() as u64 - 1);
}
