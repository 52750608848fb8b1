//! One page with everything, for a person: it needs no network, and no script of it is made of data.
//!
//! The steps of a scenario stand in a `noscript`: a browser that runs scripts reads them as text, which costs nothing, and the
//! script makes elements of it when the scenario is opened; one that runs none shows it as it is. All of it is escaped here.

mod script;
mod source;
mod step;

use std::collections::BTreeSet;
use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::source::Files;
use self::step::{duration, percent};
use super::matrix::Matrix;
use super::{tally, text};
use crate::outcome::record::StepRecord;
use crate::outcome::{Comparison, Counts, Coverage, Outcome, ScenarioOutcome, State};

/// So many failed scenarios are open when the page is.
const OPEN: usize = 20;
/// Up to so many, what failed in them is open too.
const OPEN_STEPS: usize = 3;
/// So many scenarios are laid out together, when somebody comes near them.
const PART: usize = 20;
/// So many failures are listed above the scenarios.
const LISTED: usize = 200;

/// Writes the report, a scenario at a time.
///
/// # Errors
/// Those of `out`, and of reading the outcome back.
pub fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let (files, failures) = failures(outcome)?;
    let head = html! {
        (DOCTYPE)
        (PreEscaped("<html lang=\"en\">"))
        (head(outcome))
        (PreEscaped("<body>"))
        header {
            h1 { (title(outcome)) }
            @for line in told(outcome).lines() { p { (line) } }
            @if let Some(comparison) = &outcome.comparison { (compared(comparison)) }
            (facts(outcome))
            (bar(outcome))
        }
        (filters(outcome))
        (failures)
        (PreEscaped("<main>"))
    };
    writeln!(out, "{}", head.into_string())?;
    let mut open = OPEN;
    for (number, scenario) in outcome.scenarios.iter().enumerate() {
        if number % PART == 0 {
            out.write_all(if number == 0 {
                b"<div class=\"part\">"
            } else {
                b"</div><div class=\"part\">"
            })?;
        }
        let is_failed = scenario.state == State::Failed;
        let is_open = is_failed && open > 0;
        open -= usize::from(is_open);
        let steps = outcome.steps(scenario)?;
        let shown = of_scenario(outcome, (number + 1, scenario), &steps, is_open, &files);
        writeln!(out, "{}", shown.into_string())?;
    }
    if !outcome.scenarios.is_empty() {
        out.write_all(b"</div>")?;
    }
    let tail = html! {
        p #none hidden { "No scenario fits." }
        @if let Some(coverage) = &outcome.coverage { (covered(coverage)) }
        (files.section(outcome))
        (PreEscaped("</main>"))
        (script::element())
        (PreEscaped("</body></html>"))
    };
    writeln!(out, "{}", tail.into_string())
}

fn head(outcome: &Outcome) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(script::policy());
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            meta name="generator" content={ "callsheet " (env!("CARGO_PKG_VERSION")) };
            title { (title(outcome)) }
            (script::style())
        }
    }
}

/// `callsheet: 3 of 200 scenarios failed`
fn title(outcome: &Outcome) -> String {
    let Counts { failed, not_run, .. } = outcome.summary.scenarios;
    let total = text::count(outcome.summary.scenarios.total(), "scenario");
    let cut = if outcome.is_cut() { ", the run did not end" } else { "" };
    match (failed, not_run) {
        (0, 0) => format!("callsheet: {total}, none failed{cut}"),
        (0, _) => format!("callsheet: {total}, none failed, {not_run} did not run{cut}"),
        _ => format!("callsheet: {failed} of {total} failed{cut}"),
    }
}

/// The lines at the end of a run.
fn told(outcome: &Outcome) -> String {
    let took = text::milliseconds(outcome.duration());
    tally::line(&outcome.summary, took, false)
}

/// What became slower.
fn compared(comparison: &Comparison) -> Markup {
    let told = tally::comparison(comparison, false);
    let mut lines = told.lines();
    html! {
        p { (lines.next().unwrap_or_default()) }
        @if !comparison.slower.is_empty() {
            ul.slower { @for line in lines { li { (line.trim_start()) } } }
        }
    }
}

