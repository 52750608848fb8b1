//! The sessions of a scenario: which one a step runs in, and how one begins.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::context::{
    CannotEnter, Context, Defaults, Parked, Sessions, asks_cookies, invalid, mask, no_value, text,
};
use super::frame::{Frame, SessionKey};
use super::runner::{FailedStep, Runner, Until};
use super::{Shared, bind_all, evaluate, session_action};
use crate::outcome::{Fault, Place, Section};
use crate::scenario::decode::Text;
use crate::scenario::sessions::{Login, Once, SessionDeclaration};
use crate::scenario::settings::Settings;
use crate::scenario::visit;
use crate::scenario::yaml::At;
use crate::scenario::{Scenario, names};
use crate::session::Session;
use crate::template::{Binding, Draw, Expression, Origin, Turn};

/// The logins of a run by all that makes two of them one: the first that needs it runs it, the others wait for it.
pub(super) type Logins = HashMap<String, Arc<OnceCell<Result<SignedIn, LoginFailed>>>>;

/// What a login left.
#[derive(Clone, Debug, Default)]
pub(super) struct SignedIn {
    session: Session,
    captures: Vec<(String, Binding)>,
}

/// What became of a login that failed.
#[derive(Clone, Debug)]
pub(super) struct LoginFailed {
    /// The step that did.
    step: FailedStep,
    /// The scenario that ran it.
    scenario: String,
}

/// Makes this session the one that steps run in, for the step at this place; before its first use it begins, and signs in
/// if it says how.
pub(super) async fn enter(
    context: &mut Context<'_>,
    runner: &mut Runner<'_>,
    (section, until): (Section, Until),
    (key, asked): (&SessionKey, At),
) -> Result<(), CannotEnter> {
    if context.sessions.current.as_ref() == Some(key) {
        return Ok(());
    }
    if let Some(broken) = context.sessions.broken.get(key) {
        return Err(broken.clone());
    }
    context.park();
    let entered = match context.sessions.parked.remove(key) {
        Some(parked) => parked,
        None => {
            // What is random in it does not depend on the step that needs it first.
            let turns = context.scope.set_turns(vec![Turn::Session(key.unique())]);
            let begun = Box::pin(begin(context, runner, (section, until), (key, asked))).await;
            context.scope.set_turns(turns);
            match begun {
                Ok(parked) => parked,
                Err(error) => {
                    // It is one failure, however many steps need the session; what cleans up may still sign in where the
                    // run was stopped.
                    if until == Until::Done || context.shared.stopped().is_none() {
                        let told = CannotEnter { told: true, ..error.clone() };
                        context.sessions.broken.insert(key.clone(), told);
                    }
                    return Err(error);
                }
            }
        }
    };
    context.unpark(key, entered);
    Ok(())
}

async fn begin(
    context: &mut Context<'_>,
    runner: &mut Runner<'_>,
    at: (Section, Until),
    (key, asked): (&SessionKey, At),
) -> Result<Parked, CannotEnter> {
    let outer = &context.frame.outer;
    let Some(declared) = declared(context, key) else {
        let defaults = Defaults::of(&Settings::default(), outer);
        return Ok(Parked { session: Session::new(), defaults, captures: Vec::new() });
    };
    let defaults = Defaults::of(&declared.settings, outer);
    let session = fresh(context, declared)?;
    let SignedIn { session, captures } = match &declared.login {
        None => SignedIn { session, captures: Vec::new() },
        Some(login) => {
            let mut inner = runner.within(format!("login {}", key.name), context.line(asked));
            let done = sign_in(context, &mut inner, at, (key, declared, login), session).await;
            runner.held = inner.held;
            done?
        }
    };
    Ok(Parked { session, defaults, captures })
}

/// The nearest declaration of a session.
fn declared<'s>(context: &Context<'s>, key: &SessionKey) -> Option<&'s SessionDeclaration> {
    if let Some(declared) = context.frame.declared(key) {
        return Some(declared);
    }
    let project = context.shared.plan.project.iter().flat_map(|project| &project.sessions);
    context.root.sessions.iter().chain(project).find(|declared| declared.name.value == key.name)
}

