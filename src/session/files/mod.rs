//! Cookies in files: what other programs keep in theirs, and callsheet's own format.

mod json;
mod lwp;
mod netscape;
mod store;

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use url::Host;

use super::Cookie;
pub use crate::scenario::session_action::JarFormat;
pub use store::store;

/// A cookie of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line it begins on, from 1.
    pub line: usize,
    /// The cookie.
    pub cookie: Cookie,
}

/// What is wrong with a file; the text of the line is not part of it, for it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it: "it has 3 fields".
    pub message: String,
}

/// Reads a file; the cookies come in its order.
///
/// # Errors
/// The first line that is wrong.
pub fn read(format: JarFormat, bytes: &[u8]) -> Result<Vec<Entry>, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let entries = match format {
        JarFormat::Netscape => netscape::read(bytes)?,
        JarFormat::Lwp => lwp::read(bytes)?,
        JarFormat::Json => json::read(bytes)?,
    };
    for Entry { line, cookie } in &entries {
        sound(cookie).map_err(|message| Problem { line: *line, message })?;
    }
    Ok(entries)
}

/// Writes a file with these cookies, in their order; times in whole seconds.
///
/// # Errors
/// Names the first cookie that the format cannot hold, and says why.
pub fn write(format: JarFormat, cookies: &[Cookie]) -> Result<Vec<u8>, String> {
    let refused = |cookie: &Cookie, why: String| {
        format!("cookie `{}` cannot stand in such a file: {why}", cookie.name())
    };
    for cookie in cookies {
        let wrong = sound(cookie).and_then(|()| match format {
            JarFormat::Netscape => netscape::holds(cookie),
            JarFormat::Lwp => lwp::holds(cookie),
            JarFormat::Json => Ok(()),
        });
        wrong.map_err(|why| refused(cookie, why))?;
    }
    match format {
        JarFormat::Netscape => Ok(netscape::write(cookies)),
        JarFormat::Lwp => lwp::write(cookies),
        JarFormat::Json => json::write(cookies),
    }
}

/// What no cookie can be, whatever the format (RFC 6265bis section 5.6): a break would end the line or the header.
fn sound(cookie: &Cookie) -> Result<(), String> {
    let control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if cookie.name.is_empty() && cookie.value.is_empty() {
        return Err("it has neither a name nor a value".to_owned());
    }
    let (name, value, path) = (&cookie.name[..], &cookie.value[..], cookie.path.as_bytes());
    for (what, bytes, ends) in
        [("name", name, &b";="[..]), ("value", value, b";"), ("path", path, b";")]
    {
        if bytes.iter().any(control) {
            return Err(format!("its {what} holds a control character"));
        }
        if let Some(end) = bytes.iter().find(|byte| ends.contains(byte)) {
            return Err(format!("its {what} holds a `{}`", char::from(*end)));
        }
    }
    if !cookie.path.starts_with('/') {
        return Err("its path does not begin with `/`".to_owned());
    }
    Ok(())
}

/// The numbered lines of a file, with either line end.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).enumerate().map(|(n, l)| (n + 1, l))
}

/// A host as URLs have it. An address has no subdomains: with a dot before it, it is still for that host alone.
fn host(text: &str, host_only: bool) -> Result<(String, bool), String> {
    let text = match text.parse::<std::net::Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => text.to_owned(),
    };
    match Host::parse(&text).map_err(|_| "its domain is no host".to_owned())? {
        Host::Domain(name) => Ok((name, host_only)),
        address => Ok((address.to_string(), true)),
    }
}

/// The last second that four digits for the year can say; what is later is as good as this.
const LAST: i64 = 253_402_300_799;

/// A time in whole seconds since 1970, never the 0 that means a session cookie to others.
fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(since).unwrap_or(LAST).clamp(1, LAST)
}

/// The time that is this many seconds after 1970.
fn time(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.clamp(1, LAST).unsigned_abs())
}

/// As RFC 3339 writes it.
fn rfc3339(at: SystemTime) -> Result<String, String> {
    OffsetDateTime::from_unix_timestamp(seconds(at))
        .map_err(|error| error.to_string())?
        .format(&time::format_description::well_known::Rfc3339)
        .map_err(|error| error.to_string())
}

/// Reads what [`rfc3339`] writes, and its kin.
fn from_rfc3339(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
        .ok()
        .map(|at| time(at.unix_timestamp()))
}

#[cfg(test)]
mod testing {
    use super::*;
    use crate::session::SameSite;

    /// A file as it comes, and its cookies, each as one line: `name=value domain path`, and what else it has.
    #[track_caller]
    pub(super) fn reads(format: JarFormat, file: &[u8], expected: &[&str]) {
        let entries = read(format, file).expect("a good file");
        let shown: Vec<String> = entries.iter().map(|entry| show(&entry.cookie)).collect();
        assert_eq!(shown, expected, "{}", String::from_utf8_lossy(file));
    }

    /// A file with something wrong: `line: message`.
    #[track_caller]
    pub(super) fn refuses(format: JarFormat, file: &[u8], expected: &str) {
        let problem = read(format, file).expect_err(expected);
        assert_eq!(format!("{}: {}", problem.line, problem.message), expected);
    }

    fn show(cookie: &Cookie) -> String {
        let (name, value) = (cookie.name.escape_ascii(), cookie.value.escape_ascii());
        let dot = if cookie.host_only { "" } else { "." };
        let mut text = format!("{name}={value} {dot}{} {}", cookie.domain, cookie.path);
        text.push_str(if cookie.secure { " secure" } else { "" });
        text.push_str(if cookie.http_only { " http_only" } else { "" });
        text.extend(cookie.same_site.map(|same_site| format!(" {}", same_site.name())));
        text.extend(cookie.expires.map(|at| format!(" {}", seconds(at))));
        text
    }

