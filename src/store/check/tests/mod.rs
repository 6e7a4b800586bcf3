//! Directories with damage of every kind: it is found, cut out, and what is left opens.

mod directory;

use super::*;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::QueueId;
use crate::store::checkpoint::publish;
use crate::store::disk::simulated::SimulatedDisk;
use crate::store::format::checkpoint::QueueImage;
use crate::store::format::position::Position;
use crate::store::recovery::open::recover;
use crate::store::repair::{Repairer, repair};

use directory::{BODY, Directory, SIZE};

const FIRST: &str = "0000000000000001.log";
const SECOND: &str = "0000000000000002.log";

/// Two queues with the messages 0 to 9, in a batch each: batch 2 and 3 behind the meta.
fn two_queues() -> Directory {
    let mut directory = Directory::open(SimulatedDisk::new(1));
    directory.put("meta").enqueue(&[1], 0..10).enqueue(&[2], 0..10);
    directory
}

fn lines(examination: &Examination) -> Vec<String> {
    examination.damages.iter().map(ToString::to_string).collect()
}

/// The places of the messages that each queue has.
fn places(disk: &SimulatedDisk) -> Vec<(u64, Vec<u64>)> {
    let recovered = recover(disk).unwrap();
    let places =
        |image: &QueueImage| image.runs.iter().flat_map(|run| run.first.0..run.end().0).collect();
    recovered.checkpoint.images.iter().map(|it| (it.queue.0, places(it))).collect()
}

/// Damage is as expected, is refused by a start, and after a repair there is none and what is left
/// is what was told.
#[track_caller]
fn expect_repair(disk: &SimulatedDisk, expected: &[&str], left: &[(u64, &[u64])]) {
    let found = examine(disk).unwrap();
    assert_eq!(lines(&found), expected);

    let repair = repair(disk, &mut ()).unwrap();

    assert!(repair.changed);
    assert_eq!(lines(&repair.found), expected);
    let again = examine(disk).unwrap();
    assert_eq!(lines(&again), [""; 0]);
    let left: Vec<_> = left.iter().map(|(queue, places)| (*queue, places.to_vec())).collect();
    assert_eq!(places(disk), left);
    Directory::open(disk.clone()).enqueue(&[9], 0..1).reopen();
    assert_eq!(lines(&examine(disk).unwrap()), [""; 0]);
}

fn refuses(disk: &SimulatedDisk) -> bool {
    recover(disk).is_err()
}

const ALL: &[u64] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

#[test]
fn what_is_whole_is_counted_and_stays_as_it_is() {
    let mut directory = two_queues();
    let disk = directory.checkpoint().settle(2, 0, 4).killed();
    let operations = disk.operations();

    let found = examine(&disk).unwrap();
    let repaired = repair(&disk, &mut ()).unwrap();

    let queue =
        |queue, messages| QueueSummary { queue: QueueId(queue), messages, octets: messages * SIZE };
    let Summary { clean, replayed, entries, files, octets, queues, .. } = found.summary;
    assert_eq!((clean, replayed, entries, files, octets), (false, 1, 1, 1, 32 << 20));
    assert_eq!(queues, [queue(1, 10), queue(2, 6)]);
    assert_eq!(found.damages, []);
    assert!(!repaired.changed);
    assert_eq!(disk.operations(), operations);
}

#[test]
fn what_exchanges_have_seen_is_counted_and_outlives_a_repair() {
    let mut directory = two_queues();
    directory.put("x").see("x", &["a", "b"]).checkpoint().see("x", &["b", "c"]);
    let disk = directory.put("more").killed();
    // In the body of the message at place 3.
    disk.flip(FIRST, 2 * 4096 + 68 + 3 * SIZE + 40, 4).unwrap();
    let value = |value: &str| Fingerprint::of_octets(value.as_bytes());

    let found = examine(&disk).unwrap();
    assert!(repair(&disk, &mut ()).unwrap().changed);
    let left = recover(&disk).unwrap().checkpoint.seen;

    assert_eq!((found.summary.seen, found.damages.len()), (3, 1));
    let seen: Vec<_> = left[&b"x"[..]].iter().map(|sighting| sighting.value).collect();
    assert_eq!((left.len(), seen), (1, ["a", "b", "c"].map(value).to_vec()));
}

#[test]
fn an_empty_directory_is_in_order() {
    let disk = SimulatedDisk::new(1);

    assert_eq!(examine(&disk).unwrap().damages, []);
    assert!(!repair(&disk, &mut ()).unwrap().changed);
    assert_eq!(disk.list().unwrap(), [""; 0]);
}

#[test]
fn at_a_damaged_batch_the_log_is_cut() {
    let mut directory = two_queues();
    let disk = directory.put("more").enqueue(&[1], 10..12).killed();
    // In the records of the third batch.
    disk.flip(FIRST, 3 * 4096 + 68 + 10 * SIZE + 1, 4).unwrap();

    let expected = "0000000000000001.log is damaged at offset 12288: batch 3 is not whole, though \
                    the log was durable beyond it; it and all that follows is lost (whole batches \
                    behind it: 2, changes of meta in them: 1); lost: 2 messages from place 10 on \
                    of queue 1";
    assert!(refuses(&disk));
    expect_repair(&disk, &[expected], &[(1, ALL)]);
}

