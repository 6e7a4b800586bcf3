//! What of a node is durable: its first start, and a start with what was there before.

use std::sync::Arc;

use super::node::Node;
use crate::amqp::entry::InvalidEntry;
use crate::amqp::name::{InvalidName, VhostName};
use crate::amqp::sighting::Sighting;
use crate::auth::durable::{is_user, read_user, user_entry};
use crate::auth::password::PasswordHash;
use crate::policy::checked::Policy;
use crate::queue::core::Queue;
use crate::store::meta::MetaChange;
use crate::topology::command::Command;
use crate::topology::durable::{change_entry, vhost_entry};
use crate::topology::queue::QueueDefinition;
use crate::topology::restore::restore;
use crate::topology::state::Topology;
use crate::vhost::Commit;
use crate::vhost::host::Vhost;

impl Node {
    /// Puts back users, virtual hosts and what is declared in them, from all the entries that the
    /// log has; they may come in any order. `contents` says what each queue holds. Nothing
    /// is logged, but that a policy was replaced.
    ///
    /// # Errors
    /// An entry that does not make sense; the node may have got a part of the others.
    pub fn restore<'e>(
        &mut self,
        entries: impl IntoIterator<Item = (&'e [u8], &'e [u8])>,
        mut contents: impl FnMut(&QueueDefinition) -> Queue,
    ) -> Result<(), InvalidEntry> {
        let (users, others): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(key, _)| is_user(key));
        for mut topology in restore(others)? {
            self.give_policies(&mut topology);
            let (ids, store) = (Arc::clone(&self.ids), self.store.clone());
            let vhost = Vhost::restored(topology, ids, store, &mut contents);
            self.attach(&vhost);
            self.vhosts.insert(vhost.name().clone(), vhost);
        }
        for (key, value) in users {
            let (name, password) = read_user(key, value)?;
            self.users.insert(&name, password);
        }
        Ok(())
    }

    /// Gives exchanges back what they had seen; `seen` has it by the keys of their entries.
    pub fn restore_seen(&self, mut seen: impl FnMut(&[u8]) -> Option<Vec<Sighting>>) {
        for vhost in &self.vhosts {
            vhost.restore_seen(&mut seen);
        }
    }

    /// Gives a node that has no users its first one, and its first virtual host if it has none of
    /// these either, both or none of which are durable; does nothing to any other (RabbitMQ:
    /// `rabbit:insert_default_data/0`). Only a repaired node has virtual hosts and no users.
    ///
    /// # Errors
    /// The virtual host's name is too long.
    pub fn bootstrap(
        &mut self,
        user: &str,
        password: PasswordHash,
        vhost: &str,
    ) -> Result<Commit, InvalidName> {
        let vhost = VhostName::parse(vhost)?;
        if !self.users.is_empty() {
            return Ok(Commit::done());
        }
        let is_first = self.vhosts.is_empty();
        let mut entries = vec![put(user_entry(user, &password))];
        entries.extend(is_first.then(|| put(vhost_entry(&vhost))));
        let commit = self.store.meta.append(entries);
        self.users.insert(user, password);
        if is_first {
            self.insert_vhost(vhost, commit.clone());
        }
        Ok(commit)
    }

    /// Adds a virtual host, unless there is one of that name.
    ///
    /// # Errors
    /// The name is too long.
    pub fn add_vhost(&mut self, name: &str) -> Result<Commit, InvalidName> {
        let name = VhostName::parse(name)?;
        if let Some(vhost) = self.vhosts.get(&name) {
            return Ok(vhost.last_commit());
        }
        let commit = self.store.meta.append(vec![put(vhost_entry(&name))]);
        self.insert_vhost(name, commit.clone());
        Ok(commit)
    }

    /// Sets the policies that a virtual host is to have before its queues work, so that none ever
    /// goes by those that they replace. Nobody waits until these are off the log.
    fn give_policies(&self, topology: &mut Topology) {
        let vhost = topology.vhost().clone();
        for policy in self.given_to(&vhost) {
            let outcome = topology.apply(Command::SetPolicy(Arc::clone(policy)));
            let changes = outcome.map(|outcome| outcome.changes).unwrap_or_default();
            let entries = changes.iter().filter_map(|change| change_entry(&vhost, change));
            let entries: Vec<_> = entries.map(|(key, value)| MetaChange { key, value }).collect();
            if !entries.is_empty() {
                drop(self.store.meta.append(entries));
            }
        }
    }

    fn given_to(&self, vhost: &VhostName) -> impl Iterator<Item = &Arc<Policy>> {
        let given = self.given.iter().filter(move |(name, _)| name == vhost.as_str());
        given.map(|(_, policy)| policy)
    }

    /// Gives a virtual host what it has in common with the others.
    fn attach(&self, vhost: &Vhost) {
        vhost.report_to(&self.reporter);
        vhost.reply_to(Arc::clone(&self.replies) as _);
    }

    fn insert_vhost(&self, name: VhostName, created: Commit) {
        let (ids, store) = (Arc::clone(&self.ids), self.store.clone());
        let vhost = Vhost::new(name.clone(), ids, store, created);
        for policy in self.given_to(&name) {
            // A policy that is not stored, in a virtual host without any: nothing to wait for.
            drop(vhost.set_policy(Arc::clone(policy)));
        }
        self.attach(&vhost);
        self.vhosts.insert(name, vhost);
    }
}

fn put((key, value): (Vec<u8>, Vec<u8>)) -> MetaChange {
    MetaChange { key, value: Some(value) }
}
