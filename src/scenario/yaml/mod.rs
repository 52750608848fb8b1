//! The wall around `serde_yaml`: text in, a tree of nodes with places out.
//!
//! One pass over the text builds the tree (`tree`). Places that it does not get for free are found by a second one
//! (`index`) when something is to be said of them, and a lexical reading (`lex`) gives the ends of the spans and
//! the sense of libyaml's errors (`syntax`).

mod lex;
mod glance;
mod number;
mod tree;
mod index;
mod places;
mod problem;
mod syntax;
mod syntax_rules;
mod file;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::value::Value;

pub use self::file::{MAX_BYTES, read_file, read_file_up_to};
pub use self::places::Places;

/// How many diagnostics one file gets.
const MAX_SHOWN: usize = 100;

/// A node's place, resolved by [`Document::span`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct At {
    id: u32,
    offset: Option<u32>,
    file: FileNumber,
}

impl At {
    /// The file that it is a place of.
    #[must_use]
    pub fn file(self) -> FileNumber {
        self.file
    }
}

/// Which of the files of a run a place is in: settings of several are mixed in one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FileNumber {
    /// The scenario that runs.
    #[default]
    Scenario,
    /// The project file.
    Project,
    /// A file that others use, by its number in the plan.
    Used(u16),
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, with all its digits.
    Number(serde_json::Number),
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written, merge keys applied.
    Map(Vec<Entry>),
}

impl Kind {
    /// What it is, for a message: `a number`, `text`, `a list`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's place.
    pub at: At,
    /// The key.
    pub key: String,
    /// The value.
    pub value: Node,
}

/// A value of the document.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its place.
    pub at: At,
    /// What it holds.
    pub kind: Kind,
}

/// A YAML text that was read.
#[derive(Debug)]
pub struct Document {
    places: Arc<Places>,
    root: Node,
}

impl Node {
    /// The value that it stands for, its texts as they are.
    #[must_use]
    pub fn data(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::from(text.as_str()),
            Kind::List(items) => Value::Array(items.iter().map(Self::data).collect()),
            Kind::Map(entries) => {
                let member = |entry: &Entry| (entry.key.clone(), entry.value.data());
                Value::Object(entries.iter().map(member).collect())
            }
        }
    }
}

/// Reads the one document of a source; with it come the warnings.
///
/// # Errors
/// Everything that is wrong with the text as YAML, each with its place.
pub fn read(source: Arc<Source>) -> Result<(Document, Vec<Diagnostic>), Vec<Diagnostic>> {
    read_with(source, Names::Texts)
}

/// As [`read`], of a document that others wrote: keys may be numbers, such as the `200:` of an OpenAPI document.
///
/// # Errors
/// As [`read`].
pub fn read_data(source: Arc<Source>) -> Result<(Document, Vec<Diagnostic>), Vec<Diagnostic>> {
    read_with(source, Names::Scalars)
}

/// What the keys of a map may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Texts,
    /// What is no text is a key as it is written.
    Scalars,
}

fn read_with(
    source: Arc<Source>,
    names: Names,
) -> Result<(Document, Vec<Diagnostic>), Vec<Diagnostic>> {
    let glance = glance::glance(&source)?;
    let places = Places::new(Arc::clone(&source));
    let mut found = glance.found;
    if glance.suspicious {
        let refused = problem::refused_by_sight(&places);
        // libyaml would take a time that grows with the square of the depth.
        if refused.too_deep {
            return Err(refused.found);
        }
        found.extend(refused.found);
    }
    let tree::Reading { root, mut problems, stop, unsure } = tree::read(source.text(), names);
    if found.iter().any(Diagnostic::is_error) {
        // What was refused by sight are tags, and better told.
        problems.retain(|problem| !matches!(problem, tree::Problem::Tag { .. }));
    }
    found.extend(problems.iter().map(|problem| problem::diagnostic(problem, &places)));
    let root = match root {
        Ok(root) if matches!(root.kind, Kind::Null) => Err(nothing(&source)),
        Ok(root) => Ok(root),
        Err(error) => Err(match stop {
            Some(stop) => problem::stopped(stop, &places),
            None => syntax::diagnostics(&error, &places),
        }),
    };
    match root {
        Ok(mut root) if !found.iter().any(Diagnostic::is_error) => {
            if unsure {
                number_from_text(&mut root, &places);
            }
            Ok((Document { places: Arc::new(places), root }, found))
        }
        Ok(_) => Err(in_order(found)),
        Err(errors) => {
            // What was refused by sight may be what libyaml stumbled over.
            let told = found
                .iter()
                .any(|it| it.is_error() && errors.iter().any(|other| same_line(it, other)));
            if !told {
                found.extend(errors);
            }
            Err(in_order(found))
        }
    }
}

