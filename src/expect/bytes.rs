//! `bytes`: how many there are, their hash, the first of them.

use super::evidence::Evidence;
use super::explain::{Looked, absent};
use super::operand::{Context, Evaluated};
use super::target::{Domain, Target};
use crate::outcome::{Actual, Fault, Subject};
use crate::scenario::decode::Text;
use crate::scenario::expectation::BytesExpectation;
use crate::session::auth::hex;
use crate::value::Value;

impl Context<'_> {
    pub(super) fn bytes(
        &self,
        wanted: &BytesExpectation,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        if let Some(matcher) = &wanted.length {
            let subject = || Subject::Bytes("length");
            let looked = Looked { subject: &subject, missing: &absent };
            let size = Value::from(evidence.size());
            self.matcher(matcher, Target::Node(&size), Domain::Count, &looked, faults);
        }
        if let Some(text) = &wanted.sha256 {
            let expected = self.read(text, BytesExpectation::sha256);
            self.equal(text, expected, "sha256", || hex(&evidence.sha256()), faults);
        }
        if let Some(text) = &wanted.starts_with {
            let expected = self.read(text, BytesExpectation::starts_with);
            let length = expected.as_ref().map_or(0, Vec::len);
            let found = || hex(evidence.beginning(length));
            self.equal(text, expected.map(|bytes| hex(&bytes)), "starts_with", found, faults);
        }
    }

    fn read<T>(&self, text: &Text, read: fn(&str) -> Result<T, String>) -> Evaluated<T> {
        read(&self.text(text)?).map_err(|message| self.invalid(text.at, message))
    }

    fn equal(
        &self,
        text: &Text,
        expected: Evaluated<String>,
        what: &'static str,
        found: impl Fn() -> String,
        faults: &mut Vec<Fault>,
    ) {
        let expected = match expected {
            Ok(expected) => expected,
            Err(fault) => return faults.push(*fault),
        };
        let found = found();
        if found != expected {
            let wanted = ("equals", Value::from(expected));
            let actual = Actual::Value(Value::from(found));
            let miss = self.plain_miss(text.at, Subject::Bytes(what), wanted, actual);
            faults.push(Fault::Miss(miss));
        }
    }
}
