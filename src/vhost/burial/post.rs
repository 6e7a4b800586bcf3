//! The dead letters of one virtual host, from their queue until they have arrived.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::clerk::{Clerk, Way};
use super::crowd::Reply;
use super::letter::{Content, DeadLetters, Letter};
use super::mail::{Mail, Written, address};
use crate::amqp::id::{
    ChannelId, ConnectionId, ConsumerId, MessageIndex, PublishTag, QueueId, Timestamp,
};
use crate::amqp::name::ConsumerTag;
use crate::vhost::host::Vhost;
use crate::vhost::session::{Delivery, Got, Room, Session};

/// Letters published together at most, and octets after which no more join them.
const BATCH_LETTERS: usize = 1000;
const BATCH_OCTETS: usize = 256 << 10;

/// After this many milliseconds a letter that nobody took and that is kept is tried again.
const RETRY: u64 = 1000;

/// After this many milliseconds it is looked again whether clients have room for direct replies.
const ROOM: u64 = 16;

/// The dead letters on their way. Queues use it while they are locked, so its lock is a leaf.
#[derive(Debug, Default)]
pub(in crate::vhost) struct Post {
    state: Mutex<State>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    /// To be published, in the order in which they came.
    letters: VecDeque<Letter>,
    /// Published, and not accepted by all of their queues.
    open: HashMap<PublishTag, Open, RandomState>,
    last: u64,
    /// To be taken out of the queues that they come from.
    arrived: Vec<(Arc<DeadLetters>, MessageIndex)>,
    /// Taken by nobody, and kept.
    kept: Vec<Letter>,
    /// The same, to be tried again then, in this order.
    later: VecDeque<(Timestamp, Letter)>,
}

#[derive(Debug)]
struct Open {
    letter: Letter,
    /// Queues that have not answered.
    left: usize,
    /// Whether one of them has refused it.
    refused: bool,
}

impl Post {
    /// One that notifies `changed` when there is something to do.
    pub(in crate::vhost) fn new(changed: &Arc<Notify>) -> Self {
        Self { changed: Arc::clone(changed), ..Self::default() }
    }

    /// Takes letters in.
    pub(in crate::vhost) fn send(&self, letters: Vec<Letter>) {
        self.state.lock().letters.extend(letters);
        self.changed.notify_one();
    }

    /// Publishes some of the letters, and has those that arrived taken out of their queues. Returns
    /// when there is more to do.
    pub(in crate::vhost) fn turn(
        self: &Arc<Self>,
        vhost: &Vhost,
        now: Timestamp,
        clerk: &mut Clerk,
    ) -> Option<Timestamp> {
        let letters = self.state.lock().take(now);
        let mut mail = Mail::new(now);
        self.serve_crowd(vhost, clerk, &mut mail);
        for letter in letters {
            self.publish(vhost, clerk, (&letter, None), &mut mail);
        }
        mail.send(&(Arc::clone(self) as Arc<dyn Session>));
        self.bury();
        let next = self.state.lock().next(now);
        let waits = (!clerk.crowd.is_empty()).then(|| now.plus(ROOM));
        next.into_iter().chain(waits).min()
    }

    /// Publishes letters that have waited for clients which have room now.
    fn serve_crowd(&self, vhost: &Vhost, clerk: &mut Clerk, mail: &mut Mail) {
        let Some(replies) = vhost.replies().filter(|_| !clerk.crowd.is_empty()) else { return };
        for name in clerk.crowd.names() {
            for _ in 0..BATCH_LETTERS {
                if replies.room(&name) == Room::Full {
                    break;
                }
                let Some(letter) = clerk.crowd.pop(&name) else { break };
                self.publish(vhost, clerk, (&letter, Some(&name)), mail);
            }
        }
    }

    /// Adds a letter to the mail, if it has somewhere to go; what goes to a consumer of direct
    /// replies goes at once, past the line of the one that is `served`.
    fn publish(
        &self,
        vhost: &Vhost,
        clerk: &mut Clerk,
        (letter, served): (&Letter, Option<&[u8]>),
        mail: &mut Mail,
    ) {
        let Some((message, content)) = letter.open() else {
            return self.state.lock().arrive(letter);
        };
        let exchange = letter.terms.exchange.as_bytes();
        let new_address;
        let written = match &content {
            Content::Dead(buried) => {
                new_address = address(exchange, buried.keys.own);
                Written::dead(&new_address, buried, message.body)
            }
            Content::Due(due) => Written::due(&message, due, exchange),
        };
        let reply = clerk.crowd.reply(vhost.replies(), letter, &written, served);
        if reply == Reply::Waits {
            return;
        }
        match clerk.address(vhost, &written) {
            Way::Duplicate => self.state.lock().arrive(letter),
            Way::Later => self.state.lock().put_off(letter.clone()),
            Way::To(queues, _) if queues.is_empty() => {
                self.state.lock().end(letter.clone(), reply == Reply::None);
            }
            Way::To(queues, sights) => {
                let answers = queues.len() + usize::from(!sights.is_empty());
                let tag = self.state.lock().open(letter.clone(), answers);
                let place = mail.add(&written, &queues, tag);
                mail.note(vhost, sights, place, tag);
            }
        }
    }

