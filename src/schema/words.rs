//! What a schema wants and what came, as people read it.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{JsonType, ReferencingError, ValidationError};
use percent_encoding::percent_decode_str;

use super::Spot;
use crate::jsonpath;
use crate::value::{self, Value};

/// A value is cut after so many characters where it stands in a sentence.
const SHOWN: usize = 60;
/// So many values are listed.
const MOST_LISTED: usize = 10;

/// A value that is not as a schema says.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// The JSONPath of the value.
    pub path: String,
    /// What the schema wants, after "expected".
    pub wanted: String,
    /// What is there; none if nothing is.
    pub found: Option<Value>,
    /// What says so, if that is known.
    pub at: Option<Spot>,
}

impl Breach {
    pub(super) fn of_whole(value: &Value) -> Self {
        let wanted = "one of the many ways in which the schema allows it".to_owned();
        Self { path: "$".to_owned(), wanted, found: Some(value.clone()), at: None }
    }
}

/// An error as breaches: one for every member that is one too many.
pub(super) fn breaches(error: &ValidationError<'_>, root: &Value) -> Vec<Breach> {
    let (path, at) = (json_path(error.instance_path()), spot(error));
    let found = || Some(error.instance().as_ref().clone());
    let member = |name: &str| format!("{path}{}", jsonpath::member(name));
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let wanted = "it to be there".to_owned();
            vec![Breach { path: member(name), wanted, found: None, at }]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let one = |name: &String| Breach {
                path: member(name),
                wanted: "no such member".to_owned(),
                found: error.instance().get(name).cloned(),
                at: at.clone(),
            };
            unexpected.iter().map(one).collect()
        }
        Kind::PropertyNames { error: inner } => {
            let wanted = format!("each name to be {}", wanted(inner, root));
            let found = Some(inner.instance().as_ref().clone());
            vec![Breach { path, wanted, found, at }]
        }
        _ => vec![Breach { path, wanted: wanted(error, root), found: found(), at }],
    }
}

/// Where the keyword stands.
fn spot(error: &ValidationError<'_>) -> Option<Spot> {
    let (uri, pointer) = error.absolute_keyword_location()?.as_str().split_once('#')?;
    let pointer = percent_decode_str(pointer).decode_utf8_lossy().into_owned();
    Some(Spot { uri: uri.to_owned(), pointer })
}

/// What the schema wants, after "expected".
fn wanted(error: &ValidationError<'_>, root: &Value) -> String {
    let limit = |words: &str, limit: &Value| format!("{words} {limit}");
    match error.kind() {
        Kind::Type { kind: TypeKind::Single(kind) } => a_type(*kind).to_owned(),
        Kind::Type { kind: TypeKind::Multiple(kinds) } => {
            let kinds: Vec<&str> = (*kinds).into_iter().map(a_type).collect();
            kinds.join(" or ")
        }
        Kind::Enum { options } => one_of(options),
        Kind::Constant { expected_value } => value::shown(expected_value, SHOWN),
        Kind::Minimum { limit: it } => limit("at least", it),
        Kind::Maximum { limit: it } => limit("at most", it),
        Kind::ExclusiveMinimum { limit: it } => limit("more than", it),
        Kind::ExclusiveMaximum { limit: it } => limit("less than", it),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::MinLength { limit } => counted("at least", *limit, "character"),
        Kind::MaxLength { limit } => counted("at most", *limit, "character"),
        Kind::MinItems { limit } => counted("at least", *limit, "element"),
        Kind::MaxItems { limit } => counted("at most", *limit, "element"),
        Kind::AdditionalItems { limit } => counted("at most", *limit as u64, "element"),
        Kind::MinProperties { limit } => counted("at least", *limit, "member"),
        Kind::MaxProperties { limit } => counted("at most", *limit, "member"),
        Kind::Pattern { pattern } => {
            format!("a text that matches `{}`", value::cut(pattern, SHOWN))
        }
        Kind::Format { format } => format!("the format `{format}`"),
        Kind::UniqueItems => "elements that all differ".to_owned(),
        Kind::Contains => "an element that is as `contains` says".to_owned(),
        Kind::UnevaluatedItems { .. } => {
            "no more elements than those that are described".to_owned()
        }
        Kind::Not { .. } => "anything but what is as `not` says".to_owned(),
        Kind::FalseSchema => "nothing here".to_owned(),
        Kind::AnyOf { context } => alternatives("anyOf", context, error, root),
        Kind::OneOfNotValid { context } => alternatives("oneOf", context, error, root),
        Kind::OneOfMultipleValid { .. } => {
            "just one of the schemas of `oneOf` to fit, and several do".to_owned()
        }
        Kind::ContentEncoding { content_encoding } => format!("a text in {content_encoding}"),
        Kind::FromUtf8 { .. } => "a text in base64 that is UTF-8 behind it".to_owned(),
        Kind::ContentMediaType { content_media_type } => {
            format!("a text that holds {content_media_type}")
        }
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "a text that its `pattern` can be tried on within bounds".to_owned()
        }
        Kind::PropertyNames { .. }
        | Kind::Required { .. }
        | Kind::AdditionalProperties { .. }
        | Kind::UnevaluatedProperties { .. }
        | Kind::Custom { .. }
        | Kind::Referencing(_) => value::cut(&error.to_string(), 2 * SHOWN),
    }
}

