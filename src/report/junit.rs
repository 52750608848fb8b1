//! JUnit XML, as CI servers read it: a suite per scenario, a case per step.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::text;
use crate::outcome::record::StepRecord;
use crate::outcome::{Outcome, RunOutcome, ScenarioOutcome, State};

/// Writes the report, in UTF-8.
///
/// # Errors
/// Those of `out`, and of reading the outcome back.
pub fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    document(&mut writer, outcome)?;
    writer.into_inner().write_all(b"\n")
}

type Xml<'o> = Writer<&'o mut dyn Write>;

/// A case, ready to be written: attributes that hold no character that XML forbids.
struct Case {
    name: String,
    file: String,
    line: String,
    /// In milliseconds.
    time: f64,
    result: Result,
    /// How it failed in runs of the scenario before the last one.
    before: Vec<Failed>,
    /// The failure as a terminal tells it.
    out: Option<String>,
}

enum Result {
    Passed,
    Failed(Failed),
    Skipped(String),
}

struct Failed {
    message: String,
    kind: String,
    text: String,
}

#[derive(Default)]
struct Totals {
    tests: usize,
    failures: usize,
    skipped: usize,
}

impl Totals {
    fn of(cases: &[Case]) -> Self {
        let count = |which: fn(&Case) -> bool| cases.iter().filter(|case| which(case)).count();
        Self {
            tests: cases.len(),
            failures: count(|case| matches!(case.result, Result::Failed { .. })),
            skipped: count(|case| matches!(case.result, Result::Skipped(_))),
        }
    }

    /// What every suite says of itself. There are no errors: what keeps a step from being done is a failure of it.
    fn attributes(&self, time: f64) -> [(&'static str, String); 5] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", "0".to_owned()),
            ("skipped", self.skipped.to_string()),
            ("time", seconds(time)),
        ]
    }
}

fn document(xml: &mut Xml<'_>, outcome: &Outcome) -> io::Result<()> {
    let mut all = Totals::default();
    for scenario in &outcome.scenarios {
        let totals = Totals::of(&cases(outcome, scenario)?);
        all.tests += totals.tests;
        all.failures += totals.failures;
        all.skipped += totals.skipped;
    }
    let started = outcome.runs.iter().map(|run| timestamp(&run.begun.started)).min();
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "callsheet"))
        .with_attributes(borrowed(&all.attributes(outcome.duration())))
        .with_attribute(("timestamp", started.unwrap_or_default().as_str()))
        .write_inner_content(|xml| {
            outcome.scenarios.iter().try_for_each(|scenario| suite(xml, outcome, scenario))
        })?;
    Ok(())
}

fn suite(xml: &mut Xml<'_>, outcome: &Outcome, scenario: &ScenarioOutcome) -> io::Result<()> {
    let Some(run) = outcome.runs.get(scenario.run) else { return Ok(()) };
    // The cases are made again, rather than kept: a long run has many.
    let cases = cases(outcome, scenario)?;
    let file = allowed(&scenario.planned.file);
    xml.create_element("testsuite")
        .with_attribute(("name", allowed(&scenario.planned.name).as_str()))
        .with_attributes(borrowed(&Totals::of(&cases).attributes(scenario.duration)))
        .with_attribute(("timestamp", timestamp(&run.begun.started).as_str()))
        .with_attribute(("file", file.as_str()))
        .write_inner_content(|xml| {
            properties(xml, outcome, scenario)?;
            cases.iter().try_for_each(|case| write_case(xml, case, &file))
        })?;
    Ok(())
}

