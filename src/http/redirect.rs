//! What an answer with a Location means: one pure function, after the Fetch standard's "HTTP-redirect fetch".

use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use url::{Origin, Url};

use super::failure::{FailureKind, Fault, RedirectFault, fault};

/// What follows from an answer.
#[derive(Debug)]
pub(super) enum Decision {
    /// It is the answer.
    Stop,
    /// Ask there.
    Follow(Next),
    /// It cannot be followed.
    Fail(Fault),
}

/// The request after a redirect.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) method: Method,
    pub(super) url: Url,
    /// The body and the headers that describe it stay behind.
    pub(super) drop_body: bool,
    /// Credentials stay behind: another scheme, host or port.
    pub(super) other_origin: bool,
}

/// Decides from the request (method, URL, whether it had a body) and the answer (status, headers).
pub(super) fn decide(
    method: &Method,
    url: &Url,
    has_body: bool,
    status: StatusCode,
    headers: &HeaderMap,
) -> Decision {
    // Fetch, "redirect status": 304 and 305 are answers, and so is a 201 with its Location. A 300 may name the server's
    // choice there (RFC 9110 §15.4.1), which a request that changes nothing takes.
    match status.as_u16() {
        301 | 302 | 303 | 307 | 308 => {}
        300 if matches!(*method, Method::GET | Method::HEAD) => {}
        _ => return Decision::Stop,
    }
    let mut locations = headers.get_all(header::LOCATION).iter();
    let Some(location) = locations.next() else { return Decision::Stop };
    if location.as_bytes().trim_ascii().is_empty() {
        return Decision::Stop;
    }
    if let Some(other) = locations.find(|other| *other != location) {
        let message =
            format!("the redirect has two locations: `{}` and `{}`", shown(location), shown(other));
        return fail(RedirectFault::InvalidLocation, message);
    }
    let target = match resolve(url, location) {
        Ok(target) => target,
        Err(fault) => return Decision::Fail(fault),
    };
    let to_get = match status.as_u16() {
        301 | 302 => method == Method::POST,
        303 => method != Method::GET && method != Method::HEAD,
        _ => false,
    };
    let other_origin = url.origin() != target.origin();
    // 307 and 308, and 301 or 302 on a PUT: what was meant for one server is not given to another unasked.
    if has_body && !to_get && other_origin {
        let message = format!(
            "the redirect ({}) would send the body of this {method} to another origin, `{}`",
            status.as_u16(),
            target.origin().ascii_serialization(),
        );
        return fail(RedirectFault::BodyCrossOrigin, message);
    }
    let method = if to_get { Method::GET } else { method.clone() };
    Decision::Follow(Next { method, url: target, drop_body: to_get, other_origin })
}

/// The headers that every hop of an exchange is made of: what may go anywhere, and credentials with the origin that they
/// are for. There is no other way for a header of the scenario to reach a server.
#[derive(Debug)]
pub(super) struct Carried {
    plain: HeaderMap,
    /// Gone once the exchange has left their origin, so that they do not come back with it.
    credentials: Option<(Origin, HeaderMap)>,
}

impl Carried {
    /// The headers of a request to this URL.
    pub(super) fn new(url: &Url, headers: HeaderMap) -> Self {
        let (mut plain, mut bound) = (headers, HeaderMap::new());
        let is_bound = |(name, value): (&HeaderName, &HeaderValue)| {
            (BOUND.contains(name) || value.is_sensitive()).then(|| name.clone())
        };
        let mut names: Vec<HeaderName> = plain.iter().filter_map(is_bound).collect();
        // The values of one name follow upon each other.
        names.dedup();
        for name in names {
            if let Entry::Occupied(entry) = plain.entry(&name) {
                for value in entry.remove_entry_mult().1 {
                    bound.append(&name, value);
                }
            }
        }
        Self { plain, credentials: (!bound.is_empty()).then(|| (url.origin(), bound)) }
    }

    /// Goes on to the next hop.
    pub(super) fn follow(&mut self, next: &Next) {
        if next.drop_body {
            for name in OF_BODY {
                self.plain.remove(name);
            }
        }
        self.credentials.take_if(|(origin, _)| next.other_origin || *origin != next.url.origin());
    }

    /// What this hop has of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        let credentials = self.credentials.iter().flat_map(|(_, bound)| bound);
        self.plain.iter().chain(credentials)
    }

    pub(super) fn has(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn get(&self, name: &HeaderName) -> Option<&HeaderValue> {
        let bound = self.credentials.as_ref().and_then(|(_, bound)| bound.get(name));
        bound.or_else(|| self.plain.get(name))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.plain.len() + self.credentials.as_ref().map_or(0, |(_, bound)| bound.len())
    }
}

/// Headers that are for one origin by their name; so is every other whose value is marked sensitive.
const BOUND: [HeaderName; 4] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION, header::HOST];

/// Fetch, "request-body-header name", and what frames a body.
const OF_BODY: [HeaderName; 6] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
];

/// Location against the URL that was asked (RFC 9110 §10.2.2).
fn resolve(base: &Url, location: &HeaderValue) -> Result<Url, Fault> {
    let invalid = |why: &str| {
        fault(
            FailureKind::Redirects(RedirectFault::InvalidLocation),
            format!("the redirect's location `{}` {why}", shown(location)),
        )
    };
    let text = decoded(location.as_bytes());
    let text = text.trim();
    // The URL standard drops tabs and reads a backslash as a slash; others do not. A location on which clients
    // disagree about the host is no location.
    if text.contains(|c: char| c.is_ascii_control()) {
        return Err(invalid("contains a control character"));
    }
    let before_query = text.split(['?', '#']).next().unwrap_or_default();
    if before_query.contains('\\') {
        return Err(invalid("contains a backslash"));
    }
    if let Some((scheme, rest)) = before_query.split_once(':')
        && (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        && !rest.strip_prefix("//").is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
    {
        return Err(invalid("has no host"));
    }
    let mut target = base.join(text).map_err(|error| invalid(&format!("is not a URL: {error}")))?;
    if !matches!(target.scheme(), "http" | "https") {
        return Err(fault(
            FailureKind::Redirects(RedirectFault::UnsupportedScheme),
            format!("the redirect leads to `{}`, which is neither http nor https", shown(location)),
        )
        .remedy("`follow_redirects: false` stops at the redirect itself"));
    }
    // Names and passwords that a server wrote are not ours to use; neither call fails on an http URL.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    if target.fragment().is_none() {
        target.set_fragment(base.fragment());
    }
    Ok(target)
}

/// UTF-8 where it is, Latin-1 where not.
fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// For messages: not endless. Reports escape what a terminal would obey.
fn shown(value: &HeaderValue) -> String {
    let text = decoded(value.as_bytes());
    let mut short: String = text.chars().take(200).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn fail(what: RedirectFault, message: String) -> Decision {
    let remedy = "`follow_redirects: false` stops at the redirect itself";
    Decision::Fail(fault(FailureKind::Redirects(what), message).remedy(remedy))
}
