//! Whether two operators can hold of one value. Where that is not certain, they can.

use std::cmp::Ordering;

use crate::scenario::decode::Tree;
use crate::scenario::matcher::{Check, Matcher, Op, Order, Pattern, Type, When};
use crate::value::{self, Number, Value};

/// How texts compare: in JSON by code points; what is text anyway, such as a header, as numbers where both are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    AsTexts,
    AsNumbers,
}

/// Whether there is no value of which both hold.
pub(super) fn never(a: &Op, b: &Op, texts: Texts) -> bool {
    one_way(a, b, texts) || one_way(b, a, texts)
}

fn one_way(a: &Op, b: &Op, texts: Texts) -> bool {
    match (a, b) {
        (Op::Exists(false), Op::Exists(false)) => false,
        (Op::Exists(false), _) => true,
        (Op::Equals(Tree::Literal(value)), b) => holds(b, value, texts) == Some(false),
        (Op::In(tree), b) => values(tree)
            .is_some_and(|values| values.iter().all(|value| holds(b, value, texts) == Some(false))),
        (Op::Each(each), Op::Any(any)) => pairs(each, any, texts),
        _ if is_length(a) && is_length(b) => lengths_disagree(a, b),
        _ if is_empty(a) => nothings().iter().all(|value| holds(b, value, texts) == Some(false)),
        _ => ranges_miss(a, b, texts) || kinds_differ(a, b, texts),
    }
}

/// The values that have nothing in them.
fn nothings() -> [Value; 3] {
    [Value::from(""), Value::Array(Vec::new()), Value::Object(serde_json::Map::new())]
}

/// Whether it holds of nothing but those.
fn is_empty(op: &Op) -> bool {
    let is_zero = |check: &Check| match &check.op {
        Op::Equals(Tree::Literal(value)) => value.as_u64() == Some(0),
        _ => false,
    };
    match op {
        Op::Empty(empty) => *empty,
        Op::Length(length) => length.checks.iter().any(is_zero),
        _ => false,
    }
}

/// Whether some check of one matcher and some check of another can never both hold.
fn pairs(a: &Matcher, b: &Matcher, texts: Texts) -> bool {
    a.checks.iter().any(|a| b.checks.iter().any(|b| never(&a.op, &b.op, texts)))
}

fn is_length(op: &Op) -> bool {
    matches!(op, Op::Length(_) | Op::Empty(_))
}

fn lengths_disagree(a: &Op, b: &Op) -> bool {
    let zero = || Tree::Literal(Value::from(0));
    let lengths = |op: &Op| -> Vec<Op> {
        match op {
            Op::Length(matcher) => matcher.checks.iter().map(|check| check.op.clone()).collect(),
            Op::Empty(true) => vec![Op::Equals(zero())],
            Op::Empty(false) => vec![Op::Compare(Order::Greater, zero())],
            _ => Vec::new(),
        }
    };
    let (a, b) = (lengths(a), lengths(b));
    // No length is below zero.
    let least = Op::Compare(Order::GreaterOrEqual, zero());
    let all = || a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    all().any(|(a, b)| never(a, b, Texts::AsTexts) || (one_way(a, &least, Texts::AsTexts)))
}

/// An end of a range, and whether it is in it.
type Bound<'v> = Option<(&'v Value, bool)>;

/// The least and the greatest value that an operator holds of.
fn bounds(op: &Op) -> (Bound<'_>, Bound<'_>) {
    match op {
        Op::Compare(order, Tree::Literal(value)) => match order {
            Order::Greater => (Some((value, false)), None),
            Order::GreaterOrEqual => (Some((value, true)), None),
            Order::Less => (None, Some((value, false))),
            Order::LessOrEqual => (None, Some((value, true))),
        },
        Op::Between(ends) => match &**ends {
            [Tree::Literal(low), Tree::Literal(high)] => (Some((low, true)), Some((high, true))),
            _ => (None, None),
        },
        _ => (None, None),
    }
}

