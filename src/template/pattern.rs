//! Regular expressions: what every part of a scenario reads them with, and the filters that search with them.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use regex::Regex;

use super::bounds;

/// Compiles a regular expression.
///
/// # Errors
/// Why it is none, in one line.
pub fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            "the regular expression is too big with all its repetitions".to_owned()
        }
        error => {
            let lines = error.to_string();
            let reason = lines.lines().last().unwrap_or_default();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            format!("`{text}` is no regular expression: {reason}")
        }
    })
}

/// What to do about a text that is no regular expression.
#[must_use]
pub fn pattern_help(message: &str) -> &'static str {
    if message.contains("too big") {
        "make the counts in `{…}` smaller, or compare with `length`"
    } else if message.contains("not supported") {
        "look-around (`(?=…)`, `(?<=…)`) and back-references (`\\1`) are left out, so that a search always takes little time"
    } else {
        "to find a character such as `(`, `[`, `{`, `*`, `+` or `?` itself, write a `\\` before it"
    }
}

/// The longest text that a filter searches: expressions are evaluated between the steps, and the run waits for them.
const MOST_SEARCHED: usize = 4 << 20;

/// A search for all matches may take a time that grows with the square of the text.
const LONGEST: Duration = Duration::from_secs(10);

/// A filter gets the same few patterns again and again.
const MOST_KEPT: usize = 64;

fn compiled(text: &str) -> Result<Regex, String> {
    static KEPT: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = kept.get(text) {
        return Ok(regex.clone());
    }
    let regex = pattern(text)?;
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.insert(text.to_owned(), regex.clone());
    Ok(regex)
}

fn searched(text: &str) -> Result<(), String> {
    match text.len() > MOST_SEARCHED {
        true => Err(format!(
            "the text is longer than the {} MiB that a filter searches",
            MOST_SEARCHED >> 20
        )),
        false => Ok(()),
    }
}

/// What the first match found: its first group where the pattern has one, else all of it.
pub(super) fn first<'t>(text: &'t str, pattern: &str) -> Result<Option<&'t str>, String> {
    searched(text)?;
    let regex = compiled(pattern)?;
    let group = usize::from(regex.captures_len() > 1);
    let found = regex.captures(text).and_then(|found| found.get(group));
    Ok(found.map(|found| found.as_str()))
}

/// Every match replaced; `$1` and `${name}` stand for groups.
pub(super) fn replace(text: &str, pattern: &str, with: &str) -> Result<String, String> {
    searched(text)?;
    let regex = compiled(pattern)?;
    check_groups(&regex, with)?;
    let end = Instant::now() + LONGEST;
    let (mut out, mut rest) = (String::new(), 0);
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(&text[rest..whole.start()]);
        found.expand(with, &mut out);
        rest = whole.end();
        if out.len() > bounds::MOST_TEXT {
            return Err(bounds::too_much());
        }
        if Instant::now() > end {
            return Err(format!("`{pattern}` took more than {} s", LONGEST.as_secs()));
        }
    }
    out.push_str(&text[rest..]);
    Ok(out)
}

/// Refuses a group that the pattern does not have, which would be nothing at all: `$1x` is a group named `1x`.
pub(super) fn check_groups(regex: &Regex, with: &str) -> Result<(), String> {
    let mut rest = with;
    while let Some((_, after)) = rest.split_once('$') {
        let braced = after.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let (name, tail) = match braced {
            Some(found) => found,
            None if after.starts_with('$') => {
                rest = &after[1..];
                continue;
            }
            None => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                after.split_at(after.find(|c| !word(c)).unwrap_or(after.len()))
            }
        };
        rest = tail;
        let known = match name.parse::<usize>() {
            Ok(number) => number < regex.captures_len(),
            Err(_) => regex.capture_names().flatten().any(|known| known == name),
        };
        if !known && !name.is_empty() {
            return Err(format!(
                "`{}` has no group `{name}`: groups are written `$1` or `${{name}}`, a dollar `$$`",
                regex.as_str()
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_group_is_found_or_the_whole_match() {
        for (text, pattern, expected) in [
            ("order 17, order 18", r"order (\d+)", Some("17")),
            ("order 17", r"\d+", Some("17")),
            ("order", r"\d+", None),
            ("b", "(a)|b", None),
            ("", "", Some("")),
        ] {
            assert_eq!(first(text, pattern), Ok(expected), "{text} {pattern}");
        }
        assert!(first("a", "(").is_err_and(|error| error.contains("no regular expression")));
        let long = "a".repeat(MOST_SEARCHED + 1);
        assert!(first(&long, "b").is_err_and(|error| error.contains("4 MiB")));
    }

    #[track_caller]
    fn check(text: &str, pattern: &str, with: &str, expected: Result<&str, &str>) {
        match (replace(text, pattern, with), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text} {pattern} {with}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (found, _) => panic!("{text} {pattern} {with}: {found:?}"),
        }
    }

    #[test]
    fn every_match_is_replaced_and_groups_must_be_there() {
        check("2026-01-31", r"(\d+)-(\d+)-(\d+)", "$3.$2.$1", Ok("31.01.2026"));
        check("a1b22", r"\d+", "#", Ok("a#b#"));
        check("abc", "(?<first>a)", "${first}x$$", Ok("ax$bc"));
        check("abc", "", "-", Ok("-a-b-c-"));
        check("price", "x", "$ 5 $", Ok("price"));
        check("abc", "(a)", "$1x", Err("no group `1x`"));
        check("abc", "a", "$1", Err("no group `1`"));
        check("abc", "(", "", Err("no regular expression"));
        let (text, with) = ("a".repeat(1 << 20), "b".repeat(1 << 10));
        check(&text, "a", &with, Err("64 MiB"));
    }
}
