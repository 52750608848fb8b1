//! The outcome of a run: the fold of the lines of its journal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::record::{Line, PlannedRecord, RunStarted, StepRecord};
use super::{Comparison, Coverage, State, Summary};
use crate::mask::Masks;

/// What runs came to, with all that reports tell of them.
///
/// The steps are kept compressed, so that a long run fits into little memory: a report takes one scenario at a time.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The runs: one, or the parts of one that several machines shared.
    pub runs: Vec<RunOutcome>,
    /// In the order of the plan.
    pub scenarios: Vec<ScenarioOutcome>,
    /// The counts.
    pub summary: Summary,
    /// How much of the project's OpenAPI document was asked for, if it has one.
    pub coverage: Option<Coverage>,
    /// Its times beside those of earlier runs, where that was asked for.
    pub comparison: Option<Comparison>,
    /// The files in which steps failed, as far as they were recorded: their texts by their names.
    sources: BTreeMap<String, String>,
    /// What may not be shown: also what became known after it was seen.
    masks: Masks,
}

/// What is known of a run as a whole.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// How it began.
    pub begun: RunStarted,
    /// The time it took, in milliseconds; none if its end is not known.
    pub duration: Option<f64>,
    /// Why it ended before all was run.
    pub cut: Option<String>,
    /// Whether anything was random.
    pub random: bool,
}

/// What came of a scenario.
#[derive(Debug)]
pub struct ScenarioOutcome {
    /// Which of the runs it belongs to.
    pub run: usize,
    /// What it is.
    pub planned: PlannedRecord,
    /// What came of it; until it is over, not run, or failed if a step did.
    pub state: State,
    /// Whether its end is known.
    pub finished: bool,
    /// From its first step to its last, in milliseconds.
    pub duration: f64,
    /// How often it ran, for `--retries`.
    pub runs: u32,
    /// The lines of its steps, compressed, piece by piece.
    pieces: Vec<Vec<u8>>,
    /// Those that are not compressed yet.
    last: Vec<u8>,
}

/// So many bytes of lines are compressed together.
const PIECE: usize = 256 * 1024;

impl Outcome {
    /// Of nothing yet; what `masks` have, also later, is not shown.
    #[must_use]
    pub fn new(masks: Masks) -> Self {
        Self { masks, ..Self::default() }
    }

