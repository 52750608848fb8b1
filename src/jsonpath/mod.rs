//! JSONPath (RFC 9535): the wall around `jsonpath-rust`.

mod bound;
mod extract;

use std::sync::Arc;

use jsonpath_rust::parser::errors::JsonPathError;
use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;

use crate::value::Value;

pub use extract::extract;

/// Reads the whole of a JSON text.
///
/// # Errors
/// What is no JSON, goes deeper than 127 levels, or has a number of more than 1,000 characters or beyond the doubles, with
/// line and column.
pub fn parse(json: &[u8]) -> Result<Value, String> {
    let value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let number = std::str::from_utf8(json).ok().and_then(|text| bound::look(text).number);
    let Some(at) = number else { return Ok(value) };
    let before = &json[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    Err(format!("number out of range at line {line} column {column}"))
}

/// A path, parsed once; a clone shares it.
#[derive(Clone, Debug)]
pub struct JsonPath(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    text: String,
    query: Query,
}

/// What a path gives follows from its form alone, never from the number of its matches.
#[derive(Debug)]
enum Query {
    /// One node at most: names and indexes only (RFC 9535 section 2.3.5.1, "singular query").
    Singular(Vec<Step>),
    /// A list of nodes.
    Many(JpQuery),
}

/// A step of a singular path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The member of an object.
    Name(String),
    /// The element of a list; a negative one counts from the end.
    Index(i64),
}

/// What a path found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'v> {
    /// The node of a singular path.
    One(&'v Value),
    /// A singular path's node is not there.
    Missing(Stop<'v>),
    /// The nodes of any other path, in document order; none is an empty list.
    Many(Vec<&'v Value>),
}

/// How far a singular path went.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop<'v> {
    /// The path of the last node that is there.
    pub path: String,
    /// That node.
    pub node: &'v Value,
}

/// Why a text is no JSONPath.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidPath {
    /// Lower case, without the place.
    pub message: String,
    /// The byte of the text where it goes wrong.
    pub offset: usize,
}

impl JsonPath {
    /// Parses a path.
    ///
    /// # Errors
    /// Text that RFC 9535 does not allow, with the place.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        if !text.starts_with('$') {
            let message = "a JSONPath begins with `$`".to_owned();
            return Err(InvalidPath { message, offset: 0 });
        }
        let query = parse_json_path(text).map_err(|error| invalid(text, &error))?;
        let query = match singular(&query) {
            Some(steps) => Query::Singular(steps),
            None => Query::Many(query),
        };
        Ok(Self(Arc::new(Parsed { text: text.to_owned(), query })))
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether it gives one node at most.
    #[must_use]
    pub fn is_singular(&self) -> bool {
        matches!(self.0.query, Query::Singular(_))
    }

    /// The steps of a path that gives one node at most.
    #[must_use]
    pub fn steps(&self) -> Option<&[Step]> {
        match &self.0.query {
            Query::Singular(steps) => Some(steps),
            Query::Many(_) => None,
        }
    }

    /// Finds its nodes.
    #[must_use]
    pub fn find<'v>(&self, root: &'v Value) -> Found<'v> {
        match &self.0.query {
            Query::Singular(steps) => find_one(steps, root),
            // The only error of the evaluation is a result that is no node, which a query cannot give.
            Query::Many(query) => Found::Many(
                js_path_process(query, root)
                    .map(|nodes| nodes.into_iter().map(|node| node.val()).collect())
                    .unwrap_or_default(),
            ),
        }
    }
}

fn singular(query: &JpQuery) -> Option<Vec<Step>> {
    query
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Selector(Selector::Name(name)) => Some(Step::Name(name.clone())),
            Segment::Selector(Selector::Index(index)) => Some(Step::Index(*index)),
            _ => None,
        })
        .collect()
}

/// Goes these steps from a value.
#[must_use]
pub fn find_one<'v>(steps: &[Step], root: &'v Value) -> Found<'v> {
    let mut node = root;
    for (done, step) in steps.iter().enumerate() {
        let next = match (step, node) {
            (Step::Name(name), Value::Object(members)) => members.get(name),
            (Step::Index(index), Value::Array(items)) => {
                let index = if *index < 0 { *index + items.len() as i64 } else { *index };
                usize::try_from(index).ok().and_then(|index| items.get(index))
            }
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => return Found::Missing(Stop { path: written(&steps[..done]), node }),
        }
    }
    Found::One(node)
}

