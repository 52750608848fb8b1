//! `callsheet report`: reports from the journals of runs, also of one that was killed, and of the parts of one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callsheet::outcome::record::PlannedRecord;
use callsheet::outcome::{Outcome, State, Times};
use callsheet::plan::shard::Timings;
use callsheet::report::{digest, journal};
use callsheet::scenario::project;
use callsheet::scenario::report::Format;

use crate::args;
use crate::exit::Exit;
use crate::output;
use crate::reports::{self, Report};

pub(crate) fn main(asked: &args::ReportOf) -> Exit {
    match make(asked) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn make(asked: &args::ReportOf) -> Result<Exit, Exit> {
    let (mut outcome, known) = read(&journals(&asked.journals)?)?;
    let is_whole = parts(&mut outcome, &known)?;
    let before = times(&asked.compare)?;
    if !compare(&mut outcome, before.as_ref()) {
        return Err(Exit::Internal);
    }
    let wanted = [
        (Format::Junit, &asked.junit),
        (Format::Tap, &asked.tap),
        (Format::Json, &asked.json),
        (Format::Html, &asked.html),
        (Format::Har, &asked.har),
        (Format::Markdown, &asked.markdown),
        (Format::Github, &asked.github),
    ];
    let report = |(format, path): (Format, &Option<PathBuf>)| {
        path.clone().map(|path| Report { format, path })
    };
    let wanted: Vec<Report> = wanted.into_iter().filter_map(report).collect();
    let paths: Vec<&Path> = wanted.iter().map(|report| report.path.as_path()).collect();
    reports::refuse_equal(&paths)?;
    let compared = journals(&asked.compare)?;
    reports::refuse_over(&paths, known.iter().chain(&compared).map(PathBuf::as_path))?;
    let color = output::result_style(asked.color).color;
    output::out(&digest::digest(&outcome, color).map_err(unread)?);
    // What failed is for the run to say; that a part of it is missing nobody else does.
    Ok(match (reports::write(&wanted, &outcome), is_whole) {
        (false, _) => Exit::Internal,
        (true, false) => Exit::Failed,
        (true, true) => Exit::Passed,
    })
}

/// The files that are named, those of a folder in the order of their names.
pub(crate) fn journals(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let is_journal = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "jsonl");
        let entries = std::fs::read_dir(path).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        });
        let why = match entries {
            Ok(entries) => {
                let mut found: Vec<PathBuf> = entries.into_iter().filter(is_journal).collect();
                found.sort();
                if !found.is_empty() {
                    all.append(&mut found);
                    continue;
                }
                "no file in it ends in `.jsonl`".to_owned()
            }
            Err(error) => error.to_string(),
        };
        output::err(&format!(
            "error: the folder `{}`: {why}\nhelp: name the files that `run --journal` has written, or the folder they are in\n",
            path.display()
        ));
        return Err(Exit::Invalid);
    }
    Ok(all)
}

/// Reads journals as one outcome, and says what is wrong with them; one that is named twice is one. Comes with their paths.
fn read(paths: &[PathBuf]) -> Result<(Outcome, Vec<PathBuf>), Exit> {
    let mut outcome = Outcome::default();
    let mut known: Vec<PathBuf> = Vec::new();
    for path in paths {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if known.contains(&real) {
            continue;
        }
        known.push(real);
        let wrong = |why: String| {
            output::err(&format!("error: the journal `{}`: {why}\n", path.display()));
            Exit::Invalid
        };
        let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
        let read = journal::read(&mut BufReader::new(file), &mut outcome);
        if read.map_err(|error| wrong(error.to_string()))? {
            let path = path.display();
            output::err(&format!(
                "warning: the last line of the journal `{path}` was cut off: it is left out\n"
            ));
        }
    }
    Ok((outcome, known))
}

/// The scenarios that failed, or did not run, in the run of these journals.
pub(crate) fn failed(paths: &[PathBuf]) -> Result<HashSet<(String, String)>, Exit> {
    let (outcome, _) = read(&journals(paths)?)?;
    let is_wanted = |state| matches!(state, State::Failed | State::NotRun);
    let failed = outcome.scenarios.iter().filter(|scenario| is_wanted(scenario.state));
    let identity =
        |planned: &PlannedRecord| (planned.file.clone(), planned.plain_name().to_owned());
    let failed = failed.map(|scenario| identity(&scenario.planned));
    // The project's `setup` and `teardown` run with any of them.
    let failed: HashSet<_> = failed.filter(|(file, _)| file != project::FILE_NAME).collect();
    if failed.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
        let paths = paths.join(", ");
        output::err(&format!("error: nothing to run: no scenario failed in the run of {paths}\n"));
        return Err(Exit::NothingToRun);
    }
    Ok(failed)
}

