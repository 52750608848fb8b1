//! `callsheet list`: the scenarios that a run would take.

use callsheet::plan::{self, Planned};
use serde_json::json;

use crate::args;
use crate::exit::Exit;
use crate::{check, output};

/// The JSON Schema of what `--json` prints.
pub(crate) const SCHEMA: &str = include_str!("list.schema.json");

pub(crate) fn main(list: args::List) -> Exit {
    let color = list.selection.color;
    let narrowing = list.selection.narrowing();
    let request = match check::request(list.selection, false) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let loaded = plan::load(request);
    output::diagnostics(&loaded.diagnostics, color);
    let Some(plan) = loaded.plan else { return Exit::Invalid };
    if list.json {
        let scenarios: Vec<_> = plan.scenarios.iter().map(as_json).collect();
        output::out(&format!("{:#}\n", json!({ "scenarios": scenarios })));
    } else {
        let width =
            plan.scenarios.iter().map(|planned| planned.scenario.source().name().chars().count());
        let width = width.max().unwrap_or_default();
        for planned in &plan.scenarios {
            output::out(&line(planned, width));
        }
    }
    if plan.selected == 0 { check::nothing_to_run(plan.found, &narrowing) } else { Exit::Passed }
}

fn line(planned: &Planned, width: usize) -> String {
    let scenario = &planned.scenario;
    let tags: Vec<&str> = scenario.tags.iter().map(|tag| tag.value.as_str()).collect();
    let tags = if tags.is_empty() { String::new() } else { format!("  [{}]", tags.join(", ")) };
    let name = planned.name.escape_debug();
    format!("{:width$}  {name}{tags}\n", scenario.source().name())
}

fn as_json(planned: &Planned) -> serde_json::Value {
    let scenario = &planned.scenario;
    let steps = scenario.all_steps().count();
    json!({
        "file": scenario.source().name(),
        "line": scenario.source().position(scenario.span(scenario.name.at).start).line,
        "name": planned.name,
        "case": planned.row.map(|row| row + 1),
        "description": scenario.description,
        "tags": scenario.tags.iter().map(|tag| &tag.value).collect::<Vec<_>>(),
        "steps": steps,
    })
}
