//! httpbin's redirects.

use hyper::StatusCode;

use super::python;
use super::reply::{self, Reply};
use super::request::Request;

/// How a chain of redirects names its next link.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// As the query's `absolute` says, and with a page in the body either way.
    Split,
    /// By its path.
    Relative,
    /// By its whole URL.
    Absolute,
}

/// Sends the client on, `times` in all, and then to `/get`.
pub(super) fn count_down(request: &Request, kind: Kind, times: &str) -> Reply {
    let Some(times) = python::parse_int(times).filter(|times| *times > 0) else {
        return reply::internal_error();
    };
    let absolute = match kind {
        Kind::Split => {
            request.arg("absolute", false).is_some_and(|value| value.eq_ignore_ascii_case("true"))
        }
        Kind::Relative => false,
        Kind::Absolute => true,
    };
    let path = match (times, absolute) {
        (1, _) => "/get".to_owned(),
        (_, true) => format!("/absolute-redirect/{}", times - 1),
        (_, false) => format!("/relative-redirect/{}", times - 1),
    };
    let location = if absolute { request.base() + &path } else { path };
    if matches!(kind, Kind::Relative) {
        // This one has no page in its body.
        return reply::located(reply::html(StatusCode::FOUND, ""), &location);
    }
    reply::redirect(StatusCode::FOUND, &location)
}

/// Sends the client to the argument `url`, with `status_code` if that is a redirect's.
pub(super) fn to(request: &Request) -> Reply {
    let asked = request.arg("status_code", true);
    let status = match asked.as_deref().map(python::parse_int) {
        None => StatusCode::FOUND,
        Some(None) => return reply::internal_error(),
        Some(Some(code)) => redirect_status(code).unwrap_or(StatusCode::FOUND),
    };
    // Python's None in place of a missing argument is what httpbin sends.
    let location = request.arg("url", true).unwrap_or_else(|| "None".to_owned());
    reply::located(reply::html(status, ""), &location)
}

fn redirect_status(code: i128) -> Option<StatusCode> {
    let status = StatusCode::from_u16(u16::try_from(code).ok()?).ok()?;
    status.is_redirection().then_some(status)
}
