//! The wall around `cookie_store`, which stores and matches. Its strings hold our bytes, one character for each
//! (the isomorphic encoding of the Infra standard).

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::SystemTime;

use cookie_store::{CookieDomain, CookieExpiration, CookiePath, CookieStore, RawCookie};
use url::Url;

use super::{Cookie, SameSite, rules};

/// Cookies with their age. A cookie is known by its name, domain, path, and whether it is for the host alone
/// (RFC 6265bis section 5.7, step 23); `cookie_store` does not know the last, so that there are two of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar {
    host_only: CookieStore,
    with_subdomains: CookieStore,
    ages: HashMap<Key, Age>,
    clock: u64,
}

/// What one cookie is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    host_only: bool,
    domain: String,
    path: String,
    name: String,
}

/// The creation-time and last-access-time of section 5.7, in ticks of the jar's own clock.
#[derive(Clone, Copy, Debug)]
struct Age {
    created: u64,
    used: u64,
}

type Stored = cookie_store::Cookie<'static>;

impl Jar {
    /// Puts a cookie in and gives the value of the one whose place it takes. An update is as old as what it updates
    /// (section 5.7, step 23.3).
    ///
    /// # Errors
    /// Why its domain or path is none.
    pub(super) fn insert(&mut self, cookie: &Cookie) -> Result<Option<Vec<u8>>, String> {
        let no_host = || format!("its domain `{}` is no host", cookie.domain);
        let url = Url::parse(&format!("https://{}/", cookie.domain)).map_err(|_| no_host())?;
        if url.host_str() != Some(cookie.domain.as_str()) {
            return Err(no_host());
        }
        let raw = RawCookie::build((text(&cookie.name), text(&cookie.value)))
            .secure(cookie.secure)
            .http_only(cookie.http_only);
        let raw = match cookie.same_site {
            Some(SameSite::Strict) => raw.same_site(cookie::SameSite::Strict),
            Some(SameSite::Lax) => raw.same_site(cookie::SameSite::Lax),
            Some(SameSite::None) => raw.same_site(cookie::SameSite::None),
            None => raw,
        };
        let mut stored =
            Stored::try_from_raw_cookie(&raw.build(), &url).map_err(|error| error.to_string())?;
        stored.domain = match cookie.host_only {
            true => CookieDomain::HostOnly(cookie.domain.clone()),
            false => CookieDomain::Suffix(cookie.domain.clone()),
        };
        stored.path = CookiePath::parse(&cookie.path)
            .ok_or_else(|| format!("its path `{}` does not begin with `/`", cookie.path))?;
        stored.expires = match cookie.expires {
            Some(at) => CookieExpiration::AtUtc(rules::moment(at)),
            None => CookieExpiration::SessionEnd,
        };
        let key = Key::of(&stored);
        let store = self.store(key.host_only);
        let old = store.remove(&key.domain, &key.path, &key.name);
        store.insert(stored, &url).map_err(|error| error.to_string())?;
        self.clock += 1;
        let now = self.clock;
        self.ages.entry(key).or_insert(Age { created: now, used: now }).used = now;
        Ok(old.map(|old| bytes(old.value())))
    }

    /// Takes one cookie out: the one of this name, domain and path.
    pub(super) fn remove(&mut self, cookie: &Cookie) -> Option<Cookie> {
        let key = Key::of_ours(cookie);
        self.ages.remove(&key);
        let removed = self.store(key.host_only).remove(&key.domain, &key.path, &key.name)?;
        Some(view(&removed))
    }

    /// Takes out those whose time is over.
    pub(super) fn take_expired(&mut self, now: SystemTime) -> Vec<Cookie> {
        let moment = rules::moment(now);
        if !self.everything().any(|cookie| cookie.expires_by(&moment)) {
            return Vec::new();
        }
        self.take(|cookie| cookie.is_expired(now))
    }

    /// Takes cookies out; gives them, the oldest first.
    pub(super) fn take(&mut self, matches: impl Fn(&Cookie) -> bool) -> Vec<Cookie> {
        let mut doomed: Vec<(u64, Cookie)> =
            self.everything().map(|cookie| (self.age(cookie).created, view(cookie))).collect();
        doomed.retain(|(_, cookie)| matches(cookie));
        doomed.sort_by_key(|(created, _)| *created);
        doomed.into_iter().filter_map(|(_, cookie)| self.remove(&cookie)).collect()
    }

