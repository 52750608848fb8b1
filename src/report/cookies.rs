//! What the session did with cookies, in words; never a value.

use http::StatusCode;

use super::{mask, text};
use crate::http::Exchange;
use crate::outcome::{
    ByHand, CookieFate, CookieNote, Fault, Fingerprints, Miss, State, StepOutcome, Subject,
};

/// A name is cut after so many characters.
const LONGEST_NAME: usize = 100;
/// So many are told of where a step failed.
const MOST: usize = 20;

/// All of it, a line each: `` cookie: `a` was refused: it is … (RFC 6265bis 5.7 step 13) ``. What the failure of the step
/// tells is not told again.
pub(super) fn lines(step: &StepOutcome, prints: &Fingerprints) -> Vec<String> {
    let known = if step.state == State::Failed { of_failure(step) } else { Vec::new() };
    let is_known = |note: &&CookieNote| {
        known.iter().take(MOST).any(|known| std::ptr::eq::<CookieNote>(*known, *note))
    };
    let notes = step.cookies.iter().filter(|note| !is_known(note));
    let by_hand = step.by_hand.iter().map(|done| format!("cookie: {}", by_hand(done)));
    by_hand
        .chain(notes.map(|note| format!("cookie: {}", with_section(note, step, prints))))
        .collect()
}

/// All of it, a line each, also what the failure of the step tells.
pub(super) fn all(step: &StepOutcome, prints: &Fingerprints) -> Vec<String> {
    let by_hand = step.by_hand.iter().map(by_hand);
    by_hand.chain(step.cookies.iter().map(|note| with_section(note, step, prints))).collect()
}

