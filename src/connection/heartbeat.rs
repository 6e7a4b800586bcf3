//! Heartbeats both ways (spec 4.2.7; RabbitMQ: `rabbit_heartbeat`).
//!
//! Twice an interval, one is sent if nothing else was. Once an interval, it is checked that
//! something has come; the second check in a row that finds nothing gives the peer up, between two
//! and three intervals after its last octet.

use std::time::{Duration, Instant};

use super::event::ReceiveCheck;

/// The timers of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    send_at: Instant,
    /// Absent while the check is paused.
    check_at: Option<Instant>,
    sent: bool,
    received: bool,
    /// A heartbeat is in the output; when it leaves, nothing else has been sent yet.
    beat_in_output: bool,
    /// Checks in a row that found nothing.
    quiet: u8,
}

/// What a look at the timers found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    Send,
    PeerSilent,
}

impl Heartbeat {
    /// Timers that start now, when the peer has just been heard.
    pub(super) fn new(interval: Duration, now: Instant) -> Self {
        Self {
            interval,
            send_at: now + interval / 2,
            check_at: Some(now + interval),
            sent: false,
            received: true,
            beat_in_output: false,
            quiet: 0,
        }
    }

    pub(super) fn octets_received(&mut self) {
        self.received = true;
    }

    pub(super) fn octets_sent(&mut self) {
        self.sent |= !std::mem::take(&mut self.beat_in_output);
    }

    pub(super) fn set_receive_check(&mut self, now: Instant, check: ReceiveCheck) {
        match check {
            ReceiveCheck::Paused => self.check_at = None,
            ReceiveCheck::Running if self.check_at.is_none() => {
                self.check_at = Some(now + self.interval);
                self.received = true;
            }
            ReceiveCheck::Running => {}
        }
    }

    /// When to look again.
    pub(super) fn due(&self) -> Instant {
        self.check_at.map_or(self.send_at, |check_at| check_at.min(self.send_at))
    }

    /// Looks at the timers.
    pub(super) fn look(&mut self, now: Instant) -> Beat {
        if self.check_at.is_some_and(|at| at <= now) {
            self.check_at = Some(now + self.interval);
            self.quiet = if std::mem::take(&mut self.received) { 0 } else { self.quiet + 1 };
            if self.quiet == 2 {
                self.check_at = None;
                return Beat::PeerSilent;
            }
        }
        if self.send_at <= now {
            self.send_at = now + self.interval / 2;
            if !std::mem::take(&mut self.sent) {
                self.beat_in_output = true;
                return Beat::Send;
            }
        }
        Beat::Nothing
    }
}
