//! What the durable entries say of a data directory.

use std::collections::BTreeMap;

use crate::amqp::entry::InvalidEntry;
use crate::amqp::id::QueueId;
use crate::amqp::name::VhostName;
use crate::auth::durable::{is_user, read_user};
use crate::topology::durable::{Declared, Durable, read_entry};
use crate::topology::restore::restore;

/// All durable entries.
pub(super) type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// The names of the durable queues, and of the exchanges at which messages wait.
pub(super) type Names = BTreeMap<QueueId, (VhostName, String)>;

/// The queues that can be read among the entries.
pub(super) fn names(entries: &Entries) -> Names {
    let read = entries.iter().filter_map(|(key, value)| read_entry(key, value).ok());
    let named = |Durable { vhost, declared }| match declared {
        Declared::Queue(queue) => Some((queue.id, (vhost, format!("'{}'", queue.name)))),
        Declared::Exchange(exchange) => {
            let name = format!("what waits at exchange '{}'", exchange.name);
            exchange.waits_in.map(|id| (id, (vhost, name)))
        }
        _ => None,
    };
    read.filter_map(named).collect()
}

/// A queue with its name, where it has one.
pub(super) fn describe(names: &Names, queue: QueueId) -> String {
    let QueueId(id) = queue;
    match names.get(&queue) {
        Some((vhost, name)) => format!("queue {id} ({name} in vhost '{vhost}')"),
        None => format!("queue {id} (not declared)"),
    }
}

/// The first entry with which a broker would not start.
pub(super) fn fault(entries: &Entries) -> Option<InvalidEntry> {
    let (users, others): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| is_user(key));
    let users = users.into_iter().map(|(key, value)| read_user(key, value).map(drop));
    let others = others.into_iter().map(|(key, value)| (&key[..], &value[..]));
    users.collect::<Result<(), _>>().and_then(|()| restore(others).map(drop)).err()
}