/// How long scenarios took in the runs of these journals.
pub(crate) fn timings(paths: &[PathBuf]) -> Result<Timings, Exit> {
    let mut timings = Timings::default();
    for scenario in &read(&journals(paths)?)?.0.scenarios {
        if matches!(scenario.state, State::Passed | State::Failed) {
            let took = Duration::try_from_secs_f64(scenario.duration / 1e3).unwrap_or_default();
            timings.add(&scenario.planned.file, scenario.planned.plain_name(), took);
        }
    }
    Ok(timings)
}

/// The times of the steps in the runs of these journals, if any are named.
pub(crate) fn times(paths: &[PathBuf]) -> Result<Option<Times>, Exit> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut times = Times::default();
    times.add(&read(&journals(paths)?)?.0).map_err(unread)?;
    Ok(Some(times))
}

/// Sets the times of runs beside those; gives whether it could be done.
pub(crate) fn compare(outcome: &mut Outcome, before: Option<&Times>) -> bool {
    let Some(before) = before else { return true };
    match before.compare(outcome) {
        Ok(comparison) => {
            outcome.comparison = Some(comparison);
            true
        }
        Err(error) => {
            unread(error);
            false
        }
    }
}

fn unread(error: std::io::Error) -> Exit {
    output::err(&format!("error: the journals cannot be read back: {error}\n"));
    Exit::Internal
}

/// Looks whether all parts of a run over several machines are there, each once, and are parts of the same; gives whether.
fn parts(outcome: &mut Outcome, paths: &[PathBuf]) -> Result<bool, Exit> {
    let mut seen: BTreeMap<u32, usize> = BTreeMap::new();
    let mut first = None;
    for (index, run) in outcome.runs.iter().enumerate() {
        let Some(shard) = &run.begun.shard else { continue };
        let (path, (known, known_shard)) =
            (paths[index].display(), *first.get_or_insert((index, shard)));
        let (number, of, known) = (shard.number, shard.of, paths[known].display());
        let wrong = if of != known_shard.of {
            format!("`{path}` is shard {number}/{of}: `{known}` is one of {} parts", known_shard.of)
        } else if shard.parts != known_shard.parts {
            format!(
                "`{path}` and `{known}` are parts of different runs\nhelp: all machines want the same files, selection and `--timings`"
            )
        } else if let Some(other) = seen.insert(number, index) {
            let other = paths[other].display();
            format!("`{path}` is shard {number}/{of}, and so is `{other}`: name one of them")
        } else {
            continue;
        };
        output::err(&format!("error: {wrong}\n"));
        return Err(Exit::Invalid);
    }
    warn_of_equals(outcome);
    let of = first.map_or(0, |(_, shard)| shard.of);
    let missing: Vec<u32> = (1..=of).filter(|number| !seen.contains_key(number)).collect();
    for number in &missing {
        let name = format!("shard {number}/{of}");
        output::err(&format!(
            "warning: the journal of {name} is missing: its scenarios are not in the reports\n"
        ));
        outcome.miss(name);
    }
    outcome.finish();
    Ok(missing.is_empty())
}

/// Parts of one run have no scenario in common; what ran in two runs is in the reports twice.
fn warn_of_equals(outcome: &Outcome) {
    let mut runs = HashMap::new();
    let mut equal = Vec::new();
    for scenario in &outcome.scenarios {
        let planned = &scenario.planned;
        let is_run_s = planned.file == project::FILE_NAME;
        let first = runs.entry((&planned.file, planned.plain_name())).or_insert(scenario.run);
        if *first != scenario.run && !is_run_s {
            equal.push(planned);
        }
    }
    let Some(planned) = equal.first() else { return };
    let more = match equal.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let (name, file) = (planned.plain_name(), &planned.file);
    output::err(&format!(
        "warning: `{name}` of `{file}`{more}: in several journals, so it counts several times; are they of one run?\n"
    ));
}
