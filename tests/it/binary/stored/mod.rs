//! Data directories as they lie on the disk, checked, repaired and opened.

mod damage;
mod format;

use std::fs;
use std::path::{Path, PathBuf};

use super::process::{Finished, Place, run};

/// The log's block: what batches are aligned to.
const BLOCK: usize = 4096;

/// The files of a directory, without its subdirectories and the lock.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<_> = files
        .map(|entry| (name(&entry.path()), fs::read(entry.path()).unwrap()))
        .filter(|(name, _)| name != "lock")
        .collect();
    files.sort();
    files
}

/// Copies files, but none of the blocks of zeros at the end.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for (name, mut octets) in files(from) {
        if Path::new(&name).extension().is_some_and(|extension| extension == "log") {
            let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
            octets.truncate(end.next_multiple_of(BLOCK));
        }
        fs::write(to.join(name), octets).unwrap();
    }
}

/// A place whose broker has files of the format's version 1.
fn place() -> (Place, PathBuf) {
    place_of(1)
}

/// The same of that version.
fn place_of(version: u16) -> (Place, PathBuf) {
    let place = Place::new();
    let data = place.path("leveret-data");
    copy(&kept(version), &data);
    (place, data)
}

/// Where files of that version are kept.
fn kept(version: u16) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/store-v{version}"))
}

#[track_caller]
fn store(place: &Place, command: &str) -> Finished {
    run(place.leveret(&["store", command, "leveret-data"]))
}
