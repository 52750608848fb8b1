//! The journal of a run: its lines, written as things happen, and read back.

use std::io::{self, BufRead, Write};

use crate::outcome::Outcome;
use crate::outcome::record::{Line, VERSION};

/// The JSON Schema of a line.
pub const SCHEMA: &str = include_str!("journal.schema.json");

/// A line as JSON, without its end.
///
/// # Errors
/// A number that JSON does not have, which no line holds.
pub fn written(line: &Line) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(line)?)
}

/// Writes a journal. What is under way is lost with the program, a scenario that is over is not.
#[derive(Debug)]
pub struct Journal<W> {
    out: W,
}

impl<W: Write> Journal<W> {
    /// To this, which should collect what is written until it is flushed.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Adds a line; `written` is that line as JSON.
    ///
    /// # Errors
    /// Those of what it is written to.
    pub fn add(&mut self, line: &Line, written: &[u8]) -> io::Result<()> {
        self.out.write_all(written)?;
        self.out.write_all(b"\n")?;
        match line {
            Line::ScenarioStarted { .. } | Line::Source { .. } | Line::StepFinished { .. } => {
                Ok(())
            }
            Line::RunStarted(_) | Line::ScenarioFinished { .. } | Line::RunFinished { .. } => {
                self.out.flush()
            }
        }
    }
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read at all.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// There is nothing in it.
    #[error("it is empty: the run ended before it began")]
    Empty,
    /// A line is none of a journal.
    #[error("line {number} is no line of a journal: {reason}")]
    Line {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It was written by a later version of the program.
    #[error(
        "it is a journal of version {0}, and this program reads versions up to {VERSION}: take the version of callsheet that wrote it"
    )]
    TooNew(u32),
}

/// Adds all lines of a journal to an outcome. The last one may have been cut off, as the program was killed: gives whether
/// it was.
///
/// # Errors
/// What is wrong with the journal.
pub fn read(journal: &mut dyn BufRead, outcome: &mut Outcome) -> Result<bool, JournalError> {
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        if journal.read_until(b'\n', &mut text)? == 0 {
            return if number == 1 { Err(JournalError::Empty) } else { Ok(false) };
        }
        let is_whole = text.ends_with(b"\n");
        let line = match serde_json::from_slice(&text) {
            Ok(line) => line,
            Err(_) if !is_whole && number > 1 => return Ok(true),
            Err(error) => {
                return Err(newer(&text)
                    .unwrap_or(JournalError::Line { number, reason: reason(number, &error) }));
            }
        };
        match &line {
            Line::RunStarted(begun) if begun.journal > VERSION => {
                return Err(JournalError::TooNew(begun.journal));
            }
            Line::RunStarted(_) if number == 1 => {}
            Line::RunStarted(_) => {
                let reason =
                    "another run begins; name each journal by itself: `report a.jsonl b.jsonl`"
                        .to_owned();
                return Err(JournalError::Line { number, reason });
            }
            _ if number == 1 => {
                let reason = "the first line is to be `run_started`".to_owned();
                return Err(JournalError::Line { number, reason });
            }
            _ => {}
        }
        outcome.add(&line, text.trim_ascii_end())?;
    }
    Ok(false)
}

/// What is wrong with a line; where it is no JSON the words of a parser help nobody.
fn reason(number: usize, error: &serde_json::Error) -> String {
    match (error.classify(), number) {
        (serde_json::error::Category::Data, _) => error.to_string(),
        (_, 1) => "it is no JSON; `callsheet run --journal PATH` writes a journal".to_owned(),
        _ => "it is no JSON".to_owned(),
    }
}

/// A later version may have changed the first line too.
fn newer(line: &[u8]) -> Option<JournalError> {
    let line: crate::value::Value = serde_json::from_slice(line).ok()?;
    let version = u32::try_from(line.get("run_started")?.get("journal")?.as_u64()?).ok()?;
    (version > VERSION).then_some(JournalError::TooNew(version))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn journal() -> Vec<u8> {
        let mut journal = Journal::new(Vec::new());
        for line in samples::lines(&samples::run()) {
            journal.add(&line, &written(&line).expect("JSON")).expect("memory");
        }
        journal.out
    }

    #[track_caller]
    fn check(journal: &[u8], expected: Result<bool, &str>) {
        let read = read(&mut &*journal, &mut Outcome::default());
        assert_eq!(read.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
    }

    #[test]
    fn what_was_cut_off_is_left_out_and_anything_else_has_its_line() {
        let whole = journal();
        check(&whole, Ok(false));
        check(&whole[..whole.len() - 1], Ok(false));
        check(&whole[..whole.len() - 9], Ok(true));
        check(b"", Err("it is empty: the run ended before it began"));
        let mut broken = whole.clone();
        let third =
            whole.split_inclusive(|byte| *byte == b'\n').take(2).map(<[u8]>::len).sum::<usize>();
        broken[third] = b'[';
        let error = read(&mut &*broken, &mut Outcome::default()).expect_err("an error").to_string();
        assert!(error.starts_with("line 3 is no line of a journal: "), "{error}");
        check(
            &whole.repeat(2),
            Err(&format!(
                "line {} is no line of a journal: another run begins; name each journal by itself: `report a.jsonl b.jsonl`",
                whole.split(|byte| *byte == b'\n').count()
            )),
        );
        check(
            b"{\"scenario_started\":{\"scenario\":0}}\n",
            Err("line 1 is no line of a journal: the first line is to be `run_started`"),
        );
        check(
            b"{\"run_started\":{\"journal\":7}}\n",
            Err(
                "it is a journal of version 7, and this program reads versions up to 1: take the version of callsheet that wrote it",
            ),
        );
    }

    #[test]
    fn wherever_a_run_is_killed_every_scenario_is_accounted_for() {
        let whole = journal();
        let ends =
            whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        for end in ends {
            let mut outcome = Outcome::default();
            read(&mut &whole[..end], &mut outcome).expect("a journal");
            outcome.finish();
            assert_eq!(outcome.scenarios.len(), 5);
            assert_eq!(outcome.summary.scenarios.total(), 5);
        }
    }
}
