//! What the session did with cookies, in words; never a value.

use http::StatusCode;

use super::{mask, text};
use crate::http::Exchange;
use crate::outcome::{CookieFate, CookieNote, Fault, Fingerprints, StepOutcome, Subject};

/// A name is cut after so many characters.
const LONGEST_NAME: usize = 100;
/// So many are told of where a step failed.
const MOST: usize = 20;

/// All of it, a line each: `` cookie: `a` was refused: it is … (RFC 6265bis 5.7 step 13) ``
pub(super) fn lines(step: &StepOutcome, prints: &Fingerprints) -> Vec<String> {
    let line = |note: &CookieNote| {
        let told = told(note, step, prints);
        match note.fate.reason() {
            Some(reason) if !reason.section.is_empty() => {
                format!("cookie: {told} (RFC 6265bis {})", reason.section)
            }
            _ => format!("cookie: {told}"),
        }
    };
    step.cookies.iter().map(line).collect()
}

/// What helps to see why a step failed. Where the session may be the cause it is all that went another way than
/// wanted; elsewhere it is what concerns the request's own site.
pub(super) fn note(step: &StepOutcome, prints: &Fingerprints) -> Option<String> {
    let may_be_cause = may_be_cause(step);
    let matters = |note: &&CookieNote| match note.fate {
        CookieFate::Stored => false,
        CookieFate::Evicted(_) | CookieFate::Gone(_) => may_be_cause,
        _ => may_be_cause || !note.is_foreign,
    };
    let notes: Vec<&CookieNote> = step.cookies.iter().filter(matters).collect();
    let mut all: Vec<String> =
        notes.iter().take(MOST).map(|note| told(note, step, prints)).collect();
    if notes.len() > MOST {
        all.push(format!("{} more", notes.len() - MOST));
    }
    if all.is_empty() && step.exchange.as_deref().is_some_and(is_refused) {
        return Some("none was sent: the session holds none".to_owned());
    }
    (!all.is_empty()).then(|| all.join("; "))
}

/// Whether the server may have taken the request for somebody else's, or an expectation speaks of cookies.
fn may_be_cause(step: &StepOutcome) -> bool {
    let asked = |fault: &Fault| match fault {
        Fault::Miss(miss) => {
            matches!(miss.subject, Subject::Cookie(..) | Subject::SetCookie(..))
        }
        _ => false,
    };
    step.faults.iter().any(asked) || step.exchange.as_deref().is_some_and(is_sent_to_sign_in)
}

fn is_refused(exchange: &Exchange) -> bool {
    let answer = exchange.hops.last().and_then(|hop| hop.answer.as_ref());
    answer.is_some_and(|answer| {
        matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    })
}

/// 401, 403, a redirect to another page, or a page that is one to sign in.
fn is_sent_to_sign_in(exchange: &Exchange) -> bool {
    let (Some(first), Some(last)) = (exchange.hops.first(), exchange.hops.last()) else {
        return false;
    };
    let path = last.url.path().to_ascii_lowercase();
    is_refused(exchange)
        || first.url.path() != last.url.path()
        || path.contains("login")
        || path.contains("signin")
}

