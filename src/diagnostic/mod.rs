//! What is wrong, where, and what to do about it, as data.

pub mod render;
pub mod suggest;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::mask::Sources;
use crate::source::{Source, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is sent.
    Error,
    /// The run goes on.
    Warning,
}

/// A piece of source with what is said about it; an empty text is a bare caret.
#[derive(Clone, Debug)]
pub struct Label {
    /// The text it is in.
    pub source: Arc<Source>,
    /// The piece.
    pub span: Span,
    /// What is said beside the caret.
    pub text: String,
}

/// A line under the excerpt: `= name: text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// `help`, `note`, `request`, …, or the variable that it tells of.
    pub name: Cow<'static, str>,
    /// One or several lines.
    pub text: String,
}

/// One thing to tell the user.
#[derive(Clone, Debug)]
#[must_use]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Lower case, names in backticks, no final stop.
    pub message: String,
    /// The place; none for what concerns no text, such as a missing file on the command line.
    pub primary: Option<Label>,
    /// Other places that explain it, such as the first of two equal keys.
    pub related: Vec<Label>,
    /// Remedies and facts.
    pub notes: Vec<Note>,
}

impl Diagnostic {
    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
            primary: None,
            related: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// An error without a place yet.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A warning without a place yet.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// The place it is about, with what stands beside the caret.
    pub fn at(mut self, source: &Arc<Source>, span: Span, label: impl Into<String>) -> Self {
        self.primary = Some(Label { source: Arc::clone(source), span, text: label.into() });
        self
    }

    /// Another place that explains it.
    pub fn also(mut self, source: &Arc<Source>, span: Span, label: impl Into<String>) -> Self {
        self.related.push(Label { source: Arc::clone(source), span, text: label.into() });
        self
    }

    /// What to do.
    pub fn help(self, text: impl Into<String>) -> Self {
        self.note("help", text)
    }

    /// A named line under the excerpt.
    pub fn note(mut self, name: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        self.notes.push(Note { name: name.into(), text: text.into() });
        self
    }

    /// Without what may not be shown.
    pub fn masked(mut self, sources: &mut Sources) -> Self {
        let masks = sources.masks().clone();
        let text = |text: &mut String| *text = masks.text(text).into_owned();
        text(&mut self.message);
        for label in self.primary.iter_mut().chain(&mut self.related) {
            sources.mask(&mut label.source, &mut label.span);
            text(&mut label.text);
        }
        for note in &mut self.notes {
            if let Cow::Owned(name) = masks.text(&note.name) {
                note.name = name.into();
            }
            text(&mut note.text);
        }
        self
    }

    /// Whether it stops the run.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Adds what is not told yet: two sessions that lack the same thing in one file have one mistake to mend.
pub fn extend_new(diagnostics: &mut Vec<Diagnostic>, found: Vec<Diagnostic>) {
    if found.is_empty() {
        return;
    }
    fn key(diagnostic: &Diagnostic) -> Option<(usize, &str, &str)> {
        let label = diagnostic.primary.as_ref()?;
        Some((label.span.start, label.source.name(), &diagnostic.message))
    }
    let is_new: Vec<bool> = {
        let mut told: HashSet<_> = diagnostics.iter().filter_map(key).collect();
        found.iter().map(|one| key(one).is_none_or(|key| told.insert(key))).collect()
    };
    diagnostics.extend(found.into_iter().zip(is_new).filter_map(|(one, new)| new.then_some(one)));
}
