//! How the answer came: version, address, certificate, phases.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::super::testing::{Answer, told};
use crate::http::{Certificate, Secured};

fn secure(expires_in: i64) -> Answer {
    let now = SystemTime::now();
    let days = Duration::from_secs(expires_in.unsigned_abs() * 86_400 + 60);
    let certificate = Certificate {
        subject: "CN=shop.example.com,O=Shop".to_owned(),
        issuer: "CN=R11,O=Let's Encrypt,C=US".to_owned(),
        not_before: now - Duration::from_secs(400 * 86_400),
        not_after: if expires_in < 0 { now - days } else { now + days },
        names: vec!["shop.example.com".to_owned(), "*.shop.example.com".to_owned()],
    };
    let certificate = Some(Arc::new(certificate));
    Answer::new(200).hop(|hop| {
        hop.tls = Some(Secured { version: "TLS 1.3", verified: true, certificate });
        hop.remote = Some(([127, 0, 0, 1], 443).into());
        hop.timing.connect = Some(Duration::from_millis(20));
        hop.timing.first_byte = Duration::from_millis(80);
        hop.timing.total = Duration::from_millis(90);
    })
}

#[track_caller]
fn check(keys: &str, answer: &Answer, lines: &[&str]) {
    assert_eq!(told(&format!("expect:\n  {keys}"), answer), lines, "{keys}");
}

#[test]
fn what_holds() {
    let answer = secure(60);
    for keys in [
        "http_version: 1.1",
        "http_version: '1.1'",
        "http_version: { not: 2, gte: 1.1, in: [1.1, 2] }",
        "remote_ip: 127.0.0.1",
        "remote_ip: { is: ipv4, starts_with: '127.' }",
        "certificate: { subject: { includes: CN=shop.example.com }, issuer: { includes: Let's Encrypt } }",
        "certificate: { expires_in: { gt: 30d, lt: 9w } }",
        "certificate: { san: { includes: '*.shop.example.com', length: 2, each: { ends_with: example.com } } }",
        "certificate: { san: [shop.example.com, '*.shop.example.com'] }",
        "timing: { dns: { lt: 1ms }, connect: { lte: 20ms }, first_byte: { between: [80ms, 90ms] } }",
        "timing: { tls: 0s, total: { approx: { value: 100ms, within: 10ms } } }",
    ] {
        check(keys, &answer, &[]);
    }
}

#[test]
fn what_does_not_hold_is_told_in_the_units_of_people() {
    let answer = secure(20);
    check("http_version: 2", &answer, &["[2] the version of HTTP is \"1.1\" -- expected \"2\""]);
    check(
        "remote_ip: 10.0.0.1",
        &answer,
        &["[10.0.0.1] the address that was connected to is \"127.0.0.1\" -- expected \"10.0.0.1\""],
    );
    check(
        "certificate: { subject: CN=x, expires_in: { gt: 30d }, san: { includes: x.test } }",
        &answer,
        &[
            "[CN=x] the certificate's subject is \"CN=shop.example.com,O=Shop\" -- expected \"CN=x\"",
            "[30d] the certificate expires in 20 days -- expected a time greater than 30 days",
            "[x.test] the certificate's list of names is [\"shop.example.com\",\"*.shop.example.com\"] -- expected something that includes \"x.test\"",
        ],
    );
    check(
        "certificate: { expires_in: { gt: 30d } }",
        &secure(-3),
        &["[30d] the certificate expired 3 days ago -- expected a time greater than 30 days"],
    );
    check(
        "timing: { connect: { lt: 5ms }, total: { approx: { value: 200ms, within: 10ms } } }",
        &answer,
        &[
            "[5ms] connecting took 20 ms -- expected a time less than 5.0 ms",
            "[value] the last request took 90 ms -- expected a time within 10 ms of 200 ms",
        ],
    );
}

#[test]
fn what_is_not_there_says_why() {
    let plain = Answer::new(200);
    check(
        "certificate: { subject: a, san: { includes: b } }",
        &plain,
        &[
            "[a] there is no certificate: the request went over plain http -- expected \"a\"",
            "help: ask for a URL that begins with `https://`",
        ],
    );
    check(
        "remote_ip: 10.0.0.1",
        &plain,
        &[
            "[10.0.0.1] there is no address: the request went through a unix socket -- expected \"10.0.0.1\"",
        ],
    );
    let unread = Answer::new(200).hop(|hop| {
        hop.tls = Some(Secured { version: "TLS 1.3", verified: false, certificate: None });
    });
    check(
        "certificate: { subject: a }",
        &unread,
        &["[a] the server's certificate cannot be read -- expected \"a\""],
    );
}