fn properties(xml: &mut Xml<'_>, outcome: &Outcome, scenario: &ScenarioOutcome) -> io::Result<()> {
    let Some(RunOutcome { begun: run, .. }) = outcome.runs.get(scenario.run) else { return Ok(()) };
    let place = format!("{}:{}", allowed(&scenario.planned.file), scenario.planned.line);
    let seed = run.seed.to_string();
    let state = match scenario.state {
        State::Passed => "passed",
        State::Failed => "failed",
        State::NotRun => "not run",
        State::Skipped => "skipped",
        // No scenario is in this state.
        State::Retried => "retried",
    };
    let unverified = unverified(outcome, scenario)?;
    let mut all = vec![
        ("callsheet.version", run.version.as_str()),
        ("callsheet.seed", seed.as_str()),
        ("scenario.place", place.as_str()),
        ("scenario.state", state),
    ];
    if !unverified.is_empty() {
        all.push(("tls.unverified", &unverified));
    }
    xml.create_element("properties").write_inner_content(|xml| {
        all.iter().try_for_each(|(name, value)| {
            let property = xml.create_element("property").with_attribute(("name", *name));
            property.with_attribute(("value", *value)).write_empty().map(|_| ())
        })
    })?;
    Ok(())
}

/// The hosts that were believed without a look at their certificates.
fn unverified(outcome: &Outcome, scenario: &ScenarioOutcome) -> io::Result<String> {
    let steps = outcome.steps(scenario)?;
    let hosts: BTreeSet<_> = steps.iter().flat_map(|step| &step.unverified).collect();
    let hosts: Vec<&str> = hosts.into_iter().map(String::as_str).collect();
    Ok(allowed(&hosts.join(", ")))
}

fn write_case(xml: &mut Xml<'_>, case: &Case, class: &str) -> io::Result<()> {
    let element = xml
        .create_element("testcase")
        .with_attribute(("name", case.name.as_str()))
        .with_attribute(("classname", class))
        .with_attribute(("file", case.file.as_str()))
        .with_attribute(("line", case.line.as_str()))
        .with_attribute(("time", seconds(case.time).as_str()));
    match &case.result {
        Result::Passed if case.before.is_empty() => element.write_empty()?,
        Result::Passed => element.write_inner_content(|xml| {
            case.before.iter().try_for_each(|failed| write_before(xml, "flakyFailure", failed))
        })?,
        Result::Skipped(reason) => element.write_inner_content(|xml| {
            xml.create_element("skipped")
                .with_attribute(("message", reason.as_str()))
                .write_empty()?;
            Ok(())
        })?,
        Result::Failed(Failed { message, kind, text }) => element.write_inner_content(|xml| {
            xml.create_element("failure")
                .with_attribute(("message", message.as_str()))
                .with_attribute(("type", kind.as_str()))
                .write_text_content(BytesText::new(text))?;
            case.before.iter().try_for_each(|failed| write_before(xml, "rerunFailure", failed))?;
            if let Some(out) = &case.out {
                xml.create_element("system-out").write_text_content(BytesText::new(out))?;
            }
            Ok(())
        })?,
    };
    Ok(())
}

/// A failure of a run before the last one, as Surefire writes it and CI servers read it.
fn write_before(xml: &mut Xml<'_>, element: &str, failed: &Failed) -> io::Result<()> {
    xml.create_element(element)
        .with_attribute(("message", failed.message.as_str()))
        .with_attribute(("type", failed.kind.as_str()))
        .write_inner_content(|xml| {
            let trace = xml.create_element("stackTrace");
            trace.write_text_content(BytesText::new(&failed.text)).map(|_| ())
        })
        .map(|_| ())
}

fn cases(outcome: &Outcome, scenario: &ScenarioOutcome) -> io::Result<Vec<Case>> {
    let steps = outcome.steps(scenario)?;
    // An attempt that was followed by another is no case: its last attempt is.
    let mut cases = Vec::new();
    let mut begun: Option<&StepRecord> = None;
    for step in &steps {
        if step.state == State::Retried {
            begun = begun.filter(|first| is_same(first, step)).or(Some(step));
            continue;
        }
        let first = begun.take().filter(|first| is_same(first, step) && !first.rerun);
        let mut case = case(scenario, step, &steps);
        // Its time is that of all its attempts, with the pauses between them.
        case.time = first.map_or(case.time, |first| step.start + step.duration - first.start);
        cases.push(case);
    }
    cases.extend(stand_in(outcome, scenario, &steps));
    let mut names = HashSet::new();
    for case in &mut cases {
        case.name = unique(&case.name, &mut names);
    }
    Ok(cases)
}

