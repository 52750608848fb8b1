//! Variables from outside: those of the process, of `.env`, and of the files of `--secrets-file` and `--vars-file`.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::Request;
use crate::diagnostic::Diagnostic;
use crate::mask;
use crate::scenario::vars_file::{self, VarsFile};
use crate::scenario::{Read, secrets, yaml};

/// Adds `.env` to the variables of the process, which win; gives all that `secret.NAME` can name.
pub(super) fn read(
    request: &mut Request,
    root: &Path,
    diagnostics: &mut Vec<Diagnostic>,
) -> HashMap<String, String> {
    let path = root.join(".env");
    if path.exists() {
        for (name, value) in file(&path, ".env", diagnostics) {
            request.process.entry(name).or_insert(value);
        }
    }
    let mut secrets = request.process.clone();
    if let Some(name) = &request.secrets_file {
        let path = request.folder.join(name);
        if is_open_to_all(&path) {
            let warning = format!("`{name}` can be read by every user of this machine");
            let help = format!("keep it to yourself: `chmod 600 {name}`");
            diagnostics.push(Diagnostic::warning(warning).help(help));
        }
        for (secret, value) in file(&path, name, diagnostics) {
            // The environment has other things, too; all that is here is secret, whether it is used or not.
            if let Some(why) = mask::too_short(&value) {
                let error = Diagnostic::error(format!("the secret `{secret}` in `{name}` {why}"));
                diagnostics.push(error.help(mask::TOO_SHORT_HELP));
            }
            request.masks.add(value.as_bytes());
            secrets.insert(secret, value);
        }
    }
    secrets
}

/// Whether it is a file that others than its owner and its group may read.
fn is_open_to_all(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| there.is_file() && there.permissions().mode() & 0o004 != 0)
}

/// Reads the file of `--vars-file`.
pub(super) fn vars_file(request: &Request, diagnostics: &mut Vec<Diagnostic>) -> Option<VarsFile> {
    let name = request.vars_file.as_ref()?;
    match yaml::read_file(&request.folder.join(name), name) {
        Ok(source) => {
            let read = vars_file::read(Arc::new(source));
            diagnostics.extend(read.diagnostics);
            read.value
        }
        Err(error) => {
            diagnostics.push(error);
            None
        }
    }
}

/// What the user gave, with all that `secret.NAME` can name.
pub(super) type Given<'g> = (&'g Request, &'g HashMap<String, String>);

/// Masks what the diagnostics of a file may not show.
pub(super) fn hide<T>(read: &Read<T>, text: &str, (request, known): Given<'_>) {
    read.secrets.iter().for_each(|secret| request.masks.add_value(secret));
    if read.value.is_some() {
        // What it uses is known by its expressions.
        return;
    }
    let named = secrets::named(text).into_iter().filter_map(|name| known.get(name));
    named.for_each(|value| request.masks.add(value.as_bytes()));
    let listed = secrets::listed(text);
    let vars = request.vars.iter().filter(|(name, _)| listed.contains(name.as_str()));
    vars.for_each(|(_, value)| request.masks.add_value(value));
}

fn file(path: &Path, name: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    let read = yaml::read_file(path, name).and_then(|source| {
        // An excerpt would show what is secret.
        dotenv(source.text()).map_err(|(line, what)| {
            Diagnostic::error(format!("`{name}:{line}` {what}"))
                .help("write `NAME=value`, `NAME='value'` or `NAME=\"value\"` on each line, and `#` before a remark")
        })
    });
    read.unwrap_or_else(|error| {
        diagnostics.push(error);
        Vec::new()
    })
}

/// The variables of a dotenv text, or the line that is none and why. A `$` is a dollar: nothing is put in its place.
fn dotenv(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
    let mut variables = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(variables);
        }
        let line = text[..text.len() - rest.len()].matches('\n').count() + 1;
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            continue;
        }
        let (name, value) = rest.split_once('=').ok_or((line, "has no `=`"))?;
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if name.is_empty() || !name.chars().all(is_word) {
            return Err((line, "does not begin with a name and `=`"));
        }
        let value = value.trim_start_matches([' ', '\t']);
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                quoted(&value[1..], quote).ok_or((line, "has a quote that is not closed"))?
            }
            _ => plain(value),
        };
        if variables.iter().any(|(known, _)| known == name) {
            return Err((line, "gives a value to a name that has one"));
        }
        variables.push((name.to_owned(), value));
        let (tail, next) = after.split_once('\n').unwrap_or((after, ""));
        if !matches!(tail.trim_start().chars().next(), None | Some('#')) {
            return Err((line, "has more behind the closing quote"));
        }
        rest = next;
    }
}

/// Up to a blank and `#`, or to the end of the line.
fn plain(text: &str) -> (String, &str) {
    let line = text.split('\n').next().unwrap_or_default();
    let end = match line.starts_with('#') {
        true => 0,
        false => {
            [" #", "\t#"].iter().filter_map(|mark| line.find(mark)).min().unwrap_or(line.len())
        }
    };
    (line[..end].trim_end().to_owned(), &text[end..])
}

/// Up to the closing quote; between double quotes a backslash means what it means in JSON.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((value, &text[at + 1..])),
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$' | '`') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(dotenv(text), Ok(expected));
    }

    #[test]
    fn values_are_plain_or_quoted() {
        check("", &[]);
        check("# a\n\nA=b\r\nexport C = d e \n", &[("A", "b"), ("C", "d e")]);
        check("A=b # c\nB=b#c\nC=#c\nD=", &[("A", "b"), ("B", "b#c"), ("C", ""), ("D", "")]);
        check(
            "A='b # $c\\n' # d\nB=\"b \\\"c\\\" \\$d\\n\\.\"",
            &[("A", "b # $c\\n"), ("B", "b \"c\" $d\n\\.")],
        );
        check("KEY=\"one\ntwo\"\nA=pa$word", &[("KEY", "one\ntwo"), ("A", "pa$word")]);
    }

    #[test]
    fn what_is_no_variable_is_told_with_its_line() {
        for (text, line) in [
            ("A=b\n\nc d", 3),
            ("A=b\nA=c", 2),
            ("=b", 1),
            ("\nA='b\nc", 2),
            ("A='b' c", 1),
            ("a b=c", 1),
        ] {
            assert_eq!(dotenv(text).map_err(|(line, _)| line), Err(line), "{text}");
        }
    }
}
