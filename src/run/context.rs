//! What steps run with: the files, the names, and the session that they run in.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::Shared;
use super::cleanup;
use super::frame::{Frame, SessionKey};
use crate::http::Meter;
use crate::mask::{self, Masks};
use crate::outcome::{Fault, Place};
use crate::scenario::Scenario;
use crate::scenario::decode::{Located, Text, of_expression};
use crate::scenario::settings::Settings;
use crate::scenario::step::Step;
use crate::scenario::yaml::{At, FileNumber};
use crate::session::{Cookie, Session};
use crate::source::Span;
use crate::template::{Binding, EvaluationError, Scope};
use crate::value;

/// What the steps of one scenario share.
pub(super) struct Context<'s> {
    pub(super) shared: &'s Shared<'s>,
    /// The scenario that runs.
    pub(super) root: &'s Scenario,
    /// Its name, with its row's.
    pub(super) name: &'s str,
    /// The file whose steps these are: the scenario's own, or one that it uses.
    pub(super) frame: Rc<Frame<'s>>,
    /// How many files were used so far.
    pub(super) uses: usize,
    pub(super) scope: Scope,
    /// The session of steps that name none.
    pub(super) home: SessionKey,
    pub(super) sessions: Sessions,
    /// The session that steps run in.
    pub(super) session: Session,
    /// Its settings.
    pub(super) defaults: Defaults,
    /// What is to be done at the end.
    pub(super) cleanups: cleanup::Shared<'s>,
    /// What may not stand in its snapshots; what is added is masked in all of the run.
    pub(super) masks: Masks,
    /// Counts the bytes of the request under way.
    pub(super) meter: Meter,
    /// When the step under way must have ended.
    pub(super) limit: Option<Limit>,
}

/// The settings around a step's own.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults {
    /// Those of the session.
    own: Arc<Settings>,
    /// Those around it.
    outer: Arc<Settings>,
    /// Those of the session over the outer ones.
    all: Arc<Settings>,
}

impl Defaults {
    pub(super) fn of(own: &Settings, outer: &Arc<Settings>) -> Self {
        let all = Arc::new(own.over(outer));
        Self { own: Arc::new(own.clone()), outer: Arc::clone(outer), all }
    }

    /// Those of the session over others.
    fn under(self, outer: &Arc<Settings>) -> Self {
        if Arc::ptr_eq(&self.outer, outer) {
            return self;
        }
        Self::of(&self.own, outer)
    }
}

/// The `timeout` that ends first, of a step and those around it.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) end: Instant,
    /// Where it is written.
    pub(super) at: At,
    pub(super) time: Duration,
}

/// Whether any text of the files that make a request calls `cookie`.
pub(super) fn asks_cookies(scenario: &Scenario, shared: &Shared<'_>) -> bool {
    let calls = |text: &str| {
        text.split("cookie").skip(1).any(|after| after.trim_start_matches(' ').starts_with('('))
    };
    let project = shared.plan.project.as_ref();
    calls(scenario.source().text()) || project.is_some_and(|it| calls(it.source().text()))
}

impl<'s> Context<'s> {
    /// For the steps of this file, which run in this session; they know no names but those of the run.
    pub(super) fn new(shared: &'s Shared<'s>, root: &'s Scenario, frame: Frame<'s>) -> Self {
        let mut scope = shared.scope.borrow().clone();
        let masks = shared.masks.within();
        scope.set_masks(masks.clone());
        Self {
            shared,
            root,
            name: &root.name.value,
            frame: Rc::new(frame),
            uses: 0,
            scope,
            masks,
            home: SessionKey::default(),
            sessions: Sessions::default(),
            session: Session::new(),
            defaults: Defaults::default(),
            cleanups: Rc::default(),
            meter: Meter::default(),
            limit: None,
        }
    }

    /// The settings around a step's own.
    pub(super) fn defaults(&self) -> &Arc<Settings> {
        &self.defaults.all
    }

