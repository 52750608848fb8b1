//! Secrets: `secret.NAME` in expressions, and `secrets`, the names of variables that are masked.

use super::decode::{Decoder, Located, Tree};
use super::names::Surroundings;
use super::yaml::Node;
use super::{Scenario, is_variable_name};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::mask;
use crate::value;

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
pub(super) fn check(scenario: &Scenario, around: &Surroundings) -> Vec<Diagnostic> {
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
            None if around.names.contains(&name.value) => return None,
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
