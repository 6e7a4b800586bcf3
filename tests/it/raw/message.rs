//! Messages as a broker hands them out: deliver, get-ok and return, each with its content.

use leveret::amqp::table::Value;
use leveret::codec::header::{Properties, parse_header};

use super::method::{
    BASIC_ACK, BASIC_DELIVER, BASIC_GET_OK, BASIC_NACK, BASIC_RETURN, CONNECTION_CLOSE, Method,
    QUEUE_DECLARE_OK, basic_get, basic_publish, queue_declare,
};
use super::peer::{Channel, NoFrame, Peer};
use super::wire::{BODY, Frame, HEADER, Reader};
use crate::raw::content::content;

/// A basic.deliver with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub consumer: String,
    pub tag: u64,
    pub redelivered: bool,
    pub exchange: String,
    pub key: String,
    pub content: Received,
}

/// A basic.get-ok with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    pub tag: u64,
    pub redelivered: bool,
    pub remaining: u32,
    pub content: Received,
}

/// A basic.return with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    pub code: u16,
    pub text: String,
    pub exchange: String,
    pub key: String,
    pub content: Received,
}

/// Content as it came: the header frame's payload, and the body frames'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub header: Vec<u8>,
    pub body: Vec<u8>,
    /// The payload lengths of the body frames.
    pub parts: Vec<usize>,
}

impl Received {
    /// The properties, which are well formed.
    #[track_caller]
    pub fn properties(&self) -> Properties<'_> {
        parse_header(&self.header).expect("a content header").properties
    }

    /// A field of the headers.
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<Value<'_>> {
        self.properties().headers().expect("headers").get(name)
    }

    /// A field of the headers that is text.
    #[track_caller]
    pub fn field_text(&self, name: &str) -> &str {
        let value = self.field(name).unwrap_or_else(|| panic!("no {name}"));
        std::str::from_utf8(value.as_long_str().expect("text")).expect("UTF-8")
    }

    /// A field of the headers that is an array of texts.
    #[track_caller]
    pub fn field_texts(&self, name: &str) -> Vec<&str> {
        let Some(Value::Array(items)) = self.field(name) else { panic!("{name} is no array") };
        let octets = items.iter().map(|item| item.as_long_str().expect("text"));
        octets.map(|octets| std::str::from_utf8(octets).expect("UTF-8")).collect()
    }

    /// The body, which is text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}

/// What a confirm settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirm {
    pub tag: u64,
    pub multiple: bool,
    pub acked: bool,
}

fn octet_flag(reader: &mut Reader<'_>) -> bool {
    reader.octet() & 1 == 1
}

fn long_long(reader: &mut Reader<'_>) -> u64 {
    u64::from_be_bytes(reader.octets(8).try_into().unwrap())
}

impl Confirm {
    /// Reads a basic.ack or basic.nack.
    #[track_caller]
    pub fn read(frame: &Frame) -> Self {
        let id = frame.method_id();
        assert!(matches!(id, Some(BASIC_ACK | BASIC_NACK)), "{id:?} is no confirm");
        let mut arguments = frame.arguments();
        let (tag, multiple) = (long_long(&mut arguments), octet_flag(&mut arguments));
        Self { tag, multiple, acked: id == Some(BASIC_ACK) }
    }
}

impl Delivery {
    /// Consumer and body: what a test of turns and order looks at.
    pub fn brief(&self) -> (&str, &str) {
        (&self.consumer, self.content.text())
    }

    pub fn text(&self) -> &str {
        self.content.text()
    }
}

/// The bodies, in order.
pub fn texts(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(Delivery::text).collect()
}

impl Peer {
    /// The content that follows a method on that channel.
    #[track_caller]
    pub fn expect_content(&mut self, channel: u16) -> Received {
        self.read_content(channel).expect("the content is whole")
    }

    /// The same of a broker that may end at any moment.
    ///
    /// # Errors
    /// The socket ended, or the broker took too long.
    #[track_caller]
    pub fn read_content(&mut self, channel: u16) -> Result<Received, NoFrame> {
        let header = self.read_frame()?;
        assert_eq!((header.channel, header.kind), (channel, HEADER));
        let size = u64::from_be_bytes(header.payload[4..12].try_into().unwrap());
        let (mut body, mut parts) = (Vec::new(), Vec::new());
        while (body.len() as u64) < size {
            let part = self.read_frame()?;
            assert_eq!((part.channel, part.kind), (channel, BODY));
            parts.push(part.payload.len());
            body.extend(part.payload);
        }
        assert_eq!(body.len() as u64, size, "the body has the announced size");
        Ok(Received { header: header.payload, body, parts })
    }

    #[track_caller]
    pub fn expect_delivery(&mut self, channel: u16) -> Delivery {
        let frame = self.expect_method(channel, BASIC_DELIVER);
        self.read_delivery(&frame)
    }

    #[track_caller]
    pub fn expect_deliveries(&mut self, channel: u16, count: usize) -> Vec<Delivery> {
        (0..count).map(|_| self.expect_delivery(channel)).collect()
    }

    /// What is behind a basic.deliver that has been read.
    #[track_caller]
    pub fn read_delivery(&mut self, deliver: &Frame) -> Delivery {
        self.try_delivery(deliver).expect("the delivery is whole")
    }

