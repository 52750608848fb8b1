//! Parameters and headers: from what was sent to the value that a schema describes.

use percent_encoding::percent_decode_str;

use crate::value::{Map, Value};

/// How lists and objects are written (OpenAPI 3.1, section 4.8.12.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Simple,
    Label,
    Matrix,
    Form,
    Spaces,
    Pipes,
    DeepObject,
}

impl Style {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "simple" => Self::Simple,
            "label" => Self::Label,
            "matrix" => Self::Matrix,
            "form" => Self::Form,
            "spaceDelimited" => Self::Spaces,
            "pipeDelimited" => Self::Pipes,
            "deepObject" => Self::DeepObject,
            _ => return None,
        })
    }
}

/// What a schema says of kinds, as far as it is plain to see: it tells `5` from `"5"`, and a list from a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hint {
    /// The names of its types; none are any.
    pub(super) types: Vec<String>,
    /// Of its elements.
    pub(super) items: Option<Box<Self>>,
    /// Of its members.
    pub(super) members: Vec<(String, Self)>,
}

impl Hint {
    fn has(&self, kind: &str) -> bool {
        self.types.iter().any(|known| known == kind)
    }

    /// A text as the value that the schema means.
    pub(super) fn scalar(&self, text: &str) -> Value {
        let parsed = serde_json::from_str::<Value>(text).ok();
        let is_meant = |value: &Value| match value {
            Value::Number(_) => self.has("number") || self.has("integer"),
            Value::Bool(_) => self.has("boolean"),
            Value::Null => self.has("null"),
            _ => false,
        };
        parsed.filter(is_meant).unwrap_or_else(|| Value::from(text))
    }

    /// Whether it is a list and no text.
    pub(super) fn is_list(&self) -> bool {
        self.has("array") && !self.has("string")
    }

    /// A text as the value that the schema means; lists and objects are written as JSON.
    pub(super) fn json(&self, text: &str) -> Value {
        let parsed = serde_json::from_str::<Value>(text).ok();
        let is_meant = |value: &Value| match value {
            Value::Object(_) => self.has("object"),
            Value::Array(_) => self.has("array"),
            _ => false,
        };
        parsed.filter(is_meant).unwrap_or_else(|| self.scalar(text))
    }

    fn list<'t>(&self, texts: impl Iterator<Item = &'t str>, decode: Decode) -> Value {
        let any = Self::default();
        let items = self.items.as_deref().unwrap_or(&any);
        texts.map(|text| items.scalar(&decode(text))).collect()
    }

    fn object<'t>(&self, pairs: impl Iterator<Item = (&'t str, &'t str)>, decode: Decode) -> Value {
        let mut members = Map::new();
        for (name, text) in pairs {
            let name = decode(name);
            let value = self.member(&name).scalar(&decode(text));
            members.insert(name, value);
        }
        Value::Object(members)
    }

    /// Of a member.
    pub(super) fn member(&self, name: &str) -> Self {
        let own = self.members.iter().find(|(known, _)| known == name);
        own.map(|(_, hint)| hint.clone()).unwrap_or_default()
    }
}

/// How characters are written: as they are in headers, percent-encoded in URLs.
type Decode = fn(&str) -> String;

/// The value of a header.
pub(super) fn of_header(text: &str, explode: bool, hint: &Hint) -> Value {
    simple(text.trim(), explode, hint, |text| text.trim().to_owned())
}

/// The value of a path parameter.
pub(super) fn of_path(name: &str, text: &str, style: Style, explode: bool, hint: &Hint) -> Value {
    match style {
        Style::Label => {
            let text = text.strip_prefix('.').unwrap_or(text);
            separated(text, if explode { '.' } else { ',' }, explode, hint)
        }
        Style::Matrix => {
            let text = text.strip_prefix(';').unwrap_or(text);
            let prefix = format!("{name}=");
            match explode {
                true if hint.has("object") => {
                    hint.object(text.split(';').filter_map(|pair| pair.split_once('=')), decoded)
                }
                true if hint.has("array") => {
                    hint.list(text.split(';').filter_map(|it| it.strip_prefix(&prefix)), decoded)
                }
                _ => simple(text.strip_prefix(&prefix).unwrap_or(text), false, hint, decoded),
            }
        }
        _ => simple(text, explode, hint, decoded),
    }
}

fn simple(text: &str, explode: bool, hint: &Hint, decode: Decode) -> Value {
    if hint.is_list() {
        return hint.list(text.split(','), decode);
    }
    if hint.has("object") && !hint.has("string") {
        return match explode {
            true => hint.object(text.split(',').filter_map(|pair| pair.split_once('=')), decode),
            false => hint.object(in_pairs(text, ',').into_iter(), decode),
        };
    }
    hint.scalar(&decode(text))
}

fn separated(text: &str, separator: char, explode: bool, hint: &Hint) -> Value {
    if hint.has("array") {
        return hint.list(text.split(separator), decoded);
    }
    if hint.has("object") {
        return match explode {
            true => {
                hint.object(text.split(separator).filter_map(|pair| pair.split_once('=')), decoded)
            }
            false => hint.object(in_pairs(text, separator).into_iter(), decoded),
        };
    }
    hint.scalar(&decoded(text))
}

/// `a,1,b,2` as names and values.
fn in_pairs(text: &str, separator: char) -> Vec<(&str, &str)> {
    let all: Vec<&str> = text.split(separator).collect();
    all.chunks(2).map(|pair| (pair[0], pair.get(1).copied().unwrap_or_default())).collect()
}

