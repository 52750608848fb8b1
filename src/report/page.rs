//! Lines and blocks, with a blank line where a block begins or ends.

/// What was written last decides whether a blank line comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// A line among lines.
    Line,
    /// A line that begins a group of lines.
    Heading,
    /// Lines that stand alone.
    Block,
}

/// Text to be written, which remembers what it ended with when it was.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    first: Option<Piece>,
    last: Option<Piece>,
}

impl Page {
    /// A line among others.
    pub(super) fn line(&mut self, line: &str) {
        self.push(Piece::Line, line);
    }

    /// A line that begins a group.
    pub(super) fn heading(&mut self, line: &str) {
        self.push(Piece::Heading, line);
    }

    /// Lines that stand alone.
    pub(super) fn block(&mut self, lines: &str) {
        self.push(Piece::Block, lines);
    }

    fn push(&mut self, piece: Piece, text: &str) {
        self.gap(piece);
        self.text.push_str(text);
        self.text.push('\n');
        self.first = self.first.or(Some(piece));
        self.last = Some(piece);
    }

    fn gap(&mut self, next: Piece) {
        let together = next == Piece::Line && self.last != Some(Piece::Block);
        if self.last.is_some() && !together {
            self.text.push('\n');
        }
    }

    /// Another page after this one.
    pub(super) fn append(&mut self, other: Page) {
        let Some(first) = other.first else { return };
        self.gap(first);
        self.text.push_str(&other.text);
        self.first = self.first.or(other.first);
        self.last = other.last;
    }

    /// What is to be written now.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_room() {
        let mut page = Page::default();
        page.line("a");
        page.line("b");
        let mut other = Page::default();
        other.block("C");
        other.block("D");
        page.append(other);
        page.append(Page::default());
        assert_eq!(page.take(), "a\nb\n\nC\n\nD\n");
        page.line("e");
        page.heading("f");
        page.line("g");
        assert_eq!(page.take(), "\ne\n\nf\ng\n");
    }
}
