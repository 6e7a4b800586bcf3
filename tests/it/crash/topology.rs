//! A client that declares and deletes what is durable, one after the other, until the broker is
//! gone; and what has to be there afterwards.

use std::collections::BTreeSet;

use super::random::Random;
use crate::raw::close::Close;
use crate::raw::content::content;
use crate::raw::method::{
    BASIC_ACK, BASIC_RETURN, Method, basic_publish, channel_close_ok, confirm_select,
    exchange_declare, exchange_delete, queue_bind, queue_declare, queue_delete, queue_purge,
    queue_unbind,
};
use crate::raw::peer::{NoFrame, Peer};
use crate::raw::wire::Frame;

const QUEUES: u32 = 6;
const EXCHANGES: u32 = 3;

/// What is declared: queues, exchanges, and bindings of the one to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    queues: BTreeSet<u32>,
    exchanges: BTreeSet<u32>,
    bindings: BTreeSet<(u32, u32)>,
}

/// What is known of it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What was answered.
    pub declared: Declared,
    /// What will be when the change is carried out that was asked for and not answered.
    pub asked: Option<Declared>,
    /// Changes that were answered.
    pub changes: u64,
}

#[derive(Clone, Copy, Debug)]
enum Change {
    DeclareQueue(u32),
    DeleteQueue(u32),
    DeclareExchange(u32),
    DeleteExchange(u32),
    Bind(u32, u32),
    Unbind(u32, u32),
}

impl Change {
    /// A change that is lawful.
    fn random(random: &mut Random, now: &Declared) -> Self {
        let queue = random.within(0..=QUEUES - 1);
        let exchange = random.within(0..=EXCHANGES - 1);
        let can_bind = now.queues.contains(&queue) && now.exchanges.contains(&exchange);
        match random.within(1..=10) {
            1 => Self::DeleteQueue(queue),
            2 => Self::DeclareExchange(exchange),
            3 => Self::DeleteExchange(exchange),
            4..=6 if can_bind => Self::Bind(queue, exchange),
            7..=8 if can_bind => Self::Unbind(queue, exchange),
            _ => Self::DeclareQueue(queue),
        }
    }

    fn method(self) -> Method {
        match self {
            Self::DeclareQueue(queue) => queue_declare(&queue_name(queue)).durable(),
            Self::DeleteQueue(queue) => queue_delete(&queue_name(queue)),
            Self::DeclareExchange(exchange) => {
                exchange_declare(&exchange_name(exchange), "direct").durable()
            }
            Self::DeleteExchange(exchange) => exchange_delete(&exchange_name(exchange)),
            Self::Bind(queue, exchange) => {
                queue_bind(&queue_name(queue), &exchange_name(exchange), &queue_name(queue))
            }
            Self::Unbind(queue, exchange) => {
                queue_unbind(&queue_name(queue), &exchange_name(exchange), &queue_name(queue))
            }
        }
    }
}

impl Declared {
    fn with(&self, change: Change) -> Self {
        let mut then = self.clone();
        match change {
            Change::DeclareQueue(queue) => drop(then.queues.insert(queue)),
            Change::DeleteQueue(queue) => {
                then.queues.remove(&queue);
                then.bindings.retain(|(bound, _)| *bound != queue);
            }
            Change::DeclareExchange(exchange) => drop(then.exchanges.insert(exchange)),
            Change::DeleteExchange(exchange) => {
                then.exchanges.remove(&exchange);
                then.bindings.retain(|(_, from)| *from != exchange);
            }
            Change::Bind(queue, exchange) => drop(then.bindings.insert((queue, exchange))),
            Change::Unbind(queue, exchange) => drop(then.bindings.remove(&(queue, exchange))),
        }
        then
    }

