//! From nodes to typed values: every mistake is recorded with its place, and reading goes on.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{self, Folder};
use super::yaml::{At, Document, Entry, Kind, Node, Places};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::jsonpath::{InvalidPath, JsonPath};
use crate::source::{Source, Span};
use crate::template::{EvaluationError, Files, Site, Template};
use crate::value::Value;

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The place.
    pub at: At,
    /// The value.
    pub value: T,
}

/// A text that may hold expressions, with its place.
pub type Text = Located<Template>;

/// Any value whose texts may hold expressions.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A value without expressions.
    Literal(Value),
    /// A text with expressions.
    Template(Text),
    /// A list.
    List(Vec<Tree>),
    /// A map; its keys may hold expressions too.
    Map(Vec<(Text, Tree)>),
}

/// The keys of one kind of map.
pub(super) struct Keys {
    /// What the map is, for messages: `a step`.
    pub(super) what: &'static str,
    /// The keys it may have.
    pub(super) known: &'static [&'static str],
}

/// What was read, in no more room than it needs: a suite has many thousands of such lists, most with one item.
pub(super) fn exactly<T>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = items.into_iter().collect();
    all.shrink_to_fit();
    all
}

/// Two lists of keys as one: a step has keys of its own and those of the request settings.
pub(super) const fn joined<const N: usize>(
    first: &[&'static str],
    second: &[&'static str],
) -> [&'static str; N] {
    let mut all = [""; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

/// What is being read and what was found wrong in it.
pub(super) struct Decoder<'d> {
    document: &'d Document,
    root: &'d Path,
    diagnostics: RefCell<Vec<Diagnostic>>,
    /// What no diagnostic may show.
    pub(super) secrets: RefCell<Vec<Value>>,
    /// The files that it names, as far as they are known.
    pub(super) reads: RefCell<Vec<PathBuf>>,
    /// A file asks the same paths again and again.
    paths: RefCell<HashMap<String, Result<JsonPath, InvalidPath>>>,
    /// What `file('path')` reads.
    folder: OnceCell<Arc<Folder>>,
}

impl<'d> Decoder<'d> {
    /// `root` is the folder that no path of the file may leave.
    pub(super) fn new(document: &'d Document, root: &'d Path) -> Self {
        let (diagnostics, secrets, reads, paths, folder) = Default::default();
        Self { document, root, diagnostics, secrets, reads, paths, folder }
    }

    /// What is being read, for what is made of it to keep.
    pub(super) fn places(&self) -> Arc<Places> {
        Arc::clone(self.document.places())
    }

    pub(super) fn root(&self) -> &Path {
        self.root
    }

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics.into_inner()
    }

    pub(super) fn source(&self) -> &Arc<Source> {
        self.document.source()
    }

    pub(super) fn span(&self, at: At) -> Span {
        self.document.span(at)
    }

    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// A path, parsed once for the file.
    pub(super) fn parsed_path(&self, text: &str) -> Result<JsonPath, InvalidPath> {
        let mut paths = self.paths.borrow_mut();
        if let Some(known) = paths.get(text) {
            return known.clone();
        }
        let parsed = JsonPath::parse(text);
        paths.insert(text.to_owned(), parsed.clone());
        parsed
    }

    /// Records an error at a place.
    pub(super) fn error(&self, at: At, message: impl Into<String>, label: &str) {
        self.report(Diagnostic::error(message).at(self.source(), self.span(at), label));
    }

    /// Records an error at a place, with a remedy.
    pub(super) fn error_help(&self, at: At, message: impl Into<String>, label: &str, help: &str) {
        let diagnostic = Diagnostic::error(message).at(self.source(), self.span(at), label);
        self.report(diagnostic.help(help));
    }

    /// Records that a value has the wrong kind.
    pub(super) fn expected(&self, what: &str, node: &Node) {
        self.error(node.at, format!("expected {what}, found {}", found(node)), "");
    }

    /// Records that a value has the wrong kind, with a remedy where there is one.
    fn expected_help(&self, what: &str, node: &Node, help: Option<String>) {
        match help {
            Some(help) => {
                let message = format!("expected {what}, found {}", found(node));
                self.error_help(node.at, message, "", &help);
            }
            None => self.expected(what, node),
        }
    }

    /// A map's entries; unknown keys are recorded and left out.
    pub(super) fn map<'n>(&self, node: &'n Node, keys: &Keys) -> Option<Vec<&'n Entry>> {
        let entries = self.entries(node, keys.what)?;
        Some(entries.iter().filter(|entry| self.is_known(entry, keys)).collect())
    }

    /// A map's entries, whatever their keys.
    pub(super) fn entries<'n>(&self, node: &'n Node, what: &str) -> Option<&'n [Entry]> {
        match &node.kind {
            Kind::Map(entries) => Some(entries),
            _ => {
                self.expected_help(&format!("{what} (a map)"), node, as_map(what, node));
                None
            }
        }
    }

    fn is_known(&self, entry: &Entry, keys: &Keys) -> bool {
        let key = entry.key.as_str();
        if keys.known.contains(&key) {
            return true;
        }
        let message = format!("unknown key `{key}` in {}", keys.what);
        let said = || said_otherwise(key, keys);
        if let Some(help) = as_request(entry, keys).or_else(said) {
            self.error_help(entry.at, message, "", &help);
            return false;
        }
        let all = || keys.known.iter().copied();
        let is_path = all().any(|known| known == "use") && ["file", "path"].contains(&key);
        if let Some(name) = is_path.then_some("use").or_else(|| closest(key, all())) {
            self.error(entry.at, message, &format!("did you mean `{name}`?"));
        } else if let Some(level) = super::levels::home(key) {
            self.error_help(entry.at, message, "", &format!("`{key}` is a key of {level}"));
        } else {
            let known = keys.known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
            self.error_help(
                entry.at,
                message,
                "",
                &format!("{} has {}", keys.what, known.join(", ")),
            );
        }
        false
    }

    pub(super) fn list<'n>(&self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.kind {
            Kind::List(items) => Some(items),
            _ => {
                self.expected_help(&format!("a list of {what}"), node, as_list(what, node));
                None
            }
        }
    }

    /// A text, as it was written: `0123` keeps its zero.
    pub(super) fn string(&self, node: &Node, what: &str) -> Option<Located<String>> {
        let text = match &node.kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::Number(_) | Kind::Bool(_) => self.document.text(node),
            Kind::Null | Kind::List(_) | Kind::Map(_) => None,
        };
        if text.is_none() {
            self.expected(what, node);
        }
        text.map(|value| Located { at: node.at, value })
    }

    /// A text that may not hold expressions.
    pub(super) fn plain(&self, node: &Node, what: &str) -> Option<Located<String>> {
        let text = self.string(node, what)?;
        if text.value.contains("${") {
            self.error(node.at, "`${…}` cannot be used here", "write it out");
            return None;
        }
        Some(text)
    }

    /// A text that may hold expressions.
    pub(super) fn text(&self, node: &Node, what: &str) -> Option<Text> {
        let text = self.string(node, what)?;
        self.template(text.at, &text.value)
    }

    /// Reads a text's expressions.
    pub(super) fn template(&self, at: At, text: &str) -> Option<Text> {
        self.template_from(at, text, 0)
    }

    /// As [`Self::template`], from the byte `start` on.
    pub(super) fn template_from(&self, at: At, text: &str, start: usize) -> Option<Text> {
        match Template::parse_from(text, start) {
            Ok(mut value) => {
                if value.is_situated() {
                    self.stand(at, &mut value);
                }
                Some(Located { at, value })
            }
            Err(error) => {
                let bytes = error.offset..error.offset + error.length;
                let span = piece(self.source(), self.span(at), text, bytes);
                let mut diagnostic = Diagnostic::error(error.message).at(self.source(), span, "");
                if let Some(help) = error.help {
                    diagnostic = diagnostic.help(help);
                }
                self.report(diagnostic);
                None
            }
        }
    }

    /// Says where a text stands to the functions in it, and looks for the files that they name.
    fn stand(&self, at: At, template: &mut Template) {
        let (source, scalar) = (self.source(), self.span(at));
        let position = source.position(scalar.start);
        let place = format!("{}:{}:{}", source.identity(), position.line, position.column);
        let folder = self.folder.get_or_init(|| Arc::new(Folder::of(self)));
        for (bytes, path) in template.files() {
            if let Err(message) = folder.read(&path) {
                let span = piece(source, scalar, template.source(), bytes);
                let diagnostic = Diagnostic::error(message).at(source, span, "");
                self.report(diagnostic.help(files::RULE));
            }
        }
        let files: Arc<dyn Files> = Arc::<Folder>::clone(folder);
        template.stand(&Arc::new(Site { place, files }));
    }

    pub(super) fn boolean(&self, node: &Node) -> Option<bool> {
        match node.kind {
            Kind::Bool(value) => Some(value),
            _ => {
                let message = format!("expected `true` or `false`, found {}", found(node));
                self.error(node.at, message, meant_boolean(node));
                None
            }
        }
    }

    /// A whole number in a range, ends included.
    pub(super) fn integer(&self, node: &Node, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let number = match &node.kind {
            Kind::Number(number) => number.as_u64().filter(|number| range.contains(number)),
            _ => None,
        };
        if number.is_none() {
            let what = format!("a whole number from {} to {}", range.start(), range.end());
            self.expected(&what, node);
        }
        number
    }

    /// A value whose texts may hold expressions; one without any is a literal.
    pub(super) fn tree(&self, node: &Node) -> Option<Tree> {
        Some(match &node.kind {
            Kind::Null => Tree::Literal(Value::Null),
            Kind::Bool(value) => Tree::Literal(Value::Bool(*value)),
            Kind::Number(number) => Tree::Literal(Value::Number(number.clone())),
            Kind::Text(text) => self.text_tree(node.at, text)?,
            Kind::List(items) => {
                let items: Vec<Option<Tree>> = items.iter().map(|item| self.tree(item)).collect();
                Tree::list(items.into_iter().collect::<Option<_>>()?)
            }
            Kind::Map(entries) => {
                let members: Vec<Option<(Text, Tree)>> = entries
                    .iter()
                    .map(|entry| {
                        let (key, value) =
                            (self.template(entry.at, &entry.key), self.tree(&entry.value));
                        Some((key?, value?))
                    })
                    .collect();
                Tree::map(members.into_iter().collect::<Option<_>>()?)
            }
        })
    }

    /// As [`Self::tree`], but a scalar is the text that was written, whatever it looks like.
    pub(super) fn text_value(&self, node: &Node, what: &str) -> Option<Tree> {
        match &node.kind {
            Kind::List(_) | Kind::Map(_) => self.tree(node),
            _ => {
                let text = self.string(node, what)?;
                self.text_tree(node.at, &text.value)
            }
        }
    }

    fn text_tree(&self, at: At, text: &str) -> Option<Tree> {
        if !text.contains("${") {
            return Some(Tree::Literal(Value::String(text.to_owned())));
        }
        let text = self.template(at, text)?;
        Some(match text.value.literal() {
            Some(literal) => Tree::Literal(Value::String(literal.to_owned())),
            None => Tree::Template(text),
        })
    }
}

