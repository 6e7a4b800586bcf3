//! Data directories of no good will: recovery, check and repair come to an end, agree with one
//! another, and what is left opens.

mod directory;
mod script;
mod template;

use std::sync::Arc;

use leveret::store::check::examine;
use leveret::store::disk::Disk;
use leveret::store::disk::simulated::SimulatedDisk;
use leveret::store::format::checkpoint::{Checkpoint, QueueImage};
use leveret::store::format::seen::Windows;
use leveret::store::recovery::error::OpenError;
use leveret::store::recovery::open::{open, recover};
use leveret::store::repair::repair;

use self::script::Script;

/// What a directory may make the store reserve, in octets for each of its own, besides
/// [`ALLOWANCE`].
const FACTOR: usize = 64;

/// What it may reserve besides, in octets.
const ALLOWANCE: usize = 1 << 20;

/// Puts a directory together as the input says, and opens it. `peak` runs something, and says how
/// many octets it had reserved at most at one time.
pub fn run(octets: &[u8], peak: &dyn Fn(&mut dyn FnMut()) -> usize) {
    let directory = Script(octets).carry_out();
    let limit = directory.octets() * FACTOR + ALLOWANCE;
    let disk = directory.disk();

    let reserved = peak(&mut || hold(&disk));

    assert!(reserved <= limit, "{reserved} octets reserved for {} octets", directory.octets());
}

fn hold(disk: &SimulatedDisk) {
    let operations = disk.operations();
    let recovered = recover(disk);
    let examined = examine(disk);
    assert_eq!(disk.operations(), operations, "looking changes nothing");
    let is_damaged = match (&recovered, &examined) {
        (Ok(_), Ok(examined)) => !examined.damages.is_empty(),
        (Err(OpenError::Damage(damage)), Ok(examined)) => {
            assert!(!examined.damages.is_empty(), "{damage}");
            true
        }
        (_, Err(OpenError::Newer { .. } | OpenError::Damage(_))) => {
            assert!(repair(disk, &mut ()).is_err());
            assert_eq!(disk.operations(), operations, "what is refused is not changed");
            return;
        }
        other => panic!("{other:?}"),
    };
    if let (Ok(recovered), false) = (&recovered, is_damaged) {
        let left = examined.as_ref().map(|it| contents(&it.left)).unwrap_or_default();
        assert_eq!(contents(&recovered.checkpoint), left);
    }

    let repaired = repair(disk, &mut ()).expect("what can be examined can be repaired");
    assert_eq!(repaired.changed, is_damaged);
    if !repaired.changed {
        assert_eq!(disk.operations(), operations, "what is whole is not changed");
    }
    let again = examine(disk).expect("what was repaired can be read");
    assert!(again.damages.is_empty(), "{:?}", again.damages);
    assert_eq!(contents(&again.left), contents(&repaired.found.left));
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let opened = open(&disk).expect("what was repaired opens");
    assert_eq!(opened.report.messages, again.summary.messages());
}

/// What is in a checkpoint that has to outlive a repair: not whether messages were delivered.
fn contents(checkpoint: &Checkpoint) -> (usize, Vec<QueueImage>, Windows) {
    let mut images = checkpoint.images.clone();
    for run in images.iter_mut().flat_map(|image| &mut image.runs) {
        run.redelivered = true;
    }
    (checkpoint.meta.len(), images, checkpoint.seen.clone())
}
