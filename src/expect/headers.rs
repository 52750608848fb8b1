//! `headers`: the fields of the last response.

use std::borrow::Cow;

use super::evidence::Evidence;
use super::explain::{Looked, absent, element_at};
use super::matcher::Verdict;
use super::operand::Context;
use super::target::{Domain, Target};
use crate::outcome::{Actual, Fault, MOST_DIFFERENCES, Miss, Subject, Unit, Via};
use crate::scenario::expectation::HeaderExpectation;
use crate::scenario::matcher::{Check, Matcher};
use crate::scenario::yaml::At;
use crate::value::Value;

impl Context<'_> {
    pub(super) fn header(
        &self,
        name: &str,
        expected: &HeaderExpectation,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let values = evidence.header(name);
        match expected {
            HeaderExpectation::One(matcher) => {
                let there = || Actual::NoneOf(evidence.header_names());
                let subject = || Subject::Header(name.to_owned());
                let looked = Looked { subject: &subject, missing: &there };
                self.one_value(matcher, &values, &looked, faults);
            }
            HeaderExpectation::All(at, matchers) => {
                self.all_values((name, *at), matchers, evidence, faults);
            }
        }
    }

    /// It must hold for one of the values.
    fn one_value(
        &self,
        matcher: &Matcher,
        values: &[Cow<'_, str>],
        looked: &Looked<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let target = values.first().map_or(Target::Missing, |value| Target::Text(value));
        let holds = |value: &Cow<'_, str>| {
            let verdict = self.judge(matcher, Target::Text(value), Domain::Text);
            verdict.as_ref().is_ok_and(|verdict: &Verdict| verdict.holds())
        };
        if values.iter().skip(1).any(holds) {
            return;
        }
        let before = faults.len();
        // Of several operators, one that none of the values satisfies tells more than the first.
        let none_fits = |check: &&Check| {
            let alone = alone(matcher.at, check);
            let holds = |value: &Cow<'_, str>| {
                let verdict = self.judge(&alone, Target::Text(value), Domain::Text);
                verdict.as_ref().is_ok_and(|verdict: &Verdict| verdict.holds())
            };
            values.len() > 1 && !values.iter().any(holds)
        };
        match matcher.checks.iter().find(none_fits) {
            Some(check) => {
                self.matcher(&alone(matcher.at, check), target, Domain::Text, looked, faults);
            }
            None => self.matcher(matcher, target, Domain::Text, looked, faults),
        }
        if values.len() > 1 {
            // None of the values will do, and all of them are shown, once.
            let all: Value = values.iter().map(AsRef::as_ref).collect();
            faults.truncate(before + 1);
            if let Some(Fault::Miss(miss)) = faults.get_mut(before) {
                *miss = Miss { actual: Actual::Value(all), via: Vec::new(), ..miss.clone() };
            }
        }
    }

    /// All values, in order.
    fn all_values(
        &self,
        (name, at): (&str, At),
        matchers: &[Matcher],
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let values = evidence.header(name);
        let subject = || Subject::Header(name.to_owned());
        if values.len() != matchers.len() {
            let actual = match values.len() {
                0 => Actual::NoneOf(evidence.header_names()),
                count => Actual::Value(Value::from(count)),
            };
            let wanted = ("equals", Value::from(matchers.len()));
            let mut miss = self.plain_miss(at, subject(), wanted, actual);
            miss.via = vec![Via::Length(Unit::Values)];
            let value = |(index, value): (usize, &Cow<'_, str>)| {
                element_at(index, Some(&Value::from(value.as_ref())))
            };
            miss.differences =
                values.iter().enumerate().take(MOST_DIFFERENCES).map(value).collect();
            faults.push(Fault::Miss(miss));
        }
        for (index, (value, matcher)) in values.iter().zip(matchers).enumerate() {
            let before = faults.len();
            let looked = Looked { subject: &subject, missing: &absent };
            self.matcher(matcher, Target::Text(value), Domain::Text, &looked, faults);
            for fault in &mut faults[before..] {
                if let Fault::Miss(miss) = fault {
                    miss.via.insert(0, Via::Element(index));
                }
            }
        }
    }
}

/// A matcher of this operator only.
fn alone(at: At, check: &Check) -> Matcher {
    Matcher { at, checks: vec![check.clone()] }
}
