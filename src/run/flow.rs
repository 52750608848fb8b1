//! What stands around a step: `when` > `timeout` > `for_each` > `retry`, and the steps of a `group`.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use super::context::{Context, Limit, helped, invalid, no_value, text};
use super::evaluate;
use super::runner::{Runner, Until};
use crate::expect;
use crate::outcome::{Fault, Place, Section, State, StepOutcome};
use crate::scenario::Scenario;
use crate::scenario::decode::Located;
use crate::scenario::flow::{ForEach, Period, Retry, written_period};
use crate::scenario::quantity::shown;
use crate::scenario::reuse::Use;
use crate::scenario::settings::LONGEST;
use crate::scenario::step::{Action, Step};
use crate::scenario::yaml::At;
use crate::template::{Origin, Turn};
use crate::value::{self, Value};

/// More items are a slip.
const MOST_ITEMS: usize = 100_000;
/// An item in the name of a step is cut to this many characters.
const LONGEST_ITEM: usize = 40;

/// Why the steps after a step do not run, where it failed.
pub(super) type Failed = Option<String>;

impl Runner<'_> {
    /// Runs a step with all that stands around it.
    pub(super) fn step<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        section: Section,
        step: &'a Step,
        until: Until,
    ) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            let failed = match is_wanted(context, step) {
                Ok(None) => self.limited(context, section, step, until).await,
                Ok(Some(reason)) => {
                    self.skip(context, section, step, (State::Skipped, &reason));
                    None
                }
                Err(fault) => self.broken(context, section, step, fault),
            };
            if let Some(reason) = failed
                && !step.continue_on_failure
                && until == Until::Interrupted
            {
                self.stop(&reason);
            }
        })
    }

    async fn for_each(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        (step, each): (&Step, &ForEach),
        until: Until,
    ) -> Failed {
        let items = match items(context, each) {
            Ok(items) => items,
            Err(fault) => return self.broken(context, section, step, fault),
        };
        let name = &each.name.value;
        let hidden = context.scope.get(name).cloned();
        let mut failed = None;
        for (index, item) in items.into_iter().enumerate() {
            self.item = Some(label(index, &item));
            let Place { source, span } = context.place(each.name.at);
            context.scope.bind(name, item, Origin::Item { source, span });
            let turn = context.scope.turn(Turn::Item(index));
            let is_over = context.limit.as_ref().is_some_and(|it| it.end <= Instant::now());
            let gives_up = until == Until::Interrupted && !step.continue_on_failure;
            match failed.clone().filter(|_| gives_up || is_over) {
                None => {
                    let this = self.tried(context, section, step, until).await;
                    failed = failed.or(this);
                }
                Some(reason) => self.skip(context, section, step, (State::NotRun, &reason)),
            }
            context.scope.end_turn(turn);
        }
        self.item = None;
        context.scope.unbind(name);
        if let Some(hidden) = hidden {
            context.scope.bind(name, hidden.value, hidden.origin);
        }
        failed
    }

    /// The step under the limit of its time; that of the steps around it holds as well.
    async fn limited(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        step: &Step,
        until: Until,
    ) -> Failed {
        let outer = context.limit.clone();
        if let Some(timeout) = &step.flow().timeout {
            let time = match period(context, timeout) {
                Ok(time) => time,
                Err(fault) => return self.broken(context, section, step, fault),
            };
            let own = Limit { end: Instant::now() + time, at: timeout.at, time };
            if outer.as_ref().is_none_or(|outer| own.end < outer.end) {
                context.limit = Some(own);
            }
        }
        let failed = match &step.flow().for_each {
            None => self.tried(context, section, step, until).await,
            Some(each) => self.for_each(context, section, (step, each), until).await,
        };
        context.limit = outer;
        failed
    }

    /// The step for one item, again where it fails and says so.
    async fn tried(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        step: &Step,
        until: Until,
    ) -> Failed {
        let failed = match &step.flow().retry {
            None => self.attempt(context, section, step, until).await,
            Some(retry) => self.retry(context, section, (step, retry), until).await,
        };
        if failed.is_none() {
            self.record_cleanup(context, step);
        }
        failed
    }

    async fn retry(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        (step, retry): (&Step, &Retry),
        until: Until,
    ) -> Failed {
        let waits = period(context, &retry.wait).and_then(|wait| {
            Ok((wait, retry.max_wait.as_ref().map(|it| period(context, it)).transpose()?))
        });
        let (mut wait, longest) = match waits {
            Ok((wait, longest)) => (wait, longest.unwrap_or(Duration::MAX)),
            Err(fault) => return self.broken(context, section, step, fault),
        };
        let mut number = 1;
        loop {
            wait = wait.min(longest);
            let before = (self.failed.clone(), self.stopped.clone());
            let outer = self.tried.replace(Vec::new());
            let turn = context.scope.turn(Turn::Attempt(number));
            let failed = self.attempt(context, section, step, until).await;
            let mut done = std::mem::replace(&mut self.tried, outer).unwrap_or_default();
            let enough = match &failed {
                None => Some(None),
                Some(_) if number >= retry.attempts => Some(None),
                // Its session could not begin, and does not begin again.
                Some(_) if context.is_broken(step) => Some(None),
                Some(_) if until == Until::Interrupted && context.shared.stopped().is_some() => {
                    Some(None)
                }
                Some(_)
                    if context.limit.as_ref().is_some_and(|it| Instant::now() + wait >= it.end) =>
                {
                    Some(Some("the `timeout` leaves no time for another"))
                }
                Some(_) if self.is_hopeless(context, retry, &mut done) => {
                    Some(Some("`give_up_when` held"))
                }
                Some(_) => None,
            };
            context.scope.end_turn(turn);
            for mut outcome in done {
                outcome.attempt = outcome.attempt.max(number);
                match enough {
                    None => outcome.state = State::Retried,
                    Some(why) if outcome.state == State::Failed => {
                        outcome.reason = why.map(str::to_owned);
                    }
                    Some(_) => {}
                }
                self.finish(outcome);
            }
            if enough.is_some() {
                return failed;
            }
            (self.failed, self.stopped) = before;
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = context.shared.until_stopped(), if until == Until::Interrupted => {}
            }
            wait = Duration::try_from_secs_f64(wait.as_secs_f64() * retry.backoff)
                .map_or(LONGEST, |wait| wait.min(LONGEST));
            number += 1;
        }
    }

    /// `give_up_when`, asked of the last response; without one there is hope.
    fn is_hopeless(
        &self,
        context: &mut Context<'_>,
        retry: &Retry,
        done: &mut [StepOutcome],
    ) -> bool {
        let (Some(text), Some(last)) = (&retry.give_up_when, done.last_mut()) else { return false };
        let Some(exchange) = last.exchange.as_deref() else { return false };
        let Ok(response) = &exchange.result else { return false };
        let cookies = context.session.matching(&response.url);
        let evidence = expect::Evidence::new(exchange, response, &cookies);
        match expect::ask(text, &evidence, &mut context.scope) {
            Ok(Value::Bool(hopeless)) => hopeless,
            Ok(other) => {
                let message =
                    format!("`give_up_when` is {}, not true or false", value::shown(&other, 60));
                last.faults.push(invalid(context.place(text.at), message));
                true
            }
            Err(error) => {
                last.faults.push(no_value(context, text, error));
                true
            }
        }
    }

    /// Runs a step once; one with `access` once in each of its sessions.
    async fn attempt(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        step: &Step,
        until: Until,
    ) -> Failed {
        let lists = match &step.action {
            Action::Group(steps) => Some(Lists::Group(steps)),
            Action::Use(used) => {
                let file = context.shared.plan.used.get(&used.file);
                file.map(|file| Lists::File(used, file))
            }
            _ => None,
        };
        if let Some(lists) = lists {
            return self.inside(context, section, (step, lists), until).await;
        }
        let mut failed = None;
        if step.access.is_empty() {
            failed = self.once(context, section, (step, None), until).await;
        }
        for cell in &step.access {
            let turn = context.scope.turn(Turn::Session(cell.session.value.clone()));
            let reason = self.once(context, section, (step, Some(cell)), until).await;
            context.scope.end_turn(turn);
            failed = failed.or(reason);
        }
        failed
    }

    /// The steps of a group or of a file that is used, as one step: where one fails, those after it do not run.
    async fn inside<'s>(
        &mut self,
        context: &mut Context<'s>,
        section: Section,
        (step, lists): (&Step, Lists<'_, 's>),
        until: Until,
    ) -> Failed {
        let home = context.session_of(step.session.as_ref());
        let mut way = self.way_into(context, step);
        let asked = self.asked.clone();
        let mut entered = None;
        if let Lists::File(used, file) = lists {
            self.asked.get_or_insert_with(|| context.line(step.at));
            way = Some(self.name(context, step, None));
            match context.enter_file(file, used, &home) {
                Ok(done) => entered = Some(done),
                Err(fault) => {
                    self.asked = asked;
                    return self.broken(context, section, step, fault);
                }
            }
        }
        let outer_way = std::mem::replace(&mut self.way, way);
        let outer_home = std::mem::replace(&mut context.home, home);
        let (item, left) = (self.item.take(), self.left.take());
        let (failed, stopped) = (self.failed.take(), self.stopped.take());
        for steps in lists.forth() {
            self.steps(context, (section, until), steps).await;
        }
        self.teardown(context, section, lists.teardown()).await;
        context.home = outer_home;
        if let Some(entered) = entered {
            context.leave_file(entered);
        }
        let own = self.failed.take();
        let reason = own.as_ref().map(|own| format!("step `{}` failed", own.name));
        (self.way, self.asked, self.item, self.left) = (outer_way, asked, item, left);
        (self.failed, self.stopped) = (failed.or(own), stopped);
        reason
    }

    /// A step that cannot be done as it is written around.
    fn broken(
        &mut self,
        context: &mut Context<'_>,
        section: Section,
        step: &Step,
        fault: Fault,
    ) -> Failed {
        super::runner::mark_unset(context, step);
        let mut outcome = self.outcome(context, section, (step, None));
        outcome.faults.push(fault);
        super::step::explain(context, step, &mut outcome);
        let reason = format!("step `{}` failed", outcome.name);
        self.fail(&mut outcome);
        self.finish(outcome);
        Some(reason)
    }
}

