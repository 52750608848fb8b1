//! `html` and `xml`: what CSS selectors and XPaths find in the body.

use super::super::decode::{Decoder, Keys, Located};
use super::super::matcher::{self, Domain, Matcher};
use super::super::yaml::{At, Entry, Kind, Node};
use crate::diagnostic::Diagnostic;
use crate::html::Selector;
use crate::xml::{Kind as Given, XPath};

/// What must hold of a page, or of a document.
#[derive(Clone, Debug, Default)]
pub struct MarkupExpectation {
    /// By selectors.
    pub html: Vec<(Located<Selector>, HtmlExpectation)>,
    /// By XPaths.
    pub xml: Vec<(Located<XPath>, Matcher)>,
}

/// What must hold of the elements that a selector finds.
#[derive(Clone, Debug, Default)]
pub struct HtmlExpectation {
    /// The text of the first one.
    pub text: Option<Matcher>,
    /// Its attributes, names in lower case.
    pub attributes: Vec<(Located<String>, Matcher)>,
    /// How many there are.
    pub count: Option<Matcher>,
}

impl HtmlExpectation {
    /// All matchers in it.
    pub fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        let attributes = self.attributes.iter().map(|(_, matcher)| matcher);
        self.text.iter().chain(attributes).chain(&self.count)
    }
}

impl MarkupExpectation {
    /// All matchers in it.
    pub fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        let html = self.html.iter().flat_map(|(_, expected)| expected.matchers());
        html.chain(self.xml.iter().map(|(_, matcher)| matcher))
    }

    /// These and the common ones.
    pub(super) fn with(mut self, common: &Self) -> Self {
        self.html.extend_from_slice(&common.html);
        self.xml.extend_from_slice(&common.xml);
        self
    }
}

const ELEMENT_KEYS: Keys =
    Keys { what: "what `html` asks of an element", known: &["text", "attr", "count"] };

/// Reads those of the entries of `expect` that are told here.
pub(super) fn decode(d: &Decoder<'_>, entries: &[&Entry]) -> Option<MarkupExpectation> {
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let (html, xml) = (find("html"), find("xml"));
    let is_asked = html.is_some() || xml.is_some();
    is_asked.then(|| MarkupExpectation {
        html: html.and_then(|node| self::html(d, node)).unwrap_or_default(),
        xml: xml.and_then(|node| self::xml(d, node)).unwrap_or_default(),
    })
}

fn html(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Located<Selector>, HtmlExpectation)>> {
    let mut all = Vec::new();
    let what = "the HTML expectations, selectors with matchers";
    for entry in super::not_empty(d, node, d.entries(node, what)?)? {
        let selector = selector(d, entry.at, &entry.key);
        let expected = element(d, &entry.value);
        if let (Some(value), Some(expected)) = (selector, expected) {
            all.push((Located { at: entry.at, value }, expected));
        }
    }
    Some(all)
}

fn element(d: &Decoder<'_>, node: &Node) -> Option<HtmlExpectation> {
    let Kind::Map(entries) = &node.kind else {
        let text = matcher::decode(d, node, Domain::Text);
        return text.map(|text| HtmlExpectation { text: Some(text), ..HtmlExpectation::default() });
    };
    let is_part = |entry: &&Entry| ELEMENT_KEYS.known.contains(&entry.key.as_str());
    let Some(part) = entries.iter().find(is_part) else {
        let text = matcher::decode(d, node, Domain::Text)?;
        return Some(HtmlExpectation { text: Some(text), ..HtmlExpectation::default() });
    };
    let operator = |entry: &&Entry| matcher::KEYS.known.contains(&entry.key.as_str());
    if let Some(operator) = entries.iter().find(operator) {
        let message = format!("`{}` stands beside `{}`", operator.key, part.key);
        let help =
            "put what the text must be below `text`, such as `{text: {includes: x}, count: 2}`";
        d.error_help(operator.at, message, "", help);
        return None;
    }
    let mut expected = HtmlExpectation::default();
    for entry in d.map(node, &ELEMENT_KEYS)? {
        match entry.key.as_str() {
            "text" => expected.text = matcher::decode(d, &entry.value, Domain::Text),
            "count" => expected.count = matcher::decode(d, &entry.value, Domain::Count),
            _ => expected.attributes = attributes(d, &entry.value).unwrap_or_default(),
        }
    }
    Some(expected)
}

fn attributes(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Located<String>, Matcher)>> {
    let mut all = Vec::new();
    for entry in super::not_empty(d, node, d.entries(node, "the attributes")?)? {
        // In a page their names have no case.
        let name = Located { at: entry.at, value: entry.key.to_ascii_lowercase() };
        all.extend(matcher::decode(d, &entry.value, Domain::Text).map(|matcher| (name, matcher)));
    }
    Some(all)
}

fn xml(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Located<XPath>, Matcher)>> {
    let mut all = Vec::new();
    let what = "the XML expectations, XPaths with matchers";
    for entry in super::not_empty(d, node, d.entries(node, what)?)? {
        let Some(value) = xpath(d, entry.at, &entry.key) else { continue };
        let domain = match value.kind() {
            Given::Nodes | Given::Text => Domain::Text,
            Given::Number | Given::Boolean => Domain::Json,
        };
        let matcher = matcher::decode(d, &entry.value, domain);
        all.extend(matcher.map(|matcher| (Located { at: entry.at, value }, matcher)));
    }
    Some(all)
}

/// Both are known before the run.
fn refuse_expressions(d: &Decoder<'_>, at: At, text: &str, what: &str) -> bool {
    if text.contains("${") {
        let message = format!("`{}`: {what} holds no expressions", crate::value::cut(text, 60));
        d.error_help(at, message, "", "it is known before the run: write it out");
        return true;
    }
    false
}

/// Reads a CSS selector.
pub(in crate::scenario) fn selector(d: &Decoder<'_>, at: At, text: &str) -> Option<Selector> {
    if refuse_expressions(d, at, text, "a selector") {
        return None;
    }
    Selector::parse(text)
        .map_err(|error| {
            let help = match text.chars().next() {
                Some('/') => Some("this looks like an XPath: those belong to `xml`"),
                Some('$') => Some("this looks like a JSONPath: those belong to `json`"),
                _ => error.help,
            };
            wrong(d, at, (text, "CSS selector"), (error.offset, error.message), help);
        })
        .ok()
}

/// Reads an XPath.
pub(in crate::scenario) fn xpath(d: &Decoder<'_>, at: At, text: &str) -> Option<XPath> {
    if refuse_expressions(d, at, text, "an XPath") {
        return None;
    }
    XPath::parse(text)
        .map_err(|error| {
            let is_json = text.starts_with("$.") || text.starts_with("$[");
            let help = is_json.then_some("this looks like a JSONPath: those belong to `json`");
            let help = help.or(error.help);
            wrong(d, at, (text, "XPath 1.0"), (error.offset, &error.message), help);
        })
        .ok()
}

fn wrong(
    d: &Decoder<'_>,
    at: At,
    (text, what): (&str, &str),
    (offset, message): (usize, &str),
    help: Option<&'static str>,
) {
    let message = format!("`{}` is no {what}: {message}", crate::value::cut(text, 60));
    let place = super::within(d, at, text, offset);
    let diagnostic = Diagnostic::error(message).at(d.source(), place, "");
    d.report(match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    });
}
