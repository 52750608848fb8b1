//! What was wanted, in a phrase beside the caret: "expected \"alice\", the value of `user`".

use super::{Actual, Miss, Subject, Unit, Via, counted};
use crate::scenario::matcher::Format;
use crate::value::{Map, Value};

/// Shows a value.
type Show<'s> = &'s dyn Fn(&Value) -> String;

impl Miss {
    /// What was wanted, in a phrase: lower case, names in backticks, no final stop.
    #[must_use]
    pub fn label(&self) -> String {
        let mut phrase = self.phrase();
        if self.is_one_of_several() && self.operator() != "exists" {
            phrase.push_str(" in one of its values");
        }
        match &self.wanted.expression {
            Some(expression) => format!("expected {phrase}, the value of `{expression}`"),
            None => format!("expected {phrase}"),
        }
    }

    fn phrase(&self) -> String {
        let (operator, operand) = (self.wanted.operator.as_str(), &self.wanted.operand);
        let show = |value: &Value| self.shown_operand(value);
        let complement = || complement(operator, operand, &show);
        if matches!(self.actual, Actual::Unfit(_)) {
            return self.label_of_breaches();
        }
        match (operator, self.via.last(), &self.subject) {
            ("below", ..) => {
                format!("a status below {operand}, as the step says nothing of the status")
            }
            (_, _, Subject::Snapshot(_)) => self.beside_snapshot(),
            ("equals", Some(Via::Length(unit)), _) => counted(operand, *unit),
            ("equals", _, Subject::Redirects) if operand.as_u64() == Some(1) => {
                "1 redirect".to_owned()
            }
            ("equals", _, Subject::Redirects) => format!("{operand} redirects"),
            ("equals", _, Subject::Bytes("length")) => counted(operand, Unit::Bytes),
            ("equals", _, Subject::Error) => format!("the error {}", complement()),
            ("each", ..) if self.found_no_node() => {
                "at least one node, for `each` to look at".to_owned()
            }
            ("none", Some(Via::Element(_)), _) => {
                format!("no element that is {}", complements(operand, &show))
            }
            (
                "gt" | "lt" | "between" | "approx" | "not gt" | "not lt" | "not gte" | "not lte"
                | "not approx",
                via,
                subject,
            ) => {
                format!("{} {}", noun(via, subject), complement())
            }
            ("before" | "after" | "not before" | "not after", ..) => {
                format!("a time {}", complement())
            }
            ("just", ..) => format!("just {}", counted(operand, Unit::Elements)),
            ("not between", via, subject) => format!("{} {}", noun(via, subject), complement()),
            ("exists" | "not exists" | "empty" | "not empty", ..) => {
                let is_wanted = operand == &Value::Bool(!operator.starts_with("not "));
                let not = if is_wanted { "" } else { "not " };
                let what = if self.operator() == "empty" { "empty" } else { "there" };
                format!("it {not}to be {what}")
            }
            _ => complement(),
        }
    }

    /// The operand is the path of the file.
    fn beside_snapshot(&self) -> String {
        let path = self.wanted.operand.as_str().unwrap_or_default();
        match &self.actual {
            Actual::Lines(lines) if lines.own => format!("what this run has for `{path}`"),
            Actual::Absent => format!("the file `{path}`, as none is written in CI"),
            Actual::Lines(_) => format!("what `{path}` has"),
            _ => "JSON, as `ignore` names parts of it".to_owned(),
        }
    }

    /// A path that gives a list gave an empty one.
    #[must_use]
    pub fn found_no_node(&self) -> bool {
        let is_empty = match &self.actual {
            Actual::Value(Value::Array(all)) => all.is_empty(),
            Actual::NoNode { .. } => true,
            _ => false,
        };
        is_empty && self.via.is_empty() && self.subject.is_list_of_nodes()
    }

    /// A header that was sent several times.
    pub(super) fn is_one_of_several(&self) -> bool {
        let several = matches!(self.actual, Actual::Value(Value::Array(_)));
        several && matches!(self.subject, Subject::Header(_))
    }
}

fn noun(via: Option<&Via>, subject: &Subject) -> &'static str {
    match (via, subject) {
        (Some(Via::Length(_)), _) | (_, Subject::Redirects | Subject::Bytes("length")) => "a count",
        (_, Subject::Status) => "a status",
        (_, subject) if subject.is_time() => "a time",
        _ => "something",
    }
}

/// The operators of a matcher, after "that is".
fn complements(operand: &Value, show: Show<'_>) -> String {
    let Value::Object(operators) = operand else { return show(operand) };
    joined(operators, show)
}

fn joined(operators: &Map<String, Value>, show: Show<'_>) -> String {
    let all: Vec<String> =
        operators.iter().map(|(operator, operand)| complement(operator, operand, show)).collect();
    all.join(" and ")
}

