//! The counts of a run: the fold of its events.

use super::{Event, State};

/// How many passed, failed and did not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All held.
    pub passed: usize,
    /// Something did not.
    pub failed: usize,
    /// Did not run.
    pub not_run: usize,
}

impl Counts {
    fn add(&mut self, state: State) {
        match state {
            State::Passed => self.passed += 1,
            State::Failed => self.failed += 1,
            State::NotRun => self.not_run += 1,
        }
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.not_run
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its scenarios.
    pub scenarios: Counts,
    /// Their steps.
    pub steps: Counts,
    /// The requests that were sent, each hop of a redirect one.
    pub requests: usize,
}

impl Summary {
    /// Takes one event in.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::ScenarioStarted { .. } | Event::StepStarted { .. } | Event::Transfer { .. } => {}
            Event::StepFinished { step, .. } => {
                self.steps.add(step.state);
                self.requests += step.exchange.as_ref().map_or(0, |exchange| exchange.hops.len());
            }
            Event::ScenarioFinished { state, .. } => self.scenarios.add(*state),
        }
    }
}
