//! `snapshot`: the response as text that stays the same from run to run, beside the text that was kept.

use std::collections::HashSet;
use std::ptr;
use std::time::{Duration, Instant};

use ::http::HeaderName;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};

use super::evidence::Evidence;
use super::operand::Context;
use crate::jsonpath::Found;
use crate::mask::{MASK, Masks, header};
use crate::outcome::{
    Actual, DiffLine, Fault, LineDifferences, MOST_LINES, Miss, Place, Side, Subject,
};
use crate::scenario::Scenario;
use crate::scenario::expectation::{NAME_RULE, SnapshotExpectation, wrong_name};
use crate::session::auth::hex;
use crate::template::Scope;
use crate::value::{Map, Value};

/// Stands for what `ignore` names.
const IGNORED: &str = "[ignored]";
/// Nobody reads more of it.
const LARGEST: usize = 4 << 20;
/// Lines that are in both, before and after those that differ.
const AROUND: usize = 2;
/// What is found by then does: texts that have nothing in common may take long.
const PATIENCE: Duration = Duration::from_secs(1);

/// A snapshot that a response is compared with.
#[derive(Clone, Debug)]
pub struct Snapshot<'s> {
    scenario: &'s Scenario,
    expected: &'s SnapshotExpectation,
    /// Its name.
    pub name: String,
}

/// What was kept: the text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The line of the file on which the content begins, from 1.
    line: usize,
    content: String,
}

impl<'s> Snapshot<'s> {
    /// Evaluates the name.
    ///
    /// # Errors
    /// A name that has no value, is none for a file, or holds a secret.
    pub fn new(
        scenario: &'s Scenario,
        expected: &'s SnapshotExpectation,
        scope: &Scope,
        masks: &Masks,
    ) -> Result<Self, Box<Fault>> {
        let name = Context::new(scenario, scope).text(&expected.name)?;
        let snapshot = Self { scenario, expected, name };
        if masks.text(&snapshot.name) != snapshot.name.as_str() {
            let help = "it is part of the name of a file, which everybody sees";
            return Err(snapshot.refused("the name of the snapshot holds a secret", Some(help)));
        }
        match wrong_name(&snapshot.name) {
            Some(message) => Err(snapshot.refused(message, Some(NAME_RULE))),
            None => Ok(snapshot),
        }
    }

    /// Its file, from the folder of the scenario's.
    #[must_use]
    pub fn path(&self) -> String {
        SnapshotExpectation::path(self.scenario.source(), &self.name)
    }

