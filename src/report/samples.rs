//! Outcomes made by hand, which go through every renderer.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use serde_json::json;
use url::Url;

use super::journal;
use super::recorder::{Recorder, Run};
use crate::http::{ConnectFault, Exchange, Failure, FailureKind, Head, Hop, Response, Timing};
use crate::outcome::record::{Line, PlannedRecord};
use crate::outcome::{
    AccessCell, Actual, CookieFate, CookieNote, Difference, Event, Fault, Fingerprints, Miss,
    Outcome, Place, Reached, Reason, Section, SentBody, State, StepOutcome, Subject, Unit,
    UsedValue, Via, Wanted,
};
use crate::source::{Source, Span};
use crate::template::Seed;
use crate::value::Value;

pub(super) const FILE: &str = "scenarios/login.yaml";
const TEXT: &str = r#"name: A customer signs in and sees the account
tags: [smoke, auth]

vars:
  user: alice

steps:
  - name: Sign in
    request: POST /login
    form: {username: "${user}"}
    expect:
      status: 303

  - name: Fetch the account
    request: GET /account
    expect:
      status: 200
      headers: {x-shop: one}
      cookies: {session: {secure: true}}
      json:
        $.user: ${user}
        $.orders: {length: 3}
        $.address: {city: Bern}
      body: {includes: hello}
      duration: {lt: 10ms}
      url: {ends_with: /account}
      redirects: [{status: 303, location: /x}]
      check: ["${user == 'bob'}"]
  - name: Fetch the first order
    request: GET /orders/${first_order}
"#;

pub(super) fn source(name: &str) -> Arc<Source> {
    Arc::new(Source::new(name, name, TEXT))
}

/// The place of the last occurrence of a piece.
pub(super) fn place(piece: &str) -> Place {
    place_in(&source(FILE), piece)
}

pub(super) fn place_in(source: &Arc<Source>, piece: &str) -> Place {
    let start = source.text().rfind(piece).unwrap_or_else(|| panic!("no `{piece}`"));
    Place { source: Arc::clone(source), span: Span::new(start, start + piece.len()) }
}

pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(super) fn headers(all: &[(&str, &[u8])]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in all {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        map.append(name, HeaderValue::from_bytes(value).expect("a value"));
    }
    map
}

pub(super) fn hop(
    method: &str,
    at: &str,
    sent: HeaderMap,
    answer: Option<(u16, HeaderMap)>,
) -> Hop {
    Hop {
        method: Method::from_bytes(method.as_bytes()).expect("a method"),
        url: url(at),
        headers: sent,
        body_len: 0,
        answer: answer.map(|(status, headers)| {
            let status = StatusCode::from_u16(status).expect("a status");
            Arc::new(Head { status, version: Version::HTTP_11, headers })
        }),
        refused_cookies: Vec::new(),
        timing: Timing::default(),
        remote: None,
        reused: false,
        retried: false,
        channel: Default::default(),
        proxy: None,
        tls: None,
    }
}

pub(super) fn exchange(hops: Vec<Hop>, body: &[u8]) -> Exchange {
    let last = hops.last().expect("a hop");
    let answer = last.answer.as_ref().expect("an answer");
    let response = Response {
        head: Arc::clone(answer),
        body: Bytes::copy_from_slice(body),
        size: body.len() as u64,
        wire_size: body.len() as u64,
        sha256: None,
        url: last.url.clone(),
    };
    Exchange { hops, result: Ok(response), duration: ms(12), retried: 0 }
}

/// `GET /account`, answered with this body.
pub(super) fn account(media_type: &str, body: &[u8]) -> Exchange {
    let sent = headers(&[
        ("host", b"127.0.0.1:8080"),
        ("user-agent", b"callsheet/0.1.0"),
        ("accept", b"application/json"),
        ("cookie", b"session=s3cr3t-session"),
    ]);
    let got = headers(&[
        ("content-type", media_type.as_bytes()),
        ("set-cookie", b"session=n3w-s3cr3t; Path=/; HttpOnly"),
    ]);
    exchange(vec![hop("GET", "http://127.0.0.1:8080/account", sent, Some((200, got)))], body)
}

/// `POST /login`, redirected, with a body and credentials.
pub(super) fn login() -> Exchange {
    let sent = headers(&[
        ("content-type", b"application/x-www-form-urlencoded"),
        ("authorization", b"Bearer t0p-s3cr3t"),
        ("x-note", b"it's $HOME"),
    ]);
    let on =
        headers(&[("location", b"/account"), ("set-cookie", b"session=s3cr3t-session; Path=/")]);
    let mut first = hop("POST", "http://bob:pw@127.0.0.1:8080/login?a=[1]", sent, Some((303, on)));
    first.body_len = 14;
    let got = headers(&[("content-type", b"text/html")]);
    let last = hop("GET", "http://127.0.0.1:8080/account", HeaderMap::new(), Some((200, got)));
    exchange(vec![first, last], b"<h1>\n  Hello</h1>\n")
}