    /// Looks what the broker has, and empties the queues.
    #[track_caller]
    fn look(peer: &mut Peer) -> Self {
        let mut declared = Self::default();
        for queue in 0..QUEUES {
            if exists(peer, &queue_declare(&queue_name(queue)).passive()) {
                declared.queues.insert(queue);
            }
        }
        for exchange in 0..EXCHANGES {
            let name = exchange_name(exchange);
            if exists(peer, &exchange_declare(&name, "direct").passive()) {
                declared.exchanges.insert(exchange);
            }
        }
        for (queue, exchange) in pairs(&declared) {
            if is_bound(peer, queue, exchange) {
                declared.bindings.insert((queue, exchange));
            }
        }
        for queue in &declared.queues {
            peer.channel(1).call(&queue_purge(&queue_name(*queue)));
        }
        declared
    }
}

/// Every queue with every exchange.
fn pairs(declared: &Declared) -> Vec<(u32, u32)> {
    let of = |queue: &u32| declared.exchanges.iter().map(|it| (*queue, *it)).collect::<Vec<_>>();
    declared.queues.iter().flat_map(of).collect()
}

fn queue_name(queue: u32) -> String {
    format!("changed.{queue}")
}

fn exchange_name(exchange: u32) -> String {
    format!("changed.{exchange}")
}

#[track_caller]
fn exists(peer: &mut Peer, passive: &Method) -> bool {
    peer.channel(1).send(passive);
    let answer = peer.expect_frame();
    let Some(close) = Close::read(&answer) else { return true };
    assert_eq!(close.code, 404, "{close}");
    peer.channel(1).send(&channel_close_ok());
    peer.open(1);
    false
}

/// Whether the exchange takes a message to the queue.
#[track_caller]
fn is_bound(peer: &mut Peer, queue: u32, exchange: u32) -> bool {
    peer.channel(1).call(&confirm_select());
    let publish = basic_publish(&exchange_name(exchange), &queue_name(queue)).mandatory();
    peer.channel(1).publish(&publish, &content(b"bound?"));
    let answer = peer.expect_frame();
    if answer.method_id() == Some(BASIC_ACK) {
        return true;
    }
    assert_eq!(answer.method_id(), Some(BASIC_RETURN));
    peer.expect_content(1);
    peer.expect_confirm(1);
    false
}

impl Known {
    /// What was answered is there, and what was only asked for may be.
    #[track_caller]
    pub fn expect(&mut self, peer: &mut Peer) {
        peer.open(1);
        let found = Declared::look(peer);
        // It may confirm by now.
        peer.channel(1).close();
        peer.open(1);
        let is_known = found == self.declared || self.asked.as_ref() == Some(&found);
        assert!(is_known, "{self:?}, but found is {found:?}");
        *self = Self { declared: found, asked: None, changes: self.changes };
    }

    /// Changes what is declared, on channel 1, until the broker is gone. Queues get messages, which
    /// go with them.
    pub fn run(&mut self, mut peer: Peer, mut random: Random) {
        let gone = self.change(&mut peer, &mut random).unwrap_err();
        assert_eq!(gone, NoFrame::Ended);
    }

    fn change(&mut self, peer: &mut Peer, random: &mut Random) -> Result<(), NoFrame> {
        loop {
            let change = Change::random(random, &self.declared);
            let then = self.declared.with(change);
            self.asked = Some(then.clone());
            peer.channel(1).send(&change.method());
            let answer = peer.read_frame()?;
            assert_eq!(Close::read(&answer), None, "{change:?}");
            if let Change::DeclareQueue(queue) = change {
                expect_new(&answer, self.declared.queues.contains(&queue));
                let message = content(&[7; 600]).delivery_mode(2);
                peer.channel(1).publish(&basic_publish("", &queue_name(queue)), &message);
            }
            *self = Self { declared: then, asked: None, changes: self.changes + 1 };
        }
    }
}

/// A queue that was not there is empty.
#[track_caller]
fn expect_new(declare_ok: &Frame, was_there: bool) {
    let mut arguments = declare_ok.arguments();
    let (name, ready) = (arguments.short_str(), arguments.long());
    assert!(was_there || ready == 0, "{name} is new and has {ready} messages");
}