/// The value of a query parameter; none if it was not sent.
pub(super) fn of_query(
    name: &str,
    query: &str,
    style: Style,
    explode: bool,
    hint: &Hint,
) -> Option<Value> {
    let pairs: Vec<(String, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (in_query(name), value))
        .collect();
    let own = || pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| *value);
    if style == Style::DeepObject {
        let inner = |known: &str| {
            known.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']').map(str::to_owned)
        };
        let members: Map<String, Value> = pairs
            .iter()
            .filter_map(|(known, value)| {
                let name = inner(known)?;
                let value = hint.member(&name).scalar(&in_query(value));
                Some((name, value))
            })
            .collect();
        return (!members.is_empty()).then_some(Value::Object(members));
    }
    if hint.has("object") && style == Style::Form && explode {
        // Its members are parameters of their own.
        let known = |name: &str| hint.members.iter().any(|(member, _)| member == name);
        let members: Map<String, Value> = pairs
            .iter()
            .filter(|(name, _)| known(name))
            .map(|(name, value)| (name.clone(), hint.member(name).scalar(&in_query(value))))
            .collect();
        return (!members.is_empty()).then_some(Value::Object(members));
    }
    let first = own().next()?;
    if hint.has("array") && explode {
        return Some(hint.list(own(), in_query));
    }
    let separators: &[&str] = match style {
        Style::Spaces => &["%20", "+"],
        Style::Pipes => &["|", "%7C", "%7c"],
        _ => &[","],
    };
    let mut text = first.to_owned();
    for separator in separators {
        text = text.replace(separator, "\0");
    }
    Some(if hint.has("array") {
        hint.list(text.split('\0'), in_query)
    } else if hint.has("object") {
        hint.object(in_pairs(&text, '\0').into_iter(), in_query)
    } else {
        hint.scalar(&in_query(first))
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn in_query(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hint(types: &[&str]) -> Hint {
        let number = Hint { types: vec!["integer".to_owned()], ..Hint::default() };
        Hint {
            types: types.iter().map(|kind| (*kind).to_owned()).collect(),
            items: Some(Box::new(number.clone())),
            members: vec![("a".to_owned(), number), ("b".to_owned(), Hint::default())],
        }
    }

    #[track_caller]
    fn path(text: &str, style: Style, explode: bool, types: &[&str], expected: Value) {
        assert_eq!(of_path("x", text, style, explode, &hint(types)), expected, "{text} {types:?}");
    }

    #[track_caller]
    fn query(text: &str, style: Style, explode: bool, types: &[&str], expected: Option<Value>) {
        assert_eq!(of_query("x", text, style, explode, &hint(types)), expected, "{text} {types:?}");
    }

    #[test]
    fn values_of_paths_are_read_in_every_style() {
        use Style::{Label, Matrix, Simple};
        path("5", Simple, false, &["integer"], json!(5));
        path("5", Simple, false, &["string"], json!("5"));
        path("05", Simple, false, &["integer"], json!("05"));
        path("a%2Fb", Simple, false, &[], json!("a/b"));
        path("1,2", Simple, false, &["array"], json!([1, 2]));
        path("a,1,b,2", Simple, false, &["object"], json!({ "a": 1, "b": "2" }));
        path("a=1,b=2", Simple, true, &["object"], json!({ "a": 1, "b": "2" }));
        path(".5", Label, false, &["integer"], json!(5));
        path(".1.2", Label, true, &["array"], json!([1, 2]));
        path(".1,2", Label, false, &["array"], json!([1, 2]));
        path(".a=1.b=2", Label, true, &["object"], json!({ "a": 1, "b": "2" }));
        path(";x=5", Matrix, false, &["integer"], json!(5));
        path(";x=1;x=2", Matrix, true, &["array"], json!([1, 2]));
        path(";x=1,2", Matrix, false, &["array"], json!([1, 2]));
        path(";a=1;b=2", Matrix, true, &["object"], json!({ "a": 1, "b": "2" }));
    }

    #[test]
    fn values_of_queries_are_read_in_every_style() {
        use Style::{DeepObject, Form, Pipes, Spaces};
        query("y=1", Form, true, &["integer"], None);
        query("x=1&y=2", Form, true, &["integer"], Some(json!(1)));
        query("x=true", Form, true, &["boolean"], Some(json!(true)));
        query("x=a+b%26c", Form, true, &["string"], Some(json!("a b&c")));
        query("x", Form, true, &["string"], Some(json!("")));
        query("x=1&x=2", Form, true, &["array"], Some(json!([1, 2])));
        query("x=1,2", Form, false, &["array"], Some(json!([1, 2])));
        query("x=1%2C2", Form, false, &["array"], Some(json!(["1,2"])));
        query("a=1&b=2&c=3", Form, true, &["object"], Some(json!({ "a": 1, "b": "2" })));
        query("x=a,1,b,2", Form, false, &["object"], Some(json!({ "a": 1, "b": "2" })));
        query("x=1%202", Spaces, false, &["array"], Some(json!([1, 2])));
        query("x=1|2%7C3", Pipes, false, &["array"], Some(json!([1, 2, 3])));
        query(
            "x[a]=1&x%5Bb%5D=2",
            DeepObject,
            true,
            &["object"],
            Some(json!({ "a": 1, "b": "2" })),
        );
    }

    #[test]
    fn a_header_is_a_text_a_list_or_an_object() {
        assert_eq!(of_header(" 5 ", false, &hint(&["integer"])), json!(5));
        assert_eq!(of_header("1, 2", false, &hint(&["array"])), json!([1, 2]));
        assert_eq!(of_header("a=1, b=2", true, &hint(&["object"])), json!({ "a": 1, "b": "2" }));
    }
}