/// The steps that stand for one.
#[derive(Clone, Copy)]
enum Lists<'g, 's: 'g> {
    /// Of a group.
    Group(&'g [Step]),
    /// Of a file.
    File(&'g Use, &'s Scenario),
}

impl<'g> Lists<'g, '_> {
    /// Those that end where one fails.
    fn forth(self) -> [&'g [Step]; 2] {
        match self {
            Self::Group(steps) => [steps, &[]],
            Self::File(_, file) => [&file.setup, &file.steps],
        }
    }

    fn teardown(self) -> &'g [Step] {
        match self {
            Self::Group(_) => &[],
            Self::File(_, file) => &file.teardown,
        }
    }
}

/// Why a step is skipped, by its `when`.
fn is_wanted(context: &Context<'_>, step: &Step) -> Result<Option<String>, Fault> {
    let Some(when) = &step.flow().when else { return Ok(None) };
    let found = evaluate(&when.value, &context.scope)
        .map_err(|(text, error)| no_value(context, text, error))?;
    let Place { source, span } = context.place(when.at);
    match found {
        Value::Bool(true) => Ok(None),
        Value::Bool(false) => {
            Ok(Some(format!("`when: {}` is false", &source.text()[span.start..span.end])))
        }
        other => {
            let message = format!("`when` is {}, not true or false", value::shown(&other, 60));
            let help = "compare it: `${ count > 0 }`, `${ name is defined }`";
            Err(helped(Place { source, span }, message, help))
        }
    }
}