    /// The host of the base URL, where the project says which hosts are allowed beside it.
    pub(super) fn home_host(&self) -> Option<String> {
        self.shared.plan.project.as_ref()?.allow_hosts.as_ref()?;
        let base = Url::parse(self.frame.base_url.as_ref()?).ok()?;
        base.host_str().map(str::to_owned)
    }

    /// A path behind the base URL, as both are.
    pub(super) fn joined(&self, path: &str) -> Result<String, String> {
        match &self.frame.base_url {
            Some(base) => Ok(format!("{}{path}", base.strip_suffix('/').unwrap_or(base))),
            None => Err(format!("`{path}` has no base URL to be joined to")),
        }
    }

    /// The session that a step names, or that of steps that name none.
    pub(super) fn session_of(&self, named: Option<&Located<String>>) -> SessionKey {
        named.map_or_else(|| self.home.clone(), |named| self.frame.session(&named.value))
    }

    /// Whether the session of a step could not begin.
    pub(super) fn is_broken(&self, step: &Step) -> bool {
        self.sessions.broken.contains_key(&self.session_of(step.session.as_ref()))
    }

    /// What `cookie('name')` finds from here on: the cookie that goes to this URL, else the base URL, else any.
    pub(super) fn offer_cookies(&mut self, url: Option<&Url>) {
        if !self.frame.asks_cookies {
            return;
        }
        let base = || self.frame.base_url.as_deref().and_then(|url| Url::parse(url).ok());
        let url = url.cloned().or_else(base);
        let mut cookies = url.map(|url| self.session.matching(&url)).unwrap_or_default();
        cookies.extend(self.session.all());
        let pair = |cookie: &Cookie| (cookie.name().into_owned(), cookie.value().into_owned());
        self.scope.set_cookies(cookies.iter().map(pair).collect());
    }

    /// A place of which the line alone will be told: every step has one, so that it must cost nothing.
    pub(super) fn line(&self, at: At) -> Place {
        let file = self.frame.file;
        let start = file.start(at);
        Place { source: Arc::clone(file.source()), span: Span::new(start, start) }
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

    /// Puts the current session aside.
    pub(super) fn park(&mut self) {
        let captures = self.give_back();
        if let Some(name) = self.sessions.current.take() {
            let session = std::mem::take(&mut self.session);
            let defaults = std::mem::take(&mut self.defaults);
            self.sessions.parked.insert(name, Parked { session, defaults, captures });
        }
    }

    /// The current session as new: it begins again before its next use. Gives the cookies that it had.
    pub(super) fn reset(&mut self) -> Vec<Cookie> {
        let _ = self.give_back();
        let dropped = self.session.reset();
        if let Some(name) = self.sessions.current.take() {
            self.sessions.reset.insert(name, std::mem::take(&mut self.session));
        }
        dropped
    }

    /// Makes a session the one that steps run in.
    pub(super) fn unpark(&mut self, key: &SessionKey, parked: Parked) {
        self.session = parked.session;
        if let Some(before) = self.sessions.reset.remove(key) {
            self.session.succeed(before);
        }
        self.defaults = parked.defaults.under(&self.frame.outer);
        for (name, binding) in parked.captures {
            let hidden = self.scope.get(&name).cloned();
            self.scope.bind(&name, binding.value.clone(), binding.origin.clone());
            self.sessions.lent.push(Lent { name, binding, hidden });
        }
        self.sessions.current = Some(key.clone());
    }

    /// Takes the names away that only the current session has.
    fn give_back(&mut self) -> Vec<(String, Binding)> {
        give_back(&mut self.scope, std::mem::take(&mut self.sessions.lent))
    }
}

/// Takes names away that were lent; one that a step captured anew stays.
pub(super) fn give_back(scope: &mut Scope, lent: Vec<Lent>) -> Vec<(String, Binding)> {
    let give_back = |lent: Lent| {
        let Lent { name, binding, hidden } = lent;
        if scope.get(&name).is_some_and(|now| now.origin.same_place(&binding.origin)) {
            scope.unbind(&name);
            if let Some(hidden) = hidden {
                scope.bind(&name, hidden.value, hidden.origin);
            }
        }
        (name, binding)
    };
    lent.into_iter().map(give_back).collect()
}

/// The sessions of one scenario; the one that steps run in is in its context.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// The one that steps run in, once there is one.
    pub(super) current: Option<SessionKey>,
    /// The others, until they are entered again.
    pub(super) parked: HashMap<SessionKey, Parked>,
    /// Those that were reset, until they begin again.
    pub(super) reset: HashMap<SessionKey, Session>,
    /// What the login of the current one captured.
    pub(super) lent: Vec<Lent>,
    /// Those that could not begin.
    pub(super) broken: HashMap<SessionKey, CannotEnter>,
}

