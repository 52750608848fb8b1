//! The status, of the response and of a redirect.

use ::http::StatusCode;

use super::explain::{Looked, absent};
use super::operand::Context;
use super::target::{Domain, Target};
use crate::outcome::{Actual, Fault, Subject};
use crate::scenario::expectation::{Status, StatusPattern, WantedStatus};
use crate::scenario::yaml::At;
use crate::value::Value;

/// From here on a step fails that says nothing of the status.
const FIRST_BAD: u16 = 400;

impl Context<'_> {
    pub(super) fn status(
        &self,
        wanted: &Status,
        found: StatusCode,
        subject: &Subject,
        faults: &mut Vec<Fault>,
    ) {
        let found = found.as_u16();
        match &wanted.wanted {
            WantedStatus::Matcher(matcher) => {
                let looked = Looked { subject: &|| subject.clone(), missing: &absent };
                let value = Value::from(found);
                self.matcher(matcher, Target::Node(&value), Domain::Json, &looked, faults);
            }
            WantedStatus::OneOf(patterns) if patterns.iter().any(|one| fits(*one, found)) => {}
            WantedStatus::OneOf(patterns) => {
                let operand = match patterns.as_slice() {
                    [only] => ("equals", shown(*only)),
                    all => ("in", all.iter().map(|one| shown(*one)).collect()),
                };
                let actual = Actual::Value(Value::from(found));
                let miss = self.plain_miss(wanted.at, subject.clone(), operand, actual);
                faults.push(Fault::Miss(miss));
            }
        }
    }

    /// No step is green because it forgot to look.
    pub(super) fn status_unsaid(&self, request: At, found: StatusCode, faults: &mut Vec<Fault>) {
        let found = found.as_u16();
        if found >= FIRST_BAD {
            let actual = Actual::Value(Value::from(found));
            let operand = ("below", Value::from(FIRST_BAD));
            faults.push(Fault::Miss(self.plain_miss(request, Subject::Status, operand, actual)));
        }
    }
}

fn fits(pattern: StatusPattern, status: u16) -> bool {
    match pattern {
        StatusPattern::Code(code) => status == code,
        StatusPattern::Class(class) => status / 100 == class,
    }
}

fn shown(pattern: StatusPattern) -> Value {
    match pattern {
        StatusPattern::Code(code) => Value::from(code),
        StatusPattern::Class(class) => Value::from(format!("{class}xx")),
    }
}
