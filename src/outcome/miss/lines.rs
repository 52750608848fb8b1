//! Where two texts of many lines differ: only the lines that do, with those around them.

use std::fmt::Write as _;

/// So many lines are told: a screenful.
pub const MOST_LINES: usize = 30;
/// A line is shown up to so many characters.
const WIDTH: usize = 100;
/// Of a long line, so many characters stand before the first one that differs.
const BEFORE: usize = 30;

/// Where two texts differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineDifferences {
    /// In how many places.
    pub places: usize,
    /// The first of the lines, at most [`MOST_LINES`].
    pub lines: Vec<DiffLine>,
    /// How many lines that differ are not among them.
    pub more: usize,
    /// Whether what was expected came in this very run.
    pub own: bool,
}

/// A line of one of the texts, or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// Whose it is.
    pub side: Side,
    /// Its number in the file that was expected; none if it is not there.
    pub number: Option<usize>,
    /// The line, without its end.
    pub text: String,
}

/// The texts that a line is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In both.
    Both,
    /// In what was expected.
    Expected,
    /// In what came.
    Actual,
    /// Lines that are in both are left out here.
    Gap,
}

impl LineDifferences {
    /// The lines with their numbers, `-` before those that are gone and `+` before those that came.
    pub(super) fn drawn(&self) -> String {
        let numbers = self.lines.iter().filter_map(|line| line.number);
        let width = numbers.max().unwrap_or(0).to_string().len();
        let mut out = String::new();
        for (index, line) in self.lines.iter().enumerate() {
            let number = line.number.map(|number| number.to_string()).unwrap_or_default();
            let mark = match line.side {
                Side::Both => ' ',
                Side::Expected => '-',
                Side::Actual => '+',
                Side::Gap => {
                    out.push_str("…\n");
                    continue;
                }
            };
            let text = shown(&line.text, self.partner(index));
            let _ = writeln!(out, "{}", format!("{number:>width$} {mark} {text}").trim_end());
        }
        match self.more {
            0 => {}
            1 => out.push_str("(1 more line differs)"),
            more => {
                let _ = write!(out, "({more} more lines differ)");
            }
        }
        out.trim_end().to_owned()
    }

    /// The line that came in the place of one that is gone, and the other way round.
    fn partner(&self, index: usize) -> Option<&str> {
        let side = self.lines[index].side;
        let is = |at: usize, side: Side| self.lines.get(at).is_some_and(|line| line.side == side);
        let start = (0..=index).rev().take_while(|at| is(*at, side)).last()?;
        let other = match side {
            Side::Expected => {
                let end = (index..).find(|at| !is(*at, Side::Expected))?;
                (end + index - start, Side::Actual)
            }
            Side::Actual => {
                let before = (0..start).rev().take_while(|at| is(*at, Side::Expected)).last()?;
                let at = before + index - start;
                (if at < start { at } else { return None }, Side::Expected)
            }
            Side::Both | Side::Gap => return None,
        };
        is(other.0, other.1).then(|| self.lines[other.0].text.as_str())
    }
}

/// A line as it fits beside others: of a long one the part that differs; blanks at its end are seen where they matter.
fn shown(text: &str, partner: Option<&str>) -> String {
    let other = partner.unwrap_or_default();
    let ends_differ = partner.is_some() && text.trim_end() == other.trim_end();
    let visible = match ends_differ {
        true => {
            let kept = text.trim_end();
            let blanks = text[kept.len()..].chars().count();
            format!("{kept}{}", "·".repeat(blanks))
        }
        false => text.to_owned(),
    };
    if visible.chars().nth(WIDTH).is_none() {
        return visible;
    }
    let same = text.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let start = if same + BEFORE < WIDTH { 0 } else { same - BEFORE };
    let piece: String = visible.chars().skip(start).take(WIDTH).collect();
    let more = visible.chars().nth(start + WIDTH).is_some();
    format!("{}{piece}{}", if start > 0 { "…" } else { "" }, if more { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[(char, &str)], expected: &[&str]) {
        let line = |(number, (mark, text)): (usize, &(char, &str))| {
            let side = match mark {
                '-' => Side::Expected,
                '+' => Side::Actual,
                '…' => Side::Gap,
                _ => Side::Both,
            };
            let is_numbered = !matches!(side, Side::Actual | Side::Gap);
            DiffLine { side, number: is_numbered.then_some(number + 9), text: (*text).to_owned() }
        };
        let lines = lines.iter().enumerate().map(line).collect();
        let drawn = LineDifferences { lines, ..LineDifferences::default() }.drawn();
        assert_eq!(drawn.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn lines_have_the_numbers_of_the_file_and_signs_before_them() {
        check(
            &[(' ', "{"), ('-', "  a"), ('+', "  b"), ('…', ""), (' ', "}")],
            &[" 9   {", "10 -   a", "   +   b", "…", "13   }"],
        );
    }

    #[test]
    fn of_a_long_line_the_part_is_shown_that_differs() {
        let long = |end: &str| format!("{}{end}{}", "x".repeat(200), "y".repeat(200));
        let piece = |end: &str| format!("…{}{end}{}…", "x".repeat(30), "y".repeat(70 - end.len()));
        let (a, b) = (long("a"), long("b"));
        check(
            &[('-', "same"), ('-', &a), ('+', "other"), ('+', &b)],
            &[
                " 9 - same",
                &format!("10 - {}", piece("a")),
                "   + other",
                &format!("   + {}", piece("b")),
            ],
        );
    }

    #[test]
    fn blanks_at_the_end_are_seen_where_nothing_else_differs() {
        check(&[('-', "a "), ('+', "a"), ('+', "b ")], &["9 - a·", "  + a", "  + b"]);
    }
}
