//! A run that is over, told from its journal as a terminal tells one that goes on.

use super::page::Page;
use super::tally::{self, Failures};
use super::text::{self, BAD, DIM, GOOD, paint};
use crate::outcome::record::StepRecord;
use crate::outcome::{Outcome, ScenarioOutcome, State};
use crate::scenario::quantity;
use std::io;

/// What `--compare` says, where it was asked for.
#[must_use]
pub fn comparison(outcome: &Outcome, color: bool) -> Option<String> {
    outcome
        .comparison
        .as_ref()
        .map(|comparison| format!("{}\n", tally::comparison(comparison, color)))
}

/// A line for each scenario, what failed in full, and the counts.
///
/// # Errors
/// Those of reading the outcome back.
pub fn digest(outcome: &Outcome, color: bool) -> io::Result<String> {
    let mut page = Page::default();
    let mut failures = Failures::default();
    for (number, scenario) in outcome.scenarios.iter().enumerate() {
        let steps = outcome.steps(scenario)?;
        for step in &steps {
            if let Some(failure) = &step.failure {
                page.block(&format!("{}\n\n{failure}", headline(scenario, step, color)));
            }
            if step.state == State::Failed {
                let name = super::told_name(step.section, &step.name);
                let name = format!("{} › {name}", scenario.planned.name);
                let place = match &step.asked {
                    Some(asked) => format!("{}:{}", asked.file, asked.line),
                    None => format!("{}:{}", step.file, step.line),
                };
                failures.add(
                    number,
                    text::clean(&place).into_owned(),
                    text::clean(&name).into_owned(),
                );
            }
        }
        let told = steps.iter().any(|step| step.state == State::Failed);
        if !told {
            page.line(&line(outcome, scenario, &steps, color));
        }
    }
    if let Some(list) = failures.list(color) {
        page.block(&list);
    }
    let took = text::milliseconds(outcome.duration());
    let mut lines = tally::line(&outcome.summary, took, color);
    for run in &outcome.runs {
        if let (Some(cut), Some(_)) = (&run.cut, run.duration) {
            lines.push_str(&format!("\n{}", text::clean(cut)));
        } else if run.cut.is_none() && run.duration.is_none() {
            lines.push_str("\nthe run broke off: its journal has no end");
        }
    }
    if let Some(coverage) = &outcome.coverage {
        lines = format!("{lines}\n{}", tally::coverage(coverage, false, color));
    }
    if let Some(comparison) = &outcome.comparison {
        lines = format!("{lines}\n{}", tally::comparison(comparison, color));
    }
    page.block(&lines);
    Ok(page.take())
}

/// `FAIL  scenarios/login.yaml › A customer signs in › Sign in  (12 ms)`
pub(super) fn headline(scenario: &ScenarioOutcome, step: &StepRecord, color: bool) -> String {
    let word = if step.rerun { "RETRY" } else { "FAIL" };
    let took = format!("({})", quantity::shown(text::milliseconds(step.duration)));
    let name = super::told_name(step.section, &step.name);
    format!(
        "{}  {} › {}  {}",
        paint(BAD, word, color),
        title(scenario),
        text::clean(&name),
        paint(DIM, &took, color)
    )
}

fn line(
    outcome: &Outcome,
    scenario: &ScenarioOutcome,
    steps: &[StepRecord],
    color: bool,
) -> String {
    let details = |words: &str| paint(DIM, &format!("({words})"), color);
    let took = quantity::shown(text::milliseconds(scenario.duration));
    let ran = details(&format!("{}, {took}", text::count(steps.len(), "step")));
    let reason = steps.iter().find_map(|step| step.reason.as_deref());
    let title = title(scenario);
    match scenario.state {
        State::Passed => {
            let word = if scenario.runs > 1 { "flaky" } else { "ok" };
            format!("  {}  {title} {ran}", paint(GOOD, word, color))
        }
        State::Failed => {
            let why = text::clean(outcome.why_failed(scenario));
            format!("{}  {title} {}", paint(BAD, "FAIL", color), details(&why))
        }
        State::Skipped => {
            let reason = reason.map(|reason| format!(": {}", text::clean(reason)));
            format!("   -  {title} {}", details(&format!("skipped{}", reason.unwrap_or_default())))
        }
        State::NotRun | State::Retried => {
            let why = match scenario.finished {
                true => "not run".to_owned(),
                false => format!("not run: {}", text::clean(outcome.why_not_run(scenario))),
            };
            format!("   -  {title} {}", details(&why))
        }
    }
}

fn title(scenario: &ScenarioOutcome) -> String {
    let name = text::clean(&scenario.planned.name);
    match scenario.planned.file.as_str() {
        // A part of the run whose journal is missing.
        "" => name.into_owned(),
        file => format!("{} › {name}", text::clean(file)),
    }
}
