//! Matchers: what a value must be.

pub mod format;
pub mod moment;
mod like;

use regex::Regex;

use super::decode::{Decoder, Keys, Located, Text, Tree, found};
use super::quantity;
use super::yaml::{At, Entry, Kind, Node};
use crate::diagnostic::suggest::closest;
use crate::template;
use crate::value::Value;

pub use format::Format;
pub use like::Like;
pub(super) use like::decode as decode_like;

/// What a value must be: all of its checks must hold.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// Its place.
    pub at: At,
    /// The operators, at least one.
    pub checks: Vec<Check>,
}

/// One operator with its place.
#[derive(Clone, Debug)]
pub struct Check {
    /// The place of its operand.
    pub at: At,
    /// The operator.
    pub op: Op,
}

/// An operator with its operand.
#[derive(Clone, Debug)]
pub enum Op {
    /// The same value; numbers by value, objects in any order.
    Equals(Tree),
    /// The matcher does not hold, on a value of the right kind.
    Not(Matcher),
    /// An order of numbers, or of texts by code points.
    Compare(Order, Tree),
    /// From the first to the second, both included.
    Between(Box<[Tree; 2]>),
    /// One of these values.
    In(Tree),
    /// A substring, an element, or members of an object.
    Includes(Tree),
    /// No such substring or element.
    Excludes(Tree),
    /// A text's beginning.
    StartsWith(Tree),
    /// A text's end.
    EndsWith(Tree),
    /// A regular expression that is found in the text.
    Matches(Pattern),
    /// The count of code points, elements or members.
    Length(Matcher),
    /// Whether it has no code point, element or member.
    Empty(bool),
    /// Whether it is there at all.
    Exists(bool),
    /// One of these kinds.
    Type(Vec<Type>),
    /// Every element.
    Each(Matcher),
    /// At least one element.
    Any(Matcher),
    /// No element.
    None(Matcher),
    /// The elements in any order, one to one.
    Unordered(Vec<Matcher>),
    /// The elements' order.
    Sorted(Direction),
    /// No two elements are equal.
    Unique,
    /// A text that is written as a standard says.
    Is(Format),
    /// A number no further from the first than the second.
    Approx(Box<Approx>),
    /// Earlier or later than a time.
    Time(When, Located<Tree>),
    /// A tree that the value holds at least.
    Like(Box<Like>),
}

impl Op {
    /// Whether its operand is data, and no operators.
    #[must_use]
    pub fn is_data(&self) -> bool {
        matches!(self, Self::Equals(_) | Self::Like(_))
    }

    /// The one value that it compares with, if it does.
    #[must_use]
    pub fn operand(&self) -> Option<&Tree> {
        match self {
            Self::Equals(tree)
            | Self::Compare(_, tree)
            | Self::In(tree)
            | Self::Includes(tree)
            | Self::Excludes(tree)
            | Self::StartsWith(tree)
            | Self::EndsWith(tree)
            | Self::Time(_, Located { value: tree, .. }) => Some(tree),
            _ => None,
        }
    }
}

/// The comparisons by order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `gt`
    Greater,
    /// `gte`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `lte`
    LessOrEqual,
}

/// A number, and how far from it is near enough.
#[derive(Clone, Debug)]
pub struct Approx {
    /// Its place.
    pub at: At,
    /// The number.
    pub value: Tree,
    /// The distance.
    pub within: Tree,
}

/// On which side of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// `before`
    Before,
    /// `after`
    After,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `asc`
    Ascending,
    /// `desc`
    Descending,
}

/// The kinds that `type` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `string`
    String,
    /// `number`
    Number,
    /// `integer`: a number without a fraction, `1.0` included.
    Integer,
    /// `boolean`
    Boolean,
    /// `object`
    Object,
    /// `array`
    Array,
    /// `null`
    Null,
}

/// The operand of `matches`.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Compiled when the file was read.
    Compiled(Regex),
    /// Known only when the step runs.
    Template(Text),
}

/// What kind of value a matcher will see, which says how its operands are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Domain {
    /// Any JSON value.
    Json,
    /// Text only: `0123` stays as it was written.
    Text,
    /// A duration; operands like `250ms` become milliseconds.
    Duration,
    /// A count; operands may be sizes like `10KiB`.
    Count,
}

/// How a matcher is read.
#[derive(Clone, Copy)]
struct Way {
    domain: Domain,
    /// Below `like`: operators begin with `$`, and other maps are data.
    in_like: bool,
}

