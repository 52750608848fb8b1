//! Captures and variables that nothing uses: as a rule another one was meant.

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::scenario::Scenario;
use crate::scenario::decode::{Located, Text};
use crate::scenario::project::Project;
use crate::scenario::visit;
use crate::template::Expression;

/// What a scenario defines and nothing uses.
pub(super) fn unused(scenario: &Scenario, used: &HashSet<String>) -> Vec<Diagnostic> {
    let masked = |name: &str| scenario.secrets.iter().any(|secret| secret.value == name);
    let vars = scenario.vars.iter().map(|(name, _)| ("variable", name));
    let vars = vars.filter(|(_, name)| !masked(&name.value));
    let captures = scenario.all_steps().flat_map(|step| &step.captures);
    let captures = captures.map(|capture| ("capture", &capture.name));
    // Places are asked for last: they cost a look through the file.
    vars.filter(|(_, name)| is_unused(name, used) && !has_anchor(scenario, name))
        .chain(captures.filter(|(_, name)| is_unused(name, used)))
        .map(|(what, name)| told(what, name).at(scenario.source(), scenario.span(name.at), ""))
        .collect()
}

/// Whether there is an anchor in the value: then it stands elsewhere, too. The value are the lines that are indented more.
fn has_anchor(scenario: &Scenario, name: &Located<String>) -> bool {
    let (source, span) = (scenario.source(), scenario.span(name.at));
    let column = source.position(span.start).column;
    let rest = source.text().get(span.end..).unwrap_or_default();
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let mut lines = rest.lines();
    let below =
        lines.clone().skip(1).take_while(|line| line.trim().is_empty() || indent(line) >= column);
    let words = lines.next().into_iter().chain(below).flat_map(str::split_whitespace);
    words.into_iter().any(|word| word.trim_start_matches(['[', '{', '-']).starts_with('&'))
}

/// The variables and captures of the project file that nothing uses, where all its scenarios were read.
#[must_use]
pub fn unused_of_project(project: &Project, used: &HashSet<String>) -> Vec<Diagnostic> {
    let mut used = used.clone();
    uses_of(project, &mut |name| {
        used.insert(name.to_owned());
    });
    let environments = project.environments.iter().flat_map(|(_, environment)| &environment.vars);
    let vars = project.vars.iter().chain(environments).map(|(name, _)| name);
    let captures = project.of_run().flat_map(Scenario::all_steps).flat_map(|step| &step.captures);
    vars.map(|name| ("variable", name))
        .chain(captures.map(|capture| ("capture", &capture.name)))
        .filter(|(_, name)| is_unused(name, &used))
        .map(|(what, name)| told(what, name).at(project.source(), project.span(name.at), ""))
        .collect()
}

/// Calls `name` for the names that the project file itself uses, in whatever environment.
fn uses_of(project: &Project, name: &mut dyn FnMut(&str)) {
    let mut text = |text: &Text| {
        let uses = text.value.expressions().flat_map(Expression::uses);
        uses.for_each(|used| name(&used.name));
    };
    let environments = || project.environments.iter().map(|(_, environment)| environment);
    environments().filter_map(|environment| environment.base_url.as_ref()).for_each(&mut text);
    let vars = environments().flat_map(|environment| &environment.vars).chain(&project.vars);
    vars.for_each(|(_, value)| value.visit(&mut text));
    visit::settings(&project.defaults, &mut text);
    for session in &project.sessions {
        visit::settings(&session.settings, &mut text);
        session.cookies.iter().for_each(|cookie| visit::cookie(&cookie.value, &mut text));
        let with = session.login.iter().flat_map(|login| &login.with);
        with.for_each(|(_, value)| value.visit(&mut text));
    }
}

fn is_unused(name: &Located<String>, used: &HashSet<String>) -> bool {
    !name.value.starts_with('_') && !used.contains(&name.value)
}

fn told(what: &str, name: &Located<String>) -> Diagnostic {
    let name = &name.value;
    Diagnostic::warning(format!("{what} `{name}` is never used"))
        .help(format!("leave it out; `_{name}` says that it is meant so"))
}
