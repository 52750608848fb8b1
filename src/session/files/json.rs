//! callsheet's own format: all that a session knows of a cookie.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Cookie, Entry, Problem, from_rfc3339, host, rfc3339};
use crate::session::SameSite;

/// The version of the format, under the key that says whose it is.
const VERSION: u32 = 1;

/// The whole file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct File<C> {
    callsheet: u32,
    cookies: Vec<C>,
}

/// A cookie as it is written; names and values that are not UTF-8 stand in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a cookie")]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: Option<String>,
    expires: Option<String>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Entry>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = line(&bytes[..error.valid_up_to()]);
        Problem { line, message: "it is not UTF-8".to_owned() }
    })?;
    let file: File<&RawValue> = object(text, 1)?;
    if file.callsheet != VERSION {
        let message = format!("its version is {}, and {VERSION} is known", file.callsheet);
        return Err(Problem { line: 1, message });
    }
    file.cookies
        .into_iter()
        .map(|raw| {
            let before = raw.get().as_ptr().addr() - bytes.as_ptr().addr();
            let line = line(&bytes[..before]);
            let cookie =
                cookie(object(raw.get(), line)?).map_err(|message| Problem { line, message })?;
            Ok(Entry { line, cookie })
        })
        .collect()
}

/// The number of the line after this text.
fn line(before: &[u8]) -> usize {
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// Reads an object, and not the list of values that serde takes for one, too.
fn object<'t, T: Deserialize<'t>>(text: &'t str, line: usize) -> Result<T, Problem> {
    if text.trim_ascii_start().starts_with('[') {
        return Err(Problem { line, message: "expected an object, found a list".to_owned() });
    }
    serde_json::from_str(text).map_err(|error| problem(line, &error))
}

/// The parser's words without the place, and without the value that it found: that may be a secret.
fn problem(first: usize, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let message = match text.rsplit_once(", expected ") {
        Some((found, wanted)) if found.starts_with("invalid ") => format!("expected {wanted}"),
        _ => text.to_owned(),
    };
    Problem { line: first + error.line().saturating_sub(1), message }
}

fn cookie(written: Written) -> Result<Cookie, String> {
    let same_site = |name: String| {
        SameSite::from_name(&name).ok_or("`same_site` is `strict`, `lax`, `none` or null")
    };
    let expires =
        |text: String| from_rfc3339(&text).ok_or("`expires` is not like `2038-01-01T00:00:00Z`");
    let (domain, host_only) = host(&written.domain, written.host_only)?;
    Ok(Cookie {
        name: bytes("name", written.name, written.name_base64)?,
        value: bytes("value", written.value, written.value_base64)?,
        domain,
        host_only,
        path: written.path,
        secure: written.secure,
        http_only: written.http_only,
        same_site: written.same_site.map(same_site).transpose()?,
        expires: written.expires.map(expires).transpose()?,
    })
}

fn bytes(key: &str, text: Option<String>, base64: Option<String>) -> Result<Vec<u8>, String> {
    match (text, base64) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(base64)) => {
            STANDARD.decode(base64).map_err(|_| format!("`{key}_base64` is not base64"))
        }
        (None, None) => Err(format!("missing field `{key}`")),
        (Some(_), Some(_)) => Err(format!("it has both `{key}` and `{key}_base64`")),
    }
}

pub(super) fn write(cookies: &[Cookie]) -> Result<Vec<u8>, String> {
    let written = |cookie: &Cookie| {
        let (name, name_base64) = text(&cookie.name);
        let (value, value_base64) = text(&cookie.value);
        Ok(Written {
            name,
            name_base64,
            value,
            value_base64,
            domain: cookie.domain.clone(),
            host_only: cookie.host_only,
            path: cookie.path.clone(),
            secure: cookie.secure,
            http_only: cookie.http_only,
            same_site: cookie.same_site.map(|same_site| same_site.name().to_owned()),
            expires: cookie.expires.map(rfc3339).transpose()?,
        })
    };
    let cookies = cookies.iter().map(written).collect::<Result<_, String>>()?;
    let file = File { callsheet: VERSION, cookies };
    let mut text = serde_json::to_vec_pretty(&file).map_err(|error| error.to_string())?;
    text.push(b'\n');
    Ok(text)
}