    /// The cookies for a request to this URL: longer paths first, then older ones (section 5.8.3, step 2).
    pub(super) fn matching(&self, url: &Url) -> Vec<Cookie> {
        if self.ages.is_empty() {
            return Vec::new();
        }
        let url = as_secure(url);
        let mut found = self.host_only.matches(&url);
        found.extend(self.with_subdomains.matches(&url));
        found.sort_by_cached_key(|cookie| {
            (std::cmp::Reverse(cookie.path.len()), self.age(cookie).created)
        });
        found.into_iter().map(view).collect()
    }

    /// All cookies, also those whose time is over, in the order they were created.
    pub(super) fn all(&self) -> Vec<Cookie> {
        let mut all: Vec<&Stored> = self.everything().collect();
        all.sort_by_cached_key(|cookie| self.age(cookie).created);
        all.into_iter().map(view).collect()
    }

    /// How many are of this host, or of one whose name ends so.
    pub(super) fn count_ending(&self, end: &str) -> usize {
        self.ages.keys().filter(|key| key.domain.ends_with(end)).count()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ages.len()
    }

    /// Notes that these were used.
    pub(super) fn touch(&mut self, cookies: &[Cookie]) {
        self.clock += 1;
        for cookie in cookies {
            if let Some(age) = self.ages.get_mut(&Key::of_ours(cookie)) {
                age.used = self.clock;
            }
        }
    }

    /// The one of these that was used least recently.
    pub(super) fn least_used(&self, matches: impl Fn(&Cookie) -> bool) -> Option<Cookie> {
        let candidates = self.everything().map(|cookie| (self.age(cookie), view(cookie)));
        let (_, cookie) = candidates
            .filter(|(_, cookie)| matches(cookie))
            .min_by_key(|(age, _)| (age.used, age.created))?;
        Some(cookie)
    }

    fn everything(&self) -> impl Iterator<Item = &Stored> {
        self.host_only.iter_any().chain(self.with_subdomains.iter_any())
    }

    fn store(&mut self, host_only: bool) -> &mut CookieStore {
        if host_only { &mut self.host_only } else { &mut self.with_subdomains }
    }

    fn age(&self, cookie: &Stored) -> Age {
        let unknown = Age { created: u64::MAX, used: 0 };
        self.ages.get(&Key::of(cookie)).copied().unwrap_or(unknown)
    }
}

impl Key {
    fn of(cookie: &Stored) -> Self {
        Self {
            host_only: matches!(cookie.domain, CookieDomain::HostOnly(_)),
            domain: cookie.domain.as_cow().unwrap_or_default().into_owned(),
            path: cookie.path.as_ref().to_owned(),
            name: cookie.name().to_owned(),
        }
    }

    fn of_ours(cookie: &Cookie) -> Self {
        Self {
            host_only: cookie.host_only,
            domain: cookie.domain.clone(),
            path: cookie.path.clone(),
            name: text(&cookie.name),
        }
    }
}

fn view(cookie: &Stored) -> Cookie {
    Cookie {
        name: bytes(cookie.name()),
        value: bytes(cookie.value()),
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
        expires: match cookie.expires {
            CookieExpiration::AtUtc(at) => Some(SystemTime::from(at)),
            CookieExpiration::SessionEnd => None,
        },
    }
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The inverse of [`text`].
fn bytes(text: &str) -> Vec<u8> {
    text.chars().filter_map(|c| u8::try_from(c).ok()).collect()
}

/// What counts as secure is not `cookie_store`'s to say: it knows https alone, but for some names of this machine.
fn as_secure(url: &Url) -> Cow<'_, Url> {
    let mut secure = Cow::Borrowed(url);
    if rules::is_secure(url) && url.scheme() == "http" {
        let port = url.port_or_known_default();
        let url = secure.to_mut();
        // Both schemes are special, so that neither call can fail; the port is not part of the match.
        let _ = url.set_scheme("https");
        let _ = url.set_port(port);
    }
    secure
}
