//! `cases`: the rows that a scenario runs for, from the scenario itself or from a file of data.

mod csv;
mod data;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::decode::{Decoder, Located, Tree, exactly};
use super::yaml::{At, Kind, Node};
use super::{files, is_reserved, is_word, secrets, variable_name, yaml};
use crate::diagnostic::{Diagnostic, Label};
use crate::mask::Masks;
use crate::source::{Source, Span, plain};
use crate::value::{self, Value};

/// One file makes this many runs at most.
const MOST_ROWS: usize = 100_000;
/// Files of data have this many bytes at most.
const LARGEST: usize = 64 << 20;
/// A value in the name of a row is cut to this many characters.
const LONGEST_VALUE: usize = 40;
/// So many values tell rows apart.
const SHOWN: usize = 2;

/// The rows of a scenario.
#[derive(Clone, Debug)]
pub struct Cases {
    /// Where `cases` stands.
    pub at: At,
    /// The text that the rows stand in.
    pub source: Arc<Source>,
    /// The rows; at least one.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its place.
    pub span: Span,
    /// Its variables.
    pub vars: Vec<RowVar>,
}

/// A variable of a row.
#[derive(Clone, Debug)]
pub struct RowVar {
    /// Its name.
    pub name: Arc<str>,
    /// Its value; one of a file of data has no expressions.
    pub value: Tree,
}

/// What is wrong with a file of data, and what of it can be used all the same.
type Found = Result<Vec<Row>, Vec<Diagnostic>>;

pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Cases> {
    let at = node.at;
    let (source, rows) = match &node.kind {
        Kind::Text(_) => from_file(d, node)?,
        Kind::List(items) => {
            let rows = exactly(items.iter().filter_map(|item| inline(d, item)));
            (Arc::clone(d.source()), (rows.len() == items.len()).then_some(rows)?)
        }
        _ => {
            d.expected("rows, or the path of a .csv, .json or .yaml file", node);
            return None;
        }
    };
    let problem = match rows.len() {
        0 => "`cases` has no rows: the scenario never runs".to_owned(),
        1..=MOST_ROWS => return Some(Cases { at, source, rows }),
        many => format!("`cases` has {many} rows, more than {MOST_ROWS}"),
    };
    d.error_help(at, problem, "", "a scenario runs once per row");
    None
}

fn inline(d: &Decoder<'_>, node: &Node) -> Option<Row> {
    let entries = d.entries(node, "a row of variables")?;
    if entries.is_empty() {
        let help = "name a variable and its value, such as `- { user: alice }`";
        d.error_help(node.at, "the row is empty", "", help);
        return None;
    }
    let variable = |entry: &yaml::Entry| {
        let Located { value: name, .. } = variable_name(d, entry)?;
        Some(RowVar { name: name.into(), value: d.tree(&entry.value)? })
    };
    let vars = exactly(entries.iter().filter_map(variable));
    (vars.len() == entries.len()).then(|| Row { span: d.span(node.at), vars })
}

fn from_file(d: &Decoder<'_>, node: &Node) -> Option<(Arc<Source>, Vec<Row>)> {
    let (written, path) = files::literal(d, node)?;
    let beside = Path::new(d.source().name()).parent().unwrap_or(Path::new(""));
    let name = plain(&beside.join(&written)).display().to_string();
    let read = match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => csv::read,
        Some("json") => data::json,
        Some("yaml" | "yml") => data::yaml,
        _ => {
            let help = "its name ends in `.csv`, `.json` or `.yaml`, which says how it is read";
            d.error_help(node.at, format!("`{name}` is no file of rows"), "", help);
            return None;
        }
    };
    let source = match yaml::read_file_up_to(&path, &name, LARGEST) {
        Ok(source) => Arc::new(source),
        Err(error) => {
            d.report(error);
            return None;
        }
    };
    match read(&source) {
        Ok(rows) => Some((source, rows)),
        Err(wrong) => {
            let has_secrets =
                secrets::listed(d.source().text()).iter().any(|name| source.text().contains(name));
            let place = |error: Diagnostic| match has_secrets {
                true => unseen(error).at(d.source(), d.span(node.at), "read for this"),
                false => error.also(d.source(), d.span(node.at), "read for this"),
            };
            wrong.into_iter().for_each(|error| d.report(place(error)));
            None
        }
    }
}