    /// The file that names it.
    #[must_use]
    pub fn scenario(&self) -> &'s Scenario {
        self.scenario
    }

    /// Where the expectation stands.
    #[must_use]
    pub fn start(&self) -> usize {
        self.scenario.span(self.expected.name.at).start
    }

    /// What cannot be done, at the place of the expectation.
    #[must_use]
    pub fn invalid(&self, message: impl Into<String>) -> Box<Fault> {
        self.refused(message, None)
    }

    /// As [`Snapshot::invalid`], with a remedy.
    #[must_use]
    pub fn refused(&self, message: impl Into<String>, help: Option<&str>) -> Box<Fault> {
        let span = self.scenario.span(self.expected.name.at);
        let place = Place { source: self.scenario.source().clone(), span };
        let (message, help) = (message.into(), help.map(str::to_owned));
        Box::new(Fault::Invalid { place, message, label: String::new(), help })
    }

    /// The response as the file holds it: the headers that are asked for, and the body.
    ///
    /// # Errors
    /// No JSON where paths are ignored; more than a snapshot may hold.
    pub fn content(&self, evidence: &Evidence<'_>, masks: &Masks) -> Result<String, Box<Fault>> {
        let mut out = String::new();
        for name in &self.expected.headers {
            for value in evidence.header(&name.value) {
                out.push_str(&format!("{}: {}\n", name.value, shown_header(&name.value, &value)));
            }
        }
        if !self.expected.headers.is_empty() {
            out.push('\n');
        }
        match evidence.json() {
            Ok(body) => {
                let mut body = self.tidy(body)?;
                masks.value(&mut body);
                // A value of JSON is always one that can be written.
                out.push_str(&serde_json::to_string_pretty(&body).unwrap_or_default());
            }
            Err(actual) if !self.expected.ignore.is_empty() => {
                return Err(self.miss("", actual.clone()));
            }
            Err(Actual::NoBody) => out.push_str("(no body)"),
            Err(_) => out.push_str(&text_of(evidence)),
        }
        if out.len() > LARGEST {
            let message =
                format!("the response is larger than the {} MiB of a snapshot", LARGEST >> 20);
            let help =
                "nobody reads as much: name what matters with `json`, or hash it with `bytes`";
            return Err(self.refused(message, Some(help)));
        }
        Ok(settled(&masks.text(&out)))
    }

    /// The body without what is ignored, the members of its objects in the order of their names.
    fn tidy(&self, body: &Value) -> Result<Value, Box<Fault>> {
        let mut ignored = HashSet::new();
        for path in &self.expected.ignore {
            let found = path.value.find(body);
            let path = path.value.text();
            match found.map_err(|error| self.invalid(format!("cannot ignore `{path}`: {error}")))? {
                Found::One(node) => drop(ignored.insert(ptr::from_ref(node))),
                Found::Many(nodes) => ignored.extend(nodes.into_iter().map(ptr::from_ref)),
                Found::Missing => {}
            }
        }
        Ok(tidied(body, &ignored))
    }

    /// All of the file.
    #[must_use]
    pub fn file(&self, content: &str, step: &str, masks: &Masks) -> String {
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (scenario, step) = (line(&self.scenario.name.value), line(step));
        let head = format!("---\nscenario: {scenario}\nstep: {step}\n---\n");
        format!("{}{content}\n", masks.text(&head))
    }

    /// What differs from what was kept in the file of this name, if anything does; `own` where this run wrote it.
    #[must_use]
    pub fn difference(
        &self,
        (stored, own): (&Stored, bool),
        content: &str,
        shown: &str,
    ) -> Option<Box<Fault>> {
        if stored.content == content || self.is_same_json(&stored.content, content) {
            return None;
        }
        let lines = LineDifferences { own, ..differences(&stored.content, content, stored.line) };
        Some(self.miss(shown, Actual::Lines(lines)))
    }

    /// There is no file.
    #[must_use]
    pub fn missing(&self, shown: &str) -> Box<Fault> {
        self.miss(shown, Actual::Absent)
    }

    fn miss(&self, shown: &str, actual: Actual) -> Box<Fault> {
        let context = Context { scenario: self.scenario, scope: &Scope::new() };
        let (subject, wanted) =
            (Subject::Snapshot(self.name.clone()), ("equals", Value::from(shown)));
        let miss: Miss = context.plain_miss(self.expected.name.at, subject, wanted, actual);
        Box::new(Fault::Miss(miss))
    }

    /// Numbers are compared by value, and a file may be indented in another way.
    fn is_same_json(&self, stored: &str, content: &str) -> bool {
        let has_headers = !self.expected.headers.is_empty();
        let parts = |text: &str| -> Option<(String, Value)> {
            let (head, body) = match has_headers {
                true => text.split_once("\n\n").or_else(|| Some(("", text.strip_prefix('\n')?)))?,
                false => ("", text),
            };
            Some((head.to_owned(), serde_json::from_str(body).ok()?))
        };
        match (parts(stored), parts(content)) {
            (Some((head, body)), Some((other_head, other_body))) => {
                head == other_head && crate::value::equal(&body, &other_body)
            }
            _ => false,
        }
    }
}

impl Stored {
    /// Reads a file; none if it does not begin as a snapshot does.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = settled(text.trim_start_matches('\u{feff}'));
        let rest = text.strip_prefix("---\n")?;
        let (head, content) = match rest.split_once("\n---\n") {
            Some(parts) => parts,
            None => (rest.strip_suffix("\n---")?, ""),
        };
        Some(Self { line: head.lines().count() + 3, content: content.to_owned() })
    }

    /// A text that this run has written.
    #[must_use]
    pub fn written(content: &str) -> Self {
        Self { line: 5, content: content.to_owned() }
    }
}

