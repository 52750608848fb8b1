//! The files that others use: each is read once, however many use it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::environment::Given;
use super::{Planned, environment};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::scenario::names::{self, Checked, Files, Surroundings};
use crate::scenario::project::Project;
use crate::scenario::sessions::{Login, Once, SessionDeclaration};
use crate::scenario::yaml::{self, At, FileNumber};
use crate::scenario::{self, Scenario};

/// The files that were read, by their paths with links followed.
#[derive(Debug, Default)]
pub struct UsedFiles {
    files: IndexMap<PathBuf, Option<Scenario>>,
}

impl UsedFiles {
    /// A file by its path; none if it could not be read.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&Scenario> {
        self.files.get(path)?.as_ref()
    }

    /// A file by its number.
    #[must_use]
    pub fn numbered(&self, number: u16) -> Option<&Scenario> {
        self.files.get_index(usize::from(number))?.1.as_ref()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// The files that a session uses which has no base URL of a scenario around it, each once.
    pub(super) fn without_base(
        &self,
        project: Option<&Project>,
        scenarios: &[Planned],
    ) -> Vec<&Scenario> {
        let bare = |scenario: &Scenario, login: &Login| {
            scenario.base_url.is_none() || login.once == Once::Run
        };
        let of_project = project.into_iter().flat_map(|project| &project.sessions);
        let of_project = of_project.filter_map(|session| session.login.as_ref());
        let of_scenarios = scenarios.iter().flat_map(|Planned { scenario, .. }| {
            let logins = scenario.sessions.iter().filter_map(|session| session.login.as_ref());
            logins.filter(move |login| bare(scenario, login))
        });
        let paths: HashSet<&Path> =
            of_project.chain(of_scenarios).map(|login| login.file.as_path()).collect();
        let used = self.files.iter().filter(|(path, _)| paths.contains(path.as_path()));
        used.filter_map(|(_, file)| file.as_ref()).collect()
    }

    /// Reads the file of a login, and refuses what a login cannot do.
    pub(super) fn read(
        &mut self,
        login: &Login,
        given: Given<'_>,
        root: &Path,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if self.files.contains_key(&login.file) {
            return;
        }
        let read = self.read_file(&login.file, given, root, diagnostics);
        if let Some(file) = &read {
            refuse_sessions(file, diagnostics);
        }
        self.files.insert(login.file.clone(), read);
    }

    fn read_file(
        &self,
        path: &Path,
        given @ (request, _): Given<'_>,
        root: &Path,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Scenario> {
        // The path has no links any more: the working directory must not have any either to be found in it.
        let folder = request.folder.canonicalize().unwrap_or_default();
        let root = root.canonicalize().unwrap_or_default();
        let name = path.strip_prefix(&folder).or_else(|_| path.strip_prefix(&root));
        let name = name.unwrap_or(path).display().to_string();
        let number = u16::try_from(self.files.len()).ok();
        let read = match (yaml::read_file(path, &name), number) {
            (Ok(source), Some(number)) => {
                let source = Arc::new(source.below(&root));
                let read = scenario::read_used(Arc::clone(&source), &root, number);
                environment::hide(&read, source.text(), given);
                read
            }
            (Ok(_), None) => {
                let message = format!("`{name}` is one file too many: {} are used", u16::MAX);
                diagnostics.push(Diagnostic::error(message));
                return None;
            }
            (Err(diagnostic), _) => {
                diagnostics.push(diagnostic);
                return None;
            }
        };
        diagnostics.extend(read.diagnostics);
        read.value
    }
}

/// A login runs in the session that it signs in, and in no other.
fn refuse_sessions(file: &Scenario, diagnostics: &mut Vec<Diagnostic>) {
    let declared = file.sessions.iter().map(|session| (session.name.at, "`sessions`"));
    let steps = file.all_steps();
    let named = steps.flat_map(|step| {
        let cells = step.access.first().map(|cell| (cell.session.at, "`access`"));
        step.session.iter().map(|session| (session.at, "`as`")).chain(cells)
    });
    for (at, what) in declared.chain(named) {
        let error = Diagnostic::error(format!("a file that signs a session in has no {what}"));
        let help = "its steps run in the session that they sign in: leave it out";
        diagnostics.push(error.at(file.source(), file.span(at), "").help(help));
    }
}

/// Checks the names in the file of a login with what this session gives to it.
pub(super) fn check_login(
    declaration: &SessionDeclaration,
    scenario: Option<&Scenario>,
    around: &Surroundings,
    files: Files<'_>,
) -> Checked {
    let Some(login) = &declaration.login else { return Checked::default() };
    let Some(file) = (files.login)(&login.file) else { return Checked::default() };
    let mut around = around.clone();
    around.names.extend(login.with.iter().map(|(name, _)| name.value.clone()));
    around.searched.push(format!("`with` of the login of session `{}`", declaration.name.value));
    // One login for the run cannot know of one scenario.
    if let (Once::Scenario, Some(scenario)) = (login.once, scenario) {
        around.names.extend(scenario.vars.iter().map(|(name, _)| name.value.clone()));
        around.searched.push("`vars` of the scenario that signs in".to_owned());
    }
    let mut found = names::check(file, &around, files);
    let place = |at: At| match (at.file(), scenario, files.project) {
        (FileNumber::Project, _, Some(project)) => Some((project.source(), project.span(at))),
        (_, Some(scenario), _) => Some((scenario.source(), scenario.span(at))),
        _ => None,
    };
    for (name, _) in &login.with {
        let is_secret = file.secrets.iter().any(|secret| secret.value == name.value);
        if !found.used.contains(&name.value) && !is_secret {
            let warning = unused(file, &name.value, &found.used);
            let place = place(name.at);
            found.diagnostics.insert(
                0,
                match place {
                    Some((source, span)) => warning.at(source, span, ""),
                    None => warning,
                },
            );
        }
    }
    found
}

/// A variable that a login gets and does not use: a slip, as a rule, and the file then lacks the one that is meant.
fn unused(file: &Scenario, name: &str, used: &HashSet<String>) -> Diagnostic {
    let shown = file.source().name();
    let warning = Diagnostic::warning(format!("`{shown}` does not use the variable `{name}`"));
    match closest(name, used.iter().map(String::as_str)) {
        Some(close) => warning.help(format!("did you mean `{close}`?")),
        None => warning.help("leave it out, or mend its name"),
    }
}
