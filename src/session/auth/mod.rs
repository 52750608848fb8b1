//! Who sends the requests of a session: what is written into each, and what is done about a 401.

mod aws;
mod digest;
mod oauth2;

use ::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use url::Url;

pub use aws::Aws;
pub use digest::{Challenges, Digest};
pub use oauth2::{Grant, OAuth2, TokenFailure, TokenRequest, TokenSource};

use crate::http::{Again, Credentials, Head, Unsigned};

/// Who sends.
#[derive(Debug)]
pub enum Auth {
    /// Nobody says so.
    None,
    /// The same words in every request.
    Fixed(HeaderValue),
    /// A proof of a password.
    Digest(Digest),
    /// A token that another server gave.
    OAuth2(Box<OAuth2>),
    /// A signature.
    Aws(Box<Aws>),
}

impl Auth {
    /// User and password as they are (RFC 7617), in UTF-8.
    #[must_use]
    pub fn basic(username: &str, password: &str) -> Self {
        Self::Fixed(basic(username, password))
    }

    /// A token as it is (RFC 6750 section 2.1); none where no header can hold it.
    #[must_use]
    pub fn bearer(token: &str) -> Option<Self> {
        bearer(token).map(Self::Fixed)
    }
}

impl Credentials for Auth {
    fn authorize(&mut self, request: Unsigned<'_>) {
        match self {
            Self::None => {}
            Self::Fixed(value) => write(request.headers, value.clone()),
            Self::Digest(digest) => digest.authorize(request),
            Self::OAuth2(oauth2) => write(request.headers, oauth2.header()),
            Self::Aws(aws) => aws.authorize(request),
        }
    }

    fn challenged<'a>(&'a mut self, url: &'a Url, head: &'a Head) -> Again<'a> {
        match self {
            Self::Digest(digest) => {
                let again = digest.challenged(url, &head.headers);
                Box::pin(std::future::ready(again))
            }
            Self::OAuth2(oauth2) => Box::pin(oauth2.renew()),
            Self::None | Self::Fixed(_) | Self::Aws(_) => Box::pin(std::future::ready(false)),
        }
    }
}

fn write(headers: &mut HeaderMap, mut value: HeaderValue) {
    value.set_sensitive(true);
    headers.insert(header::AUTHORIZATION, value);
}

fn basic(username: &str, password: &str) -> HeaderValue {
    let pair = STANDARD.encode(format!("{username}:{password}"));
    // Base64 has nothing that a header cannot hold.
    HeaderValue::from_str(&format!("Basic {pair}")).unwrap_or(HeaderValue::from_static("Basic"))
}

fn bearer(token: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {token}")).ok()
}

/// In lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_utf_8() {
        // RFC 7617 section 2 and 2.1
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("test", "123£"), "Basic dGVzdDoxMjPCow==");
    }

    #[test]
    fn a_token_is_one_line() {
        assert!(bearer("a\nb").is_none());
        assert_eq!(bearer("abc").expect("a value"), "Bearer abc");
    }
}
