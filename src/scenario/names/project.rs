//! The names in the project file.

use std::collections::HashSet;

use super::{Checked, Surroundings, whole};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::scenario::decode::{Text, inside};
use crate::scenario::project::{Environment, Project};
use crate::scenario::sessions::SessionDeclaration;
use crate::scenario::{Scenario, secrets, visit};
use crate::template::{Use, UseKind};

/// Finds the names that the project file and the chosen environment use and nothing defines; a variable may use those
/// above it. What `defaults` and sessions give to requests may be what only a scenario has: it is looked at with each.
#[must_use]
pub fn check_project(
    project: &Project,
    environment: Option<&Environment>,
    around: &Surroundings,
) -> Checked {
    let mut found = secrets_of(project, around);
    let own = |name: &String| project.vars.iter().any(|(own, _)| own.value == *name);
    let chosen = environment.map(|environment| &environment.vars);
    let later = |name: &String| {
        own(name) || chosen.is_some_and(|vars| vars.iter().any(|(var, _)| var.value == *name))
    };
    let mut known: HashSet<&str> =
        around.names.iter().filter(|name| !later(name)).map(String::as_str).collect();
    known.extend(["env", "secret"]);
    let mut texts: Vec<(&Text, HashSet<&str>)> = Vec::new();
    for (name, value) in project.vars.iter().chain(chosen.into_iter().flatten()) {
        value.visit(&mut |text| texts.push((text, known.clone())));
        known.insert(&name.value);
    }
    if let Some(text) = environment.and_then(|environment| environment.base_url.as_ref()) {
        texts.push((text, known.clone()));
    }
    for session in &project.sessions {
        let mut visit = |text| texts.push((text, known.clone()));
        session.cookies.iter().for_each(|cookie| visit::cookie(&cookie.value, &mut visit));
        let with = session.login.iter().flat_map(|login| &login.with);
        with.for_each(|(_, value)| value.visit(&mut visit));
    }
    let mut defaults = Vec::new();
    visit::settings(&project.defaults, &mut |text| defaults.push(text));
    for session in &project.sessions {
        visit::settings(&session.settings, &mut |text| defaults.push(text));
    }
    for text in texts.iter().map(|(text, _)| *text).chain(defaults) {
        secrets_in(text, project, around, &mut found);
    }
    for (text, known) in texts {
        undefined(text, project, &known, HELP, &mut found);
    }
    found
}

const HELP: &str = "the project file knows its own `vars` above, those of the environment, `env.NAME`, `server.url` \
                    where there is a `server`, and `--var`";

/// Finds the names in the settings of sessions that no scenario uses, where all scenarios of the project are here: no
/// one of them has these names. Files that scenarios use count among them.
#[must_use]
pub fn check_unused<'s>(
    project: &Project,
    around: &Surroundings,
    scenarios: impl Iterator<Item = &'s Scenario>,
) -> Vec<Diagnostic> {
    let mut known: HashSet<&str> = around.names.iter().map(String::as_str).collect();
    known.extend(["env", "secret"]);
    let mut unused: Vec<&SessionDeclaration> = project.sessions.iter().collect();
    for scenario in scenarios {
        unused.retain(|session| !scenario.uses(session));
        known.extend(scenario.vars.iter().map(|(name, _)| name.value.as_str()));
        for step in scenario.all_steps() {
            known.extend(step.captures.iter().map(|capture| capture.name.value.as_str()));
        }
    }
    let mut found = Checked::default();
    for session in unused {
        let Some(Some(captured)) = around.sessions.get(&session.name.value) else { continue };
        let known = known.iter().copied().chain(captured.iter().map(String::as_str)).collect();
        visit::settings(&session.settings, &mut |text| {
            undefined(
                text,
                project,
                &known,
                "no scenario has it, and no one uses this session",
                &mut found,
            );
        });
    }
    found.diagnostics
}

/// The names of a text that are not known.
fn undefined(
    text: &Text,
    project: &Project,
    known: &HashSet<&str>,
    help: &str,
    found: &mut Checked,
) {
    for expression in text.value.expressions() {
        let is_unknown = |used: &&Use| {
            let named = matches!(used.kind, UseKind::Name { optional: false, .. });
            named && !known.contains(used.name.as_str())
        };
        for used in expression.uses().iter().filter(is_unknown) {
            let at = expression.offset() + used.offset;
            let scalar = project.span(text.at);
            let span = inside(project.source(), scalar, text.value.source(), at);
            let label = closest(&used.name, known.iter().copied())
                .map_or_else(String::new, |close| format!("did you mean `{close}`?"));
            let error = Diagnostic::error(format!("`{}` is not defined here", used.name));
            found.diagnostics.push(error.at(project.source(), span, label).help(help));
        }
    }
}

/// The project file's `secrets`.
fn secrets_of(project: &Project, around: &Surroundings) -> Checked {
    let mut found = Checked::default();
    for name in &project.secrets {
        match secrets::of_project(&name.value, around) {
            Some(error) => {
                let error = error.at(project.source(), project.span(name.at), "");
                found.diagnostics.push(error);
            }
            None => {
                found.secrets.insert(name.value.clone());
            }
        }
    }
    found
}

/// `secret.NAME` in a text of the project file.
fn secrets_in(text: &Text, project: &Project, around: &Surroundings, found: &mut Checked) {
    for expression in text.value.expressions() {
        for used in expression.uses().iter().filter(|used| used.name == "secret") {
            let UseKind::Name { member, optional } = &used.kind else { continue };
            match secrets::used(member.as_deref(), *optional, around) {
                Ok(name) => found.secrets.extend(name.map(str::to_owned)),
                Err(error) => {
                    let at = expression.offset() + used.offset;
                    let scalar = project.span(text.at);
                    let span = inside(project.source(), scalar, text.value.source(), at);
                    let written = format!("secret.{}", member.as_deref().unwrap_or_default());
                    let span = whole(project.source(), span, &written);
                    found.diagnostics.push(error.at(project.source(), span, ""));
                }
            }
        }
    }
}
