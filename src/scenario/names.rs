//! Names in expressions: each must have a value by the time it is used.

mod partial;
mod project;
mod special;
mod used;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::Scenario;
use super::capture::{Capture, CaptureSource};
use super::cases::{Cases, Row};
use super::decode::{Located, Text, inside};
use super::project::Project;
use super::secrets;
use super::sessions::{self, SessionDeclaration};
use super::settings::Settings;
use super::step::{Action, Step};
use super::visit;
use super::yaml::{At, FileNumber, Node};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::source::{Source, Span};
use crate::template::{Use, UseKind};
use partial::Unread;

pub use project::{check_project, check_unused};
pub(in crate::scenario) use special::whole;
pub use used::{forth, unused_with};

/// What is known around a scenario.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Names that have a value: of the project, the environment, `--var` and callsheet itself.
    pub names: HashSet<String>,
    /// Where they were looked for, for messages: `environment local`, …
    pub searched: Vec<String>,
    /// Names that another environment defines, with its name.
    pub elsewhere: HashMap<String, String>,
    /// The variables of the process's environment.
    pub environment: HashSet<String>,
    /// What `secret.NAME` can name, with its value.
    pub secrets: HashMap<String, String>,
    /// Whether a variable of the process's environment that is not set is an error, or just a warning.
    pub strict: bool,
    /// The sessions of the project file, each with the names that its login captures.
    pub sessions: HashMap<String, Captured>,
}

/// Gives a file that others use by its path, if it could be read.
pub type UsedFile<'f> = &'f dyn Fn(&Path) -> Option<&'f Scenario>;

/// The files around one that is checked.
#[derive(Clone, Copy)]
pub struct Files<'f> {
    /// The project file, if there is one.
    pub project: Option<&'f Project>,
    /// Those that it uses.
    pub used: UsedFile<'f>,
}

/// The names that a login captures; none where its file could not be read, and may capture any.
pub type Captured = Option<HashSet<String>>;

/// The names that a session has beyond those of its scenario: what its login captures.
#[must_use]
pub fn of_login(declaration: &SessionDeclaration, file: UsedFile<'_>) -> Captured {
    let Some(login) = &declaration.login else { return Some(HashSet::new()) };
    let (steps, is_whole) = forth(file(&login.file)?, file);
    let captures = steps.into_iter().flat_map(|(_, step)| &step.captures);
    is_whole.then(|| captures.map(|capture| capture.name.value.clone()).collect())
}

/// What was found of the names in a file.
#[derive(Debug, Default)]
pub struct Checked {
    /// Names that have no value.
    pub diagnostics: Vec<Diagnostic>,
    /// The secrets that it uses.
    pub secrets: HashSet<String>,
    /// Every name that it uses.
    pub used: HashSet<String>,
}

/// Finds every name that has no value when it is used.
#[must_use]
pub fn check<'s, 'f: 's>(
    scenario: &'s Scenario,
    around: &'s Surroundings,
    files: Files<'f>,
) -> Checked {
    checked(scenario, around, files, None)
}

/// As [`check`], of a scenario that has errors of form, with all that is written: what these may hide is not told.
#[must_use]
pub fn check_partial<'s, 'f: 's>(
    (scenario, written): (&'s Scenario, &Node),
    around: &'s Surroundings,
    files: Files<'f>,
) -> Checked {
    checked(scenario, around, files, Some(Unread::of(scenario, written)))
}

fn checked<'s, 'f: 's>(
    scenario: &'s Scenario,
    around: &'s Surroundings,
    files: Files<'f>,
    unread: Option<Unread>,
) -> Checked {
    let mut checker = Checker {
        scenario,
        // A setting that could not be read may take the place of one of the project file.
        project: files.project.filter(|_| unread.is_none()),
        files,
        unread,
        is_open: false,
        around,
        within: None,
        known: around.names.iter().map(String::as_str).collect(),
        captures: HashMap::new(),
        declared: vec![&scenario.sessions],
        outer: scenario.defaults.clone(),
        sessions: around.sessions.clone(),
        session: Some(HashSet::new()),
        found: Checked::default(),
    };
    checker.file(&HashSet::new(), sessions::DEFAULT);
    checker.found
}

