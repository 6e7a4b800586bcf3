//! What every scenario needs: the broker's address, names of its own, channels and deliveries.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use amqprs::callbacks::{ChannelCallback, ConnectionCallback};
use amqprs::channel::{
    BasicAckArguments, BasicCancelArguments, BasicConsumeArguments, BasicGetArguments,
    BasicPublishArguments, Channel, ConfirmSelectArguments, ConsumerMessage,
    ExchangeDeclareArguments, QueueBindArguments, QueueDeclareArguments, QueueDeleteArguments,
};
use amqprs::connection::{Connection, OpenConnectionArguments};
use amqprs::error::Error;
use amqprs::{
    Ack, BasicProperties, Cancel, Close, CloseChannel, FieldTable, FieldValue, GetOk, Nack, Return,
};
use async_trait::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::{sleep, timeout};

/// What a scenario ends in.
pub type Outcome = Result<(), Error>;

/// How long something that should come is waited for.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The silence after which nothing more is expected.
pub const QUIET: Duration = Duration::from_millis(300);

/// What the broker tells by itself, of a channel or of a connection.
#[derive(Debug)]
pub enum Notice {
    Closed(u16, String),
    Cancelled(String),
    Acked(u64, bool),
    Nacked(u64),
    Returned(Return, BasicProperties, Vec<u8>),
}

/// Passes on what the library's callbacks get.
struct Notices(UnboundedSender<Notice>);

#[async_trait]
impl ConnectionCallback for Notices {
    async fn close(&mut self, _: &Connection, close: Close) -> Outcome {
        let _ = self.0.send(Notice::Closed(close.reply_code(), close.reply_text().clone()));
        Ok(())
    }
    async fn blocked(&mut self, _: &Connection, _: String) {}
    async fn unblocked(&mut self, _: &Connection) {}
    async fn secret_updated(&mut self, _: &Connection) {}
}

#[async_trait]
impl ChannelCallback for Notices {
    async fn close(&mut self, _: &Channel, close: CloseChannel) -> Outcome {
        let _ = self.0.send(Notice::Closed(close.reply_code(), close.reply_text().clone()));
        Ok(())
    }
    async fn cancel(&mut self, _: &Channel, cancel: Cancel) -> Outcome {
        let _ = self.0.send(Notice::Cancelled(cancel.consumer_tag().clone()));
        Ok(())
    }
    async fn flow(&mut self, _: &Channel, active: bool) -> Result<bool, Error> {
        Ok(active)
    }
    async fn publish_ack(&mut self, _: &Channel, ack: Ack) {
        let _ = self.0.send(Notice::Acked(ack.delivery_tag(), ack.mutiple()));
    }
    async fn publish_nack(&mut self, _: &Channel, nack: Nack) {
        let _ = self.0.send(Notice::Nacked(nack.delivery_tag()));
    }
    async fn publish_return(
        &mut self,
        _: &Channel,
        returned: Return,
        properties: BasicProperties,
        body: Vec<u8>,
    ) {
        let _ = self.0.send(Notice::Returned(returned, properties, body));
    }
}

/// The broker's address, for user guest.
pub fn address() -> OpenConnectionArguments {
    let uri = env::var("AMQP_URI").expect("AMQP_URI is set");
    let address = uri.split(['@', '/']).nth(3).expect("an address");
    let (host, port) = address.split_once(':').expect("a port");
    OpenConnectionArguments::new(host, port.parse().expect("a port"), "guest", "guest")
}

/// Opens a connection of its own.
pub async fn connect() -> Result<Connection, Error> {
    Connection::open(&address()).await
}

/// Opens a connection with a heartbeat each second.
pub async fn connect_with_heartbeat() -> Result<Connection, Error> {
    Connection::open(address().heartbeat(1)).await
}

/// What the broker tells of a connection.
pub async fn notices(connection: &Connection) -> Result<UnboundedReceiver<Notice>, Error> {
    let (sender, notices) = unbounded_channel();
    connection.register_callback(Notices(sender)).await?;
    Ok(notices)
}