fn items(context: &Context<'_>, each: &ForEach) -> Result<Vec<Value>, Fault> {
    let found = evaluate(&each.items, &context.scope)
        .map_err(|(text, error)| no_value(context, text, error))?;
    let wrong = |message: String| invalid(context.place(each.at), message);
    match found {
        Value::Array(items) if items.len() > MOST_ITEMS => {
            Err(wrong(format!("`for_each` has {} items, more than {MOST_ITEMS}", items.len())))
        }
        Value::Array(items) => Ok(items),
        other => Err(wrong(format!("`for_each` wants a list, found {}", value::shown(&other, 60)))),
    }
}

/// What tells a step for one item from that for another: a scalar, else the first one of a map, else the number.
fn label(index: usize, item: &Value) -> String {
    let scalar = match item {
        Value::Object(members) => {
            members.values().find(|value| !matches!(value, Value::Object(_) | Value::Array(_)))
        }
        Value::Array(_) => None,
        scalar => Some(scalar),
    };
    match scalar.map(value::text).filter(|text| !text.trim().is_empty()) {
        Some(text) => value::cut(&text, LONGEST_ITEM),
        None => (index + 1).to_string(),
    }
}

/// A time as it is written, or as its expression says.
pub(super) fn period(context: &Context<'_>, period: &Located<Period>) -> Result<Duration, Fault> {
    match &period.value {
        Period::Fixed(time) => Ok(*time),
        Period::Computed(written) => written_period(&text(context, written)?)
            .map_err(|message| invalid(context.place(period.at), message)),
    }
}

/// A request that a step's time ends says itself how far it came; for that it has this much longer.
const LAST_WORDS: Duration = Duration::from_millis(50);

impl Limit {
    /// Ends when the time is over, and says so; never where there is no limit.
    pub(super) async fn over(limit: Option<Self>) -> (At, String) {
        let Some(Self { end, at, time }) = limit else { return std::future::pending().await };
        tokio::time::sleep_until((end + LAST_WORDS).into()).await;
        (at, format!("the step did not end within its `timeout` of {}", shown(time)))
    }
}
