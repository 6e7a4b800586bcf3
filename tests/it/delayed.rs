//! Messages that wait for their time in queues with `x-delayed`.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use leveret::Broker;
use leveret::amqp::id::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::broker::TestBroker;
use crate::delivery_limit::{counts, quorum};
use crate::expiry::await_ready;
use crate::process::Process;
use crate::raw::content::{Content, content};
use crate::raw::method::{
    basic_ack, basic_consume, basic_get, basic_publish, basic_reject, confirm_select,
    exchange_declare, queue_bind, queue_declare, queue_delete, queue_purge,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{Field, fields, long_str, short_str};

pub const LONG: i32 = 600_000;

/// A message that is to wait so many milliseconds.
pub fn waiting(text: &str, delay: i32) -> Content {
    content(text.as_bytes()).headers(&[("x-delay", Field::Int(delay))])
}

/// The same, persistent, and with a `message-id`.
pub fn lasting(text: &str, delay: i32) -> Content {
    let headers = long_str(&fields(&[("x-delay", Field::Int(delay))]));
    let octets = [&headers[..], &[2], &short_str(text.as_bytes())].concat();
    content(text.as_bytes()).properties(1 << 13 | 1 << 12 | 1 << 7, &octets)
}

/// The same without a `message-id`.
fn persistent(text: &str, delay: i32) -> Content {
    let headers = long_str(&fields(&[("x-delay", Field::Int(delay))]));
    content(text.as_bytes()).properties(1 << 13 | 1 << 12, &[&headers[..], &[2]].concat())
}

fn delayed_queue(peer: &mut Peer, name: &str) {
    let arguments = [("x-delayed", Field::Bool(true))];
    peer.channel(1).call(&queue_declare(name).durable().arguments(&arguments));
}

fn publish(peer: &mut Peer, queue: &str, content: &Content) {
    peer.channel(1).publish(&basic_publish("", queue), content);
}

#[test]
fn a_message_is_delivered_when_its_time_has_come_and_not_before() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    peer.open(1);
    delayed_queue(&mut peer, "delayed.time");
    peer.channel(1).call(&basic_consume("delayed.time", "c"));
    let published = Instant::now();

    publish(&mut peer, "delayed.time", &waiting("third", 300));
    publish(&mut peer, "delayed.time", &waiting("second", 150));
    publish(&mut peer, "delayed.time", &content(b"first"));

    for (text, delay) in [("first", 0), ("second", 150), ("third", 300)] {
        assert_eq!(peer.expect_delivery(1).content.text(), text);
        assert!(published.elapsed() >= Duration::from_millis(delay), "{text} came too early");
    }
}

#[test]
fn what_waits_is_not_ready_and_a_purge_leaves_it() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    peer.open(1);
    delayed_queue(&mut peer, "delayed.purge");

    publish(&mut peer, "delayed.purge", &waiting("soon", 500));
    publish(&mut peer, "delayed.purge", &waiting("later", LONG));
    publish(&mut peer, "delayed.purge", &content(b"now"));

    assert_eq!(peer.channel(1).counts("delayed.purge"), (1, 0));
    peer.channel(1).call(&queue_purge("delayed.purge"));
    await_ready(&mut peer.channel(1), "delayed.purge", 1);
    assert_eq!(peer.channel(1).pop("delayed.purge"), "soon");
}

#[test]
fn what_says_nothing_of_use_and_what_is_in_other_queues_is_ready_at_once() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let plain = peer.open(1).own_queue();
    delayed_queue(&mut peer, "delayed.one");
    peer.channel(1).call(&exchange_declare("delayed.fan", "fanout"));
    for queue in ["delayed.one", &plain] {
        peer.channel(1).call(&queue_bind(queue, "delayed.fan", ""));
    }

    for delay in [Field::Int(-5), Field::Int(0), Field::Str("600000"), Field::Double(6e5)] {
        let message = content(b"at once").headers(&[("x-delay", delay)]);
        peer.channel(1).publish(&basic_publish("delayed.fan", ""), &message);
    }
    peer.channel(1).publish(&basic_publish("delayed.fan", ""), &waiting("waits", LONG));

    assert_eq!(peer.channel(1).counts("delayed.one").0, 4);
    assert_eq!(peer.channel(1).drain(&plain).last().unwrap(), "waits");
}

