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

pub(super) struct Secure {
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

pub(super) fn secure(
    certificate: &str,
    protocols: &[&str],
    requests_per_connection: usize,
) -> Secure {
    serve(configure(&[certificate], false, false), protocols, requests_per_connection)
}

/// A server's side of TLS.
fn configure(chain: &[&str], wants_client: bool, only_12: bool) -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let der = |name: &&str| CertificateDer::from_pem_slice(&fixture(name)).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&fixture("server.key")).unwrap();
    let versions: &[_] = match only_12 {
        true => &[&rustls::version::TLS12],
        false => rustls::ALL_VERSIONS,
    };
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .unwrap();
    let builder = if wants_client {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(der(&"ca.pem")).unwrap();
        let judge =
            rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
        builder.with_client_cert_verifier(judge.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    builder.with_single_cert(chain.iter().map(der).collect(), key).unwrap()
}

fn serve(
    mut config: rustls::ServerConfig,
    protocols: &[&str],
    requests_per_connection: usize,
) -> Secure {
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
    pub(super) fn url(&self, path: &str) -> Url {
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

fn pem(name: &str) -> Pem {
    Pem { name: name.to_owned(), text: fixture(name).into() }
}

fn identity(cert: &str, key: Option<&str>) -> Option<Identity> {
    Some(Identity { cert: pem(cert), key: key.map(pem) })
}

fn trusting(ca: &str) -> Tls {
    Tls { ca: Some(pem(ca)), ..Tls::default() }
}

/// Asks with these settings of TLS, trusting nobody but an authority that has signed nothing.
async fn ask_with(client: &Client, url: Url, tls: Tls) -> Exchange {
    let channel = Arc::new(Channel { tls, ..Channel::default() });
    let settings = Settings { channel, ..Settings::default() };
    client.exchange(get(url), &settings, &mut NoCookies).await
}

fn stranger() -> Client {
    Client::with_roots(Roots::Pem(fixture("other.pem")))
}

#[test]
fn who_is_trusted_and_why_not() {
    #[track_caller]
    fn check(chain: &[&str], tls: Tls, expected: Result<(), (&str, &str, &str)>) {
        let server = serve(configure(chain, false, false), &["http/1.1"], 0);
        let exchange = block_on(ask_with(&stranger(), server.url("/"), tls));
        match (exchange.result, expected) {
            (Ok(_), Ok(())) => {}
            (Err(failure), Err((class, message, remedy))) => {
                assert_eq!((failure.class(), &*failure.message), (class, message));
                assert_eq!(failure.remedy.unwrap(), remedy);
            }
            (got, _) => panic!("{chain:?}: {got:?}"),
        }
    }
    let untrusted = "tls.cert_untrusted";
    check(&["server.pem"], trusting("ca.pem"), Ok(()));
    check(
        &["server.pem"],
        Tls::default(),
        Err((
            untrusted,
            "the certificate of `localhost` is signed by `callsheet test authority`, which is not trusted and whose \
             certificate the server did not send",
            "if `callsheet test authority` is a private authority, `tls: {ca: FILE}` trusts it; if it is a link to a \
             public one, the server's chain is incomplete; `tls: {verify: false}` takes it as it is",
        )),
    );
    check(
        &["server.pem", "ca.pem"],
        trusting("client.pem"),
        Err((
            untrusted,
            "the certificate of `localhost` comes from the private authority `callsheet test authority`, which is \
             not trusted, and not in `client.pem` either",
            "`tls: {ca: FILE}` trusts the authority, if FILE holds its certificate; `tls: {verify: false}` takes it \
             as it is",
        )),
    );
    check(
        &["self-signed.pem"],
        Tls::default(),
        Err((
            untrusted,
            "the certificate of `localhost` is self-signed and not among the trusted ones",
            "`tls: {ca: FILE}` trusts it, if FILE holds it; `tls: {verify: false}` takes it as it is",
        )),
    );
    // The very certificate: also one that may sign others, as `openssl req -x509` makes it.
    check(&["self-signed.pem"], trusting("self-signed.pem"), Ok(()));
    check(&["server.pem"], trusting("server.pem"), Ok(()));
    check(
        &["early.pem"],
        Tls { server_name: Some("localhost".to_owned()), ..trusting("ca.pem") },
        Err((
            "tls.cert_not_yet_valid",
            &format!(
                "the certificate of `localhost` is valid from 2099-01-01, in {} days",
                days_until_2099()
            ),
            "check this machine's clock; `tls: {verify: false}` takes it as it is",
        )),
    );
    let other = "`tls: {server_name: other.test}` asks for that name; `tls: {verify: false}` takes it as it is";
    let message = "the certificate is not for `localhost`: it names `other.test`, `10.0.0.1`";
    check(&["other.pem"], trusting("ca.pem"), Err(("tls.cert_name", message, other)));
    let named = |name: &str| Tls { server_name: Some(name.to_owned()), ..trusting("ca.pem") };
    check(&["other.pem"], named("other.test"), Ok(()));
    check(&["other.pem"], named("10.0.0.1"), Ok(()));
    for chain in [["server.pem"], ["expired.pem"], ["other.pem"], ["self-signed.pem"]] {
        check(&chain, Tls { verify: false, ..Tls::default() }, Ok(()));
    }
}

fn days_until_2099() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    (4_070_908_800 - now.as_secs()) / 86_400
}

#[test]
fn an_unverified_exchange_says_so() {
    let server = secure("self-signed.pem", &["h2"], 9);
    let exchange =
        block_on(ask_with(&stranger(), server.url("/"), Tls { verify: false, ..Tls::default() }));
    assert!(exchange.is_unverified());
    let secured = exchange.hops[0].tls.as_ref().map(|tls| (tls.version, tls.verified));
    assert_eq!(secured, Some(("TLS 1.3", false)));
}

#[test]
fn a_client_shows_its_certificate() {
    #[track_caller]
    fn check(only_12: bool, client: Option<Identity>, expected: Result<(), (&str, &str)>) {
        let server = serve(configure(&["server.pem"], true, only_12), &["http/1.1"], 0);
        let tls = Tls { identity: client, ..trusting("ca.pem") };
        match (block_on(ask_with(&stranger(), server.url("/"), tls)).result, expected) {
            (Ok(_), Ok(())) => {}
            (Err(failure), Err((class, message))) => {
                assert_eq!((failure.class(), &*failure.message), (class, message));
            }
            (got, _) => panic!("{got:?}"),
        }
    }
    for only_12 in [false, true] {
        check(only_12, identity("client.pem", Some("client.key")), Ok(()));
    }
    let wanted = "`localhost` wants a client certificate";
    check(false, None, Err(("tls.client_cert_required", wanted)));
    let message =
        "the private key in `server.key` does not belong to the certificate in `client.pem`";
    check(false, identity("client.pem", Some("server.key")), Err(("request.settings", message)));
    let message = "`client.pem` holds no private key";
    check(false, identity("client.pem", None), Err(("request.settings", message)));
    let message = "`client.key` holds no certificate";
    check(false, identity("client.key", None), Err(("request.settings", message)));
    let message = "`localhost` does not take the client certificate in `self-signed.pem` (CertificateUnknown)";
    check(false, identity("self-signed.pem", Some("server.key")), Err(("tls.handshake", message)));
}

#[test]
fn versions_of_tls_and_http_are_chosen() {
    #[track_caller]
    fn check(only_12: bool, protocols: &[&str], version: Version, only_13: bool, expected: &str) {
        let server = serve(configure(&["server.pem"], false, only_12), protocols, 9);
        let tls = Tls { only_13, ..trusting("ca.pem") };
        let channel = Arc::new(Channel { version, tls, ..Channel::default() });
        let settings = Settings { channel, ..Settings::default() };
        let client = stranger();
        let mut cookies = NoCookies;
        let exchange = client.exchange(get(server.url("/")), &settings, &mut cookies);
        let got = match block_on(exchange).result {
            Ok(response) => format!("{:?}", response.version()),
            Err(failure) => failure.message,
        };
        assert_eq!(got, expected);
    }
    let both = &["h2", "http/1.1"];
    check(false, both, Version::Auto, true, "HTTP/2.0");
    check(false, both, Version::One, false, "HTTP/1.1");
    check(false, both, Version::Two, false, "HTTP/2.0");
    check(false, &["h2"], Version::PriorKnowledge, false, "HTTP/2.0");
    check(false, &[], Version::Auto, false, "HTTP/1.1");
    check(
        false,
        &[],
        Version::Two,
        false,
        "`localhost` does not agree to HTTP/2 in the TLS handshake",
    );
    let none = "`localhost` speaks no version of HTTP that `http` allows";
    check(false, &["http/1.1"], Version::Two, false, none);
    check(true, both, Version::Auto, false, "HTTP/2.0");
    check(true, both, Version::Auto, true, "`localhost` does not speak TLS 1.3");
}

#[test]
fn a_server_that_speaks_old_versions_only() {
    // The alert `protocol_version`, as OpenSSL sends it.
    let server = Server::start(|_, _| true);
    drop(server);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(&[21, 3, 1, 0, 2, 2, 70]).unwrap();
        thread::sleep(Duration::from_millis(100));
    });
    let url = Url::parse(&format!("https://{address}/")).unwrap();
    let failure = block_on(ask(&stranger(), get(url))).result.unwrap_err();
    assert_eq!(failure.class(), "tls.protocol");
    assert_eq!(failure.message, "`127.0.0.1` speaks neither TLS 1.2 nor 1.3");
}

