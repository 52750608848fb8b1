//! The access-control matrix of a scenario: a row for each step with `access`, a column for each session.

use unicode_width::UnicodeWidthStr;

use super::text::{self, BAD, DIM, GOOD, HEAD, paint};
use crate::outcome::record::StepRecord;
use crate::outcome::{AccessCell, Fault, State, StepOutcome, Subject};

/// The steps with `access` that a scenario has run so far.
#[derive(Debug, Default)]
pub(super) struct Matrix {
    /// The sessions, in the order in which they came.
    columns: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    /// Where the step stands: two steps may have one name.
    place: (String, usize),
    name: String,
    /// By column.
    cells: Vec<Option<Shown>>,
}

/// A cell as it is shown.
#[derive(Debug)]
pub(super) struct Shown {
    /// `200, not 403`
    pub(super) text: String,
    /// What came of its step.
    pub(super) state: State,
}

/// What a step tells of its cell.
struct Told<'s> {
    cell: &'s AccessCell,
    place: (String, usize),
    state: State,
    status: Option<u16>,
    /// The status is right where something else of what was wanted is not.
    is_wrong_status: bool,
}

impl Matrix {
    /// Takes a step in, if it is a cell.
    pub(super) fn add(&mut self, step: &StepOutcome) {
        let Some(cell) = &step.access else { return };
        let response = step.exchange.as_ref().and_then(|exchange| exchange.result.as_ref().ok());
        self.take(&Told {
            cell,
            place: (step.place.source.name().to_owned(), step.place.span.start),
            state: step.state,
            status: response.map(|response| response.head.status.as_u16()),
            is_wrong_status: step.faults.iter().any(is_of_status),
        });
    }

    /// The same of a step that a journal tells.
    pub(super) fn add_record(&mut self, step: &StepRecord) {
        // What came of an attempt that failed is not what came of the cell.
        let Some(cell) = step.access.as_ref().filter(|_| step.state != State::Retried) else {
            return;
        };
        let whole = step.exchange.as_ref().filter(|exchange| exchange.error.is_none());
        let answer = whole.and_then(|exchange| exchange.hops.last()?.answer.as_ref());
        self.take(&Told {
            cell,
            place: (step.file.clone(), step.line),
            state: step.state,
            status: answer.map(|answer| answer.status),
            is_wrong_status: step.faults.iter().any(|fault| fault.kind == "expectation.status"),
        });
    }

    fn take(&mut self, told: &Told<'_>) {
        let Told { cell, place, state, .. } = told;
        let column = self.columns.iter().position(|name| *name == cell.session);
        let column = column.unwrap_or_else(|| {
            self.columns.push(cell.session.clone());
            self.columns.len() - 1
        });
        if self.rows.last().is_none_or(|row| row.place != *place || row.name != cell.row) {
            let (place, name) = (place.clone(), cell.row.clone());
            self.rows.push(Row { place, name, cells: Vec::new() });
        }
        let Some(row) = self.rows.last_mut() else { return };
        if row.cells.len() <= column {
            row.cells.resize_with(column + 1, || None);
        }
        row.cells[column] = Some(Shown { text: shown(told), state: *state });
    }

    /// The sessions.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The name and the cells of each row, a cell for each column.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, Vec<Option<&Shown>>)> {
        self.rows.iter().map(|row| {
            let cell = |at| row.cells.get(at).and_then(Option::as_ref);
            (row.name.as_str(), (0..self.columns.len()).map(cell).collect())
        })
    }

    /// The lines of the table; none where there is no row.
    pub(super) fn lines(&self, color: bool) -> Vec<String> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let head = self.columns.iter().map(|name| text::clean(name));
        let widths: Vec<usize> = head
            .enumerate()
            .map(|(at, name)| {
                self.cells(at).map(|it| it.text.width()).fold(name.width(), usize::max)
            })
            .collect();
        let names = self.rows.iter().map(|row| text::clean(&row.name).width());
        let first = names.max().unwrap_or(0).max("access".len());
        let mut lines = vec![padded("access", first, |text| paint(HEAD, text, color))];
        for (name, width) in self.columns.iter().zip(&widths) {
            let name = padded(&text::clean(name), *width, |text| paint(HEAD, text, color));
            lines[0].push_str(&format!("  {name}"));
        }
        for row in &self.rows {
            let mut line = padded(&text::clean(&row.name), first, str::to_owned);
            for (at, width) in widths.iter().enumerate() {
                let cell = row.cells.get(at).and_then(Option::as_ref);
                line.push_str("  ");
                line.push_str(&match cell {
                    Some(cell) => {
                        padded(&cell.text, *width, |text| paint(style(cell.state), text, color))
                    }
                    None => " ".repeat(*width),
                });
            }
            lines.push(line);
        }
        lines.iter().map(|line| line.trim_end().to_owned()).collect()
    }

    fn cells(&self, column: usize) -> impl Iterator<Item = &Shown> {
        self.rows.iter().filter_map(move |row| row.cells.get(column)?.as_ref())
    }
}

