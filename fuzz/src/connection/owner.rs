//! The owner's duties.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use leveret::amqp::exception::Exception;
use leveret::amqp::id::ChannelId;
use leveret::amqp::method::MethodId;
use leveret::amqp::reply_code::{ReplyCode, Scope};
use leveret::auth::mechanism::Mechanism;
use leveret::codec::frame::{FrameError, OVERHEAD, Parsed, parse_frame};
use leveret::connection::core::Connection;
use leveret::connection::event::{Event, HeaderOutcome, ReceiveCheck, Timeout};
use leveret::connection::settings::Settings;

use super::observer::Observer;
use super::serve;
use crate::check_exception;

/// What a frame with basic.publish begins with.
const PUBLISH: [u8; 4] = [0, 60, 0, 40];

/// What is done with what the client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Header,
    Frames,
    Blocked,
    Lost,
    Ended,
}

/// The owner of a connection's core.
pub(super) struct Owner {
    core: Connection,
    settings: Arc<Settings>,
    now: Instant,
    input: Input,
    /// Octets that have come and are not carried out.
    buffer: Vec<u8>,
    out: BytesMut,
    observer: Observer,
    alarm: bool,
}

impl Owner {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let now = Instant::now();
        Self {
            core: Connection::new(Arc::clone(&settings), now),
            settings,
            now,
            input: Input::Header,
            buffer: Vec::new(),
            out: BytesMut::new(),
            observer: Observer::default(),
            alarm: false,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.input == Input::Ended
    }

    /// Octets come.
    pub(super) fn receive(&mut self, octets: &[u8]) {
        if self.input != Input::Blocked {
            self.core.octets_received();
        }
        self.buffer.extend_from_slice(octets);
        self.take_in();
    }

    /// The socket takes the output.
    pub(super) fn sent(&mut self) {
        self.core.octets_sent();
    }

