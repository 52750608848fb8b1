//! A step's first request as a curl command that a shell takes as it is, but for the values that are masked.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::mask;
use super::text;
use crate::http::{
    ACCEPT, ACCEPT_ENCODING, Exchange, Hop, ProxyChoice, Resolve, Tls, USER_AGENT, Version,
};
use crate::mask::header::Kind;
use crate::outcome::{SentBody, SentPart};

/// A longer body is cut.
const LONGEST_BODY: usize = 1024;
/// Where curl would put a value that is not shown.
const HIDDEN: &str = "…";

/// `curl -X GET 'http://a.test/' -b 'session=…'`; none if nothing was sent.
pub(super) fn command(exchange: &Exchange, sent: Option<&SentBody>) -> Option<String> {
    let hop = exchange.hops.first()?;
    let length = hop.body_len;
    let mut out = String::from("curl");
    method(&mut out, hop, exchange.hops.len() > 1);
    connection(&mut out, hop);
    // The fragment is not sent; curl would take brackets and braces for a set of URLs.
    let url = mask::readable(hop.url.as_str());
    let url = mask::urls_with(&url, HIDDEN);
    let url = url.split('#').next().unwrap_or_default();
    if url.contains(['[', ']', '{', '}']) {
        out.push_str(" -g");
    }
    push(&mut out, &always_quoted(url.as_bytes()));
    let is_form = matches!(sent, Some(SentBody::Parts(_)));
    headers(&mut out, &hop.headers, length > 0, is_form);
    match sent {
        _ if length == 0 => {}
        Some(SentBody::File(path)) => {
            push(&mut out, "--data-binary");
            push(&mut out, &always_quoted(format!("@{path}").as_bytes()));
        }
        Some(SentBody::Parts(parts)) => parts.iter().for_each(|part| form(&mut out, part)),
        sent => body(&mut out, sent.and_then(SentBody::bytes), length),
    }
    Some(out)
}

/// curl repeats a method given with `-X` at each redirect, so then it is said only where curl would not choose it.
fn method(out: &mut String, hop: &Hop, followed: bool) {
    let length = hop.body_len;
    if followed {
        out.push_str(" -L");
    }
    match &hop.method {
        // `-X HEAD` would wait for a body.
        &Method::HEAD => out.push_str(" --head"),
        &Method::GET if followed && length == 0 => {}
        &Method::POST if followed && length > 0 => {}
        other => {
            out.push_str(" -X ");
            out.push_str(&quoted(other.as_str().as_bytes()));
        }
    }
}

/// How the connection is made.
fn connection(out: &mut String, hop: &Hop) {
    let channel = &*hop.channel;
    match channel.version {
        Version::Auto => {}
        Version::One => push(out, "--http1.1"),
        Version::Two => push(out, "--http2"),
        Version::PriorKnowledge => push(out, "--http2-prior-knowledge"),
    }
    if let Some(proxy) = &hop.proxy {
        with(out, "--proxy", proxy.to_string());
        if proxy.has_credentials() {
            push(out, &format!("--proxy-user {}", always_quoted(HIDDEN.as_bytes())));
        }
    } else if channel.proxy == ProxyChoice::None {
        push(out, "--noproxy '*'");
    }
    for Resolve { host, port, address, at } in &channel.resolve {
        let address = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        match at {
            None => with(out, "--resolve", format!("{host}:{port}:{address}")),
            Some(at) => with(out, "--connect-to", format!("{host}:{port}:{address}:{at}")),
        }
    }
    if let Some(path) = &channel.unix_socket {
        with(out, "--unix-socket", path.display().to_string());
    }
    if hop.url.scheme() == "https" {
        tls(out, &channel.tls);
    }
}

/// curl has no option for another name in the handshake.
fn tls(out: &mut String, tls: &Tls) {
    if !tls.verify {
        push(out, "-k");
    }
    if let Some(ca) = &tls.ca {
        with(out, "--cacert", ca.name.clone());
    }
    if let Some(identity) = &tls.identity {
        with(out, "--cert", identity.cert.name.clone());
        if let Some(key) = &identity.key {
            with(out, "--key", key.name.clone());
        }
    }
    if tls.only_13 {
        push(out, "--tlsv1.3");
    }
}

