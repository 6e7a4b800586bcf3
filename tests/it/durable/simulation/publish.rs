//! What publishers send: batches of messages for several queues, as a connection makes them.

use std::sync::Arc;

use bytes::BytesMut;
use leveret::amqp::id::{ChannelId, PublishTag};
use leveret::store::placement::Octets;
use leveret::vhost::batch::{Placed, PublishBatch, octets};
use leveret::vhost::queue::Queue;
use leveret::vhost::session::Session;

use super::model::Model;
use super::payload::Payload;
use super::random::Random;

/// A message of this size and more has a segment of its own.
const LARGE: usize = 32 << 10;

/// Publishers, who number what they send.
#[derive(Debug, Default)]
pub struct Publishers {
    sent: [u64; 3],
}

/// Messages for one queue.
pub struct Batch {
    pub queue: Arc<Queue>,
    octets: Octets,
    messages: Vec<(Payload, Placed)>,
}

impl Publishers {
    /// One publisher's next messages, each for some of the queues.
    pub fn batch(&mut self, queues: &[Arc<Queue>], random: &mut Random) -> Vec<Batch> {
        let publisher = random.below(self.sent.len());
        let count = random.choose(&[(5, 1), (3, 4), (1, 20)]);
        let largest = random.choose(&[(6, 100), (6, 2000), (1, 5000)]);
        let persistent = random.choose(&[(8, 100), (2, 50), (1, 0)]);
        let mut segments = vec![BytesMut::new()];
        let mut messages: Vec<Vec<(Payload, Placed)>> = queues.iter().map(|_| Vec::new()).collect();
        for _ in 0..=random.below(count) {
            self.sent[publisher] += 1;
            let size = if random.happens(1) { 100_000 } else { largest };
            let payload = Payload {
                publisher: u16::try_from(publisher).unwrap(),
                sequence: self.sent[publisher],
                size: u32::try_from(random.below(size + 1)).unwrap(),
            };
            let placed = place(payload, random.happens(persistent), &mut segments);
            for messages in &mut messages {
                if random.happens(80) {
                    messages.push((payload, placed));
                }
            }
        }
        let persistent =
            messages.iter().flatten().any(|(_, placed): &(Payload, Placed)| placed.persistent);
        let segments = segments.into_iter().map(BytesMut::freeze);
        let octets = octets(segments, persistent, queues.iter());
        let batches = queues.iter().zip(messages).filter(|(_, messages)| !messages.is_empty());
        let batch = |(queue, messages): (&Arc<Queue>, _)| Batch {
            queue: Arc::clone(queue),
            octets: octets.clone(),
            messages,
        };
        batches.map(batch).collect()
    }
}

fn place(payload: Payload, persistent: bool, segments: &mut Vec<BytesMut>) -> Placed {
    let octets = payload.octets();
    let segment = if octets.len() < LARGE { 0 } else { segments.len() };
    if segment > 0 {
        segments.push(BytesMut::new());
    }
    let offset = u32::try_from(segments[segment].len()).unwrap();
    segments[segment].extend_from_slice(&octets);
    Placed {
        segment: u32::try_from(segment).unwrap(),
        offset,
        body_len: payload.size,
        channel: ChannelId(payload.publisher + 1),
        confirm: None,
        persistent,
        marked: false,
    }
}

impl Batch {
    /// The same with the numbers of the publishes, which the model knows then.
    pub fn with_confirms(
        self,
        publisher: Arc<dyn Session>,
        model: &mut Model,
        random: &mut Random,
    ) -> PublishBatch {
        let Self { queue, octets, messages } = self;
        let wants = random.happens(90);
        let numbered = messages.into_iter().map(|(payload, placed)| {
            let tag = model.publish(queue.id, payload, placed.persistent);
            if !wants {
                model.awaited.remove(&tag);
            }
            Placed { confirm: wants.then_some(PublishTag(tag)), ..placed }
        });
        PublishBatch { messages: numbered.collect(), octets, publisher, fate: None }
    }
}
