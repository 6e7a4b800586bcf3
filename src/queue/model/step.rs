//! What is done to the queue and its model.

use proptest::prelude::*;
use proptest::sample::Index;

use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef};
use crate::queue::command::{Attach, ChannelLimit, Command, Exclusivity, Settlement, Stored};

/// A command whose consumer and message are chosen when it is run.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Enqueue(u32),
    Attach {
        priority: i64,
        prefetch: u16,
        acks: AckMode,
        exclusivity: Exclusivity,
        limit: ChannelLimit,
    },
    Detach(Index),
    Get(AckMode),
    Settle(Index, Settlement),
    Pause(Index),
    Resume(Index),
    Grant(Index, u32),
    LimitChannel(Index, ChannelLimit),
    Purge,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let acks = || prop_oneof![3 => Just(AckMode::Manual), 1 => Just(AckMode::Automatic)];
    let limit = || prop_oneof![2 => Just(ChannelLimit::Absent), 1 => Just(ChannelLimit::Present)];
    let exclusivity =
        prop_oneof![9 => Just(Exclusivity::Shared), 1 => Just(Exclusivity::Exclusive)];
    let priority = prop_oneof![2 => Just(0), 1 => -1..3_i64];
    let outcome = prop_oneof![
        Just(Settlement::Ack),
        Just(Settlement::Requeue),
        Just(Settlement::Requeue),
        Just(Settlement::Discard)
    ];
    let consumer = any::<Index>;
    prop_oneof![
        20 => (0..100_u32).prop_map(Step::Enqueue),
        3 => (priority, 0..4_u16, acks(), exclusivity, limit()).prop_map(
            |(priority, prefetch, acks, exclusivity, limit)| Step::Attach {
                priority, prefetch, acks, exclusivity, limit
            }),
        2 => consumer().prop_map(Step::Detach),
        3 => acks().prop_map(Step::Get),
        15 => (any::<Index>(), outcome).prop_map(|(index, outcome)| Step::Settle(index, outcome)),
        1 => consumer().prop_map(Step::Pause),
        2 => consumer().prop_map(Step::Resume),
        4 => (consumer(), 0..6_u32).prop_map(|(consumer, credit)| Step::Grant(consumer, credit)),
        1 => (consumer(), limit()).prop_map(|(consumer, l)| Step::LimitChannel(consumer, l)),
        1 => Just(Step::Purge),
    ]
}

impl Step {
    pub(super) fn command(&self, consumers: u64, messages: u64) -> Command {
        let pick = |index: &Index, count: u64| {
            u64::try_from(index.index(usize::try_from(count + 1).unwrap())).unwrap()
        };
        let consumer = |index| ConsumerId(pick(index, consumers));
        match self {
            Self::Enqueue(bytes) => {
                Command::Enqueue(Stored { store: StoreRef(messages), bytes: *bytes })
            }
            Self::Attach { priority, prefetch, acks, exclusivity, limit } => {
                Command::Attach(Attach {
                    consumer: ConsumerId(consumers),
                    priority: *priority,
                    prefetch: *prefetch,
                    acks: *acks,
                    exclusivity: *exclusivity,
                    limit: *limit,
                })
            }
            Self::Detach(index) => Command::Detach { consumer: consumer(index) },
            Self::Get(acks) => Command::Get { request: 1, acks: *acks },
            Self::Settle(index, outcome) => {
                Command::Settle { index: MessageIndex(pick(index, messages)), outcome: *outcome }
            }
            Self::Pause(index) => Command::Pause { consumer: consumer(index) },
            Self::Resume(index) => Command::Resume { consumer: consumer(index) },
            Self::Grant(index, credit) => {
                Command::Grant { consumer: consumer(index), credit: *credit }
            }
            Self::LimitChannel(index, limit) => {
                Command::LimitChannel { consumer: consumer(index), limit: *limit }
            }
            Self::Purge => Command::Purge { request: 1 },
        }
    }
}

/// What the owner does with the disk.
#[derive(Clone, Debug)]
pub(super) enum Page {
    /// Messages up to there can be located from now on.
    Write(Index),
    Unload {
        keep: usize,
    },
    /// No more than so many, from that place on.
    UnloadHeld {
        from: u64,
        limit: usize,
    },
    /// Begins to read what is wanted.
    Want {
        ahead: usize,
    },
    /// Ends it; of a run only the beginning, if `part` says so, and without what is `missing`.
    Load {
        part: Option<Index>,
        missing: u64,
    },
    /// Moves a run, with gaps behind the messages that `gaps` says.
    Move {
        run: Index,
        part: Option<Index>,
        gaps: u64,
        missing: u64,
    },
    /// Moves everything cold as it is.
    MoveAll,
}

pub(super) fn page() -> impl Strategy<Value = Page> {
    let part = || prop_oneof![3 => Just(None), 1 => any::<Index>().prop_map(Some)];
    let mask = || prop_oneof![3 => Just(0), 1 => any::<u64>()];
    let few = || prop_oneof![3 => Just(0), 1 => 1..10_usize];
    prop_oneof![
        4 => any::<Index>().prop_map(Page::Write),
        6 => few().prop_map(|keep| Page::Unload { keep }),
        2 => (0..20_u64, prop_oneof![0..4_usize, Just(usize::MAX)])
            .prop_map(|(from, limit)| Page::UnloadHeld { from, limit }),
        6 => prop_oneof![0..400_usize, Just(1), Just(usize::MAX)]
            .prop_map(|ahead| Page::Want { ahead }),
        5 => (part(), mask()).prop_map(|(part, missing)| Page::Load { part, missing }),
        2 => (any::<Index>(), part(), mask(), mask())
            .prop_map(|(run, part, gaps, missing)| Page::Move { run, part, gaps, missing }),
        1 => Just(Page::MoveAll),
    ]
}
