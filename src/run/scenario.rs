//! One scenario: its sections in their order, in a fresh session.

use std::time::{Duration, Instant};

use super::context::{Context, asks_cookies, mask, text};
use super::frame::{Frame, SessionKey};
use super::runner::Runner;
use super::{Shared, bind_all};
use crate::outcome::{Event, Fault, Section, State};
use crate::plan::Planned;
use crate::scenario::sessions::DEFAULT;

/// Runs a scenario and tells what happened.
pub(super) async fn run(
    shared: &Shared<'_>,
    index: usize,
    planned: &Planned,
    emit: &dyn Fn(Event),
) {
    let scenario = &planned.scenario;
    let begun = Instant::now();
    let home = SessionKey::of(DEFAULT);
    let outer = scenario.defaults.over(&shared.defaults);
    let mut frame = Frame::outermost(scenario, home.clone(), outer);
    frame.asks_cookies = asks_cookies(scenario, shared);
    let mut context = Context { home, ..Context::new(shared, scenario, frame) };
    let (name, place) = (scenario.name.value.clone(), context.line(scenario.name.at));
    emit(Event::ScenarioStarted { scenario: index, name, place });
    let mut runner = Runner::new(index, emit, planned.until);
    if let Some(reason) = shared.stopped() {
        runner.stop(&reason);
        runner.section(&mut context, Section::Setup, &scenario.setup).await;
        runner.section(&mut context, Section::Steps, &scenario.steps).await;
        let (state, duration) = (State::NotRun, Duration::ZERO);
        return emit(Event::ScenarioFinished { scenario: index, state, duration });
    }
    match prepare(&mut context) {
        Ok(()) => {}
        Err(fault) => runner.refuse(&context, fault),
    }
    runner.section(&mut context, Section::Setup, &scenario.setup).await;
    runner.section(&mut context, Section::Steps, &scenario.steps).await;
    runner.clean_up(&mut context).await;
    runner.teardown(&mut context, Section::Teardown, &scenario.teardown).await;
    let state = if runner.failed() { State::Failed } else { State::Passed };
    emit(Event::ScenarioFinished { scenario: index, state, duration: begun.elapsed() });
}

/// Variables are evaluated once, when the scenario begins.
fn prepare(context: &mut Context<'_>) -> Result<(), Fault> {
    let scenario = context.root;
    context.join_to(context.shared.base_url.clone());
    let bound = bind_all(&mut context.scope, &scenario.vars, None, scenario.source(), |at| {
        scenario.span(at)
    });
    // Also where a later variable has no value: its message may have this one.
    mask(context)?;
    bound.map_err(|error| Fault::from(*error))?;
    if let Some(url) = &scenario.base_url {
        let base_url = text(context, url)?;
        context.join_to(Some(base_url));
    }
    Ok(())
}
