//! A sign of life while the run goes on: a line that is drawn over on a terminal, a plain one now and then in CI.

use std::collections::BTreeMap;
use std::time::Duration;

use super::text;
use crate::outcome::{Event, State};
use crate::scenario::quantity;

/// In CI, a line as often as this.
pub const PLAIN_EVERY: Duration = Duration::from_secs(10);
/// A step that is younger than this is shown without its time.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// So many bytes are worth to be told.
const WORTH_COUNTING: u64 = 1024 * 1024;

/// What is known of the run so far. Times are since its start.
#[derive(Clone, Debug)]
pub struct Progress {
    total: usize,
    finished: usize,
    failed: usize,
    running: BTreeMap<usize, Running>,
}

/// How far a run is, in scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub total: usize,
    /// Those that are over.
    pub finished: usize,
    /// Those of them that failed.
    pub failed: usize,
}

#[derive(Clone, Debug)]
struct Running {
    scenario: String,
    step: Option<String>,
    since: Duration,
    /// Bytes that were sent and received, where that takes long.
    transfer: Option<(u64, u64)>,
}

impl Progress {
    /// A run of so many scenarios, none of which began.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self { total, finished: 0, failed: 0, running: BTreeMap::new() }
    }

    /// Takes one event in, which came at `now` after the start of the run.
    pub fn add(&mut self, event: &Event, now: Duration) {
        match event {
            Event::ScenarioStarted { scenario, name, .. } => {
                let running =
                    Running { scenario: name.clone(), step: None, since: now, transfer: None };
                self.running.insert(*scenario, running);
            }
            Event::StepStarted { scenario, name } => {
                if let Some(running) = self.running.get_mut(scenario) {
                    running.step = Some(name.clone());
                    (running.since, running.transfer) = (now, None);
                }
            }
            Event::StepFinished { scenario, .. } => {
                if let Some(running) = self.running.get_mut(scenario) {
                    running.step = None;
                    (running.since, running.transfer) = (now, None);
                }
            }
            Event::Transfer { scenario, sent, received } => {
                if let Some(running) = self.running.get_mut(scenario) {
                    running.transfer = Some((*sent, *received));
                }
            }
            Event::ScenarioFinished { scenario, state, .. } => {
                self.running.remove(scenario);
                self.finished += 1;
                self.failed += usize::from(*state == State::Failed);
            }
        }
    }

    /// How many scenarios are over, and of how many.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        Counts { total: self.total, finished: self.finished, failed: self.failed }
    }

    /// The one that has not moved for the longest time is the one to wonder about.
    fn slowest(&self) -> Option<&Running> {
        self.running.values().min_by_key(|running| running.since)
    }
}

/// A line for each scenario that runs, in the order of the plan, for a terminal of this width: of more than `most` those that
/// have not moved for the longest time, and a line that counts the others.
#[must_use]
pub fn lines(progress: &Progress, (width, most): (usize, usize), now: Duration) -> Vec<String> {
    let mut running: Vec<(&usize, &Running)> = progress.running.iter().collect();
    let most = if running.len() > most { most.saturating_sub(1) } else { most };
    running.sort_by_key(|(_, running)| running.since);
    let more = running.split_off(most.min(running.len())).len();
    running.sort_by_key(|(scenario, _)| **scenario);
    let line = |running: &Running| {
        let tail = told(running, now);
        let room = width.saturating_sub(INDENT.len() + columns(&tail)).max(8);
        text::fit(&format!("{INDENT}{}{tail}", text::fit(&name(running), room)), width).into_owned()
    };
    let mut lines: Vec<String> = running.into_iter().map(|(_, running)| line(running)).collect();
    if more > 0 {
        lines.push(text::fit(&format!("{INDENT}and {more} more"), width).into_owned());
    }
    lines
}

const INDENT: &str = "  ";

/// All of it in the one line of a log:
/// `12/200 scenarios, 3 failed, running: login › Fetch the account … 4 s, and 7 more`.
#[must_use]
pub fn plain(progress: &Progress, now: Duration) -> String {
    let Some(slowest) = progress.slowest() else { return counts(progress) };
    let mut line =
        format!("{}, running: {}{}", counts(progress), name(slowest), told(slowest, now));
    if progress.running.len() > 1 {
        line.push_str(&format!(", and {} more", progress.running.len() - 1));
    }
    line
}

fn counts(progress: &Progress) -> String {
    let mut out = format!("{}/{} scenarios", progress.finished, progress.total);
    if progress.failed > 0 {
        out.push_str(&format!(", {} failed", progress.failed));
    }
    out
}

fn name(running: &Running) -> String {
    let scenario = text::clean(&running.scenario);
    match &running.step {
        Some(step) => format!("{scenario} › {}", text::clean(step)),
        None => scenario.into_owned(),
    }
}

