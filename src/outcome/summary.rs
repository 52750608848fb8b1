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
}

impl Summary {
    /// Takes one event in.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::ScenarioStarted { .. } | Event::StepStarted { .. } | Event::Transfer { .. } => {}
            Event::StepFinished { step, .. } => {
                self.steps.add(step.state);
                let hops = step.exchange.iter().flat_map(|exchange| &exchange.hops);
                self.requests += hops.clone().count();
                self.unverified += hops.filter(|hop| hop.is_unverified()).count();
            }
            Event::ScenarioFinished { state, runs, .. } => {
                self.scenarios.add(*state);
                self.flaky += usize::from(*state == State::Passed && *runs > 1);
            }
        }
    }
}
