//! Digest (RFC 7616): a proof that the password is known, which does not show it.

use ::http::{HeaderMap, HeaderValue, Method, header};
use http_auth::{ChallengeParser, ChallengeRef};
use md5::{Digest as _, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Sha256, Sha512_256};
use url::{Origin, Url};

use super::hex;
use crate::http::Unsigned;

/// The challenges that a session has answered: the next request to the same server answers at once.
#[derive(Clone, Debug, Default)]
pub struct Challenges(Vec<(Origin, Challenge)>);

/// More servers than that in one session are asked anew.
const MOST: usize = 16;

/// User and password, and what is known of the servers that ask for them.
#[derive(Debug)]
pub struct Digest {
    username: String,
    password: String,
    known: Challenges,
    answered: u32,
}

/// What a server wants to be hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As it was written, if it was.
    algorithm: Option<String>,
    hash: Hash,
    /// The `-sess` variant of the algorithm.
    session: bool,
    /// False for servers of RFC 2069.
    qop: bool,
    userhash: bool,
    /// The requests that had this nonce.
    count: u32,
    /// Stays the same with the nonce, so that the `-sess` variants hold.
    cnonce: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha256,
    Sha512_256,
}

impl Hash {
    fn of(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Sha512_256 => hex(&Sha512_256::digest(text)),
        }
    }
}

impl Digest {
    /// For a session that knows these challenges.
    #[must_use]
    pub fn new(username: String, password: String, known: Challenges) -> Self {
        Self { username, password, known, answered: 0 }
    }

    /// What the session knows from here on.
    #[must_use]
    pub fn into_challenges(self) -> Challenges {
        self.known
    }

    pub(super) fn authorize(&mut self, request: Unsigned<'_>) {
        let origin = request.url.origin();
        let known = self.known.0.iter_mut().find(|(known, _)| *known == origin);
        let Some((_, challenge)) = known else { return };
        challenge.count += 1;
        let answer =
            challenge.answer(&self.username, &self.password, request.method, request.target);
        if let Ok(value) = HeaderValue::from_bytes(answer.as_bytes()) {
            super::write(request.headers, value);
        }
    }

    /// One challenge is answered, and one more where the answer was right but its nonce stale. Then the 401 stands.
    pub(super) fn challenged(&mut self, url: &Url, headers: &HeaderMap) -> bool {
        let origin = url.origin();
        self.known.0.retain(|(known, _)| *known != origin);
        let Some((challenge, stale)) = Challenge::of(headers) else { return false };
        if self.answered > u32::from(stale) {
            return false;
        }
        self.answered += 1;
        if self.known.0.len() >= MOST {
            self.known.0.remove(0);
        }
        self.known.0.push((origin, challenge));
        true
    }
}

impl Challenge {
    /// The first of the challenges that can be answered: servers name the one they like best first (section 3.7).
    /// True beside it: the answer before was right, but its nonce is stale.
    fn of(headers: &HeaderMap) -> Option<(Self, bool)> {
        let values = headers.get_all(header::WWW_AUTHENTICATE).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        texts
            .flat_map(|text| ChallengeParser::new(text).map_while(Result::ok))
            .find_map(|challenge| Self::read(&challenge))
    }