fn with(out: &mut String, option: &str, word: String) {
    push(out, option);
    push(out, &quoted(word.as_bytes()));
}

/// A part of a form: curl reads `@`, `<` and `;` in what `-F` says.
fn form(out: &mut String, part: &SentPart) {
    match part {
        SentPart::Text { name, text } => {
            let is_plain = !text.starts_with(['@', '<', '"']) && !text.contains(';');
            let cut = text::cut(text, LONGEST_BODY);
            push(out, if is_plain { "-F" } else { "--form-string" });
            push(out, &always_quoted(format!("{name}={cut}").as_bytes()));
        }
        SentPart::File { name, path, filename, content_type } => {
            let inner = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            let (path, filename) = (inner(path), inner(filename));
            let value = format!("{name}=@\"{path}\";type={content_type};filename=\"{filename}\"");
            push(out, "-F");
            push(out, &always_quoted(value.as_bytes()));
        }
    }
}

fn headers(out: &mut String, headers: &HeaderMap, has_body: bool, is_form: bool) {
    for (name, value) in headers {
        // curl makes a boundary of its own.
        if own(name, value) || (is_form && name == header::CONTENT_TYPE) {
            continue;
        }
        let bytes: Cow<'_, [u8]> = match Kind::of(name, value) {
            Some(kind) => {
                let plain = String::from_utf8_lossy(value.as_bytes());
                Cow::Owned(mask::masked(kind, &plain, |_| HIDDEN.to_owned()).into_bytes())
            }
            None => match std::str::from_utf8(value.as_bytes()) {
                Ok(plain) => Cow::Owned(mask::urls_with(plain, HIDDEN).into_owned().into_bytes()),
                Err(_) => Cow::Borrowed(value.as_bytes()),
            },
        };
        if name == header::COOKIE {
            push(out, "-b");
            push(out, &always_quoted(&bytes));
            continue;
        }
        // curl takes `Name:` for "do not send" and `Name;` for "send it empty".
        let line = match bytes.is_empty() {
            true => [name.as_str().as_bytes(), b";"].concat(),
            false => [name.as_str().as_bytes(), b": ", &bytes].concat(),
        };
        push(out, "-H");
        push(out, &always_quoted(&line));
    }
    if has_body && !headers.contains_key(header::CONTENT_TYPE) {
        // Else curl would call it a form.
        out.push_str(" -H 'content-type:'");
    }
}

/// Whether curl adds it itself, or this program did without being asked.
fn own(name: &HeaderName, value: &HeaderValue) -> bool {
    match *name {
        header::HOST
        | header::CONTENT_LENGTH
        | header::TRANSFER_ENCODING
        | header::CONNECTION
        | header::EXPECT => true,
        header::ACCEPT => value == ACCEPT,
        header::ACCEPT_ENCODING => value == ACCEPT_ENCODING,
        header::USER_AGENT => value == USER_AGENT,
        _ => false,
    }
}

fn body(out: &mut String, sent: Option<&[u8]>, length: u64) {
    let content = sent.and_then(|sent| std::str::from_utf8(sent).ok());
    let Some(content) = content.filter(|content| !content.is_empty() && !content.contains('\0'))
    else {
        let _ = write!(out, " # with a body of {}, not shown", text::size(length));
        return;
    };
    let mut end = content.len().min(LONGEST_BODY);
    while !content.is_char_boundary(end) {
        end -= 1;
    }
    let kept = &content[..end];
    // `--data @x` would send the file x.
    push(out, if kept.starts_with('@') { "--data-raw" } else { "--data" });
    push(out, &always_quoted(kept.as_bytes()));
    // What was masked has another length than what was sent.
    if kept.len() < content.len() {
        let _ = write!(out, " # the body is cut: it has {}", text::size(length));
    }
}

fn push(out: &mut String, word: &str) {
    out.push(' ');
    out.push_str(word);
}

/// A word for a shell, in quotes only where it needs them.
pub(super) fn quoted(word: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:,+@%".contains(byte);
    match std::str::from_utf8(word) {
        Ok(text) if !text.is_empty() && word.iter().all(plain) => text.to_owned(),
        _ => always_quoted(word),
    }
}