/// The bytes as text, or else in base64.
fn text(bytes: &[u8]) -> (Option<String>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::JarFormat::Json;
    use super::super::testing::{cookie, full, reads, refuses};
    use super::*;

    const A: &str = r#""name": "a", "value": "1", "domain": "Shop.test", "host_only": true, "path": "/", "secure": false"#;

    #[test]
    fn all_of_a_cookie_is_written_and_what_is_not_utf8_in_base64() {
        let file = write(&[full(), cookie(b"a", b"\xff")]).expect("held");
        let expected = r#"{
  "callsheet": 1,
  "cookies": [
    {
      "name": "id",
      "value": "a \"b\\\" = c",
      "domain": "localhost",
      "host_only": false,
      "path": "/a b",
      "secure": true,
      "http_only": true,
      "same_site": "lax",
      "expires": "2038-01-01T00:00:00Z"
    },
    {
      "name": "a",
      "value_base64": "/w==",
      "domain": "shop.test",
      "host_only": true,
      "path": "/",
      "secure": false,
      "http_only": false,
      "same_site": null,
      "expires": null
    }
  ]
}
"#;
        assert_eq!(String::from_utf8(file.clone()).expect("text"), expected);
        reads(
            Json,
            &file,
            &[
                "id=a \\\"b\\\\\\\" = c .localhost /a b secure http_only lax 2145916800",
                "a=\\xff shop.test /",
            ],
        );
        let offset = r#""expires": "2026-11-23T07:54:29.5+01:00""#;
        let file =
            format!("{{\"cookies\": [{{{A}, \"http_only\": true, {offset}}}], \"callsheet\": 1}}");
        reads(Json, file.as_bytes(), &["a=1 shop.test / http_only 1795416869"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_without_the_value() {
        let one = |cookie: &str, expected: &str| {
            let file = format!("{{\"callsheet\": 1, \"cookies\": [\n{cookie}]}}");
            refuses(Json, file.as_bytes(), expected);
        };
        one(&format!("{{{A}}}"), "2: missing field `http_only`");
        one(&format!("{{{A},\n\"http_only\": \"s3cret\"}}"), "3: expected a boolean");
        one("{\n\"value\": 12345}", "3: expected a string");
        let unknown = "unknown field `expire`, expected one of `name`, `name_base64`, `value`, `value_base64`, \
            `domain`, `host_only`, `path`, `secure`, `http_only`, `same_site`, `expires`";
        one(&format!("\n{{{A},\n\"expire\": 1}}"), &format!("4: {unknown}"));
        one(&format!("{{{A}, \"name\": \"b\"}}"), "2: duplicate field `name`");
        let full = format!("{A}, \"http_only\": true");
        one(
            &format!("{{{full}, \"name_base64\": \"YQ==\"}}"),
            "2: it has both `name` and `name_base64`",
        );
        one(
            &format!("{{{full}, \"expires\": \"soon\"}}"),
            "2: `expires` is not like `2038-01-01T00:00:00Z`",
        );
        one(
            &format!("{{{full}, \"same_site\": \"odd\"}}"),
            "2: `same_site` is `strict`, `lax`, `none` or null",
        );
        one(
            &format!("{{{full}}}").replace("\"1\"", "\"\\n\""),
            "2: its value holds a control character",
        );
        one(&format!("{{{full}}}").replace("Shop.test", "a b"), "2: its domain is no host");
        refuses(
            Json,
            b"{\"callsheet\": 2, \"cookies\": []}",
            "1: its version is 2, and 1 is known",
        );
        refuses(Json, b"[1]", "1: expected an object, found a list");
        one("[1]", "2: expected an object, found a list");
        one("1", "2: expected a cookie");
        refuses(Json, b"", "1: EOF while parsing a value");
        refuses(
            Json,
            b"{\"callsheet\": 1,\n\"cookies\": [], \"x\": 1}",
            "2: unknown field `x`, expected `callsheet` or `cookies`",
        );
        refuses(Json, b"{\n\"cookies\": [\xff]}", "2: it is not UTF-8");
    }
}
