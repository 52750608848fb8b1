//! `html` and `xml`: what selectors and XPaths find in the body.

use super::evidence::{Evidence, too_big};
use super::explain::Looked;
use super::operand::Context;
use super::target::{Domain, Target};
use crate::html::{Element, Selector};
use crate::outcome::{Actual, Fault, HtmlPart, Nearest, Subject};
use crate::scenario::decode::Located;
use crate::scenario::expectation::{HtmlExpectation, MarkupExpectation};
use crate::scenario::matcher::Matcher;
use crate::scenario::yaml::At;
use crate::value::{Value, cut};
use crate::xml::{self, Found, NotFollowed, XPath};

impl Context<'_> {
    pub(super) fn markup(
        &self,
        expected: &MarkupExpectation,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        if !expected.html.is_empty() {
            self.html(&expected.html, evidence, faults);
        }
        if !expected.xml.is_empty() {
            self.xml(&expected.xml, evidence, faults);
        }
    }

    fn html(
        &self,
        expected: &[(Located<Selector>, HtmlExpectation)],
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        for (selector, expected) in expected {
            let selector = &selector.value;
            let found = evidence.html().and_then(|page| page.select(selector).map_err(too_big));
            match found {
                Ok(found) => self.elements(selector, expected, &found, evidence, faults),
                // That there is no page is one mistake, and told once.
                Err(actual) => {
                    let subject = || Subject::Html(selector.text().to_owned(), HtmlPart::Text);
                    let looked = Looked { subject: &subject, missing: &|| actual.clone() };
                    if let Some(first) = expected.matchers().next() {
                        self.without_value(first, Domain::Text, &looked, faults);
                    }
                    return;
                }
            }
        }
    }

    fn elements(
        &self,
        selector: &Selector,
        expected: &HtmlExpectation,
        found: &[Element<'_>],
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let first = found.first();
        let subject = |part: HtmlPart| Subject::Html(selector.text().to_owned(), part);
        let nothing = || no_element(selector, evidence);
        if let Some(matcher) = &expected.text {
            let looked = Looked { subject: &|| subject(HtmlPart::Text), missing: &nothing };
            let text = first.map(|element| element.text());
            let target = text.as_deref().map_or(Target::Missing, Target::Text);
            self.matcher(matcher, target, Domain::Text, &looked, faults);
        }
        // That no element is there is told once.
        let is_told = first.is_none() && expected.text.is_some();
        for (name, matcher) in expected.attributes.iter().filter(|_| !is_told) {
            let name = name.value.as_str();
            let missing = || match first {
                None => nothing(),
                Some(element) => Actual::NotFound(Nearest {
                    path: selector.text().to_owned(),
                    nodes: found.len(),
                    has: element.attributes(),
                }),
            };
            let subject = || subject(HtmlPart::Attribute(name.to_owned()));
            let looked = Looked { subject: &subject, missing: &missing };
            let value = first.and_then(|element| element.attribute(name));
            let target = value.map_or(Target::Missing, Target::Text);
            self.matcher(matcher, target, Domain::Text, &looked, faults);
        }
        if let Some(matcher) = &expected.count {
            let looked = Looked { subject: &|| subject(HtmlPart::Count), missing: &nothing };
            let count = Value::from(found.len());
            self.matcher(matcher, Target::Node(&count), Domain::Count, &looked, faults);
        }
    }

    fn xml(
        &self,
        expected: &[(Located<XPath>, Matcher)],
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let text = evidence.markup();
        let document = text.as_deref().map_err(Clone::clone).and_then(read);
        for (path, matcher) in expected {
            let Located { at, value: path } = path;
            let subject = || Subject::Xml(path.text().to_owned());
            match &document {
                Ok(document) => match path.find(document) {
                    Ok(found) => self.found(path, matcher, (&found, document), faults),
                    Err(why) => faults.push(self.not_followed(*at, path, &why)),
                },
                Err(actual) => {
                    let looked = Looked { subject: &subject, missing: &|| actual.clone() };
                    return self.without_value(matcher, Domain::Text, &looked, faults);
                }
            }
        }
    }

    fn found(
        &self,
        path: &XPath,
        matcher: &Matcher,
        (found, document): (&Found, &xml::Document<'_>),
        faults: &mut Vec<Fault>,
    ) {
        let missing = || not_found(path, found, document);
        let subject = || Subject::Xml(path.text().to_owned());
        let looked = Looked { subject: &subject, missing: &missing };
        let (target, domain) = match found {
            Found::Nodes(texts) => {
                let first = texts.first();
                (first.map_or(Target::Missing, |text| Target::Text(text)), Domain::Text)
            }
            Found::Value(Value::String(text)) => (Target::Text(text), Domain::Text),
            Found::Value(value) => (Target::Node(value), Domain::Json),
            Found::Unbound(_) => (Target::Missing, Domain::Text),
        };
        self.matcher(matcher, target, domain, &looked, faults);
    }

    /// An expression that did not come to its end.
    pub(super) fn not_followed(&self, at: At, path: &XPath, why: &NotFollowed) -> Fault {
        Fault::Invalid {
            place: self.place(at),
            message: format!("`{}` was not followed to its end: {why}", path.text()),
            label: String::new(),
            help: Some("name the way to what is wanted, with fewer `//` and `*`".to_owned()),
        }
    }
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<xml::Document<'_>, Actual> {
    xml::Document::read(text).map_err(Actual::NotXml)
}

/// Where an XPath ends that finds nothing.
pub(super) fn not_found(path: &XPath, found: &Found, document: &xml::Document<'_>) -> Actual {
    if let Found::Unbound(prefix) = found {
        return Actual::Unbound(prefix.clone(), document.prefixes());
    }
    let xml::Stop { path, nodes, has } = path.stop(document);
    Actual::NotFound(Nearest { path, nodes, has })
}

/// What is said where a selector finds nothing: in JSON there is no element to be found.
pub(super) fn no_element(selector: &Selector, evidence: &Evidence<'_>) -> Actual {
    let may_be_page = |media: &str| ["text/", "html", "xml"].iter().any(|it| media.contains(it));
    match evidence.content_type() {
        Some(media) if !may_be_page(&media.to_ascii_lowercase()) => {
            Actual::NotHtml(format!("its content type is `{}`", cut(&media, 60)))
        }
        _ => Actual::NotFound(nearest(selector, evidence)),
    }
}

/// Where a selector ends that finds nothing; at the latest it is the `body`.
fn nearest(selector: &Selector, evidence: &Evidence<'_>) -> Nearest {
    let nothing = || Nearest { path: String::new(), nodes: 0, has: Vec::new() };
    let Ok(page) = evidence.html() else { return nothing() };
    let stop = |selector: &Selector| {
        let (path, found) = selector.stop(page).ok()??;
        let has = found.first().map(|element| element.children()).unwrap_or_default();
        Some(Nearest { path, nodes: found.len(), has })
    };
    let whole = || {
        let body = Selector::parse("body").ok()?;
        let has = page.select(&body).ok()?.first()?.children();
        Some(Nearest { path: "body".to_owned(), nodes: 1, has })
    };
    stop(selector).or_else(whole).unwrap_or_else(nothing)
}
