//! The files in which steps failed, with the lines where they did.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::text;
use crate::outcome::Outcome;
use crate::outcome::record::StepRecord;

/// The files that were recorded, by name: a number each, and the lines where something was wrong.
#[derive(Debug)]
pub(super) struct Files(BTreeMap<String, (usize, BTreeSet<usize>)>);

impl Files {
    /// Nothing was wrong in them yet.
    pub(super) fn of(outcome: &Outcome) -> Self {
        let numbered = outcome.sources().enumerate();
        Self(numbered.map(|(at, (file, _))| (file.to_owned(), (at + 1, BTreeSet::new()))).collect())
    }

    /// Marks the lines of what was wrong with a step.
    pub(super) fn mark(&mut self, step: &StepRecord) {
        for (file, line) in places(step) {
            if let Some((_, lines)) = self.0.get_mut(file) {
                lines.insert(line);
            }
        }
    }

    /// Where the first thing that was wrong with a step stands: the file, its element and the line's.
    pub(super) fn place<'s>(
        &self,
        step: &'s StepRecord,
    ) -> Option<(&'s str, usize, String, String)> {
        let (file, line) = places(step).next()?;
        let (number, _) = self.0.get(file)?;
        Some((file, line, format!("f{number}"), format!("f{number}-{line}")))
    }

    /// The texts.
    pub(super) fn section(&self, outcome: &Outcome) -> Markup {
        let marks = |file: &str| self.0.get(file);
        html! {
            @if !self.0.is_empty() {
                section #sources {
                    h2 { "Files in which steps failed" }
                    @for (file, content) in outcome.sources() {
                        @if let Some((number, lines)) = marks(file) {
                            details #{ "f" (number) } {
                                summary { (text::clean(file)) }
                                (listing(*number, &content, lines))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn places(step: &StepRecord) -> impl Iterator<Item = (&str, usize)> {
    step.faults.iter().map(|fault| (fault.file.as_str(), fault.line))
}

/// The text with the numbers of its lines.
fn listing(number: usize, content: &str, marks: &BTreeSet<usize>) -> Markup {
    let width = content.lines().count().to_string().len();
    html! {
        pre.listing tabindex="0" {
            @for (at, line) in content.lines().enumerate() {
                @let shown = format!("{:>width$}  {}", at + 1, with_tabs(line));
                @if marks.contains(&(at + 1)) {
                    mark #{ "f" (number) "-" (at + 1) } { (shown) }
                } @else {
                    (shown)
                }
                "\n"
            }
        }
    }
}

/// A line as it may be shown, its tabs as they are.
pub(super) fn with_tabs(line: &str) -> String {
    line.split('\t').map(text::clean).collect::<Vec<_>>().join("\t")
}