    /// The same of a broker that may end at any moment.
    ///
    /// # Errors
    /// The socket ended, or the broker took too long.
    #[track_caller]
    pub fn try_delivery(&mut self, deliver: &Frame) -> Result<Delivery, NoFrame> {
        let mut arguments = deliver.arguments();
        Ok(Delivery {
            consumer: arguments.short_str(),
            tag: long_long(&mut arguments),
            redelivered: octet_flag(&mut arguments),
            exchange: arguments.short_str(),
            key: arguments.short_str(),
            content: self.read_content(deliver.channel)?,
        })
    }

    #[track_caller]
    pub fn expect_got(&mut self, channel: u16) -> Got {
        let frame = self.expect_method(channel, BASIC_GET_OK);
        let mut arguments = frame.arguments();
        let (tag, redelivered) = (long_long(&mut arguments), octet_flag(&mut arguments));
        drop((arguments.short_str(), arguments.short_str()));
        let remaining = arguments.long();
        Got { tag, redelivered, remaining, content: self.expect_content(channel) }
    }

    #[track_caller]
    pub fn expect_return(&mut self, channel: u16) -> Returned {
        let frame = self.expect_method(channel, BASIC_RETURN);
        let mut arguments = frame.arguments();
        Returned {
            code: arguments.short(),
            text: arguments.short_str(),
            exchange: arguments.short_str(),
            key: arguments.short_str(),
            content: self.expect_content(channel),
        }
    }

    /// A basic.ack or basic.nack from the broker.
    #[track_caller]
    pub fn expect_confirm(&mut self, channel: u16) -> Confirm {
        let frame = self.expect_frame();
        assert_eq!(frame.channel, channel);
        Confirm::read(&frame)
    }

    /// Reads confirms until each publish from `first` to `last` is acknowledged, each once.
    #[track_caller]
    pub fn expect_all_acked(&mut self, channel: u16, first: u64, last: u64) {
        let mut open: std::collections::BTreeSet<u64> = (first..=last).collect();
        while !open.is_empty() {
            let Confirm { tag, multiple, acked } = self.expect_confirm(channel);
            assert!(acked, "{tag} was refused");
            assert!(open.remove(&tag), "{tag} is confirmed twice or was never published");
            if multiple {
                open = open.split_off(&tag);
            }
        }
    }

    /// The broker closes the connection for that reason, after whatever it still had to say.
    #[track_caller]
    pub fn skip_to_connection_close(&mut self) -> Frame {
        loop {
            let frame = self.expect_frame();
            if frame.method_id() == Some(CONNECTION_CLOSE) {
                return frame;
            }
        }
    }
}

impl Channel<'_> {
    /// Declares a queue of this connection's own; returns its name.
    #[track_caller]
    pub fn own_queue(&mut self) -> String {
        self.call(&queue_declare("").exclusive()).arguments().short_str()
    }

    /// Declares a queue that others may use too.
    #[track_caller]
    pub fn shared_queue(&mut self, name: &str) -> String {
        self.call(&queue_declare(name)).arguments().short_str()
    }

    /// Publishes a text straight to a queue.
    pub fn put(&mut self, queue: &str, text: &str) -> &mut Self {
        self.publish(&basic_publish("", queue), &content(text.as_bytes()))
    }

    pub fn put_all(&mut self, queue: &str, texts: &[&str]) -> &mut Self {
        for text in texts {
            self.put(queue, text);
        }
        self
    }

    /// Ready messages and consumers of a queue. Whatever the queue had for this channel before
    /// has come before the answer: so this is also how to see that nothing comes.
    #[track_caller]
    pub fn counts(&mut self, queue: &str) -> (u32, u32) {
        if self.peer().is_rabbitmq_3_10() {
            // It answers past publishes that are on their way.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let frame = self.call(&queue_declare(queue).passive());
        assert_eq!(frame.method_id(), Some(QUEUE_DECLARE_OK));
        let mut arguments = frame.arguments();
        assert_eq!(arguments.short_str(), queue);
        (arguments.long(), arguments.long())
    }

    /// Gets one message with automatic acknowledgement; its text.
    #[track_caller]
    pub fn pop(&mut self, queue: &str) -> String {
        self.get(&basic_get(queue).no_ack()).content.text().to_owned()
    }

    #[track_caller]
    pub fn get(&mut self, get: &Method) -> Got {
        self.send(get);
        let number = self.number();
        self.peer().expect_got(number)
    }

    /// The queue has no message ready.
    #[track_caller]
    pub fn expect_empty(&mut self, queue: &str) {
        self.send(&basic_get(queue).no_ack());
        let number = self.number();
        self.peer().expect_method(number, super::method::BASIC_GET_EMPTY);
    }

    /// The texts of all ready messages, which are gone then.
    #[track_caller]
    pub fn drain(&mut self, queue: &str) -> Vec<String> {
        let (ready, _) = self.counts(queue);
        (0..ready).map(|_| self.pop(queue)).collect()
    }

    #[track_caller]
    pub fn expect_delivery(&mut self) -> Delivery {
        let number = self.number();
        self.peer().expect_delivery(number)
    }

    #[track_caller]
    pub fn expect_all_acked(&mut self, first: u64, last: u64) {
        let number = self.number();
        self.peer().expect_all_acked(number, first, last);
    }
}
