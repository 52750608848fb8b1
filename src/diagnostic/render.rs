//! Diagnostics as text: the wall around `annotate-snippets`.

use std::collections::BTreeMap;
use std::sync::Arc;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Label, Note, Severity};
use crate::source::{Source, Span};

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With the escape sequences of terminals.
    pub color: bool,
    /// The columns that a line of an excerpt may take; longer ones are cut around the caret.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: DEFAULT_TERM_WIDTH }
    }
}

/// Draws the diagnostics, a blank line between them, at the width of no terminal.
#[must_use]
pub fn text(diagnostics: &[Diagnostic], color: bool) -> String {
    styled(diagnostics, Style { color, ..Style::default() })
}

/// Draws the diagnostics, a blank line between them.
#[must_use]
pub fn styled(diagnostics: &[Diagnostic], style: Style) -> String {
    let renderer = if style.color { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width);
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&one(diagnostic, &renderer));
        out.push('\n');
    }
    out
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let excerpts = excerpts(diagnostic);
    let mut group = Group::with_title(level.primary_title(&diagnostic.message));
    for excerpt in &excerpts {
        group = group.element(excerpt.snippet());
    }
    for note in &diagnostic.notes {
        group = group.element(named(note));
    }
    let drawn = renderer.render(&[group]);
    // The drawing has blanks behind bare gutters in places.
    let lines: Vec<&str> = drawn.lines().map(str::trim_end).collect();
    lines.join("\n")
}

fn named(note: &Note) -> annotate_snippets::Message<'_> {
    let level = match note.name {
        "help" => Level::HELP,
        "note" => Level::NOTE,
        other => Level::NOTE.with_name(other),
    };
    level.message(clean(&note.text))
}

/// What cannot be shown, shown: line breaks stay, as a note may have several lines.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { shown(c) }).collect()
}

/// One character in the place of one, so that columns stay; `annotate-snippets` knows those of ASCII itself.
fn shown(c: char) -> char {
    match c {
        '\0'..='\u{1f}' if c != '\t' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => '\u{fffd}',
        _ => c,
    }
}

/// The lines of one source that are shown, as a text of their own.
struct Excerpt<'d> {
    source: &'d Arc<Source>,
    /// The number of the first line.
    line: usize,
    text: String,
    marks: Vec<Mark<'d>>,
}

struct Mark<'d> {
    kind: AnnotationKind,
    span: std::ops::Range<usize>,
    label: &'d str,
}

/// The excerpts, that of the primary label first.
fn excerpts(diagnostic: &Diagnostic) -> Vec<Excerpt<'_>> {
    let primary = diagnostic.primary.iter().map(|label| (AnnotationKind::Primary, label));
    let related = diagnostic.related.iter().map(|label| (AnnotationKind::Context, label));
    let mut sources: Vec<(&Arc<Source>, Vec<(AnnotationKind, &Label)>)> = Vec::new();
    for (kind, label) in primary.chain(related) {
        match sources.iter_mut().find(|(source, _)| Arc::ptr_eq(source, &label.source)) {
            Some((_, labels)) => labels.push((kind, label)),
            None => sources.push((&label.source, vec![(kind, label)])),
        }
    }
    sources.into_iter().map(|(source, labels)| Excerpt::of(source, &labels)).collect()
}