    fn read(challenge: &ChallengeRef<'_>) -> Option<(Self, bool)> {
        if !challenge.scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let param = |name: &str| {
            let mut params = challenge.params.iter();
            let found = params.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        let is_true = |name: &str| param(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
        let algorithm = param("algorithm");
        let name = algorithm.as_deref().unwrap_or("MD5").to_ascii_uppercase();
        let hash = match name.strip_suffix("-SESS").unwrap_or(&name) {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            "SHA-512-256" => Hash::Sha512_256,
            _ => return None,
        };
        let qop = param("qop");
        let offers =
            |qop: &String| qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth"));
        if qop.as_ref().is_some_and(|qop| !offers(qop)) {
            return None;
        }
        let challenge = Self {
            realm: param("realm")?,
            nonce: param("nonce")?,
            opaque: param("opaque"),
            session: name.ends_with("-SESS"),
            algorithm,
            hash,
            qop: qop.is_some(),
            userhash: is_true("userhash"),
            count: 0,
            cnonce: cnonce()?,
        };
        Some((challenge, is_true("stale")))
    }

    /// Section 3.4: the value of Authorization.
    fn answer(&self, username: &str, password: &str, method: &Method, target: &str) -> String {
        let Self { realm, nonce, cnonce, hash, .. } = self;
        let mut secret = hash.of(&format!("{username}:{realm}:{password}"));
        if self.session {
            secret = hash.of(&format!("{secret}:{nonce}:{cnonce}"));
        }
        let request = hash.of(&format!("{method}:{target}"));
        let count = format!("{:08x}", self.count);
        let response = match self.qop {
            true => hash.of(&format!("{secret}:{nonce}:{count}:{cnonce}:auth:{request}")),
            false => hash.of(&format!("{secret}:{nonce}:{request}")),
        };
        let mut answer = format!("Digest {}", self.user(username));
        for (name, value) in [
            ("realm", realm),
            ("nonce", nonce),
            ("uri", &target.to_owned()),
            ("response", &response),
        ] {
            answer.push_str(&format!(", {name}={}", quoted(value)));
        }
        if let Some(opaque) = &self.opaque {
            answer.push_str(&format!(", opaque={}", quoted(opaque)));
        }
        if let Some(algorithm) = &self.algorithm {
            answer.push_str(&format!(", algorithm={algorithm}"));
        }
        if self.qop || self.session {
            answer.push_str(&format!(", cnonce={}", quoted(cnonce)));
        }
        if self.qop {
            answer.push_str(&format!(", qop=auth, nc={count}"));
        }
        if self.userhash {
            answer.push_str(", userhash=true");
        }
        answer
    }

    /// Sections 3.4.4 and 3.4: hashed where the server wants it so, extended where it is not ASCII.
    fn user(&self, username: &str) -> String {
        if self.userhash {
            let hashed = self.hash.of(&format!("{username}:{}", self.realm));
            return format!("username={}", quoted(&hashed));
        }
        if username.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return format!("username={}", quoted(username));
        }
        format!("username*=UTF-8''{}", utf8_percent_encode(username, NON_ALPHANUMERIC))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// 128 random bits; none where the system has no randomness.
fn cnonce() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(text: &'static str) -> (Challenge, bool) {
        let mut headers = HeaderMap::new();
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"x\""));
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(text));
        Challenge::of(&headers).expect("a challenge")
    }

    #[track_caller]
    fn response(
        text: &'static str,
        cnonce: &str,
        user: &str,
        password: &str,
        target: &str,
    ) -> String {
        let (challenge, _) = challenge(text);
        let challenge = Challenge { cnonce: cnonce.to_owned(), count: 1, ..challenge };
        challenge.answer(user, password, &Method::GET, target)
    }

    #[test]
    fn the_examples_of_rfc_7616() {
        // Section 3.9.1
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let text = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
        let answer = response(text, cnonce, "Mufasa", "Circle of Life", "/dir/index.html");
        assert_eq!(
            answer,
            r#"Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm=SHA-256, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, nc=00000001"#
        );
        let text = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
        let answer = response(text, cnonce, "Mufasa", "Circle of Life", "/dir/index.html");
        assert!(answer.contains(r#"response="8ca523f5e9506fed4657c9700eebdbec""#), "{answer}");
        // RFC 2617 section 3.5, and the same without `qop` as in RFC 2069
        let text = r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        let answer = response(text, "0a4f113b", "Mufasa", "Circle Of Life", "/dir/index.html");
        assert!(answer.contains(r#"response="6629fae49393a05397450978507c4ef1""#), "{answer}");
        assert!(!answer.contains("algorithm"), "{answer}");
        let text = r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        let answer = response(text, "0a4f113b", "Mufasa", "Circle Of Life", "/dir/index.html");
        assert!(answer.contains(r#"response="670fd8c2df070c60b045671b8b24ff02""#), "{answer}");
        assert!(!answer.contains("cnonce"), "{answer}");
    }

    #[test]
    fn names_are_hashed_or_extended_where_they_must_be() {
        // Section 3.9.2
        let text = r#"Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true"#;
        let answer = response(text, "x", "Jäsøn Doe", "Secret, or not?", "/doe.json");
        assert!(answer.contains("userhash=true"), "{answer}");
        let user = r#"username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b""#;
        assert!(answer.contains(user), "{answer}");
        let text = r#"Digest realm="a", qop="auth", nonce="b""#;
        let answer = response(text, "x", "Jäsøn Doe", "p", "/");
        assert!(answer.contains("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe"), "{answer}");
        let answer = response(text, "x", r#"a"b\"#, "p", "/");
        assert!(answer.contains(r#"username="a\"b\\""#), "{answer}");
    }

    #[test]
    fn the_first_challenge_that_can_be_answered_is() {
        let (first, stale) = challenge(
            r#"Digest realm="a", nonce="1", algorithm=SHA-1024, Digest realm="a", nonce="2", qop="auth-int", Digest realm="a", nonce="3", algorithm=md5-SESS, stale=TRUE, qop="auth""#,
        );
        assert_eq!((first.nonce.as_str(), first.session, stale), ("3", true, true));
        assert_eq!(first.hash, Hash::Md5);
    }

    #[test]
    fn one_challenge_is_answered_and_a_stale_nonce_renewed() {
        let url = Url::parse("http://a.test/").expect("a URL");
        let headers = |text: &'static str| {
            HeaderMap::from_iter([(header::WWW_AUTHENTICATE, HeaderValue::from_static(text))])
        };
        let new = headers(r#"Digest realm="a", nonce="1""#);
        let stale = headers(r#"Digest realm="a", nonce="2", stale=true"#);
        let digest = || Digest::new("u".to_owned(), "p".to_owned(), Challenges::default());
        #[track_caller]
        fn check(mut digest: Digest, url: &Url, answers: &[(&HeaderMap, bool)]) {
            for (headers, expected) in answers {
                assert_eq!(digest.challenged(url, headers), *expected);
            }
        }
        check(digest(), &url, &[(&new, true), (&new, false)]);
        check(digest(), &url, &[(&new, true), (&stale, true), (&stale, false)]);
        check(digest(), &url, &[(&stale, true), (&stale, true), (&stale, false)]);
        check(digest(), &url, &[(&HeaderMap::new(), false)]);
    }
}
