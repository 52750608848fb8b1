//! A step: what is done, what must hold after it, what is kept of it.

use std::sync::Arc;

use super::access::{self, Cell};
use super::capture::{self, Capture};
use super::decode::{Decoder, Keys, Located, Text, exactly, found, joined};
use super::expectation::{self, Expectations};
use super::expected_error;
use super::flow::{self, Flow, Period};
use super::reuse::{self, Use};
use super::session_action::{self, SessionAction};
use super::settings::{self, Settings};
use super::yaml::{At, Entry, Kind, Node};
use crate::diagnostic::Diagnostic;
use crate::template::{Part, Template};

/// A step of a scenario.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its place: that of its first key.
    pub at: At,
    /// The name that reports show; none is the request line.
    pub name: Option<Text>,
    /// The session that it runs in; none is that of the steps around it.
    pub session: Option<Located<String>>,
    /// What is done.
    pub action: Action,
    /// The sessions that send the request one after the other, and what each must get; most steps have none.
    pub access: Vec<Cell>,
    /// What must hold after it.
    pub expect: Expectations,
    /// What is kept of it.
    pub captures: Vec<Capture>,
    /// Whether the steps after it run even if it failed.
    pub continue_on_failure: bool,
    flow: Option<Box<Flow>>,
    /// What undoes it at the end of the scenario, once it has passed.
    pub cleanup: Arc<[Self]>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Sends a request.
    Request(Box<Request>),
    /// Changes the session.
    Session(At, SessionAction),
    /// Pauses.
    Wait(Located<Period>),
    /// Runs several steps.
    Group(Vec<Step>),
    /// Runs the steps of another file.
    Use(Box<Use>),
}

/// A request as it was written.
#[derive(Clone, Debug)]
pub struct Request {
    /// The place of the request line.
    pub at: At,
    /// The request line as it was written.
    pub line: String,
    /// The method.
    pub method: String,
    /// The URL, or a path that is joined to the base URL.
    pub url: Text,
    /// The step's own settings.
    pub settings: Settings,
}

/// What every kind of step may have.
const COMMON: [&str; 7] =
    ["name", "when", "for_each", "retry", "timeout", "continue_on_failure", "cleanup"];
/// What a step does, each a kind of its own.
const KINDS: [&str; 5] = ["request", "use", "session", "wait", "group"];
const OWN: &[&str] = &[
    "name",
    "request",
    "use",
    "with",
    "session",
    "wait",
    "group",
    "as",
    "when",
    "for_each",
    "retry",
    "timeout",
    "continue_on_failure",
    "cleanup",
    "access",
    "expect",
    "capture",
];
const KNOWN: [&str; OWN.len() + settings::KEYS.known.len()] = joined(OWN, settings::KEYS.known);
pub(super) const KEYS: Keys = Keys { what: "a step", known: &KNOWN };

/// Reads a list of steps; those that are wrong are recorded and left out.
pub(super) fn decode_list(d: &Decoder<'_>, node: &Node) -> Option<Vec<Step>> {
    Some(exactly(d.list(node, "steps")?.iter().filter_map(|node| decode(d, node))))
}

fn decode(d: &Decoder<'_>, node: &Node) -> Option<Step> {
    let entries = d.map(node, &KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).copied();
    let name = find("name").and_then(|entry| d.text(&entry.value, "a name"));
    let expect = find("expect").and_then(|entry| expectation::decode(d, &entry.value));
    let captures = find("capture").and_then(|entry| capture::decode(d, &entry.value));
    let continue_on_failure =
        find("continue_on_failure").and_then(|entry| d.boolean(&entry.value)).unwrap_or(false);
    let action = action(d, node, &entries)?;
    let flow = flow::decode(d, &entries);
    let (expect, captures) = (expect.unwrap_or_default(), captures.unwrap_or_default());
    let session = find("as").and_then(|entry| d.plain(&entry.value, "the name of a session"));
    let access = match find("access") {
        Some(entry) => access::decode(d, entry, &entries, &expect)?,
        None => Vec::new(),
    };
    if let (Some(_), Some(capture)) = (&expect.error, find("capture")) {
        expected_error::beside(d, capture.at, "capture");
    }
    if let (Some(error), Some(_)) = (&expect.error, find("access")) {
        expected_error::beside(d, error.at, "access");
    }
    let cleanup = match find("cleanup") {
        Some(entry) => flow::list(d, entry)?,
        None => Vec::new(),
    };
    let (at, cleanup) = (node.at, cleanup.into());
    Some(Step {
        at,
        name,
        session,
        action,
        access,
        expect,
        captures,
        continue_on_failure,
        flow,
        cleanup,
    })
}

