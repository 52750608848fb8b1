//! What a path is made of once it is read: every form that RFC 9535 has, and none that its types forbid.

use regex::Regex;

use crate::value::Value;

/// One step of a path.
#[derive(Debug)]
pub(super) struct Segment {
    /// `..`: on the node and on all below it.
    pub(super) descends: bool,
    pub(super) selectors: Vec<Selector>,
    /// The byte of the path where its text ends.
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) enum Selector {
    Name(String),
    /// A negative one counts from the end.
    Index(i64),
    Wildcard,
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    Filter(Test),
}

/// What is true or false (`LogicalType`).
#[derive(Debug)]
pub(super) enum Test {
    Or(Vec<Test>),
    And(Vec<Test>),
    Not(Box<Test>),
    Exists(Query),
    Compare(Operand, Order, Operand),
    /// `match`, which wants the whole text, and `search`.
    Matches {
        text: Operand,
        pattern: Pattern,
        whole: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A path within a filter.
#[derive(Debug)]
pub(super) struct Query {
    /// `$`, not `@`.
    pub(super) absolute: bool,
    pub(super) segments: Vec<Segment>,
}

/// What has one value, or none (`ValueType`).
#[derive(Debug)]
pub(super) enum Operand {
    Literal(Value),
    /// The node of a singular query.
    Node(Query),
    Length(Box<Operand>),
    Count(Query),
    /// The value of the only node.
    Value(Query),
}

#[derive(Debug)]
pub(super) enum Pattern {
    /// Compiled once.
    Literal(Regex),
    /// Out of the document.
    Of(Operand),
}

impl Segment {
    /// The name or index of a segment that gives one node at most.
    pub(super) fn singular(&self) -> Option<&Selector> {
        match self.selectors.as_slice() {
            [only @ (Selector::Name(_) | Selector::Index(_))] if !self.descends => Some(only),
            _ => None,
        }
    }
}

/// Whether these give one node at most (RFC 9535 section 2.3.5.1, "singular query").
pub(super) fn are_singular(segments: &[Segment]) -> bool {
    segments.iter().all(|segment| segment.singular().is_some())
}

/// Whether both are the same name or index.
pub(super) fn are_same(one: &Selector, other: &Selector) -> bool {
    match (one, other) {
        (Selector::Name(one), Selector::Name(other)) => one == other,
        (Selector::Index(one), Selector::Index(other)) => one == other,
        _ => false,
    }
}

/// Whether a filter of these begins anew at the root of the document.
pub(super) fn look_at_root(segments: &[Segment]) -> bool {
    let query = |query: &Query| query.absolute || look_at_root(&query.segments);
    segments.iter().flat_map(|segment| &segment.selectors).any(|selector| match selector {
        Selector::Filter(test) => test_has(test, &query),
        _ => false,
    })
}

fn test_has(test: &Test, is_it: &dyn Fn(&Query) -> bool) -> bool {
    match test {
        Test::Or(all) | Test::And(all) => all.iter().any(|test| test_has(test, is_it)),
        Test::Not(test) => test_has(test, is_it),
        Test::Exists(query) => is_it(query),
        Test::Compare(left, _, right) => operand_has(left, is_it) || operand_has(right, is_it),
        Test::Matches { text, pattern, .. } => {
            let in_pattern = matches!(pattern, Pattern::Of(operand) if operand_has(operand, is_it));
            operand_has(text, is_it) || in_pattern
        }
    }
}

fn operand_has(operand: &Operand, is_it: &dyn Fn(&Query) -> bool) -> bool {
    match operand {
        Operand::Literal(_) => false,
        Operand::Node(query) | Operand::Count(query) | Operand::Value(query) => is_it(query),
        Operand::Length(inner) => operand_has(inner, is_it),
    }
}
