//! What became slower than it was in earlier runs, beyond what chance explains.
//!
//! Times of requests vary from run to run, and from machine to machine. How much, the steps themselves say: the time of each now,
//! divided by its time before, gives the shift of all of them (their median) and the noise around it (the median of the
//! distances from that). A step is slower where it lies outside of both. A step of a millisecond scatters by its own size, and
//! says nothing of one that takes a second: the noise is that of steps which take long enough to be told.

use std::collections::HashMap;
use std::io;

use serde::Serialize;

use super::{Outcome, Section, State};
use crate::mask::MASK;

/// The times of steps in earlier runs.
#[derive(Debug, Default)]
pub struct Times(HashMap<Key, Vec<f64>>);

/// A step of all runs: the file and the name of its scenario, its list and name, and its number among those of that name.
type Key = (String, String, Section, String, usize);

/// How the times of a run are, compared with earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// How many steps passed and sent something now.
    pub steps: usize,
    /// How many of them could be compared: those that did before, too.
    pub compared: usize,
    /// How many times as long all of them took, in the middle; 1 where there are too few to say.
    pub shift: f64,
    /// Up to so many times as long, that shift apart, is noise.
    pub noise: f64,
    /// What became slower, the worst first.
    pub slower: Vec<Slower>,
}

/// A step that became slower.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slower {
    /// The file it stands in.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The name of its scenario.
    pub scenario: String,
    /// The list it stands in.
    pub section: Section,
    /// Its name.
    pub step: String,
    /// The time it took before, in milliseconds: the median.
    pub before: f64,
    /// The time that it takes now.
    pub now: f64,
}

/// With fewer steps nothing can be said about all of them.
const ENOUGH: usize = 10;
/// What is called slower takes so many times as long at the least,
const LEAST: f64 = 1.25;
/// or so many times where there are too few steps to know the noise,
const LEAST_OF_FEW: f64 = 2.0;
/// and so many milliseconds more,
const LEAST_MILLISECONDS: f64 = 5.0;
/// or so many where the noise is not known: as long as a process may have to wait for its turn.
const LEAST_MILLISECONDS_OF_FEW: f64 = 20.0;
/// The distance from the median, in standard deviations, within which all but three in a thousand lie.
const DEVIATIONS: f64 = 3.0;
/// The standard deviation of what is distributed normally, over the median of the distances from its median.
const DEVIATION: f64 = 1.4826;

impl Times {
    /// Takes in the steps of runs that are over.
    ///
    /// # Errors
    /// Those of reading the outcome back.
    pub fn add(&mut self, outcome: &Outcome) -> io::Result<()> {
        for Timed { key, took, .. } in timed(outcome)? {
            self.0.entry(key).or_default().push(took);
        }
        Ok(())
    }

    /// Compares a run with these.
    ///
    /// # Errors
    /// Those of reading the outcome back.
    pub fn compare(&self, outcome: &Outcome) -> io::Result<Comparison> {
        let mut now: HashMap<Key, ((String, usize), Vec<f64>)> = HashMap::new();
        for Timed { key, place, took } in timed(outcome)? {
            now.entry(key).or_insert_with(|| (place, Vec::new())).1.push(took);
        }
        let steps = now.len();
        let pairs: Vec<Pair> = now
            .into_iter()
            .filter_map(|(key, (place, now))| {
                let before = self.0.get(&key)?;
                let is_apart = least(&now) > before.iter().copied().fold(0.0, f64::max);
                let (before, now) = (median(before.clone())?, median(now)?);
                let pair = Pair { key, place, before, now, is_apart };
                (before > 0.0 && now > 0.0).then_some(pair)
            })
            .collect();
        let spread = Spread::of(&pairs);
        let mut slower: Vec<Slower> = pairs
            .iter()
            .filter(|pair| pair.is_apart && spread.is_beyond(pair))
            .map(|Pair { key: (_, scenario, section, name, _), place, before, now, .. }| Slower {
                file: place.0.clone(),
                line: place.1,
                scenario: scenario.clone(),
                section: *section,
                step: name.clone(),
                before: *before,
                now: *now,
            })
            .collect();
        let factor = |it: &Slower| it.now / it.before;
        slower.sort_by(|a, b| {
            let places = || (&a.file, a.line, &a.scenario).cmp(&(&b.file, b.line, &b.scenario));
            factor(b).total_cmp(&factor(a)).then_with(places)
        });
        let Spread { shift, noise, .. } = spread;
        Ok(Comparison {
            steps,
            compared: pairs.len(),
            shift: shift.exp(),
            noise: noise.exp(),
            slower,
        })
    }
}

