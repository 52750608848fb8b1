//! Operands: literals as they stand in the file, expressions with their value in the scope.

use std::borrow::Cow;

use crate::outcome::{Fault, Place};
use crate::scenario::Scenario;
use crate::scenario::decode::{Located, Text, Tree, of_expression};
use crate::scenario::matcher::{Approx, Pattern, moment};
use crate::scenario::quantity;
use crate::scenario::yaml::At;
use crate::template::{self, Budget, Part, Scope};
use crate::value::{self, Map, Number, Value};
use regex::Regex;
use time::OffsetDateTime;

use super::target::{Domain, Target};

/// The file that the expectations stand in, and the names that they use.
#[derive(Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) scenario: &'c Scenario,
    pub(super) scope: &'c Scope,
}

/// A fault is far larger than what comes without one.
pub(super) type Evaluated<T> = Result<T, Box<Fault>>;

impl<'c> Context<'c> {
    pub(super) fn new(scenario: &'c Scenario, scope: &'c Scope) -> Self {
        Self { scenario, scope }
    }

    pub(super) fn place(&self, at: At) -> Place {
        Place { source: self.scenario.source().clone(), span: self.scenario.span(at) }
    }

    pub(super) fn invalid(&self, at: At, message: String) -> Box<Fault> {
        let (label, help) = (String::new(), None);
        Box::new(Fault::Invalid { place: self.place(at), message, label, help })
    }

    /// The operand's value; a literal is not copied.
    pub(super) fn operand<'t>(&self, tree: &'t Tree, domain: Domain) -> Evaluated<Cow<'t, Value>> {
        self.operand_within(tree, domain, &mut Budget::default())
    }

    fn operand_within<'t>(
        &self,
        tree: &'t Tree,
        domain: Domain,
        budget: &mut Budget,
    ) -> Evaluated<Cow<'t, Value>> {
        Ok(match tree {
            Tree::Literal(value) => Cow::Borrowed(value),
            Tree::Template(text) => {
                let value = self.evaluate_within(text, budget)?;
                Cow::Owned(self.taken_as(domain, value, text.at)?)
            }
            Tree::List(items) => {
                let item = |item| Ok(self.operand_within(item, domain, budget)?.into_owned());
                Cow::Owned(Value::Array(items.iter().map(item).collect::<Evaluated<_>>()?))
            }
            Tree::Map(members) => {
                let mut map = Map::new();
                for (key, value) in members {
                    let value = self.operand_within(value, domain, budget)?.into_owned();
                    map.insert(self.text(key)?, value);
                }
                Cow::Owned(Value::Object(map))
            }
        })
    }

    /// The value of an expression as the domain wants it.
    fn taken_as(&self, domain: Domain, value: Value, at: At) -> Evaluated<Value> {
        match (domain, value) {
            (Domain::Text, scalar @ (Value::Number(_) | Value::Bool(_))) => {
                Ok(Value::String(value::text(&scalar)))
            }
            // Of a list, as `in` has it, each element is an operand.
            (Domain::Text | Domain::Duration | Domain::Count, Value::Array(items)) => items
                .into_iter()
                .map(|item| self.taken_as(domain, item, at))
                .collect::<Evaluated<_>>()
                .map(Value::Array),
            (Domain::Duration, Value::String(text)) => quantity::duration(&text)
                .map(|duration| Value::from(duration.as_secs_f64() * 1e3))
                .map_err(|message| self.invalid(at, message)),
            (Domain::Count, Value::String(text)) => {
                quantity::size(&text).map(Value::from).map_err(|message| self.invalid(at, message))
            }
            (_, value) => Ok(value),
        }
    }

    /// The number that another is compared with, and how far from it is near.
    pub(super) fn approx(&self, approx: &Approx, domain: Domain) -> Evaluated<[Number; 2]> {
        let wrong = |why: String| self.invalid(approx.at, why);
        let one = |tree| {
            let value = self.operand(tree, domain)?;
            let is = Target::of_domain(&value, domain).number();
            is.ok_or_else(|| {
                wrong(format!("`approx` wants numbers, and this is {}", value::a_kind(&value)))
            })
        };
        let [value, within] = [one(&approx.value)?, one(&approx.within)?];
        match within.as_str().starts_with('-') {
            true => Err(wrong(format!("`within` is {within}: nothing is so near"))),
            false => Ok([value, within]),
        }
    }

    /// The time that an operand says.
    pub(super) fn time(&self, tree: &Located<Tree>) -> Evaluated<OffsetDateTime> {
        let value = self.operand(&tree.value, Domain::Json)?;
        moment::read(&value).map_err(|message| self.invalid(tree.at, message))
    }

    /// The value of a template, type kept.
    pub(super) fn evaluate(&self, text: &Text) -> Evaluated<Value> {
        self.evaluate_within(text, &mut Budget::default())
    }

    fn evaluate_within(&self, text: &Text, budget: &mut Budget) -> Evaluated<Value> {
        text.value.evaluate_within(self.scope, budget).map_err(|error| {
            let source = self.scenario.source().clone();
            let scalar = self.scenario.span(text.at);
            let span = of_expression(&source, scalar, text.value.source(), &error);
            Box::new(Fault::Invalid {
                place: Place { source, span },
                message: error.message,
                label: String::new(),
                help: None,
            })
        })
    }

    /// The text of a template.
    pub(super) fn text(&self, text: &Text) -> Evaluated<String> {
        match text.value.literal() {
            Some(literal) => Ok(literal.to_owned()),
            None => Ok(value::text(&self.evaluate(text)?)),
        }
    }

    pub(super) fn regex<'t>(&self, pattern: &'t Pattern) -> Evaluated<Cow<'t, Regex>> {
        match pattern {
            Pattern::Compiled(regex) => Ok(Cow::Borrowed(regex)),
            Pattern::Template(text) => template::pattern(&self.text(text)?)
                .map(Cow::Owned)
                .map_err(|message| self.invalid(text.at, message)),
        }
    }

    /// The pattern's text, for messages.
    pub(super) fn pattern(&self, pattern: &Pattern) -> Evaluated<String> {
        match pattern {
            Pattern::Compiled(regex) => Ok(regex.as_str().to_owned()),
            Pattern::Template(text) => self.text(text),
        }
    }
}

/// The expression of an operand that is just one.
pub(super) fn expression(tree: &Tree) -> Option<&str> {
    match tree {
        Tree::Template(text) => only_expression(text),
        _ => None,
    }
}

/// The expression of a text that is just one.
pub(super) fn only_expression(text: &Text) -> Option<&str> {
    match text.value.parts() {
        [Part::Expression(only)] => Some(only.text()),
        _ => None,
    }
}
