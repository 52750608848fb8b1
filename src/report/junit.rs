//! JUnit XML, as CI servers read it: a suite per scenario, a case per step.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::time::{Duration, SystemTime};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use time::OffsetDateTime;

use super::failure::{self, Of};
use super::{Style, exchange, text};
use crate::outcome::{
    Fault, Fingerprints, Miss, Outcome, Place, ScenarioOutcome, State, StepOutcome, Subject,
};

/// The report as bytes, in UTF-8.
#[must_use]
pub fn render(outcome: &Outcome) -> Vec<u8> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    match document(&mut writer, outcome) {
        Ok(()) => {}
        // Memory takes all that is written to it.
        Err(_) => return Vec::new(),
    }
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    bytes
}

type Xml = Writer<Vec<u8>>;

/// A case, ready to be written: attributes that hold no character that XML forbids.
struct Case {
    name: String,
    file: String,
    line: String,
    time: Duration,
    result: Result,
    /// How it failed in runs of the scenario before the last one.
    before: Vec<Failed>,
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
    fn attributes(&self, time: Duration) -> [(&'static str, String); 5] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", "0".to_owned()),
            ("skipped", self.skipped.to_string()),
            ("time", seconds(time)),
        ]
    }
}

fn document(xml: &mut Xml, outcome: &Outcome) -> io::Result<()> {
    let options = super::with_seed(&outcome.options, &outcome.seed);
    let seed = outcome.seed.number().to_string();
    let suites: Vec<_> = outcome
        .scenarios
        .iter()
        .map(|scenario| {
            let cases = cases(scenario, &outcome.fingerprints, &options);
            (scenario, Totals::of(&cases), cases)
        })
        .collect();
    let mut all = Totals::default();
    for (_, totals, _) in &suites {
        all.tests += totals.tests;
        all.failures += totals.failures;
        all.skipped += totals.skipped;
    }
    let started = timestamp(outcome.started);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "callsheet"))
        .with_attributes(borrowed(&all.attributes(outcome.duration)))
        .with_attribute(("timestamp", started.as_str()))
        .write_inner_content(|xml| {
            for (scenario, totals, cases) in &suites {
                suite(xml, (scenario, totals, cases), &started, &seed)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn suite(
    xml: &mut Xml,
    (scenario, totals, cases): (&ScenarioOutcome, &Totals, &[Case]),
    started: &str,
    seed: &str,
) -> io::Result<()> {
    let file = allowed(scenario.place.source.identity());
    xml.create_element("testsuite")
        .with_attribute(("name", allowed(&scenario.name).as_str()))
        .with_attributes(borrowed(&totals.attributes(scenario.duration)))
        .with_attribute(("timestamp", started))
        .with_attribute(("file", file.as_str()))
        .write_inner_content(|xml| {
            properties(xml, scenario, seed)?;
            cases.iter().try_for_each(|case| write(xml, case, &file))
        })?;
    Ok(())
}

fn properties(xml: &mut Xml, scenario: &ScenarioOutcome, seed: &str) -> io::Result<()> {
    let (file, line) = file_and_line(&scenario.place);
    let place = format!("{file}:{line}");
    let state = match scenario.state {
        State::Passed => "passed",
        State::Failed => "failed",
        State::NotRun => "not run",
        State::Skipped => "skipped",
        // No scenario is in this state.
        State::Retried => "retried",
    };
    let unverified = unverified(scenario);
    let mut all = vec![
        ("callsheet.version", env!("CARGO_PKG_VERSION")),
        ("callsheet.seed", seed),
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
fn unverified(scenario: &ScenarioOutcome) -> String {
    let exchanges = scenario.steps.iter().filter_map(|step| step.exchange.as_deref());
    let hops = exchanges.flat_map(|exchange| &exchange.hops).filter(|hop| hop.is_unverified());
    let hosts: BTreeSet<_> = hops.filter_map(|hop| hop.url.host_str()).collect();
    allowed(&text::clean(&hosts.into_iter().collect::<Vec<_>>().join(", ")))
}

fn write(xml: &mut Xml, case: &Case, class: &str) -> io::Result<()> {
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
            case.before.iter().try_for_each(|failed| write_before(xml, "rerunFailure", failed))
        })?,
    };
    Ok(())
}

/// A failure of a run before the last one, as Surefire writes it and CI servers read it.
fn write_before(xml: &mut Xml, element: &str, failed: &Failed) -> io::Result<()> {
    xml.create_element(element)
        .with_attribute(("message", failed.message.as_str()))
        .with_attribute(("type", failed.kind.as_str()))
        .write_inner_content(|xml| {
            let trace = xml.create_element("stackTrace");
            trace.write_text_content(BytesText::new(&failed.text)).map(|_| ())
        })
        .map(|_| ())
}

fn cases(scenario: &ScenarioOutcome, prints: &Fingerprints, options: &str) -> Vec<Case> {
    let mut names = HashSet::new();
    let of_step = |step| case(scenario, step, prints, options);
    // An attempt that was followed by another is no case: its last attempt is.
    let steps = scenario.steps.iter().filter(|step| step.state != State::Retried);
    let mut cases: Vec<Case> = steps.map(of_step).collect();
    cases.extend(stand_in(scenario));
    for case in &mut cases {
        case.name = unique(&case.name, &mut names);
    }
    cases
}

fn case(
    scenario: &ScenarioOutcome,
    step: &StepOutcome,
    prints: &Fingerprints,
    options: &str,
) -> Case {
    let (file, line) = file_and_line(&step.place);
    let result = match step.state {
        State::Passed | State::Retried => Result::Passed,
        State::NotRun | State::Skipped => {
            Result::Skipped(allowed(step.reason.as_deref().unwrap_or("not run")))
        }
        State::Failed => Result::Failed(failed(scenario, step, prints, options)),
    };
    let (name, time) = (allowed(&super::step_name(step)), step.duration);
    let reruns = scenario.steps.iter().filter(|it| it.rerun && !it.faults.is_empty());
    let before = reruns.filter(|it| it.name == step.name && it.section == step.section);
    let before = before.map(|it| failed(scenario, it, prints, options)).collect();
    Case { name, file, line, time, result, before }
}

fn failed(
    scenario: &ScenarioOutcome,
    step: &StepOutcome,
    prints: &Fingerprints,
    options: &str,
) -> Failed {
    let (file, select) = (scenario.place.source.name(), scenario.select.as_deref());
    let of = Of { file, name: &scenario.name, select, options };
    let text = failure::diagnostics(of, step, Style::default(), prints);
    let (message, kind) = match step.faults.as_slice() {
        [] => ("the step failed".to_owned(), "failed".to_owned()),
        [only] => (failure::message(only), kind(only)),
        [first, rest @ ..] => {
            (format!("{} (and {} more)", failure::message(first), rest.len()), kind(first))
        }
    };
    Failed { message: allowed(&message), kind, text: permitted(&text) }
}

/// A scenario whose state no step tells is a case of its own: servers count cases, not suites.
fn stand_in(scenario: &ScenarioOutcome) -> Option<Case> {
    let any = |state| scenario.steps.iter().any(|step| step.state == state);
    let result = match scenario.state {
        State::NotRun if scenario.steps.is_empty() => Result::Skipped("not run".to_owned()),
        State::Failed if !any(State::Failed) => Result::Failed(Failed {
            message: "the scenario failed".to_owned(),
            kind: "failed".to_owned(),
            text: "the scenario failed, though no step of it did".to_owned(),
        }),
        _ => return None,
    };
    let (file, line) = file_and_line(&scenario.place);
    let (name, time, before) = (allowed(&scenario.name), scenario.duration, Vec::new());
    Some(Case { name, file, line, time, result, before })
}

/// `expectation.status`, `transport.…`, `invalid`
fn kind(fault: &Fault) -> String {
    match fault {
        Fault::Miss(Miss { subject, .. }) => format!("expectation.{}", looked_at(subject)),
        Fault::Transport { failure, .. } => exchange::class(failure),
        Fault::Invalid { .. } => "invalid".to_owned(),
    }
}

fn looked_at(subject: &Subject) -> &'static str {
    match subject {
        Subject::Status => "status",
        Subject::Header(_) => "header",
        Subject::Cookie(..) => "cookie",
        Subject::SetCookie(..) => "set_cookie",
        Subject::Json(_) => "json",
        Subject::Body => "body",
        Subject::Bytes(_) => "bytes",
        Subject::Duration => "duration",
        Subject::Url => "url",
        Subject::Redirects | Subject::Redirect(..) => "redirects",
        Subject::Error => "error",
        Subject::Check(_) => "check",
    }
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

fn file_and_line(place: &Place) -> (String, String) {
    (allowed(place.source.identity()), place.line().to_string())
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
fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// `2026-01-31T12:00:00Z`
fn timestamp(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