impl Tree {
    fn list(items: Vec<Self>) -> Self {
        if items.iter().all(|item| matches!(item, Self::Literal(_))) {
            let values = items.into_iter().filter_map(Self::into_literal);
            Self::Literal(Value::Array(values.collect()))
        } else {
            Self::List(items)
        }
    }

    fn map(members: Vec<(Text, Self)>) -> Self {
        let literal = |(key, value): &(Text, Self)| {
            key.value.literal().is_some() && matches!(value, Self::Literal(_))
        };
        if members.iter().all(literal) {
            let values = members.into_iter().filter_map(|(key, value)| {
                Some((key.value.literal()?.to_owned(), value.into_literal()?))
            });
            Self::Literal(Value::Object(values.collect()))
        } else {
            Self::Map(members)
        }
    }

    fn into_literal(self) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// Calls `visit` for every text with expressions in it.
    pub fn visit<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        match self {
            Self::Literal(_) => {}
            Self::Template(text) => visit(text),
            Self::List(items) => items.iter().for_each(|item| item.visit(visit)),
            Self::Map(members) => members.iter().for_each(|(key, value)| {
                visit(key);
                value.visit(visit);
            }),
        }
    }
}

/// The words that YAML 1.1 took for yes and no.
pub(super) fn meant_boolean(node: &Node) -> &'static str {
    match &node.kind {
        Kind::Text(text) => match text.to_lowercase().as_str() {
            "yes" | "on" | "true" | "y" => "did you mean `true`?",
            "no" | "off" | "false" | "n" => "did you mean `false`?",
            _ => "",
        },
        _ => "",
    }
}

