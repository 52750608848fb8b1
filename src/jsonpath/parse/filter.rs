//! Filters, and the types of what stands in them (RFC 9535 sections 2.3.5 and 2.4).

use super::{Parser, Read};
use crate::jsonpath::InvalidPath;
use crate::jsonpath::ast::{Operand, Order, Pattern, Query, Test, are_singular};
use crate::jsonpath::iregexp;
use crate::value::Value;

/// The longer ones first.
const ORDERS: [(&str, Order); 6] = [
    ("==", Order::Equal),
    ("!=", Order::NotEqual),
    ("<=", Order::LessOrEqual),
    (">=", Order::GreaterOrEqual),
    ("<", Order::Less),
    (">", Order::Greater),
];

/// What an operand of a filter turns out to be.
enum Term {
    Value(Operand),
    Query(Query),
    Test(Test),
}

/// A term with its place.
struct Placed {
    term: Term,
    begin: usize,
    end: usize,
}

impl Parser<'_> {
    /// `logical-or-expr`
    pub(super) fn test(&mut self) -> Read<Test> {
        self.list("||", Test::Or, |parser| parser.list("&&", Test::And, Self::basic))
    }

    fn list(
        &mut self,
        operator: &str,
        joined: fn(Vec<Test>) -> Test,
        read: impl Fn(&mut Self) -> Read<Test>,
    ) -> Read<Test> {
        let first = read(self)?;
        let mut more = Vec::new();
        loop {
            let before = self.at;
            self.skip_space();
            if !self.take(operator) {
                self.at = before;
                break;
            }
            self.skip_space();
            more.push(read(self)?);
        }
        if more.is_empty() {
            return Ok(first);
        }
        more.insert(0, first);
        Ok(joined(more))
    }

    /// A test in parentheses, a comparison, or what is true or false of itself.
    fn basic(&mut self) -> Read<Test> {
        let begin = self.at;
        let negated = self.take("!");
        if negated {
            self.skip_space();
        }
        let test = match self.peek() {
            Some('(') => self.nested(Self::parentheses)?,
            _ => {
                let left = self.term()?;
                self.behind_term(left, negated.then_some(begin))?
            }
        };
        self.refuse_slip()?;
        Ok(if negated { Test::Not(Box::new(test)) } else { test })
    }

    fn parentheses(&mut self) -> Read<Test> {
        self.at += 1;
        self.skip_space();
        let test = self.test()?;
        self.skip_space();
        if self.take(")") { Ok(test) } else { Err(self.expected("`)`, `&&` or `||`")) }
    }

    fn behind_term(&mut self, left: Placed, negated: Option<usize>) -> Read<Test> {
        let before = self.at;
        self.skip_space();
        let place = self.at;
        let Some((_, order)) = ORDERS.into_iter().find(|(token, _)| self.take(token)) else {
            self.at = before;
            return self.alone(left);
        };
        if self.take("=") {
            let error = InvalidPath::new(place, "there is no such comparison");
            return Err(error.help("write `==` or `!=`"));
        }
        if let Some(at) = negated {
            let error = InvalidPath::new(at, "`!` cannot stand before a comparison");
            return Err(error.help("put the comparison in parentheses: `!(…)`"));
        }
        let left = self.compared(left)?;
        self.skip_space();
        let right = self.term()?;
        Ok(Test::Compare(left, order, self.compared(right)?))
    }

    /// What is not compared must be true or false of itself.
    fn alone(&self, placed: Placed) -> Read<Test> {
        let written = &self.text[placed.begin..placed.end];
        match placed.term {
            Term::Test(test) => Ok(test),
            Term::Query(query) => Ok(Test::Exists(query)),
            Term::Value(Operand::Literal(_)) => {
                let message = format!("`{written}` is neither true nor false of itself");
                let error = InvalidPath::new(placed.begin, message);
                Err(error.help(format!("compare it, as in `@.name == {written}`")))
            }
            Term::Value(operand) => {
                let function = written.split('(').next().unwrap_or_default();
                let gives = match operand {
                    Operand::Value(_) => "a value",
                    _ => "a number",
                };
                let message = format!("`{function}` gives {gives}, which must be compared");
                let comparison = match operand {
                    Operand::Value(_) => format!("{written} == 'x'"),
                    _ => format!("{written} > 0"),
                };
                Err(InvalidPath::new(placed.begin, message).help(format!("write `{comparison}`")))
            }
        }
    }

    /// What is compared has one value at most.
    fn compared(&self, placed: Placed) -> Read<Operand> {
        let written = &self.text[placed.begin..placed.end];
        let fail = |message: String| InvalidPath::new(placed.begin, message);
        match placed.term {
            Term::Value(operand) => Ok(operand),
            Term::Query(query) if are_singular(&query.segments) => Ok(Operand::Node(query)),
            Term::Query(_) => {
                let error = fail(format!("`{written}` can find several nodes to compare"));
                Err(error.help(format!(
                    "compare `count({written})`, or `value({written})` where it finds just one"
                )))
            }
            Term::Test(_) => {
                let function = written.split('(').next().unwrap_or_default();
                let error = fail(format!("`{function}` is true or false and cannot be compared"));
                Err(error.help(format!("write `{written}`, or `!{written}`, without comparison")))
            }
        }
    }

    fn term(&mut self) -> Read<Placed> {
        let begin = self.at;
        let term = match self.peek() {
            Some(c @ ('@' | '$')) => {
                self.at += 1;
                Term::Query(Query { absolute: c == '$', segments: self.segments()? })
            }
            Some('\'' | '"') => Term::Value(Operand::Literal(Value::String(self.string()?))),
            Some('-' | '0'..='9') => Term::Value(Operand::Literal(self.number()?)),
            Some(c) if c.is_ascii_alphabetic() => self.word()?,
            _ => return Err(self.expected("`@`, `$`, a literal, a function or `(`")),
        };
        Ok(Placed { term, begin, end: self.at })
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

    /// A function with its arguments, each of the type that it wants.
    fn function(&mut self, name: &str, begin: usize) -> Read<Term> {
        self.at += 1;
        self.skip_space();
        let wanted = if matches!(name, "match" | "search") { 2 } else { 1 };
        let mut arguments = Vec::new();
        while !self.take(")") {
            if !arguments.is_empty() {
                if !self.take(",") {
                    return Err(self.expected("`)` or `,`"));
                }
                self.skip_space();
            }
            arguments.push(self.term()?);
            self.skip_space();
        }
        let given = arguments.len();
        let mut arguments = arguments.into_iter();
        let term = match (arguments.next(), arguments.next()) {
            (Some(only), None) if wanted == 1 => self.of_one(name, only)?,
            (Some(text), Some(pattern)) if given == wanted => Term::Test(Test::Matches {
                text: self.argument(name, text)?,
                pattern: self.pattern(name, pattern)?,
                whole: name == "match",
            }),
            _ => {
                let message = format!("`{name}` takes {}, found {given}", arguments_of(wanted));
                let help = match name {
                    "match" | "search" => format!("write `{name}(@.name, 'pattern')`"),
                    "length" => "write `length(@.name)`".to_owned(),
                    _ => format!("write `{name}(@.*)`"),
                };
                return Err(InvalidPath::new(begin, message).help(help));
            }
        };
        Ok(term)
    }

    fn of_one(&self, name: &str, argument: Placed) -> Read<Term> {
        if name == "length" {
            return Ok(Term::Value(Operand::Length(Box::new(self.argument(name, argument)?))));
        }
        match argument.term {
            Term::Query(query) if name == "count" => Ok(Term::Value(Operand::Count(query))),
            Term::Query(query) => Ok(Term::Value(Operand::Value(query))),
            _ => {
                let written = &self.text[argument.begin..argument.end];
                let message = format!("`{name}` takes a path, found `{written}`");
                let error = InvalidPath::new(argument.begin, message);
                Err(error.help(format!("write `{name}(@.*)`")))
            }
        }
    }

    /// An argument that has one value at most.
    fn argument(&self, function: &str, placed: Placed) -> Read<Operand> {
        let written = &self.text[placed.begin..placed.end];
        let fail = |message: String| InvalidPath::new(placed.begin, message);
        match placed.term {
            Term::Value(operand) => Ok(operand),
            Term::Query(query) if are_singular(&query.segments) => Ok(Operand::Node(query)),
            Term::Query(_) => {
                let error = fail(format!(
                    "`{function}` takes one value, and `{written}` can find several nodes"
                ));
                Err(error.help(match function {
                    "length" => format!("to count the nodes, write `count({written})`"),
                    _ => format!("write `{function}(value({written}), …)` where it finds just one"),
                }))
            }
            Term::Test(_) => {
                Err(fail(format!("`{function}` takes a value, and `{written}` is true or false")))
            }
        }
    }

    fn pattern(&self, function: &str, placed: Placed) -> Read<Pattern> {
        let begin = placed.begin;
        match self.argument(function, placed)? {
            Operand::Literal(Value::String(pattern)) => {
                match iregexp::compile(&pattern, function == "match") {
                    Ok(regex) => Ok(Pattern::Literal(regex)),
                    Err(error) => {
                        let message = format!("the pattern is no I-Regexp: {}", error.message);
                        let error_at = InvalidPath::new(begin, message);
                        Err(match error.help {
                            Some(help) => error_at.help(help),
                            None => error_at,
                        })
                    }
                }
            }
            operand => Ok(Pattern::Of(operand)),
        }
    }

    /// What is written in other languages in the place of `==`, `&&` and `||`.
    fn refuse_slip(&self) -> Read<()> {
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
            Some('=') => "write `==`",
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

fn arguments_of(count: usize) -> &'static str {
    if count == 1 { "one argument" } else { "two arguments" }
}
