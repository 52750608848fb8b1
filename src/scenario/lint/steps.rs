//! Steps that do not do what they seem to.

use std::collections::HashMap;

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::scenario::body::Body;
use crate::scenario::decode::{Located, Tree};
use crate::scenario::flow::Period;
use crate::scenario::quantity;
use crate::scenario::step::{Action, Step};
use crate::scenario::yaml::FileNumber;
use crate::template::Scope;
use crate::value::Value;

pub(super) fn check(lint: &mut Lint<'_>) {
    let scenario = lint.scenario;
    for list in [&scenario.setup, &scenario.steps, &scenario.teardown] {
        equal_names(lint, list);
    }
    for step in scenario.all_steps() {
        never_runs(lint, step);
        never_ends(lint, step);
        equal_names(lint, &step.cleanup);
        match &step.action {
            Action::Group(steps) => equal_names(lint, steps),
            Action::Request(request) => {
                if let Some(body) = &request.settings.body {
                    json_as_text(lint, body);
                }
            }
            Action::Session(..) | Action::Wait(_) | Action::Use(_) => {}
        }
    }
    if scenario.name.at.file() == FileNumber::Scenario && !scenario.all_steps().any(sends) {
        let warning = Diagnostic::warning("this scenario sends no request: it checks nothing");
        lint.add(
            warning.help("add a step, such as `- request: GET /health`"),
            scenario.name.at,
            "",
        );
    }
}

/// A request that says nothing of the status fails at 400 and above: it checks something, whatever it says.
fn sends(step: &Step) -> bool {
    match &step.action {
        Action::Request(_) | Action::Use(_) => true,
        Action::Session(..) | Action::Wait(_) | Action::Group(_) => false,
    }
}

/// Steps of one list that cannot be told apart in a report.
fn equal_names(lint: &mut Lint<'_>, steps: &[Step]) {
    let mut seen = HashMap::new();
    for name in steps.iter().filter_map(|step| step.name.as_ref()) {
        if let Some(first) = seen.insert(name.value.source(), name.at) {
            let message = format!("two steps have the name `{}`", name.value.source());
            let warning = Diagnostic::warning(message)
                .also(lint.scenario.source(), lint.span(first), "first here")
                .help("reports tell steps apart by their names: give each its own");
            lint.add(warning, name.at, "again here");
        }
    }
}

fn never_runs(lint: &mut Lint<'_>, step: &Step) {
    let Some(when) = &step.flow().when else { return };
    let value = match &when.value {
        Tree::Literal(value) => Some(value.clone()),
        // What uses nothing has one value.
        Tree::Template(text) => {
            let is_constant = text.value.expressions().all(|one| one.uses().is_empty());
            is_constant.then(|| text.value.evaluate(&Scope::new()).ok()).flatten()
        }
        Tree::List(_) | Tree::Map(_) => None,
    };
    match value {
        Some(Value::Bool(false)) => {
            let warning = Diagnostic::warning("this step never runs");
            let help = "leave it out, or say when it is to run";
            lint.add(warning.help(help), when.at, "always false");
        }
        None | Some(Value::Bool(true)) => {}
        Some(other) => {
            let message = format!("`when` wants `true` or `false`, and this is always {other}");
            let help = "write a condition, such as `${attempts > 0}`";
            lint.add(Diagnostic::error(message).help(help), when.at, "");
        }
    }
}

fn never_ends(lint: &mut Lint<'_>, step: &Step) {
    let fixed = |period: &Located<Period>| match period.value {
        Period::Fixed(time) => Some((time, period.at)),
        Period::Computed(_) => None,
    };
    let (Action::Wait(wait), Some(timeout)) = (&step.action, &step.flow().timeout) else { return };
    let (Some((wait, at)), Some((timeout, limit))) = (fixed(wait), fixed(timeout)) else { return };
    if wait >= timeout {
        let message = format!(
            "a pause of {} never ends within a `timeout` of {}",
            quantity::shown(wait),
            quantity::shown(timeout)
        );
        let help = "make the one shorter, or the other longer";
        lint.add_both(Diagnostic::error(message).help(help), (at, limit));
    }
}

/// `json: '{"a": 1}'` sends a JSON string, quotes and all.
fn json_as_text(lint: &mut Lint<'_>, body: &Located<Body>) {
    let text = match &body.value {
        Body::Json(Tree::Literal(Value::String(text))) => text.as_str(),
        Body::Json(Tree::Template(text)) => text.value.source(),
        _ => return,
    };
    if text.trim_start().starts_with(['{', '[']) {
        let warning =
            Diagnostic::warning("`json` sends this text as a string, with quotes around it");
        let help =
            "write the value without quotes; `text` with a `Content-Type` sends a text as it is";
        lint.add(warning.help(help), body.at, "");
    }
}
