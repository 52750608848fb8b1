//! The nodes of paths, taken out of a JSON text in one pass that builds nothing else.

use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::ast::{Segment, Selector, look_at_root};
use super::{JsonPath, bound, evaluate};
use crate::value::Value;

/// serde_json gives a number as a map of one such key, and takes a map that begins with one for something else.
const PRIVATE: &str = "$serde_json::private::";

/// The nodes of each path.
///
/// All of the text is read, so that what is no JSON is an error wherever it goes wrong. `None` is given where a path
/// cannot be followed from the front: one that begins with a filter, a slice or an index from the end, or looks at the root
/// again. So it is where the text has what only the reader of the whole tree tells: depth, halves of characters,
/// numbers without end, a name twice in one object where the order of nodes depends on it.
#[must_use]
pub fn extract(
    json: &str,
    paths: &[&JsonPath],
) -> Option<Result<Vec<Vec<Value>>, serde_json::Error>> {
    let wanted: Vec<Wanted<'_>> = paths
        .iter()
        .enumerate()
        .map(|(of, path)| {
            let left = path.segments();
            let can_stream = left.first().is_none_or(is_forward) && !look_at_root(left);
            can_stream.then_some(Wanted { of, left, at: 0, whole: false })
        })
        .collect::<Option<_>>()?;
    if bound::look(json) != bound::Look::default() {
        return None;
    }
    let nodes = vec![Vec::new(); paths.len()];
    let mut taken = Taken { nodes, wanted, names: Vec::new(), is_lost: false };
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = Search { from: 0, taken: &mut taken }.deserialize(&mut reader);
    let read = read.and_then(|()| reader.end());
    (!taken.is_lost).then(|| read.map(|()| taken.nodes))
}

/// Whether the segment can be followed while the text is read.
fn is_forward(segment: &Segment) -> bool {
    match segment.selectors.as_slice() {
        [Selector::Name(_)] => true,
        [Selector::Index(0..) | Selector::Wildcard] => !segment.descends,
        _ => false,
    }
}

/// A path on its way down.
#[derive(Clone, Copy)]
struct Wanted<'p> {
    /// Which path it is.
    of: usize,
    /// What is left of it.
    left: &'p [Segment],
    /// Where its nodes go: behind those that were there when the value began.
    at: usize,
    /// The value is needed as a tree: its nodes go before others that came earlier.
    whole: bool,
}

impl Wanted<'_> {
    fn needs_tree(&self) -> bool {
        self.whole || !self.left.first().is_some_and(is_forward)
    }

    /// Whether the place of a name decides on the order of the nodes.
    fn is_ordered(&self) -> bool {
        self.left.first().is_some_and(|next| {
            next.descends || matches!(next.selectors.as_slice(), [Selector::Wildcard])
        })
    }
}

/// What was found so far, and what is wanted.
struct Taken<'p> {
    nodes: Vec<Vec<Value>>,
    /// The paths on their way down; a value's are behind those of what it lies in.
    wanted: Vec<Wanted<'p>>,
    /// Hashes of the names of the objects that are open, where a name that comes twice would be noticed.
    names: Vec<u64>,
    /// The tree alone can tell.
    is_lost: bool,
}

/// What is wanted of the value that comes next: all from here on.
struct Search<'p, 't> {
    from: usize,
    taken: &'t mut Taken<'p>,
}

impl<'p> Search<'p, '_> {
    fn wanted(&self) -> &[Wanted<'p>] {
        &self.taken.wanted[self.from..]
    }

    fn take(self, node: Value) {
        let Taken { nodes, wanted, is_lost, .. } = self.taken;
        let wanted = &wanted[self.from..];
        if let [Wanted { of, left: [], at, .. }] = wanted {
            return nodes[*of].insert(*at, node);
        }
        for Wanted { of, left, at, .. } in wanted {
            match evaluate::all(left, &node) {
                Ok(found) => {
                    let copies = super::copies(&found);
                    *is_lost |= copies.len() < found.len();
                    nodes[*of].splice(*at..*at, copies);
                }
                Err(_) => *is_lost = true,
            }
        }
    }

    /// Adds what is left of the paths that go on to a child; where that begins.
    fn go_on(&mut self, is_next: impl Fn(&Selector) -> bool) -> usize {
        let from = self.taken.wanted.len();
        for number in self.from..from {
            let wanted = self.taken.wanted[number];
            let Some((next, left)) = wanted.left.split_first() else { continue };
            let at = self.taken.nodes[wanted.of].len();
            let is_next = next.selectors.iter().all(&is_next);
            if next.descends {
                self.taken.wanted.push(Wanted { at, ..wanted });
                if is_next {
                    // A node comes before those below it, and before all that are below its elder brothers.
                    self.taken.wanted.push(Wanted { left, whole: true, ..wanted });
                }
            } else if is_next {
                self.taken.wanted.push(Wanted { left, at, ..wanted });
            }
        }
        from
    }
}

