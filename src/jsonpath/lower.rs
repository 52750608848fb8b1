//! What `jsonpath_rust` read becomes the path that is followed: the leaves are put back, and the types of RFC 9535 section 2.4
//! are held.

use std::collections::VecDeque;

use jsonpath_rust::parser::model;

use super::ast::{Operand, Order, Pattern, Query, Segment, Selector, Test, are_singular};
use super::{InvalidPath, iregexp};
use crate::value::Value;

type Read<T> = Result<T, InvalidPath>;

/// What the crate does not see, in the order of the text.
#[derive(Default)]
pub(super) struct Leaves<'t> {
    pub(super) names: VecDeque<String>,
    pub(super) operands: VecDeque<Placed<'t>>,
    /// The bytes of the path where segments end.
    pub(super) ends: VecDeque<usize>,
}

/// What an operand of a filter turns out to be.
pub(super) enum Term {
    Value(Operand),
    Query(Query),
    Test(Test),
}

/// A term with its place.
pub(super) struct Placed<'t> {
    pub(super) term: Term,
    pub(super) begin: usize,
    pub(super) written: &'t str,
}

/// The segments of a query.
pub(super) fn segments(query: model::JpQuery, leaves: Leaves) -> Read<Vec<Segment>> {
    let mut lower = Lower(leaves);
    query.segments.into_iter().map(|segment| lower.segment(segment)).collect()
}

/// The function that a query has for its only test.
pub(super) fn function(query: model::JpQuery, leaves: Leaves) -> Read<Term> {
    use model::{Filter, FilterAtom, Segment, Selector, Test as Read, TestFunction};
    let mut lower = Lower(leaves);
    let Some(Segment::Selector(Selector::Filter(Filter::Atom(FilterAtom::Test { expr, .. })))) =
        query.segments.into_iter().next()
    else {
        return Err(lost());
    };
    let Read::Function(function) = *expr else { return Err(lost()) };
    let first = lower.operand()?;
    Ok(match *function {
        TestFunction::Length(_) => {
            Term::Value(Operand::Length(Box::new(first.argument("length")?)))
        }
        TestFunction::Count(_) => Term::Value(Operand::Count(first.path("count")?)),
        TestFunction::Value(_) => Term::Value(Operand::Value(first.path("value")?)),
        TestFunction::Match(..) => Term::Test(lower.matches(first, "match")?),
        TestFunction::Search(..) => Term::Test(lower.matches(first, "search")?),
        TestFunction::Custom(..) => return Err(lost()),
    })
}

/// The crate read other leaves than it was given, which it does not.
fn lost() -> InvalidPath {
    InvalidPath::new(0, "this path cannot be read")
}

struct Lower<'t>(Leaves<'t>);

impl<'t> Lower<'t> {
    fn name(&mut self) -> Read<String> {
        self.0.names.pop_front().ok_or_else(lost)
    }

    fn operand(&mut self) -> Read<Placed<'t>> {
        self.0.operands.pop_front().ok_or_else(lost)
    }

    fn segment(&mut self, read: model::Segment) -> Read<Segment> {
        let (descends, read) = match read {
            model::Segment::Descendant(inner) => (true, *inner),
            child => (false, child),
        };
        let selectors = match read {
            model::Segment::Selector(only) => vec![self.selector(only)?],
            model::Segment::Selectors(all) => {
                all.into_iter().map(|selector| self.selector(selector)).collect::<Read<_>>()?
            }
            model::Segment::Descendant(_) => return Err(lost()),
        };
        let end = self.0.ends.pop_front().ok_or_else(lost)?;
        Ok(Segment { descends, selectors, end })
    }

    fn selector(&mut self, read: model::Selector) -> Read<Selector> {
        Ok(match read {
            model::Selector::Name(_) => Selector::Name(self.name()?),
            model::Selector::Index(index) => Selector::Index(index),
            model::Selector::Wildcard => Selector::Wildcard,
            model::Selector::Slice(start, end, step) => {
                Selector::Slice { start, end, step: step.unwrap_or(1) }
            }
            model::Selector::Filter(filter) => Selector::Filter(self.test(filter)?),
        })
    }

    fn tests(&mut self, read: Vec<model::Filter>) -> Read<Vec<Test>> {
        read.into_iter().map(|test| self.test(test)).collect()
    }

    fn test(&mut self, read: model::Filter) -> Read<Test> {
        let (test, negated) = match read {
            model::Filter::Or(tests) => (Test::Or(self.tests(tests)?), false),
            model::Filter::And(tests) => (Test::And(self.tests(tests)?), false),
            model::Filter::Atom(model::FilterAtom::Filter { expr, not }) => {
                (self.test(*expr)?, not)
            }
            model::Filter::Atom(model::FilterAtom::Test { not, .. }) => {
                (self.operand()?.alone()?, not)
            }
            model::Filter::Atom(model::FilterAtom::Comparison(comparison)) => {
                let left = self.operand()?.compared()?;
                let right = self.operand()?.compared()?;
                (Test::Compare(left, order(&comparison), right), false)
            }
        };
        Ok(if negated { Test::Not(Box::new(test)) } else { test })
    }

    fn matches(&mut self, text: Placed, function: &str) -> Read<Test> {
        let text = text.argument(function)?;
        let pattern = self.operand()?.pattern(function)?;
        Ok(Test::Matches { text, pattern, whole: function == "match" })
    }
}

fn order(comparison: &model::Comparison) -> Order {
    match comparison {
        model::Comparison::Eq(..) => Order::Equal,
        model::Comparison::Ne(..) => Order::NotEqual,
        model::Comparison::Lt(..) => Order::Less,
        model::Comparison::Lte(..) => Order::LessOrEqual,
        model::Comparison::Gt(..) => Order::Greater,
        model::Comparison::Gte(..) => Order::GreaterOrEqual,
    }
}

impl Placed<'_> {
    /// What is not compared must be true or false of itself.
    fn alone(self) -> Read<Test> {
        let written = self.written;
        match self.term {
            Term::Test(test) => Ok(test),
            Term::Query(query) => Ok(Test::Exists(query)),
            Term::Value(Operand::Literal(_)) => {
                let message = format!("`{written}` is neither true nor false of itself");
                let error = InvalidPath::new(self.begin, message);
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
                Err(InvalidPath::new(self.begin, message).help(format!("write `{comparison}`")))
            }
        }
    }

    /// What is compared has one value at most.
    fn compared(self) -> Read<Operand> {
        let written = self.written;
        let fail = |message: String| InvalidPath::new(self.begin, message);
        match self.term {
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

    /// An argument that is a path.
    fn path(self, function: &str) -> Read<Query> {
        match self.term {
            Term::Query(query) => Ok(query),
            _ => {
                let message = format!("`{function}` takes a path, found `{}`", self.written);
                let error = InvalidPath::new(self.begin, message);
                Err(error.help(format!("write `{function}(@.*)`")))
            }
        }
    }

    /// An argument that has one value at most.
    fn argument(self, function: &str) -> Read<Operand> {
        let written = self.written;
        let fail = |message: String| InvalidPath::new(self.begin, message);
        match self.term {
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

    fn pattern(self, function: &str) -> Read<Pattern> {
        let begin = self.begin;
        match self.argument(function)? {
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
}
