//! ack, nack, reject and recover (spec 1.8.3.13 to 1.8.3.16; RabbitMQ's basic.nack).

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic::{AMQPMethod, RecoverOk};

use super::outbox::Freed;
use super::service::Service;
use crate::amqp::exception::Exception;
use crate::amqp::id::{ChannelId, DeliveryTag, MessageIndex, QueueId};
use crate::amqp::reply_code::ReplyCode;
use crate::channel::deliveries::{Reach, Unacked};
use crate::channel::mode::Mode;
use crate::channel::state::Channel;
use crate::codec::method::Method;
use crate::queue::command::Settlement;

impl Service {
    pub(super) fn handle_settlement(
        &mut self,
        channel: &Channel,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        let (tag, reach, settlement) = match method {
            Method::BasicAck { delivery_tag, multiple } => {
                (delivery_tag, reach(multiple), Settlement::Ack)
            }
            Method::BasicNack { delivery_tag, multiple, requeue } => {
                (delivery_tag, reach(multiple), refusal(requeue, Settlement::Requeue))
            }
            Method::BasicReject { delivery_tag, requeue } => {
                (delivery_tag, Reach::One, refusal(requeue, Settlement::Fail))
            }
            Method::BasicRecover { requeue } | Method::BasicRecoverAsync { requeue } => {
                if !requeue {
                    return Err(Exception::new(ReplyCode::NotImplemented, "requeue=false"));
                }
                if matches!(method, Method::BasicRecover { .. }) {
                    let recover_ok = AMQPClass::Basic(AMQPMethod::RecoverOk(RecoverOk {}));
                    self.reply(at, false, recover_ok);
                }
                return self.settle(at, (DeliveryTag(0), Reach::UpTo), Settlement::Requeue);
            }
            // A client's answer to the server's basic.cancel.
            _ => return Ok(()),
        };
        if channel.mode() == Mode::Transactional {
            let mut taken = Vec::new();
            self.outbox.take(at, (tag, reach), Freed::Later, &mut taken)?;
            self.transactions.entry(at).or_default().settle(taken, settlement);
            return Ok(());
        }
        self.settle(at, (tag, reach), settlement)
    }

    fn settle(
        &mut self,
        at: ChannelId,
        named: (DeliveryTag, Reach),
        settlement: Settlement,
    ) -> Result<(), Exception> {
        let mut taken = std::mem::take(&mut self.taken);
        let result = self.outbox.take(at, named, Freed::Now, &mut taken);
        let trims = |it: &Unacked| self.queues.get(&it.queue).is_some_and(|it| it.trims_first());
        // What is too much goes for this request alone, when all before it has been dealt with.
        let alone =
            matches!(settlement, Settlement::Requeue | Settlement::Fail) && taken.iter().any(trims);
        if alone {
            self.flush();
        }
        self.refused |= settlement != Settlement::Ack;
        self.settled
            .extend(taken.drain(..).map(|Unacked { queue, index, .. }| (queue, index, settlement)));
        self.taken = taken;
        if alone {
            self.flush_settled();
        }
        Ok(result?)
    }

    /// Tells the queues what has been settled, one visit each.
    pub(super) fn flush_settled(&mut self) {
        let settled = &mut self.settled;
        if settled.is_empty() {
            return;
        }
        if settled.windows(2).any(|pair| matches!(pair, [a, b] if a.0 > b.0)) {
            // Stable: within a queue the order of settling stays.
            settled.sort_by_key(|(queue, ..)| *queue);
        }
        for run in settled.chunk_by(|a, b| a.0 == b.0) {
            let of_queue: Vec<(MessageIndex, Settlement)> =
                run.iter().map(|(_, index, settlement)| (*index, *settlement)).collect();
            if let Some(queue) = run.first().and_then(|(queue, ..)| self.queues.get(queue)) {
                queue.settle(of_queue);
            }
        }
        settled.clear();
        self.refused = false;
    }

    /// Adds deliveries that are settled for good to what the queues will be told.
    pub(super) fn add_settled(
        &mut self,
        unacked: impl IntoIterator<Item = Unacked>,
        settlement: Settlement,
    ) {
        let entry = |Unacked { queue, index, .. }: Unacked| -> (QueueId, MessageIndex, Settlement) {
            (queue, index, settlement)
        };
        self.settled.extend(unacked.into_iter().map(entry));
    }
}

fn reach(multiple: bool) -> Reach {
    if multiple { Reach::UpTo } else { Reach::One }
}

/// What a refusal comes to: `back` if the message is to be requeued.
fn refusal(requeue: bool, back: Settlement) -> Settlement {
    if requeue { back } else { Settlement::Discard }
}
