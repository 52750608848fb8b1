//! The body of a request: one of the kinds that the format knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::decode::{Decoder, Keys, Located, Text, Tree};
use super::files::{self, FileReference};
use super::settings::{self, HeaderEntry};
use super::yaml::{Entry, Kind, Node};
use crate::diagnostic::Diagnostic;

/// What is sent.
#[derive(Clone, Debug)]
pub enum Body {
    /// Any value, as JSON.
    Json(Tree),
    /// Fields, urlencoded; a list repeats its field.
    Form(Vec<(Text, Vec<Tree>)>),
    /// Fields and files, each a part of its own (RFC 7578); a list repeats its name.
    Multipart(Vec<(Located<String>, Vec<Part>)>),
    /// Text, as it is.
    Text(Text),
    /// XML, as it is.
    Xml(Text),
    /// A GraphQL operation, as JSON.
    GraphQl(Box<GraphQl>),
    /// A file, as it is.
    File(FileReference),
    /// Bytes, written in base64.
    Base64(Text),
}

/// A part of a multipart body.
#[derive(Clone, Debug)]
pub enum Part {
    /// A text.
    Text(Tree),
    /// A file.
    File(Box<FilePart>),
}

/// A file as a part of a multipart body.
#[derive(Clone, Debug)]
pub struct FilePart {
    /// Which.
    pub file: FileReference,
    /// The name that is told; none is the file's own.
    pub filename: Option<Text>,
    /// Its media type; none is `application/octet-stream`.
    pub content_type: Option<Text>,
    /// More headers of the part.
    pub headers: Vec<HeaderEntry>,
}

/// What a GraphQL request says.
#[derive(Clone, Debug)]
pub struct GraphQl {
    /// The document.
    pub query: Text,
    /// The values of its variables.
    pub variables: Option<Tree>,
    /// The operation of the document that is meant.
    pub operation_name: Option<Text>,
}

/// The keys of a request's settings that are a body.
pub(super) const KINDS: [&str; 8] =
    ["json", "form", "multipart", "text", "xml", "graphql", "file", "base64"];

const GRAPHQL_KEYS: Keys =
    Keys { what: "`graphql`", known: &["query", "variables", "operation_name"] };
const FILE_KEYS: Keys =
    Keys { what: "a file of `multipart`", known: &["file", "filename", "content_type", "headers"] };

impl Body {
    /// Calls `visit` for every text with expressions in it.
    pub(super) fn visit<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        match self {
            Self::Json(tree) => tree.visit(visit),
            Self::Form(fields) => {
                for (name, values) in fields {
                    visit(name);
                    values.iter().for_each(|value| value.visit(visit));
                }
            }
            Self::Multipart(fields) => {
                fields.iter().flat_map(|(_, parts)| parts).for_each(|part| part.visit(visit));
            }
            Self::Text(text) | Self::Xml(text) | Self::Base64(text) => visit(text),
            Self::GraphQl(graphql) => {
                visit(&graphql.query);
                graphql.variables.iter().for_each(|tree| tree.visit(visit));
                graphql.operation_name.iter().for_each(visit);
            }
            Self::File(file) => visit(&file.path),
        }
    }
}

impl Part {
    fn visit<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        match self {
            Self::Text(tree) => tree.visit(visit),
            Self::File(part) => {
                visit(&part.file.path);
                let headers = part.headers.iter().filter_map(|(_, values)| values.as_ref());
                part.filename.iter().chain(&part.content_type).for_each(&mut *visit);
                headers.flatten().for_each(visit);
            }
        }
    }
}

/// Reads the body that stands under one of [`KINDS`].
pub(super) fn decode(d: &Decoder<'_>, entry: &Entry) -> Option<Located<Body>> {
    let node = &entry.value;
    let value = match entry.key.as_str() {
        "json" => Body::Json(d.tree(node)?),
        "form" => Body::Form(form(d, node)?),
        "multipart" => Body::Multipart(multipart(d, node)?),
        "xml" => Body::Xml(d.text(node, "a text")?),
        "graphql" => Body::GraphQl(Box::new(graphql(d, node)?)),
        "base64" => Body::Base64(base64(d, node)?),
        "text" => Body::Text(d.text(node, "a text")?),
        _ => Body::File(files::reference(d, node)?),
    };
    Some(Located { at: node.at, value })
}

