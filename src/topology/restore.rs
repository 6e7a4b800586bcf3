//! From durable entries back to topologies, as they were before a restart.

use std::collections::{BTreeMap, BTreeSet};

use crate::amqp::entry::InvalidEntry;
use crate::amqp::exception::Exception;
use crate::amqp::id::QueueId;
use crate::amqp::name::{ExchangeName, VhostName};
use crate::exchange::binding::{Binding, Destination};

use super::durable::{Declared, Durable, read_entry};
use super::edit::Edit;
use super::error::{Error, Resource};
use super::exchange::ExchangeDefinition;
use super::queue::QueueDefinition;
use super::state::{Topology, check_bindable};

/// The topology of each virtual host among the entries, which may come in any order.
///
/// # Errors
/// An entry cannot be read, or what it is in or leads to is not there.
pub fn restore<'e>(
    entries: impl IntoIterator<Item = (&'e [u8], &'e [u8])>,
) -> Result<Vec<Topology>, InvalidEntry> {
    let mut topologies = BTreeMap::new();
    let mut declared = Vec::new();
    for (key, value) in entries {
        let Durable { vhost, declared: it } = read_entry(key, value)?;
        if it == Declared::Vhost {
            topologies.insert(vhost.clone(), Topology::new(vhost));
        } else {
            declared.push((key, vhost, it));
        }
    }
    // What bindings lead from and to comes before them, and those of lower rank before others.
    declared.sort_by_key(|(_, _, it)| match it {
        Declared::Binding(_, _, rank) => Some(*rank),
        _ => None,
    });
    let mut ids = BTreeSet::new();
    for (key, vhost, it) in declared {
        let topology = find(&mut topologies, &vhost, key)?;
        if let Some(id) = it.queue_id()
            && !ids.insert(id)
        {
            let why = format!("another queue is incarnation {id}, too");
            return Err(InvalidEntry::new(key, why));
        }
        topology.put_back(it).map_err(|why| InvalidEntry::new(key, Exception::from(why).text))?;
    }
    Ok(topologies.into_values().collect())
}

fn find<'t>(
    topologies: &'t mut BTreeMap<VhostName, Topology>,
    vhost: &VhostName,
    key: &[u8],
) -> Result<&'t mut Topology, InvalidEntry> {
    let missing = || InvalidEntry::new(key, format!("there is no vhost '{vhost}'"));
    topologies.get_mut(vhost).ok_or_else(missing)
}

impl Topology {
    /// The highest incarnation among its queues, those in which exchanges have messages wait too.
    pub fn last_queue_id(&self) -> Option<QueueId> {
        let waiting = self.exchanges().filter_map(|exchange| exchange.definition().waits_in);
        self.queues().map(|queue| queue.id).chain(waiting).max()
    }

    /// Takes in what was declared before a restart. What only a declaration is checked for, that
    /// was checked then.
    fn put_back(&mut self, declared: Declared) -> Result<(), Error> {
        match declared {
            Declared::Vhost => Ok(()),
            Declared::Exchange(definition) => self.put_exchange_back(definition),
            Declared::Queue(definition) => {
                self.put_queue_back(definition);
                Ok(())
            }
            Declared::Binding(source, binding, rank) => {
                self.put_binding_back(source, binding, rank)
            }
            Declared::Policy(policy) => {
                self.set_policy(policy);
                Ok(())
            }
        }
    }

    /// No predeclared exchange is replaced.
    fn put_exchange_back(&mut self, definition: ExchangeDefinition) -> Result<(), Error> {
        let mut edit = Edit::new(self);
        if edit.has_exchange(&definition.name) {
            let resource = Resource::exchange(&self.vhost, &definition.name);
            return Err(Error::ReservedName(resource));
        }
        edit.create_exchange(definition);
        edit.finish();
        Ok(())
    }

    fn put_queue_back(&mut self, definition: QueueDefinition) {
        let mut edit = Edit::new(self);
        edit.create_queue(definition);
        edit.finish();
    }

    fn put_binding_back(
        &mut self,
        source: ExchangeName,
        binding: Binding,
        rank: u32,
    ) -> Result<(), Error> {
        check_bindable(&source, binding.destination())?;
        match binding.destination() {
            Destination::Exchange(name) => self.exchange(name).map(drop)?,
            Destination::Queue(name) => self.queue(name).map(drop)?,
        }
        self.exchange(&source)?.router.check(&binding)?;
        let mut edit = Edit::new(self);
        edit.bind(source, binding, rank);
        edit.finish();
        Ok(())
    }
}
