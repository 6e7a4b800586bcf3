//! Publishes for which a queue has no room, where it refuses them (`x-overflow` reject-publish).

use super::batch::{Placed, PublishBatch};
use super::inbox::Worker;
use super::journal::by_channel;
use super::worker::QueueWorker;
use crate::amqp::argument::Overflow;
use crate::queue::command::Command;
use crate::queue::length::Vacancy;
use crate::queue::settings::Dead;

impl QueueWorker {
    /// Takes in what there is room for, and refuses the rest. Each message is judged by itself,
    /// after the consumers have been sent what they can take of those before it. A duplicate needs
    /// no room.
    pub(super) fn publish_within(&mut self, vacancy: Vacancy, batch: &PublishBatch) {
        let mut vacancy = Some(vacancy);
        let mut left = batch.messages.as_slice();
        let mut refused = Vec::new();
        while let Some((first, behind)) = left.split_first() {
            let fits = count_fitting(vacancy, left);
            if fits == batch.messages.len() {
                return self.take(batch);
            }
            if fits > 0 {
                let (fitting, rest) = left.split_at(fits);
                self.take(&part(batch, fitting.to_vec()));
                left = rest;
            } else if self.advance() == 0 {
                if !self.drop_duplicate(batch, first) {
                    refused.push(*first);
                }
                left = behind;
            }
            vacancy = self.core.vacancy();
        }
        self.refuse(part(batch, refused));
    }

    /// Drops messages; a copy of each is dead-lettered where the queue does so.
    fn refuse(&mut self, mut batch: PublishBatch) {
        if let Some(fate) = &batch.fate {
            fate.refuse(&batch.messages);
        }
        let confirmed = batch.messages.iter().filter_map(|m| Some((m.channel, m.confirm?)));
        by_channel(confirmed, |channel, tags| batch.publisher.rejected(channel, tags));
        let settings = self.core.settings();
        if settings.overflow == Overflow::RejectPublishDlx && settings.dead == Dead::Published {
            // The copy is nobody's who waits for it.
            batch.messages.iter_mut().for_each(|message| message.persistent = false);
            self.gather(&batch, |stored, _, _| Command::Refuse(stored));
            self.run();
        }
    }
}

/// How many of the first messages there is room for.
fn count_fitting(vacancy: Option<Vacancy>, messages: &[Placed]) -> usize {
    let Some(mut vacancy) = vacancy else { return messages.len() };
    messages.iter().take_while(|message| vacancy.take(message.body_len)).count()
}

fn part(batch: &PublishBatch, messages: Vec<Placed>) -> PublishBatch {
    let PublishBatch { octets, publisher, fate, .. } = batch;
    let (octets, publisher, fate) = (octets.clone(), publisher.clone(), fate.clone());
    PublishBatch { octets, messages, publisher, fate }
}