#[test]
fn an_expiration_counts_from_when_the_message_becomes_ready() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    peer.open(1);
    delayed_queue(&mut peer, "delayed.expiry");
    // Headers, then the expiration.
    let of = |delay, expiration: &str| {
        let headers = long_str(&fields(&[("x-delay", Field::Int(delay))]));
        let octets = [headers, short_str(expiration.as_bytes())].concat();
        content(b"m").properties(1 << 13 | 1 << 8, &octets)
    };

    publish(&mut peer, "delayed.expiry", &of(300, "600000"));
    publish(&mut peer, "delayed.expiry", &of(300, "0"));
    publish(&mut peer, "delayed.expiry", &of(200, "100000"));
    publish(&mut peer, "delayed.expiry", &of(400, "10"));

    await_ready(&mut peer.channel(1), "delayed.expiry", 2);
}

#[test]
fn a_queue_in_which_something_waits_is_not_empty() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    peer.open(1);
    delayed_queue(&mut peer, "delayed.delete");
    publish(&mut peer, "delayed.delete", &waiting("later", LONG));

    peer.channel(1).send(&queue_delete("delayed.delete").if_empty());

    let text = "PRECONDITION_FAILED - queue 'delayed.delete' in vhost '/' not empty";
    peer.expect_channel_close(1, 406, text, (50, 40));
}

/// Publishes messages that wait for a time of their own, and waits for the confirms. Every third
/// waits for long.
fn fill(peer: &mut Peer, count: u32, size: usize) {
    delayed_queue(peer, "delayed.many");
    peer.channel(1).call(&confirm_select());
    for number in 0..count {
        let delay = if number % 3 == 1 { LONG } else { 2000 + i32::try_from(number % 7).unwrap() };
        let body = format!("{number:>size$}");
        publish(peer, "delayed.many", &persistent(&body, delay));
    }
    peer.channel(1).expect_all_acked(1, count.into());
}

/// Waits until those with a short time are ready, and takes each of them once.
fn check_many(peer: &mut Peer, count: u32) {
    let short: Vec<u32> = (0..count).filter(|number| number % 3 != 1).collect();
    await_ready(&mut peer.channel(1), "delayed.many", u32::try_from(short.len()).unwrap());
    let mut got = Vec::new();
    for _ in &short {
        let message = peer.channel(1).get(&basic_get("delayed.many"));
        got.push(message.content.text().trim().parse::<u32>().unwrap());
        peer.channel(1).send(&basic_ack(message.tag));
    }
    got.sort_unstable();
    assert_eq!(got, short);
}

#[test]
fn what_waits_on_the_disk_comes_back_at_its_time() {
    let broker = Process::start(&[("STORE_MEMORY", "1MiB")]);
    let mut peer = broker.connect();
    peer.open(1);

    fill(&mut peer, 300, 40_000);

    check_many(&mut peer, 300);
}

#[test]
fn after_a_kill_messages_still_wait_and_what_was_taken_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    fill(&mut peer, 300, 100);
    broker.kill();

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    check_many(&mut peer, 300);
    assert_eq!(peer.channel(1).counts("delayed.many"), (0, 0));
    // What is confirmed behind the acks is on the disk behind them.
    peer.channel(1).call(&confirm_select());
    publish(&mut peer, "delayed.many", &lasting("last", 1));
    peer.channel(1).expect_all_acked(1, 1);
    broker.kill();

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    await_ready(&mut peer.channel(1), "delayed.many", 1);
    assert_eq!(peer.channel(1).pop("delayed.many"), "last");
}

#[test]
fn what_was_due_before_a_kill_is_ready_in_the_order_of_its_times() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    delayed_queue(&mut peer, "delayed.due");
    peer.channel(1).call(&confirm_select());
    let count = 12;
    for number in 0..count {
        // Several runs of messages on the disk, the last of which is due first.
        let body = format!("{}{number}", " ".repeat(200_000));
        publish(&mut peer, "delayed.due", &persistent(&body, 300 * (count - number)));
    }
    peer.channel(1).expect_all_acked(1, 12);
    let take_all = |peer: &mut Peer| {
        await_ready(&mut peer.channel(1), "delayed.due", 12);
        let take = |_| peer.channel(1).get(&basic_get("delayed.due")).content.text().to_owned();
        (0..count).map(take).collect::<Vec<_>>()
    };
    let before = take_all(&mut peer);
    assert!(!before.is_sorted());
    broker.kill();

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);

    let numbers = |all: &[String]| all.iter().map(|it| it.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(numbers(&take_all(&mut peer)), numbers(&before));
}

