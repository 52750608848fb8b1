//! What the reading pass found wrong, as diagnostics.

use std::sync::Arc;

use super::index::{Reach, index};
use super::lex::{Lexeme, Piece};
use super::places::Places;
use super::syntax;
use super::tree::{MAX_DEPTH, Problem, Stop};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// What is refused before libyaml sees the text, or because libyaml would say nothing.
pub(super) struct Refused {
    pub(super) found: Vec<Diagnostic>,
    pub(super) too_deep: bool,
}

/// Finds tags and too many levels in the pieces of the text.
pub(super) fn refused_by_sight(places: &Places) -> Refused {
    let source = places.source();
    let all = places.lexemes().all();
    let mut found = Vec::new();
    for (number, lexeme) in all.iter().enumerate() {
        if lexeme.depth > MAX_DEPTH {
            found.push(too_deep(source, Span::new(lexeme.start, lexeme.end)));
            return Refused { found, too_deep: true };
        }
        if lexeme.piece == Piece::Tag {
            found.push(tag(source, lexeme, all.get(number + 1)));
        }
    }
    Refused { found, too_deep: false }
}

fn too_deep(source: &Arc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(format!("more than {MAX_DEPTH} levels of lists and maps"))
        .at(source, span, format!("level {} begins here", MAX_DEPTH + 1))
        .help("put deep data in a file of its own, or send it as `text`")
}

fn tag(source: &Arc<Source>, tag: &Lexeme, next: Option<&Lexeme>) -> Diagnostic {
    let name = &*syntax::brief(&source.text()[tag.start..tag.end]);
    let core = ["!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq"].contains(&name);
    let message = if core { "unsupported" } else { "unknown" };
    let found = Diagnostic::error(format!("{message} tag `{name}`")).at(
        source,
        Span::new(tag.start, tag.end),
        "tags are not supported",
    );
    let value = next.filter(|next| next.piece == Piece::Plain && next.start <= tag.end + 1);
    let value = value.map(|next| &source.text()[next.start..next.end]);
    match (name, value) {
        ("!!str", Some(value)) => {
            found.help(format!("text is written in quotes: `{}`", syntax::quoted(value)))
        }
        _ if core => found.help("leave it out: a value has the type it is written as"),
        ("!env" | "!ENV", Some(value)) => {
            found.help(format!("a variable of the environment is written `${{env.{value}}}`"))
        }
        _ => found.help(format!("if the text itself begins with `!`, put it in quotes: `{}`", {
            let end = value.map_or(tag.end, |value| tag.end + 1 + value.len());
            syntax::quoted(source.text().get(tag.start..end).unwrap_or(name))
        })),
    }
}

/// The diagnostic of what did not stop the reading.
pub(super) fn diagnostic(problem: &Problem, places: &Places) -> Diagnostic {
    let source = places.source();
    match problem {
        Problem::Duplicate { key, first, second } => {
            Diagnostic::error(format!("duplicate key `{}`", syntax::brief(key)))
                .at(source, places.span_of(*second), "given again here")
                .also(source, places.span_of(*first), "first given here")
                .help(if key == "<<" {
                    "merge several maps with `<<: [*one, *two]`"
                } else {
                    "a map has each key once: remove one of the two, or rename it"
                })
        }
        Problem::Key { id, kind } => key(places, *id, kind),
        Problem::Merge { id, kind } => {
            Diagnostic::error(format!("`<<` takes a map or a list of maps, not {kind}"))
                .at(source, places.span_of(*id), "cannot be merged")
                .help("name the map with `&name` and merge it with `<<: *name`")
        }
        Problem::NotFinite { id } => {
            let span = places.span_of(*id);
            let text = syntax::brief(&source.text()[span.start..span.end]);
            Diagnostic::error(format!("`{text}` is not a number in JSON"))
                .at(source, span, "cannot be sent or compared")
                .help(format!("if it is text, put it in quotes: `\"{text}\"`"))
        }
        // For a tag that was not seen as a piece.
        Problem::Tag { id } => Diagnostic::error("unknown tag").at(
            source,
            Span::new(places.place(*id), places.place(*id)),
            "tags are not supported",
        ),
    }
}

