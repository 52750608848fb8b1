//! `callsheet run`.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::pin::pin;
use std::time::{Duration, Instant, SystemTime};

use callsheet::outcome::{Breaker, Detail, Event, Fault, Masking, Outcome, Times};
use callsheet::plan::{self, Loaded, Plan};
use callsheet::report::progress::{self, Progress};
use callsheet::report::recorder::{self, Recorder};
use callsheet::report::terminal::{Terminal, Verbosity};
use callsheet::run::{self, Options, SnapshotMode, Snapshots};
use callsheet::scenario::quantity;
use callsheet::template::Seed;
use futures_util::FutureExt;
use tokio::runtime::Runtime;
use tokio::sync::watch as channel;

use crate::args;
use crate::exit::Exit;
use crate::live::{self, Live};
use crate::output::When;
use crate::record::Record;
use crate::reports::{self, Report};
use crate::runtime::{heed_a_second_signal, runtime, stop_signal};
use crate::{check, output, report, server};

pub(crate) fn main(run: args::Run) -> Exit {
    let (runtime, mode) = match prepared(&run) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let (loaded, seed) = match load(&run, None) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let Some(plan) = loaded.plan else { return Exit::Invalid };
    if plan.selected == 0 {
        return check::nothing_to_run(plan.found, &run.selection.narrowing());
    }
    let exit = match plan.scenarios.is_empty() {
        // More machines than scenarios are no failure, and nothing to set up.
        true => match Show::new(&run, &plan, (&run_id(), &seed)) {
            Ok(show) => show.finish(&run, Exit::Passed, None),
            Err(exit) => exit,
        },
        false => runtime.block_on(go(&run, &plan, (None, &seed), Snapshots::new(mode))),
    };
    // What was given up is not waited for.
    runtime.shutdown_background();
    // The process ends here: to take a big plan apart piece by piece would only take time.
    std::mem::forget(plan);
    exit
}

/// What is needed before the first file is read.
pub(crate) fn prepared(run: &args::Run) -> Result<(Runtime, SnapshotMode), Exit> {
    reports::refuse_equal(&written(run, &run.reports))?;
    let mode = snapshot_mode(run)?;
    Ok((runtime()?, mode))
}

/// The files that a run writes.
fn written<'r>(run: &'r args::Run, reports: &'r [Report]) -> Vec<&'r Path> {
    let reports = reports.iter().map(|report| report.path.as_path());
    reports.chain(run.journal.as_deref()).collect()
}

/// Reads all that the run needs, and says what is wrong with it; comes with the seed of the run.
pub(crate) fn load(
    run: &args::Run,
    only: Option<HashSet<PathBuf>>,
) -> Result<(Loaded, Seed), Exit> {
    let mut request = check::request(run.selection.clone(), true)?;
    let seed = match run.seed.map_or_else(drawn, Ok) {
        Ok(number) => Seed::new(number),
        Err(error) => {
            output::err(&format!("error: no seed can be drawn: {error}; give one with `--seed`\n"));
            return Err(Exit::Internal);
        }
    };
    request.selection.repeat = run.repeat;
    request.selection.shuffle = run.shuffle.then(|| seed.take());
    request.selection.only = only;
    let loaded = plan::load(request);
    output::diagnostics(&loaded.diagnostics, run.selection.color);
    if loaded.plan.is_none() {
        let errors = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        output::err(&format!("{}: nothing was sent\n", check::counted(errors, "error")));
    }
    if let Some(plan) = &loaded.plan {
        let wanted = reports::of(&run.reports, plan);
        let paths = written(run, &wanted);
        reports::refuse_equal(&paths)?;
        let journals = run.selection.journals().chain(&run.compare).cloned().collect::<Vec<_>>();
        let journals = report::journals(&journals)?;
        let read = loaded.watched.every().chain(&journals);
        reports::refuse_over(&paths, read.map(PathBuf::as_path))?;
    }
    Ok((loaded, seed))
}

/// In CI nobody reads what is written, and nobody commits it: there no snapshot is.
fn snapshot_mode(run: &args::Run) -> Result<SnapshotMode, Exit> {
    let ci = std::env::var_os("CI").filter(|value| !value.is_empty() && value != "false");
    match (ci, run.update_snapshots) {
        (None, false) => Ok(SnapshotMode::WriteMissing),
        (None, true) => Ok(SnapshotMode::Update),
        (Some(_), false) => Ok(SnapshotMode::Never),
        (Some(_), true) => {
            output::err(
                "error: `--update-snapshots` writes nothing in CI, and `CI` is set\n\
                 help: run it on your own machine, read what it writes, and commit that; `CI=false` says that this is no CI\n",
            );
            Err(Exit::Invalid)
        }
    }
}