/// What stands after "to be".
fn complement(operator: &str, operand: &Value, show: Show<'_>) -> String {
    let (negated, operator) = match operator.strip_prefix("not ") {
        Some(operator) => (true, operator),
        None => (false, operator),
    };
    let value = || show(operand);
    let inner = || complements(operand, show);
    let either = |plain: &str, negation: &str| (if negated { negation } else { plain }).to_owned();
    match operator {
        "openapi" => "an operation of the document".to_owned(),
        "schema" => "a body that fits the schema".to_owned(),
        "equals" => either("", "anything but ") + &value(),
        "gt" => either("greater than ", "not greater than ") + &value(),
        "gte" => either("at least ", "not at least ") + &value(),
        "lt" => either("less than ", "not less than ") + &value(),
        "lte" => either("at most ", "not at most ") + &value(),
        "between" => either("between ", "not between ") + &list(operand, " and ", show),
        "in" => either("one of ", "none of ") + &list(operand, ", ", show),
        "includes" => either("something that includes ", "something without ") + &value(),
        "excludes" => either("something without ", "something that includes ") + &value(),
        "starts_with" => text(negated, "start with", "starts with", &value()),
        "ends_with" => text(negated, "end with", "ends with", &value()),
        "matches" => {
            let pattern = operand.as_str().map_or_else(value, |pattern| format!("`{pattern}`"));
            text(negated, "match", "matches", &pattern)
        }
        "empty" | "exists" => {
            let is_wanted = operand == &Value::Bool(!negated);
            let what = if operator == "empty" { "empty" } else { "there" };
            if is_wanted { what.to_owned() } else { format!("not {what}") }
        }
        "type" => either("", "anything but ") + &kinds(operand),
        "not" => negation(negated, operand, show),
        "length" => {
            either("something whose length is ", "something whose length is not ") + &inner()
        }
        "each" => {
            either("an array whose elements are each ", "an array whose elements are not each ")
                + &inner()
        }
        "any" => {
            either("an array with an element that is ", "an array without an element that is ")
                + &inner()
        }
        "none" => {
            either("an array without an element that is ", "an array with an element that is ")
                + &inner()
        }
        "unordered" if operand.as_array().is_some_and(Vec::is_empty) => {
            either("an empty array", "an array that is not empty")
        }
        "unordered" => {
            let elements = list(operand, ", ", show);
            either("an array of ", "anything but an array of ") + &elements + ", in any order"
        }
        "sorted" => {
            let order = if operand == "desc" { "descending" } else { "ascending" };
            either("an array in ", "an array that is not in ") + order + " order"
        }
        "is" => either("", "anything but ") + &called(operand),
        "approx" => {
            let part = |name: &str| operand.get(name).map_or_else(String::new, show);
            let phrase = format!("within {} of {}", part("within"), part("value"));
            either("", "not ") + &phrase
        }
        "before" => either("before ", "not before ") + &value(),
        "after" => either("after ", "not after ") + &value(),
        "like" => {
            let what = match operand {
                Value::Object(_) => "an object like ",
                Value::Array(_) => "an array like ",
                _ => "something like ",
            };
            either(what, &format!("anything but {what}")) + &value()
        }
        "unique" => either("an array without equal elements", "an array with equal elements"),
        other => format!("{other} {}", value()),
    }
}

/// `not`, which turns the phrase of one operator and stands before those of several.
fn negation(negated: bool, operand: &Value, show: Show<'_>) -> String {
    match operand.as_object().map(|operators| (operators.len(), operators.iter().next())) {
        _ if negated => complements(operand, show),
        Some((1, Some((operator, operand)))) => {
            complement(&format!("not {operator}"), operand, show)
        }
        _ => format!("anything but what is {}", complements(operand, show)),
    }
}

fn text(negated: bool, plain: &str, third_person: &str, value: &str) -> String {
    match negated {
        true => format!("a text that does not {plain} {value}"),
        false => format!("a text that {third_person} {value}"),
    }
}

/// The elements, cut as a whole where they are many.
fn list(operand: &Value, between: &str, show: Show<'_>) -> String {
    let Value::Array(items) = operand else { return show(operand) };
    const MOST: usize = 10;
    let mut all: Vec<String> = items.iter().take(MOST).map(show).collect();
    if items.len() > MOST {
        all.push(format!("{} more", items.len() - MOST));
    }
    all.join(between)
}

/// `a UUID`
fn called(operand: &Value) -> String {
    let name = operand.as_str().unwrap_or_default();
    Format::named(name).map_or_else(|| name.to_owned(), |format| format.called().to_owned())
}

/// `a string`, `a string or null`.
fn kinds(operand: &Value) -> String {
    let one = |kind: &Value| match kind.as_str().unwrap_or_default() {
        "null" => "null".to_owned(),
        kind @ ("integer" | "object" | "array") => format!("an {kind}"),
        kind => format!("a {kind}"),
    };
    match operand {
        Value::Array(kinds) => kinds.iter().map(one).collect::<Vec<_>>().join(" or "),
        kind => one(kind),
    }
}
