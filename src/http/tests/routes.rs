//! Ways to a server: proxies, sockets of this machine, addresses that the scenario gives.

use std::collections::HashMap;
use std::io::copy;
use std::os::unix::net::UnixListener;

use super::secure::{authority, secure};
use super::*;

/// A proxy that forwards requests in absolute form, opens tunnels, and remembers the heads of what it was asked.
fn proxy(wants: Option<&'static str>) -> Server {
    Server::start(move |stream, request| {
        let authorized = wants.is_none_or(|wants| {
            request
                .to_lowercase()
                .contains(&format!("proxy-authorization: basic {wants}\r\n").to_lowercase())
        });
        if !authorized {
            let refusal =
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
            return stream.write_all(refusal).is_ok();
        }
        let target = request.split(' ').nth(1).unwrap();
        let Some(authority) = request.strip_prefix("CONNECT ").map(|_| target) else {
            return stream.write_all(OK.as_bytes()).is_ok();
        };
        let port = authority.rsplit(':').next().unwrap();
        let Ok(server) = TcpStream::connect(format!("127.0.0.1:{port}")) else {
            let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
            return false;
        };
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let (mut up, mut down) = (server.try_clone().unwrap(), stream.try_clone().unwrap());
        thread::spawn(move || copy(&mut up, &mut down));
        let (mut from, mut to) = (stream.try_clone().unwrap(), server);
        let _ = copy(&mut from, &mut to);
        false
    })
}

fn through(url: &str) -> Settings {
    let proxy = ProxyChoice::Given(Proxy::parse(url).unwrap());
    settings(Channel { proxy, ..Channel::default() })
}

fn settings(channel: Channel) -> Settings {
    Settings { channel: Arc::new(channel), ..Settings::default() }
}

fn parse(url: &str) -> Url {
    Url::parse(url).unwrap()
}

async fn ask_by(client: &Client, url: Url, settings: &Settings) -> Exchange {
    client.exchange(get(url), settings, &mut NoCookies).await
}

/// `name:pass word`, percent-encoded in the URL.
const CREDENTIALS: &str = "bmFtZTpwYXNzIHdvcmQ=";

#[test]
fn http_goes_to_a_proxy_in_absolute_form() {
    let proxy = proxy(Some(CREDENTIALS));
    let settings = through(&format!("http://name:pass%20word@{}", proxy.address));
    let exchange = block_on(ask_by(&Client::new(), parse("http://a.test/x?y=1#z"), &settings));
    assert_eq!(exchange.result.unwrap().body, "ok");
    let hop = &exchange.hops[0];
    assert_eq!(hop.proxy.as_ref().unwrap().to_string(), format!("http://{}", proxy.address));
    assert!(!hop.headers.contains_key("proxy-authorization"));
    let request = &proxy.requests()[0];
    assert!(
        request.starts_with("GET http://a.test/x?y=1 HTTP/1.1\r\nhost: a.test\r\n"),
        "{request}"
    );
}

#[test]
fn https_goes_through_a_tunnel_and_the_origin_sees_no_credentials() {
    let (server, proxy) = (secure("server.pem", &["h2"], 9), proxy(Some(CREDENTIALS)));
    let settings = through(&format!("http://name:pass%20word@{}", proxy.address));
    block_on(async {
        let client = Client::with_roots(authority());
        for round in 0..2 {
            let exchange = ask_by(&client, server.url("/"), &settings).await;
            assert_eq!(exchange.hops[0].reused, round == 1);
            // Its echo says that there was no Host; nor was there any other header of the proxy's.
            assert_eq!(exchange.result.unwrap().version(), http::Version::HTTP_2);
        }
    });
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1);
    let port = server.url("/").port().unwrap();
    assert!(requests[0].starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")));
}

