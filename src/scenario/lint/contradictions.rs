//! Expectations that no response can meet: two that exclude each other, and one that excludes all.

use super::Lint;
use super::agree::{self, Texts};
use crate::diagnostic::Diagnostic;
use crate::jsonpath::JsonPath;
use crate::scenario::decode::{Located, Tree};
use crate::scenario::expectation::{
    CertificatePart, CookieAttribute, CookieExpectation, Expectations, HeaderExpectation,
    Redirects, Status, StatusPattern, WantedStatus,
};
use crate::scenario::matcher::{Check, Matcher, Op};
use crate::scenario::step::{Action, Step};
use crate::scenario::yaml::At;
use crate::value::Value;
use crate::xml;

const HELP: &str = "no response meets both: leave one of them out, or mend it";

pub(super) fn check(lint: &mut Lint<'_>) {
    let scenario = lint.scenario;
    for step in scenario.all_steps() {
        expectations(lint, &step.expect);
        for cell in &step.access {
            expectations(lint, &cell.expect);
        }
        without_body(lint, step);
        too_many_redirects(lint, step);
    }
}

fn expectations(lint: &mut Lint<'_>, expect: &Expectations) {
    if let Some(Status { wanted: WantedStatus::Matcher(matcher), .. }) = &expect.status {
        no_status(lint, matcher);
        one(lint, matcher, Texts::AsTexts);
    }
    for (_, header) in &expect.headers {
        match header {
            HeaderExpectation::One(matcher) => one(lint, matcher, Texts::AsNumbers),
            HeaderExpectation::All(_, all) => {
                all.iter().for_each(|matcher| one(lint, matcher, Texts::AsNumbers));
            }
        }
    }
    for (name, cookie) in expect.cookies.iter().chain(&expect.set_cookies) {
        self::cookie(lint, name, cookie);
    }
    json(lint, &expect.json);
    expect.like.iter().for_each(|matcher| one(lint, matcher, Texts::AsTexts));
    transport(lint, expect);
    markup(lint, expect);
    let texts = [&expect.body, &expect.url].into_iter().flatten();
    texts.for_each(|matcher| one(lint, matcher, Texts::AsNumbers));
    let lengths = expect.bytes.iter().flat_map(|bytes| &bytes.length);
    let quantities = expect.duration.iter().chain(lengths);
    quantities.for_each(|matcher| one(lint, matcher, Texts::AsTexts));
    if let Some(Redirects::Count(matcher)) = &expect.redirects {
        one(lint, matcher, Texts::AsTexts);
    }
}

fn markup(lint: &mut Lint<'_>, expect: &Expectations) {
    let Some(markup) = &expect.markup else { return };
    for (_, element) in &markup.html {
        let attributes = element.attributes.iter().map(|(_, matcher)| matcher);
        for matcher in element.text.iter().chain(attributes) {
            one(lint, matcher, Texts::AsNumbers);
        }
        element.count.iter().for_each(|matcher| one(lint, matcher, Texts::AsTexts));
    }
    for (path, matcher) in &markup.xml {
        let is_text = matches!(path.value.kind(), xml::Kind::Nodes | xml::Kind::Text);
        one(lint, matcher, if is_text { Texts::AsNumbers } else { Texts::AsTexts });
    }
}

fn transport(lint: &mut Lint<'_>, expect: &Expectations) {
    let Some(transport) = &expect.transport else { return };
    for matcher in transport.http_version.iter().chain(&transport.remote_ip) {
        one(lint, matcher, Texts::AsNumbers);
    }
    for (part, matcher) in &transport.certificate {
        let is_text = matches!(part, CertificatePart::Subject | CertificatePart::Issuer);
        one(lint, matcher, if is_text { Texts::AsNumbers } else { Texts::AsTexts });
    }
    transport.timing.iter().for_each(|(_, matcher)| one(lint, matcher, Texts::AsTexts));
}

/// What the operators of one matcher, and of those in it, want.
fn one(lint: &mut Lint<'_>, matcher: &Matcher, texts: Texts) {
    both(lint, matcher, matcher, texts, "");
    for check in &matcher.checks {
        alone(lint, check, texts);
        match &check.op {
            Op::Each(inner) | Op::Any(inner) => one(lint, inner, texts),
            Op::Length(inner) => one(lint, inner, Texts::AsTexts),
            Op::Unordered(items) => items.iter().for_each(|inner| one(lint, inner, texts)),
            Op::Like(like) => like.inner().for_each(|inner| one(lint, inner, texts)),
            _ => {}
        }
    }
}

