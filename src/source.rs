//! Text that a person wrote, and places in it.

use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

/// A piece of a source's text, in bytes, end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The piece from `start` to `end`, end excluded.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// A place as editors count it: both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A file's text with the name it is shown under.
#[derive(Debug)]
pub struct Source {
    name: String,
    path: PathBuf,
    /// The path from the project's folder, if that was said.
    identity: Option<String>,
    text: String,
    /// Where each line begins, in bytes; looked for when a place is told.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// A source of this text; a byte order mark before it is dropped, as it is not part of the text.
    ///
    /// `name` is what messages show, `path` where it was read from.
    #[must_use]
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let mut text: String = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let lines = OnceLock::new();
        Self { name: name.into(), path: path.into(), identity: None, text, lines }
    }

    /// The name that messages show: the path as the user would type it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says which folder is the project's.
    #[must_use]
    pub fn below(mut self, root: &Path) -> Self {
        let path = plain(&self.path);
        self.identity = path.strip_prefix(plain(root)).ok().map(|path| path.display().to_string());
        self
    }

    /// The same file with another text.
    #[must_use]
    pub fn with_text(&self, text: impl Into<String>) -> Self {
        let identity = self.identity.clone();
        Self { identity, ..Self::new(self.name.clone(), self.path.clone(), text) }
    }

    /// The path from the project's folder, the same from every working directory; else the name.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.identity.as_deref().unwrap_or(&self.name)
    }

    /// Where it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| line_starts(&self.text))
    }

    /// The line and column of a byte offset; an offset past the end is the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let most = offset.min(self.text.len());
        let offset = (0..=most).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
        let line = self.lines().partition_point(|&start| start <= offset).max(1);
        let start = self.lines()[line - 1];
        Position { line, column: self.text[start..offset].chars().count() + 1 }
    }

    /// The character that begins at a byte offset; none at the end of a line, and where none begins.
    #[must_use]
    pub fn character_at(&self, offset: usize) -> Span {
        let rest = self.text.get(offset..).unwrap_or_default();
        let found = rest.chars().next().filter(|c| !is_break(*c));
        Span::new(offset, offset + found.map_or(0, char::len_utf8))
    }

    /// The line, without its break, that a byte offset is in; an offset past the end is in the last.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> Span {
        let line = self.lines().partition_point(|&start| start <= offset).max(1);
        let start = self.lines()[line - 1];
        let end = self.lines().get(line).copied().unwrap_or(self.text.len());
        let text = self.text[start..end].trim_end_matches(is_break);
        Span { start, end: start + text.len() }
    }

    /// The byte offset of a line and column, both from 1; past a line's end is its end.
    #[must_use]
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let Some(&start) = self.lines().get(line.saturating_sub(1)) else {
            return self.text.len();
        };
        let end = self.lines().get(line).copied().unwrap_or(self.text.len());
        self.text[start..end]
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(end, |(at, _)| start + at)
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A path without `.` and `..`, as far as the words alone go.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match plain.components().next_back() {
                Some(Component::Normal(_)) => _ = plain.pop(),
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => plain.push(component),
            },
            other => plain.push(other),
        }
    }
    plain
}

/// Line breaks are those of YAML 1.1, which libyaml counts: LF, CR LF, CR, NEL, LS and PS.
fn line_starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\r' if matches!(chars.peek(), Some((_, '\n'))) => {}
            _ if is_break(c) => starts.push(at + c.len_utf8()),
            _ => {}
        }
    }
    starts.shrink_to_fit();
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, offset: usize, line: usize, column: usize) {
        let source = Source::new("a.yaml", "a.yaml", text);
        assert_eq!(source.position(offset), Position { line, column });
        assert_eq!(source.offset(line, column), offset);
    }

    #[test]
    fn offsets_and_positions_are_inverse() {
        check("ab\ncd", 0, 1, 1);
        check("ab\ncd", 3, 2, 1);
        check("ab\r\ncd", 4, 2, 1);
        check("ab\rcd", 3, 2, 1);
        check("é\nü:x", 5, 2, 2);
        check("", 0, 1, 1);
    }

    #[test]
    fn a_files_identity_does_not_change_with_the_working_directory() {
        let identity = |path: &str| {
            Source::new("typed.yaml", path, "")
                .below(Path::new("/home/ann/shop"))
                .identity()
                .to_owned()
        };
        assert_eq!(identity("/home/ann/shop/a/b.yaml"), "a/b.yaml");
        assert_eq!(identity("/home/ann/shop/x/../a/./b.yaml"), "a/b.yaml");
        assert_eq!(identity("/elsewhere/b.yaml"), "typed.yaml");
    }

    #[test]
    fn a_byte_order_mark_is_not_text() {
        assert_eq!(Source::new("a", "a", "\u{feff}name: x").text(), "name: x");
    }
}
