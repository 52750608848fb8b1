//! `capture`: values of a response that later steps use.

use std::borrow::Cow;

use regex::Regex;

use super::check::with_response;
use super::evidence::{Evidence, too_big};
use super::json::reached;
use super::markup;
use super::operand::{Context, Evaluated};
use super::target::Domain;
use crate::html::{Element, Selector};
use crate::jsonpath::{self, Found as Nodes, JsonPath, TooMuch};
use crate::mask::{self, Masks};
use crate::outcome::{Actual, Fault, HtmlPart, Miss, Nearest, Subject};
use crate::scenario::Scenario;
use crate::scenario::capture::{Capture, CaptureSource};
use crate::scenario::decode::Text;
use crate::scenario::yaml::At;
use crate::template::{Origin, Scope};
use crate::value::{self, Value};
use crate::xml::{Found, XPath};

/// Why nothing was captured.
enum Nothing {
    /// There is nothing, which a default makes good.
    Found {
        /// What was looked for and is not there.
        message: String,
        /// What is there instead.
        label: String,
        help: Option<String>,
    },
    /// An expression failed.
    Failed(Box<Fault>),
}

/// The step whose captures are taken.
#[derive(Clone, Copy, Debug)]
pub struct Captures<'c> {
    /// The file.
    pub scenario: &'c Scenario,
    /// The step's name.
    pub step: &'c str,
    /// Takes the values of secret captures.
    pub masks: &'c Masks,
}

impl Captures<'_> {
    /// Gives each captured name its value; what is found is captured even where others are not.
    #[must_use]
    pub fn take(
        self,
        captures: &[Capture],
        evidence: &Evidence<'_>,
        scope: &mut Scope,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        with_response(captures.iter().filter_map(expression), evidence, scope, |scope| {
            for capture in captures {
                let name = capture.name.value.as_str();
                match self.one(capture, evidence, scope) {
                    Ok(value) => {
                        let span = self.scenario.span(capture.name.at);
                        let (step, source) = (self.step.to_owned(), self.scenario.source().clone());
                        scope.bind(name, value, Origin::Capture { step, source, span });
                    }
                    Err(fault) => {
                        faults.push(*fault);
                        // The value of an earlier capture must not pass for this one.
                        let bound = scope.get(name).map(|binding| &binding.origin);
                        if matches!(bound, Some(Origin::Capture { .. })) {
                            scope.unbind(name);
                        }
                        scope.mark_unset(name, self.step);
                    }
                }
            }
        });
        faults
    }

    /// Nothing is captured from a step that failed, but what would be secret is masked all the same.
    pub fn mask(self, captures: &[Capture], evidence: &Evidence<'_>, scope: &mut Scope) {
        let secret = || captures.iter().filter(|capture| capture.secret);
        with_response(secret().filter_map(expression), evidence, scope, |scope| {
            for capture in secret() {
                // That one is not found is no news of a step that failed before.
                let _ = self.one(capture, evidence, scope);
            }
        });
    }

    fn one(self, capture: &Capture, evidence: &Evidence<'_>, scope: &Scope) -> Evaluated<Value> {
        let context = Context::new(self.scenario, scope);
        let value = context.captured(capture, evidence)?;
        if !capture.secret {
            return Ok(value);
        }
        if let Some(why) = mask::too_short(&value::text(&value)) {
            let place = context.place(capture.at);
            let message = format!("the secret capture `{}` {why}", capture.name.value);
            let (label, help) = (String::new(), Some(mask::TOO_SHORT_HELP.to_owned()));
            return Err(Box::new(Fault::Invalid { place, message, label, help }));
        }
        self.masks.add_value(&value);
        Ok(value)
    }
}

fn expression(capture: &Capture) -> Option<&Text> {
    match &capture.source {
        CaptureSource::Value(text) => Some(text),
        _ => None,
    }
}

impl Context<'_> {
    fn captured(&self, capture: &Capture, evidence: &Evidence<'_>) -> Evaluated<Value> {
        let nothing = match self.find(capture, evidence) {
            Ok(value) => return Ok(value),
            Err(nothing) => nothing,
        };
        if let Some(default) = &capture.default {
            return self.operand(default, Domain::Json).map(Cow::into_owned);
        }
        Err(match nothing {
            Nothing::Failed(fault) => fault,
            Nothing::Found { message, label, help } => {
                let place = self.place(capture.at);
                let message = format!("nothing to capture as `{}`: {message}", capture.name.value);
                let help =
                    help.or_else(|| Some("a `default` is taken where nothing is found".to_owned()));
                Box::new(Fault::Invalid { place, message, label, help })
            }
        })
    }

    fn find(&self, capture: &Capture, evidence: &Evidence<'_>) -> Result<Value, Nothing> {
        let all = capture.all;
        match &capture.source {
            CaptureSource::Json(path) => self.json_nodes(capture.at, path, all, evidence),
            CaptureSource::Xml(path) => self.xml_nodes(capture.at, path, all, evidence),
            CaptureSource::Html { selector, attribute } => {
                elements(selector, attribute.as_deref(), all, evidence)
            }
            CaptureSource::Header(name) => {
                let values =
                    evidence.header(name).into_iter().map(|value| Value::from(value.into_owned()));
                some(values, all).ok_or_else(|| found(format!("header `{name}` is missing")))
            }
            CaptureSource::Cookie(name) => {
                let values = evidence.cookies(name).map(|cookie| Value::from(cookie.value()));
                let message =
                    || format!("the session holds no cookie `{name}` for {}", evidence.url());
                some(values, all).ok_or_else(|| found(message()))
            }
            CaptureSource::Regex { regex, group } => matches(regex, *group, all, evidence),
            CaptureSource::Body => match evidence.text() {
                Ok(text) => Ok(one(Value::from(text), all)),
                Err(actual) => Err(unread(actual, Subject::Body)),
            },
            CaptureSource::Status => Ok(one(Value::from(evidence.status().as_u16()), all)),
            CaptureSource::Url => Ok(one(Value::from(evidence.url()), all)),
            CaptureSource::Value(text) => match self.evaluate(text) {
                Ok(list @ Value::Array(_)) => Ok(list),
                Ok(value) => Ok(one(value, all)),
                Err(fault) => Err(Nothing::Failed(fault)),
            },
        }
    }
}

