//! libyaml's errors in the user's terms: at the place where the mistake is, with what to do about it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::lex::{Lexeme, Lexemes, Piece};
use super::places::Places;
use super::problem;
use super::syntax_rules::RULES;
use crate::diagnostic::{Diagnostic, suggest};
use crate::source::{Source, Span};

/// What libyaml said, and the text around.
pub(super) struct Case<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) lexemes: &'a Lexemes,
    /// What it stumbled over, such as `did not find expected key`.
    pub(super) problem: String,
    /// What it was doing, such as `while parsing a block mapping`.
    pub(super) context: String,
    /// Where it stumbled.
    pub(super) at: usize,
    /// Where what it was doing began.
    pub(super) begun: Option<usize>,
}

/// What a parse error of serde_yaml means.
pub(super) fn diagnostics(error: &serde_yaml::Error, places: &Places) -> Vec<Diagnostic> {
    let message = error.to_string();
    if message.starts_with("repetition limit exceeded") {
        return problem::repeated(places);
    }
    if message.contains("unknown anchor") {
        let found = unknown_aliases(places);
        if !found.is_empty() {
            return found;
        }
    }
    if message.contains("more than one document")
        && let Some(found) = second_value(places)
    {
        return vec![found];
    }
    let case = Case::of(&message, error, places);
    let found = RULES.iter().find_map(|rule| rule(&case));
    vec![found.unwrap_or_else(|| case.as_it_is())]
}

impl<'a> Case<'a> {
    fn of(message: &str, error: &serde_yaml::Error, places: &'a Places) -> Self {
        let source = places.source();
        // A location of 1:1 is left out of the text, but not of the error.
        let at = error.location().map_or(0, |location| location.index()).min(source.text().len());
        let (problem, context) = message.split_once(", while ").unwrap_or((message, ""));
        let problem = problem.split(" at line ").next().unwrap_or(problem);
        let problem = problem.split(" at position ").next().unwrap_or(problem);
        let (context, begun) = match context.split_once(" at line ") {
            Some((context, place)) => (context, offset(source, place)),
            None => (context, None),
        };
        let context = context.split(" at position ").next().unwrap_or(context);
        Self {
            source,
            lexemes: places.lexemes(),
            problem: problem.to_owned(),
            context: context.to_owned(),
            at,
            begun,
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.source.text()
    }

    pub(super) fn says(&self, problem: &str) -> bool {
        self.problem.contains(problem)
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text().as_bytes().get(self.at).copied()
    }

    /// The character at the place, as a span.
    pub(super) fn here(&self) -> Span {
        self.source.character_at(self.at)
    }

    /// The piece at the place.
    pub(super) fn piece(&self) -> Option<&'a Lexeme> {
        self.lexemes.at(self.at)
    }

    /// The piece at the place as a span, on one line.
    pub(super) fn word(&self) -> Span {
        let line = self.source.line_at(self.at);
        self.piece().map_or_else(
            || self.here(),
            |it| Span::new(it.start, it.end.min(line.end).max(it.start)),
        )
    }

    /// The first byte of the line that is no blank.
    pub(super) fn line_text(&self) -> usize {
        let line = self.source.line_at(self.at);
        let text = &self.text()[line.start..line.end];
        line.start + text.len() - text.trim_start().len()
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        &self.text()[span.start..span.end]
    }

    pub(super) fn error(
        &self,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(message).at(self.source, span, label)
    }

    /// Nothing better to say than what libyaml says, in words that fit the house.
    fn as_it_is(&self) -> Diagnostic {
        let problem = self.problem.replace("did not find", "no").replace("found ", "");
        let mut found = self.error(format!("not valid YAML: {problem}"), self.here(), "");
        if let Some(begun) = self.begun.filter(|&begun| begun != self.at) {
            let context =
                self.context.trim_start_matches("parsing ").trim_start_matches("scanning ");
            found = found.also(
                self.source,
                Span::new(begun, begun),
                format!("in {context} that begins here"),
            );
        }
        found
    }
}

