//! From a document to its operations: `$ref`s followed, and all that is wrong noted with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use url::Url;

use super::model::{
    Body, Encoding, Field, Media, Operation, Parameter, Place, RequestBody, Response, SchemaAt,
    Status, is_form, is_json,
};
use super::parameter::{Hint, Style};
use super::path::Template;
use super::translate::Side;
use crate::schema::{Documents, Spot, Wrong};
use crate::value::{self, Map, Value};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/// A `$ref` leads to a `$ref` this often at most.
const MOST_HOPS: usize = 50;
/// Kinds are looked for this deep in a schema.
const DEEPEST_HINT: usize = 4;

/// A value in a document.
#[derive(Clone)]
pub(super) struct Here {
    pub(super) uri: Arc<str>,
    pub(super) document: Arc<Value>,
    pub(super) pointer: String,
}

impl Here {
    fn value(&self) -> &Value {
        self.document.pointer(&self.pointer).unwrap_or(&Value::Null)
    }

    fn spot(&self) -> Spot {
        Spot { uri: self.uri.to_string(), pointer: self.pointer.clone() }
    }

    fn at(&self, name: &str) -> Option<Self> {
        self.value().get(name)?;
        Some(self.step(name))
    }

    fn step(&self, name: &str) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        Self { pointer: format!("{}/{name}", self.pointer), ..self.clone() }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.value().get(name)?.as_str()
    }

    fn is(&self, name: &str) -> bool {
        self.value().get(name) == Some(&Value::Bool(true))
    }

    /// The members of a map with their names.
    fn members(&self) -> Vec<(String, Self)> {
        let names = self.value().as_object().into_iter().flat_map(Map::keys);
        names.map(|name| (name.clone(), self.step(name))).collect()
    }

    /// Those that are no extensions, where there can be any: not among the names of headers.
    fn own_members(&self) -> impl Iterator<Item = (String, Self)> {
        self.members().into_iter().filter(|(name, _)| !name.starts_with("x-"))
    }

    fn elements(&self) -> Vec<Self> {
        let count = self.value().as_array().map_or(0, Vec::len);
        (0..count).map(|index| self.step(&index.to_string())).collect()
    }
}

/// The pointers to the schemas that are in use, by who sends what they describe and by the URIs of their documents.
type Used = BTreeMap<(Side, String), Vec<String>>;

pub(super) struct Reader<'d> {
    pub(super) documents: &'d Arc<dyn Documents>,
    pub(super) root: Here,
    pub(super) wrong: Vec<Wrong>,
    pub(super) schemas: Used,
    /// Whose schemas those of requests are: 3.1 has the same ones for both sides.
    pub(super) requests: Side,
}

