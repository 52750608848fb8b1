//! The rules of RFC 6265bis on one cookie and one URL: what may be kept, and what is sent where. They are functions of
//! what they are given; what depends on the other cookies of the session stands in `mod`.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use url::{Host, Url};

use super::{Cookie, Reason, SameSite, SetCookie};

/// The longest name and value together, in bytes (section 5.6, step 5).
pub(super) const LONGEST_PAIR: usize = 4096;
/// The longest time that a cookie is kept (section 5.5).
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The cookie that an answer from this URL makes of a field, or why it makes none (sections 5.6 and 5.7).
pub(super) fn admit(
    url: &Url,
    field: &[u8],
    set: &SetCookie,
    now: SystemTime,
) -> Result<Cookie, Reason> {
    control("5.6 step 1", field)?;
    let host = url.host_str().unwrap_or_default();
    let (domain, host_only) = domain(host, set.domain.as_deref())?;
    let expires = set.expires_at(now).map(|at| at.min(now + LONGEST_LIFE));
    let cookie = Cookie {
        domain,
        host_only,
        path: path(url, set.path.as_deref()),
        secure: set.secure,
        http_only: set.http_only,
        same_site: set.same_site,
        expires,
        name: set.name.clone(),
        value: set.value.clone(),
    };
    pair(&cookie)?;
    if cookie.secure && !is_secure(url) {
        let message = format!("it is Secure and came over {} from {host}", url.scheme());
        return Err(Reason::new("5.7 step 13", message));
    }
    same_site(&cookie)?;
    prefix(&cookie, set.path.is_some())?;
    Ok(cookie)
}

/// The cookie that a field would have made if it had not been refused; its value is of no use any more.
pub(super) fn meant(url: &Url, set: &SetCookie) -> Cookie {
    let host = url.host_str().unwrap_or_default();
    let own = |_| (host.to_owned(), true);
    let (domain, host_only) = domain(host, set.domain.as_deref()).unwrap_or_else(own);
    Cookie {
        domain,
        host_only,
        path: path(url, set.path.as_deref()),
        secure: set.secure,
        http_only: set.http_only,
        same_site: set.same_site,
        expires: None,
        name: set.name.clone(),
        value: Vec::new(),
    }
}

/// Section 5.6, step 1: no control characters but the tab.
pub(super) fn control(section: &'static str, text: &[u8]) -> Result<(), Reason> {
    match text.iter().find(|byte| byte.is_ascii_control() && **byte != b'\t') {
        Some(byte) => {
            Err(Reason::new(section, format!("it holds a control character (0x{byte:02x})")))
        }
        None => Ok(()),
    }
}

/// Name and value: something of them, and not too much (section 5.7, steps 2 and 4).
pub(super) fn pair(cookie: &Cookie) -> Result<(), Reason> {
    let length = cookie.name.len() + cookie.value.len();
    if length == 0 {
        return Err(Reason::new("5.7 step 2", "it has neither a name nor a value"));
    }
    if length > LONGEST_PAIR {
        let message =
            format!("its name and value have {length} bytes and the limit is {LONGEST_PAIR}");
        return Err(Reason::new("5.7 step 4", message));
    }
    Ok(())
}

/// The domain, and whether it is for the host alone (section 5.7, steps 7 to 10).
fn domain(host: &str, attribute: Option<&[u8]>) -> Result<(String, bool), Reason> {
    let attribute = attribute.unwrap_or_default();
    let attribute = attribute.strip_prefix(b".").unwrap_or(attribute);
    let domain = String::from_utf8_lossy(attribute).to_ascii_lowercase();
    if !domain.is_ascii() {
        let message = format!("its Domain `{}` is not ASCII", short(&domain));
        return Err(Reason::new("5.7 step 8", message));
    }
    // A host that is a public suffix, or an address, is for itself alone.
    if domain.is_empty() || domain == host && (is_address(host) || is_public_suffix(host)) {
        return Ok((host.to_owned(), true));
    }
    suffix(&domain)?;
    if !domain_match(host, &domain) {
        let message = format!("its Domain is `{}` and the host is `{host}`", short(&domain));
        return Err(Reason::new("5.7 step 10", message));
    }
    Ok((domain, false))
}