/// How long a step takes already, and what it has sent and received: ` … 4 s, 5.0 MiB received`.
fn told(running: &Running, now: Duration) -> String {
    let age = now.saturating_sub(running.since);
    let mut out = String::new();
    if age >= WORTH_TELLING {
        // Whole seconds: figures that change ten times a second are not read.
        out = format!(" … {}", quantity::shown(Duration::from_secs(age.as_secs())));
    }
    let (sent, received) = running.transfer.unwrap_or_default();
    for (bytes, what) in [(sent, "sent"), (received, "received")] {
        if bytes >= WORTH_COUNTING {
            out.push_str(&format!(", {} {what}", text::size(bytes)));
        }
    }
    out
}

fn columns(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::outcome::Place;
    use crate::source::{Source, Span};

    fn started(scenario: usize, name: &str) -> Event {
        let source = Arc::new(Source::new("a.yaml", "a.yaml", "name: a\n"));
        let place = Place { source, span: Span::new(6, 7) };
        Event::ScenarioStarted { scenario, name: name.to_owned(), place, select: None }
    }

    fn finished(scenario: usize, state: State) -> Event {
        Event::ScenarioFinished { scenario, state, duration: Duration::ZERO, runs: 1 }
    }

    fn step(scenario: usize, name: &str) -> Event {
        Event::StepStarted { scenario, name: name.to_owned() }
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_line_tells_how_far_the_run_is_and_what_it_waits_for() {
        let mut progress = Progress::new(200);
        assert_eq!(plain(&progress, at(0)), "0/200 scenarios");
        progress.add(&started(0, "login"), at(0));
        assert_eq!(plain(&progress, at(0)), "0/200 scenarios, running: login");
        progress.add(&started(1, "orders"), at(0));
        progress.add(&finished(1, State::Failed), at(1));
        progress.add(&step(0, "Fetch the account"), at(2));
        let expected = "1/200 scenarios, 1 failed, running: login › Fetch the account … 4 s";
        assert_eq!(plain(&progress, at(6)), expected);
        progress.add(&started(2, "cart"), at(5));
        assert_eq!(plain(&progress, at(6)), format!("{expected}, and 1 more"));
        progress.add(&finished(0, State::Passed), at(7));
        assert_eq!(plain(&progress, at(7)), "2/200 scenarios, 1 failed, running: cart … 2 s");
    }

    #[test]
    fn a_terminal_has_a_line_for_each_scenario_that_runs_and_of_many_for_those_that_do_not_move() {
        let mut progress = Progress::new(9);
        assert_eq!(lines(&progress, (80, 5), at(0)), Vec::<String>::new());
        progress.add(&started(0, "login"), at(0));
        progress.add(&started(1, "orders"), at(1));
        progress.add(&started(2, "cart"), at(2));
        progress.add(&step(0, "Fetch"), at(3));
        let all = ["  login › Fetch … 1 s", "  orders … 3 s", "  cart … 2 s"];
        assert_eq!(lines(&progress, (80, 3), at(4)), all);
        assert_eq!(lines(&progress, (80, 2), at(4)), ["  orders … 3 s", "  and 2 more"]);
        assert_eq!(lines(&progress, (80, 1), at(4)), ["  and 3 more"]);
        progress.add(&finished(1, State::Passed), at(4));
        assert_eq!(lines(&progress, (80, 3), at(4)), [all[0], all[2]]);
        assert_eq!(progress.counts(), Counts { total: 9, finished: 1, failed: 0 });
    }

    #[test]
    fn a_line_tells_what_has_passed_so_far() {
        let mut progress = Progress::new(1);
        progress.add(&started(0, "upload"), at(0));
        progress.add(&step(0, "Send it"), at(0));
        let passed = |sent, received| Event::Transfer { scenario: 0, sent, received };
        progress.add(&passed(300 << 20, 200), at(2));
        let line = |progress: &Progress| plain(progress, at(3));
        let head = "0/1 scenarios, running: upload › Send it … 3 s";
        assert_eq!(line(&progress), format!("{head}, 300.0 MiB sent"));
        progress.add(&passed(1 << 30, 5 << 20), at(3));
        assert_eq!(line(&progress), format!("{head}, 1.0 GiB sent, 5.0 MiB received"));
        progress.add(&step(0, "Next"), at(3));
        assert_eq!(line(&progress), "0/1 scenarios, running: upload › Next");
    }

    #[test]
    fn a_line_fits_and_holds_nothing_that_moves_the_cursor() {
        let mut progress = Progress::new(3);
        progress.add(&started(0, "日本\u{1b}[2J\n語"), at(0));
        progress.add(&step(0, &"long ".repeat(30)), at(0));
        for width in 0..200 {
            for line in lines(&progress, (width, 9), at(9)) {
                assert!(columns(&line) <= width, "{width}: {line}");
                assert!(!line.chars().any(char::is_control), "{line:?}");
            }
        }
        let narrow = ["  日本\\u001b[2J\\n語 › long lo… … 9 s"];
        assert_eq!(lines(&progress, (36, 9), at(9)), narrow);
        assert!(!plain(&progress, at(9)).chars().any(char::is_control));
    }
}
