//! Secrets: `secret.NAME` in expressions, and `secrets`, the names of variables that are masked.

use std::collections::HashSet;

use super::decode::{Decoder, Located, Tree};
use super::names::Surroundings;
use super::yaml::Node;
use super::{Scenario, is_variable_name};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::mask;
use crate::value::{self, Value};

/// Reads `secrets`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Vec<Located<String>>> {
    let name = |node: &Node| {
        let name = d.plain(node, "the name of a variable")?;
        if is_variable_name(&name.value) {
            return Some(name);
        }
        // Who writes a secret where its name belongs does not want to see it.
        let message = format!("`{}` cannot be the name of a variable", name.value);
        d.secrets.borrow_mut().push(name.value.into());
        let help =
            "`secrets` has names, not values: the values belong into the environment or `.env`";
        d.error_help(node.at, message, "", help);
        None
    };
    Some(d.list(node, "names of variables")?.iter().filter_map(name).collect())
}

/// The names that a text uses as `secret.NAME` or lists under `secrets`. It is asked of a file that cannot be read, and
/// whose errors show lines of it: so the text need not be YAML, and too many are better than one too few.
#[must_use]
pub fn named(text: &str) -> HashSet<&str> {
    let used = text.match_indices("secret").filter_map(|(at, word)| {
        Some(first_word(text[at + word.len()..].trim_start().strip_prefix('.')?.trim_start()))
    });
    used.chain(listed(text)).filter(|name| !name.is_empty()).collect()
}

/// The names under `secrets`, as in [`named`].
#[must_use]
pub fn listed(text: &str) -> HashSet<&str> {
    let lists = text.match_indices("secrets").filter_map(|(at, word)| value_of(text, at, word));
    let names = lists.flat_map(|list| {
        // The next key of the file ends the list.
        let key = list.match_indices('\n').find(|(at, _)| list[at + 1..].starts_with(is_letter));
        let list = &list[..key.map_or(list.len(), |(at, _)| at)];
        list.split(|c| !is_letter(c)).filter(|name| !name.is_empty())
    });
    names.collect()
}

/// What a text that is no YAML seems to give to the variables that it lists under `secrets`.
pub(super) fn guessed(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for name in listed(text) {
        for (at, _) in text.match_indices(name) {
            let line = value_of(text, at, name).and_then(|value| value.lines().next());
            let line = line.unwrap_or_default().trim();
            let bare = line.trim_start_matches(['"', '\'']);
            let ends = [" #", ",", "}", "\"", "'"].iter().filter_map(|end| bare.find(end));
            found.extend(ends.chain([bare.len()]).map(|end| bare[..end].trim().into()));
        }
    }
    found
}

/// What follows the colon of the key that stands here, if it is one.
fn value_of<'t>(text: &'t str, at: usize, key: &str) -> Option<&'t str> {
    let is_begin = !text[..at].ends_with(is_letter);
    let rest = text[at + key.len()..].trim_start_matches(['"', '\'', ' ', '\t']);
    rest.strip_prefix(':').filter(|_| is_begin)
}

fn first_word(text: &str) -> &str {
    text.split(|c| !is_letter(c)).next().unwrap_or_default()
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Looks at `secret.NAME`: the name, or what is wrong, without its place. An optional one may have no value.
pub(super) fn used<'n>(
    name: Option<&'n str>,
    optional: bool,
    around: &Surroundings,
) -> Result<Option<&'n str>, Box<Diagnostic>> {
    let Some(name) = name else {
        let error = Diagnostic::error("`secret` needs a name").help("write `secret.NAME`");
        return Err(Box::new(error));
    };
    match around.secrets.get(name) {
        Some(value) => match short(name, value) {
            Some(error) => Err(Box::new(error)),
            None => Ok(Some(name)),
        },
        None if optional => Ok(None),
        None => Err(Box::new(unset(name, around))),
    }
}

fn short(name: &str, value: &str) -> Option<Diagnostic> {
    let why = mask::too_short(value)?;
    Some(Diagnostic::error(format!("the secret `{name}` {why}")).help(mask::TOO_SHORT_HELP))
}

fn unset(name: &str, around: &Surroundings) -> Diagnostic {
    let message = format!("the secret `{name}` is not set");
    let diagnostic = match around.strict {
        true => Diagnostic::error(message),
        false => Diagnostic::warning(message),
    };
    let help = match closest(name, around.secrets.keys().map(String::as_str)) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "set it in the environment, in `.env`, or in the file that `--secrets-file` names"
            .to_owned(),
    };
    diagnostic.help(help)
}

/// What is wrong with a name in the project file's `secrets`, without its place.
pub(super) fn of_project(name: &str, around: &Surroundings) -> Option<Diagnostic> {
    used(Some(name), false, around).err().map(|error| *error)
}

/// What is wrong with the `secrets` of a scenario.
pub(super) fn check(
    scenario: &Scenario,
    around: &Surroundings,
    may_define: &dyn Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    let wrong = |name: &Located<String>| {
        let own = scenario.vars.iter().find(|(known, _)| known.value == name.value);
        let error = match own {
            // What is evaluated is looked at when it is.
            Some((_, Tree::Literal(literal))) => {
                let why = mask::too_short(&value::text(literal))?;
                let message = format!("the secret variable `{}` {why}", name.value);
                Diagnostic::error(message).help(mask::TOO_SHORT_HELP)
            }
            Some(_) => return None,
            None if around.names.contains(&name.value) || may_define(&name.value) => return None,
            None => unknown(scenario, &name.value, around),
        };
        Some(error.at(scenario.source(), scenario.span(name.at), ""))
    };
    scenario.secrets.iter().filter_map(wrong).collect()
}

fn unknown(scenario: &Scenario, name: &str, around: &Surroundings) -> Diagnostic {
    let error = Diagnostic::error(format!("there is no variable `{name}` to be masked"));
    let mut captures = scenario.all_steps().flat_map(|step| &step.captures);
    if captures.any(|capture| capture.name.value == name) {
        return error.help("it is a capture: write `secret: true` beside its source");
    }
    let known = scenario.vars.iter().map(|(name, _)| name.value.as_str());
    error.help(match closest(name, known.chain(around.names.iter().map(String::as_str))) {
        Some(close) => format!("did you mean `{close}`?"),
        None => {
            "`secrets` names variables of `vars`; `secret.NAME` is masked without it".to_owned()
        }
    })
}