    /// Lets time pass up to each timer in turn.
    pub(super) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.core.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            if self.input == Input::Ended {
                return;
            }
            let timeout = self.core.handle_timeout(self.now, &mut self.out);
            self.observe();
            match timeout {
                Timeout::Nothing => {
                    let next = self.core.poll_timeout();
                    assert!(next.is_none_or(|next| next > self.now), "a timer stands still");
                }
                Timeout::HandshakeTooSlow | Timeout::PeerSilent | Timeout::CloseExpired => {
                    self.input = Input::Ended;
                    return;
                }
            }
        }
        self.now = until;
        let early = self.core.handle_timeout(self.now, &mut self.out);
        assert!(early == Timeout::Nothing && self.out.is_empty(), "{early:?} before it was due");
    }

    /// A connection without heartbeats may stay for ever when it is open; any other ends.
    pub(super) fn wait_for_end(&mut self) {
        self.set_alarm(false);
        for _ in 0..8 {
            self.wait(Duration::from_secs(u16::MAX.into()));
        }
        let quiet = self.core.is_open() && self.core.tuning().heartbeat.is_none();
        assert!(self.has_ended() || quiet, "{:?}", self.core);
    }

    /// Memory runs low, or is there again.
    pub(super) fn set_alarm(&mut self, raised: bool) {
        self.alarm = raised;
        if raised || self.input != Input::Blocked {
            return;
        }
        self.input = Input::Frames;
        self.core.set_receive_check(self.now, ReceiveCheck::Running);
        self.core.unblocked(&mut self.out);
        self.observe();
        self.take_in();
    }

    /// The commit of a channel is done.
    pub(super) fn end_commit(&mut self, at: u16) {
        if let Some(channel) = self.core.channel_mut(ChannelId(at)) {
            channel.end_commit();
        }
    }

    /// The consumers of a channel are cancelled.
    pub(super) fn cancel(&mut self, at: u16) {
        let Some(channel) = self.core.channel_mut(ChannelId(at)) else { return };
        let ids: Vec<_> = channel.consumers().map(|(_, consumer)| consumer.id).collect();
        for id in ids {
            assert!(channel.remove_consumer_id(id).is_some());
        }
        assert_eq!(channel.consumer_count(), 0);
    }

    /// The server stops.
    pub(super) fn stop(&mut self) {
        let why = Exception::new(ReplyCode::ConnectionForced, "shutdown");
        self.fail(&why, ChannelId::CONNECTION);
        self.observe();
    }

    fn take_in(&mut self) {
        let input = std::mem::take(&mut self.buffer);
        let mut taken = 0;
        while let Some(octets) = self.take_one(&input[taken..]) {
            self.observe();
            taken += octets;
        }
        self.observe();
        self.buffer = input[taken..].to_vec();
        if self.input == Input::Frames {
            assert!(self.buffer.len() < self.core.frame_max() as usize + OVERHEAD);
        }
    }

    /// Carries out one frame; `None` when there is none.
    fn take_one(&mut self, input: &[u8]) -> Option<usize> {
        match self.input {
            Input::Header => self.take_header(input),
            Input::Blocked | Input::Ended => None,
            Input::Lost => (!input.is_empty()).then_some(input.len()),
            Input::Frames => match parse_frame(input, self.core.frame_max()) {
                Ok(Parsed::Incomplete { .. }) => None,
                Ok(Parsed::Frame(frame, octets)) => {
                    if frame.payload.starts_with(&PUBLISH) && self.core.is_open() && self.alarm {
                        self.block();
                        return None;
                    }
                    if frame.payload == close_ok() {
                        self.observer.close_ok_sent(frame.channel.0);
                    }
                    match self.core.handle_frame(self.now, frame, &mut self.out) {
                        Ok(event) => self.handle(event),
                        Err(exception) => self.fail(&exception, frame.channel),
                    }
                    Some(octets)
                }
                Err(error) => Some(self.fail_frame(error).unwrap_or(input.len())),
            },
        }
    }

    fn take_header(&mut self, input: &[u8]) -> Option<usize> {
        match self.core.handle_protocol_header(input, &mut self.out) {
            HeaderOutcome::Incomplete => {
                assert!(input.len() < 8 && self.out.is_empty());
                return None;
            }
            HeaderOutcome::Accepted => self.input = Input::Frames,
            HeaderOutcome::Refused => {
                assert_eq!(self.out[..], *super::PROTOCOL_HEADER);
                self.out.clear();
                self.input = Input::Ended;
            }
        }
        Some(8)
    }

    fn handle(&mut self, event: Event<'_>) {
        match event {
            Event::Handled => {}
            Event::Login { mechanism, response } => self.log_in(mechanism, response),
            Event::Open { vhost: "/" } => self.core.opened(&mut self.out),
            Event::Open { .. } => {
                let refusal = Exception::new(ReplyCode::NotAllowed, "vhost not found");
                self.fail(&refusal, ChannelId::CONNECTION);
            }
            Event::ChannelOpened(id) => {
                let channel = self.core.channel(id).expect("it is in the table");
                assert_eq!(channel.consumer_count(), 0);
            }
            Event::Method { channel: at, method } => {
                let channel = self.core.channel_mut(at).expect("the channel is open");
                if let Err(exception) = serve::method(channel, &method) {
                    self.fail(&exception, at);
                }
            }
            Event::Published { channel: at } => {
                let channel = self.core.channel_mut(at).expect("the channel is open");
                serve::published(channel, self.settings.max_message_size);
            }
            Event::CloseChannel { channel, .. } => {
                assert!(self.core.channel(channel).is_some(), "there is nothing to release");
                self.core.channel_closed(channel, &mut self.out);
                assert!(self.core.channel(channel).is_none());
            }
            Event::Close { .. } => {
                self.core.closed(self.now, &mut self.out);
                assert!(self.core.is_closing());
            }
            Event::Finished => self.input = Input::Ended,
            Event::UpdateSecret { .. } => self.core.secret_updated(&mut self.out),
        }
    }

    fn log_in(&mut self, mechanism: &str, response: &[u8]) {
        let offered = [Mechanism::Plain, Mechanism::AmqPlain];
        let selected = Mechanism::select(mechanism, &offered);
        match selected.and_then(|mechanism| mechanism.credentials(response)) {
            Ok(credentials) if credentials.user == b"guest" => {
                self.core.login_accepted(&mut self.out);
            }
            Ok(_) => self.core.login_refused(self.now, &mut self.out),
            Err(error) => self.fail(&error.into(), ChannelId::CONNECTION),
        }
    }

    fn fail(&mut self, exception: &Exception, at: ChannelId) {
        check_exception(exception);
        let expected = self.core.scope(exception, at);
        let scope = self.core.fail(self.now, exception, at, &mut self.out);
        assert_eq!(scope, expected);
        match scope {
            Scope::Channel => assert!(self.core.channel(at).is_none()),
            Scope::Connection => {
                assert!(self.core.is_closing());
                assert_eq!(self.core.channels().count(), 0);
            }
        }
    }

    fn fail_frame(&mut self, error: FrameError) -> Option<usize> {
        let consumed = error.consumed();
        check_exception(&error.into());
        self.core.fail_frame(self.now, error, &mut self.out);
        if consumed.is_none() {
            self.input = Input::Lost;
        }
        consumed
    }

    fn block(&mut self) {
        self.input = Input::Blocked;
        self.core.set_receive_check(self.now, ReceiveCheck::Paused);
        self.core.blocked("low on memory", &mut self.out);
    }

    /// Reads the output, and compares the channels of both sides.
    fn observe(&mut self) {
        self.observer.read(&mut self.out, self.core.frame_max());
        let mut open: Vec<u16> = self.observer.open_channels().collect();
        open.sort_unstable();
        let held: Vec<u16> = self.core.channels().map(|(id, _)| id.0).collect();
        assert_eq!(open, held);
        assert!(held.len() <= usize::from(self.settings.channel_max));
        assert!(!self.observer.is_closing() || self.core.is_closing());
    }
}

/// The payload of `channel.close-ok`.
fn close_ok() -> [u8; 4] {
    let MethodId { class, method } = MethodId::CHANNEL_CLOSE_OK;
    let ([a, b], [c, d]) = (class.to_be_bytes(), method.to_be_bytes());
    [a, b, c, d]
}
