//! `json`: what JSONPaths find in the body.

use super::evidence::Evidence;
use super::explain::Looked;
use super::matcher::Verdict;
use super::operand::Context;
use super::target::{Domain, Target};
use crate::jsonpath::{self, Found, JsonPath, Stop, TooMuch};
use crate::outcome::{Actual, Fault, Reached, Subject};
use crate::scenario::decode::Located;
use crate::scenario::matcher::Matcher;
use crate::scenario::yaml::At;
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
                    self.json_path(path, matcher, body, faults);
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
        expected.iter().zip(&nodes).all(|((path, matcher), nodes)| {
            let nodes: Vec<&Value> = nodes.iter().collect();
            let target = match nodes.first() {
                _ if !path.value.is_singular() => Target::Nodes(&nodes),
                Some(node) => Target::Node(node),
                None => Target::Missing,
            };
            self.judge(matcher, target, Domain::Json).is_ok_and(Verdict::holds)
        })
    }

    fn json_path(
        &self,
        path: &Located<JsonPath>,
        matcher: &Matcher,
        body: &Value,
        faults: &mut Vec<Fault>,
    ) {
        let Located { at, value: path } = path;
        let found = match path.find(body) {
            Ok(found) => found,
            Err(too_much) => return faults.push(self.too_much(*at, path, too_much)),
        };
        let target = match &found {
            Found::One(node) => Target::Node(node),
            Found::Many(nodes) => Target::Nodes(nodes),
            Found::Missing => Target::Missing,
        };
        let missing = || Actual::NoNode(reached(path, body));
        let subject = || Subject::Json(path.text().to_owned());
        let looked = Looked { subject: &subject, missing: &missing };
        let before = faults.len();
        self.matcher(matcher, target, Domain::Json, &looked, faults);
        if target.found_no_node() {
            for fault in &mut faults[before..] {
                if let Fault::Miss(miss) = fault {
                    miss.reached = Some(Box::new(reached(path, body)));
                }
            }
        }
    }

    /// A path that would never come to its end, or not in time.
    pub(super) fn too_much(&self, at: At, path: &JsonPath, too_much: TooMuch) -> Fault {
        Fault::Invalid {
            place: self.place(at),
            message: format!("`{}` was not followed to its end: {too_much}", path.text()),
            label: String::new(),
            help: Some("name the way to what is wanted, with fewer `..` and `*`".to_owned()),
        }
    }
}

/// How far a path went that finds nothing, and what is there.
pub(super) fn reached(path: &JsonPath, body: &Value) -> Reached {
    let Stop { path, nodes } = path.stop(body);
    let node = nodes.first().copied().unwrap_or(body);
    let members = match node {
        Value::Object(members) => members.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let first = jsonpath::written(&jsonpath::locate(body, node).unwrap_or_default());
    let length = node.as_array().map(Vec::len);
    Reached { path, nodes: nodes.len(), first, kind: value::a_kind(node), members, length }
}
