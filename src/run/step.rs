//! One step: done, judged, and explained where it failed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::context::Context;
use super::judge::{self, Asked};
use super::request::Prepared;
use super::{auth, flow, request, session_action};
use crate::expect;
use crate::http::{Around, Exchange, Hop};
use crate::openapi::Asked as Covered;
use crate::outcome::{self, StepOutcome, UsedValue};
use crate::scenario::capture::CaptureSource;
use crate::scenario::decode::Text;
use crate::scenario::expectation::Expectations;
use crate::scenario::step::{Action, Request, Step};
use crate::scenario::visit;
use crate::template::UseKind;

/// The step's name, its expressions evaluated where they have values.
pub(super) fn name(context: &Context<'_>, step: &Step) -> String {
    match &step.name {
        Some(name) => {
            name.value.text(&context.scope).unwrap_or_else(|_| name.value.source().to_owned())
        }
        None => match &step.session {
            Some(session) => format!("{} as {}", visit::step_name(step), session.value),
            None => visit::step_name(step).to_owned(),
        },
    }
}

/// Does what the step says; what is wrong goes into the outcome.
pub(super) async fn run(
    context: &mut Context<'_>,
    step: &Step,
    expect: &Expectations,
    outcome: &mut StepOutcome,
) {
    context.session.begin(&outcome.name);
    context.offer_cookies(None);
    match &step.action {
        Action::Request(request) => exchange(context, (step, request), expect, outcome).await,
        Action::Session(at, action) => match session_action::act(context, *at, action) {
            Ok(by_hand) => outcome.by_hand = by_hand,
            Err(fault) => outcome.faults.push(fault),
        },
        Action::Wait(time) => match flow::period(context, time) {
            Ok(time) => tokio::time::sleep(time).await,
            Err(fault) => outcome.faults.push(fault),
        },
        // Its steps are run one by one.
        Action::Group(_) | Action::Use(_) => {}
    }
    if !outcome.faults.is_empty() {
        for capture in &step.captures {
            if context.scope.get(&capture.name.value).is_none() {
                context.scope.mark_unset(&capture.name.value, &outcome.name);
            }
        }
    }
}

async fn exchange(
    context: &mut Context<'_>,
    (step, written): (&Step, &Request),
    expect: &Expectations,
    outcome: &mut StepOutcome,
) {
    let outer = Arc::clone(context.defaults());
    let prepared = match request::prepare(context, written, &outer) {
        Ok(prepared) => prepared,
        Err(fault) => return outcome.faults.push(fault),
    };
    let Prepared { request, mut settings, auth, target, sent } = prepared;
    outcome.sent_body = sent;
    let left = context.limit.as_ref().map(|it| it.end.saturating_duration_since(Instant::now()));
    let is_short = left.is_some_and(|left| left < settings.request_timeout);
    settings.request_timeout = settings.request_timeout.min(left.unwrap_or(Duration::MAX));
    settings.hash_body = expect.bytes.is_some() && !needs_body(step, expect);
    let mut credentials = match auth::begin(context, auth, &request, &settings).await {
        Ok(credentials) => credentials,
        Err(fault) => return outcome.faults.push(fault),
    };
    // What was done before is no news of this step.
    context.session.take_notes();
    let (cookies, meter) = (&mut context.session, &context.meter);
    let around = Around { cookies, credentials: &mut credentials, meter, target };
    let mut exchange = context.shared.client.exchange_with(request, &settings, around).await;
    if let (Err(failure), true) = (&mut exchange.result, is_short)
        && failure.kind() == "timeout"
    {
        failure.remedy.get_or_insert_with(|| "the limit is the step's `timeout`".to_owned());
    }
    outcome.faults.extend(auth::end(context, credentials, auth));
    outcome.cookies = context.session.take_notes();
    if context.shared.plan.has_snapshots {
        outcome::learn(&context.masks, &exchange);
    }
    match &exchange.result {
        Err(failure) => {
            let place = context.place(written.at);
            let scope = &mut context.scope;
            let faults =
                expect::evaluate_failure(context.frame.file, expect, place, failure, scope);
            outcome.faults.extend(faults);
        }
        Ok(response) => {
            context.offer_cookies(Some(&response.url));
            let (at, captures, limit) = (written.at, &step.captures, settings.request_timeout);
            let (step, written) = (outcome.name.as_str(), visit::step_name(step));
            let sent = outcome.sent_body.as_ref();
            let asked = Asked { step, written, at, sent, expect, captures, limit };
            let judged = judge::judge(context, asked, &mut exchange).await;
            outcome.faults.extend(judged.faults);
            outcome.snapshot = judged.snapshot.map(Box::new);
        }
    }
    outcome.covers = covers(context, &exchange);
    outcome.exchange = Some(Box::new(exchange));
}

