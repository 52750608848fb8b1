//! What becomes of cookies, as a user sees it, and as a server does.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use super::support::{demo, run, scenario};

/// A server that sets these cookies with every answer, and keeps the requests.
fn setting(fields: &'static [u8]) -> (String, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).unwrap_or(0);
            kept.lock().expect("a lock").push(buffer[..length].to_vec());
            let head: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n";
            let _ = stream.write_all(&[head, fields, b"\r\n"].concat());
        }
    });
    (url, requests)
}

/// The lines of cookies in a story.
fn told(story: &str) -> Vec<String> {
    let masked = regex::Regex::new("•••[0-9a-f]{4}").expect("a pattern");
    let lines = story.lines().filter_map(|line| line.strip_prefix("      cookie: "));
    lines.map(|line| masked.replace_all(line, "•••").into_owned()).collect()
}

#[test]
fn every_field_goes_one_way_whatever_bytes_it_holds() {
    let (url, requests) = setting(
        b"Set-Cookie: bad=\x01; Path=/\r\nSet-Cookie: raw=\xff\xe9\tx; Path=/\r\nSet-Cookie: bare\r\nSet-Cookie:\r\n",
    );
    let folder = scenario(
        "name: bytes\nsteps:\n  - request: GET /\n    expect:\n      set_cookies: { bad: { exists: true, path: / } }\n      cookies: { bad: { exists: false }, raw: { exists: true } }\n  - request: GET /\n",
    );
    let ran = run(folder.path(), &["run", "scenario.yaml", "-v", "--base-url", &url]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let first = [
        "`raw` was stored",
        "a cookie without a name was stored",
        "a cookie without a name was refused: it has neither a name nor a value (RFC 6265bis 5.7 step 2)",
        "`bad` was refused: it holds a control character (0x01) (RFC 6265bis 5.6 step 1)",
    ];
    let then = ["`raw` was sent (•••)", "a cookie without a name was sent (•••)"];
    let all: Vec<&str> = first.into_iter().chain(then).chain(first).collect();
    assert_eq!(told(&ran.stdout), all);
    let requests = requests.lock().expect("a lock");
    let cookie: &[u8] = b"cookie: raw=\xff\xe9\tx; bare\r\n";
    let has = |request: &[u8]| {
        request.windows(cookie.len()).any(|window| window.eq_ignore_ascii_case(cookie))
    };
    assert!(has(&requests[1]), "{}", requests[1].escape_ascii());
}

#[test]
fn every_hop_counts_and_a_step_without_cookies_has_no_line() {
    let demo = demo();
    let folder = scenario(
        "name: hops\nsteps:\n  - request: GET /get\n  - request: POST /cart\n    json: { sku: TEA-01, quantity: 1 }\n  - request: GET /cookies/set/theme/dark\n  - request: GET /get\n    headers: { Cookie: own=1 }\n  - request: GET /cookies/delete?theme=\n",
    );
    let ran = run(folder.path(), &["run", "scenario.yaml", "-v", "--base-url", &demo.url]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let held = |path: &str| {
        format!(
            "`cart` was not sent: its Path is /cart and the request's is {path} (RFC 6265bis 5.8.3 step 1)"
        )
    };
    let own =
        "`theme` was not sent: the request has a Cookie header of its own (RFC 6265bis 5.8.1)";
    assert_eq!(
        told(&ran.stdout),
        [
            "`cart` was stored",
            // The value of a cookie is masked in a path as well.
            &held("/cookies/set/theme/•••"),
            "`theme` was stored",
            "`theme` was sent (•••)",
            &held("/cookies"),
            own,
            "`theme` was sent (•••)",
            &held("/cookies/delete"),
            "`theme` was deleted: its Max-Age is 0 (RFC 6265bis 5.7)",
            &held("/cookies"),
        ]
    );
    let ran = run(folder.path(), &["run", "scenario.yaml", "--base-url", &demo.url]);
    assert!(told(&ran.stdout).is_empty(), "{}", ran.stdout);
}

#[test]
fn what_session_steps_do_is_told_by_name_and_count() {
    let demo = demo();
    let folder = scenario(
        "name: by hand
steps:
  - session: { set_cookie: { name: kept, value: abcd, expires_in: 1h } }
  - session: { set_cookie: { name: lost, value: abcd } }
  - session: { save: jar.json }
  - session: { delete_cookie: nothing }
  - session: { delete_cookie: lost }
  - session: { load: jar.json }
  - session: close_browser
  - session: close_browser
  - session: reset
  - session: { load: old.txt }
",
    );
    let old = "127.0.0.1\tFALSE\t/\tFALSE\t1\told\tabcd\n";
    std::fs::write(folder.path().join("old.txt"), old).expect("a file");
    let ran = run(folder.path(), &["run", "scenario.yaml", "-v", "--base-url", &demo.url]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(
        told(&ran.stdout),
        [
            "1 set: `kept`",
            "1 set: `lost`",
            "2 saved: `kept`, `lost`",
            "none deleted: the session holds no cookie `nothing`",
            "1 deleted: `lost`",
            "2 loaded: `kept`, `lost`",
            "1 dropped: `lost`",
            "none dropped",
            "1 dropped: `kept`",
            "none loaded",
            "1 passed over, as expired: `old`",
        ]
    );
    let ran = run(folder.path(), &["run", "scenario.yaml", "--base-url", &demo.url]);
    assert!(told(&ran.stdout).is_empty(), "{}", ran.stdout);
}

#[test]
fn where_hosts_differ_a_failure_names_them() {
    let demo = demo();
    let other = demo.url.replace("127.0.0.1", "localhost");
    let folder = scenario(&format!(
        "name: two hosts
steps:
  - session: {{ set_cookie: {{ name: a, value: abcd }} }}
  - request: GET /redirect-to
    query: {{ url: '{other}/account' }}
"
    ));
    let ran = run(folder.path(), &["run", "scenario.yaml", "--base-url", &demo.url]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let line = ran.stdout.lines().find(|line| line.contains("= cookie: ")).unwrap_or_default();
    assert!(line.contains("`a` was sent to 127.0.0.1 (•••"), "{}", ran.stdout);
    let held =
        "`a` was not sent to localhost: its host is 127.0.0.1 and the request's host is localhost";
    assert!(line.contains(held), "{}", ran.stdout);
}