/// Records that there is more than one.
pub(super) fn second(d: &Decoder<'_>, first: &Entry, second: &Entry) {
    let message = format!("a request has one body, found `{}` and `{}`", first.key, second.key);
    let diagnostic = Diagnostic::error(message)
        .at(d.source(), d.span(second.at), "the second body")
        .also(d.source(), d.span(first.at), "the first one");
    d.report(diagnostic.help("leave one of them out"));
}

fn form(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Text, Vec<Tree>)>> {
    let fields: Vec<Option<_>> = d
        .entries(node, "the form's fields")?
        .iter()
        .map(|entry| {
            let name = d.template(entry.at, &entry.key);
            let values = settings::texts(d, &entry.value, "a field's text");
            Some((name?, values?))
        })
        .collect();
    fields.into_iter().collect()
}

fn multipart(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Located<String>, Vec<Part>)>> {
    let entries = d.entries(node, "the parts")?;
    if entries.is_empty() {
        // RFC 2046 section 5.1.1: there is at least one.
        d.error_help(node.at, "`multipart` has no parts", "", "write one, such as `note: hello`");
        return None;
    }
    let fields: Vec<Option<_>> = entries
        .iter()
        .map(|entry| {
            let name = settings::no_template(d, entry);
            let parts: Vec<_> = match &entry.value.kind {
                Kind::List(items) => items.iter().map(|item| part(d, item)).collect(),
                _ => vec![part(d, &entry.value)],
            };
            Some((name?, parts.into_iter().collect::<Option<_>>()?))
        })
        .collect();
    fields.into_iter().collect()
}

fn part(d: &Decoder<'_>, node: &Node) -> Option<Part> {
    let what = "a text, or a file such as `{file: photo.png}`";
    match &node.kind {
        Kind::Map(_) => file_part(d, node).map(|part| Part::File(Box::new(part))),
        Kind::List(_) => {
            d.expected(what, node);
            None
        }
        _ => d.text_value(node, what).map(Part::Text),
    }
}

fn file_part(d: &Decoder<'_>, node: &Node) -> Option<FilePart> {
    let entries = d.map(node, &FILE_KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let text = |key: &str, what: &str| match find(key) {
        Some(node) => d.text(node, what).map(Some),
        None => Some(None),
    };
    let filename = text("filename", "a file's name");
    let content_type = text("content_type", "a media type such as `image/png`");
    let headers = find("headers").map_or(Some(Vec::new()), |node| settings::headers(d, node));
    let Some(file) = find("file") else {
        let help =
            "say which, such as `{file: photo.png}`; a text stands for itself, without a map";
        d.error_help(node.at, "a part of `multipart` that is a map wants a `file`", "", help);
        return None;
    };
    let file = files::reference(d, file);
    let headers = headers?;
    for (name, _) in &headers {
        let own = match name.value.as_str() {
            "content-type" => "say `content_type` instead",
            "content-disposition" => "callsheet makes it of the part's name and its `filename`",
            _ => continue,
        };
        let message = format!("header `{}` of a part cannot be set by hand", name.value);
        d.error_help(name.at, message, "", own);
    }
    Some(FilePart { file: file?, filename: filename?, content_type: content_type?, headers })
}

fn graphql(d: &Decoder<'_>, node: &Node) -> Option<GraphQl> {
    let entries = d.map(node, &GRAPHQL_KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let variables = match find("variables") {
        Some(node) => {
            d.entries(node, "the variables")?;
            Some(d.tree(node)?)
        }
        None => None,
    };
    let operation_name = match find("operation_name") {
        Some(node) => Some(d.text(node, "an operation's name")?),
        None => None,
    };
    let Some(query) = find("query") else {
        let help = "write the document, such as `query: \"{ me { name } }\"`";
        d.error_help(node.at, "`graphql` wants a `query`", "", help);
        return None;
    };
    Some(GraphQl { query: d.text(query, "a GraphQL document")?, variables, operation_name })
}

fn base64(d: &Decoder<'_>, node: &Node) -> Option<Text> {
    let text = d.text(node, "bytes in base64")?;
    if let Some(literal) = text.value.literal()
        && let Err(message) = from_base64(literal)
    {
        d.error_help(node.at, message, "", "`text` sends a text as it is, `file` a file");
        return None;
    }
    Some(text)
}

/// The bytes that a text is in base64 (RFC 4648 section 4), which may be folded.
///
/// # Errors
/// What is wrong with it.
pub fn from_base64(text: &str) -> Result<Vec<u8>, String> {
    let folded: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(&folded).map_err(|error| {
        let shown = crate::value::cut(text.trim(), 40);
        format!("`{}` is no base64: {}", shown.escape_debug(), error.to_string().to_lowercase())
    })
}
