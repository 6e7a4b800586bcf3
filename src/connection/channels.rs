//! The channels of a connection, by number.

use std::collections::BTreeMap;

use super::error::Unexpected;
use crate::amqp::id::ChannelId;
use crate::channel::state::Channel;

/// A number that is in use.
///
/// ```text
///   (free) --open--> Open --close--> Releasing --/ close-ok--> (free)
///                     | error / close
///                     v
///                AwaitCloseOk --close-ok--> (free)
///                     | open
///                     v
///                 Reopened --close-ok--> Open        and otherwise as Open
/// ```
#[derive(Debug)]
pub(super) enum Slot {
    /// Open.
    Open(Box<Channel>),
    /// The client closes it, and the owner releases what it holds. Its frames are ignored.
    Releasing(Box<Channel>),
    /// The server has closed it. Its frames are ignored, but for those that close or open it.
    AwaitCloseOk,
    /// Opened again before the answer to the server's close of the channel before it.
    Reopened(Box<Channel>),
}

impl Slot {
    /// The channel, unless the server has closed it.
    pub(super) fn channel(&self) -> Option<&Channel> {
        match self {
            Self::Open(channel) | Self::Releasing(channel) | Self::Reopened(channel) => {
                Some(channel)
            }
            Self::AwaitCloseOk => None,
        }
    }

    /// The channel, unless the server has closed it.
    pub(super) fn channel_mut(&mut self) -> Option<&mut Channel> {
        match self {
            Self::Open(channel) | Self::Releasing(channel) | Self::Reopened(channel) => {
                Some(channel)
            }
            Self::AwaitCloseOk => None,
        }
    }

    /// Takes note that the client closes the channel.
    pub(super) fn release(&mut self) {
        *self = match std::mem::replace(self, Self::AwaitCloseOk) {
            Self::Open(channel) | Self::Reopened(channel) => Self::Releasing(channel),
            other => other,
        };
    }

    /// Takes note that the answer to the former channel's close has come after all.
    pub(super) fn settle_reopened(&mut self) {
        *self = match std::mem::replace(self, Self::AwaitCloseOk) {
            Self::Reopened(channel) => Self::Open(channel),
            other => other,
        };
    }
}

/// The numbers in use.
#[derive(Debug, Default)]
pub(super) struct Channels {
    slots: BTreeMap<u16, Slot>,
}

impl Channels {
    pub(super) fn slot(&self, id: ChannelId) -> Option<&Slot> {
        self.slots.get(&id.0)
    }

    #[inline]
    pub(super) fn slot_mut(&mut self, id: ChannelId) -> Option<&mut Slot> {
        self.slots.get_mut(&id.0)
    }

    /// Checks that one more channel may be opened; its number does not matter.
    pub(super) fn check_room(&self, max: u16) -> Result<(), Unexpected> {
        let open = self.slots.len();
        if max != 0 && open >= usize::from(max) {
            return Err(Unexpected::TooManyChannels { open, max });
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, id: ChannelId, slot: Slot) {
        self.slots.insert(id.0, slot);
    }

    pub(super) fn remove(&mut self, id: ChannelId) {
        self.slots.remove(&id.0);
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
    }

    /// Closes an open channel, and says whether there was one.
    pub(super) fn fail(&mut self, id: ChannelId) -> bool {
        match self.slots.get_mut(&id.0) {
            Some(slot @ (Slot::Open(_) | Slot::Reopened(_))) => {
                *slot = Slot::AwaitCloseOk;
                true
            }
            Some(Slot::Releasing(_) | Slot::AwaitCloseOk) | None => false,
        }
    }

    /// Those whose owner still holds something for them, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ChannelId, &Channel)> {
        self.slots.iter().filter_map(|(id, slot)| Some((ChannelId(*id), slot.channel()?)))
    }
}
