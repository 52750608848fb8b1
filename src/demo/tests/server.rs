//! The server itself: both versions of HTTP, its limits, how it ends, and that nothing brings it down.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{Outcome, Server};

#[tokio::test]
async fn http2_with_prior_knowledge_is_answered() -> Outcome {
    let server = Server::start().await?;
    let stream = TokioIo::new(TcpStream::connect(server.address).await?);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
    let driver = tokio::spawn(connection);
    let request = Request::post("http://demo.test/anything?a=1")
        .header("cookie", "a=1")
        .header("cookie", "b=2");
    let answer =
        sender.send_request(request.body(Full::new(Bytes::from_static(b"hello")))?).await?;
    assert_eq!(answer.status(), 200);
    let body: Value = serde_json::from_slice(&answer.into_body().collect().await?.to_bytes())?;
    assert_eq!(body["url"], "http://demo.test/anything?a=1");
    assert_eq!(body["headers"]["Host"], "demo.test");
    assert_eq!(body["headers"]["Cookie"], "a=1; b=2");
    assert_eq!(body["data"], "hello");
    let head = Request::head("http://demo.test/json").body(Full::new(Bytes::new()))?;
    let answer = sender.send_request(head).await?;
    assert_eq!(answer.headers()["content-length"], "409");
    assert!(answer.into_body().collect().await?.to_bytes().is_empty());
    driver.abort();
    Ok(())
}

#[tokio::test]
async fn one_connection_carries_many_requests() -> Outcome {
    let server = Server::start().await?;
    let mut stream = TcpStream::connect(server.address).await?;
    stream.write_all(&b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2)).await?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await?;
    let mut received = String::new();
    stream.read_to_string(&mut received).await?;
    assert_eq!(received.matches("HTTP/1.1 200 OK").count(), 3, "{received}");
    Ok(())
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() -> Outcome {
    let server = Server::start().await?;
    let head =
        "POST /post HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 67108865\r\n\r\n";
    assert_eq!(server.send_raw(head.as_bytes()).await?.status, 413);
    Ok(())
}

#[tokio::test]
async fn a_form_with_too_many_parts_is_refused() -> Outcome {
    let server = Server::start().await?;
    let part = "--X\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n";
    let form = |parts| {
        format!(
            "POST /post\nContent-Type: multipart/form-data; boundary=X\n\n{}--X--",
            part.repeat(parts)
        )
    };
    assert_eq!(server.send(&form(1000)).await?.status, 200);
    assert_eq!(server.send(&form(1001)).await?.status, 413);
    Ok(())
}

#[tokio::test]
async fn nonsense_does_not_bring_it_down() -> Outcome {
    let server = Server::start().await?;
    let nonsense: &[&[u8]] = &[
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /% HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /%ff%fe%00 HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n",
        b"GET /get?%&%=%&=&%e9=%e9%0a HTTP/1.1\r\nHost:\r\nCookie: \xff=\"\\\r\nConnection: close\r\n\r\n",
        b"GET /cookies HTTP/1.1\r\nCookie: =;;\"=\"\\;a=\"\\\"\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /basic-auth/%ff/%00 HTTP/1.0\r\nAuthorization: Basic /w==\r\n\r\n",
        b"GET /cookies/set?%00=%00&%c3=%c3 HTTP/1.0\r\n\r\n",
        b"GET /redirect-to?url=%00%ff HTTP/1.0\r\n\r\n",
        b"GET /status/%ff,:,:: HTTP/1.0\r\n\r\n",
        b"GET /delay/nan HTTP/1.0\r\n\r\n",
        b"GET /orders/%ff HTTP/1.0\r\nCookie: session=\"\\777\"\r\n\r\n",
        b"POST /post HTTP/1.0\r\nContent-Type: multipart/form-data; boundary=\"\r\nContent-Length: 1\r\n\r\n-",
        b"POST /post HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ];
    for bytes in nonsense {
        // Whether it answers, closes, or waits for more: the next one must be served.
        let _ = tokio::time::timeout(Duration::from_millis(300), server.send_raw(bytes)).await;
        assert_eq!(server.send("GET /health").await?.status, 200, "{}", bytes.escape_ascii());
    }
    Ok(())
}

#[tokio::test]
async fn shutdown_closes_idle_connections_at_once() -> Outcome {
    let server = Server::start().await?;
    let mut idle = TcpStream::connect(server.address).await?;
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    idle.readable().await?;
    let mut silent = TcpStream::connect(server.address).await?;
    let begun = Instant::now();
    let _ = server.stop.send(());
    server.done.await??;
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
    idle.read_to_end(&mut Vec::new()).await?;
    // It may be reset, having been refused in the listener's queue; it must not stay open.
    let _ = silent.read_to_end(&mut Vec::new()).await;
    assert!(TcpStream::connect(server.address).await.is_err());
    Ok(())
}

#[tokio::test]
async fn shutdown_lets_a_short_exchange_finish() -> Outcome {
    let server = Server::start().await?;
    let mut stream = TcpStream::connect(server.address).await?;
    stream.write_all(b"GET /delay/0.4 HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let _ = server.stop.send(());
    let mut received = String::new();
    stream.read_to_string(&mut received).await?;
    assert!(received.starts_with("HTTP/1.1 200 OK"), "{received}");
    server.done.await??;
    Ok(())
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_long_exchange() -> Outcome {
    let server = Server::start().await?;
    let mut stream = TcpStream::connect(server.address).await?;
    stream.write_all(b"GET /delay/10 HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    let _ = server.stop.send(());
    server.done.await??;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    Ok(())
}
