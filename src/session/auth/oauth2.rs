//! OAuth 2 (RFC 6749): a token from another server, kept until it expires and shared by all who need the same.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use ::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio::sync::Mutex;
use url::Url;

use crate::http::{Body, Client, Failure, NoCookies, Request, Settings, USER_AGENT};
use crate::mask::Masks;
use crate::value::{self, Value};

/// A token is renewed so long before it expires: it has to reach the server, whose clock is another.
const MARGIN: Duration = Duration::from_secs(30);

/// The largest answer that holds a token.
const LARGEST: u64 = 1 << 20;

/// What a token is asked for with.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// Who gives it.
    pub url: Url,
    /// Who asks for it.
    pub client_id: String,
    /// The secret of who asks; without one the client is a public one.
    pub client_secret: Option<String>,
    /// What it is to allow.
    pub scopes: Vec<String>,
    /// In exchange for what it is given.
    pub grant: Grant,
}

/// In exchange for what a token is given (section 1.3).
#[derive(Clone, Debug)]
pub enum Grant {
    /// The client's own credentials (section 4.4).
    ClientCredentials,
    /// A user's name and password (section 4.3).
    Password(String, String),
    /// A token that was given before (section 6).
    RefreshToken(String),
}

/// Why there is no token.
#[derive(Clone, Debug)]
pub enum TokenFailure {
    /// No answer came.
    Transport(Failure),
    /// The answer has none.
    Refused(String),
}

impl fmt::Display for TokenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(failure) => failure.fmt(f),
            Self::Refused(message) => f.write_str(message),
        }
    }
}

/// A token that was given.
#[derive(Clone, Debug)]
struct Token {
    header: HeaderValue,
    expires: Option<Instant>,
}

impl Token {
    fn is_over(&self) -> bool {
        self.expires.is_some_and(|at| Instant::now() >= at)
    }
}

/// Where a token comes from, and the last one that came: who needs it while it is fetched waits for it.
#[derive(Debug)]
pub struct TokenSource {
    request: TokenRequest,
    client: Client,
    masks: Masks,
    /// Fetches that ended, one way or the other.
    fetches: AtomicU64,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    outcome: Option<Result<Token, TokenFailure>>,
    /// The token to ask with the next time, where the server gave a new one (section 6).
    refresh: Option<String>,
}

impl TokenSource {
    /// One that has not fetched anything; tokens that come are masked.
    #[must_use]
    pub fn new(request: TokenRequest, client: Client, masks: Masks) -> Self {
        let (fetches, last) = (AtomicU64::new(0), Mutex::default());
        Self { request, client, masks, fetches, last }
    }

    /// A token that is another than `rejected`. True beside it: it was fetched for this very call.
    async fn token(
        &self,
        settings: &Settings,
        rejected: Option<&HeaderValue>,
    ) -> (Result<Token, TokenFailure>, bool) {
        let seen = self.fetches.load(SeqCst);
        let mut last = self.last.lock().await;
        match &last.outcome {
            Some(Ok(token)) if !token.is_over() && Some(&token.header) != rejected => {
                return (Ok(token.clone()), false);
            }
            // It failed while this call waited for it: to ask again at once would change nothing.
            Some(Err(failure)) if self.fetches.load(SeqCst) != seen => {
                return (Err(failure.clone()), false);
            }
            _ => {}
        }
        let fetched = self.fetch(settings, last.refresh.as_deref()).await;
        self.fetches.fetch_add(1, SeqCst);
        let outcome = fetched.map(|(token, refresh)| {
            last.refresh = refresh.or_else(|| last.refresh.take());
            token
        });
        last.outcome = Some(outcome.clone());
        (outcome, true)
    }

