//! An expectation that did not hold: what was asked, what was wanted, what came.
//!
//! It is data; the words that people read are made of it in `title`, `label` and `notes`.

mod title;
mod label;
mod notes;
mod kind;
mod lines;
mod nearby;
mod breaches;

pub use lines::{DiffLine, LineDifferences, MOST_LINES, Side};

use super::Place;
use crate::jsonpath::JsonPath;
use crate::mask::{self, Fingerprints, MASK};
use crate::value::{self, Value};

/// Differences that are told; what differs in more places is read side by side.
pub const MOST_DIFFERENCES: usize = 20;

/// A value is cut after so many characters where it stands in a sentence.
const SHOWN: usize = 120;

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
    /// What more there is to say of places, at most [`MOST_DIFFERENCES`]:
    ///
    /// - `equals` on two objects or two lists: where they differ
    /// - `unordered`: expectations without a partner (`expected` alone), then elements without one (`actual` alone)
    /// - `unique`: two elements that are equal (`actual` alone)
    /// - the number of values of a header: the values (`actual` alone)
    /// - `schema`: every value that is not as it says, with what was expected in words
    /// - a check: the parts of the response that it names (`actual` alone)
    /// - anything else that missed inside of `each`: the other elements that do (`actual` alone)
    pub differences: Vec<Difference>,
    /// How far the path went, where one that gives a list gave an empty one.
    pub reached: Option<Box<Reached>>,
}

/// What the differences of a miss are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Structure,
    Leftovers,
    Repeated,
    Names,
    Values,
    Breaches,
    OtherElements,
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
    /// A Set-Cookie field of the response, in the same way.
    SetCookie(String, Option<&'static str>),
    /// What a JSONPath finds.
    Json(String),
    /// What a CSS selector finds in the page.
    Html(String, HtmlPart),
    /// What an XPath gives of the document.
    Xml(String),
    /// The decoded text.
    Body,
    /// The JSON body, as a schema describes it.
    Schema,
    /// The exchange, as this operation of an OpenAPI document allows it; or a request that is none.
    OpenApi(String),
    /// The `length`, `sha256` or beginning of the body's bytes.
    Bytes(&'static str),
    /// The response, beside the snapshot of this name.
    Snapshot(String),
    /// The time of the exchange.
    Duration,
    /// The last URL.
    Url,
    /// The number of redirects.
    Redirects,
    /// The status or location of the n-th redirect, from 1.
    Redirect(usize, &'static str),
    /// The kind of the error that the request ended in.
    Error,
    /// An expression that must be true.
    Check(String),
    /// A part of the body that `like` asks for, by its path.
    Like(String),
    /// The version of HTTP.
    HttpVersion,
    /// The address that was connected to.
    RemoteIp,
    /// A part of the server's certificate.
    Certificate(&'static str),
    /// A part of the time of the last request.
    Timing(&'static str),
}

/// What is looked at of the elements that a selector finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HtmlPart {
    /// The text of the first one.
    Text,
    /// An attribute of the first one.
    Attribute(String),
    /// Their number.
    Count,
}

/// A step on the way from a subject to the value that missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// An element, from 0.
    Element(usize),
    /// The count of these.
    Length(Unit),
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The code points of a text.
    Characters,
    /// The elements of a list.
    Elements,
    /// The members of an object.
    Members,
    /// The values of a header field.
    Values,
    /// The bytes of a body.
    Bytes,
}

/// What was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The operator, as the format spells it: `equals`, `gt`, …; `not equals` for a negated one. It is `below` where the
    /// step says nothing of the status, `just` with the number of elements where there is one too many.
    pub operator: String,
    /// The operand with its expressions evaluated; a matcher is the map of its operators.
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
    /// No header or cookie of this name; these there are.
    NoneOf(Vec<String>),
    /// The path leads to nothing; this is where it ends.
    NoNode(Reached),
    /// The selector or XPath finds nothing; this is what there is near.
    NotFound(Nearest),
    /// A prefix in the XPath that the document does not bind, and those that it does.
    Unbound(String, Vec<String>),
    /// There is no certificate, as nothing was encrypted.
    NotSecure,
    /// The response has no body.
    NoBody,
    /// The body is no JSON, with the reason and the media type that was sent.
    NotJson(String, Option<String>),
    /// The body is no XML, with the reason.
    NotXml(String),
    /// The body is not read as HTML, with the reason.
    NotHtml(String),
    /// The body is no text, with the reason.
    NotText(String),
    /// It is not as a schema says, in so many places; none if they were not counted.
    Unfit(Option<usize>),
    /// The OpenAPI document has no such operation: the methods that it has at this path, and a path that may be meant.
    NoOperation(Vec<String>, Option<String>),
    /// There is no error, but a response of this status.
    Answered(u16),
    /// A text that differs from the one that was wanted.
    Lines(LineDifferences),
}

/// How far a JSONPath went that found nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// The longest beginning of the path that finds something.
    pub path: String,
    /// How many nodes that finds.
    pub nodes: usize,
    /// The path of the first of them.
    pub first: String,
    /// The first one's kind: `an object`.
    pub kind: &'static str,
    /// The names of its members, if it is an object.
    pub members: Vec<String>,
    /// The count of its elements, if it is a list.
    pub length: Option<usize>,
}

