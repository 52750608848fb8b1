//! The run's story on a terminal, and the same in plain lines in CI.
//!
//! Scenarios run at the same time and are told in the order of the plan: the one whose turn it is as it goes, the
//! others when their turn comes. Nothing is kept of what was told, but counts and the first failures.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::{self, Of};
use super::matrix::Matrix;
use super::page::Page;
use super::tally::{self, Failures};
use super::text::{self, BAD, DIM, GOOD, HEAD, paint};
use super::{Style, cookies, exchange};
use crate::outcome::{Coverage, Event, Fingerprints, Place, Section, State, StepOutcome, Summary};
use crate::scenario::quantity;
use crate::template::Seed;

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Failures and the summary.
    Quiet,
    /// A line per scenario as well.
    #[default]
    Normal,
    /// A line per step, and what became of cookies, as well.
    Steps,
    /// Headers and bodies as well.
    Exchanges,
}

/// Turns events into the text to write.
#[derive(Debug)]
pub struct Terminal {
    style: Style,
    verbosity: Verbosity,
    prints: Fingerprints,
    /// The scenario whose turn it is.
    turn: usize,
    /// That scenario, and those that began before their turn.
    told: BTreeMap<usize, Told>,
    page: Page,
    summary: Summary,
    failures: Failures,
    options: String,
    seed: Seed,
    coverage: Option<Coverage>,
}

/// A scenario that is not written to its end.
#[derive(Debug, Default)]
struct Told {
    page: Page,
    file: String,
    name: String,
    finished: bool,
    steps: usize,
    failures: usize,
    not_run: usize,
    /// Steps that were not to run.
    skipped: usize,
    /// Why the first one was not.
    reason: Option<String>,
    /// What `--name` takes for it alone.
    select: Option<String>,
    /// How often it ran.
    runs: u32,
    matrix: Matrix,
    /// What is told of the snapshots that it wrote.
    snapshots: Vec<String>,
    /// The list in which a step failed, and the steps that did not run since.
    failed: Option<(Section, usize)>,
}

impl Terminal {
    /// Nothing was told yet.
    #[must_use]
    pub fn new(style: Style, verbosity: Verbosity, prints: Fingerprints) -> Self {
        Self {
            style,
            verbosity,
            prints,
            turn: 0,
            told: BTreeMap::new(),
            page: Page::default(),
            summary: Summary::default(),
            failures: Failures::default(),
            options: String::new(),
            seed: Seed::default(),
            coverage: None,
        }
    }

    /// The options of the run, each with a space before it: a step is repeated with the same ones.
    #[must_use]
    pub fn with_options(self, options: impl Into<String>) -> Self {
        Self { options: options.into(), ..self }
    }

    /// The seed of the run, which is told where anything was random.
    #[must_use]
    pub fn with_seed(self, seed: Seed) -> Self {
        Self { seed, ..self }
    }

    /// What there is to ask for of the project's OpenAPI document.
    #[must_use]
    pub fn with_coverage(self, coverage: Option<Coverage>) -> Self {
        Self { coverage, ..self }
    }

    /// Takes one event in and gives the text to write now, which may be empty.
    #[must_use]
    pub fn event(&mut self, event: &Event) -> String {
        self.summary.add(event);
        match event {
            Event::ScenarioStarted { scenario, name, place, select } => {
                self.start(*scenario, name, place);
                self.told.entry(*scenario).or_default().select.clone_from(select);
            }
            Event::StepStarted { .. } | Event::Transfer { .. } => {}
            Event::StepFinished { scenario, step } => {
                if let Some(coverage) = &mut self.coverage {
                    step.covers.iter().for_each(|asked| coverage.add(*asked));
                }
                self.step(*scenario, step);
            }
            Event::ScenarioFinished { scenario, state, duration, runs } => {
                self.told.entry(*scenario).or_default().runs = *runs;
                self.end(*scenario, *state, *duration);
            }
        }
        self.write()
    }

    /// The end of the story: what was not written yet, what failed, and the counts.
    #[must_use]
    pub fn finish(&mut self, duration: Duration) -> String {
        for (_, mut told) in std::mem::take(&mut self.told) {
            // It has no end, as the run was cut; that it failed is known, and the reports say so, too.
            if !told.finished && told.failures > 0 {
                self.summary.scenario(State::Failed, 1);
            }
            told.end_of_list(self.style.color);
            self.page.append(told.page);
        }
        let color = self.style.color;
        if let Some(list) = self.failures.list(color) {
            self.page.block(&list);
        }
        let mut lines = tally::line(&self.summary, duration, color);
        if self.seed.is_used() {
            let seed = format!("random values of `--seed {}`", self.seed.number());
            lines = format!("{lines}\n{}", paint(DIM, &seed, color));
        }
        if let Some(coverage) = &self.coverage {
            let missing = self.verbosity >= Verbosity::Steps;
            lines = format!("{lines}\n{}", tally::coverage(coverage, missing, color));
        }
        self.page.block(&lines);
        self.page.take()
    }

