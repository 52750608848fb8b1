//! `#LWP-Cookies-2.0` of libwww-perl, as Python's `LWPCookieJar` reads and writes it. Bytes of names and values are the
//! characters of Latin-1, for so Python has them, and the file is UTF-8. What it calls `port`, `version` and `comment`
//! (RFC 2965) is passed over, as are attributes of servers that callsheet does not know.

use std::fmt::Write as _;

use super::{Cookie, Entry, Problem, from_rfc3339, host, lines, rfc3339};
use crate::session::SameSite;

const HEAD: &str = "#LWP-Cookies-";
const LINE: &str = "Set-Cookie3:";

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Entry>, Problem> {
    if !bytes.starts_with(HEAD.as_bytes()) {
        let message = "the first line is not `#LWP-Cookies-2.0`".to_owned();
        return Err(Problem { line: 1, message });
    }
    let entry = |(line, text)| match cookie(text) {
        Ok(cookie) => cookie.map(|cookie| Ok(Entry { line, cookie })),
        Err(message) => Some(Err(Problem { line, message })),
    };
    lines(bytes).filter_map(entry).collect()
}

/// The cookie of a line; none is a comment or a blank one.
fn cookie(line: &[u8]) -> Result<Option<Cookie>, String> {
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = line.strip_prefix(LINE).ok_or_else(|| format!("it does not begin with `{LINE}`"))?;
    let mut pairs = pairs(line)?.into_iter();
    let (name, value) = pairs.next().ok_or("it is empty")?;
    // A word without a value is what others call a cookie without a name: both are sent as that word.
    let (name, value) = value.map_or_else(|| (String::new(), name.clone()), |v| (name.clone(), v));
    let (mut path, mut place) = (None, None);
    let (mut secure, mut http_only, mut same_site, mut expires) = (false, false, None, None);
    for (key, value) in pairs {
        let value = value.unwrap_or_default();
        match key.to_ascii_lowercase().as_str() {
            "path" => path = Some(value),
            "domain" => place = Some(value),
            "secure" => secure = true,
            "httponly" => http_only = true,
            "samesite" => same_site = SameSite::from_name(&value),
            "expires" => {
                let at = from_rfc3339(&value.replacen(' ', "T", 1));
                expires = Some(at.ok_or("its `expires` is not like `2038-01-01 00:00:00Z`")?);
            }
            _ => {}
        }
    }
    let (domain, host_only) = domain(&place.ok_or("it has no `domain`")?)?;
    Ok(Some(Cookie {
        name: bytes(&name)?,
        value: bytes(&value)?,
        domain,
        host_only,
        path: String::from_utf8(bytes(&path.ok_or("it has no `path`")?)?)
            .map_err(|_| "its path is not UTF-8")?,
        secure,
        http_only,
        same_site,
        expires,
    }))
}

/// The words of a line, each with its value: `name="value"; secure`.
fn pairs(mut rest: &str) -> Result<Vec<(String, Option<String>)>, String> {
    let mut pairs = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c == ';' || c.is_whitespace());
        let Some(first) = rest.chars().next() else { return Ok(pairs) };
        let (key, after) = rest.split_at(rest.find(ends_word).unwrap_or(rest.len()));
        if key.is_empty() {
            return Err(format!("a `{first}` stands where a name is wanted"));
        }
        rest = after.trim_start();
        let mut value = None;
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let (text, left) = match after.strip_prefix('"') {
                Some(quoted) => unquote(quoted)?,
                None => {
                    let ends = |c: char| c != '=' && ends_word(c);
                    let (text, left) = after.split_at(after.find(ends).unwrap_or(after.len()));
                    (text.to_owned(), left)
                }
            };
            (value, rest) = (Some(text), left);
        }
        pairs.push((key.to_owned(), value));
    }
}

fn ends_word(c: char) -> bool {
    matches!(c, '=' | ';' | ',') || c.is_whitespace()
}

/// What stands before the closing quote, and what comes after it.
fn unquote(quoted: &str) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((text, &quoted[at + 1..])),
            '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
            c => text.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}

/// The domain, and whether it is for that host alone. To Python and Perl a host without a dot is in `.local`.
fn domain(text: &str) -> Result<(String, bool), String> {
    let name = text.strip_prefix('.').unwrap_or(text);
    let bare = name.strip_suffix(".local").filter(|bare| !bare.contains('.'));
    host(bare.unwrap_or(name), name.len() == text.len())
}

/// The bytes that stand for themselves as the characters of Latin-1.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let byte = |c: char| u8::try_from(u32::from(c)).ok();
    text.chars()
        .map(byte)
        .collect::<Option<_>>()
        .ok_or_else(|| "it holds a character beyond Latin-1: each stands for one byte".to_owned())
}

fn characters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

pub(super) fn holds(cookie: &Cookie) -> Result<(), String> {
    let (what, word) = match cookie.name.is_empty() {
        true => ("value, without a name,", &cookie.value),
        false => ("name", &cookie.name),
    };
    if let Some(end) = characters(word).chars().find(|c| ends_word(*c)) {
        let code = u32::from(end);
        let shown = if end.is_ascii() { end.to_string() } else { format!("\\u{code:04x}") };
        return Err(format!("its {what} holds a `{shown}`"));
    }
    match cookie.domain.strip_suffix(".local") {
        Some(bare) if !bare.contains('.') => {
            Err(format!("its host `{}` means `{bare}` there", cookie.domain))
        }
        _ => Ok(()),
    }
}