/// `get: /a` is what other tools write.
fn as_request(entry: &Entry, keys: &Keys) -> Option<String> {
    let methods = ["get", "head", "post", "put", "patch", "delete", "options"];
    let method = entry.key.to_lowercase();
    if keys.what != "a step" || !methods.contains(&method.as_str()) {
        return None;
    }
    let url = match &entry.value.kind {
        Kind::Text(url) if !url.contains(char::is_whitespace) => url.as_str(),
        _ => "/health",
    };
    Some(format!("did you mean `request: {} {url}`?", method.to_uppercase()))
}

/// What other tools have a key for, and callsheet another way.
fn said_otherwise(key: &str, keys: &Keys) -> Option<String> {
    let has = |name: &str| keys.known.contains(&name);
    let help = match key {
        "params" | "parameters" | "variables" if has("vars") => {
            "what expressions use is named in `vars`"
        }
        "url" | "method" if has("request") => "both are one line: `request: GET /account`",
        "assert" | "asserts" | "validate" | "test" | "tests" | "check" if has("expect") => {
            "what must hold of the response stands in `expect`"
        }
        "params" | "query_params" if has("query") => "the parameters of a URL stand in `query`",
        "body" | "data" | "payload" if has("form") => {
            "a body has its kind: `json`, `form`, `multipart`, `text`, `xml`, `graphql`, `file` or `base64`"
        }
        "steps" if has("group") => "the steps of a group stand in `group` itself: `group: [...]`",
        "delay" | "interval" if has("backoff") => "the time between attempts is `wait`",
        "count" | "times" | "max" if has("backoff") => "the number of attempts is `attempts`",
        "version" => "the format has no versions: leave it out",
        "needs" | "depends" | "depends_on" => {
            "no scenario waits for another: what several need goes into the `setup` of each"
        }
        "repeat" | "loop" => "`for_each` on a step runs it once per item, `retry` until it passes",
        _ => return None,
    };
    Some(help.to_owned())
}