fn is_same(one: &StepRecord, other: &StepRecord) -> bool {
    one.name == other.name && one.section == other.section && one.rerun == other.rerun
}

fn case(scenario: &ScenarioOutcome, step: &StepRecord, all: &[StepRecord]) -> Case {
    let result = match step.state {
        State::Passed | State::Retried => Result::Passed,
        State::NotRun | State::Skipped => {
            Result::Skipped(allowed(step.reason.as_deref().unwrap_or("not run")))
        }
        State::Failed => Result::Failed(failed(step)),
    };
    let (file, line) = (allowed(&step.file), step.line.to_string());
    let (name, time) = (allowed(&super::told_name(step.section, &step.name)), step.duration);
    let reruns = all.iter().filter(|it| it.rerun && !it.faults.is_empty());
    let before = reruns.filter(|it| it.name == step.name && it.section == step.section);
    let before = before.map(failed).collect();
    let out = step.failure.as_ref().filter(|_| step.state == State::Failed).map(|failure| {
        permitted(&format!("{}\n\n{failure}\n", super::digest::headline(scenario, step, false)))
    });
    Case { name, file, line, time, result, before, out }
}

fn failed(step: &StepRecord) -> Failed {
    let (message, kind) = match step.faults.as_slice() {
        [] => ("the step failed".to_owned(), "failed".to_owned()),
        [only] => (only.told(), only.kind.clone()),
        [first, rest @ ..] => {
            (format!("{} (and {} more)", first.told(), rest.len()), first.kind.clone())
        }
    };
    let text = permitted(step.failure.as_deref().unwrap_or_default());
    Failed { message: allowed(&message), kind, text }
}

/// A scenario whose state no step tells is a case of its own: servers count cases, not suites.
fn stand_in(outcome: &Outcome, scenario: &ScenarioOutcome, steps: &[StepRecord]) -> Option<Case> {
    let any = |state| steps.iter().any(|step| step.state == state);
    let result = match scenario.state {
        State::NotRun if steps.is_empty() || !scenario.finished => {
            Result::Skipped(allowed(outcome.why_not_run(scenario)))
        }
        State::Failed if !any(State::Failed) => {
            let why = allowed(outcome.why_failed(scenario));
            Result::Failed(Failed { message: why.clone(), kind: "failed".to_owned(), text: why })
        }
        _ => return None,
    };
    let (file, line) = (allowed(&scenario.planned.file), scenario.planned.line.to_string());
    let (name, time, before) = (allowed(&scenario.planned.name), scenario.duration, Vec::new());
    Some(Case { name, file, line, time, result, before, out: None })
}

/// Servers take cases of one name for one case.
fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 1;
    while !taken.insert(candidate.clone()) {
        number += 1;
        candidate = format!("{name} ({number})");
    }
    candidate
}

fn borrowed<'a>(
    attributes: &'a [(&'static str, String)],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    attributes.iter().map(|(name, value)| (*name, value.as_str()))
}

/// One line without what a terminal would obey or XML 1.0 forbids.
fn allowed(words: &str) -> String {
    permitted(&text::clean(words))
}

/// Without what XML 1.0 forbids (2.2, Char); the controls are escaped before.
fn permitted(words: &str) -> String {
    let permitted = |c: char| match c {
        '\t' | '\n' => c,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ => c,
    };
    words.chars().map(permitted).collect()
}

/// `0.012`
fn seconds(milliseconds: f64) -> String {
    format!("{:.3}", milliseconds / 1e3)
}

/// `2026-01-31T12:00:00Z`: no part of a second, which not every server reads.
fn timestamp(started: &str) -> String {
    let whole = started.split(['.', 'Z']).next().unwrap_or_default();
    format!("{}Z", allowed(whole))
}
