//! One scenario: its sections in their order, in a fresh session.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::context::{Context, asks_cookies, mask, no_value, text};
use super::frame::{Frame, SessionKey};
use super::runner::Runner;
use super::{Shared, bind_all, evaluate};
use crate::outcome::{Event, Fault, Place, Section, State};
use crate::plan::Planned;
use crate::scenario::Scenario;
use crate::scenario::cases::{Cases, Row};
use crate::scenario::sessions::DEFAULT;
use crate::source::Span;
use crate::template::{Draw, Origin, Turn};
use crate::value::Value;

/// Runs a scenario, and tells what happened. Where the program itself fails, it is this scenario that does: the others go on.
pub(super) async fn run(
    shared: &Shared<'_>,
    index: usize,
    planned: &Planned,
    emit: &dyn Fn(Event),
) -> State {
    let begun = Instant::now();
    match AssertUnwindSafe(attempts(shared, index, planned, emit)).catch_unwind().await {
        Ok(state) => state,
        Err(panic) => {
            Runner::new(index, emit, None)
                .break_off(&context(shared, planned, 1), internal(&*panic));
            let (state, duration) = (State::Failed, begun.elapsed());
            emit(Event::ScenarioFinished { scenario: index, state, duration, runs: 1 });
            state
        }
    }
}

/// What a panic says.
fn internal(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("internal error: {}", text.unwrap_or("no message"))
}

/// Runs a scenario, again where it fails and may.
async fn attempts(
    shared: &Shared<'_>,
    index: usize,
    planned: &Planned,
    emit: &dyn Fn(Event),
) -> State {
    let scenario: &Scenario = &planned.scenario;
    let (name, select) = (planned.name.clone(), planned.select.clone());
    let start = scenario.start(scenario.name.at);
    let place = Place { source: Arc::clone(scenario.source()), span: Span::new(start, start) };
    emit(Event::ScenarioStarted { scenario: index, name, place, select });
    let skipped = scenario.skip.clone().map(|reason| (State::Skipped, reason));
    let stopped = || shared.stopped().map(|reason| (State::NotRun, reason));
    if let Some((state, reason)) = skipped.or_else(stopped) {
        let mut runner = Runner::new(index, emit, planned.until);
        leave_out(&mut runner, &mut context(shared, planned, 1), (state, &reason));
        let duration = Duration::ZERO;
        emit(Event::ScenarioFinished { scenario: index, state, duration, runs: 0 });
        return state;
    }
    let mut number = 0;
    loop {
        number += 1;
        let begun = Instant::now();
        let mut runner = Runner::new(index, emit, planned.until);
        runner.run = number;
        // Whether what comes of it counts is known at its end.
        runner.held = (number <= shared.retries).then(Vec::new);
        once(&mut runner, &mut context(shared, planned, number), planned.row).await;
        let may_again = runner.held.is_some() && !runner.is_broken;
        let again = may_again && runner.failed() && shared.stopped().is_none();
        for mut outcome in runner.held.take().unwrap_or_default() {
            if again {
                (outcome.state, outcome.rerun) = (State::Retried, true);
            }
            runner.finish(outcome);
        }
        if !again {
            let state = if runner.failed() { State::Failed } else { State::Passed };
            let duration = begun.elapsed();
            emit(Event::ScenarioFinished { scenario: index, state, duration, runs: number });
            return state;
        }
    }
}

/// What the run of this number begins with: nothing of the run before, and other random values.
fn context<'s>(shared: &'s Shared<'s>, planned: &'s Planned, number: u32) -> Context<'s> {
    let scenario: &Scenario = &planned.scenario;
    let home = SessionKey::of(DEFAULT);
    let outer = scenario.defaults.over(&shared.defaults);
    let mut frame = Frame::outermost(scenario, home.clone(), outer);
    frame.asks_cookies = asks_cookies(scenario, shared);
    let mut context =
        Context { home, name: &planned.name, ..Context::new(shared, scenario, frame) };
    let id = (scenario.source().identity().to_owned(), planned.name.clone());
    let row = planned.row.map(|row| row as u64 + 1);
    let around = context.scope.draw().clone();
    context.scope.set_draw(Draw { scenario: id, row, ..around });
    if number > 1 {
        context.scope.turn(Turn::Run(number));
    }
    context
}

async fn once(runner: &mut Runner<'_>, context: &mut Context<'_>, row: Option<usize>) {
    let scenario = context.root;
    let outermost = Outermost::of(context);
    let steps = async {
        if let Err(fault) = prepare(context, row) {
            runner.refuse(context, fault);
        }
        runner.section(context, Section::Setup, &scenario.setup).await;
        runner.section(context, Section::Steps, &scenario.steps).await;
    };
    let ended = AssertUnwindSafe(steps).catch_unwind().await;
    outermost.survive(runner, context, ended);
    let end = async {
        runner.clean_up(context).await;
        runner.teardown(context, Section::Teardown, &scenario.teardown).await;
    };
    let ended = AssertUnwindSafe(end).catch_unwind().await;
    outermost.survive(runner, context, ended);
}

/// Where a scenario goes on after the program itself failed somewhere in it.
pub(super) struct Outermost<'s> {
    frame: Rc<Frame<'s>>,
    home: SessionKey,
}

impl<'s> Outermost<'s> {
    pub(super) fn of(context: &Context<'s>) -> Self {
        Self { frame: Rc::clone(&context.frame), home: context.home.clone() }
    }

    /// Tells of a panic: it is this scenario's error.
    pub(super) fn survive(
        &self,
        runner: &mut Runner<'_>,
        context: &mut Context<'s>,
        ended: Result<(), Box<dyn Any + Send>>,
    ) {
        let Err(panic) = ended else { return };
        context.park();
        (context.frame, context.home) = (Rc::clone(&self.frame), self.home.clone());
        runner.break_off(context, internal(&*panic));
    }
}

/// None of its steps runs; those of `teardown` are not missed.
fn leave_out(runner: &mut Runner<'_>, context: &mut Context<'_>, why: (State, &str)) {
    let scenario = context.root;
    let lists = [(Section::Setup, &scenario.setup), (Section::Steps, &scenario.steps)];
    for (section, steps) in lists {
        steps.iter().for_each(|step| runner.skip(context, section, step, why));
    }
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
