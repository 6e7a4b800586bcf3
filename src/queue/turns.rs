//! Whose turn it is to take a message: by priority, and in turn within one priority.

use std::collections::VecDeque;

use crate::amqp::id::ConsumerId;

/// How many consumers that have gone may wait for a turn, beyond the number of those that are there.
const GONE_KEPT: usize = 16;

/// The consumers that wait for a turn.
#[derive(Debug, Default)]
pub struct Turns {
    /// One for each priority that a consumer has, the highest first.
    levels: Vec<Level>,
}

/// The consumers of one priority.
#[derive(Debug)]
struct Level {
    priority: i64,
    /// How many there are, whether they wait or not.
    members: usize,
    /// Those that wait, and some that have gone: these leave when their turn comes.
    waiting: VecDeque<ConsumerId>,
}

impl Turns {
    /// Makes room for another consumer of that priority.
    pub fn join(&mut self, priority: i64) {
        let place = self.levels.partition_point(|level| level.priority > priority);
        if let Some(level) = self.levels.get_mut(place)
            && level.priority == priority
        {
            level.members += 1;
        } else {
            self.levels.insert(place, Level { priority, members: 1, waiting: VecDeque::new() });
        }
    }

    /// A consumer of that priority has gone; `is_there` tells of others whether they have.
    pub fn leave(&mut self, priority: i64, is_there: impl Fn(ConsumerId) -> bool) {
        let Some(place) = self.levels.iter().position(|level| level.priority == priority) else {
            return;
        };
        if let Some(level) = self.levels.get_mut(place)
            && level.members > 1
        {
            level.members -= 1;
            // Where no message comes, no turn comes either: those that have gone must not pile up.
            if level.waiting.len() > 2 * level.members + GONE_KEPT {
                level.waiting.retain(|id| is_there(*id));
            }
        } else {
            self.levels.remove(place);
        }
    }

    /// Has a consumer of that priority wait for a turn, behind the others.
    pub fn push(&mut self, id: ConsumerId, priority: i64) {
        if let Some(level) = self.levels.iter_mut().find(|level| level.priority == priority) {
            level.waiting.push_back(id);
        }
    }

    /// Has a consumer of that priority wait for a turn no more.
    pub fn withdraw(&mut self, id: ConsumerId, priority: i64) {
        if let Some(level) = self.levels.iter_mut().find(|level| level.priority == priority) {
            level.waiting.retain(|waiting| *waiting != id);
        }
    }

    /// Offers the turn to one after the other, and says whether it has no equal that waits, until
    /// one accepts it: that one is last then among its equals. Who does not accept waits no more.
    #[inline]
    pub fn take<T>(&mut self, mut accept: impl FnMut(ConsumerId, bool) -> Option<T>) -> Option<T> {
        for level in &mut self.levels {
            while let Some(id) = level.waiting.front() {
                let is_alone = level.waiting.len() == 1;
                if let Some(accepted) = accept(*id, is_alone) {
                    if !is_alone {
                        level.waiting.rotate_left(1);
                    }
                    return Some(accepted);
                }
                level.waiting.pop_front();
            }
        }
        None
    }

    /// Everyone that waits.
    pub fn iter(&self) -> impl Iterator<Item = ConsumerId> {
        self.levels.iter().flat_map(|level| level.waiting.iter().copied())
    }

    /// Whether consumers differ in priority.
    pub fn are_ranked(&self) -> bool {
        self.levels.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_that_come_and_go_leave_nothing_behind() {
        let mut turns = Turns::default();

        for id in 0..1000 {
            let priority = i64::try_from(id % 7).unwrap();
            turns.join(priority);
            turns.push(ConsumerId(id), priority);
            turns.leave(priority, |_| false);
        }

        assert!(turns.levels.is_empty());
    }

    #[test]
    fn consumers_that_have_gone_do_not_pile_up_beside_one_that_stays() {
        let mut turns = Turns::default();
        turns.join(3);
        turns.push(ConsumerId(0), 3);

        for id in 1..1000 {
            turns.join(3);
            turns.push(ConsumerId(id), 3);
            turns.leave(3, |id| id == ConsumerId(0));
        }

        assert!(turns.iter().count() <= 2 + GONE_KEPT);
        assert_eq!(turns.take(|id, _| Some(id)), Some(ConsumerId(0)));
    }
}
