//! A failed step as its user sees it: what was wrong, at its place, and under it all that helps to understand it.

use std::path::Path;

use super::text::{self, BAD, DIM, paint};
use super::{Style, cookies, curl, exchange, mask};
use crate::diagnostic::{Diagnostic, Note, render};
use crate::outcome::{Actual, Breaker, Fault, Fingerprints, Miss, Place, StepOutcome, Subject};
use crate::scenario::{project, quantity};
use crate::source::Source;
use crate::value;

/// The characters of a body, and of a value, that a note shows.
const LONGEST_BODY: usize = 400;
const LONGEST_VALUE: usize = 100;

/// The differences of a tree that are drawn in its excerpt, and that are told in a line each.
const MOST_DRAWN: usize = 10;

/// The scenario that a step belongs to, as far as its failure names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    /// Its file.
    pub(super) file: &'a str,
    /// Its name.
    pub(super) name: &'a str,
    /// What `--name` takes for it alone, where its file makes several.
    pub(super) select: Option<&'a str>,
    /// The options that the run was given, for the line that repeats it.
    pub(super) options: &'a str,
}

/// The whole block: the headline, a blank line, and the diagnostics with the notes under the last one.
pub(super) fn block(of: Of<'_>, step: &StepOutcome, style: Style, prints: &Fingerprints) -> String {
    let headline = headline(of, step, style.color);
    format!("{headline}\n\n{}", diagnostics(of, step, style, prints))
}

/// `FAIL  scenarios/login.yaml › A customer signs in › Sign in  (12 ms)`
fn headline(of: Of<'_>, step: &StepOutcome, color: bool) -> String {
    let took = format!("({})", quantity::shown(step.duration));
    let name = super::step_name(step);
    let word = if step.rerun { "RETRY" } else { "FAIL" };
    format!(
        "{}  {} › {} › {}  {}",
        paint(BAD, word, color),
        text::clean(of.file),
        text::clean(of.name),
        text::clean(&name),
        paint(DIM, &took, color)
    )
}

/// The diagnostics of the step, drawn.
pub(super) fn diagnostics(
    of: Of<'_>,
    step: &StepOutcome,
    style: Style,
    prints: &Fingerprints,
) -> String {
    let together = |a: &Fault, b: &Fault| is_difference(a) && is_difference(b);
    let mut all: Vec<Diagnostic> = step.faults.chunk_by(together).map(of_run).collect();
    if all.is_empty() {
        all.push(at(Diagnostic::error("the step failed"), &step.place, ""));
    }
    if let Some(last) = all.last_mut() {
        last.notes.extend(notes(of, step, prints));
    }
    render::styled(&all, style).trim_end_matches('\n').to_owned()
}

/// What is wrong, in a sentence.
pub(super) fn message(fault: &Fault) -> String {
    let message = match fault {
        Fault::Miss(miss) => miss.title(),
        Fault::Transport { failure, .. } => failure.message.clone(),
        Fault::Invalid { message, .. } | Fault::BrokenOff { message, .. } => message.clone(),
    };
    text::clean(&mask::urls(&message)).into_owned()
}

/// What was wanted: it stands beside the caret.
pub(super) fn label(fault: &Fault) -> String {
    let label = match fault {
        Fault::Miss(miss) => miss.label(),
        Fault::Invalid { label, .. } => label.clone(),
        Fault::Transport { .. } | Fault::BrokenOff { .. } => String::new(),
    };
    text::clean(&mask::urls(&label)).into_owned()
}

/// A part of a tree that differs; several are drawn as one.
fn is_difference(fault: &Fault) -> bool {
    matches!(fault, Fault::Miss(Miss { subject: Subject::Like(_), .. }))
}

/// Faults that belong together.
fn of_run(faults: &[Fault]) -> Diagnostic {
    match faults {
        [only] => diagnostic(only),
        several => differences(several),
    }
}