/// `` `session` was sent (•••a1f3) ``
fn told(note: &CookieNote, step: &StepOutcome, prints: &Fingerprints) -> String {
    let name = match note.name.as_str() {
        "" => "a cookie without a name".to_owned(),
        name => format!("`{}`", text::clean(&text::cut(name, LONGEST_NAME))),
    };
    let verb = note.fate.verb();
    if let Some(reason) = note.fate.reason() {
        return format!(
            "{name} {verb}: {}",
            text::clean(&text::cut(&reason.message, 4 * LONGEST_NAME))
        );
    }
    if note.fate != CookieFate::Sent {
        return format!("{name} {verb}");
    }
    // Of one name there may be several, and another at each hop.
    let mut values: Vec<String> = Vec::new();
    for hop in step.exchange.iter().flat_map(|exchange| &exchange.hops) {
        for header in hop.headers.get_all(http::header::COOKIE) {
            for value in mask::cookie_values(header, &note.name) {
                let value = prints.of(value);
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
    }
    match values.as_slice() {
        [] => format!("{name} {verb}"),
        values => format!("{name} {verb} ({})", values.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{cookie_note, exchange, failing, headers, hop, miss, reason};
    use super::*;
    use crate::outcome::Actual;
    use crate::value::Value;

    fn step(faults: Vec<Fault>, paths: &[&str], status: u16) -> StepOutcome {
        let hops = paths.iter().map(|path| {
            let sent = headers(&[("cookie", b"a=1; a=2; b=3")]);
            hop("GET", &format!("http://a.test{path}"), sent, Some((status, headers(&[]))))
        });
        let foreign =
            CookieNote { is_foreign: true, ..cookie_note("f", CookieFate::HeldBack(reason("f"))) };
        StepOutcome {
            cookies: vec![
                cookie_note("a", CookieFate::Sent),
                foreign,
                cookie_note("h", CookieFate::HeldBack(reason("h"))),
                cookie_note("s", CookieFate::Stored),
                cookie_note("", CookieFate::Refused(reason("r"))),
                cookie_note("e", CookieFate::Evicted(reason("e"))),
                cookie_note("x", CookieFate::Expired(reason("x"))),
            ],
            ..failing(faults, Some(exchange(hops.collect(), b"")))
        }
    }

    /// With numbers for fingerprints.
    fn steady(text: &str) -> String {
        let pattern = regex::Regex::new("•••[0-9a-f]{4}").expect("a pattern");
        pattern.replace_all(text, "•••").into_owned()
    }

    #[track_caller]
    fn check(step: &StepOutcome, expected: &str) {
        let note = note(step, &Fingerprints::default()).unwrap_or_default();
        assert_eq!(steady(&note), expected);
    }

    const OWN: &str = "`a` was sent (•••, •••); `h` was not sent: h; a cookie without a name was refused: r; \
                       `x` has expired: x";
    const ALL: &str = "`a` was sent (•••, •••); `f` was not sent: f; `h` was not sent: h; \
                       a cookie without a name was refused: r; `e` was evicted: e; `x` has expired: x";

    #[test]
    fn a_failure_tells_of_its_own_site_or_where_the_session_may_be_the_cause_of_all() {
        check(&step(Vec::new(), &["/account"], 500), OWN);
        check(&step(Vec::new(), &["/account", "/account"], 200), OWN);
        check(&step(Vec::new(), &["/account"], 401), ALL);
        check(&step(Vec::new(), &["/account"], 403), ALL);
        check(&step(Vec::new(), &["/account", "/welcome"], 200), ALL);
        check(&step(Vec::new(), &["/user/Login"], 500), ALL);
        check(&step(Vec::new(), &["/signin"], 500), ALL);
        for subject in [Subject::Cookie("c".into(), None), Subject::SetCookie("c".into(), None)] {
            let fault = miss(subject, "GET /account", Value::Null, Actual::Absent);
            check(&step(vec![Fault::Miss(fault)], &["/account"], 200), ALL);
        }
    }

    #[test]
    fn many_are_cut_to_some() {
        let mut step = step(Vec::new(), &["/account"], 200);
        step.cookies = (0..23)
            .map(|number| cookie_note(&format!("n{number}"), CookieFate::HeldBack(reason("r"))))
            .collect();
        let note = note(&step, &Fingerprints::default()).expect("a note");
        assert!(note.ends_with("`n19` was not sent: r; 3 more"), "{note}");
        step.cookies.clear();
        check(&step, "");
    }

    #[test]
    fn each_has_a_line_with_its_section() {
        let lines = lines(&step(Vec::new(), &["/"], 200), &Fingerprints::default());
        assert_eq!(steady(&lines[0]), "cookie: `a` was sent (•••, •••)");
        assert_eq!(lines[2], "cookie: `h` was not sent: h (RFC 6265bis 5.8.3 step 1)");
        assert_eq!(lines[3], "cookie: `s` was stored");
        assert_eq!(lines.len(), 7);
    }
}
