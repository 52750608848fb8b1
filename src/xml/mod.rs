//! XML, and what XPath 1.0 expressions give of it.
//!
//! `roxmltree` reads a document, `xpath_eval` an expression; a document is seen by the evaluation through `node`, which
//! counts its steps, so that what multiplies comes to an end.

mod node;
mod known;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use roxmltree::ParsingOptions;
use xpath_eval::{EvalError, EvaluationContext, Expr, PathExpr, Value as Given};

use crate::value::{Number, Value};
pub use known::Kind;
use node::{Node, Walk};

/// The longest text that is read, in bytes.
pub const LONGEST: usize = 16 << 20;
/// The most nodes that a document has.
pub const MOST_NODES: u32 = 2_000_000;
/// The most nodes that are looked at for one expression.
pub const BUDGET: u64 = 10_000_000;
/// The longest expression, in bytes.
const LONGEST_PATH: usize = 4096;
/// Brackets within brackets, and operators in one expression: each is a call within a call.
const DEEPEST: usize = 16;
const MOST_OPERATORS: usize = 100;

/// An XPath 1.0 expression, parsed once; a clone shares it.
#[derive(Clone)]
pub struct XPath(Arc<Parsed>);

struct Parsed {
    text: String,
    expression: Expr,
    kind: Kind,
    prefixes: Vec<String>,
}

/// Why a text is no XPath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidXPath {
    /// Lower case, without the place.
    pub message: String,
    /// The byte of the text where it goes wrong.
    pub offset: usize,
    /// What to do.
    pub help: Option<&'static str>,
}

/// Why an expression was not followed to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFollowed {
    /// It looks at more than [`BUDGET`] nodes.
    #[error("the expression looks at more than 10 million nodes")]
    TooMuch,
    /// It asks for what no document can give, which is refused before as far as it is known.
    #[error("{0}")]
    Failed(String),
}

/// A document.
pub struct Document<'t>(roxmltree::Document<'t>);

/// A prefix and its namespace.
type Bound = (String, String);

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The texts of the nodes of a node-set, in the order of the document.
    Nodes(Vec<String>),
    /// A number, a truth value or a text.
    Value(Value),
    /// Nothing can be found: this prefix is not bound.
    Unbound(String),
}

/// How far an expression went that found nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The longest beginning of it that finds something.
    pub path: String,
    /// How many nodes that finds.
    pub nodes: usize,
    /// The names of the elements in the first of them, and of its attributes.
    pub has: Vec<String>,
}

impl fmt::Debug for XPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("XPath").field(&self.0.text).finish()
    }
}

impl XPath {
    /// Parses an expression.
    ///
    /// # Errors
    /// Text that XPath 1.0 does not allow; functions that are not there or have other arguments; variables, as there are
    /// none.
    pub fn parse(text: &str) -> Result<Self, InvalidXPath> {
        bounded(text)?;
        let expression = xpath_eval::parse(text).map_err(|error| InvalidXPath {
            message: error.message.replace('\'', "`"),
            offset: error.position.min(text.len()),
            help: None,
        })?;
        let found = known::look(&expression, text)?;
        let (kind, prefixes) = (known::kind(&expression), found.prefixes);
        Ok(Self(Arc::new(Parsed { text: text.to_owned(), expression, kind, prefixes })))
    }

    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What it gives, whatever the document.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What it gives of a document.
    ///
    /// # Errors
    /// [`NotFollowed`].
    pub fn find(&self, document: &Document<'_>) -> Result<Found, NotFollowed> {
        let bound = document.bound();
        let is_bound = |prefix: &&String| bound.iter().any(|(known, _)| known == *prefix);
        if let Some(prefix) = self.0.prefixes.iter().find(|prefix| !is_bound(prefix)) {
            return Ok(Found::Unbound(prefix.clone()));
        }
        let walk = Walk { document: &document.0, left: Cell::new(BUDGET) };
        let given = self.evaluate(&walk, &bound);
        if walk.left.get() == 0 {
            return Err(NotFollowed::TooMuch);
        }
        Ok(match given.map_err(|error| NotFollowed::Failed(error.to_string()))? {
            Given::NodeSet(mut nodes) => {
                nodes.sort_by_key(|node| node.order());
                Found::Nodes(nodes.into_iter().map(Node::text).collect())
            }
            Given::Boolean(truth) => Found::Value(Value::Bool(truth)),
            Given::Number(number) => Found::Value(as_number(number)),
            Given::String(text) => Found::Value(Value::String(text)),
        })
    }