/// The parts of a tree that differ: the first in the excerpt, others in a line each, and how many there are.
fn differences(faults: &[Fault]) -> Diagnostic {
    let misses: Vec<&Miss> = faults
        .iter()
        .filter_map(|fault| match fault {
            Fault::Miss(miss) => Some(miss),
            _ => None,
        })
        .collect();
    let (drawn, others) = misses.split_at(misses.len().min(MOST_DRAWN));
    let count = misses.len();
    let mut error = Diagnostic::error(format!("the body differs from `like` in {count} places"));
    let said = |miss: &Miss| {
        let words = format!("{}, {}", miss.title(), miss.label());
        text::clean(&mask::urls(&words)).into_owned()
    };
    for miss in drawn {
        error = also(error, &miss.place, &said(miss));
    }
    let mut told: Vec<(&'static str, String)> = Vec::new();
    for (miss, (name, words)) in
        drawn.iter().flat_map(|miss| miss.notes().into_iter().map(move |note| (miss, note)))
    {
        // What there is of a member that is missing names its own path.
        let words = match (&miss.actual, &miss.subject) {
            (Actual::NoNode { .. }, _) => words,
            (_, Subject::Like(path)) => format!("`{path}`: {words}"),
            _ => words,
        };
        if !told.contains(&(name, words.clone())) {
            told.push((name, words));
        }
    }
    told.truncate(MOST_DRAWN);
    if !others.is_empty() {
        let line = |miss: &&Miss| format!("line {}: {}", miss.place.line(), said(miss));
        let mut lines: Vec<String> = others.iter().take(MOST_DRAWN).map(line).collect();
        if others.len() > MOST_DRAWN {
            lines.push(format!("and {} more", others.len() - MOST_DRAWN));
        }
        told.push(("diff", lines.join("\n")));
    }
    told.iter().fold(error, |error, (name, words)| with(error, name, words))
}

/// As [`at`], where there may be a place already.
fn also(error: Diagnostic, place: &Place, label: &str) -> Diagnostic {
    if error.primary.is_none() {
        return at(error, place, label);
    }
    let primary = error.primary.clone();
    let mut error = at(error, place, label);
    error.related.extend(error.primary.take());
    Diagnostic { primary, ..error }
}

fn diagnostic(fault: &Fault) -> Diagnostic {
    let error = Diagnostic::error(message(fault));
    match fault {
        Fault::Miss(miss) => {
            let error = at(error, &miss.place, &miss.label());
            let notes = miss.notes();
            notes.iter().fold(error, |error, (name, words)| with(error, name, words))
        }
        Fault::Transport { place, failure } => {
            let error = at(error, place, "");
            let error = match failure.cause.as_str() {
                "" => error,
                cause => with(error, "cause", cause),
            };
            helped(error, failure.remedy.as_deref())
        }
        Fault::Invalid { place, label, help, .. } => {
            helped(at(error, place, label), help.as_deref())
        }
        Fault::BrokenOff { place, by: Breaker::EndOfRun, .. } => at(error, place, ""),
        Fault::BrokenOff { place, by: Breaker::Defect, .. } => {
            helped(at(error, place, "in this scenario"), Some(DEFECT))
        }
    }
}

const DEFECT: &str =
    "this is a defect of callsheet, not of the scenario: please report it with this message";

fn helped(error: Diagnostic, help: Option<&str>) -> Diagnostic {
    match help {
        Some(help) => with(error, "help", help),
        None => error,
    }
}

fn with(error: Diagnostic, name: &'static str, words: &str) -> Diagnostic {
    error.note(name, text::clean_lines(&mask::urls(words)))
}

/// The diagnostic at this place. A file's name is anybody's text as well: a hostile one is escaped.
fn at(error: Diagnostic, place: &Place, label: &str) -> Diagnostic {
    // A second line would stand outside of the drawing.
    let label = text::clean(&mask::urls(label)).into_owned();
    match text::clean(place.source.name()) {
        std::borrow::Cow::Borrowed(_) => error.at(&place.source, place.span, label),
        std::borrow::Cow::Owned(name) => {
            let (path, content) = (place.source.path(), place.source.text());
            let source = std::sync::Arc::new(Source::new(name, path, content));
            error.at(&source, place.span, label)
        }
    }
}

/// What is told once for the whole step, in the order in which it helps.
fn notes(of: Of<'_>, step: &StepOutcome, prints: &Fingerprints) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |name: &str, text: String| {
        notes.push(Note { name: name.to_owned().into(), text });
    };
    if let Some(exchange) = step.exchange.as_deref() {
        note("request", exchange::line(exchange));
        if let Some(body) = exchange::body_line(exchange, LONGEST_BODY) {
            note("body", body);
        }
    }
    for used in &step.values {
        let shown = value::shown(&used.value, LONGEST_VALUE);
        let told = format!("{}, {}", mask::urls(&shown), used.origin);
        note(&text::clean(&used.name), text::clean(&told).into_owned());
    }
    if let Some(told) = cookies::note(step, prints) {
        note("cookie", told);
    }
    match &step.reason {
        Some(why) => note("attempts", format!("{}: {}", step.attempt, text::clean(why))),
        None if step.attempt > 1 => note("attempts", step.attempt.to_string()),
        None => {}
    }
    note("repeat", format!("callsheet run{}{}", repeat(of, step), of.options));
    let sent = step.sent_body.as_ref();
    if let Some(command) = step.exchange.as_deref().and_then(|e| curl::command(e, sent)) {
        note("curl", command);
    }
    notes
}

/// ` scenarios/login.yaml:27`, as a shell takes it. A step of a file that is used can only be repeated by the step of the
/// scenario that uses it, and one of the project file by the run.
fn repeat(of: Of<'_>, step: &StepOutcome) -> String {
    if Path::new(of.file).ends_with(project::FILE_NAME) {
        return String::new();
    }
    let place = step.asked.as_ref().unwrap_or(&step.place);
    let word = if place.source.name() == of.file {
        format!("{}:{}", of.file, place.line())
    } else {
        of.file.to_owned()
    };
    let name = of.select.map(|name| format!(" --name {}", curl::quoted(name.as_bytes())));
    format!(" {}{}", curl::quoted(word.as_bytes()), name.unwrap_or_default())
}
