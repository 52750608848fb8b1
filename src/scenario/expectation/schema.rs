//! `schema`: what the JSON body must be, as a JSON Schema says it.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::super::decode::Decoder;
use super::super::files;
use super::super::yaml::{At, Kind, Node};
use crate::diagnostic::Diagnostic;
use crate::schema::Schema;
use crate::schema::keywords::{self, Holds};
use crate::value::Value;

/// A JSON Schema that the body must fit.
#[derive(Clone, Debug)]
pub struct SchemaExpectation {
    /// The place of the path, or of the schema.
    pub at: At,
    /// Where it is.
    pub source: SchemaSource,
    /// What was made of it: the plan reads a file once, however many steps name it.
    pub compiled: OnceLock<Schema>,
}

/// Where a schema is.
#[derive(Clone, Debug)]
pub enum SchemaSource {
    /// In a file: the path as it was written, and the file with links followed.
    File(String, PathBuf),
    /// In the scenario itself.
    Inline(Box<Node>),
}

/// Reads `schema`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<SchemaExpectation> {
    let source = match &node.kind {
        Kind::Text(_) => {
            let (path, file) = files::literal(d, node)?;
            SchemaSource::File(path, file)
        }
        Kind::Map(_) | Kind::Bool(_) => {
            holds_no_expression(d, node)?;
            misspelt(d, node);
            SchemaSource::Inline(Box::new(node.clone()))
        }
        _ => {
            d.expected("a JSON Schema, or the path of one", node);
            return None;
        }
    };
    Some(SchemaExpectation { at: node.at, source, compiled: OnceLock::new() })
}

/// A schema is known before the run. `$${` is a literal `${`, as everywhere.
fn holds_no_expression(d: &Decoder<'_>, node: &Node) -> Option<()> {
    match &node.kind {
        Kind::Text(text) if literal(text).is_none() => {
            let help = "it is known before the run: expect values of variables with `json` or `like`, and write `$${` for a literal `${`";
            d.error_help(node.at, "a schema holds no expressions", "", help);
            None
        }
        Kind::List(items) => {
            let found: Vec<_> = items.iter().map(|item| holds_no_expression(d, item)).collect();
            found.into_iter().collect()
        }
        Kind::Map(entries) => {
            let found: Vec<_> =
                entries.iter().map(|entry| holds_no_expression(d, &entry.value)).collect();
            found.into_iter().collect()
        }
        _ => Some(()),
    }
}

/// Warns of keywords that are nearly one of JSON Schema's: what no draft knows checks nothing.
fn misspelt(d: &Decoder<'_>, schema: &Node) {
    let Kind::Map(entries) = &schema.kind else { return };
    for entry in entries {
        let (key, value) = (&entry.key, &entry.value);
        if let Some(meant) = keywords::meant(key) {
            let message = format!("`{key}` is no keyword of JSON Schema: it checks nothing");
            let warning = Diagnostic::warning(message);
            let label = format!("did you mean `{meant}`?");
            d.report(warning.at(d.source(), d.span(entry.at), label));
        }
        match (keywords::holds(key), &value.kind) {
            (Holds::Schemas, Kind::List(all)) => all.iter().for_each(|inner| misspelt(d, inner)),
            (Holds::Schemas, _) => misspelt(d, value),
            (Holds::Named, Kind::Map(named)) => {
                named.iter().for_each(|inner| misspelt(d, &inner.value));
            }
            _ => {}
        }
    }
}

/// A text without expressions, as it is meant.
fn literal(text: &str) -> Option<String> {
    let meant = text.replace("$${", "\0{");
    (!meant.contains("${")).then(|| meant.replace("\0{", "${"))
}

impl SchemaExpectation {
    /// The schema that stands in the scenario itself, as a value.
    #[must_use]
    pub fn inline(&self) -> Option<Value> {
        fn meant(value: &mut Value) {
            match value {
                Value::String(text) => *text = literal(text).unwrap_or_default(),
                Value::Array(items) => items.iter_mut().for_each(meant),
                Value::Object(members) => members.values_mut().for_each(meant),
                _ => {}
            }
        }
        let SchemaSource::Inline(node) = &self.source else { return None };
        let mut value = node.data();
        meant(&mut value);
        Some(value)
    }
}
