//! One scenario: its sections in their order, in a fresh session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::context::{Context, asks_cookies, mask, no_value, text};
use super::frame::{Frame, SessionKey};
use super::runner::Runner;
use super::{Shared, bind_all, evaluate};
use crate::outcome::{Event, Fault, Section, State};
use crate::plan::Planned;
use crate::scenario::Scenario;
use crate::scenario::cases::{Cases, Row};
use crate::scenario::sessions::DEFAULT;
use crate::template::Origin;
use crate::value::Value;

/// Runs a scenario and tells what happened.
pub(super) async fn run(
    shared: &Shared<'_>,
    index: usize,
    planned: &Planned,
    emit: &dyn Fn(Event),
) {
    let scenario: &Scenario = &planned.scenario;
    let begun = Instant::now();
    let home = SessionKey::of(DEFAULT);
    let outer = scenario.defaults.over(&shared.defaults);
    let mut frame = Frame::outermost(scenario, home.clone(), outer);
    frame.asks_cookies = asks_cookies(scenario, shared);
    let name = planned.name.as_str();
    let mut context = Context { home, name, ..Context::new(shared, scenario, frame) };
    let (name, place) = (name.to_owned(), context.line(scenario.name.at));
    emit(Event::ScenarioStarted { scenario: index, name, place });
    let mut runner = Runner::new(index, emit, planned.until);
    if let Some(reason) = shared.stopped() {
        runner.stop(&reason);
        runner.section(&mut context, Section::Setup, &scenario.setup).await;
        runner.section(&mut context, Section::Steps, &scenario.steps).await;
        let (state, duration) = (State::NotRun, Duration::ZERO);
        return emit(Event::ScenarioFinished { scenario: index, state, duration });
    }
    match prepare(&mut context, planned.row) {
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

/// Variables are evaluated once, when the scenario begins; those of its row take the place of its own.
fn prepare(context: &mut Context<'_>, row: Option<usize>) -> Result<(), Fault> {
    let scenario = context.root;
    context.join_to(context.shared.base_url.clone());
    let row = scenario.cases.as_ref().zip(row);
    if let Some((cases, index)) = row {
        bind_row(context, cases, index)?;
    }
    let row = row.and_then(|(cases, index)| cases.rows.get(index));
    let own = scenario.vars.iter().filter(|(name, _)| row.is_none_or(|row| !row.has(&name.value)));
    let bound = bind_all(&mut context.scope, own, None, scenario.source(), |at| scenario.span(at));
    // Also where a later variable has no value: its message may have this one.
    mask(context)?;
    bound.map_err(|error| Fault::from(*error))?;
    if let Some(url) = &scenario.base_url {
        let base_url = text(context, url)?;
        context.join_to(Some(base_url));
    }
    Ok(())
}

fn bind_row(context: &mut Context<'_>, cases: &Cases, index: usize) -> Result<(), Fault> {
    let Some(Row { span, vars }) = cases.rows.get(index) else { return Ok(()) };
    let number = index + 1;
    let case = [("index".to_owned(), Value::from(number))];
    context.scope.bind("case", Value::Object(case.into_iter().collect()), Origin::Program);
    for var in vars {
        let value = evaluate(&var.value, &context.scope)
            .map_err(|(text, error)| no_value(context, text, error))?;
        let source = Arc::clone(&cases.source);
        context.scope.bind(&*var.name, value, Origin::Row { number, source, span: *span });
    }
    Ok(())
}
