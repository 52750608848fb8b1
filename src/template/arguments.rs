//! The arguments of a call as they are written, for what can be known before it runs.

use super::lex::string_length;

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written<'t> {
    /// `plus` of `plus='1h'`.
    pub(super) keyword: Option<&'t str>,
    /// The expression.
    pub(super) text: &'t str,
    /// Where the expression begins in the whole one.
    pub(super) offset: usize,
    /// Where its name begins; the expression, where it has none.
    pub(super) start: usize,
}

/// The arguments behind the name that ends at this byte, and where the call ends; a filter without parentheses has none.
pub(super) fn written(text: &str, name_end: usize) -> (Vec<Written<'_>>, usize) {
    let rest = &text[name_end..];
    let blanks = rest.len() - rest.trim_start().len();
    if !rest[blanks..].starts_with('(') {
        return (Vec::new(), name_end);
    }
    let first = name_end + blanks + 1;
    let (mut all, mut start, mut depth) = (Vec::new(), first, 0_usize);
    let mut at = first;
    while let Some(c) = text[at..].chars().next() {
        let length = match c {
            '"' | '\'' => string_length(&text[at..], c),
            c => c.len_utf8(),
        };
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {
                all.extend(argument(text, start, at));
                return (all, at + 1);
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                all.extend(argument(text, start, at));
                start = at + 1;
            }
            _ => {}
        }
        at += length;
    }
    (all, text.len())
}

/// None for the blank behind a last comma.
fn argument(text: &str, start: usize, end: usize) -> Option<Written<'_>> {
    let written = &text[start..end];
    let start = start + (written.len() - written.trim_start().len());
    let written = written.trim();
    let word = written.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(0);
    let value =
        written[word..].trim_start().strip_prefix('=').filter(|rest| !rest.starts_with('='));
    match value {
        Some(value) if word > 0 => {
            let offset = start + (written.len() - value.trim_start().len());
            Some(Written {
                keyword: Some(&written[..word]),
                text: value.trim_start(),
                offset,
                start,
            })
        }
        _ => (!written.is_empty()).then_some(Written {
            keyword: None,
            text: written,
            offset: start,
            start,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name_end: usize, expected: &[(Option<&str>, &str, usize)], end: usize) {
        let (all, found) = written(text, name_end);
        let all: Vec<_> = all.iter().map(|arg| (arg.keyword, arg.text, arg.offset)).collect();
        assert_eq!((all.as_slice(), found), (expected, end), "{text}");
    }

    #[test]
    fn arguments_are_told_apart() {
        check("f()", 1, &[], 3);
        check("a | f", 5, &[], 5);
        check("a | f | g(1)", 5, &[], 5);
        check("f ( 1 , 'a,)' )+2", 1, &[(None, "1", 4), (None, "'a,)'", 8)], 15);
        check("f(g(1, 2), [3, 4])", 1, &[(None, "g(1, 2)", 2), (None, "[3, 4]", 11)], 18);
        check("f(plus = '1h', a == b,)", 1, &[(Some("plus"), "'1h'", 9), (None, "a == b", 15)], 23);
        check("f(1, 'é", 1, &[(None, "1", 2)], 8);
    }
}
