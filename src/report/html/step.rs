//! A step: its line, and below it what it did.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{Markup, html};

use super::super::{text, told_name};
use super::source::{Files, with_tabs};
use crate::outcome::State;
use crate::outcome::record::{BodyRecord, ExchangeRecord, HopRecord, StepRecord, TimingRecord};
use crate::scenario::quantity;

/// The longest URL on a step's line.
const LONGEST_URL: usize = 120;

/// The class and the word of a state.
pub(super) fn state(state: State) -> (&'static str, &'static str) {
    match state {
        State::Passed => ("passed", "ok"),
        State::Failed => ("failed", "failed"),
        State::NotRun => ("not-run", "not run"),
        State::Skipped => ("skipped", "skipped"),
        State::Retried => ("retried", "retried"),
    }
}

/// `12 ms`
pub(super) fn duration(milliseconds: f64) -> String {
    quantity::shown(text::milliseconds(milliseconds))
}

/// A share of a whole, as SVG has it.
pub(super) fn percent(share: f64) -> String {
    format!("{share:.2}%")
}

/// The element of a step, both numbers from 1.
pub(super) fn id(scenario: usize, step: usize) -> String {
    format!("s{scenario}-{step}")
}

/// The time that the steps of a scenario took, in milliseconds after the run began.
pub(super) struct Frame {
    start: f64,
    length: f64,
}

impl Frame {
    pub(super) fn of(steps: &[StepRecord]) -> Self {
        let start = steps.iter().map(|step| step.start).fold(f64::INFINITY, f64::min);
        let end = steps.iter().map(|step| step.start + step.duration).fold(0.0, f64::max);
        Self { start, length: (end - start).max(0.001) }
    }

    fn share(&self, time: f64) -> String {
        percent((time / self.length * 100.0).clamp(0.0, 100.0))
    }
}

/// The line of a step, which opens.
pub(super) fn row(
    id: &str,
    step: &StepRecord,
    frame: &Frame,
    files: &Files,
    is_open: bool,
) -> Markup {
    let (class, word) = if step.rerun { ("retried", "retried") } else { state(step.state) };
    let ran = step.exchange.is_some() || step.duration > 0.0;
    html! {
        details.step.(class) #(id) open[is_open] {
            summary {
                span.state { (word) } " "
                span.name { (text::clean(&told_name(step.section, &step.name))) } " "
                @if step.attempt > 1 || (step.state == State::Retried && !step.rerun) { span.note { "attempt " (step.attempt) } " " }
                @if let Some(exchange) = &step.exchange { span.request { (line(exchange)) } " " }
                @if ran {
                    span.time { (duration(step.duration)) }
                    svg.when width="90" height="8" aria-hidden="true" {
                        rect x=(frame.share(step.start - frame.start)) width=(frame.share(step.duration)) height="8" {}
                    }
                }
                @for fault in &step.faults { span.why { (text::clean(&fault.told())) } }
                @if let Some(reason) = &step.reason { span.note { (text::clean(reason)) } }
            }
            div.inner { (inner(step, files)) }
        }
    }
}

/// `GET http://127.0.0.1:8080/account → 200`
fn line(exchange: &ExchangeRecord) -> String {
    let Some(first) = exchange.hops.first() else { return "nothing was sent".to_owned() };
    let mut line = format!("{} {}", first.method, text::cut(&first.url, LONGEST_URL));
    for hop in &exchange.hops {
        match &hop.answer {
            Some(answer) => line.push_str(&format!(" → {}", answer.status)),
            None => line.push_str(" → no answer"),
        }
    }
    text::clean(&line).into_owned()
}

fn inner(step: &StepRecord, files: &Files) -> Markup {
    html! {
        @if let Some(failure) = &step.failure { (self::failure(failure)) }
        @if let Some((file, line, source, mark)) = files.place(step) {
            details.source data-source=(source) data-mark=(mark) {
                summary { "source: " (text::clean(file)) ":" (line) }
                p { a href={ "#" (mark) } { "the line in the whole file" } }
            }
        }
        @if let Some(exchange) = &step.exchange { (exchanged(exchange)) }
        @if !step.cookies.is_empty() {
            h3 { "cookies" }
            ul.cookies { @for note in &step.cookies { li { (text::clean(note)) } } }
        }
        @if let Some(snapshot) = &step.snapshot {
            p.note { @if snapshot.is_new { "wrote" } @else { "updated" } " snapshot " (text::clean(&snapshot.path)) }
        }
        @if let Some(curl) = step.exchange.as_ref().and_then(|it| it.curl.as_ref()) {
            div.curl {
                button type="button" data-copy hidden { "copy" }
                pre tabindex="0" { (text::clean_lines(curl)) }
            }
        }
        p.note { (text::clean(&step.file)) ":" (step.line) }
    }
}

/// The failure as the terminal tells it.
fn failure(failure: &str) -> Markup {
    let mut in_diff = false;
    html! {
        pre.failure tabindex="0" {
            @for line in text::clean_lines(failure).lines() {
                @match class(line, &mut in_diff) {
                    Some(class) => span.(class) { (line) },
                    None => (line),
                }
                "\n"
            }
        }
    }
}

/// What a line of a failure is: the drawing has a few forms.
fn class(line: &str, in_diff: &mut bool) -> Option<&'static str> {
    let trimmed = line.trim_start();
    if let Some(note) = trimmed.strip_prefix("= ") {
        *in_diff = note.starts_with("diff: ");
        let told = note.strip_prefix("diff: ").and_then(change);
        return told.filter(|_| *in_diff).or(Some("note"));
    }
    if line.starts_with("error") || line.starts_with("warning") {
        *in_diff = false;
        return Some("error");
    }
    if *in_diff {
        return change(trimmed);
    }
    let drawn = trimmed.split_once('|').map(|(_, drawn)| drawn.trim_start());
    match drawn {
        Some(drawn) if drawn.starts_with('^') => Some("caret"),
        _ if trimmed.starts_with("--> ") || trimmed.starts_with("::: ") => Some("at"),
        _ => None,
    }
}

