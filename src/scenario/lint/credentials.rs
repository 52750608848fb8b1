//! Credentials that are written out: whoever reads the file has them.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::scenario::decode::Located;
use crate::scenario::yaml::{At, Entry, Kind, Node};
use crate::source::{Source, Span};

/// The secrets of the practice server, which its first page tells everybody.
pub const PRACTICE_SECRETS: [&str; 4] = ["wonderland", "builder", "toor", "tea-and-cake"];

/// The keys of what should be secret, without `-` and `_`.
const NAMES: [&str; 22] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "clientsecret",
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "sessiontoken",
    "xauthtoken",
    "apikey",
    "xapikey",
    "apitoken",
    "secretkey",
    "secretaccesskey",
    "privatekey",
    "bearer",
    "authorization",
    "proxyauthorization",
];

/// What comes from a response, and what is compared with one, is no credential.
pub(in crate::scenario) const NOT_SENT: [&str; 4] = ["expect", "access", "capture", "description"];

/// Finds the keys of credentials, each with the place of its value.
pub(in crate::scenario) fn written_out(root: &Node) -> Vec<Located<String>> {
    let mut found = Vec::new();
    look(root, &mut found);
    // What a file itself calls a secret is told to nobody by a report: its author knows.
    if let Kind::Map(entries) = &root.kind
        && let Some(Kind::Map(vars)) = find(entries, "vars").map(|node| &node.kind)
    {
        let masked: Vec<&Node> = named(entries).filter_map(|name| find(vars, name)).collect();
        found.retain(|key| !masked.iter().any(|value| value.at == key.at));
    }
    found
}

/// The credentials of a file, and the file without them.
pub(super) struct Credentials<'s> {
    written: &'s Source,
    keys: Vec<(&'s str, Span)>,
    source: Arc<Source>,
    /// The pieces that are not shown, in the order of the text.
    hidden: Vec<Span>,
}

/// What stands for a credential.
const MARK: &str = "•••";

/// The mark in place of a piece; the lines keep their numbers.
fn stand_in(source: &Source, hidden: &Span) -> String {
    let text = source.text().get(hidden.start..hidden.end).unwrap_or_default();
    format!("{MARK}{}", "\n".repeat(text.matches('\n').count()))
}

impl<'s> Credentials<'s> {
    pub(super) fn of(
        source: &'s Arc<Source>,
        keys: &'s [Located<String>],
        span: &dyn Fn(At) -> Span,
    ) -> Self {
        let keys: Vec<_> = keys.iter().map(|key| (key.value.as_str(), span(key.at))).collect();
        let mut hidden: Vec<Span> = keys.iter().map(|(_, span)| *span).collect();
        hidden.sort_by_key(|span| span.start);
        hidden.dedup_by_key(|span| span.start);
        let (mut shown, mut done) = (String::new(), 0);
        for span in &hidden {
            shown.push_str(source.text().get(done..span.start).unwrap_or_default());
            shown.push_str(&stand_in(source, span));
            done = span.end;
        }
        shown.push_str(source.text().get(done..).unwrap_or_default());
        let without = match hidden.is_empty() {
            true => Arc::clone(source),
            false => Arc::new(source.with_text(shown)),
        };
        Self { written: source, keys, source: without, hidden }
    }

    /// What is said of them.
    pub(super) fn diagnostics(&self) -> Vec<Diagnostic> {
        let told = self.keys.iter().map(|(key, span)| {
            let name: String =
                key.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() }).collect();
            let help = format!(
                "write `${{secret.{name}}}`, and put its value into `.env`, which stays out of version control"
            );
            Diagnostic::warning(format!("`{key}` is written out: whoever reads the file, or a report, has it"))
                .at(&self.source, self.place(span), "")
                .help(help)
        });
        told.collect()
    }

    /// The diagnostic with an excerpt that does not show them.
    pub(super) fn hide(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        for label in diagnostic.primary.iter_mut().chain(&mut diagnostic.related) {
            if std::ptr::eq(Arc::as_ptr(&label.source), self.written) {
                label.span = self.place(&label.span);
                label.source = Arc::clone(&self.source);
            }
        }
        diagnostic
    }

    /// Where a piece of the text is in what is shown of it.
    fn place(&self, span: &Span) -> Span {
        let moved = |at: usize, inside: usize| {
            let before = self.hidden.iter().take_while(|hidden| hidden.start < at);
            let mut place = at;
            for hidden in before {
                // Within one it is its beginning or its end.
                let until = hidden.end.min(at);
                let whole = stand_in(self.written, hidden).len();
                place =
                    place - (until - hidden.start) + if at > hidden.end { whole } else { inside };
            }
            place
        };
        Span::new(moved(span.start, 0), moved(span.end, MARK.len()))
    }
}

/// Collects the entries whose value is a credential.
fn look(node: &Node, found: &mut Vec<Located<String>>) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| look(item, found)),
        Kind::Map(entries) if !must_be_refused(entries) => {
            for entry in entries.iter().filter(|entry| !NOT_SENT.contains(&entry.key.as_str())) {
                let at = entry.value.at;
                let again = || found.iter().any(|known| known.at == at);
                if is_credential(&entry.key) && is_written_out(&entry.value) && !again() {
                    found.push(Located { at, value: entry.key.clone() });
                }
                look(&entry.value, found);
            }
        }
        _ => {}
    }
}

/// Whether a key says that its value is a credential.
pub(in crate::scenario) fn is_credential(key: &str) -> bool {
    let plain: String =
        key.chars().filter(|c| !"-_ ".contains(*c)).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.contains(&plain.as_str())
}

fn is_written_out(value: &Node) -> bool {
    match &value.kind {
        Kind::Text(text) => {
            !text.trim().is_empty()
                && !text.contains("${")
                && !PRACTICE_SECRETS.contains(&text.as_str())
        }
        Kind::Number(_) => true,
        _ => false,
    }
}

fn find<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Node> {
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

/// The variables that `secrets` names.
fn named(entries: &[Entry]) -> impl Iterator<Item = &str> {
    let list = match find(entries, "secrets").map(|node| &node.kind) {
        Some(Kind::List(list)) => list.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|node| match &node.kind {
        Kind::Text(name) => Some(name.as_str()),
        _ => None,
    })
}

/// Whether it is a step that the server is to refuse: then what it sends opens nothing.
fn must_be_refused(entries: &[Entry]) -> bool {
    let Some(Kind::Map(expect)) = find(entries, "expect").map(|node| &node.kind) else {
        return false;
    };
    let Some(status) = find(expect, "status") else { return false };
    let is_refusal = |node: &Node| match &node.kind {
        Kind::Number(number) => number.as_u64().is_some_and(|code| (400..500).contains(&code)),
        Kind::Text(text) => text == "4xx",
        _ => false,
    };
    match &status.kind {
        Kind::List(all) => all.iter().all(is_refusal),
        _ => is_refusal(status),
    }
}
