//! Why a matcher does not hold: the misses that people read. Nothing here is on the way of what passes.

use std::borrow::Cow;

use super::diff;
use super::matcher::first_repeated;
use super::operand::{Context, Evaluated, expression, only_expression};
use super::target::{Domain, Elements, Target};
use super::unordered;
use crate::outcome::{Actual, Difference, Fault, MOST_DIFFERENCES, Miss, Subject, Via, Wanted};
use crate::scenario::matcher::{Check, Direction, Matcher, Op, Order, Pattern, When};
use crate::scenario::yaml::At;
use crate::value::{Map, Value};

/// What is looked at, for the misses.
pub(super) struct Looked<'l> {
    pub(super) subject: &'l dyn Fn() -> Subject,
    /// What is said where nothing is there.
    pub(super) missing: &'l dyn Fn() -> Actual,
}

/// Nothing is there, and there is nothing more to say of it.
pub(super) fn absent() -> Actual {
    Actual::Absent
}

impl Context<'_> {
    /// Every check of the matcher that does not hold, as faults.
    pub(super) fn matcher(
        &self,
        matcher: &Matcher,
        target: Target<'_>,
        domain: Domain,
        looked: &Looked<'_>,
        faults: &mut Vec<Fault>,
    ) {
        for check in &matcher.checks {
            let before = faults.len();
            match self.judge_check(check, target, domain) {
                Ok(verdict) if verdict.holds() => continue,
                Ok(_) => {
                    let told = self.misses(check, target, domain, looked, &[]);
                    match told {
                        Ok(misses) => faults.extend(misses.into_iter().map(Fault::Miss)),
                        Err(fault) => faults.push(*fault),
                    }
                }
                Err(fault) => faults.push(*fault),
            }
            // What is not there fails every check for one and the same reason.
            if target.is_missing() && faults.len() > before {
                return;
            }
        }
    }

    /// The miss of a matcher that there is no value for, whatever it wants.
    pub(super) fn without_value(
        &self,
        matcher: &Matcher,
        domain: Domain,
        looked: &Looked<'_>,
        faults: &mut Vec<Fault>,
    ) {
        if let Some(check) = matcher.checks.first() {
            faults.push(match self.miss(check, Target::Missing, domain, looked, &[]) {
                Ok(miss) => Fault::Miss(miss),
                Err(fault) => *fault,
            });
        }
    }

    /// What a check that does not hold has to say; never nothing.
    fn misses(
        &self,
        check: &Check,
        target: Target<'_>,
        domain: Domain,
        looked: &Looked<'_>,
        via: &[Via],
    ) -> Evaluated<Vec<Miss>> {
        let inner = match &check.op {
            Op::Length(inner) => match target.length() {
                Some((count, unit)) => {
                    let count = Value::from(count);
                    let via = [via, &[Via::Length(unit)]].concat();
                    self.inner_misses(inner, Target::Node(&count), Domain::Count, looked, &via)?
                }
                None => Vec::new(),
            },
            Op::Each(inner) => match target.elements() {
                Some(elements) => self.elements_that_miss(inner, elements, domain, looked, via)?,
                None => Vec::new(),
            },
            Op::Like(like) => self.unlike((check, like), target, looked, via)?,
            _ => Vec::new(),
        };
        if inner.is_empty() {
            return Ok(vec![self.miss(check, target, domain, looked, via)?]);
        }
        Ok(inner)
    }

    pub(super) fn inner_misses(
        &self,
        matcher: &Matcher,
        target: Target<'_>,
        domain: Domain,
        looked: &Looked<'_>,
        via: &[Via],
    ) -> Evaluated<Vec<Miss>> {
        let mut misses = Vec::new();
        for check in &matcher.checks {
            if !self.judge_check(check, target, domain)?.holds() {
                misses.extend(self.misses(check, target, domain, looked, via)?);
            }
        }
        Ok(misses)
    }

    /// The misses of the first element that has any; the other such elements are named with the first of them.
    fn elements_that_miss(
        &self,
        matcher: &Matcher,
        elements: Elements<'_>,
        domain: Domain,
        looked: &Looked<'_>,
        via: &[Via],
    ) -> Evaluated<Vec<Miss>> {
        let mut missing = elements.iter().enumerate().filter_map(|(index, element)| {
            match self.judge(matcher, Target::Node(element), domain) {
                Ok(verdict) if verdict.holds() => None,
                Ok(_) => Some(Ok((index, element))),
                Err(fault) => Some(Err(fault)),
            }
        });
        let Some(found) = missing.next() else { return Ok(Vec::new()) };
        let (index, element) = found?;
        let via = [via, &[Via::Element(index)]].concat();
        let mut misses = self.inner_misses(matcher, Target::Node(element), domain, looked, &via)?;
        // Differences of its own say more than the names of others.
        if let Some(first) = misses.first_mut().filter(|first| first.can_name_others()) {
            for other in missing.take(MOST_DIFFERENCES) {
                let (index, element) = other?;
                first.differences.push(element_at(index, Some(element)));
            }
        }
        Ok(misses)
    }

    fn miss(
        &self,
        check: &Check,
        target: Target<'_>,
        domain: Domain,
        looked: &Looked<'_>,
        via: &[Via],
    ) -> Evaluated<Miss> {
        let mut via = via.to_vec();
        let mut target = target;
        let mut differences = Vec::new();
        match (&check.op, target.elements()) {
            (Op::None(inner), Some(elements)) => {
                // The element that is not as none should be, or is of the wrong kind.
                for (index, element) in elements.iter().enumerate() {
                    let verdict = self.judge(inner, Target::Node(element), domain)?;
                    if verdict.not_fails() {
                        via.push(Via::Element(index));
                        target = Target::Node(element);
                        break;
                    }
                }
            }
            (Op::Unordered(wanted), Some(elements)) => {
                differences = self.left_over(wanted, elements, domain)?;
            }
            (Op::Unique, Some(elements)) => {
                differences = repeated(elements);
            }
            _ => {}
        }
        let wanted = self.wanted(&check.op, domain)?;
        let actual = match target.to_value() {
            Some(value) => {
                if matches!(check.op, Op::Equals(_)) {
                    differences = diff::differences(&wanted.operand, &value);
                }
                Actual::Value(value)
            }
            None => (looked.missing)(),
        };
        let subject = (looked.subject)();
        let place = self.place(operand_at(check));
        Ok(Miss { subject, via, place, wanted, actual, differences, reached: None })
    }

    /// The expectations without a partner, then the elements without one.
    fn left_over(
        &self,
        wanted: &[Matcher],
        elements: Elements<'_>,
        domain: Domain,
    ) -> Evaluated<Vec<Difference>> {
        let fits = |wanted: &Matcher, item: &Value| {
            Ok(self.judge(wanted, Target::Node(item), domain)?.holds())
        };
        let Some(left) = unordered::leftovers(wanted, elements, fits)? else {
            return Ok(Vec::new());
        };
        let mut differences = Vec::new();
        for index in left.wanted.into_iter().take(MOST_DIFFERENCES) {
            if let Some(matcher) = wanted.get(index) {
                let expected = Some(self.shown_element(matcher, domain)?);
                let path = format!("$[{index}]");
                differences.push(Difference { path, expected, actual: None, law: None });
            }
        }
        let rest = MOST_DIFFERENCES - differences.len();
        let elements = left.elements.into_iter().map(|at| element_at(at, elements.get(at)));
        differences.extend(elements.take(rest));
        Ok(differences)
    }

    /// What an operator wanted, as data.
    fn wanted(&self, op: &Op, domain: Domain) -> Evaluated<Wanted> {
        if let Op::Not(inner) = op
            && let [only] = inner.checks.as_slice()
            && can_be_negated(&only.op)
        {
            let wanted = self.wanted(&only.op, domain)?;
            return Ok(Wanted { operator: format!("not {}", wanted.operator), ..wanted });
        }
        Ok(Wanted {
            operator: name(op).to_owned(),
            operand: self.shown_operand(op, domain)?,
            expression: written(op).map(str::to_owned),
        })
    }

    /// The operand as one value.
    fn shown_operand(&self, op: &Op, domain: Domain) -> Evaluated<Value> {
        let value = |tree| self.operand(tree, domain).map(Cow::into_owned);
        Ok(match op {
            Op::Equals(tree)
            | Op::Compare(_, tree)
            | Op::In(tree)
            | Op::Includes(tree)
            | Op::Excludes(tree) => value(tree)?,
            Op::StartsWith(tree) | Op::EndsWith(tree) => {
                self.operand(tree, Domain::Text)?.into_owned()
            }
            Op::Between(ends) => Value::Array(vec![value(&ends[0])?, value(&ends[1])?]),
            Op::Matches(pattern) => Value::String(self.pattern(pattern)?),
            Op::Empty(wanted) | Op::Exists(wanted) => Value::Bool(*wanted),
            Op::Type(kinds) => match kinds.as_slice() {
                [only] => Value::from(only.name()),
                kinds => kinds.iter().map(|kind| kind.name()).collect(),
            },
            Op::Not(inner) | Op::Each(inner) | Op::Any(inner) | Op::None(inner) => {
                self.shown_matcher(inner, domain)?
            }
            Op::Length(inner) => self.shown_matcher(inner, Domain::Count)?,
            Op::Unordered(wanted) => {
                let elements = wanted.iter().map(|matcher| self.shown_element(matcher, domain));
                Value::Array(elements.collect::<Evaluated<_>>()?)
            }
            Op::Sorted(Direction::Ascending) => Value::from("asc"),
            Op::Sorted(Direction::Descending) => Value::from("desc"),
            Op::Unique => Value::Bool(true),
            Op::Is(format) => Value::from(format.name()),
            Op::Approx(approx) => {
                let [near, within] = self.approx(approx, domain)?.map(Value::Number);
                let parts = [("value".to_owned(), near), ("within".to_owned(), within)];
                Value::Object(parts.into_iter().collect())
            }
            Op::Time(_, tree) => self.operand(&tree.value, Domain::Json)?.into_owned(),
            Op::Like(like) => self.shown_like(like)?,
        })
    }

    /// A matcher as the map of its operators.
    fn shown_matcher(&self, matcher: &Matcher, domain: Domain) -> Evaluated<Value> {
        let mut map = Map::new();
        for check in &matcher.checks {
            map.insert(name(&check.op).to_owned(), self.shown_operand(&check.op, domain)?);
        }
        Ok(Value::Object(map))
    }

    /// An element of `unordered`: mostly a value.
    pub(super) fn shown_element(&self, matcher: &Matcher, domain: Domain) -> Evaluated<Value> {
        match matcher.checks.as_slice() {
            [Check { op: Op::Equals(tree), .. }] => self.operand(tree, domain).map(Cow::into_owned),
            [Check { op: Op::Like(like), .. }] => self.shown_like(like),
            _ => self.shown_matcher(matcher, domain),
        }
    }

    /// A miss that no matcher has said.
    pub(super) fn plain_miss(
        &self,
        at: At,
        subject: Subject,
        (operator, operand): (&str, Value),
        actual: Actual,
    ) -> Miss {
        let wanted = Wanted { operator: operator.to_owned(), operand, expression: None };
        let (via, differences) = (Vec::new(), Vec::new());
        let place = self.place(at);
        Miss { subject, via, place, wanted, actual, differences, reached: None }
    }
}

