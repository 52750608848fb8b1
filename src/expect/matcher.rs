//! Whether a matcher holds, and nothing more: what is formatted for people is made only when it does not.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::operand::{Context, Evaluated};
use super::target::{Domain, Elements, Target};
use super::unordered;
use crate::scenario::decode::Tree;
use crate::scenario::matcher::{Check, Direction, Matcher, Op, Order, Type, When};
use crate::value::{self, Value};

/// What is said of a value: that it is so, that it is not, or that the question makes no sense of it.
///
/// A value of the wrong kind fails a matcher and its negation alike; they combine as the unknown of Kleene's logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    Fails,
    WrongKind,
}

use Verdict::{Fails, Holds, WrongKind};

impl Verdict {
    pub(super) fn holds(self) -> bool {
        self == Holds
    }

    /// It holds, or nobody can say.
    pub(super) fn not_fails(self) -> bool {
        self != Fails
    }

    fn not(self) -> Self {
        match self {
            Holds => Fails,
            Fails => Holds,
            WrongKind => WrongKind,
        }
    }
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Holds } else { Fails }
    }
}

/// A verdict on what may be of the wrong kind.
fn known(holds: Option<bool>) -> Verdict {
    holds.map_or(WrongKind, Verdict::from)
}

/// All hold; one that fails settles it.
pub(super) fn all(verdicts: impl Iterator<Item = Evaluated<Verdict>>) -> Evaluated<Verdict> {
    let mut together = Holds;
    for verdict in verdicts {
        match verdict? {
            Holds => {}
            Fails => return Ok(Fails),
            WrongKind => together = WrongKind,
        }
    }
    Ok(together)
}

/// One holds; that settles it.
fn any(verdicts: impl Iterator<Item = Evaluated<Verdict>>) -> Evaluated<Verdict> {
    Ok(all(verdicts.map(|verdict| verdict.map(Verdict::not)))?.not())
}

