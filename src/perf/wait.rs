//! How long each message has to wait before it is due.

use super::options::Load;
use super::stamp::Stamp;
use super::vary::Vary;

/// Nanoseconds of a millisecond, in which waits are told.
const MILLI: u64 = 1_000_000;

/// Whether a time is before what was due, both in nanoseconds; less than a millisecond is none, for
/// brokers know the time no better.
#[inline]
pub(super) const fn is_early(now: u64, due: u64) -> bool {
    now.saturating_add(MILLI) < due
}

/// How long messages wait, by what they carry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait<'a> {
    /// All of them so many milliseconds.
    Fixed(u64),
    /// Each for itself, in milliseconds.
    Varied(&'a Vary),
}

impl<'a> Wait<'a> {
    /// The time to live where dead letters are consumed, else the delay; `None` where messages have
    /// none.
    pub(super) fn of(options: &'a Load) -> Option<Self> {
        let name = if options.dead_letters { "expiration" } else { "header:x-delay" };
        let varied = options.vary.iter().find(|vary| vary.is(name)).map(Self::Varied);
        let fixed = || options.property.iter().find_map(|one| one.number(name)).map(Self::Fixed);
        varied.or_else(fixed)
    }

    /// When the message is due, in nanoseconds since the run began.
    #[inline]
    pub(super) fn due_at(self, stamp: Stamp) -> u64 {
        let millis = match self {
            Self::Fixed(millis) => millis,
            Self::Varied(vary) => vary.value(stamp),
        };
        stamp.nanos.saturating_add(millis.saturating_mul(MILLI))
    }
}
