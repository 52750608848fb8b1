//! `capture`: values of a response that later steps use.

use regex::Regex;

use super::decode::{Decoder, Keys, Located, Text, Tree, exactly};
use super::expectation::{json_path, markup};
use super::yaml::{At, Entry, Kind, Node};
use crate::html::Selector;
use crate::jsonpath::JsonPath;
use crate::template;
use crate::xml::XPath;

/// A value that is taken from the response under a name.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The name.
    pub name: Located<String>,
    /// The place of what says where it is taken from.
    pub at: At,
    /// Where it is taken from.
    pub source: CaptureSource,
    /// Every match, as a list.
    pub all: bool,
    /// The value where nothing is found.
    pub default: Option<Tree>,
    /// Whether the value is masked from here on.
    pub secret: bool,
}

/// Where a capture is taken from.
#[derive(Clone, Debug)]
pub enum CaptureSource {
    /// A node of the JSON body.
    Json(JsonPath),
    /// The text of the first node of an XPath, or what else it gives.
    Xml(XPath),
    /// The text of the first element that a selector finds, or an attribute of it.
    Html {
        /// The selector.
        selector: Selector,
        /// The attribute, its name in lower case.
        attribute: Option<String>,
    },
    /// A header field.
    Header(String),
    /// A cookie that the session holds for the last URL.
    Cookie(String),
    /// A group of a regular expression in the body.
    Regex {
        /// The expression.
        regex: Regex,
        /// The group, 0 for the whole match.
        group: usize,
    },
    /// The decoded text.
    Body,
    /// The status code.
    Status,
    /// The last URL.
    Url,
    /// An expression.
    Value(Text),
}

const KEYS: Keys = Keys {
    what: "a capture",
    known: &[
        "json", "xml", "html", "attr", "header", "cookie", "regex", "group", "body", "status",
        "url", "value", "all", "default", "secret",
    ],
};
const SOURCES: [&str; 10] =
    ["json", "xml", "html", "header", "cookie", "regex", "body", "status", "url", "value"];

/// Reads `capture`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Vec<Capture>> {
    let entries = d.entries(node, "the captures")?;
    Some(exactly(entries.iter().filter_map(|entry| capture(d, entry))))
}

fn capture(d: &Decoder<'_>, entry: &Entry) -> Option<Capture> {
    let name = super::variable_name(d, entry);
    let node = &entry.value;
    let mut capture = match &node.kind {
        Kind::Map(_) => options(d, node, name.clone()),
        _ => {
            let text = d.plain(node, "a JSONPath such as `$.id`, or a map")?;
            let path = json_path(d, text.at, &text.value)?;
            let source = CaptureSource::Json(path);
            name.clone().map(|name| Capture {
                name,
                at: node.at,
                source,
                all: false,
                default: None,
                secret: false,
            })
        }
    }?;
    capture.name = name?;
    refuse_many(d, &capture).then_some(capture)
}

/// A path that gives a list is captured only where the file says `all: true`.
fn refuse_many(d: &Decoder<'_>, capture: &Capture) -> bool {
    match &capture.source {
        CaptureSource::Json(path) if !path.is_singular() && !capture.all => {
            let message = format!("`{}` can yield several nodes", path.text());
            let help = format!(
                "write `{{json: \"{}\", all: true}}` to capture them all as a list",
                path.text()
            );
            d.error_help(capture.at, message, "", &help);
            false
        }
        _ => true,
    }
}

fn options(d: &Decoder<'_>, node: &Node, name: Option<Located<String>>) -> Option<Capture> {
    let entries = d.map(node, &KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).copied();
    let mut sources = SOURCES.iter().filter_map(|key| find(key));
    let (Some(source), None) = (sources.next(), sources.next()) else {
        let names = SOURCES.map(|name| format!("`{name}`")).join(", ");
        d.error_help(
            node.at,
            "a capture wants exactly one source",
            "",
            &format!("the sources are {names}"),
        );
        return None;
    };
    let all = find("all").is_some_and(|entry| d.boolean(&entry.value) == Some(true));
    let secret = find("secret").is_some_and(|entry| d.boolean(&entry.value) == Some(true));
    let default = match find("default") {
        Some(entry) => Some(d.tree(&entry.value)?),
        None => None,
    };
    if let (Some(group), true) = (find("group"), source.key != "regex") {
        d.error_help(group.at, "`group` belongs to `regex`", "", "leave it out");
    }
    if let (Some(attribute), true) = (find("attr"), source.key != "html") {
        d.error_help(attribute.at, "`attr` belongs to `html`", "", "leave it out");
    }
    let (at, value) = (source.value.at, &source.value);
    let text = |what: &str| d.plain(value, what).map(|text| text.value);
    let source = match source.key.as_str() {
        "json" => CaptureSource::Json(json_path(d, at, &text("a JSONPath")?)?),
        "xml" => CaptureSource::Xml(markup::xpath(d, at, &text("an XPath")?)?),
        "html" => CaptureSource::Html {
            selector: markup::selector(d, at, &text("a CSS selector")?)?,
            attribute: match find("attr") {
                Some(entry) => Some(
                    d.plain(&entry.value, "the name of an attribute")?.value.to_ascii_lowercase(),
                ),
                None => None,
            },
        },
        "header" => CaptureSource::Header(
            super::settings::header_name(d, at, &text("a header name")?)?.value,
        ),
        "cookie" => CaptureSource::Cookie(text("a cookie name")?),
        "regex" => regex(d, value, find("group"))?,
        "value" => CaptureSource::Value(d.text(value, "an expression")?),
        flag => {
            if !d.boolean(value)? {
                let help = format!("`{flag}: true` captures it");
                d.error_help(at, format!("`{flag}: false` says nothing"), "", &help);
                return None;
            }
            match flag {
                "body" => CaptureSource::Body,
                "status" => CaptureSource::Status,
                _ => CaptureSource::Url,
            }
        }
    };
    Some(Capture { name: name?, at, source, all, default, secret })
}

fn regex(d: &Decoder<'_>, node: &Node, group: Option<&Entry>) -> Option<CaptureSource> {
    let pattern = d.plain(node, "a regular expression")?;
    let regex = match template::pattern(&pattern.value) {
        Ok(regex) => regex,
        Err(message) => {
            d.error_help(node.at, &message, "", template::pattern_help(&message));
            return None;
        }
    };
    let last = regex.captures_len() - 1;
    let group = match group {
        // Group 1, or the whole match where there is no group.
        None => last.min(1),
        Some(entry) => {
            let group = d.integer(&entry.value, 0..=u64::from(u32::MAX))?;
            let group = usize::try_from(group).ok()?;
            if group > last {
                let have = match last {
                    0 => "no group".to_owned(),
                    1 => "1 group".to_owned(),
                    last => format!("{last} groups"),
                };
                let message =
                    format!("the regular expression has {have}, and this asks for group {group}");
                let help = "groups are the parts in `(…)`, counted from 1; 0 is all that matched";
                d.error_help(entry.value.at, message, "", help);
                return None;
            }
            group
        }
    };
    Some(CaptureSource::Regex { regex, group })
}
