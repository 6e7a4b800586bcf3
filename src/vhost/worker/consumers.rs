//! The worker's consumers: they come, are paused and limited, and go.

use std::sync::Arc;

use super::QueueWorker;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId};
use crate::queue::command::{Attach, ChannelLimit, Command, Exclusivity, Settlement};
use crate::vhost::batch::Leaving;
use crate::vhost::session::{Consumer, Room};

/// How a consumer consumes.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// It is served before those of a lower priority.
    pub priority: i64,
    /// Unacked messages it may hold, 0 for any number.
    pub prefetch: u16,
    /// Whether it settles.
    pub acks: AckMode,
    /// Whether it wants the queue for itself.
    pub exclusivity: Exclusivity,
    /// Whether its channel has a limit of its own.
    pub limit: ChannelLimit,
}

/// Why a consumer did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAttached {
    /// The queue is, or would have to be, in exclusive use.
    ExclusiveUse,
    /// The queue was deleted since it was found.
    Deleted,
}

#[derive(Debug)]
pub(super) struct Attached {
    pub(super) consumer: Consumer,
    pub(super) limit: ChannelLimit,
}

impl QueueWorker {
    pub(in crate::vhost) fn attach(
        &mut self,
        consumer: Consumer,
        terms: Terms,
        announce: impl FnOnce(),
    ) -> Result<(), NotAttached> {
        let Terms { priority, prefetch, acks, exclusivity, limit } = terms;
        if self.closed {
            return Err(NotAttached::Deleted);
        }
        if !self.core.admits(exclusivity) {
            return Err(NotAttached::ExclusiveUse);
        }
        announce();
        let (id, session) = (consumer.id, Arc::clone(&consumer.session));
        let attached = Attached { consumer, limit: ChannelLimit::Absent };
        self.consumers.insert(id, attached);
        self.commands.push(Command::Attach(Attach {
            consumer: id,
            priority,
            prefetch,
            acks,
            exclusivity,
            limit: ChannelLimit::Absent,
        }));
        if acks == AckMode::Manual {
            self.limit(id, limit);
        }
        if session.room(self.queue) == Room::Full {
            self.commands.push(Command::Pause { consumer: id });
        }
        self.run();
        Ok(())
    }

    pub(in crate::vhost) fn detach(&mut self, id: ConsumerId) -> bool {
        if self.consumers.remove(&id).is_none() {
            return false;
        }
        self.commands.push(Command::Detach { consumer: id });
        self.run();
        self.renew();
        self.consumers.is_empty()
    }

    /// Stops deliveries to a consumer, which is about to go.
    pub(in crate::vhost) fn silence(&mut self, id: ConsumerId) {
        if self.consumers.contains_key(&id) {
            self.commands.push(Command::Pause { consumer: id });
            self.run();
        }
    }

    /// Ends consumers and requeues what they had, before anybody else is served: so whoever takes
    /// over gets the messages in order. Returns whether the last consumer has gone.
    pub(in crate::vhost) fn leave(&mut self, leaving: &Leaving) -> bool {
        let mut gone = false;
        for id in &leaving.consumers {
            if self.consumers.remove(id).is_some() {
                self.commands.push(Command::Detach { consumer: *id });
                gone = true;
            }
        }
        let outcome = Settlement::Fail;
        let requeued = leaving.requeued.iter();
        self.commands.extend(requeued.map(|index| Command::Settle { index: *index, outcome }));
        self.run();
        if gone {
            self.renew();
        }
        gone && self.consumers.is_empty()
    }

    pub(in crate::vhost) fn limit_channel(
        &mut self,
        session: ConnectionId,
        channel: ChannelId,
        limit: ChannelLimit,
    ) {
        let of_channel = |attached: &&Attached| {
            attached.consumer.session.id() == session && attached.consumer.channel == channel
        };
        let mut ids: Vec<_> =
            self.consumers.values().filter(of_channel).map(|a| a.consumer.id).collect();
        ids.sort_unstable();
        for id in ids {
            self.limit(id, limit);
        }
        self.run();
    }

    fn limit(&mut self, id: ConsumerId, limit: ChannelLimit) {
        let Some(attached) = self.consumers.get_mut(&id) else { return };
        if attached.limit != limit {
            attached.limit = limit;
            self.commands.push(Command::LimitChannel { consumer: id, limit });
        }
    }

    /// Adds a command for every consumer of a session.
    pub(super) fn each_of(
        &mut self,
        session: ConnectionId,
        command: impl Fn(ConsumerId) -> Command,
    ) {
        let start = self.commands.len();
        let of_session = self.consumers.values().filter(|a| a.consumer.session.id() == session);
        self.commands.extend(of_session.map(|attached| command(attached.consumer.id)));
        if let Some(added) = self.commands.get_mut(start..) {
            added.sort_unstable_by_key(|command| match command {
                Command::Pause { consumer } | Command::Resume { consumer } => *consumer,
                _ => ConsumerId(0),
            });
        }
    }
}
