//! The bindings of one exchange, and what they find for a message.

use imbl::OrdSet;

use crate::amqp::table::TableRef;

use super::binding::{Binding, Destination, InvalidBinding, StartOfKey};
use super::delayed::routing_kind;
use super::hash::{hash, place};
use super::hash_on::HashOn;
use super::headers::{self, Headers};
use super::kind::ExchangeKind;
use super::message::Message;
use super::prefixes::Prefixes;
use super::shares::{self, Shares};
use super::topic;

/// The bindings of one exchange, indexed for its type.
///
/// A clone costs O(1) and shares all but what either of the two changes afterwards; binding and
/// unbinding cost O(log n).
#[derive(Clone, Debug)]
pub struct Router {
    kind: ExchangeKind,
    bindings: OrdSet<Binding>,
    /// Of the keys of a topic exchange; empty for the other types.
    prefixes: Prefixes,
    /// What is hashed, and the weights, where the type is `x-consistent-hash`.
    hash_on: HashOn,
    shares: Shares,
}

/// What became of a bind or an unbind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The bindings are others now.
    Done,
    /// They were so already.
    Nothing,
}

impl Router {
    /// An exchange's bindings before the first bind. Of its arguments those count that its type
    /// has; they were checked when it was declared.
    pub fn new(kind: ExchangeKind, arguments: TableRef<'_>) -> Self {
        Self {
            // Arguments that its type does not take were refused when it was declared.
            kind: routing_kind(kind, arguments).unwrap_or(kind),
            bindings: OrdSet::new(),
            prefixes: Prefixes::default(),
            hash_on: HashOn::of(arguments).unwrap_or_default(),
            shares: Shares::default(),
        }
    }

    /// How it routes: as the exchange's type, or the one that stands behind it.
    pub const fn kind(&self) -> ExchangeKind {
        self.kind
    }

    /// How many bindings there are.
    pub fn len(&self) -> usize {
        self.bindings.len()
    }

