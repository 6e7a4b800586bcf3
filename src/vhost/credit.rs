//! How the credit of a whole channel (`basic.qos` with `global`) is dealt out to its consumers of
//! one queue.

use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId};

/// What a consumer gets of its channel's credit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) channel: (ConnectionId, ChannelId),
    /// Where it stands among those that want some: earlier ones are served first.
    pub(super) place: usize,
    pub(super) id: ConsumerId,
    /// How much it can use.
    pub(super) room: u32,
    /// How much it gets.
    pub(super) credit: u32,
}

/// Asks each channel once, by one of its consumers, for what its consumers together can use,
/// `most` at the most, and deals out what it grants in turns.
pub(super) fn deal(
    shares: &mut [Share],
    most: u32,
    mut reserve: impl FnMut(ConsumerId, u32) -> u32,
) {
    shares.sort_unstable_by_key(|share| (share.channel, share.place));
    for shares in shares.chunk_by_mut(|a, b| a.channel == b.channel) {
        let room = shares.iter().fold(0_u32, |sum, share| sum.saturating_add(share.room));
        if let Some(first) = shares.first() {
            spread(reserve(first.id, room.min(most)), shares);
        }
    }
    shares.sort_unstable_by_key(|share| share.place);
}

/// There is room for all of it.
fn spread(mut credit: u32, shares: &mut [Share]) {
    while credit > 0 {
        let before = credit;
        for share in shares.iter_mut().filter(|share| share.credit < share.room) {
            if credit > 0 {
                share.credit += 1;
                credit -= 1;
            }
        }
        if credit == before {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_is_asked_once_and_deals_out_in_turns() {
        let share = |place, channel, room| Share {
            channel: (ConnectionId(1), ChannelId(channel)),
            place,
            id: ConsumerId(place as u64),
            room,
            credit: 0,
        };
        let mut shares = [share(0, 2, 9), share(1, 1, 1), share(2, 2, 1), share(3, 1, 9)];
        let mut asked = Vec::new();

        deal(&mut shares, 8, |consumer, wanted| {
            asked.push((consumer.0, wanted));
            5
        });

        assert_eq!(asked, [(1, 8), (0, 8)]);
        assert_eq!(shares.map(|share| share.credit), [4, 1, 1, 4]);
    }
}
