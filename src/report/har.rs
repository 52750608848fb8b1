//! HAR 1.2: the exchanges of the run, for tools that show them; a page a scenario.

use std::io::{self, Write};

use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::outcome::record::{BodyRecord, ExchangeRecord, HopRecord, StepRecord};
use crate::outcome::{Outcome, ScenarioOutcome};
use crate::value::Value;

/// Writes the report, an entry a line.
///
/// # Errors
/// Those of `out`, and of reading the outcome back.
pub fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let creator = json!({ "name": "callsheet", "version": env!("CARGO_PKG_VERSION") });
    write!(out, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\n\"pages\":[")?;
    let mut first = true;
    for (number, scenario) in outcome.scenarios.iter().enumerate() {
        if let Some(step) = outcome.steps(scenario)?.iter().find(|step| step.exchange.is_some()) {
            next(out, &mut first, &page(number, outcome, scenario, step))?;
        }
    }
    out.write_all(b"\n],\n\"entries\":[")?;
    first = true;
    for (number, scenario) in outcome.scenarios.iter().enumerate() {
        for step in outcome.steps(scenario)? {
            let Some(exchange) = &step.exchange else { continue };
            for (index, hop) in exchange.hops.iter().enumerate() {
                let begun = begun(outcome, scenario, step.start + hop.timing.start);
                next(out, &mut first, &entry(number, &begun, (exchange, index), &step))?;
            }
        }
    }
    out.write_all(b"\n]}}\n")
}

fn next(out: &mut dyn Write, first: &mut bool, value: &Value) -> io::Result<()> {
    let comma = if std::mem::take(first) { "" } else { "," };
    write!(out, "{comma}\n{value}")
}

fn page(number: usize, outcome: &Outcome, scenario: &ScenarioOutcome, step: &StepRecord) -> Value {
    json!({
        "startedDateTime": begun(outcome, scenario, step.start),
        "id": id(number),
        "title": format!("{} › {}", scenario.planned.file, scenario.planned.name),
        "pageTimings": {},
    })
}

fn id(number: usize) -> String {
    format!("scenario-{}", number + 1)
}

/// A time of the run, so many milliseconds after its beginning.
fn begun(outcome: &Outcome, scenario: &ScenarioOutcome, after: f64) -> String {
    let run = outcome.runs.get(scenario.run);
    let started = run.and_then(|run| OffsetDateTime::parse(&run.begun.started, &Rfc3339).ok());
    let at = started.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let after = Duration::checked_seconds_f64(after / 1e3).unwrap_or_default();
    let at = at.saturating_add(after);
    let at = at.replace_nanosecond(u32::from(at.millisecond()) * 1_000_000).unwrap_or(at);
    at.format(&Rfc3339).unwrap_or_default()
}

fn entry(
    number: usize,
    begun: &str,
    (exchange, index): (&ExchangeRecord, usize),
    step: &StepRecord,
) -> Value {
    let hop = &exchange.hops[index];
    let is_first = index == 0;
    let is_last = index + 1 == exchange.hops.len();
    let mut entry = json!({
        "pageref": id(number),
        "startedDateTime": begun,
        "time": hop.timing.total,
        "request": request(hop, exchange.sent.as_ref().filter(|_| is_first)),
        "response": response(hop, exchange.body.as_ref().filter(|_| is_last)),
        "cache": {},
        "timings": timings(hop),
        "comment": super::told_name(step.section, &step.name),
    });
    if let Some(remote) = &hop.remote {
        let address = remote.rsplit_once(':').map_or(remote.as_str(), |(address, _)| address);
        entry["serverIPAddress"] = json!(address.trim_matches(['[', ']']));
    }
    if let (Some(error), true) = (&exchange.error, is_last) {
        // As browsers write it.
        entry["response"]["_error"] = json!(error);
    }
    entry
}

fn request(hop: &HopRecord, sent: Option<&BodyRecord>) -> Value {
    let version = hop.answer.as_ref().map_or("HTTP/1.1", |answer| &answer.version);
    let mut request = json!({
        "method": hop.method,
        "url": hop.url,
        "httpVersion": version,
        "cookies": [],
        "headers": headers(&hop.headers),
        "queryString": query(&hop.url),
        "headersSize": -1,
        "bodySize": hop.sent,
    });
    if let Some(body) = sent {
        let media_type = body.media_type.as_deref().unwrap_or_default();
        let text = body.text.as_ref().or(body.base64.as_ref());
        request["postData"] = json!({ "mimeType": media_type, "text": text, "params": [] });
        if body.text.is_none() {
            request["postData"]["comment"] = json!("the text is base64");
        }
    }
    request
}

fn response(hop: &HopRecord, body: Option<&BodyRecord>) -> Value {
    let (version, status, fields): (&str, u16, &[(String, String)]) = match &hop.answer {
        Some(answer) => (&answer.version, answer.status, &answer.headers),
        None => ("", 0, &[]),
    };
    let reason = http::StatusCode::from_u16(status).ok().and_then(|it| it.canonical_reason());
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let mut content = json!({
        "size": body.map_or(0, |body| body.size),
        "mimeType": field("content-type").map_or("x-unknown", String::as_str),
    });
    if let Some(body) = body {
        match (&body.text, &body.base64) {
            (Some(text), _) => content["text"] = json!(text),
            (None, Some(bytes)) => {
                content["text"] = json!(bytes);
                content["encoding"] = json!("base64");
            }
            (None, None) => {}
        }
        if body.cut {
            content["comment"] = json!("the beginning of it");
        }
    }
    json!({
        "status": status,
        "statusText": reason.unwrap_or_default(),
        "httpVersion": version,
        "cookies": [],
        "headers": headers(fields),
        "content": content,
        "redirectURL": field("location").map_or("", String::as_str),
        "headersSize": -1,
        "bodySize": -1,
    })
}

fn headers(fields: &[(String, String)]) -> Value {
    fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn query(url: &str) -> Value {
    let pairs: Vec<_> = Url::parse(url)
        .iter()
        .flat_map(|url| {
            let pairs: Vec<_> = url
                .query_pairs()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect();
            pairs
        })
        .collect();
    Value::Array(pairs)
}

/// Of what HAR has no word for, `blocked` is the time before the first phase; -1 is a phase that there was not.
fn timings(hop: &HopRecord) -> Value {
    let timing = &hop.timing;
    let phases = [timing.dns, timing.connect, timing.tls];
    let before: f64 = phases.iter().flatten().sum();
    let wait = (timing.first_byte - before).max(0.0);
    let answered = hop.answer.is_some();
    // `connect` includes `ssl` there.
    let connect = timing.connect.map(|connect| connect + timing.tls.unwrap_or_default());
    json!({
        "blocked": -1,
        "dns": timing.dns.unwrap_or(-1.0),
        "connect": connect.unwrap_or(-1.0),
        "ssl": timing.tls.unwrap_or(-1.0),
        "send": 0,
        "wait": wait,
        "receive": if answered { (timing.total - timing.first_byte).max(0.0) } else { 0.0 },
    })
}
