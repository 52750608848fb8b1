//! An end to what would have none: alternatives within alternatives multiply, and a body can ask for all of them.
//!
//! Every schema gets one more keyword, which counts the visits; beyond the limit the whole judgement is left at once.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use jsonschema::{Keyword, ValidationError, ValidationOptions};

use super::keywords::{Holds, holds};
use crate::value::{Map, Value};

/// The keyword that counts.
const KEYWORD: &str = "x-callsheet-visits";

/// What is carried out of a judgement that is left.
struct Spent;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

struct Visits;

impl<'i> Keyword<'i> for Visits {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        visit();
        Ok(())
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        visit();
        true
    }
}

fn visit() {
    LEFT.with(|left| match left.get().checked_sub(1) {
        Some(less) => left.set(less),
        // This calls no panic hook: nothing is wrong that anyone should be told of.
        None => panic::resume_unwind(Box::new(Spent)),
    });
}

/// Does what visits schemas, so many at most; none where these were not enough, or it could not be done.
pub(super) fn within<T>(most: u64, judge: impl FnOnce() -> T) -> Option<T> {
    let before = LEFT.replace(most);
    let judged = panic::catch_unwind(AssertUnwindSafe(judge));
    LEFT.set(before);
    judged.ok()
}

/// The options that know the keyword.
pub(super) fn counting(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    options.with_keyword(KEYWORD, |_, _, _| Ok(Box::new(Visits)))
}

/// The document with the keyword in all its schemas.
pub(super) fn counted(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(schema(members)),
        Value::Array(items) => items.iter().map(counted).collect(),
        other => other.clone(),
    }
}

fn schema(members: &Map<String, Value>) -> Map<String, Value> {
    let named = |value: &Value| match value {
        Value::Object(named) => {
            Value::Object(named.iter().map(|(name, one)| (name.clone(), counted(one))).collect())
        }
        other => other.clone(),
    };
    let mut found: Map<String, Value> = members
        .iter()
        .map(|(keyword, value)| {
            let value = match holds(keyword) {
                Holds::Data => value.clone(),
                Holds::Named => named(value),
                Holds::Schemas | Holds::Other => counted(value),
            };
            (keyword.clone(), value)
        })
        .collect();
    found.insert(KEYWORD.to_owned(), Value::Bool(true));
    found
}
