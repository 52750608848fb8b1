//! `unordered`: a one-to-one match of expectations and elements, by augmenting paths.
//!
//! A greedy match would give an element to the first expectation that takes it, although a later one takes no other.

use std::collections::VecDeque;

use super::operand::Evaluated;
use super::target::Elements;
use crate::value::Value;

/// Above this many pairs it is not worked out who is left over: that is for people, and they do not read that much.
const MAX_PAIRS: usize = 1_000_000;

/// What found no partner.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Leftovers {
    /// Expectations, by their index.
    pub(super) wanted: Vec<usize>,
    /// Elements, by their index.
    pub(super) elements: Vec<usize>,
}

/// Whether each expectation has an element of its own, and none is left.
pub(super) fn is_match<W>(
    wanted: &[W],
    elements: Elements<'_>,
    fits: impl Fn(&W, &Value) -> Evaluated<bool>,
) -> Evaluated<bool> {
    if wanted.len() != elements.len() {
        return Ok(false);
    }
    let fits = |w: usize, e: usize| fit(wanted, elements, &fits, w, e);
    let mut matching = Matching::new(wanted.len(), elements.len());
    for start in matching.take_same_index(&fits)? {
        if !matching.augment(start, &fits)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a largest match leaves over; none where the lists are too long to tell.
pub(super) fn leftovers<W>(
    wanted: &[W],
    elements: Elements<'_>,
    fits: impl Fn(&W, &Value) -> Evaluated<bool>,
) -> Evaluated<Option<Leftovers>> {
    if wanted.len().saturating_mul(elements.len()) > MAX_PAIRS {
        return Ok(None);
    }
    let fits = |w: usize, e: usize| fit(wanted, elements, &fits, w, e);
    let mut matching = Matching::new(wanted.len(), elements.len());
    let mut alone = Vec::new();
    for start in matching.take_same_index(&fits)? {
        if !matching.augment(start, &fits)? {
            alone.push(start);
        }
    }
    let free = |e: &usize| matching.element_taken[*e].is_none();
    Ok(Some(Leftovers { wanted: alone, elements: (0..elements.len()).filter(free).collect() }))
}

fn fit<W>(
    wanted: &[W],
    elements: Elements<'_>,
    fits: impl Fn(&W, &Value) -> Evaluated<bool>,
    w: usize,
    e: usize,
) -> Evaluated<bool> {
    match (wanted.get(w), elements.get(e)) {
        (Some(wanted), Some(element)) => fits(wanted, element),
        _ => Ok(false),
    }
}

struct Matching {
    /// Of each element, the expectation that has it.
    element_taken: Vec<Option<usize>>,
    wanted: usize,
    /// Of each expectation, the elements that it takes; worked out when first asked for.
    takes: Vec<Option<Vec<usize>>>,
}

impl Matching {
    fn new(wanted: usize, elements: usize) -> Self {
        Self { element_taken: vec![None; elements], wanted, takes: vec![None; wanted] }
    }

    /// Most lists are in the order that was expected: those pairs cost one look each. Gives back the expectations that
    /// have no partner by that.
    fn take_same_index(
        &mut self,
        fits: &impl Fn(usize, usize) -> Evaluated<bool>,
    ) -> Evaluated<Vec<usize>> {
        let mut alone = Vec::new();
        for index in 0..self.wanted {
            if index < self.element_taken.len() && fits(index, index)? {
                self.element_taken[index] = Some(index);
            } else {
                alone.push(index);
            }
        }
        Ok(alone)
    }

    /// Finds the expectation a partner; others may have to take another element for that.
    fn augment(
        &mut self,
        start: usize,
        fits: &impl Fn(usize, usize) -> Evaluated<bool>,
    ) -> Evaluated<bool> {
        // Of each element, the expectation that the search came from.
        let mut came_from: Vec<Option<usize>> = vec![None; self.element_taken.len()];
        // Of each expectation on the way, the element that it would give up.
        let mut gives_up: Vec<Option<usize>> = vec![None; self.wanted];
        let mut queue = VecDeque::from([start]);
        while let Some(wanted) = queue.pop_front() {
            for element in self.takes(wanted, fits)? {
                if came_from[element].is_some() {
                    continue;
                }
                came_from[element] = Some(wanted);
                match self.element_taken[element] {
                    Some(owner) => {
                        gives_up[owner] = Some(element);
                        queue.push_back(owner);
                    }
                    None => {
                        self.shift(element, &came_from, &gives_up);
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Hands elements on along the way that was found, back to where it began.
    fn shift(&mut self, free: usize, came_from: &[Option<usize>], gives_up: &[Option<usize>]) {
        let mut next = Some(free);
        while let Some(element) = next {
            let Some(wanted) = came_from[element] else { return };
            self.element_taken[element] = Some(wanted);
            next = gives_up[wanted];
        }
    }

    fn takes(
        &mut self,
        wanted: usize,
        fits: &impl Fn(usize, usize) -> Evaluated<bool>,
    ) -> Evaluated<Vec<usize>> {
        if let Some(known) = &self.takes[wanted] {
            return Ok(known.clone());
        }
        let mut takes = Vec::new();
        for element in 0..self.element_taken.len() {
            if fits(wanted, element)? {
                takes.push(element);
            }
        }
        self.takes[wanted] = Some(takes.clone());
        Ok(takes)
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;
    use serde_json::json;

    /// Whether some order of the elements fits, by trying them all.
    fn brute_force(wanted: &[Vec<u8>], elements: &[u8]) -> bool {
        fn place(wanted: &[Vec<u8>], left: &mut Vec<u8>) -> bool {
            let Some((first, rest)) = wanted.split_first() else { return left.is_empty() };
            (0..left.len()).any(|at| {
                let element = left.remove(at);
                let fits = first.contains(&element) && place(rest, left);
                left.insert(at, element);
                fits
            })
        }
        place(wanted, &mut elements.to_vec())
    }

    fn fits(wanted: &impl AsRef<[u8]>, element: &Value) -> Evaluated<bool> {
        Ok(wanted.as_ref().iter().any(|one| json!(one) == *element))
    }

    proptest::proptest! {
        #[test]
        fn a_match_is_found_exactly_if_some_order_fits(
            wanted in proptest::collection::vec(proptest::collection::vec(0u8..5, 0..4), 0..6),
            elements in proptest::collection::vec(0u8..5, 0..6),
        ) {
            let values: Vec<Value> = elements.iter().map(|element| json!(element)).collect();
            let list = Elements::Values(&values);
            let expected = brute_force(&wanted, &elements);
            assert_eq!(is_match(&wanted, list, fits).ok(), Some(expected));
            let left = leftovers(&wanted, list, fits).ok().flatten().expect("short lists");
            assert_eq!(left.wanted.is_empty() && left.elements.is_empty(), expected);
            let matched = wanted.len() - left.wanted.len();
            assert_eq!(matched, elements.len() - left.elements.len());
        }
    }

    #[test]
    fn an_element_is_given_up_for_one_that_takes_no_other() {
        let values = [json!(1), json!(2)];
        let wanted = [vec![1, 2], vec![1]];
        assert_eq!(is_match(&wanted, Elements::Values(&values), fits).ok(), Some(true));
        let wanted = [vec![2, 3], vec![2]];
        let left = leftovers(&wanted, Elements::Values(&values), fits).ok().flatten();
        assert_eq!(left, Some(Leftovers { wanted: vec![0], elements: vec![0] }));
    }

    #[test]
    fn a_long_chain_of_exchanges_needs_no_deep_stack() {
        let values: Vec<Value> = (0..800).map(|n| json!(n)).collect();
        let wanted: Vec<(usize, usize)> = (0..800).map(|n| (n, (n + 1) % 800)).rev().collect();
        let fits = |wanted: &(usize, usize), element: &Value| {
            Ok(element.as_u64().is_some_and(|n| n as usize == wanted.0 || n as usize == wanted.1))
        };
        assert_eq!(is_match(&wanted, Elements::Values(&values), fits).ok(), Some(true));
    }
}
