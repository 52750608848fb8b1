//! Names in expressions: each must have a value by the time it is used.

mod partial;
mod project;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::Scenario;
use super::capture::{Capture, CaptureSource};
use super::decode::{Located, Text, inside};
use super::project::Project;
use super::secrets;
use super::sessions::{self, SessionDeclaration};
use super::step::{Action, Step};
use super::visit;
use super::yaml::FileNumber;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::source::{Source, Span};
use crate::template::{Use, UseKind};
use partial::Unread;

pub use project::{check_project, check_unused};

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

/// Gives the file of a login by its path, if it could be read.
pub type LoginFile<'f> = &'f dyn Fn(&Path) -> Option<&'f Scenario>;

/// The files around one that is checked.
#[derive(Clone, Copy)]
pub struct Files<'f> {
    /// The project file, if there is one.
    pub project: Option<&'f Project>,
    /// Those that sign sessions in.
    pub login: LoginFile<'f>,
}

/// The names that a login captures; none where its file could not be read, and may capture any.
pub type Captured = Option<HashSet<String>>;

/// The names that a session has beyond those of its scenario: what its login captures.
#[must_use]
pub fn of_login(declaration: &SessionDeclaration, file: LoginFile<'_>) -> Captured {
    let Some(login) = &declaration.login else { return Some(HashSet::new()) };
    let captures = file(&login.file)?.all_steps().flat_map(|step| &step.captures);
    Some(captures.map(|capture| capture.name.value.clone()).collect())
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
pub fn check(scenario: &Scenario, around: &Surroundings, files: Files<'_>) -> Checked {
    checked(scenario, around, files, None)
}

/// As [`check`], of a scenario that has errors of form: what these may hide is not told.
#[must_use]
pub fn check_partial(scenario: &Scenario, around: &Surroundings, files: Files<'_>) -> Checked {
    checked(scenario, around, files, Some(Unread::of(scenario)))
}

fn checked(
    scenario: &Scenario,
    around: &Surroundings,
    files: Files<'_>,
    unread: Option<Unread>,
) -> Checked {
    let captures = scenario.all_steps().flat_map(|step| {
        step.captures.iter().map(move |capture| (capture.name.value.as_str(), (step, capture)))
    });
    let mut checker = Checker {
        scenario,
        // A setting that could not be read may take the place of one of the project file.
        project: files.project.filter(|_| unread.is_none()),
        unread,
        around,
        known: around.names.iter().map(String::as_str).collect(),
        captures: HashMap::new(),
        sessions: around.sessions.clone(),
        session: Some(HashSet::new()),
        found: Checked::default(),
    };
    let own = scenario.sessions.iter();
    checker.sessions.extend(own.map(|own| (own.name.value.clone(), of_login(own, files.login))));
    let may_define = |name: &str| checker.may_define(name);
    checker.found.diagnostics = secrets::check(scenario, around, &may_define);
    for (name, place) in captures {
        checker.captures.entry(name).or_insert(place);
    }
    for (name, value) in &scenario.vars {
        value.visit(&mut |text| checker.text(text, When::Start));
        checker.known.insert(&name.value);
    }
    if let Some(text) = &scenario.base_url {
        checker.text(text, When::Start);
    }
    visit::settings(&scenario.defaults, &mut |text| checker.text(text, When::AnyStep));
    for declaration in &scenario.sessions {
        checker.session(declaration);
    }
    for step in scenario.top_steps() {
        checker.step(step, sessions::DEFAULT);
    }
    if let Some(project) = checker.project.filter(|project| project.gives_expressions()) {
        checker.outer_settings(project);
    }
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

struct Checker<'s> {
    scenario: &'s Scenario,
    project: Option<&'s Project>,
    /// Of a scenario that could not be read as a whole.
    unread: Option<Unread>,
    around: &'s Surroundings,
    known: HashSet<&'s str>,
    captures: HashMap<&'s str, (&'s Step, &'s Capture)>,
    /// Every session, with the names that its login captures.
    sessions: HashMap<String, Captured>,
    /// Those of the session that is looked at.
    session: Captured,
    found: Checked,
}

impl<'s> Checker<'s> {
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
        self.found.diagnostics.push(error.at(source, span, label).help(help));
    }

    /// `home` is the session of steps that name none.
    fn step(&mut self, step: &'s Step, home: &'s str) {
        self.sessions_of(step, home);
        let item = step.flow.for_each.as_ref().map(|each| each.name.value.as_str());
        // It is bound for the step alone.
        let is_new = item.is_some_and(|item| self.known.insert(item));
        self.in_step(step, home);
        if let Some(item) = item.filter(|_| is_new) {
            self.known.remove(item);
        }
    }

    fn in_step(&mut self, step: &'s Step, home: &'s str) {
        step.flow.visit(&mut |text| self.text(text, When::Before));
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
        }
        let hopeless = step.flow.retry.as_ref().and_then(|retry| retry.give_up_when.as_ref());
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
    }

    /// What the project file gives to the requests, where nothing nearer takes its place.
    fn outer_settings(&mut self, project: &Project) {
        let mut seen = HashSet::new();
        for step in self.scenario.all_steps() {
            let Action::Request(request) = &step.action else { continue };
            let cells = step.access.iter().map(|cell| cell.session.value.as_str());
            let own = step.session.as_ref().map_or(sessions::DEFAULT, |own| own.value.as_str());
            for session in cells.chain(step.access.is_empty().then_some(own)) {
                let outer = self.scenario.defaults.over(&project.defaults);
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
        if matches!(self.scenario.name.at.file(), FileNumber::Used(_)) {
            return None;
        }
        let of_project = self.project.iter().flat_map(|project| &project.sessions);
        let mut all = self.scenario.sessions.iter().chain(of_project);
        all.find(|declared| declared.name.value == session)
    }

    fn text(&mut self, text: &Text, when: When) {
        for expression in text.value.expressions() {
            for used in expression.uses() {
                if !self.found.used.contains(&used.name) {
                    self.found.used.insert(used.name.clone());
                }
                if let UseKind::Name { member, optional } = &used.kind
                    && !self.is_known(used, when)
                {
                    let place = (text, expression.offset() + used.offset);
                    self.special(place, used, member.as_deref(), *optional, when);
                }
            }
        }
    }

    fn is_known(&self, used: &Use, when: When) -> bool {
        let name = used.name.as_str();
        (self.known.contains(name) && name != "env")
            || self
                .session
                .as_ref()
                .map_or_else(|| super::is_variable_name(name), |own| own.contains(name))
            || (when == When::AnyStep && self.captures.contains_key(name))
    }

    /// The reserved names, and what is left is undefined.
    fn special(
        &mut self,
        place: (&Text, usize),
        used: &Use,
        member: Option<&str>,
        optional: bool,
        when: When,
    ) {
        match (used.name.as_str(), member) {
            ("response", _) if when == When::After => {}
            ("response", _) => {
                let help = "there is a response after the request only: in `check` and in the `value` of a capture";
                self.error(
                    place,
                    "`response` has no value here".to_owned(),
                    "",
                    Some(help.to_owned()),
                );
            }
            ("env", Some(name)) => {
                if !optional && !self.around.environment.contains(name) {
                    self.unset_variable(place, name);
                }
            }
            ("env", None) => {
                let help = "write `env.NAME`".to_owned();
                self.error(place, "`env` needs a name".to_owned(), "", Some(help));
            }
            ("secret", name) => self.secret(place, name, optional),
            ("case", _) => {
                let help =
                    "it is part of the format, but not of this version of callsheet".to_owned();
                self.error(place, format!("`{}` is not supported yet", used.name), "", Some(help));
            }
            ("server", _) => {
                let help = "give the project file a `server`".to_owned();
                self.error(place, "there is no `server`".to_owned(), "", Some(help));
            }
            _ if optional => {}
            _ => self.undefined(place, &used.name),
        }
    }

    fn secret(&mut self, place: (&Text, usize), name: Option<&str>, optional: bool) {
        match secrets::used(name, optional, self.around) {
            Ok(name) => self.found.secrets.extend(name.map(str::to_owned)),
            Err(error) => {
                let written = format!("secret.{}", name.unwrap_or_default());
                let (source, span) = self.place(place);
                let span = whole(source, span, &written);
                self.found.diagnostics.push(error.at(source, span, ""));
            }
        }
    }

    fn unset_variable(&mut self, place: (&Text, usize), name: &str) {
        let message = format!("the environment variable `{name}` is not set");
        let (source, span) = self.place(place);
        let span = whole(source, span, &format!("env.{name}"));
        let diagnostic = if self.around.strict {
            Diagnostic::error(message)
        } else {
            Diagnostic::warning(message)
        };
        let help = format!("set it, or write `env.{name} | default('…')`");
        self.found.diagnostics.push(diagnostic.at(source, span, "").help(help));
    }

    fn may_define(&self, name: &str) -> bool {
        self.unread.as_ref().is_some_and(|unread| unread.may_define(name))
    }

    fn undefined(&mut self, place: (&Text, usize), name: &str) {
        if self.may_define(name) {
            return;
        }
        if let Some((step, capture)) = self.captures.get(name).copied() {
            let (source, span) = self.place(place);
            let at = self.scenario.span(capture.name.at);
            let label = format!("captured here, by step `{}`", visit::step_name(step));
            let diagnostic =
                Diagnostic::error(format!("`{name}` is captured only by a later step"))
                    .at(source, span, "used here")
                    .also(source, at, label);
            self.found.diagnostics.push(
                diagnostic.help("move the step that captures it before the one that uses it"),
            );
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
            None if place.0.at.file() == FileNumber::Project => {
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

    /// The session whose login captures this name.
    fn signed_in_with(&self, name: &str) -> Option<&str> {
        let captures = |captured: &Captured| captured.iter().any(|all| all.contains(name));
        let all = self.sessions.iter().filter(|(_, captured)| captures(captured));
        all.map(|(session, _)| session.as_str()).min()
    }

    fn searched(&self) -> String {
        let mut places =
            vec!["captures of the steps before".to_owned(), "`vars` of the scenario".to_owned()];
        places.extend(self.around.searched.iter().cloned());
        places.join(", ")
    }

    fn error(&mut self, place: (&Text, usize), message: String, label: &str, help: Option<String>) {
        let (source, span) = self.place(place);
        let diagnostic = Diagnostic::error(message).at(source, span, label);
        self.found.diagnostics.push(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
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

/// The place of `env.NAME`, where that of `env` is known.
fn whole(source: &Source, span: Span, written: &str) -> Span {
    match source.text()[span.start..].starts_with(written) {
        true => Span::new(span.start, span.start + written.len()),
        false => span,
    }
}
