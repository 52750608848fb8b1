//! The body of a request, from what was written to what is sent.

use bytes::Bytes;
use serde_json::json;

use super::context::{Context, invalid, text};
use super::request::{refuse_breaks, scalar, value};
use crate::http::{self, Piece};
use crate::outcome::{Fault, SentBody, SentPart};
use crate::scenario::body::{self, Body, FilePart, GraphQl, Part};
use crate::scenario::decode::Located;
use crate::scenario::files::FileReference;
use crate::value::Value;

/// A body, and what is said of it.
#[derive(Default)]
pub(super) struct Content {
    pub(super) body: http::Body,
    /// The media type, unless the headers name another.
    pub(super) media: Option<String>,
    /// For reports.
    pub(super) sent: Option<SentBody>,
}

impl Content {
    fn bytes(bytes: impl Into<Bytes>, media: &str) -> Self {
        let bytes = bytes.into();
        let sent = Some(SentBody::Bytes(bytes.clone()));
        Self { body: http::Body::Bytes(bytes), media: Some(media.to_owned()), sent }
    }
}

/// Evaluates a body.
pub(super) fn content(context: &Context<'_>, written: &Located<Body>) -> Result<Content, Fault> {
    Ok(match &written.value {
        Body::Json(tree) => Content::bytes(value(context, tree)?.to_string(), "application/json"),
        Body::Form(fields) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, values) in fields {
                let key = text(context, name)?;
                for tree in values {
                    form.append_pair(&key, &scalar(context, tree)?);
                }
            }
            Content::bytes(form.finish(), "application/x-www-form-urlencoded")
        }
        Body::Multipart(fields) => multipart(context, fields)?,
        Body::Text(template) => {
            Content::bytes(text(context, template)?, "text/plain; charset=utf-8")
        }
        Body::Xml(template) => Content::bytes(text(context, template)?, "application/xml"),
        Body::GraphQl(graphql) => {
            Content::bytes(operation(context, graphql)?.to_string(), "application/json")
        }
        Body::Base64(template) => {
            let written = text(context, template)?;
            let bytes = body::from_base64(&written)
                .map_err(|message| invalid(context.place(template.at), message))?;
            Content::bytes(bytes, BINARY)
        }
        Body::File(file) => {
            let (path, shown) = found(context, file)?;
            let media = Some(BINARY.to_owned());
            Content { body: http::Body::File(path), media, sent: Some(SentBody::File(shown)) }
        }
    })
}

/// The type of what nobody says a better one of.
const BINARY: &str = "application/octet-stream";

/// The file, and its path as messages show it.
fn found(
    context: &Context<'_>,
    file: &FileReference,
) -> Result<(std::path::PathBuf, String), Fault> {
    let path = text(context, &file.path)?;
    let place = || context.place(file.path.at);
    let found = file.resolve(&context.shared.plan.root, &path);
    Ok((found.map_err(|message| invalid(place(), message))?, file.shown(&path)))
}

/// "GraphQL over HTTP", section "Request parameters".
fn operation(context: &Context<'_>, written: &GraphQl) -> Result<Value, Fault> {
    let mut operation = json!({ "query": text(context, &written.query)? });
    if let Some(variables) = &written.variables {
        operation["variables"] = value(context, variables)?;
    }
    if let Some(name) = &written.operation_name {
        operation["operationName"] = Value::from(text(context, name)?);
    }
    Ok(operation)
}

/// A multipart body while it is put together.
struct Builder {
    boundary: String,
    pieces: Vec<Piece>,
    /// What comes after the last piece.
    text: Vec<u8>,
    sent: Vec<SentPart>,
}

/// RFC 7578, with names written as the WHATWG's form standard does it ("multipart/form-data encoding algorithm").
fn multipart(
    context: &Context<'_>,
    fields: &[(Located<String>, Vec<Part>)],
) -> Result<Content, Fault> {
    let mut form =
        Builder { boundary: boundary(), pieces: Vec::new(), text: Vec::new(), sent: Vec::new() };
    for (name, parts) in fields {
        for part in parts {
            match part {
                Part::Text(tree) => form.field(&name.value, scalar(context, tree)?),
                Part::File(part) => form.file(context, &name.value, part)?,
            }
        }
    }
    Ok(form.finish())
}

/// 128 random bits: no content has them by chance, so that no file needs to be searched before it is sent.
fn boundary() -> String {
    let mut bytes = [0; 16];
    // Where the system has no randomness there is the hasher's own, which is as good against chance.
    if getrandom::fill(&mut bytes).is_err() {
        use std::hash::{BuildHasher, RandomState};
        let random = || RandomState::new().hash_one(0).to_ne_bytes();
        bytes[..8].copy_from_slice(&random());
        bytes[8..].copy_from_slice(&random());
    }
    format!("callsheet-{}", crate::session::auth::hex(&bytes))
}

/// What would end a name in a header.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

impl Builder {
    fn begin(&mut self, name: &str, filename: Option<&str>) {
        let Self { boundary, text, .. } = self;
        let name = escaped(name);
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
        text.extend_from_slice(head.as_bytes());
        if let Some(filename) = filename {
            text.extend_from_slice(format!("; filename=\"{}\"", escaped(filename)).as_bytes());
        }
        text.extend_from_slice(b"\r\n");
    }

    fn header(&mut self, name: &str, value: &str) {
        self.text.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }

    fn field(&mut self, name: &str, text: String) {
        self.begin(name, None);
        self.text.extend_from_slice(b"\r\n");
        self.text.extend_from_slice(text.as_bytes());
        self.text.extend_from_slice(b"\r\n");
        self.sent.push(SentPart::Text { name: name.to_owned(), text });
    }

    fn file(&mut self, context: &Context<'_>, name: &str, part: &FilePart) -> Result<(), Fault> {
        let (path, shown) = found(context, &part.file)?;
        let filename = match &part.filename {
            Some(filename) => text(context, filename)?,
            None => {
                let last = std::path::Path::new(&shown).file_name();
                last.unwrap_or_default().to_string_lossy().into_owned()
            }
        };
        let content_type = match &part.content_type {
            Some(written) => {
                let media = text(context, written)?;
                let place = || context.place(written.at);
                refuse_breaks(&media, place, "`content_type`")?;
                media
            }
            None => BINARY.to_owned(),
        };
        self.begin(name, Some(&filename));
        self.header("Content-Type", &content_type);
        for (name, values) in &part.headers {
            for written in values.iter().flatten() {
                let value = text(context, written)?;
                let place = || context.place(written.at);
                refuse_breaks(&value, place, &format!("header `{}`", name.value))?;
                self.header(&name.value, &value);
            }
        }
        self.text.extend_from_slice(b"\r\n");
        self.pieces.push(Piece::Bytes(std::mem::take(&mut self.text).into()));
        self.pieces.push(Piece::File(path));
        self.text.extend_from_slice(b"\r\n");
        self.sent.push(SentPart::File {
            name: name.to_owned(),
            path: shown,
            filename,
            content_type,
        });
        Ok(())
    }

    fn finish(mut self) -> Content {
        self.text.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        self.pieces.push(Piece::Bytes(self.text.into()));
        let media = Some(format!("multipart/form-data; boundary={}", self.boundary));
        let sent = Some(SentBody::Parts(self.sent));
        Content { body: http::Body::Pieces(self.pieces.into()), media, sent }
    }
}
