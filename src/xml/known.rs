//! What is known of an expression before there is a document: functions and their arguments, what it gives, prefixes.

use xpath_eval::{
    Expr, FilterExpr, FunctionCall, LocationPath, NodeTest, PathExpr, PrimaryExpr, Step,
};

use super::InvalidXPath;

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A node-set.
    Nodes,
    /// A number.
    Number,
    /// A truth value.
    Boolean,
    /// A text.
    Text,
}

/// The core function library (XPath 1.0, section 4): name, fewest and most arguments, what it gives.
const FUNCTIONS: [(&str, usize, usize, Kind); 27] = [
    ("last", 0, 0, Kind::Number),
    ("position", 0, 0, Kind::Number),
    ("count", 1, 1, Kind::Number),
    ("id", 1, 1, Kind::Nodes),
    ("local-name", 0, 1, Kind::Text),
    ("namespace-uri", 0, 1, Kind::Text),
    ("name", 0, 1, Kind::Text),
    ("string", 0, 1, Kind::Text),
    ("concat", 2, usize::MAX, Kind::Text),
    ("starts-with", 2, 2, Kind::Boolean),
    ("contains", 2, 2, Kind::Boolean),
    ("substring-before", 2, 2, Kind::Text),
    ("substring-after", 2, 2, Kind::Text),
    ("substring", 2, 3, Kind::Text),
    ("string-length", 0, 1, Kind::Number),
    ("normalize-space", 0, 1, Kind::Text),
    ("translate", 3, 3, Kind::Text),
    ("boolean", 1, 1, Kind::Boolean),
    ("not", 1, 1, Kind::Boolean),
    ("true", 0, 0, Kind::Boolean),
    ("false", 0, 0, Kind::Boolean),
    ("lang", 1, 1, Kind::Boolean),
    ("number", 0, 1, Kind::Number),
    ("sum", 1, 1, Kind::Number),
    ("floor", 1, 1, Kind::Number),
    ("ceiling", 1, 1, Kind::Number),
    ("round", 1, 1, Kind::Number),
];

/// Those whose argument must be a node-set.
const OF_NODES: [&str; 5] = ["count", "sum", "local-name", "namespace-uri", "name"];

pub(super) struct Seen<'e> {
    text: &'e str,
    pub(super) prefixes: Vec<String>,
}

/// Looks at every part of an expression.
pub(super) fn look<'e>(expression: &Expr, text: &'e str) -> Result<Seen<'e>, InvalidXPath> {
    let mut seen = Seen { text, prefixes: Vec::new() };
    seen.expression(expression)?;
    Ok(seen)
}

/// What an expression gives.
pub(super) fn kind(expression: &Expr) -> Kind {
    match expression {
        Expr::Or(..) | Expr::And(..) | Expr::Equality(..) | Expr::Relational(..) => Kind::Boolean,
        Expr::Additive(..) | Expr::Multiplicative(..) | Expr::Negate(_) => Kind::Number,
        Expr::Union(..) | Expr::Path(PathExpr::Location(_) | PathExpr::FilterLocation(..)) => {
            Kind::Nodes
        }
        Expr::Path(PathExpr::Filter(filter)) if !filter.predicates.is_empty() => Kind::Nodes,
        Expr::Path(PathExpr::Filter(filter)) => match &filter.primary {
            PrimaryExpr::Parenthesized(inner) => kind(inner),
            PrimaryExpr::Number(_) => Kind::Number,
            PrimaryExpr::Literal(_) | PrimaryExpr::Variable(_) => Kind::Text,
            PrimaryExpr::Function(call) => {
                known(&call.name.local).map_or(Kind::Text, |(.., kind)| kind)
            }
        },
    }
}

fn known(name: &str) -> Option<(&'static str, usize, usize, Kind)> {
    FUNCTIONS.into_iter().find(|(known, ..)| *known == name)
}

