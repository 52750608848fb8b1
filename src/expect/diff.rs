//! Where two structures differ: only the parts that do, each with its path.

use crate::jsonpath;
use crate::outcome::{Difference, MOST_DIFFERENCES};
use crate::value::{self, Map, Value};

/// Lists whose changed middles are larger than this many pairs are compared index by index.
pub(super) const MAX_PAIRS: usize = 40_000;

/// The first places where two objects or two lists differ; none for anything else, which says it all by itself.
#[must_use]
pub fn differences(expected: &Value, actual: &Value) -> Vec<Difference> {
    let mut diff = Diff { path: "$".to_owned(), found: Vec::new() };
    match (expected, actual) {
        (Value::Object(_), Value::Object(_)) | (Value::Array(_), Value::Array(_)) => {
            diff.values(expected, actual);
        }
        _ => {}
    }
    diff.found
}

struct Diff {
    /// Where it is; each step takes its piece away again.
    path: String,
    found: Vec<Difference>,
}

impl Diff {
    fn is_full(&self) -> bool {
        self.found.len() >= MOST_DIFFERENCES
    }

    fn values(&mut self, expected: &Value, actual: &Value) {
        if self.is_full() {
            return;
        }
        match (expected, actual) {
            (Value::Object(expected), Value::Object(actual)) => self.objects(expected, actual),
            (Value::Array(expected), Value::Array(actual)) => self.lists(expected, actual),
            _ if value::equal(expected, actual) => {}
            _ => self.push(Some(expected), Some(actual)),
        }
    }

    fn push(&mut self, expected: Option<&Value>, actual: Option<&Value>) {
        if !self.is_full() {
            let path = self.path.clone();
            let (expected, actual) = (expected.cloned(), actual.cloned());
            self.found.push(Difference { path, expected, actual, law: None });
        }
    }

    fn inside(&mut self, step: &str, compare: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(step);
        compare(self);
        self.path.truncate(length);
    }

    fn objects(&mut self, expected: &Map<String, Value>, actual: &Map<String, Value>) {
        for (name, wanted) in expected {
            match actual.get(name) {
                // Most members are equal, and need no path.
                Some(found) if is_same_scalar(wanted, found) => {}
                Some(found) => {
                    self.inside(&jsonpath::member(name), |diff| diff.values(wanted, found));
                }
                None => self.inside(&jsonpath::member(name), |diff| diff.push(Some(wanted), None)),
            }
            if self.is_full() {
                return;
            }
        }
        for (name, found) in actual.iter().filter(|(name, _)| !expected.contains_key(*name)) {
            self.inside(&jsonpath::member(name), |diff| diff.push(None, Some(found)));
        }
    }

    /// Elements that both lists have in the same order are not told of; what lies between them is compared pair by pair.
    fn lists(&mut self, expected: &[Value], actual: &[Value]) {
        let equal = |(expected, actual): &(&Value, &Value)| value::equal(expected, actual);
        let start = expected.iter().zip(actual).take_while(equal).count();
        let (expected, actual) = (&expected[start..], &actual[start..]);
        let end = expected.iter().rev().zip(actual.iter().rev()).take_while(equal).count();
        let (expected, actual) = (&expected[..expected.len() - end], &actual[..actual.len() - end]);
        let (mut e, mut a) = (0, 0);
        let anchors = match expected.len().saturating_mul(actual.len()) {
            // A change of one element, or elements only added or taken away, need no table.
            0 | 1 => Vec::new(),
            pairs if pairs > MAX_PAIRS => Vec::new(),
            _ => common(&same(expected, actual), expected.len(), actual.len()),
        };
        for (to_e, to_a) in anchors.into_iter().chain([(expected.len(), actual.len())]) {
            self.gap(start, (e, &expected[e..to_e]), (a, &actual[a..to_a]));
            (e, a) = (to_e + 1, to_a + 1);
            if self.is_full() {
                return;
            }
        }
    }

