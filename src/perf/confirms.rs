//! What came back of the publishes of one connection: confirms and returned messages.

use std::time::Instant;

use super::bits::Bits;
use super::confirm_times::ConfirmTimes;
use super::error::PerfError;
use super::session;
use super::stamp::Stamp;
use crate::amqp::method::MethodId;
use crate::codec::frame::{Frame, FrameKind};

/// What came back, by channel.
#[derive(Debug)]
pub(super) struct Confirms {
    /// In the order of the channels' numbers.
    pub(super) flows: Vec<Flow>,
    /// Publishes that were confirmed or refused.
    pub(super) answered: u64,
    /// Publishes that were confirmed.
    pub(super) acked: u64,
    /// Channels of which everything that will come has come.
    pub(super) settled: usize,
}

/// What came back on one channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    /// Confirmed sequence numbers.
    pub(super) acked: Bits,
    /// Those that no queue got.
    pub(super) returned: Bits,
    answered: Bits,
    /// How long confirms take, if that is measured.
    pub(super) times: Option<ConfirmTimes>,
    /// Whether the next body frame begins a returned message.
    is_return: bool,
}

impl Confirms {
    pub(super) fn new(channels: u16) -> Self {
        let flows = vec![Flow::default(); channels.into()];
        Self { flows, answered: 0, acked: 0, settled: 0 }
    }

    /// Measures how long confirms take from now on; only where there is one channel.
    pub(super) fn measure(&mut self, start: Instant) {
        if let [flow] = &mut self.flows[..] {
            flow.times = Some(ConfirmTimes::new(start));
        }
    }

    /// Notes the time of the next publish.
    pub(super) fn sent(&mut self, at: u64) {
        if let [Flow { times: Some(times), .. }] = &mut self.flows[..] {
            times.sent(at);
        }
    }

    /// How many messages no queue got.
    pub(super) fn returned(&self) -> u64 {
        self.flows.iter().map(|flow| flow.returned.len()).sum()
    }

    /// Takes a frame, and fails on what ends the channel.
    pub(super) fn take(&mut self, frame: &Frame<'_>) -> Result<(), PerfError> {
        let flow = usize::from(frame.channel.0).checked_sub(1);
        let Some(flow) = flow.and_then(|flow| self.flows.get_mut(flow)) else {
            return session::check(frame);
        };
        match session::method(frame) {
            Some((MethodId::BASIC_ACK, arguments)) => {
                let new = flow.answer(arguments, Flow::ack)?;
                self.answered += new;
                self.acked += new;
            }
            Some((MethodId::BASIC_NACK, arguments)) => {
                self.answered += flow.answer(arguments, |_, _| {})?;
            }
            Some((MethodId::BASIC_RETURN, _)) => flow.is_return = true,
            Some((MethodId::BASIC_QOS_OK, _)) => self.settled += 1,
            None if flow.is_return && frame.kind == FrameKind::Body => {
                flow.take_return(frame.payload);
            }
            _ => return session::check(frame),
        }
        Ok(())
    }
}

impl Flow {
    /// Takes the arguments of a confirm; returns how many publishes it answers.
    fn answer(&mut self, arguments: &[u8], note: fn(&mut Self, u64)) -> Result<u64, PerfError> {
        let Some(([tag @ .., bits], _)) = arguments.split_first_chunk::<9>() else {
            return Err(PerfError::Unexpected("a confirm without its arguments".to_owned()));
        };
        let Some(last) = u64::from_be_bytes(*tag).checked_sub(1) else { return Ok(0) };
        let first = if bits & 1 == 1 { self.answered.first_missing() } else { last };
        let mut new = 0;
        for sequence in first..=last {
            if self.answered.insert(sequence) {
                new += 1;
                note(self, sequence);
            }
        }
        Ok(new)
    }

    fn ack(&mut self, sequence: u64) {
        self.acked.insert(sequence);
        if let Some(times) = &mut self.times {
            times.confirmed(sequence);
        }
    }

    fn take_return(&mut self, body: &[u8]) {
        self.is_return = false;
        if let Some(stamp) = Stamp::read(body) {
            self.returned.insert(stamp.sequence);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::amqp::id::{ChannelId, PublishTag};
    use crate::amqp::reply_code::ReplyCode;
    use crate::codec::encode;
    use crate::codec::frame::{Parsed, parse_frame};

    fn take(confirms: &mut Confirms, write: impl FnOnce(&mut BytesMut)) -> Result<(), PerfError> {
        let mut out = BytesMut::new();
        write(&mut out);
        let mut rest: &[u8] = &out;
        while let Ok(Parsed::Frame(frame, octets)) = parse_frame(rest, 4096) {
            confirms.take(&frame)?;
            rest = &rest[octets..];
        }
        assert!(rest.is_empty());
        Ok(())
    }

    #[test]
    fn confirms_count_once_whatever_their_order() {
        let mut confirms = Confirms::new(2);
        let [first, second] = [ChannelId(1), ChannelId(2)];

        take(&mut confirms, |out| encode::ack(out, first, PublishTag(3), false)).unwrap();
        take(&mut confirms, |out| encode::nack(out, first, PublishTag(2), false)).unwrap();
        take(&mut confirms, |out| encode::ack(out, first, PublishTag(4), true)).unwrap();
        take(&mut confirms, |out| encode::ack(out, second, PublishTag(1), false)).unwrap();

        assert_eq!((confirms.answered, confirms.acked), (5, 4));
        assert_eq!((confirms.flows[0].acked.len(), confirms.flows[1].acked.len()), (3, 1));
        assert!(!confirms.flows[0].acked.contains(1));
    }

    #[test]
    fn a_returned_message_is_known_by_its_stamp() {
        let mut confirms = Confirms::new(1);
        let stamp = Stamp { flow: 0, sequence: 4, nanos: 0 };

        take(&mut confirms, |out| {
            encode::basic_return(out, ChannelId(1), ReplyCode::NoRoute, "NO_ROUTE", b"\0\0");
            encode::content(out, ChannelId(1), &[0; 14], &stamp.octets(), 4096);
        })
        .unwrap();

        let returned = &confirms.flows[0].returned;
        assert!(returned.contains(4) && returned.len() == 1);
    }

    #[test]
    fn a_confirm_without_its_tag_is_an_error() {
        let mut confirms = Confirms::new(1);
        let frame =
            Frame { kind: FrameKind::Method, channel: ChannelId(1), payload: &[0, 60, 0, 80, 0] };

        assert!(confirms.take(&frame).is_err());
    }
}