/// When an expression is evaluated, which says what it may use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// Before the first step.
    Start,
    /// With any request: every capture may be there.
    AnyStep,
    /// Before this step's request.
    Before,
    /// After this step's response.
    After,
}

struct Checker<'s, 'f> {
    /// The file that is looked at.
    scenario: &'s Scenario,
    project: Option<&'s Project>,
    files: Files<'f>,
    /// Of a scenario that could not be read as a whole.
    unread: Option<Unread>,
    /// Whether a file that could not be read may have captured any name.
    is_open: bool,
    around: &'s Surroundings,
    /// Where the step stands that uses the file, if it is used.
    within: Option<(&'s Arc<Source>, Span)>,
    known: HashSet<&'s str>,
    captures: HashMap<&'s str, (&'s Scenario, &'s Step, &'s Capture)>,
    /// The `sessions` of the file and of those that use it, the nearest first.
    declared: Vec<&'s [SessionDeclaration]>,
    /// The `defaults` of them all.
    outer: Settings,
    /// Every session, with the names that its login captures.
    sessions: HashMap<String, Captured>,
    /// Those of the session that is looked at.
    session: Captured,
    found: Checked,
}

impl<'s, 'f: 's> Checker<'s, 'f> {
    /// All of the file; `given` are variables that take the place of its own.
    fn file(&mut self, given: &HashSet<&str>, home: &'s str) {
        let scenario = self.scenario;
        self.rows();
        let own = scenario.sessions.iter();
        let own = own.map(|own| (own.name.value.clone(), of_login(own, self.files.used)));
        self.sessions.extend(own);
        let may_define = |name: &str| self.may_define(name) || self.known.contains(name);
        let wrong = secrets::check(scenario, self.around, &may_define);
        self.found.diagnostics.extend(wrong);
        for (file, step) in forth(scenario, &|path| (self.files.used)(path)).0 {
            for capture in &step.captures {
                self.captures.entry(&capture.name.value).or_insert((file, step, capture));
            }
        }
        for (name, value) in &scenario.vars {
            if !given.contains(name.value.as_str()) {
                value.visit(&mut |text| self.text(text, When::Start));
            }
            self.known.insert(&name.value);
        }
        if let Some(text) = &scenario.base_url {
            self.text(text, When::Start);
        }
        visit::settings(&scenario.defaults, &mut |text| self.text(text, When::AnyStep));
        for declaration in &scenario.sessions {
            self.session(declaration);
        }
        for step in scenario.top_steps() {
            self.step(step, home);
        }
        if let Some(project) = self.project.filter(|project| project.gives_expressions()) {
            self.outer_settings(project, home);
        }
    }

    /// The rows that the scenario runs for: they know what is around it.
    fn rows(&mut self) {
        let Some(cases) = self.scenario.cases.as_ref().filter(|_| self.within.is_none()) else {
            return;
        };
        for var in cases.rows.iter().flat_map(|row| &row.vars) {
            var.value.visit(&mut |text| self.text(text, When::Start));
        }
        self.known.extend(cases.common());
        self.known.insert("case");
    }

    /// What a session has before its first request.
    fn session(&mut self, declaration: &'s SessionDeclaration) {
        for cookie in &declaration.cookies {
            visit::cookie(&cookie.value, &mut |text| self.text(text, When::Start));
        }
        for (_, value) in declaration.login.iter().flat_map(|login| &login.with) {
            value.visit(&mut |text| self.text(text, When::Start));
        }
        self.enter(&declaration.name.value);
        visit::settings(&declaration.settings, &mut |text| self.text(text, When::AnyStep));
        self.session = Some(HashSet::new());
    }

    /// What follows is seen from this session.
    fn enter(&mut self, session: &str) {
        let known = self.sessions.get(session).cloned();
        // Of one that is not declared nothing more is told.
        self.session = known.unwrap_or_else(|| (session == sessions::DEFAULT).then(HashSet::new));
    }

    /// The sessions of a step are declared, and it may use what the logins of all of them capture.
    fn sessions_of(&mut self, step: &Step, home: &str) {
        let named = step.session.iter().chain(step.access.iter().map(|cell| &cell.session));
        let mut shared: Option<Captured> = None;
        for session in named {
            self.is_declared(session);
            self.enter(&session.value);
            shared = Some(match (shared.flatten(), &self.session) {
                (Some(shared), Some(own)) => Some(shared.intersection(own).cloned().collect()),
                (shared, own) => shared.or_else(|| own.clone()),
            });
        }
        match shared {
            Some(shared) => self.session = shared,
            None => self.enter(home),
        }
    }

    fn is_declared(&mut self, session: &Located<String>) {
        let name = session.value.as_str();
        let may_be = self.unread.as_ref().is_some_and(|unread| !unread.has_sessions);
        if may_be || name == sessions::DEFAULT || self.sessions.contains_key(name) {
            return;
        }
        let mut known: Vec<&str> = self.sessions.keys().map(String::as_str).collect();
        known.push(sessions::DEFAULT);
        known.sort_unstable();
        known.dedup();
        let label = closest(name, known.iter().copied())
            .map_or_else(String::new, |close| format!("did you mean `{close}`?"));
        let help = if self.sessions.is_empty() {
            format!("declare it: `sessions: {{{name}: {{}}}}`")
        } else {
            format!("the sessions are `{}`", known.join("`, `"))
        };
        let (source, span) = (self.scenario.source(), self.scenario.span(session.at));
        let error = Diagnostic::error(format!("there is no session `{}`", name.escape_debug()));
        let error = self.used_here(error.at(source, span, label));
        self.found.diagnostics.push(error.help(help));
    }

    /// `home` is the session of steps that name none.
    fn step(&mut self, step: &'s Step, home: &'s str) {
        self.sessions_of(step, home);
        step.flow().visit_outer(&mut |text| self.text(text, When::Before));
        let item = step.flow().for_each.as_ref().map(|each| each.name.value.as_str());
        // It is bound for the step alone.
        let is_new = item.is_some_and(|item| self.known.insert(item));
        self.in_step(step, home);
        if let Some(item) = item.filter(|_| is_new) {
            self.known.remove(item);
        }
    }

    fn in_step(&mut self, step: &'s Step, home: &'s str) {
        step.flow().visit_inner(&mut |text| self.text(text, When::Before));
        if let Some(name) = &step.name {
            self.text(name, When::Before);
        }
        match &step.action {
            Action::Request(request) => {
                self.text(&request.url, When::Before);
                visit::settings(&request.settings, &mut |text| self.text(text, When::Before));
            }
            Action::Session(_, action) => {
                visit::session(action, &mut |text| self.text(text, When::Before))
            }
            Action::Wait(time) => time.value.visit(&mut |text| self.text(text, When::Before)),
            Action::Group(steps) => {
                let home = step.session.as_ref().map_or(home, |session| &session.value);
                steps.iter().for_each(|step| self.step(step, home));
            }
            Action::Use(used) => {
                let home = step.session.as_ref().map_or(home, |session| &session.value);
                self.used_file(used, home);
            }
        }
        let hopeless = step.flow().retry.as_ref().and_then(|retry| retry.give_up_when.as_ref());
        if let Some(text) = hopeless {
            let has_response = matches!(step.action, Action::Request(_));
            self.text(text, if has_response { When::After } else { When::Before });
        }
        let cells = step.access.iter().map(|cell| &cell.expect);
        for expect in std::iter::once(&step.expect).chain(cells) {
            visit::expectations(expect, &mut |text| self.text(text, When::Before));
            for text in &expect.check {
                self.text(text, When::After);
            }
        }
        for capture in &step.captures {
            if let CaptureSource::Value(text) = &capture.source {
                self.text(text, When::After);
            }
            if let Some(default) = &capture.default {
                default.visit(&mut |text| self.text(text, When::Before));
            }
        }
        self.known.extend(step.captures.iter().map(|capture| capture.name.value.as_str()));
        self.cleanup(step, home);
    }

    /// What undoes a step knows what the step knows; what it captures is its own.
    fn cleanup(&mut self, step: &'s Step, home: &'s str) {
        if step.cleanup.is_empty() {
            return;
        }
        let home = step.session.as_ref().map_or(home, |session| &session.value);
        let known = self.known.clone();
        step.cleanup.iter().for_each(|step| self.step(step, home));
        self.known = known;
    }

    /// What the project file gives to the requests, where nothing nearer takes its place.
    fn outer_settings(&mut self, project: &Project, home: &str) {
        let mut seen = HashSet::new();
        for step in self.scenario.all_steps() {
            let Action::Request(request) = &step.action else { continue };
            let cells = step.access.iter().map(|cell| cell.session.value.as_str());
            let own = step.session.as_ref().map_or(home, |own| own.value.as_str());
            for session in cells.chain(step.access.is_empty().then_some(own)) {
                let outer = self.outer.over(&project.defaults);
                let settings = request.settings.over(&match self.declared(session) {
                    Some(declared) => declared.settings.over(&outer),
                    None => outer,
                });
                self.enter(session);
                visit::settings(&settings, &mut |text| {
                    let of_project = text.at.file() == FileNumber::Project;
                    if of_project && seen.insert((session.to_owned(), text.at)) {
                        self.text(text, When::AnyStep);
                    }
                });
            }
        }
    }

    /// The nearest declaration of a session; while it signs in, it lends what does not need its login.
    fn declared(&self, session: &str) -> Option<&'s SessionDeclaration> {
        if self.within.is_none() && matches!(self.scenario.name.at.file(), FileNumber::Used(_)) {
            return None;
        }
        let of_project = self.project.iter().flat_map(|project| &project.sessions);
        let mut all = self.declared.iter().copied().flatten().chain(of_project);
        all.find(|declared| declared.name.value == session)
    }

    fn text(&mut self, text: &Text, when: When) {
        for expression in text.value.expressions() {
            for used in expression.uses() {
                if !self.found.used.contains(&used.name) {
                    self.found.used.insert(used.name.clone());
                }
                let UseKind::Name { member, optional } = &used.kind else { continue };
                let place = (text, expression.offset() + used.offset);
                if !self.is_known(used, when) {
                    self.special(place, used, member.as_deref(), *optional, when);
                } else if let (Some(member), false) = (member, optional) {
                    self.member(place, &used.name, member);
                }
            }
        }
    }

    fn is_known(&self, used: &Use, when: When) -> bool {
        let name = used.name.as_str();
        (self.known.contains(name) && name != "env")
            || (self.is_open && super::is_variable_name(name))
            || self
                .session
                .as_ref()
                .map_or_else(|| super::is_variable_name(name), |own| own.contains(name))
            || (when == When::AnyStep && self.captures.contains_key(name))
    }

    fn may_define(&self, name: &str) -> bool {
        self.unread.as_ref().is_some_and(|unread| unread.may_define(name))
    }

    fn undefined(&mut self, place: (&Text, usize), name: &str) {
        if self.may_define(name) {
            return;
        }
        if let Some((file, step, capture)) = self.captures.get(name).copied() {
            let (source, span) = self.place(place);
            let at = file.span(capture.name.at);
            let label = format!("captured here, by step `{}`", visit::step_name(step));
            let diagnostic =
                Diagnostic::error(format!("`{name}` is captured only by a later step"))
                    .at(source, span, "used here")
                    .also(file.source(), at, label);
            self.found.diagnostics.push(
                diagnostic.help("move the step that captures it before the one that uses it"),
            );
            return;
        }
        if let Some((number, row, cases)) = self.lacking_row(name) {
            let (source, span) = self.place(place);
            let message = format!("`{name}` has no value in row {number} of `cases`");
            let error = Diagnostic::error(message).at(source, span, "used here");
            let error = error.also(&cases.source, row.span, format!("row {number}"));
            let help = "give it one in every row, or in `vars` for those that have none";
            self.found.diagnostics.push(error.help(help));
            return;
        }
        if let Some((later, _)) = self.scenario.vars.iter().find(|(later, _)| later.value == name) {
            let (source, span) = self.place(place);
            let diagnostic = Diagnostic::error(format!("`{name}` has no value yet")).at(
                source,
                span,
                "used here",
            );
            let diagnostic = diagnostic.also(source, self.scenario.span(later.at), "defined here");
            let help = "variables get their values from top to bottom: one can use those above it";
            self.found.diagnostics.push(diagnostic.help(help));
            return;
        }
        let known =
            self.known.iter().copied().chain(self.session.iter().flatten().map(String::as_str));
        let label = closest(name, known)
            .map_or_else(String::new, |close| format!("did you mean `{close}`?"));
        let help = match self.around.elsewhere.get(name) {
            Some(environment) => {
                format!("environment `{environment}` defines it: run with `--env {environment}`")
            }
            None if let Some(session) = self.signed_in_with(name) => {
                format!(
                    "the login of session `{session}` captures it: a step sees it with `as: {session}`"
                )
            }
            None if self.is_given(place.0) => {
                let name = &self.scenario.name.value;
                format!(
                    "requests of scenario `{name}` have this setting; searched: {}",
                    self.searched()
                )
            }
            None => format!("searched: {}", self.searched()),
        };
        self.error(place, format!("`{name}` is not defined"), &label, Some(help));
    }

    /// The first row without this name, where others have it.
    fn lacking_row(&self, name: &str) -> Option<(usize, &'s Row, &'s Cases)> {
        let cases = self.scenario.cases.as_deref()?;
        let (number, row) = cases.without(name)?;
        Some((number, row, cases))
    }

    /// Whether a text is of the project file, and the scenario is not.
    fn is_given(&self, text: &Text) -> bool {
        let is_project = |at: At| at.file() == FileNumber::Project;
        is_project(text.at) && !is_project(self.scenario.name.at)
    }

    /// The session whose login captures this name.
    fn signed_in_with(&self, name: &str) -> Option<&str> {
        let captures = |captured: &Captured| captured.iter().any(|all| all.contains(name));
        let all = self.sessions.iter().filter(|(_, captured)| captures(captured));
        all.map(|(session, _)| session.as_str()).min()
    }

    fn searched(&self) -> String {
        let own = match self.within {
            None => "`vars` of the scenario",
            Some(_) => "`vars` of the file, `with` and all that its user knows",
        };
        let mut places = vec!["captures of the steps before".to_owned(), own.to_owned()];
        places.extend(self.around.searched.iter().cloned());
        places.join(", ")
    }

    fn error(&mut self, place: (&Text, usize), message: String, label: &str, help: Option<String>) {
        let (source, span) = self.place(place);
        let diagnostic = self.used_here(Diagnostic::error(message).at(source, span, label));
        self.found.diagnostics.push(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    /// Which step uses the file that has the mistake: another may use it without one.
    fn used_here(&self, diagnostic: Diagnostic) -> Diagnostic {
        match self.within {
            Some((user, span)) => diagnostic.also(user, span, "used here"),
            None => diagnostic,
        }
    }

    fn place(&self, (text, offset): (&Text, usize)) -> (&'s Arc<Source>, Span) {
        let (source, scalar) = match self.project {
            Some(project) if text.at.file() == FileNumber::Project => {
                (project.source(), project.span(text.at))
            }
            _ => (self.scenario.source(), self.scenario.span(text.at)),
        };
        (source, inside(source, scalar, text.value.source(), offset))
    }
}
