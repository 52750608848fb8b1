//! Bodies and heads, whole, broken and too large; what is sent.

use super::*;

#[track_caller]
fn check(answer: impl Into<Vec<u8>>, class: &str, message: &str) {
    let failure = failure(Server::once(answer).url("/"));
    assert_eq!((failure.class(), failure.message.as_str()), (class, message));
}

#[test]
fn a_body_that_ends_early_says_how_much_came() {
    check(
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789",
        "http.body_truncated",
        "the body ended after 10 of 100 bytes",
    );
    check(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "http.body_truncated",
        "the body ended after 5 bytes, without its last chunk",
    );
}

#[test]
fn heads_and_framing_that_are_not_http() {
    check(
        "SSH-2.0-OpenSSH_9.6\r\n",
        "http.malformed_head",
        "the answer's head is malformed: it does not begin with an HTTP status line: `SSH-2.0-OpenSSH_9.6`",
    );
    check(
        "HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length: 0\r\n\r\n",
        "http.malformed_head",
        "the answer's head is malformed: white space stands before the colon of a header: `X-A : b`",
    );
    check(
        "HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 0\r\n\r\n",
        "http.malformed_head",
        "the answer's head is malformed: a header value holds a control character: `X-A: a\\x00b`",
    );
    check(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nhello",
        "http.framing",
        "the answer's Content-Length and Transfer-Encoding do not say where its body ends",
    );
    check(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\nuryyb",
        "http.framing",
        "the answer's Transfer-Encoding is `rot13`; only `chunked` is understood",
    );
    check(
        "",
        "http.closed_before_response",
        "the server closed the connection without a byte of an answer",
    );
    check(
        "HTTP/1.1 200 OK\r\nCont",
        "http.closed_before_response",
        "the server closed the connection in the middle of the answer's head, after 21 bytes: `HTTP/1.1 200 OK\\r\\nCont`",
    );
    check(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        "http.unexpected_upgrade",
        "the server switched protocols (101), which nobody asked for",
    );
    check(
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(1_001)),
        "limit.head_count",
        "the answer has more than 1000 header lines",
    );
    check(
        format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "b".repeat(300_000)),
        "limit.head_size",
        "the answer's head is larger than 256 KiB",
    );
}

#[test]
fn a_bad_cookie_costs_the_cookie_and_not_the_response() {
    let server = Server::once(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=\x00\x01\r\nSet-Cookie: b=1\r\nContent-Length: 2\r\n\r\nok",
    );
    let exchange = block_on(ask(&Client::new(), get(server.url("/"))));
    assert_eq!(exchange.result.unwrap().headers()["set-cookie"], "b=1");
    assert_eq!(exchange.hops[0].refused_cookies, [b"a=\x00\x01".to_vec()]);
}

#[test]
fn a_body_over_the_limit_is_not_read_on() {
    let server = Server::start(|stream, _| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
        false
    });
    let settings = Settings { max_body: 1_000_000, ..Settings::default() };
    let exchange =
        block_on(Client::new().exchange(get(server.url("/")), &settings, &mut NoCookies));
    let failure = exchange.result.unwrap_err();
    assert_eq!((failure.kind(), failure.class()), ("too_large", "limit.body_size"));
    assert_eq!(failure.message, "the body is larger than 1000000 bytes (`max_body`)");
}

#[test]
fn an_early_answer_is_read_although_the_upload_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let _ = stream.read(&mut [0; 100]).unwrap();
        let answer =
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig";
        stream.write_all(answer.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        thread::sleep(Duration::from_millis(100));
    });
    let body = Body::Bytes(vec![b'x'; 8 << 20].into());
    let request = Request { body, ..post(url, "") };
    let response = block_on(ask(&Client::new(), request)).result.unwrap();
    assert_eq!((response.status().as_u16(), &response.body[..]), (413, &b"big"[..]));
}

#[test]
fn a_file_is_streamed_with_its_length() {
    let server = Server::always(OK);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("upload");
    std::fs::write(&path, "0123456789".repeat(20_000)).unwrap();
    let request = Request { body: Body::File(path.clone()), ..post(server.url("/"), "") };
    let exchange = block_on(ask(&Client::new(), request));
    exchange.result.unwrap();
    assert_eq!(exchange.hops[0].body_len, 200_000);
    let sent = &server.requests()[0];
    assert!(sent.contains("content-length: 200000\r\n") && sent.ends_with("0123456789"));

    let request =
        Request { body: Body::File(folder.path().join("missing")), ..post(server.url("/"), "") };
    let exchange = block_on(ask(&Client::new(), request));
    let failure = exchange.result.unwrap_err();
    assert_eq!((failure.kind(), failure.class()), ("refused", "request.file"));
    assert!(failure.message.contains("missing` cannot be sent"), "{}", failure.message);
    assert_eq!((exchange.hops.len(), server.connections()), (0, 1));
}

#[test]
fn what_is_sent_is_what_is_recorded() {
    let server = Server::always(OK);
    let mut request = post(server.url("/x"), "");
    request.headers.insert("host", HeaderValue::from_static("other.test"));
    request.headers.insert("x-a", HeaderValue::from_static("1"));
    let exchange = block_on(ask(&Client::new(), request));
    let expected = "POST /x HTTP/1.1\r\nhost: other.test\r\nx-a: 1\r\naccept-encoding: gzip, br, zstd, deflate\r\n\
                    content-length: 0\r\n\r\n";
    assert_eq!(server.requests(), [expected]);
    let recorded: Vec<_> =
        exchange.hops[0].headers.iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(recorded.len(), 4);
    assert_eq!(recorded[3], ("content-length", &HeaderValue::from_static("0")));
}

#[test]
fn only_http_urls_are_asked() {
    let failure = failure(Url::parse("ftp://example.test/").unwrap());
    assert_eq!((failure.kind(), failure.class()), ("refused", "request.url"));
    assert_eq!(failure.message, "the scheme `ftp` is neither http nor https");
}
