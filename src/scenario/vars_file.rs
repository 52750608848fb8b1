//! The file of `--vars-file`: variables of any type, as data.

use std::path::Path;
use std::sync::Arc;

use super::decode::{Decoder, Located};
use super::yaml::{self, Node, Places};
use super::{Read, decode_document, variable_name};
use crate::source::{Source, Span};
use crate::value::Value;

/// What the file says.
#[derive(Debug)]
pub struct VarsFile {
    places: Arc<Places>,
    /// The variables in the order written.
    pub vars: Vec<(Located<String>, Value)>,
}

impl VarsFile {
    /// The variables, each with the place of its name.
    pub fn placed(&self) -> impl Iterator<Item = (&str, &Value, Span)> {
        let span = |name: &Located<String>| self.places.span(name.at);
        self.vars.iter().map(move |(name, value)| (name.value.as_str(), value, span(name)))
    }

    /// The text it was read from.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        self.places.source()
    }
}

/// Reads such a file, which is YAML or JSON. A `${` in it is text.
#[must_use]
pub fn read(source: Arc<Source>) -> Read<VarsFile> {
    match yaml::read(Arc::clone(&source)) {
        Ok((document, warnings)) => decode_document(document, warnings, Path::new("."), decode),
        Err(diagnostics) => Read::no_yaml(&source, diagnostics),
    }
}

fn decode(d: &Decoder<'_>, node: &Node) -> Option<VarsFile> {
    let entries = d.entries(node, "variables")?;
    let vars =
        entries.iter().filter_map(|entry| Some((variable_name(d, entry)?, entry.value.data())));
    Some(VarsFile { places: d.places(), vars: vars.collect() })
}
