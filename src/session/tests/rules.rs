//! Where a cookie goes back to, and who may set it.

use super::*;

#[test]
fn a_cookie_goes_back_to_where_its_attributes_say() {
    let shop = "http://shop.test/a/b";
    check(shop, &["a=1"], "http://shop.test/a/c", Some("a=1"));
    check(shop, &["a=1"], "http://shop.test/", None);
    check(shop, &["a=1; Path=/"], "http://shop.test/", Some("a=1"));
    check(shop, &["a=1; Path=/"], "http://www.shop.test/", None);
    check(shop, &["a=1; Path=/; Domain=shop.test"], "http://www.shop.test/", Some("a=1"));
    check(shop, &["a=1; Path=/; Domain=.SHOP.test"], "http://www.shop.test/", Some("a=1"));
    check(shop, &["a=1; Path=/; Domain="], "http://www.shop.test/", None);
    check("https://shop.test/", &["a=1; Secure"], "http://shop.test/", None);
    check("https://shop.test/", &["a=1; Secure"], "https://shop.test/", Some("a=1"));
}

#[test]
fn without_a_path_it_is_the_folder_of_the_request() {
    for (from, fields, path) in [
        ("http://shop.test", "a=1", "/"),
        ("http://shop.test/x", "a=1", "/"),
        ("http://shop.test/x/", "a=1", "/x"),
        ("http://shop.test/x/y?z=/q/", "a=1", "/x"),
        ("http://shop.test/x/y", "a=1; Path=", "/x"),
        ("http://shop.test/x/y", "a=1; Path=y", "/x"),
        ("http://shop.test/x/y", "a=1; Path=/z; Path=y", "/x"),
        ("http://shop.test/x/y", "a=1; Path=y; Path=/z", "/z"),
    ] {
        assert_eq!(after(&[(from, fields)]).all()[0].path, path, "{from} {fields}");
    }
}

#[test]
fn a_domain_is_the_host_or_above_it_and_not_everybodys() {
    let shop = "http://www.shop.test/";
    check_told(shop, &["a=1; Domain=shop.test"], "a was stored");
    for (domain, told) in [
        ("other.test", "its Domain is `other.test` and the host is `www.shop.test` (5.7 step 10)"),
        ("hop.test", "its Domain is `hop.test` and the host is `www.shop.test` (5.7 step 10)"),
        (
            "x.www.shop.test",
            "its Domain is `x.www.shop.test` and the host is `www.shop.test` (5.7 step 10)",
        ),
        ("..shop.test", "its Domain is `.shop.test` and the host is `www.shop.test` (5.7 step 10)"),
        ("shöp.test", "its Domain `shöp.test` is not ASCII (5.7 step 8)"),
        ("test", "its Domain `test` is a public suffix, shared by many sites (5.7 step 9)"),
    ] {
        check_told(shop, &[&format!("a=1; Domain={domain}")], &format!("a was refused: {told}"));
    }
    let co_uk =
        "a was refused: its Domain `co.uk` is a public suffix, shared by many sites (5.7 step 9)";
    check_told("http://a.co.uk/", &["a=1; Domain=co.uk"], co_uk);
    check("http://co.uk/", &["a=1; Domain=co.uk"], "http://co.uk/", Some("a=1"));
    check("http://co.uk/", &["a=1; Domain=co.uk"], "http://a.co.uk/", None);
    check("http://localhost/", &["a=1; Domain=localhost"], "http://localhost/", Some("a=1"));
    check("http://localhost/", &["a=1; Domain=localhost"], "http://x.localhost/", None);
}

#[test]
fn the_domain_of_an_address_is_that_address_alone() {
    for host in ["127.0.0.1", "[::1]", "192.168.7.1"] {
        let here = format!("http://{host}:8080/");
        check(&here, &[&format!("a=1; Domain={host}")], &here, Some("a=1"));
        assert!(after(&[(&here, &format!("a=1; Domain={host}"))]).all()[0].host_only);
    }
    let told = "a was refused: its Domain is `7.1` and the host is `192.168.7.1` (5.7 step 10)";
    check_told("http://192.168.7.1/", &["a=1; Domain=7.1"], told);
}

#[test]
fn secure_is_for_https_and_for_this_machine() {
    let told = "a was refused: it is Secure and came over http from shop.test (5.7 step 13)";
    check_told(HTTP, &["a=1; Secure"], told);
    for here in [
        "http://127.0.0.1:80/",
        "http://127.9.9.9/",
        "http://[::1]/",
        "http://localhost/",
        "http://x.localhost/",
    ] {
        check(here, &["a=1; Secure"], here, Some("a=1"));
    }
    check("http://notlocalhost/", &["a=1; Secure"], "http://notlocalhost/", None);
}

