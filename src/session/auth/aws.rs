//! AWS Signature Version 4, in the Authorization header.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::collections::BTreeMap;
use std::time::SystemTime;

use ::http::{HeaderMap, HeaderName, HeaderValue, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

use super::hex;
use crate::http::Unsigned;

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const CONTENT: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// RFC 3986 section 2.3: all else is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &ENCODED.remove(b'/');

/// What requests are signed with.
#[derive(Clone, Debug)]
pub struct Aws {
    /// The service, such as `execute-api` or `s3`.
    pub service: String,
    /// The region.
    pub region: String,
    /// The identifier of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
    /// What goes with keys that are lent for a time.
    pub session_token: Option<String>,
    /// The SHA-256 of the body.
    pub body: [u8; 32],
}

impl Aws {
    pub(super) fn authorize(&self, request: Unsigned<'_>) {
        self.sign(request, SystemTime::now());
    }

    /// S3 takes a path as it is; the other services, what it reads once it is encoded again and its dots are resolved.
    fn is_s3(&self) -> bool {
        self.service == "s3" || self.service == "s3express"
    }

    fn sign(&self, request: Unsigned<'_>, now: SystemTime) {
        let now = OffsetDateTime::from(now);
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        let Ok(date) = now.format(format) else { return };
        let day = &date[..8];
        let content = if request.has_body { hex(&self.body) } else { hex(&Sha256::digest("")) };
        let headers = request.headers;
        let mut set = |name: HeaderName, value: &str, sensitive: bool| {
            if let Ok(mut value) = HeaderValue::from_str(value) {
                value.set_sensitive(sensitive);
                headers.insert(name, value);
            }
        };
        set(DATE, &date, false);
        if let Some(token) = &self.session_token {
            set(TOKEN, token, true);
        }
        if self.is_s3() {
            set(CONTENT, &content, false);
        }
        let signed = signed(headers);
        let names = signed.keys().copied().collect::<Vec<_>>().join(";");
        let fields: String =
            signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
        let (method, path, query) = (request.method, self.path(path), canonical_query(query));
        let canonical = format!("{method}\n{path}\n{query}\n{fields}\n{names}\n{content}");
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let canonical = hex(&Sha256::digest(&canonical));
        let signature =
            self.signature(day, &format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}"));
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.access_key
        );
        if let Ok(value) = HeaderValue::from_str(&value) {
            super::write(headers, value);
        }
    }

    fn signature(&self, day: &str, text: &str) -> String {
        let mut key = format!("AWS4{}", self.secret_key).into_bytes();
        for part in [day, &self.region, &self.service, "aws4_request", text] {
            key = hmac(&key, part.as_bytes());
        }
        hex(&key)
    }

    fn path(&self, path: &str) -> String {
        if self.is_s3() {
            return path.to_owned();
        }
        let mut segments: Vec<&str> = Vec::new();
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            match segment {
                "." => {}
                ".." => {
                    segments.pop();
                }
                segment => segments.push(segment),
            }
        }
        let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
        percent_encode(format!("/{}{end}", segments.join("/")).as_bytes(), PATH).to_string()
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of any length will do.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        },
    )
}

/// Each header by its name, values trimmed and joined; those that a proxy may change are not signed.
fn signed(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let free = [
        header::ACCEPT,
        header::ACCEPT_ENCODING,
        header::AUTHORIZATION,
        header::EXPECT,
        header::USER_AGENT,
    ];
    let mut signed = BTreeMap::new();
    for name in headers.keys().filter(|name| !free.contains(name)) {
        let values = headers.get_all(name).iter().map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        });
        signed.insert(name.as_str(), values.collect::<Vec<_>>().join(","));
    }
    signed
}

fn canonical_query(query: &str) -> String {
    let again = |text: &str| {
        let plain: Vec<u8> = percent_decode_str(text).collect();
        percent_encode(&plain, ENCODED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use ::http::Method;
    use url::Url;

    use super::*;

    /// 20150830T123600Z, the time of AWS's test suite.
    const NOW: Duration = Duration::from_secs(1_440_938_160);

    fn aws() -> Aws {
        Aws {
            service: "service".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
            body: Sha256::digest("").into(),
        }
    }

    fn sign(
        aws: &Aws,
        method: &Method,
        target: &str,
        sent: &[(&'static str, &str)],
        at: Duration,
    ) -> String {
        let url = Url::parse("https://example.amazonaws.com/").expect("a URL");
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, HeaderValue::from_str(value).expect("a value"));
        }
        let has_body = *method == Method::POST;
        let headers_ = &mut headers;
        let request = Unsigned { method, url: &url, target, headers: headers_, has_body };
        aws.sign(request, UNIX_EPOCH + at);
        headers[header::AUTHORIZATION].to_str().expect("text").to_owned()
    }

    const HOST: (&str, &str) = ("host", "example.amazonaws.com");

    #[track_caller]
    fn check(
        method: Method,
        target: &str,
        more: &[(&'static str, &str)],
        names: &str,
        signature: &str,
    ) {
        let sent: Vec<_> = [HOST].into_iter().chain(more.iter().copied()).collect();
        let found = sign(&aws(), &method, target, &sent, NOW);
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={names}, Signature={signature}"
        );
        assert_eq!(found, expected, "{method} {target}");
    }

    /// `aws-sig-v4-test-suite`, by the names of its cases.
    #[test]
    fn the_test_suite_of_aws() {
        let names = "host;x-amz-date";
        let get = |target: &str, signature: &str| check(Method::GET, target, &[], names, signature);
        // get-vanilla, and get-relative, get-slash, get-slash-dot-slash, get-relative-relative
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        for target in ["/", "/example/..", "//", "/./", "/example1/example2/../.."] {
            get(target, vanilla);
        }
        // get-vanilla-query-order-key-case
        get(
            "/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        );
        // get-vanilla-empty-query-key
        get("/?Param1=value1", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb");
        // get-space: what is sent is encoded once more
        get("/example space/", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
        // get-utf8
        get("/ሴ", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
        // post-vanilla
        check(
            Method::POST,
            "/",
            &[],
            names,
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        );
        // get-header-value-trim
        check(
            Method::GET,
            "/",
            &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        );
    }

    /// "Examples: Signature Calculations" of the S3 documentation.
    #[test]
    fn the_example_of_s3() {
        let aws = Aws {
            service: "s3".to_owned(),
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            ..aws()
        };
        let sent = [("host", "examplebucket.s3.amazonaws.com"), ("range", "bytes=0-9")];
        // 20130524T000000Z
        let at = Duration::from_secs(1_369_353_600);
        let found = sign(&aws, &Method::GET, "/test.txt", &sent, at);
        assert_eq!(
            found,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }
}
