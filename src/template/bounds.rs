//! How much an expression may make.

use crate::value::Value;

/// The text that one expression, or one text with expressions in it, may make; as much as a body holds.
pub const MOST_TEXT: usize = 64 << 20;

/// MiniJinja takes one unit for an instruction and for 64 bytes that it reads or makes, and several for what costs it
/// more: four times what the result may be.
pub(super) const FUEL: u64 = 4 * MOST_TEXT as u64 / 64;

/// The words and signs of an expression: MiniJinja reads them by functions that call themselves.
pub(super) const MOST_TOKENS: usize = 1000;

/// How deep lists and maps may lie in each other: as deep as JSON is read.
const DEEPEST: usize = 127;

/// What every value counts, besides its text.
pub const VALUE: usize = 16;

/// What is told of an expression that goes beyond [`MOST_TEXT`].
pub(super) fn too_much() -> String {
    format!("it makes more than {} MiB of text", MOST_TEXT >> 20)
}

/// What is left of a bound: one for all that makes one value.
#[derive(Debug)]
pub struct Budget {
    left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: MOST_TEXT }
    }
}

impl Budget {
    /// Takes a value of so many bytes in, that lies so deep.
    pub(super) fn take(&mut self, bytes: usize, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!(
                "its lists and maps lie more than {DEEPEST} levels deep in each other"
            ));
        }
        let left = self.left.checked_sub(bytes.saturating_add(VALUE));
        self.left = left.ok_or_else(too_much)?;
        Ok(())
    }
}

/// How much the variables of a scenario may hold together: a value is made of values, and each has a step of its own to
/// be made in.
pub(super) const MOST_HELD: usize = 8 * MOST_TEXT;

pub(super) fn too_much_held() -> String {
    format!("the variables hold more than {} MiB of text together", MOST_HELD >> 20)
}

/// Takes a whole value in.
pub(super) fn take(value: &Value, depth: usize, budget: &mut Budget) -> Result<(), String> {
    match value {
        Value::Null | Value::Bool(_) => budget.take(0, depth),
        Value::Number(number) => budget.take(number.as_str().len(), depth),
        Value::String(text) => budget.take(text.len(), depth),
        Value::Array(items) => {
            budget.take(0, depth)?;
            items.iter().try_for_each(|item| take(item, depth + 1, budget))
        }
        Value::Object(members) => {
            budget.take(0, depth)?;
            members.iter().try_for_each(|(name, member)| {
                budget.take(name.len(), depth)?;
                take(member, depth + 1, budget)
            })
        }
    }
}

/// What a value counts, whatever its depth.
#[must_use]
pub fn size(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Bool(_) => 0,
        Value::Number(number) => number.as_str().len(),
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| name.len() + VALUE + size(member)).sum()
        }
    };
    inside + VALUE
}