impl Context<'_> {
    fn json_nodes(
        &self,
        at: At,
        path: &JsonPath,
        all: bool,
        evidence: &Evidence<'_>,
    ) -> Result<Value, Nothing> {
        // Where there is something to say, the whole body is read.
        if let Some(nodes) = evidence.nodes(&[path])
            && let Some(value) = some(nodes.into_iter().flatten(), all)
        {
            return Ok(value);
        }
        let subject = Subject::Json(path.text().to_owned());
        let body = match evidence.json() {
            Ok(body) => body,
            Err(actual) => return Err(unread(actual, subject)),
        };
        let too_much = || Nothing::Failed(Box::new(self.too_much(at, path, TooMuch)));
        let nodes = match path.find(body) {
            Ok(Nodes::One(node)) => return Ok(one(node.clone(), all)),
            Ok(Nodes::Many(nodes)) => nodes,
            Ok(Nodes::Missing) => Vec::new(),
            Err(TooMuch) => return Err(too_much()),
        };
        let copies = jsonpath::copies(&nodes);
        if copies.len() < nodes.len() {
            return Err(too_much());
        }
        some(copies.into_iter(), true)
            .ok_or_else(|| unread(&Actual::NoNode(reached(path, body)), subject))
    }
}

impl Context<'_> {
    fn xml_nodes(
        &self,
        at: At,
        path: &XPath,
        all: bool,
        evidence: &Evidence<'_>,
    ) -> Result<Value, Nothing> {
        let subject = || Subject::Xml(path.text().to_owned());
        let text = evidence.markup().map_err(|actual| unread(&actual, subject()))?;
        let document = markup::read(&text).map_err(|actual| unread(&actual, subject()))?;
        match path.find(&document) {
            Ok(Found::Value(value)) => Ok(one(value, all)),
            Ok(Found::Nodes(texts)) if !texts.is_empty() => {
                let mut texts = texts.into_iter().map(Value::from);
                some(&mut texts, all).ok_or_else(|| found(String::new()))
            }
            Ok(nothing) => Err(unread(&markup::not_found(path, &nothing, &document), subject())),
            Err(why) => Err(Nothing::Failed(Box::new(self.not_followed(at, path, &why)))),
        }
    }
}

/// The texts of the elements that a selector finds, or the values of an attribute of those that have it.
fn elements(
    selector: &Selector,
    attribute: Option<&str>,
    all: bool,
    evidence: &Evidence<'_>,
) -> Result<Value, Nothing> {
    let part = attribute.map_or(HtmlPart::Text, |name| HtmlPart::Attribute(name.to_owned()));
    let subject = Subject::Html(selector.text().to_owned(), part);
    let page = evidence.html();
    let elements = page.and_then(|page| page.select(selector).map_err(too_big));
    let elements = match elements {
        Ok(elements) => elements,
        Err(actual) => return Err(unread(&actual, subject)),
    };
    let value = |element: &Element<'_>| match attribute {
        Some(name) => element.attribute(name).map(Value::from),
        None => Some(Value::from(element.text())),
    };
    some(elements.iter().filter_map(value), all).ok_or_else(|| {
        let nothing = match elements.first() {
            None => markup::no_element(selector, evidence),
            Some(first) => Actual::NotFound(Nearest {
                path: selector.text().to_owned(),
                nodes: elements.len(),
                has: first.attributes(),
            }),
        };
        unread(&nothing, subject)
    })
}

/// The first value, or all of them as a list; none where there is none.
fn some(mut values: impl Iterator<Item = Value>, all: bool) -> Option<Value> {
    let first = values.next()?;
    if !all {
        return Some(first);
    }
    Some(std::iter::once(first).chain(values).collect())
}

/// `all` gives a list always.
fn one(value: Value, all: bool) -> Value {
    if all { Value::Array(vec![value]) } else { value }
}

fn matches(
    regex: &Regex,
    group: usize,
    all: bool,
    evidence: &Evidence<'_>,
) -> Result<Value, Nothing> {
    let text = evidence.text().map_err(|actual| unread(actual, Subject::Body))?;
    let groups = regex.captures_iter(text).filter_map(|found| found.get(group));
    some(groups.map(|found| Value::from(found.as_str())), all).ok_or_else(|| {
        let part = if regex.is_match(text) { format!("group {group} of ") } else { String::new() };
        found(format!("{part}`{}` found nothing in the body", regex.as_str()))
    })
}

fn found(message: String) -> Nothing {
    Nothing::Found { message, label: String::new(), help: None }
}

/// What a miss would say of it.
fn unread(actual: &Actual, subject: Subject) -> Nothing {
    let (label, help) = Miss::notes_on(&subject, actual);
    Nothing::Found { message: Miss::title_of(&subject, actual), label, help }
}