impl Type {
    const ALL: [(&'static str, Self); 7] = [
        ("string", Self::String),
        ("number", Self::Number),
        ("integer", Self::Integer),
        ("boolean", Self::Boolean),
        ("object", Self::Object),
        ("array", Self::Array),
        ("null", Self::Null),
    ];

    /// The name that the format has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

pub(super) const KEYS: Keys = Keys {
    what: "a matcher",
    known: &[
        "equals",
        "not",
        "gt",
        "gte",
        "lt",
        "lte",
        "between",
        "in",
        "includes",
        "excludes",
        "starts_with",
        "ends_with",
        "matches",
        "length",
        "empty",
        "exists",
        "type",
        "each",
        "any",
        "none",
        "unordered",
        "sorted",
        "unique",
        "is",
        "approx",
        "before",
        "after",
    ],
};

/// Reads a matcher: a map is operators, all else is `equals`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node, domain: Domain) -> Option<Matcher> {
    decode_in(d, node, Way { domain, in_like: false })
}

fn decode_in(d: &Decoder<'_>, node: &Node, way: Way) -> Option<Matcher> {
    if way.in_like {
        return like::matcher(d, node, way);
    }
    if !matches!(node.kind, Kind::Map(_)) {
        let op = Op::Equals(operand(d, node, way.domain)?);
        return Some(Matcher::of(node.at, op));
    }
    refuse_data(d, node)?;
    let entries = d.map(node, &KEYS)?;
    checks(d, node, entries.into_iter().map(|entry| (entry.key.as_str(), entry)), way)
}

/// The operators of a map, each with its entry.
fn checks<'n>(
    d: &Decoder<'_>,
    node: &Node,
    operators: impl Iterator<Item = (&'n str, &'n Entry)>,
    way: Way,
) -> Option<Matcher> {
    let checks: Vec<Option<Check>> =
        operators.map(|(name, entry)| check(d, name, entry, way)).collect();
    let checks: Vec<Check> = checks.into_iter().collect::<Option<_>>()?;
    (!checks.is_empty()).then_some(Matcher { at: node.at, checks })
}

impl Matcher {
    /// A matcher of one operator.
    #[must_use]
    pub(crate) fn of(at: At, op: Op) -> Self {
        Self { at, checks: vec![Check { at, op }] }
    }
}

/// A map that is data, not operators: the commonest slip, so that it is told how it is written.
fn refuse_data(d: &Decoder<'_>, node: &Node) -> Option<()> {
    let Kind::Map(entries) = &node.kind else { return Some(()) };
    let Some(first) = entries.first() else {
        let help =
            "say what must hold, such as `exists: true`, or `equals: {}` for an empty object";
        d.error_help(node.at, "an empty matcher checks nothing", "", help);
        return None;
    };
    let meant = |key: &str| {
        let all = || KEYS.known.iter().copied();
        all().any(|known| known == key) || closest(key, all()).is_some()
    };
    if entries.iter().any(|entry| meant(&entry.key)) {
        return Some(());
    }
    let message = format!("`{}` is no operator: a map is read as a matcher here", first.key);
    // The names that other tools have for the same.
    let ours = match first.key.as_str() {
        "contains" | "has" => Some("includes"),
        "eq" | "is_equal" | "equal_to" | "equalTo" | "==" => Some("equals"),
        "ne" | "neq" | "not_equals" | "notEquals" | "!=" => Some("not"),
        "greater" | "greater_than" | "greaterThan" | ">" => Some("gt"),
        "less" | "less_than" | "lessThan" | "<" => Some("lt"),
        "ge" | "min" | "at_least" | ">=" => Some("gte"),
        "le" | "max" | "at_most" | "<=" => Some("lte"),
        "regex" | "match" | "pattern" => Some("matches"),
        "size" | "count" => Some("length"),
        _ => None,
    };
    let help = match ours {
        Some(name) => format!("the operator is `{name}`"),
        None => format!("to compare with a map, write `equals: {{{}: …}}`", first.key),
    };
    d.error_help(first.at, message, "", &help);
    None
}

