//! What came, in a sentence: "`$.user` is \"bob\"".

use super::{Actual, MOST_DIFFERENCES, Miss, SHOWN, Subject, Told, Unit, Via, counted};
use crate::value::Value;

impl Miss {
    /// What came, in a sentence: lower case, names in backticks, no final stop.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.actual {
            Actual::Value(value) => self.of_value(value),
            Actual::Unfit(count) => self.title_of_breaches(*count),
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
                Subject::RemoteIp => {
                    "there is no address: the request went through a unix socket".to_owned()
                }
                Subject::Certificate(_) => "the server's certificate cannot be read".to_owned(),
                _ => format!("{} is missing", thing(subject, &[])),
            },
            Actual::NotSecure => {
                "there is no certificate: the request went over plain http".to_owned()
            }
            Actual::NoNode(_) if subject.is_list_of_nodes() => {
                format!("{} found nothing", thing(subject, &[]))
            }
            Actual::NoNode(_) | Actual::NoneOf(_) => {
                format!("{} is missing", thing(subject, &[]))
            }
            Actual::NoBody => "the response has no body".to_owned(),
            Actual::NotJson(reason, _) => format!("the body is not JSON: {reason}"),
            Actual::NotText(reason) => format!("the body is not text: {reason}"),
            Actual::Lines(lines) => {
                let places = match lines.places {
                    1 => "one place".to_owned(),
                    places => format!("{places} places"),
                };
                format!("the response differs from {} in {places}", thing(subject, &[]))
            }
            Actual::NoOperation(..) => {
                format!("{} is not in the OpenAPI document", thing(subject, &[]))
            }
            Actual::Unfit(_) => format!("{} is not as its contract says", thing(subject, &[])),
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
        if self.operator() == "just" {
            return format!("{thing} is one too many: {}", self.shown(value));
        }
        match (&self.subject, value) {
            (Subject::Bytes("length"), count) if self.via.is_empty() => {
                format!("the body has {}", counted(count, Unit::Bytes))
            }
            (Subject::Duration | Subject::Timing(_), _) => {
                format!("{thing} took {}", self.shown(value))
            }
            (Subject::Certificate("expires_in"), _) => match value.as_f64() {
                Some(left) if left < 0.0 => {
                    format!("the certificate expired {} ago", self.shown(&Value::from(-left)))
                }
                _ => format!("the certificate expires in {}", self.shown(value)),
            },
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
        (Subject::Json(path) | Subject::Like(path), _) => format!("`{path}{brackets}`"),
        (Subject::Body | Subject::Schema, _) => "the body".to_owned(),
        (Subject::Bytes("starts_with"), _) => "the beginning of the body".to_owned(),
        (Subject::Bytes(what), _) => format!("`{what}` of the body"),
        (Subject::Snapshot(name), _) => format!("snapshot `{name}`"),
        (Subject::Duration, _) => "the exchange".to_owned(),
        (Subject::OpenApi(request), _) => format!("`{request}`"),
        (Subject::Url, _) => "the last URL".to_owned(),
        (Subject::Redirects, _) => "the number of redirects".to_owned(),
        (Subject::Redirect(number, part), _) => format!("{part} of redirect {number}"),
        (Subject::Error, _) => "the request's error".to_owned(),
        (Subject::Check(expression), _) => format!("`{expression}`"),
        (Subject::HttpVersion, _) => "the version of HTTP".to_owned(),
        (Subject::RemoteIp, _) => "the address that was connected to".to_owned(),
        (Subject::Certificate("subject"), _) => "the certificate's subject".to_owned(),
        (Subject::Certificate("issuer"), _) => "the certificate's issuer".to_owned(),
        (Subject::Certificate(_), Some(index)) => format!("name {} of the certificate", index + 1),
        (Subject::Certificate(_), None) => "the certificate's list of names".to_owned(),
        (Subject::Timing("dns"), _) => "looking up the name".to_owned(),
        (Subject::Timing("connect"), _) => "connecting".to_owned(),
        (Subject::Timing("tls"), _) => "the TLS handshake".to_owned(),
        (Subject::Timing("first_byte"), _) => "the first byte of the answer".to_owned(),
        (Subject::Timing(_), _) => "the last request".to_owned(),
    }
}