/// An operator that holds of nothing at all.
fn alone(lint: &mut Lint<'_>, check: &Check, texts: Texts) {
    let (message, help) = match &check.op {
        Op::Between(..) if agree::ranges_miss(&check.op, &check.op, texts) => {
            ("nothing is between these two", "write the smaller one first")
        }
        Op::In(Tree::List(items)) if items.is_empty() => {
            ("nothing is in an empty list", "name the values, or say `exists: false`")
        }
        Op::Not(inner) if inner.checks.iter().all(|c| matches!(c.op, Op::Exists(true))) => {
            ("what is missing meets nothing but `exists: false`", "write `exists: false`")
        }
        Op::Length(_) if agree::never(&check.op, &check.op, texts) => {
            ("nothing has this length", "a length is a whole number from 0 on")
        }
        _ => return,
    };
    lint.add(Diagnostic::error(message).help(help), check.at, "");
}

/// A status is a number to every operator: `in: [2xx]` compares with a text.
fn no_status(lint: &mut Lint<'_>, matcher: &Matcher) {
    for check in &matcher.checks {
        let values = match &check.op {
            Op::Equals(Tree::Literal(value)) => vec![value],
            Op::In(tree) => agree::values(tree).unwrap_or_default(),
            _ => continue,
        };
        let text = values.into_iter().find(|value| !value.is_number());
        if let Some(text) = text {
            let message =
                format!("no status equals {text}: to `{}` it is a number", agree::name(&check.op));
            let help = "classes stand alone or in a list: `status: 2xx`, `status: [200, 4xx]`";
            lint.add(Diagnostic::error(message).help(help), check.at, "");
        }
    }
}

/// Tells the first operators of two matchers on one value that exclude each other.
fn both(lint: &mut Lint<'_>, first: &Matcher, second: &Matcher, texts: Texts, of: &str) {
    let is_one = std::ptr::eq(first, second);
    for (index, a) in first.checks.iter().enumerate() {
        let from = if is_one { index + 1 } else { 0 };
        for b in second.checks.iter().skip(from) {
            if agree::never(&a.op, &b.op, texts) {
                let (a_name, b_name) = (agree::name(&a.op), agree::name(&b.op));
                let message = match a_name == b_name {
                    true => format!("two `{a_name}`{of} that can never both hold"),
                    false => format!("`{a_name}` and `{b_name}`{of} can never both hold"),
                };
                lint.add_both(Diagnostic::error(message).help(HELP), (a.at, b.at));
                return;
            }
        }
    }
}

fn json(lint: &mut Lint<'_>, paths: &[(Located<JsonPath>, Matcher)]) {
    for (index, (path, matcher)) in paths.iter().enumerate() {
        one_of_json(lint, path, matcher);
        for (other, other_matcher) in &paths[index + 1..] {
            let (one, two) = (&path.value, &other.value);
            match (two.begins_with(one), one.begins_with(two)) {
                (true, true) => {
                    let of = format!(" of `{}`", two.text());
                    both(lint, matcher, other_matcher, Texts::AsTexts, &of);
                }
                (true, false) => below(lint, (path, matcher), (other, other_matcher)),
                (false, true) => below(lint, (other, other_matcher), (path, matcher)),
                _ if one.text() == two.text() => {
                    both(lint, matcher, other_matcher, Texts::AsTexts, "");
                }
                _ => {}
            }
        }
    }
}

/// A path that gives a list is never missing: what it says of that is judged in the run.
fn one_of_json(lint: &mut Lint<'_>, path: &Located<JsonPath>, matcher: &Matcher) {
    let says_missing = |check: &Check| matches!(check.op, Op::Exists(false));
    if path.value.is_singular() || !matcher.checks.iter().any(says_missing) {
        one(lint, matcher, Texts::AsTexts);
    }
}

type Expected<'e> = (&'e Located<JsonPath>, &'e Matcher);

/// What is expected below a node that is not there, or has another value.
fn below(
    lint: &mut Lint<'_>,
    (outer, outer_matcher): Expected<'_>,
    (inner, matcher): Expected<'_>,
) {
    for a in &outer_matcher.checks {
        let found = match &a.op {
            Op::Exists(false) => None,
            Op::Equals(Tree::Literal(value)) => inner.value.find_below(&outer.value, value),
            _ => continue,
        };
        let fails = |check: &&Check| match found {
            None => !matches!(check.op, Op::Exists(false)),
            Some(node) => agree::holds(&check.op, node, Texts::AsTexts) == Some(false),
        };
        if let Some(b) = matcher.checks.iter().find(fails) {
            let (outer, inner) = (outer.value.text(), inner.value.text());
            let (a_name, b_name) = (agree::name(&a.op), agree::name(&b.op));
            let message =
                format!("`{a_name}` of `{outer}` and `{b_name}` of `{inner}` can never both hold");
            lint.add_both(Diagnostic::error(message).help(HELP), (a.at, b.at));
            return;
        }
    }
}