/// A step with its times.
struct Pair {
    key: Key,
    /// The file and the line that it stands in.
    place: (String, usize),
    /// In milliseconds: the medians.
    before: f64,
    now: f64,
    /// Whether it was never as quick now as it was at the slowest before.
    is_apart: bool,
}

/// What all steps together say.
#[derive(Debug)]
struct Spread {
    /// The logarithm of how many times as long all of them took.
    shift: f64,
    /// How far from it noise goes.
    noise: f64,
    /// So many milliseconds are no difference.
    least: f64,
}

impl Spread {
    fn of(pairs: &[Pair]) -> Self {
        let shifts = |least: f64| -> Vec<f64> {
            let long = pairs.iter().filter(|pair| pair.before.max(pair.now) >= least);
            long.map(|pair| (pair.now / pair.before).ln()).collect()
        };
        let (all, long) = (shifts(0.0), shifts(LEAST_MILLISECONDS));
        let known = if long.len() >= ENOUGH { &long } else { &all };
        let shift = median(known.clone()).filter(|_| known.len() >= ENOUGH).unwrap_or_default();
        if long.len() < ENOUGH {
            return Self { shift, noise: LEAST_OF_FEW.ln(), least: LEAST_MILLISECONDS_OF_FEW };
        }
        let distances = long.iter().map(|other| (other - shift).abs()).collect();
        let noise = DEVIATIONS * DEVIATION * median(distances).unwrap_or_default();
        Self { shift, noise: noise.max(LEAST.ln()), least: LEAST_MILLISECONDS }
    }

    fn is_beyond(&self, Pair { before, now, .. }: &Pair) -> bool {
        (now / before).ln() - self.shift > self.noise
            && now - before * self.shift.exp().max(1.0) > self.least
    }
}

fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() % 2 {
        1 => numbers.get(middle).copied(),
        _ => Some((numbers.get(middle.checked_sub(1)?)? + numbers.get(middle)?) / 2.0),
    }
}

/// A step that passed and sent something.
struct Timed {
    key: Key,
    /// The file and the line that it stands in.
    place: (String, usize),
    /// In milliseconds.
    took: f64,
}

/// The steps that passed and sent something, in the last run of their scenarios.
fn timed(outcome: &Outcome) -> io::Result<Vec<Timed>> {
    let mut all = Vec::new();
    for scenario in &outcome.scenarios {
        let file = &scenario.planned.file;
        let mut seen: HashMap<(Section, String), usize> = HashMap::new();
        for step in outcome.steps(scenario)? {
            if step.state == State::Retried || step.rerun {
                continue;
            }
            let name = without_fingerprints(&step.name);
            // Also one that is not compared: the second of two is the second where the first did not run.
            let number = seen.entry((step.section, name.clone())).or_default();
            *number += 1;
            if step.state == State::Passed && step.requests > 0 {
                let scenario = without_fingerprints(scenario.planned.plain_name());
                let key = (file.clone(), scenario, step.section, name, *number);
                all.push(Timed { key, place: (step.file, step.line), took: step.duration });
            }
        }
    }
    Ok(all)
}

