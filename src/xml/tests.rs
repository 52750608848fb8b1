//! XPath 1.0 by its chapters, on a document with namespaces; and what is refused.

use proptest::prelude::*;

use super::*;
use serde_json::json;

const ORDER: &str = "<?xml version='1.0'?><!-- an order --><?style page?>
<order xmlns='urn:shop' xmlns:p='urn:price' id='7' p:currency='EUR' xml:lang='en'>
  <item sku='tea'><name>Green  tea</name><p:price>4.50</p:price></item>
  <item sku='cup' sold='yes'><name>Cup</name><p:price>12</p:price><note><![CDATA[<b>]]> &amp; more</note></item>
  <item sku='pot'><name xml:id='n3'>Pot</name><p:price>30</p:price></item>
</order>";
const PLAIN: &str = "<a><b x='1'>one</b><c><b x='2'>two</b><b/></c>three<b x='10'>four</b></a>";

fn found(document: &str, path: &str) -> Value {
    let document = Document::read(document).expect("a document");
    match XPath::parse(path).expect(path).find(&document).expect("not too much") {
        Found::Nodes(texts) => json!(texts),
        Found::Value(value) => value,
        Found::Unbound(prefix) => json!({ "unbound": prefix }),
    }
}

#[test]
fn paths_find_nodes_in_the_order_of_the_document() {
    for (path, expected) in [
        ("/a/b", json!(["one", "four"])),
        ("//b", json!(["one", "two", "", "four"])),
        ("/a/c/b[1]", json!(["two"])),
        ("//b[1]", json!(["one", "two"])),
        ("(//b)[1]", json!(["one"])),
        ("(//b)[last()]", json!(["four"])),
        ("//b[last()]", json!(["", "four"])),
        ("//b[position() = 2]", json!(["", "four"])),
        ("//b[@x]", json!(["one", "two", "four"])),
        ("//b[@x > 1]", json!(["two", "four"])),
        ("//b[@x = '2']/@x", json!(["2"])),
        ("//b/@x", json!(["1", "2", "10"])),
        ("//@*", json!(["1", "2", "10"])),
        ("/a/text()", json!(["three"])),
        ("/a/node()", json!(["one", "two", "three", "four"])),
        ("/a/*", json!(["one", "two", "four"])),
        ("/*", json!(["onetwothreefour"])),
        ("/", json!(["onetwothreefour"])),
        ("//c/..", json!(["onetwothreefour"])),
        ("//c/.", json!(["two"])),
        ("//b[. = 'two']", json!(["two"])),
        ("//c | //b[@x='1']", json!(["one", "two"])),
        ("//b[not(@x)]", json!([""])),
        ("//b[@x and . = 'one']", json!(["one"])),
        ("//b[@x = 1 or @x = 2]", json!(["one", "two"])),
        ("/a/b[2]", json!(["four"])),
        ("/a/b[3]", json!([])),
        ("/nope", json!([])),
        ("a/b", json!(["one", "four"])),
        ("/a/c[b = 'two']", json!(["two"])),
        ("/a/child::b", json!(["one", "four"])),
        ("/a/descendant::b", json!(["one", "two", "", "four"])),
        ("//c/descendant-or-self::*", json!(["two", "two", ""])),
        ("//c/following-sibling::b", json!(["four"])),
        ("//c/preceding-sibling::b", json!(["one"])),
        ("//c/following::b", json!(["four"])),
        ("//c/preceding::b", json!(["one"])),
        ("//c/b[1]/ancestor::*", json!(["onetwothreefour", "two"])),
        ("//c/b[1]/ancestor::*[1]", json!(["two"])),
        ("//c/b[1]/ancestor-or-self::b", json!(["two"])),
        ("//c/parent::a/b[1]", json!(["one"])),
        ("//b/self::b[@x='2']", json!(["two"])),
        ("//c/attribute::x", json!([])),
        ("//b[contains(., 'o')][2]", json!(["four"])),
        ("(/a/b | /a/c/b)[2]", json!(["two"])),
        ("/a/b[2][@x = 10]", json!(["four"])),
    ] {
        assert_eq!(found(PLAIN, path), expected, "{path}");
    }
}