/// The document of a text without any, for files whose keys are all optional; none if there is something in it.
#[must_use]
pub fn read_empty(source: &Arc<Source>) -> Option<Document> {
    let is_blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let at = At { id: 0, offset: Some(0), file: FileNumber::Project };
    source.text().lines().all(is_blank).then(|| Document {
        places: Arc::new(Places::new(Arc::clone(source))),
        root: Node { at, kind: Kind::Map(Vec::new()) },
    })
}

fn nothing(source: &Arc<Source>) -> Vec<Diagnostic> {
    vec![
        Diagnostic::error("no scenario in this file")
            .at(source, Span::new(0, 0), "nothing but blanks and comments, or null")
            .help("a scenario begins with `name:` and has `steps:`"),
    ]
}

fn same_line(one: &Diagnostic, other: &Diagnostic) -> bool {
    let line = |it: &Diagnostic| {
        it.primary.as_ref().map(|label| label.source.position(label.span.start).line)
    };
    line(one) == line(other)
}

/// In the order of the text, and not more than anyone reads.
fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|it| it.primary.as_ref().map_or(0, |label| label.span.start));
    if let Some(more @ 1..) = found.len().checked_sub(MAX_SHOWN) {
        found.truncate(MAX_SHOWN);
        found.push(Diagnostic::error(format!("and {more} more like these")));
    }
    found
}

/// Gives numbers whose digits the reading pass could not see the ones that are written.
fn number_from_text(node: &mut Node, places: &Places) {
    match &mut node.kind {
        Kind::Number(number) if node.at.offset.is_none() => {
            let text = places.text(node.at);
            if tree::is_binary(text) {
                node.kind = Kind::Text(text.to_owned());
            } else if let Some(written) = number::parse(text) {
                *number = written;
            }
        }
        Kind::List(items) => items.iter_mut().for_each(|item| number_from_text(item, places)),
        Kind::Map(entries) => {
            entries.iter_mut().for_each(|entry| number_from_text(&mut entry.value, places));
        }
        _ => {}
    }
}

impl Document {
    /// The text it came from.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        self.places.source()
    }

    /// The top of the tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The tree, for which the places are no longer needed.
    #[must_use]
    pub fn into_root(self) -> Node {
        self.root
    }

    /// The places of its nodes.
    #[must_use]
    pub fn places(&self) -> &Arc<Places> {
        &self.places
    }

    /// The piece of the text that a node stands in: a scalar whole with its quotes, a mapping's first key.
    ///
    /// A list is its first item, or its `[`; what an alias stands for is at its anchor; a value that is not written
    /// is the empty piece after its key.
    #[must_use]
    pub fn span(&self, at: At) -> Span {
        self.places.span(at)
    }

    /// The same document, its places known as this file's.
    #[must_use]
    pub fn of_file(mut self, file: FileNumber) -> Self {
        fn mark(node: &mut Node, file: FileNumber) {
            node.at.file = file;
            match &mut node.kind {
                Kind::List(items) => items.iter_mut().for_each(|item| mark(item, file)),
                Kind::Map(entries) => entries.iter_mut().for_each(|entry| {
                    entry.at.file = file;
                    mark(&mut entry.value, file);
                }),
                _ => {}
            }
        }
        mark(&mut self.root, file);
        self
    }

    /// Where a node begins: cheaper than its span, and enough to tell its line.
    #[must_use]
    pub fn start(&self, at: At) -> usize {
        self.places.start(at)
    }

    /// A scalar's text as it was written (`0123`, `1.10`, `no`), without quotes; none for lists and maps.
    #[must_use]
    pub fn text(&self, node: &Node) -> Option<String> {
        match &node.kind {
            Kind::Text(text) => Some(text.clone()),
            // Nothing is written where a value is left out, whatever comes next.
            Kind::Null => {
                let text = self.places.text(node.at);
                Some(if tree::is_null(text) { text.to_owned() } else { String::new() })
            }
            Kind::Bool(_) | Kind::Number(_) => Some(self.places.text(node.at).to_owned()),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }
}
