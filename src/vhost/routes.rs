//! From exchange and routing key to queues, remembered by each connection for itself.

use std::collections::HashMap;
use std::sync::Arc;

use super::host::Vhost;
use super::past::Publication;
use super::queue::Queue;
use crate::amqp::message::split_address;
use crate::exchange::message::Message;
use crate::topology::error::Error;
use crate::topology::generation::Generation;
use crate::topology::routing::{Routed, Routes, Sight};

/// Routes that one connection keeps.
const CACHED_MAX: usize = 4096;

/// The queues that a message goes to, each once. The same one is the same pointer for as long as
/// the cache gives it.
pub type Route = Arc<[Arc<Queue>]>;

/// What a connection has learned of where its messages go.
#[derive(Debug, Default)]
pub struct RouteCache {
    known: Vec<Known>,
    /// Places in `known`, by exchange and routing key as they stand in front of a message.
    places: HashMap<Arc<[u8]>, usize, foldhash::fast::RandomState>,
    /// The place that was asked for last, which is likely to be asked for again.
    last: usize,
    /// A route that is not kept, or the default exchange's.
    found: Route,
    /// The routing key that `found` belongs to, if it came through the default exchange.
    direct: Option<Box<[u8]>>,
    scratch: Routes,
}

/// What became of a message that was routed.
enum Learned {
    /// Its route is known from now on, and the last.
    Known,
    /// It is `found`, and not kept.
    Found,
    /// There is none beforehand.
    ByPast,
}

#[derive(Debug)]
struct Known {
    address: Arc<[u8]>,
    generation: Generation,
    route: Route,
}

