//! What a matcher looks at, borrowed from where it is.

use std::cmp::Ordering;

use time::OffsetDateTime;

use crate::jsonpath;
use crate::outcome::Unit;
use crate::scenario::matcher::moment;
use crate::value::{self, Number, Value};

/// What kind of value a matcher looks at, which says how the value of an expression is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Domain {
    /// Any JSON value.
    Json,
    /// Text: a number or a boolean becomes its text.
    Text,
    /// Milliseconds: a text is read as a duration.
    Duration,
    /// A count: a text is read as a size.
    Count,
}

/// What a matcher looks at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'v> {
    /// A value.
    Node(&'v Value),
    /// The nodes of a path that is not singular: a list.
    Nodes(&'v [&'v Value]),
    /// A text that is no JSON: a header, a cookie, the body, a URL.
    Text(&'v str),
    /// Nothing is there.
    Missing,
}

impl<'v> Target<'v> {
    pub(super) fn is_missing(self) -> bool {
        matches!(self, Self::Missing)
    }

    /// Whether a path that gives a list found nothing to put into it.
    pub(super) fn found_no_node(self) -> bool {
        matches!(self, Self::Nodes([]))
    }

    pub(super) fn as_text(self) -> Option<&'v str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Node(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The elements, if it is a list.
    pub(super) fn elements(self) -> Option<Elements<'v>> {
        match self {
            Self::Node(Value::Array(items)) => Some(Elements::Values(items)),
            Self::Nodes(nodes) => Some(Elements::Nodes(nodes)),
            _ => None,
        }
    }

    /// The count of what `length` counts, with what that is.
    pub(super) fn length(self) -> Option<(usize, Unit)> {
        match self {
            Self::Node(Value::Object(members)) => Some((members.len(), Unit::Members)),
            _ => match (self.as_text(), self.elements()) {
                (Some(text), _) => Some((text.chars().count(), Unit::Characters)),
                (_, Some(elements)) => Some((elements.len(), Unit::Elements)),
                _ => None,
            },
        }
    }

    /// Whether it has nothing in it; none if it is nothing that could.
    pub(super) fn is_empty(self) -> Option<bool> {
        match self {
            Self::Node(Value::Object(members)) => Some(members.is_empty()),
            _ => match (self.as_text(), self.elements()) {
                (Some(text), _) => Some(text.is_empty()),
                (_, Some(elements)) => Some(elements.len() == 0),
                _ => None,
            },
        }
    }

    /// As [`value::equal`].
    pub(super) fn equals(self, operand: &Value) -> bool {
        match self {
            Self::Node(value) => value::equal(value, operand),
            Self::Nodes(nodes) => operand.as_array().is_some_and(|items| {
                items.len() == nodes.len()
                    && nodes.iter().zip(items).all(|(node, item)| value::equal(node, item))
            }),
            Self::Text(text) => operand.as_str() == Some(text),
            Self::Missing => false,
        }
    }

    /// Its order to the operand; none for kinds that have none between them.
    pub(super) fn order(self, operand: &Value) -> Option<Ordering> {
        match (self, operand) {
            (Self::Node(Value::Number(value)), Value::Number(operand)) => {
                Some(value::compare(value, operand))
            }
            (Self::Node(Value::String(value)), Value::String(operand)) => Some(value.cmp(operand)),
            (Self::Text(value), Value::String(operand)) => order_of_texts(value, operand),
            _ => None,
        }
    }

    /// An operand as what it is compared with.
    pub(super) fn of_domain(value: &'v Value, domain: Domain) -> Self {
        match value {
            Value::String(text) if domain == Domain::Text => Self::Text(text),
            value => Self::Node(value),
        }
    }

    /// The number that it is; a text that is no JSON may mean one.
    pub(super) fn number(self) -> Option<Number> {
        match self {
            Self::Node(Value::Number(value)) => Some(value.clone()),
            Self::Text(text) => number(text),
            _ => None,
        }
    }

    /// The point in time that it is.
    pub(super) fn time(self) -> Option<OffsetDateTime> {
        match self {
            Self::Node(value) => moment::read(value).ok(),
            Self::Text(text) => moment::of_plain_text(text),
            Self::Nodes(_) | Self::Missing => None,
        }
    }

    /// A copy, to show.
    pub(super) fn to_value(self) -> Option<Value> {
        match self {
            Self::Node(value) => Some(value.clone()),
            Self::Nodes(nodes) => Some(Value::Array(jsonpath::copies(nodes))),
            Self::Text(text) => Some(Value::from(text)),
            Self::Missing => None,
        }
    }
}

/// Headers and cookies are text even where they mean a number: an operand that is one is compared as one,
/// and a value that is none has no order to it.
fn order_of_texts(value: &str, operand: &str) -> Option<Ordering> {
    match (number(value), number(operand)) {
        (Some(value), Some(operand)) => Some(value::compare(&value, &operand)),
        (None, Some(_)) => None,
        (_, None) => Some(value.cmp(operand)),
    }
}

fn number(text: &str) -> Option<Number> {
    let starts = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if starts { text.parse().ok() } else { None }
}

/// The elements of a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Elements<'v> {
    Values(&'v [Value]),
    Nodes(&'v [&'v Value]),
}

impl<'v> Elements<'v> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Nodes(nodes) => nodes.len(),
        }
    }

    pub(super) fn get(self, index: usize) -> Option<&'v Value> {
        match self {
            Self::Values(values) => values.get(index),
            Self::Nodes(nodes) => nodes.get(index).copied(),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = &'v Value> {
        (0..self.len()).filter_map(move |index| self.get(index))
    }
}
