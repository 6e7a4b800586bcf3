//! Makes a broker start with durable entries of which some are lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::entries::{Entries, fault};
use crate::amqp::id::QueueId;
use crate::amqp::name::{ExchangeName, QueueName, VhostName};
use crate::amqp::table::Table;
use crate::auth::durable::is_user;
use crate::exchange::binding::Destination;
use crate::store::format::checkpoint::Checkpoint;
use crate::topology::command::Change;
use crate::topology::durable::{Declared, Durable, change_entry, read_entry, vhost_entry};
use crate::topology::queue::QueueDefinition;
use crate::topology::state::Topology;

/// Where queues go whose virtual host is not known.
const VHOST: &str = "/";

/// Makes the entries such that a broker starts with them. Where they come from the log alone,
/// queues of which only messages are left get a name. Returns what was done, a line each.
pub(super) fn complete(left: &mut Checkpoint, rebuilt: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if rebuilt {
        declare_lost(left, &mut lines);
    }
    add_vhosts(&mut left.meta, &mut lines);
    drop_dangling(&mut left.meta, &mut lines);
    while let Some(fault) = fault(&left.meta) {
        let entries = left.meta.len();
        left.meta.retain(|key, _| !fault.is_of(key));
        lines.push(format!("dropped: {fault}"));
        if left.meta.len() == entries {
            break;
        }
    }
    let is_lost = rebuilt && !left.meta.keys().any(|key| is_user(key));
    if is_lost && !left.meta.is_empty() {
        lines.push("no user is left: the next start makes the default user".to_owned());
    }
    let ids = queues(&left.meta).into_iter().map(|QueueId(id)| id.saturating_add(1));
    left.next_queue = left.next_queue.max(ids.max().unwrap_or(0));
    lines
}

/// Declares the queues that have messages and no name.
fn declare_lost(left: &mut Checkpoint, lines: &mut Vec<String>) {
    let declared = queues(&left.meta);
    let Ok(vhost) = VhostName::parse(VHOST) else { return };
    for image in left.images.iter().filter(|image| !image.runs.is_empty()) {
        let QueueId(id) = image.queue;
        let Ok(name) = QueueName::parse(format!("recovered-{id}")) else { continue };
        if declared.contains(&image.queue) {
            continue;
        }
        lines.push(format!(
            "of queue {id} only messages are left: it is '{name}' in vhost '{VHOST}' now"
        ));
        let definition = QueueDefinition {
            name,
            id: image.queue,
            durable: true,
            exclusive_owner: None,
            auto_delete: false,
            arguments: Table::default(),
        };
        if let Some((key, value)) =
            change_entry(&vhost, &Change::QueueCreated(Arc::new(definition)))
        {
            left.meta.entry(key).or_insert(value.unwrap_or_default());
        }
    }
}

/// Adds virtual hosts in which something is declared, and one where there are only users.
fn add_vhosts(entries: &mut Entries, lines: &mut Vec<String>) {
    let (mut there, mut named) = (BTreeSet::new(), BTreeSet::new());
    for Durable { vhost, declared } in read(entries) {
        if declared == Declared::Vhost {
            there.insert(vhost);
        } else {
            named.insert(vhost);
        }
    }
    if there.is_empty() && !entries.is_empty() {
        named.extend(VhostName::parse(VHOST));
    }
    for vhost in named.difference(&there) {
        lines.push(format!("vhost '{vhost}' was lost: it is there again"));
        entries.extend([vhost_entry(vhost)]);
    }
}

/// Drops bindings that lead from or to nothing.
fn drop_dangling(entries: &mut Entries, lines: &mut Vec<String>) {
    let mut ends: BTreeSet<(VhostName, Destination)> = BTreeSet::new();
    for Durable { vhost, declared } in read(entries) {
        match declared {
            Declared::Exchange(it) => drop(ends.insert((vhost, Destination::Exchange(it.name)))),
            Declared::Queue(it) => drop(ends.insert((vhost, Destination::Queue(it.name)))),
            Declared::Vhost | Declared::Binding(..) | Declared::Policy(_) => {}
        }
    }
    let predeclared = |vhost: &VhostName, name: &ExchangeName| {
        Topology::new(vhost.clone()).exchange(name).is_ok()
    };
    let is_there = |vhost: &VhostName, end: Destination| {
        matches!(&end, Destination::Exchange(name) if predeclared(vhost, name))
            || ends.contains(&(vhost.clone(), end))
    };
    entries.retain(|key, value| {
        let Ok(Durable { vhost, declared: Declared::Binding(source, binding, _) }) =
            read_entry(key, value)
        else {
            return true;
        };
        let stays = is_there(&vhost, Destination::Exchange(source))
            && is_there(&vhost, binding.destination().clone());
        if !stays {
            lines.push(format!("dropped: {}, which leads from or to nothing", key.escape_ascii()));
        }
        stays
    });
}

fn queues(entries: &Entries) -> BTreeSet<QueueId> {
    read(entries).filter_map(|it| it.declared.queue_id()).collect()
}

fn read(entries: &Entries) -> impl Iterator<Item = Durable> {
    entries.iter().filter_map(|(key, value)| read_entry(key, value).ok())
}