pub(super) fn refused() -> Failure {
    Failure {
        kind: FailureKind::Connect(ConnectFault::Refused),
        url: url("http://127.0.0.1:1/"),
        elapsed: ms(1),
        message: "cannot connect to `127.0.0.1:1`: nothing listens there".to_owned(),
        cause: "Connection refused (os error 111)".to_owned(),
        remedy: Some("start the server, or see whether `base_url` is right".to_owned()),
    }
}

pub(super) fn failing(faults: Vec<Fault>, exchange: Option<Exchange>) -> StepOutcome {
    StepOutcome {
        section: Section::Steps,
        name: "Fetch the account".to_owned(),
        place: place("name: Fetch the account"),
        state: State::Failed,
        faults,
        duration: ms(12),
        exchange: exchange.map(Box::new),
        sent_body: None,
        values: Vec::new(),
        cookies: Vec::new(),
        by_hand: Vec::new(),
        snapshot: None,
        reason: None,
        access: None,
        attempt: 1,
        rerun: false,
        asked: None,
        covers: Vec::new(),
    }
}

pub(super) fn step(name: &str, state: State) -> StepOutcome {
    let exchange = (state == State::Passed).then(login);
    let sent_body =
        exchange.is_some().then(|| SentBody::Bytes(Bytes::from_static(b"username=alice")));
    let reason = (state == State::NotRun).then(|| "a step before it failed".to_owned());
    StepOutcome {
        name: name.to_owned(),
        place: place("name: Sign in"),
        state,
        sent_body,
        reason,
        ..failing(Vec::new(), exchange)
    }
}

pub(super) fn miss(subject: Subject, at: &str, operand: Value, actual: Actual) -> Miss {
    let operator = "equals".to_owned();
    let wanted = Wanted { operator, operand, expression: None };
    Miss {
        subject,
        via: Vec::new(),
        place: place(at),
        wanted,
        actual,
        differences: Vec::new(),
        reached: None,
    }
}

/// The failure of the contract's page.
pub(super) fn wrong_user() -> StepOutcome {
    let mut fault = miss(
        Subject::Json("$.user".to_owned()),
        "${user}",
        json!("alice"),
        Actual::Value(json!("bob")),
    );
    fault.wanted.expression = Some("user".to_owned());
    let cart = cookie_note("cart", CookieFate::HeldBack(reason("its Path is /shop")));
    let body = b"{ \"user\": \"bob\",\n \"orders\": [] }";
    StepOutcome {
        values: vec![UsedValue {
            name: "user".to_owned(),
            value: json!("alice"),
            origin: "from `vars` at scenarios/login.yaml:5".to_owned(),
        }],
        cookies: vec![cookie_note("session", CookieFate::Sent), cart],
        ..failing(vec![Fault::Miss(fault)], Some(account("application/json", body)))
    }
}

pub(super) fn cookie_note(name: &str, fate: CookieFate) -> CookieNote {
    let host = "127.0.0.1".to_owned();
    CookieNote { name: name.to_owned(), fate, is_foreign: false, host, step: None }
}

pub(super) fn reason(message: &str) -> Reason {
    Reason { message: message.to_owned(), section: "5.8.3 step 1" }
}

