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
pub mod terminal;
pub mod junit;
pub mod progress;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use crate::outcome::{Section, StepOutcome};
use crate::template::Seed;

pub use crate::diagnostic::render::Style;
pub use progress::Progress;
pub use terminal::{Terminal, Verbosity};

/// The options that repeat a run, its random values too.
fn with_seed<'o>(options: &'o str, seed: &Seed) -> Cow<'o, str> {
    match seed.is_used() {
        true => Cow::Owned(format!("{options} --seed {}", seed.number())),
        false => Cow::Borrowed(options),
    }
}

/// A step's name with the list it stands in, unless that is `steps`.
fn step_name(step: &StepOutcome) -> Cow<'_, str> {
    match step.section {
        Section::Setup => Cow::Owned(format!("setup › {}", step.name)),
        Section::Steps => Cow::Borrowed(&step.name),
        Section::Cleanup => Cow::Owned(format!("cleanup › {}", step.name)),
        Section::Teardown => Cow::Owned(format!("teardown › {}", step.name)),
    }
}