#[test]
fn what_a_proxy_refuses_is_told() {
    #[track_caller]
    fn check(url: &str, settings: &Settings, message: &str, remedy: &str) {
        let client = Client::with_roots(authority());
        let failure = block_on(ask_by(&client, parse(url), settings)).result.unwrap_err();
        assert_eq!((failure.kind(), failure.class()), ("connect", "connect.proxy"));
        assert_eq!((&*failure.message, &*failure.remedy.unwrap()), (message, remedy));
    }
    let server = proxy(Some(CREDENTIALS));
    let at = server.address;
    check(
        "https://a.test/",
        &through(&format!("http://{at}")),
        &format!("the proxy `http://{at}` wants a name and a password (407)"),
        "write them into the proxy's URL: `http://name:password@host:port`",
    );
    check(
        "https://a.test/",
        &through(&format!("http://name:wrong@{at}")),
        &format!("the proxy `http://{at}` does not take its URL's name and password (407)"),
        "correct them in the proxy's URL",
    );
    check(
        "https://a.test:1/",
        &through(&format!("http://name:pass%20word@{at}")),
        &format!(
            "the proxy `http://{at}` does not connect to `a.test:1`: it answered 502 Bad Gateway"
        ),
        "`proxy: none` goes without it",
    );
    check(
        "http://a.test/",
        &through("http://127.0.0.1:1"),
        "nothing listens at 127.0.0.1:1 (connection refused), where the proxy `http://127.0.0.1:1` should be",
        "is the proxy started? `proxy: none` goes without it",
    );
}

#[test]
fn a_proxy_may_itself_be_spoken_to_in_tls() {
    // Any TLS server that answers will do for a request in absolute form.
    let server = secure("server.pem", &["http/1.1"], 9);
    let settings = through(&format!("https://localhost:{}", server.url("/").port().unwrap()));
    let client = Client::with_roots(authority());
    let exchange = block_on(ask_by(&client, parse("http://a.test/x"), &settings));
    assert_eq!(exchange.result.unwrap().body, "GET http://a.test/x true 0");
    assert_eq!(exchange.hops[0].tls, None);
}

#[test]
fn a_url_of_a_proxy_is_just_that() {
    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let read = Proxy::parse(text);
        assert_eq!(
            read.as_ref().map(ToString::to_string),
            expected.map(str::to_owned).map_err(|e| {
                let owned = e.to_owned();
                Box::leak(Box::new(owned)) as &String
            })
        );
        assert!(!format!("{read:?}").contains("word"));
    }
    check("http://proxy.test:3128", Ok("http://proxy.test:3128"));
    check("https://name:word@[::1]/", Ok("https://[::1]:443"));
    check("socks5://proxy.test", Err("a proxy is spoken to in `http` or `https`, not `socks5`"));
    check("http://proxy.test/x?word", Err("a proxy's URL ends after its port"));
}

#[test]
fn the_environment_names_proxies() {
    #[track_caller]
    fn check(variables: &[(&str, &str)], url: &str, expected: Option<&str>) {
        let variables: HashMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let found = ProxyEnvironment::of(&variables).proxy(&parse(url));
        let found = match found {
            Ok(found) => found.map(|proxy| proxy.to_string()),
            Err(fault) => Some(fault.message),
        };
        assert_eq!(found.as_deref(), expected, "{variables:?} {url}");
    }
    let (http, https) = (("HTTP_PROXY", "http://a:1"), ("HTTPS_PROXY", "http://b:2"));
    let all = ("ALL_PROXY", "c:3");
    check(&[], "http://x.test", None);
    check(&[http], "http://x.test", Some("http://a:1"));
    check(&[http], "https://x.test", None);
    check(&[http, https, all], "https://x.test", Some("http://b:2"));
    check(&[http, all], "https://x.test", Some("http://c:3"));
    check(&[http, ("http_proxy", "http://d:4")], "http://x.test", Some("http://d:4"));
    check(&[("HTTP_PROXY", " ")], "http://x.test", None);
    // httpoxy.
    check(&[http, ("REQUEST_METHOD", "GET")], "http://x.test", None);
    check(
        &[("http_proxy", "http://d:4"), ("REQUEST_METHOD", "GET")],
        "http://x.test",
        Some("http://d:4"),
    );
    for loopback in
        ["http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]", "http://[::ffff:127.0.0.1]"]
    {
        check(&[http], loopback, None);
    }
    check(&[http], "http://localhost:81", None);
    check(&[http], "http://a.localhost", None);
    check(&[http], "http://localhost.test", Some("http://a:1"));
    let no = ("NO_PROXY", "x.test, .y.test,10.0.0.0/8,[bad,192.168.1.1");
    for inside in [
        "http://x.test",
        "http://a.x.test",
        "http://a.y.test:81",
        "http://10.2.3.4",
        "http://192.168.1.1",
    ] {
        check(&[http, no], inside, None);
    }
    for outside in ["http://notx.test", "http://11.2.3.4", "http://z.test"] {
        check(&[http, no], outside, Some("http://a:1"));
    }
    check(&[http, ("no_proxy", "*")], "http://z.test", None);
    let message = "`ALL_PROXY`: a proxy is spoken to in `http` or `https`, not `socks5`";
    check(&[("ALL_PROXY", "socks5://s:1")], "http://x.test", Some(message));
}

