//! The JSON Schema of scenario files and of the project file: editors complete and explain keys with it.
//!
//! `tests/it/schema.rs` holds it to the keys that are read, to every example and to every file that is refused.

/// What each kind of map may have, of both files.
const DEFINITIONS: &str = include_str!("schema/definitions.json");

/// What a schema says of itself, so that `callsheet init` knows one that it may bring up to date.
pub const MARK: &str = "Made by callsheet; `callsheet init` brings it up to date.";

/// The schema of scenario files.
#[must_use]
pub fn scenario() -> String {
    document("scenario")
}

/// The schema of the project file.
#[must_use]
pub fn project() -> String {
    document("project")
}

fn document(definition: &str) -> String {
    format!(
        "{{\n\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n\"$comment\": \"{MARK}\",\n\
         \"$ref\": \"#/$defs/{definition}\",\n\"$defs\": {DEFINITIONS}}}\n"
    )
}
