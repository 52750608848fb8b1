//! `callsheet run --watch`: again when something changes, and only what depends on it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use callsheet::plan::{Plan, Watched};
use callsheet::run::{SnapshotMode, Snapshots};
use callsheet::template::Seed;

use crate::exit::Exit;
use crate::runtime::stop_signal;
use crate::{args, check, output, run, server};

/// How often the files are looked at: asking 2,000 of them takes some milliseconds, and works on every file system.
const EVERY: Duration = Duration::from_millis(500);
/// An editor may write a file in several steps.
const SETTLED: Duration = Duration::from_millis(100);
/// More changed files are counted, not named.
const NAMED: usize = 3;

/// When each file was written, and how long it is; none where it is not there.
type Seen = HashMap<PathBuf, Option<(SystemTime, u64)>>;

pub(crate) fn main(run: &args::Run) -> Exit {
    let (runtime, mode) = match run::prepared(run) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let exit = runtime.block_on(watch(run, mode));
    runtime.shutdown_background();
    exit
}

/// Runs until a signal comes.
async fn watch(run: &args::Run, mode: SnapshotMode) -> Exit {
    let mut server = None;
    // What is to run; none for all.
    let mut due: Option<HashSet<PathBuf>> = None;
    let mut known = Watched::default();
    loop {
        // Before they are read: what changes from here on is seen.
        let before = (known.clone(), look(&known));
        let (loaded, seed) = match run::load(run, due.clone()) {
            Ok(loaded) => loaded,
            Err(exit) => return exit,
        };
        known = with_known(loaded.watched, &known);
        let snapshots = Snapshots::new(mode);
        let mut has_run = false;
        if let Some(plan) = &loaded.plan {
            let exit = once(run, plan, &mut server, (&seed, &snapshots)).await;
            if matches!(exit, Exit::Interrupted | Exit::Terminated) {
                return exit;
            }
            has_run = !matches!(exit, Exit::ServerNotReady | Exit::Invalid);
        }
        let mut seen = look(&known);
        let written = snapshots.written();
        for (path, facts) in &mut seen {
            // What the run itself wrote is no news.
            let is_own = || path.canonicalize().is_ok_and(|path| written.contains(&path));
            if let Some(earlier) = before.1.get(path)
                && !is_own()
            {
                *facts = *earlier;
            }
        }
        let count = check::counted(seen.len(), "file");
        output::err(&format!("watching {count}; Ctrl-C ends it\n"));
        let changed = tokio::select! {
            signal = stop_signal() => return signal,
            changed = change(&known, seen) => changed,
        };
        let changes = affected(&known, &changed);
        // What could not run for a mistake runs once that is mended.
        due = if has_run { changes } else { due.zip(changes).map(|(due, more)| &due | &more) };
        output::err(&format!("\nchanged: {}\n", named(&changed)));
    }
}

/// Runs a plan; the project's server is started once, and kept.
async fn once(
    run: &args::Run,
    plan: &Plan,
    server: &mut Option<server::Running>,
    (seed, snapshots): (&Seed, &Snapshots),
) -> Exit {
    if plan.scenarios.is_empty() {
        output::err("no scenario is to run\n");
        return Exit::NothingToRun;
    }
    if let (None, Some(project)) = (&server, &plan.project) {
        let started = tokio::select! {
            started = server::start(project) => started,
            signal = stop_signal() => return signal,
        };
        match started {
            Ok(started) => *server = started,
            Err(diagnostic) => {
                output::diagnostics(&[*diagnostic], run.selection.color);
                return Exit::ServerNotReady;
            }
        }
    }
    run::go(run, plan, (server.as_ref(), seed), snapshots.clone()).await
}

/// A file with mistakes reads what it read before.
fn with_known(mut now: Watched, before: &Watched) -> Watched {
    for (path, reads) in &mut now.scenarios {
        if let (true, Some(known)) = (reads.is_empty(), before.scenarios.get(path)) {
            reads.clone_from(known);
        }
    }
    now
}

fn look(watched: &Watched) -> Seen {
    let facts = |path: &Path| {
        let facts = fs::metadata(path).ok()?;
        Some((facts.modified().ok()?, facts.len()))
    };
    watched.every().map(|path| (path.clone(), facts(path))).collect()
}

/// Ends when files changed, came or went, and says which.
async fn change(watched: &Watched, mut seen: Seen) -> BTreeSet<PathBuf> {
    let mut changed = BTreeSet::new();
    loop {
        tokio::time::sleep(if changed.is_empty() { EVERY } else { SETTLED }).await;
        let now = look(watched);
        let differ = now.iter().filter(|(path, facts)| seen.get(*path) != Some(facts));
        let differ: BTreeSet<PathBuf> = differ.map(|(path, _)| path.clone()).collect();
        let files = watched.files();
        let new = files.into_iter().filter(|path| !watched.scenarios.contains_key(path));
        let fresh: BTreeSet<PathBuf> = differ.into_iter().chain(new).collect();
        // It has settled where nothing more came since the last look.
        if !changed.is_empty() && fresh.is_subset(&changed) {
            return changed;
        }
        changed.extend(fresh);
        seen = now;
    }
}

/// The scenario files that depend on what changed; none for all.
fn affected(watched: &Watched, changed: &BTreeSet<PathBuf>) -> Option<HashSet<PathBuf>> {
    if changed.iter().any(|path| watched.all.contains(path)) {
        return None;
    }
    let depends = |(path, reads): &(&PathBuf, &HashSet<PathBuf>)| {
        changed.contains(*path) || reads.iter().any(|read| changed.contains(read))
    };
    let known = watched.scenarios.iter().filter(depends).map(|(path, _)| path.clone());
    let new = changed.iter().filter(|path| !watched.scenarios.contains_key(*path)).cloned();
    Some(known.chain(new).collect())
}

fn named(changed: &BTreeSet<PathBuf>) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let here = here.canonicalize().unwrap_or(here);
    let name = |path: &PathBuf| path.strip_prefix(&here).unwrap_or(path).display().to_string();
    let mut names: Vec<String> = changed.iter().take(NAMED).map(name).collect();
    if let Some(more @ 1..) = changed.len().checked_sub(NAMED) {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}