#[test]
fn a_damaged_message_behind_the_checkpoint_is_lost_alone() {
    let mut directory = two_queues();
    let disk = directory.enqueue(&[1], 10..12).killed();
    // In the body of the message at place 3.
    let message = 3 * 4096 + 68 + 3 * SIZE;
    disk.flip(FIRST, message + 50, 1).unwrap();

    let expected = format!(
        "0000000000000001.log is damaged at offset {message}: a message of batch 3 is not as it \
         was written; lost: the message at place 3 of queue 2"
    );
    assert!(refuses(&disk));
    let left = [0, 1, 2, 4, 5, 6, 7, 8, 9];
    let first = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    expect_repair(&disk, &[&expected], &[(1, &first), (2, &left)]);
}

#[test]
fn a_damaged_message_is_lost_in_every_queue_and_in_none_that_has_settled_it() {
    let mut directory = Directory::open(SimulatedDisk::new(1));
    let disk = directory.enqueue(&[1, 2, 3], 0..10).checkpoint().settle(3, 2, 5).killed();
    // The lengths of the message at place 4, and the body of the one at place 6.
    disk.flip(FIRST, 2 * 4096 - 4096 + 68 + 4 * SIZE + 13, 8).unwrap();
    disk.flip(FIRST, 2 * 4096 - 4096 + 68 + 6 * SIZE + 60, 8).unwrap();

    let expected = format!(
        "0000000000000001.log is damaged at offset {}: a message is not as it was written; lost: \
         3 messages from place 4 on of queue 1, 3 messages from place 4 on of queue 2",
        4096 + 68 + 4 * SIZE
    );
    let left = [0, 1, 2, 3, 7, 8, 9];
    expect_repair(&disk, &[&expected], &[(1, &left), (2, &left), (3, &[0, 1, 7, 8, 9])]);
}

#[test]
fn two_damaged_messages_with_whole_ones_between_them_are_lost_alone() {
    let mut directory = two_queues();
    let disk = directory.checkpoint().killed();
    for place in [0, 5, 9] {
        disk.flip(FIRST, 2 * 4096 + 68 + place * SIZE + 30, 1).unwrap();
    }

    let left = [1, 2, 3, 4, 6, 7, 8];
    let expected = format!(
        "0000000000000001.log is damaged at offset {}: a message is not as it was written; lost: \
         the message at place 0 of queue 1, the message at place 5 of queue 1, the message at \
         place 9 of queue 1",
        2 * 4096 + 68
    );
    expect_repair(&disk, &[&expected], &[(1, &left), (2, ALL)]);
}

/// In the header of a file behind the checkpoint: `in_first_batch` as well.
fn with_damaged_header(in_first_batch: bool) -> SimulatedDisk {
    let mut directory = two_queues();
    let disk = directory.reopen().enqueue(&[1], 10..12).enqueue(&[1], 12..14).killed();
    disk.flip(SECOND, 20, 1).unwrap();
    if in_first_batch {
        disk.flip(SECOND, 4096, 1).unwrap();
    }
    disk
}

#[test]
fn a_damaged_header_loses_nothing_while_the_first_batch_is_whole() {
    let expected = "0000000000000002.log is damaged at offset 0: the file's header is not as it \
                    was written; no message is lost";
    let disk = with_damaged_header(false);
    let places: Vec<u64> = (0..14).collect();

    assert!(refuses(&disk));
    expect_repair(&disk, &[expected], &[(1, &places), (2, ALL)]);
}

#[test]
fn a_file_whose_header_is_damaged_is_not_taken_for_one_that_was_never_begun() {
    let expected = "0000000000000002.log is damaged at offset 0: the log goes on in this file, \
                    which is missing or begins otherwise; all that follows is lost (whole batches \
                    behind it: 1, changes of meta in them: 0); lost: 2 messages from place 12 on \
                    of queue 1";
    let disk = with_damaged_header(true);

    assert!(refuses(&disk));
    expect_repair(&disk, &[expected], &[(1, ALL), (2, ALL)]);
}

#[test]
fn without_a_checkpoint_a_file_with_a_damaged_header_is_read() {
    let disk = with_damaged_header(false);
    disk.remove(CHECKPOINT).unwrap();

    repair(&disk, &mut ()).unwrap();

    assert_eq!(places(&disk), [(1, (0..14).collect()), (2, ALL.to_vec())]);
}

#[test]
fn a_torn_end_is_no_damage() {
    let directory = two_queues();
    let disk = directory.killed();
    disk.flip(FIRST, 3 * 4096 + 68 + 5 * SIZE, 1).unwrap();

    let found = examine(&disk).unwrap();

    assert_eq!(found.damages, []);
    assert!(found.summary.torn);
    assert!(!repair(&disk, &mut ()).unwrap().changed);
    assert_eq!(places(&disk), [(1, ALL.to_vec())]);
}

