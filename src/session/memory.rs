//! What a session remembers of cookies that it lost, or never kept: a later step may fail for it.

use std::collections::VecDeque;
use std::sync::Arc;

use url::Url;

use super::{Cookie, CookieFate, CookieNote, rules};
use crate::cookies;

/// So many are remembered.
const MOST: usize = 50;

/// What became of cookies, each by its last fate; the latest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The step under way.
    step: Arc<str>,
    kept: VecDeque<Remembered>,
}

#[derive(Clone, Debug)]
struct Remembered {
    cookie: Cookie,
    fate: CookieFate,
    step: Arc<str>,
    /// Whether it happened in the step under way, which tells it itself.
    is_news: bool,
}

impl Memory {
    /// A step of this name begins.
    pub(super) fn begin(&mut self, step: &str) {
        self.step = step.into();
        self.kept.iter_mut().for_each(|one| one.is_news = false);
    }

    /// This became of a cookie.
    pub(super) fn keep(&mut self, cookie: Cookie, fate: CookieFate) {
        self.forget(&cookie);
        if self.kept.len() == MOST {
            self.kept.pop_front();
        }
        self.kept.push_back(Remembered {
            cookie,
            fate,
            step: Arc::clone(&self.step),
            is_news: true,
        });
    }

    /// The cookie is there again.
    pub(super) fn forget(&mut self, cookie: &Cookie) {
        self.kept
            .retain(|one| one.cookie.name != cookie.name || one.cookie.domain != cookie.domain);
    }

    /// It was set, with the value that it has: that it was replaced before stays so.
    pub(super) fn found(&mut self, cookie: &Cookie) {
        let same =
            |one: &Remembered| one.cookie.name == cookie.name && one.cookie.domain == cookie.domain;
        self.kept.retain(|one| !same(one) || one.fate == CookieFate::Replaced);
    }

    /// What was before it, of cookies that are not there again.
    pub(super) fn after(&mut self, mut before: Self, there: &[Cookie]) {
        there.iter().for_each(|cookie| before.forget(cookie));
        for Remembered { cookie, fate, step, is_news } in self.kept.drain(..) {
            before.forget(&cookie);
            before.kept.push_back(Remembered { cookie, fate, step, is_news });
        }
        self.kept = before.kept;
    }

    /// What became in earlier steps of the cookies that would have gone to this URL, and of those of its site with one of
    /// these names.
    pub(super) fn earlier(&self, url: &Url, names: &[&str]) -> Vec<CookieNote> {
        let site = cookies::site(url.host_str().unwrap_or_default());
        let concerns = |cookie: &Cookie| {
            // That it is Secure is no reason to keep silent on it.
            let cookie = Cookie { secure: false, ..cookie.clone() };
            rules::held_back(&cookie, url).is_none()
                || cookies::site(&cookie.domain) == site && names.contains(&cookie.name().as_ref())
        };
        let earlier = self.kept.iter().filter(|one| !one.is_news && concerns(&one.cookie));
        earlier
            .map(|one| CookieNote {
                step: Some(one.step.to_string()),
                ..CookieNote::new(&one.cookie.name, one.fate.clone())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::Session;
    use super::*;
    use crate::http::Cookies as _;

    const HERE: &str = "http://shop.test/shop/cart";

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn receive(session: &mut Session, step: &str, fields: &[&str]) {
        session.begin(step);
        let fields: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
        session.receive(&url(HERE), &fields);
    }

    /// `a is gone, One: a step deleted it`
    fn told(session: &Session, url: &Url, names: &[&str]) -> Vec<String> {
        let told = |note: CookieNote| {
            let reason = note.fate.reason().map(|reason| reason.message.as_str()).unwrap_or("-");
            let step = note.step.as_deref().unwrap_or("?");
            format!("{} {}, {step}: {reason}", note.name, note.fate.verb())
        };
        session.earlier(url, names).into_iter().map(told).collect()
    }

    #[test]
    fn what_became_of_a_cookie_is_remembered_until_it_is_there_again() {
        let mut session = Session::new();
        let here = url(HERE);
        receive(&mut session, "One", &["a=1; Path=/", "b=1; Max-Age=60", "c=1", "d=1; Max-Age=60"]);
        session.begin("Two");
        session.delete("c", None, None);
        session.close_browser();
        receive(
            &mut session,
            "Three",
            &["b=; Max-Age=0", "r=1; Domain=other.test", "d=2; Max-Age=60"],
        );
        assert_eq!(told(&session, &here, &[]).len(), 2, "what is news is told by the step itself");
        session.begin("Four");
        let expected = [
            "c is gone, Two: a step deleted it",
            "a is gone, Two: it had no expiry, and a closed browser drops such a cookie",
            "b is gone, Three: the server deleted it",
            "r was refused, Three: its Domain is `other.test` and the host is `shop.test`",
            "d was replaced, Three: -",
        ];
        assert_eq!(told(&session, &here, &[]), expected);
        // Of other paths and hosts nothing is told, but where it is asked for by name.
        assert_eq!(told(&session, &url("http://shop.test/account"), &[]), [expected[1]]);
        assert_eq!(
            told(&session, &url("http://shop.test/account"), &["r"]),
            [expected[1], expected[3]]
        );
        assert!(told(&session, &url("http://other.test/"), &["r"]).is_empty());
        receive(&mut session, "Five", &["a=2; Path=/", "r=1", "d=2; Max-Age=60"]);
        session.begin("Six");
        assert_eq!(told(&session, &here, &[]), [expected[0], expected[2], expected[4]]);
    }

    #[test]
    fn a_reset_drops_cookies_that_the_next_session_may_have_again() {
        let mut session = Session::new();
        receive(&mut session, "One", &["a=1", "b=1"]);
        session.begin("Reset");
        assert_eq!(session.reset().len(), 2);
        let mut next = Session::new();
        receive(&mut next, "Sign in", &["b=2", "c=1; Secure; Domain=test"]);
        next.succeed(session);
        next.begin("Two");
        let expected = [
            "a is gone, Reset: the session was reset",
            "c was refused, Sign in: its Domain `test` is a public suffix, shared by many sites",
        ];
        assert_eq!(told(&next, &url(HERE), &[]), expected);
    }

    #[test]
    fn what_a_step_puts_in_is_remembered_where_it_is_expired_or_replaces() {
        let mut session = Session::new();
        session.begin("Load");
        let cookie = Cookie {
            name: "old".into(),
            value: "v".into(),
            domain: "shop.test".into(),
            host_only: true,
            path: "/".into(),
            secure: true,
            http_only: false,
            same_site: None,
            expires: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1)),
        };
        assert_eq!(session.put(&cookie), Ok(false));
        session.begin("Two");
        let expected = "old has expired, Load: its time was over at 1970-01-01 00:00:01 UTC, before it was put in";
        assert_eq!(told(&session, &url(HERE), &[]), [expected]);
        let valid = Cookie { expires: None, ..cookie };
        assert_eq!(session.put(&valid), Ok(true));
        session.begin("Three");
        assert!(told(&session, &url(HERE), &[]).is_empty());
        // A value that a step puts in place of another counts as one that a server sets.
        assert_eq!(session.put(&Cookie { value: "w".into(), ..valid }), Ok(true));
        session.begin("Four");
        assert_eq!(told(&session, &url(HERE), &[]), ["old was replaced, Three: -"]);
    }
}