fn key(places: &Places, id: u32, kind: &str) -> Diagnostic {
    let source = places.source();
    let place = places.place(id);
    if let Some(found) = syntax::double_brace(source, place) {
        return found;
    }
    let span = places.span_of(id);
    let found = Diagnostic::error(format!("a key must be text, not {kind}"));
    if matches!(kind, "a list" | "a map") {
        let span = Span::new(place, (place + 1).min(source.text().len()));
        return found
            .at(source, span, format!("{kind} as a key"))
            .help("if it is text, put it in quotes");
    }
    let text = syntax::brief(&source.text()[span.start..span.end]);
    if text.is_empty() {
        return found.at(source, span, "a key is missing here");
    }
    found
        .at(source, span, format!("this is {kind}"))
        .help(format!("put it in quotes: `\"{text}\"`"))
}

/// The diagnostic of what stopped the reading.
pub(super) fn stopped(stop: Stop, places: &Places) -> Vec<Diagnostic> {
    let source = places.source();
    let (Stop::Depth(id) | Stop::Nodes(id) | Stop::Text(id)) = stop;
    let reach = match stop {
        // Only a cycle needs to know which alias was inside which.
        Stop::Depth(_) => Reach::To(id),
        Stop::Nodes(_) | Stop::Text(_) => Reach::ToOutside(id),
    };
    let index = index(source.text(), reach);
    let here = index.place(id).unwrap_or(0);
    let alias = index.aliases.last().map(|&alias| alias as usize);
    let cycle = alias
        .filter(|_| index.aliases.iter().filter(|&&it| Some(it as usize) == alias).count() > 1);
    let outermost = index.aliases.first().map_or(here, |&alias| alias as usize);
    vec![match (stop, cycle) {
        (_, Some(at)) => cyclic(places, at),
        (Stop::Depth(_), None) => {
            too_deep(source, word(places, if alias.is_some() { outermost } else { here }))
        }
        (Stop::Nodes(_), None) => expansion(places, outermost, "to too many values"),
        (Stop::Text(_), None) => expansion(places, outermost, "to more than 16 MiB of text"),
    }]
}

/// What serde_yaml itself stops at: aliases that are followed a hundred times as often as there are nodes.
pub(super) fn repeated(places: &Places) -> Vec<Diagnostic> {
    let index = index(places.source().text(), Reach::ToOutside(u32::MAX));
    let alias = index.aliases.first().map_or(0, |&alias| alias as usize);
    vec![expansion(places, alias, "to too many values")]
}

fn word(places: &Places, at: usize) -> Span {
    places.lexemes().at(at).map_or(Span::new(at, at), |lexeme| Span::new(lexeme.start, lexeme.end))
}

fn expansion(places: &Places, at: usize, to: &str) -> Diagnostic {
    Diagnostic::error(format!("refused: aliases expand {to}"))
        .at(places.source(), word(places, at), "the limit is passed in what this stands for")
        .help("write less with aliases, or put the data in a file of its own")
}

fn cyclic(places: &Places, at: usize) -> Diagnostic {
    let source = places.source();
    let span = word(places, at);
    let name = source.text()[span.start..span.end].trim_start_matches('*');
    let found = Diagnostic::error(format!("alias `*{name}` stands inside the value it stands for"))
        .at(source, span, "would never end");
    let anchor = places
        .lexemes()
        .all()
        .iter()
        .take_while(|it| it.start < at)
        .filter(|it| it.piece == Piece::Anchor && &source.text()[it.start + 1..it.end] == name)
        .last();
    match anchor {
        Some(anchor) => {
            found.also(source, Span::new(anchor.start, anchor.end), "the value begins here")
        }
        None => found,
    }
}
