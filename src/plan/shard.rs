//! The part of a run that one of several machines takes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::Planned;

/// The I-th of N parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// More machines than this do not share a run.
    const MOST: u32 = 10_000;

    /// Reads `2/4`; also `1+1/4`, as some engines count their machines from 0.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| {
            let number_of = |text: &str| text.trim().parse::<u32>().ok();
            let mut sum = number.split('+').map(number_of);
            let number = sum.try_fold(0_u32, |all, part| all.checked_add(part?))?;
            Some((number, number_of(of)?))
        });
        match numbers {
            None => Err("write it like `2/4`: the second of four parts".to_owned()),
            Some((number, of)) if of > Self::MOST => {
                Err(format!("`{number}/{of}` is too many: there are {} parts at most", Self::MOST))
            }
            Some((number, 0)) => {
                Err(format!("there is no part {number} of 0: write it like `2/4`"))
            }
            Some((number, of)) if number == 0 || number > of => Err(format!(
                "there is no part {number} of {of}: the first is 1/{of}, the last {of}/{of}; a number that counts from 0 is written `0+1/{of}`"
            )),
            Some((number, of)) => Ok(Self { number, of }),
        }
    }

    /// The scenarios of this part, in their order.
    ///
    /// Which they are follows from the scenarios and the timings alone: machines that were given the same need not talk.
    /// Comes with a digest of what all parts are, by which it is known whether two are of one run.
    pub(super) fn take(self, scenarios: Vec<Planned>, timings: &Timings) -> (Vec<Planned>, String) {
        let items = scenarios
            .iter()
            .map(|planned| Item { took: timings.of(planned), locks: planned.locks() });
        let parts = parts(&items.collect::<Vec<_>>(), self.of);
        let mut hash = Sha256::new();
        for (planned, part) in scenarios.iter().zip(&parts) {
            hash.update(format!("{:?} {:?} {part}\n", planned.identity(), planned.repetition));
        }
        let digest = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let own = scenarios.into_iter().zip(parts).filter(|(_, part)| *part == self.number);
        (own.map(|(planned, _)| planned).collect(), digest)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// How long scenarios took in runs before.
#[derive(Clone, Debug, Default)]
pub struct Timings(HashMap<(String, String), Duration>);

impl Timings {
    /// That the scenario of this name, in the file of this identity, took so long; the last one counts.
    pub fn add(&mut self, file: &str, name: &str, took: Duration) {
        self.0.insert((file.to_owned(), name.to_owned()), took);
    }

    fn of(&self, planned: &Planned) -> Option<Duration> {
        self.0.get(&planned.identity()).copied()
    }
}

/// A scenario, as far as it matters which part it goes to.
struct Item<'p> {
    /// How long it took before, where that is known.
    took: Option<Duration>,
    locks: Vec<&'p str>,
}