fn action(d: &Decoder<'_>, node: &Node, entries: &[&Entry]) -> Option<Action> {
    let kinds: Vec<&Entry> =
        entries.iter().copied().filter(|entry| KINDS.contains(&entry.key.as_str())).collect();
    let kind = match kinds.as_slice() {
        [kind] => *kind,
        [first, second, ..] => {
            flow::two_kinds(d, first, second);
            return None;
        }
        [] => {
            // A key that is unknown, or not supported yet, was reported already, and is what the step does.
            let said = matches!(&node.kind, Kind::Map(all) if all.len() > entries.len());
            if !said {
                let help = "a step has `request: METHOD URL`, `use: path.yaml`, `session: ACTION`, `wait: 500ms` or `group: [steps]`";
                d.error_help(node.at, "this step does nothing", "", help);
            }
            return None;
        }
    };
    match entries.iter().find(|entry| entry.key == "with") {
        _ if kind.key != "request" => refuse_others(d, &kind.key, entries),
        Some(with) => d.error_help(with.at, reuse::LONE_WITH, "", reuse::WITH_HELP),
        None => {}
    }
    Some(match kind.key.as_str() {
        "request" => request_action(d, kind, settings::from_entries(d, entries))?,
        "session" => session_action::decode(d, kind)?,
        "wait" => Action::Wait(flow::period(d, &kind.value)?),
        "use" => Action::Use(Box::new(reuse::decode(d, kind, entries)?)),
        _ => Action::Group(flow::list(d, kind)?),
    })
}

/// What a step that sends nothing itself cannot have.
fn refuse_others(d: &Decoder<'_>, kind: &str, entries: &[&Entry]) {
    let may_have = |key: &str| {
        let own =
            key == kind || (key == "as" && kind != "wait") || (key == "with" && kind == "use");
        own || COMMON.contains(&key)
    };
    let help = match kind {
        "use" => "put it on the requests of the file that is used",
        "group" => "put it on the requests inside",
        "wait" => "a pause sends nothing",
        _ => "a session step sends nothing",
    };
    for other in entries.iter().filter(|entry| !may_have(&entry.key)) {
        let message = match other.key.as_str() {
            "as" => "a `wait` runs in no session".to_owned(),
            "with" => {
                d.error_help(other.at, reuse::LONE_WITH, "", reuse::WITH_HELP);
                continue;
            }
            key => format!("`{key}` belongs to a request step"),
        };
        d.error_help(other.at, message, "", help);
    }
}

fn request_action(d: &Decoder<'_>, entry: &Entry, settings: Settings) -> Option<Action> {
    let node = &entry.value;
    if let Kind::Map(_) = &node.kind {
        let message = format!("expected `METHOD URL`, found {}", found(node));
        let help = "write `request: GET /account` in one line, and `headers`, `json` and the like beside `request`";
        d.error_help(node.at, message, "", help);
        return None;
    }
    let line = d.string(node, "`METHOD URL`, such as `GET /account`")?;
    let text = line.value.as_str();
    let help = "write the method and the URL, such as `GET /account`";
    let Some((method, url)) = text.split_once(char::is_whitespace) else {
        let message = match text {
            "" => "the request line is empty".to_owned(),
            text => format!("`{text}` is no request line"),
        };
        d.error_help(node.at, message, "", help);
        return None;
    };
    if method.is_empty() {
        d.error_help(node.at, "the request line begins with a blank", "", help);
        return None;
    }
    check_method(d, node.at, method)?;
    let url = url.trim();
    let start = text.len() - text.trim_end().len();
    let start = text.len() - start - url.len();
    let url = d.template_from(node.at, text.trim_end(), start)?;
    let template = &url.value;
    let blank =
        |part: &Part| matches!(part, Part::Literal(text) if text.contains(char::is_whitespace));
    if template.parts().iter().any(blank) {
        let help =
            "a request line is a method, a space and a URL; write `%20` for a space in a URL";
        d.error_help(node.at, "the URL holds white space", "", help);
        return None;
    }
    check_url(d, &line, template, start)?;
    let (at, line, method) = (node.at, line.value.clone(), method.to_owned());
    Some(Action::Request(Box::new(Request { at, line, method, url, settings })))
}

