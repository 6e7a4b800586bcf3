//! How entries of the log become messages and records of a batch.

use std::sync::Arc;

use super::{WriteError, Writer};
use crate::amqp::id::QueueId;
use crate::amqp::run::Run;
use crate::store::format::position::Position;
use crate::store::format::record::{
    Record, put_deferred, put_enqueued, put_lived, put_meta, put_returned, put_seen, put_settled,
};
use crate::store::format::run::RUN_SIZE_MAX;
use crate::store::log::{Entry, Move, PageOut};
use crate::store::placement::Placement;

/// Room that the records of the next entry may need besides its runs.
const RECORD_MAX: usize = 64;

impl Writer {
    /// Puts the first entry of the backlog into the batch, which may be written in between.
    pub(super) fn encode(&mut self) -> Result<(), WriteError> {
        // Taken out and put back, so that a full disk leaves it where it was.
        let Some(mut entry) = self.backlog.pop_front() else { return Ok(()) };
        let encoded = match &mut entry {
            Entry::Enqueue(placement) => self.encode_placement(&Arc::clone(placement)),
            Entry::Move(request) => self.encode_move(request),
            Entry::PageOut(request) => self.encode_page_out(request),
            other => self.encode_plain(other),
        };
        self.backlog.push_front(entry);
        encoded
    }

    fn encode_plain(&mut self, entry: &Entry) -> Result<(), WriteError> {
        let mut record = Vec::new();
        match entry {
            Entry::Settle(queue, ranges) => put_settled(&mut record, *queue, ranges),
            Entry::Return(queue, returned) => put_returned(&mut record, *queue, returned),
            Entry::Defer(queue, deferred) => put_deferred(&mut record, *queue, deferred),
            Entry::Live(queue, lived) => put_lived(&mut record, *queue, lived),
            Entry::Delete(queue) => Record::Deleted(*queue).write(&mut record),
            Entry::Meta(changes, _) => put_meta(&mut record, changes),
            Entry::See(key, seen) => put_seen(&mut record, key, seen),
            _ => {}
        }
        if !record.is_empty() {
            self.make_room(0, record.len())?;
            self.batch.records.append(&mut record);
        }
        Ok(())
    }

    fn encode_placement(&mut self, placement: &Arc<Placement>) -> Result<(), WriteError> {
        if self.cursor == 0 {
            placement.take();
        }
        let mut runs: Vec<Run> = Vec::new();
        while let Some(message) = placement.messages.get(self.cursor) {
            if let Some((places, octets)) = placement.message(message)
                && !placement.is_skipped(self.cursor)
            {
                let found = places.find(message.offset);
                let new = if found.is_none() { octets.len() } else { 0 };
                // Room for the record is made here, so that nothing can fail once it is due.
                if !self.has_room(new, RECORD_MAX + (runs.len() + 1) * RUN_SIZE_MAX) {
                    self.end_runs(placement.queue, &mut runs);
                    self.make_room(new, RECORD_MAX + RUN_SIZE_MAX)?;
                }
                let size = u32::try_from(octets.len()).unwrap_or(u32::MAX);
                let position = found.unwrap_or_else(|| {
                    let position = self.output.position(self.batch.append(octets));
                    places.add(message.offset, message.offset + size, position);
                    placement.pin(position, size);
                    position
                });
                let one = message.run(position, size);
                if !runs.last_mut().is_some_and(|last| last.extend(&one, self.log.sizes.run)) {
                    runs.push(one);
                }
            }
            self.cursor += 1;
        }
        self.end_runs(placement.queue, &mut runs);
        self.cursor = 0;
        self.batch.placements.push(Arc::clone(placement));
        self.told.note(placement.confirm, placement.take_waiter());
        Ok(())
    }

    /// Records the runs, and counts them as alive.
    fn end_runs(&mut self, queue: QueueId, runs: &mut Vec<Run>) {
        if runs.is_empty() {
            return;
        }
        put_enqueued(&mut self.batch.records, queue, runs);
        for run in runs.drain(..) {
            self.log.files.add(Position::of(run.position).file, run.octets.into());
        }
    }

    fn encode_move(&mut self, request: &Move) -> Result<(), WriteError> {
        let runs: usize =
            request.runs.iter().map(|(_, runs)| RECORD_MAX + runs.len() * RUN_SIZE_MAX).sum();
        self.make_room(request.octets.len(), runs)?;
        let start = self.output.position(self.batch.append_sealed(&request.octets));
        for (queue, runs) in &request.runs {
            for run in runs {
                self.log.files.add(start.file, run.octets.into());
            }
            let moved = |run: &Run| Run {
                position: start.plus(Position::of(run.position).offset).store_ref(),
                ..*run
            };
            let logged = runs.iter().filter(|run| !run.position.is_volatile());
            let runs: Vec<Run> = logged.map(moved).collect();
            if !runs.is_empty() {
                Record::Moved(*queue, runs).write(&mut self.batch.records);
            }
        }
        self.told.moved.push((Arc::clone(&request.moved), start));
        Ok(())
    }

    fn encode_page_out(&mut self, request: &mut PageOut) -> Result<(), WriteError> {
        let PageOut { octets, done } = request;
        self.make_room(octets.len(), 0)?;
        let start = self.output.position(self.batch.append_sealed(octets));
        self.log.files.add(start.file, octets.len() as u64);
        self.told.paged_out.extend(done.take().map(|done| (done, start)));
        Ok(())
    }
}
