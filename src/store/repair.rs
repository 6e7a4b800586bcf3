//! Makes a damaged data directory one that can be opened, with everything in it that is whole.
//!
//! Only the checkpoint is written: it has what is left, refers to no damaged message, and goes on
//! in a new file. The log's files stay as they are until nothing lives in them.

use std::io;

use super::check::{Examination, examine};
use super::checkpoint::publish;
use super::disk::Disk;
use super::format::checkpoint::Checkpoint;
use super::recovery::error::OpenError;

/// Who knows more of what is repaired than the store does.
pub trait Repairer {
    /// Makes good what is left where it does not make sense, in lines that say how. `rebuilt`: it
    /// comes from the log alone.
    fn complete(&mut self, left: &mut Checkpoint, rebuilt: bool) -> Vec<String>;

    /// Keeps copies of the files of these names.
    ///
    /// # Errors
    /// It is not possible; then nothing is repaired.
    fn keep(&mut self, names: &[String]) -> io::Result<()>;
}

/// What a repair has found and done.
#[derive(Debug)]
pub struct Repair {
    /// What was found before.
    pub found: Examination,
    /// What [`Repairer::complete`] said.
    pub completed: Vec<String>,
    /// Whether something was written.
    pub changed: bool,
}

/// Cuts damage out. Where there is none, nothing is changed.
///
/// # Errors
/// The disk failed or is full, a newer version has written, there are no numbers left for what is
/// to come, or no copies can be kept. Then the directory is as it was.
pub fn repair(disk: &dyn Disk, repairer: &mut dyn Repairer) -> Result<Repair, OpenError> {
    let mut found = examine(disk)?;
    let completed = repairer.complete(&mut found.left, found.rebuilt);
    let changed = !found.damages.is_empty() || !completed.is_empty();
    if changed {
        repairer.keep(&found.affected)?;
        publish(disk, &found.left)?;
    }
    Ok(Repair { found, completed, changed })
}

/// Whoever knows nothing more, and keeps nothing.
impl Repairer for () {
    fn complete(&mut self, _: &mut Checkpoint, _: bool) -> Vec<String> {
        Vec::new()
    }

    fn keep(&mut self, _: &[String]) -> io::Result<()> {
        Ok(())
    }
}
