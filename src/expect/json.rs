//! `json`: what JSONPaths find in the body.

use super::evidence::Evidence;
use super::explain::Looked;
use super::matcher::Verdict;
use super::operand::{Context, Domain};
use super::target::Target;
use crate::jsonpath::{Found, JsonPath, Stop};
use crate::outcome::{Actual, Fault, Subject};
use crate::scenario::decode::Located;
use crate::scenario::matcher::Matcher;
use crate::value::{self, Value};

impl Context<'_> {
    pub(super) fn json(
        &self,
        expected: &[(Located<JsonPath>, Matcher)],
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let Some((path, matcher)) = expected.first() else { return };
        if self.holds_at_sight(expected, evidence) {
            return;
        }
        match evidence.json() {
            Ok(body) => {
                for (path, matcher) in expected {
                    self.json_path(&path.value, matcher, body, faults);
                }
            }
            // That there is no JSON is one mistake, and told once.
            Err(actual) => {
                let subject = || Subject::Json(path.value.text().to_owned());
                let looked = Looked { subject: &subject, missing: &|| actual.clone() };
                self.without_value(matcher, Domain::Json, &looked, faults);
            }
        }
    }

    /// Most steps look at a few nodes and pass: for these, the tree of the whole body is never built.
    fn holds_at_sight(
        &self,
        expected: &[(Located<JsonPath>, Matcher)],
        evidence: &Evidence<'_>,
    ) -> bool {
        let paths: Vec<&JsonPath> = expected.iter().map(|(path, _)| &path.value).collect();
        let Some(nodes) = evidence.nodes(&paths) else { return false };
        expected.iter().zip(&nodes).all(|((_, matcher), node)| {
            let target = node.as_ref().map_or(Target::Missing, Target::Node);
            self.judge(matcher, target, Domain::Json).is_ok_and(Verdict::holds)
        })
    }

    fn json_path(&self, path: &JsonPath, matcher: &Matcher, body: &Value, faults: &mut Vec<Fault>) {
        let found = path.find(body);
        let target = match &found {
            Found::One(node) => Target::Node(node),
            Found::Many(nodes) => Target::Nodes(nodes),
            Found::Missing(_) => Target::Missing,
        };
        let missing = || match &found {
            Found::Missing(stop) => no_node(stop),
            _ => Actual::Absent,
        };
        let subject = || Subject::Json(path.text().to_owned());
        let looked = Looked { subject: &subject, missing: &missing };
        let before = faults.len();
        self.matcher(matcher, target, Domain::Json, &looked, faults);
        if matches!(&found, Found::Many(nodes) if nodes.is_empty()) {
            for fault in &mut faults[before..] {
                if let Fault::Miss(miss) = fault
                    && miss.found_no_node()
                    && let Some(reached) = reached(path.text(), body)
                {
                    miss.actual = reached;
                }
            }
        }
    }
}

/// Of a path that found nothing, the last node on its way that is one alone.
fn reached(path: &str, body: &Value) -> Option<Actual> {
    let steps = path.char_indices().rev().filter(|(_, c)| matches!(c, '.' | '['));
    let beginnings = steps.filter_map(|(end, _)| JsonPath::parse(&path[..end]).ok());
    let mut singular = beginnings.filter(JsonPath::is_singular);
    singular.find_map(|beginning| match beginning.find(body) {
        Found::One(node) => Some(no_node(&Stop { path: beginning.text().to_owned(), node })),
        _ => None,
    })
}

/// How far a path went, and what is there.
pub(super) fn no_node(stop: &Stop<'_>) -> Actual {
    let members = match stop.node {
        Value::Object(members) => members.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let length = stop.node.as_array().map(Vec::len);
    Actual::NoNode { reached: stop.path.clone(), kind: value::a_kind(stop.node), members, length }
}
