//! Reads what the core writes, and holds it against what a client may expect.

use std::collections::BTreeMap;

use amq_protocol::frame::{AMQPFrame, parse_frame as decode_frame};
use amq_protocol::protocol::{AMQPClass, channel, connection};
use bytes::BytesMut;
use leveret::codec::frame::{Parsed, parse_frame};

/// A channel as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Open,
    /// The server has closed it; `close-ok` is due.
    Closed,
}

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Observer {
    channels: BTreeMap<u16, View>,
    /// Each of `start`, `tune` and `open-ok` comes once, in this order.
    greetings: u8,
    /// The server has said `connection.close`.
    closed: bool,
    /// The server has agreed to the client's `connection.close`.
    agreed: bool,
}

impl Observer {
    /// Takes all output; frames have at most `frame_max` octets.
    pub(super) fn read(&mut self, output: &mut BytesMut, frame_max: u32) {
        let output = output.split();
        let mut rest = &output[..];
        while !rest.is_empty() {
            let Ok(Parsed::Frame(_, length)) = parse_frame(rest, frame_max) else {
                panic!("no frame: {rest:?}");
            };
            assert!(length <= frame_max as usize, "{length} octets exceed {frame_max}");
            let (frame, after) = rest.split_at(length);
            match decode_frame(frame) {
                Ok((left, decoded)) => {
                    assert!(left.is_empty());
                    self.take(decoded);
                }
                Err(error) => panic!("{error:?} in {frame:?}"),
            }
            rest = after;
        }
    }

    /// The channels that the client takes for open.
    pub(super) fn open_channels(&self) -> impl Iterator<Item = u16> {
        self.channels.iter().filter(|(_, view)| **view == View::Open).map(|(id, _)| *id)
    }

    /// Whether the end has been spoken of by either side.
    pub(super) const fn is_closing(&self) -> bool {
        self.closed || self.agreed
    }

    /// The client has said `channel.close-ok`.
    pub(super) fn close_ok_sent(&mut self, id: u16) {
        if self.channels.get(&id) == Some(&View::Closed) {
            self.channels.remove(&id);
        }
    }

    fn take(&mut self, frame: AMQPFrame) {
        assert!(!self.agreed || self.closed, "{frame:?} after close-ok");
        match frame {
            AMQPFrame::Heartbeat => assert!(!self.is_closing()),
            AMQPFrame::Method(0, AMQPClass::Connection(method)) => self.take_connection(&method),
            AMQPFrame::Method(id, AMQPClass::Channel(method)) => self.take_channel(id, &method),
            AMQPFrame::Method(id, AMQPClass::Access(_)) => self.expect_open(id),
            other => panic!("the core wrote {other:?}"),
        }
    }

    fn take_connection(&mut self, method: &connection::AMQPMethod) {
        match method {
            connection::AMQPMethod::Start(_) => self.greet(0),
            connection::AMQPMethod::Tune(_) => self.greet(1),
            connection::AMQPMethod::OpenOk(_) => self.greet(2),
            connection::AMQPMethod::Close(_) => {
                assert!(!self.is_closing(), "a second close");
                self.closed = true;
                self.channels.clear();
            }
            connection::AMQPMethod::CloseOk(_) => {
                self.agreed = true;
                self.channels.clear();
            }
            connection::AMQPMethod::Blocked(_)
            | connection::AMQPMethod::Unblocked(_)
            | connection::AMQPMethod::UpdateSecretOk(_) => {
                assert!(self.greetings == 3 && !self.is_closing());
            }
            other => panic!("the core wrote {other:?}"),
        }
    }

    fn take_channel(&mut self, id: u16, method: &channel::AMQPMethod) {
        assert!(id != 0 && self.greetings == 3 && !self.is_closing());
        match method {
            channel::AMQPMethod::OpenOk(_) => {
                let before = self.channels.insert(id, View::Open);
                assert_ne!(before, Some(View::Open), "channel {id} is open");
            }
            channel::AMQPMethod::Close(_) => {
                self.expect_open(id);
                self.channels.insert(id, View::Closed);
            }
            channel::AMQPMethod::CloseOk(_) => match self.channels.get(&id) {
                Some(View::Open) => drop(self.channels.remove(&id)),
                Some(View::Closed) => {}
                None => panic!("close-ok for channel {id}"),
            },
            channel::AMQPMethod::FlowOk(_) => self.expect_open(id),
            other => panic!("the core wrote {other:?}"),
        }
    }

    fn greet(&mut self, number: u8) {
        assert_eq!(self.greetings, number);
        assert!(!self.is_closing());
        self.greetings += 1;
    }

    fn expect_open(&self, id: u16) {
        assert_eq!(self.channels.get(&id), Some(&View::Open), "channel {id}");
    }
}
