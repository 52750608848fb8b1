//! The definitions of RFC 9535, word for word and as slow as that is, beside the evaluation.

use proptest::prelude::*;
use regex::Regex;

use super::super::ast::{Operand, Order, Pattern, Query, Segment, Selector, Test};
use super::*;
use crate::value;

fn children(node: &Value) -> Vec<&Value> {
    match node {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => vec![],
    }
}

fn descendants(node: &Value) -> Vec<&Value> {
    let mut all = vec![node];
    children(node).into_iter().for_each(|child| all.extend(descendants(child)));
    all
}

/// The nodelist of each segment is the input of the next.
fn nodes<'v>(segments: &[Segment], from: &'v Value, root: &'v Value) -> Vec<&'v Value> {
    segments.iter().fold(vec![from], |nodes, segment| {
        let nodes = match segment.descends {
            true => nodes.into_iter().flat_map(descendants).collect(),
            false => nodes,
        };
        let select = |node: &'v Value| {
            segment.selectors.iter().flat_map(move |selector| selected(selector, node, root))
        };
        nodes.into_iter().flat_map(select).collect()
    })
}

fn selected<'v>(selector: &Selector, node: &'v Value, root: &'v Value) -> Vec<&'v Value> {
    match (selector, node) {
        (Selector::Name(name), Value::Object(members)) => members.get(name).into_iter().collect(),
        (Selector::Index(index), Value::Array(items)) => {
            let at = if *index < 0 { items.len() as i64 + index } else { *index };
            items
                .iter()
                .enumerate()
                .filter(|(i, _)| *i as i64 == at)
                .map(|(_, item)| item)
                .collect()
        }
        (Selector::Slice { start, end, step }, Value::Array(items)) => {
            sliced(*start, *end, *step, items.len() as i64)
                .into_iter()
                .map(|index| &items[usize::try_from(index).expect("an index")])
                .collect()
        }
        (Selector::Wildcard, _) => children(node),
        (Selector::Filter(test), _) => {
            children(node).into_iter().filter(|child| holds(test, child, root)).collect()
        }
        _ => vec![],
    }
}

/// The pseudocode of section 2.3.4.2.2.
fn sliced(start: Option<i64>, end: Option<i64>, step: i64, length: i64) -> Vec<i64> {
    let normalize = |i: i64| if i >= 0 { i } else { length + i };
    let (start, end) = match step >= 0 {
        true => (start.unwrap_or(0), end.unwrap_or(length)),
        false => (start.unwrap_or(length - 1), end.unwrap_or(-length - 1)),
    };
    let (start, end) = (normalize(start), normalize(end));
    let mut indexes = vec![];
    if step > 0 {
        let (lower, upper) = (start.max(0).min(length), end.max(0).min(length));
        let mut i = lower;
        while i < upper {
            indexes.push(i);
            i += step;
        }
    } else if step < 0 {
        let (upper, lower) = (start.max(-1).min(length - 1), end.max(-1).min(length - 1));
        let mut i = upper;
        while lower < i {
            indexes.push(i);
            i += step;
        }
    }
    indexes
}

fn holds(test: &Test, node: &Value, root: &Value) -> bool {
    match test {
        Test::Or(tests) => tests.iter().any(|test| holds(test, node, root)),
        Test::And(tests) => tests.iter().all(|test| holds(test, node, root)),
        Test::Not(test) => !holds(test, node, root),
        Test::Exists(query) => !of_query(query, node, root).is_empty(),
        Test::Compare(left, order, right) => {
            compare(valued(left, node, root), *order, valued(right, node, root))
        }
        Test::Matches { text, pattern, whole } => {
            let Some(Value::String(text)) = valued(text, node, root) else { return false };
            match pattern {
                Pattern::Literal(regex) => regex.is_match(&text),
                Pattern::Of(operand) => match valued(operand, node, root) {
                    // The paths of these tests have letters only as patterns.
                    Some(Value::String(pattern)) => {
                        let (begin, end) = if *whole { ("^", "$") } else { ("", "") };
                        Regex::new(&format!("{begin}{pattern}{end}"))
                            .expect("letters")
                            .is_match(&text)
                    }
                    _ => false,
                },
            }
        }
    }
}

fn of_query<'v>(query: &Query, node: &'v Value, root: &'v Value) -> Vec<&'v Value> {
    nodes(&query.segments, if query.absolute { root } else { node }, root)
}

