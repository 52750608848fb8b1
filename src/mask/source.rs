//! The text of a file without what may not be shown, with the places in it.

use std::sync::Arc;

use super::{Found, Masks};
use crate::source::{Source, Span};

/// Masked copies of files, each made once for the values that are known.
#[derive(Debug)]
pub struct Sources {
    masks: Masks,
    copies: Vec<Copy>,
    /// How many values there were.
    known: usize,
}

#[derive(Debug)]
struct Copy {
    source: Arc<Source>,
    masked: Arc<Source>,
    /// The pieces that were replaced, with the bytes that stand there now.
    edits: Vec<(Span, usize)>,
}

impl Sources {
    /// None was asked for yet.
    #[must_use]
    pub fn new(masks: Masks) -> Self {
        Self { masks, copies: Vec::new(), known: 0 }
    }

    /// What is masked in them.
    #[must_use]
    pub fn masks(&self) -> &Masks {
        &self.masks
    }

    /// A piece of a file, in its masked copy.
    pub fn mask(&mut self, source: &mut Arc<Source>, span: &mut Span) {
        let known = self.masks.len();
        if std::mem::replace(&mut self.known, known) != known {
            self.copies.clear();
        }
        let at = self.copies.iter().position(|copy| Arc::ptr_eq(&copy.source, source));
        let at = at.unwrap_or_else(|| {
            self.copies.push(Copy::of(source, &self.masks));
            self.copies.len() - 1
        });
        let copy = &self.copies[at];
        *span = Span::new(copy.place(span.start, false), copy.place(span.end, true));
        *source = Arc::clone(&copy.masked);
    }
}

impl Copy {
    fn of(source: &Arc<Source>, masks: &Masks) -> Self {
        let text = source.text();
        let found = masks.find(text.as_bytes());
        if found.is_empty() {
            let (source, masked) = (Arc::clone(source), Arc::clone(source));
            return Self { source, masked, edits: Vec::new() };
        }
        // The lines keep their numbers.
        let whole: Vec<Found> = found
            .into_iter()
            .map(|(range, stands_in)| {
                let breaks = text.get(range.clone()).unwrap_or_default().matches('\n').count();
                (range, format!("{stands_in}{}", "\n".repeat(breaks)).into())
            })
            .collect();
        let masked = super::replaced(text.as_bytes(), &whole);
        let masked = source.with_text(String::from_utf8_lossy(&masked));
        let edits = whole.iter().map(|(range, by)| (Span::new(range.start, range.end), by.len()));
        Self { source: Arc::clone(source), masked: masked.into(), edits: edits.collect() }
    }

    /// Where a byte of the text stands in the copy; within a piece that was replaced it is that one's start or end.
    fn place(&self, at: usize, is_end: bool) -> usize {
        let (mut before, mut after) = (0, 0);
        for (span, length) in &self.edits {
            if at <= span.start {
                break;
            }
            if at < span.end {
                return span.start - before + after + if is_end { *length } else { 0 };
            }
            before += span.end - span.start;
            after += length;
        }
        at - before + after
    }
}
