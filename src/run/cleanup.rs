//! `cleanup`: what a step creates is removed at the end of the scenario, the latest first.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::context::{Context, Parked};
use super::frame::{Frame, SessionKey};
use super::runner::Runner;
use crate::outcome::{Place, Section};
use crate::scenario::step::Step;
use crate::session::Session;
use crate::template::Scope;

/// What is to be done at the end of a scenario; its logins add to it.
#[derive(Default)]
pub(super) struct Cleanups<'s> {
    records: Vec<Recorded<'s>>,
    /// Sessions whose login failed after it had made something.
    sessions: HashMap<SessionKey, Session>,
}

/// Those of a scenario, and of the logins of its sessions.
pub(super) type Shared<'s> = Rc<RefCell<Cleanups<'s>>>;

/// The cleanup of a step that passed, with all that the step had.
struct Recorded<'s> {
    steps: Arc<[Step]>,
    frame: Rc<Frame<'s>>,
    scope: Scope,
    home: SessionKey,
    way: String,
    asked: Option<Place>,
}

impl Cleanups<'_> {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Keeps the session of a login that failed for what is to be done in it.
    pub(super) fn keep(&mut self, key: &SessionKey, session: Session) {
        if self.records.iter().any(|record| record.home == *key) {
            self.sessions.insert(key.clone(), session);
        }
    }
}

impl Runner<'_> {
    /// A step passed that says how to undo it.
    pub(super) fn record_cleanup(&self, context: &Context<'_>, step: &Step) {
        if step.cleanup.is_empty() {
            return;
        }
        let home = context.session_of(step.session.as_ref());
        let record = Recorded {
            steps: Arc::clone(&step.cleanup),
            frame: Rc::clone(&context.frame),
            scope: context.scope.clone(),
            home,
            way: self.name(context, step, None),
            asked: self.asked.clone(),
        };
        context.cleanups.borrow_mut().records.push(record);
    }

    /// Runs what was recorded, the latest first, whatever failed before.
    pub(super) async fn clean_up(&mut self, context: &mut Context<'_>) {
        loop {
            let next = context.cleanups.borrow_mut().records.pop();
            let Some(next) = next else { return };
            let failed_login = context.cleanups.borrow_mut().sessions.remove(&next.home);
            if let Some(session) = failed_login {
                context.sessions.broken.remove(&next.home);
                let parked = Parked { session, ..Parked::default() };
                context.sessions.parked.insert(next.home.clone(), parked);
            }
            context.park();
            let frame = std::mem::replace(&mut context.frame, next.frame);
            let scope = std::mem::replace(&mut context.scope, next.scope);
            let home = std::mem::replace(&mut context.home, next.home);
            let way = self.way.replace(next.way);
            let asked = std::mem::replace(&mut self.asked, next.asked);
            self.teardown(context, Section::Cleanup, &next.steps).await;
            context.park();
            (context.frame, context.scope, context.home) = (frame, scope, home);
            (self.way, self.asked) = (way, asked);
        }
    }
}