/// A name as it is in every run: what is masked has another fingerprint in each.
fn without_fingerprints(name: &str) -> String {
    let mut pieces = name.split(MASK);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_fingerprint = piece.len() >= 4
            && piece.bytes().take(4).all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        out.push_str(MASK);
        out.push_str(if is_fingerprint { &piece[4..] } else { piece });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that took so long before, and then so many times as long.
    fn pairs(all: &[(f64, f64)]) -> Vec<Pair> {
        let pair = |(number, (before, factor)): (usize, &(f64, f64))| Pair {
            key: ("f".to_owned(), "s".to_owned(), Section::Steps, number.to_string(), 1),
            place: ("f".to_owned(), 1),
            before: *before,
            now: before * factor,
            is_apart: true,
        };
        all.iter().enumerate().map(pair).collect()
    }

    #[track_caller]
    fn check(factors: &[f64], expected: (f64, f64)) {
        let all: Vec<_> = factors.iter().map(|factor| (100.0, *factor)).collect();
        let Spread { shift, noise, .. } = Spread::of(&pairs(&all));
        let rounded = |number: f64| (number.exp() * 100.0).round() / 100.0;
        assert_eq!((rounded(shift), rounded(noise)), expected);
    }

    #[test]
    fn the_shift_of_all_and_the_noise_are_those_of_the_steps() {
        check(&[1.0; 3], (1.0, 2.0));
        check(&[1.0; 20], (1.0, 1.25));
        check(&[2.0; 20], (2.0, 1.25));
        // One that is far away moves neither.
        check(&[&[1.0; 19][..], &[9.0]].concat(), (1.0, 1.25));
        check(&[0.8, 0.9, 0.95, 1.0, 1.0, 1.0, 1.05, 1.1, 1.2, 1.25, 0.85, 1.15], (1.0, 1.56));
    }

    #[test]
    fn quick_steps_that_scatter_hide_no_long_one_that_became_slower() {
        let quick = [0.25, 0.5, 0.7, 1.0, 1.5, 2.0, 4.0].map(|factor| (0.5, factor));
        let long = [(400.0, 3.0), (400.0, 1.5), (3.0, 6.0)];
        let all = pairs(&[&quick[..], &quick, &long].concat());
        let spread = Spread::of(&all);
        let beyond: Vec<_> = all.iter().map(|pair| spread.is_beyond(pair)).collect();
        assert_eq!(beyond, [vec![false; 14], vec![true, false, false]].concat());
    }

    #[test]
    fn names_are_the_same_in_every_run_whatever_is_masked_in_them() {
        let check = |name: &str, expected: &str| assert_eq!(without_fingerprints(name), expected);
        check("GET /•••a1f3/x •••", "GET /•••/x •••");
        check("•••12ä4", "•••12ä4");
        check("plain", "plain");
    }

    fn run_of(steps: &str) -> Outcome {
        let planned = r#"{"name":"n","file":"f.yaml","line":1,"position":1}"#;
        let head = format!(
            r#"{{"run_started":{{"journal":1,"version":"0","id":"x","started":"2026-01-01T00:00:00Z","seed":1,"scenarios":[{planned}]}}}}"#
        );
        let mut outcome = Outcome::default();
        for written in std::iter::once(head.as_str()).chain(steps.lines()) {
            let line = serde_json::from_str(written).expect("a line");
            outcome.add(&line, written.as_bytes()).expect("memory");
        }
        outcome.finish();
        outcome
    }

    fn step(state: &str, duration: u32) -> String {
        format!(
            r#"{{"step_finished":{{"scenario":0,"step":{{"section":"steps","name":"Get","file":"f.yaml","line":3,"state":"{state}","start":0,"duration":{duration},"attempt":1,"requests":1}}}}}}"#
        )
    }

    #[test]
    fn the_second_of_two_steps_of_one_name_is_the_second_where_the_first_did_not_pass() {
        let before = run_of(&[step("passed", 5), step("passed", 300)].join("\n"));
        let now = run_of(&[step("failed", 5), step("passed", 310)].join("\n"));
        let mut times = Times::default();
        times.add(&before).expect("memory");
        let comparison = times.compare(&now).expect("memory");
        assert_eq!((comparison.steps, comparison.compared), (1, 1));
        assert_eq!(comparison.slower, []);
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(Vec::new()), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
