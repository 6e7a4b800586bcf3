//! The files of the log: how much of each is alive, and which can be written again.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use super::disk::{Disk, DiskFile};
use super::failpoint::failpoint;
use super::format::position::Position;

/// Files kept for writing again.
const SPARE_MAX: usize = 2;

/// The log's files.
#[derive(Debug)]
pub struct Files {
    disk: Arc<dyn Disk>,
    /// The size of a file, in octets, unless a single message needs more.
    file_size: u64,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    files: BTreeMap<u32, LogFile>,
    /// Names of files that hold nothing any more.
    spare: Vec<String>,
}

/// One file.
#[derive(Clone, Debug)]
struct LogFile {
    handle: Arc<dyn DiskFile>,
    size: u64,
    usage: Usage,
}

/// How much of a file is in use. A message counts once for each queue that has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Octets of messages that some queue has.
    pub live: u64,
    /// Octets of messages that some queue has had, as far as that is known.
    pub written: u64,
}

/// Sums over all files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files in use.
    pub files: usize,
    /// Their size, in octets.
    pub size: u64,
    /// Octets of living messages, once for each queue.
    pub live: u64,
}

/// The name of a file of the log.
pub fn file_name(number: u32) -> String {
    format!("{number:016x}.log")
}

/// The number of the file of that name, if it is one of the log's.
pub fn file_number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".log").filter(|digits| digits.len() == 16)?;
    let number =
        u32::from_str_radix(digits, 16).ok().filter(|number| *number <= Position::FILE_MAX)?;
    (file_name(number) == name).then_some(number)
}

/// The name of a file that holds nothing and waits to be written again.
fn spare_name(number: u32) -> String {
    format!("{number:016x}.spare")
}

/// Whether a file of that name holds nothing and waits to be written again.
pub fn is_spare(name: &str) -> bool {
    let log = name.strip_suffix(".spare").map(|digits| format!("{digits}.log"));
    log.is_some_and(|name| file_number(&name).is_some())
}

impl Files {
    /// No files yet; new ones will have `file_size` octets.
    pub fn new(disk: Arc<dyn Disk>, file_size: u64) -> Self {
        Self { disk, file_size, table: Mutex::default() }
    }