/// A session with the cookies that it begins with.
fn fresh(context: &mut Context<'_>, declared: &SessionDeclaration) -> Result<Session, Fault> {
    context.session = Session::new();
    for cookie in &declared.cookies {
        session_action::set_cookie(context, cookie.at, &cookie.value)?;
    }
    Ok(std::mem::take(&mut context.session))
}

async fn sign_in(
    context: &Context<'_>,
    runner: &mut Runner<'_>,
    at: (Section, Until),
    (key, declared, login): (&SessionKey, &SessionDeclaration, &Login),
    session: Session,
) -> Result<SignedIn, CannotEnter> {
    let name = &declared.name.value;
    let Some(file) = context.shared.plan.used.get(&login.file) else {
        let message = format!("the login of session `{name}` could not be read");
        return Err(invalid(context.place(login.at), message).into());
    };
    let mut inner = login_context(context, (key, declared, login), file, session)?;
    let done = match login.once {
        Once::Scenario => run_login(inner, runner, at).await,
        Once::Run => {
            let same = same_login(&mut inner, declared, login);
            let cell = {
                let mut logins = context.shared.logins.borrow_mut();
                let cell = logins.entry(same).or_default();
                // A scenario that runs again does so to see whether it was bad luck; and that the run was stopped keeps
                // nobody from cleaning up.
                let is_stopped = at.1 == Until::Done && context.shared.stopped().is_some();
                if (runner.run > 1 || is_stopped) && matches!(cell.get(), Some(Err(_))) {
                    *cell = Arc::default();
                }
                Arc::clone(cell)
            };
            cell.get_or_init(|| run_login(inner, runner, at)).await.clone()
        }
    };
    done.map_err(|LoginFailed { step: FailedStep { name: step, place }, scenario }| {
        let told = scenario == context.name;
        let ran = if told { String::new() } else { format!(" in scenario `{scenario}`") };
        let at = format!("{}:{}", place.source.name(), place.line());
        CannotEnter {
            message: format!(
                "the login of session `{name}` failed{ran}: its step `{step}` at {at} failed"
            ),
            place: context.place(login.at),
            help: (!told).then(|| format!("it is shown with scenario `{scenario}`, which ran it")),
            told,
        }
    })
}

/// What the steps of a login run with.
fn login_context<'s>(
    context: &Context<'s>,
    (home, declared, login): (&SessionKey, &SessionDeclaration, &Login),
    file: &'s Scenario,
    session: Session,
) -> Result<Context<'s>, Fault> {
    let shared: &'s Shared<'s> = context.shared;
    // One login for the run cannot depend on the scenario that happens to run it.
    let (mut scope, base_url) = match login.once {
        Once::Scenario => (context.scope.clone(), context.frame.base_url.clone()),
        Once::Run => (shared.scope.borrow().clone(), shared.base_url.clone()),
    };
    let turns = context.scope.draw().turns.clone();
    let mut draw = match login.once {
        Once::Scenario => context.scope.draw().clone(),
        Once::Run => Draw { turns, ..shared.scope.borrow().draw().clone() },
    };
    let mut around = context.scope.clone();
    around.set_draw(draw.clone());
    let mut given = String::new();
    for (name, tree) in &login.with {
        let value =
            evaluate(tree, &around).map_err(|(text, error)| no_value(context, text, error))?;
        given.push_str(&value.to_string());
        let Place { source, span } = context.place(name.at);
        scope.bind(&name.value, value, Origin::With { source, span });
    }
    if login.once == Once::Run {
        draw.turns.push(Turn::Given(given));
    }
    scope.set_draw(draw);
    let given = |name: &str| login.with.iter().any(|(with, _)| with.value == name);
    let own = file.vars.iter().filter(|(name, _)| !given(&name.value));
    bind_all(&mut scope, own, None, file.source(), |at| file.span(at))
        .map_err(|error| Fault::from(*error))?;
    let outer = file.defaults.over(&shared.defaults);
    let mut frame = Frame::outermost(file, home.clone(), outer);
    frame.base_url = base_url;
    frame.asks_cookies = asks_cookies(file, shared) || context.frame.asks_cookies;
    let settings = before_login(&declared.settings, file, shared);
    // What a login of the run captures as a secret is one in every snapshot.
    let masks = match login.once {
        Once::Scenario => context.masks.clone(),
        Once::Run => shared.masks.clone(),
    };
    scope.set_masks(masks.clone());
    let mut inner = Context {
        home: home.clone(),
        masks,
        sessions: Sessions::of_login(home),
        scope,
        session,
        defaults: Defaults::of(&settings, &frame.outer),
        cleanups: Rc::clone(&context.cleanups),
        limit: context.limit.clone(),
        name: context.name,
        ..Context::new(shared, context.root, frame)
    };
    mask(&inner)?;
    if let Some(url) = &file.base_url {
        let base_url = text(&inner, url)?;
        inner.join_to(Some(base_url));
    }
    Ok(inner)
}