impl Reader<'_> {
    pub(super) fn tell(&mut self, here: &Here, message: impl Into<String>) {
        let (uri, pointer) = (here.uri.to_string(), here.pointer.clone());
        let wrong = Wrong { uri, pointer, message: message.into(), help: None };
        if !self.wrong.contains(&wrong) {
            self.wrong.push(wrong);
        }
    }

    /// What stands here, or where a `$ref` here leads to.
    fn resolved(&mut self, here: Here) -> Option<Here> {
        let mut here = here;
        for _ in 0..MOST_HOPS {
            let Some(reference) = here.text("$ref").map(str::to_owned) else { return Some(here) };
            match self.target(&here, &reference) {
                Ok(next) => here = next,
                Err(message) => {
                    self.tell(&here.step("$ref"), message);
                    return None;
                }
            }
        }
        self.tell(&here.step("$ref"), "this `$ref` leads back to itself");
        None
    }

    fn target(&self, here: &Here, reference: &str) -> Result<Here, String> {
        let (before, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let (uri, document) = match before {
            "" => (Arc::clone(&here.uri), Arc::clone(&here.document)),
            before => {
                let uri = Url::parse(&here.uri).and_then(|base| base.join(before));
                let uri = uri.map_err(|_| format!("`{reference}` is no reference"))?;
                match uri.as_str() == &*self.root.uri {
                    true => (Arc::clone(&self.root.uri), Arc::clone(&self.root.document)),
                    false => (Arc::from(uri.as_str()), self.documents.get(uri.as_str())?),
                }
            }
        };
        let pointer = percent_decode_str(fragment).decode_utf8_lossy().into_owned();
        match document.pointer(&pointer) {
            Some(_) => Ok(Here { uri, document, pointer }),
            None => Err(format!("`$ref` leads to nothing: there is no `{pointer}`")),
        }
    }

    /// The operations of the document.
    pub(super) fn operations(&mut self) -> Vec<Operation> {
        let root = self.root.clone();
        let servers = self.servers(&root).unwrap_or_else(|| vec![Template::default()]);
        let mut found: Vec<Operation> = Vec::new();
        let Some(paths) = root.at("paths") else { return found };
        let mut known: Vec<(String, Template)> = Vec::new();
        for (path, item) in paths.own_members() {
            let template = match Template::parse(&path) {
                Ok(template) => template,
                Err(message) => {
                    self.tell(&item, message);
                    continue;
                }
            };
            if let Some((same, _)) = known.iter().find(|(_, known)| known.is_same(&template)) {
                let message = format!("`{path}` and `{same}` are one and the same path");
                self.tell(&item, message);
                continue;
            }
            known.push((path.clone(), template.clone()));
            let Some(item) = self.resolved(item) else { continue };
            let around = self.servers(&item).unwrap_or_else(|| servers.clone());
            for method in METHODS {
                let Some(here) = item.at(method) else { continue };
                let prefixes = self.servers(&here).unwrap_or_else(|| around.clone());
                let templates = prefixes.iter().map(|prefix| template.below(prefix)).collect();
                let name = format!("{} {path}", method.to_uppercase());
                found.push(self.operation(name, (&item, &here), &template, templates));
            }
        }
        found
    }

    /// The paths of the servers that stand here; none where none do.
    fn servers(&mut self, here: &Here) -> Option<Vec<Template>> {
        let servers = here.at("servers")?.elements();
        let mut found = Vec::new();
        for server in &servers {
            let url = server.text("url").unwrap_or("/");
            match Template::prefix(&path_of(url, server.value().get("variables"))) {
                Ok(prefix) if !found.contains(&prefix) => found.push(prefix),
                Ok(_) => {}
                Err(message) => self.tell(server, message),
            }
        }
        (!found.is_empty()).then_some(found)
    }

    fn operation(
        &mut self,
        name: String,
        (item, here): (&Here, &Here),
        template: &Template,
        templates: Vec<Template>,
    ) -> Operation {
        let mut parameters: Vec<Parameter> = Vec::new();
        let lists = [item.at("parameters"), here.at("parameters")];
        for parameter in lists.into_iter().flatten().flat_map(|list| list.elements()) {
            let Some(parameter) = self.parameter(parameter, template) else { continue };
            // One of the operation takes the place of one of the path.
            parameters.retain(|known| {
                known.place != parameter.place || known.field.name != parameter.field.name
            });
            parameters.push(parameter);
        }
        let request = here.at("requestBody").and_then(|body| self.request(body));
        let mut responses = Vec::new();
        let responses_at = here.at("responses").map_or_else(|| here.spot(), |all| all.spot());
        match here.at("responses") {
            Some(all) => {
                for (status, response) in all.own_members() {
                    responses.extend(self.response(&status, response));
                }
            }
            None => self.tell(here, format!("`{name}` has no `responses`")),
        }
        Operation { name, templates, parameters, request, responses, responses_at }
    }

    fn parameter(&mut self, here: Here, template: &Template) -> Option<Parameter> {
        let here = self.resolved(here)?;
        let (Some(name), Some(place)) = (here.text("name"), here.text("in")) else {
            self.tell(&here, "a parameter wants `name` and `in`");
            return None;
        };
        let (name, place) = (name.to_owned(), place.to_owned());
        let place = match place.as_str() {
            "path" => Place::Path,
            "query" => Place::Query,
            "header" => Place::Header,
            // What goes as a cookie is the session's, and secret.
            "cookie" => return None,
            other => {
                self.tell(&here.step("in"), format!("a parameter is not in `{other}`: it is in `path`, `query`, `header` or `cookie`"));
                return None;
            }
        };
        if place == Place::Path && !template.names().any(|known| known == name) {
            self.tell(&here, format!("the path has no `{{{name}}}`"));
            return None;
        }
        let ignored = ["accept", "content-type", "authorization"];
        if place == Place::Header && ignored.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return None;
        }
        let style = match here.text("style") {
            Some(style) => match Style::parse(style) {
                Some(style) => style,
                None => {
                    self.tell(&here.step("style"), format!("there is no style `{style}`"));
                    return None;
                }
            },
            None if place == Place::Query => Style::Form,
            None => Style::Simple,
        };
        let explode = here.value().get("explode").and_then(Value::as_bool);
        let explode = explode.unwrap_or(style == Style::Form);
        Some(Parameter { place, style, field: self.field(name, &here, explode) })
    }

    /// What parameters and headers have in common.
    fn field(&mut self, name: String, here: &Here, explode: bool) -> Field {
        let (is_required, at) = (here.is("required"), here.spot());
        if let Some(schema) = here.at("schema") {
            let hint = self.hint(&schema, 0);
            let schema = Some(self.schema(&schema, Side::Response));
            return Field { name, is_required, explode, schema, hint, is_json: false, at };
        }
        let media = here.at("content").and_then(|content| content.members().into_iter().next());
        let is_json = media.as_ref().is_some_and(|(media, _)| is_json(media));
        let schema = media.and_then(|(_, media)| media.at("schema"));
        let schema = schema.filter(|_| is_json).map(|schema| self.schema(&schema, Side::Response));
        Field { name, is_required, explode, schema, hint: Hint::default(), is_json, at }
    }

    fn request(&mut self, here: Here) -> Option<RequestBody> {
        let here = self.resolved(here)?;
        if here.at("content").is_none() {
            self.tell(&here, "`requestBody` wants `content`");
        }
        let body = self.body(&here, self.requests)?;
        Some(RequestBody { is_required: here.is("required"), body })
    }

    /// What `content` says; none where it says nothing.
    fn body(&mut self, here: &Here, side: Side) -> Option<Body> {
        let content = here.at("content").filter(|content| !content.members().is_empty())?;
        let mut all = Vec::new();
        for (range, media) in content.members() {
            let Some(media) = self.resolved(media) else { continue };
            let schema = media.at("schema");
            let form = schema.as_ref().filter(|_| is_form(&range));
            let hint = form.map(|schema| self.hint(schema, 0)).unwrap_or_default();
            let encodings = self.encodings(&media);
            let schema = schema.map(|schema| self.schema(&schema, side));
            all.push(Media { range, schema, hint, encodings });
        }
        Some(Body { media: all, at: content.spot() })
    }

    /// Those that say how a field is written.
    fn encodings(&mut self, media: &Here) -> Vec<Encoding> {
        let mut found = Vec::new();
        for (name, here) in media.at("encoding").iter().flat_map(Here::members) {
            let explode = here.value().get("explode").and_then(Value::as_bool);
            let style = match here.text("style").map(|style| (style, Style::parse(style))) {
                None if explode.is_none() => continue,
                None => Style::Form,
                Some((_, Some(style))) => style,
                Some((style, None)) => {
                    let message = format!("there is no style `{style}`");
                    self.tell(&here.step("style"), message);
                    continue;
                }
            };
            let explode = explode.unwrap_or(style == Style::Form);
            found.push(Encoding { name, style, explode });
        }
        found
    }

    fn response(&mut self, status: &str, here: Here) -> Option<Response> {
        let Some(matches) = Status::parse(status) else {
            let help = "a status is three digits, a class such as `2XX`, or `default`";
            self.tell(&here, format!("`{status}` is no status: {help}"));
            return None;
        };
        let here = self.resolved(here)?;
        let mut headers = Vec::new();
        for (name, header) in here.at("headers").iter().flat_map(Here::members) {
            let Some(header) = self.resolved(header) else { continue };
            // That is what `content` says (OpenAPI 3.1, section 4.8.17.1).
            if !name.eq_ignore_ascii_case("content-type") {
                headers.push(self.field(name, &header, header.is("explode")));
            }
        }
        let body = self.body(&here, Side::Response);
        Some(Response { status: matches, headers, body })
    }

    /// Notes a schema that is in use.
    fn schema(&mut self, here: &Here, side: Side) -> Arc<SchemaAt> {
        let pointers = self.schemas.entry((side, here.uri.to_string())).or_default();
        if !pointers.contains(&here.pointer) {
            pointers.push(here.pointer.clone());
        }
        Arc::new(SchemaAt::new(side, here.spot()))
    }

    /// What kinds a schema plainly names.
    fn hint(&mut self, here: &Here, depth: usize) -> Hint {
        let is_reference = here.text("$ref").is_some();
        // What is wrong with the reference of a schema is told where schemas are checked.
        let target = match here.text("$ref").map(str::to_owned) {
            Some(reference) => self.target(here, &reference).ok(),
            None => Some(here.clone()),
        };
        let Some(here) = target.filter(|_| depth <= DEEPEST_HINT) else { return Hint::default() };
        if is_reference {
            return self.hint(&here, depth + 1);
        }
        let types = match here.value().get("type") {
            Some(Value::String(kind)) => vec![kind.clone()],
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        let items = here.at("items").map(|items| Box::new(self.hint(&items, depth + 1)));
        let mut members = Vec::new();
        for (name, member) in here.at("properties").iter().flat_map(Here::members) {
            members.push((name, self.hint(&member, depth + 1)));
        }
        let mut hint = Hint { types, items, members };
        let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| here.at(key));
        for part in parts.flat_map(|parts| parts.elements()) {
            let inner = self.hint(&part, depth + 1);
            hint.types.extend(inner.types);
            hint.items = hint.items.or(inner.items);
            hint.members.extend(inner.members);
        }
        hint
    }

    /// What `components` has, in use or not: of what is wrong with it, all is told.
    pub(super) fn components(&mut self) {
        let Some(schemas) = self.root.at("components").and_then(|all| all.at("schemas")) else {
            return;
        };
        for (_, schema) in schemas.members() {
            let _ = self.schema(&schema, Side::Response);
        }
    }

    /// Whether this is a document that can be read; told where it is not.
    pub(super) fn check_version(&mut self) -> Option<Version> {
        let root = self.root.clone();
        let version = root.text("openapi").map(str::to_owned);
        let found = match version.as_deref() {
            Some(version) if version.starts_with("3.0.") || version == "3.0" => Version::V30,
            Some(version) if version.starts_with("3.1.") || version == "3.1" => Version::V31,
            Some(version) => {
                let message =
                    format!("OpenAPI {} is not read: 3.0 and 3.1 are", value::cut(version, 20));
                self.tell(&root.step("openapi"), message);
                return None;
            }
            None if root.value().get("swagger").is_some() => {
                let message = "this is an OpenAPI 2.0 document: 3.0 and 3.1 are read";
                self.tell(&root.step("swagger"), message);
                return None;
            }
            None => {
                self.tell(
                    &root,
                    "this is no OpenAPI document: it says no version with `openapi: 3.1.0`",
                );
                return None;
            }
        };
        if root.value().get("paths").is_some_and(|paths| !paths.is_object()) {
            self.tell(&root.step("paths"), "`paths` is no map");
            return None;
        }
        Some(found)
    }
}

/// The version of a document, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V30,
    V31,
}

/// The path of a server's URL; a variable of it is a name, or what it is by default where that is no segment.
fn path_of(url: &str, variables: Option<&Value>) -> String {
    let after =
        url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    let path = after.split(['?', '#']).next().unwrap_or_default();
    let mut path = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    };
    for (name, variable) in variables.and_then(Value::as_object).into_iter().flatten() {
        let default = variable.get("default").and_then(Value::as_str).unwrap_or_default();
        if default.is_empty() || default.contains('/') {
            path = path.replace(&format!("{{{name}}}"), default.trim_matches('/'));
        }
    }
    path.replace("//", "/")
}
