//! The steps of a list, one after the other, and what a failed one means for those that follow.

use std::time::{Duration, Instant};

use super::context::{CannotEnter, Context, Limit, helped};
use super::sessions;
use super::step;
use crate::http::Meter;
use crate::outcome::{AccessCell, Breaker, Event, Fault, Place, Section, State, StepOutcome};
use crate::scenario::access::Cell;
use crate::scenario::capture::Capture;
use crate::scenario::names;
use crate::scenario::step::{Action, Step};
use crate::template::Turn;

/// So often is told how many bytes have passed.
const TRAFFIC_EVERY: Duration = Duration::from_millis(200);

/// Runs sections and keeps what decides about the steps that follow.
pub(super) struct Runner<'e> {
    index: usize,
    emit: &'e dyn Fn(Event),
    /// What stands before the names of the steps: the way to them.
    pub(super) way: Option<String>,
    /// The step of the scenario that these steps run for, where they are not its own.
    pub(super) asked: Option<Place>,
    /// How many steps of setup and steps may still run, for `file.yaml:LINE`.
    pub(super) left: Option<usize>,
    /// The first step that failed.
    pub(super) failed: Option<FailedStep>,
    /// Why the steps that follow do not run.
    pub(super) stopped: Option<String>,
    /// The item that the step under way runs for.
    pub(super) item: Option<String>,
    /// Which run of the scenario this is, from 1.
    pub(super) run: u32,
    /// What came of the run under way: whether it counts is known at its end.
    pub(super) held: Option<Vec<StepOutcome>>,
    /// Likewise, of the attempt under way.
    pub(super) tried: Option<Vec<StepOutcome>>,
    /// Whether the program itself failed.
    pub(super) is_broken: bool,
}

/// A step that failed.
#[derive(Clone, Debug)]
pub(super) struct FailedStep {
    /// Its name, as it is shown.
    pub(super) name: String,
    pub(super) place: Place,
}

impl<'e> Runner<'e> {
    /// For the scenario of this number; `left` is how many of its steps may run, if not all.
    pub(super) fn new(index: usize, emit: &'e dyn Fn(Event), left: Option<usize>) -> Self {
        Self {
            index,
            emit,
            way: None,
            asked: None,
            left,
            failed: None,
            stopped: None,
            item: None,
            run: 1,
            held: None,
            tried: None,
            is_broken: false,
        }
    }

    /// For the steps of a login, where the step at this place asks for it. They are no part of an attempt; what is held of
    /// the run goes to them, and must be taken back.
    pub(super) fn within(&mut self, way: String, asked: Place) -> Self {
        let asked = Some(self.asked.clone().unwrap_or(asked));
        let held = self.held.take();
        let (way, run) = (Some(way), self.run);
        Self { way, asked, run, held, ..Self::new(self.index, self.emit, None) }
    }

    pub(super) fn failed(&self) -> bool {
        self.failed.is_some()
    }

    /// The first step that failed.
    pub(super) fn first_failure(&self) -> Option<FailedStep> {
        self.failed.clone()
    }

    /// No step runs from here on.
    pub(super) fn stop(&mut self, reason: &str) {
        self.stopped.get_or_insert_with(|| reason.to_owned());
    }

    /// The scenario cannot begin: that is told at its first step.
    pub(super) fn refuse(&mut self, context: &Context<'_>, fault: Fault) {
        self.stop("the scenario could not begin");
        self.told_at_first(context, "variables", fault);
    }

    /// The program itself failed in the scenario. What was done is kept; what is to be undone still is.
    pub(super) fn break_off(&mut self, context: &Context<'_>, message: String) {
        (self.way, self.asked, self.item) = (None, None, None);
        for done in self.tried.take().into_iter().flatten() {
            self.finish(done);
        }
        self.is_broken = true;
        self.stop("callsheet itself failed");
        let (place, by) = (context.line(context.root.name.at), Breaker::Defect);
        self.told_at_first(context, "callsheet", Fault::BrokenOff { place, message, by });
    }

    fn told_at_first(&mut self, context: &Context<'_>, name: &str, fault: Fault) {
        let first = context.root.all_steps().next().map(|step| step.at);
        let place = context.place(first.unwrap_or(context.root.name.at));
        let mut outcome = outcome(Section::Setup, name.to_owned(), place);
        outcome.faults.push(fault);
        self.fail(&mut outcome);
        self.finish(outcome);
    }

