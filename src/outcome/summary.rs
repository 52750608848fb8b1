//! The counts of a run: the fold of its events.

use super::{Event, State};

/// How many passed, failed and did not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All held.
    pub passed: usize,
    /// Something did not.
    pub failed: usize,
    /// Did not run, because of what failed.
    pub not_run: usize,
    /// Did not run, as the scenario says.
    pub skipped: usize,
}

impl Counts {
    fn add(&mut self, state: State) {
        match state {
            State::Passed => self.passed += 1,
            State::Failed => self.failed += 1,
            State::NotRun => self.not_run += 1,
            State::Skipped => self.skipped += 1,
            // The last attempt counts.
            State::Retried => {}
        }
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.not_run + self.skipped
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its scenarios.
    pub scenarios: Counts,
    /// Those that passed after they had failed.
    pub flaky: usize,
    /// Their steps.
    pub steps: Counts,
    /// The requests that were sent, each hop of a redirect one.
    pub requests: usize,
    /// Those of them whose server was believed without a look at its certificate.
    pub unverified: usize,
    /// The snapshots that were written where there was none.
    pub new_snapshots: usize,
    /// Those that were written over another.
    pub updated_snapshots: usize,
}

impl Summary {
    /// Takes one event in.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::ScenarioStarted { .. } | Event::StepStarted { .. } | Event::Transfer { .. } => {}
            Event::StepFinished { step, .. } => {
                let hops = step.exchange.iter().flat_map(|exchange| &exchange.hops);
                let unverified = hops.clone().filter(|hop| hop.is_unverified()).count();
                self.step(step.state, hops.count(), unverified);
                if let Some(snapshot) = &step.snapshot {
                    self.snapshot(snapshot.is_new);
                }
            }
            Event::ScenarioFinished { state, runs, .. } => self.scenario(*state, *runs),
        }
    }

    /// Counts a step, its requests, and those of them whose server was believed without a look at its certificate.
    pub fn step(&mut self, state: State, requests: usize, unverified: usize) {
        self.steps.add(state);
        self.requests += requests;
        self.unverified += unverified;
    }

    /// Counts a snapshot that was written.
    pub fn snapshot(&mut self, is_new: bool) {
        self.new_snapshots += usize::from(is_new);
        self.updated_snapshots += usize::from(!is_new);
    }

    /// Counts a scenario that ran so often.
    pub fn scenario(&mut self, state: State, runs: u32) {
        self.scenarios.add(state);
        self.flaky += usize::from(state == State::Passed && runs > 1);
    }
}
