//! Every text of a step, for those who look at its expressions.

use super::decode::Text;
use super::expectation::{Expectations, HeaderExpectation, Redirects, Status, WantedStatus};
use super::matcher::{Like, Matcher, Op, Pattern};
use super::session_action::{CookieToSet, SessionAction};
use super::settings::Settings;
use super::step::{Action, Step};

/// The step's name as it was written, or what it does.
#[must_use]
pub fn step_name(step: &Step) -> &str {
    match (&step.name, &step.action) {
        (Some(name), _) => name.value.source(),
        (None, Action::Request(request)) => &request.line,
        (None, Action::Wait(_)) => "wait",
        (None, Action::Group(_)) => "group",
        (None, Action::Use(used)) => &used.path,
        (None, Action::Session(_, SessionAction::Reset)) => "session: reset",
        (None, Action::Session(_, SessionAction::SetCookie(_))) => "session: set_cookie",
        (None, Action::Session(_, SessionAction::DeleteCookie { .. })) => "session: delete_cookie",
        (None, Action::Session(_, SessionAction::CloseBrowser)) => "session: close_browser",
        (None, Action::Session(_, SessionAction::Save(_))) => "session: save",
        (None, Action::Session(_, SessionAction::Load(_))) => "session: load",
    }
}

/// Calls `visit` for every text of a step that is evaluated before there is a response.
pub fn step<'t>(step: &'t Step, visit: &mut dyn FnMut(&'t Text)) {
    if let Some(name) = &step.name {
        visit(name);
    }
    match &step.action {
        Action::Request(request) => {
            visit(&request.url);
            settings(&request.settings, visit);
        }
        Action::Session(_, action) => session(action, visit),
        Action::Wait(time) => time.value.visit(visit),
        Action::Group(_) => {}
        Action::Use(used) => used.with.iter().for_each(|(_, value)| value.visit(visit)),
    }
    step.flow().visit(visit);
    expectations(&step.expect, visit);
    step.access.iter().for_each(|cell| expectations(&cell.expect, visit));
}

type Visit<'v, 't> = &'v mut dyn FnMut(&'t Text);

/// Calls `visit` for every text of the settings.
pub fn settings<'t>(settings: &'t Settings, visit: &mut dyn FnMut(&'t Text)) {
    for text in settings.headers.iter().filter_map(|(_, values)| values.as_ref()).flatten() {
        visit(text);
    }
    for tree in settings.query.iter().filter_map(|(_, values)| values.as_ref()).flatten() {
        tree.visit(visit);
    }
    settings.body.iter().for_each(|body| body.value.visit(visit));
    settings.auth.iter().for_each(|auth| auth.value.visit(visit));
    settings.connection().visit(visit);
}

pub(super) fn session<'t>(action: &'t SessionAction, visit: Visit<'_, 't>) {
    match action {
        SessionAction::Reset | SessionAction::CloseBrowser => {}
        SessionAction::Save(file) | SessionAction::Load(file) => visit(&file.path),
        SessionAction::SetCookie(cookie) => self::cookie(cookie, visit),
        SessionAction::DeleteCookie { name, domain, path } => {
            visit(name);
            domain.iter().chain(path).for_each(visit);
        }
    }
}

pub(super) fn cookie<'t>(cookie: &'t CookieToSet, visit: Visit<'_, 't>) {
    visit(&cookie.name);
    visit(&cookie.value);
    cookie.domain.iter().chain(&cookie.path).for_each(visit);
}

pub(super) fn expectations<'t>(expect: &'t Expectations, visit: Visit<'_, 't>) {
    let whole = [&expect.body, &expect.duration, &expect.url];
    let cookies = expect.cookies.iter().chain(&expect.set_cookies);
    let cookies = cookies.flat_map(|(_, cookie)| &cookie.attributes);
    let mut matchers: Vec<&Matcher> = whole.into_iter().flatten().collect();
    matchers.extend(expect.error.iter().map(|error| &error.value));
    matchers.extend(expect.status.iter().filter_map(status));
    matchers.extend(expect.json.iter().map(|(_, matcher)| matcher));
    matchers.extend(cookies.map(|(_, matcher)| matcher));
    for (_, header) in &expect.headers {
        match header {
            HeaderExpectation::One(matcher) => matchers.push(matcher),
            HeaderExpectation::All(_, all) => matchers.extend(all),
        }
    }
    match &expect.redirects {
        Some(Redirects::Count(count)) => matchers.push(count),
        Some(Redirects::Each(_, each)) => {
            matchers.extend(each.iter().filter_map(|redirect| redirect.location.as_ref()));
            matchers.extend(each.iter().filter_map(|r| r.status.as_ref()).filter_map(status));
        }
        None => {}
    }
    matchers.extend(&expect.like);
    matchers.extend(expect.transport.iter().flat_map(|transport| transport.matchers()));
    if let Some(bytes) = &expect.bytes {
        matchers.extend(&bytes.length);
        bytes.sha256.iter().chain(&bytes.starts_with).for_each(&mut *visit);
    }
    expect.snapshot.iter().for_each(|snapshot| visit(&snapshot.name));
    for matcher in matchers {
        visit_matcher(matcher, visit);
    }
}

fn status(status: &Status) -> Option<&Matcher> {
    match &status.wanted {
        WantedStatus::Matcher(matcher) => Some(matcher),
        WantedStatus::OneOf(_) => None,
    }
}

fn visit_matcher<'t>(matcher: &'t Matcher, visit: Visit<'_, 't>) {
    for check in &matcher.checks {
        match &check.op {
            Op::Not(inner)
            | Op::Length(inner)
            | Op::Each(inner)
            | Op::Any(inner)
            | Op::None(inner) => {
                visit_matcher(inner, visit);
            }
            Op::Unordered(all) => all.iter().for_each(|inner| visit_matcher(inner, visit)),
            Op::Like(like) => {
                if let Like::Template(text) = &**like {
                    visit(text);
                }
                like.inner().for_each(|inner| visit_matcher(inner, visit));
            }
            Op::Matches(Pattern::Template(text)) => visit(text),
            Op::Approx(approx) => {
                [&approx.value, &approx.within].into_iter().for_each(|tree| tree.visit(visit));
            }
            Op::Between(ends) => ends.iter().for_each(|tree| tree.visit(visit)),
            op => op.operand().into_iter().for_each(|tree| tree.visit(visit)),
        }
    }
}
