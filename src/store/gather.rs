//! Many short reads made few: what lies near each other is read in one go.

use std::io;

use bytes::Bytes;

use super::format::position::Position;
use super::log::Log;
use crate::amqp::run::Run;

/// Octets between two runs that are read for nothing rather than read around.
const GAP: u64 = 8 << 10;

/// Octets that are read in one go at most, unless a single run has more.
const SPAN_MAX: u64 = 256 << 10;

/// Octets that the system is asked to fetch in one call: of more it may leave out some.
const FETCH_MAX: usize = 128 << 10;

/// Octets of a file that hold runs.
#[derive(Debug, PartialEq, Eq)]
struct Span {
    file: u32,
    from: u64,
    to: u64,
    /// Which runs, by their places among those asked for.
    runs: Vec<usize>,
}

impl Span {
    /// Whether a run that lies behind its beginning is taken in.
    fn takes(&mut self, at: Position, octets: u32, place: usize) -> bool {
        let from = u64::from(at.offset);
        let to = self.to.max(from + u64::from(octets));
        let is_near = self.file == at.file && from <= self.to + GAP && to - self.from <= SPAN_MAX;
        if is_near {
            self.to = to;
            self.runs.push(place);
        }
        is_near
    }
}

/// What to read for the runs, in the order of the disk.
fn spans(runs: &[Run]) -> Vec<Span> {
    let located = runs.iter().enumerate();
    let mut located: Vec<_> =
        located.map(|(place, run)| (Position::of(run.position), run.octets, place)).collect();
    located.sort_unstable_by_key(|(at, _, place)| (at.file, at.offset, *place));
    let mut spans: Vec<Span> = Vec::new();
    for (at, octets, place) in located {
        if !spans.last_mut().is_some_and(|span| span.takes(at, octets, place)) {
            let from = u64::from(at.offset);
            let to = from + u64::from(octets);
            spans.push(Span { file: at.file, from, to, runs: vec![place] });
        }
    }
    spans
}

impl Log {
    /// Reads the octets of each run, as [`Self::read`] does, with few reads where many are near
    /// each other. None holds on to its neighbours' octets.
    pub fn read_all(&self, runs: Vec<Run>) -> Vec<(Run, io::Result<Bytes>)> {
        let mut read: Vec<_> = runs.iter().map(|_| None).collect();
        for span in spans(&runs) {
            let octets = self.read_span(&span);
            for place in span.runs {
                let Some((run, found)) = runs.get(place).zip(read.get_mut(place)) else { continue };
                let part = octets.as_ref().and_then(|octets| part(octets, span.from, run));
                // What is not readable as a whole may be in parts: some may have gone meanwhile.
                *found = Some(part.map_or_else(|| self.read(run), Ok));
            }
        }
        let missing = || Err(io::ErrorKind::NotFound.into());
        runs.into_iter()
            .zip(read)
            .map(|(run, octets)| (run, octets.unwrap_or_else(missing)))
            .collect()
    }

    /// Has the system fetch what will be read soon, in the order of the disk. Nobody waits for it.
    pub fn fetch(&self, runs: &[Run]) {
        for Span { file, from, to, .. } in spans(runs) {
            for from in (from..to).step_by(FETCH_MAX) {
                let Ok(offset) = u32::try_from(from) else { break };
                let octets = (to - from).min(FETCH_MAX as u64);
                self.files.will_read(Position { file, offset }, octets);
            }
        }
    }

    /// The octets of several runs; `None` if it is one, or they cannot be read.
    fn read_span(&self, span: &Span) -> Option<Bytes> {
        if span.runs.len() < 2 {
            return None;
        }
        let at = Position { file: span.file, offset: u32::try_from(span.from).ok()? };
        self.files.read(at, usize::try_from(span.to - span.from).ok()?).ok()
    }
}

/// A copy of what a run has of octets that begin at `from`.
fn part(octets: &Bytes, from: u64, run: &Run) -> Option<Bytes> {
    let offset = u64::from(Position::of(run.position).offset).checked_sub(from)?;
    let start = usize::try_from(offset).ok()?;
    let part = octets.get(start..)?.get(..run.octets as usize)?;
    Some(Bytes::copy_from_slice(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::id::MessageIndex;

    fn run(file: u32, offset: u32, octets: u32) -> Run {
        Run {
            first: MessageIndex(0),
            count: 1,
            octets,
            position: Position { file, offset }.store_ref(),
            bytes: 0,
            redelivered: false,
            marked: true,
        }
    }

    fn planned(runs: &[Run]) -> Vec<(u32, u64, u64, Vec<usize>)> {
        spans(runs).into_iter().map(|it| (it.file, it.from, it.to, it.runs)).collect()
    }

    #[test]
    fn what_is_near_is_read_together_whatever_the_order() {
        let far = 8192 + u32::try_from(GAP).unwrap() + 301;
        let runs = [run(1, far, 10), run(1, 8192, 100), run(2, 4096, 50), run(1, 8392, 100)];

        assert_eq!(
            planned(&runs),
            [
                (1, 8192, 8492, vec![1, 3]),
                (1, far.into(), u64::from(far) + 10, vec![0]),
                (2, 4096, 4146, vec![2]),
            ]
        );
    }

    #[test]
    fn no_span_is_longer_than_it_may_be() {
        let runs: Vec<_> = (0..1000).map(|place| run(1, 4096 + 1000 * place, 1000)).collect();

        let planned = planned(&runs);

        assert!(planned.len() > 1 && planned.iter().all(|(_, from, to, _)| to - from <= SPAN_MAX));
        assert_eq!(planned.iter().map(|(.., runs)| runs.len()).sum::<usize>(), 1000);
        assert_eq!(planned_len(&[run(1, 4096, u32::MAX)]), 1);
    }

    fn planned_len(runs: &[Run]) -> usize {
        planned(runs).len()
    }
}
