//! `like`: a tree that the body holds at least. Each part that differs is a miss of its own, with its path and its place.

use super::diff::{self, MAX_PAIRS};
use super::evidence::Evidence;
use super::explain::Looked;
use super::matcher::Verdict;
use super::operand::{Context, Evaluated, only_expression};
use super::target::{Domain, Target};
use crate::jsonpath;
use crate::outcome::{Actual, Fault, Miss, Reached, Subject, Via};
use crate::scenario::decode::Located;
use crate::scenario::matcher::{Check, Like, Matcher};
use crate::scenario::yaml::At;
use crate::value::{self, Map, Value};

/// Nobody reads more differences than these.
const MOST: usize = 100;

/// Where in the body a part of the tree is.
struct Parent<'p> {
    path: String,
    node: &'p Value,
}

impl Context<'_> {
    pub(super) fn like(&self, matcher: &Matcher, evidence: &Evidence<'_>, faults: &mut Vec<Fault>) {
        let subject = || Subject::Like("$".to_owned());
        match evidence.json() {
            Ok(body) => {
                let looked = Looked { subject: &subject, missing: &super::explain::absent };
                self.matcher(matcher, Target::Node(body), Domain::Json, &looked, faults);
            }
            Err(actual) => {
                let looked = Looked { subject: &subject, missing: &|| actual.clone() };
                self.without_value(matcher, Domain::Json, &looked, faults);
            }
        }
    }

    /// Whether a value holds at least this.
    pub(super) fn is_like(&self, like: &Like, target: Target<'_>) -> Evaluated<Verdict> {
        let judge = |matcher: &Matcher, target| self.judge(matcher, target, Domain::Json);
        match like {
            Like::Template(text) => judge(&Like::of_value(text.at, self.evaluate(text)?), target),
            Like::Object(members) => {
                let Target::Node(Value::Object(found)) = target else { return Ok(Verdict::Fails) };
                super::matcher::all(members.iter().map(|(name, matcher)| {
                    match found.get(&name.value) {
                        Some(member) => judge(matcher, Target::Node(member)),
                        // That it is not there is known well enough.
                        None => Ok(judge(matcher, Target::Missing)?.holds().into()),
                    }
                }))
            }
            Like::List(items) => {
                let Some(elements) = target.elements() else { return Ok(Verdict::Fails) };
                if items.len() != elements.len() {
                    return Ok(Verdict::Fails);
                }
                let pairs = items.iter().zip(elements.iter());
                super::matcher::all(pairs.map(|(item, found)| judge(item, Target::Node(found))))
            }
        }
    }

    /// The parts that differ; none where the value as a whole is another one.
    pub(super) fn unlike(
        &self,
        (check, like): (&Check, &Like),
        target: Target<'_>,
        looked: &Looked<'_>,
        via: &[Via],
    ) -> Evaluated<Vec<Miss>> {
        let Target::Node(node) = target else { return Ok(Vec::new()) };
        let parent = Parent { path: path((looked.subject)(), via), node };
        let mut misses = Vec::new();
        match (like, node) {
            (Like::Template(text), _) => {
                let tree = Like::of_value(text.at, self.evaluate(text)?);
                misses = self.inner_misses(&tree, target, Domain::Json, looked, via)?;
                for miss in misses.iter_mut().filter(|miss| miss.wanted.expression.is_none()) {
                    let inside = match &miss.subject {
                        Subject::Like(path) => path.strip_prefix(&parent.path),
                        _ => None,
                    };
                    miss.wanted.expression = only_expression(text)
                        .and_then(|expression| part_of(expression, inside.unwrap_or_default()));
                }
            }
            (Like::Object(members), Value::Object(found)) => {
                self.unlike_members(members, &parent, found, &mut misses)?;
            }
            (Like::List(items), Value::Array(found)) => {
                self.unlike_elements((check.at, items), &parent, found, &mut misses)?;
            }
            _ => {}
        }
        misses.truncate(MOST);
        Ok(misses)
    }

    fn unlike_members(
        &self,
        members: &[(Located<String>, Matcher)],
        parent: &Parent<'_>,
        found: &Map<String, Value>,
        misses: &mut Vec<Miss>,
    ) -> Evaluated<()> {
        for (name, matcher) in members {
            if misses.len() >= MOST {
                break;
            }
            let found = found.get(&name.value);
            self.unlike_node(matcher, parent, &jsonpath::member(&name.value), found, misses)?;
        }
        Ok(())
    }

    /// Elements that are as they should be, in the same order, are not told of; what lies between them is compared pair by
    /// pair.
    fn unlike_elements(
        &self,
        (at, items): (At, &[Matcher]),
        parent: &Parent<'_>,
        found: &[Value],
        misses: &mut Vec<Miss>,
    ) -> Evaluated<()> {
        let (mut i, mut f) = (0, 0);
        for (to_i, to_f) in
            self.in_common(items, found)?.into_iter().chain([(items.len(), found.len())])
        {
            for step in 0..(to_i - i).max(to_f - f) {
                if misses.len() >= MOST {
                    return Ok(());
                }
                let item = items[i..to_i].get(step);
                let element = found[f..to_f].get(step);
                match (item, element) {
                    (Some(item), element) => {
                        let index = if element.is_some() { f + step } else { i + step };
                        self.unlike_node(item, parent, &format!("[{index}]"), element, misses)?;
                    }
                    (None, Some(element)) => {
                        let subject = Subject::Like(format!("{}[{}]", parent.path, f + step));
                        let wanted = ("just", Value::from(items.len()));
                        let actual = Actual::Value(element.clone());
                        misses.push(self.plain_miss(at, subject, wanted, actual));
                    }
                    (None, None) => {}
                }
            }
            (i, f) = (to_i + 1, to_f + 1);
        }
        Ok(())
    }

    /// Pairs of indexes that are as they should be, in order.
    fn in_common(&self, items: &[Matcher], found: &[Value]) -> Evaluated<Vec<(usize, usize)>> {
        let fits = |item: &Matcher, element: &Value| {
            Ok(self.judge(item, Target::Node(element), Domain::Json)?.holds())
        };
        if items.len() == found.len() || items.len().saturating_mul(found.len()) > MAX_PAIRS {
            let pairs = items.iter().zip(found).enumerate();
            let pairs = pairs
                .map(|(index, (item, element))| Ok(fits(item, element)?.then_some((index, index))));
            return Ok(pairs.collect::<Evaluated<Vec<_>>>()?.into_iter().flatten().collect());
        }
        let all = items.iter().flat_map(|item| found.iter().map(move |element| (item, element)));
        let same: Vec<bool> =
            all.map(|(item, element)| fits(item, element)).collect::<Evaluated<_>>()?;
        Ok(diff::common(&same, items.len(), found.len()))
    }

    /// What there is to say of one member or element.
    fn unlike_node(
        &self,
        matcher: &Matcher,
        parent: &Parent<'_>,
        step: &str,
        found: Option<&Value>,
        misses: &mut Vec<Miss>,
    ) -> Evaluated<()> {
        let target = found.map_or(Target::Missing, Target::Node);
        if self.judge(matcher, target, Domain::Json)?.holds() {
            return Ok(());
        }
        let subject = || Subject::Like(format!("{}{step}", parent.path));
        let missing = || no_member(parent);
        let looked = Looked { subject: &subject, missing: &missing };
        let told = self.inner_misses(matcher, target, Domain::Json, &looked, &[])?;
        // What is not there fails every check for one and the same reason.
        let most = if target.is_missing() { 1 } else { told.len() };
        misses.extend(told.into_iter().take(most));
        Ok(())
    }

    /// The tree with its expressions evaluated, operators as they are written.
    pub(super) fn shown_like(&self, like: &Like) -> Evaluated<Value> {
        Ok(match like {
            Like::Template(text) => self.evaluate(text)?,
            Like::Object(members) => {
                let member = |(name, matcher): &(Located<String>, Matcher)| {
                    Ok((name.value.clone(), self.shown_node(matcher)?))
                };
                Value::Object(members.iter().map(member).collect::<Evaluated<_>>()?)
            }
            Like::List(items) => {
                let items = items.iter().map(|item| self.shown_node(item));
                Value::Array(items.collect::<Evaluated<_>>()?)
            }
        })
    }

    fn shown_node(&self, matcher: &Matcher) -> Evaluated<Value> {
        let Value::Object(operators) = self.shown_element(matcher, Domain::Json)? else {
            return self.shown_element(matcher, Domain::Json);
        };
        let is_data = matches!(matcher.checks.as_slice(), [only] if only.op.is_data());
        let name = |name| if is_data { name } else { format!("${name}") };
        Ok(Value::Object(operators.into_iter().map(|(key, value)| (name(key), value)).collect()))
    }
}

/// The expression of a part of what another one gives; none where that is more than a name.
fn part_of(expression: &str, inside: &str) -> Option<String> {
    let is_name = expression.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    (is_name || inside.is_empty()).then(|| format!("{expression}{inside}"))
}

/// The path of a value, from that of the subject and the elements on the way.
fn path(subject: Subject, via: &[Via]) -> String {
    let mut path = match subject {
        Subject::Like(path) => path,
        _ => "$".to_owned(),
    };
    for step in via {
        if let Via::Element(index) = step {
            path.push_str(&format!("[{index}]"));
        }
    }
    path
}

/// A member or an element that is not there.
fn no_member(parent: &Parent<'_>) -> Actual {
    let members = match parent.node {
        Value::Object(members) => members.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let length = parent.node.as_array().map(Vec::len);
    let (path, kind) = (parent.path.clone(), value::a_kind(parent.node));
    Actual::NoNode(Reached { first: path.clone(), path, nodes: 1, kind, members, length })
}
