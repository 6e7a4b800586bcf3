//! Routing with one version of the topology: through exchange-to-exchange bindings and alternate
//! exchanges to queues.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use imbl::OrdMap;

use crate::amqp::name::{ExchangeName, QueueName, VhostName};
use crate::exchange::binding::Destination;
use crate::exchange::deduplication::Deduplication;
use crate::exchange::delayed::delay;
use crate::exchange::hash::mix;
use crate::exchange::message::Message;
use crate::exchange::recent_history::RecentHistory;

use super::error::{Error, Resource};
use super::exchange::Exchange;
use super::generation::Generation;
use super::passage::Passage;
pub use super::passage::Sight;
use super::queue::QueueDefinition;

/// A snapshot of what routing needs. A clone costs O(1).
#[derive(Clone, Debug)]
pub struct Routing {
    vhost: VhostName,
    exchanges: OrdMap<ExchangeName, Arc<Exchange>>,
    queues: OrdMap<QueueName, Arc<QueueDefinition>>,
}

/// Names of queues from which on those of several keys are looked through for doubles.
const COMPACT_MIN: usize = 1024;

/// The queues that a message goes to, and room for finding them; reused from message to message.
#[derive(Debug, Default)]
pub struct Routes {
    queues: Vec<QueueName>,
    /// The exchanges at which it waits for its time.
    waits_at: Vec<ExchangeName>,
    /// How many queues may be there, doubles included, before the next key is asked for.
    compact_at: usize,
    /// Exchanges still to be asked.
    pending: Vec<ExchangeName>,
    /// Exchanges that were ever pending.
    seen: HashSet<ExchangeName, RandomState>,
    /// Whether every exchange that was asked goes by the routing key alone.
    by_key: bool,
    passage: Passage,
}

/// How the queues were found.
#[derive(Clone, Debug)]
pub enum Routed {
    /// Not looked for: the message is for the queue that has the routing key as its name.
    Default,
    /// By exchange and routing key alone: the same two find the same queues as long as the
    /// generation is current.
    ByKey(Generation),
    /// By more of the message: its headers, a property, or at random.
    ByMessage,
    /// Not found: they depend on what went before, and are found when the message goes through
    /// ([`Routing::pass`]).
    ByPast,
}

/// A message on its way through exchanges that have a past.
#[derive(Clone, Copy, Debug)]
pub struct Passing<'a> {
    /// What exchanges look at.
    pub message: Message<'a>,
    /// Its routing keys, its own among them.
    pub keys: &'a [&'a [u8]],
    /// The time that has passed since the epoch. It does not go back.
    pub now: Duration,
}

impl Routes {
    /// Each queue once, by name.
    pub fn queues(&self) -> &[QueueName] {
        &self.queues
    }

    /// The exchanges at which the message waits until it is routed further, each once.
    pub fn waits_at(&self) -> &[ExchangeName] {
        &self.waits_at
    }

    /// Whether an exchange that the message went through took it for a duplicate.
    pub const fn is_duplicate(&self) -> bool {
        self.passage.is_duplicate()
    }

    /// The exchanges that the message went through and that keep it.
    pub fn keepers(&self) -> &[Arc<RecentHistory>] {
        self.passage.keepers()
    }

    /// Has the message that went through last count as one that never came, for deduplication.
    pub fn forget(&mut self) {
        self.passage.forget();
    }

    /// Takes out the exchanges that saw the message's value for the first time. They have to be
    /// told what became of the message: until then a duplicate waits.
    pub fn take_noted(&mut self) -> std::vec::Drain<'_, Sight> {
        self.passage.take_noted()
    }

    /// Whether an exchange saw the message's value for the first time.
    pub const fn is_noted(&self) -> bool {
        self.passage.is_noted()
    }

    /// The exchanges that took the message for a duplicate of one of which nobody knows yet what
    /// becomes of it.
    pub fn open(&self) -> &[Sight] {
        self.passage.open()
    }

    /// Names that there is room for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.queues.capacity()
    }

    fn begin(&mut self, now: Option<Duration>) {
        self.queues.clear();
        self.waits_at.clear();
        self.compact_at = COMPACT_MIN;
        self.pending.clear();
        self.seen.clear();
        self.by_key = true;
        self.passage.begin(now);
    }

    /// Drops doubles when they may be many: each of a message's keys may lead to the same queues.
    fn compact(&mut self) {
        if self.queues.len() > self.compact_at {
            self.drop_doubles();
            self.compact_at = COMPACT_MIN.max(2 * self.queues.len());
        }
    }

    fn drop_doubles(&mut self) {
        self.queues.sort_unstable();
        self.queues.dedup();
    }

    fn visit(&mut self, name: &ExchangeName) {
        if self.seen.insert(name.clone()) {
            self.pending.push(name.clone());
        }
    }
}

impl Routing {
    pub(super) const fn new(
        vhost: VhostName,
        exchanges: OrdMap<ExchangeName, Arc<Exchange>>,
        queues: OrdMap<QueueName, Arc<QueueDefinition>>,
    ) -> Self {
        Self { vhost, exchanges, queues }
    }

    /// The exchange of that name.
    pub fn exchange(&self, name: &[u8]) -> Option<&Arc<Exchange>> {
        self.exchanges.get(name)
    }

