//! A lane's middle goes to the disk and comes back.

use super::*;

const MIB: u32 = 1 << 20;

/// Where message `index` is when each takes `octets` on the disk.
fn place(index: u64, octets: u32) -> Located {
    let position = StoreRef(StoreRef::COLD | (4096 + index * u64::from(octets)));
    Located { position, octets }
}

fn message(index: u64) -> Message {
    Message::new(MessageIndex(index), StoreRef(index), 10)
}

fn lane(count: u64) -> Lane {
    let mut lane = Lane::default();
    (0..count).for_each(|index| lane.push_back(message(index)));
    lane
}

fn unload(lane: &mut Lane, keep: usize, octets: u32) -> usize {
    unload_by(lane, keep, |message| Some(place(message.index.0, octets)))
}

fn unload_by(
    lane: &mut Lane,
    keep: usize,
    locate: impl FnMut(&Message) -> Option<Located>,
) -> usize {
    lane.unload(keep, locate, |_, _| false)
}

fn loaded(indices: impl IntoIterator<Item = u64>) -> Vec<Loaded> {
    let loaded = |index| Loaded {
        index: MessageIndex(index),
        store: StoreRef(index),
        bytes: 10,
        deadline: Timestamp::NEVER,
    };
    indices.into_iter().map(loaded).collect()
}

/// First index and count of each run.
fn runs(lane: &Lane) -> Vec<(u64, u32)> {
    lane.runs().map(|run| (run.first.0, run.count)).collect()
}

fn first_run(lane: &Lane) -> Run {
    *lane.first_run().unwrap()
}

#[track_caller]
fn assert_parts(lane: &Lane, [head, cold, tail]: [usize; 3]) {
    let count = |messages: &mut dyn Iterator<Item = u32>| messages.sum::<u32>() as usize;
    assert_eq!(count(&mut lane.head().map(|_| 1)), head, "head");
    assert_eq!(count(&mut lane.runs().map(|run| run.count)), cold, "cold");
    assert_eq!(count(&mut lane.tail().map(|_| 1)), tail, "tail");
    assert_eq!((lane.len(), lane.at_hand()), (head + cold + tail, head));
    let bytes = (10 * lane.len() as u64, 10 * head as u64);
    assert_eq!((lane.bytes(), lane.bytes_at_hand()), bytes);
}

#[track_caller]
fn assert_leave(lane: &mut Lane, indices: impl Iterator<Item = u64>) {
    assert!(std::iter::from_fn(|| lane.pop_front()).map(|it| it.index.0).eq(indices));
}

#[test]
fn neighbours_on_the_disk_become_one_run() {
    let mut lane = lane(1000);

    assert_eq!(unload(&mut lane, 300, 100), 700);

    let run = Run {
        first: MessageIndex(300),
        count: 700,
        octets: 70_000,
        position: place(300, 100).position,
        bytes: 7000,
        redelivered: false,
        marked: false,
    };
    assert!(lane.runs().eq([&run]));
    assert_parts(&lane, [300, 700, 0]);
}

#[test]
fn a_run_ends_where_the_index_the_disk_or_the_mark_does_not_go_on() {
    let mut lane = Lane::default();
    for index in [0, 1, 3, 4, 5, 6, 7] {
        lane.push_back(Message { redelivered: index >= 6, ..message(index) });
    }

    let mut after = 0;
    unload_by(&mut lane, 0, |message| {
        after += u64::from(message.index.0 == 5);
        let Located { position, octets } = place(message.index.0, 8);
        Some(Located { position: StoreRef(position.0 + after), octets })
    });

    assert_eq!(runs(&lane), [(0, 2), (3, 2), (5, 1), (6, 2)]);
}

#[test]
fn a_run_is_no_longer_than_a_mebibyte_unless_it_is_one_message() {
    let mut quarters = lane(10);
    let mut large = lane(3);

    unload(&mut quarters, 1, MIB / 4);
    unload(&mut large, 0, MIB + 1);

    assert_eq!(runs(&quarters), [(1, 4), (5, 4), (9, 1)]);
    assert_eq!(runs(&large), [(0, 1), (1, 1), (2, 1)]);
}

#[test]
fn messages_unloaded_newest_first_become_one_run_too() {
    let mut lane = lane(20);
    unload(&mut lane, 15, 8);

    unload(&mut lane, 5, 8);

    assert_eq!(runs(&lane), [(5, 15)]);
    assert_eq!(first_run(&lane).position, place(5, 8).position);
    assert_parts(&lane, [5, 15, 0]);
}

#[test]
fn what_is_enqueued_behind_a_run_waits_until_it_is_loaded() {
    let mut lane = lane(10);
    unload(&mut lane, 2, 8);
    (10..13).for_each(|index| lane.push_back(message(index)));

    assert_parts(&lane, [2, 8, 3]);
    assert_leave(&mut lane, 0..2);
    let run = first_run(&lane);
    assert!(lane.load(&run, &loaded(2..10), 0));

    assert_parts(&lane, [11, 0, 0]);
    assert_leave(&mut lane, 2..13);
}

