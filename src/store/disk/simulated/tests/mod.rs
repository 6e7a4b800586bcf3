//! What a crash leaves of a disk.

mod failure;
mod kill;

use std::collections::BTreeSet;

use super::*;

/// Enough for every outcome that the tests wait for.
const CRASHES: usize = 300;

/// A disk with one durable file of so many zeros.
fn with_file(name: &str, size: u64) -> (SimulatedDisk, Arc<dyn DiskFile>) {
    let disk = SimulatedDisk::new(7);
    let file = disk.create(name, size).unwrap();
    file.sync().unwrap();
    disk.sync().unwrap();
    (disk, file)
}

/// The file's octets, absent if it is not there.
fn read(disk: &SimulatedDisk, name: &str) -> Option<Vec<u8>> {
    let file = disk.open(name).ok()?;
    let mut octets = vec![0; usize::try_from(file.size().unwrap()).unwrap()];
    assert_eq!(file.read_at(&mut octets, 0).unwrap(), octets.len());
    Some(octets)
}

/// Everything that many crashes make of the disk, as `see` sees it.
fn outcomes<T: Ord>(disk: &SimulatedDisk, see: impl Fn(&SimulatedDisk) -> T) -> BTreeSet<T> {
    (0..CRASHES).map(|_| see(&disk.crash())).collect()
}

/// The first octet of each sector.
fn sectors(disk: &SimulatedDisk) -> Vec<u8> {
    read(disk, "a").unwrap().into_iter().step_by(512).collect()
}

fn text(octets: &str) -> Vec<u8> {
    octets.replace('.', "\0").into_bytes()
}

fn all(outcomes: &[&str]) -> BTreeSet<Vec<u8>> {
    outcomes.iter().map(|outcome| text(outcome)).collect()
}

fn names(disk: &SimulatedDisk) -> String {
    disk.list().unwrap().join(" ")
}

#[test]
fn what_was_synced_survives_every_crash() {
    let (disk, file) = with_file("a", 2048);
    file.write_at(&[b'x'; 1000], 300).unwrap();
    file.sync().unwrap();
    let expected = read(&disk, "a");

    assert_eq!(outcomes(&disk, |disk| read(disk, "a")), [expected.clone()].into());
    let again = disk.crash().crash().crash();
    assert_eq!(read(&again, "a"), expected);
}

#[test]
fn unsynced_writes_survive_in_any_subset() {
    let (disk, file) = with_file("a", 1536);
    for (octet, offset) in [(b'x', 0), (b'y', 512), (b'z', 1024)] {
        file.write_at(&[octet; 512], offset).unwrap();
    }

    let expected = all(&["...", "x..", ".y.", "..z", "xy.", "x.z", ".yz", "xyz"]);
    assert_eq!(outcomes(&disk, sectors), expected);
}

#[test]
fn a_write_is_torn_between_sectors_but_never_within() {
    let (disk, file) = with_file("a", 1024);
    file.write_at(&[b'x'; 600], 212).unwrap();

    let seen = outcomes(&disk, |disk| read(disk, "a").unwrap());

    let expected = [(0, 0), (212, 512), (512, 812), (212, 812)].map(|(from, to)| {
        let mut octets = vec![0; 1024];
        octets[from..to].fill(b'x');
        octets
    });
    assert_eq!(seen, expected.into());
}

#[test]
fn a_sector_written_twice_never_has_the_second_write_alone() {
    let (disk, file) = with_file("a", 2);
    file.write_at(b"x", 0).unwrap();
    file.write_at(b"y", 1).unwrap();

    assert_eq!(outcomes(&disk, |disk| read(disk, "a").unwrap()), all(&["..", "x.", "xy"]));
}

#[test]
fn a_crash_leaves_the_disk_for_another() {
    let (disk, file) = with_file("a", 1);
    file.write_at(b"x", 0).unwrap();

    let crashed = disk.crash();
    crashed.remove("a").unwrap();
    file.sync().unwrap();

    assert_eq!(outcomes(&disk, |disk| read(disk, "a").unwrap()), all(&["x"]));
}

#[test]
fn a_length_that_was_not_synced_is_anything_in_between() {
    let disk = SimulatedDisk::new(1);
    let file = disk.create("a", 3).unwrap();
    disk.sync().unwrap();

    assert_eq!(outcomes(&disk, |disk| read(disk, "a").unwrap()), all(&["", ".", "..", "..."]));
    file.write_at(b"x", 1).unwrap();
    let seen = outcomes(&disk, |disk| read(disk, "a").unwrap());
    assert_eq!(seen, all(&["", ".", "..", "...", ".x."]));
}

#[test]
fn names_survive_in_the_order_of_their_changes() {
    let (disk, _) = with_file("a", 1);
    disk.create("b", 0).unwrap();
    disk.rename("b", "a").unwrap();
    disk.create("c", 0).unwrap();
    disk.remove("a").unwrap();

    let seen = outcomes(&disk, names);

    assert_eq!(seen, ["a", "a b", "a c", "c"].map(str::to_owned).into());
    disk.sync().unwrap();
    assert_eq!(outcomes(&disk, names), ["c".to_owned()].into());
}

#[test]
fn a_rename_can_outlive_the_contents_that_nobody_synced() {
    let (disk, file) = with_file("a", 0);
    file.write_at(b"old", 0).unwrap();
    file.sync().unwrap();
    disk.create("b", 0).unwrap().write_at(b"new", 0).unwrap();
    disk.rename("b", "a").unwrap();

    let unsynced = outcomes(&disk, |disk| read(disk, "a").unwrap());
    disk.open("a").unwrap().sync().unwrap();
    let synced = outcomes(&disk, |disk| read(disk, "a").unwrap());

    assert_eq!(unsynced, all(&["old", "new", "", ".", "..", "..."]));
    assert_eq!(synced, all(&["old", "new"]));
}

#[test]
fn a_seed_decides_everything() {
    let run = |seed| {
        let disk = SimulatedDisk::new(seed);
        for name in ["a", "b", "c"] {
            disk.create(name, 10_000).unwrap().write_at(&[b'x'; 9000], 77).unwrap();
        }
        (0..9).map(|_| disk.crash()).map(|disk| [read(&disk, "a"), read(&disk, "c")]).collect()
    };
    let first: Vec<_> = run(1);

    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
}
