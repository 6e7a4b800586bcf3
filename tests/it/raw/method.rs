//! Methods as a client writes them: `queue_declare("q").durable().arguments(..)`.

use super::wire::{Field, METHOD, fields, frame, long_str, short_str};

/// Class id and method id.
pub type MethodId = (u16, u16);

/// No method is to blame.
pub const NONE: MethodId = (0, 0);
pub const CONNECTION_START: MethodId = (10, 10);
pub const CONNECTION_START_OK: MethodId = (10, 11);
pub const CONNECTION_TUNE: MethodId = (10, 30);
pub const CONNECTION_TUNE_OK: MethodId = (10, 31);
pub const CONNECTION_OPEN: MethodId = (10, 40);
pub const CONNECTION_OPEN_OK: MethodId = (10, 41);
pub const CONNECTION_CLOSE: MethodId = (10, 50);
pub const CONNECTION_CLOSE_OK: MethodId = (10, 51);
pub const CONNECTION_BLOCKED: MethodId = (10, 60);
pub const CONNECTION_UNBLOCKED: MethodId = (10, 61);
pub const CHANNEL_OPEN: MethodId = (20, 10);
pub const CHANNEL_OPEN_OK: MethodId = (20, 11);
pub const CHANNEL_FLOW: MethodId = (20, 20);
pub const CHANNEL_CLOSE: MethodId = (20, 40);
pub const CHANNEL_CLOSE_OK: MethodId = (20, 41);
pub const EXCHANGE_DECLARE: MethodId = (40, 10);
pub const EXCHANGE_DELETE: MethodId = (40, 20);
pub const EXCHANGE_BIND: MethodId = (40, 30);
pub const EXCHANGE_UNBIND: MethodId = (40, 40);
pub const QUEUE_DECLARE: MethodId = (50, 10);
pub const QUEUE_DECLARE_OK: MethodId = (50, 11);
pub const QUEUE_BIND: MethodId = (50, 20);
pub const QUEUE_PURGE: MethodId = (50, 30);
pub const QUEUE_DELETE: MethodId = (50, 40);
pub const QUEUE_UNBIND: MethodId = (50, 50);
pub const BASIC_QOS: MethodId = (60, 10);
pub const BASIC_CONSUME: MethodId = (60, 20);
pub const BASIC_CONSUME_OK: MethodId = (60, 21);
pub const BASIC_CANCEL: MethodId = (60, 30);
pub const BASIC_CANCEL_OK: MethodId = (60, 31);
pub const BASIC_PUBLISH: MethodId = (60, 40);
pub const BASIC_RETURN: MethodId = (60, 50);
pub const BASIC_DELIVER: MethodId = (60, 60);
pub const BASIC_GET: MethodId = (60, 70);
pub const BASIC_GET_OK: MethodId = (60, 71);
pub const BASIC_GET_EMPTY: MethodId = (60, 72);
pub const BASIC_ACK: MethodId = (60, 80);
pub const BASIC_REJECT: MethodId = (60, 90);
pub const BASIC_RECOVER_ASYNC: MethodId = (60, 100);
pub const BASIC_RECOVER: MethodId = (60, 110);
pub const BASIC_RECOVER_OK: MethodId = (60, 111);
pub const BASIC_NACK: MethodId = (60, 120);
pub const CONFIRM_SELECT: MethodId = (85, 10);
pub const TX_SELECT: MethodId = (90, 10);
pub const TX_COMMIT: MethodId = (90, 20);
pub const TX_COMMIT_OK: MethodId = (90, 21);
pub const TX_ROLLBACK: MethodId = (90, 30);

/// A method being written.
#[derive(Clone, Debug)]
pub struct Method {
    pub id: MethodId,
    /// The arguments in front of the bits.
    head: Vec<u8>,
    /// The bits' names, lowest first; all in one octet.
    bits: &'static [&'static str],
    set: u8,
    /// The table behind the bits, without its length.
    table: Option<Vec<u8>>,
}

impl Method {
    /// A method whose arguments are these octets, lawful or not.
    pub const fn raw(id: MethodId, arguments: Vec<u8>) -> Self {
        Self { id, head: arguments, bits: &[], set: 0, table: None }
    }