#[test]
fn a_request_to_loopback_passes_the_environments_proxy_by() {
    let server = Server::always(OK);
    let variables = [("http_proxy".to_owned(), "http://127.0.0.1:1".to_owned())].into();
    let client = Client::with(Roots::Platform, ProxyEnvironment::of(&variables));
    let exchange = block_on(ask(&client, get(server.url("/"))));
    assert!(exchange.result.is_ok());
    // So does a host whose address the scenario gives.
    let at = server.address;
    let entry =
        Resolve { host: "a.test".to_owned(), port: 80, address: at.ip(), at: Some(at.port()) };
    let settings = settings(Channel { resolve: vec![entry], ..Channel::default() });
    let exchange = block_on(ask_by(&client, parse("http://a.test/"), &settings));
    assert!(exchange.result.is_ok());
    assert!(server.requests()[1].contains("host: a.test\r\n"));
    // Another port is another server.
    let exchange = block_on(ask_by(&client, parse("http://a.test:81/"), &settings));
    assert_eq!(exchange.result.unwrap_err().class(), "connect.proxy");
}

#[test]
fn a_socket_of_this_machine_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let server = Server::always(OK);
    let away = server.url("/away");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            for _ in 0..2 {
                let count = stream.read(&mut [0; 4096]).unwrap();
                let answer =
                    format!("HTTP/1.1 302 Found\r\nLocation: {away}\r\nContent-Length: 0\r\n\r\n");
                if count == 0 || stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    let channel = Channel { unix_socket: Some(path), ..Channel::default() };
    let with = settings(channel.clone());
    let settings = Settings { follow_redirects: 0, ..with.clone() };
    block_on(async {
        let client = Client::new();
        for round in 0..2 {
            let exchange = ask_by(&client, parse("http://a.test/"), &settings).await;
            assert_eq!(exchange.result.unwrap().status(), 302);
            assert_eq!((exchange.hops[0].reused, exchange.hops[0].remote), (round == 1, None));
        }
        // Another host is not behind it.
        let exchange = ask_by(&client, parse("http://a.test/"), &with).await;
        assert_eq!(exchange.result.unwrap().body, "ok");
    });
    let none = Channel { unix_socket: Some(folder.path().join("none")), ..channel };
    let with = self::settings(none);
    let failure =
        block_on(ask_by(&Client::new(), parse("http://a.test/"), &with)).result.unwrap_err();
    assert_eq!(failure.class(), "connect.failed");
    assert!(failure.message.starts_with("there is no socket `/"), "{}", failure.message);
}

#[test]
fn http2_without_tls_is_spoken_where_it_is_known() {
    let with = settings(Channel { version: Version::PriorKnowledge, ..Channel::default() });
    let server =
        Server::start(|stream, _| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").is_ok());
    let failure = block_on(ask_by(&Client::new(), server.url("/"), &with)).result.unwrap_err();
    assert_eq!(failure.class(), "http2.protocol");
    assert_eq!(failure.message, "`127.0.0.1` answered HTTP/2 with HTTP/1");
    let with = settings(Channel { version: Version::Two, ..Channel::default() });
    let failure = block_on(ask_by(&Client::new(), server.url("/"), &with)).result.unwrap_err();
    assert_eq!((failure.kind(), failure.class()), ("refused", "request.settings"));
}