fn cookie(lint: &mut Lint<'_>, name: &Located<String>, cookie: &CookieExpectation) {
    let says = |wanted: CookieAttribute, value: bool| {
        cookie.attributes.iter().find_map(|(attribute, matcher)| {
            let is_it = |check: &&Check| matches!(&check.op, Op::Equals(Tree::Literal(Value::Bool(flag))) if *flag == value);
            (*attribute == wanted).then(|| matcher.checks.iter().find(is_it)).flatten()
        })
    };
    for (attribute, matcher) in &cookie.attributes {
        one(lint, matcher, Texts::AsNumbers);
        let wants_it = !matcher.checks.iter().any(|check| matches!(check.op, Op::Exists(false)));
        if let Some(missing) = says(CookieAttribute::Exists, false)
            && *attribute != CookieAttribute::Exists
        {
            let message =
                format!("cookie `{}` is not to exist, and to have attributes", name.value);
            lint.add_both(Diagnostic::error(message).help(HELP), (missing.at, matcher.at));
        }
        if let Some(session) = says(CookieAttribute::Persistent, false)
            && *attribute == CookieAttribute::ExpiresIn
            && wants_it
        {
            let message = format!("cookie `{}` is to have no expiry, and to expire", name.value);
            lint.add_both(Diagnostic::error(message).help(HELP), (session.at, matcher.at));
        }
    }
}

/// What is expected of a body that there never is (RFC 9110 sections 9.3.2, 15.3.5 and 15.4.5).
fn without_body(lint: &mut Lint<'_>, step: &Step) {
    let Action::Request(request) = &step.action else { return };
    let bodiless = |pattern: &StatusPattern| matches!(pattern, StatusPattern::Code(204 | 304));
    let (why, place) = match &step.expect.status {
        _ if request.method == "HEAD" => ("a response to HEAD", request.at),
        Some(Status { at, wanted: WantedStatus::OneOf(all) }) if all.iter().all(bodiless) => {
            ("a response with this status", *at)
        }
        _ => return,
    };
    let body = step.expect.body.iter().flat_map(|matcher| &matcher.checks);
    let empty = Value::String(String::new());
    let wants_body =
        |check: &&Check| agree::holds(&check.op, &empty, Texts::AsNumbers) == Some(false);
    let body = body.into_iter().find(wants_body).map(|check| ("body", check.at));
    let like = step.expect.like.as_ref().map(|matcher| ("like", matcher.at));
    let json = step.expect.json.first().map(|(path, _)| ("json", path.at));
    let found: [Option<(&str, At)>; 3] = [json, like, body];
    for (what, at) in found.into_iter().flatten() {
        let message = format!("{why} has no body: `{what}` can never hold");
        let help = "leave it out, or mend what it contradicts";
        lint.add_both(Diagnostic::error(message).help(help), (place, at));
    }
}

/// More redirects than are followed.
fn too_many_redirects(lint: &mut Lint<'_>, step: &Step) {
    let Action::Request(request) = &step.action else { return };
    let (Some(most), Some(redirects)) = (request.settings.follow_redirects, &step.expect.redirects)
    else {
        return;
    };
    let (is_possible, at) = match redirects {
        Redirects::Count(matcher) => {
            let can_be = |count: u32| {
                let fails = |check: &Check| {
                    agree::holds(&check.op, &Value::from(count), Texts::AsTexts) == Some(false)
                };
                !matcher.checks.iter().any(fails)
            };
            ((0..=most).any(can_be), matcher.at)
        }
        Redirects::Each(at, each) => (each.len() <= most as usize, *at),
    };
    if !is_possible {
        let message = match most {
            0 => "this step follows no redirect: `redirects` can never hold".to_owned(),
            1 => "this step follows one redirect at most: `redirects` can never hold".to_owned(),
            most => {
                format!("this step follows {most} redirects at most: `redirects` can never hold")
            }
        };
        let help = "change `follow_redirects`, or leave `redirects` out; a redirect that is not followed is seen by `status` and its `Location` header";
        lint.add(Diagnostic::error(message).help(help), at, "");
    }
}
