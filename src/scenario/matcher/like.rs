//! `like`: a tree shaped as the value, in which operators begin with `$`.

use super::{Domain, KEYS, Matcher, Op, Way, checks, operand};
use crate::diagnostic::suggest::closest;
use crate::scenario::decode::{Decoder, Located, Text, Tree};
use crate::scenario::yaml::{At, Entry, Kind, Node};
use crate::value::Value;

/// What a value holds at least.
#[derive(Clone, Debug)]
pub enum Like {
    /// These members, and perhaps others.
    Object(Vec<(Located<String>, Matcher)>),
    /// Just these elements in this order.
    List(Vec<Matcher>),
    /// What a template gives: an object or a list is such a tree again.
    Template(Text),
}

/// Reads the expectation `like`.
pub(in crate::scenario) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Matcher> {
    let is_nothing = match &node.kind {
        Kind::Null => true,
        Kind::Map(members) => members.is_empty(),
        _ => false,
    };
    if is_nothing {
        let help = "write what the body holds at least, or `{$type: object}` if any object will do";
        d.error_help(node.at, "an empty `like` checks nothing", "", help);
        return None;
    }
    matcher(d, node, Way { domain: Domain::Json, in_like: true })
}

/// Reads a node of the tree.
pub(super) fn matcher(d: &Decoder<'_>, node: &Node, way: Way) -> Option<Matcher> {
    let like = match &node.kind {
        Kind::Map(entries) if entries.iter().any(|entry| operator(&entry.key).is_some()) => {
            return operators(d, node, entries, way);
        }
        // What is counted is no tree.
        Kind::Map(_) if way.domain != Domain::Json => {
            let help = "below `like` an operator begins with `$`, such as `{$gt: 0}`";
            d.error_help(node.at, "expected a number, found a map", "", help);
            return None;
        }
        _ if way.domain != Domain::Json => {
            return Some(Matcher::of(node.at, Op::Equals(operand(d, node, way.domain)?)));
        }
        Kind::Map(entries) => {
            let members: Vec<Option<_>> =
                entries.iter().map(|entry| member(d, entry, way)).collect();
            Like::Object(members.into_iter().collect::<Option<_>>()?)
        }
        Kind::List(items) => {
            let items: Vec<Option<Matcher>> =
                items.iter().map(|item| matcher(d, item, way)).collect();
            Like::List(items.into_iter().collect::<Option<_>>()?)
        }
        _ => match d.tree(node)? {
            Tree::Template(text) => Like::Template(text),
            tree => return Some(Matcher::of(node.at, Op::Equals(tree))),
        },
    };
    Some(Matcher::of(node.at, Op::Like(Box::new(like))))
}

/// The name of an operator; `$$` begins data.
fn operator(key: &str) -> Option<&str> {
    key.strip_prefix('$').filter(|name| !name.starts_with(['$', '{']))
}

fn member(d: &Decoder<'_>, entry: &Entry, way: Way) -> Option<(Located<String>, Matcher)> {
    let value = matcher(d, &entry.value, way);
    let name = match entry.key.strip_prefix('$') {
        Some(name) if name.starts_with('$') => name.to_owned(),
        _ if entry.key.contains("${") => {
            let text = d.template(entry.at, &entry.key)?;
            let Some(literal) = text.value.literal() else {
                let message = "a key of `like` holds no expressions";
                let help = "write it out, or look at the member with `json` or `check`";
                d.error_help(entry.at, message, "", help);
                return None;
            };
            literal.to_owned()
        }
        _ => entry.key.clone(),
    };
    Some((Located { at: entry.at, value: name }, value?))
}

/// A map of operators, all of which begin with `$`.
fn operators(d: &Decoder<'_>, node: &Node, entries: &[Entry], way: Way) -> Option<Matcher> {
    if let Some(other) = entries.iter().find(|entry| operator(&entry.key).is_none()) {
        let first = entries.iter().find(|entry| operator(&entry.key).is_some());
        mixed(d, first.unwrap_or(other), other);
        return None;
    }
    let named: Vec<Option<(&str, &Entry)>> = entries
        .iter()
        .map(|entry| Some((known(d, entry, operator(&entry.key)?)?, entry)))
        .collect();
    let named: Vec<(&str, &Entry)> = named.into_iter().collect::<Option<_>>()?;
    checks(d, node, named.into_iter(), way)
}

fn mixed(d: &Decoder<'_>, operator: &Entry, data: &Entry) {
    let message = format!(
        "`{}` and `{}` stand in one map: it is operators or data, not both",
        operator.key, data.key
    );
    let is_known = KEYS.known.contains(&data.key.as_str());
    let help = match is_known {
        true => format!("an operator begins with `$`: `${}`", data.key),
        false => format!(
            "a member whose name begins with `$` is written with another one: `${}`",
            operator.key
        ),
    };
    d.error_help(if is_known { data.at } else { operator.at }, message, "", &help);
}

/// The operator, if there is one of that name.
fn known<'n>(d: &Decoder<'_>, entry: &Entry, name: &'n str) -> Option<&'n str> {
    if KEYS.known.contains(&name) {
        return Some(name);
    }
    let label = closest(name, KEYS.known.iter().copied())
        .map(|meant| format!("did you mean `${meant}`?"))
        .unwrap_or_default();
    let help = format!("a member of this name is written with another `$`: `${}`", entry.key);
    d.error_help(entry.at, format!("`{}` is no operator", entry.key), &label, &help);
    None
}

impl Like {
    /// A value that is known only in the run, as a tree at the place that gives it.
    #[must_use]
    pub fn of_value(at: At, value: Value) -> Matcher {
        let like = match value {
            Value::Object(members) => {
                let member =
                    |(name, value)| (Located { at, value: name }, Self::of_value(at, value));
                Self::Object(members.into_iter().map(member).collect())
            }
            Value::Array(items) => {
                Self::List(items.into_iter().map(|item| Self::of_value(at, item)).collect())
            }
            scalar => return Matcher::of(at, Op::Equals(Tree::Literal(scalar))),
        };
        Matcher::of(at, Op::Like(Box::new(like)))
    }

    /// The matchers in it.
    pub fn inner(&self) -> impl Iterator<Item = &Matcher> {
        let (members, items): (&[_], &[Matcher]) = match self {
            Self::Object(members) => (members, &[]),
            Self::List(items) => (&[], items),
            Self::Template(_) => (&[], &[]),
        };
        members.iter().map(|(_, matcher)| matcher).chain(items)
    }
}
