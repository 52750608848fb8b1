//! Texts with `${ expression }` in them: read and compiled once, evaluated in a scope.

mod arguments;
mod bounds;
mod callables;
mod codec;
mod convert;
mod environment;
mod fake;
mod functions;
mod lex;
mod pattern;
mod random;
mod scope;
mod time;

use std::ops::Range;
use std::sync::Arc;

use crate::jsonpath::{Found, JsonPath};
use crate::value::{self, Value};

pub use bounds::{Budget, MOST_TEXT, VALUE, size};
pub use lex::{Use, UseKind, is_keyword};
pub use pattern::{pattern, pattern_help};
pub use random::{Draw, Seed, Turn};
pub use scope::{Binding, Origin, Scope};

/// A text that may hold expressions.
#[derive(Clone, Debug)]
pub struct Template {
    text: Box<str>,
    parts: Box<[Part]>,
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub enum Part {
    /// Text that stays as it is.
    Literal(String),
    /// The inside of `${…}`.
    Expression(Box<Expression>),
}

/// The inside of one `${…}`, compiled.
#[derive(Clone)]
pub struct Expression {
    text: Box<str>,
    /// Where it begins in the template's text, in bytes.
    offset: usize,
    uses: Vec<Use>,
    /// Whether a function or filter in it depends on where it stands.
    is_situated: bool,
    site: Option<Arc<Site>>,
    program: Program,
}

/// Where a text stands.
#[derive(Debug)]
pub struct Site {
    /// The text's place, which is the same from every working directory: `scenarios/a.yaml:3:9`.
    pub place: String,
    /// What `file('path')` reads.
    pub files: Arc<dyn Files>,
}

/// The files that an expression may read.
pub trait Files: std::fmt::Debug + Send + Sync {
    /// The text of the file that this path means where the expression stands.
    ///
    /// # Errors
    /// What keeps it from being read, in a sentence.
    fn read(&self, path: &str) -> Result<String, String>;
}

#[derive(Clone)]
enum Program {
    /// A bare name, which is all of the text: its value is taken as it is, with every digit of a number.
    Name,
    Compiled {
        program: Arc<minijinja::Expression<'static, 'static>>,
        /// `order.items[0].id`: a name and the way into its value, which needs no computing and so loses no digit.
        path: Option<(String, JsonPath)>,
    },
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "${{{}}}", self.text)
    }
}

/// Why a template cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidTemplate {
    /// Lower case, without the place.
    pub message: String,
    /// The byte of the text where it goes wrong.
    pub offset: usize,
    /// The bytes that are wrong; 0 where that is the word that stands there.
    pub length: usize,
    /// What to do, where that is known.
    pub help: Option<String>,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvaluationError {
    /// Lower case; names the expression.
    pub message: String,
    /// The byte of the template's text where the expression begins.
    pub offset: usize,
    /// The bytes of the expression.
    pub length: usize,
}

/// An expression's value, and whether `| raw` forbids to encode it.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    /// The value.
    pub value: Value,
    /// Whether the value is to be inserted as it is.
    pub raw: bool,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// An expression that does not end, or that is none.
    pub fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        Self::parse_from(text, 0)
    }

    /// Reads a text from the byte `start` on; all places stay those of the whole text.
    ///
    /// # Errors
    /// As [`Template::parse`].
    pub fn parse_from(text: &str, start: usize) -> Result<Self, InvalidTemplate> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut at = start;
        while let Some(found) = text[at..].find('$').map(|found| at + found) {
            literal.push_str(&text[at..found]);
            let rest = &text[found..];
            if rest.starts_with("$${") {
                literal.push_str("${");
                at = found + 3;
            } else if rest.starts_with("${") {
                let end = lex::closing_brace(text, found + 2).ok_or_else(|| InvalidTemplate {
                    message: "`${` has no closing `}`".to_owned(),
                    offset: found,
                    length: 0,
                    help: Some("close it, or write `$${` for a literal `${`".to_owned()),
                })?;
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                let expression = Expression::compile(&text[found + 2..end], found + 2)?;
                parts.push(Part::Expression(Box::new(expression)));
                at = end + 1;
            } else {
                literal.push('$');
                at = found + 1;
            }
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { text: text.into(), parts: parts.into() })
    }

    /// The text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.text
    }

    /// The pieces in their order; at least one.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The text itself where it holds no expression.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match &*self.parts {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The expressions in their order.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Expression(expression) => Some(&**expression),
        })
    }

    /// Whether a function in it needs to know where it stands: see [`Template::stand`].
    #[must_use]
    pub fn is_situated(&self) -> bool {
        self.expressions().any(|expression| expression.is_situated)
    }

    /// Says where the text stands.
    pub fn stand(&mut self, site: &Arc<Site>) {
        for part in &mut self.parts {
            if let Part::Expression(expression) = part {
                expression.site = Some(Arc::clone(site));
            }
        }
    }

    /// The paths of `file('path')` that are known before the run, each with its bytes in the text.
    pub fn files(&self) -> impl Iterator<Item = (Range<usize>, String)> {
        self.expressions().flat_map(|expression| {
            let files = callables::files(&expression.text, &expression.uses);
            let offset = expression.offset;
            files.into_iter().map(move |(at, path)| (offset + at.start..offset + at.end, path))
        })
    }

    /// The value: that of its expression, type kept, where it is just one; else the text.
    ///
    /// # Errors
    /// An expression that has no value in this scope.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, EvaluationError> {
        self.evaluate_within(scope, &mut Budget::default())
    }

    /// As [`Template::evaluate`], for a part of a value that has one bound as a whole.
    ///
    /// # Errors
    /// As [`Template::evaluate`].
    pub fn evaluate_within(
        &self,
        scope: &Scope,
        budget: &mut Budget,
    ) -> Result<Value, EvaluationError> {
        match &*self.parts {
            [Part::Expression(only)] => Ok(only.evaluate_within(scope, budget)?.value),
            _ => self.text_within(scope, budget).map(Value::String),
        }
    }

    /// The text, each expression's value inserted.
    ///
    /// # Errors
    /// An expression that has no value in this scope.
    pub fn text(&self, scope: &Scope) -> Result<String, EvaluationError> {
        self.text_within(scope, &mut Budget::default())
    }

    /// As [`Template::text`], for a part of a value that has one bound as a whole.
    ///
    /// # Errors
    /// As [`Template::text`].
    pub fn text_within(
        &self,
        scope: &Scope,
        budget: &mut Budget,
    ) -> Result<String, EvaluationError> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Expression(expression) => {
                    let value = expression.evaluate_within(scope, budget)?.value;
                    match value {
                        Value::String(text) => out.push_str(&text),
                        other => out.push_str(&value::text(&other)),
                    }
                }
            }
        }
        Ok(out)
    }
}

