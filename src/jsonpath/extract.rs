//! The nodes of paths, taken out of a JSON text in one pass that builds nothing else.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ast::{Segment, Selector, look_at_root};
use super::{JsonPath, bound, evaluate};
use crate::value::Value;

/// serde_json takes an object that begins with such a name for something else.
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
            let can_follow = left.first().is_none_or(is_forward) && !look_at_root(left);
            can_follow.then_some(Wanted { of, left, at: 0, whole: false })
        })
        .collect::<Option<_>>()?;
    if bound::look(json) != bound::Look::default() {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    if let Err(error) = IgnoredAny::deserialize(&mut reader).and_then(|_| reader.end()) {
        return Some(Err(error));
    }
    let nodes = vec![Vec::new(); paths.len()];
    let mut search = Search { json, at: 0, nodes, wanted, names: Vec::new(), is_lost: false };
    search.skip_space();
    search.value(0);
    (!search.is_lost).then_some(Ok(search.nodes))
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

/// A walk through a text that is known to be JSON.
struct Search<'j, 'p> {
    json: &'j str,
    at: usize,
    nodes: Vec<Vec<Value>>,
    /// The paths on their way down; a value's are behind those of what it lies in.
    wanted: Vec<Wanted<'p>>,
    /// Hashes of the names of the objects that are open, where a name that comes twice would be noticed.
    names: Vec<u64>,
    /// The tree alone can tell.
    is_lost: bool,
}

impl Search<'_, '_> {
    fn rest(&self) -> &[u8] {
        self.json.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn skip_space(&mut self) {
        let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.rest().iter().take_while(is_space).count();
    }

    /// The value that begins here, of which all is wanted that stands from `from` on.
    fn value(&mut self, from: usize) {
        let wanted = &self.wanted[from..];
        if wanted.is_empty() {
            self.skip();
        } else if wanted.iter().any(Wanted::needs_tree) {
            let begin = self.at;
            self.skip();
            match serde_json::from_str(&self.json[begin..self.at]) {
                Ok(node) => self.take(from, node),
                Err(_) => self.is_lost = true,
            }
        } else {
            match self.peek() {
                Some(b'{') => self.object(from),
                Some(b'[') => self.array(from),
                _ => self.skip(),
            }
        }
    }

    fn skip(&mut self) {
        let mut depth = 0_usize;
        loop {
            self.at += match self.peek() {
                Some(b'"') => bound::string_length(self.rest()),
                Some(b'[' | b'{') => {
                    depth += 1;
                    1
                }
                Some(b']' | b'}') => {
                    depth = depth.saturating_sub(1);
                    1
                }
                Some(b',' | b':' | b' ' | b'\t' | b'\n' | b'\r') => 1,
                Some(_) => {
                    let is_part =
                        |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                    self.rest().iter().take_while(is_part).count().max(1)
                }
                None => return,
            };
            if depth == 0 {
                return;
            }
        }
    }

    fn array(&mut self, from: usize) {
        self.at += 1;
        for index in 0_i64.. {
            if !self.has_next() {
                return;
            }
            let inner = self.go_on(from, |selector| match selector {
                Selector::Index(wanted) => *wanted == index,
                Selector::Wildcard => true,
                _ => false,
            });
            self.value(inner);
            self.wanted.truncate(inner);
        }
    }

    fn object(&mut self, from: usize) {
        for wanted in &mut self.wanted[from..] {
            wanted.at = self.nodes[wanted.of].len();
        }
        let notes_names = self.wanted[from..].iter().any(Wanted::is_ordered);
        let before = self.names.len();
        self.at += 1;
        while self.has_next() {
            let begin = self.at;
            self.at += bound::string_length(self.rest());
            let inner = self.member(&self.json[begin..self.at], from, notes_names);
            self.skip_space();
            self.at += 1;
            self.skip_space();
            self.value(inner);
            self.wanted.truncate(inner);
        }
        let names = &mut self.names[before..];
        names.sort_unstable();
        self.is_lost |= names.windows(2).any(|two| two[0] == two[1]);
        self.names.truncate(before);
    }

    /// Whether there is one more element or member, which begins here then.
    fn has_next(&mut self) -> bool {
        self.skip_space();
        let next = self.peek();
        if matches!(next, Some(b',' | b']' | b'}')) {
            self.at += 1;
            self.skip_space();
        }
        !matches!(next, None | Some(b']' | b'}'))
    }

    /// Adds what is left of the paths that go through the member of this name.
    fn member(&mut self, quoted: &str, from: usize, notes_names: bool) -> usize {
        let unescaped: String;
        let name = if quoted.contains('\\') {
            unescaped = serde_json::from_str(quoted).unwrap_or_default();
            &unescaped
        } else {
            &quoted[1..quoted.len() - 1]
        };
        self.is_lost |= name.starts_with(PRIVATE);
        if notes_names {
            self.names.push(hash(name));
        }
        let is_name = |selector: &Selector| match selector {
            Selector::Name(wanted) => wanted == name,
            selector => matches!(selector, Selector::Wildcard),
        };
        for Wanted { of, left, at, .. } in &self.wanted[from..] {
            // Of equal names the last one counts.
            if left.first().and_then(Segment::singular).is_some_and(is_name) {
                self.nodes[*of].truncate(*at);
            }
        }
        self.go_on(from, is_name)
    }

    /// Adds what is left of the paths that go on to a child; where that begins.
    fn go_on(&mut self, from: usize, is_next: impl Fn(&Selector) -> bool) -> usize {
        let inner = self.wanted.len();
        for number in from..inner {
            let wanted = self.wanted[number];
            let Some((next, left)) = wanted.left.split_first() else { continue };
            let at = self.nodes[wanted.of].len();
            let is_next = next.selectors.iter().all(&is_next);
            if next.descends {
                self.wanted.push(Wanted { at, ..wanted });
                if is_next {
                    // A node comes before those below it, and before all that are below its elder brothers.
                    self.wanted.push(Wanted { left, whole: true, ..wanted });
                }
            } else if is_next {
                self.wanted.push(Wanted { left, at, ..wanted });
            }
        }
        inner
    }

    fn take(&mut self, from: usize, node: Value) {
        let wanted = &self.wanted[from..];
        if let [Wanted { of, left: [], at, .. }] = wanted {
            return self.nodes[*of].insert(*at, node);
        }
        for Wanted { of, left, at, .. } in wanted {
            match evaluate::all(left, &node) {
                Ok(found) => {
                    let copies = super::copies(&found);
                    self.is_lost |= copies.len() < found.len();
                    self.nodes[*of].splice(*at..*at, copies);
                }
                Err(_) => self.is_lost = true,
            }
        }
    }
}

/// Two names that have the same are looked at again in the tree: it need be no more than fast.
fn hash(name: &str) -> u64 {
    name.as_bytes().chunks(8).fold(name.len() as u64, |hash, chunk| {
        let word = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        (hash.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
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
