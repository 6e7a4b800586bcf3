//! The connection that answers every request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::letter::{Address, Incoming, Letter};
use crate::codec::frame::Frame;
use crate::perf::error::PerfError;
use crate::perf::session::Session;

/// How long the broker may take nothing of an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the responder has in hand.
#[derive(Debug, Default)]
struct Answers {
    incoming: Incoming,
    /// Answers by address, encoded once.
    letters: HashMap<Vec<u8>, Letter>,
    frame_max: u32,
    out: BytesMut,
}

/// Answers every request with as many octets, until it is told to stop.
///
/// # Errors
/// The broker ended something, or a message came that is no request.
pub(in crate::perf) fn respond(session: &mut Session, stop: &AtomicBool) -> Result<(), PerfError> {
    let mut answers = Answers { frame_max: session.frame_max, ..Answers::default() };
    while !stop.load(Ordering::Relaxed) {
        if session.wire.wait_readable(Duration::from_millis(50))? {
            session.wire.read(|frame| answers.take(&frame))?;
        }
        while !answers.out.is_empty() {
            let octets = answers.out.split();
            let give_up = Instant::now() + PATIENCE;
            let take = |frame: Frame<'_>| answers.take(&frame);
            session.wire.write_all(&octets, take, || Instant::now() < give_up)?;
        }
    }
    Ok(())
}

impl Answers {
    fn take(&mut self, frame: &Frame<'_>) -> Result<(), PerfError> {
        if !self.incoming.take(frame)? {
            return Ok(());
        }
        let Incoming { id, reply_to, size, .. } = &self.incoming;
        if !self.letters.contains_key(reply_to) {
            let letter = answer(reply_to, *size, self.frame_max).ok_or_else(|| {
                PerfError::Unexpected("a request without an address for its reply".to_owned())
            })?;
            self.letters.insert(reply_to.clone(), letter);
        }
        if let Some(letter) = self.letters.get_mut(reply_to) {
            self.out.extend_from_slice(letter.with_id(*id));
        }
        Ok(())
    }
}

fn answer(reply_to: &[u8], size: u64, frame_max: u32) -> Option<Letter> {
    let routing_key = str::from_utf8(reply_to).ok().filter(|key| !key.is_empty())?;
    let address = Address { routing_key, reply_to: "" };
    Some(Letter::new(address, usize::try_from(size).ok()?, frame_max))
}
