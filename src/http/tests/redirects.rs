//! Redirects: the table, and what crosses from origin to origin.

use proptest::prelude::*;

use super::redirect::{Carried, Decision, Next, decide};
use super::*;

/// `METHOD[+]` (with a body), status, location -> `METHOD[+] url [other]`, `stop` or the class of the failure.
#[track_caller]
fn check(method: &str, status: u16, location: &str, expected: &str) {
    let base = Url::parse("http://a.test/dir/page?q=1#part").unwrap();
    let has_body = method.ends_with('+');
    let method: Method = method.trim_end_matches('+').parse().unwrap();
    let mut headers = HeaderMap::new();
    for one in location.split(" AND ").filter(|text| *text != "NONE") {
        headers.append("location", HeaderValue::from_bytes(one.as_bytes()).unwrap());
    }
    let status = http::StatusCode::from_u16(status).unwrap();
    let decision = match decide(&method, &base, has_body, status, &headers) {
        Decision::Stop => "stop".to_owned(),
        Decision::Fail(fault) => fault.kind.class().to_owned(),
        Decision::Follow(Next { method, url, drop_body, other_origin }) => {
            let body = if has_body && !drop_body { "+" } else { "" };
            let other = if other_origin { " other" } else { "" };
            format!("{method}{body} {url}{other}")
        }
    };
    assert_eq!(decision, expected);
}

#[test]
fn methods_and_bodies() {
    let here = "http://a.test/x#part";
    for status in [301, 302] {
        check("GET", status, "/x", &format!("GET {here}"));
        check("HEAD", status, "/x", &format!("HEAD {here}"));
        check("POST+", status, "/x", &format!("GET {here}"));
        check("PUT+", status, "/x", &format!("PUT+ {here}"));
        check("DELETE", status, "/x", &format!("DELETE {here}"));
        check("PUT+", status, "http://b.test/", "redirect.body_cross_origin");
    }
    check("GET", 303, "/x", &format!("GET {here}"));
    check("HEAD", 303, "/x", &format!("HEAD {here}"));
    check("POST+", 303, "/x", &format!("GET {here}"));
    check("PUT+", 303, "http://b.test/", "GET http://b.test/#part other");
    for status in [307, 308] {
        check("GET", status, "/x", &format!("GET {here}"));
        check("POST+", status, "/x", &format!("POST+ {here}"));
        check("POST+", status, "http://b.test/", "redirect.body_cross_origin");
        check("POST", status, "http://b.test/", "POST http://b.test/#part other");
        check("POST+", status, "http://a.test:81/", "redirect.body_cross_origin");
    }
    check("GET", 300, "/x", &format!("GET {here}"));
    check("GET", 300, "NONE", "stop");
    check("POST", 300, "/x", "stop");
    for status in [200, 201, 304, 305, 306, 399, 400] {
        check("GET", status, "/x", "stop");
    }
}

#[test]
fn locations() {
    check("GET", 302, "NONE", "stop");
    check("GET", 302, "", "stop");
    check("GET", 302, "../up", "GET http://a.test/up#part");
    check("GET", 302, "?only=query", "GET http://a.test/dir/page?only=query#part");
    check("GET", 302, "/x#own", "GET http://a.test/x#own");
    check("GET", 302, "//b.test/x", "GET http://b.test/x#part other");
    check("GET", 302, "https://a.test/x", "GET https://a.test/x#part other");
    check("GET", 302, "http://a.test:80/x", "GET http://a.test/x#part");
    check("GET", 302, "HTTP://A.TEST/x", "GET http://a.test/x#part");
    check("GET", 302, "http://u:p@b.test/", "GET http://b.test/#part other");
    check("GET", 302, "/a b\u{e9}", "GET http://a.test/a%20b%C3%A9#part");
    check("GET", 302, "/x AND /x", "GET http://a.test/x#part");
    check("GET", 302, "/x AND /y", "redirect.invalid_location");
    check("GET", 302, "ht\ttp://b.test/", "redirect.invalid_location");
    check("GET", 302, "http:///x", "redirect.invalid_location");
    check("GET", 302, "http:x", "redirect.invalid_location");
    check("GET", 302, "http://[::1", "redirect.invalid_location");
    check("GET", 302, "http://a.test:99999/", "redirect.invalid_location");
    check("GET", 302, "http://a.test\\@b.test/", "redirect.invalid_location");
    check("GET", 302, "file:///etc/passwd", "redirect.unsupported_scheme");
    check("GET", 302, "javascript:alert(1)", "redirect.unsupported_scheme");
    check("GET", 302, "ws://a.test/", "redirect.unsupported_scheme");
}

