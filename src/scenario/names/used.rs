//! The names in a file that a step uses: it knows what its user knows, and what it captures its user knows.

use std::collections::HashSet;
use std::path::Path;

use super::{Checked, Checker, When};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::scenario::Scenario;
use crate::scenario::decode::{Located, Tree};
use crate::scenario::reuse::Use;
use crate::scenario::step::{Action, Step};

/// The steps of a file and of all that it uses, each file once, but for what `cleanup` does; and whether all of these
/// files could be read.
#[must_use]
pub fn forth<'s>(
    file: &'s Scenario,
    used: &dyn Fn(&Path) -> Option<&'s Scenario>,
) -> (Vec<(&'s Scenario, &'s Step)>, bool) {
    let (mut steps, mut seen, mut is_whole) = (Vec::new(), HashSet::new(), true);
    let mut files: Vec<&Scenario> = vec![file];
    let mut next = 0;
    while let Some(file) = files.get(next).copied() {
        next += 1;
        let own = steps.len();
        file.top_steps().for_each(|step| step.walk_forth(&mut |step| steps.push((file, step))));
        for (_, step) in &steps[own..] {
            let Action::Use(inner) = &step.action else { continue };
            let path: &Path = &inner.file;
            match used(path) {
                Some(file) if seen.insert(path) => files.push(file),
                Some(_) => {}
                None => is_whole = false,
            }
        }
    }
    (steps, is_whole)
}

/// Warns of variables that a file gets and does not use, each with its name: a slip, as a rule, and the file then lacks
/// the one that is meant.
#[must_use]
pub fn unused_with<'w>(
    file: &Scenario,
    with: &'w [(Located<String>, Tree)],
    found: &Checked,
) -> Vec<(&'w Located<String>, Diagnostic)> {
    let is_secret = |name: &str| file.secrets.iter().any(|secret| secret.value == name);
    let names = with.iter().map(|(name, _)| name);
    let unused = names.filter(|name| !found.used.contains(&name.value) && !is_secret(&name.value));
    let warning = |name: &'w Located<String>| {
        let (shown, name_) = (file.source().name(), &name.value);
        let warning = Diagnostic::warning(format!("`{shown}` does not use the variable `{name_}`"));
        let warning = match closest(&name.value, found.used.iter().map(String::as_str)) {
            Some(close) => warning.help(format!("did you mean `{close}`?")),
            None => warning.help("leave it out, or mend its name"),
        };
        (name, warning)
    };
    unused.map(warning).collect()
}

impl<'s, 'f: 's> Checker<'s, 'f> {
    /// A file that a step uses in this session.
    pub(super) fn used_file(&mut self, used: &'s Use, home: &'s str) {
        for (_, value) in &used.with {
            value.visit(&mut |text| self.text(text, When::Before));
        }
        let Some(file) = (self.files.used)(&used.file) else {
            self.is_open = true;
            return;
        };
        let given: HashSet<&str> = used.with.iter().map(|(name, _)| name.value.as_str()).collect();
        let mut inner = Checker {
            scenario: file,
            project: self.project,
            files: self.files,
            unread: None,
            is_open: self.is_open,
            around: self.around,
            within: Some((self.scenario.source(), self.scenario.span(used.at))),
            known: self.known.union(&given).copied().collect(),
            captures: std::collections::HashMap::new(),
            declared: std::iter::once(file.sessions.as_slice())
                .chain(self.declared.iter().copied())
                .collect(),
            outer: file.defaults.over(&self.outer),
            sessions: self.sessions.clone(),
            session: self.session.clone(),
            found: Checked::default(),
        };
        inner.file(&given, home);
        let (found, captures) = (inner.found, inner.captures);
        for (name, warning) in unused_with(file, &used.with, &found) {
            let span = self.scenario.span(name.at);
            self.found.diagnostics.push(warning.at(self.scenario.source(), span, ""));
        }
        self.known.extend(captures.into_keys());
        self.is_open = inner.is_open;
        self.found.diagnostics.extend(found.diagnostics);
        self.found.secrets.extend(found.secrets);
        self.found.used.extend(found.used);
    }
}