/// A queue or exchange name that no other scenario uses.
pub fn name(suffix: &str) -> String {
    let prefix = env::var("CONFORMANCE_PREFIX").expect("CONFORMANCE_PREFIX is set");
    format!("{prefix}.{suffix}")
}

/// A table of these fields.
pub fn table<const N: usize>(fields: [(&str, FieldValue); N]) -> FieldTable {
    let mut table = FieldTable::new();
    for (key, value) in fields {
        table.insert(key.try_into().expect("a short key"), value);
    }
    table
}

/// A text as a field's value.
pub fn text(text: &str) -> FieldValue {
    FieldValue::S(text.try_into().expect("a text"))
}

/// A field's text or number as a text.
pub fn spelled(table: &FieldTable, key: &str) -> Option<String> {
    match table.get(&key.try_into().expect("a short key"))? {
        FieldValue::S(text) => Some(text.to_string()),
        FieldValue::l(number) => Some(number.to_string()),
        other => panic!("{key} is {other:?}"),
    }
}

/// Sees that queues with these values of an argument are refused, each for the reason given.
pub async fn refuse_argument<const N: usize>(
    connection: &Connection,
    argument: &str,
    cases: [(FieldValue, &str); N],
) -> Outcome {
    let queue = name("refused");
    let invalid = format!("invalid arg '{argument}' for queue '{queue}' in vhost '/'");
    for (value, why) in cases {
        let session = Session::open(connection).await?;
        let result = session.declare_with(&queue, table([(argument, value)])).await;
        let text = session.refused(result, 406).await;
        assert_eq!(text, format!("PRECONDITION_FAILED - {invalid}: {why}"));
    }
    Ok(())
}