/// Section 5.7, step 9: a public suffix is no domain.
pub(super) fn suffix(domain: &str) -> Result<(), Reason> {
    if is_public_suffix(domain) {
        let message = format!("its Domain `{domain}` is a public suffix, shared by many sites");
        return Err(Reason::new("5.7 step 9", message));
    }
    Ok(())
}

/// The path, or the default path (sections 5.6.4 and 5.1.4).
fn path(url: &Url, attribute: Option<&[u8]>) -> String {
    match attribute {
        // What is not ASCII matches no path of a URL, however it is read.
        Some(path @ [b'/', ..]) => String::from_utf8_lossy(path).into_owned(),
        _ => match url.path().rfind('/') {
            Some(at @ 1..) => url.path()[..at].to_owned(),
            _ => "/".to_owned(),
        },
    }
}

/// Section 5.7, step 19.
pub(super) fn same_site(cookie: &Cookie) -> Result<(), Reason> {
    if cookie.same_site == Some(SameSite::None) && !cookie.secure {
        return Err(Reason::new("5.7 step 19", "it is SameSite=None and not Secure"));
    }
    Ok(())
}

/// What a name promises with `__Secure-` and `__Host-`, in any case (section 5.4; section 5.7, steps 20 to 22). A path
/// of / is not enough for the second: it has to be said.
pub(super) fn prefix(cookie: &Cookie, has_path: bool) -> Result<(), Reason> {
    let begins = |text: &[u8], prefix: &str| {
        text.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    let (secure, host) = ("__Secure-", "__Host-");
    if begins(&cookie.name, secure) && !cookie.secure {
        let message = "its name begins with `__Secure-` and it is not Secure";
        return Err(Reason::new("5.7 step 20", message));
    }
    if begins(&cookie.name, host) {
        let lacking = if !cookie.secure {
            "it is not Secure".to_owned()
        } else if !cookie.host_only {
            format!("its Domain is {}, where there may be none", cookie.domain)
        } else if !has_path {
            "it has no Path, where it must be /".to_owned()
        } else if cookie.path != "/" {
            format!("its Path is {}, where it must be /", short(&cookie.path))
        } else {
            return Ok(());
        };
        let message = format!("its name begins with `__Host-` and {lacking}");
        return Err(Reason::new("5.7 step 21", message));
    }
    match [secure, host].iter().find(|prefix| begins(&cookie.value, prefix)) {
        Some(prefix) if cookie.name.is_empty() => {
            let message = format!("it has no name, and its value begins with `{prefix}`");
            Err(Reason::new("5.7 step 22", message))
        }
        _ => Ok(()),
    }
}

/// What a cookie from elsewhere than a response must hold to: it is of no origin, but it goes into a header.
pub(super) fn by_hand(cookie: &Cookie) -> Result<(), Reason> {
    for text in [&cookie.name, &cookie.value] {
        control("5.7 step 3", text)?;
        // It would be two cookies when it is sent.
        if text.contains(&b';') {
            return Err(Reason::new("5.6 step 2", "it holds a `;`"));
        }
        if text.first().into_iter().chain(text.last()).any(|byte| b" \t".contains(byte)) {
            return Err(Reason::new("5.6 step 4", "it begins or ends with a blank"));
        }
    }
    if cookie.name.contains(&b'=') {
        return Err(Reason::new("5.6 step 3", "its name holds a `=`"));
    }
    pair(cookie)?;
    if !cookie.host_only {
        suffix(&cookie.domain)?;
    }
    prefix(cookie, true)
}

/// Section 5.7, step 10: whether the host of this URL may set a cookie for this domain.
pub(super) fn of_host(url: &Url, cookie: &Cookie) -> Result<(), Reason> {
    let host = url.host_str().unwrap_or_default();
    if host != cookie.domain && (cookie.host_only || !domain_match(host, &cookie.domain)) {
        let message = format!("its Domain is `{}` and the host is `{host}`", cookie.domain);
        return Err(Reason::new("5.7 step 10", message));
    }
    Ok(())
}

/// Section 5.7, step 16: whether a cookie that came over an insecure connection would hide this Secure one.
pub(super) fn hides(new: &Cookie, kept: &Cookie) -> bool {
    kept.secure
        && kept.name == new.name
        && (domain_match(&kept.domain, &new.domain) || domain_match(&new.domain, &kept.domain))
        && path_match(&new.path, &kept.path)
}

/// Why a cookie is not sent to this URL; none where it is (section 5.8.3, step 1).
pub(super) fn held_back(cookie: &Cookie, url: &Url) -> Option<Reason> {
    let host = url.host_str().unwrap_or_default();
    let here = host == cookie.domain || !cookie.host_only && domain_match(host, &cookie.domain);
    let message = if !here {
        let what = if cookie.host_only { "host" } else { "Domain" };
        format!("its {what} is {} and the request's host is {host}", cookie.domain)
    } else if !path_match(url.path(), &cookie.path) {
        format!("its Path is {} and the request's is {}", short(&cookie.path), short(url.path()))
    } else if cookie.secure && !is_secure(url) {
        format!("it is Secure and the request goes over {}", url.scheme())
    } else {
        return None;
    };
    Some(Reason::new("5.8.3 step 1", message))
}

/// Section 5.1.2: a host's name as a URL has it; a dot before it means nothing (section 5.6.3).
pub(super) fn canonical(domain: &str) -> Result<String, String> {
    Host::parse(domain.strip_prefix('.').unwrap_or(domain))
        .map(|host| host.to_string())
        .map_err(|_| format!("its domain `{}` is no host", short(domain)))
}

/// Section 5.1.3.
fn domain_match(host: &str, domain: &str) -> bool {
    let below = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || below() && !is_address(host)
}

/// Section 5.1.4.
fn path_match(request: &str, path: &str) -> bool {
    let below = |rest: &str| rest.is_empty() || path.ends_with('/') || rest.starts_with('/');
    request.strip_prefix(path).is_some_and(below)
}

/// Https, or this machine: there browsers take http for secure too (Secure Contexts, "potentially trustworthy").
pub(super) fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

/// An IP address as a URL has it.
pub(super) fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// By the public suffix list; what it does not know is one where it has no dot, as its algorithm says.
fn is_public_suffix(domain: &str) -> bool {
    psl::suffix_str(domain) == Some(domain)
}

/// The registrable domain, or the host where there is none.
pub(super) fn site(host: &str) -> &str {
    if is_address(host) { host } else { psl::domain_str(host).unwrap_or(host) }
}

/// A path or a domain as a reason tells it, so that both sides have room.
fn short(text: &str) -> String {
    crate::value::cut(text, 150)
}

/// A time as a reason tells it: `2026-01-31 12:00:00 UTC`.
pub(super) fn shown(at: SystemTime) -> String {
    let at = moment(at);
    let (hour, minute, second) = at.to_hms();
    format!("{} {hour:02}:{minute:02}:{second:02} UTC", at.date())
}

/// The time as `time` tells it; one out of its range is the nearest in it.
pub(super) fn moment(at: SystemTime) -> OffsetDateTime {
    let last = time::Date::MAX.with_time(time::Time::MIDNIGHT).assume_utc();
    let nanoseconds = match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i128::try_from(after.as_nanos()).ok(),
        Err(before) => i128::try_from(before.duration().as_nanos()).ok().map(|nanos| -nanos),
    };
    let at = nanoseconds.map(OffsetDateTime::from_unix_timestamp_nanos);
    at.and_then(Result::ok).unwrap_or(last)
}
