//! How much of a document was asked for.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// What an exchange asked for: the operation, and the status that it describes, if it describes the one that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its number in [`Coverage::operations`].
    pub operation: usize,
    /// Its number in [`OperationCoverage::statuses`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<usize>,
}

/// How often everything in a document was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The document as messages show it.
    pub document: String,
    /// Its operations, in the order written.
    pub operations: Vec<OperationCoverage>,
}

/// How often an operation was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationCoverage {
    /// `GET /orders/{id}`
    pub name: String,
    /// How often.
    pub asked: usize,
    /// The statuses that it describes (`404`, `4xx`, `default`), each with how often it came.
    pub statuses: IndexMap<String, usize>,
}

/// Some, of all.
type Share = (usize, usize);

impl Coverage {
    /// Takes in what an exchange asked for.
    pub fn add(&mut self, asked: Asked) {
        let Some(operation) = self.operations.get_mut(asked.operation) else { return };
        operation.asked += 1;
        let status = asked.status.and_then(|status| operation.statuses.get_index_mut(status));
        if let Some((_, count)) = status {
            *count += 1;
        }
    }

    /// The operations that were asked for, of all.
    #[must_use]
    pub fn operations(&self) -> Share {
        let asked = self.operations.iter().filter(|operation| operation.asked > 0).count();
        (asked, self.operations.len())
    }

    /// The statuses that came, of all that are described.
    #[must_use]
    pub fn statuses(&self) -> Share {
        let all = || self.operations.iter().flat_map(|operation| &operation.statuses);
        (all().filter(|(_, count)| **count > 0).count(), all().count())
    }

    /// The operations that were not asked for, and of the others the statuses that did not come.
    pub fn missing(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.operations.iter().filter_map(|operation| {
            let missing = operation.statuses.iter().filter(|(_, count)| **count == 0);
            let missing: Vec<&str> = missing.map(|(status, _)| status.as_str()).collect();
            match operation.asked {
                0 => Some((operation.name.as_str(), Vec::new())),
                _ if missing.is_empty() => None,
                _ => Some((operation.name.as_str(), missing)),
            }
        })
    }
}
