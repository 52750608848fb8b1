//! The same outcomes through every renderer.

use proptest::prelude::*;
use quick_xml::events::Event as Xml;
use quick_xml::reader::Reader;
use regex::Regex;

use super::Style;
use super::samples::*;
use super::terminal::{Terminal, Verbosity};
use crate::outcome::{CookieFate, Event, Fingerprints, ScenarioOutcome, State, StepOutcome};
use crate::scenario::report::Format;

fn plain() -> Style {
    Style { color: false, width: 140 }
}

fn told(events: &[Event], style: Style, verbosity: Verbosity) -> String {
    let mut terminal = Terminal::new(style, verbosity, Fingerprints::default());
    let mut out: String = events.iter().map(|event| terminal.event(event)).collect();
    out.push_str(&terminal.finish(ms(240)));
    out
}

/// Fingerprints differ from run to run: each gets a number in the order of its first appearance.
fn steady(text: &str) -> String {
    let pattern = Regex::new("•••[0-9a-f]{4}").expect("a pattern");
    let mut seen: Vec<String> = Vec::new();
    let numbered = pattern.replace_all(text, |found: &regex::Captures<'_>| {
        let found = found[0].to_owned();
        let number = seen.iter().position(|before| *before == found).unwrap_or_else(|| {
            seen.push(found);
            seen.len() - 1
        });
        format!("•••({})", number + 1)
    });
    numbered.into_owned()
}

fn alone(step: StepOutcome) -> Vec<Event> {
    scenario(0, "A customer signs in and sees the account", State::Failed, vec![step])
}

