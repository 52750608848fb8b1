//! TLS and HTTP/2, with certificates of `fixtures/certificates`.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/certificates/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(super) fn authority() -> Roots {
    Roots::Pem(fixture("ca.pem"))
}

struct Secure {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

/// Echoes method, path, authority and the length of the body.
async fn echo(request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let length = body.collect().await.unwrap().to_bytes().len();
    let text =
        format!("{} {} {} {length}", parts.method, parts.uri, parts.headers.contains_key("host"));
    Ok(http::Response::new(Full::from(text)))
}

fn secure(certificate: &str, protocols: &[&str], requests_per_connection: usize) -> Secure {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(&fixture(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&fixture("server.key")).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let server =
        Secure { address: listener.local_addr().unwrap(), connections: Arc::clone(&connections) };
    thread::spawn(move || {
        block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, SeqCst);
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(tls) = acceptor.accept(stream).await else { return };
                    let two = tls.get_ref().1.alpn_protocol() == Some(b"h2");
                    let io = TokioIo::new(tls);
                    if !two {
                        let _ = hyper::server::conn::http1::Builder::new()
                            .serve_connection(io, service_fn(echo))
                            .await;
                        return;
                    }
                    let served = Arc::new(tokio::sync::Semaphore::new(0));
                    let count = Arc::clone(&served);
                    let service = service_fn(move |request| {
                        count.add_permits(1);
                        echo(request)
                    });
                    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
                    let enough = u32::try_from(requests_per_connection).unwrap();
                    tokio::select! {
                        _ = &mut connection => return,
                        _ = served.acquire_many(enough) => connection.as_mut().graceful_shutdown(),
                    }
                    let _ = connection.await;
                });
            }
        });
    });
    server
}

impl Secure {
    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("https://localhost:{}{path}", self.address.port())).unwrap()
    }
}

#[test]
fn http2_shares_one_connection() {
    let server = secure("server.pem", &["h2", "http/1.1"], 1_000);
    block_on(async {
        let client = Client::with_roots(authority());
        // All wait for the handshake of the first.
        let all = (0..20).map(|number| ask(&client, get(server.url(&format!("/{number}")))));
        for (number, exchange) in futures_util::future::join_all(all).await.into_iter().enumerate()
        {
            let response = exchange.result.unwrap();
            assert_eq!(response.version(), http::Version::HTTP_2);
            assert_eq!(response.body, format!("GET {} false 0", server.url(&format!("/{number}"))));
        }
        let mut request = post(server.url("/x"), "hello");
        request.headers.insert("connection", HeaderValue::from_static("keep-alive"));
        request.headers.insert("host", HeaderValue::from_static("other.test"));
        let exchange = ask(&client, request).await;
        assert_eq!(exchange.result.unwrap().body, "POST https://other.test/x false 5");
        assert!(exchange.hops[0].reused && exchange.hops[0].timing.tls.is_none());
    });
    assert_eq!(server.connections.load(SeqCst), 1);
}

#[test]
fn a_goaway_costs_no_request() {
    let server = secure("server.pem", &["h2"], 3);
    block_on(async {
        let client = Client::with_roots(authority());
        for number in 0..20 {
            let exchange = ask(&client, post(server.url("/"), "x")).await;
            if let Err(failure) = exchange.result {
                panic!("request {number}: {failure}: {}", failure.cause);
            }
        }
    });
    assert!((2..=20).contains(&server.connections.load(SeqCst)));
}

#[test]
fn http1_over_tls_is_kept() {
    let server = secure("server.pem", &["http/1.1"], 0);
    block_on(async {
        let client = Client::with_roots(authority());
        for round in 0..5 {
            let exchange = ask(&client, post(server.url("/"), "x")).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert_eq!(exchange.hops[0].timing.tls.is_some(), round == 0);
            assert_eq!(exchange.result.unwrap().version(), http::Version::HTTP_11);
        }
    });
    assert_eq!(server.connections.load(SeqCst), 1);
}

#[test]
fn an_expired_certificate_says_when() {
    let server = secure("expired.pem", &["h2"], 1);
    let failure =
        block_on(ask(&Client::with_roots(authority()), get(server.url("/")))).result.unwrap_err();
    assert_eq!((failure.kind(), failure.class()), ("tls", "tls.cert_expired"));
    let (before, after) = failure.message.split_once(" days ago").unwrap();
    assert!(before.starts_with("the certificate of `localhost` expired "), "{before}");
    assert_eq!(after, ", on 2020-01-01");
}

#[test]
fn a_certificate_for_another_name_says_for_which() {
    let server = secure("other.pem", &["h2"], 1);
    let failure =
        block_on(ask(&Client::with_roots(authority()), get(server.url("/")))).result.unwrap_err();
    assert_eq!(failure.class(), "tls.cert_name");
    assert_eq!(
        failure.message,
        "the certificate is not for `localhost`: it names `other.test`, `10.0.0.1`"
    );
}

#[test]
fn an_unknown_authority_says_what_helps() {
    let server = secure("server.pem", &["h2"], 1);
    // A root that has not signed it.
    let client = Client::with_roots(Roots::Pem(fixture("server.pem")));
    let failure = block_on(ask(&client, get(server.url("/")))).result.unwrap_err();
    assert_eq!((failure.kind(), failure.class()), ("tls", "tls.cert_untrusted"));
    assert_eq!(
        failure.message,
        "the certificate of `localhost` is signed by `callsheet test authority`, which is not trusted and whose \
         certificate the server did not send"
    );
    assert!(failure.remedy.unwrap().contains("`tls: {ca: FILE}` trusts it"));
}

#[test]
fn a_plain_server_asked_for_https() {
    let server = Server::start(|_, _| false);
    let greeter = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = greeter.local_addr().unwrap();
    thread::spawn(move || {
        let mut stream = greeter.accept().unwrap().0;
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
        thread::sleep(Duration::from_millis(100));
    });
    let client = Client::with_roots(authority());
    let failure = block_on(ask(&client, get(Url::parse(&format!("https://{address}/")).unwrap())))
        .result
        .unwrap_err();
    assert_eq!((failure.kind(), failure.class()), ("tls", "tls.protocol"));
    assert_eq!(failure.message, format!("the server at {address} speaks plain HTTP, not TLS"));
    drop(server);
}
