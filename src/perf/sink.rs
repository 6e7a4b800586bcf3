//! A stand-in for a broker that does no more than it must: it counts what is published, and
//! delivers prepared messages as fast as they are taken. It shows what the load generator can do.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::{basic, channel, connection};
use amq_protocol::types::FieldTable;
use bytes::BytesMut;

use super::block::{Block, Template};
use super::error::PerfError;
use super::options::Size;
use super::property::content_header;
use super::session;
use super::socket::Socket;
use super::uri::Uri;
use super::wire::Wire;
use crate::amqp::id::{ChannelId, DeliveryTag};
use crate::amqp::method::MethodId;
use crate::codec::encode;
use crate::codec::frame::Frame;

/// A queue's name, as long as those that a run uses.
pub(super) const KEY: &str = "leveret-perf-12345.0";

/// The largest frame, in octets.
const FRAME_MAX: u32 = 131_072;

/// Listens, and serves one connection at a time.
#[derive(Debug)]
pub(super) struct Sink {
    listener: TcpListener,
    address: SocketAddr,
}

/// What a connection is at.
#[derive(Debug, Default)]
struct Served {
    published: u64,
    delivered: u64,
    /// Where deliveries are to go.
    consumer: Option<ChannelId>,
    is_closed: bool,
    out: BytesMut,
}

impl Sink {
    pub(super) fn new() -> Result<Self, PerfError> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr().map(|address| (listener, address)));
        let (listener, address) =
            listener.map_err(|error| PerfError::Io("cannot listen", error))?;
        Ok(Self { listener, address })
    }

    /// Where it is.
    pub(super) fn uri(&self) -> Uri {
        Uri::local(self.address)
    }

    /// Serves a connection until it is closed; returns how many messages were published on it.
    pub(super) fn serve(&self, size: Size) -> Result<u64, PerfError> {
        let mut hello = [0; encode::PROTOCOL_HEADER.len()];
        let accepted = self.listener.accept().and_then(|(mut stream, _)| {
            stream.read_exact(&mut hello)?;
            stream.set_nodelay(true).map(|()| stream)
        });
        let stream = accepted.map_err(|error| PerfError::Io("cannot accept", error))?;
        let mut served = Served::default();
        served.answer(ChannelId::CONNECTION, start());
        served.run(stream, size)?;
        Ok(served.published)
    }
}

impl Served {
    fn run(&mut self, stream: TcpStream, size: Size) -> Result<(), PerfError> {
        let mut wire = Wire::new(Socket::Bare(stream));
        let mut block = block(size);
        while !self.is_closed || !self.out.is_empty() {
            if !self.out.is_empty() {
                let out = self.out.split();
                wire.write_all(&out, |frame| self.take(&frame), || true)?;
            } else if self.consumer.is_some() {
                let count = block.room(self.delivered);
                let deliveries = block.stamp(self.delivered, count, |_| 0);
                self.delivered += count as u64;
                wire.write_all(deliveries, |frame| self.take(&frame), || true)?;
                wire.read(|frame| self.take(&frame))?;
            } else if wire.wait_readable(Duration::from_secs(1))? {
                wire.read(|frame| self.take(&frame))?;
            }
        }
        Ok(())
    }

    #[inline]
    fn take(&mut self, frame: &Frame<'_>) -> Result<(), PerfError> {
        let Some((id, _)) = session::method(frame) else { return Ok(()) };
        if id == MethodId::BASIC_PUBLISH {
            self.published += 1;
            return Ok(());
        }
        let answer = match id {
            MethodId::CONNECTION_START_OK => {
                let tune = connection::Tune { channel_max: 1, frame_max: FRAME_MAX, heartbeat: 0 };
                AMQPClass::Connection(connection::AMQPMethod::Tune(tune))
            }
            MethodId::CONNECTION_OPEN => {
                AMQPClass::Connection(connection::AMQPMethod::OpenOk(connection::OpenOk {}))
            }
            MethodId::CONNECTION_CLOSE => {
                (self.is_closed, self.consumer) = (true, None);
                AMQPClass::Connection(connection::AMQPMethod::CloseOk(connection::CloseOk {}))
            }
            MethodId::CHANNEL_OPEN => {
                AMQPClass::Channel(channel::AMQPMethod::OpenOk(channel::OpenOk {}))
            }
            MethodId::BASIC_CONSUME => {
                self.consumer = Some(frame.channel);
                let consumer_tag = "c".into();
                AMQPClass::Basic(basic::AMQPMethod::ConsumeOk(basic::ConsumeOk { consumer_tag }))
            }
            MethodId::CONNECTION_TUNE_OK => return Ok(()),
            _ => return Err(PerfError::Unexpected(format!("a sink knows no {id}"))),
        };
        self.answer(frame.channel, answer);
        Ok(())
    }

    fn answer(&mut self, channel: ChannelId, method: AMQPClass) {
        encode::method(&mut self.out, channel, method);
    }
}

fn start() -> AMQPClass {
    AMQPClass::Connection(connection::AMQPMethod::Start(connection::Start {
        version_major: 0,
        version_minor: 9,
        server_properties: FieldTable::default(),
        mechanisms: "PLAIN".into(),
        locales: "en_US".into(),
    }))
}

/// Deliveries, with the names that a run would have.
fn block(size: Size) -> Block {
    let length = u8::try_from(KEY.len()).unwrap_or_default();
    let address = [&[0, length], KEY.as_bytes()].concat();
    let deliver = encode::Deliver {
        channel: ChannelId(1),
        consumer_tag: b"c",
        delivery_tag: DeliveryTag(1),
        redelivered: false,
        address: &address,
    };
    Block::new(&Template {
        method: &|out, channel| encode::deliver(out, &encode::Deliver { channel, ..deliver }),
        header: &content_header(&[], FieldTable::default(), 1),
        size,
        frame_max: FRAME_MAX,
        flow: 0,
        channels: 1,
    })
}
