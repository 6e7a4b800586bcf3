//! What the tests of a queue's features share: a disk on which each message lies by its place, and a consumer.

use super::command::{Attach, ChannelLimit, Command, Exclusivity};
use super::core::Queue;
use super::paging::{Entry, Located};
use super::settings::Settings;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ConsumerId, StoreRef};
use crate::amqp::run::Run;

/// What a message takes on that disk.
pub(super) const OCTETS: u32 = 32;

/// Where a message is.
pub(super) fn place(index: u64) -> Located {
    let position = StoreRef(StoreRef::COLD | (4096 + index * u64::from(OCTETS)));
    Located { position, octets: OCTETS }
}

/// Starts a consumer that acknowledges and takes any number of messages.
pub(super) fn attach() -> Command {
    Command::Attach(Attach {
        consumer: ConsumerId(1),
        priority: 0,
        prefetch: 0,
        acks: AckMode::Manual,
        exclusivity: Exclusivity::Shared,
        limit: ChannelLimit::Absent,
    })
}

/// The queue as it is after a restart: all that it held ready and on the disk, in runs of at most
/// so many messages.
pub(super) fn restarted(queue: &Queue, longest: u32) -> Queue {
    restarted_as(queue, *queue.settings(), longest)
}

/// The same, with other settings from then on.
pub(super) fn restarted_as(queue: &Queue, settings: Settings, longest: u32) -> Queue {
    let runs = queue.entries().map(|entry| match entry {
        Entry::Run(run) => run,
        Entry::Ready(message) | Entry::Unacked(message) => Run {
            first: message.index,
            count: 1,
            octets: OCTETS,
            position: place(message.index.0).position,
            bytes: message.bytes.into(),
            redelivered: message.redelivered,
            marked: message.marked,
        },
    });
    let mut runs: Vec<Run> = runs.collect();
    runs.sort_unstable_by_key(|run| run.first);
    runs.dedup_by(|next, last| last.extend(next, longest.saturating_mul(OCTETS)));
    let restored = Queue::restored_with(queue.next_index(), runs, queue.deferrals());
    let restored = restored.with_attempts(queue.attempts());
    restored.with_lifetimes(queue.now, queue.lifetimes()).with_settings(settings)
}