/// `7 -     "author": "Another"`, the number of the line or not.
fn change(line: &str) -> Option<&'static str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    match rest.as_bytes() {
        [b'-', b' ', ..] => Some("minus"),
        [b'+', b' ', ..] => Some("plus"),
        _ => None,
    }
}

fn exchanged(exchange: &ExchangeRecord) -> Markup {
    let last = exchange.hops.len().saturating_sub(1);
    html! {
        @for (at, hop) in exchange.hops.iter().enumerate() {
            section.hop {
                h3 {
                    (text::clean(&hop.method)) " " (text::clean(&hop.url))
                    @if let Some(answer) = &hop.answer { " → " (text::clean(&answer.version)) " " (status(answer.status)) }
                }
                (waterfall(&hop.timing, exchange.duration, hop.answer.is_some()))
                @if let Some(channel) = channel(hop) { p.note { (channel) } }
                (headers("request headers", &hop.headers))
                @if at == 0 { @if let Some(sent) = &exchange.sent { (body("request body", sent)) } }
                @if let Some(answer) = &hop.answer { (headers("response headers", &answer.headers)) }
                @if at == last { @if let Some(came) = &exchange.body { (body("response body", came)) } }
            }
        }
        @if let Some(error) = &exchange.error { p.error { (text::clean(error)) } }
    }
}

/// `303 See Other`
fn status(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|it| it.canonical_reason());
    format!("{status} {}", reason.unwrap_or_default()).trim_end().to_owned()
}

fn channel(hop: &HopRecord) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(hop.remote.as_ref().map(|remote| format!("connected to {remote}")));
    if hop.reused {
        parts.push("over a kept connection".to_owned());
    }
    parts.extend(hop.tls.clone());
    (!parts.is_empty()).then(|| text::clean(&parts.join(", ")).into_owned())
}

/// The phases of a request within the time of its exchange.
fn waterfall(timing: &TimingRecord, whole: f64, answered: bool) -> Markup {
    let before: f64 = [timing.dns, timing.connect, timing.tls].iter().flatten().sum();
    let first_byte = if answered { timing.first_byte } else { timing.total };
    let phases = [
        ("dns", "name", timing.dns.unwrap_or_default()),
        ("connect", "connect", timing.connect.unwrap_or_default()),
        ("tls", "TLS", timing.tls.unwrap_or_default()),
        ("wait", "wait", (first_byte - before).max(0.0)),
        ("receive", "receive", (timing.total - first_byte).max(0.0)),
    ];
    let share = |time: f64| percent((time / whole.max(0.001) * 100.0).clamp(0.0, 100.0));
    let mut at = timing.start;
    let placed = phases.map(|(class, word, took)| {
        at += took;
        (class, word, took, at - took)
    });
    html! {
        @if timing.total > 0.0 {
            svg.waterfall width="100%" height="12" aria-hidden="true" {
                @for (class, _, took, start) in placed {
                    @if took > 0.0 { rect.(class) x=(share(start)) width=(share(took)) height="12" {} }
                }
            }
            p.phases {
                @for (class, word, took, _) in placed {
                    @if took > 0.0 { span.(class) { (word) " " (duration(took)) } " " }
                }
            }
        }
    }
}

fn headers(what: &str, headers: &[(String, String)]) -> Markup {
    html! {
        @if !headers.is_empty() {
            details {
                summary { (what) " (" (headers.len()) ")" }
                table.headers {
                    @for (name, value) in headers {
                        tr { th scope="row" { (text::clean(name)) } td { (text::clean(value)) } }
                    }
                }
            }
        }
    }
}

fn body(what: &str, body: &BodyRecord) -> Markup {
    let media_type = body.media_type.as_deref().unwrap_or_default();
    html! {
        details open[body.text.is_some()] {
            summary {
                (what) ", " (text::size(body.size))
                @if !media_type.is_empty() { " of " (text::clean(media_type)) }
                @if body.cut { ", the beginning of it" }
            }
            @if let Some(text) = &body.text {
                pre tabindex="0" data-type=[language(body, text)] {
                    // The first line break of a `pre` is not shown.
                    "\n"
                    @for line in text.lines() { (with_tabs(line)) "\n" }
                }
            } @else if let Some(bytes) = &body.base64 {
                pre tabindex="0" { (dump(bytes)) }
            }
        }
    }
}

/// What the script colours. JSON is indented, so that it must be JSON: of anything else white space would be lost.
fn language(body: &BodyRecord, text: &str) -> Option<&'static str> {
    let media_type = body.media_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let beginning = text.trim_start();
    let says_json = media_type.contains("json") && beginning.starts_with(['{', '[']);
    if says_json && body.cut || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        Some("json")
    } else if ["html", "xml"].iter().any(|it| media_type.contains(it)) || beginning.starts_with('<')
    {
        Some("markup")
    } else {
        None
    }
}

/// The first bytes in hexadecimal, sixteen a line.
fn dump(base64: &str) -> String {
    const SHOWN: usize = 512;
    let bytes = BASE64_STANDARD.decode(base64).unwrap_or_default();
    let line = |(number, line): (usize, &[u8])| {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown: String = line
            .iter()
            .map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' })
            .collect();
        format!("{:04x}  {:<47}  {shown}\n", number * 16, hex.join(" "))
    };
    bytes[..bytes.len().min(SHOWN)].chunks(16).enumerate().map(line).collect()
}
