//! The secrets that a file names which cannot be read: its excerpts must not show them any more than those of a good one.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;
use crate::mask::Masks;
use crate::scenario::project::FILE_NAME;

/// Masks the secrets that are named in the texts of these diagnostics.
pub(super) fn mask(diagnostics: &[Diagnostic], secrets: &HashMap<String, String>, masks: &Masks) {
    for label in diagnostics.iter().filter_map(|diagnostic| diagnostic.primary.as_ref()) {
        let text = label.source.text();
        let declared = label.source.name().ends_with(FILE_NAME).then(|| declared(text));
        let named = used(text).chain(declared.into_iter().flat_map(words));
        for value in named.filter_map(|name| secrets.get(name)) {
            masks.add(value.as_bytes());
        }
    }
}

/// The names after `secret.`, wherever they stand.
fn used(text: &str) -> impl Iterator<Item = &str> {
    text.split("secret.").skip(1).filter_map(|after| words(after).next())
}

/// What belongs to the key `secrets`, up to the next line that begins a key.
fn declared(text: &str) -> &str {
    const KEY: &str = "\nsecrets:";
    let Some(from) = text.strip_prefix(&KEY[1..]).or_else(|| Some(text.split_once(KEY)?.1)) else {
        return "";
    };
    let next =
        from.match_indices('\n').find(|(at, _)| from[at + 1..].starts_with(char::is_alphabetic));
    &from[..next.map_or(from.len(), |(at, _)| at)]
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.split(move |c| !is_word(c)).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_texts_that_cannot_be_read() {
        let found: Vec<_> = used("a: [${secret.A_1} ${ secret.B| x}\nsecret.").collect();
        assert_eq!(found, ["A_1", "B"]);
        #[track_caller]
        fn check(text: &str, expected: &[&str]) {
            assert_eq!(words(declared(text)).collect::<Vec<_>>(), expected, "{text}");
        }
        check("secrets: [A, B]\nvars: [", &["A", "B"]);
        check("vars: {}\nsecrets:\n  - A\n# more\n- B\nscenarios: C", &["A", "more", "B"]);
        check("a:\n  secrets: [A]", &[]);
    }
}
