//! The nodes of singular paths, taken out of a JSON text in one pass that builds nothing else.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Found, JsonPath, Query, Step, bound, find_one};
use crate::value::Value;

/// The node of each path, none where there is none.
///
/// All of the text is read, so that what is no JSON is an error wherever it goes wrong. `None` is given where a path
/// cannot be followed from the front: one that gives a list, or counts from the end. So it is where the text has what only
/// the reader of the whole tree looks at everywhere: depth, halves of characters, numbers without end.
#[must_use]
pub fn extract(
    json: &str,
    paths: &[&JsonPath],
) -> Option<Result<Vec<Option<Value>>, serde_json::Error>> {
    let wanted: Vec<Wanted<'_>> = paths
        .iter()
        .enumerate()
        .map(|(of, path)| Some((of, forward(path)?)))
        .collect::<Option<_>>()?;
    if bound::look(json) != bound::Look::default() {
        return None;
    }
    let mut found = vec![None; paths.len()];
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = Search { wanted, found: &mut found }.deserialize(&mut reader);
    Some(read.and_then(|()| reader.end()).map(|()| found))
}

fn forward(path: &JsonPath) -> Option<&[Step]> {
    match &path.0.query {
        Query::Singular(steps) => {
            let backward = |step: &Step| matches!(step, Step::Index(..0));
            (!steps.iter().any(backward)).then_some(steps)
        }
        Query::Many(_) => None,
    }
}

/// Which path it is, and the steps that are left of it.
type Wanted<'p> = (usize, &'p [Step]);

/// What is wanted of the value that comes next.
struct Search<'p, 'f> {
    wanted: Vec<Wanted<'p>>,
    found: &'f mut [Option<Value>],
}

impl<'de> DeserializeSeed<'de> for Search<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        if self.wanted.is_empty() {
            return IgnoredAny::deserialize(reader).map(drop);
        }
        if self.wanted.iter().all(|(_, left)| !left.is_empty()) {
            return reader.deserialize_any(self);
        }
        // The node of one path: those that go deeper are found in it.
        let node = Value::deserialize(reader)?;
        for (of, left) in self.wanted {
            self.found[of] = match find_one(left, &node) {
                Found::One(node) => Some(node.clone()),
                Found::Missing(_) | Found::Many(_) => None,
            };
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Search<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    // A number comes as a map of one odd key, which no path names: see serde_json's `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(wanted) = map.next_key_seed(Key(&self.wanted))? {
            // Of equal names the last one counts.
            for (of, _) in &wanted {
                self.found[*of] = None;
            }
            map.next_value_seed(Search { wanted, found: &mut *self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for index in 0_i64.. {
            let wanted = after(&self.wanted, |step| *step == Step::Index(index));
            if list.next_element_seed(Search { wanted, found: &mut *self.found })?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The paths that go through the member of this name.
struct Key<'w, 'p>(&'w [Wanted<'p>]);

impl<'de, 'p> DeserializeSeed<'de> for Key<'_, 'p> {
    type Value = Vec<Wanted<'p>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'p> Visitor<'_> for Key<'_, 'p> {
    type Value = Vec<Wanted<'p>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(after(self.0, |step| matches!(step, Step::Name(wanted) if wanted == name)))
    }
}

/// What is left of the paths whose next step is this one; an empty list takes no memory.
fn after<'p>(wanted: &[Wanted<'p>], is_next: impl Fn(&Step) -> bool) -> Vec<Wanted<'p>> {
    let next = |&(of, left): &Wanted<'p>| {
        let (first, left) = left.split_first()?;
        is_next(first).then_some((of, left))
    };
    wanted.iter().filter_map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATHS: [&str; 9] =
        ["$", "$.a", "$.a.b", "$.a[1]", "$[0]", "$[1].a", "$.b", "$['a b']", "$.a.b.a"];

    fn paths() -> Vec<JsonPath> {
        PATHS.iter().map(|path| JsonPath::parse(path).expect(path)).collect()
    }

    /// What comes out is what the whole tree gives.
    #[track_caller]
    fn check(json: &str) {
        for paths in [paths(), paths()[1..].to_vec()] {
            let paths: Vec<&JsonPath> = paths.iter().collect();
            let taken = extract(json, &paths).expect("paths from the front");
            match serde_json::from_str::<Value>(json) {
                Err(error) => assert_eq!(taken.map_err(|e| e.to_string()), Err(error.to_string())),
                Ok(tree) => {
                    let expected: Vec<Option<Value>> = paths
                        .iter()
                        .map(|path| match path.find(&tree) {
                            Found::One(node) => Some(node.clone()),
                            _ => None,
                        })
                        .collect();
                    assert_eq!(taken.expect(json), expected, "{json}");
                }
            }
        }
    }

    #[test]
    fn nodes_are_those_of_the_whole_tree() {
        for json in [
            "1",
            "1.50e3",
            "null",
            "\"x\"",
            "[]",
            "{}",
            "[1, {\"a\": 2}]",
            "{\"a\": {\"b\": {\"a\": 12345678901234567890123}}, \"a b\": true}",
            "{\"a\": [1, 2.50], \"b\": \"\\u0061\"}",
            "{\"a\": {\"b\": 1}, \"a\": 2}",
            "{\"a\": 2, \"a\": {\"b\": 1}}",
            "{\"\\u0061\": 1}",
        ] {
            check(json);
        }
    }

    #[test]
    fn what_the_reader_of_trees_refuses_anywhere_is_left_to_it() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for json in [
            r#"{"a": 1, "x": "\ud800"}"#,
            r#"{"a": 1, "x": 1e999}"#,
            &format!("{{\"a\": 1, \"x\": {deep}}}"),
        ] {
            assert!(extract(json, &[&JsonPath::parse("$.a").expect("a path")]).is_none(), "{json}");
            assert!(super::super::parse(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_an_error_wherever_it_goes_wrong() {
        for json in ["", "{\"a\": 1", "{\"a\": 1, \"x\": [1, }", "[1, 2] x", "{\"x\": tru}", "[01]"]
        {
            check(json);
        }
    }

    #[test]
    fn a_path_that_cannot_be_followed_from_the_front_is_not_taken() {
        for path in ["$..a", "$[*]", "$[-1]"] {
            assert!(extract("[]", &[&JsonPath::parse(path).expect(path)]).is_none(), "{path}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[ab]|a b", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_document_gives_the_same_nodes_both_ways(document in json()) {
            check(&document.to_string());
        }
    }
}
