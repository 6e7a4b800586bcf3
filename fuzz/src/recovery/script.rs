//! Input that says how a directory is put together.

use super::directory::{Directory, NAMES};
use super::template::template;

/// What a checkpoint begins with: magic, room for the checksum, version 1.
const CHECKPOINT: &[u8] = b"LeveretC\0\0\0\0\0\x01";

/// Operations, one after the other: each begins with its kind and the file that it is about.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a>(pub &'a [u8]);

impl<'a> Script<'a> {
    /// Carries it out. The first octet says whether the directory begins as one that the store has
    /// written, or empty.
    pub fn carry_out(mut self) -> Directory {
        let Some(kind) = self.octet() else { return Directory::default() };
        let mut directory = if kind % 4 == 0 { Directory::default() } else { template(kind) };
        while let Some(kind) = self.octet() {
            if self.operate(kind, &mut directory).is_none() {
                break;
            }
        }
        directory
    }

    fn operate(&mut self, kind: u8, directory: &mut Directory) -> Option<()> {
        let file = usize::from(self.octet()?) % NAMES.len();
        match kind % 12 {
            0 => {
                let offset = self.offset()?;
                directory.write(file, offset, self.octets()?);
            }
            1 => {
                let (offset, mask) = (self.offset()?, self.octet()?);
                if let Some(octet) = directory.0[file].as_mut().and_then(|it| it.get_mut(offset)) {
                    *octet ^= mask;
                }
            }
            2 => {
                let size = self.offset()?;
                if let Some(octets) = &mut directory.0[file] {
                    octets.resize(size, 0);
                }
            }
            3 => directory.0[file] = None,
            4 => {
                let other = usize::from(self.octet()?) % NAMES.len();
                directory.0[other] = directory.0[file].clone();
            }
            5 => directory.0[file] = Some(self.octets()?.to_vec()),
            6 => {
                let content = self.octets()?;
                directory.0[file] = Some([CHECKPOINT, content].concat());
                directory.seal_head(file);
            }
            7 => {
                let first_batch = self.number()?;
                directory.begin(file, first_batch, 0);
            }
            8 => {
                let durable = self.number()?;
                let (messages, records) = (self.octets()?, self.octets()?);
                directory.append(file, durable, messages, records);
            }
            9 => directory.seal_head(file),
            10 => {
                let block = usize::from(self.octet()?);
                directory.seal_batch(file, block);
            }
            _ => {
                let offset = self.offset()?;
                directory.seal_message(file, offset);
            }
        }
        Some(())
    }

    fn octet(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn offset(&mut self) -> Option<usize> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*bytes).into())
    }

    fn number(&mut self) -> Option<u64> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*bytes))
    }

    /// Octets with their length in front, in two octets.
    fn octets(&mut self) -> Option<&'a [u8]> {
        let length = self.offset()?.min(self.0.len());
        let (octets, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(octets)
    }
}
