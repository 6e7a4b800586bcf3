//! What a client sends, and the connection core that reads it.

use std::sync::Arc;
use std::time::Instant;

use amq_protocol::protocol::{AMQPClass, basic, channel, connection};
use amq_protocol::types::FieldTable;
use bytes::BytesMut;
use leveret::amqp::id::ChannelId;
use leveret::codec::encode;
use leveret::codec::frame::{Parsed, parse_frame};
use leveret::codec::publish::parse_publish;
use leveret::connection::core::Connection;
use leveret::connection::event::Event;
use leveret::connection::settings::Settings;

pub const FRAME_MAX: u32 = 131_072;

/// The channel that everything is published on.
pub const CHANNEL: ChannelId = ChannelId(1);

/// The frames of `count` publishes to the default exchange, with bodies of `size` octets.
pub fn publishes(count: usize, size: usize) -> BytesMut {
    let publish = basic::Publish { routing_key: "orders".into(), ..basic::Publish::default() };
    let publish = AMQPClass::Basic(basic::AMQPMethod::Publish(publish));
    let body = vec![b'x'; size];
    let mut octets = BytesMut::new();
    for _ in 0..count {
        encode::method(&mut octets, CHANNEL, publish.clone());
        encode::content(&mut octets, CHANNEL, &header(size), &body, FRAME_MAX);
    }
    octets
}

/// A content header without properties.
pub fn header(size: usize) -> Vec<u8> {
    let mut octets = vec![0, 60, 0, 0];
    octets.extend((size as u64).to_be_bytes());
    octets.extend([0, 0]);
    octets
}

/// A content header with content-type, three headers, delivery-mode and message-id.
pub fn header_with_properties() -> Vec<u8> {
    let mut octets = vec![0, 60, 0, 0];
    octets.extend(16_u64.to_be_bytes());
    octets.extend([0xb0, 0x80]);
    octets.extend(b"\x10application/json");
    let table = table(3);
    octets.extend(u32::try_from(table.len()).unwrap().to_be_bytes());
    octets.extend(table);
    octets.push(2);
    octets.extend(b"\x08message1");
    octets
}

/// The octets of a field table: so many fields, numbers and strings in turn.
pub fn table(fields: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    for number in 0..fields {
        octets.extend(format!("\x08field{number:03}").as_bytes());
        if number % 2 == 0 {
            octets.extend(b"I\0\0\0\x07");
        } else {
            octets.extend(b"S\0\0\0\x06value!");
        }
    }
    octets
}

/// An open connection with one channel, as the server sees it.
pub struct Reader {
    core: Connection,
    now: Instant,
    replies: BytesMut,
    segment: BytesMut,
}

impl Reader {
    pub fn open() -> Self {
        let now = Instant::now();
        let core = Connection::new(Arc::new(Settings::default()), now);
        let mut reader = Self { core, now, replies: BytesMut::new(), segment: BytesMut::new() };
        reader.core.handle_protocol_header(&encode::PROTOCOL_HEADER, &mut reader.replies);
        reader.say(ChannelId(0), AMQPClass::Connection(start_ok()));
        reader.core.login_accepted(&mut reader.replies);
        let tune_ok = connection::TuneOk { channel_max: 1, frame_max: FRAME_MAX, heartbeat: 0 };
        let tune_ok = connection::AMQPMethod::TuneOk(tune_ok);
        reader.say(ChannelId(0), AMQPClass::Connection(tune_ok));
        let open = connection::AMQPMethod::Open(connection::Open { virtual_host: "/".into() });
        reader.say(ChannelId(0), AMQPClass::Connection(open));
        reader.core.opened(&mut reader.replies);
        reader.say(CHANNEL, AMQPClass::Channel(channel::AMQPMethod::Open(channel::Open {})));
        reader
    }

    /// Takes publishes that lie there whole, and copies each to where it rests; returns how many
    /// octets these are.
    pub fn read(&mut self, mut octets: &[u8]) -> usize {
        self.segment.clear();
        while let Some((publish, length)) = parse_publish(octets, FRAME_MAX) {
            let body_size = publish.message.body.len();
            assert!(self.core.publishing_channel(publish.channel, body_size).is_some());
            publish.message.write(&mut self.segment);
            octets = &octets[length..];
        }
        assert!(octets.is_empty());
        self.segment.len()
    }

    /// The same frame by frame, as publishes are taken that came in pieces.
    pub fn read_frames(&mut self, mut octets: &[u8]) -> usize {
        let mut size = 0;
        while !octets.is_empty() {
            let Ok(Parsed::Frame(frame, length)) = parse_frame(octets, FRAME_MAX) else {
                panic!("no frame");
            };
            octets = &octets[length..];
            let event = self.core.handle_frame(self.now, frame, &mut self.replies).unwrap();
            if let Event::Published { channel } = event {
                let channel = self.core.channel_mut(channel).unwrap();
                size += channel.assembly.take().unwrap().0.len();
            }
        }
        size
    }

    fn say(&mut self, channel: ChannelId, method: AMQPClass) {
        let mut octets = BytesMut::new();
        encode::method(&mut octets, channel, method);
        self.read_frames(&octets);
    }
}

fn start_ok() -> connection::AMQPMethod {
    connection::AMQPMethod::StartOk(connection::StartOk {
        client_properties: FieldTable::default(),
        mechanism: "PLAIN".into(),
        response: "\0guest\0guest".into(),
        locale: "en_US".into(),
    })
}
