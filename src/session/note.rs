//! What the session did with cookies, as data: each with the rule that says so.

use super::Reason;

/// What the session did with a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieNote {
    /// The cookie's name; one without a name has an empty one.
    pub name: String,
    /// What was done with it.
    pub fate: CookieFate,
    /// Whether it belongs to another site than the request's, so that nothing else was to be expected.
    pub is_foreign: bool,
    /// The host that was asked or answered; empty where there was none.
    pub host: String,
    /// The step in which it happened, where that is an earlier one.
    pub step: Option<String>,
}

/// What the session does with a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieFate {
    /// It went with the request.
    Sent,
    /// It did not, and why: "its Path is /shop and the request's is /account".
    HeldBack(Reason),
    /// No cookie was looked for: the request has a Cookie header of its own.
    PassedOver,
    /// It came with the response and is kept.
    Stored,
    /// It came with the response and took the place of one with another value.
    Replaced,
    /// It came with the response and was not kept, and why.
    Refused(Reason),
    /// The server took it out.
    Deleted(Reason),
    /// Its time was over.
    Expired(Reason),
    /// It had to make room for others.
    Evicted(Reason),
    /// The session had it before, and why it has it no longer.
    Gone(Reason),
}

impl CookieNote {
    pub(super) fn new(name: &[u8], fate: CookieFate) -> Self {
        let name = String::from_utf8_lossy(name).into_owned();
        Self { name, fate, is_foreign: false, host: String::new(), step: None }
    }
}

impl CookieFate {
    /// The fate in words, after the cookie's name: `was refused`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Sent => "was sent",
            Self::HeldBack(_) => "was not sent",
            Self::PassedOver => "was not looked for",
            Self::Stored => "was stored",
            Self::Replaced => "was replaced",
            Self::Refused(_) => "was refused",
            Self::Deleted(_) => "was deleted",
            Self::Expired(_) => "has expired",
            Self::Evicted(_) => "was evicted",
            Self::Gone(_) => "is gone",
        }
    }

    /// Why, where there is something to be said.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Sent | Self::PassedOver | Self::Stored | Self::Replaced => None,
            Self::HeldBack(reason)
            | Self::Refused(reason)
            | Self::Deleted(reason)
            | Self::Expired(reason)
            | Self::Evicted(reason)
            | Self::Gone(reason) => Some(reason),
        }
    }
}
