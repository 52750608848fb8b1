//! `cookies.txt` as Netscape had it and as curl, wget and Python's `MozillaCookieJar` read and write it: seven fields
//! with tabs between them. It cannot say SameSite.

use super::{Cookie, Entry, Problem, host, lines, seconds, time};

/// Python wants this first line; curl and wget take it for a comment.
const HEAD: &str = "# Netscape HTTP Cookie File\n# Written by callsheet.\n\n";

/// curl's mark for a cookie that is kept from scripts, in what is a comment to older programs.
const HTTP_ONLY: &[u8] = b"#HttpOnly_";

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Entry>, Problem> {
    let entry = |(line, text)| match cookie(text) {
        Ok(cookie) => cookie.map(|cookie| Ok(Entry { line, cookie })),
        Err(message) => Some(Err(Problem { line, message })),
    };
    lines(bytes).filter_map(entry).collect()
}

/// The cookie of a line; none is a comment or a blank one.
fn cookie(line: &[u8]) -> Result<Option<Cookie>, String> {
    let (http_only, line) = match line.strip_prefix(HTTP_ONLY) {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let start = line.trim_ascii_start();
    if start.is_empty() || start.starts_with(b"#") {
        return Ok(None);
    }
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
    let (first, name, value) = match &fields[..] {
        // Editors take the last tab away where the value is empty; curl reads it so, too.
        [first @ .., name] if first.len() == 5 => (first, *name, &b""[..]),
        [first @ .., name, value] if first.len() == 5 => (first, *name, *value),
        _ => {
            let plural = if fields.len() == 1 { "" } else { "s" };
            let count = fields.len();
            return Err(format!("it has {count} field{plural} between tabs, and a cookie has 7"));
        }
    };
    let (domain, host_only) = domain(text(first[0], "first")?, flag(first[1], "second")?)?;
    Ok(Some(Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain,
        host_only,
        path: text(first[2], "third")?.to_owned(),
        secure: flag(first[3], "fourth")?,
        http_only,
        same_site: None,
        expires: match expires(text(first[4], "fifth")?)? {
            0 => None,
            seconds => Some(time(seconds)),
        },
    }))
}

/// The domain, and whether it is for that host alone. wget writes the port of a host, which no cookie is bound to.
fn domain(text: &str, subdomains: bool) -> Result<(String, bool), String> {
    let name = text.strip_prefix('.').unwrap_or(text);
    if name.len() < text.len() && !subdomains {
        return Err("its domain begins with a dot, but its second field is `FALSE`".to_owned());
    }
    let name = match name.rsplit_once(':') {
        Some((host, port))
            if port.parse::<u16>().is_ok() && (!host.contains(':') || host.ends_with(']')) =>
        {
            host
        }
        _ => name,
    };
    // Python's name for the host; where another host is called so, it is not told apart from that one.
    host(if name == "localhost.local" { "localhost" } else { name }, !subdomains)
}

fn text<'t>(field: &'t [u8], which: &str) -> Result<&'t str, String> {
    std::str::from_utf8(field).map_err(|_| format!("its {which} field is not UTF-8"))
}

fn flag(field: &[u8], which: &str) -> Result<bool, String> {
    match field {
        _ if field.eq_ignore_ascii_case(b"TRUE") => Ok(true),
        _ if field.eq_ignore_ascii_case(b"FALSE") => Ok(false),
        _ => Err(format!("its {which} field is neither `TRUE` nor `FALSE`")),
    }
}