    /// Has letters that arrived taken out of the queues that they come from.
    fn bury(&self) {
        let arrived = std::mem::take(&mut self.state.lock().arrived);
        for of_one in arrived.chunk_by(|(a, _), (b, _)| Arc::ptr_eq(a, b)) {
            let source = of_one.first().and_then(|(terms, _)| terms.source.upgrade());
            if let Some(source) = source {
                source.bury(of_one.iter().map(|(_, index)| *index).collect());
            }
        }
    }

    /// Notes what a queue says of letters.
    fn answer(&self, letters: &[PublishTag], refused: bool) {
        let mut state = self.state.lock();
        for tag in letters {
            state.answer(*tag, refused);
        }
        if !state.arrived.is_empty() || !state.kept.is_empty() {
            self.changed.notify_one();
        }
    }
}

impl State {
    /// What is to be published now.
    fn take(&mut self, now: Timestamp) -> Vec<Letter> {
        let again = now.plus(RETRY);
        self.later.extend(self.kept.drain(..).map(|letter| (again, letter)));
        while let Some((_, letter)) = self.later.pop_front_if(|(time, _)| *time <= now) {
            // What is kept goes with its queue.
            let source = letter.terms.source.upgrade();
            if source.is_some_and(|source| !source.is_deleted()) {
                self.letters.push_back(letter);
            }
        }
        let mut octets = 0;
        let mut taken = Vec::new();
        while taken.len() < BATCH_LETTERS
            && octets < BATCH_OCTETS
            && let Some(letter) = self.letters.pop_front()
        {
            if letter.is_purged() {
                continue;
            }
            octets += letter.octets.len();
            taken.push(letter);
        }
        taken
    }

    fn open(&mut self, letter: Letter, left: usize) -> PublishTag {
        self.last += 1;
        let tag = PublishTag(self.last);
        self.open.insert(tag, Open { letter, left, refused: false });
        tag
    }

    fn answer(&mut self, tag: PublishTag, refused: bool) {
        let Some(open) = self.open.get_mut(&tag) else { return };
        open.left = open.left.saturating_sub(1);
        open.refused |= refused;
        if open.left == 0
            && let Some(Open { letter, refused, .. }) = self.open.remove(&tag)
        {
            self.end(letter, refused);
        }
    }

    /// The end of a letter that everybody has answered to, or that goes to nobody.
    fn end(&mut self, letter: Letter, refused: bool) {
        if refused && letter.terms.keeps() {
            Clerk::warn_of_kept(&letter);
            self.kept.push(letter);
        } else {
            self.arrive(&letter);
        }
    }

    /// A letter that is tried again later: what it is a duplicate of may still be refused.
    fn put_off(&mut self, letter: Letter) {
        self.kept.push(letter);
    }

    fn arrive(&mut self, letter: &Letter) {
        self.arrived.push((Arc::clone(&letter.terms), letter.index));
    }

    /// When there is something to do.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.letters.is_empty() || !self.arrived.is_empty() || !self.kept.is_empty() {
            return Some(now);
        }
        self.later.front().map(|(time, _)| *time)
    }
}

/// It publishes, and consumes nothing.
impl Session for Post {
    fn id(&self) -> ConnectionId {
        ConnectionId(0)
    }

    fn deliver(&self, _: QueueId, _: &mut dyn Iterator<Item = Delivery<'_>>) -> Room {
        Room::Left
    }

    fn got(&self, _: QueueId, _: ChannelId, _: Got<'_>, _: u64) {}

    fn accepted(&self, _: ChannelId, publishes: &[PublishTag]) {
        self.answer(publishes, false);
    }

    fn rejected(&self, _: ChannelId, publishes: &[PublishTag]) {
        self.answer(publishes, true);
    }

    fn cancelled(&self, _: ChannelId, _: ConsumerId, _: &ConsumerTag) {}

    fn room(&self, _: QueueId) -> Room {
        Room::Left
    }

    fn reserve_credit(&self, _: QueueId, _: ChannelId, _: u32) -> u32 {
        0
    }

    fn release_credit(&self, _: ChannelId, _: u32) {}
}
