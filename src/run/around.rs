//! The project file's `setup` and `teardown`: steps around all scenarios, in one session.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::Shared;
use super::context::{Context, asks_cookies};
use super::frame::{Frame, SessionKey};
use super::runner::Runner;
use super::scenario::Outermost;
use crate::outcome::{Event, Section, State};
use crate::scenario::Scenario;
use crate::scenario::sessions::DEFAULT;
use crate::template::Draw;

/// Runs `setup`; gives what `teardown` goes on with.
pub(super) async fn begin<'s>(shared: &'s Shared<'s>, emit: &dyn Fn(Event)) -> Option<Context<'s>> {
    let project = shared.plan.project.as_ref()?;
    let setup = project.setup.as_ref();
    let mut context = context(shared, setup.or(project.teardown.as_ref())?);
    let Some(setup) = setup else { return Some(context) };
    let begun = Instant::now();
    let mut runner = start(&context, setup, 0, emit);
    let outermost = Outermost::of(&context);
    let steps = runner.section(&mut context, Section::Steps, &setup.steps);
    let ended = AssertUnwindSafe(steps).catch_unwind().await;
    outermost.survive(&mut runner, &mut context, ended);
    if runner.failed() {
        let why = "the project file's `setup` failed".to_owned();
        shared.halted.borrow_mut().get_or_insert(why);
    }
    for name in super::sessions::captured(setup, shared) {
        if let Some(binding) = context.scope.get(name) {
            let (value, origin) = (binding.value.clone(), binding.origin.clone());
            shared.scope.borrow_mut().bind(name, value, origin);
        }
    }
    finish(&runner, 0, begun.elapsed(), emit);
    Some(context)
}

/// Undoes what `setup` did, and runs `teardown`, whatever failed.
pub(super) async fn end(shared: &Shared<'_>, context: Option<Context<'_>>, emit: &dyn Fn(Event)) {
    let (Some(mut context), Some(project)) = (context, &shared.plan.project) else { return };
    let teardown = project.teardown.as_ref();
    if teardown.is_none() && context.cleanups.borrow().len() == 0 {
        return;
    }
    let begun = Instant::now();
    let index = first(shared) + shared.plan.scenarios.len();
    let mut runner = start(&context, teardown.unwrap_or(context.root), index, emit);
    let outermost = Outermost::of(&context);
    let steps = async {
        runner.clean_up(&mut context).await;
        let steps = teardown.map_or(&[][..], |teardown| &teardown.steps);
        runner.teardown(&mut context, Section::Steps, steps).await;
    };
    let ended = AssertUnwindSafe(steps).catch_unwind().await;
    outermost.survive(&mut runner, &mut context, ended);
    finish(&runner, index, begun.elapsed(), emit);
}

/// The number of the first scenario in the events: `setup` comes before it.
pub(super) fn first(shared: &Shared<'_>) -> usize {
    let setup = shared.plan.project.as_ref().and_then(|project| project.setup.as_ref());
    usize::from(setup.is_some())
}

fn context<'s>(shared: &'s Shared<'s>, steps: &'s Scenario) -> Context<'s> {
    let home = SessionKey::of(DEFAULT);
    let mut frame = Frame::outermost(steps, home.clone(), shared.defaults.clone());
    frame.asks_cookies = asks_cookies(steps, shared);
    frame.base_url.clone_from(&shared.base_url);
    // What it captures as a secret is one in every snapshot.
    let masks = shared.masks.clone();
    let mut context = Context { home, masks, ..Context::new(shared, steps, frame) };
    context.scope.set_masks(context.masks.clone());
    let id = (steps.source().identity().to_owned(), String::new());
    let around = context.scope.draw().clone();
    context.scope.set_draw(Draw { scenario: id, ..around });
    context
}

fn start<'e>(
    context: &Context<'_>,
    steps: &Scenario,
    index: usize,
    emit: &'e dyn Fn(Event),
) -> Runner<'e> {
    let (name, place) = (steps.name.value.clone(), context.line(steps.name.at));
    emit(Event::ScenarioStarted { scenario: index, name, place, select: None });
    Runner::new(index, emit, None)
}

fn finish(runner: &Runner<'_>, index: usize, duration: Duration, emit: &dyn Fn(Event)) {
    let state = if runner.failed() { State::Failed } else { State::Passed };
    emit(Event::ScenarioFinished { scenario: index, state, duration, runs: 1 });
}