#[test]
fn of_a_missing_file_the_messages_are_dropped() {
    let mut directory = two_queues();
    let disk = directory.reopen().enqueue(&[1], 10..12).checkpoint().killed();
    disk.remove(FIRST).unwrap();

    let expected = "0000000000000001.log is damaged at offset 0: the file is missing; lost: 10 \
                    messages from place 0 on of queue 1, 10 messages from place 0 on of queue 2";
    expect_repair(&disk, &[expected], &[(1, &[10, 11]), (2, &[])]);
}

#[test]
fn a_missing_file_behind_the_checkpoint_is_noticed_though_nothing_lies_behind() {
    let disk = two_queues().checkpoint().settle(1, 0, 10).settle(2, 0, 10).checkpoint().killed();
    disk.remove(FIRST).unwrap();

    let expected = "0000000000000001.log is damaged at offset 24576: the log goes on here and is \
                    missing; it and all that follows is lost (whole batches behind it: 0, changes \
                    of meta in them: 0)";
    expect_repair(&disk, &[expected], &[(1, &[]), (2, &[])]);
}

#[test]
fn a_damaged_checkpoint_is_replaced_by_a_newer_one_that_was_being_published() {
    let disk = two_queues().killed();
    let left = recover(&disk).unwrap().checkpoint;
    publish(&disk, &left).unwrap();
    disk.rename(CHECKPOINT, CHECKPOINT_NEW).unwrap();

    let expected = "checkpoint is damaged at offset 0: there is no checkpoint, and without it the \
                    log cannot be understood; checkpoint.new is whole and has all that it had";
    assert!(refuses(&disk));
    expect_repair(&disk, &[expected], &[(1, ALL), (2, ALL)]);
}

#[test]
fn without_a_checkpoint_the_log_is_replayed_from_its_oldest_file() {
    let mut directory = two_queues();
    let disk = directory.checkpoint().reopen().settle(2, 0, 4).enqueue(&[7], 3..5).killed();
    disk.flip(CHECKPOINT, 20, 1).unwrap();

    let expected = "checkpoint is damaged at offset 0: the checkpoint is not whole, and without it \
                    the log cannot be understood; the log from 0000000000000001.log on is all \
                    that can be read (5 batches): topology, users and messages from before are \
                    lost, and messages that had been settled may come back";
    assert!(refuses(&disk));
    let second = [4, 5, 6, 7, 8, 9];
    expect_repair(&disk, &[expected], &[(1, ALL), (2, &second), (7, &[3, 4])]);
    assert!(recover(&disk).unwrap().checkpoint.next_queue > 7);
}

#[test]
fn without_a_checkpoint_a_gap_in_the_log_is_passed_over() {
    let mut directory = two_queues();
    directory.reopen().enqueue(&[3], 0..2).reopen().enqueue(&[4], 0..3);
    let disk = directory.killed();
    disk.remove(SECOND).unwrap();
    disk.remove(CHECKPOINT).unwrap();

    let found = examine(&disk).unwrap();
    repair(&disk, &mut ()).unwrap();

    assert!(found.rebuilt);
    assert_eq!(places(&disk), [(1, ALL.to_vec()), (2, ALL.to_vec()), (4, vec![0, 1, 2])]);
}

#[test]
fn copies_are_kept_of_what_is_cut_and_of_the_checkpoint() {
    struct Keeping(Vec<String>);
    impl Repairer for Keeping {
        fn complete(&mut self, _: &mut Checkpoint, _: bool) -> Vec<String> {
            Vec::new()
        }
        fn keep(&mut self, names: &[String]) -> io::Result<()> {
            self.0 = names.to_vec();
            Err(io::ErrorKind::StorageFull.into())
        }
    }
    let disk = two_queues().reopen().killed();
    disk.flip(FIRST, 2 * 4096 + 68 + 20, 4).unwrap();
    let mut keeping = Keeping(Vec::new());
    let operations = disk.operations();

    let error = repair(&disk, &mut keeping).unwrap_err();

    assert_eq!(disk.operations(), operations);
    assert_eq!(keeping.0, [FIRST, CHECKPOINT]);
    assert!(matches!(error, OpenError::Io(_)));
}

#[test]
fn positions_of_what_is_left_are_those_of_the_messages() {
    let disk = two_queues().killed();
    disk.flip(FIRST, 2 * 4096 + 68 + 4 * SIZE + 50, 1).unwrap();
    repair(&disk, &mut ()).unwrap();

    let images = recover(&disk).unwrap().checkpoint.images;

    let starts: Vec<_> = images[0].runs.iter().map(|run| Position::of(run.position)).collect();
    let offset = |place: u64| u32::try_from(2 * 4096 + 68 + place * SIZE).unwrap();
    let at = |offset| Position { file: 1, offset };
    assert_eq!(starts, [at(offset(0)), at(offset(5))]);
    assert!(images[0].runs.iter().all(|run| run.bytes == u64::from(run.count) * BODY as u64));
}