#[test]
fn what_came_back_is_counted_on_after_each_restart() {
    let data = tempfile::tempdir().unwrap();
    for times in 0..4 {
        let mut broker = Process::start_on(data.path(), &[]);
        let mut peer = broker.connect();
        peer.open(1).call(&confirm_select());
        if times == 0 {
            let delayed = ("x-delayed", Field::Bool(true));
            quorum(&mut peer, "delayed.counted", &[delayed, ("x-delivery-limit", Field::Int(3))]);
            publish(&mut peer, "delayed.counted", &lasting("m", 1));
            peer.channel(1).expect_all_acked(1, 1);
        }
        await_ready(&mut peer.channel(1), "delayed.counted", 1);
        let got = peer.channel(1).get(&basic_get("delayed.counted"));
        assert_eq!(counts(&got.content).0, Some(times).filter(|times| *times > 0));
        peer.channel(1).send(&basic_reject(got.tag).requeue());
        // What is published once it is back goes to the disk behind it.
        assert_eq!(peer.channel(1).counts("delayed.counted").0, u32::from(times < 3));
        publish(&mut peer, "delayed.counted", &lasting("later", LONG));
        let tag = if times == 0 { 2 } else { 1 };
        peer.channel(1).expect_all_acked(tag, tag);
        match times {
            0 | 2 => broker.kill(),
            1 => {
                peer.close();
                broker.terminate();
                broker.expect_exit(Duration::from_secs(20));
            }
            _ => assert_eq!(peer.channel(1).counts("delayed.counted"), (0, 0)),
        }
    }
}

/// A broker in this process, whose messages can be listed.
pub(crate) struct Own {
    pub(crate) runtime: Runtime,
    data: TempDir,
    broker: Option<Broker>,
}

impl Own {
    pub(crate) fn start() -> Self {
        let (runtime, data) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
        let mut own = Self { runtime, data, broker: None };
        own.begin();
        own
    }

    fn begin(&mut self) {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let builder = Broker::builder().listen(any_port).data_dir(self.data.path());
        self.broker = Some(self.runtime.block_on(builder.start()).unwrap());
    }

    /// Stops it, and starts it again; tasks that still hold the data directory end with their
    /// runtime.
    pub(crate) fn restart(&mut self) {
        let broker = self.broker.take().unwrap();
        self.runtime.block_on(broker.shutdown());
        self.runtime = Runtime::new().unwrap();
        self.begin();
    }

    pub(crate) fn broker(&self) -> &Broker {
        self.broker.as_ref().unwrap()
    }

    pub(crate) fn connect(&self) -> Peer {
        let mut peer = Peer::connect(self.broker().addresses()[0]);
        peer.open(1);
        peer
    }

