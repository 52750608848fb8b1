mod naive;

use super::*;
use serde_json::json;

#[track_caller]
fn path(text: &str) -> JsonPath {
    JsonPath::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_form_of_a_path_says_whether_it_gives_a_node_or_a_list() {
    for (text, singular) in [
        ("$", true),
        ("$.a.b[0]", true),
        ("$['a b'][-1]", true),
        ("$.a[*]", false),
        ("$..a", false),
        ("$[0,1]", false),
        ("$[0:1]", false),
        ("$[?@.a]", false),
    ] {
        assert_eq!(path(text).is_singular(), singular, "{text}");
    }
}

#[test]
fn a_singular_path_gives_its_node_or_says_how_far_it_went() {
    let body = json!({"user": {"id": 1}, "list": [1, 2], "a b": {"it's": 3}});
    assert_eq!(path("$.list[-1]").find(&body), Ok(Found::One(&json!(2))));
    assert_eq!(path("$['a b'][\"it's\"]").find(&body), Ok(Found::One(&json!(3))));
    assert_eq!(path("$.list[2]").find(&body), Ok(Found::Missing));
    let check = |text: &str, reached: &str, node: &Value| {
        let stop = path(text).stop(&body);
        assert_eq!((stop.path.as_str(), stop.nodes), (reached, vec![node]), "{text}");
    };
    check("$.user.name.first", "$.user", &json!({"id": 1}));
    check("$['a b'][\"it's\"].x", "$['a b'][\"it's\"]", &json!(3));
    check("$.x.y", "$", &body);
}

#[test]
fn any_other_path_gives_the_list_of_its_nodes() {
    let body = json!({"list": [{"id": 1}, {"id": 2}, {"x": 3}]});
    let found = path("$.list[*].id").find(&body);
    assert_eq!(found, Ok(Found::Many(vec![&json!(1), &json!(2)])));
    assert_eq!(path("$.nothing[*]").find(&body), Ok(Found::Many(vec![])));
}

/// The place where a text is refused, why, and what to do.
#[track_caller]
fn check_refused(text: &str, offset: usize, message: &str, help: &str) {
    match JsonPath::parse(text) {
        Ok(path) => panic!("{text} was read as {path:?}"),
        Err(error) => {
            assert_eq!(
                (error.offset, error.message.as_str(), error.help.as_deref().unwrap_or_default()),
                (offset, message, help),
                "{text}"
            );
        }
    }
}

#[test]
fn what_the_grammar_does_not_have_is_refused_at_its_place() {
    let check = check_refused;
    check("a", 0, "a JSONPath begins with `$`", "");
    check("$.", 2, "the path ends too early", "expected a name or `*`");
    check("$ ", 1, "white space is not allowed at the end of a path", "remove it");
    check("$a", 1, "`a` is not allowed here", "expected `.`, `..`, `[` or the end of the path");
    let in_brackets = |name: &str| {
        format!("a name with other than letters, digits and `_` is written `['{name}']`")
    };
    check("$.a b.c", 4, "`b` is not allowed here", &in_brackets("a b"));
    check("$.x.first-name", 9, "`-` is not allowed here", &in_brackets("first-name"));
    check("$.1", 2, "`1` is not allowed here", "write `[1]` for an element, `['1']` for a name");
    check("$..", 3, "the path ends too early", "expected a name, `*` or brackets");
    check("$. a", 2, "a space is not allowed here", "expected a name or `*`");
    check(
        "$[",
        2,
        "the path ends too early",
        "expected a name in quotes, a number, `*`, a slice or a filter",
    );
    check("$[name]", 2, "`n` is not allowed here", "a name in brackets has quotes: `['name']`");
    check("$[@.a]", 2, "`@` is not allowed here", "a filter begins with `?`: `[?@.name]`");
    check("$.list[0", 8, "the path ends too early", "expected `]` or `,`");
    check("$['a]", 2, "the string has no closing `'`", "");
    check("$['\\d']", 3, "`\\d` is no escape", "a backslash itself is written `\\\\`");
    check("$[01]", 2, "a number does not begin with `0`", "write `1`");
    check("$[9007199254740992]", 2, "a number in brackets is at most 9007199254740991", "");
    check(
        "$.a[?@.b ==]",
        11,
        "`]` is not allowed here",
        "expected `@`, `$`, a literal or a function",
    );
    check("$[?@.a = 1]", 7, "`=` is not allowed here", "write `==`");
    check("$[?@.a === 1]", 7, "there is no such comparison", "write `==` or `!=`");
    check("$[?@.a and @.b]", 7, "`a` is not allowed here", "write `&&`");
    check("$[?@.a | @.b]", 7, "`|` is not allowed here", "write `||`");
    check("$[?@.a == 'x' @.b]", 14, "`@` is not allowed here", "expected `]`, `,`, `&&` or `||`");
    check("$[?@.a =~ 'x']", 7, "`=` is not allowed here", "write `search(@.name, 'pattern')`");
    check(
        "$[?@.a == x]",
        10,
        "`x` is not allowed here",
        "a string has quotes: `'x'`; a member is `@.x`",
    );
    check("$[?@.a == True]", 10, "`True` is not allowed here", "write `true`");
    check("$[?@.a == 01]", 10, "`01` is no JSON number", "");
    check("$[?", 3, "the path ends too early", "expected `@`, `$`, a literal, a function or `(`");
    check("$[?(@.a]", 7, "`]` is not allowed here", "expected `)`, `&&`, `||` or a comparison");
    check(
        "$[?(@.a, @.b)]",
        7,
        "`,` is not allowed here",
        "expected `)`, `&&`, `||` or a comparison",
    );
    check(
        "$[?'x'[0] == 1]",
        6,
        "`[` is not allowed here",
        "expected `]`, `,`, `&&`, `||` or a comparison",
    );
    check("$[1 2]", 4, "`2` is not allowed here", "expected `]` or `,`");
    check("$[1: 2 3]", 7, "`3` is not allowed here", "expected `]` or `,`");
    check(
        "$[?@.a[?@.b @.c] '\\d' == 1]",
        12,
        "`@` is not allowed here",
        "expected `]`, `,`, `&&`, `||` or a comparison",
    );
    let deep = format!("${}", "[?@".repeat(100));
    check(&deep, 97, "the brackets go deeper than 32 levels", "");
    check(&format!("$[?{}", "(".repeat(100)), 34, "the brackets go deeper than 32 levels", "");
}

#[test]
fn what_the_types_do_not_allow_is_refused_at_its_place() {
    let check = check_refused;
    check(
        "$.a[?count(@..*)]",
        5,
        "`count` gives a number, which must be compared",
        "write `count(@..*) > 0`",
    );
    check(
        "$[?@.x && length(@.a)]",
        10,
        "`length` gives a number, which must be compared",
        "write `length(@.a) > 0`",
    );
    check(
        "$[?value(@.a)]",
        3,
        "`value` gives a value, which must be compared",
        "write `value(@.a) == 'x'`",
    );
    check(
        "$[?match(@.a, 'x') == true]",
        3,
        "`match` is true or false and cannot be compared",
        "write `match(@.a, 'x')`, or `!match(@.a, 'x')`, without comparison",
    );
    check(
        "$[?@.* == 1]",
        3,
        "`@.*` can find several nodes to compare",
        "compare `count(@.*)`, or `value(@.*)` where it finds just one",
    );
    check(
        "$[?true]",
        3,
        "`true` is neither true nor false of itself",
        "compare it, as in `@.name == true`",
    );
    check(
        "$[?!@.a == 1]",
        3,
        "`!` cannot stand before a comparison",
        "put the comparison in parentheses: `!(…)`",
    );
    check("$[?count(1) > 2]", 9, "`count` takes a path, found `1`", "write `count(@.*)`");
    check(
        "$[?length(@.*) > 2]",
        10,
        "`length` takes one value, and `@.*` can find several nodes",
        "to count the nodes, write `count(@.*)`",
    );
    check("$[?length() > 2]", 3, "`length` takes one argument, found 0", "write `length(@.name)`");
    check(
        "$[?match(@.a)]",
        3,
        "`match` takes two arguments, found 1",
        "write `match(@.name, 'pattern')`",
    );
    check(
        "$[?size(@.a) > 1]",
        3,
        "there is no function `size`",
        "there are `length`, `count`, `value`, `match` and `search`",
    );
    check("$[?count (@.*) == 1]", 8, "white space is not allowed before `(`", "write `count(…)`");
    check(
        "$[?match(@.a, '\\\\d+')]",
        14,
        "the pattern is no I-Regexp: it has no `\\d`",
        "write `[0-9]`",
    );
}

/// What a path finds, as JSON; `!` where it looks at too much.
fn found(text: &str, document: &str) -> String {
    let document = parse(document.as_bytes()).expect("JSON");
    match path(text).find(&document) {
        Ok(Found::One(node)) => node.to_string(),
        Ok(Found::Missing) => "-".to_owned(),
        Ok(Found::Many(nodes)) => nodes.into_iter().cloned().collect::<Value>().to_string(),
        Err(TooMuch) => "!".to_owned(),
    }
}

#[test]
fn filters_look_at_values_without_losing_a_digit() {
    #[track_caller]
    fn check(filter: &str, document: &str, expected: &str) {
        assert_eq!(found(&format!("$[?{filter}]"), document), expected, "{filter}");
    }
    let big = "[12345678901234567890123, 12345678901234567890124, 9007199254740993]";
    check("@ == 12345678901234567890124", big, "[12345678901234567890124]");
    check("@ == 9007199254740993.0", big, "[9007199254740993]");
    check("@ == 9007199254740992", big, "[]");
    check("@ > 12345678901234567890123", big, "[12345678901234567890124]");
    check("@ == 1.0 || @ == 2e0", "[1, 2, 3]", "[1,2]");
    check("@ == 0.1", "[0.10, 0.1000000000000000001]", "[0.10]");
    check("@[?@>1]", "[[1], [2], 3]", "[[2]]");
    check("@ < 'b'", "[\"a\", \"b\", 1, null]", "[\"a\"]");
    check(
        "@.a == @.b",
        "[{}, {\"a\": 1}, {\"a\": [1], \"b\": [1.0]}]",
        "[{},{\"a\":[1],\"b\":[1.0]}]",
    );
    check("!@.a", "[{\"a\": null}, {}]", "[{}]");
    check("length(@) == 2", "[\"😀é\", [1, 2], {\"a\": 1}, 2]", "[\"😀é\",[1,2]]");
    check("count(@.*) > 1", "[[1, 2], [1]]", "[[1,2]]");
    check(
        "value(@..x) == 1",
        "[{\"a\": {\"x\": 1}}, [{\"x\": 1}, {\"x\": 1}]]",
        "[{\"a\":{\"x\":1}}]",
    );
    check("match(@, 'a.c')", "[\"abc\", \"xabc\", \"a\\nc\"]", "[\"abc\"]");
    check(
        "search(@.t, @.p)",
        "[{\"t\": \"abc\", \"p\": \"^b\"}, {\"t\": \"abc\", \"p\": \"b\"}]",
        "[{\"t\":\"abc\",\"p\":\"b\"}]",
    );
    check("search(@.t, @.p)", "[{\"t\": \"abc\", \"p\": \"(\"}]", "[]");
}

#[test]
fn nodes_come_in_the_order_of_the_rfc() {
    let document = r#"{"a": [{"d": 1, "a": 2}, 3], "d": {"a": 4}}"#;
    assert_eq!(found("$..['a','d']", document), r#"[[{"d":1,"a":2},3],{"a":4},2,1,4]"#);
    assert_eq!(found("$.a[1,0]", document), r#"[3,{"d":1,"a":2}]"#);
    assert_eq!(found("$.a[::-1]", document), r#"[3,{"d":1,"a":2}]"#);
}

#[test]
fn what_would_never_end_is_given_up() {
    #[track_caller]
    fn check(text: &str, document: &str, is_given_up: bool) {
        let document = parse(document.as_bytes()).expect("JSON");
        let found = evaluate::within(1_000_000, path(text).segments(), &document);
        assert_eq!(found.is_err(), is_given_up, "{text}");
    }
    let deep = "[".repeat(120) + &"]".repeat(120);
    check("$..*..*..*", &deep, false);
    check("$..*..*..*..*", &deep, true);
    check("$[?count($..*) > 1]", "[1, 2, 3]", false);
    check("$[?count($..*) > 1]", &format!("[{}0]", "0,".repeat(2_000)), true);
    let long = format!(r#"{{"s": "{}", "n": [{}0]}}"#, "x".repeat(1 << 20), "0,".repeat(1_000));
    check("$..s", &long, false);
    for text in ["$.n[?search($.s, 'y')]", "$.n[?length($.s) == 1]", "$.n[?$.s == $.s]"] {
        check(text, &long, true);
    }
    let patterns: Vec<String> = (0..1_000).map(|number| format!("x{number}")).collect();
    check("$[?search('text', @)]", &serde_json::json!(patterns).to_string(), true);
}

#[test]
fn filters_as_deep_as_they_may_be_are_followed_in_a_tree_as_deep_as_it_may_be() {
    let document = "[".repeat(127) + &"]".repeat(127);
    let document = parse(document.as_bytes()).expect("JSON");
    for query in ["@", "$", "@..", "$.."] {
        let filter = |inner: String, _| format!("{query}[?{inner}]");
        let text = (1..parse::DEEPEST).fold(query.trim_end_matches('.').to_owned(), filter);
        let path = path(&format!("$..[?{text}]"));
        // That it comes back at all is what is asked for: the stack is enough.
        let _ = evaluate::within(1_000_000, path.segments(), &document);
    }
}

#[test]
fn what_is_deep_or_long_is_read_or_refused_soon_on_a_small_stack() {
    fn check(text: &str) {
        let begun = std::time::Instant::now();
        let _ = JsonPath::parse(text);
        assert!(begun.elapsed().as_secs() < 10, "{text:.80}");
    }
    let all = || {
        for part in
            ["[?", "[", "(", "!", "[?(", "[?!(", "[?count(", "[?value(@", "[?length(", "a", ".a"]
        {
            for count in [31, 32, 100, 100_000] {
                check(&format!("${}", part.repeat(count)));
                check(&format!("$[?@{}", part.repeat(count)));
            }
        }
        // Functions with filters with functions: a grammar that tries one thing after the other reads the inner ones again.
        let deep = (0..10).fold("@".to_owned(), |inner, _| format!("@[?value({inner}) == 1]"));
        check(&format!("$[?{deep}]"));
        assert!(JsonPath::parse(&format!("$[?{deep}]")).is_ok());
        check(&format!("$[?{}", "value(@[?".repeat(15)));
        check(&format!("$[?{}", "length(".repeat(31)));
        for part in [".a", "[0]", "..*", "['x']", "[?@]", "[0,1]"] {
            let long = |size: usize| format!("${}", part.repeat(size / part.len()));
            assert!(JsonPath::parse(&long(16_383)).is_ok(), "{part}");
            check(&format!("{}[", long(1_000)));
        }
        for part in ["@.a&&", "@==1||", "(@)&&"] {
            let long = |size: usize| format!("$[?{}@", part.repeat(size / part.len()));
            assert!(JsonPath::parse(&format!("{}]", long(16_000))).is_ok(), "{part}");
            check(&long(1_000));
        }
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(all).expect("a thread");
    thread.join().expect("all is well");
    let long = format!("${}", ".a".repeat(8_192));
    check_refused(&long, 0, "a path has at most 16384 bytes, and this one 16385", "");
}

#[test]
fn a_node_has_its_way() {
    let document = json!({"a b": [{"it's": "x"}], "a": [1, 1]});
    let check = |node: &Value, short: &str, normal: &str| {
        let steps = locate(&document, node).expect("a node of it");
        assert_eq!((written(&steps).as_str(), normalized(&steps).as_str()), (short, normal));
    };
    check(&document, "$", "$");
    check(&document["a"][1], "$.a[1]", "$['a'][1]");
    check(&document["a b"][0]["it's"], "$['a b'][0]['it\\'s']", "$['a b'][0]['it\\'s']");
    assert_eq!(locate(&document, &json!(1)), None);
}