/// Colours take no room: the blanks go behind them.
fn padded(text: &str, width: usize, paint: impl Fn(&str) -> String) -> String {
    format!("{}{}", paint(text), " ".repeat(width.saturating_sub(text.width())))
}

fn style(state: State) -> anstyle::Style {
    match state {
        State::Passed => GOOD,
        State::Failed => BAD,
        State::NotRun | State::Skipped | State::Retried => DIM,
    }
}

/// `403`, `200, not 403`, `200, failed`
fn shown(told: &Told<'_>) -> String {
    match (told.state, told.status) {
        (State::NotRun, _) => "not run".to_owned(),
        (State::Skipped, _) => "skipped".to_owned(),
        (State::Passed, Some(status)) => status.to_string(),
        (_, None) => "failed".to_owned(),
        (_, Some(status)) if told.is_wrong_status => {
            format!("{status}, not {}", told.cell.wanted)
        }
        (_, Some(status)) => format!("{status}, failed"),
    }
}

fn is_of_status(fault: &Fault) -> bool {
    matches!(fault, Fault::Miss(miss) if miss.subject == Subject::Status)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{account, miss, step};
    use super::*;
    use crate::outcome::{AccessCell, Actual};
    use crate::value::Value;

    fn cell(row: &str, session: &str, wanted: &str, state: State) -> StepOutcome {
        let (row, session, wanted) = (row.to_owned(), session.to_owned(), wanted.to_owned());
        let exchange = (state != State::NotRun).then(|| Box::new(account("text/plain", b"x")));
        let access = Some(AccessCell { row, session, wanted });
        StepOutcome { access, exchange, ..step("a", state) }
    }

    /// A cell that failed for this.
    fn failed(row: &str, session: &str, wanted: &str, subject: Subject) -> StepOutcome {
        let fault = miss(subject, "GET /account", Value::Null, Actual::Absent);
        let faults = vec![Fault::Miss(fault)];
        StepOutcome { faults, ..cell(row, session, wanted, State::Failed) }
    }

    #[test]
    fn rows_are_steps_and_columns_are_sessions() {
        let mut matrix = Matrix::default();
        assert!(matrix.lines(false).is_empty());
        matrix.add(&step("no cell", State::Passed));
        assert!(matrix.lines(false).is_empty());
        matrix.add(&failed("GET /account", "anonymous", "401", Subject::Status));
        matrix.add(&cell("GET /account", "admin", "200", State::Passed));
        matrix.add(&failed("GET /x", "anonymous", "200", Subject::Body));
        matrix.add(&cell("GET /x", "bob", "200", State::NotRun));
        for (row, wanted) in [("GET /a", "below 400"), ("GET /b", "2xx"), ("GET /c", "200|201")] {
            matrix.add(&failed(row, "anonymous", wanted, Subject::Duration));
            matrix.add(&failed(row, "admin", wanted, Subject::Status));
        }
        let lines = matrix.lines(false);
        assert_eq!(
            lines,
            [
                "access        anonymous     admin               bob",
                "GET /account  200, not 401  200",
                "GET /x        200, failed                       not run",
                "GET /a        200, failed   200, not below 400",
                "GET /b        200, failed   200, not 2xx",
                "GET /c        200, failed   200, not 200|201",
            ]
        );
        // Colours do not move the columns.
        let mut colored = matrix.lines(true).join("\n");
        for style in [GOOD, BAD, DIM, HEAD] {
            colored = colored.replace(&format!("{style}"), "");
        }
        assert_eq!(colored.replace("\u{1b}[0m", ""), lines.join("\n"));
    }
}