fn check_method(d: &Decoder<'_>, at: At, method: &str) -> Option<()> {
    // RFC 9110 section 9.1: a method is a token, and has a case.
    if ::http::Method::from_bytes(method.as_bytes()).is_err() {
        let help = "a request line is `METHOD URL`, such as `GET /account`";
        d.error_help(at, format!("`{}` is no method", method.escape_debug()), "", help);
        return None;
    }
    if method == "CONNECT" {
        d.error_help(
            at,
            "`CONNECT` cannot be sent: it asks a proxy for a tunnel",
            "",
            "send the request that would go through the tunnel",
        );
        return None;
    }
    let upper = method.to_ascii_uppercase();
    let common = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];
    if upper != method && common.contains(&upper.as_str()) {
        let warning = Diagnostic::warning(format!("method `{method}` is sent in lower case")).at(
            d.source(),
            d.span(at),
            "",
        );
        d.report(warning.help(format!("methods have a case: did you mean `{upper}`?")));
    }
    Some(())
}

/// What the text alone says of a URL: it is absolute, or begins with `/` or a template. It stands at `offset` in the line.
fn check_url(d: &Decoder<'_>, line: &Located<String>, url: &Template, offset: usize) -> Option<()> {
    let Some(Part::Literal(start)) = url.parts().first() else { return Some(()) };
    if start.starts_with('/') {
        return Some(());
    }
    let at = line.at;
    if let Some((scheme, _)) = start.split_once(':')
        && !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str())
        && is_scheme(scheme)
        // `localhost:8080/x` is a host that lacks its scheme.
        && !start[scheme.len() + 1..].starts_with(|c: char| c.is_ascii_digit())
    {
        let span = super::decode::inside(d.source(), d.span(at), &line.value, offset);
        let message = format!("`{scheme}` URLs cannot be requested, only `http` and `https`");
        let help = "a URL begins with `/`, `http://`, `https://` or a template";
        d.report(Diagnostic::error(message).at(d.source(), span, "").help(help));
        return None;
    }
    let shown = crate::value::cut(start, 60);
    let problem = match url::Url::parse(start) {
        Ok(url) if has_credentials(&url) => CREDENTIALS.to_owned(),
        Ok(url) if matches!(url.scheme(), "http" | "https") => return Some(()),
        // `https://${host}/x` has no host yet.
        Err(url::ParseError::EmptyHost) if url.literal().is_none() => return Some(()),
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => format!("`{shown}` is no URL"),
        Err(error) => format!("`{shown}` is no URL: {error}"),
    };
    let help = if problem == CREDENTIALS {
        "send them in a header: `Authorization: Basic …`"
    } else if start.contains("://") {
        "a host follows `://`, and a port is at most 65535"
    } else {
        "a URL begins with `/`, `http://`, `https://` or a template"
    };
    d.error_help(at, problem, "", help);
    None
}

/// RFC 3986 section 3.1
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// What is said of a URL with a user name or password in it (RFC 9110 section 4.2.4 deprecates them).
pub const CREDENTIALS: &str = "the URL holds a user name or password, which are not sent";

/// Whether a URL holds a user name or password.
#[must_use]
pub fn has_credentials(url: &url::Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

impl Step {
    /// Whether it runs, how often and how long.
    #[must_use]
    pub fn flow(&self) -> &Flow {
        self.flow.as_deref().unwrap_or(&flow::NONE)
    }

    /// Calls `visit` for the step and for all that stand in it, in their order: those of a group, then its `cleanup`.
    pub fn walk<'s>(&'s self, visit: &mut dyn FnMut(&'s Self)) {
        visit(self);
        if let Action::Group(steps) = &self.action {
            steps.iter().for_each(|step| step.walk(visit));
        }
        self.cleanup.iter().for_each(|step| step.walk(visit));
    }

    /// As [`Step::walk`], without what a `cleanup` does: its captures are its own.
    pub fn walk_forth<'s>(&'s self, visit: &mut dyn FnMut(&'s Self)) {
        visit(self);
        if let Action::Group(steps) = &self.action {
            steps.iter().for_each(|step| step.walk_forth(visit));
        }
    }
}