/// Whether the one ends before the other begins.
pub(super) fn ranges_miss(a: &Op, b: &Op, texts: Texts) -> bool {
    let (Some((low, from)), Some((high, to))) = (bounds(a).0, bounds(b).1) else { return false };
    match compare(low, high, texts) {
        Some(Ordering::Greater) => true,
        Some(Ordering::Equal) => !(from && to),
        Some(Ordering::Less) | None => false,
    }
}

/// The order of two values; none where they have none, or it is not known here.
fn compare(a: &Value, b: &Value, texts: Texts) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(value::compare(a, b)),
        (Value::String(a), Value::String(b)) if texts == Texts::AsNumbers => {
            let number = |text: &str| serde_json::from_str::<Number>(text).ok();
            match (number(a), number(b)) {
                (Some(a), Some(b)) => Some(value::compare(&a, &b)),
                (None, None) => Some(a.cmp(b)),
                _ => None,
            }
        }
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Whether what the one wants is of another kind than what the other wants.
fn kinds_differ(a: &Op, b: &Op, texts: Texts) -> bool {
    match (kinds(a, texts), kinds(b, texts)) {
        (Some(a), Some(b)) => !a.iter().any(|kind| b.contains(kind)),
        _ => false,
    }
}

/// The kinds of value that an operator can hold of; none where it says nothing of them.
fn kinds(op: &Op, texts: Texts) -> Option<Vec<&'static str>> {
    Some(match op {
        Op::Type(types) => types.iter().map(|kind| kind_of(*kind)).collect(),
        Op::StartsWith(_) | Op::EndsWith(_) | Op::Matches(_) | Op::Is(_) => vec!["string"],
        Op::Each(_) | Op::Any(_) | Op::None(_) | Op::Unordered(_) | Op::Sorted(_) | Op::Unique => {
            vec!["array"]
        }
        Op::Length(_) | Op::Empty(_) => vec!["string", "array", "object"],
        // A header is text, and a number to compare with as well.
        Op::Compare(_, Tree::Literal(Value::Number(_))) if texts == Texts::AsTexts => {
            vec!["number"]
        }
        _ => return None,
    })
}

/// An integer is a number.
fn kind_of(kind: Type) -> &'static str {
    match kind {
        Type::Integer => "number",
        other => other.name(),
    }
}

/// The values of a list that are written out.
pub(super) fn values(tree: &Tree) -> Option<Vec<&Value>> {
    match tree {
        Tree::List(items) => items
            .iter()
            .map(|item| match item {
                Tree::Literal(value) => Some(value),
                _ => None,
            })
            .collect(),
        Tree::Literal(Value::Array(items)) => Some(items.iter().collect()),
        _ => None,
    }
}

/// Whether an operator holds of a value; none where that is not known before the run.
pub(super) fn holds(op: &Op, value: &Value, texts: Texts) -> Option<bool> {
    let length = || match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(members) => Some(members.len()),
        _ => None,
    };
    let text = |operand: &Tree, test: fn(&str, &str) -> bool| match (value, operand) {
        (Value::String(text), Tree::Literal(Value::String(operand))) => Some(test(text, operand)),
        (Value::String(_), _) => None,
        _ => Some(false),
    };
    match op {
        Op::Equals(Tree::Literal(other)) => Some(value::equal(value, other)),
        Op::Not(inner) => all_hold(inner, value, texts)?.then_some(false),
        Op::Compare(_, Tree::Literal(_)) | Op::Between(..) => in_bounds(op, value, texts),
        Op::In(tree) => Some(values(tree)?.iter().any(|other| value::equal(value, other))),
        Op::StartsWith(operand) => text(operand, |text, start| text.starts_with(start)),
        Op::EndsWith(operand) => text(operand, |text, end| text.ends_with(end)),
        Op::Includes(operand) if value.is_string() => {
            text(operand, |text, part| text.contains(part))
        }
        Op::Includes(Tree::Literal(part)) if nothings().contains(value) => {
            (!nothings().contains(part)).then_some(false)
        }
        Op::Excludes(operand) if value.is_string() => {
            text(operand, |text, part| !text.contains(part))
        }
        Op::Matches(Pattern::Compiled(regex)) => {
            Some(value.as_str().is_some_and(|text| regex.is_match(text)))
        }
        Op::Length(inner) => match length() {
            Some(length) => all_hold(inner, &Value::from(length), texts),
            None => Some(false),
        },
        Op::Is(format) => Some(value.as_str().is_some_and(|text| format.fits(text))),
        Op::Empty(wanted) => Some(length().is_some_and(|length| (length == 0) == *wanted)),
        Op::Exists(wanted) => Some(*wanted),
        Op::Type(types) => Some(types.iter().any(|kind| is_of(value, *kind))),
        Op::Unordered(items) => match value {
            Value::Array(values) if values.len() == items.len() => None,
            _ => Some(false),
        },
        Op::Any(_) if nothings().contains(value) => Some(false),
        Op::Each(_) | Op::Any(_) | Op::None(_) | Op::Sorted(_) | Op::Unique => {
            (!value.is_array()).then_some(false)
        }
        _ => None,
    }
}

