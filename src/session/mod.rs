//! Between exchanges: the cookies a session holds, by RFC 6265bis, and what it did with each, with the reason.

mod date;
mod set_cookie;
mod note;
mod memory;
mod rules;
mod jar;
pub mod auth;
pub mod files;

#[cfg(test)]
mod tests;

use std::time::SystemTime;

use ::http::HeaderValue;
use jar::Jar;
use memory::Memory;
use url::Url;

pub use note::{CookieFate, CookieNote};
pub use set_cookie::SetCookie;

use crate::cookies;
pub use crate::cookies::{Cookie, Reason, SameSite};
use crate::http::Cookies;

/// The most cookies that one response sets; section 5.3 lets the others be ignored.
const MOST_OF_A_RESPONSE: usize = 50;
/// The most cookies of one site (section 6.1).
const MOST_OF_A_SITE: usize = 180;
/// The longest Cookie field, in bytes, as in curl (section 6.1).
const LONGEST_HEADER: usize = 8190;

/// What a browser would keep between requests.
#[derive(Clone, Debug, Default)]
pub struct Session {
    jar: Jar,
    notes: Vec<CookieNote>,
    /// The challenges that were answered.
    pub challenges: auth::Challenges,
    memory: Memory,
}

impl Session {
    /// A fresh one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A step of this name begins: what was done before is no news of it.
    pub fn begin(&mut self, step: &str) {
        self.notes.clear();
        self.memory.begin(step);
    }

    /// Drops everything, and remembers what; gives the cookies.
    pub fn reset(&mut self) -> Vec<Cookie> {
        self.challenges = auth::Challenges::default();
        self.notes.clear();
        self.lose_all(|_| true, &Reason::new("", "the session was reset"))
    }

    /// This session took the place of one that was reset.
    pub fn succeed(&mut self, before: Self) {
        let there = if self.jar.len() == 0 { Vec::new() } else { self.jar.all() };
        self.memory.after(before.memory, &there);
    }

    /// The cookies that a request to this URL carries, in the order of the Cookie field.
    #[must_use]
    pub fn matching(&self, url: &Url) -> Vec<Cookie> {
        self.jar.matching(url)
    }

    /// All cookies whose time is not over, in the order they were created.
    #[must_use]
    pub fn all(&self) -> Vec<Cookie> {
        let now = SystemTime::now();
        self.jar.all().into_iter().filter(|cookie| !cookie.is_expired(now)).collect()
    }

