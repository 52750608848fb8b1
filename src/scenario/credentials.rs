//! A file as reports show it whole: without what its own keys say is a credential.
//!
//! What was sent is masked by its value. A report shows a file to its end, also what was never sent: a token further
//! down, the password of a session that nobody asked for.

use std::sync::Arc;

use super::lint::{NOT_SENT, is_credential};
use super::yaml::{self, Document, Entry, Kind, Node};
use crate::mask::MASK;
use crate::source::{Source, Span};

/// The text of a scenario file, its lines where they were; none where it is no YAML, as nobody knows what is secret in it.
#[must_use]
pub fn hidden(source: &Arc<Source>) -> Option<String> {
    let (document, _) = yaml::read(Arc::clone(source)).ok()?;
    let mut spans = Vec::new();
    look(&document, "", document.root(), &mut spans);
    // An anchor's text is found where it is used, too.
    spans.sort_by_key(|span| span.start);
    spans.dedup();
    let text = source.text();
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for span in spans.into_iter().filter(|span| span.end <= text.len()) {
        let (Some(before), Some(secret)) =
            (text.get(end..span.start), text.get(span.start..span.end))
        else {
            continue;
        };
        out.push_str(before);
        out.push_str(MASK);
        out.push_str(&"\n".repeat(secret.matches('\n').count()));
        end = span.end;
    }
    out.push_str(text.get(end..).unwrap_or_default());
    Some(out)
}

/// Looks through a tree that stands under this key.
fn look(document: &Document, key: &str, node: &Node, spans: &mut Vec<Span>) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| look(document, key, item, spans)),
        Kind::Map(entries) => {
            for Entry { key: name, value, .. } in entries {
                match key {
                    "cookies" => cookie(document, value, spans),
                    "headers" if name.eq_ignore_ascii_case("cookie") => {
                        texts(document, value, spans);
                    }
                    // What is captured under such a name is a path.
                    key if !NOT_SENT.contains(&key) && is_credential(name) => {
                        texts(document, value, spans);
                    }
                    _ => look(document, name, value, spans),
                }
            }
        }
        _ => {}
    }
}

/// A cookie is its value, or a map that has it as `value`.
fn cookie(document: &Document, node: &Node, spans: &mut Vec<Span>) {
    match &node.kind {
        Kind::Map(entries) => {
            let value = entries.iter().filter(|entry| entry.key == "value");
            value.for_each(|entry| texts(document, &entry.value, spans));
        }
        _ => texts(document, node, spans),
    }
}

/// Whether a text says no more than where its value comes from: `Bearer ${token}`.
fn is_reference(text: &str) -> bool {
    const SCHEMES: [&str; 3] = ["", "bearer", "basic"];
    let mut rest = String::new();
    let mut pieces = text.split("${");
    rest.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        rest.push_str(piece.split_once('}').map_or(piece, |(_, after)| after));
    }
    text.contains("${") && SCHEMES.contains(&rest.trim().to_ascii_lowercase().as_str())
}

/// The texts of a tree that are more than references.
fn texts(document: &Document, node: &Node, spans: &mut Vec<Span>) {
    match &node.kind {
        Kind::Text(text) if !is_reference(text) => spans.push(whole(document, node)),
        Kind::List(items) => items.iter().for_each(|item| texts(document, item, spans)),
        Kind::Map(entries) => entries.iter().for_each(|entry| texts(document, &entry.value, spans)),
        Kind::Number(_) => spans.push(whole(document, node)),
        Kind::Text(_) | Kind::Null | Kind::Bool(_) => {}
    }
}

/// The piece of a scalar; that of a block, whose place is its `|` or `>`, with the lines below that are deeper than its key.
fn whole(document: &Document, node: &Node) -> Span {
    let span = document.span(node.at);
    let text = document.source().text();
    let (before, rest) = text.split_at(span.start);
    if !rest.starts_with(['|', '>']) {
        return span;
    }
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    let depth = line.len() - line.trim_start_matches([' ', '-']).len();
    let is_inner = |line: &&str| {
        line.trim().is_empty() || line.len() - line.trim_start_matches(' ').len() > depth
    };
    let mut lines = rest.split_inclusive('\n');
    let head = lines.next().unwrap_or_default().len();
    let inner: usize = lines.take_while(is_inner).map(str::len).sum();
    let len = rest[..head + inner].trim_end().len();
    Span::new(span.start, span.start + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let source = Arc::new(Source::new("a.yaml", "a.yaml", text));
        assert_eq!(hidden(&source).as_deref(), expected);
    }

    #[test]
    fn what_keys_say_is_a_credential_is_hidden_and_lines_keep_their_numbers() {
        check(
            "auth: {basic: {username: bob, password: 's3cret'}}\nheaders:\n  Authorization: Bearer abc\n  x: y\n",
            Some(
                "auth: {basic: {username: bob, password: •••}}\nheaders:\n  Authorization: •••\n  x: y\n",
            ),
        );
        check(
            "auth:\n  bearer: >\n    a\n    b\nname: x\n",
            Some("auth:\n  bearer: •••\n\n\nname: x\n"),
        );
        check("auth: {bearer: '${token}'}", Some("auth: {bearer: '${token}'}"));
        check(
            "expect: {cookies: {a: b, c: {value: d, path: /}}}",
            Some("expect: {cookies: {a: •••, c: {value: •••, path: /}}}"),
        );
        check("headers: {cookie: 'a=${b}'}", Some("headers: {cookie: •••}"));
        check(
            "headers: {authorization: 'Bearer ${b}'}",
            Some("headers: {authorization: 'Bearer ${b}'}"),
        );
        check("password: hunter2${b}", Some("password: •••"));
        check("vars: {X-Api-Key: abc}", Some("vars: {X-Api-Key: •••}"));
        check("capture: {token: $.token}", Some("capture: {token: $.token}"));
        check("password: 12345678", Some("password: •••"));
        check("capture: {a: {cookie: session}}", Some("capture: {a: {cookie: session}}"));
        check(
            "a: {password: &p hunter2}\nb: {bearer: *p}",
            Some("a: {password: &p •••}\nb: {bearer: *p}"),
        );
        check("a: [", None);
    }
}
