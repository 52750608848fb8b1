//! What helps to see why: differences, what is there instead, why a value could not be judged.

use super::{Actual, Difference, MOST_DIFFERENCES, Miss, Subject, Told};
use crate::diagnostic::suggest::closest;
use crate::jsonpath;
use crate::value::{self, Value};

/// A value in a list of values is cut after so many characters.
const SHORT: usize = 60;

/// So many names are listed.
const MOST_NAMES: usize = 12;

impl Miss {
    /// What more there is to say, as named notes of one or several lines.
    #[must_use]
    pub fn notes(&self) -> Vec<(&'static str, String)> {
        let (note, help) = Self::notes_on(&self.subject, &self.actual);
        let mut notes = Vec::new();
        if !note.is_empty() {
            notes.push(("note", note));
        }
        if let Some(help) = help {
            notes.push(("help", help));
        }
        notes.extend(self.wrong_kind().map(|note| ("note", note)));
        if !self.differences.is_empty() && !self.is_secret() {
            notes.push(self.of_differences());
        }
        notes
    }

    /// What is there where nothing was found, and what may have been meant.
    pub(crate) fn notes_on(subject: &Subject, actual: &Actual) -> (String, Option<String>) {
        match actual {
            Actual::NoNode { reached, kind, members, length } => {
                let note = there(reached, kind, members, *length);
                let meant = match subject {
                    Subject::Json(path) => meant(path, reached, members),
                    _ => None,
                };
                (note, meant.map(|path| format!("did you mean `{path}`?")))
            }
            Actual::NotJson(_, Some(media)) => (format!("the content type is `{media}`"), None),
            Actual::NotJson(_, None) => ("no content type was sent".to_owned(), None),
            _ => (String::new(), None),
        }
    }

    fn of_differences(&self) -> (&'static str, String) {
        let lines = |line: fn(&Difference) -> String| {
            let mut lines: Vec<String> = self.differences.iter().map(line).collect();
            if self.differences.len() >= MOST_DIFFERENCES {
                lines.push(format!("(these are the first {MOST_DIFFERENCES})"));
            }
            lines.join("\n")
        };
        match self.told() {
            Told::Structure => ("diff", lines(difference)),
            Told::Leftovers => ("diff", lines(leftover)),
            Told::Repeated => ("note", lines(is)),
            Told::Names => ("note", lines(is)),
            Told::OtherElements => ("note", format!("these miss too\n{}", lines(is))),
        }
    }

    /// Why the value could not be judged at all, so that the opposite would fail as well.
    fn wrong_kind(&self) -> Option<String> {
        let Actual::Value(actual) = &self.actual else { return None };
        if self.is_one_of_several() {
            return None;
        }
        let operand = &self.wanted.operand;
        let is = || value::a_kind(actual);
        let operator = self.operator();
        let of_lists = || {
            (!actual.is_array())
                .then(|| format!("`{operator}` looks at arrays, and this is {}", is()))
        };
        match operator {
            "equals" => same_text(operand, actual),
            "gt" | "gte" | "lt" | "lte" | "between" => {
                let operand = operand.get(0).unwrap_or(operand);
                self.no_order(operand, actual)
            }
            "starts_with" | "ends_with" | "matches" => (!actual.is_string())
                .then(|| format!("`{operator}` looks at strings, and this is {}", is())),
            "length" | "empty" => (!actual.is_string()
                && !actual.is_array()
                && !actual.is_object())
            .then(|| {
                format!("`{operator}` looks at strings, arrays and objects, and this is {}", is())
            }),
            "includes" | "excludes" => no_part(operator, operand, actual),
            "any" | "none" if !self.via.is_empty() => None,
            "each" | "any" | "none" | "unordered" | "unique" => of_lists(),
            "sorted" => of_lists().or_else(|| mixed(actual)),
            _ => None,
        }
    }

    fn no_order(&self, operand: &Value, actual: &Value) -> Option<String> {
        let is_text = !matches!(self.subject, Subject::Json(_));
        let number = |value: &Value| {
            value.as_str().is_some_and(|text| text.parse::<value::Number>().is_ok())
        };
        match (operand, actual) {
            (Value::Number(_), Value::Number(_)) => None,
            (Value::String(_), Value::String(_)) => (is_text && number(operand) && !number(actual))
                .then(|| "a text that is no number cannot be compared with one".to_owned()),
            _ => Some(format!(
                "{} and {} have no order",
                value::a_kind(actual),
                value::a_kind(operand)
            )),
        }
    }
}

