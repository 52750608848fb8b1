//! The transport, as a user sees it fail: each failure has its own message at its own place, and the others still run.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::support::{callsheet, demo, ran, root, run, scenario};

/// A server that answers every connection with these bytes and closes it.
fn answering(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(bytes);
        }
    });
    url
}

#[test]
fn each_failure_has_its_own_message_at_its_own_place_and_the_others_still_run() {
    let demo = demo();
    let cut = answering(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"a\":1}");
    let folder = scenario(&format!(
        "name: a truncated body\nsteps:\n  - request: GET {cut}/x\n    expect: {{ json: {{ $.a: 1 }} }}\n"
    ));
    let write =
        |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
    write(
        "refused.yaml",
        "name: refused\nsteps:\n  - request: GET http://127.0.0.1:1/\n".to_owned(),
    );
    write(
        "broken.yaml",
        format!(
            "name: broken\nsteps:\n  - request: GET {}/get\n    expect: {{ status: 201 }}\n",
            demo.url
        ),
    );
    write(
        "slow.yaml",
        format!(
            "name: slow\nsteps:\n  - request: GET {}/delay/5\n    timeouts: {{ request: 200ms }}\n",
            demo.url
        ),
    );
    write("fine.yaml", format!("name: fine\nsteps:\n  - request: GET {}/get\n", demo.url));
    let ran = run(folder.path(), &["run", ".", "--progress", "never"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for part in [
        "nothing listens at 127.0.0.1:1",
        "refused.yaml:3:14",
        "7 of 100 bytes",
        "scenario.yaml:3:14",
        "status is 200",
        "broken.yaml:4:23",
        "200 ms",
        "slow.yaml:3:14",
        "ok  fine.yaml",
        "5 scenarios: 1 passed, 4 failed",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
}

#[test]
fn an_expired_certificate_is_told_with_its_date() {
    let certificates = root().join("fixtures/certificates");
    let acceptor = super::support::tls(&certificates, "expired");
    let folder = scenario(&format!(
        "name: expired\nsteps:\n  - request: GET https://localhost:{acceptor}/\n"
    ));
    let output = callsheet(folder.path())
        .args(["run", "."])
        .env("SSL_CERT_FILE", certificates.join("ca.pem"))
        .output();
    let ran = ran(output.expect("it runs"));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for part in ["the certificate of `localhost` expired", "scenario.yaml:3:14"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
}

#[test]
fn https_works_with_a_certificate_that_is_trusted() {
    let certificates = root().join("fixtures/certificates");
    let port = super::support::tls(&certificates, "server");
    let folder = scenario(&format!(
        "name: trusted\nsteps:\n  - request: GET https://localhost:{port}/\n    expect: {{ body: hello }}\n"
    ));
    let output = callsheet(folder.path())
        .args(["run", "."])
        .env("SSL_CERT_FILE", certificates.join("ca.pem"))
        .output();
    let ran = ran(output.expect("it runs"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_certificate_of_a_server_is_looked_at_on_every_connection() {
    let certificates = root().join("fixtures/certificates");
    let port = super::support::tls(&certificates, "server");
    let expect = "\n    expect:\n      certificate:\n        subject: CN=callsheet test server\n        issuer: { ends_with: authority }\n        expires_in: { gt: 30d }\n        san: [localhost, 127.0.0.1, \"::1\"]\n      http_version: 1.1\n      timing: { tls: { gt: 0s, lt: 5s } }\n";
    let folder = scenario(&format!(
        "name: a certificate\nsteps:\n  - request: GET https://localhost:{port}/{expect}  - request: GET https://localhost:{port}/{expect}"
    ));
    let output = callsheet(folder.path())
        .args(["run", "."])
        .env("SSL_CERT_FILE", certificates.join("ca.pem"))
        .output();
    let ran = ran(output.expect("it runs"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn secrets_of_headers_and_cookies_are_not_shown() {
    let demo = demo();
    let folder = scenario(&format!(
        "name: secrets\nbase_url: {}\nsteps:\n  - session: {{ set_cookie: {{ name: session, value: c4n4ry-cookie }} }}\n  - request: GET /anything\n    headers: {{ Authorization: Bearer c4n4ry-token }}\n    expect: {{ status: 500 }}\n",
        demo.url
    ));
    for verbosity in ["-q", "-v", "-vv"] {
        let ran = run(folder.path(), &["run", verbosity, "--report", "junit=j.xml"]);
        assert_eq!(ran.code, 1);
        let junit = std::fs::read_to_string(folder.path().join("j.xml")).expect("the report");
        // The practice server echoes what it was sent, and the excerpt shows the file itself: masking those is the
        // business of `secrets`. What callsheet itself says of headers never shows them.
        for line in ran.stdout.lines().chain(junit.lines()) {
            let ours =
                line.contains("curl") || line.contains("cookie:") || line.starts_with("      >");
            assert!(!ours || !line.contains("c4n4ry"), "{verbosity}: {line}");
        }
        assert!(ran.stdout.contains("curl"), "{}", ran.stdout);
    }
}

#[test]
fn judging_ends_with_the_requests_limit_and_holds_nothing_up() {
    let body: &'static str = format!("HTTP/1.1 200 OK\r\n\r\n{}", "a".repeat(4_000_000)).leak();
    let heavy = answering(body.as_bytes());
    let demo = demo();
    let folder = scenario(&format!(
        "name: heavy\nsteps:\n  - request: GET {heavy}/\n    timeouts: {{ request: 1s }}\n    expect: {{ body: {{ matches: '(?:[a-y]{{0,90}}){{0,90}}[b-x]' }} }}\n",
    ));
    let light = format!(
        "name: light\nsteps:\n  - request: GET {}/get\n    expect: {{ duration: {{ lt: 900ms }} }}\n",
        demo.url
    );
    std::fs::write(folder.path().join("light.yaml"), light).expect("a file");
    let begun = std::time::Instant::now();
    let ran = run(folder.path(), &["run", ".", "--progress", "never"]);
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
    assert!(ran.stdout.contains("the response was not judged within 1 s"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ok  light.yaml"), "{}", ran.stdout);
}