    /// A cookie of `shop.test` with this name and value and nothing else.
    pub(super) fn cookie(name: &[u8], value: &[u8]) -> Cookie {
        Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: "shop.test".to_owned(),
            host_only: true,
            path: "/".to_owned(),
            secure: false,
            http_only: false,
            same_site: None,
            expires: None,
        }
    }

    /// One with everything that there is.
    pub(super) fn full() -> Cookie {
        Cookie {
            domain: "localhost".to_owned(),
            host_only: false,
            path: "/a b".to_owned(),
            secure: true,
            http_only: true,
            same_site: Some(SameSite::Lax),
            expires: Some(time(2_145_916_800)),
            ..cookie(b"id", b"a \"b\\\" = c")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::testing::cookie;
    use super::*;
    use crate::session::SameSite;

    #[track_caller]
    fn check(format: JarFormat, cookie: &Cookie, expected: &str) {
        let error = write(format, std::slice::from_ref(cookie)).expect_err(expected);
        let (_, why) = error.split_once(" cannot stand in such a file: ").expect("why");
        assert_eq!(why, expected, "{error}");
    }

    #[test]
    fn what_a_format_cannot_hold_is_said_and_not_lost() {
        use JarFormat::{Json, Lwp, Netscape};
        let at = |domain: &str| Cookie { domain: domain.to_owned(), ..cookie(b"a", b"1") };
        let tab = "its value holds a tab, which separates the fields";
        check(Netscape, &cookie(b"a", b"1\t2"), tab);
        check(
            Netscape,
            &at("localhost.local"),
            "its host `localhost.local` means `localhost` there",
        );
        check(Lwp, &cookie(b"a,b", b"1"), "its name holds a `,`");
        check(Lwp, &cookie(b"a\xa0b", b"1"), "its name holds a `\\u00a0`");
        check(Lwp, &cookie(b"", b"a=b"), "its value, without a name, holds a `=`");
        check(Lwp, &at("printer.local"), "its host `printer.local` means `printer` there");
        for format in [Netscape, Lwp, Json] {
            check(format, &cookie(b"a", b"1\n2"), "its value holds a control character");
            check(format, &cookie(b"a=b", b"1"), "its name holds a `=`");
            check(format, &cookie(b"", b""), "it has neither a name nor a value");
        }
    }

    #[test]
    fn times_are_whole_seconds_and_never_the_zero_of_a_session_cookie() {
        let at = |millis| Some(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
        for format in [JarFormat::Netscape, JarFormat::Lwp, JarFormat::Json] {
            for (millis, expected) in [(1_999, 1), (0, 1), (5_000, 5), (u64::MAX, LAST)] {
                let file = write(format, &[Cookie { expires: at(millis), ..cookie(b"a", b"1") }]);
                let entries = read(format, &file.expect("it is held")).expect("a good file");
                assert_eq!(entries[0].cookie.expires, Some(time(expected)), "{format:?} {millis}");
            }
        }
    }

    fn any_cookie() -> impl Strategy<Value = Cookie> {
        let byte = || any::<u8>().prop_filter("a value's", |b| !b.is_ascii_control() && *b != b';');
        let bytes = || vec(prop_oneof![byte(), Just(b'"'), Just(b'\\'), Just(b' ')], 0..8);
        let name = vec(byte().prop_filter("a name's", |byte| *byte != b'='), 0..5);
        let same_site =
            prop_oneof![Just(SameSite::Strict), Just(SameSite::Lax), Just(SameSite::None)];
        let domain = prop_oneof!["[a-z]{1,5}(\\.[a-z]{2,4}){0,2}", "127\\.0\\.0\\.1", "\\[::1\\]"];
        let rest = (any::<[bool; 3]>(), option::of(same_site), option::of(1..LAST));
        (name, bytes(), domain, "/[a-z é/\"]{0,5}", rest).prop_map(
            |(name, value, domain, path, ([host_only, secure, http_only], same_site, expires))| {
                let host_only = host_only || domain.contains(['1', '[']);
                let expires = expires.map(time);
                Cookie {
                    name,
                    value,
                    domain,
                    host_only,
                    path,
                    secure,
                    http_only,
                    same_site,
                    expires,
                }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_again_or_refused(mut cookies in vec(any_cookie(), 0..4)) {
            for format in [JarFormat::Json, JarFormat::Lwp, JarFormat::Netscape] {
                cookies.retain(|cookie| write(format, std::slice::from_ref(cookie)).is_ok());
                let file = write(format, &cookies).expect("each is held");
                let again: Vec<Cookie> =
                    read(format, &file).expect("a good file").into_iter().map(|e| e.cookie).collect();
                let mut expected = cookies.clone();
                if format == JarFormat::Netscape {
                    expected.iter_mut().for_each(|cookie| cookie.same_site = None);
                }
                prop_assert_eq!(again, expected);
            }
        }

        #[test]
        fn any_bytes_are_cookies_or_a_problem_with_its_line(bytes in vec(any::<u8>(), 0..80)) {
            for format in [JarFormat::Json, JarFormat::Lwp, JarFormat::Netscape] {
                let head: &[u8] = if format == JarFormat::Lwp { b"#LWP-Cookies-2.0\nSet-Cookie3: a" } else { b"" };
                if let Err(problem) = read(format, &[head, &bytes].concat()) {
                    prop_assert!(problem.line >= 1);
                }
            }
        }
    }
}
