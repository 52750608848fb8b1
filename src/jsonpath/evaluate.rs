//! Follows a path through a tree, depth first: nodes come in the order of RFC 9535 and no list is made on the way.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::ops::ControlFlow;

use regex::Regex;

use super::ast::{Operand, Order, Pattern, Query, Segment, Selector, Test};
use super::{BUDGET, MOST_NODES, TooMuch, iregexp};
use crate::value::{self, Value};

/// A pattern out of the document costs as much as so many nodes.
const COMPILATION: usize = 10_000;

/// Why no more nodes are looked at.
enum End {
    /// There is one, and more are not wanted.
    Enough,
    /// The budget is used up.
    Exhausted,
}

type Flow = ControlFlow<End>;

/// What is done with each node.
type Visit<'f, 'v> = &'f mut dyn FnMut(&'v Value) -> Flow;

/// The nodes that a path finds, in order.
pub(super) fn all<'v>(segments: &[Segment], root: &'v Value) -> Result<Vec<&'v Value>, TooMuch> {
    within(BUDGET, segments, root)
}

/// As [`all`], where so many nodes are looked at.
pub(super) fn within<'v>(
    budget: usize,
    segments: &[Segment],
    root: &'v Value,
) -> Result<Vec<&'v Value>, TooMuch> {
    let mut nodes = Vec::new();
    let evaluation = Evaluation { root, left: Cell::new(budget), pattern: RefCell::default() };
    let flow = evaluation.walk(segments, root, &mut |node| {
        if nodes.len() == MOST_NODES {
            return ControlFlow::Break(End::Exhausted);
        }
        nodes.push(node);
        ControlFlow::Continue(())
    });
    match flow {
        ControlFlow::Break(_) => Err(TooMuch),
        ControlFlow::Continue(()) => Ok(nodes),
    }
}

/// One step of a singular path.
pub(super) fn child<'v>(selector: &Selector, node: &'v Value) -> Option<&'v Value> {
    match (selector, node) {
        (Selector::Name(name), Value::Object(members)) => members.get(name),
        (Selector::Index(index), Value::Array(items)) => {
            let index = if *index < 0 { *index + items.len() as i64 } else { *index };
            usize::try_from(index).ok().and_then(|index| items.get(index))
        }
        _ => None,
    }
}

struct Evaluation<'v> {
    root: &'v Value,
    left: Cell<usize>,
    /// The last pattern that came out of the document.
    pattern: RefCell<Option<(String, bool, Option<Regex>)>>,
}

impl<'v> Evaluation<'v> {
    fn charge(&self, cost: usize) -> Flow {
        match self.left.get().checked_sub(cost) {
            Some(left) => {
                self.left.set(left);
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(End::Exhausted),
        }
    }

    /// Long texts that are looked through again and again cost, too.
    fn charge_text(&self, text: &str) -> Flow {
        self.charge(text.len() / 64)
    }

    fn walk(&self, segments: &[Segment], node: &'v Value, visit: Visit<'_, 'v>) -> Flow {
        let Some((segment, rest)) = segments.split_first() else { return visit(node) };
        if !segment.descends {
            return self.select(&segment.selectors, rest, node, visit);
        }
        // Each node before those below it; a stack of its own, as paths within filters begin at the root anew.
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            self.select(&segment.selectors, rest, node, visit)?;
            let has_nodes = |node: &&Value| node.is_array() || node.is_object();
            match node {
                Value::Array(items) => waiting.extend(items.iter().rev().filter(has_nodes)),
                Value::Object(members) => waiting.extend(members.values().rev().filter(has_nodes)),
                _ => {}
            }
            self.charge(children(node))?;
        }
        ControlFlow::Continue(())
    }