/// What is wrong, without the line: of a file that cannot be read nobody knows which values are secret.
fn unseen(mut error: Diagnostic) -> Diagnostic {
    if let Some(Label { source, span, text }) = error.primary.take() {
        let position = source.position(span.start);
        let place = format!("{}:{}:{}", source.name(), position.line, position.column);
        let more = if text.is_empty() { text } else { format!(" {text}") };
        error.message = format!("`{place}`: {}{more}", error.message);
    }
    error
}

/// What is wrong with the name of a column.
fn wrong_name(name: &str) -> Option<Diagnostic> {
    if !is_word(name) {
        let help = "a name has letters, digits and `_`, and begins with no digit, so that `${…}` can use it";
        let message = format!("`{}` is no variable name", value::cut(name, LONGEST_VALUE));
        return Some(Diagnostic::error(message).help(help));
    }
    let help = "callsheet gives it a meaning of its own in `${…}`: take another name";
    is_reserved(name)
        .then(|| Diagnostic::error(format!("the name `{name}` is reserved")).help(help))
}

impl Cases {
    /// The names of the scenario's runs: its own with the first values of the row, but for those that are masked.
    #[must_use]
    pub fn names(&self, scenario: &str, secrets: &[Located<String>], masks: &Masks) -> Vec<String> {
        let is_secret = |var: &&RowVar| secrets.iter().any(|secret| *secret.value == *var.name);
        let label = |row: &Row| {
            let shown = row.vars.iter().filter(|var| !is_secret(var)).filter_map(shown);
            // A mark would be another one in each run, and the name is to be the same.
            let shown = shown.filter(|text| masks.text(text) == text.as_str());
            shown.take(SHOWN).collect::<Vec<_>>().join(", ")
        };
        let labels: Vec<String> = self.rows.iter().map(label).collect();
        let mut seen = HashSet::new();
        let twice: HashSet<&str> =
            labels.iter().map(String::as_str).filter(|label| !seen.insert(*label)).collect();
        let name = |(index, label): (usize, &String)| {
            let number = index + 1;
            match label.as_str() {
                "" => format!("{scenario} [{number}]"),
                label if twice.contains(label) => format!("{scenario} [{label}, row {number}]"),
                label => format!("{scenario} [{label}]"),
            }
        };
        labels.iter().enumerate().map(name).collect()
    }

    /// The names that every row has.
    #[must_use]
    pub fn common(&self) -> Vec<&str> {
        let Some(first) = self.rows.first() else { return Vec::new() };
        let names = first.vars.iter().map(|var| &*var.name);
        names.filter(|name| self.rows.iter().all(|row| row.has(name))).collect()
    }

    /// The first row that lacks this name, with its number from 1, where another has it.
    #[must_use]
    pub fn without(&self, name: &str) -> Option<(usize, &Row)> {
        let mut rows = self.rows.iter().zip(1..).map(|(row, number)| (number, row));
        self.rows.iter().any(|row| row.has(name)).then(|| rows.find(|(_, row)| !row.has(name)))?
    }
}

impl Row {
    /// Whether it has a variable of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.vars.iter().any(|var| &*var.name == name)
    }
}

/// A scalar, as it stands in a name.
fn shown(var: &RowVar) -> Option<String> {
    let text = match &var.value {
        Tree::Literal(Value::Array(_) | Value::Object(_)) | Tree::List(_) | Tree::Map(_) => None,
        Tree::Literal(value) => Some(value::text(value)),
        Tree::Template(text) => Some(text.value.source().to_owned()),
    };
    let text = text?.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| value::cut(&text, LONGEST_VALUE))
}
