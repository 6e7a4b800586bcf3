//! A scripted peer against the core, under a clock that only the script moves.

mod channel;
mod close;
mod frame;
mod handshake;
mod heartbeat;

use std::sync::Arc;
use std::time::{Duration, Instant};

use amq_protocol::protocol::{AMQPClass, basic, channel as channel_class, connection};
use amq_protocol::types::FieldTable;
use bytes::BytesMut;

use super::core::Connection;
use super::event::{Event, HeaderOutcome, Timeout};
use super::settings::Settings;
use crate::amqp::id::ChannelId;
use crate::amqp::method::MethodId;
use crate::codec::encode;
use crate::codec::frame::{FrameKind, Parsed, parse_frame};

const HEADER: &[u8] = b"AMQP\0\0\x09\x01";

/// A client, and the connection's core that it talks to.
struct Peer {
    core: Connection,
    now: Instant,
    out: BytesMut,
}

impl Peer {
    fn new() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        let now = Instant::now();
        Self { core: Connection::new(Arc::new(settings), now), now, out: BytesMut::new() }
    }

    /// A peer that has sent its header and read `start`.
    fn started() -> Self {
        let mut peer = Self::new();
        assert_eq!(
            peer.core.handle_protocol_header(HEADER, &mut peer.out),
            HeaderOutcome::Accepted
        );
        peer.out.clear();
        peer
    }

    /// A peer that has logged in and read `tune`.
    fn logged_in() -> Self {
        let mut peer = Self::started();
        peer.say(0, start_ok(&[]));
        peer.core.login_accepted(&mut peer.out);
        assert_eq!(peer.replies(), ["0 connection.tune"]);
        peer
    }

    /// A peer with an open connection, and that heartbeat interval in seconds.
    fn open(heartbeat: u16) -> Self {
        Self::open_with(2_047, heartbeat)
    }

    fn open_with(channel_max: u16, heartbeat: u16) -> Self {
        let mut peer = Self::logged_in();
        peer.say(0, tune_ok(channel_max, 131_072, heartbeat));
        assert_eq!(peer.say(0, open("/")), r#"Open { vhost: "/" }"#);
        peer.core.opened(&mut peer.out);
        assert_eq!(peer.replies(), ["0 connection.open-ok"]);
        assert!(peer.core.is_open());
        peer
    }

    /// A peer with an open connection and an open channel 1.
    fn on_channel() -> Self {
        let mut peer = Self::open(0);
        assert_eq!(peer.say(1, channel_open()), "ChannelOpened(ChannelId(1))");
        assert_eq!(peer.replies(), ["1 channel.open-ok"]);
        peer
    }

    /// Sends a method, and says what the owner is told of it.
    fn say(&mut self, channel: u16, method: AMQPClass) -> String {
        let mut octets = BytesMut::new();
        encode::method(&mut octets, ChannelId(channel), method);
        self.send(&octets)
    }

    /// Sends a method by its ids and the octets of its arguments.
    fn say_raw(&mut self, channel: u16, id: MethodId, arguments: &[u8]) -> String {
        let mut payload = Vec::new();
        payload.extend(id.class.to_be_bytes());
        payload.extend(id.method.to_be_bytes());
        payload.extend(arguments);
        self.frame(1, channel, &payload)
    }

    fn frame(&mut self, kind: u8, channel: u16, payload: &[u8]) -> String {
        let mut octets = vec![kind];
        octets.extend(channel.to_be_bytes());
        octets.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        octets.extend(payload);
        octets.push(0xce);
        self.send(&octets)
    }

    /// Sends octets that hold one frame, and does about errors what an owner does.
    fn send(&mut self, octets: &[u8]) -> String {
        let frame = match parse_frame(octets, self.core.frame_max()) {
            Ok(Parsed::Frame(frame, _)) => frame,
            Ok(Parsed::Incomplete { .. }) => return "Incomplete".to_owned(),
            Err(error) => {
                self.core.fail_frame(self.now, error, &mut self.out);
                return "FrameError".to_owned();
            }
        };
        match self.core.handle_frame(self.now, frame, &mut self.out) {
            Ok(event) => show(&event),
            Err(error) => {
                let scope = self.core.fail(self.now, &error, frame.channel, &mut self.out);
                format!("{scope:?}")
            }
        }
    }

    fn header(&mut self, channel: u16, class: u16, weight: u16, body_size: u64) -> String {
        let mut payload = Vec::new();
        payload.extend(class.to_be_bytes());
        payload.extend(weight.to_be_bytes());
        payload.extend(body_size.to_be_bytes());
        payload.extend([0, 0]);
        self.frame(2, channel, &payload)
    }

    /// Reads what the server has written: channel and name, and what a close says.
    fn replies(&mut self) -> Vec<String> {
        let octets = self.out.split();
        let mut rest = &octets[..];
        let mut replies = Vec::new();
        while !rest.is_empty() {
            let Parsed::Frame(frame, length) = parse_frame(rest, 131_072).unwrap() else {
                panic!("half a frame in the output")
            };
            rest = &rest[length..];
            replies.push(match frame.kind {
                FrameKind::Method => show_method(frame.channel, frame.payload),
                kind => format!("{} {kind:?}", frame.channel),
            });
        }
        replies
    }

    /// The one reply.
    #[track_caller]
    fn reply(&mut self) -> String {
        let replies = self.replies();
        assert_eq!(replies.len(), 1, "{replies:?}");
        replies[0].clone()
    }

    /// Lets time pass up to each timer in turn, and says what first came of it, and after how long.
    fn wait(&mut self, longest: Duration) -> Option<(Duration, Timeout)> {
        let begin = self.now;
        while let Some(due) = self.core.poll_timeout().filter(|due| *due <= begin + longest) {
            self.now = due.max(self.now);
            let timeout = self.core.handle_timeout(self.now, &mut self.out);
            if timeout != Timeout::Nothing || !self.out.is_empty() {
                return Some((self.now - begin, timeout));
            }
        }
        self.now = begin + longest;
        None
    }
}