#[test]
fn a_location_in_latin_1() {
    let base = Url::parse("http://a.test/").unwrap();
    let headers = HeaderMap::from_iter([(
        http::header::LOCATION,
        HeaderValue::from_bytes(b"/caf\xe9").unwrap(),
    )]);
    match decide(&Method::GET, &base, false, http::StatusCode::FOUND, &headers) {
        Decision::Follow(next) => assert_eq!(next.url.as_str(), "http://a.test/caf%C3%A9"),
        other => panic!("{other:?}"),
    }
}

/// Answers with the redirect that the query asks for, and with 200 where there is none.
fn redirector() -> Server {
    Server::start(|stream, request| {
        let target = request.split(' ').nth(1).unwrap();
        let answer = match target.split_once("?to=") {
            Some((path, to)) => format!(
                "HTTP/1.1 {} Moved\r\nSet-Cookie: at={path}\r\nLocation: {to}\r\nContent-Length: 4\r\n\r\ngone",
                &path[1..4],
            ),
            None => OK.to_owned(),
        };
        stream.write_all(answer.as_bytes()).is_ok()
    })
}

/// Remembers what it was asked and told.
#[derive(Default)]
struct Notes(Vec<String>);

impl Cookies for Notes {
    fn cookie_header(&mut self, url: &Url) -> Option<HeaderValue> {
        self.0.push(format!("for {}", url.path()));
        Some(HeaderValue::from_static("session=1"))
    }

    fn receive(&mut self, url: &Url, set_cookie: &[&[u8]]) {
        self.0.push(format!("from {}: {}", url.path(), set_cookie[0].escape_ascii()));
    }
}

fn secrets(mut request: Request) -> Request {
    for (name, value) in [
        ("authorization", "Bearer s3cret"),
        ("proxy-authorization", "Basic eA=="),
        ("cookie", "own=1"),
        ("x-plain", "plain"),
        ("content-type", "text/plain"),
    ] {
        request.headers.insert(name, HeaderValue::from_static(value));
    }
    let mut value = HeaderValue::from_static("k3y");
    value.set_sensitive(true);
    request.headers.insert("x-secret", value);
    request
}

#[test]
fn credentials_stop_at_another_origin_and_do_not_come_back() {
    let (a, b) = (redirector(), redirector());
    // A -> A -> B -> A
    let back = a.url("/end").to_string();
    let over = format!("{}?to={back}", b.url("/302"));
    let url = a.url(&format!("/302?to=/302?to={over}"));
    let mut notes = Notes::default();
    let request = secrets(get(url));
    let exchange = block_on(Client::new().exchange(request, &Settings::default(), &mut notes));
    assert_eq!(exchange.result.unwrap().url.as_str(), back);
    assert_eq!(exchange.hops.len(), 4);
    let sent = [a.requests(), b.requests()];
    let at_a = &sent[0];
    assert!(at_a[0].contains("own=1") && at_a[0].contains("s3cret") && at_a[0].contains("k3y"));
    assert!(at_a[1].contains("own=1") && at_a[1].contains("s3cret") && at_a[1].contains("k3y"));
    for later in [&sent[1][0], &at_a[2]] {
        assert!(
            later.contains("cookie: session=1\r\n") && later.contains("x-plain: plain\r\n"),
            "{later}"
        );
        for secret in ["own=1", "s3cret", "eA==", "k3y"] {
            assert!(!later.contains(secret), "{later}");
        }
    }
    // The step's own Cookie stands for the session's at the first origin; each hop's cookies are received.
    assert_eq!(
        notes.0,
        ["from /302: at=/302", "from /302: at=/302", "for /302", "from /302: at=/302", "for /end"]
    );
    // The redirects' bodies were read, so their connections were kept.
    assert_eq!((a.connections(), b.connections()), (1, 1));
}

#[test]
fn a_post_becomes_a_get_without_its_body() {
    let server = redirector();
    let exchange = block_on(ask(&Client::new(), secrets(post(server.url("/302?to=/end"), "x=1"))));
    exchange.result.unwrap();
    let last = server.requests()[1].clone();
    assert!(
        last.starts_with("GET /end ") && !last.contains("content-") && !last.ends_with("x=1"),
        "{last}"
    );
    let exchange = block_on(ask(&Client::new(), secrets(post(server.url("/308?to=/end"), "x=1"))));
    exchange.result.unwrap();
    let last = server.requests()[3].clone();
    assert!(
        last.starts_with("POST /end ") && last.contains("content-type") && last.ends_with("x=1"),
        "{last}"
    );
}

