//! What came, in a sentence: "`$.user` is \"bob\"".

use super::{Actual, MOST_DIFFERENCES, Miss, SHOWN, Subject, Told, Via, counted};
use crate::value::Value;

impl Miss {
    /// What came, in a sentence: lower case, names in backticks, no final stop.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.actual {
            Actual::Value(value) => self.of_value(value),
            other => Self::title_of(&self.subject, other),
        }
    }

    /// As [`Miss::title`], of a subject without a value.
    pub(crate) fn title_of(subject: &Subject, actual: &Actual) -> String {
        match actual {
            Actual::Value(value) => format!("{} is {}", thing(subject, &[]), subject.shown(value)),
            Actual::Absent => match subject {
                Subject::Cookie(_, Some("expires_in"))
                | Subject::SetCookie(_, Some("expires_in")) => {
                    format!("{} has no expiry", owner(subject))
                }
                _ => format!("{} is missing", thing(subject, &[])),
            },
            Actual::NoNode(_) if subject.is_list_of_nodes() => {
                format!("{} found nothing", thing(subject, &[]))
            }
            Actual::NoNode(_) => format!("{} is missing", thing(subject, &[])),
            Actual::NoBody => "the response has no body".to_owned(),
            Actual::NotJson(reason, _) => format!("the body is not JSON: {reason}"),
            Actual::NotText(reason) => format!("the body is not text: {reason}"),
            Actual::Answered(status) => {
                format!("the request did not fail: it was answered with status {status}")
            }
        }
    }

    fn of_value(&self, value: &Value) -> String {
        let thing = thing(&self.subject, &self.via);
        if let Some(Via::Length(unit)) = self.via.last() {
            return format!("{thing} has {}", counted(value, *unit));
        }
        if self.operator() == "exists" && !self.found_no_node() {
            return format!("{thing} is there");
        }
        match (&self.subject, value) {
            (Subject::Duration, _) => format!("{thing} took {}", self.shown(value)),
            (
                Subject::Cookie(_, Some("expires_in")) | Subject::SetCookie(_, Some("expires_in")),
                _,
            ) => {
                format!("{} expires in {}", owner(&self.subject), self.shown(value))
            }
            (
                Subject::Cookie(_, Some(attribute @ "same_site"))
                | Subject::SetCookie(_, Some(attribute @ "same_site")),
                Value::Null,
            ) => {
                format!("{} has no `{attribute}`", owner(&self.subject))
            }
            (Subject::Redirects, count) => match count.as_u64() {
                Some(0) => "no redirect was followed".to_owned(),
                Some(1) => "1 redirect was followed".to_owned(),
                _ => format!("{count} redirects were followed"),
            },
            (Subject::Header(_), Value::Array(values)) => {
                let all: Vec<String> = values.iter().map(|value| self.shown(value)).collect();
                format!("{thing} is sent {} times: {}", all.len(), all.join(", "))
            }
            (Subject::Json(_), _) if self.found_no_node() => format!("{thing} found nothing"),
            _ => self.of_any(&thing, value),
        }
    }

    fn of_any(&self, thing: &str, value: &Value) -> String {
        let is_long = || value.to_string().chars().nth(SHOWN).is_some();
        let places = self.differences.len();
        match self.told() {
            Told::Structure if places > 0 && is_long() => match places {
                1 => format!("{thing} differs in one place"),
                MOST_DIFFERENCES.. => format!("{thing} differs in {places} places or more"),
                _ => format!("{thing} differs in {places} places"),
            },
            Told::Repeated if places > 0 => format!("{thing} has equal elements"),
            _ => format!("{thing} is {}", self.shown(value)),
        }
    }
}

/// The cookie that is looked at, or the field that sets it.
fn owner(subject: &Subject) -> String {
    match subject {
        Subject::Cookie(name, _) if name.is_empty() => "the cookie without a name".to_owned(),
        Subject::SetCookie(name, _) if name.is_empty() => {
            "the Set-Cookie without a name".to_owned()
        }
        Subject::Cookie(name, _) => format!("cookie `{name}`"),
        Subject::SetCookie(name, _) => format!("Set-Cookie `{name}`"),
        _ => String::new(),
    }
}

/// The name of what is looked at.
fn thing(subject: &Subject, via: &[Via]) -> String {
    let indexes: Vec<usize> = via
        .iter()
        .filter_map(|via| match via {
            Via::Element(index) => Some(*index),
            Via::Length(_) => None,
        })
        .collect();
    let brackets: String = indexes.iter().map(|index| format!("[{index}]")).collect();
    match (subject, indexes.first()) {
        (Subject::Status, _) => "status".to_owned(),
        (Subject::Header(name), Some(index)) => format!("value {} of header `{name}`", index + 1),
        (Subject::Header(name), None) => format!("header `{name}`"),
        (Subject::Cookie(_, Some(attribute)) | Subject::SetCookie(_, Some(attribute)), _) => {
            format!("`{attribute}` of {}", owner(subject))
        }
        (Subject::Cookie(..) | Subject::SetCookie(..), _) => owner(subject),
        // `$..a[0]` would be another path than the first of those that `$..a` finds.
        (Subject::Json(path), Some(_)) if subject.is_list_of_nodes() => {
            format!("`{brackets}` of `{path}`")
        }
        (Subject::Json(path), _) => format!("`{path}{brackets}`"),
        (Subject::Body, _) => "the body".to_owned(),
        (Subject::Bytes("starts_with"), _) => "the beginning of the body".to_owned(),
        (Subject::Bytes(what), _) => format!("`{what}` of the body"),
        (Subject::Duration, _) => "the exchange".to_owned(),
        (Subject::Url, _) => "the last URL".to_owned(),
        (Subject::Redirects, _) => "the number of redirects".to_owned(),
        (Subject::Redirect(number, part), _) => format!("{part} of redirect {number}"),
        (Subject::Error, _) => "the request's error".to_owned(),
        (Subject::Check(expression), _) => format!("`{expression}`"),
    }
}