/// Seconds since 1970; 0 (curl, wget) and nothing (Python) are a session cookie. A fraction is cut, as all of them do.
fn expires(field: &str) -> Result<i64, String> {
    if field.is_empty() {
        return Ok(0);
    }
    let (whole, fraction) = field.split_once('.').unwrap_or((field, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole.strip_prefix('-').unwrap_or(whole)) || !digits(fraction) {
        return Err("its fifth field is no time in seconds".to_owned());
    }
    // More digits than a number here has are a time that never comes: Python writes them.
    Ok(whole.parse().unwrap_or(i64::MAX))
}

pub(super) fn holds(cookie: &Cookie) -> Result<(), String> {
    let fields =
        [("name", &cookie.name[..]), ("value", &cookie.value), ("path", cookie.path.as_bytes())];
    match fields.iter().find(|(_, bytes)| bytes.contains(&b'\t')) {
        Some((what, _)) => Err(format!("its {what} holds a tab, which separates the fields")),
        None if cookie.domain == "localhost.local" => {
            Err("its host `localhost.local` means `localhost` there".to_owned())
        }
        None => Ok(()),
    }
}

pub(super) fn write(cookies: &[Cookie]) -> Vec<u8> {
    let mut file = HEAD.as_bytes().to_owned();
    for cookie in cookies {
        let flag = |flag: bool| if flag { "TRUE" } else { "FALSE" };
        let domain = cookie.domain.trim_start_matches('[').trim_end_matches(']');
        let dot = if cookie.host_only { "" } else { "." };
        let (subdomains, path, secure) =
            (flag(!cookie.host_only), &cookie.path, flag(cookie.secure));
        let expires = cookie.expires.map_or(0, seconds);
        if cookie.http_only {
            file.extend(HTTP_ONLY);
        }
        file.extend(
            format!("{dot}{domain}\t{subdomains}\t{path}\t{secure}\t{expires}\t").into_bytes(),
        );
        file.extend([&cookie.name[..], b"\t", &cookie.value, b"\n"].concat());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::super::JarFormat::Netscape;
    use super::super::testing::{cookie, full, reads, refuses};
    use super::*;

    #[test]
    fn files_of_curl_wget_and_python_are_read() {
        let curl = b"# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n\
            shop.test\tFALSE\t/\tFALSE\t0\ta\t1\n\
            .shop.test\tTRUE\t/x/\tTRUE\t1795416869\tb\ta=b \"c\"\n\
            #HttpOnly_localhost\tFALSE\t/\tFALSE\t9223372036854775807\tc\t\n";
        let read = ["a=1 shop.test /", "b=a=b \\\"c\\\" .shop.test /x/ secure 1795416869"];
        reads(Netscape, curl, &[read[0], read[1], "c= localhost / http_only 253402300799"]);
        let wget = b"# HTTP Cookie File\r\n\r\nlocalhost:8080\tFALSE\t/\tFALSE\t0\ta\t1\r\n\
            shop.test\tTRUE\t/\tFALSE\t0\tb\t2\r\n";
        reads(Netscape, wget, &["a=1 localhost /", "b=2 .shop.test /"]);
        let python = b"# Netscape HTTP Cookie File\n\n\
            localhost.local\tFALSE\t/\tFALSE\t\ta\t1\n\
            .127.0.0.1\tTRUE\t/\tFALSE\t100000000001795424256\tb\t2\n\
            #HttpOnly_shop.test\tFALSE\t/\tFALSE\t\t\tnameless\n";
        let read =
            ["a=1 localhost /", "b=2 127.0.0.1 / 253402300799", "=nameless shop.test / http_only"];
        reads(Netscape, python, &read);
    }

    #[test]
    fn what_hands_and_other_programs_do_to_a_file_is_read() {
        let one = |line: &str, expected: &[&str]| reads(Netscape, line.as_bytes(), expected);
        one("", &[]);
        one("  # a comment\n \t \n#HttpOnly\n#HttpOnly_\n", &[]);
        one("\u{feff}Shop.TEST\ttrue\t/\tFalse\t1.9\ta\t1", &["a=1 .shop.test / 1"]);
        one("::1\tFALSE\t/\tFALSE\t-5\ta\t1", &["a=1 [::1] / 1"]);
        one("[::1]:80\tFALSE\t/\tFALSE\t00\ta\t1", &["a=1 [::1] /"]);
        one("a.test\tFALSE\t/\tFALSE\t0\tempty", &["empty= a.test /"]);
        one("printer.local\tFALSE\t/\tFALSE\t0\ta\t1", &["a=1 printer.local /"]);
        reads(Netscape, b"a.test\tFALSE\t/\tFALSE\t0\t\xff\t\xe9 \n", &["\\xff=\\xe9  a.test /"]);
    }

    #[test]
    fn a_bad_line_is_an_error_with_its_number() {
        let one = |line: &str, expected: &str| {
            refuses(
                Netscape,
                format!("# head\r\n\n{line}\n").as_bytes(),
                &format!("3: {expected}"),
            );
        };
        one("shop.test FALSE / FALSE 0 a 1", "it has 1 field between tabs, and a cookie has 7");
        one(
            "a.test\tFALSE\t/\tFALSE\t0\ta\t1\t2",
            "it has 8 fields between tabs, and a cookie has 7",
        );
        one("a.test\tno\t/\tFALSE\t0\ta\t1", "its second field is neither `TRUE` nor `FALSE`");
        one("a.test\tTRUE\t/\t\t0\ta\t1", "its fourth field is neither `TRUE` nor `FALSE`");
        one("a.test\tTRUE\t/\tTRUE\tsoon\ta\t1", "its fifth field is no time in seconds");
        one("a.test\tTRUE\t/\tTRUE\t-\ta\t1", "its fifth field is no time in seconds");
        let dot = "its domain begins with a dot, but its second field is `FALSE`";
        one(".a.test\tFALSE\t/\tTRUE\t0\ta\t1", dot);
        one("a b\tFALSE\t/\tTRUE\t0\ta\t1", "its domain is no host");
        one("\tFALSE\t/\tTRUE\t0\ta\t1", "its domain is no host");
        one("a.test\tFALSE\tx\tTRUE\t0\ta\t1", "its path does not begin with `/`");
        one("a.test\tFALSE\t/\tTRUE\t0\ta\t1\u{1}", "its value holds a control character");
        one("a.test\tFALSE\t/\tTRUE\t0\ta;\t1", "its name holds a `;`");
        one("a.test\tFALSE\t/\tTRUE\t0\t\t", "it has neither a name nor a value");
    }

    #[test]
    fn a_file_is_written_as_curl_writes_it_with_the_first_line_that_python_wants() {
        let cookies =
            [full(), cookie(b"", b"x"), Cookie { domain: "[::1]".into(), ..cookie(b"a", b"") }];
        let expected = "# Netscape HTTP Cookie File\n# Written by callsheet.\n\n\
            #HttpOnly_.localhost\tTRUE\t/a b\tTRUE\t2145916800\tid\ta \"b\\\" = c\n\
            shop.test\tFALSE\t/\tFALSE\t0\t\tx\n\
            ::1\tFALSE\t/\tFALSE\t0\ta\t\n";
        assert_eq!(String::from_utf8(write(&cookies)).expect("text"), expected);
    }
}
