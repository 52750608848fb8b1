//! Operands of filters: queries, literals and functions.

use super::{Parser, Read, Shape};
use crate::jsonpath::InvalidPath;
use crate::jsonpath::ast::{Operand, Query};
use crate::jsonpath::lower::{self, Placed, Term};
use crate::value::Value;

impl<'t> Parser<'t> {
    pub(super) fn operand(&mut self) -> Read<Option<Placed<'t>>> {
        let begin = self.at;
        let term = match self.peek() {
            Some(c @ ('@' | '$')) => {
                self.at += 1;
                Term::Query(Query { absolute: c == '$', segments: self.segments()? })
            }
            Some('\'' | '"') => Term::Value(Operand::Literal(Value::String(self.string()?))),
            Some('-' | '0'..='9') => Term::Value(Operand::Literal(self.number()?)),
            Some(c) if c.is_ascii_alphabetic() => self.word()?,
            _ => return Ok(None),
        };
        Ok(Some(Placed { term, begin, written: &self.text[begin..self.at] }))
    }

    /// `true`, `false`, `null`, or a function.
    fn word(&mut self) -> Read<Term> {
        let begin = self.at;
        let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        let literal = |value| Ok(Term::Value(Operand::Literal(value)));
        match word {
            "true" => return literal(Value::Bool(true)),
            "false" => return literal(Value::Bool(false)),
            "null" => return literal(Value::Null),
            _ => {}
        }
        let is_function = ["length", "count", "match", "search", "value"].contains(&word);
        if is_function && self.rest().starts_with('(') {
            return self.nested(|parser| parser.function(word, begin));
        }
        let message = match self.rest().trim_start().starts_with('(') {
            true if is_function => "white space is not allowed before `(`".to_owned(),
            true => format!("there is no function `{word}`"),
            false => format!("`{word}` is not allowed here"),
        };
        let error = InvalidPath::new(if is_function { self.at } else { begin }, message);
        Err(match word.to_lowercase().as_str() {
            _ if is_function => error.help(format!("write `{word}(…)`")),
            small @ ("true" | "false" | "null") => error.help(format!("write `{small}`")),
            "not" => error.help("write `!`"),
            _ if self.rest().trim_start().starts_with('(') => {
                error.help("there are `length`, `count`, `value`, `match` and `search`")
            }
            _ => error.help(format!("a string has quotes: `'{word}'`; a member is `@.{word}`")),
        })
    }

    fn function(&mut self, name: &str, begin: usize) -> Read<Term> {
        let mut shape = Shape::new(&format!("$[?{name}("));
        let result = self.arguments(&mut shape);
        result.map_err(|error| self.first(&shape, error))?;
        let given = shape.leaves.operands.len();
        let Ok(query) = shape.read() else {
            let wanted = if matches!(name, "match" | "search") { 2 } else { 1 };
            if given == wanted {
                return Err(self.refused(&shape));
            }
            let arguments = if wanted == 1 { "one argument" } else { "two arguments" };
            let message = format!("`{name}` takes {arguments}, found {given}");
            return Err(InvalidPath::new(begin, message).help(match name {
                "match" | "search" => format!("write `{name}(@.name, 'pattern')`"),
                "length" => "write `length(@.name)`".to_owned(),
                _ => format!("write `{name}(@.*)`"),
            }));
        };
        lower::function(query, shape.leaves)
    }

    /// The arguments of a function, from behind `(` to behind `)`.
    fn arguments(&mut self, shape: &mut Shape<'t>) -> Read<()> {
        self.at += 1;
        loop {
            self.skip_space();
            let begin = self.at;
            if let Some(operand) = self.operand()? {
                shape.operand(operand);
            } else if self.take(",") {
                shape.push(begin, ",");
            } else if self.take(")") {
                shape.push(begin, ")]");
                return Ok(());
            } else {
                return Err(self.expected(shape));
            }
        }
    }

    /// What is written in other languages in the place of `==`, `&&` and `||`.
    pub(super) fn refuse_slip(&self) -> Read<()> {
        let mut here = Parser { text: self.text, at: self.at, depth: 0 };
        here.skip_space();
        let rest = here.rest();
        let word = |word: &str| {
            let end = rest.get(word.len()..);
            rest.starts_with(word)
                && end.is_some_and(|end| !end.starts_with(|c: char| c.is_alphanumeric()))
        };
        let help = match rest.chars().next() {
            Some('=') if rest.starts_with("=~") => "write `search(@.name, 'pattern')`",
            Some('=') if !rest.starts_with("==") => "write `==`",
            Some('&') if !rest.starts_with("&&") => "write `&&`",
            Some('|') if !rest.starts_with("||") => "write `||`",
            Some('+' | '-' | '*' | '/' | '%') => "there is no arithmetic in a filter",
            _ if word("and") => "write `&&`",
            _ if word("or") => "write `||`",
            _ => return Ok(()),
        };
        Err(here.unexpected().help(help))
    }
}
