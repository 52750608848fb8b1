//! `check`: expressions that must be true, with `response` bound while they are evaluated.

use super::evidence::{Evidence, field};
use super::operand::{Context, only_expression};
use crate::outcome::{Actual, Difference, Fault, Miss, Subject};
use crate::scenario::Scenario;
use crate::scenario::decode::Text;
use crate::template::{EvaluationError, Origin, Scope, UseKind};
use crate::value::{self, Map, Value};

/// The name under which expressions see the response.
const RESPONSE: &str = "response";

/// A value longer than this is not shown beside the check that used it.
const LONGEST_SHOWN: usize = 120;

/// Evaluates `work` with `response` in the scope, and takes it away again.
pub(super) fn with_response<'t, T>(
    texts: impl IntoIterator<Item = &'t Text>,
    evidence: &Evidence<'_>,
    scope: &mut Scope,
    work: impl FnOnce(&mut Scope) -> T,
) -> T {
    // The copy of the body is made for those only who ask for it.
    let bound = texts.into_iter().any(uses_response);
    if bound {
        scope.bind(RESPONSE, response(evidence), Origin::Program);
    }
    let done = work(scope);
    if bound {
        scope.unbind(RESPONSE);
    }
    done
}

/// The value of an expression that may use `response`.
pub fn ask(
    text: &Text,
    evidence: &Evidence<'_>,
    scope: &mut Scope,
) -> Result<Value, EvaluationError> {
    with_response([text], evidence, scope, |scope| text.value.evaluate(scope))
}

fn uses_response(text: &Text) -> bool {
    let uses = text.value.expressions().flat_map(|expression| expression.uses());
    uses.into_iter().any(|used| used.name == RESPONSE && matches!(used.kind, UseKind::Name { .. }))
}

fn response(evidence: &Evidence<'_>) -> Value {
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in evidence.headers() {
        match headers.get_mut(name.as_str()) {
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(&field(value));
            }
            _ => {
                headers.insert(name.as_str().to_owned(), Value::from(field(value)));
            }
        }
    }
    let members = [
        ("status", Value::from(evidence.status().as_u16())),
        ("headers", Value::Object(headers)),
        ("body", evidence.text().map_or(Value::Null, Value::from)),
        ("json", evidence.json().map_or(Value::Null, Value::clone)),
        ("url", Value::from(evidence.url())),
        ("duration", evidence.duration()),
    ];
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Every check that is not true.
pub(super) fn checks(
    scenario: &Scenario,
    checks: &[Text],
    evidence: &Evidence<'_>,
    scope: &mut Scope,
    faults: &mut Vec<Fault>,
) {
    if checks.is_empty() {
        return;
    }
    with_response(checks, evidence, scope, |scope| {
        let context = Context::new(scenario, scope);
        faults.extend(checks.iter().filter_map(|text| context.check(text)));
    });
}

impl Context<'_> {
    fn check(&self, text: &Text) -> Option<Fault> {
        let written = only_expression(text).unwrap_or_else(|| text.value.source());
        match self.evaluate(text) {
            Ok(Value::Bool(true)) => None,
            Ok(Value::Bool(false)) => {
                let wanted = ("equals", Value::Bool(true));
                let actual = Actual::Value(Value::Bool(false));
                let subject = Subject::Check(written.to_owned());
                let miss = self.plain_miss(text.at, subject, wanted, actual);
                Some(Fault::Miss(Miss { differences: self.seen(text), ..miss }))
            }
            Ok(other) => Some(Fault::Invalid {
                place: self.place(text.at),
                message: format!("`{written}` is {}", value::shown(&other, LONGEST_SHOWN)),
                label: format!("a check is true or false, and this is {}", value::a_kind(&other)),
                help: None,
            }),
            Err(fault) => Some(*fault),
        }
    }

    /// The parts of the response that an expression names, where they are short; not the headers, whose values may be
    /// masked ones.
    fn seen(&self, text: &Text) -> Vec<Difference> {
        let response = self.scope.get(RESPONSE).map(|binding| &binding.value);
        let mut seen: Vec<Difference> = Vec::new();
        let uses = text.value.expressions();
        for (expression, used) in uses.flat_map(|it| it.uses().iter().map(move |used| (it, used))) {
            let UseKind::Name { member: Some(member), .. } = &used.kind else { continue };
            if member == "headers" {
                continue;
            }
            let found = response.filter(|_| used.name == RESPONSE);
            let Some((path, value)) = found.and_then(|all| expression.member(used, all)) else {
                continue;
            };
            let is_new = seen.iter().all(|difference| difference.path != path);
            if is_new && value.to_string().len() <= LONGEST_SHOWN {
                seen.push(Difference {
                    path,
                    expected: None,
                    actual: Some(value.clone()),
                    law: None,
                });
            }
        }
        seen
    }
}
