//! Between exchanges: the cookies a session holds.

pub mod files;
mod jar;

use std::borrow::Cow;
use std::time::SystemTime;

use ::http::HeaderValue;
use jar::Jar;
use url::{Host, Url};

use crate::http::Cookies;
pub use crate::scenario::session_action::SameSite;

/// A cookie that a session holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name, as it was received; it may be empty and need not be UTF-8.
    pub name: Vec<u8>,
    /// Its value, as it was received; it need not be UTF-8.
    pub value: Vec<u8>,
    /// The domain it is for, or the host for a host-only cookie; without a leading dot.
    pub domain: String,
    /// Whether it is sent to that host alone, not to its subdomains.
    pub host_only: bool,
    /// Its path.
    pub path: String,
    /// Whether it is sent over secure connections only.
    pub secure: bool,
    /// Whether it is kept from scripts.
    pub http_only: bool,
    /// What the server said of requests from other sites; none where it did not say.
    pub same_site: Option<SameSite>,
    /// When it expires; none is a session cookie.
    pub expires: Option<SystemTime>,
}

impl Cookie {
    /// The name as text.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// The value as text.
    #[must_use]
    pub fn value(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }
}

/// A cookie that a session did not take, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its name, as far as there is one.
    pub name: String,
    /// Why: "its Domain is `a.test` and the host is `b.test`".
    pub reason: String,
}

/// What a browser would keep between requests.
#[derive(Clone, Debug, Default)]
pub struct Session {
    jar: Jar,
    refused: Vec<Refusal>,
}

impl Session {
    /// A fresh one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The cookies that a request to this URL carries, in the order of the Cookie field.
    #[must_use]
    pub fn matching(&self, url: &Url) -> Vec<Cookie> {
        self.jar.matching(url)
    }

    /// Puts a cookie in by hand, as if the host of `url` had set it.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub fn set(&mut self, url: &Url, cookie: &Cookie) -> Result<(), String> {
        self.jar.set(url, cookie)
    }

    /// Takes cookies out by name, and by domain and path where they are given; gives how many.
    pub fn delete(&mut self, name: &str, domain: Option<&str>, path: Option<&str>) -> usize {
        let domain = domain.map(|domain| domain.trim_start_matches('.').to_lowercase());
        self.jar.delete(|cookie| {
            cookie.name == name.as_bytes()
                && domain.as_ref().is_none_or(|domain| *domain == cookie.domain)
                && path.is_none_or(|path| path == cookie.path)
        })
    }

    /// The cookies that a request to this URL does not carry, each with the reason.
    #[must_use]
    pub fn held_back(&self, url: &Url) -> Vec<(String, String)> {
        let sent = self.jar.matching(url);
        let held = self.jar.all().into_iter().filter(|cookie| !sent.contains(cookie));
        held.map(|cookie| {
            let reason = why_not_sent(&cookie, url);
            (cookie.name().into_owned(), reason)
        })
        .collect()
    }

    /// The cookies that were refused since this was asked last.
    pub fn take_refused(&mut self) -> Vec<Refusal> {
        std::mem::take(&mut self.refused)
    }
}

impl Cookies for Session {
    fn cookie_header(&mut self, url: &Url) -> Option<HeaderValue> {
        let cookies = self.jar.matching(url);
        if cookies.is_empty() {
            return None;
        }
        let pair = |cookie: &Cookie| [&cookie.name[..], b"=", &cookie.value[..]].concat();
        let field = cookies.iter().map(pair).collect::<Vec<_>>().join(&b"; "[..]);
        // Values with control characters were refused when they came.
        HeaderValue::from_bytes(&field).ok()
    }

    fn receive(&mut self, url: &Url, set_cookie: &[HeaderValue]) {
        for value in set_cookie {
            let text = String::from_utf8_lossy(value.as_bytes());
            let name = || text.split(['=', ';']).next().unwrap_or_default().trim().to_owned();
            let result = if text.contains(|c: char| c.is_control() && c != '\t') {
                Err("it holds a control character".to_owned())
            } else {
                self.jar.receive(url, &text)
            };
            if let Err(reason) = result {
                self.refused.push(Refusal { name: name(), reason });
            }
        }
    }
}

/// Why a cookie that the session holds is not sent, both sides named.
fn why_not_sent(cookie: &Cookie, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let below = host.strip_suffix(&cookie.domain).is_some_and(|rest| rest.ends_with('.'));
    if host != cookie.domain && (cookie.host_only || !below) {
        let what = if cookie.host_only { "host" } else { "Domain" };
        return format!("its {what} is {} and the request's host is {host}", cookie.domain);
    }
    if cookie.secure && url.scheme() != "https" && !is_loopback(url) {
        return "it is Secure and the request goes over http".to_owned();
    }
    format!("its Path is {} and the request's is {}", cookie.path, url.path())
}

