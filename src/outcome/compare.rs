//! What became slower than it was in earlier runs, beyond what chance explains.
//!
//! Times of requests vary from run to run, and from machine to machine. How much, the steps themselves say: the time of each now,
//! divided by its time before, gives the shift of all of them (their median) and the noise around it (the median of the
//! distances from that). A step is slower where it lies outside of both.

use std::collections::HashMap;
use std::io;

use serde::Serialize;

use super::record::{PlannedRecord, StepRecord};
use super::{Outcome, Section, State};

/// The times of steps in earlier runs.
#[derive(Debug, Default)]
pub struct Times(HashMap<Key, Vec<f64>>);

/// A step of all runs: the file and the name of its scenario, its list and name, and its number among those of that name.
type Key = (String, String, Section, String, usize);

/// How the times of a run are, compared with earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// How many steps could be compared: those that passed and sent something, now and before.
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
/// and so many milliseconds more.
const LEAST_MILLISECONDS: f64 = 5.0;
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
        for (key, step) in timed(outcome)? {
            self.0.entry(key).or_default().push(step.duration);
        }
        Ok(())
    }

    /// Compares a run with these.
    ///
    /// # Errors
    /// Those of reading the outcome back.
    pub fn compare(&self, outcome: &Outcome) -> io::Result<Comparison> {
        let mut now: HashMap<Key, (StepRecord, Vec<f64>)> = HashMap::new();
        for (key, step) in timed(outcome)? {
            if self.0.contains_key(&key) {
                let known = now.entry(key).or_insert_with(|| (step.clone(), Vec::new()));
                known.1.push(step.duration);
            }
        }
        let pairs: Vec<_> = now
            .into_iter()
            .filter_map(|(key, (step, now))| {
                let before = self.0.get(&key)?;
                let (least, most) = (least(&now), before.iter().copied().fold(0.0, f64::max));
                let (before, now) = (median(before.clone())?, median(now)?);
                (before > 0.0 && now > 0.0).then_some((key, step, (before, now), least > most))
            })
            .collect();
        let shifts: Vec<f64> =
            pairs.iter().map(|(_, _, (before, now), _)| (now / before).ln()).collect();
        let (shift, noise) = spread(&shifts);
        let mut slower: Vec<Slower> = pairs
            .into_iter()
            .filter(|(_, _, (before, now), is_apart)| {
                let beyond = (now / before).ln() - shift > noise;
                beyond && *is_apart && now - before * shift.exp().max(1.0) > LEAST_MILLISECONDS
            })
            .map(|((_, scenario, section, name, _), step, (before, now), _)| Slower {
                file: step.file,
                line: step.line,
                scenario,
                section,
                step: name,
                before,
                now,
            })
            .collect();
        let factor = |it: &Slower| it.now / it.before;
        slower.sort_by(|a, b| {
            let places = || (&a.file, a.line, &a.scenario).cmp(&(&b.file, b.line, &b.scenario));
            factor(b).total_cmp(&factor(a)).then_with(places)
        });
        Ok(Comparison { compared: shifts.len(), shift: shift.exp(), noise: noise.exp(), slower })
    }
}

/// The median of the logarithms, and how far from it noise goes.
fn spread(shifts: &[f64]) -> (f64, f64) {
    if shifts.len() < ENOUGH {
        return (0.0, LEAST_OF_FEW.ln());
    }
    let shift = median(shifts.to_vec()).unwrap_or_default();
    let distances = shifts.iter().map(|other| (other - shift).abs()).collect();
    let noise = DEVIATIONS * DEVIATION * median(distances).unwrap_or_default();
    (shift, noise.max(LEAST.ln()))
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

/// The steps that passed and sent something, in the last run of their scenarios.
fn timed(outcome: &Outcome) -> io::Result<Vec<(Key, StepRecord)>> {
    let mut all = Vec::new();
    for scenario in &outcome.scenarios {
        let PlannedRecord { file, .. } = &scenario.planned;
        let mut seen: HashMap<(Section, String), usize> = HashMap::new();
        for mut step in outcome.steps(scenario)? {
            if step.state != State::Passed || step.rerun || step.requests == 0 {
                continue;
            }
            step.exchange = None;
            let number = seen.entry((step.section, step.name.clone())).or_default();
            let name = scenario.planned.plain_name().to_owned();
            all.push(((file.clone(), name, step.section, step.name.clone(), *number), step));
            *number += 1;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shifts: &[f64], expected: (f64, f64)) {
        let (shift, noise) = spread(&shifts.iter().map(|factor| factor.ln()).collect::<Vec<_>>());
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
    fn the_median_is_the_middle() {
        assert_eq!(median(Vec::new()), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
