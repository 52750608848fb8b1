//! One scenario: its sections in their order, in a fresh session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::runner::{INTERRUPTED, Runner};
use super::sessions::Sessions;
use super::step;
use super::{Shared, bind_all};
use crate::http::Meter;
use crate::mask;
use crate::outcome::{Event, Fault, Place, Section, State};
use crate::plan::Planned;
use crate::scenario::Scenario;
use crate::scenario::sessions::DEFAULT;
use crate::scenario::settings::Settings;
use crate::scenario::yaml::{At, FileNumber};
use crate::session::{Cookie, Session};
use crate::source::Span;
use crate::template::Scope;
use crate::value;

/// What the steps of one scenario share.
pub(super) struct Context<'s> {
    pub(super) shared: &'s Shared<'s>,
    /// The scenario that runs.
    pub(super) root: &'s Scenario,
    /// The file whose steps these are: the scenario's own, or one that it uses.
    pub(super) scenario: &'s Scenario,
    pub(super) scope: Scope,
    /// The session of steps that name none.
    pub(super) home: String,
    pub(super) sessions: Sessions,
    /// The session that steps run in.
    pub(super) session: Session,
    pub(super) base_url: Option<String>,
    /// The settings around a step's own: those of its session over the outer ones.
    pub(super) defaults: Arc<Settings>,
    /// The settings around those of a session.
    pub(super) outer: Settings,
    /// Whether an expression may ask for a cookie of the session.
    pub(super) asks_cookies: bool,
    /// Counts the bytes of the request under way.
    pub(super) meter: Meter,
}

/// Whether any text of the files that make a request calls `cookie`.
pub(super) fn asks_cookies(scenario: &Scenario, shared: &Shared<'_>) -> bool {
    let calls = |text: &str| {
        text.split("cookie").skip(1).any(|after| after.trim_start_matches(' ').starts_with('('))
    };
    let project = shared.plan.project.as_ref();
    calls(scenario.source().text()) || project.is_some_and(|it| calls(it.source().text()))
}

impl Context<'_> {
    /// What `cookie('name')` finds from here on: the cookie that goes to this URL, else the base URL, else any.
    pub(super) fn offer_cookies(&mut self, url: Option<&Url>) {
        if !self.asks_cookies {
            return;
        }
        let base = || self.base_url.as_deref().and_then(|url| Url::parse(url).ok());
        let url = url.cloned().or_else(base);
        let mut cookies = url.map(|url| self.session.matching(&url)).unwrap_or_default();
        cookies.extend(self.session.all());
        let pair = |cookie: &Cookie| (cookie.name().into_owned(), cookie.value().into_owned());
        self.scope.set_cookies(cookies.iter().map(pair).collect());
    }

    /// A place of which the line alone will be told: every step has one, so that it must cost nothing.
    pub(super) fn line(&self, at: At) -> Place {
        let start = self.scenario.start(at);
        Place { source: Arc::clone(self.scenario.source()), span: Span::new(start, start) }
    }

    /// A place in any of the files that are part of a request.
    pub(super) fn place(&self, at: At) -> Place {
        let project = self.shared.plan.project.as_ref();
        let scenario = match at.file() {
            FileNumber::Scenario => self.root,
            FileNumber::Used(number) => self.shared.plan.used.numbered(number).unwrap_or(self.root),
            FileNumber::Project => {
                let place =
                    project.map(|it| Place { source: it.source().clone(), span: it.span(at) });
                return place.unwrap_or_else(|| self.line(self.root.name.at));
            }
        };
        Place { source: Arc::clone(scenario.source()), span: scenario.span(at) }
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
    };
    let (name, place) = (scenario.name.value.clone(), context.line(scenario.name.at));
    emit(Event::ScenarioStarted { scenario: index, name, place });
    let mut runner = Runner::new(index, emit, planned.until);
    if shared.is_stopped() {
        runner.stop(INTERRUPTED);
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
        context.base_url = Some(url.map_err(|error| step::no_value(context, text, error))?);
    }
    Ok(())
}

/// The variables that `secrets` names are masked from here on.
pub(super) fn mask(context: &Context<'_>) -> Result<(), Fault> {
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