    /// The counts, of all once [`Self::finish`] was called.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    fn start(&mut self, scenario: usize, name: &str, place: &Place) {
        let color = self.style.color;
        let told = self.told.entry(scenario).or_default();
        name.clone_into(&mut told.name);
        place.source.name().clone_into(&mut told.file);
        if self.verbosity >= Verbosity::Steps {
            told.page.heading(&paint(HEAD, &told.title(), color));
        }
    }

    fn step(&mut self, scenario: usize, step: &StepOutcome) {
        let color = self.style.color;
        let told = self.told.entry(scenario).or_default();
        if step.state != State::Retried {
            told.steps += 1;
            if self.verbosity > Verbosity::Quiet {
                told.matrix.add(step);
            }
        }
        match step.state {
            State::NotRun => told.not_run(),
            State::Skipped => {
                told.skipped += 1;
                told.reason = told.reason.take().or_else(|| step.reason.clone());
            }
            State::Retried if step.rerun && !step.faults.is_empty() => {
                let of = told.of(&self.options);
                let block = failure::block(of, step, self.style, &self.prints);
                if self.verbosity > Verbosity::Quiet {
                    told.page.block(&block);
                }
            }
            State::Retried => {}
            State::Passed => told.ran(step.section, color),
            State::Failed => {
                told.ran(step.section, color);
                told.failures += 1;
                told.failed = Some((step.section, 0));
                let options = super::with_seed(&self.options, &self.seed);
                let block = failure::block(told.of(&options), step, self.style, &self.prints);
                told.page.block(&block);
                let name = format!("{} › {}", told.name, super::step_name(step));
                // Of a file that is used it is known who uses it: the failure itself shows the rest.
                let place = step.asked.as_ref().unwrap_or(&step.place);
                let place = format!("{}:{}", place.source.name(), place.line());
                let (place, name) = (text::clean(&place), text::clean(&name));
                self.failures.add(scenario, place.into_owned(), name.into_owned());
            }
        }
        if let Some(snapshot) = &step.snapshot {
            let done = if snapshot.is_new { "wrote" } else { "updated" };
            told.snapshots.push(format!("      {done} snapshot {}", text::clean(&snapshot.path)));
        }
        let is_block = step.state == State::Failed || (step.rerun && !step.faults.is_empty());
        if self.verbosity >= Verbosity::Steps && !is_block {
            told.page.line(&step_line(step, color));
        }
        if self.verbosity >= Verbosity::Steps {
            for line in std::mem::take(&mut told.snapshots) {
                told.page.line(&line);
            }
            for line in cookies::lines(step, &self.prints) {
                told.page.line(&paint(DIM, &format!("      {line}"), color));
            }
        }
        if self.verbosity >= Verbosity::Exchanges {
            for line in exchange::heads(step, &self.prints) {
                told.page.line(&paint(DIM, &format!("      {line}"), color));
            }
        }
        if self.verbosity >= Verbosity::Steps {
            // Each has its own line there.
            told.failed = None;
        }
    }

    fn end(&mut self, scenario: usize, state: State, duration: Duration) {
        let (color, verbosity) = (self.style.color, self.verbosity);
        let told = self.told.entry(scenario).or_default();
        told.finished = true;
        told.end_of_list(color);
        let line = match verbosity {
            Verbosity::Quiet => None,
            Verbosity::Normal => told.line(state, duration, color),
            _ => Some(told.last_line(state, duration, color)),
        };
        if let Some(line) = line {
            told.page.line(&line);
        }
        for line in std::mem::take(&mut told.snapshots) {
            if verbosity > Verbosity::Quiet {
                told.page.line(&line);
            }
        }
        for line in told.matrix.lines(color) {
            told.page.line(&format!("      {line}"));
        }
    }

    /// What may be written: all of the scenario whose turn it is, and then the next one's turn.
    fn write(&mut self) -> String {
        while let Some(told) = self.told.get_mut(&self.turn) {
            self.page.append(std::mem::take(&mut told.page));
            if !told.finished {
                break;
            }
            self.told.remove(&self.turn);
            self.turn += 1;
        }
        self.page.take()
    }
}

impl Told {
    /// What a failure says of the scenario.
    fn of<'a>(&'a self, options: &'a str) -> Of<'a> {
        Of { file: &self.file, name: &self.name, select: self.select.as_deref(), options }
    }

    /// `scenarios/login.yaml › A customer signs in`
    fn title(&self) -> String {
        format!("{} › {}", text::clean(&self.file), text::clean(&self.name))
    }

    fn not_run(&mut self) {
        self.not_run += 1;
        if let Some((_, after)) = &mut self.failed {
            *after += 1;
        }
    }

