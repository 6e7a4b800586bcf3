//! Messages that are in memory, in order: fixed-size pages, so that a long queue never moves its
//! entries and gives memory back as it drains.

use std::collections::VecDeque;

use super::Message;
use crate::amqp::id::MessageIndex;

/// Entries in a full page: 8 KiB.
const PAGE: usize = 256;

/// A first-in, first-out list of messages. No page is empty. All are full but the first and the
/// last, those where two lists were put together, and those that messages were taken out of.
#[derive(Debug, Default)]
pub(super) struct Hot {
    pages: VecDeque<VecDeque<Message>>,
    /// An emptied page, kept so that a list in steady flow does not allocate.
    spare: Option<VecDeque<Message>>,
    len: usize,
    bytes: u64,
}

impl Hot {
    /// How many messages there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The size of the bodies.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds a message behind all others.
    #[inline]
    pub(super) fn push_back(&mut self, message: Message) {
        debug_assert!(!message.store.is_cold());
        self.len += 1;
        self.bytes += u64::from(message.bytes);
        match self.pages.back_mut() {
            Some(page) if page.len() < PAGE => page.push_back(message),
            _ => self.push_page(message),
        }
    }

    /// Takes the first message.
    #[inline]
    pub(super) fn pop_front(&mut self) -> Option<Message> {
        let page = self.pages.front_mut()?;
        let message = page.pop_front()?;
        self.len -= 1;
        self.bytes -= u64::from(message.bytes);
        if page.is_empty() {
            self.spare = self.pages.pop_front();
            self.shrink();
        }
        Some(message)
    }

    /// Takes the last message.
    pub(super) fn pop_back(&mut self) -> Option<Message> {
        let page = self.pages.back_mut()?;
        let message = page.pop_back()?;
        self.len -= 1;
        self.bytes -= u64::from(message.bytes);
        if page.is_empty() {
            self.spare = self.pages.pop_back();
            self.shrink();
        }
        Some(message)
    }

    /// Takes out the message with that place in the queue. Searches, and moves what comes behind it
    /// on its page.
    pub(super) fn remove(&mut self, index: MessageIndex) -> Option<Message> {
        let behind = |page: &VecDeque<Message>| page.back().is_some_and(|last| last.index < index);
        let place = self.pages.partition_point(behind);
        let page = self.pages.get_mut(place)?;
        let within = page.binary_search_by_key(&index, |message| message.index).ok()?;
        let message = page.remove(within)?;
        self.len -= 1;
        self.bytes -= u64::from(message.bytes);
        if page.is_empty() {
            self.spare = self.pages.remove(place);
            self.shrink();
        }
        Some(message)
    }

    /// The first message.
    pub(super) fn front(&self) -> Option<&Message> {
        self.pages.front()?.front()
    }

    /// The last message.
    pub(super) fn back(&self) -> Option<&Message> {
        self.pages.back()?.back()
    }

    /// The message that has `place` others before it. Walks the pages before it.
    pub(super) fn get(&self, place: usize) -> Option<&Message> {
        if place >= self.len {
            return None;
        }
        let (page, within) = self.find(place);
        self.pages.get(page)?.get(within)
    }

    /// Takes away all but the first `keep` messages. Walks what it keeps.
    pub(super) fn split_off(&mut self, keep: usize) -> Self {
        let mut rest = std::mem::take(self);
        if keep >= rest.len {
            std::mem::swap(self, &mut rest);
            return rest;
        }
        let (page, within) = rest.find(keep);
        self.pages.extend(rest.pages.drain(..page));
        if within > 0
            && let Some(cut) = rest.pages.front_mut()
        {
            let behind = cut.split_off(within);
            self.pages.push_back(std::mem::replace(cut, behind));
        }
        self.spare = rest.spare.take();
        self.len = keep;
        self.bytes = self.iter().map(|message| u64::from(message.bytes)).sum();
        rest.len -= self.len;
        rest.bytes -= self.bytes;
        rest
    }

    /// Puts all messages of `behind` behind its own. Walks the pages of the shorter.
    pub(super) fn append(&mut self, mut behind: Self) {
        if let (Some(last), Some(next)) = (self.pages.back_mut(), behind.pages.front_mut())
            && last.len() + next.len() <= PAGE
        {
            last.append(next);
            behind.pages.pop_front();
        }
        if self.pages.len() < behind.pages.len() {
            while let Some(page) = self.pages.pop_back() {
                behind.pages.push_front(page);
            }
            self.pages = behind.pages;
        } else {
            self.pages.append(&mut behind.pages);
        }
        self.len += behind.len;
        self.bytes += behind.bytes;
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.pages.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.pages.iter_mut().flatten()
    }

