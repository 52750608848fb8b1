//! Outcomes as bytes, one file per format.
//!
//! Every renderer is a pure function of what happened: the clock, the terminal and the files are the caller's. What
//! comes from outside (names, headers, bodies) goes through `text::clean` first, so that no report is a way
//! into a terminal or out of an XML element.

use std::borrow::Cow;

mod text;
mod mask;
mod body;
mod exchange;
mod curl;
mod cookies;
mod failure;
mod page;
mod tally;
mod matrix;
pub mod recorder;
pub mod journal;
pub mod digest;
pub mod terminal;
pub mod junit;
pub mod tap;
pub mod json;
pub mod html;
pub mod har;
pub mod markdown;
pub mod github;
pub mod progress;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::outcome::{Outcome, Section, StepOutcome};
use crate::scenario::report::Format;
use crate::template::Seed;

pub use crate::diagnostic::render::Style;
pub use progress::Progress;
pub use terminal::{Terminal, Verbosity};

/// Writes the outcome in this format.
///
/// # Errors
/// Those of `out`, and of reading the outcome back.
pub fn write(format: Format, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Junit => junit::write(outcome, out),
        Format::Tap => tap::write(outcome, out),
        Format::Json => json::write(outcome, out),
        Format::Html => html::write(outcome, out),
        Format::Har => har::write(outcome, out),
        Format::Markdown => markdown::write(outcome, out),
        Format::Github => github::write(outcome, out),
    }
}

/// The options that repeat a run, its random values too.
fn with_seed<'o>(options: &'o str, seed: &Seed) -> Cow<'o, str> {
    match seed.is_used() {
        true => Cow::Owned(format!("{options} --seed {}", seed.number())),
        false => Cow::Borrowed(options),
    }
}

/// A step's name with the list it stands in, unless that is `steps`.
fn step_name(step: &StepOutcome) -> Cow<'_, str> {
    told_name(step.section, &step.name)
}

fn told_name(section: Section, name: &str) -> Cow<'_, str> {
    match section {
        Section::Setup => Cow::Owned(format!("setup › {name}")),
        Section::Steps => Cow::Borrowed(name),
        Section::Cleanup => Cow::Owned(format!("cleanup › {name}")),
        Section::Teardown => Cow::Owned(format!("teardown › {name}")),
    }
}