    async fn fetch(
        &self,
        settings: &Settings,
        refresh: Option<&str>,
    ) -> Result<(Token, Option<String>), TokenFailure> {
        let request = self.request.build(refresh);
        // Credentials in a body follow nobody.
        let settings = Settings {
            follow_redirects: 0,
            max_body: LARGEST,
            hash_body: false,
            ..settings.clone()
        };
        let asked = Instant::now();
        let exchange = self.client.exchange(request, &settings, &mut NoCookies).await;
        let response = exchange.result.map_err(TokenFailure::Transport)?;
        let answer: Option<Value> = serde_json::from_slice(&response.body).ok();
        let refused = |why: String| {
            TokenFailure::Refused(format!("the token request `POST {}` {why}", self.request.url))
        };
        if response.status() != StatusCode::OK {
            return Err(refused(refusal(response.status(), answer.as_ref())));
        }
        let Some(Value::Object(answer)) = answer else {
            return Err(refused("was answered with no JSON object".to_owned()));
        };
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let Some(access) = text("access_token").filter(|token| !token.is_empty()) else {
            return Err(refused("was answered without an `access_token`".to_owned()));
        };
        let refresh = text("refresh_token");
        [Some(access), refresh].into_iter().flatten().for_each(|it| self.masks.add(it.as_bytes()));
        // Section 7.1: a token of a type that is not understood is not used.
        if let Some(kind) = text("token_type").filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            let kind = value::cut(kind, 40);
            return Err(refused(format!(
                "gave a token of the type `{kind}`, which is not `Bearer`"
            )));
        }
        let Some(header) = super::bearer(access) else {
            return Err(refused("gave a token that no header can hold".to_owned()));
        };
        let expires = answer
            .get("expires_in")
            .and_then(seconds)
            .and_then(|lives| asked.checked_add(lives.saturating_sub(MARGIN.min(lives / 10))));
        Ok((Token { header, expires }, refresh.map(str::to_owned)))
    }
}

/// Some servers write the number as a text.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Section 5.2: `was answered with 401: invalid_client: …`.
fn refusal(status: StatusCode, answer: Option<&Value>) -> String {
    let mut message = format!("was answered with {}", status.as_u16());
    for name in ["error", "error_description"] {
        if let Some(text) = answer.and_then(|answer| answer.get(name)).and_then(Value::as_str) {
            let text: String = text.chars().take(200).collect();
            message.push_str(&format!(": {text}"));
        }
    }
    message
}

impl TokenRequest {
    fn build(&self, refresh: Option<&str>) -> Request {
        let mut form = form_urlencoded::Serializer::new(String::new());
        match &self.grant {
            Grant::ClientCredentials => {
                form.append_pair("grant_type", "client_credentials");
            }
            Grant::Password(username, password) => {
                form.append_pair("grant_type", "password");
                form.append_pair("username", username).append_pair("password", password);
            }
            Grant::RefreshToken(token) => {
                form.append_pair("grant_type", "refresh_token");
                form.append_pair("refresh_token", refresh.unwrap_or(token));
            }
        }
        if !self.scopes.is_empty() {
            form.append_pair("scope", &self.scopes.join(" "));
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form_type);
        match &self.client_secret {
            // Section 2.3.1: both are encoded as in a form before they are put together.
            Some(secret) => {
                let encoded = |text: &str| -> String {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect()
                };
                let value = super::basic(&encoded(&self.client_id), &encoded(secret));
                super::write(&mut headers, value);
            }
            None => {
                form.append_pair("client_id", &self.client_id);
            }
        }
        let body = Body::Bytes(form.finish().into());
        Request { method: Method::POST, url: self.url.clone(), headers, body }
    }
}

/// The token of one exchange.
#[derive(Debug)]
pub struct OAuth2 {
    source: Arc<TokenSource>,
    settings: Settings,
    token: Token,
    /// Fetched for this exchange: another one would fare no better.
    fresh: bool,
    failure: Option<TokenFailure>,
}

impl OAuth2 {
    /// With a token that is there, or is fetched now as these settings say.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn begin(source: Arc<TokenSource>, settings: Settings) -> Result<Self, TokenFailure> {
        let (token, fresh) = source.token(&settings, None).await;
        Ok(Self { token: token?, source, settings, fresh, failure: None })
    }

    /// Why there was no other token after a 401.
    #[must_use]
    pub fn into_failure(self) -> Option<TokenFailure> {
        self.failure
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.token.header.clone()
    }

    /// The server does not take the token: whether there is another.
    pub(super) async fn renew(&mut self) -> bool {
        if self.fresh {
            return false;
        }
        self.fresh = true;
        match self.source.token(&self.settings, Some(&self.token.header)).await.0 {
            Ok(token) => {
                self.token = token;
                true
            }
            Err(failure) => {
                self.failure = Some(failure);
                false
            }
        }
    }
}