    /// The children of the node that the selectors take, each with the rest of the path.
    fn select(
        &self,
        selectors: &[Selector],
        rest: &[Segment],
        node: &'v Value,
        visit: Visit<'_, 'v>,
    ) -> Flow {
        self.charge(selectors.len())?;
        for selector in selectors {
            match (selector, node) {
                (Selector::Name(_) | Selector::Index(_), _) => {
                    if let Some(child) = child(selector, node) {
                        self.walk(rest, child, visit)?;
                    }
                }
                (Selector::Slice { start, end, step }, Value::Array(items)) => {
                    for index in slice(*start, *end, *step, items.len()) {
                        self.charge(1)?;
                        self.walk(rest, &items[index], visit)?;
                    }
                }
                (Selector::Wildcard | Selector::Filter(_), Value::Array(items)) => {
                    self.take(selector, rest, items.iter(), visit)?;
                }
                (Selector::Wildcard | Selector::Filter(_), Value::Object(members)) => {
                    self.take(selector, rest, members.values(), visit)?;
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn take(
        &self,
        selector: &Selector,
        rest: &[Segment],
        children: impl Iterator<Item = &'v Value>,
        visit: Visit<'_, 'v>,
    ) -> Flow {
        for child in children {
            self.charge(1)?;
            let is_wanted = match selector {
                Selector::Filter(test) => self.holds(test, child)?,
                _ => true,
            };
            if is_wanted {
                self.walk(rest, child, visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn holds(&self, test: &Test, node: &'v Value) -> ControlFlow<End, bool> {
        let holds = match test {
            Test::Or(tests) => {
                for test in tests {
                    if self.holds(test, node)? {
                        return ControlFlow::Continue(true);
                    }
                }
                false
            }
            Test::And(tests) => {
                for test in tests {
                    if !self.holds(test, node)? {
                        return ControlFlow::Continue(false);
                    }
                }
                true
            }
            Test::Not(test) => !self.holds(test, node)?,
            Test::Exists(query) => self.one(query, node)?.is_some(),
            Test::Compare(left, order, right) => {
                let (left, right) = (self.operand(left, node)?, self.operand(right, node)?);
                self.compare(left.as_ref(), *order, right.as_ref())?
            }
            Test::Matches { text, pattern, whole } => {
                let text = self.operand(text, node)?;
                match text.as_ref().map(Given::value) {
                    Some(Value::String(text)) => self.matches(text, pattern, *whole, node)?,
                    _ => false,
                }
            }
        };
        ControlFlow::Continue(holds)
    }

    /// The first node of a path within a filter.
    fn one(&self, query: &Query, node: &'v Value) -> ControlFlow<End, Option<&'v Value>> {
        let begin = if query.absolute { self.root } else { node };
        let mut first = None;
        let flow = self.walk(&query.segments, begin, &mut |node| {
            first = Some(node);
            ControlFlow::Break(End::Enough)
        });
        match flow {
            ControlFlow::Break(End::Exhausted) => ControlFlow::Break(End::Exhausted),
            _ => ControlFlow::Continue(first),
        }
    }

    /// The first node, and whether it is the only one.
    fn two(
        &self,
        segments: &[Segment],
        begin: &'v Value,
    ) -> Result<(Option<&'v Value>, bool), End> {
        let (mut first, mut only) = (None, true);
        let flow = self.walk(segments, begin, &mut |node| match first {
            None => {
                first = Some(node);
                ControlFlow::Continue(())
            }
            Some(_) => {
                only = false;
                ControlFlow::Break(End::Enough)
            }
        });
        match flow {
            ControlFlow::Break(End::Exhausted) => Err(End::Exhausted),
            _ => Ok((first, only)),
        }
    }

    fn operand<'o>(
        &self,
        operand: &'o Operand,
        node: &'v Value,
    ) -> ControlFlow<End, Option<Given<'o>>>
    where
        'v: 'o,
    {
        let given = match operand {
            Operand::Literal(value) => Some(Given::Borrowed(value)),
            Operand::Node(query) => self.one(query, node)?.map(Given::Borrowed),
            Operand::Length(inner) => {
                let inner = self.operand(inner, node)?;
                match inner.as_ref().map(Given::value) {
                    Some(Value::String(text)) => {
                        self.charge_text(text)?;
                        Some(text.chars().count())
                    }
                    Some(container @ (Value::Array(_) | Value::Object(_))) => {
                        Some(children(container))
                    }
                    _ => None,
                }
                .map(Given::count)
            }
            Operand::Count(query) => {
                let begin = if query.absolute { self.root } else { node };
                let mut count = 0;
                self.walk(&query.segments, begin, &mut |_| {
                    count += 1;
                    ControlFlow::Continue(())
                })?;
                Some(Given::count(count))
            }
            Operand::Value(query) => {
                let begin = if query.absolute { self.root } else { node };
                match self.two(&query.segments, begin) {
                    Ok((first, only)) => first.filter(|_| only).map(Given::Borrowed),
                    Err(end) => return ControlFlow::Break(end),
                }
            }
        };
        ControlFlow::Continue(given)
    }

    /// RFC 9535 section 2.3.5.2.2; where both sides are nothing they are equal.
    fn compare(
        &self,
        left: Option<&Given<'_>>,
        order: Order,
        right: Option<&Given<'_>>,
    ) -> ControlFlow<End, bool> {
        let (left, right) = (left.map(Given::value), right.map(Given::value));
        let (equal, ordering) = match (left, right) {
            (Some(Value::Number(left)), Some(Value::Number(right))) => {
                let ordering = value::compare(left, right);
                (ordering == Ordering::Equal, Some(ordering))
            }
            (Some(Value::String(left)), Some(Value::String(right))) => {
                self.charge_text(left)?;
                let ordering = left.cmp(right);
                (ordering == Ordering::Equal, Some(ordering))
            }
            (Some(left), Some(right)) => (self.equal(left, right)?, None),
            (left, right) => (left.is_none() && right.is_none(), None),
        };
        ControlFlow::Continue(match order {
            Order::Equal => equal,
            Order::NotEqual => !equal,
            Order::Less => ordering == Some(Ordering::Less),
            Order::LessOrEqual => equal || ordering == Some(Ordering::Less),
            Order::Greater => ordering == Some(Ordering::Greater),
            Order::GreaterOrEqual => equal || ordering == Some(Ordering::Greater),
        })
    }

    /// As [`value::equal`], within the budget.
    fn equal(&self, left: &Value, right: &Value) -> ControlFlow<End, bool> {
        self.charge(1)?;
        match (left, right) {
            (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
                for (left, right) in left.iter().zip(right) {
                    if !self.equal(left, right)? {
                        return ControlFlow::Continue(false);
                    }
                }
                ControlFlow::Continue(true)
            }
            (Value::Object(left), Value::Object(right)) if left.len() == right.len() => {
                for (name, left) in left {
                    let Some(right) = right.get(name) else {
                        return ControlFlow::Continue(false);
                    };
                    if !self.equal(left, right)? {
                        return ControlFlow::Continue(false);
                    }
                }
                ControlFlow::Continue(true)
            }
            (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
                ControlFlow::Continue(false)
            }
            (left, right) => {
                if let Value::String(text) = left {
                    self.charge_text(text)?;
                }
                ControlFlow::Continue(value::equal(left, right))
            }
        }
    }

    /// A pattern that is no I-Regexp matches nothing (RFC 9535 section 2.4.6).
    fn matches(
        &self,
        text: &str,
        pattern: &Pattern,
        whole: bool,
        node: &'v Value,
    ) -> ControlFlow<End, bool> {
        self.charge_text(text)?;
        let operand = match pattern {
            Pattern::Literal(regex) => return ControlFlow::Continue(regex.is_match(text)),
            Pattern::Of(operand) => self.operand(operand, node)?,
        };
        let Some(Value::String(pattern)) = operand.as_ref().map(Given::value) else {
            return ControlFlow::Continue(false);
        };
        let mut last = self.pattern.borrow_mut();
        let is_last = |last: &(String, bool, _)| last.0 == *pattern && last.1 == whole;
        if !last.as_ref().is_some_and(is_last) {
            self.charge(COMPILATION)?;
            *last = Some((pattern.clone(), whole, iregexp::compile(pattern, whole).ok()));
        }
        let regex = last.as_ref().and_then(|(_, _, regex)| regex.as_ref());
        ControlFlow::Continue(regex.is_some_and(|regex| regex.is_match(text)))
    }
}

/// A value that is there or was counted.
enum Given<'v> {
    Borrowed(&'v Value),
    Counted(Value),
}

impl Given<'_> {
    fn count(count: usize) -> Self {
        Self::Counted(Value::from(count))
    }

    fn value(&self) -> &Value {
        match self {
            Self::Borrowed(value) => value,
            Self::Counted(value) => value,
        }
    }
}

fn children(node: &Value) -> usize {
    match node {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    }
}

/// The indexes that a slice takes (RFC 9535 section 2.3.4.2.2).
fn slice(
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
    length: usize,
) -> impl Iterator<Item = usize> {
    let length = length as i64;
    let normal = |index: i64| if index < 0 { length + index } else { index };
    let (mut at, last) = if step >= 0 {
        let start = normal(start.unwrap_or(0)).clamp(0, length);
        (start, normal(end.unwrap_or(length)).clamp(0, length))
    } else {
        let start = normal(start.unwrap_or(length - 1)).clamp(-1, length - 1);
        (start, end.map_or(-1, normal).clamp(-1, length - 1))
    };
    std::iter::from_fn(move || {
        let is_within = if step > 0 { at < last } else { step < 0 && at > last };
        let index = usize::try_from(at).ok().filter(|_| is_within)?;
        at += step;
        Some(index)
    })
}
