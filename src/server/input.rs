//! What a client sends, taken apart: the protocol header, publishes that lie there whole, frames, and
//! large bodies as they come.

use std::time::Instant;

use bytes::buf::Limit;
use bytes::{BufMut, BytesMut};
use tracing::info;

use super::life::End;
use super::peer::Peer;
use crate::amqp::id::ChannelId;
use crate::amqp::method::MethodId;
use crate::codec::frame::{Frame, FrameError, HEADER_SIZE, Parsed, parse_frame};
use crate::codec::open_body::OpenBody;
use crate::codec::publish::{is_publish, parse_publish};
use crate::connection::event::{HeaderOutcome, ReceiveCheck};

/// Frames that need more octets have no room in the buffer that is read into.
pub(super) const LARGE_FRAME: usize = 64 << 10;

/// What is done with what the client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// The protocol header is awaited, and nothing has come.
    Header,
    /// The rest of the protocol header is.
    HeaderRest,
    /// Frames are.
    Frames,
    /// The rest of a large body frame is.
    Body(OpenBody),
    /// A publish waits for memory or disk space; nothing is read, and the client knows.
    Blocked,
    /// A publish waits until the disk has caught up; nothing is read.
    Behind,
    /// The client has to read what it has been answered; nothing is read.
    Flooded,
    /// A client that was sent replies has to read them; nothing is read.
    Crowded,
    /// What was carried out last has to become durable; nothing is read.
    Waiting,
    /// Where the next frame begins is not known: it is read and dropped.
    Lost,
}

impl Input {
    /// Whether what comes is not read.
    pub(super) const fn is_held(self) -> bool {
        matches!(self, Self::Blocked | Self::Behind | Self::Flooded | Self::Crowded | Self::Waiting)
    }
}

impl Peer {
    /// Carries out the frames in `input`; returns how many octets they were.
    pub(super) fn take_in(&mut self, input: &[u8]) -> usize {
        let now = Instant::now();
        let mut taken = 0;
        self.needed = 0;
        if let Some(service) = &mut self.service {
            service.traced = service.tracer.is_on();
        }
        while self.end.is_none() {
            let rest = input.get(taken..).unwrap_or_default();
            match self.take_publish(now, rest).or_else(|| self.take_one(now, rest)) {
                Some(octets) => taken += octets,
                None => break,
            }
        }
        if let Some(service) = &mut self.service {
            service.flush();
            service.resume();
        }
        self.check_flood(now);
        self.check_crowd(now);
        taken
    }

    /// Carries out a publish whose frames all lie here, and that nothing is wrong with so far;
    /// `None` when that is not so.
    #[inline]
    fn take_publish(&mut self, now: Instant, input: &[u8]) -> Option<usize> {
        if self.input != Input::Frames || !is_publish(input) || self.node.publishes_wait() {
            return None;
        }
        let (publish, octets) = parse_publish(input, self.core.frame_max())?;
        let body_size = publish.message.body.len();
        let channel = self.core.publishing_channel(publish.channel, body_size)?;
        if let Err(exception) = self.service.as_mut()?.handle_publish(channel, &publish, None) {
            let exception = exception.caused_by(MethodId::BASIC_PUBLISH);
            self.fail(now, &exception, publish.channel);
        }
        Some(octets)
    }

    /// Carries out one frame; `None` when there is none.
    fn take_one(&mut self, now: Instant, input: &[u8]) -> Option<usize> {
        match self.input {
            Input::Header | Input::HeaderRest => self.take_header(input),
            Input::Blocked | Input::Behind | Input::Flooded | Input::Crowded | Input::Waiting => {
                None
            }
            Input::Lost => (!input.is_empty()).then_some(input.len()),
            Input::Frames => match parse_frame(input, self.core.frame_max()) {
                Ok(Parsed::Incomplete { needed }) => self.begin_frame(input, needed),
                Ok(Parsed::Frame(frame, octets)) => {
                    if is_publish(input) && self.core.is_open() && !self.may_publish(now) {
                        return None;
                    }
                    self.carry_out(now, frame);
                    Some(octets)
                }
                Err(error) => Some(self.fail_frame(now, error).unwrap_or(input.len())),
            },
            Input::Body(body) => match body.parse_rest(input) {
                Ok(Parsed::Incomplete { .. }) => self.take_part(body, input),
                Ok(Parsed::Frame(frame, octets)) => {
                    self.input = Input::Frames;
                    self.carry_out(now, frame);
                    Some(octets)
                }
                Err(error) => Some(self.fail_frame(now, error).unwrap_or(input.len())),
            },
        }
    }

