//! An exchange, held against the operation that it asked for.

use std::collections::HashMap;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use super::form::{self, Field as FormField};
use super::model::{
    self, Field, Media, Operation, Parameter, Place, RequestBody, Response, SchemaAt,
};
use super::parameter;
use super::path::Values;
use super::{Asked, Document};
use crate::schema::{Breach, MOST_BREACHES, Spot, Verdict};
use crate::value::Value;

/// What was sent, and what came.
#[derive(Clone, Copy)]
pub struct Exchange<'e> {
    /// The method of the last request.
    pub method: &'e Method,
    /// Its URL.
    pub url: &'e Url,
    /// Its headers.
    pub sent: &'e HeaderMap,
    /// Its body.
    pub sent_body: &'e dyn Body,
    /// The status of the last response.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'e HeaderMap,
    /// Its body.
    pub body: &'e dyn Body,
}

/// The body of a request or a response.
pub trait Body {
    /// Whether there is none.
    fn is_empty(&self) -> bool;
    /// As JSON.
    ///
    /// # Errors
    /// Why it is none.
    fn json(&self) -> Result<&Value, String>;
    /// As text; none if it is no text.
    fn text(&self) -> Option<&str>;

    /// Whether its bytes are at hand: those of a file are not.
    fn is_held(&self) -> bool {
        true
    }

    /// The fields of a multipart form.
    fn fields(&self) -> Option<Vec<FormField<'_>>> {
        None
    }
}

/// How the parts of a request or a response are called.
struct Names {
    body: &'static str,
    /// What is before a path.
    root: &'static str,
    content_type: &'static str,
}

const OF_REQUEST: Names = Names {
    body: "the request body",
    root: "the request body",
    content_type: "the content type of the request",
};
const OF_RESPONSE: Names = Names { body: "the body", root: "$", content_type: "the content type" };

/// Something that is not as the document says, and the place in the document that says so, if it is known.
pub type Broken = (Breach, Option<String>);

/// What came of an exchange that was held against a document.
#[derive(Debug, PartialEq)]
pub enum Judged {
    /// It is as the operation says.
    Holds,
    /// It is not: the operation, the first things, and how many they are, if that is known.
    Breaks(String, Vec<Broken>, Option<usize>),
    /// The document has no such operation: the methods that it has for this path, and what may help.
    NoOperation(Vec<String>, Option<String>),
    /// It was not judged, for this reason.
    Unjudged(String),
}

/// What is wrong, until it is told.
#[derive(Default)]
struct Found {
    breaches: Vec<Breach>,
    /// Those that were counted and are not told.
    more: Option<usize>,
    unjudged: Option<String>,
}

impl Found {
    fn add(
        &mut self,
        at: &Spot,
        path: impl Into<String>,
        wanted: impl Into<String>,
        found: Option<Value>,
    ) {
        let (path, wanted, at) = (path.into(), wanted.into(), Some(at.clone()));
        self.breaches.push(Breach { path, wanted, found, at });
    }
}

