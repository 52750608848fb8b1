//! Expectations and captures on a response; off the reactor's thread where that may take long, and never without end.

use std::time::Duration;

use super::context::{Context, helped};
use super::snapshots::{Draft, Keeper};
use crate::expect::{self, Captures, Evidence, Snapshot};
use crate::http::Exchange;
use crate::outcome::{Fault, SentBody, WrittenSnapshot};
use crate::scenario::Scenario;
use crate::scenario::capture::Capture;
use crate::scenario::expectation::Expectations;
use crate::scenario::quantity::shown;
use crate::scenario::yaml::At;
use crate::session::Cookie;
use crate::template::Scope;

/// A body up to this size is judged on the reactor's thread: that takes less than to hand it over.
const INLINE: u64 = 16 * 1024;

/// What is asked of a response.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The step's name.
    pub(super) step: &'a str,
    /// The same, as it was written.
    pub(super) written: &'a str,
    /// The place of the request line.
    pub(super) at: At,
    /// The body that was sent.
    pub(super) sent: Option<&'a SentBody>,
    pub(super) expect: &'a Expectations,
    pub(super) captures: &'a [Capture],
    /// As long as the request itself may take.
    pub(super) limit: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) faults: Vec<Fault>,
    /// The snapshot that was written.
    pub(super) snapshot: Option<WrittenSnapshot>,
}

impl From<Vec<Fault>> for Judged {
    fn from(faults: Vec<Fault>) -> Self {
        Self { faults, snapshot: None }
    }
}

/// What is wrong with the response of an exchange that has one. Captures go into the scope.
pub(super) async fn judge(
    context: &mut Context<'_>,
    asked: Asked<'_>,
    exchange: &mut Exchange,
) -> Judged {
    let Ok(response) = &exchange.result else { return Judged::default() };
    let cookies = context.session.matching(&response.url);
    let (scenario, keeper) = (context.frame.file, keeper(context));
    if response.size <= INLINE {
        return judged(scenario, asked, exchange, &cookies, &keeper, &mut context.scope);
    }
    let (scenario, mut scope) = (scenario.places(), context.scope.clone());
    let (step, written) = (asked.step.to_owned(), asked.written.to_owned());
    let (answered, sent) = (exchange.clone(), asked.sent.cloned());
    let (expect, captures) = (asked.expect.clone(), asked.captures.to_vec());
    let (at, limit) = (asked.at, asked.limit);
    let task = tokio::task::spawn_blocking(move || {
        let (expect, captures) = (&expect, captures.as_slice());
        let asked = Asked {
            step: &step,
            written: &written,
            at,
            sent: sent.as_ref(),
            expect,
            captures,
            limit,
        };
        let judged = judged(&scenario, asked, &answered, &cookies, &keeper, &mut scope);
        (judged, scope)
    });
    match tokio::time::timeout(limit, task).await {
        Ok(Ok((judged, scope))) => {
            context.scope = scope;
            judged
        }
        Ok(Err(_)) => {
            given_up(context, asked, exchange, "the response could not be judged".to_owned()).into()
        }
        Err(_) => {
            let message = format!("the response was not judged within {}", shown(limit));
            given_up(context, asked, exchange, message).into()
        }
    }
}

fn keeper(context: &Context<'_>) -> Keeper {
    Keeper {
        snapshots: context.shared.snapshots.clone(),
        root: context.shared.plan.root.clone(),
        masks: context.masks.clone(),
        all_masks: context.shared.plan.masks.clone(),
    }
}

/// What would have been captured as a secret is not known, so that nothing of the response may be shown.
fn given_up(
    context: &Context<'_>,
    asked: Asked<'_>,
    exchange: &mut Exchange,
    message: String,
) -> Vec<Fault> {
    if let (true, Ok(response)) =
        (asked.captures.iter().any(|one| one.secret), &mut exchange.result)
    {
        response.body = bytes::Bytes::new();
    }
    let help = "simpler paths and patterns take less time; `timeouts: {request: …}` is the limit";
    vec![helped(context.place(asked.at), message, help)]
}

fn judged(
    scenario: &Scenario,
    asked: Asked<'_>,
    exchange: &Exchange,
    cookies: &[Cookie],
    keeper: &Keeper,
    scope: &mut Scope,
) -> Judged {
    let Ok(response) = &exchange.result else { return Judged::default() };
    let evidence = Evidence::new(exchange, response, cookies).with_sent(asked.sent);
    let mut faults = expect::evaluate(scenario, asked.expect, asked.at, &evidence, scope);
    let captures = Captures { scenario, step: asked.step, masks: &keeper.masks };
    let mut kept = None;
    if let Some(expected) = &asked.expect.snapshot {
        // What this step captures as a secret may not stand in it.
        captures.mask(asked.captures, &evidence, scope);
        let snapshot = Snapshot::new(scenario, expected, scope, &keeper.all_masks);
        match snapshot.and_then(|it| Ok((keeper.judge(&it, &evidence)?, it))) {
            Ok((draft, snapshot)) => kept = draft.map(|draft| (snapshot, draft)),
            Err(fault) => {
                faults.push(*fault);
                expect::in_order(&mut faults);
            }
        }
    }
    if !faults.is_empty() {
        captures.mask(asked.captures, &evidence, scope);
        return faults.into();
    }
    let faults = captures.take(asked.captures, &evidence, scope);
    match kept {
        Some((snapshot, draft)) if faults.is_empty() => write(keeper, &snapshot, asked, &draft),
        _ => faults.into(),
    }
}

/// Only a response of which all holds is written.
fn write(keeper: &Keeper, snapshot: &Snapshot<'_>, asked: Asked<'_>, draft: &Draft) -> Judged {
    match keeper.write(snapshot, asked.written, draft) {
        Ok(snapshot) => Judged { faults: Vec::new(), snapshot },
        Err(fault) => vec![*fault].into(),
    }
}
