//! Strings and numbers.

use super::{Parser, Read, name_of};
use crate::jsonpath::InvalidPath;
use crate::value::{Number, Value};

impl Parser<'_> {
    /// A string in quotes of either kind (RFC 9535 section 2.3.1.1).
    pub(super) fn string(&mut self) -> Read<String> {
        let begin = self.at;
        let Some(quote) = self.peek() else { return Err(self.unexpected()) };
        self.at += 1;
        let mut string = String::new();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Ok(string),
                '\\' => string.push(self.escaped(quote)?),
                c if c < ' ' => {
                    let error = InvalidPath::new(
                        self.at - 1,
                        format!("{} is not allowed in a string", name_of(c)),
                    );
                    return Err(error.help(format!("write `\\u{:04x}`", u32::from(c))));
                }
                c => string.push(c),
            }
        }
        Err(InvalidPath::new(begin, format!("the string has no closing `{quote}`")))
    }

    /// What stands behind a backslash.
    fn escaped(&mut self, quote: char) -> Read<char> {
        let begin = self.at - 1;
        let c = self.peek().ok_or_else(|| self.unexpected())?;
        self.at += c.len_utf8();
        let plain = match c {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '/' | '\\' => c,
            c if c == quote => c,
            'u' => return self.code_point(begin),
            _ => {
                let shown = &self.text[begin..self.at];
                let error = InvalidPath::new(begin, format!("`{shown}` is no escape"));
                return Err(error.help(match c {
                    '\'' | '"' => format!("within `{quote}` it is written without the backslash"),
                    _ => "a backslash itself is written `\\\\`".to_owned(),
                }));
            }
        };
        Ok(plain)
    }

    /// `uXXXX`, or two of them that are one character.
    fn code_point(&mut self, begin: usize) -> Read<char> {
        let first = self.four_digits()?;
        let code = match first {
            0xD800..0xDC00 if self.take("\\u") => match self.four_digits()? {
                second @ 0xDC00..0xE000 => 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00),
                _ => first,
            },
            first => first,
        };
        char::from_u32(code).ok_or_else(|| {
            let error = InvalidPath::new(begin, "this escape is half a character");
            error.help("write the character itself, or both halves: `\\ud83d\\ude00`")
        })
    }

    fn four_digits(&mut self) -> Read<u32> {
        let digits =
            self.rest().get(..4).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.map(|four| u32::from_str_radix(four, 16)) {
            Some(Ok(code)) => {
                self.at += 4;
                Ok(code)
            }
            _ => Err(self.error("`\\u` is followed by four hexadecimal digits")),
        }
    }

    /// A number with all its digits: as in JSON.
    pub(super) fn number(&mut self) -> Read<Value> {
        let begin = self.at;
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
        let text = self.take_while(is_part);
        let beyond = crate::jsonpath::bound::is_beyond(text);
        match text.parse::<Number>() {
            Ok(number) if !beyond => Ok(Value::Number(number)),
            _ => Err(InvalidPath::new(begin, format!("`{text}` is no JSON number"))),
        }
    }
}
