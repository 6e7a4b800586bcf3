//! Class tx (spec 1.9): publishes and settlements that wait for their commit.

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::tx::{AMQPMethod, CommitOk, RollbackOk, SelectOk};
use bytes::Bytes;

use super::past::Way;
use super::publisher::Outgoing;
use super::service::Service;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::method::MethodId;
use crate::amqp::reply_code::ReplyCode;
use crate::channel::deliveries::Unacked;
use crate::channel::state::Channel;
use crate::codec::method::Method;
use crate::queue::command::Settlement;
use crate::vhost::Commit;

/// What a channel has asked for since its last commit or rollback.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    published: Vec<Publish>,
    settled: Vec<(Unacked, Settlement)>,
}

/// A message that was routed when it came, as far as that can be done before it is published.
#[derive(Debug)]
pub(super) struct Publish {
    pub(super) terms: Outgoing,
    pub(super) record: Bytes,
    pub(super) way: Way,
    /// Names of consumers of replies that it goes to besides.
    pub(super) replies: Vec<Box<[u8]>>,
    pub(super) mandatory: bool,
}

impl Transaction {
    pub(super) fn publish(&mut self, publish: Publish) {
        self.published.push(publish);
    }

    pub(super) fn settle(&mut self, taken: Vec<Unacked>, settlement: Settlement) {
        self.settled.extend(taken.into_iter().map(|unacked| (unacked, settlement)));
    }

    /// What was settled, to be undone.
    pub(super) fn into_settled(self) -> impl Iterator<Item = Unacked> {
        self.settled.into_iter().map(|(unacked, _)| unacked)
    }
}

impl Service {
    pub(super) fn handle_transaction(
        &mut self,
        channel: &mut Channel,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        let reply = match method {
            Method::TxSelect => {
                channel.select_transaction()?;
                AMQPMethod::SelectOk(SelectOk {})
            }
            Method::TxCommit => {
                channel.begin_commit()?;
                let commit = self.commit(channel, at);
                channel.end_commit();
                if commit.is_done() {
                    self.check_commit(at)?;
                }
                let reply = AMQPClass::Tx(AMQPMethod::CommitOk(CommitOk {}));
                self.reply_after(commit, at, false, reply);
                return Ok(());
            }
            _ => {
                channel.check_rollback()?;
                let transaction = self.transactions.remove(&at).unwrap_or_default();
                self.outbox.restore(at, transaction.into_settled());
                AMQPMethod::RollbackOk(RollbackOk {})
            }
        };
        self.reply(at, false, AMQPClass::Tx(reply));
        Ok(())
    }

    /// Whether every queue has accepted what a transaction published, once it is committed.
    ///
    /// # Errors
    /// One has refused something: 406 (RabbitMQ: `rabbit_channel:complete_tx/1`).
    pub(super) fn check_commit(&self, at: ChannelId) -> Result<(), Exception> {
        if !self.outbox.is_partial(at) {
            return Ok(());
        }
        let exception = Exception::new(ReplyCode::PreconditionFailed, "partial tx completion");
        Err(exception.caused_by(MethodId::TX_COMMIT))
    }

    /// Carries out what the transaction gathered. The commit is done when every queue has accepted
    /// what was published to it, which for persistent messages in durable queues is when they are
    /// in the log.
    fn commit(&mut self, channel: &mut Channel, at: ChannelId) -> Commit {
        let Transaction { published, settled } = self.transactions.remove(&at).unwrap_or_default();
        self.outbox.begin_commit(at);
        for mut publish in published {
            publish.terms.confirm = channel.number_publish();
            self.publish_record(publish);
        }
        self.outbox.freed(at, settled.iter().map(|(unacked, _)| unacked));
        for (unacked, settlement) in settled {
            self.add_settled([unacked], settlement);
        }
        self.flush();
        self.outbox.end_commit(at)
    }
}