impl<'de> DeserializeSeed<'de> for Search<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        if self.wanted().is_empty() {
            return IgnoredAny::deserialize(reader).map(drop);
        }
        if self.wanted().iter().any(Wanted::needs_tree) {
            self.take(Value::deserialize(reader)?);
            return Ok(());
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let Taken { nodes, wanted, .. } = &mut *self.taken;
        for wanted in &mut wanted[self.from..] {
            wanted.at = nodes[wanted.of].len();
        }
        let notes_names = self.wanted().iter().any(Wanted::is_ordered);
        let before = self.taken.names.len();
        let mut is_first = true;
        while let Some(from) =
            map.next_key_seed(Key { search: &mut self, notes_names, is_first })?
        {
            map.next_value_seed(Search { from, taken: &mut *self.taken })?;
            self.taken.wanted.truncate(from);
            is_first = false;
        }
        let names = &mut self.taken.names[before..];
        names.sort_unstable();
        self.taken.is_lost |= names.windows(2).any(|two| two[0] == two[1]);
        self.taken.names.truncate(before);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        for index in 0_i64.. {
            let from = self.go_on(|selector| match selector {
                Selector::Index(wanted) => *wanted == index,
                Selector::Wildcard => true,
                _ => false,
            });
            let element = list.next_element_seed(Search { from, taken: &mut *self.taken })?;
            self.taken.wanted.truncate(from);
            if element.is_none() {
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
struct Key<'s, 'p, 't> {
    search: &'s mut Search<'p, 't>,
    notes_names: bool,
    is_first: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let Search { from, taken } = &mut *self.search;
        if let Some(kind) = name.strip_prefix(PRIVATE) {
            taken.is_lost |= kind != "Number" || !self.is_first;
            return Ok(taken.wanted.len());
        }
        if self.notes_names {
            taken.names.push(BuildHasherDefault::<DefaultHasher>::default().hash_one(name));
        }
        let is_name = |selector: &Selector| match selector {
            Selector::Name(wanted) => wanted == name,
            selector => matches!(selector, Selector::Wildcard),
        };
        for Wanted { of, left, at, .. } in &taken.wanted[*from..] {
            // Of equal names the last one counts.
            if left.first().and_then(Segment::singular).is_some_and(is_name) {
                taken.nodes[*of].truncate(*at);
            }
        }
        Ok(self.search.go_on(is_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATHS: [&str; 24] = [
        "$",
        "$.a",
        "$.a.b",
        "$.a[1]",
        "$[0]",
        "$[1].a",
        "$.b",
        "$['a b']",
        "$.a.b.a",
        "$.a[*]",
        "$[*].a",
        "$.*",
        "$.*.b",
        "$[*][*]",
        "$..a",
        "$..b",
        "$..a.b",
        "$..a..b",
        "$.a..b",
        "$[*]..a",
        "$.a[-1]",
        "$.a[?@.b]",
        "$..a[1:]",
        "$..b.*",
    ];

    fn paths() -> Vec<JsonPath> {
        PATHS.iter().map(|path| JsonPath::parse(path).expect(path)).collect()
    }

    fn nodes(path: &JsonPath, tree: &Value) -> Vec<Value> {
        let nodes = evaluate::all(path.segments(), tree).expect("few nodes");
        nodes.into_iter().cloned().collect()
    }

    /// What comes out is what the whole tree gives: of all paths together, and of each.
    #[track_caller]
    fn check(json: &str) {
        check_paths(json, &paths());
        check_paths(json, &paths()[1..]);
        for path in paths() {
            check_paths(json, &[path]);
        }
    }

    #[track_caller]
    fn check_paths(json: &str, paths: &[JsonPath]) {
        let paths: Vec<&JsonPath> = paths.iter().collect();
        if let Some(taken) = extract(json, &paths) {
            match serde_json::from_str::<Value>(json) {
                Err(error) => assert_eq!(taken.map_err(|e| e.to_string()), Err(error.to_string())),
                Ok(tree) => {
                    let expected: Vec<Vec<Value>> =
                        paths.iter().map(|path| nodes(path, &tree)).collect();
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
        for path in ["$..*", "$[?@.a]", "$[-1]", "$[0,1]", "$[0:1]", "$..[0]", "$.a[?@.b == $.c]"] {
            assert!(extract("[]", &[&JsonPath::parse(path).expect(path)]).is_none(), "{path}");
        }
    }

    #[test]
    fn names_that_come_twice_are_left_to_the_tree_where_their_place_counts() {
        let taken = |path: &str, json: &str| {
            let path = JsonPath::parse(path).expect(path);
            extract(json, &[&path]).map(|taken| taken.expect(json).concat().len())
        };
        assert_eq!(taken("$.a[*].b", r#"{"a": [{"b": 1}], "a": [{"b": 1, "b": 2}]}"#), Some(1));
        assert_eq!(taken("$..b", r#"{"x": {"b": 1}, "x": 2}"#), None);
        assert_eq!(taken("$.*", r#"{"x": 1, "y": 3, "x": 2}"#), None);
        assert_eq!(taken("$..b", r#"{"x": {"b": 1}, "y": {"b": 1}, "b": [1.5]}"#), Some(3));
        assert_eq!(taken("$.*", r#"{"$serde_json::private::RawValue": "[1]"}"#), None);
    }

    /// Texts in which names come twice, too.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|truth| truth.to_string()),
            any::<i32>().prop_map(|number| number.to_string()),
            "\"[a-c]{0,2}\"",
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(("[ab]|a b", inner), 0..4).prop_map(|members| {
                    let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
                    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_document_gives_the_same_nodes_both_ways(document in json()) {
            check(&document);
        }
    }
}
