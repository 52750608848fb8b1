//! Expectations and captures on a response; off the reactor's thread where that may take long, and never without end.

use std::time::Duration;

use super::context::{Context, helped};
use crate::expect::{self, Captures, Evidence};
use crate::http::Exchange;
use crate::mask::Masks;
use crate::outcome::Fault;
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
    /// The place of the request line.
    pub(super) at: At,
    pub(super) expect: &'a Expectations,
    pub(super) captures: &'a [Capture],
    /// As long as the request itself may take.
    pub(super) limit: Duration,
}

/// What is wrong with the response of an exchange that has one. Captures go into the scope.
pub(super) async fn judge(
    context: &mut Context<'_>,
    asked: Asked<'_>,
    exchange: &mut Exchange,
) -> Vec<Fault> {
    let Ok(response) = &exchange.result else { return Vec::new() };
    let cookies = context.session.matching(&response.url);
    let (scenario, masks) = (context.frame.file, &context.shared.plan.masks);
    if response.size <= INLINE {
        return judged(scenario, asked, exchange, &cookies, masks, &mut context.scope);
    }
    let (scenario, masks, mut scope) = (scenario.places(), masks.clone(), context.scope.clone());
    let (step, sent) = (asked.step.to_owned(), exchange.clone());
    let (expect, captures) = (asked.expect.clone(), asked.captures.to_vec());
    let (at, limit) = (asked.at, asked.limit);
    let task = tokio::task::spawn_blocking(move || {
        let asked = Asked { step: &step, at, expect: &expect, captures: &captures, limit };
        let faults = judged(&scenario, asked, &sent, &cookies, &masks, &mut scope);
        (faults, scope)
    });
    match tokio::time::timeout(limit, task).await {
        Ok(Ok((faults, scope))) => {
            context.scope = scope;
            faults
        }
        Ok(Err(_)) => {
            given_up(context, asked, exchange, "the response could not be judged".to_owned())
        }
        Err(_) => {
            let message = format!("the response was not judged within {}", shown(limit));
            given_up(context, asked, exchange, message)
        }
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
    masks: &Masks,
    scope: &mut Scope,
) -> Vec<Fault> {
    let Ok(response) = &exchange.result else { return Vec::new() };
    let evidence = Evidence::new(exchange, response, cookies);
    let faults = expect::evaluate(scenario, asked.expect, asked.at, &evidence, scope);
    let captures = Captures { scenario, step: asked.step, masks };
    if faults.is_empty() {
        return captures.take(asked.captures, &evidence, scope);
    }
    captures.mask(asked.captures, &evidence, scope);
    faults
}
