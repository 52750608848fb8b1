//! `snapshot`: the response as it was when somebody said that it is right, in a file beside the scenario.

use std::path::Path;

use super::super::decode::{Decoder, Keys, Located, Text, found};
use super::super::settings;
use super::super::yaml::{Kind, Node};
use crate::diagnostic::Diagnostic;
use crate::jsonpath::JsonPath;
use crate::source::Source;
use crate::template::Part;

/// The folder of snapshots, beside the file that names them.
pub const FOLDER: &str = "snapshots";
/// The ending of their names.
pub const ENDING: &str = ".snap";
/// A name of a file has 255 bytes at most, and there is the scenario's before it.
const LONGEST_NAME: usize = 120;

const KEYS: Keys = Keys { what: "`snapshot`", known: &["name", "ignore", "headers"] };

/// What is compared with the file of a snapshot.
#[derive(Clone, Debug)]
pub struct SnapshotExpectation {
    /// Its name; the place is that of the expectation.
    pub name: Text,
    /// What of the JSON body is not compared.
    pub ignore: Vec<Located<JsonPath>>,
    /// Header fields that are compared as well, in lower case.
    pub headers: Vec<Located<String>>,
}

impl SnapshotExpectation {
    /// The file of a snapshot, from the folder of the file that names it: `snapshots/sign-in.account.snap`.
    #[must_use]
    pub fn path(source: &Source, name: &str) -> String {
        format!("{FOLDER}/{}.{name}{ENDING}", stem(source.path()))
    }

    /// The name, if it has no expressions.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        self.name.value.literal()
    }
}

/// What the names of a file's snapshots begin with.
pub(crate) fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    stem.unwrap_or(&name).to_owned()
}

/// Why this cannot be the name of a snapshot: it is part of the name of a file, on every system, and a dot would hide where
/// the scenario's ends.
#[must_use]
pub fn wrong_name(name: &str) -> Option<String> {
    let shown = || crate::value::cut(name, 60).escape_debug().to_string();
    if name.is_empty() {
        return Some("the name of a snapshot is empty".to_owned());
    }
    if name.len() > LONGEST_NAME {
        return Some(format!("`{}` is longer than the {LONGEST_NAME} bytes of a name", shown()));
    }
    let wrong = name.chars().find(|c| !(c.is_alphanumeric() || "-_".contains(*c)));
    let holds = |wrong: char| match wrong {
        ' ' => "a blank".to_owned(),
        wrong if wrong.is_control() => "a control character".to_owned(),
        wrong => format!("a `{wrong}`"),
    };
    wrong.map(|wrong| format!("`{}` is no name of a snapshot: it holds {}", shown(), holds(wrong)))
}

/// What a name may hold.
pub const NAME_RULE: &str = "it is part of the name of a file: letters, digits, `-` and `_`";

/// Reads `snapshot`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<SnapshotExpectation> {
    if !matches!(node.kind, Kind::Map(_)) {
        return Some(SnapshotExpectation {
            name: name(d, node)?,
            ignore: Vec::new(),
            headers: Vec::new(),
        });
    }
    let entries = d.map(node, &KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let ignore = find("ignore").map(|node| ignored(d, node));
    let headers = find("headers").map(|node| headers(d, node));
    let Some(name_node) = find("name") else {
        let help = "add `name: account`: it is part of the name of the file";
        d.error_help(node.at, "the snapshot has no `name`", "", help);
        return None;
    };
    Some(SnapshotExpectation {
        name: name(d, name_node)?,
        ignore: ignore.unwrap_or_default(),
        headers: headers.unwrap_or_default(),
    })
}

fn name(d: &Decoder<'_>, node: &Node) -> Option<Text> {
    let name = d.text(node, "the name of a snapshot")?;
    let written = |part: &Part| match part {
        Part::Literal(text) => wrong_name(text),
        Part::Expression(_) => None,
    };
    let empty = name.value.source().is_empty().then_some("");
    let wrong = name.value.parts().iter().find_map(written);
    if let Some(message) = wrong.or_else(|| empty.and_then(wrong_name)) {
        d.error_help(name.at, message, "", NAME_RULE);
        return None;
    }
    Some(name)
}

fn ignored(d: &Decoder<'_>, node: &Node) -> Vec<Located<JsonPath>> {
    let path = |node: &Node| {
        let Kind::Text(text) = &node.kind else {
            let message = format!("expected a JSONPath, found {}", found(node));
            d.error_help(node.at, message, "", "write it like `$.created`");
            return None;
        };
        let value = super::json_path(d, node.at, text)?;
        if value.is_root() {
            let help = "name what differs from run to run, such as `$.created`";
            d.error_help(node.at, "`$` is all of the body: nothing would be compared", "", help);
            return None;
        }
        Some(Located { at: node.at, value })
    };
    d.list(node, "JSONPaths").unwrap_or_default().iter().filter_map(path).collect()
}

fn headers(d: &Decoder<'_>, node: &Node) -> Vec<Located<String>> {
    let mut names: Vec<Located<String>> = Vec::new();
    for item in d.list(node, "names of headers").unwrap_or_default() {
        let name = d.plain(item, "the name of a header");
        let name = name.and_then(|name| settings::header_name(d, name.at, &name.value));
        let Some(name) = name else { continue };
        match names.iter().find(|known| known.value == name.value) {
            None => names.push(name),
            Some(first) => d.report(
                Diagnostic::error(format!("header `{}` is given twice", name.value))
                    .at(d.source(), d.span(name.at), "again here")
                    .also(d.source(), d.span(first.at), "first here"),
            ),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_part_of_the_name_of_a_file_on_every_system() {
        for good in ["account", "order-17", "Zürich_2"] {
            assert_eq!(wrong_name(good), None, "{good}");
        }
        let long = "x".repeat(121);
        for wrong in ["", "a/b", "..", "a.b", "a\\b", "a b", "a:b", "a\0", "C|", long.as_str()] {
            assert!(wrong_name(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn the_file_of_a_snapshot_has_the_name_of_the_scenarios_file() {
        #[track_caller]
        fn check(file: &str, expected: &str) {
            let source = Source::new(file, file, "");
            assert_eq!(SnapshotExpectation::path(&source, "a"), expected);
        }
        check("x/sign-in.yaml", "snapshots/sign-in.a.snap");
        check("sign.in.yml", "snapshots/sign.in.a.snap");
        check("callsheet.yaml", "snapshots/callsheet.a.snap");
    }
}
