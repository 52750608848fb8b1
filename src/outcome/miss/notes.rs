//! What helps to see why: differences, what is there instead, why a value could not be judged.

use super::{Actual, Difference, MOST_DIFFERENCES, Miss, Nearest, Reached, Subject, Told};
use crate::diagnostic::suggest::closest;
use crate::jsonpath::{self, JsonPath};
use crate::value::{self, Value};

/// A value in a list of values is cut after so many characters.
pub(super) const SHORT: usize = 60;

/// So many names are listed.
const MOST_NAMES: usize = 12;

impl Miss {
    /// What more there is to say, as named notes of one or several lines.
    #[must_use]
    pub fn notes(&self) -> Vec<(&'static str, String)> {
        let (note, help) = match &self.reached {
            Some(reached) => Self::notes_on_way(&self.subject, reached),
            None => Self::notes_on(&self.subject, &self.actual),
        };
        let mut notes = self.of_snapshot();
        if !note.is_empty() {
            notes.push(("note", note));
        }
        if let Some(help) = help {
            notes.push(("help", help));
        }
        notes.extend(self.negated_absence().map(|note| ("note", note)));
        notes.extend(self.wrong_kind().map(|note| ("note", note)));
        notes.extend(self.nearby().map(|note| ("note", note)));
        // Of the one that there is all is said, but where the document says it.
        let is_told = self.actual == Actual::Unfit(Some(1));
        if is_told {
            let laws = self.differences.iter().filter_map(|only| only.law.clone());
            notes.extend(laws.map(|law| ("document", law)));
        }
        if !self.differences.is_empty() && !self.is_secret() && !is_told {
            notes.push(self.of_differences());
        }
        notes
    }

    /// What is there where nothing was found, and what may have been meant.
    pub(crate) fn notes_on(subject: &Subject, actual: &Actual) -> (String, Option<String>) {
        match actual {
            Actual::NoNode(reached) => Self::notes_on_way(subject, reached),
            Actual::NoneOf(names) => none_of(subject, names),
            Actual::NotFound(nearest) => near(subject, nearest),
            Actual::Unbound(prefix, known) => {
                let note = match known.as_slice() {
                    [] => "it binds none".to_owned(),
                    known => format!("it binds {}", listed(known)),
                };
                (format!("the root element does not bind the prefix `{prefix}`; {note}"), None)
            }
            Actual::NotSecure => {
                (String::new(), Some("ask for a URL that begins with `https://`".to_owned()))
            }
            Actual::NoOperation(methods, Some(path)) if methods.is_empty() => {
                (String::new(), Some(format!("did you mean `{path}`?")))
            }
            Actual::NoOperation(methods, Some(path)) => {
                (format!("the document has {} for `{path}`", methods.join(", ")), None)
            }
            Actual::NoOperation(_, None) => {
                let note = "no path of the document, below the paths of its `servers`, is this one";
                (note.to_owned(), None)
            }
            Actual::NotJson(_, Some(media)) => (format!("the content type is `{media}`"), None),
            Actual::NotJson(_, None) => ("no content type was sent".to_owned(), None),
            _ => (String::new(), None),
        }
    }

    fn of_snapshot(&self) -> Vec<(&'static str, String)> {
        let help = match (&self.subject, &self.actual) {
            (Subject::Snapshot(_), Actual::Absent) => {
                "run it where `CI` is not set: that writes the file, to be read and committed"
            }
            (_, Actual::Lines(lines)) if lines.own => {
                "the step ran several times, and not with one response: an expression in the name tells them apart, such as `name: order-${id}`"
            }
            (_, Actual::Lines(_)) => {
                "where what came is right, `--update-snapshots` writes it; `ignore` is for what differs from run to run"
            }
            _ => return Vec::new(),
        };
        let diff = match &self.actual {
            Actual::Lines(lines) => Some(("diff", lines.drawn())),
            _ => None,
        };
        diff.into_iter().chain([("help", help.to_owned())]).collect()
    }

