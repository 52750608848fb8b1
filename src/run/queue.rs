//! Which scenario runs next: in the order of the plan, but those that share a lock never at the same time.

use std::collections::{BTreeSet, HashMap, HashSet};

/// What waits, and what is held.
pub(super) struct Queue<'p> {
    /// The locks of each, by its place in the order.
    locks: Vec<Vec<&'p str>>,
    /// The first that nobody looked at yet.
    next: usize,
    held: HashSet<&'p str>,
    /// Those that wait for a lock, the first of theirs that was held.
    blocked: HashMap<&'p str, BTreeSet<usize>>,
    /// Those whose lock was released since they were looked at.
    freed: BTreeSet<usize>,
}

impl<'p> Queue<'p> {
    pub(super) fn new(locks: Vec<Vec<&'p str>>) -> Self {
        let (held, blocked, freed) = (HashSet::new(), HashMap::new(), BTreeSet::new());
        Self { locks, next: 0, held, blocked, freed }
    }

    /// The first that can run now; its locks are held until they are released.
    pub(super) fn take(&mut self) -> Option<usize> {
        loop {
            let index = match self.freed.pop_first() {
                Some(index) => index,
                None if self.next < self.locks.len() => {
                    self.next += 1;
                    self.next - 1
                }
                None => return None,
            };
            let taken = self.locks[index].iter().find(|lock| self.held.contains(**lock));
            match taken {
                Some(lock) => _ = self.blocked.entry(lock).or_default().insert(index),
                None => {
                    self.held.extend(&self.locks[index]);
                    return Some(index);
                }
            }
        }
    }

    /// The one of this number is over.
    pub(super) fn release(&mut self, index: usize) {
        for lock in &self.locks[index] {
            self.held.remove(lock);
            // The others go on waiting for the one that takes it now.
            let first = self.blocked.get_mut(lock).and_then(BTreeSet::pop_first);
            self.freed.extend(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `jobs` at a time, each ending in the order in which it began; gives what ran together.
    fn rounds(locks: &[&[&'static str]], jobs: usize) -> Vec<Vec<usize>> {
        let mut queue = Queue::new(locks.iter().map(|locks| locks.to_vec()).collect());
        let (mut running, mut rounds) = (Vec::new(), Vec::new());
        loop {
            while running.len() < jobs
                && let Some(index) = queue.take()
            {
                running.push(index);
            }
            if running.is_empty() {
                return rounds;
            }
            rounds.push(running.clone());
            queue.release(running.remove(0));
        }
    }

    #[test]
    fn those_without_locks_run_in_their_order() {
        assert_eq!(rounds(&[&[], &[], &[]], 1), [[0], [1], [2]]);
        assert_eq!(rounds(&[&[], &[], &[]], 2), [vec![0, 1], vec![1, 2], vec![2]]);
    }

    #[test]
    fn those_that_share_a_lock_wait_for_each_other_and_the_others_go_past_them() {
        assert_eq!(
            rounds(&[&["a"], &["a"], &[], &["a"], &[]], 2),
            [vec![0, 2], vec![2, 1], vec![1, 4], vec![4, 3], vec![3]]
        );
        assert_eq!(
            rounds(&[&["a"], &["a", "b"], &["b"], &["c"]], 3),
            [vec![0, 2, 3], vec![2, 3], vec![3, 1], vec![1]]
        );
    }

    #[test]
    fn with_one_job_locks_change_nothing() {
        assert_eq!(rounds(&[&["a"], &["a"], &["b", "a"], &[]], 1), [[0], [1], [2], [3]]);
    }

    #[test]
    fn all_run_once_whatever_they_lock() {
        let names = ["a", "b", "c"];
        let locks: Vec<Vec<&str>> = (0..500_usize)
            .map(|n| {
                names
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| n >> bit & 1 == 1)
                    .map(|it| *it.1)
                    .collect()
            })
            .collect();
        let locks: Vec<&[&str]> = locks.iter().map(Vec::as_slice).collect();
        for jobs in [1, 2, 7, 100] {
            let mut seen = BTreeSet::new();
            for round in rounds(&locks, jobs) {
                let mut held = HashSet::new();
                assert!(
                    round.iter().flat_map(|&n| locks[n]).all(|lock| held.insert(lock)),
                    "{round:?}"
                );
                seen.extend(round);
            }
            assert_eq!(seen.len(), 500);
        }
    }
}
