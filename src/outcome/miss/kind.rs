//! Why a value could not be judged at all, so that the opposite of what was wanted would fail as well.

use super::{Actual, Miss, Subject, Via};
use crate::mask::MASK;
use crate::scenario::matcher::{Format, moment};
use crate::value::{self, Value};

impl Miss {
    /// What an operator looks at, where this value is nothing of the sort.
    pub(super) fn wrong_kind(&self) -> Option<String> {
        let Actual::Value(actual) = &self.actual else { return None };
        if self.is_one_of_several() {
            return None;
        }
        let (operator, operand) = (self.operator(), &self.wanted.operand);
        match operator {
            // It is told of the element, not of the list.
            "none" if matches!(self.via.last(), Some(Via::Element(_))) => {
                self.of_matcher(operand, actual)
            }
            "any" => match actual.as_array() {
                Some(items) => items.iter().find_map(|item| self.of_matcher(operand, item)),
                None => of_lists(operator, actual),
            },
            "not" => self.of_matcher(operand, actual),
            operator => self.of_operator(operator, operand, actual),
        }
    }

    /// The same of the first operator of a matcher that has something to say.
    fn of_matcher(&self, matcher: &Value, actual: &Value) -> Option<String> {
        let operators = matcher.as_object()?.iter();
        operators
            .filter(|(operator, _)| *operator != "equals")
            .find_map(|(operator, operand)| self.of_operator(operator, operand, actual))
    }

    fn of_operator(&self, operator: &str, operand: &Value, actual: &Value) -> Option<String> {
        let is = || value::a_kind(actual);
        let is_countable = actual.is_string() || actual.is_array() || actual.is_object();
        match operator {
            "equals" => same_text(operand, actual),
            "is" => format_fault(operand, actual),
            "approx" => {
                let is_number = self.is_number(actual);
                (!is_number).then(|| format!("`approx` looks at numbers, and this is {}", is()))
            }
            "before" | "after" => self.as_time(actual),
            "like" => plain_operators(operand),
            "gt" | "gte" | "lt" | "lte" => self.no_order(operand, actual),
            "between" => operand.as_array()?.iter().find_map(|end| self.no_order(end, actual)),
            "starts_with" | "ends_with" | "matches" => (!actual.is_string())
                .then(|| format!("`{operator}` looks at strings, and this is {}", is())),
            "length" | "empty" => (!is_countable).then(|| {
                format!("`{operator}` looks at strings, arrays and objects, and this is {}", is())
            }),
            "includes" | "excludes" => no_part(operator, operand, actual),
            "each" | "any" | "none" | "unordered" | "unique" => of_lists(operator, actual),
            "sorted" => of_lists(operator, actual).or_else(|| mixed(actual)),
            _ => None,
        }
    }

    /// What an operator on numbers takes for one.
    fn is_number(&self, actual: &Value) -> bool {
        match actual {
            Value::Number(_) => true,
            Value::String(text) => !self.is_json() && text.parse::<value::Number>().is_ok(),
            _ => false,
        }
    }

    /// Which time a number is, or why it is none.
    fn as_time(&self, actual: &Value) -> Option<String> {
        let time = match actual {
            Value::String(text) if !self.is_json() && moment::of_plain_text(text).is_some() => {
                moment::of_plain_text(text).filter(|_| text.bytes().all(|b| b.is_ascii_digit()))?
            }
            // Of what is masked nothing can be said.
            Value::String(text) if text.contains(MASK) => return None,
            Value::String(_) => return moment::read(actual).err(),
            _ => match moment::read(actual) {
                Ok(time) => time,
                Err(message) => return Some(message),
            },
        };
        Some(format!("{} is {}", value::text(actual), moment::shown(time)))
    }

    /// Whether what is looked at is JSON, and not a text that may mean a number.
    fn is_json(&self) -> bool {
        matches!(self.subject, Subject::Json(_) | Subject::Like(_))
    }

    fn no_order(&self, operand: &Value, actual: &Value) -> Option<String> {
        let is_text = !self.is_json();
        let number = |value: &Value| {
            value.as_str().is_some_and(|text| text.parse::<value::Number>().is_ok())
        };
        match (operand, actual) {
            (Value::Number(_), Value::Number(_)) => None,
            (Value::String(_), Value::String(_)) => (is_text && number(operand) && !number(actual))
                .then(|| "a text that is no number cannot be compared with one".to_owned()),
            _ => Some(format!(
                "{} and {} have no order",
                value::a_kind(actual),
                value::a_kind(operand)
            )),
        }
    }
}

/// What is wrong with a text that should be a UUID, a date, …
fn format_fault(operand: &Value, actual: &Value) -> Option<String> {
    let Some(text) = actual.as_str() else {
        return Some(format!("`is` looks at strings, and this is {}", value::a_kind(actual)));
    };
    // Of what is masked nothing can be said.
    let is_whole = !text.contains(MASK);
    let format = operand.as_str().and_then(Format::named).filter(|_| is_whole)?;
    format.fault(text).map(str::to_owned)
}

/// `{gt: 0}` where `{$gt: 0}` was meant.
fn plain_operators(operand: &Value) -> Option<String> {
    let names = [
        "gt",
        "gte",
        "lt",
        "lte",
        "between",
        "includes",
        "starts_with",
        "ends_with",
        "matches",
        "is",
        "type",
        "length",
        "each",
        "unordered",
        "exists",
    ];
    let first = operand.as_object()?.keys().find(|name| names.contains(&name.as_str()))?;
    Some(format!("below `like` an operator begins with `$`: `${first}`"))
}

fn of_lists(operator: &str, actual: &Value) -> Option<String> {
    (!actual.is_array())
        .then(|| format!("`{operator}` looks at arrays, and this is {}", value::a_kind(actual)))
}

/// `"5"` and `5` look the same in a hurry.
fn same_text(operand: &Value, actual: &Value) -> Option<String> {
    let differ = operand.is_string() != actual.is_string();
    let scalars = !actual.is_object() && !actual.is_array();
    (differ && scalars && value::text(operand) == value::text(actual))
        .then(|| format!("{} never equals {}", value::a_kind(actual), value::a_kind(operand)))
}

fn no_part(operator: &str, operand: &Value, actual: &Value) -> Option<String> {
    let fits = match actual {
        Value::String(_) => operand.is_string(),
        Value::Object(_) => operand.is_object(),
        Value::Array(_) => true,
        _ => false,
    };
    let (found, wanted) = (value::a_kind(actual), value::a_kind(operand));
    (!fits).then(|| format!("`{operator}` cannot look for {wanted} in what is {found}"))
}

fn mixed(actual: &Value) -> Option<String> {
    let kinds: Vec<&str> = actual.as_array()?.iter().map(value::kind).collect();
    let first = kinds.first()?;
    let fits = matches!(*first, "number" | "string") && kinds.iter().all(|kind| kind == first);
    (!fits).then(|| "`sorted` compares numbers with numbers and strings with strings".to_owned())
}
