//! What steps run with: the files, the names, and the session that they run in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::Shared;
use crate::http::Meter;
use crate::mask;
use crate::outcome::{Fault, Place};
use crate::scenario::Scenario;
use crate::scenario::decode::{Text, of_expression};
use crate::scenario::settings::Settings;
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
    /// When the step under way must have ended.
    pub(super) limit: Option<Limit>,
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

    /// Takes the names away that only the current session has; a step that captured one of them anew keeps it.
    fn give_back(&mut self) -> Vec<(String, Binding)> {
        let lent = std::mem::take(&mut self.sessions.lent);
        let scope = &mut self.scope;
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
}

/// The sessions of one scenario; the one that steps run in is in its context.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// The one that steps run in, once there is one.
    pub(super) current: Option<String>,
    /// The others, until they are entered again.
    pub(super) parked: HashMap<String, Parked>,
    /// Those that were reset, until they begin again.
    pub(super) reset: HashMap<String, Session>,
    /// What the login of the current one captured.
    pub(super) lent: Vec<Lent>,
    /// Those that could not begin.
    pub(super) broken: HashMap<String, CannotEnter>,
}

/// A session that no step runs in at the moment.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) session: Session,
    pub(super) defaults: Arc<Settings>,
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
            Fault::Transport { place, failure } => (place, failure.message, failure.remedy),
            Fault::Miss(miss) => (miss.place.clone(), miss.title(), None),
        };
        Self { message, place, help, told: false }
    }
}

impl Sessions {
    /// Those of a file that signs in: its steps run in the session that is there.
    pub(super) fn of_login(name: &str) -> Self {
        Self { current: Some(name.to_owned()), ..Self::default() }
    }
}

/// The variables that `secrets` names are masked from here on.
pub(super) fn mask(context: &Context<'_>) -> Result<(), Fault> {
    for name in &context.scenario.secrets {
        let Some(binding) = context.scope.get(&name.value) else { continue };
        if let Some(why) = mask::too_short(&value::text(&binding.value)) {
            let message = format!("the secret variable `{}` {why}", name.value);
            return Err(helped(context.place(name.at), message, mask::TOO_SHORT_HELP));
        }
        context.shared.plan.masks.add_value(&binding.value);
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
