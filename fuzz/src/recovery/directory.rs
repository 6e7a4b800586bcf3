//! The files of a directory, before they are on a disk.

use leveret::store::disk::Disk as _;
use leveret::store::disk::simulated::SimulatedDisk;
use leveret::store::format::batch::{BATCH_HEADER_SIZE, BatchHeader, FileHeader};
use leveret::store::format::run::seal;
use leveret::store::format::{BLOCK, blocks};

/// Names that mean something, and some that nearly do.
pub const NAMES: [&str; 9] = [
    "checkpoint",
    "0000000000000001.log",
    "0000000000000002.log",
    "0000000000000003.log",
    "checkpoint.new",
    "000000007fffffff.log",
    "000000007ffffffe.log",
    "0000000000000004.spare",
    "+000000000000002.log",
];

/// The numbers of the files, where they have one.
pub const NUMBERS: [u32; 9] = [0, 1, 2, 3, 0, 0x7fff_ffff, 0x7fff_fffe, 4, 2];

/// Octets that a file may have at most.
const SIZE_MAX: usize = 1 << 17;

/// Files by the place of their names in [`NAMES`].
#[derive(Clone, Debug, Default)]
pub struct Directory(pub [Option<Vec<u8>>; 9]);

impl Directory {
    /// The octets of all files.
    pub fn octets(&self) -> usize {
        self.0.iter().flatten().map(Vec::len).sum()
    }

    /// A disk with the directory.
    pub fn disk(&self) -> SimulatedDisk {
        let disk = SimulatedDisk::new(1);
        for (name, octets) in NAMES.iter().zip(&self.0) {
            if let Some(octets) = octets {
                let file = disk.create(name, octets.len() as u64).expect("there is room");
                file.write_at(octets, 0).expect("there is room");
            }
        }
        disk
    }

    /// Writes over what is there, or beyond it.
    pub fn write(&mut self, file: usize, offset: usize, octets: &[u8]) {
        let end = offset + octets.len();
        if end > SIZE_MAX {
            return;
        }
        let content = self.0[file].get_or_insert_default();
        content.resize(content.len().max(end), 0);
        content[offset..end].copy_from_slice(octets);
    }

    /// Makes a file of the log.
    pub fn begin(&mut self, file: usize, first_batch: u64, previous: u32) {
        let header = FileHeader { file: NUMBERS[file], first_batch, previous };
        let mut octets = header.octets();
        octets.resize(BLOCK, 0);
        self.0[file] = Some(octets);
    }

    /// Appends a batch that follows on the last one of the file.
    pub fn append(&mut self, file: usize, durable: u64, messages: &[u8], records: &[u8]) {
        let Some(octets) = &mut self.0[file] else { return };
        let header = FileHeader::read(octets).unwrap_or(FileHeader {
            file: NUMBERS[file],
            first_batch: 1,
            previous: 0,
        });
        let (mut at, mut number, mut previous) = (BLOCK, header.first_batch, header.previous);
        while let Some(Ok((batch, _, checksum))) =
            octets.get(at..).map(|rest| BatchHeader::read(NUMBERS[file], rest))
        {
            at += blocks(batch.size());
            number = batch.number.wrapping_add(1);
            previous = checksum;
        }
        let header = BatchHeader {
            number,
            durable: durable.min(number.wrapping_sub(1)),
            previous,
            messages: u32::try_from(messages.len()).expect("the input is short"),
            records: u32::try_from(records.len()).expect("the input is short"),
        };
        let mut batch = vec![0; BATCH_HEADER_SIZE];
        batch.extend_from_slice(messages);
        batch.extend_from_slice(records);
        header.seal(NUMBERS[file], &mut batch);
        batch.resize(blocks(batch.len()), 0);
        octets.truncate(at);
        octets.resize(at, 0);
        self.write(file, at, &batch);
    }

    /// Makes the checksum of a checkpoint or of a file's header right.
    pub fn seal_head(&mut self, file: usize) {
        let Some(octets) = &mut self.0[file] else { return };
        let end = if NAMES[file].starts_with("checkpoint") { octets.len() } else { 30 };
        if let Some(covered) = octets.get(12..end) {
            let checksum = crc32c::crc32c(covered).to_be_bytes();
            octets[8..12].copy_from_slice(&checksum);
        }
    }

    /// Makes the checksum of the batch at that block right.
    pub fn seal_batch(&mut self, file: usize, block: usize) {
        let Some(batch) = self.0[file].as_mut().and_then(|it| it.get_mut(block * BLOCK..)) else {
            return;
        };
        if let Some(header) = BatchHeader::peek(batch).filter(|it| it.size() <= batch.len()) {
            header.seal(NUMBERS[file], batch);
        }
    }

    /// Makes the checksum of the message there right, if there is one.
    pub fn seal_message(&mut self, file: usize, offset: usize) {
        let Some(rest) = self.0[file].as_mut().and_then(|it| it.get_mut(offset..)) else {
            return;
        };
        let lengths = leveret::amqp::message::Lengths::read(rest);
        if let Some(message) = lengths.and_then(|lengths| rest.get_mut(..lengths.size())) {
            seal(message);
        }
    }
}
