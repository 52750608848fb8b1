//! One scenario: its sections in their order, in a fresh session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::context::{Context, Sessions, asks_cookies, mask, no_value};
use super::runner::Runner;
use super::{Shared, bind_all};
use crate::http::Meter;
use crate::outcome::{Event, Fault, Section, State};
use crate::plan::Planned;
use crate::scenario::sessions::DEFAULT;
use crate::session::Session;
use crate::template::Draw;

/// Runs a scenario and tells what happened.
pub(super) async fn run(
    shared: &Shared<'_>,
    index: usize,
    planned: &Planned,
    emit: &dyn Fn(Event),
) {
    let scenario = &planned.scenario;
    let begun = Instant::now();
    let mut context = Context {
        shared,
        root: scenario,
        scenario,
        scope: shared.scope.clone(),
        home: DEFAULT.to_owned(),
        sessions: Sessions::default(),
        session: Session::new(),
        base_url: None,
        defaults: Arc::default(),
        outer: scenario.defaults.over(&shared.defaults),
        asks_cookies: asks_cookies(scenario, shared),
        meter: Meter::default(),
        limit: None,
    };
    let (name, place) = (scenario.name.value.clone(), context.line(scenario.name.at));
    let id = (scenario.source().identity().to_owned(), name.clone());
    context.scope.set_draw(Draw { scenario: id, ..shared.scope.draw().clone() });
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
    runner.teardown(&mut context, Section::Teardown, &scenario.teardown).await;
    let state = if runner.failed() { State::Failed } else { State::Passed };
    emit(Event::ScenarioFinished { scenario: index, state, duration: begun.elapsed() });
}

/// Variables are evaluated once, when the scenario begins.
fn prepare(context: &mut Context<'_>) -> Result<(), Fault> {
    let scenario = context.scenario;
    context.base_url = context.shared.base_url.clone();
    let bound = bind_all(&mut context.scope, &scenario.vars, None, scenario.source(), |at| {
        scenario.span(at)
    });
    // Also where a later variable has no value: its message may have this one.
    mask(context)?;
    bound.map_err(|error| Fault::from(*error))?;
    if let Some(text) = &scenario.base_url {
        let url = text.value.text(&context.scope);
        context.base_url = Some(url.map_err(|error| no_value(context, text, error))?);
    }
    Ok(())
}