#[test]
fn functions_and_operators_give_numbers_truth_values_and_texts() {
    for (path, expected) in [
        ("count(//b)", json!(4)),
        ("sum(//b/@x)", json!(13)),
        ("count(//b[@x]) * 2 + 1", json!(7)),
        ("7 div 2", json!(3.5)),
        ("7 mod 4", json!(3)),
        ("-5 mod 2", json!(-1)),
        ("1 div 0", json!("Infinity")),
        ("-1 div 0", json!("-Infinity")),
        ("number('x')", json!("NaN")),
        ("- 3 - -2", json!(-1)),
        ("0.1 + 0.2 = 0.3", json!(false)),
        ("number('4.50')", json!(4.5)),
        ("floor(2.7)", json!(2)),
        ("ceiling(2.1)", json!(3)),
        ("round(2.5)", json!(3)),
        ("round(-2.5)", json!(-2)),
        ("string-length('tea')", json!(3)),
        ("string-length(/a/b)", json!(3)),
        ("string(/a/b)", json!("one")),
        ("string(//b/@x)", json!("1")),
        ("string(1.50)", json!("1.5")),
        ("concat('a', 1, true())", json!("a1true")),
        ("starts-with('green', 'gr')", json!(true)),
        ("contains('green', 'ee')", json!(true)),
        ("substring-before('2024-05', '-')", json!("2024")),
        ("substring-after('2024-05', '-')", json!("05")),
        ("substring('12345', 2, 3)", json!("234")),
        ("substring('12345', 2)", json!("2345")),
        ("substring('12345', 1.5, 2.6)", json!("234")),
        ("normalize-space('  a   b ')", json!("a b")),
        ("translate('bar', 'abc', 'AB')", json!("BAr")),
        ("boolean(//nope)", json!(false)),
        ("not(//nope)", json!(true)),
        ("true() and false()", json!(false)),
        ("1 = 1 or 1 = 2", json!(true)),
        ("//b = 'two'", json!(true)),
        ("//b != 'two'", json!(true)),
        ("//b/@x < 2", json!(true)),
        ("count(//b) >= 4", json!(true)),
        ("'a' < 'b'", json!(false)),
        ("name(//c)", json!("c")),
        ("local-name(/*)", json!("a")),
        ("last()", json!(1)),
        ("position()", json!(1)),
        ("9007199254740993", json!(9_007_199_254_740_992_u64)),
    ] {
        assert_eq!(found(PLAIN, path), expected, "{path}");
    }
}

#[test]
fn prefixes_are_those_of_the_root_element_and_the_default_one_is_an_underscore() {
    for (path, expected) in [
        ("/_:order/@id", json!(["7"])),
        ("/_:order/@p:currency", json!(["EUR"])),
        ("//_:item[@sku='cup']/p:price", json!(["12"])),
        ("//p:*", json!(["4.50", "12", "30"])),
        ("sum(//p:price)", json!(46.5)),
        ("//_:item/_:name[1]", json!(["Green  tea", "Cup", "Pot"])),
        ("//_:note", json!(["<b> & more"])),
        ("/order", json!([])),
        ("//*[local-name() = 'name'][2]", json!([])),
        ("(//*[local-name() = 'name'])[2]", json!(["Cup"])),
        ("//_:item[p:price > 10]/@sku", json!(["cup", "pot"])),
        ("namespace-uri(/*)", json!("urn:shop")),
        ("name(//p:price)", json!("p:price")),
        ("//comment()", json!([" an order "])),
        ("/processing-instruction('style')", json!(["page"])),
        ("id('n3')", json!(["Pot"])),
        ("/*[lang('en')]/@id", json!(["7"])),
        ("//soap:Body", json!({ "unbound": "soap" })),
        ("count(//x:y) = 0", json!({ "unbound": "x" })),
        ("/*/@xml:lang", json!(["en"])),
        ("count(/*/namespace::*) > 1", json!(true)),
    ] {
        assert_eq!(found(ORDER, path), expected, "{path}");
    }
}

#[test]
fn a_path_that_finds_nothing_says_how_far_it_came() {
    let document = Document::read(ORDER).expect("a document");
    let stop = |path: &str| {
        let Stop { path, nodes, has } = XPath::parse(path).expect(path).stop(&document);
        (path, nodes, has.join(" "))
    };
    let told = |path: &str, nodes, has: &str| (path.to_owned(), nodes, has.to_owned());
    assert_eq!(stop("/order/item"), told("", 0, "_:order"));
    assert_eq!(
        stop("/_:order/_:itm[1]/@sku"),
        told("/_:order", 1, "_:item @id @p:currency @xml:lang")
    );
    assert_eq!(stop("//_:item/price"), told("//_:item", 3, "_:name p:price @sku"));
    assert_eq!(stop("//_:item[@sku='x/y']"), told("", 0, "_:order"));
    assert_eq!(stop("count(//nope)"), told("", 0, "_:order"));
}

#[test]
fn what_is_no_xpath_is_told_at_its_place() {
    for (path, offset, part) in [
        ("", 0, "empty expression"),
        ("/a/", 3, "expected"),
        ("/a[", 3, "expected"),
        ("/a[1", 4, "expected"),
        ("//", 2, "expected"),
        ("a b", 2, "unexpected trailing input"),
        ("$.user", 0, "expected"),
        ("count()", 0, "`count()` takes one argument, found 0"),
        ("concat('a')", 0, "`concat()` takes 2 arguments or more, found 1"),
        ("1 + count('a')", 4, "`count()` takes a node-set"),
        ("matches(., 'x')", 0, "there is no function `matches`"),
        ("//a[lower-case(.) = 'x']", 4, "there is no function `lower-case`"),
        ("fn:count(a)", 3, "there is no function `count`"),
        ("$x + 1", 0, "`$x` has no value"),
        ("'a'[1]", 0, "no node-set"),
        ("count(a)/b", 0, "no node-set"),
        ("a | 1", 2, "`|` joins node-sets"),
        ("substring('a')", 0, "`substring()` takes 2 or 3 arguments, found 1"),
        ("true(1)", 0, "`true()` takes no argument, found 1"),
    ] {
        let error = XPath::parse(path).expect_err(path);
        assert!(error.message.contains(part), "{path}: {}", error.message);
        assert_eq!(error.offset, offset, "{path}: {}", error.message);
    }
    for path in [
        "(".repeat(40) + "a" + &")".repeat(40),
        "-".repeat(300) + "1",
        vec!["a"; 300].join(" or "),
        "a".repeat(5000),
    ] {
        assert!(XPath::parse(&path).is_err(), "{path}");
    }
}

