//! Answers made by hand, and scenarios of one step, for the tests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use bytes::Bytes;

use super::{Captures, Evidence, evaluate};
use crate::http::{Exchange, Head, Hop, Response, Timing};
use crate::mask::Masks;
use crate::outcome::{Fault, Miss};
use crate::scenario::step::{Action, Step};
use crate::scenario::{Scenario, read};
use crate::session::{Cookie, SameSite};
use crate::source::Source;
use crate::template::{Origin, Scope};
use crate::value::Value;

const URL: &str = "http://shop.test/account";

/// A response and what came before it.
pub(super) struct Answer {
    exchange: Exchange,
    cookies: Vec<Cookie>,
}

impl Answer {
    pub(super) fn new(status: u16) -> Self {
        let url: url::Url = URL.parse().expect("a URL");
        let response = Response {
            head: head(status, HeaderMap::new()),
            body: Bytes::new(),
            size: 0,
            wire_size: 0,
            sha256: None,
            url,
        };
        let duration = Duration::from_millis(12);
        let exchange = Exchange { hops: Vec::new(), result: Ok(response), duration, retried: 0 };
        Self { exchange, cookies: Vec::new() }.redirected(status, None)
    }

    pub(super) fn json(body: &Value) -> Self {
        Self::new(200).header("content-type", "application/json").body(&body.to_string())
    }

    pub(super) fn body(mut self, body: &str) -> Self {
        self.response_mut().body = Bytes::copy_from_slice(body.as_bytes());
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        let head = Arc::make_mut(&mut self.response_mut().head);
        head.headers.append(HeaderName::from_static(name), value);
        self
    }

    pub(super) fn cookie(mut self, cookie: Cookie) -> Self {
        self.cookies.push(cookie);
        self
    }

    pub(super) fn took(mut self, ms: u64) -> Self {
        self.exchange.duration = Duration::from_millis(ms);
        self
    }

    /// Puts a hop before the last one.
    pub(super) fn redirected(mut self, status: u16, location: Option<&str>) -> Self {
        let mut headers = HeaderMap::new();
        if let Some(location) = location {
            headers.insert("location", HeaderValue::from_str(location).expect("a value"));
        }
        let hop = Hop {
            method: Method::GET,
            url: URL.parse().expect("a URL"),
            headers: HeaderMap::new(),
            body_len: 0,
            answer: Some(head(status, headers)),
            refused_cookies: Vec::new(),
            timing: Timing::default(),
            remote: None,
            reused: false,
            retried: false,
            channel: Default::default(),
            proxy: None,
            tls: None,
        };
        let last = self.exchange.hops.len().saturating_sub(1);
        self.exchange.hops.insert(last, hop);
        self
    }

    /// Changes the last hop.
    pub(super) fn hop(mut self, change: impl FnOnce(&mut Hop)) -> Self {
        change(self.exchange.hops.last_mut().expect("a hop"));
        self
    }

    fn response_mut(&mut self) -> &mut Response {
        self.exchange.result.as_mut().expect("a response")
    }

    pub(super) fn evidence(&self) -> Evidence<'_> {
        let response = self.exchange.result.as_ref().expect("a response");
        Evidence::new(&self.exchange, response, &self.cookies)
    }
}

fn head(status: u16, headers: HeaderMap) -> Arc<Head> {
    let status = StatusCode::from_u16(status).expect("a status");
    Arc::new(Head { status, version: Version::HTTP_11, headers })
}

pub(super) fn cookie(name: &str, value: &str) -> Cookie {
    Cookie {
        name: name.into(),
        value: value.into(),
        domain: "shop.test".to_owned(),
        host_only: true,
        path: "/".to_owned(),
        secure: false,
        http_only: true,
        same_site: Some(SameSite::Lax),
        expires: None,
    }
}

/// A scenario with one step, whose keys beside `request` are these.
#[track_caller]
pub(super) fn scenario(keys: &str) -> Scenario {
    let indented: String = keys.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("name: t\nsteps:\n  - request: GET /account\n{indented}");
    let read = read(Arc::new(Source::new("t.yaml", "t.yaml", text.clone())), Path::new("."));
    match read.value {
        Some(scenario) => scenario,
        None => panic!("{text}\n{:#?}", read.diagnostics),
    }
}

pub(super) fn step(scenario: &Scenario) -> &Step {
    &scenario.steps[0]
}

/// The names that expressions of the tests use.
pub(super) fn scope() -> Scope {
    let mut scope = Scope::new();
    for (name, value) in [
        ("user", serde_json::json!("alice")),
        ("five", serde_json::json!(5)),
        ("text_five", serde_json::json!("5")),
        ("list", serde_json::json!([1, 2])),
        ("soon", serde_json::json!("20ms")),
        ("none_here", serde_json::json!(null)),
    ] {
        scope.bind(name, value, Origin::Program);
    }
    scope
}

/// The faults of a step with these keys.
#[track_caller]
pub(super) fn faults(keys: &str, answer: &Answer) -> Vec<Fault> {
    let scenario = scenario(keys);
    let step = step(&scenario);
    let Action::Request(request) = &step.action else { panic!("no request") };
    let mut scope = scope();
    let faults = evaluate(&scenario, &step.expect, request.at, &answer.evidence(), &mut scope);
    assert!(scope.get("response").is_none(), "`response` is left in the scope");
    faults
}

/// The faults of a step with these keys, as a person reads them: what stands at the caret, title, label, notes.
#[track_caller]
pub(super) fn told(keys: &str, answer: &Answer) -> Vec<String> {
    faults(keys, answer).iter().flat_map(lines).collect()
}

/// The faults of the captures of a step with these keys, and the scope after them.
#[track_caller]
pub(super) fn captured(keys: &str, answer: &Answer) -> (Vec<String>, Scope) {
    let scenario = scenario(keys);
    let mut scope = scope();
    let captures = &step(&scenario).captures;
    let faults = Captures { scenario: &scenario, step: "Fetch", masks: &Masks::default() }.take(
        captures,
        &answer.evidence(),
        &mut scope,
    );
    (faults.iter().flat_map(lines).collect(), scope)
}

fn lines(fault: &Fault) -> Vec<String> {
    let (place, title, label, notes) = match fault {
        Fault::Miss(miss) => (&miss.place, miss.title(), miss.label(), notes(miss)),
        Fault::Invalid { place, message, label, help } => {
            let help = help.iter().map(|help| format!("help: {help}")).collect();
            (place, message.clone(), label.clone(), help)
        }
        Fault::Transport { .. } | Fault::BrokenOff { .. } => panic!("nothing was sent"),
    };
    let excerpt = &place.source.text()[place.span.start..place.span.end];
    [vec![format!("[{excerpt}] {title} -- {label}")], notes].concat()
}

fn notes(miss: &Miss) -> Vec<String> {
    miss.notes().into_iter().map(|(name, text)| format!("{name}: {text}")).collect()
}
