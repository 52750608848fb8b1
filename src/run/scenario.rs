//! One scenario: its sections in their order, in a fresh session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::step;
use super::{Shared, bind_all};
use crate::mask;
use crate::outcome::{Event, Fault, Place, Section, State, StepOutcome};
use crate::plan::Planned;
use crate::scenario::Scenario;
use crate::scenario::names::step_name;
use crate::scenario::settings::Settings;
use crate::scenario::step::Step;
use crate::scenario::yaml::At;
use crate::session::Session;
use crate::source::Span;
use crate::template::Scope;
use crate::value;

/// What the steps of one scenario share.
pub(super) struct Context<'s> {
    pub(super) shared: &'s Shared<'s>,
    pub(super) scenario: &'s Scenario,
    pub(super) scope: Scope,
    pub(super) session: Session,
    pub(super) base_url: Option<String>,
    /// The settings around a step's own.
    pub(super) defaults: Settings,
}

impl Context<'_> {
    /// A place of which the line alone will be told: every step has one, so that it must cost nothing.
    fn line(&self, at: At) -> Place {
        let start = self.scenario.start(at);
        Place { source: Arc::clone(self.scenario.source()), span: Span::new(start, start) }
    }

    /// A place in the scenario, or in the project file whose `defaults` are part of every request.
    pub(super) fn place(&self, at: At) -> Place {
        match &self.shared.plan.project {
            Some(project) if at.in_project() => {
                Place { source: Arc::clone(project.source()), span: project.span(at) }
            }
            _ => Place { source: Arc::clone(self.scenario.source()), span: self.scenario.span(at) },
        }
    }
}

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
        scenario,
        scope: shared.scope.clone(),
        session: Session::new(),
        base_url: None,
        defaults: scenario.defaults.over(&shared.defaults),
    };
    let (name, place) = (scenario.name.value.clone(), context.line(scenario.name.at));
    emit(Event::ScenarioStarted { scenario: index, name, place });
    let mut runner = Runner { index, emit, left: planned.until, failed: false, stopped: None };
    if shared.is_stopped() {
        runner.stopped = Some(INTERRUPTED.to_owned());
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
    runner.teardown(&mut context, &scenario.teardown).await;
    let state = if runner.failed { State::Failed } else { State::Passed };
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
        context.base_url = Some(url.map_err(|error| step::no_value(context, text, error))?);
    }
    Ok(())
}

/// The variables that `secrets` names are masked from here on.
fn mask(context: &Context<'_>) -> Result<(), Fault> {
    for name in &context.scenario.secrets {
        let Some(binding) = context.scope.get(&name.value) else { continue };
        if let Some(why) = mask::too_short(&value::text(&binding.value)) {
            let message = format!("the secret variable `{}` {why}", name.value);
            return Err(step::helped(context.place(name.at), message, mask::TOO_SHORT_HELP));
        }
        context.shared.plan.masks.add_value(&binding.value);
    }
    Ok(())
}

/// Runs sections and keeps what decides about the steps that follow.
struct Runner<'e> {
    index: usize,
    emit: &'e dyn Fn(Event),
    /// How many steps of setup and steps may still run, for `file.yaml:LINE`.
    left: Option<usize>,
    failed: bool,
    /// Why the steps that follow do not run.
    stopped: Option<String>,
}

impl Runner<'_> {
    /// The scenario cannot begin: that is told at its first step.
    fn refuse(&mut self, context: &Context<'_>, fault: Fault) {
        self.failed = true;
        self.stopped = Some("the scenario could not begin".to_owned());
        let first = context.scenario.all_steps().next().map(|step| step.at);
        let place = context.place(first.unwrap_or(context.scenario.name.at));
        let mut outcome = outcome(Section::Setup, "variables".to_owned(), place);
        outcome.state = State::Failed;
        outcome.faults.push(fault);
        self.finish(outcome);
    }

    async fn section(&mut self, context: &mut Context<'_>, section: Section, steps: &[Step]) {
        for step in steps {
            match &mut self.left {
                Some(0) => {
                    mark_unset(context, step);
                    continue;
                }
                Some(left) => *left -= 1,
                None => {}
            }
            if context.shared.is_stopped() {
                self.stopped.get_or_insert_with(|| INTERRUPTED.to_owned());
                self.failed = true;
            }
            match &self.stopped {
                None => self.step(context, section, step).await,
                Some(reason) => {
                    let reason = reason.clone();
                    self.skip(context, section, step, reason);
                }
            }
        }
    }

    /// Every step of it runs, whatever failed before, but for those that would undo what was never done.
    async fn teardown(&mut self, context: &mut Context<'_>, steps: &[Step]) {
        for step in steps {
            match step::missing(context, step) {
                None => self.step(context, Section::Teardown, step).await,
                Some(reason) => self.skip(context, Section::Teardown, step, reason),
            }
        }
    }

    async fn step(&mut self, context: &mut Context<'_>, section: Section, step: &Step) {
        let name = step::name(context, step);
        (self.emit)(Event::StepStarted { scenario: self.index, name: name.clone() });
        let mut outcome = outcome(section, name, context.line(step.at));
        let begun = Instant::now();
        if section == Section::Teardown {
            step::run(context, step, &mut outcome).await;
        } else {
            let shared = context.shared;
            tokio::select! {
                biased;
                () = step::run(context, step, &mut outcome) => {}
                () = shared.stopped() => {
                    let fault = step::invalid(context.place(step.at), INTERRUPTED.to_owned());
                    outcome.faults.push(fault);
                }
            }
        }
        outcome.duration = begun.elapsed();
        if !outcome.faults.is_empty() {
            outcome.state = State::Failed;
            step::explain(context, step, &mut outcome);
            self.failed = true;
            if !step.continue_on_failure && section != Section::Teardown {
                self.stopped = Some(format!("step `{}` failed", outcome.name));
            }
        }
        self.finish(outcome);
    }

    fn skip(&self, context: &mut Context<'_>, section: Section, step: &Step, reason: String) {
        mark_unset(context, step);
        let mut outcome = outcome(section, step_name(step).to_owned(), context.line(step.at));
        outcome.state = State::NotRun;
        outcome.reason = Some(reason);
        self.finish(outcome);
    }

    fn finish(&self, outcome: StepOutcome) {
        (self.emit)(Event::StepFinished { scenario: self.index, step: Box::new(outcome) });
    }
}

/// Why a step does not run, or was given up.
const INTERRUPTED: &str = "the run was interrupted";

/// What a step that does not run was to capture has no value, and who uses it is told so.
fn mark_unset(context: &mut Context<'_>, step: &Step) {
    for capture in &step.captures {
        context.scope.mark_unset(&capture.name.value, step_name(step));
    }
}

fn outcome(section: Section, name: String, place: Place) -> StepOutcome {
    StepOutcome {
        section,
        name,
        place,
        state: State::Passed,
        faults: Vec::new(),
        duration: Duration::ZERO,
        exchange: None,
        sent_body: None,
        values: Vec::new(),
        cookies: Vec::new(),
        reason: None,
    }
}