/// How long teardown may take after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// Runs a plan, against a server that runs already if there is one.
pub(crate) async fn go(
    run: &args::Run,
    plan: &Plan,
    (server, seed): (Option<&server::Running>, &Seed),
    snapshots: Snapshots,
) -> Exit {
    let id = run_id();
    let show = match Show::new(run, plan, (&id, seed)) {
        Ok(show) => RefCell::new(show),
        Err(exit) => return exit,
    };
    let (stop, stopped) = channel::channel(None);
    let (mut interrupted, mut timed_out) = (None, false);
    // Not before: what only reads files ends at the first signal.
    heed_a_second_signal();
    let ended = {
        let mut whole = pin!(whole((run, plan), (&id, seed), (server, stopped), snapshots, &show));
        let mut tick = pin!(tick(&show));
        let mut deadline = pin!(std::future::pending().right_future());
        let mut limit = pin!(over(run.timeout).fuse());
        loop {
            tokio::select! {
                exit = &mut whole => break exit,
                () = &mut tick => {}
                () = &mut deadline => break Exit::Interrupted,
                reason = &mut limit => {
                    timed_out = true;
                    stop.send_replace(Some(reason));
                    deadline.set(tokio::time::sleep(GRACE).left_future());
                }
                signal = stop_signal() => {
                    // A second signal does not wait for teardown.
                    if interrupted.replace(signal).is_some() {
                        break signal;
                    }
                    stop.send_replace(Some("the run was interrupted".to_owned()));
                    deadline.set(tokio::time::sleep(GRACE).left_future());
                }
            }
        }
    };
    match (interrupted, ended) {
        (None, Exit::ServerNotReady | Exit::Invalid) => ended,
        (Some(signal), _) => show.into_inner().finish(run, signal, Some("interrupted")),
        (None, _) if timed_out => show.into_inner().finish(run, Exit::Failed, Some("timed out")),
        (None, _) => show.into_inner().finish(run, ended, None),
    }
}

/// Ends when the time of the run is over, and says so; never where it has no limit.
async fn over(timeout: Option<Duration>) -> String {
    let Some(timeout) = timeout else { return std::future::pending().await };
    tokio::time::sleep(timeout).await;
    format!("the run did not end within its `--timeout` of {}", quantity::shown(timeout))
}

/// Why the run is to end, once it is.
type Stopped = channel::Receiver<Option<String>>;

/// The server, the run, and the end of the server.
async fn whole(
    (run, plan): (&args::Run, &Plan),
    (id, seed): (&str, &Seed),
    (kept, mut stop): (Option<&server::Running>, Stopped),
    snapshots: Snapshots,
    show: &RefCell<Show>,
) -> Exit {
    let server = match &plan.project {
        Some(project) if kept.is_none() => {
            let started = tokio::select! {
                started = server::start(project) => started,
                _ = stop.wait_for(Option::is_some) => return Exit::Interrupted,
            };
            match started {
                Ok(server) => server,
                Err(diagnostic) => {
                    output::diagnostics(&[*diagnostic], run.selection.color);
                    return Exit::ServerNotReady;
                }
            }
        }
        _ => None,
    };
    let options = Options {
        jobs: usize::from(run.jobs),
        retries: run.retries,
        fail_fast: run.fail_fast.and_then(|most| usize::try_from(most).ok()),
        server_url: server.as_ref().or(kept).map(|server| server.url().to_owned()),
        id: id.to_owned(),
        snapshots,
        seed: seed.clone(),
        stop,
    };
    let mut sink = |event: Event| show.borrow_mut().event(event);
    match run::run(plan, &options, &mut sink).await {
        Ok(()) => Exit::Passed,
        Err(error) => {
            output::diagnostics(&[error.diagnostic()], run.selection.color);
            Exit::Invalid
        }
    }
}

/// Draws the progress again and again; it ends with the run.
async fn tick(show: &RefCell<Show>) {
    loop {
        let pause = show.borrow().pause();
        tokio::time::sleep(pause).await;
        show.borrow().draw();
    }
}

/// A seed of a run that was given none: short enough to be typed again.
fn drawn() -> Result<u64, getrandom::Error> {
    getrandom::u32().map(u64::from)
}

/// Names a run, so that a test can find what it has made.
fn run_id() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", since.as_micros(), std::process::id())
}

/// What becomes of the events.
struct Show {
    begun: Instant,
    /// How many there are to run, the project's `setup` and `teardown` among them.
    scenarios: usize,
    /// How many of them were selected by `--shard`, and of how many.
    sharded: (usize, usize),
    /// What is shown is masked here, before it is drawn or cut.
    masking: Masking,
    terminal: Terminal,
    /// Kept only if there is a journal or a report.
    record: Option<Record>,
    reports: Vec<Report>,
    progress: Option<Progress>,
    /// Draws it over itself on a terminal; elsewhere it is written anew from time to time.
    live: Option<Live>,
    /// The times of earlier runs, to compare with.
    before: Option<Times>,
    /// Whether the program itself failed in a scenario.
    is_broken: bool,
}

