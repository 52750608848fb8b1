//! From a plan to events: scenarios in parallel, their steps in sequence.

mod around;
mod auth;
mod body;
mod cleanup;
mod connection;
mod context;
mod flow;
mod frame;
mod judge;
mod queue;
mod request;
mod runner;
mod scenario;
mod session_action;
mod sessions;
mod snapshots;
mod step;

pub use snapshots::{SnapshotMode, Snapshots};

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

use crate::diagnostic::Diagnostic;
use crate::http::{Client, ProxyEnvironment, Roots};
use crate::mask::Masks;
use crate::outcome::{Event, Fault, Place, State};
use crate::plan::{Plan, Planned};
use crate::scenario::decode::{Located, Text, Tree, of_expression};
use crate::scenario::settings::Settings;
use crate::source::{Source, Span};
use crate::template::{Budget, Draw, EvaluationError, Origin, Scope, Seed};
use crate::value::{Map, Value};
use queue::Queue;

/// How a run goes.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many scenarios run at the same time.
    pub jobs: usize,
    /// The URL of the project's server, if it has one.
    pub server_url: Option<String>,
    /// Names this run: `run.id`.
    pub id: String,
    /// How often a scenario that failed runs again.
    pub retries: u32,
    /// How many scenarios may fail before no more begins; none for any number.
    pub fail_fast: Option<usize>,
    /// What becomes of snapshots.
    pub snapshots: Snapshots,
    /// Fixes all that is random.
    pub seed: Seed,
    /// Says why the run is to end, once it is: no new step begins, the one under way is given up, teardown runs.
    pub stop: watch::Receiver<Option<String>>,
}

/// What all scenarios of a run share.
struct Shared<'p> {
    plan: &'p Plan,
    client: Client,
    /// The names that every scenario has.
    scope: RefCell<Scope>,
    /// How often a scenario that failed runs again.
    retries: u32,
    /// Why no scenario runs any more, where that is decided by one that failed.
    halted: RefCell<Option<String>>,
    /// The environment's base URL, or that of the command line.
    base_url: Option<String>,
    /// The settings of the project file.
    defaults: Settings,
    stop: watch::Receiver<Option<String>>,
    /// What may not stand in snapshots, whichever scenarios run beside the one that has them.
    masks: Masks,
    snapshots: Snapshots,
    logins: RefCell<sessions::Logins>,
    tokens: RefCell<auth::Tokens>,
}

impl Shared<'_> {
    /// Why no step begins any more, if none does.
    fn stopped(&self) -> Option<String> {
        self.stop.borrow().clone().or_else(|| self.halted.borrow().clone())
    }

    /// Ends when the run is to end, and says why.
    async fn until_stopped(&self) -> String {
        match self.stop.clone().wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            // Nobody is left who could say so.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
#[error("{}", error.message)]
pub struct CannotBegin {
    /// What has no value.
    pub error: EvaluationError,
    /// Where it stands.
    pub place: Place,
}

impl CannotBegin {
    /// As a diagnostic at its place.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(&self.error.message).at(&self.place.source, self.place.span, "")
    }
}

/// Runs the plan; every event goes to `sink` as it happens.
///
/// Scenarios begin in the order of the plan. Nothing is printed.
///
/// # Errors
/// A variable of the project file that has no value.
pub async fn run(
    plan: &Plan,
    options: &Options,
    sink: &mut dyn FnMut(Event),
) -> Result<(), Box<CannotBegin>> {
    let scope = base_scope(plan, options)?;
    let base_url = base_url(plan, &scope)?;
    let allowed = plan.project.as_ref().and_then(|project| project.allow_hosts.clone());
    let proxies = ProxyEnvironment::of(&plan.process);
    let client = Client::allowing(Roots::Platform, proxies, allowed);
    let (defaults, stop) = (plan.defaults(), options.stop.clone());
    let (logins, tokens) = (RefCell::default(), RefCell::default());
    let (scope, halted) = (RefCell::new(scope), RefCell::default());
    let shared = Shared {
        plan,
        client,
        scope,
        retries: options.retries,
        halted,
        base_url,
        defaults,
        stop,
        masks: plan.masks.kept(),
        snapshots: options.snapshots.clone(),
        logins,
        tokens,
    };
    let sink = RefCell::new(sink);
    let emit = |event: Event| (sink.borrow_mut())(event);
    let around = around::begin(&shared, &emit).await;
    scenarios(&shared, options, &emit).await;
    around::end(&shared, around, &emit).await;
    Ok(())
}

/// Runs the scenarios, as many at a time as the options say.
async fn scenarios(shared: &Shared<'_>, options: &Options, emit: &dyn Fn(Event)) {
    let all = &shared.plan.scenarios;
    let mut queue = Queue::new(all.iter().map(Planned::locks).collect());
    let mut running = FuturesUnordered::new();
    let mut failed = 0;
    loop {
        while running.len() < options.jobs.max(1)
            && let Some(next) = queue.take()
        {
            let index = around::first(shared) + next;
            running
                .push(async move { (next, scenario::run(shared, index, &all[next], emit).await) });
        }
        let Some((done, state)) = running.next().await else { return };
        queue.release(done);
        failed += usize::from(state == State::Failed);
        if options.fail_fast.is_some_and(|most| failed >= most) {
            let why = format!(
                "`--fail-fast`: {failed} scenario{} failed",
                if failed == 1 { "" } else { "s" }
            );
            shared.halted.borrow_mut().get_or_insert(why);
        }
    }
}