fn all_hold(matcher: &Matcher, value: &Value, texts: Texts) -> Option<bool> {
    let all: Vec<_> = matcher.checks.iter().map(|check| holds(&check.op, value, texts)).collect();
    if all.contains(&Some(false)) {
        return Some(false);
    }
    all.iter().all(|held| *held == Some(true)).then_some(true)
}

fn in_bounds(op: &Op, value: &Value, texts: Texts) -> Option<bool> {
    let (low, high) = bounds(op);
    let within = |bound: Bound<'_>, wanted: Ordering| match bound {
        None => Some(true),
        Some((bound, included)) => match compare(value, bound, texts) {
            Some(Ordering::Equal) => Some(included),
            Some(order) => Some(order == wanted),
            // A text never compares with a number.
            None => (value.is_string() != bound.is_string()).then_some(false),
        },
    };
    if low.is_none() && high.is_none() {
        return None;
    }
    Some(within(low, Ordering::Greater)? && within(high, Ordering::Less)?)
}

fn is_of(value: &Value, kind: Type) -> bool {
    match (kind, value) {
        (Type::Integer, Value::Number(number)) => value::is_integer(number),
        (Type::Integer, _) => false,
        (kind, value) => match value {
            Value::Null => kind == Type::Null,
            Value::Bool(_) => kind == Type::Boolean,
            Value::Number(_) => kind == Type::Number,
            Value::String(_) => kind == Type::String,
            Value::Array(_) => kind == Type::Array,
            Value::Object(_) => kind == Type::Object,
        },
    }
}

/// An operator as messages name it.
pub(super) fn name(op: &Op) -> &'static str {
    match op {
        Op::Equals(_) => "equals",
        Op::Not(_) => "not",
        Op::Compare(Order::Greater, _) => "gt",
        Op::Compare(Order::GreaterOrEqual, _) => "gte",
        Op::Compare(Order::Less, _) => "lt",
        Op::Compare(Order::LessOrEqual, _) => "lte",
        Op::Between(..) => "between",
        Op::In(_) => "in",
        Op::Includes(_) => "includes",
        Op::Excludes(_) => "excludes",
        Op::StartsWith(_) => "starts_with",
        Op::EndsWith(_) => "ends_with",
        Op::Matches(_) => "matches",
        Op::Length(_) => "length",
        Op::Empty(true) => "empty: true",
        Op::Empty(false) => "empty: false",
        Op::Exists(true) => "exists: true",
        Op::Exists(false) => "exists: false",
        Op::Type(_) => "type",
        Op::Each(_) => "each",
        Op::Any(_) => "any",
        Op::None(_) => "none",
        Op::Unordered(_) => "unordered",
        Op::Sorted(_) => "sorted",
        Op::Unique => "unique",
        Op::Is(_) => "is",
        Op::Approx(_) => "approx",
        Op::Time(When::Before, _) => "before",
        Op::Time(When::After, _) => "after",
        Op::Like(_) => "like",
    }
}
