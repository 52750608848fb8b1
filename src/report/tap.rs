//! TAP, version 14: a test point a scenario, its steps as a subtest.

use std::io::{self, Write};

use super::text;
use crate::outcome::record::StepRecord;
use crate::outcome::{Outcome, ScenarioOutcome, State};

/// Writes the report.
///
/// # Errors
/// Those of `out`, and of reading the outcome back.
pub fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "TAP version 14\n1..{}", outcome.scenarios.len())?;
    for (number, scenario) in (1..).zip(&outcome.scenarios) {
        let steps = outcome.steps(scenario)?;
        let last = || steps.iter().filter(|step| step.state != State::Retried);
        let name = match (scenario.planned.file.as_str(), &scenario.planned.name) {
            ("", part) => description(part),
            (file, name) => description(&format!("{file} › {name}")),
        };
        writeln!(out, "# Subtest: {name}\n    1..{}", last().count())?;
        for (number, step) in (1..).zip(last()) {
            point(out, number, step)?;
        }
        let ok = if scenario.state == State::Failed { "not ok" } else { "ok" };
        let directive = match scenario.state {
            State::NotRun => directive(why(outcome, scenario, &steps)),
            State::Skipped => directive(reason(&steps)),
            State::Passed if scenario.runs > 1 => format!(" (flaky: run {})", scenario.runs),
            _ => String::new(),
        };
        writeln!(out, "{ok} {number} - {name}{directive}")?;
        if scenario.state == State::Failed && !steps.iter().any(|it| it.state == State::Failed) {
            let why = yaml(outcome.why_failed(scenario));
            writeln!(out, "  ---\n  messages: [{why}]\n  ...")?;
        }
    }
    Ok(())
}

fn point(out: &mut dyn Write, number: usize, step: &StepRecord) -> io::Result<()> {
    let name = description(&super::told_name(step.section, &step.name));
    match step.state {
        State::Passed | State::Retried => writeln!(out, "    ok {number} - {name}"),
        State::NotRun | State::Skipped => {
            let why = directive(step.reason.as_deref().unwrap_or("not run"));
            writeln!(out, "    ok {number} - {name}{why}")
        }
        State::Failed => {
            writeln!(out, "    not ok {number} - {name}")?;
            let at = format!("{}:{}", step.file, step.line);
            let messages = step.faults.iter().map(|fault| yaml(&fault.told()));
            let messages: Vec<String> = messages.collect();
            let failure = yaml(step.failure.as_deref().unwrap_or_default());
            writeln!(
                out,
                "      ---\n      at: {}\n      duration_ms: {}",
                yaml(&at),
                step.duration
            )?;
            writeln!(
                out,
                "      messages: [{}]\n      failure: {failure}\n      ...",
                messages.join(", ")
            )
        }
    }
}

/// Why a scenario did not run.
fn why<'a>(outcome: &'a Outcome, scenario: &ScenarioOutcome, steps: &'a [StepRecord]) -> &'a str {
    match scenario.finished {
        true => reason(steps),
        false => outcome.why_not_run(scenario),
    }
}

fn reason(steps: &[StepRecord]) -> &str {
    steps.iter().find_map(|step| step.reason.as_deref()).unwrap_or("not run")
}

fn directive(why: &str) -> String {
    format!(" # SKIP {}", description(why))
}

/// Words on a line, in which `#` begins no directive.
fn description(words: &str) -> String {
    text::clean(words).replace('\\', "\\\\").replace('#', "\\#")
}

/// A text as YAML takes it: JSON is YAML.
fn yaml(words: &str) -> String {
    crate::value::Value::from(text::clean_lines(words)).to_string()
}