fn show(event: &Event<'_>) -> String {
    match event {
        Event::Method { channel, method } => format!("{channel} {}", method.id()),
        other => format!("{other:?}"),
    }
}

fn show_method(channel: ChannelId, payload: &[u8]) -> String {
    let number = |at: usize| u16::from_be_bytes([payload[at], payload[at + 1]]);
    let id = MethodId::new(number(0), number(2));
    if id == MethodId::CONNECTION_CLOSE || id == MethodId::CHANNEL_CLOSE {
        let length = usize::from(payload[6]);
        let text = std::str::from_utf8(&payload[7..7 + length]).unwrap();
        let (class, method) = (number(7 + length), number(9 + length));
        return format!("{channel} {id} {} {text} ({class},{method})", number(4));
    }
    format!("{channel} {id}")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn start_ok(capabilities: &[&str]) -> AMQPClass {
    let mut table = FieldTable::default();
    for capability in capabilities {
        table.insert((*capability).into(), amq_protocol::types::AMQPValue::Boolean(true));
    }
    let mut client_properties = FieldTable::default();
    let name = amq_protocol::types::AMQPValue::LongString("orders".into());
    client_properties.insert("connection_name".into(), name);
    client_properties
        .insert("capabilities".into(), amq_protocol::types::AMQPValue::FieldTable(table));
    AMQPClass::Connection(connection::AMQPMethod::StartOk(connection::StartOk {
        client_properties,
        mechanism: "PLAIN".into(),
        response: "\0guest\0guest".into(),
        locale: "xx_YY".into(),
    }))
}

fn tune_ok(channel_max: u16, frame_max: u32, heartbeat: u16) -> AMQPClass {
    let tune_ok = connection::TuneOk { channel_max, frame_max, heartbeat };
    AMQPClass::Connection(connection::AMQPMethod::TuneOk(tune_ok))
}

fn open(vhost: &str) -> AMQPClass {
    let open = connection::Open { virtual_host: vhost.into() };
    AMQPClass::Connection(connection::AMQPMethod::Open(open))
}

fn close() -> AMQPClass {
    AMQPClass::Connection(connection::AMQPMethod::Close(connection::Close {
        reply_code: 200,
        reply_text: "bye".into(),
        class_id: 0,
        method_id: 0,
    }))
}

fn close_ok() -> AMQPClass {
    AMQPClass::Connection(connection::AMQPMethod::CloseOk(connection::CloseOk {}))
}

fn channel_open() -> AMQPClass {
    AMQPClass::Channel(channel_class::AMQPMethod::Open(channel_class::Open {}))
}

fn channel_flow(active: bool) -> AMQPClass {
    AMQPClass::Channel(channel_class::AMQPMethod::Flow(channel_class::Flow { active }))
}

fn channel_close() -> AMQPClass {
    AMQPClass::Channel(channel_class::AMQPMethod::Close(channel_class::Close {
        reply_code: 200,
        reply_text: "bye".into(),
        class_id: 0,
        method_id: 0,
    }))
}

fn channel_close_ok() -> AMQPClass {
    AMQPClass::Channel(channel_class::AMQPMethod::CloseOk(channel_class::CloseOk {}))
}

fn publish() -> AMQPClass {
    AMQPClass::Basic(basic::AMQPMethod::Publish(basic::Publish {
        exchange: "logs".into(),
        routing_key: "kern".into(),
        mandatory: true,
        immediate: false,
    }))
}