    /// Whether a message to that exchange may come to anything: it, or one of the alternate
    /// exchanges that would have their turn, has bindings or remembers what it is sent.
    pub fn leads_on(&self, exchange: &[u8]) -> bool {
        // They may go in a circle.
        let mut seen = HashSet::with_hasher(RandomState::default());
        let line = std::iter::successors(self.exchanges.get(exchange), |exchange| {
            let alternate = exchange.alternate.as_ref().filter(|name| seen.insert(*name))?;
            self.exchanges.get(alternate)
        });
        line.into_iter().any(|exchange| !exchange.router.is_empty() || exchange.past.is_some())
    }

    /// What each exchange of that type has seen.
    pub fn deduplications(&self) -> impl Iterator<Item = &Arc<Deduplication>> {
        self.exchanges.values().filter_map(|exchange| exchange.past()?.deduplication())
    }

    /// The queue of that name.
    pub fn queue(&self, name: &[u8]) -> Option<&Arc<QueueDefinition>> {
        self.queues.get(name)
    }

    /// Finds the queues for a message that a client publishes to `exchange`; they are in `routes`
    /// afterwards. Every exchange on the way is asked once, and an alternate exchange when one
    /// finds no destination at all (RabbitMQ: `rabbit_exchange:route/3`).
    ///
    /// # Errors
    /// No such exchange: 404; an internal one: 403.
    pub fn route(
        &self,
        exchange: &[u8],
        message: Message<'_>,
        routes: &mut Routes,
    ) -> Result<Routed, Error> {
        self.route_all(exchange, &[message.key], message, routes)
    }

    /// As [`Self::route`], for a message with several routing keys, its own among them. An
    /// alternate exchange has its turn when none of them finds a destination. Exchanges that
    /// choose one destination go by the message's own key.
    ///
    /// # Errors
    /// Those of [`Self::route`].
    pub fn route_all(
        &self,
        exchange: &[u8],
        keys: &[&[u8]],
        message: Message<'_>,
        routes: &mut Routes,
    ) -> Result<Routed, Error> {
        routes.begin(None);
        if exchange.is_empty() {
            return Ok(Routed::Default);
        }
        let first = self.public(exchange)?;
        self.follow(first, keys, message, routes);
        Ok(if routes.passage.is_blocked() {
            Routed::ByPast
        } else if routes.by_key {
            Routed::ByKey(first.generation.clone())
        } else {
            Routed::ByMessage
        })
    }

    /// As [`Self::route_all`], for a message that goes through now: exchanges with a past remember
    /// it and go by what they remember. The exchange is not the default one.
    ///
    /// # Errors
    /// Those of [`Self::route`].
    pub fn pass(
        &self,
        exchange: &[u8],
        passing: &Passing<'_>,
        routes: &mut Routes,
    ) -> Result<(), Error> {
        routes.begin(Some(passing.now));
        self.follow(self.public(exchange)?, passing.keys, passing.message, routes);
        Ok(())
    }

    /// As [`Self::pass`], for a message that comes from a binding to `exchange` or that the broker
    /// itself publishes, so that it may be internal. Where there is none, the message goes nowhere.
    pub fn pass_on(&self, exchange: &[u8], passing: &Passing<'_>, routes: &mut Routes) {
        routes.begin(Some(passing.now));
        if let Some(exchange) = self.exchanges.get(exchange) {
            self.follow(exchange, passing.keys, passing.message, routes);
        }
    }

    /// The exchange, if clients may publish to it.
    fn public(&self, exchange: &[u8]) -> Result<&Arc<Exchange>, Error> {
        let resource = || Resource::exchange_octets(&self.vhost, exchange);
        let first = self.exchanges.get(exchange).ok_or_else(|| Error::Missing(resource()))?;
        if first.definition.internal {
            return Err(Error::Internal(resource()));
        }
        Ok(first)
    }

    /// Asks `first`, and every exchange that this leads to.
    fn follow(
        &self,
        first: &Exchange,
        keys: &[&[u8]],
        mut message: Message<'_>,
        routes: &mut Routes,
    ) {
        self.ask(first, keys, message, routes);
        let name = &first.definition.name;
        if !routes.pending.is_empty() && !routes.seen.insert(name.clone()) {
            // It is bound to itself.
            routes.pending.retain(|pending| pending != name);
        }
        while !routes.passage.is_blocked()
            && let Some(name) = routes.pending.pop()
        {
            if let Some(next) = self.exchanges.get(&name) {
                // Two exchanges that choose at random do not choose alike.
                message.chance = mix(message.chance);
                self.ask(next, keys, message, routes);
            }
        }
        routes.drop_doubles();
    }

    fn ask(&self, exchange: &Exchange, keys: &[&[u8]], message: Message<'_>, routes: &mut Routes) {
        if exchange.definition.name.is_default() {
            let queues = keys.iter().filter_map(|key| self.queues.get(*key));
            routes.queues.extend(queues.map(|queue| queue.name.clone()));
            return;
        }
        if exchange.definition.waits_in.is_some() {
            routes.by_key = false;
            if delay(message.headers).is_some() {
                routes.waits_at.push(exchange.definition.name.clone());
                return;
            }
        }
        if let Some(past) = &exchange.past
            && !routes.passage.pass(past, &message)
        {
            return;
        }
        routes.by_key &= exchange.router.routes_by_key();
        let mut destinations = 0_usize;
        let own = [message.key];
        for key in if exchange.router.kind().takes_keys() { keys } else { &own } {
            exchange.router.route(&Message { key, ..message }, &mut |destination| {
                destinations += 1;
                match destination {
                    Destination::Queue(name) => routes.queues.push(name.clone()),
                    Destination::Exchange(name) => routes.visit(name),
                }
            });
            routes.compact();
        }
        if let (0, Some(alternate)) = (destinations, &exchange.alternate) {
            routes.visit(alternate);
        }
    }
}