impl<'d> Excerpt<'d> {
    fn of(source: &'d Arc<Source>, labels: &[(AnnotationKind, &'d Label)]) -> Self {
        let mut lines = BTreeMap::new();
        for (kind, label) in labels {
            let span = source.line_at(label.span.start);
            lines.insert(span.start, span);
            if *kind == AnnotationKind::Primary && span.start > 0 {
                let before = source.line_at(span.start - 1);
                lines.insert(before.start, before);
            }
        }
        let first = lines.keys().next().copied().unwrap_or(0);
        let line = source.position(first).line;
        let mut excerpt = Self { source, line, text: String::new(), marks: Vec::new() };
        let mut number = line;
        for span in lines.into_values() {
            let this = source.position(span.start).line;
            // Many lines in between are folded away, so they may as well be empty.
            let few = this - number <= 3;
            while number < this {
                excerpt.text.push('\n');
                number += 1;
                if few && number < this {
                    excerpt.line_of(source.line_at(source.offset(number, 1)), &[]);
                }
            }
            excerpt.line_of(span, labels);
        }
        excerpt
    }

    fn line_of(&mut self, line: Span, labels: &[(AnnotationKind, &'d Label)]) {
        // The places of the characters of the line, old and new, as what cannot be shown is replaced.
        let start = self.text.len();
        let mut places = Vec::new();
        for (at, c) in self.source.text()[line.start..line.end].char_indices() {
            places.push((line.start + at, self.text.len()));
            self.text.push(shown(c));
        }
        let end = self.text.len();
        let place = |at: usize| {
            let index = places.partition_point(|&(old, _)| old < at);
            places.get(index).map_or(end, |&(_, new)| new)
        };
        let mut marked = false;
        for (kind, label) in labels {
            if self.source.line_at(label.span.start).start != line.start {
                continue;
            }
            marked = true;
            let span = place(label.span.start)..place(label.span.end.min(line.end)).max(place(label.span.start));
            self.marks.push(Mark { kind: *kind, span, label: &label.text });
        }
        if !marked {
            self.marks.push(Mark { kind: AnnotationKind::Visible, span: start..end, label: "" });
        }
    }

    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let marks = self.marks.iter().map(|mark| {
            let label = Some(mark.label).filter(|label| !label.is_empty());
            mark.kind.span(mark.span.clone()).label(label)
        });
        Snippet::source(self.text.as_str())
            .path(self.source.name())
            .line_start(self.line)
            .annotations(marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source::new("a.yaml", "a.yaml", text))
    }

    fn span(source: &Source, piece: &str) -> Span {
        let start = source.text().find(piece).unwrap();
        Span::new(start, start + piece.len())
    }

    #[track_caller]
    fn check(diagnostic: Diagnostic, expected: &str) {
        let drawn = text(&[diagnostic], false);
        assert_eq!(drawn, expected, "\n{drawn}");
    }

    #[test]
    fn a_failure_as_the_command_line_shows_it() {
        let lines = "\n".repeat(28) + "    expect:\n      json:\n        $.user: ${user}\n";
        let source = source(&lines);
        let diagnostic = Diagnostic::error("`$.user` is \"bob\"")
            .at(&source, span(&source, "${user}"), "expected \"alice\", the value of `user`")
            .note("request", "GET http://127.0.0.1:8080/account -> 200 OK in 12 ms, 214 bytes")
            .note("body", "{\n  \"user\": \"bob\"\n}")
            .help("look twice");
        check(
            diagnostic,
            r#"error: `$.user` is "bob"
  --> a.yaml:31:17
   |
30 |       json:
31 |         $.user: ${user}
   |                 ^^^^^^^ expected "alice", the value of `user`
   |
   = request: GET http://127.0.0.1:8080/account -> 200 OK in 12 ms, 214 bytes
   = body: {
             "user": "bob"
           }
   = help: look twice
"#,
        );
    }

    #[test]
    fn no_place_and_several() {
        let one = Diagnostic::error("cannot read `x`").help("create it");
        let two = Diagnostic::warning("hm");
        assert_eq!(text(&[one, two], false), "error: cannot read `x`\n |\n = help: create it\n\nwarning: hm\n");
    }

    #[test]
    fn related_places() {
        let here = source("name: a\nsteps: []\ntags: []\nname: b\n");
        let there = Arc::new(Source::new("b.yaml", "b.yaml", "x: 1\n"));
        let second = here.text().rfind("name").unwrap();
        let diagnostic = Diagnostic::error("duplicate key `name`")
            .at(&here, Span::new(second, second + 4), "again")
            .also(&here, Span::new(0, 4), "first")
            .also(&there, Span::new(0, 1), "and here");
        check(
            diagnostic,
            "error: duplicate key `name`
 --> a.yaml:4:1
  |
1 | name: a
  | ---- first
2 | steps: []
3 | tags: []
4 | name: b
  | ^^^^ again
  |
 ::: b.yaml:1:1
  |
1 | x: 1
  | - and here
",
        );
    }

    #[test]
    fn what_garbles_is_replaced() {
        let source = source("a: 1\r\tb: \u{1b}[31m\u{202e}x\u{85}c: é→y");
        check(
            Diagnostic::error("bad").at(&source, span(&source, "x"), "here"),
            "error: bad
 --> a.yaml:2:11
  |
1 | a: 1
2 |     b: ␛[31m�x
  |              ^ here
",
        );
        check(
            Diagnostic::error("bad").at(&source, span(&source, "y"), ""),
            "error: bad
 --> a.yaml:3:6
  |
2 |     b: ␛[31m�x
3 | c: é→y
  |      ^
",
        );
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let source = source(&format!("a: {}HERE{}", "x".repeat(500_000), "y".repeat(500_000)));
        let drawn = text(&[Diagnostic::error("bad").at(&source, span(&source, "HERE"), "")], false);
        assert!(drawn.lines().all(|line| line.chars().count() < 160), "{drawn}");
        assert!(drawn.contains("HERE") && drawn.contains("a.yaml:1:500004"), "{drawn}");
    }

    #[test]
    fn a_place_at_the_end_and_one_over_lines() {
        let source = source("a: \"b\nc\"\n");
        check(
            Diagnostic::error("bad").at(&source, span(&source, "\"b\nc\""), "here"),
            "error: bad
 --> a.yaml:1:4
  |
1 | a: \"b
  |    ^^ here
",
        );
        let drawn = text(&[Diagnostic::error("bad").at(&source, Span::new(9, 9), "end")], false);
        assert!(drawn.contains("^ end"), "{drawn}");
    }
}
