//! A server on a free port, and a client that can send anything.

use std::error::Error;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What a test returns.
pub(super) type Outcome = Result<(), Box<dyn Error>>;

/// A running server.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) done: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(super) async fn start() -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let done = tokio::spawn(crate::demo::serve(listener, async {
            let _ = stopped.await;
        }));
        Ok(Self { address, stop, done })
    }

    /// Sends `METHOD /path`, then lines of headers, an empty line and a body; the frame is added.
    pub(super) async fn send(&self, request: &str) -> Result<Answer, Box<dyn Error>> {
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
        let mut raw = format!("{line} HTTP/1.1\r\nHost: demo.test\r\nConnection: close\r\n");
        for header in headers.lines() {
            raw.push_str(&format!("{header}\r\n"));
        }
        if !body.is_empty() {
            raw.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        raw.push_str("\r\n");
        raw.push_str(body);
        self.send_raw(raw.as_bytes()).await
    }

    pub(super) async fn send_raw(&self, raw: &[u8]) -> Result<Answer, Box<dyn Error>> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(raw).await?;
        let mut received = Vec::new();
        // A connection that is reset after its answer has still answered.
        let _ = stream.read_to_end(&mut received).await;
        Answer::parse(&received).ok_or_else(|| "no answer".into())
    }
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    fn parse(received: &[u8]) -> Option<Self> {
        let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head: String = received[..end].iter().copied().map(char::from).collect();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Some(Self { status, headers, body: received[end + 4..].to_vec() })
    }

    /// The values of a header, joined by ` | `; `-` where there is none.
    pub(super) fn header(&self, name: &str) -> String {
        let same = self.headers.iter().filter(|(given, _)| given == name);
        let values: Vec<&str> = same.map(|(_, value)| value.as_str()).collect();
        if values.is_empty() { "-".to_owned() } else { values.join(" | ") }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> Result<Value, Box<dyn Error>> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// `name=value` of the first cookie that was set.
    pub(super) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }
}
