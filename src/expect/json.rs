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
        self.matcher(matcher, target, Domain::Json, &looked, faults);
    }
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