/// What is known of each run.
fn facts(outcome: &Outcome) -> Markup {
    html! {
        ul.facts {
            @for run in &outcome.runs {
                @let begun = &run.begun;
                li {
                    @if let Some(shard) = &begun.shard { "shard " (shard.number) "/" (shard.of) " · " }
                    "begun " time datetime=(begun.started) { (text::clean(&begun.started)) }
                    @if let Some(took) = run.duration { " · took " (duration(took)) }
                    " · run " (text::clean(&begun.id))
                    @if run.random { " · random values of --seed " (begun.seed) }
                    " · callsheet " (text::clean(&begun.version))
                    @match (&run.cut, run.duration) {
                        (Some(cut), _) => { " · " strong { (text::clean(cut)) } }
                        (None, None) => { " · " strong { "the run broke off: its journal has no end" } }
                        _ => {}
                    }
                }
            }
        }
    }
}

/// The parts of a whole, in the colours of their states.
fn bar(outcome: &Outcome) -> Markup {
    let states = states(outcome);
    let total = outcome.summary.scenarios.total().max(1) as f64;
    let mut before = 0.0;
    let parts = states.map(|(class, _, count)| {
        let share = count as f64 / total * 100.0;
        before += share;
        (class, before - share, share)
    });
    html! {
        svg.shares width="100%" height="8" aria-hidden="true" {
            @for (class, x, width) in parts {
                @if width > 0.0 { rect.(class) x=(percent(x)) width=(percent(width)) height="8" {} }
            }
        }
    }
}

/// The states, by class and word, with how many scenarios are in each.
fn states(outcome: &Outcome) -> [(&'static str, &'static str, usize); 5] {
    let Counts { passed, failed, not_run, skipped } = outcome.summary.scenarios;
    let flaky = outcome.summary.flaky;
    [
        ("failed", "failed", failed),
        ("flaky", "flaky", flaky),
        ("passed", "passed", passed.saturating_sub(flaky)),
        ("not-run", "not run", not_run),
        ("skipped", "skipped", skipped),
    ]
}

/// What the script filters with; without it there is nothing to see here.
fn filters(outcome: &Outcome) -> Markup {
    let tags: BTreeSet<&str> =
        outcome.scenarios.iter().flat_map(|it| &it.planned.tags).map(String::as_str).collect();
    html! {
        form #filters role="search" hidden {
            span role="group" aria-label="states" {
                @for (class, word, count) in states(outcome) {
                    @if count > 0 {
                        button.(class) type="button" data-state=(class) aria-pressed="false" { (word) " " b { (count) } }
                        " "
                    }
                }
            }
            @if !tags.is_empty() {
                select #tag aria-label="tag" {
                    option value="" { "all tags" }
                    @for tag in tags { option value=(text::clean(tag)) { (text::clean(tag)) } }
                }
                " "
            }
            input #text type="search" aria-label="text" placeholder="name, step, URL, message  ( / )" autocomplete="off";
            " "
            output #shown {}
            details.keys {
                summary { "keys" }
                ul {
                    li { kbd { "/" } " text of the filter, " kbd { "Esc" } " empties it" }
                    li { kbd { "n" } " next failed step, " kbd { "p" } " the one before" }
                    li { kbd { "o" } " opens all scenarios that are shown, " kbd { "c" } " closes them" }
                    li { kbd { "Tab" } ", " kbd { "Enter" } " go to and open anything" }
                }
            }
        }
    }
}

