//! A publisher that waits for confirms, or commits, and goes on until the broker is gone.

use std::collections::BTreeSet;

use super::journal::{Journal, What};
use super::message::{Message, MessageId, PUBLISHERS_MAX};
use super::random::Random;
use crate::raw::close::Close;
use crate::raw::message::Confirm;
use crate::raw::method::{
    BASIC_ACK, BASIC_RETURN, TX_COMMIT_OK, confirm_select, tx_commit, tx_select,
};
use crate::raw::peer::{NoFrame, Peer};

/// What a publisher does.
#[derive(Clone, Copy, Debug)]
pub struct Publisher {
    seed: u64,
    id: u32,
    /// Messages that may wait for their confirm, or that a transaction has.
    window: u32,
    transactional: bool,
    /// Messages of the round.
    limit: u32,
}

impl Publisher {
    pub fn new(seed: u64, round: u32, place: u32) -> Self {
        let id = round * PUBLISHERS_MAX + place;
        let mut random = Random::new(seed, 1 << 40 | u64::from(id));
        let window = random.choose(&[1, 10, 100, 1000]);
        let (limit, transactional) = (random.within(100..=4000), random.happens(20));
        Self { seed, id, window, transactional, limit }
    }

    /// Publishes on channel 1 until the broker is gone.
    pub fn run(self, mut peer: Peer, journal: &mut Journal<'_>) {
        let select = if self.transactional { tx_select() } else { confirm_select() };
        peer.channel(1).call(&select);
        let gone = self.publish(&mut peer, journal).unwrap_err();
        assert_eq!(gone, NoFrame::Ended, "{self:?}");
    }

    fn publish(self, peer: &mut Peer, journal: &mut Journal<'_>) -> Result<(), NoFrame> {
        let Self { seed, id: publisher, window, transactional, limit } = self;
        let (mut number, mut open) = (0, BTreeSet::new());
        loop {
            while open.len() < window as usize && number < limit {
                let id = MessageId { publisher, number };
                let message = Message::new(seed, id);
                journal.note(What::Published(id));
                peer.channel(1).publish(&message.publish(), &message.content());
                open.insert(number);
                number += 1;
                if transactional && (open.len() == window as usize || number == limit) {
                    peer.channel(1).send(&tx_commit());
                }
            }
            let frame = peer.read_frame()?;
            match frame.method_id() {
                Some(BASIC_ACK) => {
                    for number in confirmed(&mut open, Confirm::read(&frame)) {
                        journal.note(What::Confirmed(MessageId { publisher, number }));
                    }
                }
                Some(TX_COMMIT_OK) => {
                    for number in std::mem::take(&mut open) {
                        journal.note(What::Confirmed(MessageId { publisher, number }));
                    }
                }
                Some(BASIC_RETURN) => {
                    let content = peer.read_content(1)?;
                    let id = MessageId::of(&content).expect("a message of the test");
                    Message::new(seed, id).expect_intact(&content);
                    journal.note(What::Returned(id));
                }
                other => panic!("{self:?} got {other:?} {:?}", Close::read(&frame)),
            }
        }
    }
}

/// Takes out what a confirm confirms.
#[track_caller]
fn confirmed(open: &mut BTreeSet<u32>, confirm: Confirm) -> BTreeSet<u32> {
    let number = u32::try_from(confirm.tag - 1).unwrap();
    assert!(open.remove(&number), "{number} is confirmed twice or was never published");
    let mut confirmed = BTreeSet::from([number]);
    if confirm.multiple {
        let later = open.split_off(&number);
        confirmed.append(open);
        *open = later;
    }
    confirmed
}
