//! `error`: the request must end in a transport error of some kind.

use ::http::StatusCode;

use super::explain::{Looked, absent};
use super::operand::Context;
use super::target::{Domain, Target};
use crate::http::Failure;
use crate::outcome::{Actual, Fault, Place, Subject};
use crate::scenario::Scenario;
use crate::scenario::expectation::Expectations;
use crate::scenario::matcher::Matcher;
use crate::template::Scope;

/// What is wrong with a request that failed: nothing, if it failed as it was to. Beside an error that was not wanted,
/// what went wrong is told as well.
pub fn evaluate_failure(
    scenario: &Scenario,
    expect: &Expectations,
    place: Place,
    failure: &Failure,
    scope: &mut Scope,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(error) = &expect.error {
        let looked = Looked { subject: &|| Subject::Error, missing: &absent };
        let kind = Target::Text(failure.kind());
        let context = Context::new(scenario, scope);
        context.matcher(&error.value, kind, Domain::Text, &looked, &mut faults);
        if faults.is_empty() {
            return faults;
        }
    }
    faults.push(Fault::Transport { place, failure: failure.clone() });
    faults
}

impl Context<'_> {
    /// There is a response where an error was wanted.
    pub(super) fn no_error(&self, wanted: &Matcher, found: StatusCode, faults: &mut Vec<Fault>) {
        let missing = || Actual::Answered(found.as_u16());
        let looked = Looked { subject: &|| Subject::Error, missing: &missing };
        self.without_value(wanted, Domain::Text, &looked, faults);
    }
}
