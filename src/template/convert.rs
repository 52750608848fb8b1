//! Values to MiniJinja and back.

use indexmap::IndexMap;
use minijinja::value::ValueKind;

use super::bounds::Budget;
use crate::value::{Map, Number, Value};

pub(super) fn to_jinja(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(value) => minijinja::Value::from(*value),
        Value::Number(number) => number_to_jinja(number),
        Value::String(text) => minijinja::Value::from(text.as_str()),
        Value::Array(items) => items.iter().map(to_jinja).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, _)| (name.as_str().into(), to_jinja(value));
            let members: IndexMap<minijinja::Value, minijinja::Value> =
                members.iter().map(member).collect();
            minijinja::Value::from(members)
        }
    }
}

/// Arithmetic is done on 128-bit integers and floats, as MiniJinja has them.
fn number_to_jinja(number: &Number) -> minijinja::Value {
    if let Some(whole) = number.as_i64() {
        whole.into()
    } else if let Ok(whole) = number.as_str().parse::<i128>() {
        whole.into()
    } else {
        number.as_f64().unwrap_or(f64::NAN).into()
    }
}

/// The value, as far as the budget goes.
pub(super) fn from_jinja(value: &minijinja::Value, budget: &mut Budget) -> Result<Value, String> {
    within(value, 0, budget)
}

fn within(value: &minijinja::Value, depth: usize, budget: &mut Budget) -> Result<Value, String> {
    let wrong = || format!("`{value}` is no JSON value");
    budget.take(value.as_str().map_or(0, str::len), depth)?;
    Ok(match value.kind() {
        ValueKind::None => Value::Null,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number if value.is_integer() => {
            Value::Number(value.to_string().parse().map_err(|_| wrong())?)
        }
        ValueKind::Number => {
            let number = f64::try_from(value.clone()).map_err(|_| wrong())?;
            Value::Number(Number::from_f64(number).ok_or_else(wrong)?)
        }
        ValueKind::String => Value::String(value.as_str().ok_or_else(wrong)?.to_owned()),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(|_| wrong())?;
            let items = items.map(|item| within(&item, depth + 1, budget));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        ValueKind::Map => {
            let mut members = Map::new();
            for key in value.try_iter().map_err(|_| wrong())? {
                let member = value.get_item(&key).map_err(|_| wrong())?;
                let name = key.to_string();
                budget.take(name.len(), depth)?;
                members.insert(name, within(&member, depth + 1, budget)?);
            }
            Value::Object(members)
        }
        _ => return Err(wrong()),
    })
}
