//! From a node's number and offset to its span, with what is built only when asked for.

use std::sync::{Arc, OnceLock};

use super::At;
use super::index::{Index, Reach, index};
use super::lex::{Lexeme, Lexemes, Piece};
use crate::source::{Source, Span};

/// The places in a text: all of a [`super::Document`] that is needed once it was decoded.
#[derive(Debug)]
pub struct Places {
    source: Arc<Source>,
    lexemes: OnceLock<Lexemes>,
    index: OnceLock<Index>,
}

impl Places {
    pub(super) fn new(source: Arc<Source>) -> Self {
        Self { source, lexemes: OnceLock::new(), index: OnceLock::new() }
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    pub(super) fn lexemes(&self) -> &Lexemes {
        self.lexemes.get_or_init(|| Lexemes::of(self.source.text()))
    }

    /// The piece of the text that a node stands in, see [`super::Document::span`].
    #[must_use]
    pub fn span(&self, at: At) -> Span {
        self.piece(at.offset.map_or_else(|| self.place(at.id), |offset| offset as usize))
    }

    /// Where a node begins; the text is not looked at where the reading pass saw it.
    #[must_use]
    pub fn start(&self, at: At) -> usize {
        match at.offset {
            Some(offset) => offset as usize,
            None => self.span(at).start,
        }
    }

    pub(super) fn span_of(&self, id: u32) -> Span {
        self.piece(self.place(id))
    }

    /// Where a node begins, with its anchor and tag.
    pub(super) fn place(&self, id: u32) -> usize {
        let index = self.index.get_or_init(|| index(self.source.text(), Reach::All));
        index.place(id).unwrap_or(0).min(self.source.text().len())
    }

    /// A scalar as it is written.
    pub(super) fn text(&self, at: At) -> &str {
        let span = self.span(at);
        self.source.text().get(span.start..span.end).unwrap_or_default()
    }

    /// The span of the node at a place: past its anchor and tag, and past the head of a collection to its first entry.
    fn piece(&self, place: usize) -> Span {
        let lexemes = self.lexemes();
        let first = lexemes.index(place);
        let pieces = lexemes.all().get(first..).unwrap_or_default();
        let empty = Span::new(place, place);
        if pieces.first().is_none_or(|lexeme| lexeme.start > place) {
            return empty;
        }
        for (number, lexeme) in pieces.iter().enumerate() {
            let next = pieces.get(number + 1);
            match lexeme.piece {
                Piece::Dash | Piece::Question | Piece::Tag | Piece::Anchor => {}
                Piece::Open => match next.map(|next| next.piece) {
                    Some(Piece::Close) => {
                        return Span::new(lexeme.start, next.map_or(lexeme.end, |it| it.end));
                    }
                    _ if self.is_list(lexeme) => {
                        return Span::new(lexeme.start, self.end_of_list(&pieces[number..]));
                    }
                    _ => {}
                },
                _ if lexeme.piece.is_scalar() || lexeme.piece == Piece::Alias => {
                    return Span::new(lexeme.start, lexeme.end);
                }
                _ => return empty,
            }
        }
        empty
    }

    /// The end of the list that the first piece opens, if it is on the same line.
    fn end_of_list(&self, pieces: &[Lexeme]) -> usize {
        let mut depth = 0;
        for lexeme in pieces {
            match lexeme.piece {
                Piece::Open => depth += 1,
                Piece::Close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let text = self.source.text().get(pieces[0].start..lexeme.end).unwrap_or_default();
                return if text.contains(['\n', '\r']) { pieces[0].end } else { lexeme.end };
            }
        }
        pieces.first().map_or(0, |open| open.end)
    }

    fn is_list(&self, open: &Lexeme) -> bool {
        self.source.text()[open.start..].starts_with('[')
    }
}