    pub(super) fn into_messages(self) -> impl Iterator<Item = Message> {
        self.pages.into_iter().flatten()
    }

    /// The page of the message that has `place` others before it, and its place there.
    fn find(&self, place: usize) -> (usize, usize) {
        let mut left = place;
        let is_behind = |page: &&VecDeque<Message>| {
            let behind = left >= page.len();
            left -= if behind { page.len() } else { 0 };
            behind
        };
        let page = self.pages.iter().take_while(is_behind).count();
        (page, left)
    }

    fn push_page(&mut self, message: Message) {
        // A short list's only page grows as needed; the pages of a long one are filled for sure.
        let capacity = if self.pages.is_empty() { 4 } else { PAGE };
        let spare = self.spare.take();
        let mut page = spare.unwrap_or_else(|| VecDeque::with_capacity(capacity));
        page.push_back(message);
        self.pages.push_back(page);
    }

    fn shrink(&mut self) {
        if self.pages.is_empty() {
            self.pages.shrink_to(PAGE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::id::StoreRef;

    fn message(index: u64) -> Message {
        Message::new(MessageIndex(index), StoreRef(index), 1)
    }

    fn list(range: std::ops::Range<u64>) -> Hot {
        let mut list = Hot::default();
        range.for_each(|index| list.push_back(message(index)));
        list
    }

    #[track_caller]
    fn assert_holds(list: &Hot, range: std::ops::Range<u64>) {
        let count = range.end - range.start;
        assert_eq!((list.len() as u64, list.bytes()), (count, count));
        assert!(list.iter().map(|m| m.index.0).eq(range));
        assert!(list.pages.iter().all(|page| !page.is_empty()));
    }

    #[test]
    fn messages_leave_in_the_order_they_came() {
        let mut list = Hot::default();
        let mut expected = 0;

        for index in 0..5000 {
            list.push_back(message(index));
            if index % 3 == 0 {
                assert_eq!(list.pop_front(), Some(message(expected)));
                expected += 1;
            }
        }

        assert_holds(&list, expected..5000);
        assert!(std::iter::from_fn(|| list.pop_front()).map(|m| m.index.0).eq(expected..5000));
        assert!(list.is_empty());
    }

    #[test]
    fn a_list_can_be_cut_anywhere_and_put_together_again() {
        for keep in [0, 1, 255, 256, 257, 600, 999, 1000, 1001] {
            let mut front = list(0..1000);
            (0..3).for_each(|_| assert!(front.pop_front().is_some()));
            let cut = (3 + keep as u64).min(1000);

            let back = front.split_off(keep);

            assert_holds(&front, 3..cut);
            assert_holds(&back, cut..1000);
            front.append(back);
            assert_holds(&front, 3..1000);
            assert_eq!(front.get(500), Some(&message(503)));
            assert_eq!((front.get(996), front.get(997)), (Some(&message(999)), None));
        }
    }

    #[test]
    fn a_message_can_be_taken_from_anywhere() {
        let mut list = list(0..1000);

        for index in (0..1000).filter(|index| index % 3 > 0 || (300..600).contains(index)) {
            assert_eq!(list.remove(MessageIndex(index)), Some(message(index)));
            assert_eq!(list.remove(MessageIndex(index)), None);
        }

        let left = (0..1000).filter(|index| index % 3 == 0 && !(300..600).contains(index));
        assert!(list.iter().map(|m| m.index.0).eq(left.clone()));
        assert_eq!((list.len(), list.bytes()), (left.clone().count(), left.count() as u64));
        assert!(list.pages.iter().all(|page| !page.is_empty()));
    }

    #[test]
    fn short_lists_put_together_share_pages() {
        let mut whole = list(0..0);

        (0..1000).for_each(|index| whole.append(list(index..index + 1)));

        assert_holds(&whole, 0..1000);
        assert!(whole.pages.len() <= 8);
    }

    #[test]
    fn the_last_messages_can_be_taken_too() {
        let mut list = list(0..600);

        let taken = std::iter::from_fn(|| list.pop_back()).take(599).map(|m| m.index.0);

        assert!(taken.eq((1..600).rev()));
        assert_holds(&list, 0..1);
    }

    #[test]
    fn an_entry_takes_32_octets() {
        assert_eq!(size_of::<Message>(), 32);
    }
}