    /// Takes the next line of a run in; `written` is that line as JSON. What follows before the first line of a run, or
    /// speaks of no scenario of its list, is passed over.
    ///
    /// # Errors
    /// Those of compressing.
    pub fn add(&mut self, line: &Line, written: &[u8]) -> io::Result<()> {
        match line {
            Line::RunStarted(begun) => self.begin(begun.clone()),
            Line::ScenarioStarted { scenario, planned } => self.more(*scenario, planned.as_ref()),
            Line::Source { file, text } => {
                self.sources.entry(file.clone()).or_insert_with(|| text.clone());
            }
            Line::StepFinished { scenario, step } => {
                let Some(known) = self.of_last_run(*scenario) else { return Ok(()) };
                if step.state == State::Failed {
                    known.state = State::Failed;
                }
                known.last.extend_from_slice(written);
                known.last.push(b'\n');
                if known.last.len() >= PIECE {
                    known.compress()?;
                }
                if let Some(coverage) = &mut self.coverage {
                    step.covers.iter().for_each(|asked| coverage.add(*asked));
                }
                self.summary.step(step.state, step.requests, step.unverified.len());
                if let Some(snapshot) = &step.snapshot {
                    self.summary.snapshot(snapshot.is_new);
                }
            }
            Line::ScenarioFinished { scenario, state, duration, runs } => {
                let Some(known) = self.of_last_run(*scenario) else { return Ok(()) };
                (known.state, known.duration, known.runs) = (*state, *duration, *runs);
                known.finished = true;
                known.compress()?;
            }
            Line::RunFinished { duration, cut, random } => {
                if let Some(run) = self.runs.last_mut() {
                    (run.duration, run.random) = (Some(*duration), *random);
                    run.cut.clone_from(cut);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, mut begun: RunStarted) {
        // The parts of a run have one document.
        self.coverage = self.coverage.take().or(begun.coverage.take());
        let run = self.runs.len();
        let planned = begun.scenarios.iter();
        self.scenarios.extend(planned.map(|planned| ScenarioOutcome::new(run, planned.clone())));
        self.runs.push(RunOutcome { begun, duration: None, cut: None, random: false });
    }

    /// A scenario behind the last one of the list.
    fn more(&mut self, scenario: usize, planned: Option<&PlannedRecord>) {
        let number = self.runs.len();
        if let (Some(planned), Some(run)) = (planned, self.runs.last_mut())
            && scenario == run.begun.scenarios.len()
        {
            run.begun.scenarios.push(planned.clone());
            self.scenarios.push(ScenarioOutcome::new(number - 1, planned.clone()));
        }
    }

    fn of_last_run(&mut self, scenario: usize) -> Option<&mut ScenarioOutcome> {
        let own = self.runs.last()?.begun.scenarios.len();
        let first = self.scenarios.len().checked_sub(own)?;
        self.scenarios[first..].get_mut(scenario)
    }

    /// Tells of a part of the run that was lost, wholly or from somewhere on: nobody knows what would have failed in it.
    pub fn lose(&mut self, name: String, why: String) {
        let Some(begun) = self.runs.first().map(|run| run.begun.clone()) else { return };
        let (file, tags, description) = (String::new(), Vec::new(), None);
        let planned = PlannedRecord {
            name,
            file,
            line: 0,
            repetition: None,
            position: usize::MAX,
            tags,
            description,
        };
        self.begin(RunStarted { scenarios: vec![planned], shard: None, ..begun });
        if let Some(run) = self.runs.last_mut() {
            run.cut = Some(why);
        }
        if let Some(part) = self.scenarios.last_mut() {
            (part.state, part.finished) = (State::Failed, true);
        }
    }

    /// To be called behind the last line: brings the parts of a run into the order of the whole, and counts the scenarios.
    pub fn finish(&mut self) {
        self.scenarios.sort_by_key(|scenario| scenario.planned.position);
        for scenario in &self.scenarios {
            self.summary.scenario(scenario.state, scenario.runs);
        }
    }

    /// The time that the runs took in milliseconds: of machines that ran at the same time, that of the slowest.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.runs.iter().filter_map(|run| run.duration).fold(0.0, f64::max)
    }

    /// The steps of a scenario, in the order in which they ended, those of runs that failed before the last one included.
    ///
    /// # Errors
    /// Those of reading back what was written.
    pub fn steps(&self, scenario: &ScenarioOutcome) -> io::Result<Vec<StepRecord>> {
        let mut steps = scenario.read()?;
        if !self.masks.is_empty() {
            let mut mask = |text: &mut String| {
                if let Cow::Owned(masked) = self.masks.text(text) {
                    *text = masked;
                }
            };
            steps.iter_mut().for_each(|step| step.texts(&mut mask));
        }
        Ok(steps)
    }

    /// The files in which steps failed, as far as they were recorded: their names and texts.
    pub fn sources(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.sources.iter().map(|(file, text)| (file.as_str(), self.masks.text(text)))
    }

    /// Whether a run ended before all was run: it was cut, or nobody knows its end.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        // A part that was lost is told as such.
        self.runs.iter().any(|run| run.cut.is_some() == run.duration.is_some())
    }

    /// Why a scenario failed of which no step did.
    #[must_use]
    pub fn why_failed(&self, scenario: &ScenarioOutcome) -> &str {
        match self.runs.get(scenario.run).and_then(|run| run.cut.as_deref()) {
            Some(cut) if scenario.planned.file.is_empty() => cut,
            _ => "the scenario failed, though no step of it did",
        }
    }

    /// Why a scenario that did not run, or did not end, did not.
    #[must_use]
    pub fn why_not_run(&self, scenario: &ScenarioOutcome) -> &str {
        match self.runs.get(scenario.run).map(|run| (&run.cut, run.duration)) {
            Some((Some(cut), _)) => cut,
            Some((None, None)) => "the run broke off",
            _ => "not run",
        }
    }
}

impl ScenarioOutcome {
    fn new(run: usize, planned: PlannedRecord) -> Self {
        let (pieces, last) = (Vec::new(), Vec::new());
        let (state, finished, duration, runs) = (State::NotRun, false, 0.0, 0);
        Self { run, planned, state, finished, duration, runs, pieces, last }
    }

    fn compress(&mut self) -> io::Result<()> {
        if self.last.is_empty() {
            return Ok(());
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&std::mem::take(&mut self.last))?;
        self.pieces.push(encoder.finish()?);
        Ok(())
    }

    fn read(&self) -> io::Result<Vec<StepRecord>> {
        let mut text = Vec::new();
        for piece in &self.pieces {
            DeflateDecoder::new(piece.as_slice()).read_to_end(&mut text)?;
        }
        text.extend_from_slice(&self.last);
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let step = |line| match serde_json::from_slice(line)? {
            Line::StepFinished { step, .. } => Ok(*step),
            _ => Err(io::ErrorKind::InvalidData.into()),
        };
        lines.map(step).collect()
    }
}
