//! `/status/{codes}`: any status, or a random one of several.

use hyper::header::{self, HeaderName};
use hyper::{StatusCode, http::HeaderValue};

use super::reply::{self, Reply};
use super::{python, random};

const INVALID: &str = "Invalid status code";

/// The types that httpbin says it would have taken; on one line, unlike its other JSON.
const NOT_ACCEPTABLE: &str = r#"{"message": "Client did not request a supported media type.", "accept": ["image/webp", "image/svg+xml", "image/jpeg", "image/png", "image/*"]}"#;

const TEAPOT: &str = "
          ;,'
     _o_    ;:;'
 ,-.'---`.__ ;
((j`=====',-'
 `-\\     /
    `-=-'   short and stout
";

/// Answers with the status, or with one of the statuses, that the path names.
pub(super) fn reply(codes: &str) -> Reply {
    let code = if codes.contains(',') {
        choose(codes)
    } else {
        python::parse_int(codes).ok_or(Refusal::Invalid)
    };
    match code.and_then(|code| to_status(code).ok_or(Refusal::Impossible)) {
        Ok(status) => of(status),
        Err(Refusal::Invalid) => {
            reply::typed(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", INVALID)
        }
        Err(Refusal::Impossible) => reply::internal_error(),
    }
}

/// Why there is no status to answer with.
enum Refusal {
    /// The path is not made of numbers.
    Invalid,
    /// The numbers are none that can be sent.
    Impossible,
}

fn to_status(code: i128) -> Option<StatusCode> {
    StatusCode::from_u16(u16::try_from(code).ok()?).ok()
}

/// One of `code` or `code:weight`, by chance.
fn choose(codes: &str) -> Result<i128, Refusal> {
    let mut total = 0.0;
    let mut sums = Vec::new();
    for choice in codes.split(',') {
        let (code, weight) = choice.split_once(':').unwrap_or((choice, "1"));
        if weight.contains(':') {
            return Err(Refusal::Impossible);
        }
        let code = python::parse_int(code).ok_or(Refusal::Invalid)?;
        total += python::parse_float(weight).ok_or(Refusal::Invalid)?;
        sums.push((total, code));
    }
    if total <= 0.0 {
        return Err(Refusal::Impossible);
    }
    let point = random::unit().ok_or(Refusal::Impossible)? * total;
    sums.into_iter().find(|(sum, _)| *sum > point).map(|(_, code)| code).ok_or(Refusal::Impossible)
}

/// The answer of one status: some of them carry what makes them whole.
fn of(status: StatusCode) -> Reply {
    let named = |name: HeaderName, value: &'static str| {
        let mut reply = reply::bare(status, "");
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
        reply
    };
    let more_info = HeaderName::from_static("x-more-info");
    match status.as_u16() {
        301 | 302 | 303 | 305 | 307 => named(header::LOCATION, "/redirect/1"),
        304 => reply::bare(status, ""),
        401 => named(header::WWW_AUTHENTICATE, "Basic realm=\"Fake Realm\""),
        407 => named(header::PROXY_AUTHENTICATE, "Basic realm=\"Fake Realm\""),
        402 => {
            let body = "This one costs money.";
            reply::with(
                reply::bare(status, body),
                more_info,
                "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.3",
            )
        }
        406 => reply::typed(status, "application/json", NOT_ACCEPTABLE),
        418 => reply::with(
            reply::bare(status, TEAPOT),
            more_info,
            "http://tools.ietf.org/html/rfc2324",
        ),
        _ => reply::html(status, ""),
    }
}

/// The answer to a request whose credentials are missing or wrong.
pub(super) fn unauthorized() -> Reply {
    of(StatusCode::UNAUTHORIZED)
}