    fn new(id: MethodId, head: &[&[u8]], bits: &'static [&'static str]) -> Self {
        Self { id, head: head.concat(), bits, set: 0, table: None }
    }

    fn with_table(self) -> Self {
        Self { table: Some(Vec::new()), ..self }
    }

    #[track_caller]
    fn with(mut self, bit: &str) -> Self {
        let place = self.bits.iter().position(|name| *name == bit);
        self.set |= 1 << place.unwrap_or_else(|| panic!("{:?} has no bit {bit}", self.id));
        self
    }

    #[track_caller]
    pub fn passive(self) -> Self {
        self.with("passive")
    }

    #[track_caller]
    pub fn durable(self) -> Self {
        self.with("durable")
    }

    #[track_caller]
    pub fn exclusive(self) -> Self {
        self.with("exclusive")
    }

    #[track_caller]
    pub fn auto_delete(self) -> Self {
        self.with("auto-delete")
    }

    #[track_caller]
    pub fn internal(self) -> Self {
        self.with("internal")
    }

    #[track_caller]
    pub fn no_wait(self) -> Self {
        self.with("no-wait")
    }

    #[track_caller]
    pub fn no_ack(self) -> Self {
        self.with("no-ack")
    }

    #[track_caller]
    pub fn if_unused(self) -> Self {
        self.with("if-unused")
    }

    #[track_caller]
    pub fn if_empty(self) -> Self {
        self.with("if-empty")
    }

    #[track_caller]
    pub fn mandatory(self) -> Self {
        self.with("mandatory")
    }

    #[track_caller]
    pub fn immediate(self) -> Self {
        self.with("immediate")
    }

    #[track_caller]
    pub fn multiple(self) -> Self {
        self.with("multiple")
    }

    #[track_caller]
    pub fn requeue(self) -> Self {
        self.with("requeue")
    }

    #[track_caller]
    pub fn global(self) -> Self {
        self.with("global")
    }

    #[track_caller]
    pub fn arguments(self, arguments: &[(&str, Field)]) -> Self {
        self.table(fields(arguments))
    }

    /// Arguments given as octets, lawful or not.
    #[track_caller]
    pub fn table(mut self, octets: Vec<u8>) -> Self {
        *self.table.as_mut().expect("the method takes a table") = octets;
        self
    }

    /// The payload of its frame.
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = [self.id.0.to_be_bytes(), self.id.1.to_be_bytes()].concat();
        payload.extend(&self.head);
        if !self.bits.is_empty() {
            payload.push(self.set);
        }
        if let Some(table) = &self.table {
            payload.extend(long_str(table));
        }
        payload
    }

    /// Its frame.
    pub fn frame(&self, channel: u16) -> Vec<u8> {
        frame(METHOD, channel, &self.payload())
    }
}

/// The reserved ticket in front of most methods.
const TICKET: &[u8] = &[0, 0];

fn name(name: &str) -> Vec<u8> {
    short_str(name.as_bytes())
}

fn close(id: MethodId) -> Method {
    Method::new(id, &[&200u16.to_be_bytes(), &name("bye"), &[0, 0, 0, 0]], &[])
}

pub fn connection_open(vhost: &str) -> Method {
    Method::new(CONNECTION_OPEN, &[&name(vhost), &name("")], &["insist"])
}

pub fn connection_close() -> Method {
    close(CONNECTION_CLOSE)
}

pub fn connection_close_ok() -> Method {
    Method::new(CONNECTION_CLOSE_OK, &[], &[])
}

pub fn update_secret(secret: &str) -> Method {
    Method::new((10, 70), &[&long_str(secret.as_bytes()), &name("renewed")], &[])
}

pub fn channel_open() -> Method {
    Method::new(CHANNEL_OPEN, &[&name("")], &[])
}

pub fn channel_flow() -> Method {
    Method::new(CHANNEL_FLOW, &[], &["active"])
}

pub fn channel_close() -> Method {
    close(CHANNEL_CLOSE)
}

pub fn channel_close_ok() -> Method {
    Method::new(CHANNEL_CLOSE_OK, &[], &[])
}