/// A word for a shell in quotes: in plain ones, or in `$'…'` where it has bytes that cannot be shown.
fn always_quoted(word: &[u8]) -> String {
    match std::str::from_utf8(word) {
        Ok(plain) if !plain.chars().any(text::garbles) => {
            format!("'{}'", plain.replace('\'', "'\\''"))
        }
        _ => {
            let chunks = word.utf8_chunks();
            let inside: String =
                chunks.map(|chunk| ansi_c(chunk.valid(), chunk.invalid())).collect();
            format!("$'{inside}'")
        }
    }
}

fn ansi_c(valid: &str, invalid: &[u8]) -> String {
    let mut out = String::new();
    let hex = |out: &mut String, byte: u8| {
        let _ = write!(out, "\\x{byte:02x}");
    };
    for c in valid.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\'' | '\\' => out.extend(['\\', c]),
            c if text::garbles(c) => {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| hex(&mut out, byte));
            }
            c => out.push(c),
        }
    }
    invalid.iter().for_each(|byte| hex(&mut out, *byte));
    out
}

#[cfg(test)]
mod tests {
    use super::super::samples::{exchange, headers, hop, login};
    use super::*;

    #[track_caller]
    fn check(word: &[u8], expected: &str) {
        assert_eq!(quoted(word), expected);
    }

    #[test]
    fn words_are_safe_in_a_shell() {
        check(b"scenarios/login.yaml:27", "scenarios/login.yaml:27");
        check(b"", "''");
        check(b"a b", "'a b'");
        check(b"$(rm -rf ~)`x`;&|", "'$(rm -rf ~)`x`;&|'");
        check(b"it's", r"'it'\''s'");
        check(b"a\nb'\\", r"$'a\nb\'\\'");
        check(b"\x1b[31m\xff", r"$'\x1b[31m\xff'");
        check("\u{202e}x".as_bytes(), r"$'\xe2\x80\xaex'");
    }

    fn of(method: &str, sent: &[(&str, &[u8])], body: &[u8]) -> String {
        let mut hop =
            hop(method, "http://u:p@a.test/x?q=[1]#f", headers(sent), Some((200, headers(&[]))));
        hop.body_len = body.len() as u64;
        let sent = SentBody::Bytes(bytes::Bytes::copy_from_slice(body));
        command(&exchange(vec![hop], b""), Some(&sent)).expect("a command")
    }

    #[test]
    fn what_was_sent_is_sent_again() {
        let url = "-g 'http://…@a.test/x?q=[1]'";
        assert_eq!(
            of("HEAD", &[("host", b"a.test"), ("accept", b"*/*")], b""),
            format!("curl --head {url}")
        );
        assert_eq!(
            of("PUT", &[("content-type", b"text/plain"), ("x-empty", b"")], b"@it's"),
            format!(
                r"curl -X PUT {url} -H 'content-type: text/plain' -H 'x-empty;' --data-raw '@it'\''s'"
            )
        );
        assert_eq!(
            of("POST", &[], b"a\xff"),
            format!("curl -X POST {url} -H 'content-type:' # with a body of 2 bytes, not shown")
        );
        let long = of("POST", &[], "é".repeat(1000).as_bytes());
        assert!(long.ends_with("é' # the body is cut: it has 2000 bytes"), "{long}");
        assert_eq!(
            command(&login(), Some(&SentBody::Bytes(b"username=alice".as_slice().into())))
                .expect("a command"),
            "curl -L -g 'http://…@127.0.0.1:8080/login?a=[1]' -H 'content-type: application/x-www-form-urlencoded' \
             -H 'authorization: Bearer …' -H 'x-note: it'\\''s $HOME' --data 'username=alice'"
        );
    }

    /// What the shell reads is what was meant.
    #[test]
    fn a_shell_reads_it_back() {
        for word in ["it's $HOME `id` \"x\" \\ *", "é ~ # !", "-n"] {
            let words = shell_words::split(&quoted(word.as_bytes())).expect("words");
            assert_eq!(words, [word]);
        }
    }
}
