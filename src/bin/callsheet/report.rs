//! `callsheet report`: reports from the journals of runs, also of one that was killed, and of the parts of one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callsheet::outcome::record::PlannedRecord;
use callsheet::outcome::{Outcome, RunOutcome, State, Times};
use callsheet::plan::shard::Timings;
use callsheet::report::digest;
use callsheet::report::journal::{self, JournalError};
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
    let Read { mut outcome, known, empty } = read(&journals(&asked.journals)?)?;
    let is_whole = parts(&mut outcome, &known, &empty)?;
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
    let read = known.iter().chain(&empty).chain(&compared);
    reports::refuse_over(&paths, read.map(PathBuf::as_path))?;
    let color = output::result_style(asked.color).color;
    output::out(&digest::digest(&outcome, color).map_err(unread)?);
    // What failed is for the run to say; that a part of it was lost nobody else does.
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

/// Journals that were read.
struct Read {
    outcome: Outcome,
    /// The path of each run of the outcome.
    known: Vec<PathBuf>,
    /// Of those in which nothing is: a full disk leaves them.
    empty: Vec<PathBuf>,
}

/// Reads journals as one outcome, and says what is wrong with them; one that is named twice is one.
fn read(paths: &[PathBuf]) -> Result<Read, Exit> {
    let mut outcome = Outcome::default();
    let (mut known, mut empty): (Vec<PathBuf>, Vec<PathBuf>) = Default::default();
    for path in paths {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if known.contains(&real) || empty.contains(&real) {
            continue;
        }
        let wrong = |why: String| {
            output::err(&format!("error: the journal `{}`: {why}\n", path.display()));
            Exit::Invalid
        };
        let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
        let read = match journal::read(&mut BufReader::new(file), &mut outcome) {
            // Where there are others it does not take them away.
            Err(error @ JournalError::Empty) if paths.len() > 1 => {
                output::err(&format!("warning: the journal `{}`: {error}\n", path.display()));
                empty.push(real);
                continue;
            }
            read => read,
        };
        known.push(real);
        if read.map_err(|error| wrong(error.to_string()))? {
            let path = path.display();
            output::err(&format!(
                "warning: the last line of the journal `{path}` was cut off: it is left out\n"
            ));
        }
    }
    if known.is_empty() && !empty.is_empty() {
        output::err("error: all of the journals are empty\n");
        return Err(Exit::Invalid);
    }
    Ok(Read { outcome, known, empty })
}

/// The scenarios that failed, or did not run, in the run of these journals.
pub(crate) fn failed(paths: &[PathBuf]) -> Result<HashSet<(String, String)>, Exit> {
    let Read { outcome, known, .. } = read(&journals(paths)?)?;
    // Who names the journal of one machine means that part.
    for name in missing(&outcome).into_iter().filter(|_| known.len() > 1) {
        output::err(&format!(
            "warning: the journal of {name} is missing: what failed in it does not run again\n"
        ));
    }
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

/// No scenario is taken for a longer one.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long scenarios took in the runs of these journals.
pub(crate) fn timings(paths: &[PathBuf]) -> Result<Timings, Exit> {
    let mut timings = Timings::default();
    for scenario in &read(&journals(paths)?)?.outcome.scenarios {
        if matches!(scenario.state, State::Passed | State::Failed) {
            let took = Duration::try_from_secs_f64(scenario.duration / 1e3).unwrap_or_default();
            // A journal may say anything, and the times are added up.
            let took = took.min(LONGEST);
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
    times.add(&read(&journals(paths)?)?.outcome).map_err(unread)?;
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

/// The parts of a run over several machines whose journals are not there.
fn missing(outcome: &Outcome) -> Vec<String> {
    let shards = || outcome.runs.iter().filter_map(|run| run.begun.shard.as_ref());
    let of = shards().next().map_or(0, |shard| shard.of);
    let seen: HashSet<u32> = shards().map(|shard| shard.number).collect();
    let missing = (1..=of).filter(|number| !seen.contains(number));
    missing.map(|number| format!("shard {number}/{of}")).collect()
}

/// The parts of such a run that did not come to their end, and why.
fn cut(outcome: &Outcome) -> Vec<(String, String)> {
    let part = |run: &RunOutcome| {
        let shard = run.begun.shard.as_ref()?;
        let why = match (&run.cut, run.duration) {
            (Some(cut), _) => cut.clone(),
            (None, None) => "it broke off: its journal has no end".to_owned(),
            (None, Some(_)) => return None,
        };
        Some((format!("shard {}/{}", shard.number, shard.of), why))
    };
    outcome.runs.iter().filter_map(part).collect()
}

/// Looks whether all parts of a run over several machines are there, each once, to its end, and are parts of the same; gives
/// whether nothing of it was lost.
fn parts(outcome: &mut Outcome, paths: &[PathBuf], empty: &[PathBuf]) -> Result<bool, Exit> {
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
    let is_sharded = first.is_some();
    let mut lost = cut(outcome);
    for name in missing(outcome) {
        output::err(&format!(
            "warning: the journal of {name} is missing: its scenarios are not in the reports\n"
        ));
        lost.push((name, "its journal is missing".to_owned()));
    }
    // Of a part it is told that it is missing.
    for path in empty.iter().filter(|_| !is_sharded) {
        lost.push((path.display().to_string(), "its journal is empty".to_owned()));
    }
    let is_whole = lost.is_empty();
    lost.into_iter().for_each(|(name, why)| outcome.lose(name, why));
    outcome.finish();
    Ok(is_whole)
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