pub(super) fn write(cookies: &[Cookie]) -> Result<Vec<u8>, String> {
    let mut file = format!("{HEAD}2.0\n");
    for cookie in cookies {
        let (name, value) = (characters(&cookie.name), characters(&cookie.value));
        let pair = match name.is_empty() {
            true => value,
            false => format!("{name}={}", quote(&value)),
        };
        let path = quote(&characters(cookie.path.as_bytes()));
        let dot = if cookie.host_only { "" } else { "." };
        let local = if cookie.domain.contains('.') { "" } else { ".local" };
        let domain = quote(&format!("{dot}{}{local}", cookie.domain));
        let mut line = format!("{LINE} {pair}; path={path}; domain={domain}; path_spec");
        for (attribute, said) in [("domain_dot", !cookie.host_only), ("secure", cookie.secure)] {
            if said {
                line.extend(["; ", attribute]);
            }
        }
        match cookie.expires {
            Some(at) => line.extend(["; expires=\"", &rfc3339(at)?.replace('T', " "), "\""]),
            None => line.push_str("; discard"),
        }
        if cookie.http_only {
            line.push_str("; HttpOnly=None");
        }
        if let Some(same_site) = cookie.same_site {
            let _ = write!(line, "; SameSite={}", same_site.name());
        }
        file.extend([&line, "; version=0\n"]);
    }
    Ok(file.into_bytes())
}

/// A word as it is, anything else in quotes, as Python does.
fn quote(text: &str) -> String {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::super::JarFormat;
    use super::super::testing::{cookie, full, reads, refuses};
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let file = format!("#LWP-Cookies-2.0\n{line}\n");
        reads(JarFormat::Lwp, file.as_bytes(), &[expected]);
    }

    #[track_caller]
    fn wrong(line: &str, expected: &str) {
        let file = format!("#LWP-Cookies-2.0\n\n{line}\n");
        refuses(JarFormat::Lwp, file.as_bytes(), &format!("3: {expected}"));
    }

    #[test]
    fn lines_of_python_and_perl_are_read() {
        check(
            r#"Set-Cookie3: a=1; path="/"; domain="localhost.local"; path_spec; discard; version=0"#,
            "a=1 localhost /",
        );
        check(
            r#"Set-Cookie3: e="\"q u\" \\ é"; path="/x"; domain=".shop.test"; domain_dot; secure; expires="2026-11-23 06:54:29Z"; HttpOnly=None; SameSite=Lax; version=0"#,
            r#"e=\"q u\" \\ \xe9 .shop.test /x secure http_only lax 1795416869"#,
        );
        check(r#"Set-Cookie3: nameless; path="/"; domain=web.local"#, "=nameless web /");
        check(
            r#"Set-Cookie3:a = ""; Path = /x=y; DOMAIN=a.local.test; httponly"#,
            "a= a.local.test /x=y http_only",
        );
        check(
            r#"Set-Cookie3: a="b, c"; path="/";domain="[::1].local"; port="80,81"; Priority=High; samesite=odd"#,
            "a=b, c [::1] /",
        );
    }

    #[test]
    fn a_bad_line_is_an_error_with_its_number() {
        refuses(JarFormat::Lwp, b"# other\n", "1: the first line is not `#LWP-Cookies-2.0`");
        refuses(JarFormat::Lwp, b"", "1: the first line is not `#LWP-Cookies-2.0`");
        wrong("a=1", "it does not begin with `Set-Cookie3:`");
        wrong("Set-Cookie3: ;", "it is empty");
        wrong("Set-Cookie3: a=1; domain=a.test", "it has no `path`");
        wrong("Set-Cookie3: a=1; path=/", "it has no `domain`");
        wrong("Set-Cookie3: a=\"1; path=/", "a quote is not closed");
        wrong("Set-Cookie3: a=1, b=2", "a `,` stands where a name is wanted");
        wrong("Set-Cookie3: =1", "a `=` stands where a name is wanted");
        wrong("Set-Cookie3: a=1; path=/; domain=\"a b\"", "its domain is no host");
        let place = "path=/; domain=a.test";
        wrong(
            &format!("Set-Cookie3: a=€; {place}"),
            "it holds a character beyond Latin-1: each stands for one byte",
        );
        wrong(
            &format!("Set-Cookie3: a=1; {place}; expires=soon"),
            "its `expires` is not like `2038-01-01 00:00:00Z`",
        );
        wrong(&format!("Set-Cookie3: a=\"\u{1}\"; {place}"), "its value holds a control character");
    }

    #[test]
    fn a_file_is_written_as_python_writes_it() {
        let file = write(&[full(), cookie(b"", b"x"), cookie(b"a_1", b"b_2")]).expect("held");
        let expected = r#"#LWP-Cookies-2.0
Set-Cookie3: id="a \"b\\\" = c"; path="/a b"; domain=".localhost.local"; path_spec; domain_dot; secure; expires="2038-01-01 00:00:00Z"; HttpOnly=None; SameSite=lax; version=0
Set-Cookie3: x; path="/"; domain="shop.test"; path_spec; discard; version=0
Set-Cookie3: a_1=b_2; path="/"; domain="shop.test"; path_spec; discard; version=0
"#;
        assert_eq!(String::from_utf8(file).expect("text"), expected);
    }
}
