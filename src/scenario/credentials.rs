//! A file as reports show it whole: without what its own keys say is a credential.
//!
//! What was sent is masked by its value. A report shows a file to its end, also what was never sent: a token further
//! down, the password of a session that nobody asked for.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::lint::{NOT_SENT, is_credential};
use super::settings::Settings;
use super::step::Action;
use super::yaml::{self, Document, Entry, Kind, Node};
use super::{Scenario, is_reserved};
use crate::mask::MASK;
use crate::source::{Source, Span};
use crate::template::UseKind;

/// `Authorization: Bearer …` in a comment: what stands before the colon says what stands behind it.
static NAMED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([A-Za-z][\w-]*)["']?\s*[:=]\s*"#).ok());

/// The variables of a file whose values are secret: those that it says are, and those that its credentials are made of.
pub fn names(file: &Scenario, visit: &mut dyn FnMut(&str)) {
    file.secrets.iter().for_each(|secret| visit(&secret.value));
    let steps = file.all_steps().filter_map(|step| match &step.action {
        Action::Request(request) => Some(&request.settings),
        _ => None,
    });
    let sessions = file.sessions.iter().map(|session| &session.settings);
    for settings in sessions.chain(steps).chain([&file.defaults]) {
        names_in(settings, visit);
    }
}

/// The variables that credentials are made of.
pub fn names_in(settings: &Settings, visit: &mut dyn FnMut(&str)) {
    let headers = settings.headers.iter().filter(|(name, _)| is_secret_header(&name.value));
    let texts = headers.filter_map(|(_, values)| values.as_ref()).flatten();
    let auth = settings.auth.iter().flat_map(|auth| auth.value.secrets());
    for expression in texts.chain(auth).flat_map(|text| text.value.expressions()) {
        let names = expression
            .uses()
            .iter()
            .filter(|used| matches!(used.kind, UseKind::Name { .. }) && !is_reserved(&used.name));
        names.for_each(|used| visit(&used.name));
    }
}

/// The text of a scenario file, its lines where they were; none where it is no YAML, as nobody knows what is secret in it.
/// `secret` are the variables whose values may not be shown.
#[must_use]
pub fn hidden(source: &Arc<Source>, secret: &HashSet<String>) -> Option<String> {
    let (document, _) = yaml::read(Arc::clone(source)).ok()?;
    let mut look = Look { document: &document, secret, spans: Vec::new() };
    look.at("", document.root());
    let mut spans = look.spans;
    spans.extend(in_comments(source.text()));
    // An anchor's text is found where it is used, too.
    spans.sort_by_key(|span| span.start);
    spans.dedup();
    let text = source.text();
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for span in spans {
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

/// What stands behind the name of a credential in a comment.
fn in_comments(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if let (Some(hash), Some(named)) = (content.find('#'), NAMED.as_ref()) {
            let is_secret = |name: &str| is_credential(name) || is_secret_header(name);
            let mut all = named.captures_iter(&content[hash..]);
            let first = all.find(|it| it.get(1).is_some_and(|name| is_secret(name.as_str())));
            if let Some(value) = first.and_then(|it| it.get(0)) {
                found.push(Span::new(begin + hash + value.end(), begin + content.len()));
            }
        }
        begin += line.len();
    }
    found
}

fn is_secret_header(name: &str) -> bool {
    let secret = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
    secret.iter().any(|header| name.eq_ignore_ascii_case(header))
}

/// A look through a file.
struct Look<'l> {
    document: &'l Document,
    secret: &'l HashSet<String>,
    spans: Vec<Span>,
}

impl Look<'_> {
    /// Looks through a tree that stands under this key.
    fn at(&mut self, key: &str, node: &Node) {
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.at(key, item)),
            Kind::Map(entries) => {
                for Entry { key: name, value, .. } in entries {
                    match key {
                        "cookies" | "set_cookies" => self.cookie(value),
                        _ if name == "set_cookie" => self.cookie(value),
                        "headers" if is_secret_header(name) => self.texts(value),
                        // What is captured under such a name is a path.
                        key if !NOT_SENT.contains(&key) && self.is_secret(name) => {
                            self.texts(value)
                        }
                        _ => self.at(name, value),
                    }
                }
            }
            _ => {}
        }
    }

    /// A key that is masked itself may be any.
    fn is_secret(&self, name: &str) -> bool {
        is_credential(name) || self.secret.contains(name) || name.contains(MASK)
    }

    /// A cookie is its value, or a map that has it as `value`.
    fn cookie(&mut self, node: &Node) {
        match &node.kind {
            Kind::Map(entries) => {
                let value = entries.iter().filter(|entry| entry.key == "value");
                value.for_each(|entry| self.texts(&entry.value));
            }
            _ => self.texts(node),
        }
    }

    /// The texts of a tree that are more than references.
    fn texts(&mut self, node: &Node) {
        match &node.kind {
            Kind::Text(text) if !is_reference(text) => self.spans.push(whole(self.document, node)),
            Kind::Number(_) => self.spans.push(whole(self.document, node)),
            Kind::List(items) => items.iter().for_each(|item| self.texts(item)),
            Kind::Map(entries) => entries.iter().for_each(|entry| self.texts(&entry.value)),
            Kind::Text(_) | Kind::Null | Kind::Bool(_) => {}
        }
    }
}