    fn carry_out(&mut self, now: Instant, frame: Frame<'_>) {
        match self.core.handle_frame(now, frame, &mut self.replies) {
            Ok(event) => self.handle(now, event),
            Err(exception) => self.fail(now, &exception, frame.channel),
        }
    }

    /// Looks at a frame that is not whole: a large body is taken as it comes, if nothing is wrong
    /// with it so far, all else when it is whole.
    fn begin_frame(&mut self, input: &[u8], needed: usize) -> Option<usize> {
        if needed > LARGE_FRAME
            && let Some(body) = OpenBody::start(input)
            && let Some(channel) = self.core.open_channel_mut(body.channel)
            && body.missing <= channel.assembly.missing()
        {
            self.input = Input::Body(body);
            return Some(HEADER_SIZE);
        }
        self.needed = needed;
        None
    }

    /// Takes octets of a body frame that is not whole. When the connection has begun to close since
    /// the frame did, they are dropped.
    fn take_part(&mut self, mut body: OpenBody, input: &[u8]) -> Option<usize> {
        let mut octets = input.len();
        if let Some(mut room) = self.body_room() {
            octets = octets.min(room.remaining_mut());
            room.put_slice(input.get(..octets).unwrap_or_default());
        }
        body.advance(octets);
        self.input = Input::Body(body);
        (octets > 0).then_some(octets)
    }

    fn take_header(&mut self, input: &[u8]) -> Option<usize> {
        let outcome = self.core.handle_protocol_header(input, &mut self.replies);
        self.write_replies();
        match outcome {
            HeaderOutcome::Incomplete => {
                self.input = Input::HeaderRest;
                return None;
            }
            HeaderOutcome::Accepted => {
                info!(connection = %self.id, "accepting AMQP connection {}", self.ends);
                self.input = Input::Frames;
            }
            HeaderOutcome::Refused => {
                self.input = Input::Lost;
                self.end = Some(End::Refused);
            }
        }
        Some(8)
    }

    /// Returns the octets of the frame, where it is known how many they are.
    fn fail_frame(&mut self, now: Instant, error: FrameError) -> Option<usize> {
        let consumed = error.consumed();
        let exception = error.into();
        self.log_exception(&exception, ChannelId::CONNECTION);
        self.close_for(&exception);
        self.core.fail_frame(now, error, &mut self.replies);
        self.write_replies();
        if consumed.is_none() {
            self.input = Input::Lost;
        }
        consumed
    }

    /// Whether there is room for a publish; if not, stops reading at it.
    fn may_publish(&mut self, now: Instant) -> bool {
        if self.node.publishes_wait() {
            self.block(now);
        } else {
            // The end of a read may lie within a large body, where nothing stops.
            self.check_crowd(now);
        }
        !self.input.is_held()
    }

    /// Stops reading at a publish that there is no room for.
    fn block(&mut self, now: Instant) {
        self.core.set_receive_check(now, ReceiveCheck::Paused);
        let Some(reason) = self.node.blocked_reason() else {
            self.input = Input::Behind;
            return;
        };
        info!(connection = %self.id, "connection {} blocked: {reason}", self.ends);
        self.input = Input::Blocked;
        self.core.blocked(reason, &mut self.replies);
        self.write_replies();
    }

    /// Where the next octets can be read to, if they are of a body that is taken as it comes. Their
    /// number goes to [`Self::body_received`].
    pub(super) fn body_room(&mut self) -> Option<Limit<&mut BytesMut>> {
        let Input::Body(body) = self.input else { return None };
        let channel = self.core.open_channel_mut(body.channel)?;
        let room = channel.assembly.room(body.missing);
        room.has_remaining_mut().then_some(room)
    }

    /// Notes that so many octets were read into [`Self::body_room`].
    pub(super) fn body_received(&mut self, octets: usize) {
        self.octets_received();
        if let Input::Body(body) = &mut self.input {
            body.advance(octets);
        }
    }
}