    /// Runs steps until one fails.
    pub(super) async fn section(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        steps: &[Step],
    ) {
        for (number, step) in steps.iter().enumerate() {
            match &mut self.left {
                Some(0) => {
                    mark_unset(context, step);
                    continue;
                }
                Some(left) => *left -= 1,
                None => {}
            }
            if let Some(reason) = context.shared.stopped() {
                self.stop(&reason);
                self.remember(step::name(context, step), context.line(step.at));
            }
            let turn = begin_turn(context, step, number);
            match self.stopped.clone() {
                None => self.step(context, section, step, Until::Interrupted).await,
                Some(reason) => self.skip(context, section, step, (State::NotRun, &reason)),
            }
            context.scope.end_turn(turn);
        }
    }

    /// Every step of it runs, whatever failed before, but for those that would undo what was never done.
    pub(super) async fn teardown(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        steps: &[Step],
    ) {
        for (number, step) in steps.iter().enumerate() {
            let turn = begin_turn(context, step, number);
            match step::missing(context, step) {
                None => self.step(context, section, step, Until::Done).await,
                Some(reason) => self.skip(context, section, step, (State::NotRun, &reason)),
            }
            context.scope.end_turn(turn);
        }
    }

    /// Runs steps inside of a step: all of them where that one tears down, else until one fails.
    pub(super) async fn steps(
        &mut self,
        context: &mut Context<'_>,
        (section, until): (Section, Until),
        steps: &[Step],
    ) {
        match until {
            Until::Interrupted => self.section(context, section, steps).await,
            Until::Done => self.teardown(context, section, steps).await,
        }
    }

    /// Runs a step in one session; says why those after it do not run, if it failed.
    pub(super) async fn once(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        (step, cell): (&Step, Option<&Cell>),
        until: Until,
    ) -> Option<String> {
        if until == Until::Interrupted
            && let Some(reason) = context.shared.stopped()
        {
            self.not_begun(context, section, (step, cell), &reason);
            return Some(reason);
        }
        let session = context.session_of(cell.map(|cell| &cell.session).or(step.session.as_ref()));
        let asked = (&session, step.at);
        if let Err(error) = sessions::enter(context, self, (section, until), asked).await {
            let why = error.message.clone();
            self.not_entered(context, section, (step, cell), error);
            return Some(why);
        }
        let mut outcome = self.outcome(context, section, (step, cell));
        let name = outcome.name.clone();
        (self.emit)(Event::StepStarted { scenario: self.index, name });
        let expect = cell.map_or(&step.expect, |cell| &cell.expect);
        let begun = Instant::now();
        let (shared, meter) = (context.shared, context.meter.clone());
        let limit = context.limit.clone();
        tokio::select! {
            biased;
            () = step::run(context, step, expect, &mut outcome) => {}
            () = self.tell_traffic(&meter) => {}
            reason = shared.until_stopped(), if until == Until::Interrupted => {
                let (place, by) = (context.place(step.at), Breaker::EndOfRun);
                outcome.faults.push(Fault::BrokenOff { place, message: reason, by });
            }
            (at, message) = Limit::over(limit) => {
                let help = "give it more time, or ask for less in one step";
                outcome.faults.push(helped(context.place(at), message, help));
            }
        }
        outcome.duration = begun.elapsed();
        let failed = !outcome.faults.is_empty();
        if failed {
            step::explain(context, step, &mut outcome);
            self.fail(&mut outcome);
        }
        self.finish(outcome);
        failed.then(|| format!("step `{}` failed", step::name(context, step)))
    }

    /// Tells from time to time how many bytes have passed; it does not end.
    async fn tell_traffic(&self, meter: &Meter) {
        loop {
            tokio::time::sleep(TRAFFIC_EVERY).await;
            let (sent, received) = meter.traffic();
            if sent.max(received) > 0 {
                (self.emit)(Event::Transfer { scenario: self.index, sent, received });
            }
        }
    }

    /// A step that cannot begin, for a reason that is told elsewhere: that fails the scenario.
    fn not_begun(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        (step, cell): (&Step, Option<&Cell>),
        reason: &str,
    ) {
        mark_unset(context, step);
        let mut outcome = self.outcome(context, section, (step, cell));
        self.remember(outcome.name.clone(), outcome.place.clone());
        outcome.state = State::NotRun;
        outcome.reason = Some(reason.to_owned());
        self.finish(outcome);
    }

    /// A step whose session could not begin: its own login has told why, or it is told here.
    fn not_entered(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        (step, cell): (&Step, Option<&Cell>),
        error: CannotEnter,
    ) {
        if error.told {
            return self.not_begun(context, section, (step, cell), &error.message);
        }
        mark_unset(context, step);
        let mut outcome = self.outcome(context, section, (step, cell));
        outcome.faults.push(error.fault());
        self.fail(&mut outcome);
        self.finish(outcome);
    }

