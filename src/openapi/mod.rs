//! OpenAPI 3.0 and 3.1: a document read once, exchanges held against its operations, and how much of it was asked for.
//!
//! It is a model of what is checked, and no more: what a document says beside is not looked at.

mod path;
mod translate;
mod parameter;
mod form;
mod model;
mod reader;
mod coverage;
mod judge;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

pub use coverage::{Asked, Coverage, OperationCoverage};
pub use form::Field as FormField;
pub use judge::{Body, Broken, Exchange, Judged};

use crate::schema::{self, Dialect, Documents, Schemas, Wrong};
use crate::value::Value;
use model::Operation;
use reader::{Here, Reader, Version};
use translate::Side;

/// A document that was read.
pub struct Document {
    operations: Vec<Operation>,
    /// By who sends what they describe, and by the URIs of the documents that they stand in.
    schemas: HashMap<(Side, String), Schemas>,
    /// They know where everything stands.
    documents: Arc<dyn Documents>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("operations", &self.operations).finish_non_exhaustive()
    }
}

impl Document {
    /// Reads a document and all that it refers to.
    ///
    /// # Errors
    /// All that is wrong with them, of what is checked.
    pub fn read(
        document: schema::Document<'_>,
        documents: &Arc<dyn Documents>,
    ) -> Result<Self, Vec<Wrong>> {
        let root = Here {
            uri: Arc::from(document.uri),
            document: Arc::new(document.value.clone()),
            pointer: String::new(),
        };
        let (wrong, schemas, requests) = (Vec::new(), Default::default(), Side::Response);
        let mut reader = Reader { documents, root, wrong, schemas, requests };
        let Some(version) = reader.check_version() else { return Err(reader.wrong) };
        let of = |side| -> Arc<dyn Documents> {
            match version {
                Version::V30 => Arc::new(Translated { documents: Arc::clone(documents), side }),
                Version::V31 => Arc::clone(documents),
            }
        };
        let sides = [Side::Response, Side::Request].map(|side| (side, of(side)));
        if version == Version::V30 {
            reader.root.document = Arc::new(translate::translated(document.value, Side::Response));
            reader.requests = Side::Request;
        }
        reader.documents = &sides[0].1;
        let operations = reader.operations();
        reader.components();
        let Reader { root, mut wrong, schemas: used, .. } = reader;
        let dialect = root.document.get("jsonSchemaDialect").and_then(Value::as_str);
        let dialect = dialect.and_then(Dialect::of_uri).unwrap_or(Dialect::Draft202012);
        let mut schemas = HashMap::new();
        for ((side, uri), pointers) in used {
            let documents = &sides[usize::from(side == Side::Request)].1;
            let value = match uri == *root.uri {
                true if side == Side::Response => Arc::clone(&root.document),
                true => Arc::new(translate::translated(document.value, side)),
                // One that cannot be read was told where it is referred to.
                false => documents.get(&uri).unwrap_or_default(),
            };
            let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
            let document = schema::Document { uri: &uri, value: &value };
            match Schemas::read(document, &pointers, dialect, documents) {
                Ok(read) => _ = schemas.insert((side, uri), read),
                Err(found) => {
                    for one in found {
                        if !wrong.contains(&one) {
                            wrong.push(one);
                        }
                    }
                }
            }
        }
        let documents = Arc::clone(documents);
        if wrong.is_empty() { Ok(Self { operations, schemas, documents }) } else { Err(wrong) }
    }

    /// All that there is to ask for, nothing of it asked yet.
    #[must_use]
    pub fn coverage(&self, name: &str) -> Coverage {
        let operation = |operation: &Operation| OperationCoverage {
            name: operation.name.clone(),
            asked: 0,
            statuses: operation.responses.iter().map(|it| (it.status.to_string(), 0)).collect(),
        };
        let operations = self.operations.iter().map(operation).collect();
        Coverage { document: name.to_owned(), operations }
    }
}

/// What a document of 3.0 refers to has the schemas of 3.0, unless it says otherwise.
struct Translated {
    documents: Arc<dyn Documents>,
    side: Side,
}

impl Documents for Translated {
    fn get(&self, uri: &str) -> Result<Arc<Value>, String> {
        let value = self.documents.get(uri)?;
        match value.get("$schema") {
            Some(_) => Ok(value),
            None => Ok(Arc::new(translate::translated(&value, self.side))),
        }
    }
}
