//! What fails when it is told to.

use std::io::ErrorKind;

use super::*;

#[test]
fn a_crash_can_be_had_at_every_operation() {
    let work = |disk: &SimulatedDisk| -> io::Result<()> {
        let file = disk.create("b", 0)?;
        file.write_at(b"x", 0)?;
        file.sync()?;
        disk.rename("b", "a")?;
        disk.sync()?;
        disk.remove("a")
    };
    let whole = SimulatedDisk::new(0);
    work(&whole).unwrap();
    assert_eq!(whole.operations(), 6);

    let seen: Vec<_> = (1..=6)
        .map(|step| {
            let disk = SimulatedDisk::new(0);
            disk.crash_after(step);
            assert_eq!(work(&disk).unwrap_err().to_string(), "crashed");
            assert_eq!((disk.operations(), disk.crashed()), (step, true));
            outcomes(&disk, names)
        })
        .collect();

    let sets =
        [&["", "b"][..], &["", "b"], &["", "b"], &["", "a", "b"], &["", "a", "b"], &["", "a"]];
    let expected = sets.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(seen, expected);
}

#[test]
fn the_write_that_crashes_may_be_found_in_part() {
    let (disk, file) = with_file("a", 1024);
    disk.crash_after(2);

    file.write_at(&[b'x'; 512], 0).unwrap();
    file.write_at(&[b'y'; 1024], 0).unwrap_err();

    let expected = all(&["..", "x.", "y.", ".y", "xy", "yy"]);
    assert_eq!(outcomes(&disk, sectors), expected);
}

#[test]
fn nothing_can_be_done_after_a_crash_but_on_the_disk_that_it_left() {
    let (disk, file) = with_file("a", 1);
    disk.crash_after(1);

    file.sync().unwrap_err();

    let errors = [
        disk.list().map(drop),
        disk.open("a").map(drop),
        disk.create("b", 0).map(drop),
        disk.free_space().map(drop),
        file.size().map(drop),
        file.read_at(&mut [0], 0).map(drop),
        file.write_at(b"x", 0),
        disk.sync(),
    ];
    for error in errors.map(Result::unwrap_err) {
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Other, "crashed".to_owned()));
    }
    let after = disk.crash();
    assert_eq!((after.operations(), after.crashed()), (0, false));
    assert_eq!(read(&after, "a"), Some(vec![0]));
}

#[test]
fn a_full_disk_refuses_new_octets_alone() {
    let (disk, file) = with_file("a", 10);
    disk.fill(5);

    file.write_at(b"0123456789abc", 0).unwrap();
    let beyond = file.write_at(b"xyz", 13).unwrap_err();
    let created = disk.create("b", 1).unwrap_err();

    assert_eq!((beyond.kind(), created.kind()), (ErrorKind::StorageFull, ErrorKind::StorageFull));
    assert_eq!(read(&disk, "a").unwrap(), b"0123456789abcxy");
    assert_eq!((names(&disk).as_str(), disk.free_space().unwrap()), ("a", 0));
    disk.remove("a").unwrap();
    disk.create("b", 15).unwrap();
    assert_eq!(disk.crash().create("b", 16).unwrap_err().kind(), ErrorKind::StorageFull);
}

#[test]
fn a_failed_sync_loses_what_later_syncs_do_not_bring_back() {
    let mut seen = BTreeSet::new();
    for seed in 0..CRASHES as u64 {
        let disk = SimulatedDisk::new(seed);
        let file = disk.create("a", 1024).unwrap();
        file.sync().unwrap();
        disk.sync().unwrap();
        disk.fail_sync(2);
        file.sync().unwrap();
        file.write_at(&[b'x'; 1024], 0).unwrap();

        let error = file.sync().unwrap_err();
        file.sync().unwrap();

        assert_eq!(error.raw_os_error(), Some(Errno::IO.raw_os_error()));
        assert_eq!(sectors(&disk), b"xx");
        seen.insert(sectors(&disk.crash()));
    }
    assert_eq!(seen, all(&["..", "x.", ".x", "xx"]));
}

#[test]
fn a_failed_sync_of_the_directory_loses_names() {
    let (disk, _) = with_file("a", 0);
    disk.fail_sync(1);
    disk.remove("a").unwrap();

    disk.sync().unwrap_err();
    disk.sync().unwrap();

    assert_eq!(names(&disk), "");
    assert_eq!(outcomes(&disk, names), ["", "a"].map(str::to_owned).into());
}

#[test]
fn flipped_bits_are_read_and_stay() {
    let (disk, file) = with_file("a", 600);
    file.write_at(&[0xf0], 599).unwrap();
    file.sync().unwrap();

    disk.flip("a", 599, 0x81).unwrap();
    disk.flip("a", 0, 1).unwrap();

    let octets = read(&disk, "a").unwrap();
    assert_eq!((octets[0], octets[599]), (1, 0x71));
    assert_eq!(outcomes(&disk, |disk| read(disk, "a").unwrap()), [octets].into());
    assert_eq!(disk.flip("a", 600, 1).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(disk.flip("b", 0, 1).unwrap_err().kind(), ErrorKind::NotFound);
}
