//! What is not as a contract says: one value in the sentence, several in a list.

use super::notes::SHORT;
use super::{Actual, Difference, Miss, Subject};
use crate::value::{self, Value};

impl Miss {
    pub(super) fn title_of_breaches(&self, count: Option<usize>) -> String {
        if let (Some(1), [only]) = (count, self.differences.as_slice()) {
            return match &only.actual {
                Some(value) => format!("{} is {}", thing(only), self.shown(value)),
                None => format!("{} is missing", thing(only)),
            };
        }
        let places = count.map_or("many places".to_owned(), |count| format!("{count} places"));
        match &self.subject {
            Subject::OpenApi(operation) => {
                format!("the exchange is not as `{operation}` allows in {places}")
            }
            _ => format!("the body is not as the schema says in {places}"),
        }
    }

    pub(super) fn label_of_breaches(&self) -> String {
        match (&self.actual, self.differences.as_slice()) {
            (Actual::Unfit(Some(1)), [only]) => format!("{}, as {} says", wanted(only), self.law()),
            _ => format!("what {} says", self.law()),
        }
    }

    /// Who says so.
    fn law(&self) -> String {
        match &self.subject {
            Subject::OpenApi(operation) => format!("`{operation}` of the document"),
            _ => "the schema".to_owned(),
        }
    }

    /// One line for each; where there are more than are told, how many.
    pub(super) fn list_of_breaches(&self) -> String {
        let line = |one: &Difference| {
            let found = one.actual.as_ref().map(|value| value::shown(value, SHORT));
            let found = found.unwrap_or_else(|| "nothing".to_owned());
            let law = one.law.as_ref().map(|law| format!(" ({law})")).unwrap_or_default();
            format!("{}: expected {}, found {found}{law}", thing(one), wanted(one))
        };
        let mut lines: Vec<String> = self.differences.iter().map(line).collect();
        match &self.actual {
            Actual::Unfit(Some(count)) if *count > lines.len() => {
                lines.push(format!("and {} more", count - lines.len()));
            }
            Actual::Unfit(None) => {
                lines.push("and more, which were not looked for: there are too many".to_owned());
            }
            _ => {}
        }
        lines.join("\n")
    }
}

/// A path in backticks; what is no value of the body is said in words.
fn thing(one: &Difference) -> String {
    match one.path.starts_with('$') {
        true => format!("`{}`", one.path),
        false => one.path.clone(),
    }
}

/// What was wanted, which is said in words.
fn wanted(one: &Difference) -> &str {
    one.expected.as_ref().and_then(Value::as_str).unwrap_or_default()
}