#[test]
fn unloading_ends_at_the_first_message_without_a_place() {
    let mut lane = lane(10);
    let mut asked = Vec::new();

    let unloaded = unload_by(&mut lane, 2, |message| {
        asked.push(message.index.0);
        (message.index.0 < 6).then(|| place(message.index.0, 8))
    });

    assert_eq!((unloaded, asked), (4, vec![2, 3, 4, 5, 6]));
    assert_parts(&lane, [2, 4, 4]);
    assert_eq!(unload_by(&mut lane, 2, |_| None), 0);
    assert_eq!(unload(&mut lane, 2, 8), 4);
    assert_eq!(runs(&lane), [(2, 8)]);
}

#[test]
fn unloading_asks_for_nothing_that_it_does_not_convert_but_one_at_each_end() {
    let mut lane = lane(100_000);
    unload_by(&mut lane, 1000, |message| {
        (message.index.0 < 2000).then(|| place(message.index.0, 8))
    });

    let mut asked = 0;
    for _ in 0..10 {
        unload_by(&mut lane, 500, |_| {
            asked += 1;
            None
        });
    }

    assert_eq!(asked, 20);
}

#[test]
fn a_message_missing_from_a_loaded_run_counts_no_more() {
    let mut lane = lane(10);
    unload(&mut lane, 0, 8);
    lane.push_back(message(10));
    let run = first_run(&lane);

    assert!(lane.load(&run, &loaded([1, 5, 9]), 0));

    assert_parts(&lane, [4, 0, 0]);
    assert_leave(&mut lane, [1, 5, 9, 10].into_iter());
}

#[test]
fn a_run_of_which_nothing_is_left_gives_way_to_the_next() {
    let mut lane = lane(8);
    unload(&mut lane, 0, MIB / 4);
    let run = first_run(&lane);

    assert!(lane.load(&run, &[], 0));

    assert_parts(&lane, [0, 4, 0]);
    assert_eq!(runs(&lane), [(4, 4)]);
}

#[test]
fn a_run_that_grew_while_it_was_read_keeps_what_was_not_read() {
    let mut lane = lane(10);
    unload_by(&mut lane, 2, |message| (message.index.0 < 6).then(|| place(message.index.0, 8)));
    let read = first_run(&lane);
    unload(&mut lane, 2, 8);
    assert_eq!(runs(&lane), [(2, 8)]);

    assert!(lane.load(&read, &loaded(2..6), 0));

    assert_parts(&lane, [6, 4, 0]);
    assert_eq!(first_run(&lane).position, place(6, 8).position);
    assert_eq!((first_run(&lane).octets, first_run(&lane).bytes), (32, 40));
}

#[test]
fn only_the_first_run_as_it_is_can_be_loaded() {
    let mut lane = lane(8);
    unload(&mut lane, 0, MIB / 4);
    let [first, second] = [0, 1].map(|n| *lane.runs().nth(n).unwrap());
    let longer = Run { count: 8, octets: 2 * MIB, ..first };
    let moved = Run { position: StoreRef(StoreRef::COLD | 1), ..first };

    assert!(!lane.load(&second, &loaded(4..8), 0));
    assert!(!lane.load(&longer, &loaded(0..8), 0));
    assert!(!lane.load(&moved, &loaded(0..4), 0));

    assert_parts(&lane, [0, 8, 0]);
    assert!(lane.load(&first, &loaded(0..4), 0));
    assert!(!lane.load(&first, &loaded(0..4), 0));
}

#[test]
fn a_moved_run_may_come_in_pieces_and_without_what_was_settled() {
    let mut lane = lane(12);
    unload(&mut lane, 0, MIB / 4);
    let second = *lane.runs().nth(1).unwrap();
    let piece = |first, count: u32| Run {
        first: MessageIndex(first),
        count,
        octets: count * MIB / 4,
        position: place(first + 1000, MIB / 4).position,
        bytes: u64::from(count) * 10,
        redelivered: false,
        marked: false,
    };

    assert!(lane.replace_run(&second, &[piece(4, 1), piece(6, 2)]));
    assert!(!lane.replace_run(&second, &[piece(4, 4)]));

    assert_eq!(runs(&lane), [(0, 4), (4, 1), (6, 2), (8, 4)]);
    assert_parts(&lane, [0, 11, 0]);
    lane.push_back(message(12));
    for run in lane.runs().copied().collect::<Vec<_>>() {
        assert!(lane.replace_run(&run, &[]));
    }
    assert_parts(&lane, [1, 0, 0]);
}

#[test]
fn a_long_lane_unloaded_and_loaded_comes_out_in_order() {
    let mut lane = lane(50_000);
    unload(&mut lane, 1000, 150);
    (50_000..60_000).for_each(|index| lane.push_back(message(index)));
    let mut left = Vec::new();

    left.extend(std::iter::from_fn(|| lane.pop_front()).map(|it| it.index.0));
    while let Some(run) = lane.first_run().copied() {
        assert!(run.octets <= MIB);
        assert!(lane.load(&run, &loaded(run.first.0..run.end().0), 0));
        left.extend(std::iter::from_fn(|| lane.pop_front()).map(|it| it.index.0));
    }

    assert!(left.into_iter().eq(0..60_000));
}