    /// Two runs of elements that have nothing in common: pairs, and what is left of the longer one.
    fn gap(
        &mut self,
        start: usize,
        (expected_at, expected): (usize, &[Value]),
        (actual_at, actual): (usize, &[Value]),
    ) {
        for index in 0..expected.len().max(actual.len()) {
            if self.is_full() {
                return;
            }
            let (wanted, found) = (expected.get(index), actual.get(index));
            // An element that is there has the index it has; one that is not, the index it should have.
            let at = start + index + if found.is_some() { actual_at } else { expected_at };
            self.inside(&format!("[{at}]"), |diff| match (wanted, found) {
                (Some(wanted), Some(found)) => diff.values(wanted, found),
                _ => diff.push(wanted, found),
            });
        }
    }
}

fn is_same_scalar(a: &Value, b: &Value) -> bool {
    !a.is_object() && !a.is_array() && value::equal(a, b)
}

/// Of each pair of elements, whether they are equal.
fn same(a: &[Value], b: &[Value]) -> Vec<bool> {
    a.iter().flat_map(|a| b.iter().map(move |b| value::equal(a, b))).collect()
}

/// The pairs of indexes of a longest common subsequence of two lists, of which each pair is the same or not.
pub(super) fn common(same: &[bool], a: usize, b: usize) -> Vec<(usize, usize)> {
    let width = b + 1;
    let mut longest = vec![0u32; (a + 1) * width];
    for i in (0..a).rev() {
        for j in (0..b).rev() {
            longest[i * width + j] = if same[i * b + j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a && j < b {
        if same[i * b + j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[track_caller]
    fn check(expected: &Value, actual: &Value, lines: &[&str]) {
        let shown = |value: Option<Value>| value.map_or("nothing".to_owned(), |v| v.to_string());
        let found: Vec<String> = differences(expected, actual)
            .into_iter()
            .map(|d| format!("{} {} {}", d.path, shown(d.expected), shown(d.actual)))
            .collect();
        assert_eq!(found, lines);
    }

    #[test]
    fn only_the_parts_that_differ_are_told() {
        check(&json!({"a": {"b": 1, "c": 2}}), &json!({"a": {"b": 1.0, "c": 3}}), &["$.a.c 2 3"]);
        check(
            &json!({"a": 1, "b c": 2}),
            &json!({"b c": null, "d": []}),
            &["$.a 1 nothing", "$['b c'] 2 null", "$.d nothing []"],
        );
        check(&json!([1, 2]), &json!([1, "2"]), &["$[1] 2 \"2\""]);
        check(&json!({"a": [1]}), &json!({"a": {}}), &["$.a [1] {}"]);
        check(&json!(1), &json!(2), &[]);
        check(&json!({}), &json!([]), &[]);
    }

    #[test]
    fn lists_are_aligned_by_what_they_have_in_common() {
        check(&json!([1, 2, 3]), &json!([0, 1, 2, 3]), &["$[0] nothing 0"]);
        check(&json!([1, 2, 3, 4]), &json!([1, 3, 4]), &["$[1] 2 nothing"]);
        check(
            &json!([{"id": 1}, {"id": 2}, {"id": 3}]),
            &json!([{"id": 1}, {"id": 9}, {"id": 3}, {"id": 4}]),
            &["$[1].id 2 9", "$[3] nothing {\"id\":4}"],
        );
        check(&json!([]), &json!([1]), &["$[0] nothing 1"]);
    }

    #[test]
    fn big_structures_end_after_the_first_differences() {
        let list = |from: usize| -> Value { (from..from + 100_000).collect() };
        assert_eq!(differences(&list(0), &list(1_000_000)).len(), MOST_DIFFERENCES);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from),
            Just(json!(1.0)),
            "[ab]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[abc]", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_differs_exactly_if_they_are_equal(a in values(), b in values()) {
            let both = (json!([a]), json!([b]));
            let empty = differences(&both.0, &both.1).is_empty();
            prop_assert_eq!(empty, value::equal(&a, &b));
        }
    }
}