/// The part that each goes to, from 1: the heaviest first, each to the part that has least so far.
fn parts(items: &[Item<'_>], of: u32) -> Vec<u32> {
    let mut parts = vec![0; items.len()];
    let mut loads: BinaryHeap<_> = (1..=of).map(|part| Reverse((Duration::ZERO, part))).collect();
    for Unit { weight, members } in units(items) {
        if let Some(Reverse((load, part))) = loads.pop() {
            members.into_iter().for_each(|member| parts[member] = part);
            loads.push(Reverse((load + weight, part)));
        }
    }
    parts
}

/// Scenarios of which no two may run at the same time: those that share a lock, directly or by way of others.
struct Unit {
    weight: Duration,
    members: Vec<usize>,
}

/// The units, the heaviest first, those of one weight in the order of the plan.
fn units(items: &[Item<'_>]) -> Vec<Unit> {
    let known = || items.iter().filter_map(|item| item.took);
    let count = u32::try_from(known().count()).unwrap_or(u32::MAX);
    // What never ran is taken for what is usual.
    let usual = known().sum::<Duration>().checked_div(count).unwrap_or(Duration::from_secs(1));
    let mut units: Vec<Unit> = Vec::new();
    let mut places = HashMap::new();
    for (index, first) in sharing(items).into_iter().enumerate() {
        let at = *places.entry(first).or_insert_with(|| {
            units.push(Unit { weight: Duration::ZERO, members: Vec::new() });
            units.len() - 1
        });
        // Even what takes no time has to be begun.
        units[at].weight += items[index].took.unwrap_or(usual).max(Duration::from_millis(1));
        units[at].members.push(index);
    }
    units.sort_by_key(|unit| Reverse(unit.weight));
    units
}

/// For each the one that stands for all with which it shares locks.
fn sharing(items: &[Item<'_>]) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..items.len()).collect();
    let mut holders = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        for lock in &item.locks {
            let holder = *holders.entry(*lock).or_insert(index);
            let (one, other) = (root(&mut parents, index), root(&mut parents, holder));
            parents[one.max(other)] = one.min(other);
        }
    }
    (0..items.len()).map(|index| root(&mut parents, index)).collect()
}

fn root(parents: &mut [usize], mut index: usize) -> usize {
    while parents[index] != index {
        parents[index] = parents[parents[index]];
        index = parents[index];
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(took: Option<Duration>) -> Item<'static> {
        Item { took, locks: Vec::new() }
    }

    #[track_caller]
    fn check(text: &str, expected: Result<(u32, u32), &str>) {
        let expected = expected.map(|(number, of)| Shard { number, of }).map_err(str::to_owned);
        assert_eq!(Shard::parse(text), expected);
    }

    #[test]
    fn a_part_is_one_of_some() {
        check("2/4", Ok((2, 4)));
        check("1/1", Ok((1, 1)));
        check("0+1/4", Ok((1, 4)));
        check("3+1/4", Ok((4, 4)));
        let from_0 = "a number that counts from 0 is written `0+1/4`";
        for number in [0, 5] {
            let message =
                format!("there is no part {number} of 4: the first is 1/4, the last 4/4; {from_0}");
            check(&format!("{number}/4"), Err(&message));
        }
        check("1/0", Err("there is no part 1 of 0: write it like `2/4`"));
        check("1/99999", Err("`1/99999` is too many: there are 10000 parts at most"));
        for wrong in ["", "2", "a/b", "1/2/3", "-1/2", "+/2", "1+/2", "4294967295+1/2"] {
            check(wrong, Err("write it like `2/4`: the second of four parts"));
        }
    }

    #[test]
    fn without_timings_parts_differ_by_one_at_most_and_every_scenario_is_in_one() {
        let items: Vec<_> = (0..500).map(|_| free(None)).collect();
        for of in 1..=16 {
            let parts = parts(&items, of);
            let sizes: Vec<_> =
                (1..=of).map(|part| parts.iter().filter(|own| **own == part).count()).collect();
            assert_eq!(sizes.iter().sum::<usize>(), 500);
            let (least, most) = (sizes.iter().min(), sizes.iter().max());
            assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{sizes:?}");
        }
    }

    #[test]
    fn with_timings_the_longest_part_is_within_a_tenth_of_the_mean() {
        // Some take hundred times as long as others, and every tenth was never run.
        let took = |n: u64| {
            (!n.is_multiple_of(10)).then(|| Duration::from_millis(20 + n * n * 7919 % 2_000))
        };
        let items: Vec<_> = (0..500).map(|n| free(took(n))).collect();
        let known: Duration = items.iter().filter_map(|item| item.took).sum();
        let mean = known / 450;
        for of in 1..=16 {
            let mut loads = vec![Duration::ZERO; of as usize];
            for (item, part) in items.iter().zip(parts(&items, of)) {
                loads[part as usize - 1] += item.took.unwrap_or(mean);
            }
            let whole: Duration = loads.iter().sum();
            assert!(
                loads.iter().max().is_some_and(|most| *most <= whole / of * 11 / 10),
                "{loads:?}"
            );
        }
    }

    #[test]
    fn those_that_share_a_lock_are_in_one_part() {
        let locks: [&[&str]; 6] = [&["a"], &[], &["b"], &["c", "b"], &[], &["a", "c"]];
        let items: Vec<_> =
            locks.iter().map(|locks| Item { took: None, locks: locks.to_vec() }).collect();
        assert_eq!(parts(&items, 2), [1, 2, 1, 1, 2, 1]);
        assert_eq!(parts(&items, 6), [1, 2, 1, 1, 3, 1]);
    }
}
