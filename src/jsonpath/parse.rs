//! Reads a path: the grammar of RFC 9535 (appendix A) by recursive descent, so that each mistake has its place.

mod filter;
mod literal;

use super::InvalidPath;
use super::ast::{Segment, Selector};

pub(super) type Read<T> = Result<T, InvalidPath>;

/// Brackets and parentheses go so deep at most: the stack bounds it, when a path is read and when it is followed.
pub(super) const DEEPEST: usize = 32;

/// RFC 9535 section 2.1: the whole numbers that every JSON library keeps.
const LARGEST: i64 = 9_007_199_254_740_991;

/// Reads the segments of a whole path.
pub(super) fn path(text: &str) -> Read<Vec<Segment>> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    if !parser.take("$") {
        return Err(InvalidPath::new(0, "a JSONPath begins with `$`"));
    }
    let segments = parser.segments()?;
    match parser.rest() {
        "" => Ok(segments),
        rest if rest.trim().is_empty() => {
            let error = parser.error("white space is not allowed at the end of a path");
            Err(error.help("remove it"))
        }
        _ => Err(parser.behind_segment()),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        let is_next = self.rest().starts_with(token);
        if is_next {
            self.at += token.len();
        }
        is_next
    }

    /// As long as the characters are such.
    fn take_while(&mut self, is_such: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !is_such(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn skip_space(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    fn error(&self, message: impl Into<String>) -> InvalidPath {
        InvalidPath::new(self.at, message)
    }

    /// What comes next is not what the grammar has here.
    fn unexpected(&self) -> InvalidPath {
        match self.peek() {
            None => self.error("the path ends too early"),
            Some(c) if c.is_whitespace() || c.is_control() => {
                self.error(format!("{} is not allowed here", name_of(c)))
            }
            Some(c) => self.error(format!("`{c}` is not allowed here")),
        }
    }

    fn expected(&self, what: &str) -> InvalidPath {
        self.unexpected().help(format!("expected {what}"))
    }

    /// Reads what stands within brackets or parentheses.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth == DEEPEST {
            let message = format!("the brackets go deeper than {DEEPEST} levels");
            return Err(self.error(message));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// `*(S segment)`
    fn segments(&mut self) -> Read<Vec<Segment>> {
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.skip_space();
            let descends = self.take("..");
            if !descends && !self.rest().starts_with(['.', '[']) {
                self.at = before;
                return Ok(segments);
            }
            let selectors = match self.peek() {
                Some('[') => self.nested(Self::brackets)?,
                _ if descends || self.take(".") => vec![self.shorthand()?],
                _ => return Err(self.unexpected()),
            };
            segments.push(Segment { descends, selectors, end: self.at });
        }
    }

    /// What stands behind `.` or `..`: `*`, or a name without quotes.
    fn shorthand(&mut self) -> Read<Selector> {
        if self.take("*") {
            return Ok(Selector::Wildcard);
        }
        match self.peek() {
            Some(c) if starts_name(c) => {}
            Some(c) if c.is_ascii_digit() => {
                let digits = self.take_while(|c| c.is_ascii_digit());
                self.at -= digits.len();
                let help = format!("write `[{digits}]` for an element, `['{digits}']` for a name");
                return Err(self.unexpected().help(help));
            }
            _ => return Err(self.expected("a name, `*` or brackets")),
        }
        Ok(Selector::Name(self.take_while(|c| starts_name(c) || c.is_ascii_digit()).to_owned()))
    }

    /// `[…]`
    fn brackets(&mut self) -> Read<Vec<Selector>> {
        self.at += 1;
        let mut selectors = Vec::new();
        loop {
            self.skip_space();
            selectors.push(self.selector()?);
            self.skip_space();
            if self.take("]") {
                return Ok(selectors);
            }
            if !self.take(",") {
                return Err(self.expected(match selectors.last() {
                    Some(Selector::Filter(_)) => "`]`, `,`, `&&` or `||`",
                    _ => "`]` or `,`",
                }));
            }
        }
    }

    fn selector(&mut self) -> Read<Selector> {
        match self.peek() {
            Some('\'' | '"') => Ok(Selector::Name(self.string()?)),
            Some('*') => {
                self.at += 1;
                Ok(Selector::Wildcard)
            }
            Some('?') => {
                self.at += 1;
                self.skip_space();
                Ok(Selector::Filter(self.test()?))
            }
            Some('-' | ':' | '0'..='9') => self.index_or_slice(),
            Some('@' | '$') => Err(self.unexpected().help("a filter begins with `?`: `[?@.name]`")),
            Some(c) if starts_name(c) => {
                let name = self.take_while(|c| !matches!(c, ']' | ',' | '\''));
                self.at -= name.len();
                let help = format!("a name in brackets has quotes: `['{}']`", name.trim_end());
                Err(self.unexpected().help(help))
            }
            _ => Err(self.expected("a name in quotes, a number, `*`, a slice or a filter")),
        }
    }

    fn index_or_slice(&mut self) -> Read<Selector> {
        let start = self.optional_integer()?;
        let before = self.at;
        self.skip_space();
        if !self.take(":") {
            self.at = before;
            return start.map(Selector::Index).ok_or_else(|| self.unexpected());
        }
        self.skip_space();
        let end = self.optional_integer()?;
        let before = self.at;
        self.skip_space();
        let step = match self.take(":") {
            true => {
                self.skip_space();
                self.optional_integer()?
            }
            false => {
                self.at = before;
                None
            }
        };
        Ok(Selector::Slice { start, end, step: step.unwrap_or(1) })
    }

    fn optional_integer(&mut self) -> Read<Option<i64>> {
        match self.peek() {
            Some('-' | '0'..='9') => self.integer().map(Some),
            _ => Ok(None),
        }
    }

    /// `0`, or digits that do not begin with it, with or without `-`.
    fn integer(&mut self) -> Read<i64> {
        let begin = self.at;
        let minus = self.take("-");
        let digits = self.take_while(|c| c.is_ascii_digit());
        let fail = |message: &str, help: &str| Err(InvalidPath::new(begin, message).help(help));
        match digits {
            "" => Err(self.expected("a digit")),
            "0" if minus => fail("`-0` is not allowed in brackets", "write `0`"),
            _ if digits.len() > 1 && digits.starts_with('0') => {
                let number = digits[..digits.len() - 1].trim_start_matches('0');
                let last = &digits[digits.len() - 1..];
                let help = format!("write `{}{number}{last}`", if minus { "-" } else { "" });
                fail("a number does not begin with `0`", &help)
            }
            _ => match self.text[begin..self.at].parse::<i64>() {
                Ok(number) if number.abs() <= LARGEST => Ok(number),
                _ => {
                    let message = format!("a number in brackets is at most {LARGEST}");
                    Err(InvalidPath::new(begin, message))
                }
            },
        }
    }

    /// Behind the last segment there is something that begins no other.
    fn behind_segment(&self) -> InvalidPath {
        let before = &self.text[..self.at];
        let begin = before.rfind(['.', ']']).map_or(0, |at| at + 1);
        let is_shorthand = before[..begin].ends_with('.') && begin < self.at;
        let mut here = Parser { text: self.text, at: self.at, depth: 0 };
        here.skip_space();
        let error = here.unexpected();
        if !is_shorthand {
            return error.help("expected `.`, `..`, `[` or the end of the path");
        }
        let rest = &self.text[begin..];
        let name = rest[..rest.find(['.', '[']).unwrap_or(rest.len())].trim_end();
        let name = super::quoted(name);
        error.help(format!("a name with other than letters, digits and `_` is written `[{name}]`"))
    }
}

/// `name-first`
pub(super) fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn name_of(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        '\t' => "a tab".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        c => format!("the character U+{:04X}", u32::from(c)),
    }
}