#[test]
fn who_is_not_secure_leaves_secure_cookies_alone() {
    let told_for = |first: &str, from: &str, second: &str| {
        told(&mut after(&[("https://shop.test/", first), (from, second)])).pop().expect("a note")
    };
    let refused = "a was refused: it came over http and would hide a Secure cookie of that name for shop.test/ (5.7 step 16)";
    assert_eq!(told_for("a=1; Secure; Path=/", HTTP, "a=2"), refused);
    assert_eq!(told_for("a=1; Secure; Path=/", HTTP, "a=2; Path=/deep"), refused);
    assert_eq!(told_for("a=1; Secure; Path=/", HTTP, "a=; Max-Age=0"), refused);
    let www = "http://www.shop.test/";
    assert_eq!(told_for("a=1; Secure; Path=/", www, "a=2"), refused);
    assert_eq!(told_for("a=1; Secure; Path=/; Domain=shop.test", www, "a=2"), refused);
    // Another name, a wider path, another site, a secure origin: nothing is hidden.
    assert_eq!(told_for("a=1; Secure; Path=/", HTTP, "b=2"), "b was stored");
    assert_eq!(told_for("a=1; Secure; Path=/deep", HTTP, "a=2; Path=/"), "a was stored");
    assert_eq!(told_for("a=1; Secure; Path=/", "http://other.test/", "a=2"), "a was stored");
    assert_eq!(told_for("a=1; Secure; Path=/", HTTPS, "a=2"), "a was replaced");
}

#[test]
fn same_site_none_wants_secure() {
    let told = "a was refused: it is SameSite=None and not Secure (5.7 step 19)";
    check_told(HTTPS, &["a=1; SameSite=None"], told);
    check_told(HTTPS, &["a=1; SameSite=None; Secure"], "a was stored");
    check_told(HTTPS, &["a=1; SameSite=Whatever"], "a was stored");
}

#[test]
fn prefixes_hold_what_they_promise_in_any_case() {
    for (field, told) in [
        ("__Secure-a=1; Secure", "__Secure-a was stored"),
        (
            "__Secure-a=1",
            "__Secure-a was refused: its name begins with `__Secure-` and it is not Secure (5.7 step 20)",
        ),
        (
            "__SECURE-a=1",
            "__SECURE-a was refused: its name begins with `__Secure-` and it is not Secure (5.7 step 20)",
        ),
        ("__Host-a=1; Secure; Path=/", "__Host-a was stored"),
        ("__Host-a=1; Secure; Path=x", "__Host-a was stored"),
        (
            "__Host-a=1; Secure",
            "__Host-a was refused: its name begins with `__Host-` and it has no Path, where it must be / (5.7 step 21)",
        ),
        (
            "__host-a=1; Path=/",
            "__host-a was refused: its name begins with `__Host-` and it is not Secure (5.7 step 21)",
        ),
        (
            "__Host-a=1; Secure; Path=/x",
            "__Host-a was refused: its name begins with `__Host-` and its Path is /x, where it must be / (5.7 step 21)",
        ),
        (
            "__Host-a=1; Secure; Path=/; Domain=shop.test",
            "__Host-a was refused: its name begins with `__Host-` and its Domain is shop.test, where there may be none (5.7 step 21)",
        ),
        (
            "__secure-a",
            " was refused: it has no name, and its value begins with `__Secure-` (5.7 step 22)",
        ),
        (
            "=__HOST-a=1; Secure; Path=/",
            " was refused: it has no name, and its value begins with `__Host-` (5.7 step 22)",
        ),
        ("a=__Host-b", "a was stored"),
    ] {
        check_told(HTTPS, &[field], told);
    }
}

#[test]
fn a_cookie_without_a_name_is_its_value_and_one_without_both_is_none() {
    check(HTTP, &["a"], HTTP, Some("a"));
    check(HTTP, &["=a"], HTTP, Some("a"));
    check(HTTP, &["a", "b"], HTTP, Some("b"));
    check(HTTP, &["a="], HTTP, Some("a="));
    let told = " was refused: it has neither a name nor a value (5.7 step 2)";
    for nothing in ["", "=", " = ; Path=/", ";"] {
        check_told(HTTP, &[nothing], told);
    }
}

#[test]
fn control_characters_refuse_the_cookie_but_for_the_tab() {
    check(HTTP, &["a\t=\tb\tc"], HTTP, Some("a=b\\tc"));
    for byte in (0..32).chain([127]).filter(|byte| *byte != b'\t') {
        let c = char::from(byte);
        for field in [format!("a=b{c}c"), format!("a=b; Path=/{c}"), format!("a=b{c}")] {
            let told =
                format!("a was refused: it holds a control character (0x{byte:02x}) (5.6 step 1)");
            check_told(HTTP, &[&field], &told);
        }
    }
}

#[test]
fn bytes_that_are_no_utf_8_go_back_as_they_came() {
    let mut session = Session::new();
    session.receive(&url(HTTP), &[b"\xe9=\xff\x80\xc3\xa9"]);
    assert_eq!(header(&mut session, HTTP).as_deref(), Some("\\xe9=\\xff\\x80\\xc3\\xa9"));
    assert_eq!(session.all()[0].value, b"\xff\x80\xc3\xa9");
    assert_eq!(session.close_browser().len(), 1);
}

#[test]
fn for_the_host_alone_and_with_its_subdomains_are_two_cookies() {
    let set = ["a=1", "a=2; Domain=shop.test"];
    check(HTTP, &set, HTTP, Some("a=1; a=2"));
    check(HTTP, &set, "http://www.shop.test/", Some("a=2"));
    check(HTTP, &["a=1", "a=2; Domain=shop.test", "a=; Max-Age=0"], HTTP, Some("a=2"));
}
