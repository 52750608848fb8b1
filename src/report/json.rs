//! Everything, as JSON; `callsheet schema --report` describes it.

use std::io::{self, Write};

use serde_json::json;

use crate::outcome::record::VERSION;
use crate::outcome::{Counts, Outcome, ScenarioOutcome, State};
use crate::value::{Map, Value};

/// The JSON Schema of the report.
#[must_use]
pub fn schema() -> String {
    let mut schema: Value =
        serde_json::from_str(include_str!("json.schema.json")).unwrap_or_default();
    let of_journal: Value = serde_json::from_str(super::journal::SCHEMA).unwrap_or_default();
    // A step is told as the journal tells it.
    if let (Some(own), Some(Value::Object(more))) =
        (schema.get_mut("$defs").and_then(Value::as_object_mut), of_journal.get("$defs"))
    {
        own.extend(more.iter().map(|(name, definition)| (name.clone(), definition.clone())));
    }
    format!("{schema:#}\n")
}

/// Writes the report, a scenario a line.
///
/// # Errors
/// Those of `out`, and of reading the outcome back.
pub fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let runs: Vec<Value> = outcome
        .runs
        .iter()
        .map(|run| {
            json!({
                "version": run.begun.version,
                "id": run.begun.id,
                "started": run.begun.started,
                "seed": run.begun.seed,
                "random": run.random,
                "shard": run.begun.shard,
                "duration": run.duration,
                "cut": run.cut,
            })
        })
        .collect();
    let summary = &outcome.summary;
    let members = [
        ("report", json!(VERSION)),
        ("runs", json!(runs)),
        ("duration", json!(outcome.duration())),
        (
            "summary",
            json!({
                "scenarios": counts(&summary.scenarios),
                "flaky": summary.flaky,
                "steps": counts(&summary.steps),
                "requests": summary.requests,
            }),
        ),
        ("coverage", json!(outcome.coverage)),
        ("comparison", json!(outcome.comparison)),
    ];
    out.write_all(b"{")?;
    for (name, value) in members {
        writeln!(out, "\"{name}\":{value},")?;
    }
    out.write_all(b"\"scenarios\":[")?;
    for (number, scenario) in outcome.scenarios.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        writeln!(out, "{comma}")?;
        serde_json::to_writer(&mut *out, &told(outcome, scenario)?)?;
    }
    out.write_all(b"\n]}\n")
}

fn counts(counts: &Counts) -> Value {
    let Counts { passed, failed, not_run, skipped } = counts;
    json!({ "passed": passed, "failed": failed, "not_run": not_run, "skipped": skipped })
}

fn told(outcome: &Outcome, scenario: &ScenarioOutcome) -> io::Result<Map<String, Value>> {
    let planned = serde_json::to_value(&scenario.planned)?;
    let mut told = match planned {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let steps = serde_json::to_value(outcome.steps(scenario)?)?;
    let why = (!scenario.finished && scenario.state == State::NotRun)
        .then(|| outcome.why_not_run(scenario));
    let more = [
        ("run", json!(scenario.run)),
        ("state", serde_json::to_value(scenario.state)?),
        ("flaky", json!(scenario.state == State::Passed && scenario.runs > 1)),
        ("finished", json!(scenario.finished)),
        ("reason", json!(why)),
        ("duration", json!(scenario.duration)),
        ("runs", json!(scenario.runs)),
        ("steps", steps),
    ];
    told.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Ok(told)
}
