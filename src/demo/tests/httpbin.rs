//! httpbin's endpoints: what is expected here was compared with the real one, version 0.10.4.

use std::io::Read as _;

use serde_json::{Value, json};

use super::client::{Outcome, Server};

/// A request, the status and the headers of its answer.
type Head<'a> = (&'a str, u16, &'a [(&'a str, &'a str)]);

/// Sends each request and compares one node of the JSON answer.
async fn check_json(table: &[(&str, &str, Value)]) -> Outcome {
    let server = Server::start().await?;
    for (request, pointer, expected) in table {
        let answer = server.send(request).await?;
        let body =
            answer.json().map_err(|error| format!("{request}: {error}: {}", answer.text()))?;
        assert_eq!(body.pointer(pointer), Some(expected), "{request}\n{}", answer.text());
    }
    Ok(())
}

/// Sends each request and compares the status and the headers that are named.
async fn check_heads(table: &[Head<'_>]) -> Outcome {
    let server = Server::start().await?;
    for (request, status, headers) in table {
        let answer = server.send(request).await?;
        assert_eq!(answer.status, *status, "{request}");
        for (name, value) in *headers {
            assert_eq!(answer.header(name), *value, "{request}: {name}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn get_answers_byte_for_byte_as_httpbin() -> Outcome {
    let server = Server::start().await?;
    let answer = server.send("GET /get?b=2&a=%C3%A9&a=\nx-trace-ID: q\nX-Empty:").await?;
    let expected = r#"{
  "args": {
    "a": [
      "\u00e9",
      ""
    ],
    "b": "2"
  },
  "headers": {
    "Connection": "close",
    "Host": "demo.test",
    "X-Empty": "",
    "X-Trace-Id": "q"
  },
  "origin": "127.0.0.1",
  "url": "http://demo.test/get?b=2&a=\u00e9&a="
}
"#;
    assert_eq!(answer.text(), expected);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    Ok(())
}

#[tokio::test]
async fn echoes_show_the_request() -> Outcome {
    check_json(&[
        (
            "GET /get?a=%ff&b=%zz&c=x+y&&=v",
            "/args",
            json!({"": "v", "a": "%FF", "b": "%zz", "c": "x y"}),
        ),
        (
            "GET /anything/a%20b/c%2Fd/%ff?x=%20",
            "/url",
            json!("http://demo.test/anything/a%20b/c/d/\u{fffd}?x=%20"),
        ),
        ("GET http://other.test//get", "/url", json!("http://demo.test/get")),
        ("GET /headers\nX-a: 1\nx-A: 2\nx_b: 3", "/headers/X-A", json!("1,2")),
        (
            "GET /get\nX-Forwarded-For: 1.2.3.4\nX-Forwarded-Proto: https",
            "/origin",
            json!("1.2.3.4"),
        ),
        ("GET /get\nX-Forwarded-Proto: https", "/url", json!("https://demo.test/get")),
        ("GET /headers\nVia: x", "/headers", json!({"Connection": "close", "Host": "demo.test"})),
        ("GET /headers?show_env\nVia: x", "/headers/Via", json!("x")),
        ("PATCH /anything", "/method", json!("PATCH")),
        ("POST /post\n\nplain", "/data", json!("plain")),
        ("POST /post\n\nplain", "/json", json!(null)),
        ("PUT /put\n\n{\"b\": 1e400, \"a\": [1.50]}", "/json/a/0", json!(1.5)),
        ("DELETE /delete\n\n[9007199254740993]", "/json/0", json!(9_007_199_254_740_993_u64)),
        ("DELETE /delay/0.01", "/files", json!({})),
    ])
    .await
}

#[tokio::test]
async fn forms_are_taken_apart() -> Outcome {
    const URLENCODED: &str =
        "POST /post\nContent-Type: application/x-www-form-urlencoded\n\na=1&a=2&b=%C3%A9+x";
    const MULTIPART: &str = "POST /post\nContent-Type: multipart/form-data; boundary=X\n\n--X\r\n\
        Content-Disposition: form-data; name=\"t\"\r\n\r\ntext\r\n--X\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nfile\r\n--X--\r\n";
    const BROKEN: &str =
        "POST /post\nContent-Type: multipart/form-data; boundary=X\n\n--X\r\nno end";
    check_json(&[
        (URLENCODED, "/form", json!({"a": ["1", "2"], "b": "é x"})),
        (URLENCODED, "/data", json!("")),
        (URLENCODED, "/json", json!(null)),
        (MULTIPART, "/form", json!({"t": "text"})),
        (MULTIPART, "/files", json!({"f": "file"})),
        (BROKEN, "/form", json!({})),
    ])
    .await
}

#[tokio::test]
async fn binary_data_is_shown_as_a_data_url() -> Outcome {
    let server = Server::start().await?;
    let raw =
        b"POST /post HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n\xff\x00";
    let body = server.send_raw(raw).await?.json()?;
    assert_eq!(body["data"], "data:application/octet-stream;base64,/wA=");
    Ok(())
}

#[tokio::test]
async fn statuses_and_redirects_carry_their_headers() -> Outcome {
    check_heads(&[
        ("GET /status/204", 204, &[("content-length", "-")]),
        (
            "PUT /status/503",
            503,
            &[("content-length", "0"), ("content-type", "text/html; charset=utf-8")],
        ),
        (
            "GET /status/401",
            401,
            &[("www-authenticate", "Basic realm=\"Fake Realm\""), ("content-type", "-")],
        ),
        ("GET /status/302", 302, &[("location", "/redirect/1")]),
        ("GET /status/304", 304, &[("content-type", "-")]),
        ("GET /status/418", 418, &[("x-more-info", "http://tools.ietf.org/html/rfc2324")]),
        ("GET /status/200:0,404:1", 404, &[]),
        ("GET /status/-1", 500, &[]),
        ("GET /status/100", 500, &[]),
        ("GET /status/x", 400, &[("content-type", "text/plain; charset=utf-8")]),
        ("GET /status/200,x", 400, &[]),
        ("GET /redirect/1", 302, &[("location", "/get")]),
        ("GET /redirect/3", 302, &[("location", "/relative-redirect/2")]),
        (
            "GET /redirect/3?absolute=True",
            302,
            &[("location", "http://demo.test/absolute-redirect/2")],
        ),
        ("GET /redirect/0", 500, &[]),
        ("GET /redirect/-1", 404, &[]),
        (
            "GET /relative-redirect/2",
            302,
            &[("location", "/relative-redirect/1"), ("content-length", "0")],
        ),
        ("GET /absolute-redirect/1", 302, &[("location", "http://demo.test/get")]),
        ("POST /redirect-to?url=%2Fget&status_code=307", 307, &[("location", "/get")]),
        (
            "GET /redirect-to?url=http://a.test/%C3%A9&status_code=200",
            302,
            &[("location", "http://a.test/%C3%A9")],
        ),
        ("GET /redirect-to?url=/%0d%0aX:y", 500, &[("x", "-")]),
        ("GET /redirect-to?url=/&status_code=x", 500, &[]),
        ("GET /anything//a?x=//", 308, &[("location", "http://demo.test/anything/a?x=//")]),
        ("GET /anything/a//b", 200, &[]),
        ("GET /delay/x", 500, &[]),
        ("GET /delay/-1", 500, &[]),
    ])
    .await
}

#[tokio::test]
async fn methods_are_handled_as_flask_does() -> Outcome {
    let preflight = &[
        ("allow", "GET, HEAD, OPTIONS"),
        ("access-control-allow-origin", "http://o.test"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, POST, PUT, DELETE, PATCH, OPTIONS"),
        ("access-control-max-age", "3600"),
        ("access-control-allow-headers", "X-A"),
    ];
    check_heads(&[
        (
            "OPTIONS /get\nOrigin: http://o.test\nAccess-Control-Request-Headers: X-A",
            200,
            preflight,
        ),
        (
            "OPTIONS /anything",
            200,
            &[("allow", "GET, POST, PUT, DELETE, PATCH, TRACE, HEAD, OPTIONS")],
        ),
        ("GET /post", 405, &[("allow", "POST, OPTIONS")]),
        ("HEAD /post", 405, &[]),
        ("BREW /get", 405, &[("allow", "GET, HEAD, OPTIONS")]),
        ("HEAD /json", 200, &[("content-type", "application/json"), ("content-length", "409")]),
        ("GET /nothing", 404, &[("content-type", "text/html; charset=utf-8")]),
        ("OPTIONS /nothing", 404, &[]),
        ("GET /get/", 404, &[]),
        ("GET /anything/", 404, &[]),
        ("GET /bytes/x", 404, &[]),
    ])
    .await?;
    assert_eq!(Server::start().await?.send("HEAD /json").await?.body, b"");
    Ok(())
}

#[tokio::test]
async fn cookies_are_set_listed_and_deleted() -> Outcome {
    check_heads(&[
        (
            "GET /cookies/set?a=1&b=2&a=3",
            302,
            &[("location", "/cookies"), ("set-cookie", "a=1; Path=/ | b=2; Path=/")],
        ),
        (
            "GET /cookies/set/n/x%20y%C3%A9%22",
            302,
            &[("set-cookie", "n=\"x y\\303\\251\\\"\"; Path=/")],
        ),
        (
            "GET /cookies/set?a=1\nX-Forwarded-Proto: https",
            302,
            &[("set-cookie", "a=1; Secure; Path=/")],
        ),
        (
            "GET /cookies/delete?a",
            302,
            &[("set-cookie", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/")],
        ),
        ("GET /cookies/set?a%0d%0ab=1", 500, &[("set-cookie", "-")]),
        ("GET /cookies/set/a/b%2Fc", 404, &[]),
    ])
    .await?;
    check_json(&[
        (
            "GET /cookies\nCookie: a=1; b=\"q\\\"\\303\\251\"; c; a=2; =x",
            "/cookies",
            json!({"a": "1", "b": "q\"é", "c": ""}),
        ),
        ("GET /cookies\nCookie: __utma=1", "/cookies", json!({})),
        ("GET /cookies", "/cookies", json!({})),
    ])
    .await
}

#[tokio::test]
async fn credentials_are_checked() -> Outcome {
    let challenge = &[("www-authenticate", "Basic realm=\"Fake Realm\"")];
    check_heads(&[
        ("GET /basic-auth/u/p", 401, challenge),
        ("GET /basic-auth/u/p\nAuthorization: Basic dTp4", 401, challenge),
        ("GET /basic-auth/u/p\nAuthorization: Basic ***", 401, challenge),
        ("GET /basic-auth/u/p\nAuthorization: basic dTpw", 200, &[]),
        ("GET /bearer", 401, &[("www-authenticate", "Bearer")]),
        ("GET /bearer\nAuthorization: bearer t", 401, &[]),
    ])
    .await?;
    check_json(&[
        (
            "GET /basic-auth/u/p\nAuthorization: Basic dTpw",
            "",
            json!({"authenticated": true, "user": "u"}),
        ),
        ("GET /bearer\nAuthorization: Bearer t", "", json!({"authenticated": true, "token": "t"})),
    ])
    .await
}

#[tokio::test]
async fn compressed_answers_decompress() -> Outcome {
    let server = Server::start().await?;
    for (path, coding, flag) in [
        ("/gzip", "gzip", "gzipped"),
        ("/deflate", "deflate", "deflated"),
        ("/brotli", "br", "brotli"),
    ] {
        let answer = server.send(&format!("GET {path}")).await?;
        assert_eq!(answer.header("content-encoding"), coding);
        let mut plain = Vec::new();
        match coding {
            "gzip" => {
                flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_end(&mut plain)?
            }
            "deflate" => {
                flate2::read::ZlibDecoder::new(answer.body.as_slice()).read_to_end(&mut plain)?
            }
            _ => brotli::Decompressor::new(answer.body.as_slice(), 4096).read_to_end(&mut plain)?,
        };
        let body: Value = serde_json::from_slice(&plain)?;
        assert_eq!(body[flag], true, "{path}");
        assert_eq!(body["method"], "GET", "{path}");
        assert_eq!(body["headers"]["Host"], "demo.test", "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn seeded_bytes_are_those_of_httpbin() -> Outcome {
    let server = Server::start().await?;
    let answer = server.send("GET /bytes/8?seed=1").await?;
    assert_eq!(answer.body, b"\x44\x20\x82\x3c\xfd\xe6\xf1\xc2");
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(
        server.send("GET /bytes/9?seed=-42").await?.body,
        server.send("GET /bytes/9?seed=42").await?.body
    );
    assert_ne!(server.send("GET /bytes/16").await?.body, server.send("GET /bytes/16").await?.body);
    assert_eq!(server.send("GET /bytes/99999999999999999999999").await?.body.len(), 100 * 1024);
    assert_eq!(server.send("GET /bytes/1?seed=x").await?.status, 500);
    Ok(())
}

#[tokio::test]
async fn samples_say_what_tests_ask_for() -> Outcome {
    let server = Server::start().await?;
    let json = server.send("GET /json").await?.json()?;
    assert_eq!(json["slideshow"]["title"], "Sample Slide Show");
    assert_eq!(json["slideshow"]["author"], "Yours Truly");
    assert_eq!(json["slideshow"]["slides"][1]["title"], "Overview");
    let html = server.send("GET /html").await?;
    assert!(html.text().contains("<h1>Herman Melville - Moby-Dick</h1>"));
    let text = server.send("GET /base64/PGE-wq88L2E-").await?;
    assert_eq!(text.text(), "<a>¯</a>");
    assert_eq!(text.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(server.send("GET /base64/%25").await?.text(), "Incorrect Base64 data");
    let xml = server.send("GET /xml").await?;
    assert_eq!(xml.header("content-type"), "application/xml");
    assert_eq!(xml.text().matches("<slide type=\"all\">").count(), 2);
    Ok(())
}

#[tokio::test]
async fn response_headers_are_those_asked_for() -> Outcome {
    let server = Server::start().await?;
    let answer = server
        .send("POST /response-headers?a=1&a=2&Content-Type=text/plain&Content-Length=1")
        .await?;
    assert_eq!(answer.header("a"), "1 | 2");
    assert_eq!(answer.header("content-type"), "application/json | text/plain");
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    assert_eq!(answer.json()?["a"], json!(["1", "2"]));
    let alone = server.send("GET /response-headers").await?;
    assert_eq!(
        alone.text(),
        "{\n  \"Content-Length\": \"67\",\n  \"Content-Type\": \"application/json\"\n}\n"
    );
    // httpbin breaks over these.
    for (wrong, why) in [
        ("x%20y=1", "`x y` is no name for a header"),
        ("=1", "`` is no name for a header"),
        ("%7f=1", "`\\u{7f}` is no name for a header"),
        ("a=%0d", "the value of `a` holds a character that no header can hold"),
        ("a=%E2%82%AC", "the value of `a` holds a character that no header can hold"),
    ] {
        let answer = server.send(&format!("GET /response-headers?{wrong}")).await?;
        assert_eq!((answer.status, answer.text().trim_end()), (400, why), "{wrong}");
    }
    Ok(())
}