#[test]
fn what_an_expression_gives_is_known_before_there_is_a_document() {
    for (path, kind) in [
        ("//a", Kind::Nodes),
        ("a | b", Kind::Nodes),
        ("(//a)[1]", Kind::Nodes),
        ("id('x')/b", Kind::Nodes),
        ("count(a)", Kind::Number),
        ("1 + 2", Kind::Number),
        ("-a", Kind::Number),
        ("(sum(a))", Kind::Number),
        ("a = b", Kind::Boolean),
        ("not(a)", Kind::Boolean),
        ("string(a)", Kind::Text),
        ("'x'", Kind::Text),
    ] {
        assert_eq!(XPath::parse(path).expect(path).kind(), kind, "{path}");
    }
}

#[test]
fn what_is_no_document_is_told_and_what_has_a_dtd_is_not_read() {
    for (text, part) in [
        ("", "root node"),
        ("<a>", "root node was opened but never closed"),
        ("<a></b>", "1:4"),
        ("<a b=1/>", "1:6"),
        ("<a>&nope;</a>", "nope"),
        ("{\"a\": 1}", "1:1"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "declarations of its own"),
        (
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "declarations of its own",
        ),
    ] {
        let error = Document::read(text).expect_err(text);
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(Document::read("<!DOCTYPE a><a/>").is_ok());
    assert!(Document::read("<!DOCTYPE a PUBLIC 'x' 'http://x.test/a.dtd'><a/>").is_ok());
}

#[test]
fn hostile_documents_are_read_or_refused_soon_and_expressions_on_them_end() {
    let check = || {
        let deep = format!("{}x{}", "<a>".repeat(20_000), "</a>".repeat(20_000));
        let wide = format!("<a>{}</a>", "<b/>".repeat(50_000));
        let attributes =
            |count: usize| -> String { (0..count).map(|at| format!(" a{at}='>'")).collect() };
        assert!(Document::read(&format!("<a{}/>", attributes(10_001))).is_err());
        assert!(Document::read(&format!("<!-- ' --><a{}/>", attributes(10_001))).is_err());
        assert!(Document::read(&format!("<a{}/>", attributes(9_999))).is_ok());
        assert!(Document::read(&"<a>".repeat(LONGEST)).is_err());
        for path in [
            "-".repeat(MOST_OPERATORS) + "1",
            "(".repeat(DEEPEST) + "1" + &")".repeat(DEEPEST),
            "a[".repeat(DEEPEST) + "1" + &"]".repeat(DEEPEST),
            "not(".repeat(DEEPEST) + "1" + &")".repeat(DEEPEST),
            vec!["1"; MOST_OPERATORS].join("+"),
            vec!["a"; MOST_OPERATORS].join("|"),
            vec!["a"; LONGEST_PATH / 2].join("/"),
        ] {
            let document = Document::read(PLAIN).expect("a document");
            assert!(XPath::parse(&path).expect(&path).find(&document).is_ok(), "{path}");
        }
        for document in [deep, wide] {
            let document = Document::read(&document).expect("a document");
            for path in ["//b", "//*[//*]", "//*[. = 'x']", "//b = //a", "//*/ancestor::*"] {
                // It may be too much, but it ends.
                let path = XPath::parse(path).expect(path);
                let _ = path.find(&document);
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(check);
    thread.expect("a thread").join().expect("no overflow");
}

proptest! {
    #[test]
    fn no_text_panics_as_an_expression_or_a_document(text in "[-a-z0-9/@.*:()\\[\\]'\"|=<>+,$& ]{0,60}") {
        if let Ok(path) = XPath::parse(&text) {
            let document = Document::read(PLAIN).expect("a document");
            prop_assert!(path.find(&document).is_ok(), "{:?}", path.find(&document));
            let _ = path.stop(&document);
        }
        if let Ok(document) = Document::read(&text) {
            let _ = XPath::parse("//*").expect("a path").find(&document);
        }
        let _ = crate::html::Selector::parse(&text).map(|selector| {
            let page = crate::html::Document::read("<ul><li>a</ul>").expect("a page");
            let _ = selector.stop(&page);
        });
    }
}