    /// Whether there is no binding.
    pub fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    /// All bindings, by key, then by destination.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter()
    }

    /// Whether there is this very binding.
    pub fn contains(&self, binding: &Binding) -> bool {
        self.bindings.contains(binding)
    }

    /// Whether messages with the same routing key go the same way as long as the bindings stay. A
    /// [past](super::past) is not looked at here.
    pub fn routes_by_key(&self) -> bool {
        match self.kind {
            ExchangeKind::Headers
            | ExchangeKind::Random
            | ExchangeKind::LocalRandom
            | ExchangeKind::Delayed => false,
            ExchangeKind::ConsistentHash => self.hash_on == HashOn::RoutingKey,
            ExchangeKind::Direct
            | ExchangeKind::Fanout
            | ExchangeKind::Topic
            | ExchangeKind::ModulusHash
            | ExchangeKind::RecentHistory
            | ExchangeKind::MessageDeduplication => true,
        }
    }

    /// Whether the type takes such a binding at all.
    ///
    /// # Errors
    /// A topic key with more than two `#` words, an unknown `x-match`, a key that is no weight, or
    /// what `x-local-random` does not take: a key, or a destination that is no queue.
    pub fn check(&self, binding: &Binding) -> Result<(), InvalidBinding> {
        match self.kind {
            ExchangeKind::Direct
            | ExchangeKind::Fanout
            | ExchangeKind::Random
            | ExchangeKind::ModulusHash
            | ExchangeKind::RecentHistory
            | ExchangeKind::MessageDeduplication
            | ExchangeKind::Delayed => Ok(()),
            ExchangeKind::Topic => topic::check(binding.key()),
            ExchangeKind::Headers => headers::MatchMode::of(binding.arguments()).map(|_| ()),
            ExchangeKind::ConsistentHash => shares::weight(binding.key()).map(|_| ()),
            ExchangeKind::LocalRandom => check_local(binding),
        }
    }

    /// Whether the type takes bindings to classic queues alone, and not to those of other types
    /// (RabbitMQ: `rabbit_exchange_type_local_random:validate_binding/2`).
    pub const fn takes_classic_queues_alone(&self) -> bool {
        matches!(self.kind, ExchangeKind::LocalRandom)
    }

    /// Which of a destination's bindings came before which, by growing numbers, where that
    /// matters; 0 where it does not, and for the first.
    pub fn rank(&self, binding: &Binding) -> u32 {
        self.shares.rank(binding)
    }

    /// Adds a binding.
    ///
    /// # Errors
    /// Those of [`Router::check`].
    pub fn bind(&mut self, binding: Binding) -> Result<Change, InvalidBinding> {
        self.put_back(binding, 0)
    }

    /// Adds a binding that had that rank before. Those of lower rank have to be there already.
    ///
    /// # Errors
    /// Those of [`Router::check`].
    pub fn put_back(&mut self, binding: Binding, rank: u32) -> Result<Change, InvalidBinding> {
        self.check(&binding)?;
        if self.bindings.contains(&binding) {
            return Ok(Change::Nothing);
        }
        match self.kind {
            ExchangeKind::Topic => self.prefixes.add(binding.key().as_bytes()),
            ExchangeKind::ConsistentHash => self.shares.add(&binding, rank)?,
            _ => {}
        }
        self.bindings.insert(binding);
        Ok(Change::Done)
    }

    /// Removes a binding.
    pub fn unbind(&mut self, binding: &Binding) -> Change {
        if self.bindings.remove(binding).is_none() {
            return Change::Nothing;
        }
        match self.kind {
            ExchangeKind::Topic => self.prefixes.remove(binding.key().as_bytes()),
            ExchangeKind::ConsistentHash => self.shares.remove(binding),
            _ => {}
        }
        Change::Done
    }

    /// Calls `found` with each destination of a message; with one that several bindings lead to
    /// possibly more than once.
    pub fn route<'r>(&'r self, message: &Message<'_>, found: &mut impl FnMut(&'r Destination)) {
        match self.kind {
            ExchangeKind::Direct => self.exact(message.key, found),
            ExchangeKind::Fanout
            | ExchangeKind::RecentHistory
            | ExchangeKind::MessageDeduplication => {
                self.bindings.iter().for_each(|b| found(b.destination()));
            }
            ExchangeKind::Topic => {
                let exact = &mut |pattern: &[u8]| self.exact(pattern, found);
                topic::matches(&self.prefixes, message.key, exact);
            }
            ExchangeKind::Headers => {
                let headers = Headers::of(message.headers.unwrap_or_default());
                self.bindings
                    .iter()
                    .filter(|binding| headers.match_binding(binding.arguments()))
                    .for_each(|binding| found(binding.destination()));
            }
            ExchangeKind::ConsistentHash => {
                let chosen = self.shares.choose(self.hash_on.hash(message));
                chosen.into_iter().for_each(found);
            }
            ExchangeKind::Random | ExchangeKind::LocalRandom => {
                self.nth(place(message.chance, self.len()), found);
            }
            ExchangeKind::ModulusHash => {
                let number = hash(&[message.key]) % self.len().max(1) as u64;
                self.nth(usize::try_from(number).unwrap_or_default(), found);
            }
            // The type behind it is not known.
            ExchangeKind::Delayed => {}
        }
    }

    /// The binding at that place among all. It is walked to, as the set does not number them.
    fn nth<'r>(&'r self, place: usize, found: &mut impl FnMut(&'r Destination)) {
        self.bindings.iter().nth(place).into_iter().for_each(|b| found(b.destination()));
    }

    /// The bindings with exactly this key.
    fn exact<'r>(&'r self, key: &[u8], found: &mut impl FnMut(&'r Destination)) {
        self.bindings
            .range(StartOfKey(key)..)
            .take_while(|binding| binding.key().as_bytes() == key)
            .for_each(|binding| found(binding.destination()));
    }
}

/// Without a cluster every queue is a local one.
fn check_local(binding: &Binding) -> Result<(), InvalidBinding> {
    match binding.destination() {
        _ if !binding.key().is_empty() => Err(InvalidBinding::Key(binding.key().clone())),
        Destination::Exchange(_) => Err(InvalidBinding::NoQueue),
        Destination::Queue(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
