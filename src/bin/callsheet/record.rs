//! What is kept of a run while it goes on: its journal, and what its reports are made of.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::Duration;

use callsheet::outcome::record::Line;
use callsheet::outcome::{Event, Outcome, Times};
use callsheet::report::digest;
use callsheet::report::journal::{self, Journal};
use callsheet::report::recorder::Recorder;

use crate::output;
use crate::report;
use crate::reports::{self, Report};

/// The lines of a run, on their way.
pub(crate) struct Record {
    recorder: Recorder,
    /// Its path, and the file until it cannot be written any more.
    journal: Option<(PathBuf, Option<Journal<BufWriter<File>>>)>,
    /// Kept only if a report wants it, or its times are compared.
    outcome: Option<Outcome>,
    /// Whether a line could not be taken in.
    broken: bool,
}

impl Record {
    /// Begins the journal, if there is one.
    pub(crate) fn begin(
        recorder: Recorder,
        first: &Line,
        journal: Option<&Path>,
        outcome: Option<Outcome>,
    ) -> Self {
        let open = |path: &Path| match output::lines(path) {
            Ok(file) => (path.to_owned(), Some(Journal::new(file))),
            Err(error) => {
                reports::not_written(path, "journal", &error);
                (path.to_owned(), None)
            }
        };
        let journal = journal.map(open);
        let mut record = Self { recorder, journal, outcome, broken: false };
        record.add(first);
        record
    }

    /// Takes a masked event in; `now` counts from the run's beginning.
    pub(crate) fn event(&mut self, event: &Event, now: Duration) {
        for line in self.recorder.sources(event) {
            self.add(&line);
        }
        if let Some(line) = self.recorder.line(event, now) {
            self.add(&line);
        }
    }

    fn add(&mut self, line: &Line) {
        let written = match journal::written(line) {
            Ok(written) => written,
            Err(error) => return self.give_up(&error),
        };
        if let Some((_, Some(journal))) = &mut self.journal
            && let Err(error) = journal.add(line, &written)
        {
            self.give_up(&error);
        }
        if let Some(outcome) = &mut self.outcome
            && let Err(error) = outcome.add(line, &written)
        {
            output::err(&format!("error: there will be no reports: {error}\n"));
            (self.outcome, self.broken) = (None, true);
        }
    }

    /// A journal that cannot be written costs the journal alone.
    fn give_up(&mut self, error: &io::Error) {
        if let Some((path, journal)) = &mut self.journal
            && journal.take().is_some()
        {
            reports::not_written(path, "journal", error);
        }
    }

    /// Ends the journal and writes the reports; gives whether all could be written.
    pub(crate) fn finish(
        mut self,
        (took, cut): (Duration, Option<&str>),
        wanted: &[Report],
        before: Option<&Times>,
        color: bool,
    ) -> bool {
        self.add(&self.recorder.end(took, cut));
        let journal = !matches!(self.journal, Some((_, None)));
        let reports = self.outcome.take().is_none_or(|mut outcome| {
            outcome.finish();
            let compared = report::compare(&mut outcome, before);
            if let Some(told) = digest::comparison(&outcome, color) {
                output::out(&told);
            }
            reports::write(wanted, &outcome) && compared
        });
        journal && reports && !self.broken
    }
}