/// `"5"` and `5` look the same in a hurry.
fn same_text(operand: &Value, actual: &Value) -> Option<String> {
    let differ = operand.is_string() != actual.is_string();
    let scalars = !actual.is_object() && !actual.is_array();
    (differ && scalars && value::text(operand) == value::text(actual))
        .then(|| format!("{} never equals {}", value::a_kind(actual), value::a_kind(operand)))
}

fn no_part(operator: &str, operand: &Value, actual: &Value) -> Option<String> {
    let fits = match actual {
        Value::String(_) => operand.is_string(),
        Value::Object(_) => operand.is_object(),
        Value::Array(_) => true,
        _ => false,
    };
    let (found, wanted) = (value::a_kind(actual), value::a_kind(operand));
    (!fits).then(|| format!("`{operator}` cannot look for {wanted} in what is {found}"))
}

fn mixed(actual: &Value) -> Option<String> {
    let kinds: Vec<&str> = actual.as_array()?.iter().map(value::kind).collect();
    let first = kinds.first()?;
    let fits = matches!(*first, "number" | "string") && kinds.iter().all(|kind| kind == first);
    (!fits).then(|| "`sorted` compares numbers with numbers and strings with strings".to_owned())
}

fn difference(difference: &Difference) -> String {
    let shown = |value: &Option<Value>| match value {
        Some(value) => value::shown(value, SHORT),
        None => "nothing".to_owned(),
    };
    let (expected, actual) = (shown(&difference.expected), shown(&difference.actual));
    format!("`{}`: expected {expected}, found {actual}", difference.path)
}

fn leftover(difference: &Difference) -> String {
    match (&difference.expected, &difference.actual) {
        (Some(expected), _) => {
            format!("expected {}, and no element is left for it", value::shown(expected, SHORT))
        }
        (None, Some(actual)) => {
            let index = difference.path.trim_start_matches('$');
            format!("`{index}` has no partner: {}", value::shown(actual, SHORT))
        }
        (None, None) => String::new(),
    }
}

fn is(difference: &Difference) -> String {
    let value = difference.actual.as_ref().map(|value| value::shown(value, SHORT));
    let name = difference.path.trim_start_matches('$');
    format!("`{name}` is {}", value.unwrap_or_default())
}

/// "`$.user` is an object with `id`, `name`"
fn there(reached: &str, kind: &str, members: &[String], length: Option<usize>) -> String {
    let what = match (kind, members, length) {
        ("an object", [], _) => " without members".to_owned(),
        ("an object", members, _) => {
            let names: Vec<String> =
                members.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
            let more = match members.len() - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(" with {}{more}", names.join(", "))
        }
        (_, _, Some(0)) => " without elements".to_owned(),
        (_, _, Some(1)) => " of 1 element".to_owned(),
        (_, _, Some(length)) => format!(" of {length} elements"),
        _ => String::new(),
    };
    format!("`{reached}` is {kind}{what}")
}

/// The path with the member that is closest to the one it asks for.
fn meant(path: &str, reached: &str, members: &[String]) -> Option<String> {
    let segments = segments(path);
    let at = self::segments(reached).len();
    let wanted = segments.get(at)?.trim_start_matches('.');
    let name = wanted.trim_start_matches("['").trim_start_matches("[\"");
    let name = name.trim_end_matches("']").trim_end_matches("\"]");
    let found = closest(name, members.iter().map(String::as_str))?;
    let rest: String = segments[at + 1..].concat();
    Some(format!("{reached}{}{rest}", jsonpath::member(found)))
}

/// The pieces after `$` of a singular path: `.name`, `['name']`, `[0]`.
fn segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let mut rest = path.strip_prefix('$').unwrap_or(path).trim_start();
    while !rest.is_empty() {
        let end = if rest.starts_with('[') { bracket_end(rest) } else { name_end(rest) };
        let (segment, after) = rest.split_at(end);
        segments.push(segment);
        rest = after.trim_start();
    }
    segments
}

fn name_end(rest: &str) -> usize {
    let end = rest.char_indices().skip(1).find(|(_, c)| matches!(c, '.' | '['));
    end.map_or(rest.len(), |(end, _)| end)
}

fn bracket_end(rest: &str) -> usize {
    let mut quote = None;
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, ']') => return at + 1,
            (None, _) => {}
        }
    }
    rest.len()
}
