//! What texts with expressions come to.

mod calls;
mod functions;
mod language;

use std::sync::Arc;

use super::*;
use serde_json::json;

fn scope() -> Scope {
    let mut scope = Scope::new();
    for (name, value) in [
        ("user", json!("alice")),
        ("count", json!(3)),
        ("orders", json!([{"id": "a/1"}, {"id": "b"}])),
        ("none_here", json!(null)),
    ] {
        scope.bind(name, value, Origin::Program);
    }
    let big: Value = serde_json::from_str("12345678901234567890123.10").expect("a number");
    scope.bind("big", big, Origin::Program);
    let nested = r#"{"big": [123456789012345678901234567890123456789012345]}"#;
    scope.bind("nested", serde_json::from_str(nested).expect("JSON"), Origin::Program);
    scope.mark_unset("token", "Sign in");
    scope
}

/// Files that need no disk.
#[derive(Debug)]
struct Shelf;

impl Files for Shelf {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "a.txt" => Ok("text of a".to_owned()),
            _ => Err(format!("there is no file `{path}`")),
        }
    }
}

/// A text that stands at this place.
#[track_caller]
fn template(text: &str, place: &str) -> Template {
    let template = Template::parse(text);
    let mut template = template.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    template.stand(&Arc::new(Site { place: place.to_owned(), files: Arc::new(Shelf) }));
    template
}

#[track_caller]
fn check(text: &str, expected: Value) {
    assert_eq!(template(text, "a.yaml:1:1").evaluate(&scope()), Ok(expected), "{text}");
}

#[track_caller]
fn check_invalid(text: &str, offset: usize, message: &str) {
    let error = Template::parse(text).expect_err(text);
    assert_eq!((error.offset, error.message.as_str()), (offset, message), "{text}");
}

#[track_caller]
fn check_failing(text: &str, message: &str) {
    let error = template(text, "a.yaml:1:1").evaluate(&scope()).expect_err(text);
    assert_eq!(error.message, message, "{text}");
}