impl Expression {
    fn compile(inside: &str, start: usize) -> Result<Self, InvalidTemplate> {
        let text = inside.trim();
        let offset = start + (inside.len() - inside.trim_start().len());
        if text.is_empty() {
            let help = Some("write `$${` for a literal `${`".to_owned());
            return Err(InvalidTemplate {
                message: "`${}` is empty".to_owned(),
                offset: start - 2,
                length: 0,
                help,
            });
        }
        if let Some(at) = lex::beyond(text, bounds::MOST_TOKENS) {
            let most = bounds::MOST_TOKENS;
            return Err(InvalidTemplate {
                message: format!("the expression has more than {most} words and signs"),
                offset: offset + at,
                length: 0,
                help: Some("give its parts names in `vars`, and use those".to_owned()),
            });
        }
        let uses = lex::uses(text);
        callables::check(text, &uses).map_err(|mut error| {
            error.offset += offset;
            error
        })?;
        let program = match uses.as_slice() {
            [Use { name, kind: UseKind::Name { member: None, .. }, .. }] if name == text => {
                Program::Name
            }
            _ => {
                let program = environment::compile(text).map_err(|mut error| {
                    error.offset += offset;
                    error
                })?;
                Program::Compiled { program: Arc::new(program), path: path_into(text) }
            }
        };
        let is_situated = functions::is_situated(&uses);
        Ok(Self { text: text.into(), offset, uses, is_situated, site: None, program })
    }

    /// The expression without `${` and `}`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The expression for messages.
    fn shown(&self) -> String {
        value::cut(&self.text, 200)
    }

    /// Where it begins in the template's text, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The names that it uses, with their places relative to [`Expression::offset`].
    #[must_use]
    pub fn uses(&self) -> &[Use] {
        &self.uses
    }

    /// The path of a use as it is written, `response.json.id`, and what it leads to in the value of its name.
    #[must_use]
    pub fn member<'v>(&self, used: &Use, value: &'v Value) -> Option<(String, &'v Value)> {
        let reached = environment::reached(self, used, value);
        reached.missing.is_none().then_some((reached.path, reached.value))
    }

    /// The value in this scope.
    ///
    /// # Errors
    /// An undefined name, an operation on a value of the wrong kind.
    pub fn evaluate(&self, scope: &Scope) -> Result<Evaluated, EvaluationError> {
        self.evaluate_within(scope, &mut Budget::default())
    }

    /// As [`Expression::evaluate`], for a part of a value that has one bound as a whole.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn evaluate_within(
        &self,
        scope: &Scope,
        budget: &mut Budget,
    ) -> Result<Evaluated, EvaluationError> {
        let (offset, length) = (self.offset, self.text.len());
        self.worked_out(scope, budget).map_err(|message| EvaluationError {
            message,
            offset,
            length,
        })
    }

    fn worked_out(&self, scope: &Scope, budget: &mut Budget) -> Result<Evaluated, String> {
        let plain = match &self.program {
            Program::Name => {
                let name = self.text();
                let no_value = || format!("`{name}` has no value here{}", scope.unset_by(name));
                Some(&scope.get(name).ok_or_else(no_value)?.value)
            }
            Program::Compiled { path, .. } => path.as_ref().and_then(|path| follow(path, scope)),
        };
        scope.has_room()?;
        match (plain, &self.program) {
            (None, Program::Compiled { program, .. }) => {
                environment::evaluate(program, self, scope, budget)
            }
            (value, _) => {
                let value = value.unwrap_or(&Value::Null);
                bounds::take(value, 0, budget)
                    .map_err(|why| format!("`{}` cannot be inserted: {why}", self.shown()))?;
                Ok(Evaluated { value: value.clone(), raw: false })
            }
        }
    }
}

/// The name and the way into its value, where an expression is no more than that.
fn path_into(text: &str) -> Option<(String, JsonPath)> {
    let plain = |c: char| c.is_alphanumeric() || "_.[]'\"".contains(c);
    let end = text.find(['.', '['])?;
    let (name, way) = text.split_at(end);
    let path = JsonPath::parse(&format!("${way}")).ok().filter(JsonPath::is_singular)?;
    text.chars().all(plain).then(|| (name.to_owned(), path))
}

fn follow<'s>((name, path): &(String, JsonPath), scope: &'s Scope) -> Option<&'s Value> {
    match path.find(&scope.get(name)?.value) {
        Ok(Found::One(node)) => Some(node),
        _ => None,
    }
}

/// The functions, filters or tests that there are, sorted.
pub fn callable_names(kind: &UseKind) -> impl Iterator<Item = &'static str> {
    callables::names(kind).into_iter()
}

#[cfg(test)]
mod tests;
