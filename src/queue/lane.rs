//! The ready messages in order: fixed-size pages, so that a long queue never moves its entries and
//! gives memory back as it drains.

use std::collections::VecDeque;

use crate::amqp::id::{MessageIndex, StoreRef};

/// Entries in a full page: 6 KiB.
const PAGE: usize = 256;

/// A message as the queue knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in the queue.
    pub index: MessageIndex,
    /// Where the store keeps it.
    pub store: StoreRef,
    /// The size of its body.
    pub bytes: u32,
    /// Whether it was delivered before.
    pub redelivered: bool,
}

/// A first-in, first-out list of messages. No page but the first is short of its front, none but
/// the last is short of its back, and none is empty.
#[derive(Debug, Default)]
pub struct Lane {
    pages: VecDeque<VecDeque<Message>>,
    /// An emptied page, kept so that a lane in steady flow does not allocate.
    spare: Option<VecDeque<Message>>,
    len: usize,
}

impl Lane {
    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a message behind all others.
    #[inline]
    pub fn push_back(&mut self, message: Message) {
        self.len += 1;
        match self.pages.back_mut() {
            Some(page) if page.len() < PAGE => page.push_back(message),
            _ => self.push_page(message),
        }
    }

    /// Takes the first message.
    #[inline]
    pub fn pop_front(&mut self) -> Option<Message> {
        let page = self.pages.front_mut()?;
        let message = page.pop_front()?;
        self.len -= 1;
        if page.is_empty() {
            self.pop_page();
        }
        Some(message)
    }

    fn push_page(&mut self, message: Message) {
        // A short lane's only page grows as needed; the pages of a long one are filled for sure.
        let capacity = if self.pages.is_empty() { 4 } else { PAGE };
        let spare = self.spare.take();
        let mut page = spare.unwrap_or_else(|| VecDeque::with_capacity(capacity));
        page.push_back(message);
        self.pages.push_back(page);
    }

    fn pop_page(&mut self) {
        self.spare = self.pages.pop_front();
        if self.pages.is_empty() {
            self.pages.shrink_to(PAGE);
        }
    }

    /// Each message, to be pointed elsewhere in the store.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.pages.iter_mut().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(index: u64) -> Message {
        Message { index: MessageIndex(index), store: StoreRef(index), bytes: 1, redelivered: false }
    }

    #[test]
    fn messages_leave_in_the_order_they_came() {
        let mut lane = Lane::default();
        let mut expected = 0;

        for index in 0..5000 {
            lane.push_back(message(index));
            if index % 3 == 0 {
                assert_eq!(lane.pop_front(), Some(message(expected)));
                expected += 1;
            }
        }

        assert_eq!(lane.len(), 5000 - usize::try_from(expected).unwrap());
        assert!(lane.iter_mut().map(|m| m.index.0).eq(expected..5000));
        assert!(std::iter::from_fn(|| lane.pop_front()).map(|m| m.index.0).eq(expected..5000));
        assert!(lane.is_empty());
    }

    #[test]
    fn an_entry_takes_24_octets() {
        assert_eq!(size_of::<Message>(), 24);
    }
}