/// A miss of every kind, all in one step.
pub(super) fn all_kinds() -> StepOutcome {
    let json = |path: &str| Subject::Json(path.to_owned());
    let value = Actual::Value;
    let mut address = miss(
        json("$.address"),
        "{city: Bern}",
        json!({"city": "Bern"}),
        value(json!({"city": "Rom"})),
    );
    address.differences.push(Difference {
        path: "$.city".to_owned(),
        expected: Some(json!("Bern")),
        actual: Some(json!("Rom")),
        law: None,
    });
    let mut orders = miss(json("$.orders"), "3}", json!(3), value(json!(0)));
    orders.via = vec![Via::Length(Unit::Elements)];
    let gone = Actual::NoNode(Reached {
        path: "$".to_owned(),
        nodes: 1,
        first: "$".to_owned(),
        kind: "an object",
        members: vec!["usr".to_owned()],
        length: None,
    });
    let misses = [
        miss(Subject::Status, "200", json!(200), value(json!(404))),
        miss(Subject::Header("x-shop".to_owned()), "one", json!("one"), Actual::Absent),
        miss(
            Subject::Cookie("session".to_owned(), Some("secure")),
            "true",
            json!(true),
            value(json!(false)),
        ),
        miss(
            Subject::SetCookie("session".to_owned(), Some("path")),
            "true",
            json!("/"),
            Actual::Absent,
        ),
        miss(json("$.user"), "${user}", json!("alice"), gone),
        orders,
        address,
        miss(Subject::Body, "hello", json!("hello"), Actual::NoBody),
        miss(
            json("$.user"),
            "$.user",
            json!(1),
            Actual::NotJson("expected value at line 1".to_owned(), None),
        ),
        miss(Subject::Body, "body", json!("x"), Actual::NotText("utf-8".to_owned())),
        miss(Subject::Duration, "10ms", json!(10), value(json!(12))),
        miss(Subject::Url, "/account", json!("/account"), value(json!("http://a.test/"))),
        miss(Subject::Redirects, "redirects", json!(1), value(json!(0))),
        miss(Subject::Redirect(1, "location"), "/x", json!("/x"), Actual::Absent),
        miss(
            Subject::Check("user == 'bob'".to_owned()),
            "${user == 'bob'}",
            json!(true),
            value(json!(false)),
        ),
    ];
    let faults = misses.into_iter().map(Fault::Miss).collect();
    failing(faults, Some(account("image/png", &[0x89, b'P', 0, 0])))
}

pub(super) fn transport() -> StepOutcome {
    let fault = Fault::Transport { place: place("GET /account"), failure: refused() };
    let exchange = Exchange {
        hops: vec![hop("GET", "http://127.0.0.1:1/account", HeaderMap::new(), None)],
        result: Err(refused()),
        duration: ms(1),
        retried: 1,
    };
    failing(vec![fault], Some(exchange))
}

pub(super) fn invalid() -> StepOutcome {
    let fault = Fault::Invalid {
        place: place("${first_order}"),
        message: "`first_order` has no value".to_owned(),
        label: "set by a capture that did not run".to_owned(),
        help: Some("give the capture a default".to_owned()),
    };
    failing(vec![fault], None)
}

/// Text that attacks whatever shows it.
pub(super) const HOSTILE: &str = "::error::x \u{1b}[2J\u{1b}]0;x\u{7} ]]> </script><b>&amp;\r\n\0\u{9b}31m \u{202e}evil\u{2066} \u{fffe}\u{feff} \"'`$(id)";

/// Hostile text wherever text comes from outside.
pub(super) fn hostile() -> StepOutcome {
    let nasty = HOSTILE.to_owned();
    let file = source(&format!("scenarios/{HOSTILE}.yaml"));
    let bytes = b"a\x80\xff\tb ]]> </script> 'quoted'";
    let sent =
        headers(&[("x-a", bytes), ("cookie", b"a\xff=\x80; b=c"), ("authorization", b"\xff")]);
    let mut post =
        hop("M'X", "http://a.test/%1b?<]]>'#f", sent, Some((599, headers(&[("x-b", bytes)]))));
    post.body_len = 5_000;
    let mut fault =
        miss(Subject::Header(nasty.clone()), "one", json!(HOSTILE), Actual::Value(json!(HOSTILE)));
    fault.place = place_in(&file, "one");
    let wrong = Fault::Invalid {
        place: place_in(&file, "${first_order}"),
        message: nasty.clone(),
        label: nasty.clone(),
        help: Some(nasty.clone()),
    };
    StepOutcome {
        name: nasty.clone(),
        place: place_in(&file, "name: Fetch the account"),
        sent_body: Some(SentBody::Bytes(Bytes::from(HOSTILE.repeat(40)))),
        values: vec![UsedValue {
            name: nasty.clone(),
            value: json!(HOSTILE),
            origin: nasty.clone(),
        }],
        cookies: vec![cookie_note(HOSTILE, CookieFate::HeldBack(reason(HOSTILE)))],
        reason: Some(nasty),
        ..failing(vec![Fault::Miss(fault), wrong], Some(exchange(vec![post], HOSTILE.as_bytes())))
    }
}

pub(super) fn started(scenario: usize, name: &str, source: &Arc<Source>) -> Event {
    let place = place_in(source, "A customer signs in and sees the account");
    Event::ScenarioStarted { scenario, name: name.to_owned(), place, select: None }
}