    /// A step ran: in another list than the failed one's, the failed one's is over; in the same, the failure did not
    /// keep it from running, so what did not run before it was something else.
    fn ran(&mut self, section: Section, color: bool) {
        match &mut self.failed {
            Some((failed, after)) if *failed == section => *after = 0,
            Some(_) => self.end_of_list(color),
            None => {}
        }
    }

    fn end_of_list(&mut self, color: bool) {
        if let Some((_, after @ 1..)) = self.failed.take() {
            let line = format!("      not run: {} after it", text::count(after, "step"));
            self.page.line(&paint(DIM, &line, color));
        }
    }

    /// The one line of a scenario; a failed one was told by its steps.
    fn line(&self, state: State, duration: Duration, color: bool) -> Option<String> {
        let title = self.title();
        match state {
            State::Passed => {
                let details = paint(DIM, &format!("({})", self.details(duration)), color);
                let word = if self.runs > 1 { "flaky" } else { "ok" };
                Some(format!("  {}  {title} {details}", paint(GOOD, word, color)))
            }
            State::Skipped => {
                let why = self.reason.as_deref().map(text::clean).unwrap_or_default();
                let mark = paint(DIM, &format!("skipped: {why}"), color);
                Some(format!("   -  {title} ({mark})"))
            }
            State::NotRun | State::Retried => {
                let mark = paint(DIM, "not run", color);
                Some(format!("   -  {title} ({mark})"))
            }
            State::Failed if self.failures > 0 => None,
            State::Failed => {
                let details = paint(DIM, &format!("({})", self.details(duration)), color);
                Some(format!("{}  {title} {details}", paint(BAD, "FAIL", color)))
            }
        }
    }

    /// The line below the lines of a scenario's steps.
    fn last_line(&self, state: State, duration: Duration, color: bool) -> String {
        let (style, word) = match state {
            State::Passed => (GOOD, "passed"),
            State::Failed => (BAD, "failed"),
            State::Skipped => (DIM, "skipped"),
            State::NotRun | State::Retried => (DIM, "not run"),
        };
        let word = paint(style, word, color);
        if self.steps == 0 {
            return format!("      {word}");
        }
        format!("      {word} {}", paint(DIM, &format!("({})", self.details(duration)), color))
    }

    /// `4 steps, 12 ms`
    fn details(&self, duration: Duration) -> String {
        let mut out = text::count(self.steps, "step");
        for (number, word) in
            [(self.failures, "failed"), (self.not_run, "not run"), (self.skipped, "skipped")]
        {
            if number > 0 {
                out.push_str(&format!(", {number} {word}"));
            }
        }
        let runs = match self.runs {
            0 | 1 => String::new(),
            runs => format!(", run {runs}"),
        };
        format!("{out}, {}{runs}", quantity::shown(duration))
    }
}

/// `  ok  Sign in: POST http://a.test/login -> 303 See Other in 3 ms, 0 bytes`
fn step_line(step: &StepOutcome, color: bool) -> String {
    let name = super::step_name(step);
    let name = text::clean(&name);
    let not_run = match step.state {
        State::NotRun => Some("not run"),
        State::Skipped => Some("skipped"),
        State::Passed | State::Failed | State::Retried => None,
    };
    if let Some(word) = not_run {
        let reason = step.reason.as_deref().map(|reason| format!(" ({})", text::clean(reason)));
        return format!("   -  {name}: {}{}", paint(DIM, word, color), reason.unwrap_or_default());
    }
    let details = match &step.exchange {
        Some(exchange) => exchange::line(exchange),
        None => quantity::shown(step.duration),
    };
    if step.state == State::Retried {
        let why = step.faults.first().map(failure::message).unwrap_or_default();
        let tail =
            if why.is_empty() { details } else { format!("{details}: {}", text::clean(&why)) };
        let number = step.attempt;
        return format!("  ..  {name}: attempt {number}, {}", paint(DIM, &tail, color));
    }
    let attempt = match step.attempt {
        1 => String::new(),
        number => format!("attempt {number}, "),
    };
    let details = paint(DIM, &format!("{attempt}{details}"), color);
    format!("  {}  {name}: {details}", paint(GOOD, "ok", color))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ms, scenario, step, wrong_user};
    use super::*;

    #[test]
    fn nothing_is_kept_of_what_was_told() {
        let mut terminal =
            Terminal::new(Style::default(), Verbosity::Exchanges, Fingerprints::default());
        let mut written = 0;
        for number in 0..500 {
            let steps = vec![step("a", State::Passed), wrong_user()];
            for event in scenario(number, "again", State::Failed, steps) {
                written += terminal.event(&event).len();
            }
            assert!(terminal.told.is_empty());
            assert_eq!(terminal.page.take(), "");
        }
        assert!(written > 500 * 1000, "{written}");
        // The list of failures has an end.
        assert!(terminal.finish(ms(1)).len() < 20_000);
    }
}