fn check(d: &Decoder<'_>, name: &str, entry: &Entry, way: Way) -> Option<Check> {
    let (node, domain) = (&entry.value, way.domain);
    let value = || operand(d, node, domain);
    let inner = || decode_in(d, node, way);
    let order = |order| {
        if matches!(node.kind, Kind::Null | Kind::Bool(_) | Kind::List(_) | Kind::Map(_)) {
            d.expected("a number or a text to compare with", node);
            return None;
        }
        Some(Op::Compare(order, value()?))
    };
    let op = match name {
        "equals" => Op::Equals(value()?),
        "not" => Op::Not(inner()?),
        "gt" => order(Order::Greater)?,
        "gte" => order(Order::GreaterOrEqual)?,
        "lt" => order(Order::Less)?,
        "lte" => order(Order::LessOrEqual)?,
        "between" => between(d, node, domain)?,
        "in" => Op::In(list_operand(d, node, domain)?),
        "includes" => Op::Includes(value()?),
        "excludes" => Op::Excludes(value()?),
        "starts_with" => Op::StartsWith(one_text(d, node)?),
        "ends_with" => Op::EndsWith(one_text(d, node)?),
        "matches" => Op::Matches(pattern(d, node)?),
        "length" => Op::Length(decode_in(d, node, Way { domain: Domain::Count, ..way })?),
        "empty" => Op::Empty(d.boolean(node)?),
        "exists" => Op::Exists(d.boolean(node)?),
        "type" => Op::Type(types(d, node)?),
        "each" => Op::Each(inner()?),
        "any" => Op::Any(inner()?),
        "none" => Op::None(inner()?),
        "unordered" => Op::Unordered(unordered(d, node, way)?),
        "sorted" => Op::Sorted(direction(d, node)?),
        "unique" => only_true(d, node, "unique")?,
        "is" => {
            refuse_quantity(d, entry, domain, "texts")?;
            Op::Is(format::decode(d, node)?)
        }
        "approx" => approx(d, node, domain)?,
        "before" | "after" => {
            refuse_quantity(d, entry, domain, "times")?;
            let when = if name == "before" { When::Before } else { When::After };
            Op::Time(when, Located { at: node.at, value: moment::decode(d, node)? })
        }
        _ => return None,
    };
    Some(Check { at: node.at, op })
}

/// A text; a list of texts has no beginning and no end.
fn one_text(d: &Decoder<'_>, node: &Node) -> Option<Tree> {
    if matches!(node.kind, Kind::List(_) | Kind::Map(_)) {
        d.expected("a text", node);
        return None;
    }
    d.text_value(node, "a text")
}

/// An operand, read as the domain wants it.
fn operand(d: &Decoder<'_>, node: &Node, domain: Domain) -> Option<Tree> {
    match domain {
        Domain::Json => d.tree(node),
        Domain::Text => d.text_value(node, "a text"),
        Domain::Duration => quantity_operand(d, node, "a duration like `250ms`", |text| {
            quantity::duration(text).map(|duration| Value::from(duration.as_secs_f64() * 1e3))
        }),
        Domain::Count if matches!(node.kind, Kind::Number(_)) => d.tree(node),
        Domain::Count => quantity_operand(d, node, "a number or a size like `10KiB`", |text| {
            let wrong = |_| format!("`{text}` is no number, and no size like `10KiB`");
            // A number in quotes is text, and a text never equals a count.
            if text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!("`{text}` is text here: leave out the quotes"));
            }
            quantity::size(text).map(Value::from).map_err(wrong)
        }),
    }
}

fn quantity_operand(
    d: &Decoder<'_>,
    node: &Node,
    what: &str,
    read: impl Fn(&str) -> Result<Value, String>,
) -> Option<Tree> {
    let Kind::Text(text) = &node.kind else {
        d.expected(what, node);
        return None;
    };
    if text.contains("${") {
        return d.tree(node);
    }
    match read(text) {
        Ok(value) => Some(Tree::Literal(value)),
        Err(message) => {
            d.error(node.at, message, "");
            None
        }
    }
}

fn list_operand(d: &Decoder<'_>, node: &Node, domain: Domain) -> Option<Tree> {
    match &node.kind {
        Kind::List(items) => {
            let items: Vec<Option<Tree>> =
                items.iter().map(|item| operand(d, item, domain)).collect();
            Some(Tree::List(items.into_iter().collect::<Option<_>>()?))
        }
        Kind::Text(text) if text.contains("${") => d.tree(node),
        _ => {
            d.expected("a list of values", node);
            None
        }
    }
}

