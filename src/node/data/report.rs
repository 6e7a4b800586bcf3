//! What is said of a data directory.

use std::fmt;

use super::entries::describe;
use super::{Checked, Repaired};
use crate::store::check::{Examination, QueueSummary, Summary};
use crate::store::format::checkpoint::Replay;
use crate::store::recovery::error::Damage;

impl Checked {
    /// A line for everything that is not as it should be.
    pub fn faults(&self) -> Vec<String> {
        let name = |queue| describe(&self.names, queue);
        let damage = |damage: &Damage| damage.describe(name);
        let mut faults: Vec<String> = self.examination.damages.iter().map(damage).collect();
        faults.extend(self.fault.iter().map(ToString::to_string));
        faults
    }
}

impl Repaired {
    /// Whether anything was to be repaired.
    pub const fn is_changed(&self) -> bool {
        self.repair.changed
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Examination { summary, .. } = &self.examination;
        writeln!(f, "data directory: {}", self.directory.display())?;
        write_log(f, summary)?;
        writeln!(f, "entries of topology and users: {}", summary.entries)?;
        writeln!(
            f,
            "messages: {} ({} octets) in {} queues",
            summary.messages(),
            summary.living(),
            summary.queues.len()
        )?;
        if summary.seen > 0 {
            writeln!(f, "values that exchanges have seen: {}", summary.seen)?;
        }
        for QueueSummary { queue, messages, octets } in &summary.queues {
            let queue = describe(&self.names, *queue);
            writeln!(f, "{queue}: {messages} messages ({octets} octets)")?;
        }
        Ok(())
    }
}

fn write_log(f: &mut fmt::Formatter<'_>, summary: &Summary) -> fmt::Result {
    let Summary { version, clean, from, replayed, torn, .. } = summary;
    let Replay { position, batch, .. } = from;
    writeln!(f, "format: read as version {version}")?;
    writeln!(f, "stopped in order: {}", if *clean { "yes" } else { "no" })?;
    writeln!(f, "checkpoint: before batch {batch} ({position})")?;
    writeln!(f, "batches behind it: {replayed}")?;
    if *torn {
        writeln!(f, "the last batch is not whole: a start cuts it off, nobody relies on it")?;
    }
    let Summary { files, octets, spares, spare_octets, .. } = summary;
    writeln!(f, "files of the log: {files} ({octets} octets)")?;
    writeln!(f, "files to be written again: {spares} ({spare_octets} octets)")
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.directory.display();
        let Some(copies) = &self.copies else {
            return writeln!(f, "{directory}: in order, nothing was changed");
        };
        for damage in &self.repair.found.damages {
            writeln!(f, "{}", damage.describe(|queue| describe(&self.names, queue)))?;
        }
        for line in &self.repair.completed {
            writeln!(f, "{line}")?;
        }
        let summary = &self.repair.found.summary;
        writeln!(f, "copies of what was changed: {}", copies.display())?;
        writeln!(
            f,
            "{directory}: repaired; {} messages in {} queues are left",
            summary.messages(),
            summary.queues.len()
        )
    }
}