    /// A step that does not run.
    pub(super) fn skip(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        step: &Step,
        (state, reason): (State, &str),
    ) {
        mark_unset(context, step);
        let cells = step.access.iter().map(Some);
        let none = step.access.is_empty().then_some(None);
        for cell in cells.chain(none) {
            let mut outcome = self.outcome(context, section, (step, cell));
            outcome.state = state;
            outcome.reason = Some(reason.to_owned());
            self.finish(outcome);
        }
    }

    /// `login admin › Sign in`, `GET /orders [bob]`
    pub(super) fn name(&self, context: &Context<'_>, step: &Step, cell: Option<&Cell>) -> String {
        let mut name = step::name(context, step);
        for bracketed in self.item.iter().chain(cell.map(|cell| &cell.session.value)) {
            name = format!("{name} [{bracketed}]");
        }
        match &self.way {
            Some(way) => format!("{way} › {name}"),
            None => name,
        }
    }

    /// The way to the steps of a group, which is shown before their names.
    pub(super) fn way_into(&self, context: &Context<'_>, step: &Step) -> Option<String> {
        let item = self.item.as_ref().map(|item| format!("[{item}]"));
        let own = match (&step.name, item) {
            (None, item) => item,
            (Some(_), None) => Some(step::name(context, step)),
            (Some(_), Some(item)) => Some(format!("{} {item}", step::name(context, step))),
        };
        match (&self.way, own) {
            (Some(way), Some(own)) => Some(format!("{way} › {own}")),
            (way, own) => own.or_else(|| way.clone()),
        }
    }

    /// Of a step in one of its sessions, before anything came of it.
    pub(super) fn outcome(
        &self,
        context: &Context<'_>,
        section: Section,
        (step, cell): (&Step, Option<&Cell>),
    ) -> StepOutcome {
        let name = self.name(context, step, cell);
        let access = cell.map(|cell| access_cell(step::name(context, step), cell));
        StepOutcome { access, ..outcome(section, name, context.line(step.at)) }
    }

    pub(super) fn fail(&mut self, outcome: &mut StepOutcome) {
        outcome.state = State::Failed;
        self.remember(outcome.name.clone(), outcome.place.clone());
    }

    /// A step that failed: the first one counts.
    fn remember(&mut self, name: String, place: Place) {
        self.failed.get_or_insert(FailedStep { name, place });
    }

    pub(super) fn finish(&mut self, mut outcome: StepOutcome) {
        // One that was held back knows it already.
        if outcome.asked.is_none() {
            outcome.asked.clone_from(&self.asked);
        }
        if let Some(held) = self.tried.as_mut().or(self.held.as_mut()) {
            outcome.let_go();
            return held.push(outcome);
        }
        (self.emit)(Event::StepFinished { scenario: self.index, step: Box::new(outcome) });
    }
}

/// What is random in a step depends on where it stands; the uses of one anchor are told apart by their numbers.
fn begin_turn(context: &mut Context<'_>, step: &Step, number: usize) -> usize {
    let file = context.frame.file;
    let at = file.source().position(file.start(step.at));
    context.scope.turn(Turn::Step(at, number))
}

/// When a step is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// When the run is interrupted.
    Interrupted,
    /// Never: what tears down is done to its end.
    Done,
}

/// What a step that does not run was to capture has no value, and who uses it is told so.
pub(super) fn mark_unset(context: &mut Context<'_>, step: &Step) {
    let used = &context.shared.plan.used;
    let mut inside = Vec::new();
    step.walk_forth(&mut |step| inside.push(step));
    for step in inside {
        let name = step::name(context, step);
        let mut mark = |captures: &[Capture]| {
            captures.iter().for_each(|it| context.scope.mark_unset(&it.name.value, &name));
        };
        mark(&step.captures);
        if let Action::Use(file) = &step.action
            && let Some(file) = used.get(&file.file)
        {
            let (steps, _) = names::forth(file, &|path| used.get(path));
            steps.iter().for_each(|(_, step)| mark(&step.captures));
        }
    }
}

fn access_cell(row: String, cell: &Cell) -> AccessCell {
    AccessCell { row, session: cell.session.value.clone(), wanted: cell.wanted() }
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
        by_hand: Vec::new(),
        snapshot: None,
        reason: None,
        access: None,
        attempt: 1,
        rerun: false,
        asked: None,
        covers: Vec::new(),
    }
}