impl Document {
    /// The operation that a request asks for, with the values of its path.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<(usize, Values)> {
        let fits = self.operations.iter().enumerate().flat_map(|(at, operation)| {
            let of_method = operation.method() == method;
            operation
                .templates
                .iter()
                .filter(move |_| of_method)
                .filter_map(move |template| Some((at, template, template.values(path)?)))
        });
        // Of equals the first one in the document.
        let best = fits.reduce(|best, next| match next.1.compare(best.1) {
            std::cmp::Ordering::Greater => next,
            _ => best,
        });
        best.map(|(at, _, values)| (at, values))
    }

    /// What an exchange asked for, for coverage.
    #[must_use]
    pub fn asked(&self, method: &Method, url: &Url, status: StatusCode) -> Option<Asked> {
        let (operation, _) = self.find(method.as_str(), url.path())?;
        let status = self.operations[operation].response(status.as_u16()).map(|(at, _)| at);
        Some(Asked { operation, status })
    }

    /// Holds an exchange against the operation that it asked for.
    #[must_use]
    pub fn judge(&self, exchange: Exchange<'_>) -> Judged {
        let Some((at, values)) = self.find(exchange.method.as_str(), exchange.url.path()) else {
            return self.no_operation(&exchange);
        };
        let operation = &self.operations[at];
        let mut found = Found { more: Some(0), ..Found::default() };
        // A request that the server refuses is often wrong on purpose: that it is refused as described is what counts.
        if !exchange.status.is_client_error() {
            for parameter in &operation.parameters {
                self.parameter(parameter, &exchange, &values, &mut found);
            }
            if let Some(request) = &operation.request {
                self.request(request, &exchange, &mut found);
            }
        }
        match operation.response(exchange.status.as_u16()) {
            Some((_, response)) => self.response(response, &exchange, &mut found),
            None => {
                let known: Vec<String> =
                    operation.responses.iter().map(|it| it.status.to_string()).collect();
                let wanted = match known.as_slice() {
                    [only] => only.clone(),
                    known => format!("one of {}", known.join(", ")),
                };
                let status = Value::from(exchange.status.as_u16());
                found.add(&operation.responses_at, "status", wanted, Some(status));
            }
        }
        self.judged(operation, found)
    }

    fn judged(&self, operation: &Operation, mut found: Found) -> Judged {
        if let Some(why) = found.unjudged {
            return Judged::Unjudged(why);
        }
        if found.breaches.is_empty() {
            return Judged::Holds;
        }
        let count = found.more.map(|more| more + found.breaches.len());
        found.breaches.truncate(MOST_BREACHES);
        // Many elements of a list break one and the same rule, and a place in a large document takes a while to find.
        let mut known: HashMap<Spot, Option<String>> = HashMap::new();
        let mut place = |at: &Spot| match known.get(at) {
            Some(known) => known.clone(),
            None => known.entry(at.clone()).or_insert(self.documents.place(at)).clone(),
        };
        let placed = |breach: Breach| {
            let place = breach.at.as_ref().and_then(&mut place);
            (breach, place)
        };
        let breaches = found.breaches.into_iter().map(placed).collect();
        Judged::Breaks(operation.name.clone(), breaches, count)
    }

    fn no_operation(&self, exchange: &Exchange<'_>) -> Judged {
        let path = exchange.url.path();
        let fits = |operation: &&Operation| {
            operation.templates.iter().any(|template| template.values(path).is_some())
        };
        let here: Vec<&Operation> = self.operations.iter().filter(fits).collect();
        let methods = here.iter().map(|operation| operation.method().to_owned()).collect();
        if let Some(first) = here.first() {
            return Judged::NoOperation(methods, Some(first.path().to_owned()));
        }
        let known = self.operations.iter().map(Operation::path);
        let closest = crate::diagnostic::suggest::closest(path, known).map(str::to_owned);
        Judged::NoOperation(methods, closest)
    }

    fn parameter(
        &self,
        parameter: &Parameter,
        exchange: &Exchange<'_>,
        values: &Values,
        found: &mut Found,
    ) {
        let Parameter { place, style, field } = parameter;
        let name = field.name.as_str();
        let explode = field.explode;
        let (what, sent) = match place {
            Place::Path => {
                let text = values.iter().find(|(known, _)| known == name).map(|(_, text)| text);
                let value =
                    |text: &String| parameter::of_path(name, text, *style, explode, &field.hint);
                ("path", text.map(value))
            }
            Place::Query => {
                let query = exchange.url.query().unwrap_or_default();
                ("query", parameter::of_query(name, query, *style, explode, &field.hint))
            }
            Place::Header => ("header", in_headers(field, exchange.sent)),
        };
        self.field((field, &format!("{what} parameter `{name}`")), sent, found);
    }

    fn response(&self, response: &Response, exchange: &Exchange<'_>, found: &mut Found) {
        for header in &response.headers {
            let what = format!("response header `{}`", header.name);
            self.field((header, &what), in_headers(header, exchange.headers), found);
        }
        let Some(body) = &response.body else { return };
        let status = exchange.status.as_u16();
        let is_bare = exchange.method == Method::HEAD || matches!(status, 100..=199 | 204 | 304);
        if !(exchange.body.is_empty() && is_bare) {
            self.content(body, (exchange.headers, exchange.body), &OF_RESPONSE, found);
        }
    }

    fn request(&self, request: &RequestBody, exchange: &Exchange<'_>, found: &mut Found) {
        if request.is_required || !exchange.sent_body.is_empty() {
            let sent = (exchange.sent, exchange.sent_body);
            self.content(&request.body, sent, &OF_REQUEST, found);
        }
    }

    fn content(
        &self,
        expected: &model::Body,
        (headers, body): (&HeaderMap, &dyn Body),
        names: &Names,
        found: &mut Found,
    ) {
        let known = || -> String {
            let all: Vec<&str> = expected.media.iter().map(|media| media.range.as_str()).collect();
            all.join(" or ")
        };
        if body.is_empty() {
            let wanted = format!("a body of type {}", known());
            return found.add(&expected.at, names.body, wanted, None);
        }
        let sent = headers.get(CONTENT_TYPE).map(|it| String::from_utf8_lossy(it.as_bytes()));
        match sent.as_ref().and_then(|sent| expected.of(sent)) {
            Some(media) => self.body(media, (&sent.unwrap_or_default(), body), names, found),
            None => {
                let sent = sent.map(|sent| Value::from(&*sent));
                found.add(&expected.at, names.content_type, known(), sent);
            }
        }
    }

    /// JSON is held against its schema, and so are text and forms; of other bodies the type alone is known.
    fn body(
        &self,
        media: &Media,
        (sent, body): (&str, &dyn Body),
        names: &Names,
        found: &mut Found,
    ) {
        let Some(schema) = &media.schema else { return };
        if !body.is_held() {
            return;
        }
        if model::is_json(sent) {
            match body.json() {
                Ok(body) => self.schema(schema, body, names.root, found),
                Err(why) => found.add(&schema.at, names.body, format!("JSON ({why})"), None),
            }
        } else if model::is_form(sent) {
            let (value, files) = match (body.fields(), body.text()) {
                (Some(fields), _) => form::of_fields(&fields, &media.hint),
                (None, Some(text)) if !sent.trim_start().starts_with("multipart/") => {
                    (form::of_text(text, &media.hint, &media.encodings), Vec::new())
                }
                _ => return,
            };
            self.schema(schema, &value, names.root, found);
            let files: Vec<String> = files.iter().map(|path| within(path, names.root)).collect();
            found.breaches.retain(|breach| !files.contains(&breach.path));
        } else if model::is_text(sent)
            && let Some(text) = body.text()
        {
            self.schema(schema, &Value::from(text), names.body, found);
        }
    }

    fn field(&self, (field, what): (&Field, &str), sent: Option<Value>, found: &mut Found) {
        match (sent, &field.schema) {
            (None, _) if field.is_required => found.add(&field.at, what, "it to be there", None),
            (None, _) | (Some(_), None) => {}
            (Some(Value::String(text)), Some(schema)) if field.is_json => {
                match serde_json::from_str(&text) {
                    Ok(value) => self.schema(schema, &value, what, found),
                    Err(_) => found.add(&field.at, what, "JSON", Some(Value::from(text))),
                }
            }
            (Some(value), Some(schema)) => self.schema(schema, &value, what, found),
        }
    }

    /// Holds a value against a schema; `root` is what it is called.
    fn schema(&self, schema: &SchemaAt, value: &Value, root: &str, found: &mut Found) {
        let compiled = schema.compiled.get_or_init(|| {
            let schemas = self.schemas.get(&(schema.side, schema.at.uri.clone()));
            let schemas = schemas.ok_or_else(|| "the schema was not read".to_owned())?;
            schemas.at(&schema.at.pointer).map_err(|wrong| wrong.message)
        });
        let compiled = match compiled {
            Ok(compiled) => compiled,
            Err(why) => {
                found.unjudged = Some(format!("a schema of the document is wrong: {why}"));
                return;
            }
        };
        match compiled.judge(value) {
            Verdict::Holds => {}
            Verdict::Breaks(breaches, count) => {
                let told = breaches.len();
                let more = count.map(|count| count - told);
                found.more = found.more.zip(more).map(|(all, more)| all + more);
                let named = |breach: Breach| {
                    // What was wrapped to be compiled has no place: the schema has.
                    let at = breach.at.filter(|at| at.uri.starts_with("file:"));
                    let at = at.or_else(|| Some(schema.at.clone()));
                    Breach { path: within(&breach.path, root), at, ..breach }
                };
                found.breaches.extend(breaches.into_iter().map(named));
            }
            Verdict::Endless => {
                found.unjudged =
                    Some("its schema allows it in more ways than can be tried".to_owned());
            }
        }
    }
}

/// A path within what `root` names.
fn within(path: &str, root: &str) -> String {
    match path {
        path if root == "$" => path.to_owned(),
        "$" => root.to_owned(),
        path => format!("`{path}` of {root}"),
    }
}

/// The value of a header; several fields of one name are one list.
fn in_headers(field: &Field, headers: &HeaderMap) -> Option<Value> {
    let all = headers.get_all(field.name.as_str()).iter();
    let all: Vec<String> =
        all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    if all.is_empty() {
        return None;
    }
    Some(parameter::of_header(&all.join(","), field.explode, &field.hint))
}