/// Project variables, then those of the environment, then the command line's.
fn base_scope(plan: &Plan, options: &Options) -> Result<Scope, Box<CannotBegin>> {
    let mut scope = Scope::new();
    scope.set_draw(Draw { seed: options.seed.clone(), ..Draw::default() });
    scope.set_masks(plan.masks.clone());
    let object = |members: &[(&str, &str)]| {
        let members = members.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text)));
        Value::Object(members.collect::<Map<_, _>>())
    };
    scope.bind("run", object(&[("id", &options.id)]), Origin::Program);
    let process = plan.process.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    scope.bind("env", object(&process.collect::<Vec<_>>()), Origin::Program);
    let secrets = plan.secrets.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    scope.bind("secret", object(&secrets.collect::<Vec<_>>()), Origin::Program);
    if let Some(url) = &options.server_url {
        scope.bind("server", object(&[("url", url)]), Origin::Program);
    }
    if let Some(file) = &plan.vars_file {
        for (name, value, span) in file.placed() {
            let source = Arc::clone(file.source());
            scope.bind(name, value.clone(), Origin::VarsFile { source, span });
        }
    }
    for (name, value) in &plan.vars {
        scope.bind(name, value.clone(), Origin::CommandLine);
    }
    if let Some(project) = &plan.project {
        let bind =
            |scope: &mut Scope, vars: &[(Located<String>, Tree)], environment: Option<&str>| {
                bind_all(scope, vars, environment, project.source(), |at| project.span(at))
            };
        bind(&mut scope, &project.vars, None)?;
        if let Some(environment) = plan.chosen() {
            bind(&mut scope, &environment.vars, plan.environment.as_deref())?;
        }
    }
    Ok(scope)
}

/// Evaluates variables in their order; each may use those before it.
fn bind_all<'v>(
    scope: &mut Scope,
    vars: impl IntoIterator<Item = &'v (Located<String>, Tree)>,
    environment: Option<&str>,
    source: &Arc<Source>,
    scalar: impl Fn(crate::scenario::yaml::At) -> Span,
) -> Result<(), Box<CannotBegin>> {
    for (name, tree) in vars {
        let span = scalar(name.at);
        let source = Arc::clone(source);
        match evaluate(tree, scope) {
            Ok(value) => {
                let environment = environment.map(str::to_owned);
                scope.bind(&name.value, value, Origin::Vars { environment, source, span });
            }
            Err((text, error)) => {
                let span = of_expression(&source, scalar(text.at), text.value.source(), &error);
                let place = Place { source, span };
                return Err(Box::new(CannotBegin { error, place }));
            }
        }
    }
    Ok(())
}

fn base_url(plan: &Plan, scope: &Scope) -> Result<Option<String>, Box<CannotBegin>> {
    if plan.base_url.is_some() {
        return Ok(plan.base_url.clone());
    }
    let (Some(project), Some(text)) =
        (&plan.project, plan.chosen().and_then(|chosen| chosen.base_url.as_ref()))
    else {
        return Ok(None);
    };
    text.value.text(scope).map(Some).map_err(|error| {
        let source = Arc::clone(project.source());
        let span = of_expression(&source, project.span(text.at), text.value.source(), &error);
        Box::new(CannotBegin { error, place: Place { source, span } })
    })
}

/// A tree's value in a scope; the error comes with the text that has no value.
fn evaluate<'t>(tree: &'t Tree, scope: &Scope) -> Result<Value, (&'t Text, EvaluationError)> {
    evaluate_within(tree, scope, &mut Budget::default())
}

fn evaluate_within<'t>(
    tree: &'t Tree,
    scope: &Scope,
    budget: &mut Budget,
) -> Result<Value, (&'t Text, EvaluationError)> {
    let text_of = |text: &'t Text, budget: &mut Budget| {
        text.value.text_within(scope, budget).map_err(|error| (text, error))
    };
    Ok(match tree {
        Tree::Literal(value) => value.clone(),
        Tree::Template(text) => {
            text.value.evaluate_within(scope, budget).map_err(|error| (text, error))?
        }
        Tree::List(items) => {
            let item = |item| evaluate_within(item, scope, budget);
            Value::Array(items.iter().map(item).collect::<Result<_, _>>()?)
        }
        Tree::Map(members) => {
            let mut map = Map::new();
            for (key, value) in members {
                map.insert(text_of(key, budget)?, evaluate_within(value, scope, budget)?);
            }
            Value::Object(map)
        }
    })
}

impl From<CannotBegin> for Fault {
    fn from(CannotBegin { error, place }: CannotBegin) -> Self {
        Self::Invalid { place, message: error.message, label: String::new(), help: None }
    }
}