/// The path of these steps, in the shortest spelling.
#[must_use]
pub fn written(steps: &[Step]) -> String {
    let mut path = "$".to_owned();
    for step in steps {
        path.push_str(&match step {
            Step::Index(index) => format!("[{index}]"),
            Step::Name(name) => member(name),
        });
    }
    path
}

/// `.name`, or `['name']` where the shorthand is not allowed (RFC 9535 section 2.5.1.1).
#[must_use]
pub fn member(name: &str) -> String {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let short = name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit());
    if short {
        format!(".{name}")
    } else {
        let mut quoted = serde_json::Value::from(name).to_string();
        quoted = quoted[1..quoted.len() - 1].replace("\\\"", "\"").replace('\'', "\\'");
        format!("['{quoted}']")
    }
}

fn invalid(text: &str, error: &JsonPathError) -> InvalidPath {
    let (message, offset) = match error {
        JsonPathError::PestError(error) => {
            let offset = match error.location {
                pest::error::InputLocation::Pos(at) => at,
                pest::error::InputLocation::Span((start, _)) => start,
            };
            let message = match text.get(offset..).and_then(|rest| rest.chars().next()) {
                None => "the path ends too early".to_owned(),
                Some(c) if c.is_ascii_digit() && is_long_number(&text[offset..]) => {
                    OUT_OF_RANGE.to_owned()
                }
                Some(c) => format!("`{c}` is not allowed here"),
            };
            (message, offset)
        }
        JsonPathError::MaxNestingDepthExceeded(limit) => {
            (format!("the brackets go deeper than {limit} levels"), 0)
        }
        JsonPathError::InvalidNumber(_) => (OUT_OF_RANGE.to_owned(), 0),
        JsonPathError::InvalidJsonPath(message) => (message.to_lowercase(), 0),
        _ => ("this is not allowed by RFC 9535".to_owned(), 0),
    };
    InvalidPath { message, offset: offset.min(text.len()) }
}

/// RFC 9535 section 2.1: whole numbers are those that every JSON library keeps.
const OUT_OF_RANGE: &str = "a number in a path is at most 9007199254740991";

fn is_long_number(text: &str) -> bool {
    text.bytes().take_while(u8::is_ascii_digit).count() > 15
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn path(text: &str) -> JsonPath {
        JsonPath::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_form_of_a_path_says_whether_it_gives_a_node_or_a_list() {
        for (text, singular) in [
            ("$", true),
            ("$.a.b[0]", true),
            ("$['a b'][-1]", true),
            ("$.a[*]", false),
            ("$..a", false),
            ("$[0,1]", false),
            ("$[0:1]", false),
            ("$[?@.a]", false),
        ] {
            assert_eq!(path(text).is_singular(), singular, "{text}");
        }
    }

    #[test]
    fn a_singular_path_gives_its_node_or_says_how_far_it_went() {
        let body = json!({"user": {"id": 1}, "list": [1, 2], "a b": {"it's": 3}});
        assert_eq!(path("$.list[-1]").find(&body), Found::One(&json!(2)));
        assert_eq!(path("$['a b'][\"it's\"]").find(&body), Found::One(&json!(3)));
        let Found::Missing(stop) = path("$.user.name.first").find(&body) else {
            panic!("found");
        };
        assert_eq!((stop.path.as_str(), stop.node), ("$.user", &json!({"id": 1})));
        let Found::Missing(stop) = path("$['a b'][\"it's\"].x").find(&body) else {
            panic!("found");
        };
        assert_eq!(stop.path, "$['a b']['it\\'s']");
        assert!(matches!(path("$.list[2]").find(&body), Found::Missing(_)));
    }

    #[test]
    fn any_other_path_gives_the_list_of_its_nodes() {
        let body = json!({"list": [{"id": 1}, {"id": 2}, {"x": 3}]});
        assert_eq!(path("$.list[*].id").find(&body), Found::Many(vec![&json!(1), &json!(2)]));
        assert_eq!(path("$.nothing[*]").find(&body), Found::Many(vec![]));
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_place() {
        for (text, offset) in
            [("$..[", 4), ("$.", 2), ("a", 0), ("$[", 2), ("$[?@.a ==]", 9), ("$.list[", 7)]
        {
            match JsonPath::parse(text) {
                Ok(path) => panic!("{text} was read as {path:?}"),
                Err(error) => assert_eq!(error.offset, offset, "{text}: {error}"),
            }
        }
        assert!(JsonPath::parse(&format!("${}", "[".repeat(10_000))).is_err());
    }
}
