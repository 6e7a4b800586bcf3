//! Weighted rendezvous hashing: every destination draws a number for the message's hash, and the
//! best draw takes the message. A draw depends on hash and destination alone, so a destination
//! that comes takes keys for itself and one that goes leaves its own; no other key moves. The
//! draws are independent, so the spread is as even as chance, whatever the number of
//! destinations, and a weight costs no memory.

use imbl::OrdMap;

use crate::amqp::name::BindingKey;
use crate::amqp::table::Value;
use crate::amqp::term::Term;

use super::binding::{Binding, Destination, InvalidBinding};
use super::hash::{hash, mix};

/// The largest weight (RabbitMQ: `?MAX_BINDING_WEIGHT`, since 4.4).
const WEIGHT_MAX: u16 = 10_000;

/// The destinations of an exchange, each with its weight.
#[derive(Clone, Debug, Default)]
pub(super) struct Shares(OrdMap<Destination, Share>);

#[derive(Clone, Debug)]
struct Share {
    /// The destination's hash.
    seed: u64,
    /// Those of its oldest binding.
    weight: u16,
    rank: u32,
    /// Further bindings in the order of their ranks; they count for nothing so far.
    later: Vec<(u32, Binding)>,
}

/// What a destination has drawn for a message.
#[derive(Clone, Copy)]
struct Draw {
    number: u64,
    weight: u16,
}

impl Shares {
    /// Counts a binding that the exchange did not have, at least with that rank. Ranks grow from
    /// each binding of a destination to the next.
    ///
    /// # Errors
    /// Its key is no weight.
    pub(super) fn add(&mut self, binding: &Binding, rank: u32) -> Result<(), InvalidBinding> {
        let weight = weight(binding.key())?;
        let destination = binding.destination();
        if let Some(share) = self.0.get_mut(destination) {
            let last = share.later.last().map_or(share.rank, |(rank, _)| *rank);
            share.later.push((rank.max(last.saturating_add(1)), binding.clone()));
        } else {
            let share = Share { seed: seed(destination), weight, rank, later: Vec::new() };
            self.0.insert(destination.clone(), share);
        }
        Ok(())
    }

    /// The rank of a binding that was counted.
    pub(super) fn rank(&self, binding: &Binding) -> u32 {
        let share = self.0.get(binding.destination());
        share.map_or(0, |share| share.place(binding).map_or(share.rank, |(_, rank)| rank))
    }

    /// Forgets a binding that was counted.
    pub(super) fn remove(&mut self, binding: &Binding) {
        let Some(share) = self.0.get_mut(binding.destination()) else { return };
        if let Some((place, _)) = share.place(binding) {
            share.later.remove(place);
        } else if share.later.is_empty() {
            self.0.remove(binding.destination());
        } else {
            let (rank, next) = share.later.remove(0);
            share.weight = weight(next.key()).unwrap_or(share.weight);
            share.rank = rank;
        }
    }

    /// The destination of messages with that hash; `None` when there is no destination at all.
    pub(super) fn choose(&self, hash: u64) -> Option<&Destination> {
        let mut best: Option<(Draw, &Destination)> = None;
        for (destination, share) in &self.0 {
            let draw = Draw { number: mix(hash ^ share.seed), weight: share.weight };
            if best.is_none_or(|(before, _)| draw.beats(before)) {
                best = Some((draw, destination));
            }
        }
        best.map(|(_, destination)| destination)
    }
}

impl Share {
    /// Where among the later ones a binding is, and its rank.
    fn place(&self, binding: &Binding) -> Option<(usize, u32)> {
        let mut later = self.later.iter().enumerate();
        later.find(|(_, (_, later))| later == binding).map(|(place, (rank, _))| (place, *rank))
    }
}

impl Draw {
    /// Equal weights compare by the numbers; the logarithm of the better one is the smaller.
    fn beats(self, other: Self) -> bool {
        if self.weight == other.weight {
            return self.number > other.number;
        }
        self.wait() < other.wait()
    }

    /// A time drawn from an exponential distribution with the weight as its rate: of several, the
    /// shortest is each one's as often as its share of all weights.
    fn wait(self) -> f64 {
        minus_ln(self.number) / f64::from(self.weight)
    }
}

/// The weight that a binding key stands for, as Erlang reads integers.
///
/// # Errors
/// It is no integer, or not within 1 and [`WEIGHT_MAX`].
pub(super) fn weight(key: &BindingKey) -> Result<u16, InvalidBinding> {
    let text = key.as_str();
    let (negative, digits) = match text.split_at_checked(1) {
        Some(("-", digits)) => (true, digits),
        Some(("+", digits)) => (false, digits),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(InvalidBinding::NoWeight(Term(Value::LongStr(key.as_bytes())).to_string()));
    }
    let digits = digits.trim_start_matches('0');
    if negative || digits.is_empty() {
        return Err(InvalidBinding::WeightTooSmall);
    }
    match digits.parse() {
        Ok(weight) if weight <= WEIGHT_MAX => Ok(weight),
        _ => Err(InvalidBinding::WeightTooLarge { max: WEIGHT_MAX }),
    }
}

fn seed(destination: &Destination) -> u64 {
    match destination {
        Destination::Queue(name) => hash(&[b"queue ", name.as_bytes()]),
        Destination::Exchange(name) => hash(&[b"exchange ", name.as_bytes()]),
    }
}

/// How far the logarithm of `number / 2^64` lies below 0, to nine digits. It is made of sums,
/// products and quotients, which are the same to the bit on every machine, so that a key stays
/// with its queue there too; the standard library's logarithm need not be.
fn minus_ln(number: u64) -> f64 {
    const MANTISSA_BITS: u32 = 52;
    const ONE: u64 = 1.0_f64.to_bits();
    /// Of the inverse hyperbolic tangent, from the highest power down.
    const SERIES: [f64; 8] =
        [1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0];
    let number = number | 1;
    let zeros = number.leading_zeros();
    let fraction = number.checked_shl(zeros + 1).unwrap_or(0) >> (64 - MANTISSA_BITS);
    let mantissa = f64::from_bits(ONE | fraction);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let series = SERIES.iter().fold(0.0, |sum, coefficient| sum * s * s + coefficient);
    f64::from(zeros + 1) * std::f64::consts::LN_2 - 2.0 * s * series
}

#[cfg(test)]
mod tests;
