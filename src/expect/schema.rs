//! `schema`: whether the body is as a JSON Schema says, and where it is not.

use super::evidence::Evidence;
use super::operand::Context;
use crate::outcome::{Actual, Difference, Fault, Miss, Subject};
use crate::scenario::expectation::{SchemaExpectation, SchemaSource};
use crate::schema::{Breach, Verdict};
use crate::value::Value;

const ENDLESS: &str =
    "the body could not be judged: its schema allows it in more ways than can be tried";

impl Context<'_> {
    pub(super) fn schema(
        &self,
        expected: &SchemaExpectation,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let Some(schema) = expected.compiled.get() else {
            let fault = self.invalid(expected.at, "the schema was not read".to_owned());
            return faults.push(*fault);
        };
        let name = match &expected.source {
            SchemaSource::File(path, _) => Value::from(path.as_str()),
            SchemaSource::Inline(_) => Value::Null,
        };
        let miss = |actual, differences| {
            let wanted = ("schema", name.clone());
            let miss = self.plain_miss(expected.at, Subject::Schema, wanted, actual);
            Fault::Miss(Miss { differences, ..miss })
        };
        match evidence.json() {
            Err(actual) => faults.push(miss(actual.clone(), Vec::new())),
            Ok(body) => match schema.judge(body) {
                Verdict::Holds => {}
                Verdict::Breaks(breaches, count) => {
                    let differences = breaches.into_iter().map(difference).collect();
                    faults.push(miss(Actual::Unfit(count), differences));
                }
                Verdict::Endless => {
                    faults.push(*self.invalid(expected.at, ENDLESS.to_owned()));
                }
            },
        }
    }
}

fn difference(Breach { path, wanted, found, at: _ }: Breach) -> Difference {
    Difference { path, expected: Some(Value::from(wanted)), actual: found, law: None }
}
