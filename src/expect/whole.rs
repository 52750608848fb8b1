//! `body`, `url`, `duration`: what there is one of.

use super::evidence::Evidence;
use super::explain::{Looked, absent};
use super::operand::Context;
use super::target::{Domain, Target};
use crate::outcome::{Fault, Subject};
use crate::scenario::matcher::Matcher;

impl Context<'_> {
    pub(super) fn body(&self, matcher: &Matcher, evidence: &Evidence<'_>, faults: &mut Vec<Fault>) {
        match evidence.text() {
            Ok(text) => {
                let looked = Looked { subject: &|| Subject::Body, missing: &absent };
                self.matcher(matcher, Target::Text(text), Domain::Text, &looked, faults);
            }
            Err(actual) => {
                let missing = || actual.clone();
                let looked = Looked { subject: &|| Subject::Body, missing: &missing };
                self.without_value(matcher, Domain::Text, &looked, faults);
            }
        }
    }

    pub(super) fn url(&self, matcher: &Matcher, evidence: &Evidence<'_>, faults: &mut Vec<Fault>) {
        let looked = Looked { subject: &|| Subject::Url, missing: &absent };
        self.matcher(matcher, Target::Text(evidence.url()), Domain::Text, &looked, faults);
    }

    pub(super) fn duration(
        &self,
        matcher: &Matcher,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let looked = Looked { subject: &|| Subject::Duration, missing: &absent };
        let took = evidence.duration();
        self.matcher(matcher, Target::Node(&took), Domain::Duration, &looked, faults);
    }
}
