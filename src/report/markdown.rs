//! Markdown, for the summary of a CI job: the counts, what failed, and what did not run.

use std::io::{self, Write};

use super::{tally, text};
use crate::outcome::{Counts, Outcome, ScenarioOutcome, State};

/// So many failures are told in full; a job's summary has a limit, and nobody reads on.
const MOST: usize = 50;
/// So many operations that were not asked for.
const MOST_MISSING: usize = 200;
/// So many lines of one failure, and so many characters.
const MOST_TEXT: usize = 6_000;

/// Writes the report.
///
/// # Errors
/// Those of `out`, and of reading the outcome back.
pub fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let Counts { failed, not_run, .. } = outcome.summary.scenarios;
    let total = text::count(outcome.summary.scenarios.total(), "scenario");
    let head = match (failed, not_run) {
        (0, 0) => format!("✅ {total}: none failed"),
        (0, _) => format!("⚠️ {total}: none failed, {not_run} did not run"),
        _ => format!("❌ {failed} of {total} failed"),
    };
    let cut = if outcome.is_cut() { ", the run did not end" } else { "" };
    writeln!(out, "## callsheet: {head}{cut}\n")?;
    let took = super::text::milliseconds(outcome.duration());
    writeln!(out, "{}\n", tally::line(&outcome.summary, took, false).replace('\n', "  \n"))?;
    coverage(outcome, out)?;
    comparison(outcome, out)?;
    failures(outcome, out)?;
    for (state, title) in [(State::NotRun, "Did not run"), (State::Skipped, "Skipped")] {
        let of_state = |scenario: &&ScenarioOutcome| scenario.state == state;
        let mut all = outcome.scenarios.iter().filter(of_state).peekable();
        if all.peek().is_some() {
            writeln!(out, "### {title}\n")?;
            for scenario in all {
                let why = reason(outcome, scenario)?;
                writeln!(out, "- {}: {}", title_of(scenario), escaped(&why))?;
            }
            writeln!(out)?;
        }
    }
    let flaky = |scenario: &&ScenarioOutcome| scenario.state == State::Passed && scenario.runs > 1;
    let mut flaky = outcome.scenarios.iter().filter(flaky).peekable();
    if flaky.peek().is_some() {
        writeln!(out, "### Flaky\n")?;
        for scenario in flaky {
            writeln!(out, "- {}: passed in run {}", title_of(scenario), scenario.runs)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What of the OpenAPI document was asked for, and what was not, folded.
fn coverage(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let Some(coverage) = &outcome.coverage else { return Ok(()) };
    let told = tally::coverage(coverage, true, false);
    let mut lines = told.lines();
    let head = escaped(lines.next().unwrap_or_default());
    let mut missing = lines.take(MOST_MISSING).peekable();
    if missing.peek().is_none() {
        return writeln!(out, "{head}\n");
    }
    writeln!(out, "<details><summary>{head}</summary>\n")?;
    for line in missing {
        writeln!(out, "- {}", escaped(line.trim_start()))?;
    }
    writeln!(out, "\n</details>\n")
}

/// What became slower.
fn comparison(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let Some(comparison) = &outcome.comparison else { return Ok(()) };
    let told = tally::comparison(comparison, false);
    let mut lines = told.lines();
    writeln!(out, "{}\n", escaped(lines.next().unwrap_or_default()))?;
    let mut slower = lines.peekable();
    if slower.peek().is_none() {
        return Ok(());
    }
    for line in slower {
        writeln!(out, "- {}", escaped(line.trim_start()))?;
    }
    writeln!(out)
}

fn failures(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mut told = 0;
    for scenario in outcome.scenarios.iter().filter(|scenario| scenario.state == State::Failed) {
        let steps = outcome.steps(scenario)?;
        let mut failed = steps.iter().filter(|step| step.state == State::Failed).peekable();
        if failed.peek().is_none() {
            told += 1;
            if told <= MOST {
                let why = escaped(outcome.why_failed(scenario));
                writeln!(out, "### {}\n\n{why}\n", title_of(scenario))?;
            }
        }
        for step in failed {
            told += 1;
            if told > MOST {
                continue;
            }
            let name = escaped(&super::told_name(step.section, &step.name));
            let failure = step.failure.as_deref().unwrap_or("the step failed");
            let failure = text::clean_lines(&text::cut(failure, MOST_TEXT));
            let fence = fence(&failure);
            writeln!(
                out,
                "### {} › {name}\n\n{fence}text\n{failure}\n{fence}\n",
                title_of(scenario)
            )?;
        }
    }
    match told.saturating_sub(MOST) {
        0 => Ok(()),
        more => writeln!(out, "… and {more} more\n"),
    }
}

/// Why a scenario did not run.
fn reason(outcome: &Outcome, scenario: &ScenarioOutcome) -> io::Result<String> {
    let steps = outcome.steps(scenario)?;
    let own = steps.into_iter().find_map(|step| step.reason);
    Ok(own.unwrap_or_else(|| outcome.why_not_run(scenario).to_owned()))
}

fn title_of(scenario: &ScenarioOutcome) -> String {
    let (file, name) = (escaped(&scenario.planned.file), escaped(&scenario.planned.name));
    if file.is_empty() { name } else { format!("{file} › {name}") }
}

/// Words that are no markup.
fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in text::clean(words).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An at sign would call somebody.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                out.extend(['\\', c])
            }
            c => out.push(c),
        }
    }
    out
}

/// A fence that is longer than any in the text.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}
