//! A file that has errors of form: which names it may define in what could not be read.
//!
//! A name that is told to be undefined, and is not, costs more than one that is told once the form is mended. So what
//! is a key somewhere in the file is taken for a name, and nothing at all is told where a key that is not understood
//! may bring names from elsewhere.

use std::collections::HashSet;

use crate::diagnostic::suggest::closest;
use crate::scenario::decode::Keys;
use crate::scenario::yaml::{Entry, Kind, Node};
use crate::scenario::{self, Scenario, levels, sessions, step};

/// What a file may define beyond what was read of it.
pub(super) struct Unread {
    names: HashSet<String>,
    /// How many sessions say how they sign in.
    logins: usize,
    /// Whether names may come from where nobody looks.
    is_open: bool,
    /// Whether all sessions were read.
    pub(super) has_sessions: bool,
}

/// Keys that bring names from other files, or choose the session whose names are known.
const BRINGS: [&str; 9] =
    ["as", "access", "session", "sessions", "login", "use", "cases", "for_each", "group"];

impl Unread {
    /// Of a scenario as far as it was read, and all that is written.
    pub(super) fn of(scenario: &Scenario, root: &Node) -> Self {
        let mut unread =
            Self { names: HashSet::new(), logins: 0, is_open: false, has_sessions: true };
        unread.keys(root);
        for entry in entries(root) {
            unread.top(entry, scenario.cases.is_some());
        }
        let read = scenario.sessions.iter().filter(|session| session.login.is_some()).count();
        unread.is_open |= unread.logins != read;
        let written = entries(root).iter().find(|entry| entry.key == "sessions");
        let written = written.map_or(0, |entry| entries(&entry.value).len());
        unread.has_sessions = !unread.is_open && written == scenario.sessions.len();
        unread
    }

    pub(super) fn may_define(&self, name: &str) -> bool {
        self.is_open || self.names.contains(name)
    }

    /// Every key, wherever it stands.
    fn keys(&mut self, node: &Node) {
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.keys(item)),
            Kind::Map(entries) => entries.iter().for_each(|entry| {
                self.words(&entry.key);
                self.keys(&entry.value);
            }),
            _ => {}
        }
    }

    fn words(&mut self, text: &str) {
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        self.names.extend(words.map(str::to_owned));
    }

    /// A key of the scenario.
    fn top(&mut self, entry: &Entry, has_cases: bool) {
        match (self.meant(entry, &scenario::KEYS), &entry.value.kind) {
            ("setup" | "steps" | "teardown", Kind::List(steps)) => {
                steps.iter().for_each(|step| self.step(step));
            }
            ("setup" | "steps" | "teardown", _) => self.is_open = true,
            ("vars", _) => self.map_of_names(&entry.value),
            // Of rows that could not be read nobody knows the names.
            ("cases", _) => self.is_open |= !has_cases,
            ("sessions", Kind::Map(all)) => {
                for entry in all.iter().flat_map(|session| entries(&session.value)) {
                    self.logins += usize::from(self.meant(entry, &sessions::KEYS) == "login");
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, step: &Node) {
        self.is_open |= !matches!(step.kind, Kind::Map(_));
        for entry in entries(step) {
            match self.meant(entry, &step::KEYS) {
                "capture" => self.map_of_names(&entry.value),
                "use" => self.is_open = true,
                "as" => self.is_open |= !matches!(entry.value.kind, Kind::Text(_)),
                _ => {}
            }
        }
    }

    /// `[token]` and `token=1` are meant for names, too.
    fn map_of_names(&mut self, node: &Node) {
        match &node.kind {
            Kind::Text(text) => self.words(text),
            Kind::List(items) => items.iter().for_each(|item| self.map_of_names(item)),
            _ => {}
        }
    }

    /// The key that is meant, if it is known or a slip of the finger.
    fn meant<'e>(&mut self, entry: &'e Entry, keys: &Keys) -> &'e str {
        let key = entry.key.as_str();
        if keys.known.contains(&key) {
            return key;
        }
        let near = closest(key, keys.known.iter().copied());
        let is_slip = |near: &str| keys.known.contains(&near) && !BRINGS.contains(&near);
        match near {
            Some(near) if is_slip(near) => return near,
            None if levels::home(key).is_some() && !BRINGS.contains(&key) => {}
            _ => self.is_open = true,
        }
        key
    }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.kind {
        Kind::Map(entries) => entries,
        _ => &[],
    }
}