fn between(d: &Decoder<'_>, node: &Node, domain: Domain) -> Option<Op> {
    match d.list(node, "two values")? {
        [low, high] => {
            let (low, high) = (operand(d, low, domain), operand(d, high, domain));
            Some(Op::Between(Box::new([low?, high?])))
        }
        other => {
            d.error(node.at, format!("`between` wants two values, found {}", other.len()), "");
            None
        }
    }
}

fn pattern(d: &Decoder<'_>, node: &Node) -> Option<Pattern> {
    let text = d.text(node, "a regular expression")?;
    let Some(literal) = text.value.literal() else { return Some(Pattern::Template(text)) };
    match template::pattern(literal) {
        Ok(regex) => Some(Pattern::Compiled(regex)),
        Err(message) => {
            d.error_help(node.at, &message, "", template::pattern_help(&message));
            None
        }
    }
}

fn types(d: &Decoder<'_>, node: &Node) -> Option<Vec<Type>> {
    let one = |node: &Node| {
        let name = match &node.kind {
            Kind::Null => "null".to_owned(),
            _ => d.plain(node, "the name of a type")?.value,
        };
        let kind = Type::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        if kind.is_none() {
            let names = Type::ALL.map(|(name, _)| format!("`{name}`")).join(", ");
            d.error_help(
                node.at,
                format!("`{name}` is no type"),
                "",
                &format!("the types are {names}"),
            );
        }
        kind
    };
    match &node.kind {
        Kind::List(items) => items.iter().map(one).collect(),
        _ => Some(vec![one(node)?]),
    }
}

fn unordered(d: &Decoder<'_>, node: &Node, way: Way) -> Option<Vec<Matcher>> {
    let items: Vec<Option<Matcher>> =
        d.list(node, "values")?.iter().map(|item| decode_in(d, item, way)).collect();
    items.into_iter().collect()
}

/// What looks at texts alone never holds of a duration or a count.
fn refuse_quantity(d: &Decoder<'_>, entry: &Entry, domain: Domain, looks_at: &str) -> Option<()> {
    let is = match domain {
        Domain::Json | Domain::Text => return Some(()),
        Domain::Duration => "a duration",
        Domain::Count => "a count",
    };
    let help = "the operators on numbers are `gt`, `gte`, `lt`, `lte`, `between` and `approx`";
    d.error_help(
        entry.at,
        format!("`{}` looks at {looks_at}, and this is {is}", entry.key),
        "",
        help,
    );
    None
}

const APPROX_KEYS: Keys = Keys { what: "`approx`", known: &["value", "within"] };

fn approx(d: &Decoder<'_>, node: &Node, domain: Domain) -> Option<Op> {
    let entries = d.map(node, &APPROX_KEYS)?;
    let part = |key: &str| {
        let Some(entry) = entries.iter().find(|entry| entry.key == key) else {
            let help = "write it like `{value: 9.99, within: 0.01}`";
            d.error_help(node.at, format!("`approx` has no `{key}`"), "", help);
            return None;
        };
        let node = &entry.value;
        match (domain, &node.kind) {
            (Domain::Json | Domain::Text, Kind::Number(_)) => d.tree(node),
            (Domain::Json | Domain::Text, Kind::Text(text)) if text.contains("${") => d.tree(node),
            (Domain::Json | Domain::Text, _) => {
                d.expected("a number", node);
                None
            }
            (domain, _) => operand(d, node, domain),
        }
    };
    let (value, within) = (part("value"), part("within"));
    let (value, within) = (value?, within?);
    if let Tree::Literal(Value::Number(within)) = &within
        && within.as_str().starts_with('-')
    {
        d.error_help(
            node.at,
            "`within` is below zero: nothing is so near",
            "",
            "leave out the `-`",
        );
        return None;
    }
    Some(Op::Approx(Box::new(Approx { at: node.at, value, within })))
}

fn direction(d: &Decoder<'_>, node: &Node) -> Option<Direction> {
    match &node.kind {
        Kind::Text(text) if text == "asc" => Some(Direction::Ascending),
        Kind::Text(text) if text == "desc" => Some(Direction::Descending),
        _ => {
            d.error(node.at, format!("`sorted` is `asc` or `desc`, found {}", found(node)), "");
            None
        }
    }
}

fn only_true(d: &Decoder<'_>, node: &Node, name: &str) -> Option<Op> {
    if d.boolean(node)? {
        return Some(Op::Unique);
    }
    d.error_help(node.at, format!("`{name}: false` says nothing"), "", "leave it out");
    None
}