/// The alternatives, and what is wrong with the one that comes closest.
fn alternatives(
    keyword: &str,
    context: &[Vec<ValidationError<'static>>],
    error: &ValidationError<'_>,
    root: &Value,
) -> String {
    let all = format!("one of the {} schemas of `{keyword}`", context.len());
    let here = error.instance_path().as_str().len();
    // What fits but for something within it was meant sooner than what is of another kind altogether.
    let distance = |errors: &&Vec<ValidationError<'static>>| {
        let other = errors.iter().filter(|error| {
            let is_here = error.instance_path().as_str().len() <= here;
            is_here
                && matches!(
                    error.kind(),
                    Kind::Type { .. } | Kind::Constant { .. } | Kind::Enum { .. }
                )
        });
        (other.count(), errors.len())
    };
    let closest = context.iter().filter(|errors| !errors.is_empty()).min_by_key(distance);
    let is_alternative =
        |kind: &Kind| matches!(kind, Kind::AnyOf { .. } | Kind::OneOfNotValid { .. });
    let inner =
        closest.and_then(|errors| errors.iter().find(|error| !is_alternative(error.kind())));
    let told = inner.and_then(|inner| breaches(inner, root).into_iter().next());
    match told {
        Some(Breach { path, wanted, .. }) if context.len() > 1 => {
            format!(
                "{all} (the closest wants `{path}` to be {})",
                wanted.trim_start_matches("it to be ")
            )
        }
        Some(Breach { path, wanted, .. }) => format!("{wanted} at `{path}`"),
        None => all,
    }
}

fn a_type(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
    }
}

fn one_of(options: &Value) -> String {
    let Some(options) = options.as_array() else { return value::shown(options, SHOWN) };
    let mut all: Vec<String> =
        options.iter().take(MOST_LISTED).map(|option| value::shown(option, SHOWN)).collect();
    if options.len() > MOST_LISTED {
        all.push(format!("{} more", options.len() - MOST_LISTED));
    }
    match all.as_slice() {
        [only] => only.clone(),
        all => format!("one of {}", all.join(", ")),
    }
}

fn counted(words: &str, count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{words} {count} {what}{plural}")
}

fn json_path(location: &Location) -> String {
    let steps = location.segments().map(|segment| match segment {
        LocationSegment::Property(name) => jsonpath::member(&name),
        LocationSegment::Index(index) => format!("[{index}]"),
    });
    std::iter::once("$".to_owned()).chain(steps).collect()
}

/// What is wrong with a schema itself: the pointer within it, and the words.
pub(super) fn of_schema(error: &ValidationError<'_>) -> Vec<(String, String)> {
    // Of alternatives the one that comes closest says where.
    if let Kind::AnyOf { context } | Kind::OneOfNotValid { context } = error.kind() {
        let here = error.instance_path().as_str().len();
        let mut all = context.iter().flatten();
        let deeper = all.clone().find(|inner| inner.instance_path().as_str().len() > here);
        if let Some(closest) = deeper.or_else(|| all.next()) {
            return of_schema(closest);
        }
    }
    let pointer = error.instance_path().as_str();
    let keyword = pointer.rsplit('/').next().filter(|keyword| !keyword.is_empty());
    let keyword =
        keyword.map_or_else(|| "the schema".to_owned(), |it| format!("`{it}` of a schema"));
    let instance = error.instance().as_ref();
    let breaches = breaches(error, instance).into_iter();
    let one = |breach: Breach| {
        let found =
            breach.found.as_ref().map_or("nothing".to_owned(), |it| value::shown(it, SHOWN));
        let of = keyword.clone();
        (pointer.to_owned(), format!("{of} is {found}: expected {}", breach.wanted))
    };
    breaches.map(one).collect()
}

/// Why a schema was refused that is valid as such: a pattern that is no regular expression.
pub(super) fn refused(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Referencing(error) => unresolved(error),
        Kind::Format { format } if format == "regex" => {
            format!("{} is no regular expression", value::shown(error.instance(), SHOWN))
        }
        _ => lower(&value::cut(&error.to_string(), 4 * SHOWN)),
    }
}

/// Why a reference leads to nothing.
pub(super) fn unresolved(error: &ReferencingError) -> String {
    match error {
        ReferencingError::PointerToNowhere { pointer } => format!("there is no `{pointer}`"),
        ReferencingError::NoSuchAnchor { anchor } | ReferencingError::InvalidAnchor { anchor } => {
            format!("there is no anchor `{anchor}`")
        }
        ReferencingError::InvalidArrayIndex { pointer, index, .. } => {
            format!("`{index}` in `{pointer}` is no index of a list")
        }
        other => lower(&other.to_string().replace('\'', "`")),
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str().trim_end_matches('.'))
}
