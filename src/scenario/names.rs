//! Names in expressions: each must have a value by the time it is used.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::Scenario;
use super::capture::{Capture, CaptureSource};
use super::decode::{Located, Text, inside};
use super::secrets;
use super::sessions::{self, SessionDeclaration};
use super::step::{Action, Step};
use super::visit;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::source::{Source, Span};
use crate::template::{Use, UseKind};

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
    pub sessions: HashMap<String, HashSet<String>>,
}

/// Gives the file of a login by its path, if it could be read.
pub type LoginFile<'f> = &'f dyn Fn(&Path) -> Option<&'f Scenario>;

/// The names that a session has beyond those of its scenario: what its login captures.
#[must_use]
pub fn of_login(declaration: &SessionDeclaration, file: LoginFile<'_>) -> HashSet<String> {
    let file = declaration.login.as_ref().and_then(|login| file(&login.file));
    let captures = file.into_iter().flat_map(Scenario::all_steps).flat_map(|step| &step.captures);
    captures.map(|capture| capture.name.value.clone()).collect()
}

/// What was found of the names in a file.
#[derive(Debug, Default)]
pub struct Checked {
    /// Names that have no value.
    pub diagnostics: Vec<Diagnostic>,
    /// The secrets that it uses.
    pub secrets: HashSet<String>,
}

/// Finds every name that has no value when it is used.
#[must_use]
pub fn check(scenario: &Scenario, around: &Surroundings, login_file: LoginFile<'_>) -> Checked {
    let captures = scenario.all_steps().flat_map(|step| {
        step.captures.iter().map(move |capture| (capture.name.value.as_str(), (step, capture)))
    });
    let mut checker = Checker {
        scenario,
        around,
        known: around.names.iter().map(String::as_str).collect(),
        captures: HashMap::new(),
        sessions: around.sessions.clone(),
        session: HashSet::new(),
        found: Checked::default(),
    };
    let own = scenario.sessions.iter();
    checker.sessions.extend(own.map(|own| (own.name.value.clone(), of_login(own, login_file))));
    checker.found.diagnostics = secrets::check(scenario, around);
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
    around: &'s Surroundings,
    known: HashSet<&'s str>,
    captures: HashMap<&'s str, (&'s Step, &'s Capture)>,
    /// Every session, with the names that its login captures.
    sessions: HashMap<String, HashSet<String>>,
    /// Those of the session that is looked at.
    session: HashSet<String>,
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
        self.session.clear();
    }

    /// What follows is seen from this session.
    fn enter(&mut self, session: &str) {
        self.session = self.sessions.get(session).cloned().unwrap_or_default();
    }

    /// The sessions of a step are declared, and it may use what the logins of all of them capture.
    fn sessions_of(&mut self, step: &Step, home: &str) {
        let named = step.session.iter().chain(step.access.iter().map(|cell| &cell.session));
        let mut shared: Option<HashSet<String>> = None;
        for session in named {
            self.is_declared(session);
            self.enter(&session.value);
            shared = Some(match shared {
                None => self.session.clone(),
                Some(shared) => shared.intersection(&self.session).cloned().collect(),
            });
        }
        match shared {
            Some(shared) => self.session = shared,
            None => self.enter(home),
        }
    }

    fn is_declared(&mut self, session: &Located<String>) {
        let name = session.value.as_str();
        if name == sessions::DEFAULT || self.sessions.contains_key(name) {
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

    fn text(&mut self, text: &Text, when: When) {
        for expression in text.value.expressions() {
            for used in expression.uses() {
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
            || self.session.contains(name)
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
                let source = self.scenario.source();
                let span = whole(source, self.place(place), &written);
                self.found.diagnostics.push(error.at(source, span, ""));
            }
        }
    }

    fn unset_variable(&mut self, place: (&Text, usize), name: &str) {
        let message = format!("the environment variable `{name}` is not set");
        let (source, span) = (self.scenario.source(), self.place(place));
        let span = whole(source, span, &format!("env.{name}"));
        let diagnostic = if self.around.strict {
            Diagnostic::error(message)
        } else {
            Diagnostic::warning(message)
        };
        let help = format!("set it, or write `env.{name} | default('…')`");
        self.found.diagnostics.push(diagnostic.at(source, span, "").help(help));
    }

    fn undefined(&mut self, place: (&Text, usize), name: &str) {
        if let Some((step, capture)) = self.captures.get(name).copied() {
            let (source, span) = (self.scenario.source(), self.place(place));
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
            let (source, span) = (self.scenario.source(), self.place(place));
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
        let label = closest(name, self.known.iter().copied())
            .map_or_else(String::new, |close| format!("did you mean `{close}`?"));
        let mut sessions: Vec<&str> = (self.sessions.iter())
            .filter(|(_, captures)| captures.contains(name))
            .map(|(session, _)| session.as_str())
            .collect();
        sessions.sort_unstable();
        let help = match (self.around.elsewhere.get(name), sessions.first()) {
            (Some(environment), _) => {
                format!("environment `{environment}` defines it: run with `--env {environment}`")
            }
            (None, Some(session)) => {
                format!(
                    "the login of session `{session}` captures it: steps with `as: {session}` have it"
                )
            }
            (None, None) => format!("searched: {}", self.searched()),
        };
        self.error(place, format!("`{name}` is not defined"), &label, Some(help));
    }

    fn searched(&self) -> String {
        let mut places =
            vec!["captures of the steps before".to_owned(), "`vars` of the scenario".to_owned()];
        places.extend(self.around.searched.iter().cloned());
        places.join(", ")
    }

    fn error(&mut self, place: (&Text, usize), message: String, label: &str, help: Option<String>) {
        let diagnostic =
            Diagnostic::error(message).at(self.scenario.source(), self.place(place), label);
        self.found.diagnostics.push(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    fn place(&self, (text, offset): (&Text, usize)) -> Span {
        let scalar = self.scenario.span(text.at);
        inside(self.scenario.source(), scalar, text.value.source(), offset)
    }
}

/// The place of `env.NAME`, where that of `env` is known.
pub(super) fn whole(source: &Source, span: Span, written: &str) -> Span {
    match source.text()[span.start..].starts_with(written) {
        true => Span::new(span.start, span.start + written.len()),
        false => span,
    }
}