impl Context<'_> {
    /// Whether all checks of a matcher hold.
    pub(super) fn judge(
        &self,
        matcher: &Matcher,
        target: Target<'_>,
        domain: Domain,
    ) -> Evaluated<Verdict> {
        all(matcher.checks.iter().map(|check| self.judge_check(check, target, domain)))
    }

    /// Whether one check holds.
    pub(super) fn judge_check(
        &self,
        check: &Check,
        target: Target<'_>,
        domain: Domain,
    ) -> Evaluated<Verdict> {
        if let Op::Exists(wanted) = &check.op {
            let there = !target.is_missing() && !target.found_no_node();
            return Ok((there == *wanted).into());
        }
        if target.is_missing() {
            return Ok(WrongKind);
        }
        let each = |matcher, elements: Elements<'_>| {
            all(elements.iter().map(|item| self.judge(matcher, Target::Node(item), domain)))
        };
        let some = |matcher, elements: Elements<'_>| {
            any(elements.iter().map(|item| self.judge(matcher, Target::Node(item), domain)))
        };
        Ok(match &check.op {
            Op::Not(inner) => self.judge(inner, target, domain)?.not(),
            Op::Length(inner) => match target.length() {
                Some((count, _)) => {
                    self.judge(inner, Target::Node(&Value::from(count)), Domain::Count)?
                }
                None => WrongKind,
            },
            Op::Each(_) if target.found_no_node() => WrongKind,
            Op::Each(inner) => self.on_elements(target, |elements| each(inner, elements))?,
            Op::Any(inner) => self.on_elements(target, |elements| some(inner, elements))?,
            Op::None(inner) => self.on_elements(target, |elements| some(inner, elements))?.not(),
            Op::Unordered(wanted) => self.on_elements(target, |elements| {
                let fits = |wanted: &Matcher, item: &Value| {
                    Ok(self.judge(wanted, Target::Node(item), domain)?.holds())
                };
                Ok(unordered::is_match(wanted, elements, fits)?.into())
            })?,
            Op::Like(like) => self.is_like(like, target)?,
            op => self.judge_value(op, target, domain)?,
        })
    }

    /// The checks that look at a value as one.
    fn judge_value(&self, op: &Op, target: Target<'_>, domain: Domain) -> Evaluated<Verdict> {
        let operand = |tree| self.operand(tree, domain);
        let text = |tree, test: fn(&str, &str) -> bool| -> Evaluated<Verdict> {
            let operand = self.operand(tree, Domain::Text)?;
            let both = target.as_text().zip(operand.as_str());
            Ok(known(both.map(|(text, operand)| test(text, operand))))
        };
        Ok(match op {
            Op::Equals(tree) => target.equals(&*operand(tree)?).into(),
            Op::Compare(order, tree) => {
                known(target.order(&*operand(tree)?).map(|found| stands(*order, found)))
            }
            Op::Between(ends) => {
                let [low, high] = &**ends;
                let low = target.order(&*operand(low)?);
                let high = target.order(&*operand(high)?);
                known(low.zip(high).map(|(low, high)| low.is_ge() && high.is_le()))
            }
            Op::In(tree) => self.is_one_of(target, tree, domain)?.into(),
            Op::Includes(tree) => known(includes(target, &*operand(tree)?)),
            Op::Excludes(tree) => known(includes(target, &*operand(tree)?)).not(),
            Op::StartsWith(tree) => text(tree, |text, start| text.starts_with(start))?,
            Op::EndsWith(tree) => text(tree, |text, end| text.ends_with(end))?,
            Op::Matches(pattern) => {
                let regex = self.regex(pattern)?;
                known(target.as_text().map(|text| regex.is_match(text)))
            }
            Op::Empty(wanted) => known(target.is_empty().map(|empty| empty == *wanted)),
            Op::Type(kinds) => kinds.iter().any(|kind| is_of(target, *kind)).into(),
            Op::Sorted(direction) => {
                known(target.elements().and_then(|elements| is_sorted(elements, *direction)))
            }
            Op::Unique => known(target.elements().map(is_unique)),
            Op::Is(format) => known(target.as_text().map(|text| format.fits(text))),
            Op::Approx(approx) => {
                let [value, within] = self.approx(approx, domain)?;
                known(target.number().map(|found| value::is_near(&found, &value, &within)))
            }
            Op::Time(when, tree) => {
                let limit = self.time(tree)?;
                known(target.time().map(|found| match when {
                    When::Before => found < limit,
                    When::After => found > limit,
                }))
            }
            // Those that lead to other values are `judge_check`'s.
            _ => WrongKind,
        })
    }

    fn on_elements<'v>(
        &self,
        target: Target<'v>,
        judge: impl FnOnce(Elements<'v>) -> Evaluated<Verdict>,
    ) -> Evaluated<Verdict> {
        target.elements().map_or(Ok(WrongKind), judge)
    }

    fn is_one_of(&self, target: Target<'_>, tree: &Tree, domain: Domain) -> Evaluated<bool> {
        if let Tree::List(items) = tree {
            for item in items {
                if target.equals(&*self.operand(item, domain)?) {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let operand = self.operand(tree, domain)?;
        match (&*operand, tree) {
            (Value::Array(items), _) => Ok(items.iter().any(|item| target.equals(item))),
            (other, Tree::Template(text)) => {
                let message = format!("`in` wants a list, and this is {}", value::a_kind(other));
                Err(self.invalid(text.at, message))
            }
            _ => Ok(false),
        }
    }
}

fn stands(order: Order, found: Ordering) -> bool {
    match order {
        Order::Greater => found.is_gt(),
        Order::GreaterOrEqual => found.is_ge(),
        Order::Less => found.is_lt(),
        Order::LessOrEqual => found.is_le(),
    }
}

/// A substring; an element, or one with at least these members; the members of an object.
fn includes(target: Target<'_>, operand: &Value) -> Option<bool> {
    if let Some(text) = target.as_text() {
        return operand.as_str().map(|part| text.contains(part));
    }
    if let Some(elements) = target.elements() {
        let fits = |item: &Value| value::equal(item, operand) || has_members(item, operand);
        return Some(elements.iter().any(fits));
    }
    match (target, operand) {
        (Target::Node(value @ Value::Object(_)), Value::Object(_)) => {
            Some(has_members(value, operand))
        }
        _ => None,
    }
}

fn has_members(value: &Value, operand: &Value) -> bool {
    let (Value::Object(members), Value::Object(wanted)) = (value, operand) else { return false };
    let has = |(name, wanted): (&String, &Value)| {
        members.get(name).is_some_and(|member| value::equal(member, wanted))
    };
    wanted.iter().all(has)
}

fn is_of(target: Target<'_>, kind: Type) -> bool {
    match target {
        Target::Node(Value::Number(number)) => {
            kind == Type::Number || (kind == Type::Integer && value::is_integer(number))
        }
        Target::Node(value) => value::kind(value) == kind.name(),
        Target::Nodes(_) => kind == Type::Array,
        Target::Text(_) => kind == Type::String,
        Target::Missing => false,
    }
}

/// None for a list that is not all numbers or all strings.
fn is_sorted(elements: Elements<'_>, direction: Direction) -> Option<bool> {
    let orderable = |value: &Value| match value {
        Value::Number(_) => Some(0),
        Value::String(_) => Some(1),
        _ => None,
    };
    let kind = match elements.get(0) {
        Some(first) => orderable(first)?,
        None => return Some(true),
    };
    let in_order = |pair: (&Value, &Value)| match Target::Node(pair.0).order(pair.1) {
        Some(order) if direction == Direction::Ascending => order.is_le(),
        Some(order) => order.is_ge(),
        None => false,
    };
    let same_kind = elements.iter().all(|element| orderable(element) == Some(kind));
    same_kind.then(|| elements.iter().zip(elements.iter().skip(1)).all(in_order))
}

fn is_unique(elements: Elements<'_>) -> bool {
    first_repeated(elements).is_none()
}

/// The first element that is equal to one before it, with that one.
pub(super) fn first_repeated(elements: Elements<'_>) -> Option<(usize, usize)> {
    let mut seen: HashMap<u64, Vec<usize>> = HashMap::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let same_hash = seen.entry(hash(element)).or_default();
        let is_equal = |other: &&usize| {
            elements.get(**other).is_some_and(|other| value::equal(other, element))
        };
        if let Some(other) = same_hash.iter().find(is_equal) {
            return Some((*other, index));
        }
        same_hash.push(index);
    }
    None
}

/// A hash that is the same for values that [`value::equal`] takes for equal.
fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value::kind(value).hash(&mut hasher);
    match value {
        Value::Null => {}
        Value::Bool(value) => value.hash(&mut hasher),
        Value::Number(number) => value::hash(number, &mut hasher),
        Value::String(text) => text.hash(&mut hasher),
        Value::Array(items) => items.iter().for_each(|item| hash(item).hash(&mut hasher)),
        // Members have no order, so neither has their sum.
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let mut hasher = DefaultHasher::new();
                (name, hash(value)).hash(&mut hasher);
                hasher.finish()
            };
            members.iter().map(member).fold(0, u64::wrapping_add).hash(&mut hasher);
        }
    }
    hasher.finish()
}