    /// Puts a cookie in by hand, as if the host of `url` had set it over a secure connection.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub fn set(&mut self, url: &Url, cookie: &Cookie) -> Result<(), String> {
        let now = SystemTime::now();
        let expires = cookie.expires.map(|at| at.min(now + rules::LONGEST_LIFE));
        let cookie = cookies::written(&Cookie { expires, ..cookie.clone() })
            .map_err(|(_, message)| message)?;
        rules::of_host(url, &cookie).map_err(|reason| reason.message)?;
        self.put(&cookie).map(|_| ())
    }

    /// Puts a cookie in that is of no origin, as from a file: its domain and whether it is for that host alone are its
    /// own. One whose time is over is dropped; says whether it is there.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub fn put(&mut self, cookie: &Cookie) -> Result<bool, String> {
        let domain = cookies::canonical(&cookie.domain)?;
        let host_only = cookie.host_only || cookies::is_address(&domain);
        let cookie = Cookie { domain, host_only, ..cookie.clone() };
        cookies::by_hand(&cookie).map_err(|(_, reason)| reason.message)?;
        let now = SystemTime::now();
        self.drop_expired(&cookie.domain, now);
        if cookie.is_expired(now) {
            self.jar.remove(&cookie);
            let at = cookie.expires.map(rules::shown).unwrap_or_default();
            let reason =
                Reason::new("5.7", format!("its time was over at {at}, before it was put in"));
            self.memory.keep(cookie, CookieFate::Expired(reason));
            return Ok(false);
        }
        let old = self.jar.insert(&cookie)?;
        self.put_down(&cookie, old);
        self.make_room(&cookie);
        Ok(true)
    }

    /// Takes cookies out by name, and by domain and path where they are given; gives them.
    pub fn delete(&mut self, name: &str, domain: Option<&str>, path: Option<&str>) -> Vec<Cookie> {
        let domain = domain.map(|domain| domain.trim_start_matches('.').to_lowercase());
        let matches = |cookie: &Cookie| {
            cookie.name == name.as_bytes()
                && domain.as_ref().is_none_or(|domain| *domain == cookie.domain)
                && path.is_none_or(|path| path == cookie.path)
        };
        self.lose_all(matches, &Reason::new("", "a step deleted it"))
    }

    /// Drops the cookies that have no expiry, as a browser does that is closed; gives them.
    pub fn close_browser(&mut self) -> Vec<Cookie> {
        let reason = "it had no expiry, and a closed browser drops such a cookie";
        self.lose_all(|cookie| cookie.expires.is_none(), &Reason::new("5.7", reason))
    }

    /// What became in earlier steps of the cookies that would have gone to this URL, and of those of its site with one of
    /// these names: lost, refused, replaced or expired.
    #[must_use]
    pub fn earlier(&self, url: &Url, names: &[&str]) -> Vec<CookieNote> {
        self.memory.earlier(url, names)
    }

    fn lose_all(&mut self, matches: impl Fn(&Cookie) -> bool, reason: &Reason) -> Vec<Cookie> {
        let taken = self.jar.take(matches);
        for cookie in &taken {
            self.lose(cookie.clone(), reason.clone());
        }
        taken
    }

    fn lose(&mut self, cookie: Cookie, reason: Reason) {
        self.memory.keep(cookie, CookieFate::Gone(reason));
    }

    /// What was done with cookies since this was asked last.
    pub fn take_notes(&mut self) -> Vec<CookieNote> {
        std::mem::take(&mut self.notes)
    }

    /// Section 5.7: cookies whose time is over are taken out.
    fn drop_expired(&mut self, host: &str, now: SystemTime) {
        for cookie in self.jar.take_expired(now) {
            let Some(at) = cookie.expires else { continue };
            let (at, now) = (rules::shown(at), rules::shown(now));
            let reason = Reason::new("5.7", format!("its time was over at {at} and it is {now}"));
            self.lose(cookie.clone(), reason.clone());
            self.note(host, &cookie, CookieFate::Expired(reason));
        }
    }

    /// One field of a response, whatever it holds, after so many that were taken in; says whether it was.
    fn take_in(&mut self, url: &Url, field: &[u8], before: usize, now: SystemTime) -> bool {
        let set = SetCookie::parse(field);
        let kept = rules::admit(url, field, &set, now).and_then(|cookie| {
            self.leave_secure_alone(url, &cookie)?;
            if before >= MOST_OF_A_RESPONSE {
                let message =
                    format!("the response set {before} cookies before it, which is the limit");
                return Err(Reason::new("5.3", message));
            }
            self.keep(url.host_str().unwrap_or_default(), &set, &cookie, now)
        });
        let is_taken = kept.is_ok();
        if let Err(reason) = kept {
            let cookie = rules::meant(url, &set);
            let fate = CookieFate::Refused(reason);
            self.note(url.host_str().unwrap_or_default(), &cookie, fate.clone());
            self.memory.keep(cookie, fate);
        }
        is_taken
    }

    /// Section 5.7, from step 23 on.
    fn keep(
        &mut self,
        host: &str,
        set: &SetCookie,
        cookie: &Cookie,
        now: SystemTime,
    ) -> Result<(), Reason> {
        if cookie.is_expired(now) {
            let had = self.jar.remove(cookie);
            self.note(host, cookie, over(set, had.is_some(), now));
            if let Some(had) = had {
                self.lose(had, Reason::new("5.7", "the server deleted it"));
            }
            return Ok(());
        }
        let old = self.jar.insert(cookie);
        let old = old.map_err(|message| Reason::new("5.7 step 10", message))?;
        let fate = self.put_down(cookie, old);
        self.note(host, cookie, fate);
        self.make_room(cookie);
        Ok(())
    }

    /// Remembers whether a cookie took the place of one with another value.
    fn put_down(&mut self, cookie: &Cookie, old: Option<Vec<u8>>) -> CookieFate {
        if old.is_some_and(|old| old != cookie.value) {
            self.memory.keep(cookie.clone(), CookieFate::Replaced);
            return CookieFate::Replaced;
        }
        self.memory.found(cookie);
        CookieFate::Stored
    }

    /// Section 5.7, step 16: who listens on an insecure connection may not hide a Secure cookie.
    fn leave_secure_alone(&self, url: &Url, cookie: &Cookie) -> Result<(), Reason> {
        if cookie.secure || rules::is_secure(url) || self.jar.len() == 0 {
            return Ok(());
        }
        match self.jar.all().into_iter().find(|kept| rules::hides(cookie, kept)) {
            Some(kept) => {
                let message = format!(
                    "it came over {} and would hide a Secure cookie of that name for {}{}",
                    url.scheme(),
                    kept.domain,
                    kept.path
                );
                Err(Reason::new("5.7 step 16", message))
            }
            None => Ok(()),
        }
    }

    /// Section 5.7: a site has so many cookies; those whose time is over went before, now go those that are not Secure,
    /// and of these the one that was used least recently.
    fn make_room(&mut self, new: &Cookie) {
        if self.jar.len() <= MOST_OF_A_SITE {
            return;
        }
        let site = cookies::site(&new.domain).to_owned();
        // A file may bring thousands of other sites: none of them is looked at for each cookie.
        if self.jar.count_ending(&site) <= MOST_OF_A_SITE {
            return;
        }
        let is_of_site = |cookie: &Cookie| cookies::site(&cookie.domain) == site;
        let mut here = self.jar.all();
        here.retain(is_of_site);
        if here.len() > MOST_OF_A_SITE {
            let any_insecure = here.iter().any(|cookie| !cookie.secure);
            let may_go = |cookie: &Cookie| is_of_site(cookie) && !(any_insecure && cookie.secure);
            let Some(cookie) = self.jar.least_used(may_go) else { return };
            self.jar.remove(&cookie);
            let what = if any_insecure { " of those that are not Secure" } else { "" };
            let message = format!(
                "{site} has {} cookies, the limit is {MOST_OF_A_SITE}, and it was not used for longest{what}",
                here.len()
            );
            let reason = Reason::new("5.7", message);
            self.note(&new.domain, &cookie, CookieFate::Evicted(reason.clone()));
            self.lose(cookie, reason);
        }
    }

    /// The Cookie field of these cookies, as far as they fit into one (section 5.8.3, step 4).
    fn send(&mut self, host: &str, mut cookies: Vec<Cookie>) -> Vec<u8> {
        let mut field = Vec::new();
        cookies.retain(|cookie| {
            let pair = cookie.pair();
            let between: &[u8] = if field.is_empty() { b"" } else { b"; " };
            let length = field.len() + between.len() + pair.len();
            if length > LONGEST_HEADER {
                let message = format!(
                    "with it the Cookie header has {length} bytes and the limit is {LONGEST_HEADER}"
                );
                self.note(host, cookie, CookieFate::HeldBack(Reason::new("6.1", message)));
                return false;
            }
            field.extend(between);
            field.extend(pair);
            self.note(host, cookie, CookieFate::Sent);
            true
        });
        self.jar.touch(&cookies);
        field
    }

    fn note(&mut self, host: &str, cookie: &Cookie, fate: CookieFate) {
        let is_foreign =
            host != cookie.domain && cookies::site(host) != cookies::site(&cookie.domain);
        let host = host.to_owned();
        self.remember(CookieNote { is_foreign, host, ..CookieNote::new(&cookie.name, fate) });
    }

    /// What is so at several hops of an exchange is told once.
    fn remember(&mut self, note: CookieNote) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

