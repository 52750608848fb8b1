//! `use`: the steps of another file, run where the step stands.

use std::path::PathBuf;

use super::decode::{Decoder, Located, Tree};
use super::files;
use super::yaml::{At, Entry};

/// A file that is used, and what it gets.
#[derive(Clone, Debug)]
pub struct Use {
    /// The place of its path.
    pub at: At,
    /// The path as it was written.
    pub path: String,
    /// The file, links followed.
    pub file: PathBuf,
    /// The variables that it gets.
    pub with: Vec<(Located<String>, Tree)>,
}

pub(super) const LONE_WITH: &str = "`with` belongs to a `use` step";
pub(super) const WITH_HELP: &str = "`use: path.yaml` runs a file, and `with` gives it variables";

/// Reads a `use` among a step's entries.
pub(super) fn decode(d: &Decoder<'_>, kind: &Entry, entries: &[&Entry]) -> Option<Use> {
    let with = entries.iter().find(|entry| entry.key == "with");
    let with = with.map_or(Some(Vec::new()), |entry| super::variables(d, &entry.value));
    let (path, file) = files::literal(d, &kind.value)?;
    Some(Use { at: kind.value.at, path, file, with: with? })
}