    /// The ids of what waits, in order, and when it is due.
    fn listed(&self) -> Vec<(String, u64)> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let asked = self.broker().list_delayed("/", "delayed.listed", after);
            let page = self.runtime.block_on(asked).unwrap();
            let Some(last) = page.last() else { return all };
            after = Some(last.rank);
            all.extend(page.iter().map(|message| {
                let id = message.message_id.clone().unwrap_or_default();
                (String::from_utf8(id).unwrap(), message.due().0)
            }));
        }
    }

    /// Waits until so many wait: after a restart they are looked at one after the other.
    fn await_listed(&self, count: usize) -> Vec<(String, u64)> {
        self.await_listed_by(count, Self::listed)
    }

    /// The same of what is listed in another way.
    pub(crate) fn await_listed_by(
        &self,
        count: usize,
        list: impl Fn(&Self) -> Vec<(String, u64)>,
    ) -> Vec<(String, u64)> {
        let start = Instant::now();
        loop {
            let listed = list(self);
            if listed.len() == count {
                return listed;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{listed:?}");
            std::thread::yield_now();
        }
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

#[test]
fn what_waits_is_listed_cancelled_and_given_another_time_for_good() {
    let mut own = Own::start();
    let mut peer = own.connect();
    delayed_queue(&mut peer, "delayed.listed");
    peer.channel(1).call(&confirm_select());
    for (name, delay) in [("b", 2), ("c", 3), ("a", 1), ("d", 4)] {
        publish(&mut peer, "delayed.listed", &lasting(name, delay * LONG));
    }
    peer.channel(1).expect_all_acked(1, 4);
    let names = |listed: &[(String, u64)]| {
        listed.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().concat()
    };
    assert_eq!(names(&own.listed()), "abcd");

    let later = Timestamp(now() + 100_000_000);
    let cancel = |own: &Own, id: &[u8]| {
        own.runtime.block_on(own.broker().cancel_delayed("/", "delayed.listed", id)).unwrap()
    };
    let retime = |own: &Own, id: &[u8], due| {
        own.runtime.block_on(own.broker().retime_delayed("/", "delayed.listed", id, due)).unwrap()
    };
    assert_eq!((cancel(&own, b"c"), cancel(&own, b"c"), cancel(&own, b"x")), (1, 0, 0));
    assert_eq!((retime(&own, b"a", later), retime(&own, b"c", later)), (1, 0));

    assert_eq!(names(&own.listed()), "bda");
    drop(peer);
    own.restart();
    let listed = own.await_listed(3);
    assert_eq!((names(&listed).as_str(), listed[2].1), ("bda", later.0));

    assert_eq!(retime(&own, b"d", Timestamp(0)), 1);
    let mut peer = own.connect();
    assert_eq!(peer.channel(1).pop("delayed.listed"), "d");
}

#[test]
fn a_purge_right_after_a_restart_leaves_what_waits() {
    let mut own = Own::start();
    let mut peer = own.connect();
    delayed_queue(&mut peer, "delayed.listed");
    peer.channel(1).call(&confirm_select());
    for _ in 0..200 {
        publish(&mut peer, "delayed.listed", &persistent(&" ".repeat(100_000), LONG));
    }
    peer.channel(1).expect_all_acked(1, 200);
    drop(peer);
    own.restart();

    own.connect().channel(1).call(&queue_purge("delayed.listed"));

    assert_eq!(own.listed().len(), 200);
}

#[test]
fn a_restart_drops_nothing_that_waits_for_a_limit_of_length() {
    let mut own = Own::start();
    let mut peer = own.connect();
    let arguments = [("x-delayed", Field::Bool(true)), ("x-max-length", Field::Int(2))];
    peer.channel(1).call(&queue_declare("delayed.listed").durable().arguments(&arguments));
    peer.channel(1).call(&confirm_select());
    for number in 0..5 {
        publish(&mut peer, "delayed.listed", &lasting(&number.to_string(), LONG));
    }
    // With these, those that wait are as many as would be too much.
    for _ in 0..2 {
        publish(&mut peer, "delayed.listed", &lasting("now", -1));
    }
    peer.channel(1).expect_all_acked(1, 7);
    drop(peer);

    own.restart();

    let mut peer = own.connect();
    let mut pop = || peer.channel(1).pop("delayed.listed");
    assert_eq!([pop(), pop()], ["now", "now"]);
    assert_eq!(own.listed().len(), 5);
}

#[test]
fn a_list_goes_on_page_by_page() {
    let own = Own::start();
    let mut peer = own.connect();
    delayed_queue(&mut peer, "delayed.listed");
    peer.channel(1).call(&confirm_select());
    for number in 0..2500 {
        let delay = LONG + (number * 7919) % 100_000;
        publish(&mut peer, "delayed.listed", &lasting(&number.to_string(), delay));
    }
    peer.channel(1).expect_all_acked(1, 2500);

    let listed = own.listed();

    assert!(listed.is_sorted_by_key(|(_, due)| *due));
    let names: std::collections::BTreeSet<_> = listed.iter().map(|(name, _)| name).collect();
    assert_eq!((listed.len(), names.len()), (2500, 2500));
}

#[test]
fn there_is_nothing_to_list_where_there_is_no_queue() {
    let own = Own::start();

    let listed = own.runtime.block_on(own.broker().list_delayed("/", "none", None));

    assert_eq!(listed.unwrap_err().to_string(), "Queue 'none' does not exist");
}
