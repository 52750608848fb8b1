//! `openapi`: the document that the exchange must be allowed by.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::super::decode::Decoder;
use super::super::files;
use super::super::yaml::{At, Node};
use crate::openapi::Document;

/// An OpenAPI document.
#[derive(Clone, Debug)]
pub struct OpenApiReference {
    /// The place of the path.
    pub at: At,
    /// The path as it was written.
    pub path: String,
    /// The file, links followed.
    pub file: PathBuf,
    /// What was made of it: the plan reads a file once, however many steps name it.
    pub document: OnceLock<Arc<Document>>,
}

/// Reads the path of a document.
pub(in crate::scenario) fn decode(d: &Decoder<'_>, node: &Node) -> Option<OpenApiReference> {
    let (path, file) = files::literal(d, node)?;
    Some(OpenApiReference { at: node.at, path, file, document: OnceLock::new() })
}
