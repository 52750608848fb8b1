//! Exchanges over real loopback sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use super::*;

mod answers;
mod coding;
mod connections;
mod redirects;
mod routes;
mod secure;
mod times;

/// A server of one thread per connection that speaks raw bytes.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// The answerer gets the socket and each request, head and body, and returns whether it goes on reading.
    fn start(answer: impl Fn(&mut TcpStream, &str) -> bool + Send + Sync + 'static) -> Self {
        Self::on("127.0.0.1:0", answer)
    }

    fn on(
        place: &str,
        answer: impl Fn(&mut TcpStream, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(place).unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let server = Self {
            address,
            connections: Arc::clone(&connections),
            requests: Arc::clone(&requests),
        };
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                connections.fetch_add(1, SeqCst);
                let (answer, requests) = (Arc::clone(&answer), Arc::clone(&requests));
                thread::spawn(move || {
                    while let Some(request) = read_request(&mut stream) {
                        requests.lock().unwrap().push(request.clone());
                        if !answer(&mut stream, &request) {
                            break;
                        }
                    }
                });
            }
        });
        server
    }

    /// Answers everything with the same bytes and keeps the connection.
    fn always(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |stream, _| stream.write_all(&bytes).is_ok())
    }

    /// Answers once per connection and closes it.
    fn once(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |stream, _| {
            stream.write_all(&bytes).unwrap();
            false
        })
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

fn get(url: Url) -> Request {
    Request { method: Method::GET, url, headers: HeaderMap::new(), body: Body::Empty }
}

fn post(url: Url, body: &'static str) -> Request {
    Request { method: Method::POST, url, headers: HeaderMap::new(), body: Body::Bytes(body.into()) }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn ask(client: &Client, request: Request) -> Exchange {
    client.exchange(request, &Settings::default(), &mut NoCookies).await
}

/// The failure of one GET with the default settings.
#[track_caller]
fn failure(url: Url) -> Failure {
    block_on(ask(&Client::new(), get(url))).result.unwrap_err()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
