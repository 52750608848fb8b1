//! The wall around `cookie_store`: what it stores and matches, in the order that RFC 6265 asks for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::SystemTime;

use cookie_store::{CookieDomain, CookieError, CookieExpiration, CookieStore, RawCookie};
use url::Url;

use super::{Cookie, SameSite};

/// Cookies with the order of their arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar {
    store: CookieStore,
    /// When each came, by domain, path and name; an update keeps its place (RFC 6265 section 5.3, step 11.3).
    created: HashMap<Key, u64>,
    next: u64,
}

type Key = (String, String, String);
type Stored = cookie_store::Cookie<'static>;

impl Jar {
    /// Takes the value of a Set-Cookie field; the error says why the cookie is refused.
    pub(super) fn receive(&mut self, url: &Url, set_cookie: &str) -> Result<(), String> {
        let cookie = RawCookie::parse(set_cookie)
            .map_err(|_| "it has no name and value".to_owned())?
            .into_owned();
        self.insert(url, cookie)
    }

    /// Takes a cookie that is not from a response.
    pub(super) fn set(&mut self, url: &Url, cookie: &Cookie) -> Result<(), String> {
        let mut builder =
            RawCookie::build((cookie.name().into_owned(), cookie.value().into_owned()))
                .path(cookie.path.clone())
                .secure(cookie.secure)
                .http_only(cookie.http_only);
        if !cookie.host_only {
            if is_public_suffix(&cookie.domain) {
                return Err(format!(
                    "its Domain `{}` is a public suffix, shared by many sites",
                    cookie.domain
                ));
            }
            builder = builder.domain(cookie.domain.clone());
        }
        if let Some(same_site) = cookie.same_site {
            builder = builder.same_site(match same_site {
                SameSite::Strict => cookie::SameSite::Strict,
                SameSite::Lax => cookie::SameSite::Lax,
                SameSite::None => cookie::SameSite::None,
            });
        }
        if let Some(expires) = cookie.expires {
            builder = builder.expires(time::OffsetDateTime::from(expires));
        }
        self.insert(url, builder.build())
    }

    fn insert(&mut self, url: &Url, mut cookie: RawCookie<'static>) -> Result<(), String> {
        refuse_public_suffix(url, &mut cookie)?;
        let cookie = Stored::try_from_raw_cookie(&cookie, url)
            .map_err(|error| reason(error, &cookie, url))?
            .into_owned();
        let key = key(&cookie);
        let raw = RawCookie::clone(&cookie);
        match self.store.insert(cookie, url) {
            Ok(_) => {}
            // A cookie that is expired and not there to be deleted: nothing to do.
            Err(CookieError::Expired) => return Ok(()),
            Err(error) => return Err(reason(error, &raw, url)),
        }
        if self.store.contains(&key.0, &key.1, &key.2) {
            let next = self.next;
            self.created.entry(key).or_insert(next);
            self.next += 1;
        } else {
            self.created.remove(&key);
            self.store.remove(&key.0, &key.1, &key.2);
        }
        Ok(())
    }

    /// The cookies that a request to this URL carries: longer paths first, then older first
    /// (RFC 6265 section 5.4, step 2).
    pub(super) fn matching(&self, url: &Url) -> Vec<Cookie> {
        let url = as_secure(url);
        let mut found: Vec<&Stored> = self.store.matches(&url);
        found.sort_by_cached_key(|cookie| self.rank(cookie));
        found.into_iter().map(view).collect()
    }

    /// All cookies that are not expired, in the order they would be sent.
    pub(super) fn all(&self) -> Vec<Cookie> {
        let mut found: Vec<&Stored> = self.store.iter_unexpired().collect();
        found.sort_by_cached_key(|cookie| self.rank(cookie));
        found.into_iter().map(view).collect()
    }

    fn rank(&self, cookie: &Stored) -> (std::cmp::Reverse<usize>, u64) {
        let created = self.created.get(&key(cookie)).copied().unwrap_or(u64::MAX);
        (std::cmp::Reverse(cookie.path.len()), created)
    }

    /// Takes cookies out; gives how many.
    pub(super) fn delete(&mut self, matches: impl Fn(&Cookie) -> bool) -> usize {
        let doomed: Vec<Key> =
            self.store.iter_any().filter(|cookie| matches(&view(cookie))).map(key).collect();
        for (domain, path, name) in &doomed {
            self.store.remove(domain, path, name);
        }
        for key in &doomed {
            self.created.remove(key);
        }
        doomed.len()
    }
}

/// RFC 6265bis section 5.7, step 9: a public suffix is no domain, but for the host that is one itself.
fn refuse_public_suffix(url: &Url, cookie: &mut RawCookie<'static>) -> Result<(), String> {
    let Some(domain) = cookie.domain().map(|domain| domain.trim_start_matches('.').to_lowercase())
    else {
        return Ok(());
    };
    if !is_public_suffix(&domain) {
        return Ok(());
    }
    if url.host_str() == Some(domain.as_str()) {
        cookie.unset_domain();
        return Ok(());
    }
    Err(format!("its Domain `{domain}` is a public suffix, shared by many sites"))
}

fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes())
        .is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == domain.as_bytes())
}

fn key(cookie: &Stored) -> Key {
    let domain = cookie.domain.as_cow().unwrap_or_default().into_owned();
    (domain, cookie.path.as_ref().to_owned(), cookie.name().to_owned())
}

fn view(cookie: &Stored) -> Cookie {
    let expires = match cookie.expires {
        CookieExpiration::AtUtc(at) => Some(SystemTime::from(at)),
        CookieExpiration::SessionEnd => None,
    };
    Cookie {
        name: cookie.name().into(),
        value: cookie.value().into(),
        domain: cookie.domain.as_cow().unwrap_or_default().into_owned(),
        host_only: matches!(cookie.domain, CookieDomain::HostOnly(_)),
        path: cookie.path.as_ref().to_owned(),
        secure: cookie.secure().unwrap_or(false),
        http_only: cookie.http_only().unwrap_or(false),
        same_site: cookie.same_site().map(|same_site| match same_site {
            cookie::SameSite::Strict => SameSite::Strict,
            cookie::SameSite::Lax => SameSite::Lax,
            cookie::SameSite::None => SameSite::None,
        }),
        expires,
    }
}

/// Loopback counts as secure, as in browsers: there, Secure cookies are sent over http too.
fn as_secure(url: &Url) -> Cow<'_, Url> {
    let loopback = super::is_loopback(url);
    let mut secure = Cow::Borrowed(url);
    if loopback && url.scheme() == "http" {
        let port = url.port_or_known_default();
        let url = secure.to_mut();
        // Both schemes are special, so that neither call can fail; the port is not part of the match.
        let _ = url.set_scheme("https");
        let _ = url.set_port(port);
    }
    secure
}

fn reason(error: CookieError, cookie: &RawCookie<'_>, url: &Url) -> String {
    let domain = cookie.domain().unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    match error {
        CookieError::DomainMismatch => format!("its Domain is `{domain}` and the host is `{host}`"),
        CookieError::Expired => "it is expired".to_owned(),
        CookieError::UnspecifiedDomain | CookieError::NonRelativeScheme => {
            "its Domain is empty".to_owned()
        }
        CookieError::NonHttpScheme => format!("it is HttpOnly and came over `{}`", url.scheme()),
        CookieError::Parse => "it is no cookie".to_owned(),
    }
}