fn written(format: Format, events: &[Event]) -> String {
    let mut out = Vec::new();
    super::write(format, &outcome(events), &mut out).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

/// A page without its script and its style, and their hashes.
fn without_program(page: &str) -> String {
    let program = Regex::new("(?s)<(script|style)>.*?</").expect("a pattern");
    let hash = Regex::new("'sha256-[^']*'").expect("a pattern");
    hash.replace_all(&program.replace_all(page, "<$1>…</"), "'sha256-…'").into_owned()
}

fn xml(events: Vec<Event>) -> String {
    written(Format::Junit, &events)
}

#[test]
fn a_run_at_each_verbosity() {
    for (name, verbosity) in [
        ("quiet", Verbosity::Quiet),
        ("normal", Verbosity::Normal),
        ("steps", Verbosity::Steps),
        ("exchanges", Verbosity::Exchanges),
    ] {
        insta::assert_snapshot!(format!("run_{name}"), steady(&told(&run(), plain(), verbosity)));
    }
}

#[test]
fn a_run_in_colour() {
    let style = Style { color: true, width: 140 };
    let text = told(&run(), style, Verbosity::Normal);
    insta::assert_snapshot!("run_colour", steady(&text).replace('\u{1b}', "␛"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let colours = Regex::new("\u{1b}\\[[0-9;]*m").expect("a pattern");
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Steps, Verbosity::Exchanges] {
        let coloured = steady(&told(&run(), Style { color: true, width: 140 }, verbosity));
        let bare = colours.replace_all(&coloured, "");
        assert_eq!(bare, steady(&told(&run(), plain(), verbosity)));
    }
}

#[test]
fn every_kind_of_fault() {
    for (name, step) in [
        ("wrong_user", wrong_user()),
        ("all_kinds", all_kinds()),
        ("transport", transport()),
        ("invalid", invalid()),
        ("hostile", hostile()),
    ] {
        let text = steady(&told(&alone(step), plain(), Verbosity::Normal));
        insta::assert_snapshot!(format!("fault_{name}"), text);
    }
}

#[test]
fn every_format_of_a_run_and_of_every_kind_of_fault() {
    for format in Format::ALL {
        let name = format.name();
        let told = |events: &[Event]| steady(&without_program(&written(format, events)));
        insta::assert_snapshot!(format!("{name}_run"), told(&run()));
        let steps = vec![all_kinds(), transport(), invalid(), hostile()];
        let events = scenario(0, HOSTILE, State::Failed, steps);
        insta::assert_snapshot!(format!("{name}_faults"), told(&events));
        let mut out = Vec::new();
        let outcome = fold(lines_of(&interrupted(), Some("interrupted")));
        super::write(format, &outcome, &mut out).expect("memory");
        let out = String::from_utf8(out).expect("UTF-8");
        insta::assert_snapshot!(format!("{name}_interrupted"), steady(&without_program(&out)));
    }
}

#[test]
fn scenarios_are_told_in_the_order_of_the_plan_whatever_the_order_of_events() {
    let in_order = told(&run(), plain(), Verbosity::Steps);
    let mut late = run();
    // All of the first scenario comes last, and the others' events are mixed.
    late.sort_by_key(|event| match event {
        Event::ScenarioStarted { scenario, .. }
        | Event::StepStarted { scenario, .. }
        | Event::Transfer { scenario, .. }
        | Event::StepFinished { scenario, .. }
        | Event::ScenarioFinished { scenario, .. } => std::cmp::Reverse(*scenario),
    });
    assert_eq!(steady(&told(&late, plain(), Verbosity::Steps)), steady(&in_order));

    let mut terminal = Terminal::new(plain(), Verbosity::Normal, Fingerprints::default());
    for event in scenario(1, "second", State::Passed, vec![step("a", State::Passed)]) {
        assert_eq!(terminal.event(&event), "");
    }
    let mut first = String::new();
    for event in scenario(0, "first", State::Passed, vec![step("a", State::Passed)]) {
        first.push_str(&terminal.event(&event));
    }
    assert_eq!(
        first,
        "  ok  scenarios/login.yaml › first (1 step, 30 ms)\n  ok  scenarios/login.yaml › second (1 step, 30 ms)\n"
    );
}

#[test]
fn a_run_that_was_cut_off_is_told_to_where_it_came() {
    let mut events =
        scenario(0, "first", State::Failed, vec![wrong_user(), step("a", State::NotRun)]);
    events.pop();
    events.extend(scenario(1, "second", State::Passed, vec![]));
    let text = told(&events, plain(), Verbosity::Normal);
    assert!(
        text.contains("not run: 1 step after it\n  ok  scenarios/login.yaml › second"),
        "{text}"
    );
}

#[test]
fn a_scenario_that_failed_without_a_failing_step_is_told_too() {
    let events = scenario(0, "odd", State::Failed, vec![step("a", State::Passed)]);
    let text = told(&events, plain(), Verbosity::Normal);
    assert!(text.starts_with("FAIL  scenarios/login.yaml › odd (1 step, 30 ms)\n"), "{text}");
    let xml = xml(events);
    assert!(xml.contains("message=\"the scenario failed, though no step of it did\""), "{xml}");
}

#[test]
fn what_waits_to_be_told_keeps_long_bodies_only_where_it_failed() {
    let kept = |state| {
        let body = vec![b'a'; 1 << 20];
        let mut step = failing(Vec::new(), Some(account("text/plain", &body)));
        step.state = state;
        step.let_go();
        let result = step.exchange.expect("an exchange").result;
        let response = result.expect("a response");
        (response.body.len(), response.size)
    };
    assert_eq!(kept(State::Passed), (64 * 1024, 1 << 20));
    assert_eq!(kept(State::Failed), (1 << 20, 1 << 20));
}

#[test]
fn no_secret_is_told() {
    let secrets = ["s3cr3t", "t0p-", "bob:pw", "pw@"];
    let reports = Format::ALL.map(|format| written(format, &run()));
    for text in reports.into_iter().chain([told(&run(), plain(), Verbosity::Exchanges)]) {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in\n{text}");
        }
    }
}

#[test]
fn steps_come_back_as_they_were_and_are_counted() {
    let outcome = outcome(&run());
    let steps = |it: &ScenarioOutcome| outcome.steps(it).expect("steps");
    let steps: Vec<_> = outcome.scenarios.iter().flat_map(steps).collect();
    let events = run();
    let names = events.iter().filter_map(|event| match event {
        Event::StepFinished { step, .. } => Some(&step.name),
        _ => None,
    });
    assert!(steps.iter().map(|step| &step.name).eq(names));
    assert_eq!(outcome.summary.steps.total(), steps.len());
    assert!(outcome.summary.requests > 0);
    assert_eq!(outcome.summary.scenarios.total(), 5);
}

/// What a server counts in a report: the numbers in the attributes, and the elements.
#[derive(Debug, Default, PartialEq)]
struct Counted {
    tests: usize,
    failures: usize,
    skipped: usize,
    errors: usize,
}

/// The totals of the whole, the sum of those of the suites, and the elements.
fn counted(xml: &str) -> [Counted; 3] {
    let mut all: [Counted; 3] = Default::default();
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut names = std::collections::HashSet::new();
    loop {
        let element = match reader.read_event().unwrap_or_else(|error| panic!("{error}\n{xml}")) {
            Xml::Eof => return all,
            Xml::Start(element) | Xml::Empty(element) => element,
            _ => continue,
        };
        let attribute = |name: &str| {
            let found = element.try_get_attribute(name).expect("attributes")?;
            Some(
                found
                    .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                    .expect("a value")
                    .into_owned(),
            )
        };
        let number = |name| attribute(name).expect("a total").parse::<usize>().expect("a number");
        let mut totals = |into: usize| {
            all[into].tests += number("tests");
            all[into].failures += number("failures");
            all[into].skipped += number("skipped");
            all[into].errors += number("errors");
        };
        match element.name().as_ref() {
            "testsuites" => totals(0),
            "testsuite" => {
                totals(1);
                names.clear();
            }
            "testcase" => {
                all[2].tests += 1;
                assert!(names.insert(attribute("name")), "two cases of one name in\n{xml}");
            }
            "failure" => all[2].failures += 1,
            "skipped" => all[2].skipped += 1,
            "error" => all[2].errors += 1,
            _ => {}
        }
    }
}

#[test]
fn the_totals_of_junit_are_the_counts_of_its_elements() {
    let [whole, suites, elements] = counted(&xml(run()));
    // The scenario without steps is a case of its own.
    assert_eq!(whole, Counted { tests: 14, failures: 3, skipped: 5, errors: 0 });
    assert_eq!(whole, suites);
    assert_eq!(whole, elements);
}

/// Any text, with more than its share of what is dangerous.
fn text() -> impl Strategy<Value = String> {
    let dangerous = prop::sample::select(
        "\u{1b}\0\r\n\t\u{7f}\u{9b}\u{85}\u{202e}\u{2028}\u{fffe}\u{ffff}\u{feff}]]>&<\"'`$\\/@:{}[]#;= "
            .chars()
            .collect::<Vec<char>>(),
    );
    let c = prop_oneof![dangerous, any::<char>()];
    prop::collection::vec(c, 0..24).prop_map(|chars| chars.into_iter().collect())
}

/// A failed step with these texts wherever text comes from outside.
fn made_of(a: String, b: String, state: State) -> Vec<Event> {
    let bytes: Vec<u8> = b.bytes().filter(|byte| *byte >= 32 && *byte != 127).collect();
    let mut step = hostile();
    let file = source(&a);
    step.name.clone_from(&a);
    step.place = place_in(&file, "name: Sign in");
    step.state = state;
    step.reason = Some(b.clone());
    step.sent_body = Some(crate::outcome::SentBody::Bytes(bytes::Bytes::from(a.clone())));
    step.values[0].name.clone_from(&b);
    step.values[0].value = crate::value::Value::String(a.clone());
    step.values[0].origin.clone_from(&a);
    step.cookies[0].fate = CookieFate::HeldBack(super::samples::reason(&a));
    step.faults.push(crate::outcome::Fault::Invalid {
        place: place_in(&file, "GET /account"),
        message: a.clone(),
        label: b.clone(),
        help: Some(a.clone()),
    });
    let sent = headers(&[("x-a", &bytes), ("cookie", &bytes), ("authorization", &bytes)]);
    let got = headers(&[("set-cookie", &bytes), ("content-type", &bytes)]);
    let hop = hop("GET", "http://a.test/", sent, Some((200, got)));
    step.exchange = Some(Box::new(exchange(vec![hop], b.as_bytes())));
    let mut events = scenario(0, &b, state, vec![step]);
    events[0] = started(0, &b, &file);
    events
}

/// What a page is made of.
const ELEMENTS: &str = "html, head, meta, title, style, script, body, header, main, nav, section, h1, h2, h3, p, ul, ol, li, div, span, \
    strong, b, kbd, time, pre, mark, a, form, button, select, option, input, output, details, summary, noscript, table, tbody, tr, \
    th, td, caption, svg, rect";

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_terminal_obeys_comes_through(a in text(), b in text(), failed: bool) {
        let state = if failed { State::Failed } else { State::Passed };
        for verbosity in [Verbosity::Normal, Verbosity::Exchanges] {
            let told = told(&made_of(a.clone(), b.clone(), state), plain(), verbosity);
            let bad = |c: char| c != '\n' && super::text::garbles(c);
            prop_assert!(!told.contains(bad), "{told:?}");
        }
    }

    #[test]
    fn no_text_breaks_out_of_a_format(a in text(), b in text(), number in 0..3usize) {
        let state = [State::Failed, State::Passed, State::NotRun][number];
        let events = || made_of(a.clone(), b.clone(), state);
        for format in [Format::Json, Format::Har] {
            let report = written(format, &events());
            prop_assert!(serde_json::from_str::<crate::value::Value>(&report).is_ok(), "{report}");
        }
        let github = written(Format::Github, &events());
        let levels = ["::error ", "::warning ", "::notice "];
        let is_command = |line: &str| levels.iter().any(|level| line.starts_with(level));
        prop_assert!(github.lines().all(is_command), "{github}");
        let tap = written(Format::Tap, &events());
        let points = tap.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
        prop_assert_eq!(points.count(), 1, "{}", tap);
        let markdown = written(Format::Markdown, &events());
        for report in [github, tap, markdown] {
            let bad = |c: char| c != '\n' && super::text::garbles(c);
            prop_assert!(!report.contains(bad), "{report:?}");
        }
    }

    #[test]
    fn no_text_becomes_an_element_of_the_page(a in text(), b in text(), number in 0..3usize) {
        let state = [State::Failed, State::Passed, State::NotRun][number];
        let page = written(Format::Html, &made_of(a, b, state));
        let bad = |c: char| c != '\n' && c != '\t' && super::text::garbles(c);
        prop_assert!(!page.contains(bad), "{page:?}");
        // As a browser with scripts reads it, and as one without them does.
        for page in [page.clone(), page.replace("noscript>", "div>")] {
            let read = crate::html::Document::read(&page).expect("a page");
            let count = |selector: &str| {
                let selector = crate::html::Selector::parse(selector).expect("a selector");
                read.select(&selector).expect("few").len()
            };
            prop_assert_eq!(count("script"), 1, "{}", page);
            prop_assert_eq!(count(&format!(":not({ELEMENTS})")), 0, "{}", page);
            prop_assert_eq!(count("[src], [style], [onerror], a:not([href^='#'])"), 0, "{}", page);
        }
    }

    #[test]
    fn junit_is_always_well_formed(a in text(), b in text(), number in 0..3usize) {
        let state = [State::Failed, State::Passed, State::NotRun][number];
        let xml = xml(made_of(a, b, state));
        let [whole, suites, elements] = counted(&xml);
        prop_assert_eq!(&whole, &suites);
        prop_assert_eq!(&whole, &elements);
        let bad = |c: char| (c < ' ' && c != '\n') || c == '\u{fffe}' || c == '\u{ffff}';
        prop_assert!(!xml.contains(bad), "{xml:?}");
    }
}