/// The offset of a place as libyaml writes it: `2 column 5`.
fn offset(source: &Source, place: &str) -> Option<usize> {
    let (line, column) = place.split_once(" column ")?;
    Some(source.offset(line.parse().ok()?, column.parse().ok()?))
}

/// The text, or its beginning where a message would drown in it.
pub(super) fn brief(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(100) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// The text in the quotes that suit it.
pub(super) fn quoted(text: &str) -> String {
    let text = brief(text);
    if text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

/// A value that begins with `{{`, as templates do elsewhere; `at` is at or behind the braces, on their line.
pub(super) fn double_brace(source: &Arc<Source>, at: usize) -> Option<Diagnostic> {
    let text = source.text();
    let line = source.line_at(at);
    let braces = line.start + text[line.start..line.end].find("{{")?;
    let before = text[line.start..braces].trim_end();
    if !(before.is_empty() || before.ends_with([':', '-', '[', ',', '{'])) {
        return None;
    }
    let value = text[braces..line.end].trim_end();
    let key = before.trim_start().trim_start_matches("- ");
    let fixed = format!("{key}{}{}", if key.is_empty() { "" } else { " " }, quoted(value));
    let end = braces + value.len();
    let name: String = value[2..].chars().take_while(|&c| c != '}').collect();
    Some(
        Diagnostic::error("a value that begins with `{{` must be in quotes")
            .at(source, Span::new(braces, end), "YAML reads this as a map in a map")
            .help(format!("put it in quotes: `{fixed}`"))
            .help(format!("a template is written `${{{}}}` here", name.trim())),
    )
}

/// Something behind the one value of the document, which libyaml takes for a second document.
fn second_value(places: &Places) -> Option<Diagnostic> {
    let mut pieces = places.lexemes().all().iter().skip_while(|it| {
        matches!(it.piece, Piece::Start | Piece::Directive | Piece::Tag | Piece::Anchor)
    });
    let first = pieces.next()?;
    let end = match first.piece {
        Piece::Open => {
            pieces.find(|it| it.piece == Piece::Close && it.flow == Some(first.start))?
        }
        _ => first,
    };
    let next = places.lexemes().all().get(places.lexemes().index(end.end))?;
    let source = places.source();
    let line = source.line_at(next.start);
    let span = Span::new(next.start, next.end.min(line.end).max(next.start));
    let found = Diagnostic::error("text after the end of the value that the file holds")
        .at(source, span, "belongs to nothing")
        .help("a scenario is a map of keys; is a `:` or a quote missing?");
    Some(found.also(source, source.character_at(first.start), "the value begins here"))
}

fn unknown_aliases(places: &Places) -> Vec<Diagnostic> {
    let source = places.source();
    let mut known: HashSet<&str> = HashSet::new();
    let mut found = Vec::new();
    for lexeme in places.lexemes().all() {
        let name = &source.text()[lexeme.start..lexeme.end];
        match lexeme.piece {
            Piece::Anchor => {
                known.insert(&name[1..]);
            }
            Piece::Alias if !known.contains(&name[1..]) => {
                found.push(unknown_alias(source, lexeme, name, &known));
            }
            _ => {}
        }
    }
    found
}

fn unknown_alias(
    source: &Arc<Source>,
    lexeme: &Lexeme,
    name: &str,
    known: &HashSet<&str>,
) -> Diagnostic {
    let span = Span::new(lexeme.start, lexeme.end);
    let found = Diagnostic::error(format!("no anchor `&{}` before this alias", brief(&name[1..])));
    let mut known: Vec<&str> = known.iter().copied().collect();
    known.sort_unstable();
    let found = match suggest::closest(&name[1..], known.iter().copied()) {
        Some(near) => {
            found.at(source, span, "unknown anchor").help(format!("did you mean `*{near}`?"))
        }
        None => found.at(source, span, "unknown anchor"),
    };
    found.help(format!("if it is text, put it in quotes: `{}`", quoted(name)))
}
