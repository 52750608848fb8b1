//! Reads a path. This pass over its text knows where each sign stands, what literals mean and where white space may be; what
//! the signs are together is said by `jsonpath_rust`, which gets the [`Shape`] of the path.

mod literal;
mod operand;
mod shape;

use super::ast::Segment;
use super::{InvalidPath, lower};
use shape::Shape;

pub(super) type Read<T> = Result<T, InvalidPath>;

/// Brackets and parentheses go so deep at most: the stack bounds it, when a path is read and when it is followed.
pub(super) const DEEPEST: usize = 32;

/// RFC 9535 section 2.1: the whole numbers that every JSON library keeps.
const LARGEST: i64 = 9_007_199_254_740_991;

/// So many bytes are read: where a longer one goes wrong would be found too late.
const LONGEST: usize = 1 << 14;

/// The longer ones first.
const ORDERS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];
const JOINTS: [&str; 5] = ["&&", "||", "!", "(", ")"];

/// Reads the segments of a whole path.
pub(super) fn path(text: &str) -> Read<Vec<Segment>> {
    if text.len() > LONGEST {
        let message = format!("a path has at most {LONGEST} bytes, and this one {}", text.len());
        return Err(InvalidPath::new(0, message));
    }
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

    /// The same, with what the crate would read here.
    fn expected(&self, shape: &Shape) -> InvalidPath {
        match shape.expected() {
            Some(expected) => self.unexpected().help(format!("expected {expected}")),
            None => self.unexpected(),
        }
    }

    fn check_depth(&self) -> Read<()> {
        match self.depth {
            DEEPEST => Err(self.error(format!("the brackets go deeper than {DEEPEST} levels"))),
            _ => Ok(()),
        }
    }

    /// Reads what stands within brackets or parentheses.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.check_depth()?;
        let before = self.depth;
        self.depth += 1;
        let result = read(self);
        self.depth = before;
        result
    }

    /// `*(S segment)`
    fn segments(&mut self) -> Read<Vec<Segment>> {
        let mut shape = Shape::new("$");
        let result = self.signs(&mut shape);
        result.map_err(|error| self.first(&shape, error))?;
        let query = shape.read().map_err(|()| self.refused(&shape))?;
        lower::segments(query, shape.leaves)
    }

    fn signs(&mut self, shape: &mut Shape<'t>) -> Read<()> {
        loop {
            let before = self.at;
            self.skip_space();
            let begin = self.at;
            let descends = self.take("..");
            if !descends && !self.rest().starts_with(['.', '[']) {
                self.at = before;
                return Ok(());
            }
            shape.push(begin, if descends { ".." } else { "" });
            match self.peek() {
                Some('[') => self.nested(|parser| parser.brackets(shape))?,
                _ if descends => self.shorthand(shape)?,
                _ => {
                    shape.push(begin, ".");
                    self.at += 1;
                    self.shorthand(shape)?;
                }
            }
            shape.leaves.ends.push_back(self.at);
        }
    }

    /// What stands behind `.` or `..`: `*`, or a name without quotes.
    fn shorthand(&mut self, shape: &mut Shape<'t>) -> Read<()> {
        let begin = self.at;
        match self.peek() {
            Some('*') => {
                self.at += 1;
                shape.push(begin, "*");
            }
            Some(c) if starts_name(c) => {
                let name = self.take_while(|c| starts_name(c) || c.is_ascii_digit());
                shape.name(begin, "a", name.to_owned());
            }
            Some(c) if c.is_ascii_digit() => {
                let digits = self.take_while(|c| c.is_ascii_digit());
                self.at = begin;
                let help = format!("write `[{digits}]` for an element, `['{digits}']` for a name");
                return Err(self.unexpected().help(help));
            }
            _ => return Err(self.expected(shape)),
        }
        Ok(())
    }

    /// `[…]`
    fn brackets(&mut self, shape: &mut Shape<'t>) -> Read<()> {
        shape.push(self.at, "[");
        self.at += 1;
        let mut in_filter = false;
        loop {
            self.skip_space();
            let begin = self.at;
            let Some(c) = self.peek() else { return Err(self.expected(shape)) };
            match c {
                ']' | ',' | '?' => {
                    self.at += 1;
                    shape.push(begin, c.encode_utf8(&mut [0; 4]));
                    if c == ']' {
                        return Ok(());
                    }
                    in_filter = c == '?';
                }
                _ if in_filter => self.in_filter(shape)?,
                _ => self.in_selector(c, shape)?,
            }
        }
    }

    /// A sign of a selector that is no filter; `c` comes next.
    fn in_selector(&mut self, c: char, shape: &mut Shape<'t>) -> Read<()> {
        let begin = self.at;
        match c {
            '\'' | '"' => {
                let name = self.string()?;
                shape.name(begin, "'a'", name);
            }
            '*' | ':' => {
                self.at += 1;
                shape.push(begin, c.encode_utf8(&mut [0; 4]));
            }
            // Two numbers are not one: the shape has no white space.
            '-' | '0'..='9' if !shape.ends_with_digit() => {
                let number = self.integer()?;
                shape.push(begin, &number.to_string());
            }
            '@' | '$' if shape.wants("'a'") => {
                return Err(self.unexpected().help("a filter begins with `?`: `[?@.name]`"));
            }
            c if starts_name(c) && shape.wants("'a'") => {
                let name = self.take_while(|c| !matches!(c, ']' | ',' | '\''));
                self.at = begin;
                let help = format!("a name in brackets has quotes: `['{}']`", name.trim_end());
                return Err(self.unexpected().help(help));
            }
            _ => return Err(self.expected(shape)),
        }
        Ok(())
    }

    /// A sign or an operand of a filter.
    fn in_filter(&mut self, shape: &mut Shape<'t>) -> Read<()> {
        let begin = self.at;
        if shape.ends_with_operand() {
            self.refuse_slip()?;
        }
        if let Some(operand) = self.operand()? {
            shape.operand(operand);
            return Ok(());
        }
        let Some(sign) =
            ORDERS.into_iter().chain(JOINTS).find(|sign| self.rest().starts_with(sign))
        else {
            return Err(self.expected(shape));
        };
        match sign {
            "(" => {
                self.check_depth()?;
                self.depth += 1;
            }
            ")" => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.at += sign.len();
        shape.push(begin, sign);
        if ORDERS.contains(&sign) && self.rest().starts_with('=') {
            let error = InvalidPath::new(begin, "there is no such comparison");
            return Err(error.help("write `==` or `!=`"));
        }
        Ok(())
    }

    /// `0`, or digits that do not begin with it, with or without `-`.
    fn integer(&mut self) -> Read<i64> {
        let begin = self.at;
        let minus = self.take("-");
        let digits = self.take_while(|c| c.is_ascii_digit());
        let fail = |message: &str, help: &str| Err(InvalidPath::new(begin, message).help(help));
        match digits {
            "" => Err(self.unexpected().help("expected a digit")),
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
