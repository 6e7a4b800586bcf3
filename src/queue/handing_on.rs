//! What a queue does whose messages are there for others alone: as soon as one is ready it dies, so
//! that it is published where it has to go, and stays until it has arrived.

use super::core::Queue;
use super::dying::Death;
use super::effect::Effects;

impl Queue {
    /// Has ready messages die in their order, as many as may be on their way. What is cold is
    /// waited for.
    pub(super) fn hand_on(&mut self, effects: &mut Effects) {
        while self.dying.has_room()
            && let Some(message) = self.ready.pop_front()
        {
            self.deadlines.remove(&message);
            self.kill(message, Death::Due, effects);
            self.tell_deaths(effects);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
    use crate::queue::command::{Command, Stored};
    use crate::queue::effect::{Budget, Effect};
    use crate::queue::settings::{Dead, Settings};

    struct Rig {
        queue: Queue,
        effects: Effects,
        stored: u64,
    }

    impl Rig {
        fn new() -> Self {
            let settings = Settings {
                delayed: true,
                hands_on: true,
                dead: Dead::Published,
                ..Settings::default()
            };
            let effects = Effects::new(Budget { messages: 256, bytes: 256 << 10 });
            Self { queue: Queue::new().with_settings(settings), effects, stored: 0 }
        }

        fn waiting(&mut self, due: u64) -> Command {
            self.stored += 1;
            let stored = Stored { store: StoreRef(self.stored), bytes: 1 };
            let (due, lifetime) = (Timestamp(due), u64::MAX);
            Command::Delay { stored, due, lifetime, id: 0, priority: None }
        }

        /// What goes on then, by where it is stored.
        fn goes_on(&mut self, now: u64, commands: &[Command]) -> Vec<(MessageIndex, u64)> {
            self.effects.clear();
            self.queue.apply(Timestamp(now), commands, &mut self.effects);
            let died = self.effects.list().iter().filter_map(|effect| match *effect {
                Effect::Died { index, store, death: Death::Due } => Some((index, store.0)),
                _ => None,
            });
            died.collect()
        }
    }

    #[test]
    fn what_is_due_goes_on_in_order_and_stays_until_it_has_arrived() {
        let mut rig = Rig::new();
        let waiting = [30, 10, 20].map(|due| rig.waiting(due));

        assert_eq!(rig.goes_on(5, &waiting), []);
        let gone = rig.goes_on(25, &[]);
        assert_eq!(gone.iter().map(|(_, store)| *store).collect::<Vec<_>>(), [2, 3]);
        assert_eq!((rig.queue.ready(), rig.queue.entries().count()), (0, 3));

        let arrived: Vec<_> =
            gone.iter().map(|(index, _)| Command::Bury { index: *index }).collect();
        assert_eq!(rig.goes_on(25, &arrived), []);
        assert_eq!(rig.queue.entries().count(), 1);
    }

    #[test]
    fn so_many_are_on_their_way_and_the_others_stay_ready() {
        let mut rig = Rig::new();
        let waiting: Vec<_> = (0..1500).map(|_| rig.waiting(10)).collect();

        let gone = rig.goes_on(10, &waiting);
        assert_eq!((gone.len(), rig.queue.ready()), (1024, 476));

        let arrived = Command::Bury { index: gone[0].0 };
        assert_eq!(rig.goes_on(11, &[arrived]).len(), 1);
        assert_eq!(rig.queue.next_wake(), None);
    }
}