/// A checkout may change the ends of lines, and an editor may add one at the end.
fn settled(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

/// A cookie's value is not shown, however short it is.
fn shown_header(name: &str, value: &str) -> String {
    let kind = HeaderName::from_bytes(name.as_bytes()).ok().and_then(|name| {
        let value = ::http::HeaderValue::from_str(value).ok()?;
        header::Kind::of(&name, &value)
    });
    match kind {
        None => value.to_owned(),
        Some(header::Kind::SetCookie) => {
            let (pair, attributes) = value.split_at(value.find(';').unwrap_or(value.len()));
            let name = pair.split_once('=').map(|(name, _)| format!("{name}="));
            format!("{}{MASK}{attributes}", name.unwrap_or_default())
        }
        Some(_) => MASK.to_owned(),
    }
}

/// A body that is no JSON; what is no text either is known by its hash.
fn text_of(evidence: &Evidence<'_>) -> String {
    match evidence.text() {
        Ok(text) if !text.contains('\0') => text.to_owned(),
        _ => format!("(binary: {} bytes, sha256 {})", evidence.size(), hex(&evidence.sha256())),
    }
}

fn tidied(value: &Value, ignored: &HashSet<*const Value>) -> Value {
    if ignored.contains(&ptr::from_ref(value)) {
        return Value::from(IGNORED);
    }
    match value {
        Value::Array(items) => items.iter().map(|item| tidied(item, ignored)).collect(),
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            let members = sorted.into_iter();
            let members = members.map(|(name, value)| (name.clone(), tidied(value, ignored)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        scalar => scalar.clone(),
    }
}

/// The lines that differ; those of the first text are counted from `first`.
fn differences(expected: &str, actual: &str, first: usize) -> LineDifferences {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let deadline = Some(Instant::now() + PATIENCE);
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, deadline);
    let groups = group_diff_ops(ops.clone(), AROUND);
    let changes = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    let mut diff = LineDifferences { places: changes.count().max(1), ..LineDifferences::default() };
    let mut put = |side: Side, number: Option<usize>, text: &str| {
        if diff.lines.len() < MOST_LINES {
            diff.lines.push(DiffLine { side, number, text: text.to_owned() });
        } else if matches!(side, Side::Expected | Side::Actual) {
            diff.more += 1;
        }
    };
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            put(Side::Gap, None, "");
        }
        for op in group {
            let side = if matches!(op, DiffOp::Equal { .. }) { Side::Both } else { Side::Expected };
            for at in op.old_range() {
                put(side, Some(first + at), old[at]);
            }
            if side == Side::Expected {
                op.new_range().for_each(|at| put(Side::Actual, None, new[at]));
            }
        }
    }
    diff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, expected: Option<(usize, &str)>) {
        let found = Stored::read(file);
        assert_eq!(
            found.map(|it| (it.line, it.content)),
            expected.map(|it| (it.0, it.1.to_owned()))
        );
    }

    #[test]
    fn a_file_has_a_head_and_a_content_whatever_ends_its_lines() {
        check("---\nscenario: a\nstep: b\n---\n{\n}\n", Some((5, "{\n}")));
        check("---\r\nscenario: a\r\nstep: b\r\n---\r\n{\r\n}\r\n\r\n", Some((5, "{\n}")));
        check("\u{feff}---\nstep: b\n---\na\n---\nb\n", Some((4, "a\n---\nb")));
        check("---\nstep: b\n---\n", Some((4, "")));
        check("{}", None);
        check("---\nstep: b\n", None);
    }

    #[track_caller]
    fn check_lines(expected: &str, actual: &str, places: usize, lines: &[&str]) {
        let found = differences(expected, actual, 1);
        let shown = |line: &DiffLine| {
            let mark = match line.side {
                Side::Both => ' ',
                Side::Expected => '-',
                Side::Actual => '+',
                Side::Gap => '…',
            };
            format!("{mark}{}", line.text)
        };
        let shown: Vec<String> = found.lines.iter().map(shown).collect();
        assert_eq!(
            (found.places, shown),
            (places, lines.iter().map(|&it| it.to_owned()).collect())
        );
    }

    #[test]
    fn only_the_lines_that_differ_are_told_with_those_around_them() {
        check_lines(
            "a\nb\nc\nd\ne\nf\ng\nh\ni\nj",
            "a\nb\nc\nD\ne\nf\ng\nh\ni\nj\nk",
            2,
            &[" b", " c", "-d", "+D", " e", " f", "…", " i", " j", "+k"],
        );
        check_lines("", "a", 1, &["+a"]);
    }

    #[test]
    fn a_difference_fits_on_a_screen_however_long_the_texts_are() {
        let text =
            |from: usize| (from..from + 200_000).map(|n| format!("{n}\n")).collect::<String>();
        let found = differences(&text(0), &text(1_000_000), 1);
        assert_eq!((found.lines.len(), found.more), (MOST_LINES, 400_000 - MOST_LINES));
    }

    #[test]
    fn cookies_of_headers_are_masked_however_short_they_are() {
        assert_eq!(shown_header("set-cookie", "a=1; Path=/; HttpOnly"), "a=•••; Path=/; HttpOnly");
        assert_eq!(shown_header("set-cookie", "x"), "•••");
        assert_eq!(shown_header("content-type", "text/plain; a=1"), "text/plain; a=1");
    }
}
