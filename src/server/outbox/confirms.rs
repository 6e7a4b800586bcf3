//! An outbox's confirms: publishes are numbered, and answered when the queues have accepted them.

use super::sending::CommitState;
use super::{Outbox, wake};
use crate::amqp::id::{ChannelId, PublishTag};
use crate::channel::confirms::Outcome;
use crate::vhost::Commit;

impl Outbox {
    /// Numbers publishes that so many queues each have to accept, in order; those that none has
    /// to are confirmed.
    pub(in crate::server) fn number(&self, channel: ChannelId, pending: impl Iterator<Item = u32>) {
        let state = &mut *self.state.lock();
        let Some(sending) = state.channels.get_mut(&channel) else { return };
        for queues in pending {
            sending.confirms.publish(queues);
        }
        // Not the end of a transaction: that more may be numbered is why nobody waits yet.
        drop(state.answer(channel));
    }

    /// Has no publish of the channel answered that is numbered from now on.
    pub(in crate::server) fn begin_commit(&self, channel: ChannelId) {
        if let Some(sending) = self.state.lock().channels.get_mut(&channel) {
            sending.commit = Some(CommitState::Publishing);
        }
    }

    /// Something that is done when all publishes since [`Self::begin_commit`] are accepted.
    pub(in crate::server) fn end_commit(&self, channel: ChannelId) -> Commit {
        let mut state = self.state.lock();
        let Some(sending) = state.channels.get_mut(&channel) else { return Commit::done() };
        if sending.confirms.is_empty() {
            sending.commit = None;
            return Commit::done();
        }
        let (commit, completer) = Commit::pending();
        sending.commit = Some(CommitState::Accepting(completer));
        commit
    }

    /// Whether a queue has refused something of the transaction that was committed last.
    pub(in crate::server) fn is_partial(&self, channel: ChannelId) -> bool {
        self.state.lock().channels.get(&channel).is_some_and(|sending| sending.partial)
    }

    /// Notes the answers of a queue.
    pub(super) fn settle(&self, channel: ChannelId, publishes: &[PublishTag], outcome: Outcome) {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(sending) = state.channels.get_mut(&channel) else { return };
        sending.partial |= outcome == Outcome::Nack && sending.commit.is_some();
        for publish in publishes {
            sending.confirms.settle(*publish, outcome);
        }
        let committed = state.answer(channel);
        wake(guard);
        // Who waits for it looks at the outbox.
        if let Some(completer) = committed {
            completer.complete();
        }
    }
}