/// What there is near where a selector or an XPath finds nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The longest beginning of it that finds something; empty where there is none, and `has` is the root element.
    pub path: String,
    /// How many elements, or nodes, that finds.
    pub nodes: usize,
    /// What is in the first of them.
    pub has: Vec<String>,
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
    /// The place in a document that says what is wanted, as messages show it.
    pub law: Option<String>,
}

impl Miss {
    /// Whether the value is one of those that are masked everywhere: of a cookie, or of a header that carries credentials.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.subject.is_secret()
    }

    /// Puts fingerprints in the place of values that are masked everywhere, so that two can be told apart. What stands in
    /// the excerpt is shown there anyway.
    pub(super) fn stand_in(&mut self, prints: &Fingerprints) {
        if !self.is_secret() {
            return;
        }
        let Place { source, span } = &self.place;
        let excerpt = source.text().get(span.start..span.end).unwrap_or_default();
        let is_written = |text: &str| excerpt.contains(text);
        stand_in(&mut self.wanted.operand, prints, &is_written);
        if let Actual::Value(value) = &mut self.actual {
            stand_in(value, prints, &|_| false);
        }
    }

    /// Whether there is room to name other elements that miss the same expectation.
    #[must_use]
    pub fn can_name_others(&self) -> bool {
        self.told() == Told::OtherElements && self.differences.is_empty()
    }

    fn told(&self) -> Told {
        if matches!(self.subject, Subject::Check(_)) {
            return Told::Names;
        }
        if let [Via::Length(Unit::Values)] = self.via.as_slice() {
            return Told::Values;
        }
        if matches!(self.actual, Actual::Unfit(_)) {
            return Told::Breaches;
        }
        match (self.wanted.operator.as_str(), &self.wanted.operand, &self.actual) {
            ("equals", Value::Object(_), Actual::Value(Value::Object(_)))
            | ("equals", Value::Array(_), Actual::Value(Value::Array(_))) => Told::Structure,
            ("unordered", ..) => Told::Leftovers,
            ("unique", ..) => Told::Repeated,
            _ => Told::OtherElements,
        }
    }

    /// The operator without its `not`.
    fn operator(&self) -> &str {
        let operator = self.wanted.operator.as_str();
        operator.strip_prefix("not ").unwrap_or(operator)
    }

    /// A value in a sentence about this subject.
    fn shown(&self, value: &Value) -> String {
        self.subject.shown(value)
    }

    /// The operand in a sentence; a masked one only where it stands in the excerpt anyway.
    fn shown_operand(&self, value: &Value) -> String {
        let written = || {
            let span = self.place.span;
            let excerpt = self.place.source.text().get(span.start..span.end).unwrap_or_default();
            value.as_str().is_none_or(|text| excerpt.contains(text))
        };
        if self.is_secret() && written() {
            return value::shown(value, SHOWN);
        }
        self.shown(value)
    }
}

impl Subject {
    fn is_secret(&self) -> bool {
        let credentials = ["set-cookie", "cookie", "authorization", "proxy-authorization"];
        match self {
            Self::Cookie(_, attribute) | Self::SetCookie(_, attribute) => attribute.is_none(),
            Self::Header(name) => credentials.iter().any(|known| name.eq_ignore_ascii_case(known)),
            _ => false,
        }
    }

    fn is_status(&self) -> bool {
        matches!(self, Self::Status | Self::Redirect(_, "status"))
    }

    fn is_time(&self) -> bool {
        match self {
            Self::Cookie(_, what) | Self::SetCookie(_, what) => *what == Some("expires_in"),
            Self::Certificate(what) => *what == "expires_in",
            Self::Duration | Self::Timing(_) => true,
            _ => false,
        }
    }

    fn shown(&self, value: &Value) -> String {
        match value {
            value if self.is_secret() => {
                let print = value.as_str().and_then(|text| mask::fingerprint(text.as_bytes()));
                print.unwrap_or(MASK).to_owned()
            }
            Value::Number(number) if self.is_time() => duration(number),
            // `2xx` is no string to those who wrote it.
            Value::String(class) if self.is_status() && class.ends_with("xx") => class.clone(),
            value => value::shown(value, SHOWN),
        }
    }

    /// Whether it is a path that gives a list.
    fn is_list_of_nodes(&self) -> bool {
        match self {
            Self::Json(path) => JsonPath::parse(path).is_ok_and(|path| !path.is_singular()),
            _ => false,
        }
    }
}

fn stand_in(value: &mut Value, prints: &Fingerprints, stays: &dyn Fn(&str) -> bool) {
    match value {
        Value::String(text) if !stays(text) => *text = prints.of(text.as_bytes()),
        Value::Array(items) => items.iter_mut().for_each(|item| stand_in(item, prints, stays)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| stand_in(member, prints, stays));
        }
        _ => {}
    }
}

fn duration(milliseconds: &value::Number) -> String {
    let seconds = milliseconds.as_f64().map(|ms| ms / 1e3);
    match seconds.map(std::time::Duration::try_from_secs_f64) {
        Some(Ok(duration)) => crate::scenario::quantity::shown(duration),
        _ => format!("{milliseconds} ms"),
    }
}

/// `1 element`, `2 elements`.
fn counted(count: &Value, unit: Unit) -> String {
    let (one, many) = match unit {
        Unit::Characters => ("character", "characters"),
        Unit::Elements => ("element", "elements"),
        Unit::Members => ("member", "members"),
        Unit::Values => ("value", "values"),
        Unit::Bytes => ("byte", "bytes"),
    };
    format!("{count} {}", if count.as_u64() == Some(1) { one } else { many })
}