#[test]
fn the_limit_holds() {
    let server = redirector();
    let endless =
        Server::always("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
    let with = |limit, url| {
        let settings = Settings { follow_redirects: limit, ..Settings::default() };
        block_on(Client::new().exchange(get(url), &settings, &mut NoCookies))
    };
    let exchange = with(3, endless.url("/"));
    let failure = exchange.result.unwrap_err();
    assert_eq!((failure.kind(), failure.class()), ("redirects", "redirect.too_many"));
    assert_eq!(
        failure.message,
        format!("more than 3 redirects; the next would be `{}`", endless.url("/again"))
    );
    assert_eq!((exchange.hops.len(), endless.requests().len()), (4, 4));
    let response = with(0, server.url("/302?to=/end")).result.unwrap();
    assert_eq!((response.status().as_u16(), &response.body[..]), (302, &b"gone"[..]));
}

#[test]
fn a_body_does_not_go_to_another_origin() {
    let (a, b) = (redirector(), redirector());
    let exchange =
        block_on(ask(&Client::new(), post(a.url(&format!("/307?to={}", b.url("/"))), "x=1")));
    let failure = exchange.result.unwrap_err();
    assert_eq!((failure.kind(), failure.class()), ("redirects", "redirect.body_cross_origin"));
    assert_eq!(b.connections(), 0);
}

/// Pieces of locations on which clients disagree.
const PIECES: [&str; 34] = [
    "http:",
    "https:",
    "HTTP:",
    "file:",
    "javascript:",
    "data:",
    "ws:",
    "//",
    "/",
    "\\",
    "a.test",
    "b.test",
    "127.0.0.1",
    "[::1]",
    "[",
    "]",
    "@",
    "u:p@",
    ":80",
    ":443",
    ":81",
    ":99999",
    ":",
    "?",
    "#",
    "..",
    "%2e",
    "%0d%0a",
    "%",
    " ",
    "\t",
    "x",
    "\u{e9}",
    "\u{3002}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_location_is_followed_as_it_should_or_not_at_all(
        method in prop::sample::select(&["GET", "HEAD", "POST", "PUT", "PURGE"][..]),
        status in 200..600_u16,
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..8),
        (https, has_body) in any::<(bool, bool)>(),
    ) {
        let base = format!("http{}://user:secret@a.test/dir/page?q=1", if https { "s" } else { "" });
        let base = Url::parse(&base).unwrap();
        let method: Method = method.parse().unwrap();
        let Ok(value) = HeaderValue::from_bytes(pieces.concat().as_bytes()) else { return Ok(()) };
        let headers = HeaderMap::from_iter([(http::header::LOCATION, value)]);
        let status = http::StatusCode::from_u16(status).unwrap();
        match decide(&method, &base, has_body, status, &headers) {
            Decision::Stop => {}
            Decision::Fail(fault) => prop_assert_eq!(fault.kind.kind(), "redirects"),
            Decision::Follow(next) => {
                prop_assert!([300, 301, 302, 303, 307, 308].contains(&status.as_u16()));
                prop_assert!(matches!(next.url.scheme(), "http" | "https") && next.url.has_host());
                prop_assert!(next.url.username().is_empty() && next.url.password().is_none());
                prop_assert_eq!(next.other_origin, next.url.origin() != base.origin());
                prop_assert!(!has_body || next.drop_body || !next.other_origin);
                prop_assert!(next.method == method || next.method == Method::GET && next.drop_body);
            }
        }
    }

    #[test]
    fn no_way_brings_credentials_to_another_origin_or_back(way in prop::collection::vec(0..6_usize, 0..8)) {
        let urls = ["http://a.test/", "http://a.test:80/x", "https://a.test/", "http://a.test:81/", "http://b.test/", "http://a.test/y"]
            .map(|url| Url::parse(url).unwrap());
        let request = secrets(get(urls[0].clone()));
        let mut carried = Carried::new(&urls[0], request.headers);
        let (mut here, mut left) = (urls[0].clone(), false);
        for to in way {
            let url = urls[to].clone();
            let next = Next { method: Method::GET, other_origin: url.origin() != here.origin(), url: url.clone(), drop_body: false };
            carried.follow(&next);
            left |= url.origin() != urls[0].origin();
            here = url;
            for name in ["authorization", "proxy-authorization", "cookie", "x-secret"] {
                prop_assert_eq!(carried.has(&name.parse().unwrap()), !left, "{}", name);
            }
            prop_assert!(carried.has(&"x-plain".parse().unwrap()));
            prop_assert_eq!(carried.iter().count(), carried.len());
        }
    }
}