/// The list of what failed, and the lines of files where it did.
fn failures(outcome: &Outcome) -> io::Result<(Files, Markup)> {
    let mut files = Files::of(outcome);
    let (mut listed, mut more) = (Vec::new(), 0);
    for (number, scenario) in outcome.scenarios.iter().enumerate() {
        // Others have nothing that failed.
        if scenario.state != State::Failed && scenario.runs < 2 && scenario.finished {
            continue;
        }
        for (at, step) in outcome.steps(scenario)?.iter().enumerate() {
            files.mark(step);
            if step.state != State::Failed {
                continue;
            }
            if listed.len() == LISTED {
                more += 1;
                continue;
            }
            let why = step.faults.first().map(|fault| fault.told()).unwrap_or_default();
            let name = super::told_name(step.section, &step.name);
            let name = format!("{} › {name}", scenario.planned.name);
            listed.push((step::id(number + 1, at + 1), name, why));
        }
    }
    let list = html! {
        @if !listed.is_empty() {
            nav aria-label="failures" {
                h2 { "Failed" }
                ol {
                    @for (id, name, why) in &listed {
                        li { a href={ "#" (id) } { (text::clean(name)) } " " span.why { (text::clean(why)) } }
                    }
                }
                @if more > 0 { p { "… and " (more) " more" } }
            }
        }
    };
    Ok((files, list))
}

fn of_scenario(
    outcome: &Outcome,
    (number, scenario): (usize, &ScenarioOutcome),
    steps: &[StepRecord],
    is_open: bool,
    files: &Files,
) -> Markup {
    let planned = &scenario.planned;
    let (class, word) = match scenario.state {
        State::Passed if scenario.runs > 1 => ("flaky", "flaky"),
        state => step::state(state),
    };
    let reason = match scenario.state {
        State::NotRun if !scenario.finished => {
            Some(format!("did not run: {}", text::clean(outcome.why_not_run(scenario))))
        }
        State::Failed if !steps.iter().any(|step| step.state == State::Failed) => {
            Some(text::clean(outcome.why_failed(scenario)).into_owned())
        }
        _ => None,
    };
    let frame = step::Frame::of(steps);
    let shows_steps = outcome.summary.scenarios.failed <= OPEN_STEPS;
    html! {
        details.scenario.(class) #{ "s" (number) } data-state=(class) open[is_open] {
            summary {
                span.state { (word) } " "
                span.name { (text::clean(&planned.name)) } " "
                @for tag in &planned.tags { span.tag { (text::clean(tag)) } " " }
                @if !planned.file.is_empty() { span.place { (text::clean(&planned.file)) ":" (planned.line) } " " }
                @if scenario.runs > 1 { span.note { "run " (scenario.runs) } " " }
                span.time { @if scenario.runs > 0 { (duration(scenario.duration)) } }
            }
            @if let Some(description) = &planned.description { p.description { (text::clean_lines(description)) } }
            @if let Some(reason) = reason { p.description { (reason) } }
            noscript {
                (matrix(steps))
                ol.steps {
                    @for (at, step) in steps.iter().enumerate() {
                        @let opened = shows_steps && step.state == State::Failed;
                        li { (step::row(&step::id(number, at + 1), step, &frame, files, opened)) }
                    }
                }
            }
        }
    }
}

/// Who may do what.
fn matrix(steps: &[StepRecord]) -> Markup {
    let mut matrix = Matrix::default();
    steps.iter().for_each(|step| matrix.add_record(step));
    html! {
        @if !matrix.columns().is_empty() {
            table.matrix {
                caption { "access" }
                tr { td {} @for name in matrix.columns() { th scope="col" { (text::clean(name)) } } }
                @for (name, cells) in matrix.rows() {
                    tr {
                        th scope="row" { (text::clean(name)) }
                        @for cell in cells {
                            @match cell {
                                Some(cell) => td.(step::state(cell.state).0) { (text::clean(&cell.text)) },
                                None => td {},
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What of the OpenAPI document was asked for.
fn covered(coverage: &Coverage) -> Markup {
    html! {
        details.coverage {
            summary { (text::clean(tally::coverage(coverage, false, false).trim_end())) }
            table {
                tr { th scope="col" { "operation" } th scope="col" { "asked" } th scope="col" { "statuses" } }
                @for operation in &coverage.operations {
                    tr.missing[operation.asked == 0] {
                        th scope="row" { (text::clean(&operation.name)) }
                        td { (operation.asked) }
                        td {
                            @for (status, count) in &operation.statuses {
                                span.missing[*count == 0] { (text::clean(status)) " ×" (count) } " "
                            }
                        }
                    }
                }
            }
        }
    }
}