/// What the exchange asked for of the project's OpenAPI document; where there is a base URL, other servers have nothing to
/// do with it.
fn covers(context: &Context<'_>, exchange: &Exchange) -> Vec<Covered> {
    let project = context.shared.plan.project.as_ref();
    let Some(document) = project.and_then(|it| it.openapi.as_ref()?.document.get()) else {
        return Vec::new();
    };
    let base = context.frame.base_url.as_ref().and_then(|url| Url::parse(url).ok());
    let own = |hop: &&Hop| base.as_ref().is_none_or(|base| base.origin() == hop.url.origin());
    let asked = |hop: &Hop| {
        let status = hop.answer.as_ref()?.status;
        document.asked(&hop.method, &hop.url, status)
    };
    exchange.hops.iter().filter(own).filter_map(asked).collect()
}

/// Whether anything but `bytes` looks at the body, so that it has to be held.
fn needs_body(step: &Step, expect: &Expectations) -> bool {
    let header_only = |source: &CaptureSource| {
        matches!(
            source,
            CaptureSource::Header(_)
                | CaptureSource::Cookie(_)
                | CaptureSource::Status
                | CaptureSource::Url
        )
    };
    let looks = !expect.json.is_empty() || expect.body.is_some() || !expect.check.is_empty();
    let looks = looks || expect.schema.is_some() || expect.openapi.is_some();
    let looks = looks || expect.snapshot.is_some() || expect.markup.is_some();
    looks || step.captures.iter().any(|capture| !header_only(&capture.source))
}

/// Why a step of the teardown has nothing to undo: it uses a capture of a step that did not come so far.
pub(super) fn missing(context: &Context<'_>, step: &Step) -> Option<String> {
    let mut texts: Vec<&Text> = Vec::new();
    visit::step(step, &mut |text| texts.push(text));
    let mut uses = texts.iter().flat_map(|text| text.value.expressions()).flat_map(|e| e.uses());
    uses.find_map(|used| match used.kind {
        UseKind::Name { optional: false, .. } => {
            let by = context.scope.not_captured_by(&used.name)?;
            Some(format!("`{}` has no value: step `{by}` did not capture it", used.name))
        }
        _ => None,
    })
}

/// Adds to a failed step what helps to understand it.
pub(super) fn explain(context: &mut Context<'_>, step: &Step, outcome: &mut StepOutcome) {
    outcome.values = used_values(context, step);
    let mut named: Vec<&str> =
        step.expect.cookies.iter().map(|(name, _)| name.value.as_str()).collect();
    named.extend(step.expect.set_cookies.iter().map(|(name, _)| name.value.as_str()));
    for hop in outcome.exchange.iter().flat_map(|exchange| &exchange.hops) {
        for note in context.session.earlier(&hop.url, &named) {
            if !outcome.cookies.contains(&note) {
                outcome.cookies.push(note);
            }
        }
    }
}

/// The variables that the step's texts name, each once, in the order of their use.
fn used_values(context: &Context<'_>, step: &Step) -> Vec<UsedValue> {
    let mut texts: Vec<&Text> = Vec::new();
    visit::settings(context.defaults(), &mut |text| texts.push(text));
    visit::step(step, &mut |text| texts.push(text));
    texts.extend(&step.expect.check);
    let mut seen = HashSet::new();
    let uses = texts.iter().flat_map(|text| text.value.expressions()).flat_map(|e| e.uses());
    uses.filter(|used| matches!(used.kind, UseKind::Name { .. }))
        .filter(|used| !["run", "env", "secret", "server"].contains(&used.name.as_str()))
        .filter(|used| seen.insert(used.name.as_str()))
        .filter_map(|used| {
            let binding = context.scope.get(&used.name)?;
            let (value, origin) = (binding.value.clone(), binding.origin.to_string());
            Some(UsedValue { name: used.name.clone(), value, origin })
        })
        .collect()
}
