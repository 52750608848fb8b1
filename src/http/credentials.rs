//! What is written into requests to say who sends them.

use std::future::Future;
use std::pin::Pin;

use http::{HeaderMap, Method};
use url::Url;

use super::Head;

/// A request that is complete but for its credentials.
#[derive(Debug)]
pub struct Unsigned<'a> {
    /// The method.
    pub method: &'a Method,
    /// The URL.
    pub url: &'a Url,
    /// Path and query as they will be sent.
    pub target: &'a str,
    /// The headers as they will be sent, Host among them.
    pub headers: &'a mut HeaderMap,
    /// Whether the body is sent: a redirect may have dropped it.
    pub has_body: bool,
}

/// Whether a request is to be sent again.
pub type Again<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// Says who sends. Asked at every hop up to the first that leads to another origin, and never after it.
pub trait Credentials: Send {
    /// Adds what says who sends.
    fn authorize(&mut self, request: Unsigned<'_>);

    /// The request was answered with this head, whose status is 401: whether other credentials are worth a try.
    fn challenged<'a>(&'a mut self, url: &'a Url, head: &'a Head) -> Again<'a>;
}

/// No credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredentials;

impl Credentials for NoCredentials {
    fn authorize(&mut self, _: Unsigned<'_>) {}

    fn challenged<'a>(&'a mut self, _: &'a Url, _: &'a Head) -> Again<'a> {
        Box::pin(std::future::ready(false))
    }
}
