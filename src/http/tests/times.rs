//! Limits of time, and connections that do not come about.

use super::*;

fn within(url: Url, limit: Duration) -> Failure {
    let settings =
        Settings { request_timeout: limit, connect_timeout: limit, ..Settings::default() };
    block_on(Client::new().exchange(get(url), &settings, &mut NoCookies)).result.unwrap_err()
}

#[track_caller]
fn check(failure: &Failure, class: &str, pieces: &[&str]) {
    assert_eq!((failure.kind(), failure.class()), ("timeout", class));
    let mut rest = failure.message.as_str();
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => panic!("{piece:?} is not in {:?}", failure.message),
        }
    }
}

#[test]
fn a_time_out_tells_how_far_it_came() {
    let limit = Duration::from_millis(60);
    let silent = Server::start(|_, _| {
        thread::sleep(Duration::from_millis(300));
        false
    });
    let failure = within(silent.url("/"), limit);
    check(
        &failure,
        "timeout.head",
        &["no answer within 60 ms: connected in ", ", request sent, no byte of the answer"],
    );
    assert!(failure.elapsed >= limit && failure.elapsed < limit * 3);

    let stalls = Server::start(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").unwrap();
        thread::sleep(Duration::from_millis(300));
        false
    });
    let failure = within(stalls.url("/"), limit);
    check(
        &failure,
        "timeout.body",
        &["no whole answer within 60 ms: first byte after ", "then 5 of 10 bytes of the body"],
    );

    let half = Server::start(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nA:").unwrap();
        thread::sleep(Duration::from_millis(300));
        false
    });
    check(
        &within(half.url("/"), limit),
        "timeout.head",
        &["request sent, the head of the answer did not end"],
    );
}

#[test]
fn a_tls_handshake_that_is_not_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    let settings = Settings { connect_timeout: Duration::from_millis(60), ..Settings::default() };
    let client = Client::with_roots(secure::authority());
    let failure =
        block_on(client.exchange(get(url), &settings, &mut NoCookies)).result.unwrap_err();
    check(
        &failure,
        "timeout.tls",
        &["no TLS handshake with `127.0.0.1` within the connect time-out of 60 ms: connected"],
    );
}

#[test]
fn nothing_listens() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = failure(Url::parse(&format!("http://{address}/")).unwrap());
    assert_eq!((failure.kind(), failure.class()), ("connect", "connect.refused"));
    assert_eq!(failure.message, format!("nothing listens at {address} (connection refused)"));
    assert_eq!(failure.remedy.as_deref(), Some("is the server started?"));
}

#[test]
fn a_name_without_an_address() {
    let failure = failure(Url::parse("http://no-such-host.invalid/").unwrap());
    assert_eq!((failure.kind(), failure.class()), ("dns", "connect.dns"));
    assert_eq!(failure.message, "the name `no-such-host.invalid` has no address");
}

#[test]
fn the_second_address_is_tried() {
    // `localhost` is two addresses on most machines, and the server listens at one.
    let server = Server::always(OK);
    let url = Url::parse(&format!("http://localhost:{}/", server.address.port())).unwrap();
    assert_eq!(block_on(ask(&Client::new(), get(url))).result.unwrap().body, "ok");
}
