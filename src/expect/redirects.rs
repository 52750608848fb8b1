//! `redirects`: how often, or which ones, were followed.

use super::evidence::{Evidence, Redirect};
use super::explain::{Looked, absent};
use super::operand::Context;
use super::target::{Domain, Target};
use crate::outcome::{Actual, Fault, Subject};
use crate::scenario::expectation::{RedirectExpectation, Redirects};
use crate::value::Value;

impl Context<'_> {
    pub(super) fn redirects(
        &self,
        expected: &Redirects,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let followed = evidence.redirects();
        let count = Value::from(followed.len());
        match expected {
            Redirects::Count(matcher) => {
                let looked = Looked { subject: &|| Subject::Redirects, missing: &absent };
                self.matcher(matcher, Target::Node(&count), Domain::Count, &looked, faults);
            }
            Redirects::Each(at, each) => {
                if each.len() != followed.len() {
                    let wanted = ("equals", Value::from(each.len()));
                    let actual = Actual::Value(count);
                    let miss = self.plain_miss(*at, Subject::Redirects, wanted, actual);
                    faults.push(Fault::Miss(miss));
                }
                for (index, (expected, redirect)) in each.iter().zip(&followed).enumerate() {
                    self.redirect(index + 1, expected, redirect, faults);
                }
            }
        }
    }

    fn redirect(
        &self,
        number: usize,
        expected: &RedirectExpectation,
        redirect: &Redirect<'_>,
        faults: &mut Vec<Fault>,
    ) {
        if let Some(status) = &expected.status {
            self.status(status, redirect.status, &Subject::Redirect(number, "status"), faults);
        }
        if let Some(matcher) = &expected.location {
            let location = redirect.location();
            let target = location.as_deref().map_or(Target::Missing, Target::Text);
            let subject = || Subject::Redirect(number, "location");
            let looked = Looked { subject: &subject, missing: &absent };
            self.matcher(matcher, target, Domain::Text, &looked, faults);
        }
    }
}
