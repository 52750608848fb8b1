//! I-Regexp (RFC 9485), the patterns of `match` and `search`, over the `regex` crate.
//!
//! It is a small language, so that every tool reads the same; what it does not have is refused. `^` and `$` are the
//! anchors that the compliance tests of RFC 9535 take them for.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// A compiled pattern takes so much memory at most.
const LARGEST: usize = 1 << 20;
/// Parentheses go so deep at most.
const DEEPEST: usize = 100;

/// Why a text is no I-Regexp.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// `whole`: the pattern must match all of a text, not a part.
pub(super) fn compile(pattern: &str, whole: bool) -> Result<Regex, Refused> {
    let translated = translate(pattern)?;
    let translated = if whole { format!(r"\A(?:{translated})\z") } else { translated };
    RegexBuilder::new(&translated).size_limit(LARGEST).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => refused("it is too large when compiled"),
        // The translation is well formed but for what goes down.
        _ => refused("a range or a count in it ends before it begins"),
    })
}

fn translate(pattern: &str) -> Result<String, Refused> {
    let mut translation =
        Translation { rest: pattern.chars().peekable(), written: String::new(), depth: 0 };
    translation.branches()?;
    Ok(translation.written)
}

struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    written: String,
    depth: usize,
}

impl Translation<'_> {
    fn branches(&mut self) -> Result<(), Refused> {
        let mut can_repeat = false;
        while let Some(c) = self.rest.next() {
            can_repeat = match c {
                '*' | '+' | '?' | '{' if !can_repeat => {
                    return Err(refused(format!("there is nothing before `{c}` to repeat")));
                }
                '*' | '+' | '?' => {
                    self.written.push(c);
                    false
                }
                '{' => {
                    self.count()?;
                    false
                }
                '(' if self.rest.peek() == Some(&'?') => {
                    return Err(refused("it has no groups that begin with `(?`"));
                }
                '(' if self.depth == DEEPEST => {
                    let message = format!("its parentheses go deeper than {DEEPEST} levels");
                    return Err(refused(message));
                }
                '(' => {
                    self.depth += 1;
                    self.written.push_str("(?:");
                    false
                }
                ')' if self.depth == 0 => return Err(refused("`)` has no `(` before it")),
                ')' => {
                    self.depth -= 1;
                    self.written.push(')');
                    true
                }
                '|' | '^' | '$' => {
                    self.written.push(c);
                    false
                }
                '.' => {
                    self.written.push_str(r"[^\n\r]");
                    true
                }
                '[' => {
                    self.class()?;
                    true
                }
                '\\' => {
                    let escaped = self.escaped()?;
                    self.written.push_str(&escaped);
                    true
                }
                ']' | '}' => return Err(refused(format!("`{c}` is written `\\{c}`"))),
                c => {
                    self.literal(c);
                    true
                }
            };
        }
        if self.depth > 0 { Err(refused("`(` has no `)` behind it")) } else { Ok(()) }
    }

    fn literal(&mut self, c: char) {
        self.written.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    /// `{2}`, `{2,}`, `{2,4}`
    fn count(&mut self) -> Result<(), Refused> {
        let inner = self.braced()?;
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_count = match inner.split_once(',') {
            Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
            None => is_number(&inner),
        };
        if !is_count {
            return Err(refused(format!("`{{{inner}}}` is no count such as `{{2,4}}`")));
        }
        self.written.push_str(&format!("{{{inner}}}"));
        Ok(())
    }

    /// What stands before the closing brace.
    fn braced(&mut self) -> Result<String, Refused> {
        let mut inner = String::new();
        loop {
            match self.rest.next() {
                Some('}') => return Ok(inner),
                Some(c) => inner.push(c),
                None => return Err(refused("`{` has no `}` behind it")),
            }
        }
    }

    /// What stands behind a backslash, outside of a class and in it.
    fn escaped(&mut self) -> Result<String, Refused> {
        let Some(c) = self.rest.next() else {
            return Err(refused("it ends in a backslash"));
        };
        Ok(match c {
            'n' | 'r' | 't' => format!("\\{c}"),
            '(' | ')' | '*' | '+' | '-' | '.' | '?' | '[' | '\\' | ']' | '^' | '{' | '|' | '}' => {
                regex::escape(c.encode_utf8(&mut [0; 4]))
            }
            'p' | 'P' => format!("\\{c}{{{}}}", self.category()?),
            _ => {
                let instead = match c {
                    'd' => Some("write `[0-9]`"),
                    'D' => Some("write `[^0-9]`"),
                    'w' => Some("write `[A-Za-z0-9_]`"),
                    'W' => Some("write `[^A-Za-z0-9_]`"),
                    's' => Some("write `[ \\\\t\\\\n\\\\r]`"),
                    'S' => Some("write `[^ \\\\t\\\\n\\\\r]`"),
                    '$' => Some("write `[$]`"),
                    '/' => Some("write `/`"),
                    _ => None,
                };
                let help = instead.map(str::to_owned);
                return Err(Refused { message: format!("it has no `\\{c}`"), help });
            }
        })
    }

    /// `{Lu}` and its like, behind `\p`.
    fn category(&mut self) -> Result<String, Refused> {
        let inner: String = match self.rest.next() {
            Some('{') => self.braced()?,
            _ => String::new(),
        };
        let (major, minor) = inner.split_at_checked(1).unwrap_or_default();
        let minors = match major {
            "L" => "lmotu",
            "M" => "cen",
            "N" => "dlo",
            "P" => "cdefios",
            "Z" => "lps",
            "S" => "ckmo",
            "C" => "cfno",
            _ => return Err(refused("`\\p` is followed by a category, as in `\\p{Lu}`")),
        };
        match minor.len() {
            0 => Ok(inner),
            1 if minors.contains(minor) => Ok(inner),
            _ => Err(refused(format!("there is no category `{inner}`"))),
        }
    }

    /// `[…]`
    fn class(&mut self) -> Result<(), Refused> {
        self.written.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.written.push('^');
        }
        let mut is_empty = true;
        loop {
            let Some(c) = self.rest.next() else {
                return Err(refused("`[` has no `]` behind it"));
            };
            match c {
                ']' if is_empty => return Err(refused("`[]` holds nothing")),
                ']' => break,
                '[' => return Err(refused("`[` within brackets is written `\\[`")),
                '-' if is_empty || self.rest.peek() == Some(&']') => self.written.push_str(r"\-"),
                '-' => return Err(refused("`-` between others in brackets is written `\\-`")),
                c => self.range(c)?,
            }
            is_empty = false;
        }
        self.written.push(']');
        Ok(())
    }

    /// One character of a class, or from it to another.
    fn range(&mut self, c: char) -> Result<(), Refused> {
        let is_category = c == '\\' && matches!(self.rest.peek(), Some('p' | 'P'));
        self.member(c)?;
        if is_category || self.rest.peek() != Some(&'-') {
            return Ok(());
        }
        let mut behind = self.rest.clone();
        behind.next();
        if behind.peek() == Some(&']') {
            return Ok(());
        }
        self.rest.next();
        self.written.push('-');
        match self.rest.next() {
            Some('\\') if matches!(self.rest.peek(), Some('p' | 'P')) => {
                Err(refused("a range cannot end in a category"))
            }
            Some(c) if !matches!(c, '[' | '-') => self.member(c),
            _ => Err(refused("a range ends in a character")),
        }
    }

    fn member(&mut self, c: char) -> Result<(), Refused> {
        if c == '\\' {
            let escaped = self.escaped()?;
            self.written.push_str(&escaped);
        } else {
            self.literal(c);
        }
        Ok(())
    }
}

fn refused(message: impl Into<String>) -> Refused {
    Refused { message: message.into(), help: None }
}
