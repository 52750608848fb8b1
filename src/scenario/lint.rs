//! What a file may say and can hardly mean: expectations that no response can meet are errors, the rest are warnings.

mod agree;
mod braces;
mod contradictions;
mod credentials;
mod steps;
mod unused;

use std::collections::HashSet;

use super::Scenario;
use super::project::Project;
use super::yaml::At;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

use credentials::Credentials;

pub(super) use braces::braces;
pub use credentials::PRACTICE_SECRETS;
pub(super) use credentials::{NOT_SENT, is_credential, written_out};
pub use unused::unused_of_project;

/// Looks through a scenario, or a file that others use. `used` are the names that the scenario, and the files that sign it in, use;
/// what a file captures is for those who use it.
#[must_use]
pub fn check(scenario: &Scenario, used: Option<&HashSet<String>>) -> Vec<Diagnostic> {
    let mut found = of_steps(scenario);
    found.extend(used.into_iter().flat_map(|used| unused::unused(scenario, used)));
    let credentials =
        Credentials::of(scenario.source(), &scenario.credentials, &|at| scenario.span(at));
    let mut found: Vec<_> = found.into_iter().map(|one| credentials.hide(one)).collect();
    found.extend(credentials.diagnostics());
    found.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span.start));
    found
}

/// Looks through the project file.
#[must_use]
pub fn project(project: &Project) -> Vec<Diagnostic> {
    let credentials =
        Credentials::of(project.source(), &project.credentials, &|at| project.span(at));
    let found = project.of_run().flat_map(of_steps).map(|one| credentials.hide(one));
    found.chain(credentials.diagnostics()).collect()
}

/// What is wrong with expectations, and odd about steps.
fn of_steps(scenario: &Scenario) -> Vec<Diagnostic> {
    let mut lint = Lint { scenario, found: Vec::new() };
    contradictions::check(&mut lint);
    steps::check(&mut lint);
    lint.found
}

struct Lint<'s> {
    scenario: &'s Scenario,
    found: Vec<Diagnostic>,
}

impl Lint<'_> {
    fn span(&self, at: At) -> Span {
        self.scenario.span(at)
    }

    /// Adds what is said of a place, once.
    fn add(&mut self, diagnostic: Diagnostic, at: At, label: &str) {
        let span = self.span(at);
        let is_told = |told: &Diagnostic| {
            told.message == diagnostic.message
                && told.primary.as_ref().is_some_and(|label| label.span == span)
        };
        if !self.found.iter().any(is_told) {
            self.found.push(diagnostic.at(self.scenario.source(), span, label));
        }
    }

    /// Adds what is said of two places, the second of which is the one that is wrong.
    fn add_both(&mut self, diagnostic: Diagnostic, (first, second): (At, At)) {
        let also = diagnostic.also(self.scenario.source(), self.span(first), "this");
        self.add(also, second, "and this");
    }
}