/// What helps to see why a step failed.
pub(super) fn note(step: &StepOutcome, prints: &Fingerprints) -> Option<String> {
    let notes = of_failure(step);
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

/// `` `a` was refused: it is … (RFC 6265bis 5.7 step 13) ``
fn with_section(note: &CookieNote, step: &StepOutcome, prints: &Fingerprints) -> String {
    let told = told(note, step, prints);
    match note.fate.reason() {
        Some(reason) if !reason.section.is_empty() => {
            format!("{told} (RFC 6265bis {})", reason.section)
        }
        _ => told,
    }
}

/// Where the session may be the cause it is all that went another way than wanted; elsewhere it is what concerns the
/// request's own site. Where they are many, those come first that an expectation names, and then those that went wrong.
fn of_failure(step: &StepOutcome) -> Vec<&CookieNote> {
    let named: Vec<&str> = step.faults.iter().filter_map(named).collect();
    let signs_in = step.exchange.as_deref().is_some_and(is_sent_to_sign_in);
    // The server may have taken the request for somebody else's, or an expectation speaks of cookies.
    let may_be_cause = signs_in || !named.is_empty();
    let matters = |note: &&CookieNote| match note.fate {
        CookieFate::Stored => false,
        _ if note.step.is_some() => signs_in || named.contains(&note.name.as_str()),
        CookieFate::Evicted(_) | CookieFate::PassedOver => may_be_cause,
        _ => may_be_cause || !note.is_foreign,
    };
    let mut notes: Vec<&CookieNote> = step.cookies.iter().filter(matters).collect();
    if notes.len() > MOST {
        notes.sort_by_key(|note| match note.fate {
            _ if named.contains(&note.name.as_str()) => 0,
            _ if note.is_foreign => 4,
            CookieFate::Sent | CookieFate::Stored | CookieFate::Replaced => 3,
            CookieFate::HeldBack(_) => 2,
            _ => 1,
        });
    }
    notes
}

/// ``2 dropped: `a`, `b` ``
fn by_hand(done: &ByHand) -> String {
    let ByHand { what, names, missing } = done;
    if let Some(name) = missing {
        return format!("none {what}: the session holds no {}", named_so(name));
    }
    let mut shown: Vec<String> = names.iter().take(MOST).map(|name| short(name)).collect();
    if names.len() > MOST {
        shown.push(format!("{} more", names.len() - MOST));
    }
    match names.len() {
        0 => format!("none {what}"),
        count => format!("{count} {what}: {}", shown.join(", ")),
    }
}

/// The cookie that the expectation names.
fn named(fault: &Fault) -> Option<&str> {
    match fault {
        Fault::Miss(Miss {
            subject: Subject::Cookie(name, _) | Subject::SetCookie(name, _),
            ..
        }) => Some(name),
        _ => None,
    }
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
    let hops = || step.exchange.iter().flat_map(|exchange| &exchange.hops);
    let mut hosts = hops().filter_map(|hop| hop.url.host_str());
    let is_one = hosts.next().is_none_or(|first| hosts.all(|host| host == first));
    let host = match note.fate {
        _ if is_one || note.host.is_empty() => String::new(),
        CookieFate::Sent | CookieFate::HeldBack(_) | CookieFate::PassedOver => {
            format!(" to {}", text::clean(&note.host))
        }
        _ => format!(" from {}", text::clean(&note.host)),
    };
    if note.fate == CookieFate::PassedOver {
        return format!("the request{host} has a Cookie header of its own");
    }
    let when = note.step.as_deref().map(|step| {
        let word = match note.fate {
            CookieFate::Gone(_) => "since",
            CookieFate::Expired(_) => "by",
            _ => "in",
        };
        format!(" {word} step `{}`", text::clean(&text::cut(step, LONGEST_NAME)))
    });
    let fate =
        format!("{} {}{host}{}", short(&note.name), note.fate.verb(), when.unwrap_or_default());
    if let Some(reason) = note.fate.reason() {
        return format!("{fate}: {}", text::clean(&text::cut(&reason.message, 4 * LONGEST_NAME)));
    }
    if note.fate != CookieFate::Sent {
        return fate;
    }
    // Of one name there may be several, and another at each hop.
    let mut values: Vec<String> = Vec::new();
    for hop in hops().filter(|hop| is_one || hop.url.host_str() == Some(&note.host)) {
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
        [] => fate,
        values => format!("{fate} ({})", values.join(", ")),
    }
}

/// `` `session` ``
fn short(name: &str) -> String {
    match name {
        "" => "a cookie without a name".to_owned(),
        name => format!("`{}`", text::clean(&text::cut(name, LONGEST_NAME))),
    }
}

/// `` cookie `session` ``
fn named_so(name: &str) -> String {
    if name.is_empty() {
        "cookie without a name".to_owned()
    } else {
        format!("cookie {}", short(name))
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
        // Those that are asked for, and those that went wrong, are not cut.
        let fault =
            miss(Subject::Cookie("n21".into(), None), "GET /account", Value::Null, Actual::Absent);
        step.faults = vec![Fault::Miss(fault)];
        step.cookies[22].fate = CookieFate::Refused(reason("x"));
        let note = super::note(&step, &Fingerprints::default()).expect("a note");
        let begin = "`n21` was not sent: r; `n22` was refused: x; `n0` was not sent: r; ";
        assert!(
            note.starts_with(begin) && note.ends_with("`n17` was not sent: r; 3 more"),
            "{note}"
        );
        step.faults.clear();
        step.cookies.clear();
        check(&step, "");
    }

    #[test]
    fn each_has_a_line_with_its_section() {
        let mut step = step(Vec::new(), &["/"], 200);
        step.state = State::Passed;
        let lines = lines(&step, &Fingerprints::default());
        assert_eq!(steady(&lines[0]), "cookie: `a` was sent (•••, •••)");
        assert_eq!(lines[2], "cookie: `h` was not sent: h (RFC 6265bis 5.8.3 step 1)");
        assert_eq!(lines[3], "cookie: `s` was stored");
        assert_eq!(lines.len(), 7);
        // What the failure tells is not told again.
        step.state = State::Failed;
        let lines = super::lines(&step, &Fingerprints::default());
        assert_eq!(
            lines,
            [
                "cookie: `f` was not sent: f (RFC 6265bis 5.8.3 step 1)",
                "cookie: `s` was stored",
                "cookie: `e` was evicted: e (RFC 6265bis 5.8.3 step 1)",
            ]
        );
    }

    #[test]
    fn where_hosts_differ_each_is_named() {
        let note = |name: &str, host: &str, fate| CookieNote {
            host: host.to_owned(),
            ..cookie_note(name, fate)
        };
        let hop = |host: &str, sent: &[u8]| {
            let answer = Some((401, headers(&[])));
            hop("GET", &format!("http://{host}/"), headers(&[("cookie", sent)]), answer)
        };
        let hops = vec![hop("a.test", b"a=1"), hop("b.test", b"a=2; a=3")];
        let mut step = failing(Vec::new(), Some(exchange(hops, b"")));
        step.cookies = vec![
            note("a", "a.test", CookieFate::Sent),
            note("r", "a.test", CookieFate::Refused(reason("r"))),
            note("a", "b.test", CookieFate::Sent),
            note("h", "b.test", CookieFate::HeldBack(reason("h"))),
            note("", "b.test", CookieFate::PassedOver),
        ];
        check(
            &step,
            "`a` was sent to a.test (•••); `r` was refused from a.test: r; `a` was sent to b.test (•••, •••); \
             `h` was not sent to b.test: h; the request to b.test has a Cookie header of its own",
        );
    }

    #[test]
    fn what_happened_in_earlier_steps_names_them() {
        let mut step = step(Vec::new(), &["/account"], 401);
        let earlier = |name: &str, fate| CookieNote {
            step: Some("Sign in".to_owned()),
            host: String::new(),
            ..cookie_note(name, fate)
        };
        step.cookies = vec![
            earlier("g", CookieFate::Gone(reason("g"))),
            earlier("r", CookieFate::Refused(reason("r"))),
            earlier("p", CookieFate::Replaced),
            earlier("e", CookieFate::Expired(reason("e"))),
        ];
        check(
            &step,
            "`g` is gone since step `Sign in`: g; `r` was refused in step `Sign in`: r; \
             `p` was replaced in step `Sign in`; `e` has expired by step `Sign in`: e",
        );
        step.exchange = Some(Box::new(exchange(
            vec![hop("GET", "http://a.test/", headers(&[]), Some((500, headers(&[]))))],
            b"",
        )));
        check(&step, "");
    }

    #[test]
    fn what_a_session_step_did_has_names_and_counts() {
        let by_hand = |names: usize, missing: Option<&str>| {
            let names = (0..names).map(|number| format!("n{number}")).collect();
            super::by_hand(&ByHand { what: "deleted", names, missing: missing.map(str::to_owned) })
        };
        assert_eq!(by_hand(2, None), "2 deleted: `n0`, `n1`");
        assert_eq!(by_hand(0, None), "none deleted");
        assert_eq!(by_hand(0, Some("x")), "none deleted: the session holds no cookie `x`");
        assert!(by_hand(23, None).ends_with("`n19`, 3 more"));
    }
}