/// What a connection was made with is what it serves; sessions of TLS are not resumed across it either.
#[test]
fn connections_are_not_shared_across_settings() {
    let server = serve(configure(&["server.pem"], false, false), &["h2", "http/1.1"], 1_000);
    let tls = trusting("ca.pem");
    let all = [
        tls.clone(),
        Tls { identity: identity("client.pem", Some("client.key")), ..tls.clone() },
        Tls { verify: false, ..tls.clone() },
        Tls { server_name: Some("127.0.0.1".to_owned()), ..tls.clone() },
        Tls { only_13: true, ..tls.clone() },
        Tls { ca: None, verify: false, ..tls },
    ];
    block_on(async {
        let client = stranger();
        for round in 0..2 {
            for tls in &all {
                let exchange = ask_with(&client, server.url("/"), tls.clone()).await;
                assert_eq!(exchange.hops[0].reused, round == 1);
                assert!(exchange.result.is_ok());
            }
        }
    });
    assert_eq!(server.connections.load(SeqCst), all.len());
}

#[test]
fn an_address_of_ipv6_is_asked_and_verified() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    drop(listener);
    let server = Server::on("[::1]:0", |stream, _| stream.write_all(OK.as_bytes()).is_ok());
    let url = Url::parse(&format!("http://{}/", server.address)).unwrap();
    let exchange = block_on(ask(&Client::new(), get(url)));
    assert_eq!(exchange.result.unwrap().body, "ok");
    assert!(server.requests()[0].contains(&format!("host: [::1]:{}", server.address.port())));
}