/// The events of one scenario.
pub(super) fn scenario(
    index: usize,
    name: &str,
    state: State,
    steps: Vec<StepOutcome>,
) -> Vec<Event> {
    let mut events = vec![started(index, name, &source(FILE))];
    for step in steps {
        events.push(Event::StepStarted { scenario: index, name: step.name.clone() });
        events.push(Event::StepFinished { scenario: index, step: Box::new(step) });
    }
    events.push(Event::ScenarioFinished { scenario: index, state, duration: ms(30), runs: 1 });
    events
}

/// A run with something of everything.
pub(super) fn run() -> Vec<Event> {
    use State::{Failed, NotRun, Passed};
    let in_section = |section, step| StepOutcome { section, ..step };
    let signs_in = "A customer signs in and sees the account";
    let mut quiet = step("Wait", Passed);
    (quiet.exchange, quiet.sent_body) = (None, None);
    [
        scenario(0, "Everything holds", Passed, vec![step("Sign in", Passed), quiet]),
        scenario(
            1,
            signs_in,
            Failed,
            vec![
                in_section(Section::Setup, step("Sign in", Passed)),
                step("Sign in", Passed),
                wrong_user(),
                step("Fetch the first order", NotRun),
                step("Fetch the first order", NotRun),
                in_section(Section::Teardown, step("Sign out", Passed)),
            ],
        ),
        scenario(2, "Nothing listens", Failed, vec![transport(), step("Go on", NotRun), invalid()]),
        scenario(3, "Too late", NotRun, Vec::new()),
        scenario(4, "When it rains", Passed, vec![step("Rain", NotRun), step("Shine", Passed)]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A run that was interrupted: flaky, skipped, with the access of two sessions, not begun and not ended scenarios.
pub(super) fn interrupted() -> Vec<Event> {
    use State::{Failed, NotRun, Passed, Retried, Skipped};
    let reason =
        |step: StepOutcome, why: &str| StepOutcome { reason: Some(why.to_owned()), ..step };
    let first = StepOutcome { state: Retried, rerun: true, ..wrong_user() };
    let cell = |step: StepOutcome, session: &str| {
        let (row, session, wanted) =
            ("GET /account".to_owned(), session.to_owned(), "200".to_owned());
        StepOutcome { access: Some(AccessCell { row, session, wanted }), ..step }
    };
    let mut flaky =
        scenario(0, "At the second try", Passed, vec![first, step("Fetch the account", Passed)]);
    if let Some(Event::ScenarioFinished { runs, .. }) = flaky.last_mut() {
        *runs = 2;
    }
    let mut cut = scenario(3, "Under way", NotRun, vec![step("Sign in", Passed)]);
    cut.pop();
    let later = reason(step("Order", Skipped), "not in <winter>");
    let access = vec![cell(wrong_user(), "anonymous"), cell(step("Sign in", Passed), "<admin>")];
    [
        flaky,
        scenario(1, "Skipped", Skipped, vec![later]),
        scenario(2, "Who may", Failed, access),
        cut,
        scenario(4, "Never begun", NotRun, Vec::new()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The lines of a journal of these events, with the exchanges of all steps.
pub(super) fn lines(events: &[Event]) -> Vec<Line> {
    lines_of(events, None)
}

/// The same of a run that was cut short.
pub(super) fn lines_of(events: &[Event], cut: Option<&str>) -> Vec<Line> {
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_860_800);
    let (seed, id) = (Seed::new(2_193_841_273), "run-1".to_owned());
    let run = Run { id, started, seed, shard: None, options: String::new() };
    let mut recorder = Recorder::new(run, Fingerprints::default(), true);
    let planned = events.iter().filter_map(|event| match event {
        Event::ScenarioStarted { scenario, name, place, .. } => Some(PlannedRecord {
            name: name.clone(),
            file: place.source.identity().to_owned(),
            line: place.line(),
            repetition: None,
            position: *scenario,
            tags: vec!["smoke".to_owned()],
            description: None,
        }),
        _ => None,
    });
    let first = recorder.begin_with(planned.collect(), None, None);
    let mut lines = vec![first];
    for event in events {
        lines.extend(recorder.sources(event));
        lines.extend(recorder.line(event, ms(200)));
    }
    lines.push(recorder.end(ms(240), cut));
    lines
}

/// The fold of events.
pub(super) fn outcome(events: &[Event]) -> Outcome {
    fold(lines(events))
}

/// The fold of lines, each written and read.
pub(super) fn fold(lines: Vec<Line>) -> Outcome {
    let mut outcome = Outcome::default();
    for line in lines {
        let written = journal::written(&line).expect("JSON");
        let read: Line = serde_json::from_slice(&written).expect("the same line");
        assert_eq!(line, read);
        outcome.add(&read, &written).expect("memory");
    }
    outcome.finish();
    outcome
}