/// A session's settings while it signs in: the header that holds the login's token comes after it.
fn before_login(settings: &Settings, file: &Scenario, shared: &Shared<'_>) -> Settings {
    let captured = captured(file, shared);
    let is_captured = |name: &str| captured.contains(&name);
    let uses = |text: &Text| {
        text.value.expressions().flat_map(Expression::uses).any(|used| is_captured(&used.name))
    };
    let mut settings = settings.clone();
    settings.headers.retain(|(_, values)| !values.iter().flatten().any(uses));
    settings.query.retain(|(_, values)| {
        let mut found = false;
        let trees = values.iter().flatten();
        trees.for_each(|tree| tree.visit(&mut |text| found |= uses(text)));
        !found
    });
    settings.auth = settings.auth.filter(|auth| {
        let mut found = false;
        auth.value.visit(&mut |text| found |= uses(text));
        !found
    });
    settings
}

/// Two logins of a run are one where they send the same.
fn same_login(inner: &mut Context<'_>, declared: &SessionDeclaration, login: &Login) -> String {
    let mut key = vec![login.file.display().to_string(), declared.name.value.clone()];
    key.extend(inner.frame.base_url.clone());
    let value = |name: &str| inner.scope.get(name).map(|binding| binding.value.to_string());
    key.extend(login.with.iter().filter_map(|(name, _)| value(&name.value)));
    key.extend(inner.session.all().iter().map(|cookie| format!("{cookie:?}")));
    key.extend(declared.settings.headers.iter().map(|(name, _)| name.value.clone()));
    visit::settings(&declared.settings, &mut |text| {
        let value = text.value.text(&inner.scope);
        key.push(value.unwrap_or_else(|_| text.value.source().to_owned()));
    });
    // No text of a file holds a NUL.
    key.join("\0")
}

async fn run_login(
    mut inner: Context<'_>,
    runner: &mut Runner<'_>,
    (section, until): (Section, Until),
) -> Result<SignedIn, LoginFailed> {
    let file = inner.frame.file;
    for steps in [&file.setup, &file.steps] {
        runner.steps(&mut inner, (section, until), steps).await;
    }
    runner.teardown(&mut inner, section, &file.teardown).await;
    inner.park();
    let home = std::mem::take(&mut inner.home);
    let session = inner.sessions.parked.remove(&home).map(|parked| parked.session);
    let session = session.unwrap_or_default();
    if let Some(step) = runner.first_failure() {
        inner.cleanups.borrow_mut().keep(&home, session);
        return Err(LoginFailed { step, scenario: inner.name.to_owned() });
    }
    let captures = captured(file, inner.shared).into_iter().filter_map(|name| {
        let binding: &Binding = inner.scope.get(name)?;
        Some((name.to_owned(), binding.clone()))
    });
    Ok(SignedIn { captures: captures.collect(), session })
}

/// The names that the steps of a file capture, and those of the files that it uses.
pub(super) fn captured<'f>(file: &'f Scenario, shared: &'f Shared<'_>) -> HashSet<&'f str> {
    let (steps, _) = names::forth(file, &|path| shared.plan.used.get(path));
    let captures = steps.into_iter().flat_map(|(_, step)| &step.captures);
    captures.map(|capture| capture.name.value.as_str()).collect()
}