impl RouteCache {
    /// The queues that a message goes to, each once. `address` is exchange and routing key as two
    /// short strings; `message` is the rest of what exchanges look at, asked for where the route
    /// is not known. There is no route beforehand through exchanges with a past; see
    /// [`Self::pass`].
    ///
    /// # Errors
    /// There is no such exchange: 404; it is internal: 403.
    pub fn resolve<'m>(
        &mut self,
        vhost: &Vhost,
        address: &'m [u8],
        message: impl FnOnce() -> Message<'m>,
    ) -> Result<Option<&Route>, Error> {
        if let [0, _, key @ ..] = address {
            return Ok(Some(self.resolve_direct(vhost, key)));
        }
        match self.find(address) {
            Some(place) => self.last = place,
            None => match self.learn(vhost, address, message())? {
                Learned::Known => {}
                Learned::Found => return Ok(Some(&self.found)),
                Learned::ByPast => return Ok(None),
            },
        }
        Ok(Some(self.known.get(self.last).map_or(&self.found, |known| &known.route)))
    }

    /// As [`Self::resolve`], for a message with several routing keys, that of its address among
    /// them, each there once. Such routes are not kept: nobody counts how many sets of keys there
    /// are.
    ///
    /// # Errors
    /// Those of [`Self::resolve`].
    pub fn resolve_all(
        &mut self,
        vhost: &Vhost,
        address: &[u8],
        keys: &[&[u8]],
        message: Message<'_>,
    ) -> Result<Option<&Route>, Error> {
        let (exchange, key) = split_address(address);
        self.direct = None;
        self.found = if exchange.is_empty() {
            keys.iter().filter_map(|key| vhost.find_queue(key)).collect()
        } else {
            let message = Message { key, ..message };
            let routed = vhost.routing().route_all(exchange, keys, message, &mut self.scratch)?;
            if matches!(routed, Routed::ByPast) {
                return Ok(None);
            }
            self.find_queues(vhost)
        };
        Ok(Some(&self.found))
    }

    /// Has a message go through exchanges with a past; `None` if it is a duplicate and goes to no
    /// queue. A mandatory one that finds none though it is no duplicate counts as one that never
    /// came.
    ///
    /// # Errors
    /// Those of [`Self::resolve`].
    pub fn pass(
        &mut self,
        vhost: &Vhost,
        publication: &Publication<'_>,
    ) -> Result<Option<&Route>, Error> {
        vhost.pass(publication, &mut self.scratch)?;
        self.direct = None;
        self.found = self.find_queues(vhost);
        if !self.found.is_empty() {
            return Ok(Some(&self.found));
        }
        if self.scratch.is_duplicate() {
            return Ok(None);
        }
        if publication.mandatory {
            self.scratch.forget();
        }
        Ok(Some(&self.found))
    }

    /// Takes out the exchanges that saw a value of the message first that went through last: what
    /// becomes of it is for the caller to say.
    pub fn take_noted(&mut self) -> impl ExactSizeIterator<Item = Sight> {
        self.scratch.take_noted()
    }

    /// Whether there are any.
    pub fn is_noted(&self) -> bool {
        self.scratch.is_noted()
    }

    /// The exchanges that took it for a duplicate of a message of which nobody knows yet what
    /// becomes of it.
    pub fn open(&self) -> &[Sight] {
        self.scratch.open()
    }

    /// The place of a known route that is current.
    #[inline]
    fn find(&self, address: &[u8]) -> Option<usize> {
        let last = self.known.get(self.last).filter(|known| *known.address == *address);
        let place = if last.is_some() { self.last } else { *self.places.get(address)? };
        self.known.get(place)?.generation.is_current().then_some(place)
    }

    /// The default exchange: the queue of that name. The last one is tried first.
    fn resolve_direct(&mut self, vhost: &Vhost, key: &[u8]) -> &Route {
        let again = self.direct.as_deref() == Some(key)
            && self.found.first().is_some_and(|queue| !queue.is_deleted());
        if !again {
            self.found = vhost.find_queue(key).into_iter().collect();
            self.direct = Some(key.into());
        }
        &self.found
    }

    /// Routes a message, and keeps the route if it may be kept.
    fn learn<'m>(
        &mut self,
        vhost: &Vhost,
        address: &'m [u8],
        message: Message<'m>,
    ) -> Result<Learned, Error> {
        let (exchange, key) = split_address(address);
        let message = Message { key, ..message };
        let routed = vhost.routing().route(exchange, message, &mut self.scratch)?;
        if matches!(routed, Routed::ByPast) {
            return Ok(Learned::ByPast);
        }
        let route = self.find_queues(vhost);
        let Routed::ByKey(generation) = routed else {
            self.found = route;
            self.direct = None;
            return Ok(Learned::Found);
        };
        let known = Known { address: address.into(), generation, route };
        if self.known.len() >= CACHED_MAX && !self.places.contains_key(address) {
            self.places.clear();
            self.known.clear();
        }
        let next = self.known.len();
        self.last = *self.places.entry(Arc::clone(&known.address)).or_insert(next);
        match self.known.get_mut(self.last) {
            Some(outdated) => *outdated = known,
            None => self.known.push(known),
        }
        Ok(Learned::Known)
    }

    /// The queues that were found, at work.
    fn find_queues(&self, vhost: &Vhost) -> Route {
        vhost.queues_of(&self.scratch).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::id::ConnectionId;
    use crate::amqp::name::{BindingKey, ExchangeName, QueueName, VhostName};
    use crate::amqp::table::{Table, TableRef};
    use crate::exchange::binding::{Binding, Destination};
    use crate::store::meta::MemoryMeta;
    use crate::store::shared::Store;
    use crate::topology::command::{BindCommand, Naming};
    use crate::vhost::Commit;
    use crate::vhost::host::DeclareQueue;
    use crate::vhost::queue::DeleteConditions;

    fn vhost_with(queue: &str) -> Arc<Vhost> {
        let name = VhostName::parse("/").unwrap();
        let log = Arc::new(MemoryMeta::default());
        let vhost = Vhost::new(name, Arc::default(), Store::in_memory(log), Commit::done());
        let name = QueueName::parse(queue).unwrap();
        let naming = Naming::Client;
        let declare = DeclareQueue {
            name,
            naming,
            durable: true,
            owner: None,
            auto_delete: false,
            arguments: Table::default(),
        };
        let (_, commit) = vhost.declare_queue(declare, "guest").unwrap();
        assert!(commit.is_done());
        vhost
    }

    fn bind(vhost: &Vhost, exchange: &str, queue: &str) {
        let destination = Destination::Queue(QueueName::parse(queue).unwrap());
        let key = BindingKey::parse("k").unwrap();
        let binding = Binding::new(destination, key, TableRef::default());
        let source = ExchangeName::parse(exchange).unwrap();
        let bound =
            vhost.bind(BindCommand { source, binding, connection: ConnectionId(1) }, "guest");
        assert!(bound.unwrap().is_done());
    }

    fn resolve(cache: &mut RouteCache, vhost: &Vhost, exchange: &str, key: &str) -> Vec<String> {
        let mut address = Vec::new();
        for name in [exchange, key] {
            address.push(u8::try_from(name.len()).unwrap());
            address.extend(name.as_bytes());
        }
        let queues = cache.resolve(vhost, &address, Message::default).unwrap().unwrap();
        queues.iter().map(|queue| queue.name.to_string()).collect()
    }

    #[test]
    fn a_route_by_headers_is_not_taken_for_one_by_name() {
        let vhost = vhost_with("q");
        bind(&vhost, "amq.headers", "q");
        let mut cache = RouteCache::default();

        let by_headers = resolve(&mut cache, &vhost, "amq.headers", "");
        let by_name = resolve(&mut cache, &vhost, "", "");

        assert_eq!((by_headers, by_name), (vec!["q".to_owned()], vec![]));
    }

    #[test]
    fn routes_are_told_apart_whichever_was_asked_for_last() {
        let vhost = vhost_with("q");
        bind(&vhost, "amq.direct", "q");
        let mut cache = RouteCache::default();

        for _ in 0..2 {
            assert_eq!(resolve(&mut cache, &vhost, "amq.direct", "k"), ["q"]);
            assert_eq!(resolve(&mut cache, &vhost, "amq.direct", "k"), ["q"]);
            assert_eq!(resolve(&mut cache, &vhost, "amq.direct", "l"), [""; 0]);
            assert_eq!(resolve(&mut cache, &vhost, "amq.topic", "k"), [""; 0]);
        }
    }

    #[test]
    fn routes_stay_right_when_there_are_more_than_are_kept() {
        let vhost = vhost_with("q");
        bind(&vhost, "amq.direct", "q");
        let mut cache = RouteCache::default();

        for number in 0..=CACHED_MAX {
            assert_eq!(resolve(&mut cache, &vhost, "amq.direct", &number.to_string()), [""; 0]);
        }

        assert_eq!(resolve(&mut cache, &vhost, "amq.direct", "k"), ["q"]);
        assert_eq!(resolve(&mut cache, &vhost, "amq.direct", "0"), [""; 0]);
        assert!(cache.known.len() <= CACHED_MAX);
    }

    #[test]
    fn a_known_route_follows_its_bindings() {
        let vhost = vhost_with("q");
        let mut cache = RouteCache::default();

        let before = resolve(&mut cache, &vhost, "amq.direct", "k");
        bind(&vhost, "amq.direct", "q");
        let bound = resolve(&mut cache, &vhost, "amq.direct", "k");
        let name = QueueName::parse("q").unwrap();
        let deleted =
            vhost.delete_queue(&name, ConnectionId(1), DeleteConditions::default(), "guest");
        assert!(deleted.unwrap().1.is_done());
        let after = resolve(&mut cache, &vhost, "amq.direct", "k");

        assert_eq!((before, bound, after), (vec![], vec!["q".to_owned()], vec![]));
        assert_eq!(resolve(&mut cache, &vhost, "", "q"), Vec::<String>::new());
    }
}