/// How a map is written in place of what was found.
fn as_map(what: &str, node: &Node) -> Option<String> {
    match (&node.kind, what) {
        (Kind::Text(text), "a step") if text.contains(' ') => {
            Some(format!("did you mean `- request: {text}`?"))
        }
        (Kind::Number(number), "`expect`") => Some(format!("did you mean `status: {number}`?")),
        (Kind::Text(text), "`timeouts`") => Some(format!("did you mean `{{request: {text}}}`?")),
        (Kind::Text(url), "an environment") if url.starts_with("http") => {
            Some(format!("did you mean `{{ base_url: {url} }}`?"))
        }
        (Kind::Null, _) => {
            Some("write what belongs to it below, indented, or leave it out".to_owned())
        }
        (Kind::List(_), _) => Some("write `key: value` lines, without `- ` and `[…]`".to_owned()),
        _ => Some("write `key: value`, each on a line of its own".to_owned()),
    }
}

/// How a list is written in place of what was found.
fn as_list(what: &str, node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Text(text) if what == "steps" => {
            let request = text.contains(' ').then(|| format!("`- request: {text}`"));
            let item = request.unwrap_or_else(|| "`- request: GET /health`".to_owned());
            Some(format!("write each step on a line of its own, such as {item}"))
        }
        Kind::Text(text) if !text.is_empty() && !text.contains(['\n', ',', '[', ']', '{', '}']) => {
            Some(format!("did you mean `[{text}]`?"))
        }
        Kind::Map(_) => Some("begin each item with `- `".to_owned()),
        _ => None,
    }
}

/// What a node is, for "found …".
pub(super) fn found(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "nothing".to_owned(),
        Kind::Bool(value) => format!("`{value}`"),
        Kind::Number(number) => format!("the number `{number}`"),
        Kind::Text(text) if text.is_empty() => "an empty text".to_owned(),
        Kind::Text(text) => format!("the text `{}`", crate::value::cut(text, 40)),
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(_) => "a map".to_owned(),
    }
}

/// The piece of the source where an expression stands that has no value.
#[must_use]
pub fn of_expression(source: &Source, span: Span, text: &str, error: &EvaluationError) -> Span {
    piece(source, span, text, error.offset..error.offset + error.length)
}

/// The piece of the source where these bytes of a scalar's text stand; the word there where they are none.
fn piece(source: &Source, span: Span, text: &str, bytes: Range<usize>) -> Span {
    let found = inside(source, span, text, bytes.start);
    let wanted = text.get(bytes).unwrap_or_default();
    let is_there = source.text().get(found.start..).is_some_and(|rest| rest.starts_with(wanted));
    match is_there && !wanted.is_empty() {
        true => Span::new(found.start, found.start + wanted.len()),
        false => found,
    }
}

/// The piece of the source where the byte `offset` of a scalar's text stands.
///
/// In a plain or quoted scalar without escapes that is exact; else the line of the text is looked up, else it is the scalar.
#[must_use]
pub fn inside(source: &Source, span: Span, text: &str, offset: usize) -> Span {
    let written = source.text().get(span.start..span.end).unwrap_or_default();
    let rest = text.get(offset..).unwrap_or_default();
    let word_end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let braces = ["${}", "${"].iter().find(|braces| rest.starts_with(**braces));
    let first = braces.map_or_else(|| rest.chars().next().map_or(1, char::len_utf8), |it| it.len());
    let length = word_end.max(first);
    if let Some(at) = written.find(text) {
        let start = span.start + at + offset;
        return Span::new(start, (start + length).min(source.text().len()));
    }
    // A block scalar or one with escapes: the words from the offset on, if they stand there once.
    let line = rest.lines().next().unwrap_or_default();
    let tail = source.text().get(span.start..).unwrap_or_default();
    match (line.is_empty(), tail.find(line)) {
        (false, Some(at)) => Span::new(span.start + at, span.start + at + length.min(line.len())),
        _ => span,
    }
}