impl Show {
    fn new(run: &args::Run, plan: &Plan, (id, seed): (&str, &Seed)) -> Result<Self, Exit> {
        let before = report::times(&run.compare)?;
        let verbosity = match (run.quiet, run.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, 0) => Verbosity::Normal,
            (_, 1) => Verbosity::Steps,
            _ => Verbosity::Exchanges,
        };
        let progress = match run.progress {
            When::Never => false,
            When::Always => true,
            When::Auto => !run.quiet,
        };
        let masks = output::masks();
        let prints = masks.fingerprints().clone();
        let options = masks.text(&run.selection.options()).into_owned();
        let reports = reports::of(&run.reports, plan);
        let whole =
            run.journal.is_some() || reports.iter().any(|report| report.format.tells_exchanges());
        let detail = match verbosity {
            _ if whole => Detail::Exchange,
            Verbosity::Quiet | Verbosity::Normal => Detail::Name,
            Verbosity::Steps => Detail::Line,
            Verbosity::Exchanges => Detail::Exchange,
        };
        let outcome = !reports.is_empty() || before.is_some();
        let record = (run.journal.is_some() || outcome).then(|| {
            let facts = recorder::Run {
                id: id.to_owned(),
                started: SystemTime::now(),
                seed: seed.clone(),
                shard: run.selection.shard,
                options: options.clone(),
            };
            let mut recorder = Recorder::new(facts, prints.clone(), whole);
            let first = recorder.begin(plan, masks);
            let outcome = outcome.then(|| Outcome::new(masks.clone()));
            Record::begin(recorder, &first, run.journal.as_deref(), outcome)
        });
        Ok(Self {
            begun: Instant::now(),
            scenarios: plan.parts(),
            sharded: (plan.scenarios.len(), plan.selected),
            masking: Masking::new(masks.clone(), detail),
            record,
            reports,
            terminal: Terminal::new(output::result_style(run.selection.color), verbosity, prints)
                .with_options(&options)
                .with_seed(seed.clone())
                .with_coverage(plan.coverage()),
            progress: progress.then(|| Progress::new(plan.parts())),
            live: (progress && output::is_live()).then(|| Live::new(plan.parts())),
            before,
            is_broken: false,
        })
    }

    fn event(&mut self, event: Event) {
        let event = self.masking.event(event);
        if let Event::StepFinished { step, .. } = &event {
            let is_defect =
                |fault: &Fault| matches!(fault, Fault::BrokenOff { by: Breaker::Defect, .. });
            self.is_broken |= step.faults.iter().any(is_defect);
        }
        if let Some(progress) = &mut self.progress {
            progress.add(&event, self.begun.elapsed());
        }
        let text = self.terminal.event(&event);
        if !text.is_empty() {
            match &self.live {
                Some(live) => live.above(|| output::out(&text)),
                None => output::out(&text),
            }
        }
        if let Some(record) = &mut self.record {
            record.event(&event, self.begun.elapsed());
        }
    }

    fn pause(&self) -> Duration {
        if self.live.is_some() { live::EVERY } else { progress::PLAIN_EVERY }
    }

    fn draw(&self) {
        if let Some(progress) = &self.progress {
            let now = self.begun.elapsed();
            match &self.live {
                Some(live) => live.draw(progress, now),
                None => output::err(&format!("{}\n", progress::plain(progress, now))),
            }
        }
    }

    /// Writes what is written at the end; `cut` says how the run was cut short, if it was.
    fn finish(mut self, run: &args::Run, ended: Exit, cut: Option<&str>) -> Exit {
        if let Some(live) = self.live.take() {
            live.end();
        }
        let took = self.begun.elapsed();
        output::out(&self.terminal.finish(took));
        if let Some(shard) = run.selection.shard {
            let (own, all) = self.sharded;
            let all = check::counted(all, "scenario");
            output::out(&format!("shard {shard}: {own} of {all}\n"));
        }
        if let Some(cut) = cut {
            let done = self.terminal.summary().scenarios;
            output::out(&match self
                .scenarios
                .saturating_sub(done.passed + done.failed + done.skipped)
            {
                0 => format!("{cut}\n"),
                left => format!("{cut}: {} did not run\n", check::counted(left, "scenario")),
            });
        }
        let mut exit = match ended {
            Exit::Passed if self.is_broken => Exit::Internal,
            Exit::Passed if self.terminal.summary().scenarios.failed > 0 => Exit::Failed,
            other => other,
        };
        let color = output::result_style(run.selection.color).color;
        if let Some(record) = self.record.take()
            && !record.finish((took, cut), &self.reports, self.before.as_ref(), color)
        {
            exit = Exit::Internal;
        }
        exit
    }
}
