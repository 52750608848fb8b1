//! An expectation that did not hold: what was asked, what was wanted, what came.

use super::Place;
use crate::value::Value;

/// An expectation that did not hold.
#[derive(Clone, Debug)]
pub struct Miss {
    /// What was looked at.
    pub subject: Subject,
    /// The way from the subject to the value that missed: `each` leads to an element, `length` to a count.
    pub via: Vec<Via>,
    /// Where the operand stands.
    pub place: Place,
    /// What was wanted.
    pub wanted: Wanted,
    /// What came.
    pub actual: Actual,
    /// Where two structures differ, if the operand and the value are both objects or both lists.
    pub differences: Vec<Difference>,
}

/// What an expectation looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The status code.
    Status,
    /// A header field, by its name.
    Header(String),
    /// A cookie of the session, by its name and, but for the value, the attribute.
    Cookie(String, Option<&'static str>),
    /// What a JSONPath finds.
    Json(String),
    /// The decoded text.
    Body,
    /// The time of the exchange.
    Duration,
    /// The last URL.
    Url,
    /// The number of redirects.
    Redirects,
    /// The status or location of the n-th redirect, from 1.
    Redirect(usize, &'static str),
    /// An expression that must be true.
    Check(String),
}

/// A step on the way from a subject to the value that missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// An element, from 0.
    Element(usize),
    /// The count of code points, elements or members.
    Length,
}

/// What was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The operator, as the format spells it: `equals`, `gt`, …; `not equals` for a negated one.
    pub operator: String,
    /// The operand with its expressions evaluated.
    pub operand: Value,
    /// The operand as it was written, where it is an expression: `user`.
    pub expression: Option<String>,
}

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub enum Actual {
    /// A value.
    Value(Value),
    /// No such header, cookie or redirect.
    Absent,
    /// The path leads to nothing; this is where it ends.
    NoNode {
        /// The path of the last node that is there.
        reached: String,
        /// That node's kind: `an object`.
        kind: &'static str,
        /// The names of its members, if it is an object.
        members: Vec<String>,
        /// The count of its elements, if it is a list.
        length: Option<usize>,
    },
    /// The response has no body.
    NoBody,
    /// The body is no JSON, with the reason and the media type that was sent.
    NotJson(String, Option<String>),
    /// The body is no text in the charset that was sent.
    NotText(String),
}

/// A place where two structures differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The JSONPath from the root of what was compared.
    pub path: String,
    /// What was wanted there; none if nothing was.
    pub expected: Option<Value>,
    /// What is there; none if nothing is.
    pub actual: Option<Value>,
}
