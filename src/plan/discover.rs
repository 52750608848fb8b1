//! From the paths of the command line to scenario files.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::scenario::files::reason;
use crate::scenario::project::FILE_NAME;

/// A scenario file, with the line up to which it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// As messages show it.
    pub(super) name: String,
    /// The line of `file.yaml:LINE`.
    pub(super) line: Option<usize>,
}

/// The files that the paths mean, sorted by name, each once.
pub(super) fn discover(folder: &Path, paths: &[String]) -> (Vec<Found>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for path in paths {
        if let Err(diagnostic) = one(folder, path, &mut found) {
            wrong.push(diagnostic);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    // A file that is named twice, however it is spelt, is one; its line holds only if both agree.
    let mut first: HashMap<PathBuf, usize> = HashMap::new();
    let mut once: Vec<Found> = Vec::new();
    for file in found {
        let real = fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
        match first.get(&real) {
            Some(&known) if once[known].line != file.line => once[known].line = None,
            Some(_) => {}
            None => {
                first.insert(real, once.len());
                once.push(file);
            }
        }
    }
    let found = once;
    (found, wrong)
}

fn one(folder: &Path, argument: &str, found: &mut Vec<Found>) -> Result<(), Diagnostic> {
    let (path, line) = split_line(folder, argument);
    let real = folder.join(path);
    let metadata = fs::metadata(&real).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Diagnostic::error(format!("there is no file or folder `{}`", path.escape_debug()))
        }
        _ => {
            Diagnostic::error(format!("cannot read `{}`: {}", path.escape_debug(), reason(&error)))
        }
    })?;
    if let (true, Some(line)) = (metadata.is_dir(), line) {
        let message = format!("`{}` is a folder, and has no line {line}", path.escape_debug());
        return Err(Diagnostic::error(message).help("give the line of a file"));
    }
    if metadata.is_dir() {
        return walk(&real, &shown(path), found);
    }
    found.push(Found { path: real, name: shown(path), line });
    Ok(())
}

/// `file.yaml:31` is a line of a file, unless a file has that very name.
fn split_line<'a>(folder: &Path, argument: &'a str) -> (&'a str, Option<usize>) {
    match argument.rsplit_once(':') {
        Some((path, line)) if !folder.join(argument).exists() => match line.parse() {
            Ok(line) => (path, Some(line)),
            Err(_) => (argument, None),
        },
        _ => (argument, None),
    }
}

fn shown(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

fn walk(folder: &Path, name: &str, found: &mut Vec<Found>) -> Result<(), Diagnostic> {
    let wrong = |error| Diagnostic::error(format!("cannot read `{name}`: {}", reason(&error)));
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let inner = if name == "." { file.clone() } else { format!("{name}/{file}") };
        // What a link leads to is not followed into folders: it could lead back here.
        let kind = entry.file_type().map_err(wrong)?;
        let is_yaml = file.ends_with(".yaml") || file.ends_with(".yml");
        if file.starts_with('.') || file == FILE_NAME {
        } else if kind.is_dir() {
            walk(&entry.path(), &inner, found)?;
        } else if is_yaml && !is_document(&entry.path()) {
            found.push(Found { path: entry.path(), name: inner, line: None });
        }
    }
    Ok(())
}

/// Whether a file says at its beginning that it is an OpenAPI document or a JSON Schema, which may lie among scenarios.
fn is_document(path: &Path) -> bool {
    const KEYS: [&str; 4] = ["openapi:", "swagger:", "$schema:", "\"$schema\":"];
    let mut head = Vec::new();
    // What cannot be read is told when it is read as a scenario.
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let head = String::from_utf8_lossy(&head);
    read.is_ok() && head.lines().any(|line| KEYS.iter().any(|key| line.starts_with(key)))
}

/// So many bytes are its beginning.
const HEAD: u64 = 1024;

/// The folders of this name below those that the paths mean.
pub(super) fn folders(folder: &Path, paths: &[String], name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = paths.iter().map(|path| folder.join(path)).collect();
    while let Some(folder) = left.pop() {
        // What cannot be read was told of when scenarios were looked for.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let file = entry.file_name();
            if is_folder && !file.to_string_lossy().starts_with('.') {
                if file == name {
                    found.push(entry.path());
                }
                left.push(entry.path());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_the_order_of_paths_and_a_file_counts_once() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in ["b.yaml", "a/z.yml", "a/note.txt", "callsheet.yaml", ".hidden/x.yaml"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, "").expect("a file");
        }
        let document = folder.path().join("a/api.yaml");
        fs::write(&document, "# The shop\nopenapi: 3.1.0\n").expect("a file");
        fs::write(folder.path().join("a/s.yaml"), "\"$schema\": x\n").expect("a file");
        let names = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            let (found, wrong) = discover(folder.path(), &paths);
            let found: Vec<_> = found.into_iter().map(|found| (found.name, found.line)).collect();
            (found, wrong.into_iter().map(|wrong| wrong.message).collect::<Vec<_>>())
        };
        let file = |name: &str, line| (name.to_owned(), line);
        assert_eq!(names(&["."]), (vec![file("a/z.yml", None), file("b.yaml", None)], vec![]));
        assert_eq!(names(&["b.yaml:7"]).0, [file("b.yaml", Some(7))]);
        assert_eq!(
            names(&["./b.yaml", "b.yaml:7", "a/"]).0,
            [file("a/z.yml", None), file("b.yaml", None)]
        );
        assert_eq!(names(&["a/api.yaml"]).0, [file("a/api.yaml", None)]);
        assert_eq!(names(&["nope"]).1, ["there is no file or folder `nope`"]);
    }
}
