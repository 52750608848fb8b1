//! What a document says of an operation, as far as exchanges are held against it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::parameter::{Hint, Style};
use super::path::Template;
use super::translate::Side;
use crate::schema::{Schema, Spot};

/// A method of a path.
#[derive(Debug)]
pub(super) struct Operation {
    /// `GET /orders/{id}`
    pub(super) name: String,
    /// The path below each of its servers.
    pub(super) templates: Vec<Template>,
    pub(super) parameters: Vec<Parameter>,
    /// None where nothing is said of it.
    pub(super) request: Option<RequestBody>,
    /// In the order written.
    pub(super) responses: Vec<Response>,
    pub(super) responses_at: Spot,
}

impl Operation {
    pub(super) fn method(&self) -> &str {
        self.name.split(' ').next().unwrap_or_default()
    }

    pub(super) fn path(&self) -> &str {
        self.name.split_once(' ').map_or("", |(_, path)| path)
    }

    /// The response that says most of a status: its own, then its class, then the default.
    pub(super) fn response(&self, status: u16) -> Option<(usize, &Response)> {
        let ranks = [Status::Code(status), Status::Class(status / 100), Status::Default];
        ranks.into_iter().find_map(|rank| {
            self.responses.iter().enumerate().find(|(_, response)| response.status == rank)
        })
    }
}

/// Where a parameter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

/// A parameter of a request.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) place: Place,
    pub(super) style: Style,
    pub(super) field: Field,
}

/// What parameters and headers have in common.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) is_required: bool,
    pub(super) explode: bool,
    pub(super) schema: Option<Arc<SchemaAt>>,
    pub(super) hint: Hint,
    /// Whether it is a JSON text.
    pub(super) is_json: bool,
    pub(super) at: Spot,
}

/// A status as documents write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Code(u16),
    Class(u16),
    Default,
}

impl Status {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            b"default" => Some(Self::Default),
            [class @ b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => {
                Some(Self::Class(u16::from(class - b'0')))
            }
            [b'1'..=b'9', _, _] => text.parse().ok().map(Self::Code),
            _ => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Class(class) => write!(f, "{class}xx"),
            Self::Default => write!(f, "default"),
        }
    }
}

/// A response that an operation may have.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: Status,
    pub(super) headers: Vec<Field>,
    /// None where nothing is said of it.
    pub(super) body: Option<Body>,
}

/// The bodies that a request may have.
#[derive(Debug)]
pub(super) struct RequestBody {
    pub(super) is_required: bool,
    pub(super) body: Body,
}

/// The bodies that a request or a response may have.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) media: Vec<Media>,
    /// `content`
    pub(super) at: Spot,
}

impl Body {
    /// What says most of a media type: the type itself, then a range.
    pub(super) fn of(&self, sent: &str) -> Option<&Media> {
        let rank = |media: &&Media| rank(&media.range, sent);
        self.media.iter().filter(|media| rank(media) > 0).max_by_key(rank)
    }
}

/// How much a media range says of a media type: nothing, if it is another one.
fn rank(range: &str, sent: &str) -> u8 {
    let squeezed = |text: &str| text.replace([' ', '"'], "").to_ascii_lowercase();
    let (kind, range_kind) = (plain(sent), plain(range));
    let has_parameters = range.contains(';');
    match (range_kind.strip_suffix('*'), has_parameters) {
        (None, true) if squeezed(range) == squeezed(sent) => 4,
        (None, false) if range_kind == kind => 3,
        (Some("*/"), _) => 1,
        (Some(start), _) if start.ends_with('/') && kind.starts_with(start) => 2,
        _ => 0,
    }
}

/// A body of one media type or range.
#[derive(Debug)]
pub(super) struct Media {
    pub(super) range: String,
    pub(super) schema: Option<Arc<SchemaAt>>,
    /// Of a form, what its fields are.
    pub(super) hint: Hint,
    pub(super) encodings: Vec<Encoding>,
}

/// How a field of a form is written that is a list or an object.
#[derive(Clone, Debug)]
pub(super) struct Encoding {
    pub(super) name: String,
    pub(super) style: Style,
    pub(super) explode: bool,
}

/// A media type without its parameters.
fn plain(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a media type is a form, with files or without.
pub(super) fn is_form(media: &str) -> bool {
    ["application/x-www-form-urlencoded", "multipart/form-data"].contains(&plain(media).as_str())
}

/// Whether a media type is a text that has a schema as such.
pub(super) fn is_text(media: &str) -> bool {
    plain(media) == "text/plain"
}

/// Whether a media type is JSON.
pub(super) fn is_json(media: &str) -> bool {
    let plain = plain(media);
    plain == "application/json" || plain.ends_with("+json") || plain == "text/json"
}

/// A schema in a document, compiled when it is first needed: a large document has thousands.
#[derive(Debug)]
pub(super) struct SchemaAt {
    pub(super) side: Side,
    pub(super) at: Spot,
    pub(super) compiled: OnceLock<Result<Schema, String>>,
}

impl SchemaAt {
    pub(super) fn new(side: Side, at: Spot) -> Self {
        Self { side, at, compiled: OnceLock::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere() -> Spot {
        Spot { uri: String::new(), pointer: String::new() }
    }

    #[test]
    fn the_nearest_media_type_is_meant() {
        let check = |ranges: &[&str], sent: &str, expected: Option<&str>| {
            let media = |range: &&str| Media {
                range: (*range).to_owned(),
                schema: None,
                hint: Hint::default(),
                encodings: Vec::new(),
            };
            let body = Body { media: ranges.iter().map(media).collect(), at: nowhere() };
            let found = body.of(sent).map(|media| media.range.as_str());
            assert_eq!(found, expected, "{ranges:?} {sent}");
        };
        let all = ["*/*", "application/*", "application/json", "application/json; v=2"];
        check(&all, "application/json", Some("application/json"));
        check(&all, "Application/JSON; charset=utf-8", Some("application/json"));
        check(&all, "application/json;v=2", Some("application/json; v=2"));
        check(&all, "application/xml", Some("application/*"));
        check(&all, "text/plain", Some("*/*"));
        check(&["application/json"], "text/html", None);
        check(&["application/json"], "application/jsonp", None);
    }

    #[test]
    fn the_nearest_status_is_meant() {
        let all = ["default", "4XX", "404", "200"];
        let response = |text: &&str| Response {
            status: Status::parse(text).expect("a status"),
            headers: Vec::new(),
            body: None,
        };
        let operation = Operation {
            name: "GET /".to_owned(),
            templates: Vec::new(),
            parameters: Vec::new(),
            request: None,
            responses_at: nowhere(),
            responses: all.iter().map(response).collect(),
        };
        let found = |status| operation.response(status).map(|(at, _)| all[at]);
        assert_eq!(found(404), Some("404"));
        assert_eq!(found(400), Some("4XX"));
        assert_eq!(found(500), Some("default"));
        assert_eq!(Status::parse("20X"), None);
        assert_eq!(Status::parse("2xx"), Some(Status::Class(2)));
    }
}
