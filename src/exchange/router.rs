//! The bindings of one exchange, and what they find for a message.

use imbl::OrdSet;

use crate::amqp::table::TableRef;

use super::binding::{Binding, Destination, InvalidBinding, StartOfKey};
use super::headers::{self, Headers};
use super::kind::ExchangeKind;
use super::prefixes::Prefixes;
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
    /// An exchange's bindings before the first bind.
    pub fn new(kind: ExchangeKind) -> Self {
        Self { kind, bindings: OrdSet::new(), prefixes: Prefixes::default() }
    }

    /// The exchange's type.
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

    /// Whether the type takes such a binding at all.
    ///
    /// # Errors
    /// A topic key with more than two `#` words, or an unknown `x-match`.
    pub fn check(&self, binding: &Binding) -> Result<(), InvalidBinding> {
        match self.kind {
            ExchangeKind::Direct | ExchangeKind::Fanout => Ok(()),
            ExchangeKind::Topic => topic::check(binding.key()),
            ExchangeKind::Headers => headers::MatchMode::of(binding.arguments()).map(|_| ()),
        }
    }

    /// Adds a binding.
    ///
    /// # Errors
    /// Those of [`Router::check`].
    pub fn bind(&mut self, binding: Binding) -> Result<Change, InvalidBinding> {
        self.check(&binding)?;
        if self.bindings.contains(&binding) {
            return Ok(Change::Nothing);
        }
        if self.kind == ExchangeKind::Topic {
            self.prefixes.add(binding.key().as_bytes());
        }
        self.bindings.insert(binding);
        Ok(Change::Done)
    }

    /// Removes a binding.
    pub fn unbind(&mut self, binding: &Binding) -> Change {
        if self.bindings.remove(binding).is_none() {
            return Change::Nothing;
        }
        if self.kind == ExchangeKind::Topic {
            self.prefixes.remove(binding.key().as_bytes());
        }
        Change::Done
    }

    /// Calls `found` with each destination of a message with that routing key and those headers;
    /// with one that several bindings lead to possibly more than once.
    pub fn route<'r>(
        &'r self,
        key: &[u8],
        headers: Option<TableRef<'_>>,
        found: &mut impl FnMut(&'r Destination),
    ) {
        match self.kind {
            ExchangeKind::Direct => self.exact(key, found),
            ExchangeKind::Fanout => self.bindings.iter().for_each(|b| found(b.destination())),
            ExchangeKind::Topic => {
                topic::matches(&self.prefixes, key, &mut |pattern| self.exact(pattern, found));
            }
            ExchangeKind::Headers => {
                let headers = Headers::of(headers.unwrap_or_default());
                self.bindings
                    .iter()
                    .filter(|binding| headers.match_binding(binding.arguments()))
                    .for_each(|binding| found(binding.destination()));
            }
        }
    }

    /// The bindings with exactly this key.
    fn exact<'r>(&'r self, key: &[u8], found: &mut impl FnMut(&'r Destination)) {
        self.bindings
            .range(StartOfKey(key)..)
            .take_while(|binding| binding.key().as_bytes() == key)
            .for_each(|binding| found(binding.destination()));
    }
}

#[cfg(test)]
mod tests;
