//! Octets that messages of one read lie in, and where each of them is on the disk.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::format::position::Position;

/// Messages one behind the other, as [`crate::amqp::message`] has them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The messages.
    pub octets: Bytes,
    /// Where they are on the disk; absent where nothing of it is meant for the log.
    pub places: Option<Arc<Places>>,
}

/// Which parts of a segment are on the disk, and where. The log's writer adds to it; what it has
/// added counts only once the placement that it was added for is written.
#[derive(Debug, Default)]
pub struct Places(Mutex<Vec<Piece>>);

/// Octets of a segment that lie in the same order on the disk.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: u32,
    to: u32,
    position: Position,
}

impl Segment {
    /// A segment that is only in memory.
    pub const fn transient(octets: Bytes) -> Self {
        Self { octets, places: None }
    }

    /// A segment of which something is to be logged.
    pub fn logged(octets: Bytes) -> Self {
        Self { octets, places: Some(Arc::default()) }
    }

    /// A segment that was read from the disk.
    pub fn read_from(position: Position, octets: Bytes) -> Self {
        let places = Places::default();
        places.add(0, u32::try_from(octets.len()).unwrap_or(u32::MAX), position);
        Self { octets, places: Some(Arc::new(places)) }
    }

    /// Where the message at `offset` is on the disk.
    pub fn position(&self, offset: u32) -> Option<Position> {
        self.places.as_ref()?.find(offset)
    }
}

impl Places {
    /// Where the octet at `offset` is on the disk.
    pub fn find(&self, offset: u32) -> Option<Position> {
        let pieces = self.0.lock();
        let after = pieces.partition_point(|piece| piece.from <= offset);
        let piece = pieces.get(after.checked_sub(1)?)?;
        (offset < piece.to).then(|| piece.at(offset))
    }

    /// Notes that the octets from `from` to `to`, of which nothing was noted before, begin at
    /// `position` on the disk.
    pub fn add(&self, from: u32, to: u32, position: Position) {
        let mut pieces = self.0.lock();
        let at = pieces.partition_point(|piece| piece.from < from);
        if let Some(before) = at.checked_sub(1).and_then(|at| pieces.get_mut(at))
            && before.to == from
            && before.at(from) == position
        {
            before.to = to;
        } else {
            pieces.insert(at, Piece { from, to, position });
        }
    }
}

impl Piece {
    /// Where the octet at `offset` is, or would be.
    const fn at(&self, offset: u32) -> Position {
        self.position.plus(offset - self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: u32) -> Position {
        Position { file: 7, offset }
    }

    #[test]
    fn pieces_that_follow_one_another_are_one() {
        let places = Places::default();
        places.add(0, 10, at(100));
        places.add(10, 30, at(110));
        places.add(50, 60, at(130));

        assert_eq!(places.0.lock().len(), 2);
        let found = [0, 29, 30, 49, 50, 59, 60].map(|offset| places.find(offset));
        assert_eq!(
            found,
            [Some(at(100)), Some(at(129)), None, None, Some(at(130)), Some(at(139)), None]
        );
    }

    #[test]
    fn pieces_may_come_in_any_order() {
        let places = Places::default();
        places.add(50, 60, at(1));
        places.add(0, 10, at(500));

        assert_eq!([places.find(55), places.find(5)], [Some(at(6)), Some(at(505))]);
    }
}
