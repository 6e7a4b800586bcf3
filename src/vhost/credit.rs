//! How the credit of a whole channel (`basic.qos` with `global`) is dealt out to its consumers of
//! one queue.

use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId};

/// What a consumer gets of its channel's credit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) channel: (ConnectionId, ChannelId),
    /// Those of a higher priority stand before it.
    pub(super) priority: i64,
    /// Where it stands among those that want some: earlier ones are served first.
    pub(super) place: usize,
    pub(super) id: ConsumerId,
    /// How much it can use.
    pub(super) room: u32,
    /// How much it gets.
    pub(super) credit: u32,
}

/// Asks each channel once, by one of its consumers, for what its consumers together can use,
/// `most` at the most, and deals out what it grants: to the highest priority what it can use, in
/// turns among equals, and the rest to the next one.
pub(super) fn deal(
    shares: &mut [Share],
    most: u32,
    mut reserve: impl FnMut(ConsumerId, u32) -> u32,
) {
    shares.sort_unstable_by_key(|share| (share.channel, share.place));
    for shares in shares.chunk_by_mut(|a, b| a.channel == b.channel) {
        let room = shares.iter().fold(0_u32, |sum, share| sum.saturating_add(share.room));
        if let Some(first) = shares.first() {
            let mut credit = reserve(first.id, room.min(most));
            for equals in shares.chunk_by_mut(|a, b| a.priority == b.priority) {
                credit = spread(credit, equals);
            }
        }
    }
    shares.sort_unstable_by_key(|share| share.place);
}

/// Gives each as much as it can use, in turns; returns what is left.
fn spread(mut credit: u32, shares: &mut [Share]) -> u32 {
    while credit > 0 {
        let before = credit;
        for share in shares.iter_mut().filter(|share| share.credit < share.room) {
            if credit > 0 {
                share.credit += 1;
                credit -= 1;
            }
        }
        if credit == before {
            break;
        }
    }
    credit
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn share(place: usize, channel: u16, room: u32) -> Share {
        Share {
            channel: (ConnectionId(1), ChannelId(channel)),
            priority: 0,
            place,
            id: ConsumerId(place as u64),
            room,
            credit: 0,
        }
    }

    #[test]
    fn each_channel_is_asked_once_and_deals_out_in_turns() {
        let mut shares = [share(0, 2, 9), share(1, 1, 1), share(2, 2, 1), share(3, 1, 9)];
        let mut asked = Vec::new();

        deal(&mut shares, 8, |consumer, wanted| {
            asked.push((consumer.0, wanted));
            5
        });

        assert_eq!(asked, [(1, 8), (0, 8)]);
        assert_eq!(shares.map(|share| share.credit), [4, 1, 1, 4]);
    }

    #[test]
    fn a_lower_priority_gets_what_the_higher_ones_have_no_room_for() {
        let ranked = |priority, share| Share { priority, ..share };
        let mut shares = [
            ranked(9, share(0, 1, 2)),
            ranked(9, share(1, 1, 1)),
            ranked(0, share(2, 1, 9)),
            ranked(-5, share(3, 1, 9)),
            ranked(-5, share(4, 2, 9)),
        ];

        deal(&mut shares, 8, |_, _| 5);

        assert_eq!(shares.map(|share| share.credit), [2, 1, 2, 0, 5]);
    }
}
