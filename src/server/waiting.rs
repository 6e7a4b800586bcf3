//! Methods whose effect has to be durable before they are answered. Until then nothing more that
//! the client sends is carried out.

use std::sync::Arc;
use std::time::Instant;

use amq_protocol::protocol::AMQPClass;

use super::input::Input;
use super::peer::Peer;
use super::service::Service;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::broker::connections::Link;
use crate::connection::event::ReceiveCheck;
use crate::vhost::Commit;
use crate::vhost::queue::Remains;

/// A method that has been carried out.
#[derive(Debug)]
pub(super) struct Waiting {
    commit: Commit,
    /// Its answer, if the client wants one.
    reply: Option<(ChannelId, AMQPClass)>,
    /// Its own consumers to be told after that of the queue that it deleted.
    remains: Remains,
}

impl Service {
    /// Writes a reply, unless the client wants none, when `commit` is done; the connection waits
    /// for that either way.
    pub(super) fn reply_after(
        &mut self,
        commit: Commit,
        channel: ChannelId,
        no_wait: bool,
        reply: AMQPClass,
    ) {
        if commit.is_done() {
            return self.reply(channel, no_wait, reply);
        }
        let reply = (!no_wait).then_some((channel, reply));
        self.waiting = Some(Waiting { commit, reply, remains: Remains::default() });
    }

    /// Tells the consumers of a deleted queue, those of this connection after the answer to the
    /// deletion, which [was replied](Self::reply_after).
    pub(super) fn tell_consumers(&mut self, remains: Remains) {
        match &mut self.waiting {
            None => remains.notify(),
            Some(waiting) => {
                let (own, others) = remains.split(self.id);
                waiting.remains = own;
                others.notify();
            }
        }
    }

    /// Answers what has been waited for; `false` when it still has to be.
    ///
    /// # Errors
    /// It was a transaction's commit, and has failed on that channel.
    fn answer_waiting(&mut self) -> Result<bool, (ChannelId, Exception)> {
        if self.waiting.as_ref().is_some_and(|waiting| !waiting.commit.is_done()) {
            return Ok(false);
        }
        let Some(Waiting { reply, remains, .. }) = self.waiting.take() else { return Ok(true) };
        if let Some((channel, reply)) = reply {
            self.check_commit(channel).map_err(|exception| (channel, exception))?;
            self.reply(channel, false, reply);
        }
        remains.notify();
        Ok(true)
    }
}

impl Peer {
    /// Stops carrying out frames if the method before has to become durable.
    pub(super) fn check_waiting(&mut self, now: Instant) {
        let Some(waiting) = self.service.as_ref().and_then(|service| service.waiting.as_ref())
        else {
            return;
        };
        let outbox = Arc::downgrade(&self.outbox);
        waiting.commit.on_done(move || {
            if let Some(outbox) = outbox.upgrade() {
                outbox.wake();
            }
        });
        self.input = Input::Waiting;
        self.core.set_receive_check(now, ReceiveCheck::Paused);
    }

    /// Whether what was waited for is durable, and answered now.
    pub(super) fn has_waited(&mut self) -> bool {
        let Some(service) = &mut self.service else { return true };
        match service.answer_waiting() {
            Ok(is_answered) => is_answered,
            Err((at, exception)) => {
                self.fail(Instant::now(), &exception, at);
                true
            }
        }
    }
}
