//! Copies of files, before they are changed.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// Copies the files of these names from `directory` to `copies`, which must not be there, durably.
///
/// # Errors
/// What of it the system refuses; the text says which file. There is no copy then.
pub(super) fn keep_copies(directory: &Path, copies: &Path, names: &[String]) -> io::Result<()> {
    let failed = |what: &Path, error: io::Error| {
        io::Error::new(error.kind(), format!("no copy at {}: {error}", what.display()))
    };
    let create = || DirBuilder::new().mode(0o700).create(copies);
    create().map_err(|error| failed(copies, error))?;
    for name in names {
        let copy = copies.join(name);
        let kept = fs::copy(directory.join(name), &copy);
        if let Err(error) = kept.and_then(|_| File::open(&copy)?.sync_all()) {
            let _ = fs::remove_dir_all(copies);
            return Err(failed(&copy, error));
        }
    }
    for path in [copies, directory] {
        File::open(path).and_then(|it| it.sync_all()).map_err(|error| failed(path, error))?;
    }
    Ok(())
}
