//! A cookie and the rules of RFC 6265bis that it must hold to wherever it comes from: a response, a file, a scenario.

use std::borrow::Cow;
use std::time::SystemTime;

use url::Host;

/// The longest name and value together, in bytes (section 5.6, step 5).
pub(crate) const LONGEST_PAIR: usize = 4096;

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

    /// What stands for it in the Cookie field: one without a name is its value (section 5.8.3, step 4).
    pub(crate) fn pair(&self) -> Vec<u8> {
        match self.name.as_slice() {
            [] => self.value.clone(),
            name => [name, b"=", &self.value].concat(),
        }
    }

    pub(crate) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }
}

/// Which requests from other sites a cookie goes with (RFC 6265bis section 5.6.7). It is kept and shown; no request
/// of a scenario comes from another site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// `Strict`
    Strict,
    /// `Lax`
    Lax,
    /// `None`
    None,
}

impl SameSite {
    /// From its name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Strict, Self::Lax, Self::None]
            .into_iter()
            .find(|same_site| name.eq_ignore_ascii_case(same_site.name()))
    }

    /// `strict`, `lax` or `none`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Lax => "lax",
            Self::None => "none",
        }
    }
}

/// Why the session did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Both sides of the rule, as the end of a sentence: "its Domain is `a.test` and the host is `b.test`".
    pub message: String,
    /// The section of RFC 6265bis: `5.7 step 10`; empty where a step of the scenario did it.
    pub section: &'static str,
}

impl Reason {
    pub(crate) fn new(section: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), section }
    }
}

/// Section 5.6, step 1: no control characters but the tab.
pub(crate) fn control(section: &'static str, text: &[u8]) -> Result<(), Reason> {
    match text.iter().find(|byte| byte.is_ascii_control() && **byte != b'\t') {
        Some(byte) => {
            Err(Reason::new(section, format!("it holds a control character (0x{byte:02x})")))
        }
        None => Ok(()),
    }
}

/// Name and value: something of them, and not too much (section 5.7, steps 2 and 4).
pub(crate) fn pair(cookie: &Cookie) -> Result<(), Reason> {
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

/// Section 5.7, step 9: a public suffix is no domain.
pub(crate) fn suffix(domain: &str) -> Result<(), Reason> {
    if is_public_suffix(domain) {
        let message = format!("its Domain `{domain}` is a public suffix, shared by many sites");
        return Err(Reason::new("5.7 step 9", message));
    }
    Ok(())
}

/// Section 5.7, step 19.
pub(crate) fn same_site(cookie: &Cookie) -> Result<(), Reason> {
    if cookie.same_site == Some(SameSite::None) && !cookie.secure {
        return Err(Reason::new("5.7 step 19", "it is SameSite=None and not Secure"));
    }
    Ok(())
}

/// What a name promises with `__Secure-` and `__Host-`, in any case (section 5.4; section 5.7, steps 20 to 22). A path
/// of / is not enough for the second: it has to be said.
pub(crate) fn prefix(cookie: &Cookie, has_path: bool) -> Result<(), Reason> {
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

/// What of a cookie breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its name.
    Name,
    /// What its name promises with `__Host-` or `__Secure-`.
    Prefix,
    /// Its value.
    Value,
    /// Its domain.
    Domain,
    /// Its path.
    Path,
    /// What it says of requests from other sites.
    SameSite,
}

/// A cookie that somebody wrote, its domain as a URL has it.
///
/// # Errors
/// What of it cannot be kept or sent, and why.
pub fn written(cookie: &Cookie) -> Result<Cookie, (Part, String)> {
    let domain = canonical(&cookie.domain).map_err(|message| (Part::Domain, message))?;
    let host_only = cookie.host_only || is_address(&domain);
    let cookie = Cookie { domain, host_only, ..cookie.clone() };
    if !cookie.path.starts_with('/') {
        // Section 5.1.4: no path of a request begins like it.
        let message = format!("its Path `{}` does not begin with `/`", short(&cookie.path));
        return Err((Part::Path, message));
    }
    same_site(&cookie).map_err(|reason| (Part::SameSite, reason.message))?;
    by_hand(&cookie).map_err(|(part, reason)| (part, reason.message))?;
    Ok(cookie)
}

/// What a cookie from elsewhere than a response must hold to: it is of no origin, but it goes into a header.
pub(crate) fn by_hand(cookie: &Cookie) -> Result<(), (Part, Reason)> {
    for (part, text) in [(Part::Name, &cookie.name), (Part::Value, &cookie.value)] {
        characters(text).map_err(|reason| (part, reason))?;
    }
    if cookie.name.contains(&b'=') {
        return Err((Part::Name, Reason::new("5.6 step 3", "its name holds a `=`")));
    }
    pair(cookie).map_err(|reason| (Part::Value, reason))?;
    if !cookie.host_only {
        suffix(&cookie.domain).map_err(|reason| (Part::Domain, reason))?;
    }
    prefix(cookie, true).map_err(|reason| (Part::Prefix, reason))
}

/// What would not come back out of a header as it went in.
fn characters(text: &[u8]) -> Result<(), Reason> {
    control("5.7 step 3", text)?;
    // It would be two cookies when it is sent.
    if text.contains(&b';') {
        return Err(Reason::new("5.6 step 2", "it holds a `;`"));
    }
    if text.first().into_iter().chain(text.last()).any(|byte| b" \t".contains(byte)) {
        return Err(Reason::new("5.6 step 4", "it begins or ends with a blank"));
    }
    Ok(())
}

/// Section 5.1.2: a host's name as a URL has it; a dot before it means nothing (section 5.6.3).
pub(crate) fn canonical(domain: &str) -> Result<String, String> {
    Host::parse(domain.strip_prefix('.').unwrap_or(domain))
        .map(|host| host.to_string())
        .map_err(|_| format!("its domain `{}` is no host", short(domain)))
}

/// An IP address as a URL has it.
pub(crate) fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// By the public suffix list; what it does not know is one where it has no dot, as its algorithm says.
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    psl::suffix_str(domain) == Some(domain)
}

/// The registrable domain, or the host where there is none.
pub(crate) fn site(host: &str) -> &str {
    if is_address(host) { host } else { psl::domain_str(host).unwrap_or(host) }
}

/// A path or a domain as a reason tells it, so that both sides have room.
pub(crate) fn short(text: &str) -> String {
    crate::value::cut(text, 150)
}
