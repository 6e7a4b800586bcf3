//! A disk on which others get their turn while somebody writes or syncs: what is concurrent in
//! the broker comes in between here, on one thread and in an order that the seed says.

use std::fmt;
use std::io;
use std::sync::Arc;

use leveret::store::disk::{Disk, DiskFile};
use parking_lot::Mutex;

use super::trace;

type Meddle = Box<dyn FnMut() + Send>;

/// Who gets a turn.
#[derive(Clone, Default)]
pub struct Others(Arc<Mutex<Option<Meddle>>>);

#[derive(Debug)]
pub struct MeddlingDisk {
    pub disk: Arc<dyn Disk>,
    pub others: Others,
}

#[derive(Debug)]
struct MeddlingFile {
    name: String,
    file: Arc<dyn DiskFile>,
    others: Others,
}

impl Others {
    pub fn set(&self, meddle: impl FnMut() + Send + 'static) {
        *self.0.lock() = Some(Box::new(meddle));
    }

    pub fn forget(&self) {
        *self.0.lock() = None;
    }

    /// Nobody meddles with those who meddle.
    fn meddle(&self) {
        let meddle = self.0.lock().take();
        if let Some(mut meddle) = meddle {
            meddle();
            *self.0.lock() = Some(meddle);
        }
    }

    fn around<T>(
        &self,
        what: fmt::Arguments<'_>,
        act: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        self.meddle();
        let done = act();
        trace(|| format!("  disk: {what}: {:?}", done.as_ref().map(|_| "done")));
        self.meddle();
        done
    }
}

impl MeddlingDisk {
    fn file(&self, name: &str, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(MeddlingFile { name: name.to_owned(), file, others: self.others.clone() })
    }
}

impl Disk for MeddlingDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.file(name, self.disk.open(name)?))
    }

    fn create(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>> {
        let what = format_args!("create {name}, {size} octets");
        Ok(self.file(name, self.others.around(what, || self.disk.create(name, size))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let what = format_args!("rename {from} to {to}");
        self.others.around(what, || self.disk.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.others.around(format_args!("remove {name}"), || self.disk.remove(name))
    }

    fn sync(&self) -> io::Result<()> {
        self.others.around(format_args!("sync the directory"), || self.disk.sync())
    }

    fn free_space(&self) -> io::Result<u64> {
        self.disk.free_space()
    }
}

impl DiskFile for MeddlingFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn will_read(&self, offset: u64, octets: u64) {
        self.file.will_read(offset, octets);
    }

    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        let what = format_args!("write {} at {offset}, {} octets", self.name, octets.len());
        self.others.around(what, || self.file.write_at(octets, offset))
    }

    fn sync(&self) -> io::Result<()> {
        self.others.around(format_args!("sync {}", self.name), || self.file.sync())
    }
}

impl fmt::Debug for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Others")
    }
}
