//! `callsheet run`.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::pin::pin;
use std::time::{Duration, Instant, SystemTime};

use callsheet::outcome::{Detail, Event, Masking, Outcome, Summary};
use callsheet::plan::{self, Loaded, Plan};
use callsheet::report::junit;
use callsheet::report::progress::{self, Progress};
use callsheet::report::terminal::{Terminal, Verbosity};
use callsheet::run::{self, Options};
use callsheet::scenario::quantity;
use callsheet::template::Seed;
use futures_util::FutureExt;
use tokio::sync::watch as channel;

use crate::args::{self, Report, ReportFormat, When};
use crate::exit::Exit;
use crate::runtime::{runtime, stop_signal};
use crate::{check, output, server, watch};

pub(crate) fn main(run: args::Run) -> Exit {
    if let Err(exit) = refuse_equal_reports(&run.reports) {
        return exit;
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    if run.watch {
        let exit = runtime.block_on(watch::watch(&run));
        runtime.shutdown_background();
        return exit;
    }
    let (loaded, seed) = match load(&run, None) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let Some(plan) = loaded.plan else { return Exit::Invalid };
    if plan.scenarios.is_empty() {
        return check::nothing_to_run(plan.found);
    }
    if let Err(exit) = refuse_sources(&run.reports, &plan) {
        return exit;
    }
    let exit = runtime.block_on(go(&run, &plan, (None, &seed)));
    // What was given up is not waited for.
    runtime.shutdown_background();
    // The process ends here: to take a big plan apart piece by piece would only take time.
    std::mem::forget(plan);
    exit
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
    Ok((loaded, seed))
}

/// How long teardown may take after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// Runs a plan, against a server that runs already if there is one.
pub(crate) async fn go(
    run: &args::Run,
    plan: &Plan,
    (server, seed): (Option<&server::Running>, &Seed),
) -> Exit {
    let show = RefCell::new(Show::new(run, plan, seed));
    let (stop, stopped) = channel::channel(None);
    let (mut interrupted, mut timed_out) = (None, false);
    let ended = {
        let mut whole = pin!(whole((run, plan, seed), (server, stopped), &show));
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
    (run, plan, seed): (&args::Run, &Plan, &Seed),
    (kept, mut stop): (Option<&server::Running>, Stopped),
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
        fail_fast: run.fail_fast.map(usize::from),
        server_url: server.as_ref().or(kept).map(|server| server.url().to_owned()),
        id: run_id(),
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
        show.borrow_mut().draw();
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
    /// What is shown is masked here, before it is drawn or cut.
    masking: Masking,
    terminal: Terminal,
    summary: Summary,
    /// Kept only if a report wants it.
    outcome: Option<Outcome>,
    progress: Option<Progress>,
    /// Whether the progress line is drawn over itself, or written anew from time to time.
    live: bool,
}

impl Show {
    fn new(run: &args::Run, plan: &Plan, seed: &Seed) -> Self {
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
        let detail = match verbosity {
            Verbosity::Quiet | Verbosity::Normal => Detail::Name,
            Verbosity::Steps => Detail::Line,
            Verbosity::Exchanges => Detail::Exchange,
        };
        let outcome = || Outcome {
            options: options.clone(),
            ..Outcome::new(SystemTime::now(), seed.clone(), prints.clone())
        };
        Self {
            begun: Instant::now(),
            scenarios: plan.parts(),
            masking: Masking::new(masks.clone(), detail),
            summary: Summary::default(),
            outcome: (!run.reports.is_empty()).then(outcome),
            terminal: Terminal::new(output::result_style(run.selection.color), verbosity, prints)
                .with_options(&options)
                .with_seed(seed.clone()),
            progress: progress.then(|| Progress::new(plan.parts())),
            live: output::is_live(),
        }
    }

    fn event(&mut self, event: Event) {
        let event = self.masking.event(event);
        self.summary.add(&event);
        if let Some(progress) = &mut self.progress {
            progress.add(&event, self.begun.elapsed());
        }
        let text = self.terminal.event(&event);
        if !text.is_empty() {
            self.erase();
            output::out(&text);
        }
        if let Some(outcome) = &mut self.outcome {
            outcome.add(event);
        }
    }

    fn pause(&self) -> Duration {
        match (&self.progress, self.live) {
            (Some(_), true) => Duration::from_millis(100),
            _ => progress::PLAIN_EVERY,
        }
    }

    fn draw(&mut self) {
        if let Some(progress) = &self.progress {
            let now = self.begun.elapsed();
            output::err(&if self.live {
                progress::clear_and_draw(&progress::line(progress, output::width() - 1, now))
            } else {
                format!("{}\n", progress::plain(progress, now))
            });
        }
    }

    fn erase(&self) {
        if self.live && self.progress.is_some() {
            output::err(progress::clear());
        }
    }

    /// Writes what is written at the end; `cut` says how the run was cut short, if it was.
    fn finish(mut self, run: &args::Run, ended: Exit, cut: Option<&str>) -> Exit {
        self.erase();
        output::out(&self.terminal.finish(self.begun.elapsed()));
        if let Some(cut) = cut {
            let done = self.summary.scenarios;
            let left = self.scenarios.saturating_sub(done.passed + done.failed);
            let left = check::counted(left, "scenario");
            output::out(&format!("{cut}: {left} did not run\n"));
        }
        let mut exit = match ended {
            Exit::Passed if self.summary.scenarios.failed > 0 => Exit::Failed,
            other => other,
        };
        if let Some(mut outcome) = self.outcome.take() {
            outcome.duration = self.begun.elapsed();
            for report in &run.reports {
                if let Err(error) = write_report(report, &outcome) {
                    output::err(&format!(
                        "error: the report `{}` cannot be written: {error}\n",
                        report.path.display()
                    ));
                    exit = Exit::Internal;
                }
            }
        }
        exit
    }
}

fn write_report(report: &Report, outcome: &Outcome) -> std::io::Result<()> {
    let bytes = match report.format {
        ReportFormat::Junit => junit::render(outcome),
    };
    output::file(&report.path, &bytes)
}

fn refuse_equal_reports(reports: &[Report]) -> Result<(), Exit> {
    let place = |report: &Report| std::path::absolute(&report.path).unwrap_or_default();
    for (index, report) in reports.iter().enumerate() {
        let wrong = if reports[..index].iter().any(|other| place(other) == place(report)) {
            "two reports go to one path"
        } else if report.path.is_dir() {
            "the path of a report is a folder"
        } else {
            continue;
        };
        output::err(&format!("error: {wrong}: `{}`\n", report.path.display()));
        return Err(Exit::Invalid);
    }
    Ok(())
}

/// A report that would be written over a file of the run is a slip, and a costly one.
fn refuse_sources(reports: &[Report], plan: &Plan) -> Result<(), Exit> {
    let project = plan.project.iter().map(|project| project.source().path());
    let scenarios = plan.scenarios.iter().map(|planned| planned.scenario.source().path());
    let read: Vec<_> = project.chain(scenarios).map(Path::canonicalize).collect();
    let is_read = |path: &Path| {
        path.canonicalize().is_ok_and(|path| read.iter().flatten().any(|read| *read == path))
    };
    match reports.iter().find(|report| is_read(&report.path)) {
        None => Ok(()),
        Some(report) => {
            let path = report.path.display();
            output::err(&format!(
                "error: the report would be written over `{path}`, which is run\n"
            ));
            Err(Exit::Invalid)
        }
    }
}
