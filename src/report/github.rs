//! Commands of a GitHub Actions workflow: an annotation at the line of what failed.

use std::io::{self, Write};

use super::text;
use crate::outcome::record::StepRecord;
use crate::outcome::{Outcome, ScenarioOutcome, State};

/// Writes the report, to be printed in a step of a workflow.
///
/// # Errors
/// Those of `out`, and of reading the outcome back.
pub fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    for scenario in &outcome.scenarios {
        let steps = outcome.steps(scenario)?;
        for step in steps.iter().filter(|step| step.failure.is_some()) {
            // What passed when it was tried again does not fail the job.
            let level = if step.state == State::Failed { "error" } else { "warning" };
            annotation(out, level, scenario, step)?;
        }
        let told = steps.iter().any(|step| step.state == State::Failed);
        if scenario.state == State::Failed && !told {
            let (file, line) = (property(&scenario.planned.file), scenario.planned.line);
            let title = property(&scenario.planned.name);
            let why = data(outcome.why_failed(scenario));
            // A part whose journal is missing is in no file.
            let place =
                if file.is_empty() { String::new() } else { format!("file={file},line={line},") };
            writeln!(out, "::error {place}title={title}::{why}")?;
        }
    }
    let scenarios = &outcome.summary.scenarios;
    let level = if scenarios.failed > 0 { "error" } else { "notice" };
    let mut told = format!("{}: ", text::count(scenarios.total(), "scenario"));
    told.push_str(&text::list(&[
        (scenarios.passed, "passed"),
        (scenarios.failed, "failed"),
        (scenarios.not_run, "not run"),
        (scenarios.skipped, "skipped"),
    ]));
    writeln!(out, "::{level} title=callsheet::{}", data(&told))
}

fn annotation(
    out: &mut dyn Write,
    level: &str,
    scenario: &ScenarioOutcome,
    step: &StepRecord,
) -> io::Result<()> {
    let title =
        format!("{} › {}", scenario.planned.name, super::told_name(step.section, &step.name));
    // Of a file that several use it is the line of the scenario that says which of them.
    let (file, line, column) = match (&step.asked, step.faults.first()) {
        (Some(asked), _) => (&asked.file, asked.line, 1),
        (None, Some(fault)) => (&fault.file, fault.line, fault.column),
        (None, None) => (&step.file, step.line, 1),
    };
    let (file, title) = (property(file), property(&title));
    let failure = data(step.failure.as_deref().unwrap_or_default());
    writeln!(out, "::{level} file={file},line={line},col={column},title={title}::{failure}")
}

/// The text of a command: lines stay lines, and no other command begins in it.
fn data(words: &str) -> String {
    text::clean_lines(words).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(words: &str) -> String {
    let words = text::clean(words).replace('%', "%25").replace(':', "%3A");
    words.replace(',', "%2C")
}