pub fn exchange_declare(exchange: &str, kind: &str) -> Method {
    let bits = &["passive", "durable", "auto-delete", "internal", "no-wait"];
    Method::new(EXCHANGE_DECLARE, &[TICKET, &name(exchange), &name(kind)], bits).with_table()
}

pub fn exchange_delete(exchange: &str) -> Method {
    Method::new(EXCHANGE_DELETE, &[TICKET, &name(exchange)], &["if-unused", "no-wait"])
}

pub fn exchange_bind(destination: &str, source: &str, key: &str) -> Method {
    let head: &[&[u8]] = &[TICKET, &name(destination), &name(source), &name(key)];
    Method::new(EXCHANGE_BIND, head, &["no-wait"]).with_table()
}

pub fn exchange_unbind(destination: &str, source: &str, key: &str) -> Method {
    Method { id: EXCHANGE_UNBIND, ..exchange_bind(destination, source, key) }
}

pub fn queue_declare(queue: &str) -> Method {
    queue_declare_octets(queue.as_bytes())
}

pub fn queue_declare_octets(queue: &[u8]) -> Method {
    let bits = &["passive", "durable", "exclusive", "auto-delete", "no-wait"];
    Method::new(QUEUE_DECLARE, &[TICKET, &short_str(queue)], bits).with_table()
}

pub fn queue_bind(queue: &str, exchange: &str, key: &str) -> Method {
    let head: &[&[u8]] = &[TICKET, &name(queue), &name(exchange), &name(key)];
    Method::new(QUEUE_BIND, head, &["no-wait"]).with_table()
}

pub fn queue_unbind(queue: &str, exchange: &str, key: &str) -> Method {
    Method { id: QUEUE_UNBIND, bits: &[], ..queue_bind(queue, exchange, key) }
}

pub fn queue_purge(queue: &str) -> Method {
    Method::new(QUEUE_PURGE, &[TICKET, &name(queue)], &["no-wait"])
}

pub fn queue_delete(queue: &str) -> Method {
    let bits = &["if-unused", "if-empty", "no-wait"];
    Method::new(QUEUE_DELETE, &[TICKET, &name(queue)], bits)
}

pub fn basic_qos(size: u32, count: u16) -> Method {
    Method::new(BASIC_QOS, &[&size.to_be_bytes(), &count.to_be_bytes()], &["global"])
}

pub fn basic_consume(queue: &str, tag: &str) -> Method {
    let bits = &["no-local", "no-ack", "exclusive", "no-wait"];
    Method::new(BASIC_CONSUME, &[TICKET, &name(queue), &name(tag)], bits).with_table()
}

pub fn basic_cancel(tag: &str) -> Method {
    Method::new((60, 30), &[&name(tag)], &["no-wait"])
}

pub fn basic_publish(exchange: &str, key: &str) -> Method {
    let head: &[&[u8]] = &[TICKET, &name(exchange), &name(key)];
    Method::new(BASIC_PUBLISH, head, &["mandatory", "immediate"])
}

pub fn basic_get(queue: &str) -> Method {
    Method::new(BASIC_GET, &[TICKET, &name(queue)], &["no-ack"])
}

pub fn basic_ack(tag: u64) -> Method {
    Method::new(BASIC_ACK, &[&tag.to_be_bytes()], &["multiple"])
}

pub fn basic_reject(tag: u64) -> Method {
    Method::new(BASIC_REJECT, &[&tag.to_be_bytes()], &["requeue"])
}

pub fn basic_nack(tag: u64) -> Method {
    Method::new(BASIC_NACK, &[&tag.to_be_bytes()], &["multiple", "requeue"])
}

pub fn basic_recover() -> Method {
    Method::new(BASIC_RECOVER, &[], &["requeue"])
}

pub fn basic_recover_async() -> Method {
    Method::new(BASIC_RECOVER_ASYNC, &[], &["requeue"])
}

pub fn confirm_select() -> Method {
    Method::new(CONFIRM_SELECT, &[], &["no-wait"])
}

pub fn tx_select() -> Method {
    Method::new(TX_SELECT, &[], &[])
}

pub fn tx_commit() -> Method {
    Method::new(TX_COMMIT, &[], &[])
}

pub fn tx_rollback() -> Method {
    Method::new(TX_ROLLBACK, &[], &[])
}
