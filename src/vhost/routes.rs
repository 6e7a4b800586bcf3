//! From exchange and routing key to queues, remembered by each connection for itself.

use std::collections::HashMap;
use std::sync::Arc;

use super::host::Vhost;
use super::queue::Queue;
use crate::amqp::table::TableRef;
use crate::topology::error::Error;
use crate::topology::generation::Generation;
use crate::topology::routing::{Routed, Routes};

/// Routes that one connection keeps.
const CACHED_MAX: usize = 4096;

/// What a connection has learned of where its messages go.
#[derive(Debug, Default)]
pub struct RouteCache {
    /// By exchange and routing key as they stand in front of a message.
    known: HashMap<Box<[u8]>, Known, foldhash::fast::RandomState>,
    /// Routes that cannot be kept, and the default exchange's.
    found: Vec<Arc<Queue>>,
    /// The routing key that `found` belongs to, if it came through the default exchange.
    direct: Vec<u8>,
    scratch: Routes,
}

#[derive(Debug)]
struct Known {
    generation: Generation,
    queues: Arc<[Arc<Queue>]>,
}

/// A message to be routed.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// Exchange and routing key as two short strings.
    pub octets: &'a [u8],
    /// The exchange.
    pub exchange: &'a [u8],
    /// The routing key.
    pub key: &'a [u8],
}

impl RouteCache {
    /// The queues that a message goes to, each once.
    ///
    /// # Errors
    /// There is no such exchange: 404; it is internal: 403.
    pub fn resolve<'h>(
        &mut self,
        vhost: &Vhost,
        address: Address<'_>,
        headers: impl FnOnce() -> Option<TableRef<'h>>,
    ) -> Result<&[Arc<Queue>], Error> {
        if address.exchange.is_empty() {
            return Ok(self.resolve_direct(vhost, address.key));
        }
        let is_current = self.known.get(address.octets).map(|known| known.generation.is_current());
        if is_current != Some(true) && !self.learn(vhost, address, headers())? {
            return Ok(&self.found);
        }
        Ok(self.known.get(address.octets).map_or(&[], |known| &known.queues))
    }

    /// The default exchange: the queue of that name. The last one is tried first.
    fn resolve_direct(&mut self, vhost: &Vhost, key: &[u8]) -> &[Arc<Queue>] {
        let again = self.direct == key && self.found.first().is_some_and(|q| !q.is_deleted());
        if !again {
            self.found.clear();
            self.found.extend(vhost.find_queue(key));
            self.direct.clear();
            self.direct.extend_from_slice(key);
        }
        &self.found
    }

    /// Routes a message; returns whether the route is known from now on.
    fn learn(
        &mut self,
        vhost: &Vhost,
        address: Address<'_>,
        headers: Option<TableRef<'_>>,
    ) -> Result<bool, Error> {
        let Address { octets, exchange, key } = address;
        let routed = vhost.routing().route(exchange, key, headers, &mut self.scratch)?;
        let names = self.scratch.queues().iter();
        let queues = names.filter_map(|name| vhost.find_queue(name.as_bytes()));
        let Routed::ByKey(generation) = routed else {
            self.found.clear();
            self.found.extend(queues);
            self.direct.clear();
            return Ok(false);
        };
        let known = Known { generation, queues: queues.collect() };
        if self.known.len() >= CACHED_MAX && !self.known.contains_key(octets) {
            self.known.clear();
        }
        self.known.insert(octets.into(), known);
        Ok(true)
    }
}