/// Has the harness do something to the broker, or to this process (harness/control.py).
pub async fn control(path: &str) {
    let address = env::var("CONFORMANCE_CONTROL").expect("CONFORMANCE_CONTROL is set");
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    let ask = move || {
        let host = address.strip_prefix("http://").expect("an address of HTTP");
        let mut peer = TcpStream::connect(host)?;
        peer.write_all(request.as_bytes())?;
        let mut answer = String::new();
        peer.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    let answer = spawn_blocking(ask).await.expect("asked").expect("answered");
    assert_eq!(answer.split(' ').nth(1), Some("200"), "{answer}");
}

/// Waits until a check holds.
pub async fn eventually(mut check: impl AsyncFnMut() -> Result<bool, Error>) -> Outcome {
    let began = Instant::now();
    while !check().await? {
        assert!(began.elapsed() < PATIENCE, "what was waited for did not happen");
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A message that came.
pub struct Message {
    pub tag: u64,
    pub redelivered: bool,
    pub exchange: String,
    pub key: String,
    pub properties: BasicProperties,
    pub body: Vec<u8>,
}

impl Message {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    pub fn header(&self, key: &str) -> Option<&FieldValue> {
        self.properties.headers()?.get(&key.try_into().expect("a short key"))
    }

    /// What `x-death` tells, the latest first.
    pub fn deaths(&self) -> Vec<FieldTable> {
        let Some(FieldValue::A(deaths)) = self.header("x-death") else { return Vec::new() };
        let deaths = Vec::from(deaths.clone()).into_iter();
        deaths.map(|death| death.try_into().expect("a death is a table")).collect()
    }
}

/// The bodies of messages as texts.
pub fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(Message::text).collect()
}

/// A consumer and its deliveries.
pub struct Consumer {
    pub tag: String,
    pub deliveries: UnboundedReceiver<ConsumerMessage>,
}

impl Consumer {
    /// Awaits one delivery.
    pub async fn next(&mut self) -> Message {
        let message = timeout(PATIENCE, self.deliveries.recv()).await.expect("a delivery comes");
        let message = message.expect("the consumer is open");
        let deliver = message.deliver.expect("a delivery");
        Message {
            tag: deliver.delivery_tag(),
            redelivered: deliver.redelivered(),
            exchange: deliver.exchange().clone(),
            key: deliver.routing_key().clone(),
            properties: message.basic_properties.expect("its properties"),
            body: message.content.expect("its body"),
        }
    }

    /// Awaits some deliveries and sees that no more follow.
    pub async fn take(&mut self, count: usize) -> Vec<Message> {
        let mut taken = Vec::new();
        while taken.len() < count {
            taken.push(self.next().await);
        }
        assert!(timeout(QUIET, self.deliveries.recv()).await.is_err(), "a delivery too many");
        taken
    }
}

/// A channel and what the broker tells of it.
pub struct Session {
    pub channel: Channel,
    pub notices: UnboundedReceiver<Notice>,
}

impl Session {
    /// Opens a channel. It has to be closed before its connection is: `Connection::close` fails when
    /// it gets the answer to another close first.
    pub async fn open(connection: &Connection) -> Result<Session, Error> {
        let channel = connection.open_channel(None).await?;
        let (sender, notices) = unbounded_channel();
        channel.register_callback(Notices(sender)).await?;
        Ok(Session { channel, notices })
    }

    /// A channel whose publishes are confirmed.
    pub async fn confirming(connection: &Connection) -> Result<Session, Error> {
        let session = Session::open(connection).await?;
        session.channel.confirm_select(ConfirmSelectArguments::default()).await?;
        Ok(session)
    }

    /// The next that the broker tells.
    pub async fn notice(&mut self) -> Notice {
        timeout(PATIENCE, self.notices.recv()).await.expect("a notice comes").expect("it is open")
    }

    /// The text of the exception with this code that closed the channel, on which a call failed.
    pub async fn refused<T>(self, result: Result<T, Error>, code: u16) -> String {
        assert!(result.is_err(), "expected code {code}");
        self.closed(code).await
    }

    /// The text of the exception with this code that closed the channel.
    pub async fn closed(mut self, code: u16) -> String {
        let text = match self.notice().await {
            Notice::Closed(is, text) if is == code => text,
            other => panic!("expected code {code}, got {other:?}"),
        };
        // The library would close a channel that is dropped before it has answered the close.
        while self.channel.is_open() {
            yield_now().await;
        }
        text
    }

    /// Declares a queue; its name and its counts of messages and consumers.
    pub async fn declare(
        &self,
        arguments: &mut QueueDeclareArguments,
    ) -> Result<(String, u32, u32), Error> {
        let declared = self.channel.queue_declare(arguments.finish()).await?;
        Ok(declared.expect("an answer"))
    }

    /// Declares an exclusive queue with these arguments.
    pub async fn declare_with(&self, queue: &str, arguments: FieldTable) -> Outcome {
        let mut declaration = QueueDeclareArguments::new(queue);
        self.declare(declaration.exclusive(true).arguments(arguments)).await?;
        Ok(())
    }

    /// Declares a server-named exclusive queue.
    pub async fn exclusive(&self) -> Result<String, Error> {
        let (name, _, _) = self.declare(QueueDeclareArguments::default().exclusive(true)).await?;
        Ok(name)
    }

    /// The number of messages that wait in a queue.
    pub async fn ready(&self, queue: &str) -> Result<u32, Error> {
        let (_, messages, _) =
            self.declare(QueueDeclareArguments::new(queue).passive(true)).await?;
        Ok(messages)
    }

    pub async fn delete(&self, queue: &str) -> Result<u32, Error> {
        let deleted = self.channel.queue_delete(QueueDeleteArguments::new(queue)).await?;
        Ok(deleted.expect("an answer"))
    }

    /// Declares a transient exchange.
    pub async fn exchange(&self, exchange: &str, kind: &str) -> Outcome {
        self.channel.exchange_declare(ExchangeDeclareArguments::new(exchange, kind)).await
    }

    pub async fn bind(&self, queue: &str, exchange: &str, key: &str) -> Outcome {
        self.channel.queue_bind(QueueBindArguments::new(queue, exchange, key)).await
    }

    /// Sends a text through an exchange.
    pub async fn publish(&self, exchange: &str, key: &str, text: &str) -> Outcome {
        self.publish_with(exchange, key, text, BasicProperties::default()).await
    }

    pub async fn publish_with(
        &self,
        exchange: &str,
        key: &str,
        text: &str,
        properties: BasicProperties,
    ) -> Outcome {
        let arguments = BasicPublishArguments::new(exchange, key);
        self.channel.basic_publish(properties, text.into(), arguments).await
    }

    /// Waits until all publishes from one to another are confirmed.
    pub async fn confirmed(&mut self, first: u64, last: u64) {
        let mut open: Vec<u64> = (first..=last).collect();
        while !open.is_empty() {
            match self.notice().await {
                Notice::Acked(tag, true) => open.retain(|it| *it > tag),
                Notice::Acked(tag, false) => open.retain(|it| *it != tag),
                other => panic!("expected a confirm, got {other:?}"),
            }
        }
    }

    pub async fn consume(&self, queue: &str) -> Result<Consumer, Error> {
        self.consume_with(&mut BasicConsumeArguments::new(queue, "")).await
    }

    pub async fn consume_with(
        &self,
        arguments: &mut BasicConsumeArguments,
    ) -> Result<Consumer, Error> {
        let (tag, deliveries) = self.channel.basic_consume_rx(arguments.finish()).await?;
        Ok(Consumer { tag, deliveries })
    }

    pub async fn cancel(&self, consumer: &Consumer) -> Outcome {
        self.channel.basic_cancel(BasicCancelArguments::new(&consumer.tag)).await?;
        Ok(())
    }

    /// The next messages of a queue, acknowledged automatically.
    pub async fn receive(&self, queue: &str, count: usize) -> Result<Vec<Message>, Error> {
        let mut consumer =
            self.consume_with(BasicConsumeArguments::new(queue, "").manual_ack(false)).await?;
        let mut messages = Vec::new();
        while messages.len() < count {
            messages.push(consumer.next().await);
        }
        self.cancel(&consumer).await?;
        Ok(messages)
    }

    /// The next messages of a queue as texts.
    pub async fn bodies(&self, queue: &str, count: usize) -> Result<Vec<String>, Error> {
        let messages = self.receive(queue, count).await?;
        Ok(messages.iter().map(|message| message.text().into()).collect())
    }

    pub async fn ack(&self, tag: u64, multiple: bool) -> Outcome {
        self.channel.basic_ack(BasicAckArguments::new(tag, multiple)).await
    }

    /// Polls one message, unacknowledged.
    pub async fn poll(&self, queue: &str) -> Result<Option<(GetOk, String)>, Error> {
        let got = self.channel.basic_get(BasicGetArguments::new(queue)).await?;
        Ok(got.map(|(ok, _, body)| (ok, String::from_utf8(body).expect("the body is text"))))
    }

    /// All that is ready in a queue, acknowledged automatically.
    pub async fn drain(&self, queue: &str) -> Result<Vec<Message>, Error> {
        let polls = BasicGetArguments::new(queue).no_ack(true).finish();
        let mut messages = Vec::new();
        while let Some((ok, properties, body)) = self.channel.basic_get(polls.clone()).await? {
            messages.push(Message {
                tag: ok.delivery_tag(),
                redelivered: ok.redelivered(),
                exchange: ok.exchange().clone(),
                key: ok.routing_key().clone(),
                properties,
                body,
            });
        }
        Ok(messages)
    }

    /// Polls one message that must be there with this body.
    pub async fn get(&self, queue: &str, expected: &str) -> Result<GetOk, Error> {
        let (ok, body) = self.poll(queue).await?.expect("a message is there");
        assert_eq!(body, expected);
        Ok(ok)
    }
}