impl Cookies for Session {
    fn cookie_header(&mut self, url: &Url) -> Option<HeaderValue> {
        if self.jar.len() == 0 {
            return None;
        }
        let host = url.host_str().unwrap_or_default();
        self.drop_expired(host, SystemTime::now());
        let matching = self.jar.matching(url);
        let others = if matching.len() < self.jar.len() { self.jar.all() } else { Vec::new() };
        let field = self.send(host, matching);
        for cookie in others {
            if let Some(reason) = rules::held_back(&cookie, url) {
                self.note(host, &cookie, CookieFate::HeldBack(reason));
            }
        }
        // Names and values with control characters were refused when they came.
        if field.is_empty() { None } else { HeaderValue::from_bytes(&field).ok() }
    }

    fn passed_over(&mut self, url: &Url) {
        let host = url.host_str().unwrap_or_default();
        let matching = self.jar.matching(url);
        if matching.is_empty() {
            let host = host.to_owned();
            self.remember(CookieNote { host, ..CookieNote::new(b"", CookieFate::PassedOver) });
        }
        for cookie in matching {
            let reason = Reason::new("5.8.1", "the request has a Cookie header of its own");
            self.note(host, &cookie, CookieFate::HeldBack(reason));
        }
    }

    fn receive(&mut self, url: &Url, set_cookie: &[&[u8]]) {
        let now = SystemTime::now();
        self.drop_expired(url.host_str().unwrap_or_default(), now);
        let mut taken = 0;
        for field in set_cookie {
            taken += usize::from(self.take_in(url, field, taken, now));
        }
    }
}

/// The fate of a cookie that came with its time over already: the server deletes what there is of it.
fn over(set: &SetCookie, had: bool, now: SystemTime) -> CookieFate {
    let message = match (set.max_age, set.expires) {
        (Some(seconds), _) => format!("its Max-Age is {seconds}"),
        (None, Some(at)) => {
            format!("its Expires is {} and it is {}", rules::shown(at), rules::shown(now))
        }
        (None, None) => "its time is over".to_owned(),
    };
    let reason = Reason::new("5.7", message);
    if had { CookieFate::Deleted(reason) } else { CookieFate::Expired(reason) }
}