/// Whether the host is this machine (the Secure Contexts standard's "potentially trustworthy" hosts).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    /// The Cookie field that a request to `then` carries after `from` has set these.
    #[track_caller]
    fn check(from: &str, set_cookie: &[&str], then: &str, expected: Option<&str>) {
        let mut session = Session::new();
        let values: Vec<_> =
            set_cookie.iter().map(|value| HeaderValue::from_str(value).expect(value)).collect();
        session.receive(&url(from), &values);
        let header = session.cookie_header(&url(then));
        let header = header.as_ref().map(|value| value.to_str().expect("text"));
        assert_eq!(header, expected, "{set_cookie:?}");
    }

    #[test]
    fn a_cookie_goes_back_to_where_its_attributes_say() {
        let shop = "http://shop.test/a/b";
        check(shop, &["a=1"], "http://shop.test/a/c", Some("a=1"));
        check(shop, &["a=1"], "http://shop.test/", None);
        check(shop, &["a=1; Path=/"], "http://shop.test/", Some("a=1"));
        check(shop, &["a=1; Path=/"], "http://www.shop.test/", None);
        check(shop, &["a=1; Path=/; Domain=shop.test"], "http://www.shop.test/", Some("a=1"));
        check(shop, &["a=1; Path=/; Secure"], "http://shop.test/", None);
        check(shop, &["a=1; Path=/; Secure"], "https://shop.test/", Some("a=1"));
        check(shop, &["a=1; Path=/; Domain=other.test"], "http://other.test/", None);
        check("http://a.co.uk/", &["a=1; Domain=co.uk"], "http://b.co.uk/", None);
        check("http://127.0.0.1:80/", &["a=1; Secure"], "http://127.0.0.1:80/", Some("a=1"));
        check("http://x.localhost/", &["a=1; Secure"], "http://x.localhost/", Some("a=1"));
    }

    #[test]
    fn longer_paths_come_first_then_older_cookies_and_an_update_keeps_its_place() {
        let all = ["z=1; Path=/", "a=2; Path=/", "deep=3; Path=/x", "z=4; Path=/"];
        check("http://shop.test/x", &all, "http://shop.test/x", Some("deep=3; z=4; a=2"));
    }

    #[test]
    fn an_expired_cookie_deletes_and_one_set_again_goes_last() {
        let url_text = "http://shop.test/";
        check(url_text, &["a=1", "b=2", "a=; Max-Age=0"], url_text, Some("b=2"));
        check(url_text, &["a=1", "b=2", "a=; Max-Age=0", "a=3"], url_text, Some("b=2; a=3"));
        check(url_text, &["a=1; Max-Age=0"], url_text, None);
    }

    #[test]
    fn a_cookie_that_is_held_back_says_why() {
        let mut session = Session::new();
        let values = ["p=1; Path=/shop", "s=1; Path=/; Secure", "ok=1; Path=/"];
        let values: Vec<_> = values.map(HeaderValue::from_static).into();
        session.receive(&url("http://shop.test/shop"), &values);
        let held = session.held_back(&url("http://shop.test/account"));
        let held: Vec<_> = held.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        assert_eq!(
            held,
            [
                "p: its Path is /shop and the request's is /account",
                "s: it is Secure and the request goes over http",
            ]
        );
        let held = session.held_back(&url("http://other.test/"));
        assert!(held.iter().any(|(_, why)| why == "its host is shop.test and the request's host is other.test"));
    }

    #[test]
    fn a_bad_cookie_is_refused_with_its_reason_and_the_rest_stands() {
        let mut session = Session::new();
        let values = ["a=1; Domain=other.test", "b=\x7f", "", "c=1"];
        let values: Vec<_> = values.iter().map(|v| HeaderValue::from_bytes(v.as_bytes())).collect();
        let values: Vec<_> = values.into_iter().flatten().collect();
        session.receive(&url("http://shop.test/"), &values);
        let names: Vec<_> =
            session.matching(&url("http://shop.test/")).into_iter().map(|c| c.name).collect();
        assert_eq!(names, [b"c"]);
        let refused = session.take_refused();
        assert_eq!(refused[0].reason, "its Domain is `other.test` and the host is `shop.test`");
        assert!(session.take_refused().is_empty());
    }

    #[test]
    fn cookies_are_set_and_deleted_by_hand() {
        let mut session = Session::new();
        let cookie = |name: &str, path: &str| Cookie {
            name: name.into(),
            value: "v".into(),
            domain: "shop.test".into(),
            host_only: true,
            path: path.into(),
            secure: false,
            http_only: true,
            same_site: Some(SameSite::Lax),
            expires: None,
        };
        let here = url("http://shop.test/x");
        session.set(&here, &cookie("a", "/")).expect("kept");
        session.set(&here, &cookie("a", "/x")).expect("kept");
        assert_eq!(session.matching(&here), [cookie("a", "/x"), cookie("a", "/")]);
        assert_eq!(session.delete("a", None, Some("/x")), 1);
        assert_eq!(session.delete("a", Some("shop.test"), None), 1);
        assert_eq!(session.delete("a", None, None), 0);
        assert!(session.matching(&here).is_empty());
    }
}
