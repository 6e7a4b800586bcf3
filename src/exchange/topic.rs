//! Topic matching (spec 3.1.3.3): keys are words split at dots, `*` stands for one word and `#`
//! for any number of them. The empty key has no words; any other has one more than it has dots,
//! and words may be empty (RabbitMQ: `rabbit_exchange_type_topic:split_topic_key/1`).

use crate::amqp::name::BindingKey;

use super::binding::InvalidBinding;
use super::prefixes::Prefixes;

/// How many words of a binding key may be `#`: each multiplies the work of a match by the number
/// of words in the routing key.
const HASHES_MAX: usize = 2;

/// An existing prefix has at most 255 octets, and one word of a routing key goes on it.
const PATTERN_MAX: usize = 512;

/// Whether a topic exchange takes a binding with that key.
pub(super) fn check(key: &BindingKey) -> Result<(), InvalidBinding> {
    let hashes = key.as_bytes().split(|octet| *octet == b'.').filter(|word| *word == b"#").count();
    if hashes > HASHES_MAX {
        return Err(InvalidBinding::TooManyHashes { key: key.clone(), hashes });
    }
    Ok(())
}

/// Calls `found` with each binding key that matches `key`; rarely with one of them twice.
pub(super) fn matches(prefixes: &Prefixes, key: &[u8], found: &mut impl FnMut(&[u8])) {
    let root = Pattern { octets: [0; PATTERN_MAX], length: 0, words: 0 };
    Walk { prefixes, pattern: root, found }.descend(Words::of(key));
}

/// A walk down the trie: the words of the pattern so far say where it stands.
struct Walk<'a, F> {
    prefixes: &'a Prefixes,
    pattern: Pattern,
    found: &'a mut F,
}

impl<F: FnMut(&[u8])> Walk<'_, F> {
    /// All patterns that begin with the present one and whose further words match `rest`.
    fn descend(&mut self, rest: Words<'_>) {
        self.step(rest);
        self.within(b"#", |walk| walk.skip(rest));
    }

    /// The present pattern if nothing is left, else those that take the next word as it is or
    /// with `*`. A routing key's own `*` and `#` are ordinary words, which only wildcards match.
    fn step(&mut self, rest: Words<'_>) {
        let Some((word, rest)) = rest.split_first() else {
            (self.found)(self.pattern.as_bytes());
            return;
        };
        if word != b"*" && word != b"#" {
            self.within(word, |walk| walk.descend(rest));
        }
        self.within(b"*", |walk| walk.descend(rest));
    }

    /// The present pattern ends with `#`, which takes none, some or all of `rest`. A second `#`
    /// right behind adds nothing to that, so it starts from the whole of `rest` only.
    fn skip(&mut self, rest: Words<'_>) {
        let mut left = rest;
        loop {
            self.step(left);
            let Some((_, fewer)) = left.split_first() else { break };
            left = fewer;
        }
        self.within(b"#", |walk| walk.skip(rest));
    }

    /// Goes on below the child `word`, if some binding key leads through it.
    fn within(&mut self, word: &[u8], visit: impl FnOnce(&mut Self)) {
        let before = (self.pattern.length, self.pattern.words);
        if self.pattern.push(word) && self.prefixes.contains(self.pattern.as_bytes()) {
            visit(self);
        }
        (self.pattern.length, self.pattern.words) = before;
    }
}

/// The words on the way from the root, joined by dots.
struct Pattern {
    octets: [u8; PATTERN_MAX],
    length: usize,
    words: usize,
}

impl Pattern {
    fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    /// Appends a word; `false` when it cannot be part of any binding key.
    fn push(&mut self, word: &[u8]) -> bool {
        let dot: &[u8] = if self.words == 0 { b"" } else { b"." };
        let end = self.length + dot.len() + word.len();
        let Some(room) = self.octets.get_mut(self.length..end) else { return false };
        let (front, back) = room.split_at_mut(dot.len());
        front.copy_from_slice(dot);
        back.copy_from_slice(word);
        self.length = end;
        self.words += 1;
        true
    }
}

/// Words of a routing key that are still to be matched; `None` when there are none.
#[derive(Clone, Copy)]
struct Words<'a>(Option<&'a [u8]>);

impl<'a> Words<'a> {
    fn of(key: &'a [u8]) -> Self {
        Self((!key.is_empty()).then_some(key))
    }

    fn split_first(self) -> Option<(&'a [u8], Self)> {
        let key = self.0?;
        Some(match key.iter().position(|octet| *octet == b'.') {
            Some(dot) => {
                let (word, rest) = key.split_at_checked(dot)?;
                (word, Self(rest.get(1..)))
            }
            None => (key, Self(None)),
        })
    }
}