    /// The disk they are on.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Takes note of a file that is there, and returns it.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(&self, number: u32) -> io::Result<Arc<dyn DiskFile>> {
        let handle = self.disk.open(&file_name(number))?;
        let size = handle.size()?;
        let file = LogFile { handle: Arc::clone(&handle), size, usage: Usage::default() };
        self.table.lock().files.insert(number, file);
        Ok(handle)
    }

    /// Takes note of a file that waits to be written again, if it is as long as those that are
    /// begun now; else removes it.
    ///
    /// # Errors
    /// The disk failed.
    pub fn open_spare(&self, name: String) -> io::Result<()> {
        if self.disk.open(&name)?.size()? == self.file_size {
            self.table.lock().spare.push(name);
            return Ok(());
        }
        self.disk.remove(&name)
    }

    /// A file of at least `size` octets to write: one that has been used before, or a new one.
    /// Whatever it holds is not of this number.
    ///
    /// # Errors
    /// Above all [`io::ErrorKind::StorageFull`].
    pub fn begin(&self, number: u32, size: u64) -> io::Result<(Arc<dyn DiskFile>, u64)> {
        failpoint!("roll::begin");
        let name = file_name(number);
        let spare = if size <= self.file_size { self.table.lock().spare.pop() } else { None };
        let (handle, size) = if let Some(spare) = spare {
            self.disk.rename(&spare, &name)?;
            (self.disk.open(&name)?, self.file_size)
        } else {
            let size = size.max(self.file_size);
            (self.disk.create(&name, size)?, size)
        };
        let file = LogFile { handle: Arc::clone(&handle), size, usage: Usage::default() };
        self.table.lock().files.insert(number, file);
        Ok((handle, size))
    }

    /// The size of a file, in octets, if there is one.
    pub fn size(&self, file: u32) -> Option<u64> {
        self.table.lock().files.get(&file).map(|file| file.size)
    }

    /// Counts messages of that file that a queue has now.
    pub fn add(&self, file: u32, octets: u64) {
        if let Some(file) = self.table.lock().files.get_mut(&file) {
            file.usage.live += octets;
            file.usage.written += octets;
        }
    }

    /// Counts messages of that file that a queue has had since before the process started. What
    /// else was written then is not known, and taken to fill the file.
    pub fn restore(&self, file: u32, octets: u64) {
        if let Some(file) = self.table.lock().files.get_mut(&file) {
            file.usage.live += octets;
            file.usage.written = file.usage.live.max(file.size);
        }
    }

    /// Counts messages of that file that a queue has no longer.
    pub fn release(&self, file: u32, octets: u64) {
        if let Some(file) = self.table.lock().files.get_mut(&file) {
            file.usage.live = file.usage.live.saturating_sub(octets);
        }
    }

    /// The files before `end` in which nothing lives.
    pub fn empty(&self, end: u32) -> Vec<u32> {
        let table = self.table.lock();
        let files = table.files.range(..end).filter(|(_, file)| file.usage.live == 0);
        files.map(|(number, _)| *number).collect()
    }

    /// The files before `end` with what is in use of each.
    pub fn usages(&self, end: u32) -> Vec<(u32, Usage)> {
        let table = self.table.lock();
        table.files.range(..end).map(|(number, file)| (*number, file.usage)).collect()
    }

    /// Gives files back in which nothing lives, and that nothing on the disk refers to. What is
    /// left of them after a crash is found by their names.
    ///
    /// # Errors
    /// The disk failed.
    pub fn reclaim(&self, numbers: &[u32]) -> io::Result<()> {
        for number in numbers {
            let Some(file) = self.table.lock().files.remove(number) else { continue };
            let room = self.table.lock().spare.len() < SPARE_MAX;
            if room && file.size == self.file_size {
                let spare = spare_name(*number);
                self.disk.rename(&file_name(*number), &spare)?;
                self.table.lock().spare.push(spare);
            } else {
                self.disk.remove(&file_name(*number))?;
            }
        }
        Ok(())
    }

    /// Reads `octets` octets at `position`, or fewer where the file ends.
    ///
    /// # Errors
    /// There is no such file, or the disk failed.
    pub fn read(&self, position: Position, octets: usize) -> io::Result<Bytes> {
        let handle = self.table.lock().files.get(&position.file).map(|f| Arc::clone(&f.handle));
        let handle = handle.ok_or(io::ErrorKind::NotFound)?;
        let mut buffer = BytesMut::zeroed(octets);
        let read = handle.read_at(&mut buffer, position.offset.into())?;
        buffer.truncate(read);
        Ok(buffer.freeze())
    }

    /// Says that `octets` octets at `position` will be read soon.
    pub fn will_read(&self, position: Position, octets: u64) {
        let handle = self.table.lock().files.get(&position.file).map(|f| Arc::clone(&f.handle));
        if let Some(handle) = handle {
            handle.will_read(position.offset.into(), octets);
        }
    }

    /// Sums over all files.
    pub fn totals(&self) -> Totals {
        let table = self.table.lock();
        table.files.values().fold(Totals::default(), |sum, file| Totals {
            files: sum.files + 1,
            size: sum.size + file.size,
            live: sum.live + file.usage.live,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_tell_their_numbers() {
        assert_eq!(file_number(&file_name(0xAB)), Some(0xAB));
        assert_eq!(file_number("00000000000000ab.spare"), None);
        assert_eq!(file_number("ab.log"), None);
        assert_eq!(file_number("00000000000000AB.log"), None);
        assert_eq!(file_number("+0000000000000ab.log"), None);
        assert_eq!(file_number("ffffffffffffffff.log"), None);
        assert!(is_spare(&spare_name(0xAB)) && !is_spare("my.spare"));
    }
}
