//! Values that exchanges have seen, as octets.
//!
//! ```text
//! key of the exchange's entry in the meta map | count: number | each: value: 16 octets
//! | before which time it counts, in milliseconds since the epoch: number; 0: for ever
//! ```

use std::collections::{BTreeMap, HashSet};

use foldhash::fast::RandomState;

use super::octets::{Reader, put_number, put_octets};
use super::record::list;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::sighting::Sighting;

/// What each exchange has seen, oldest first, by the key of its entry in the meta map, with which
/// it goes.
pub type Windows = BTreeMap<Vec<u8>, Vec<Sighting>>;

/// What one exchange has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The key of its entry.
    pub key: Vec<u8>,
    /// What it has seen, oldest first; at least one value.
    pub seen: Vec<Sighting>,
}

/// Appends a window.
pub fn put_window(out: &mut Vec<u8>, key: &[u8], seen: &[Sighting]) {
    put_octets(out, key);
    put_number(out, seen.len() as u64);
    for Sighting { value, until } in seen {
        out.extend_from_slice(&value.octets());
        put_number(out, if *until == Sighting::FOR_EVER { 0 } else { *until });
    }
}

/// Reads a window; `None` when it is none.
pub fn read_window(reader: &mut Reader<'_>) -> Option<Window> {
    let key = reader.octets()?.to_vec();
    let seen = list(reader, read_sighting)?;
    (!seen.is_empty()).then_some(Window { key, seen })
}

fn read_sighting(reader: &mut Reader<'_>) -> Option<Sighting> {
    let value = Fingerprint::of_its_octets(reader.array()?);
    let until = match reader.number()? {
        0 => Sighting::FOR_EVER,
        until => until,
    };
    (until <= Sighting::FOR_EVER).then_some(Sighting { value, until })
}

/// Leaves the last sighting of each value.
pub fn keep_latest(seen: &mut Vec<Sighting>) {
    let mut known = HashSet::<Fingerprint, RandomState>::default();
    seen.reverse();
    seen.retain(|sighting| known.insert(sighting.value));
    seen.reverse();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sighting(value: u8, until: u64) -> Sighting {
        Sighting { value: Fingerprint::of_octets(&[value]), until }
    }

    proptest! {
        #[test]
        fn a_window_reads_as_it_was_written(
            key: Vec<u8>,
            seen in prop::collection::vec((any::<u8>(), 1..=Sighting::FOR_EVER), 1..20),
        ) {
            let seen: Vec<_> = seen.into_iter().map(|(value, until)| sighting(value, until)).collect();
            let mut out = Vec::new();
            put_window(&mut out, &key, &seen);

            prop_assert_eq!(read_window(&mut Reader(&out)), Some(Window { key, seen }));
            prop_assert_eq!(read_window(&mut Reader(&out[..out.len() - 1])), None);
        }
    }

    #[test]
    fn the_last_sighting_of_a_value_counts() {
        let mut seen = vec![sighting(1, 5), sighting(2, 5), sighting(1, 9), sighting(3, 1)];

        keep_latest(&mut seen);

        assert_eq!(seen, [sighting(2, 5), sighting(1, 9), sighting(3, 1)]);
    }
}
