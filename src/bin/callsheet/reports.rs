//! The reports of a run: which there are, and their files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use callsheet::outcome::Outcome;
use callsheet::plan::Plan;
use callsheet::report;
use callsheet::scenario::report::Format;

use crate::exit::Exit;
use crate::output;

/// A report, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) format: Format,
    pub(crate) path: PathBuf,
}

impl Report {
    /// Reads `FORMAT=PATH`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((_, "")) | None => Err("write it like `junit=target/junit.xml`".to_owned()),
            Some((name, path)) => match Format::named(name) {
                Some(format) => Ok(Self { format, path: path.into() }),
                None => {
                    let names = Format::ALL.map(|format| format!("`{}`", format.name())).join(", ");
                    Err(format!("there is no format `{name}`; there is {names}"))
                }
            },
        }
    }
}

/// The reports of the options, and those of the project file whose formats no option names.
pub(crate) fn of(options: &[Report], plan: &Plan) -> Vec<Report> {
    let files = plan.project.iter().flat_map(|project| &project.reports);
    let is_new = |format| options.iter().all(|report| report.format != format);
    let of_project = files
        .filter(|file| is_new(file.format))
        .map(|file| Report { format: file.format, path: plan.root.join(&file.path.value) });
    options.iter().cloned().chain(of_project).collect()
}

/// Writes them; each that cannot be written is said. Gives whether all were.
pub(crate) fn write(reports: &[Report], outcome: &Outcome) -> bool {
    let write = |Report { format, path }: &Report| {
        let written = output::file(path, |out| report::write(*format, outcome, out));
        if let Err(error) = &written {
            not_written(path, "report", error);
        }
        written.is_ok()
    };
    // Not `all`: one that cannot be written keeps no other from it.
    reports.iter().filter(|report| !write(report)).count() == 0
}

/// Says that a file cannot be written.
pub(crate) fn not_written(path: &Path, what: &str, error: &std::io::Error) {
    output::err(&format!("error: the {what} `{}` cannot be written: {error}\n", path.display()));
}

/// Where a path leads, whatever of it is there already.
fn place(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_default();
    let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, real)) => match path.strip_prefix(above) {
            Ok(rest) if rest.as_os_str().is_empty() => real,
            Ok(rest) => real.join(rest),
            Err(_) => path,
        },
        None => path,
    }
}

/// Two that go to one path, or one that goes to a folder, are refused before anything is sent.
pub(crate) fn refuse_equal(paths: &[&Path]) -> Result<(), Exit> {
    for (index, path) in paths.iter().enumerate() {
        let wrong = if paths[..index].iter().any(|other| place(other) == place(path)) {
            "two reports go to one path"
        } else if path.is_dir() {
            "the path of a report is a folder"
        } else {
            continue;
        };
        output::err(&format!("error: {wrong}: `{}`\n", path.display()));
        return Err(Exit::Invalid);
    }
    Ok(())
}

/// A report that would be written over what is read is a slip, and a costly one.
pub(crate) fn refuse_over<'p>(
    paths: &[&Path],
    read: impl Iterator<Item = &'p Path>,
) -> Result<(), Exit> {
    if paths.is_empty() {
        return Ok(());
    }
    let read: HashSet<PathBuf> = read.filter_map(|path| path.canonicalize().ok()).collect();
    let is_read = |path: &Path| path.canonicalize().is_ok_and(|path| read.contains(&path));
    match paths.iter().find(|path| is_read(path)) {
        None => Ok(()),
        Some(path) => {
            let path = path.display();
            output::err(&format!(
                "error: the report would be written over `{path}`, which is read\n"
            ));
            Err(Exit::Invalid)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_format_and_a_path() {
        assert!(Report::parse("junit=out/a=b.xml").is_ok_and(|r| r.path == *"out/a=b.xml"));
        for wrong in ["junit", "junit=", "xml=a"] {
            assert!(Report::parse(wrong).is_err(), "{wrong}");
        }
    }
}