    /// How far a path went that found nothing, and which one may have been meant.
    pub(crate) fn notes_on_way(subject: &Subject, reached: &Reached) -> (String, Option<String>) {
        let meant = match subject {
            Subject::Json(path) | Subject::Like(path) => meant(path, reached),
            _ => None,
        };
        (there(reached), meant.map(|path| format!("did you mean `{path}`?")))
    }

    /// "Not 5" could be taken to hold where there is nothing.
    fn negated_absence(&self) -> Option<String> {
        let is_absent = matches!(
            self.actual,
            Actual::Absent
                | Actual::NoneOf(_)
                | Actual::NoNode(_)
                | Actual::NotFound(_)
                | Actual::Unbound(..)
        );
        (is_absent && self.wanted.operator.starts_with("not"))
            .then(|| "where nothing is there only `exists: false` holds, and no `not`".to_owned())
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
            Told::Repeated | Told::Values => ("note", lines(is)),
            Told::Breaches => ("diff", self.list_of_breaches()),
            Told::Names => ("note", lines(is)),
            Told::OtherElements => ("note", format!("these miss too\n{}", lines(is))),
        }
    }
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

/// The headers or cookies that there are, and the one that may have been meant.
fn none_of(subject: &Subject, names: &[String]) -> (String, Option<String>) {
    let (name, has, what) = match subject {
        Subject::Header(name) => (name, "the response has", "headers"),
        Subject::SetCookie(name, _) => (name, "the response sets", "cookies"),
        Subject::Cookie(name, _) => (name, "for this URL the session holds", "cookies"),
        _ => return (String::new(), None),
    };
    let note = match names {
        [] => format!("{has} no {what}"),
        names => format!("{has} {}", listed(names)),
    };
    let meant = closest(name, names.iter().map(String::as_str));
    (note, meant.map(|meant| format!("did you mean `{meant}`?")))
}

/// Names, the first of them where they are many.
fn listed(names: &[String]) -> String {
    let first: Vec<String> =
        names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    match names.len() - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// "`$.user` is an object with `id`, `name`"
fn there(reached: &Reached) -> String {
    let Reached { path, nodes, first, kind, members, length } = reached;
    let what = match (*kind, members.as_slice(), length) {
        ("an object", [], _) => " without members".to_owned(),
        ("an object", members, _) => format!(" with {}", listed(members)),
        (_, _, Some(0)) => " without elements".to_owned(),
        (_, _, Some(1)) => " of 1 element".to_owned(),
        (_, _, Some(length)) => format!(" of {length} elements"),
        _ => String::new(),
    };
    match nodes {
        0 | 1 => format!("`{path}` is {kind}{what}"),
        nodes => format!("`{path}` finds {nodes} nodes; the first, `{first}`, is {kind}{what}"),
    }
}

/// What there is where a selector or an XPath finds nothing.
fn near(subject: &Subject, nearest: &Nearest) -> (String, Option<String>) {
    let Nearest { path, nodes, has } = nearest;
    let (unit, xpath) = match subject {
        Subject::Xml(path) => ("node", Some(path)),
        _ => ("element", None),
    };
    let inner = match has.as_slice() {
        [] => "nothing in it".to_owned(),
        has => listed(has),
    };
    let note = match (path.as_str(), nodes) {
        ("", _) if has.is_empty() => String::new(),
        ("", _) => format!("the root element is {inner}"),
        (path, 1) => format!("`{path}` finds 1 {unit}, which has {inner}"),
        (path, nodes) => format!("`{path}` finds {nodes} {unit}s; the first has {inner}"),
    };
    let is_default =
        |path: &&String| !path.contains("_:") && has.iter().any(|name| name.starts_with("_:"));
    let help = "names without a prefix are in no namespace: `_` stands for the default one of the document, as in `_:name`";
    (note, xpath.filter(is_default).map(|_| help.to_owned()))
}

/// The path with the member that is closest to the one it asks for.
fn meant(path: &str, reached: &Reached) -> Option<String> {
    let path = JsonPath::parse(path).ok()?;
    let (name, rest) = path.after(&reached.path)?;
    let found = closest(name, reached.members.iter().map(String::as_str))?;
    Some(format!("{}{}{rest}", reached.path, jsonpath::member(found)))
}
