//! The wall around `serde_yaml`: text in, a tree of nodes with places out.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// A node's place, resolved by [`Document::span`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct At {
    id: u32,
    offset: Option<u32>,
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
    source: Arc<Source>,
    root: Node,
}

/// Reads the one document of a source.
///
/// # Errors
/// Everything that is wrong with the text as YAML, each with its place.
pub fn read(_source: Arc<Source>) -> Result<(Document, Vec<Diagnostic>), Vec<Diagnostic>> {
    Err(Vec::new())
}

impl Document {
    /// The text it came from.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The top of the tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The piece of the text that a node stands in: a scalar whole with its quotes, a mapping's first key.
    #[must_use]
    pub fn span(&self, _at: At) -> Span {
        Span::default()
    }

    /// A scalar's text as it was written (`0123`, `1.10`, `no`); none for lists and maps.
    #[must_use]
    pub fn text(&self, _node: &Node) -> Option<String> {
        None
    }
}

/// Stub.
///
/// # Errors
/// stub
pub fn read_file(_path: &std::path::Path, _name: &str) -> Result<Source, Diagnostic> {
    Err(Diagnostic::error("stub"))
}
