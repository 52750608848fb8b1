//! The file whose steps run, and the files that use it: each sees what is around it, and leaves what it captured.

use std::rc::Rc;
use std::sync::Arc;

use super::context::{Context, Lent, asks_cookies, mask, no_value, text};
use super::{bind_all, evaluate};
use crate::outcome::{Fault, Place};
use crate::scenario::Scenario;
use crate::scenario::reuse::Use;
use crate::scenario::sessions::SessionDeclaration;
use crate::scenario::settings::Settings;
use crate::template::{Origin, Scope};

/// A file whose steps run.
#[derive(Clone)]
pub(super) struct Frame<'s> {
    pub(super) file: &'s Scenario,
    /// That of the file that uses it.
    within: Option<Rc<Frame<'s>>>,
    /// Tells the use of a file from others; 0 where no step uses it.
    number: usize,
    /// The session that it runs in.
    home: SessionKey,
    pub(super) base_url: Option<String>,
    /// The settings around those of a session.
    pub(super) outer: Arc<Settings>,
    /// Whether an expression may ask for a cookie of the session.
    pub(super) asks_cookies: bool,
}

/// What tells sessions apart: the name, and for those that a used file declares the use that they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SessionKey {
    pub(super) name: String,
    used: usize,
}

impl SessionKey {
    /// The key of a session that no used file declares.
    pub(super) fn of(name: &str) -> Self {
        Self { name: name.to_owned(), used: 0 }
    }

    /// No two sessions of a scenario have the same.
    pub(super) fn unique(&self) -> String {
        format!("{} {}", self.name, self.used)
    }
}

/// What has to be undone where a file ends.
pub(super) struct Entered {
    lent: Vec<Lent>,
    cleanups: usize,
}

impl<'s> Frame<'s> {
    /// Of a file that no step uses.
    pub(super) fn outermost(file: &'s Scenario, home: SessionKey, outer: Settings) -> Self {
        let (outer, base_url) = (Arc::new(outer), None);
        Self { file, within: None, number: 0, home, base_url, outer, asks_cookies: false }
    }

    /// The frames from this one outwards.
    fn outwards(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |frame| frame.within.as_deref())
    }

    /// The session that a name means here. One that a used file declares begins anew with each use of it; its
    /// declaration of the session that it runs in does not count.
    pub(super) fn session(&self, name: &str) -> SessionKey {
        let used = self.outwards().filter(|frame| frame.number > 0);
        for frame in used {
            if frame.home.name == name {
                return frame.home.clone();
            }
            if declaration(frame.file, name).is_some() {
                return SessionKey { name: name.to_owned(), used: frame.number };
            }
        }
        SessionKey::of(name)
    }

    /// How a used file declares a session.
    pub(super) fn declared(&self, key: &SessionKey) -> Option<&'s SessionDeclaration> {
        let mut used = self.outwards().filter(|frame| frame.number > 0);
        declaration(used.find(|frame| frame.number == key.used)?.file, &key.name)
    }
}

fn declaration<'f>(file: &'f Scenario, name: &str) -> Option<&'f SessionDeclaration> {
    file.sessions.iter().find(|declared| declared.name.value == name)
}

impl<'s> Context<'s> {
    /// The steps of this file are next; it gets variables, and runs in this session.
    pub(super) fn enter_file(
        &mut self,
        file: &'s Scenario,
        used: &Use,
        home: &SessionKey,
    ) -> Result<Entered, Fault> {
        // What the login of a session captured is hidden by no file.
        self.park();
        let mut given = Vec::new();
        for (name, tree) in &used.with {
            let value =
                evaluate(tree, &self.scope).map_err(|(text, error)| no_value(self, text, error))?;
            let Place { source, span } = self.place(name.at);
            given.push((name.value.as_str(), value, Origin::With { source, span }));
        }
        let own = file.vars.iter().filter(|(name, _)| given.iter().all(|it| it.0 != name.value));
        let own: Vec<_> = own.collect();
        let names = given.iter().map(|it| it.0).chain(own.iter().map(|it| it.0.value.as_str()));
        let hidden: Vec<_> =
            names.map(|name| (name.to_owned(), self.scope.get(name).cloned())).collect();
        for (name, value, origin) in given {
            self.scope.bind(name, value, origin);
        }
        let bound = bind_all(&mut self.scope, own, None, file.source(), |at| file.span(at));
        let lent = lent(&self.scope, hidden);
        self.uses += 1;
        let within = Rc::clone(&self.frame);
        let asks_cookies = within.asks_cookies || asks_cookies(file, self.shared);
        self.frame = Rc::new(Frame {
            file,
            number: self.uses,
            home: home.clone(),
            base_url: within.base_url.clone(),
            outer: Arc::new(file.defaults.over(&within.outer)),
            asks_cookies,
            within: Some(within),
        });
        let entered = Entered { lent, cleanups: self.cleanups.borrow().len() };
        let ready = bound.map_err(|error| Fault::from(*error)).and_then(|()| self.begin_file());
        match ready {
            Ok(()) => Ok(entered),
            Err(fault) => {
                self.leave_file(entered);
                Err(fault)
            }
        }
    }

    fn begin_file(&mut self) -> Result<(), Fault> {
        mask(self)?;
        if let Some(url) = &self.frame.file.base_url {
            let base_url = text(self, url)?;
            self.join_to(Some(base_url));
        }
        Ok(())
    }

    /// Paths of the file are joined to this URL.
    pub(super) fn join_to(&mut self, base_url: Option<String>) {
        self.frame = Rc::new(Frame { base_url, ..(*self.frame).clone() });
    }

    /// The steps after a file are next: of what it had they see what it captured.
    pub(super) fn leave_file(&mut self, Entered { lent, cleanups }: Entered) {
        self.park();
        let number = self.frame.number;
        // Its cleanups run later, in its sessions.
        if self.cleanups.borrow().len() == cleanups {
            self.sessions.drop_those(|key| key.used == number);
        }
        super::context::give_back(&mut self.scope, lent);
        if let Some(within) = self.frame.within.clone() {
            self.frame = within;
        }
    }
}

/// The names that were bound just now, with what stood there before.
fn lent(scope: &Scope, hidden: Vec<(String, Option<crate::template::Binding>)>) -> Vec<Lent> {
    let bound = hidden.into_iter().filter_map(|(name, hidden)| {
        let binding = scope.get(&name)?.clone();
        Some(Lent { name, binding, hidden })
    });
    bound.collect()
}
