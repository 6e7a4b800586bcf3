//! The header of a file, and the header of a batch.

use super::VERSION;
use super::octets::Reader;

const FILE_MAGIC: [u8; 8] = *b"LeveretL";
const BATCH_MAGIC: [u8; 4] = *b"LvBt";

/// Octets of a file's header; the rest of its block is zero.
pub const FILE_HEADER_SIZE: usize = 8 + 4 + 2 + 4 + 8 + 4;

/// Octets of a batch's header.
pub const BATCH_HEADER_SIZE: usize = 4 + 4 + 2 + 2 + 4 + 4 + 8 + 8 + 4 + 4 + RESERVED;

/// Octets kept free for a replication group, a term and an index within the group.
const RESERVED: usize = 3 * 8;

/// What a file begins with: magic, checksum of what follows, version, file number, number of the
/// first batch, checksum of the batch before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// The file's number. A recycled file has a new one, and so a new name.
    pub file: u32,
    /// The number of its first batch.
    pub first_batch: u64,
    /// The checksum of the batch before that.
    pub previous: u32,
}

/// What a batch begins with: magic, checksum of the rest of the header and the records (seeded with
/// the file's number), version, two octets of zero, octets of messages, octets of records, number,
/// durable, previous, four octets of zero, 24 octets of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Each batch has the number after the one before it.
    pub number: u64,
    /// The log was durable up to here, this number included, when the batch was written.
    pub durable: u64,
    /// The checksum of the batch before.
    pub previous: u32,
    /// Octets of messages, which follow the header.
    pub messages: u32,
    /// Octets of records, which follow the messages.
    pub records: u32,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// There is none, or it is damaged.
    Damaged,
    /// A newer version of the format.
    Newer(u16),
}

impl FileHeader {
    /// The header as it stands at the start of the file.
    pub fn octets(&self) -> Vec<u8> {
        let mut covered = Vec::with_capacity(FILE_HEADER_SIZE);
        covered.extend_from_slice(&VERSION.to_be_bytes());
        covered.extend_from_slice(&self.file.to_be_bytes());
        covered.extend_from_slice(&self.first_batch.to_be_bytes());
        covered.extend_from_slice(&self.previous.to_be_bytes());
        let mut out = FILE_MAGIC.to_vec();
        out.extend_from_slice(&crc32c::crc32c(&covered).to_be_bytes());
        out.append(&mut covered);
        out
    }

    /// Reads the header at the start of `octets`.
    ///
    /// # Errors
    /// It is damaged, or of a newer version.
    pub fn read(octets: &[u8]) -> Result<Self, HeaderError> {
        let mut reader = Reader(octets);
        (|| {
            let magic = reader.array()?;
            let checksum = u32::from_be_bytes(reader.array()?);
            let covered = reader.take(FILE_HEADER_SIZE - 12)?;
            let sound = magic == FILE_MAGIC && crc32c::crc32c(covered) == checksum;
            let mut reader = Reader(covered);
            let version = u16::from_be_bytes(reader.array()?);
            let header = Self {
                file: u32::from_be_bytes(reader.array()?),
                first_batch: u64::from_be_bytes(reader.array()?),
                previous: u32::from_be_bytes(reader.array()?),
            };
            sound.then_some((version, header))
        })()
        .ok_or(HeaderError::Damaged)
        .and_then(check_version)
    }
}

impl BatchHeader {
    /// Writes the header and its checksum over the start of `batch`, which holds room for it, the
    /// messages and the records. Returns the checksum.
    pub fn seal(&self, file: u32, batch: &mut [u8]) -> u32 {
        let mut header = Vec::with_capacity(BATCH_HEADER_SIZE);
        header.extend_from_slice(&BATCH_MAGIC);
        header.extend_from_slice(&[0; 4]);
        header.extend_from_slice(&VERSION.to_be_bytes());
        header.extend_from_slice(&[0; 2]);
        header.extend_from_slice(&self.messages.to_be_bytes());
        header.extend_from_slice(&self.records.to_be_bytes());
        header.extend_from_slice(&self.number.to_be_bytes());
        header.extend_from_slice(&self.durable.to_be_bytes());
        header.extend_from_slice(&self.previous.to_be_bytes());
        header.resize(BATCH_HEADER_SIZE, 0);
        let records = batch.get(BATCH_HEADER_SIZE + self.messages as usize..).unwrap_or_default();
        let records = records.get(..self.records as usize).unwrap_or_default();
        let checksum = checksum(file, header.get(8..).unwrap_or_default(), records);
        if let Some(place) = header.get_mut(4..8) {
            place.copy_from_slice(&checksum.to_be_bytes());
        }
        if let Some(place) = batch.get_mut(..BATCH_HEADER_SIZE) {
            place.copy_from_slice(&header);
        }
        checksum
    }

    /// Octets of the whole batch, without what fills its last block.
    pub const fn size(&self) -> usize {
        BATCH_HEADER_SIZE + self.messages as usize + self.records as usize
    }

    /// Reads the header at the start of `octets`, unchecked but for its magic.
    pub fn peek(octets: &[u8]) -> Option<Self> {
        Self::parse(octets).map(|(_, header, _)| header)
    }

    /// Reads the batch at the start of `octets`: its header, its records, its checksum. Messages
    /// have checksums of their own.
    ///
    /// # Errors
    /// It is damaged, or of a newer version.
    pub fn read(file: u32, octets: &[u8]) -> Result<(Self, &[u8], u32), HeaderError> {
        let parsed = || {
            let (stored, header, version) = Self::parse(octets)?;
            let records = octets.get(..header.size())?;
            let records = records.get(BATCH_HEADER_SIZE + header.messages as usize..)?;
            let computed = checksum(file, octets.get(8..BATCH_HEADER_SIZE)?, records);
            (stored == computed).then_some((version, (header, records, stored)))
        };
        parsed().ok_or(HeaderError::Damaged).and_then(check_version)
    }

    fn parse(octets: &[u8]) -> Option<(u32, Self, u16)> {
        let mut reader = Reader(octets.get(..BATCH_HEADER_SIZE)?);
        if reader.array()? != BATCH_MAGIC {
            return None;
        }
        let checksum = u32::from_be_bytes(reader.array()?);
        let version = u16::from_be_bytes(reader.array()?);
        reader.take(2)?;
        let messages = u32::from_be_bytes(reader.array()?);
        let records = u32::from_be_bytes(reader.array()?);
        let number = u64::from_be_bytes(reader.array()?);
        let durable = u64::from_be_bytes(reader.array()?);
        let previous = u32::from_be_bytes(reader.array()?);
        Some((checksum, Self { number, durable, previous, messages, records }, version))
    }
}

fn checksum(file: u32, header: &[u8], records: &[u8]) -> u32 {
    let seed = crc32c::crc32c(&file.to_be_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(seed, header), records)
}

fn check_version<T>((version, value): (u16, T)) -> Result<T, HeaderError> {
    if version > VERSION { Err(HeaderError::Newer(version)) } else { Ok(value) }
}
