//! Expectations against an exchange, and captures from it.
#![allow(missing_docs, unused_variables)]
use crate::{
    http::{Exchange, Response},
    outcome::Fault,
    scenario::{Scenario, capture::Capture, expectation::Expectations, yaml::At},
    session::Cookie,
    template::Scope,
};
pub struct Evidence<'a> {
    _x: &'a Exchange,
}
impl<'a> Evidence<'a> {
    pub fn new(exchange: &'a Exchange, response: &'a Response, cookies: &'a [Cookie]) -> Self {
        Self { _x: exchange }
    }
}
pub fn evaluate(
    scenario: &Scenario,
    expect: &Expectations,
    request_at: At,
    evidence: &Evidence<'_>,
    scope: &mut Scope,
) -> Vec<Fault> {
    vec![]
}
pub fn capture(
    scenario: &Scenario,
    step_name: &str,
    captures: &[Capture],
    evidence: &Evidence<'_>,
    scope: &mut Scope,
) -> Vec<Fault> {
    vec![]
}
