//! What the store and its keeper see of a directory.

use std::error::Error as _;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;

use super::*;

#[test]
fn a_directory_is_made_for_its_own_user_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");

    let disk = RealDisk::open(&path).unwrap();

    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    assert_eq!(disk.list().unwrap(), [""; 0]);
    assert!(disk.free_space().unwrap() > 0);
}

#[test]
fn what_was_written_is_there_for_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    disk.create("a", 10).unwrap().write_at(b"xyz", 8).unwrap();
    drop(disk);

    let disk = RealDisk::open(folder.path()).unwrap();

    let mut octets = [1; 20];
    assert_eq!(disk.open("a").unwrap().read_at(&mut octets, 0).unwrap(), 11);
    assert_eq!(octets[..11], *b"\0\0\0\0\0\0\0\0xyz");
}

#[test]
fn a_directory_in_use_is_refused_with_its_path_and_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let _disk = RealDisk::open(folder.path()).unwrap();

    let error = RealDisk::open(folder.path()).unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "data directory {} is in use by process {}",
            folder.path().display(),
            std::process::id()
        )
    );
}

#[test]
fn a_file_that_is_still_open_keeps_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    let file = disk.create("a", 0).unwrap();

    drop(disk);
    let early = RealDisk::open(folder.path());
    drop(file);

    assert!(matches!(early, Err(OpenError::InUse { .. })));
    RealDisk::open(folder.path()).unwrap();
}

#[test]
fn the_lock_of_a_dead_process_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lock"), "12345678901234567890\n").unwrap();

    let _disk = RealDisk::open(folder.path()).unwrap();

    let pid = fs::read_to_string(folder.path().join("lock")).unwrap();
    assert_eq!(pid, format!("{}\n", std::process::id()));
}

#[test]
fn a_lock_that_nobody_signed_is_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let _disk = RealDisk::open(folder.path()).unwrap();
    fs::write(folder.path().join("lock"), "").unwrap();

    let error = RealDisk::open(folder.path()).unwrap_err().to_string();

    assert!(error.ends_with(" is in use by another process"), "{error}");
}

#[test]
fn a_path_that_cannot_be_a_directory_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();

    let error = RealDisk::open(&path).unwrap_err().to_string();

    assert!(error.starts_with(&format!("make directory {}: ", path.display())), "{error}");
}

#[test]
fn only_plain_files_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    let _socket = UnixListener::bind(folder.path().join("leveret.sock")).unwrap();
    fs::create_dir(folder.path().join("directory")).unwrap();
    fs::write(folder.path().join(OsStr::from_bytes(b"\xff")), "").unwrap();
    symlink(folder.path().join("lock"), folder.path().join("link")).unwrap();
    disk.create("a", 0).unwrap();

    assert_eq!(disk.list().unwrap(), ["a"]);
}

#[test]
fn a_new_file_has_its_octets_allocated() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();

    disk.create("a", 1 << 20).unwrap();

    let metadata = fs::metadata(folder.path().join("a")).unwrap();
    assert_eq!(metadata.len(), 1 << 20);
    assert!(metadata.blocks() * 512 >= 1 << 20);
}

#[test]
fn a_file_that_cannot_be_allocated_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();

    let error = disk.create("a", 1 << 62).unwrap_err().to_string();

    assert!(error.starts_with("allocate 4611686018427387904 octets for /"), "{error}");
    assert_eq!(disk.list().unwrap(), [""; 0]);
}

#[test]
fn names_that_are_no_files_of_the_directory_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();

    for name in ["", ".", "..", "../a", "a/b", "/a", "a\0", "lock"] {
        let error = disk.create(name, 0).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}");
    }
}

#[test]
fn an_error_tells_operation_path_kind_and_number() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();

    let error = disk.rename("a", "b").unwrap_err();

    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let text = format!("rename {} to {}: No such file", a.display(), b.display());
    assert!(error.to_string().starts_with(&text), "{error}");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.raw_os_error(), Some(Errno::NOENT.raw_os_error()));
}