impl Seen<'_> {
    fn wrong(&self, name: &str, message: String, help: Option<&'static str>) -> InvalidXPath {
        InvalidXPath { message, offset: self.text.find(name).unwrap_or(0), help }
    }

    fn expression(&mut self, expression: &Expr) -> Result<(), InvalidXPath> {
        match expression {
            Expr::Or(left, right)
            | Expr::And(left, right)
            | Expr::Equality(left, _, right)
            | Expr::Relational(left, _, right)
            | Expr::Additive(left, _, right)
            | Expr::Multiplicative(left, _, right) => {
                self.expression(left)?;
                self.expression(right)
            }
            Expr::Union(left, right) => {
                for side in [left, right] {
                    self.nodes(side, "|", "`|` joins node-sets")?;
                }
                Ok(())
            }
            Expr::Negate(inner) => self.expression(inner),
            Expr::Path(PathExpr::Location(path)) => self.path(path),
            Expr::Path(PathExpr::Filter(filter)) => self.filter(filter, false),
            Expr::Path(PathExpr::FilterLocation(filter, path)) => {
                self.filter(filter, true)?;
                self.path(path)
            }
        }
    }

    fn nodes(&mut self, expression: &Expr, name: &str, message: &str) -> Result<(), InvalidXPath> {
        match kind(expression) {
            Kind::Nodes => self.expression(expression),
            _ => Err(self.wrong(name, message.to_owned(), None)),
        }
    }

    fn filter(&mut self, filter: &FilterExpr, is_walked: bool) -> Result<(), InvalidXPath> {
        let alone = FilterExpr { primary: filter.primary.clone(), predicates: Vec::new() };
        let is_asked = is_walked || !filter.predicates.is_empty();
        if is_asked && kind(&Expr::Path(PathExpr::Filter(alone))) != Kind::Nodes {
            let name = match &filter.primary {
                PrimaryExpr::Function(call) => call.name.local.as_str(),
                _ => "",
            };
            let message = "what stands before `[…]` or `/` is no node-set".to_owned();
            return Err(self.wrong(name, message, None));
        }
        match &filter.primary {
            PrimaryExpr::Variable(name) => {
                let help = "there are no variables: write the value itself";
                let message = format!("`${}` has no value", name.local);
                return Err(self.wrong("$", message, Some(help)));
            }
            PrimaryExpr::Parenthesized(inner) => self.expression(inner)?,
            PrimaryExpr::Literal(_) | PrimaryExpr::Number(_) => {}
            PrimaryExpr::Function(call) => self.call(call)?,
        }
        filter.predicates.iter().try_for_each(|inner| self.expression(inner))
    }

    fn call(&mut self, call: &FunctionCall) -> Result<(), InvalidXPath> {
        let name = call.name.local.as_str();
        let is_core = call.name.prefix.is_none();
        let Some((_, fewest, most, _)) = known(name).filter(|_| is_core) else {
            let help = "XPath 1.0 has 27 functions, such as `count()`, `contains()`, `normalize-space()`; those of later versions are not there";
            let message = format!("there is no function `{name}`");
            return Err(self.wrong(name, message, Some(help)));
        };
        let count = call.args.len();
        if count < fewest || count > most {
            let wanted = match (fewest, most) {
                (0, 0) => "no argument".to_owned(),
                (1, 1) => "one argument".to_owned(),
                (fewest, usize::MAX) => format!("{fewest} arguments or more"),
                (fewest, most) if fewest == most => format!("{fewest} arguments"),
                (0, _) => "one argument or none".to_owned(),
                (fewest, most) => format!("{fewest} or {most} arguments"),
            };
            let message = format!("`{name}()` takes {wanted}, found {count}");
            return Err(self.wrong(name, message, None));
        }
        for argument in &call.args {
            match OF_NODES.contains(&name) {
                true => self.nodes(argument, name, &format!("`{name}()` takes a node-set"))?,
                false => self.expression(argument)?,
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &LocationPath) -> Result<(), InvalidXPath> {
        path.steps.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &Step) -> Result<(), InvalidXPath> {
        let prefix = match &step.node_test {
            NodeTest::NamespaceWildcard(prefix) => Some(prefix),
            NodeTest::QName(name) => name.prefix.as_ref(),
            _ => None,
        };
        if let Some(prefix) = prefix
            && !self.prefixes.contains(prefix)
        {
            self.prefixes.push(prefix.clone());
        }
        step.predicates.iter().try_for_each(|inner| self.expression(inner))
    }
}

/// The signs and words of an expression outside of its texts, with their places. Names may have a `-` in them.
pub(super) fn tokens(text: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, char)) = rest.next() {
        if char == '"' || char == '\'' {
            while rest.next().is_some_and(|(_, inner)| inner != char) {}
            continue;
        }
        let mut end = at + char.len_utf8();
        let in_name = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-' | '.');
        if char.is_alphabetic() || char == '_' {
            while let Some((next, _)) = rest.next_if(|(_, char)| in_name(*char)) {
                end = next + text[next..].chars().next().map_or(0, char::len_utf8);
            }
        }
        if !char.is_whitespace() {
            tokens.push((at, &text[at..end]));
        }
    }
    tokens
}

/// Where a path can be cut: before each `/` or `//` that stands in no brackets.
pub(super) fn cuts(text: &str) -> Vec<usize> {
    let (mut cuts, mut depth) = (Vec::new(), 0_usize);
    for (at, token) in tokens(text) {
        match token {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "/" if depth == 0 && at > 0 && !text[..at].ends_with('/') => cuts.push(at),
            _ => {}
        }
    }
    cuts
}

/// Whether the document type declaration has an internal subset, in which entities can be declared.
pub(super) fn declares(text: &str) -> bool {
    let Some(begin) = text.find("<!DOCTYPE") else { return false };
    let end = text[begin..].find('>').map_or(text.len(), |end| begin + end);
    text[begin..end].contains('[')
}

/// More attributes of one element take time that grows with the square of their number.
const MOST_ATTRIBUTES: usize = 10_000;

/// Whether any tag has more than [`MOST_ATTRIBUTES`].
pub(super) fn has_many_attributes(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut at, mut count, mut in_tag) = (0, 0, false);
    while at < bytes.len() {
        let Some(rest) = text.get(at..) else { break };
        let other = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        if let Some((_, end)) =
            other.iter().find(|(begin, _)| rest.as_bytes().starts_with(begin.as_bytes()))
        {
            at += rest.find(end).map_or(rest.len(), |found| found + end.len());
            continue;
        }
        match bytes[at] {
            b'<' => (in_tag, count) = (true, 0),
            b'>' => in_tag = false,
            quote @ (b'"' | b'\'') if in_tag => {
                count += 1;
                if count > MOST_ATTRIBUTES {
                    return true;
                }
                let inner = &bytes[at + 1..];
                at +=
                    inner.iter().position(|byte| *byte == quote).map_or(inner.len(), |end| end + 1);
            }
            _ => {}
        }
        // All that is looked for is ASCII, and so is never within another character.
        at += 1 + bytes[at + 1..].iter().take_while(|byte| !byte.is_ascii()).count();
    }
    false
}
