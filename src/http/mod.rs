//! One HTTP exchange: connect, send, follow redirects, decode, time, fail.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use bytes::Bytes;
use url::Url;
/// stub
#[derive(Clone, Debug)]
pub struct Client;
/// stub
#[derive(Debug)]
pub struct Request {
    /// x
    pub method: Method,
    /// x
    pub url: Url,
    /// x
    pub headers: HeaderMap,
    /// x
    pub body: Body,
}
/// stub
#[derive(Debug)]
pub enum Body {
    /// x
    Empty,
    /// x
    Bytes(Bytes),
    /// x
    File(PathBuf),
}
/// stub
#[derive(Clone, Debug)]
pub struct Settings {
    /// x
    pub follow_redirects: u32,
    /// x
    pub connect_timeout: Duration,
    /// x
    pub request_timeout: Duration,
    /// x
    pub max_body: u64,
    /// x
    pub compressed: bool,
}
impl Default for Settings {
    fn default() -> Self {
        Self {
            follow_redirects: 10,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_body: 64 << 20,
            compressed: true,
        }
    }
}
/// stub
pub trait Cookies {
    /// x
    fn cookie_header(&mut self, url: &Url) -> Option<HeaderValue>;
    /// x
    fn receive(&mut self, url: &Url, set_cookie: &[HeaderValue]);
}
/// stub
#[derive(Debug)]
pub struct Exchange {
    /// x
    pub hops: Vec<Hop>,
    /// x
    pub result: Result<Response, Failure>,
    /// x
    pub duration: Duration,
    /// x
    pub retried: u32,
}
/// stub
#[derive(Debug)]
pub struct Hop {
    /// x
    pub method: Method,
    /// x
    pub url: Url,
    /// x
    pub headers: HeaderMap,
    /// x
    pub body_length: u64,
    /// x
    pub answer: Option<Answer>,
    /// x
    pub timing: Timing,
    /// x
    pub remote: Option<SocketAddr>,
}
/// stub
#[derive(Debug)]
pub struct Answer {
    /// x
    pub status: StatusCode,
    /// x
    pub version: Version,
    /// x
    pub headers: HeaderMap,
}
/// stub
#[derive(Debug)]
pub struct Response {
    /// x
    pub status: StatusCode,
    /// x
    pub version: Version,
    /// x
    pub headers: HeaderMap,
    /// x
    pub body: Bytes,
    /// x
    pub wire_size: u64,
    /// x
    pub url: Url,
}
/// stub
#[derive(Clone, Debug, Default)]
pub struct Timing {
    /// x
    pub dns: Option<Duration>,
    /// x
    pub connect: Option<Duration>,
    /// x
    pub tls: Option<Duration>,
    /// x
    pub first_byte: Duration,
    /// x
    pub total: Duration,
}
/// stub
#[derive(Clone, Debug)]
pub struct Failure {
    /// x
    pub kind: FailureKind,
    /// x
    pub url: Url,
    /// x
    pub elapsed: Duration,
    /// x
    pub message: String,
    /// x
    pub cause: String,
    /// x
    pub remedy: Option<String>,
}
/// stub
#[derive(Clone, Copy, Debug)]
pub enum FailureKind {
    /// x
    Dns,
}
impl Client {
    /// x
    #[must_use]
    pub fn new() -> Self {
        Self
    }
    /// x
    pub async fn exchange(
        &self,
        _request: Request,
        _settings: &Settings,
        _cookies: &mut dyn Cookies,
    ) -> Exchange {
        std::future::pending().await
    }
}
