//! `{{id}}` is how other tools write a variable; here it is text.

use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::Diagnostic;
use crate::scenario::decode::{Decoder, inside};
use crate::scenario::names::whole;
use crate::scenario::yaml::{Kind, Node};

/// What is compared with a page may have it, and what is sent as it is as well: pages and templates are made so.
const AS_IT_IS: [&str; 6] = ["expect", "access", "description", "text", "xml", "graphql"];

static BRACES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}").ok());

/// Warns of variables in double braces among what is sent.
pub(in crate::scenario) fn braces(d: &Decoder<'_>, node: &Node) {
    match &node.kind {
        Kind::Text(text) => {
            let found = BRACES.as_ref().and_then(|braces| braces.captures(text));
            let Some((all, name)) = found.and_then(|it| Some((it.get(0)?, it.get(1)?))) else {
                return;
            };
            let span = inside(d.source(), d.span(node.at), text, all.start());
            let span = whole(d.source(), span, all.as_str());
            let message = format!("`{}` is sent as it stands", all.as_str());
            let help = format!("a variable is written `${{{}}}`", name.as_str());
            d.report(Diagnostic::warning(message).at(d.source(), span, "").help(help));
        }
        Kind::List(items) => items.iter().for_each(|item| braces(d, item)),
        Kind::Map(entries) => {
            let sent = entries.iter().filter(|entry| !AS_IT_IS.contains(&entry.key.as_str()));
            sent.for_each(|entry| braces(d, &entry.value));
        }
        _ => {}
    }
}
