//! JSONPath (RFC 9535): paths are read once, and followed through a tree or through a text.

mod ast;
mod bound;
mod evaluate;
mod extract;
mod iregexp;
mod lower;
mod parse;

use std::sync::Arc;

use crate::value::Value;
use ast::{Segment, Selector};

pub use extract::extract;

/// So many nodes are looked at for one path; what the tests of filters cost counts.
pub const BUDGET: usize = 50_000_000;

/// So many nodes are found by one path at most.
pub const MOST_NODES: usize = 10_000_000;

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
    segments: Vec<Segment>,
    /// What a path gives follows from its form alone, never from the number of its matches.
    is_singular: bool,
}

/// A step from a value to one in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The member of an object.
    Name(String),
    /// The element of a list, from 0.
    Index(usize),
}

/// What a path found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'v> {
    /// The node of a singular path.
    One(&'v Value),
    /// A singular path's node is not there.
    Missing,
    /// The nodes of any other path, in the order of RFC 9535; none is an empty list.
    Many(Vec<&'v Value>),
}

/// How far a path went that found nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop<'v> {
    /// The longest beginning of the path that finds something, as it was written.
    pub path: String,
    /// The nodes it finds, at least one.
    pub nodes: Vec<&'v Value>,
}

/// A path looks at more nodes than [`BUDGET`], or finds more than [`MOST_NODES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path looks at more than 50 million nodes, or finds more than 10 million")]
pub struct TooMuch;

/// Why a text is no JSONPath.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidPath {
    /// Lower case, without the place.
    pub message: String,
    /// The byte of the text where it goes wrong.
    pub offset: usize,
    /// What to do.
    pub help: Option<String>,
}

impl InvalidPath {
    fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), offset, help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl JsonPath {
    /// Parses a path.
    ///
    /// # Errors
    /// Text that RFC 9535 does not allow, by its grammar or by its types, with the place.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        let segments = parse::path(text)?;
        let is_singular = ast::are_singular(&segments);
        Ok(Self(Arc::new(Parsed { text: text.to_owned(), segments, is_singular })))
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether it gives one node at most.
    #[must_use]
    pub fn is_singular(&self) -> bool {
        self.0.is_singular
    }

    /// Whether it is `$`, the whole value.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.segments().is_empty()
    }

    fn segments(&self) -> &[Segment] {
        &self.0.segments
    }

    /// Whether both are singular and this one takes the steps of the other first.
    #[must_use]
    pub fn begins_with(&self, outer: &Self) -> bool {
        self.is_singular()
            && outer.is_singular()
            && self.segments().len() >= outer.segments().len()
            && self.steps().zip(outer.steps()).all(|(own, other)| ast::are_same(own, other))
    }

    /// What a path that begins as `outer` does finds in the node of that one.
    #[must_use]
    pub fn find_below<'v>(&self, outer: &Self, node: &'v Value) -> Option<&'v Value> {
        let mut steps = self.steps().skip(outer.segments().len());
        steps.try_fold(node, |node, step| evaluate::child(step, node))
    }

    /// The names and indexes of a singular path.
    fn steps(&self) -> impl Iterator<Item = &Selector> {
        self.segments().iter().filter_map(Segment::singular)
    }

    /// Finds its nodes.
    ///
    /// # Errors
    /// A path that is not singular and looks at too many.
    pub fn find<'v>(&self, root: &'v Value) -> Result<Found<'v>, TooMuch> {
        if !self.is_singular() {
            return evaluate::all(self.segments(), root).map(Found::Many);
        }
        let node = self.steps().try_fold(root, |node, step| evaluate::child(step, node));
        Ok(node.map_or(Found::Missing, Found::One))
    }

    /// How far it goes.
    #[must_use]
    pub fn stop<'v>(&self, root: &'v Value) -> Stop<'v> {
        let segments = self.segments();
        let found = (1..segments.len()).rev().find_map(|count| {
            let nodes = evaluate::all(&segments[..count], root).ok()?;
            let path = self.text()[..segments[count - 1].end].to_owned();
            (!nodes.is_empty()).then_some(Stop { path, nodes })
        });
        found.unwrap_or_else(|| Stop { path: "$".to_owned(), nodes: vec![root] })
    }

    /// The name that the path wants next where it begins as `reached` does, and the text behind that.
    #[must_use]
    pub fn after(&self, reached: &str) -> Option<(&str, &str)> {
        let next = self.segments().iter().find(|segment| segment.end > reached.len())?;
        match next.singular()? {
            Selector::Name(name) => Some((name, &self.text()[next.end..])),
            _ => None,
        }
    }
}

/// Copies of the nodes: as many as have [`MOST_NODES`] values in them, where a path finds what lies in each other.
#[must_use]
pub fn copies(nodes: &[&Value]) -> Vec<Value> {
    let mut left = MOST_NODES;
    let fit = nodes.iter().take_while(|node| fits(node, &mut left));
    fit.map(|node| (*node).clone()).collect()
}

fn fits(value: &Value, left: &mut usize) -> bool {
    *left = left.saturating_sub(1);
    *left > 0
        && match value {
            Value::Array(items) => items.iter().all(|item| fits(item, left)),
            Value::Object(members) => members.values().all(|member| fits(member, left)),
            _ => true,
        }
}

/// The way to a node of the tree that begins at `root`.
#[must_use]
pub fn locate(root: &Value, node: &Value) -> Option<Vec<Step>> {
    if std::ptr::eq(root, node) {
        return Some(Vec::new());
    }
    let (step, mut steps) = match root {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| locate(item, node).map(|steps| (Step::Index(index), steps))),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            locate(member, node).map(|steps| (Step::Name(name.clone()), steps))
        }),
        _ => None,
    }?;
    steps.insert(0, step);
    Some(steps)
}

/// The path of these steps, in the shortest spelling.
#[must_use]
pub fn written(steps: &[Step]) -> String {
    path_of(steps, member)
}

/// The Normalized Path of these steps (RFC 9535 section 2.7).
#[must_use]
pub fn normalized(steps: &[Step]) -> String {
    path_of(steps, |name| format!("[{}]", quoted(name)))
}

fn path_of(steps: &[Step], member: impl Fn(&str) -> String) -> String {
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
    let is_part = |c: char| parse::starts_name(c) || c.is_ascii_digit();
    match name.starts_with(parse::starts_name) && name.chars().all(is_part) {
        true => format!(".{name}"),
        false => format!("[{}]", quoted(name)),
    }
}

/// The name in single quotes, as in a Normalized Path.
fn quoted(name: &str) -> String {
    let json = Value::from(name).to_string();
    let inner = json[1..json.len() - 1].replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{inner}'")
}

#[cfg(test)]
mod tests;
