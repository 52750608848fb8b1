//! The outcome of a run: the fold of its events.

use std::time::{Duration, SystemTime};

use super::{Event, Fingerprints, Place, State, StepOutcome, Summary};
use crate::template::Seed;

/// What a run came to, with all that reports tell of it.
#[derive(Debug)]
pub struct Outcome {
    /// In the order of the plan.
    pub scenarios: Vec<ScenarioOutcome>,
    /// The counts.
    pub summary: Summary,
    /// From the first event to the last; the clock is the caller's.
    pub duration: Duration,
    /// When the run began.
    pub started: SystemTime,
    /// What fixed all that was random.
    pub seed: Seed,
    /// What stands in for masked values.
    pub fingerprints: Fingerprints,
    /// The options that the run was given, each with a space before it.
    pub options: String,
}

/// What came of a scenario.
#[derive(Debug)]
pub struct ScenarioOutcome {
    /// Its number in the plan, from 0.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub place: Place,
    /// What came of it; until it is over, not run, or failed if a step did.
    pub state: State,
    /// From its first step to its last.
    pub duration: Duration,
    /// How often it ran, for `--retries`.
    pub runs: u32,
    /// The regular expression that `--name` takes for it alone, where its file makes several scenarios.
    pub select: Option<String>,
    /// Its steps, in the order in which they ended, those of runs that failed before the last one included.
    pub steps: Vec<StepOutcome>,
}

impl Outcome {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(started: SystemTime, seed: Seed, fingerprints: Fingerprints) -> Self {
        Self {
            scenarios: Vec::new(),
            summary: Summary::default(),
            duration: Duration::ZERO,
            started,
            seed,
            fingerprints,
            options: String::new(),
        }
    }

    /// Takes one event in. Failed steps are kept whole, of the others no more than a line needs.
    pub fn add(&mut self, event: Event) {
        self.summary.add(&event);
        match event {
            Event::ScenarioStarted { scenario, name, place, select } => {
                self.start(scenario, name, (place, select));
            }
            Event::StepStarted { .. } | Event::Transfer { .. } => {}
            Event::StepFinished { scenario, step } => {
                if let Some(scenario) = self.scenario(scenario) {
                    if step.state == State::Failed {
                        scenario.state = State::Failed;
                    }
                    scenario.steps.push(light(*step));
                }
            }
            Event::ScenarioFinished { scenario, state, duration, runs } => {
                if let Some(scenario) = self.scenario(scenario) {
                    scenario.runs = runs;
                    scenario.state = state;
                    scenario.duration = duration;
                }
            }
        }
    }

    fn start(&mut self, index: usize, name: String, (place, select): (Place, Option<String>)) {
        let (state, steps) = (State::NotRun, Vec::new());
        let scenario = ScenarioOutcome {
            index,
            name,
            place,
            state,
            duration: Duration::ZERO,
            runs: 0,
            select,
            steps,
        };
        // Scenarios that run at the same time may begin in another order than the plan's.
        match self.position(index) {
            Ok(at) => self.scenarios[at] = scenario,
            Err(at) => self.scenarios.insert(at, scenario),
        }
    }

    fn scenario(&mut self, index: usize) -> Option<&mut ScenarioOutcome> {
        let at = self.position(index).ok()?;
        self.scenarios.get_mut(at)
    }

    fn position(&self, index: usize) -> Result<usize, usize> {
        self.scenarios.binary_search_by_key(&index, |scenario| scenario.index)
    }
}

/// Bodies of steps that passed would make memory grow with the run.
fn light(step: StepOutcome) -> StepOutcome {
    if step.state == State::Failed || (step.rerun && !step.faults.is_empty()) {
        return step;
    }
    StepOutcome {
        exchange: None,
        sent_body: None,
        values: Vec::new(),
        cookies: Vec::new(),
        by_hand: Vec::new(),
        faults: Vec::new(),
        ..step
    }
}
