//! `error`: the kind of transport error that a request must end in.

use super::decode::{Decoder, Located};
use super::matcher::{self, Domain, Matcher, Op};
use super::yaml::{At, Entry, Kind, Node};
use crate::diagnostic::suggest::closest;

/// The kinds of transport errors, each with what it stands for.
pub const KINDS: [(&str, &str); 9] = [
    ("dns", "the name has no address"),
    ("connect", "no connection"),
    ("tls", "no trusted, encrypted channel"),
    ("timeout", "a limit of time was reached"),
    ("protocol", "the server broke HTTP, or the connection broke"),
    ("too_large", "a limit of size or number was reached"),
    ("decode", "the body's content coding is unknown or broken"),
    ("redirects", "more redirects than allowed, or one that cannot be followed"),
    ("refused", "refused here, before anything was sent"),
];

pub(super) fn decode(d: &Decoder<'_>, entry: &Entry) -> Option<Located<Matcher>> {
    kinds_of(&entry.value).into_iter().for_each(|node| kind(d, node));
    if let Kind::List(_) = entry.value.kind {
        let help = "several kinds are `error: { in: [timeout, connect] }`";
        d.error_help(entry.value.at, "an error has one kind, found a list", "", help);
        return None;
    }
    let value = matcher::decode(d, &entry.value, Domain::Text)?;
    if value.checks.iter().any(|check| matches!(check.op, Op::Exists(_))) {
        let help = "name the kind, such as `error: timeout`; a request that must not fail says so by its `status`";
        d.error_help(entry.value.at, "`error` wants a kind of error, found `exists`", "", help);
        return None;
    }
    Some(Located { at: entry.at, value })
}

/// The words that must be kinds: plain ones, and those below `equals`, `in` and `not`.
fn kinds_of(node: &Node) -> Vec<&Node> {
    match &node.kind {
        Kind::Map(entries) => entries
            .iter()
            .filter(|entry| ["equals", "in", "not"].contains(&entry.key.as_str()))
            .flat_map(|entry| kinds_of(&entry.value))
            .collect(),
        Kind::List(items) => items.iter().flat_map(kinds_of).collect(),
        _ => vec![node],
    }
}

fn kind(d: &Decoder<'_>, node: &Node) {
    let Kind::Text(text) = &node.kind else { return };
    let known = || KINDS.iter().map(|(name, _)| *name);
    if text.contains("${") || known().any(|name| name == text) {
        return;
    }
    let label = closest(text, known()).map(|name| format!("did you mean `{name}`?"));
    let names: Vec<String> = known().map(|name| format!("`{name}`")).collect();
    let message = format!("`{}` is no kind of error", crate::value::cut(text, 60));
    let help = format!("the kinds are {}", names.join(", "));
    d.error_help(node.at, message, &label.unwrap_or_default(), &help);
}

/// Where there is no response, nothing can be said of it.
pub(super) fn stands_alone(d: &Decoder<'_>, entries: &[&Entry]) {
    if entries.iter().any(|entry| entry.key == "error") {
        for other in entries.iter().filter(|entry| entry.key != "error") {
            beside(d, other.at, &other.key);
        }
    }
}

/// Says that this cannot stand beside `error`.
pub(super) fn beside(d: &Decoder<'_>, at: At, key: &str) {
    let message =
        format!("`{key}` stands beside `error`, and a request that fails has no response");
    d.error_help(at, message, "", "`error` stands alone: make two steps of it, or leave one out");
}
