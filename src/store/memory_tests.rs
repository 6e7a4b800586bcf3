//! What is put in, released and copied together.

use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::amqp::message::MessageRef;

const TRANSIENT: Durability = Durability::Transient;

/// A segment of one message per body, and where each begins.
fn segment(bodies: &[Vec<u8>]) -> (Segment, Vec<u32>) {
    let mut out = BytesMut::new();
    let mut offsets = Vec::new();
    for body in bodies {
        offsets.push(u32::try_from(out.len()).unwrap());
        MessageRef::new(b"\x01x\x03key", b"header", body).write(&mut out);
    }
    (Segment::transient(out.freeze()), offsets)
}

fn insert(store: &mut MemoryStore, body: &[u8]) -> StoreRef {
    store.fill(segment(&[body.to_vec()]).0).insert(0, TRANSIENT)
}

#[test]
fn a_message_reads_as_it_was_put_in_until_it_is_released() {
    let mut store = MemoryStore::new();
    let (octets, offsets) = segment(&[b"one".to_vec(), b"two".to_vec()]);
    let mut filling = store.fill(octets.clone());
    let refs: Vec<StoreRef> =
        offsets.iter().map(|offset| filling.insert(*offset, TRANSIENT)).collect();
    drop(filling);

    store.release(refs[0]);

    assert_eq!(store.read(refs[1]).unwrap().message.body, b"two");
    assert_eq!(store.pinned_octets(), octets.octets.len());
    store.release(refs[1]);
    assert_eq!((store.pinned_octets(), store.live_octets()), (0, 0));
    assert!(store.read(refs[1]).is_none());
}

#[test]
fn a_segment_without_messages_is_given_back_at_once() {
    let mut store = MemoryStore::new();

    drop(store.fill(segment(&[b"one".to_vec()]).0));

    assert_eq!(store.pinned_octets(), 0);
}

#[test]
fn of_a_batch_only_segments_with_messages_are_taken_in() {
    let mut store = MemoryStore::new();
    insert(&mut store, b"before");
    let of = |bodies: &[&[u8]]| segment(&bodies.iter().map(|it| it.to_vec()).collect::<Vec<_>>());
    let ((first, _), (other, _), (last, ends)) = (of(&[b"1"]), of(&[b"others"]), of(&[b"2", b"3"]));
    let sizes = [&first, &last].map(|segment| segment.octets.len());
    let octets = Octets::transient([first, other, last].map(|segment| segment.octets).into_iter());

    for _ in 0..2 {
        let before = store.pinned_octets();
        let mut intake = store.take_in(&octets);
        let places = [(2, ends[1]), (0, 0), (2, ends[0])];
        let stores = places.map(|(segment, offset)| intake.insert(segment, offset, TRANSIENT));

        assert_eq!(stores.map(|it| store.read(it).unwrap().message.body), [b"3", b"1", b"2"]);
        assert_eq!(store.pinned_octets(), before + sizes.iter().sum::<usize>());
    }
}

#[test]
fn places_of_segments_are_used_again() {
    let mut store = MemoryStore::new();
    let long_lived = insert(&mut store, b"stays");

    for _ in 0..1000 {
        let short_lived = insert(&mut store, b"goes");
        store.release(short_lived);
    }

    assert_eq!(store.segments.len(), 2);
    assert_eq!(store.read(long_lived).unwrap().message.body, b"stays");
}

#[test]
fn compaction_gives_a_large_segment_back_for_the_sake_of_a_small_message() {
    let mut store = MemoryStore::new();
    let (octets, offsets) = segment(&[vec![7; 300_000], b"small".to_vec()]);
    let mut small = [store.fill(octets).insert(offsets[1], TRANSIENT)];
    assert!(store.is_wasteful());

    store.compact(small.iter_mut());

    assert!(!store.is_wasteful());
    assert_eq!(store.pinned_octets(), store.live_octets());
    assert_eq!(store.read(small[0]).unwrap().message.body, b"small");
}

proptest! {
    #[test]
    fn what_is_pinned_stays_in_proportion_to_what_lives(
        batches in prop::collection::vec(
            (
                prop::collection::vec((prop_oneof![9 => 0..2000_usize, 1 => 0..90_000_usize],
                    any::<bool>()), 1..60),
                prop::collection::vec(any::<prop::sample::Index>(), 0..50),
            ),
            1..30,
        ),
    ) {
        let mut store = MemoryStore::new();
        let mut refs: Vec<StoreRef> = Vec::new();
        let mut bodies: Vec<Vec<u8>> = Vec::new();
        let mut live_octets = 0;
        let size = |body: &Vec<u8>| body.len() + 26;
        for (number, (messages, releases)) in (0_u8..).zip(&batches) {
            let batch: Vec<_> = messages.iter().map(|(len, _)| vec![number; *len]).collect();
            let (octets, offsets) = segment(&batch);
            let mut filling = store.fill(octets);
            for ((body, offset), (_, ours)) in batch.into_iter().zip(offsets).zip(messages) {
                if *ours {
                    refs.push(filling.insert(offset, TRANSIENT));
                    live_octets += size(&body);
                    bodies.push(body);
                }
            }
            drop(filling);
            for release in releases {
                if !refs.is_empty() {
                    let at = release.index(refs.len());
                    store.release(refs.swap_remove(at));
                    live_octets -= size(&bodies.swap_remove(at));
                }
            }

            if store.is_wasteful() {
                store.compact(refs.iter_mut());
            }

            prop_assert_eq!(store.live_octets(), live_octets);
            prop_assert!(store.pinned_octets() <= MAX_RATIO * live_octets + SLACK);
            for (store_ref, body) in refs.iter().zip(&bodies) {
                prop_assert_eq!(store.read(*store_ref).unwrap().message.body, &body[..]);
            }
        }
        for store_ref in refs { store.release(store_ref); }
        prop_assert_eq!(store.pinned_octets(), 0);
    }
}
