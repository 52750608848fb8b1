//! `access`: who may do what. One request, sent once in each of several sessions.

use super::decode::{Decoder, Located};
use super::expectation::{self, Expectations, WantedStatus};
use super::matcher;
use super::yaml::{Entry, Kind};

/// One session of an `access` map, and what it must get.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The session's name.
    pub session: Located<String>,
    /// What must hold, that of the step's own `expect` included.
    pub expect: Expectations,
}

impl Cell {
    /// The status that is wanted, in a word: `403`, `2xx`.
    #[must_use]
    pub fn wanted(&self) -> String {
        match self.expect.status.as_ref().map(|status| &status.wanted) {
            Some(WantedStatus::OneOf(all)) => {
                all.iter().map(ToString::to_string).collect::<Vec<_>>().join("|")
            }
            Some(WantedStatus::Matcher(_)) => "a match".to_owned(),
            None => "below 400".to_owned(),
        }
    }
}

/// Reads the `access` of a step that has these entries; what its `expect` says holds of every session.
pub(super) fn decode(
    d: &Decoder<'_>,
    entry: &Entry,
    entries: &[&Entry],
    common: &Expectations,
) -> Option<Vec<Cell>> {
    let find = |key: &str| entries.iter().find(|entry| entry.key == key);
    let refuse = |other: &Entry, help: &str| {
        let message = format!("`{}` and `access` do not go together", other.key);
        d.error_help(other.at, message, "", help);
    };
    if let Some(other) = find("as") {
        refuse(other, "`access` names the sessions that send the request");
    }
    if let Some(other) = find("capture") {
        refuse(other, "each session gets an answer of its own: capture in a step with `as`");
    }
    if let Some(other) = find("cleanup") {
        refuse(other, "each session gets an answer of its own: clean up after a step with `as`");
    }
    if let (Some(expect), Some(_)) = (find("expect"), &common.status) {
        let help = "each session has its own status: leave this one out";
        d.error_help(expect.at, "`expect` and `access` both say a status", "", help);
    }
    let cells = d.entries(&entry.value, "`access`")?;
    if cells.is_empty() {
        let help = "name the sessions, such as `{anonymous: 401, customer: 200}`";
        d.error_help(entry.value.at, "`access` names no session", "", help);
    }
    Some(cells.iter().filter_map(|cell| self::cell(d, cell, common)).collect())
}

/// A map of operators is a matcher on the status.
fn is_operator(entry: &Entry) -> bool {
    matcher::KEYS.known.contains(&entry.key.as_str())
}

fn cell(d: &Decoder<'_>, entry: &Entry, common: &Expectations) -> Option<Cell> {
    let own = match &entry.value.kind {
        Kind::Map(entries) if !entries.iter().any(is_operator) => {
            let own = expectation::decode(d, &entry.value)?;
            if let Some(error) = &own.error {
                super::expected_error::beside(d, error.at, "access");
            }
            own
        }
        _ => Expectations {
            status: Some(expectation::status(d, &entry.value)?),
            ..Expectations::default()
        },
    };
    let session = Located { at: entry.at, value: entry.key.clone() };
    Some(Cell { session, expect: own.with(common) })
}