fn valued(operand: &Operand, node: &Value, root: &Value) -> Option<Value> {
    match operand {
        Operand::Literal(value) => Some(value.clone()),
        Operand::Node(query) => of_query(query, node, root).first().map(|node| (*node).clone()),
        Operand::Length(inner) => match valued(inner, node, root)? {
            Value::String(text) => Some(Value::from(text.chars().count())),
            container @ (Value::Array(_) | Value::Object(_)) => {
                Some(Value::from(children(&container).len()))
            }
            _ => None,
        },
        Operand::Count(query) => Some(Value::from(of_query(query, node, root).len())),
        Operand::Value(query) => match of_query(query, node, root).as_slice() {
            [only] => Some((*only).clone()),
            _ => None,
        },
    }
}

fn compare(left: Option<Value>, order: Order, right: Option<Value>) -> bool {
    let equal = match (&left, &right) {
        (Some(left), Some(right)) => value::equal(left, right),
        (left, right) => left == right,
    };
    let less = |left: &Option<Value>, right: &Option<Value>| match (left, right) {
        (Some(Value::Number(left)), Some(Value::Number(right))) => {
            value::compare(left, right).is_lt()
        }
        (Some(Value::String(left)), Some(Value::String(right))) => left < right,
        _ => false,
    };
    match order {
        Order::Equal => equal,
        Order::NotEqual => !equal,
        Order::Less => less(&left, &right),
        Order::LessOrEqual => less(&left, &right) || equal,
        Order::Greater => less(&right, &left),
        Order::GreaterOrEqual => less(&right, &left) || equal,
    }
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..4).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[abc]", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Segments that may be a path, with filters in them.
fn segments() -> impl Strategy<Value = String> {
    let plain = prop_oneof![
        "(\\.|\\.\\.)([abc]|\\*)",
        "(\\.\\.)?\\[(0|1|-1|-2|\\*|'a'|\"b\")(, ?(0|-1|\\*|'a'))?\\]",
        "(\\.\\.)?\\[(-?[1-3])?:(-?[1-6])?(:(-?[1-3]|0)?)?\\]",
    ];
    let leaf = prop::collection::vec(plain, 0..4).prop_map(|all| all.concat());
    leaf.prop_recursive(2, 6, 2, |inner| {
        let singular = "[@$](\\.[abc]|\\[(0|1|-1)\\]){0,2}";
        let literal = "-?[1-3]|0|'[ab]{0,2}'|true|null";
        let query = ("[@$]", inner.clone()).prop_map(|(begin, rest)| begin + &rest);
        let operand = prop_oneof![
            singular,
            literal,
            singular.prop_map(|path| format!("length({path})")),
            query.clone().prop_map(|path| format!("count({path})")),
            query.clone().prop_map(|path| format!("value({path})")),
        ];
        let test = prop_oneof![
            ("!?", query).prop_map(|(not, path)| not + &path),
            (operand.clone(), "==|!=|<=|>=|<|>", operand)
                .prop_map(|(left, order, right)| format!("{left} {order} {right}")),
            ("!?(match|search)", singular, "'[ab.]{0,2}'|@\\.a|\\$\\.b")
                .prop_map(|(function, text, pattern)| format!("{function}({text}, {pattern})")),
        ];
        let filter = (test.clone(), "&&|\\|\\|", test, inner.clone(), "(\\.\\.)?", any::<bool>())
            .prop_map(|(left, and, right, rest, descends, both)| match both {
                true => format!("{descends}[?({left}) {and} !({right})]{rest}"),
                false => format!("{descends}[?{left}]{rest}"),
            });
        (inner, filter).prop_map(|(before, filter)| before + &filter)
    })
}

proptest! {
    #[test]
    fn any_path_finds_what_the_definitions_give(document in document(), segments in segments()) {
        let text = format!("${segments}");
        let path = path(&text);
        let expected = nodes(path.segments(), &document, &document);
        if expected.len() < 10_000 {
            let found = evaluate::all(path.segments(), &document).expect("few nodes");
            let places = |nodes: Vec<&Value>| {
                nodes.into_iter().map(std::ptr::from_ref).collect::<Vec<_>>()
            };
            prop_assert_eq!(places(found), places(expected), "{}", text);
        }
    }

    #[test]
    fn any_text_is_a_path_or_is_refused_at_a_place_in_it(
        text in "\\$([.@$?()\\[\\]'\"*:,!=<>&|ab01é \\\\-]|length|match){0,20}",
    ) {
        if let Err(error) = JsonPath::parse(&text) {
            prop_assert!(text.is_char_boundary(error.offset), "{} {}", text, error.offset);
        }
    }

    #[test]
    fn any_pattern_is_compiled_or_refused(pattern in "([a-z.^$|*+?(){},\\[\\]\\\\é&~-]|\\\\p\\{Lu?\\}){0,12}") {
        let _ = iregexp::compile(&pattern, true);
    }
}
