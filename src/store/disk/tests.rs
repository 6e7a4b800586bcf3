//! What the store may rely on with any disk.

use std::io::ErrorKind;

use super::real::RealDisk;
use super::simulated::SimulatedDisk;
use super::*;

fn on_each_disk(check: impl Fn(&dyn Disk)) {
    let folder = tempfile::tempdir().unwrap();
    check(&RealDisk::open(folder.path()).unwrap());
    check(&SimulatedDisk::new(0));
}

/// The octets of the whole file.
fn read(file: &dyn DiskFile) -> Vec<u8> {
    let mut octets = vec![1; 10_000];
    let length = file.read_at(&mut octets, 0).unwrap();
    octets.truncate(length);
    octets
}

#[test]
fn a_file_is_zeros_and_what_was_written() {
    on_each_disk(|disk| {
        let file = disk.create("a", 3000).unwrap();
        file.write_at(&[b'x'; 1200], 500).unwrap();
        file.write_at(b"yz", 1600).unwrap();
        file.write_at(b"", 9999).unwrap();

        let mut expected = vec![0; 3000];
        expected[500..1700].fill(b'x');
        expected[1600..1602].copy_from_slice(b"yz");
        assert_eq!(read(&*file), expected);
        assert_eq!(read(&*disk.open("a").unwrap()), expected);
        let mut piece = [0; 4];
        assert_eq!(file.read_at(&mut piece, 1598).unwrap(), 4);
        assert_eq!(piece, *b"xxyz");
    });
}

#[test]
fn a_file_grows_with_what_is_written_behind_its_end() {
    on_each_disk(|disk| {
        let file = disk.create("a", 1).unwrap();

        file.write_at(b"x", 600).unwrap();

        assert_eq!(file.size().unwrap(), 601);
        assert_eq!(read(&*file)[598..], [0, 0, b'x']);
    });
}

#[test]
fn a_read_ends_with_the_file() {
    on_each_disk(|disk| {
        let file = disk.create("a", 10).unwrap();
        let mut buffer = [1; 4];

        assert_eq!(file.read_at(&mut buffer, 8).unwrap(), 2);
        assert_eq!(buffer, [0, 0, 1, 1]);
        assert_eq!(file.read_at(&mut buffer, 10).unwrap(), 0);
        assert_eq!(file.read_at(&mut buffer, 11).unwrap(), 0);
    });
}

#[test]
fn a_file_takes_the_place_of_one_that_others_go_on_reading() {
    on_each_disk(|disk| {
        let replaced = disk.create("a", 0).unwrap();
        replaced.write_at(b"old", 0).unwrap();
        disk.create("a", 2).unwrap();
        let renamed = disk.create("b", 0).unwrap();
        renamed.write_at(b"new", 0).unwrap();
        let overwritten = disk.open("a").unwrap();

        disk.rename("b", "a").unwrap();

        assert_eq!(read(&*replaced), b"old");
        assert_eq!(read(&*overwritten), [0, 0]);
        assert_eq!(read(&*disk.open("a").unwrap()), b"new");
        assert_eq!(disk.list().unwrap(), ["a"]);
    });
}

#[test]
fn a_removed_file_can_be_read_by_who_has_it_open() {
    on_each_disk(|disk| {
        let file = disk.create("a", 1).unwrap();

        disk.remove("a").unwrap();

        file.write_at(b"x", 0).unwrap();
        file.sync().unwrap();
        assert_eq!(read(&*file), b"x");
        assert_eq!(disk.list().unwrap(), [""; 0]);
    });
}

#[test]
fn a_file_that_is_not_there_is_not_found() {
    on_each_disk(|disk| {
        assert_eq!(disk.open("a").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(disk.rename("a", "b").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(disk.remove("a").unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn syncs_go_well_and_there_is_room() {
    on_each_disk(|disk| {
        let file = disk.create("a", 1).unwrap();

        file.sync().unwrap();
        disk.sync().unwrap();

        assert!(disk.free_space().unwrap() > 0);
    });
}