/// The two elements that are equal.
fn repeated(elements: Elements<'_>) -> Vec<Difference> {
    let Some((first, second)) = first_repeated(elements) else { return Vec::new() };
    [first, second].map(|index| element_at(index, elements.get(index))).into()
}

/// An element that there is something to say of.
pub(super) fn element_at(index: usize, element: Option<&Value>) -> Difference {
    let path = format!("$[{index}]");
    Difference { path, expected: None, actual: element.cloned(), law: None }
}

/// The operator as the format spells it.
fn name(op: &Op) -> &'static str {
    match op {
        Op::Equals(_) => "equals",
        Op::Not(_) => "not",
        Op::Compare(Order::Greater, _) => "gt",
        Op::Compare(Order::GreaterOrEqual, _) => "gte",
        Op::Compare(Order::Less, _) => "lt",
        Op::Compare(Order::LessOrEqual, _) => "lte",
        Op::Between(..) => "between",
        Op::In(_) => "in",
        Op::Includes(_) => "includes",
        Op::Excludes(_) => "excludes",
        Op::StartsWith(_) => "starts_with",
        Op::EndsWith(_) => "ends_with",
        Op::Matches(_) => "matches",
        Op::Length(_) => "length",
        Op::Empty(_) => "empty",
        Op::Exists(_) => "exists",
        Op::Type(_) => "type",
        Op::Each(_) => "each",
        Op::Any(_) => "any",
        Op::None(_) => "none",
        Op::Unordered(_) => "unordered",
        Op::Sorted(_) => "sorted",
        Op::Unique => "unique",
        Op::Is(_) => "is",
        Op::Approx(_) => "approx",
        Op::Time(When::Before, _) => "before",
        Op::Time(When::After, _) => "after",
        Op::Like(_) => "like",
    }
}

/// Operators whose operand is a plain value: `not equals` can be said of it in one phrase.
fn can_be_negated(op: &Op) -> bool {
    let other = matches!(op, Op::Not(_) | Op::Length(_) | Op::Each(_) | Op::Any(_) | Op::None(_));
    !other
}

/// Of a negation that one phrase can say, the place of what is negated.
fn operand_at(check: &Check) -> At {
    match &check.op {
        Op::Not(inner) => match inner.checks.as_slice() {
            [only] if can_be_negated(&only.op) => only.at,
            _ => check.at,
        },
        _ => check.at,
    }
}

/// The expression of an operand that is just one.
fn written(op: &Op) -> Option<&str> {
    match op {
        Op::Matches(Pattern::Template(text)) => only_expression(text),
        op => op.operand().and_then(expression),
    }
}
