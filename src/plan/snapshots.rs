//! Snapshots and the files that they are kept in: no two steps have one, and none is left behind.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::Request;
use crate::diagnostic::Diagnostic;
use crate::scenario::Scenario;
use crate::scenario::expectation::{ENDING, FOLDER, SnapshotExpectation, stem};
use crate::scenario::files::folder;
use crate::source::Span;
use crate::template::Part;

/// Refuses snapshots of one name; gives whether there is any.
pub(super) fn check(files: &[&Scenario], diagnostics: &mut Vec<Diagnostic>) -> bool {
    let mut seen: HashMap<(PathBuf, String), (&Scenario, Span, &str)> = HashMap::new();
    let mut any = false;
    for file in files {
        let all = expectations(file);
        if all.is_empty() {
            continue;
        }
        any = true;
        let path = file.source().path();
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        for expectation in all {
            let Some(name) = expectation.literal() else { continue };
            let span = file.span(expectation.name.at);
            // Some file systems take `Order` and `order` for one.
            let key = (path.clone(), name.to_lowercase());
            let first = seen.entry(key).or_insert((file, span, name));
            // One expectation may be read several times: of each session of `access`, or where its file is used.
            if first.1.start != span.start {
                diagnostics.push(equal(file, span, name, *first));
            }
        }
    }
    any
}

fn equal(file: &Scenario, span: Span, name: &str, first: (&Scenario, Span, &str)) -> Diagnostic {
    let (first_file, first_span, first_name) = first;
    let message = match first_name == name {
        true => format!("two steps have the snapshot `{name}`"),
        false => format!("the snapshots `{first_name}` and `{name}` differ in case alone"),
    };
    let help = match first_name == name {
        true => "each has a file of its own: give each its own name",
        false => "some systems take them for one file: give each its own name",
    };
    Diagnostic::error(message)
        .at(file.source(), span, "again here")
        .also(first_file.source(), first_span, "first here")
        .help(help)
}

/// All of the steps of a file.
fn expectations(file: &Scenario) -> Vec<&SnapshotExpectation> {
    let all = file.all_steps().flat_map(|step| {
        let cells = step.access.iter().map(|cell| &cell.expect);
        std::iter::once(&step.expect).chain(cells)
    });
    all.filter_map(|expect| expect.snapshot.as_deref()).collect()
}

/// The files that a scenario compares with: those that it names, and those there are that it may name.
pub(super) fn files(file: &Scenario) -> Vec<PathBuf> {
    let (mut files, mut patterns) = (Vec::new(), Vec::new());
    let own = folder(file.source().path());
    for expectation in expectations(file) {
        match expectation.literal() {
            Some(name) => files.push(own.join(SnapshotExpectation::path(file.source(), name))),
            None => patterns.extend(pattern(expectation)),
        }
    }
    if !patterns.is_empty() {
        let stem = stem(file.source().path());
        let there = there(&own.join(FOLDER)).into_iter();
        let named =
            there.filter(|it| it.of == stem && patterns.iter().any(|p| p.is_match(&it.name)));
        files.extend(named.map(|it| it.path));
    }
    files
}

/// What a name may be whose expressions have any value.
fn pattern(expectation: &SnapshotExpectation) -> Option<Regex> {
    let part = |part: &Part| match part {
        Part::Literal(text) => regex::escape(text),
        Part::Expression(_) => ".+".to_owned(),
    };
    let parts: String = expectation.name.value.parts().iter().map(part).collect();
    Regex::new(&format!("^{parts}$")).ok()
}

/// A file that is there.
struct There {
    path: PathBuf,
    /// What stands before the name: that of a scenario's file, without its ending.
    of: String,
    name: String,
}

fn there(folder: &Path) -> Vec<There> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        let file = entry.file_name().to_string_lossy().into_owned();
        let (of, name) = file.strip_suffix(ENDING)?.rsplit_once('.')?;
        Some(There { path: entry.path(), of: of.to_owned(), name: name.to_owned() })
    });
    let mut found: Vec<There> = found.collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Files of snapshots that no step names, beside these scenario files and in the folders that were walked.
pub(super) fn orphans(
    request: &Request,
    walked: &[PathBuf],
    files: &[&Scenario],
) -> Vec<Diagnostic> {
    let mut names: HashMap<(PathBuf, String), Vec<Regex>> = HashMap::new();
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    for file in files {
        let own = real(&folder(file.source().path()));
        let key = (own.clone(), stem(file.source().path()));
        names.entry(key).or_default().extend(expectations(file).into_iter().filter_map(pattern));
        folders.insert(own);
    }
    folders.extend(walked.iter().filter_map(|path| path.parent()).map(real));
    let here = real(&request.folder);
    let mut orphans = Vec::new();
    for folder in folders {
        for there in there(&folder.join(FOLDER)) {
            let is_named = match names.get(&(folder.clone(), there.of.clone())) {
                Some(names) => names.iter().any(|name| name.is_match(&there.name)),
                // That of a scenario which is not looked at this time.
                None => [".yaml", ".yml"]
                    .iter()
                    .any(|ending| folder.join(format!("{}{ending}", there.of)).exists()),
            };
            if !is_named {
                let shown = there.path.strip_prefix(&here).unwrap_or(&there.path).display();
                let message = format!("no step has the snapshot `{shown}`");
                let help = "delete it, or see how the name is written that it was made for";
                orphans.push(Diagnostic::warning(message).help(help));
            }
        }
    }
    orphans
}
