//! One connection that asks, and asks again when it has the answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::letter::{self, Id, Incoming, Letter};
use crate::codec::frame::Frame;
use crate::perf::error::PerfError;
use crate::perf::quantiles;
use crate::perf::session::Session;
use crate::perf::share::Share;

/// How long to wait before looking whether there is still somebody who answers.
const LOOK: Duration = Duration::from_millis(100);

/// What a requester is to do.
#[derive(Clone, Copy, Debug)]
pub(in crate::perf) struct Order<'a> {
    pub(in crate::perf) number: u64,
    pub(in crate::perf) share: Share,
    /// How long an answer may take.
    pub(in crate::perf) patience: Duration,
    /// Set when there will be no more answers.
    pub(in crate::perf) stop: &'a AtomicBool,
}

/// What came of it.
#[derive(Debug)]
pub(in crate::perf) struct Requested {
    pub(in crate::perf) requests: u64,
    pub(in crate::perf) replies: u64,
    /// Nanoseconds from each request to its reply.
    pub(in crate::perf) times: Histogram<u64>,
    /// When the last reply came, in nanoseconds since the start.
    pub(in crate::perf) end: u64,
    pub(in crate::perf) error: Option<PerfError>,
}

/// The reply that is awaited, and what has come of it.
#[derive(Debug, Default)]
struct Replies {
    incoming: Incoming,
    /// Set while a request is open.
    awaited: Option<Id>,
}

/// Asks as ordered. The first reply that does not come or does not fit ends it.
pub(in crate::perf) fn request(
    session: &mut Session,
    letter: &mut Letter,
    order: &Order<'_>,
) -> Requested {
    let mut requested =
        Requested { requests: 0, replies: 0, times: quantiles::empty(), end: 0, error: None };
    let outcome = run(session, letter, order, &mut requested);
    requested.error = outcome.err();
    requested
}

fn run(
    session: &mut Session,
    letter: &mut Letter,
    order: &Order<'_>,
    requested: &mut Requested,
) -> Result<(), PerfError> {
    let mut replies = Replies::default();
    while let Some(due) = order.share.next(requested.requests) {
        let id = letter::id(order.number, requested.requests);
        replies.awaited = Some(id);
        requested.requests += 1;
        let give_up = Instant::now() + order.patience;
        let take = |frame: Frame<'_>| replies.take(&frame);
        session.wire.write_all(letter.with_id(id), take, || Instant::now() < give_up)?;
        while replies.awaited.is_some() {
            if order.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let text = format!("no reply to {} within {:?}", text(&id), order.patience);
                return Err(PerfError::Unexpected(text));
            }
            if session.wire.wait_readable(left.min(LOOK))? {
                session.wire.read(|frame| replies.take(&frame))?;
            }
        }
        requested.replies += 1;
        requested.end = order.share.now();
        // It grows as needed, to half of what 64 bits count.
        let _ = requested.times.record(requested.end.saturating_sub(due));
    }
    Ok(())
}

impl Replies {
    fn take(&mut self, frame: &Frame<'_>) -> Result<(), PerfError> {
        if !self.incoming.take(frame)? {
            return Ok(());
        }
        let id = self.incoming.id;
        match self.awaited.take() {
            Some(awaited) if awaited == id => Ok(()),
            awaited => {
                let awaited = awaited.map_or_else(|| "none".to_owned(), |id| text(&id));
                let text = format!("a reply to {} where {awaited} was awaited", text(&id));
                Err(PerfError::Unexpected(text))
            }
        }
    }
}

fn text(id: &Id) -> String {
    String::from_utf8_lossy(id).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::letter::Address;
    use super::*;
    use crate::codec::frame::{Parsed, parse_frame};

    fn reply(replies: &mut Replies, id: Id) -> Result<(), PerfError> {
        let mut letter = Letter::new(Address { routing_key: "r", reply_to: "" }, 0, 4096);
        let mut octets = letter.with_id(id);
        while let Ok(Parsed::Frame(frame, length)) = parse_frame(octets, 4096) {
            replies.take(&frame)?;
            octets = &octets[length..];
        }
        Ok(())
    }

    #[test]
    fn only_the_reply_to_the_open_request_is_taken() {
        let [first, second] = [0, 1].map(|number| letter::id(5, number));
        let mut replies = Replies { awaited: Some(first), ..Replies::default() };

        reply(&mut replies, first).unwrap();
        let twice = reply(&mut replies, first).unwrap_err();
        replies.awaited = Some(second);
        let late = reply(&mut replies, first).unwrap_err();

        let texts = [twice, late].map(|error| error.to_string());
        let said = "the broker sent a reply to 0005000000000000 where";
        assert_eq!(texts[0], format!("{said} none was awaited"));
        assert_eq!(texts[1], format!("{said} 0005000000000001 was awaited"));
    }
}