/// A session that no step runs in at the moment.
#[derive(Debug, Default)]
pub(super) struct Parked {
    pub(super) session: Session,
    pub(super) defaults: Defaults,
    /// What its login captured.
    pub(super) captures: Vec<(String, Binding)>,
}

/// A name that has its value in one session only, and what it hides there.
#[derive(Debug)]
pub(super) struct Lent {
    pub(super) name: String,
    pub(super) binding: Binding,
    pub(super) hidden: Option<Binding>,
}

/// Why no step can run in a session.
#[derive(Clone, Debug)]
pub(super) struct CannotEnter {
    pub(super) message: String,
    pub(super) place: Place,
    pub(super) help: Option<String>,
    /// Whether this scenario has told it: steps of its login, or a step before.
    pub(super) told: bool,
}

impl CannotEnter {
    pub(super) fn fault(self) -> Fault {
        let Self { message, place, help, .. } = self;
        Fault::Invalid { place, message, label: String::new(), help }
    }
}

impl From<Fault> for CannotEnter {
    fn from(fault: Fault) -> Self {
        let (place, message, help) = match fault {
            Fault::Invalid { place, message, help, .. } => (place, message, help),
            Fault::BrokenOff { place, message, .. } => (place, message, None),
            Fault::Transport { place, failure } => (place, failure.message, failure.remedy),
            Fault::Miss(miss) => (miss.place.clone(), miss.title(), None),
        };
        Self { message, place, help, told: false }
    }
}

impl Sessions {
    /// Those of a file that signs in: its steps run in the session that is there.
    pub(super) fn of_login(key: &SessionKey) -> Self {
        Self { current: Some(key.clone()), ..Self::default() }
    }

    /// Forgets sessions.
    pub(super) fn drop_those(&mut self, is_dropped: impl Fn(&SessionKey) -> bool) {
        self.parked.retain(|key, _| !is_dropped(key));
        self.reset.retain(|key, _| !is_dropped(key));
        self.broken.retain(|key, _| !is_dropped(key));
    }
}

/// The variables that `secrets` names are masked from here on.
pub(super) fn mask(context: &Context<'_>) -> Result<(), Fault> {
    for name in &context.frame.file.secrets {
        let Some(binding) = context.scope.get(&name.value) else { continue };
        if let Some(why) = mask::too_short(&value::text(&binding.value)) {
            let message = format!("the secret variable `{}` {why}", name.value);
            return Err(helped(context.place(name.at), message, mask::TOO_SHORT_HELP));
        }
        context.masks.add_value(&binding.value);
    }
    Ok(())
}

/// A text, its expressions evaluated.
pub(super) fn text(context: &Context<'_>, text: &Text) -> Result<String, Fault> {
    text.value.text(&context.scope).map_err(|error| no_value(context, text, error))
}

/// An expression that has no value, at its own place in the text.
pub(super) fn no_value(context: &Context<'_>, text: &Text, error: EvaluationError) -> Fault {
    let Place { source, span } = context.place(text.at);
    let span = of_expression(&source, span, text.value.source(), &error);
    invalid(Place { source, span }, error.message)
}

/// A fault of the step as it is written.
pub(super) fn invalid(place: Place, message: String) -> Fault {
    Fault::Invalid { place, message, label: String::new(), help: None }
}

/// As [`invalid`], with a remedy.
pub(super) fn helped(place: Place, message: String, help: &str) -> Fault {
    Fault::Invalid { place, message, label: String::new(), help: Some(help.to_owned()) }
}
