//! Expectations against an exchange, and captures from it.
//!
//! [`evaluate`] judges first, on borrowed values and without a word (`matcher`); only what does not hold is looked at
//! again for what to say of it (`explain`). So what passes costs no more than the comparisons.

mod evidence;
mod charset;
mod operand;
mod target;
mod matcher;
mod unordered;
mod explain;
mod diff;
mod status;
mod headers;
mod cookies;
mod json;
mod like;
mod whole;
mod markup;
mod bytes;
mod snapshot;
mod schema;
mod openapi;
mod redirects;
mod transport;
mod check;
mod error;
mod capture;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use capture::Captures;
pub use check::ask;
pub use diff::differences;
pub use error::evaluate_failure;
pub use evidence::Evidence;
pub use snapshot::{Snapshot, Stored};

use operand::Context;

use crate::outcome::{Fault, Subject};
use crate::scenario::Scenario;
use crate::scenario::expectation::Expectations;
use crate::scenario::yaml::At;
use crate::template::Scope;

/// Every expectation that does not hold, in the order of the file; none means that the step passed.
///
/// `request_at` is the place of the request line: a step that says nothing of the status fails there at 400 and above.
pub fn evaluate(
    scenario: &Scenario,
    expect: &Expectations,
    request_at: At,
    evidence: &Evidence<'_>,
    scope: &mut Scope,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let context = Context::new(scenario, scope);
    if let Some(error) = &expect.error {
        context.no_error(&error.value, evidence.status(), &mut faults);
        return faults;
    }
    match &expect.status {
        Some(status) => context.status(status, evidence.status(), &Subject::Status, &mut faults),
        None => context.status_unsaid(request_at, evidence.status(), &mut faults),
    }
    for (name, header) in &expect.headers {
        context.header(&name.value, header, evidence, &mut faults);
    }
    for (name, cookie) in &expect.cookies {
        context.cookie(&name.value, cookie, evidence, &mut faults);
    }
    for (name, cookie) in &expect.set_cookies {
        context.set_cookie(&name.value, cookie, evidence, &mut faults);
    }
    context.json(&expect.json, evidence, &mut faults);
    if let Some(matcher) = &expect.like
        && (expect.json.is_empty() || evidence.json().is_ok())
    {
        context.like(matcher, evidence, &mut faults);
    }
    if let Some(matcher) = &expect.body {
        context.body(matcher, evidence, &mut faults);
    }
    if let Some(markup) = &expect.markup {
        context.markup(markup, evidence, &mut faults);
    }
    if let Some(bytes) = &expect.bytes {
        context.bytes(bytes, evidence, &mut faults);
    }
    if let Some(schema) = &expect.schema {
        context.schema(schema, evidence, &mut faults);
    }
    if let Some(document) = &expect.openapi {
        context.openapi(document, evidence, &mut faults);
    }
    if let Some(matcher) = &expect.duration {
        context.duration(matcher, evidence, &mut faults);
    }
    if let Some(matcher) = &expect.url {
        context.url(matcher, evidence, &mut faults);
    }
    if let Some(redirects) = &expect.redirects {
        context.redirects(redirects, evidence, &mut faults);
    }
    if let Some(transport) = &expect.transport {
        context.transport(transport, evidence, &mut faults);
    }
    check::checks(scenario, &expect.check, evidence, scope, &mut faults);
    in_order(&mut faults);
    faults
}

/// Puts faults in the order of the file.
pub fn in_order(faults: &mut [Fault]) {
    faults.sort_by_key(start);
}

/// Where a fault stands in the file.
fn start(fault: &Fault) -> usize {
    match fault {
        Fault::Miss(miss) => miss.place.span.start,
        Fault::Transport { place, .. }
        | Fault::Invalid { place, .. }
        | Fault::BrokenOff { place, .. } => place.span.start,
    }
}
