//! Forms: from the fields that were sent to the value that a schema describes.

use super::model::Encoding;
use super::parameter::{Hint, Style, of_query};
use crate::jsonpath;
use crate::value::{Map, Value};

/// A field of a multipart form; a file has no text here.
pub type Field<'f> = (&'f str, Option<&'f str>);

/// A form as it stands in a body of type `application/x-www-form-urlencoded`.
pub(super) fn of_text(text: &str, hint: &Hint, encodings: &[Encoding]) -> Value {
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let (mut members, mut taken) = (Map::new(), Vec::new());
    for Encoding { name, style, explode } in encodings {
        let value = of_query(name, text, *style, *explode, &hint.member(name));
        let prefix = format!("{name}[");
        let is_taken = |field: &&(String, String)| match style {
            Style::DeepObject => field.0.starts_with(&prefix),
            _ => field.0 == *name,
        };
        taken.extend(fields.iter().filter(is_taken).map(|(name, _)| name.as_str()));
        members.extend(value.map(|value| (name.clone(), value)));
    }
    let fields = fields.iter().map(|(name, text)| (name.as_str(), Some(text.as_str())));
    let rest: Vec<Field<'_>> = fields.filter(|(name, _)| !taken.contains(name)).collect();
    if let Value::Object(rest) = of_fields(&rest, hint).0 {
        members.extend(rest);
    }
    Value::Object(members)
}

/// A form, and the paths of its files, whose contents are not known.
pub(super) fn of_fields(fields: &[Field<'_>], hint: &Hint) -> (Value, Vec<String>) {
    let (mut members, mut files) = (Map::new(), Vec::new());
    for (name, _) in fields {
        if members.contains_key(*name) {
            continue;
        }
        let hint = hint.member(name);
        let texts: Vec<Option<&str>> =
            fields.iter().filter(|(known, _)| known == name).map(|(_, text)| *text).collect();
        let path = format!("${}", jsonpath::member(name));
        let value = match texts.as_slice() {
            [only] if !hint.is_list() => {
                files.extend(only.is_none().then_some(path));
                hint.json(only.unwrap_or_default())
            }
            all => {
                let nameless = all.iter().enumerate().filter(|(_, text)| text.is_none());
                files.extend(nameless.map(|(index, _)| format!("{path}[{index}]")));
                let items = hint.items.as_deref().cloned().unwrap_or_default();
                all.iter().map(|text| items.json(text.unwrap_or_default())).collect()
            }
        };
        members.insert((*name).to_owned(), value);
    }
    (Value::Object(members), files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind(name: &str) -> Hint {
        Hint { types: vec![name.to_owned()], ..Hint::default() }
    }

    fn hint() -> Hint {
        let list = Hint { items: Some(Box::new(kind("integer"))), ..kind("array") };
        let members = [
            ("age", kind("integer")),
            ("ids", list),
            ("address", kind("object")),
            ("filter", kind("object")),
            ("photo", kind("string")),
        ];
        let members = members.map(|(name, hint)| (name.to_owned(), hint)).to_vec();
        Hint { members, ..kind("object") }
    }

    #[track_caller]
    fn check(text: &str, encodings: &[(&str, Style, bool)], expected: Value) {
        let encoding = |(name, style, explode): &(&str, Style, bool)| Encoding {
            name: (*name).to_owned(),
            style: *style,
            explode: *explode,
        };
        let encodings: Vec<Encoding> = encodings.iter().map(encoding).collect();
        assert_eq!(of_text(text, &hint(), &encodings), expected, "{text}");
    }

    #[test]
    fn fields_are_of_the_kinds_that_the_schema_names() {
        check("age=5&name=5+%26", &[], json!({ "age": 5, "name": "5 &" }));
        check("age=five", &[], json!({ "age": "five" }));
        check("ids=1&ids=2", &[], json!({ "ids": [1, 2] }));
        check("ids=1", &[], json!({ "ids": [1] }));
        check("name=a&name=b", &[], json!({ "name": ["a", "b"] }));
        check(
            "address=%7B%22city%22%3A%22Bern%22%7D",
            &[],
            json!({ "address": { "city": "Bern" } }),
        );
        check("address=Bern", &[], json!({ "address": "Bern" }));
    }

    #[test]
    fn an_encoding_says_how_lists_and_objects_are_written() {
        check("ids=1,2&age=3", &[("ids", Style::Form, false)], json!({ "ids": [1, 2], "age": 3 }));
        check(
            "filter[a]=1&filter%5Bb%5D=2&age=3",
            &[("filter", Style::DeepObject, true)],
            json!({ "filter": { "a": "1", "b": "2" }, "age": 3 }),
        );
    }

    #[test]
    fn files_are_there_and_nobody_knows_what_is_in_them() {
        let fields = [("photo", None), ("age", Some("5")), ("ids", None), ("ids", Some("2"))];
        let (value, files) = of_fields(&fields, &hint());
        assert_eq!(value, json!({ "photo": "", "age": 5, "ids": ["", 2] }));
        assert_eq!(files, ["$.photo", "$.ids[0]"]);
    }
}