    fn evaluate<'d>(
        &self,
        walk: &'d Walk<'d>,
        bound: &[Bound],
    ) -> Result<Given<Node<'d>>, EvalError> {
        let lookup = |prefix: &str| {
            let uri = bound.iter().find(|(known, _)| known == prefix);
            uri.map(|(_, uri)| uri.clone())
        };
        let mut context = EvaluationContext::new(Node::root(walk));
        context.namespaces = Some(&lookup);
        xpath_eval::evaluate(&self.0.expression, &context)
    }

    /// How far it goes; with an empty path where no part of it finds anything.
    #[must_use]
    pub fn stop(&self, document: &Document<'_>) -> Stop {
        let path = &self.0.expression;
        let cuts = match path {
            Expr::Path(PathExpr::Location(_)) => known::cuts(self.text()),
            _ => Vec::new(),
        };
        for end in cuts.into_iter().rev() {
            let beginning = &self.text()[..end];
            let Ok(path) = Self::parse(beginning) else { continue };
            if let Some((nodes, has)) = path.first(document) {
                return Stop { path: beginning.to_owned(), nodes, has };
            }
        }
        Stop { path: String::new(), nodes: 0, has: vec![document.root()] }
    }

    /// How many nodes it finds, and what is in the first one.
    fn first(&self, document: &Document<'_>) -> Option<(usize, Vec<String>)> {
        let walk = Walk { document: &document.0, left: Cell::new(BUDGET) };
        let Ok(Given::NodeSet(nodes)) = self.evaluate(&walk, &document.bound()) else {
            return None;
        };
        let first = nodes.iter().min_by_key(|node| node.order())?;
        Some((nodes.len(), first.has()))
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").finish_non_exhaustive()
    }
}

impl<'t> Document<'t> {
    /// Reads a document. One that declares entities of its own is refused, and nothing is fetched.
    ///
    /// # Errors
    /// Why it is none, with the line and the column.
    pub fn read(text: &'t str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it has more than {} MiB", LONGEST >> 20));
        }
        if known::has_many_attributes(text) {
            return Err("an element has more than 10,000 attributes".to_owned());
        }
        let allow_dtd = !known::declares(text);
        let options =
            ParsingOptions { allow_dtd, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
        roxmltree::Document::parse_with_options(text, options).map(Self).map_err(
            |error| match error {
                roxmltree::Error::DtdDetected => {
                    "its document type has declarations of its own, which are not read".to_owned()
                }
                roxmltree::Error::NodesLimitReached => {
                    "it has more than 2 million nodes".to_owned()
                }
                error => error.to_string().replace('\'', "`"),
            },
        )
    }

    /// The prefixes of the root element with their namespaces; the default one's is `_`.
    fn bound(&self) -> Vec<Bound> {
        let own = self.0.root_element().namespaces();
        let own = own.map(|it| (it.name().unwrap_or("_").to_owned(), it.uri().to_owned()));
        let xml = ("xml".to_owned(), roxmltree::NS_XML_URI.to_owned());
        own.filter(|(prefix, _)| prefix != "xml").chain([xml]).collect()
    }

    /// The prefixes that an expression can use here.
    #[must_use]
    pub fn prefixes(&self) -> Vec<String> {
        let all = self.bound().into_iter().map(|(prefix, _)| prefix);
        all.filter(|prefix| prefix != "xml").collect()
    }

    /// The root element, as an expression names it.
    fn root(&self) -> String {
        node::named(self.0.root_element())
    }
}

/// Whole numbers without a fraction, so that `count(//item)` is 3 and not 3.0; what is no number is a text, as in XPath.
fn as_number(number: f64) -> Value {
    // Beyond 2^53 a whole number may be another one than was meant.
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        // It is whole and small enough.
        return Value::Number(Number::from(number as i64));
    }
    let text = || {
        Value::from(if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        })
    };
    Number::from_f64(number).map_or_else(text, Value::Number)
}

/// An expression is read and followed by calls within calls.
fn bounded(text: &str) -> Result<(), InvalidXPath> {
    let wrong = |offset: usize, message: String| {
        Err(InvalidXPath { message, offset, help: Some("ask for less at once") })
    };
    if text.len() > LONGEST_PATH {
        return wrong(0, format!("it has more than {LONGEST_PATH} bytes"));
    }
    let (mut depth, mut operators) = (0_usize, 0_usize);
    for (offset, token) in known::tokens(text) {
        match token {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "+" | "-" | "=" | "<" | ">" | "|" | "*" | "and" | "or" | "div" | "mod" => {
                operators += 1
            }
            _ => {}
        }
        if depth > DEEPEST {
            return wrong(offset, format!("brackets are more than {DEEPEST} levels deep"));
        }
        if operators > MOST_OPERATORS {
            return wrong(offset, format!("it has more than {MOST_OPERATORS} operators"));
        }
    }
    Ok(())
}