/// Whether a text says no more than where its value comes from: `Bearer ${token}`, but not `${env.PW | default('x')}`.
fn is_reference(text: &str) -> bool {
    const SCHEMES: [&str; 3] = ["", "bearer", "basic"];
    let (mut outside, mut inside) = (String::new(), String::new());
    for (index, piece) in text.split("${").enumerate() {
        let (expression, rest) = match index {
            0 => ("", piece),
            _ => piece.split_once('}').unwrap_or((piece, "")),
        };
        inside.push_str(expression);
        inside.push(' ');
        outside.push_str(rest);
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = inside.split(|c: char| !is_word(c)).filter(|word| !word.is_empty());
    let names_alone = words.all(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    text.contains("${")
        && names_alone
        && !inside.contains(['\'', '"'])
        && SCHEMES.contains(&outside.trim().to_ascii_lowercase().as_str())
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
    let key = line.trim_start_matches([' ', '-']);
    // An item has no key, but for an anchor or a tag: its dash says how deep it is.
    let is_item = key.split_whitespace().all(|word| word.starts_with(['&', '!']));
    let depth = match line.rfind('-').filter(|_| is_item) {
        Some(dash) => dash,
        None => line.len() - key.len(),
    };
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
        let secret = HashSet::from(["dsn".to_owned()]);
        assert_eq!(hidden(&source, &secret).as_deref(), expected);
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

    #[test]
    fn variables_that_are_secret_are_hidden_wherever_they_get_a_value() {
        check(
            "secrets: [dsn]\nvars: {dsn: 'key-${region}', region: eu}\ncases: [{dsn: a}, {dsn: '${env.DSN}'}]\n",
            Some(
                "secrets: [dsn]\nvars: {dsn: •••, region: eu}\ncases: [{dsn: •••}, {dsn: '${env.DSN}'}]\n",
            ),
        );
        check(
            "e: {dev: {vars: {dsn: {a: x, b: 7}}}}",
            Some("e: {dev: {vars: {dsn: {a: •••, b: •••}}}}"),
        );
    }

    #[test]
    fn cookies_that_steps_set_or_expect_are_hidden() {
        check(
            "session: {set_cookie: {name: sid, value: hunter22}}",
            Some("session: {set_cookie: {name: sid, value: •••}}"),
        );
        check("expect: {set_cookies: {sid: hunter22}}", Some("expect: {set_cookies: {sid: •••}}"));
        check(
            "expect: {headers: {Set-Cookie: 'sid=hunter22'}}",
            Some("expect: {headers: {Set-Cookie: •••}}"),
        );
    }

    #[test]
    fn the_lines_of_a_block_are_hidden_where_it_is_an_item_and_what_follows_is_not() {
        check(
            "headers:\n  Authorization:\n    - >-\n      Bearer abcd\n    - &a |\n     x\n  x: y\n",
            Some("headers:\n  Authorization:\n    - •••\n\n    - &a •••\n\n  x: y\n"),
        );
        check(
            "steps:\n- password: |\n    hunter2\n  x: y\n",
            Some("steps:\n- password: •••\n\n  x: y\n"),
        );
    }

    #[test]
    fn what_an_expression_falls_back_to_is_no_reference() {
        check("password: \"${env.PW | default('hunter2')}\"", Some("password: •••"));
        check("password: '${12345678}'", Some("password: •••"));
        check("password: '${env.PW1 | trim}'", Some("password: '${env.PW1 | trim}'"));
    }

    #[test]
    fn comments_do_not_tell_them_either() {
        check(
            "a: b # password: hunter2\n#  - Authorization: Bearer abcd\n# headers: {X-Api-Key: x}\n# note: y\n",
            Some(
                "a: b # password: •••\n#  - Authorization: •••\n# headers: {X-Api-Key: •••\n# note: y\n",
            ),
        );
    }

    #[test]
    fn what_stands_under_a_masked_key_is_hidden() {
        check("•••a1f3: hunter2", Some("•••a1f3: •••"));
    }
}
