//! The rules of RFC 6265bis on one cookie and one URL: what may be kept, and what is sent where. Those on the cookie alone
//! stand in [`crate::cookies`]. They are functions of what they are given; what depends on the other cookies of the session stands in `mod`.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use url::{Host, Url};

use super::{Cookie, Reason, SetCookie};
use crate::cookies::{
    control, is_address, is_public_suffix, pair, prefix, same_site, short, suffix,
};

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
