//! httpbin's `/digest-auth`: a challenge (RFC 7616) for whoever does not answer one.

use http_auth::{ChallengeParser, ChallengeRef};
use hyper::{StatusCode, header};
use md5::{Digest as _, Md5};
use serde_json::json;
use sha2::{Sha256, Sha512};

use super::random;
use super::reply::{self, Reply};
use super::request::Request;

const REALM: &str = "me@kennethreitz.com";

/// What the path asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) qop: &'a str,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) algorithm: &'a str,
}

impl Wanted<'_> {
    /// httpbin takes what it does not know for MD5.
    fn algorithm(&self) -> &'static str {
        match self.algorithm {
            "SHA-256" => "SHA-256",
            "SHA-512" => "SHA-512",
            _ => "MD5",
        }
    }

    fn hash(&self, text: &str) -> String {
        let bytes = match self.algorithm() {
            "SHA-256" => Sha256::digest(text).to_vec(),
            "SHA-512" => Sha512::digest(text).to_vec(),
            _ => Md5::digest(text).to_vec(),
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 7616, section 3.4.1.
    fn is_answered(&self, request: &Request, answer: &ChallengeRef<'_>) -> bool {
        let param = |name: &str| {
            let mut params = answer.params.iter();
            let found = params.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped()).unwrap_or_default()
        };
        let secret = self.hash(&format!("{}:{REALM}:{}", self.user, self.password));
        let method = request.method.as_str();
        let mut asked = format!("{method}:{}", param("uri"));
        let qop = param("qop");
        if qop == "auth-int" {
            // What httpbin hashes of the body is a hash in itself.
            asked = format!("{asked}:{}", self.hash(&String::from_utf8_lossy(&request.body)));
        }
        let (nonce, asked) = (param("nonce"), self.hash(&asked));
        let expected = match qop.as_str() {
            "auth" | "auth-int" => {
                let (count, cnonce) = (param("nc"), param("cnonce"));
                self.hash(&format!("{secret}:{nonce}:{count}:{cnonce}:{qop}:{asked}"))
            }
            _ => self.hash(&format!("{secret}:{nonce}:{asked}")),
        };
        param("username") == self.user && param("response") == expected
    }
}

/// Lets in who proves to know the password.
pub(super) fn reply(request: &Request, wanted: Wanted<'_>) -> Reply {
    let given = request.header(header::AUTHORIZATION).unwrap_or_default();
    let mut answers = ChallengeParser::new(&given).map_while(Result::ok);
    let answer = answers.find(|answer| answer.scheme.eq_ignore_ascii_case("digest"));
    let reply = match answer {
        Some(answer) if wanted.is_answered(request, &answer) => {
            let body = json!({ "authenticated": true, "user": wanted.user });
            reply::json(StatusCode::OK, &body)
        }
        _ => match challenge(wanted) {
            Some(reply) => reply,
            None => return reply::internal_error(),
        },
    };
    reply::with(reply, header::SET_COOKIE, "fake=fake_value; Path=/")
}

fn challenge(wanted: Wanted<'_>) -> Option<Reply> {
    let (nonce, opaque) = (random::token()?, random::token()?);
    let qop = match wanted.qop {
        "auth" | "auth-int" => wanted.qop,
        _ => "auth, auth-int",
    };
    let algorithm = wanted.algorithm();
    let challenge = format!(
        "Digest realm=\"{REALM}\", nonce=\"{nonce}\", qop=\"{qop}\", opaque=\"{opaque}\", algorithm={algorithm}, stale=FALSE"
    );
    let reply = reply::html(StatusCode::UNAUTHORIZED, "");
    let reply = reply::with(reply, header::WWW_AUTHENTICATE, challenge);
    Some(reply::with(reply, header::SET_COOKIE, "stale_after=never; Path=/"))
}
