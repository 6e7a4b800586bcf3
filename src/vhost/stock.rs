//! What a queue holds at one moment, for a checkpoint: found behind the queue's lock, which is let go
//! of before it is put in order. With millions of messages that takes a second.

use crate::amqp::run::Run;
use crate::queue::waiting::Waiting;
use crate::queue::wheel::Far;
use crate::store::format::checkpoint::QueueImage;

/// In how many parts many messages are put in order: each is a copy of some of them, and short of
/// the few that lie alone they make long runs, so that all of them are never there twice.
const PARTS: u64 = 8;

/// What a queue holds, in no order yet.
#[derive(Debug)]
pub(super) struct Stock {
    /// All but what waits far ahead.
    pub(super) image: QueueImage,
    /// What waits far ahead for its time.
    pub(super) far: Far,
    /// The longest run, in octets.
    pub(super) run_max: u32,
}

impl Stock {
    /// All of it, in the order that a checkpoint has.
    pub(super) fn into_image(self) -> QueueImage {
        let Self { mut image, far, run_max } = self;
        let QueueImage { runs, returned, deferred, .. } = &mut image;
        *runs = in_order(std::mem::take(runs), &far, run_max);
        returned.sort_unstable_by_key(|(index, _)| *index);
        deferred.sort_unstable_by_key(|(index, _)| *index);
        image
    }
}

/// The runs of both in the order of their places, those that follow each other as one.
fn in_order(mut near: Vec<Run>, far: &Far, run_max: u32) -> Vec<Run> {
    near.sort_unstable_by_key(|run| run.first);
    if far.is_empty() {
        near.dedup_by(|next, last| last.extend(next, run_max));
        return near;
    }
    let places = far.iter().map(|waiting| waiting.index.0);
    let (first, last) =
        places.fold((u64::MAX, 0), |(first, last), place| (first.min(place), last.max(place)));
    let width = (last - first) / PARTS + 1;
    let mut near = near.into_iter().peekable();
    let (mut ordered, mut part) = (Vec::new(), Vec::<Run>::new());
    for at in 0..PARTS {
        let from = first.saturating_add(at * width);
        let to = if at + 1 < PARTS { from.saturating_add(width) } else { u64::MAX };
        let within = |waiting: &&Waiting| (from..to).contains(&waiting.index.0);
        let runs = far.iter().filter(within).map(Waiting::run);
        part.extend(runs.filter(|run| !run.position.is_volatile()));
        part.extend(std::iter::from_fn(|| near.next_if(|run| run.first.0 < to)));
        part.sort_unstable_by_key(|run| run.first);
        for run in part.drain(..) {
            if !ordered.last_mut().is_some_and(|last: &mut Run| last.extend(&run, run_max)) {
                ordered.push(run);
            }
        }
    }
    ordered.shrink_to_fit();
    ordered
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
    use crate::queue::core::Queue;
    use crate::queue::settings::Settings;
    use crate::store::format::position::Position;

    const OCTETS: u32 = 50;
    const RUN_MAX: u32 = 10 * OCTETS;

    /// A message where the log would have it if nothing was moved.
    fn waiting(place: u64, due: u64) -> Waiting {
        let at = Position { file: 1, offset: 4096 }.store_ref();
        let store = StoreRef(at.0 + place * u64::from(OCTETS));
        let waiting = Waiting::new(Timestamp(due), MessageIndex(place), store, 10);
        Waiting { octets: OCTETS, ..waiting }
    }

    proptest! {
        #[test]
        fn near_and_far_make_the_runs_that_their_places_make(
            dues in prop::collection::btree_map(0..2000_u64, 0..100_000_000_u64, 0..500),
            base in prop_oneof![Just(0), Just(u64::MAX / 256)],
        ) {
            let mut core =
                Queue::new().with_settings(Settings { delayed: true, ..Settings::default() });
            let (mut near, mut expected) = (Vec::new(), Vec::<Run>::new());
            for (place, due) in dues {
                let waiting = Waiting { index: MessageIndex(base + place), ..waiting(place, due) };
                let run = waiting.run();
                if due % 5 == 0 {
                    near.insert(0, run);
                } else {
                    core.restore_delayed(waiting, None);
                }
                if !expected.last_mut().is_some_and(|last| last.extend(&run, RUN_MAX)) {
                    expected.push(run);
                }
            }
            near.extend(core.entries_but_far().map(|entry| match entry {
                crate::queue::paging::Entry::Run(run) => run,
                other => panic!("{other:?} is in memory"),
            }));

            prop_assert_eq!(in_order(near, &core.far(), RUN_MAX), expected);
        }
    }
}
