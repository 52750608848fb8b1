//! Which functions, filters and tests there are, and what is wrong with a call of one as it is written.

use std::ops::Range;

use super::arguments::{self, Written};
use super::functions::{LONGEST_RANDOM, no_range};
use super::{InvalidTemplate, Use, UseKind, environment, fake, lex, pattern, time};
use crate::diagnostic::suggest::closest;
use crate::jsonpath::JsonPath;
use crate::value::{self, Value};

/// A function or a filter of the format.
#[derive(Debug)]
pub(super) struct Callable {
    pub(super) name: &'static str,
    /// How it is written, for messages.
    usage: &'static str,
    parameters: &'static [Parameter],
    /// Whether its arguments are given by name, and may each be left out.
    named: bool,
}

/// What an argument has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parameter {
    Text,
    Whole,
    Length,
    Duration(&'static str),
    Format(&'static str),
    Regex,
    JsonPath,
    Kind,
}

const fn callable(
    name: &'static str,
    usage: &'static str,
    parameters: &'static [Parameter],
) -> Callable {
    Callable { name, usage, parameters, named: false }
}

pub(super) const FUNCTIONS: [Callable; 8] = [
    callable("cookie", "cookie('name')", &[Parameter::Text]),
    callable("fake", "fake('email')", &[Parameter::Kind]),
    callable("file", "file('path.txt')", &[Parameter::Text]),
    Callable {
        named: true,
        ..callable(
            "now",
            "now()`, `now(plus='1h')` or `now(minus='3d', format='%Y-%m-%d')",
            &[
                Parameter::Duration("plus"),
                Parameter::Duration("minus"),
                Parameter::Format("format"),
            ],
        )
    },
    callable("random_int", "random_int(1, 6)", &[Parameter::Whole, Parameter::Whole]),
    callable("random_string", "random_string(12)", &[Parameter::Length]),
    callable("timestamp", "timestamp()", &[]),
    callable("uuid", "uuid()", &[]),
];

pub(super) const FILTERS: [Callable; 21] = [
    callable("base64", "| base64", &[]),
    callable("base64_decode", "| base64_decode", &[]),
    callable("base64url", "| base64url", &[]),
    callable("date", "| date('%d.%m.%Y')", &[Parameter::Format("format")]),
    callable("days_from_now", "| days_from_now", &[]),
    callable("from_json", "| from_json", &[]),
    callable("hmac_sha256", "| hmac_sha256(key)", &[Parameter::Text]),
    callable("html_escape", "| html_escape", &[]),
    callable("html_unescape", "| html_unescape", &[]),
    callable("json", "| json", &[]),
    callable("jsonpath", "| jsonpath('$.a')", &[Parameter::JsonPath]),
    callable("jwt_claims", "| jwt_claims", &[]),
    callable("md5", "| md5", &[]),
    callable("raw", "| raw", &[]),
    callable("regex", "| regex('[0-9]+')", &[Parameter::Regex]),
    callable(
        "regex_replace",
        "| regex_replace('[0-9]+', '#')",
        &[Parameter::Regex, Parameter::Text],
    ),
    callable("sha1", "| sha1", &[]),
    callable("sha256", "| sha256", &[]),
    callable("to_date", "| to_date('%d.%m.%Y')", &[Parameter::Format("format")]),
    callable("urldecode", "| urldecode", &[]),
    callable("urlencode", "| urlencode", &[]),
];

const ANY: usize = usize::MAX;

/// MiniJinja's own functions, with the fewest and the most arguments.
pub(super) const JINJA_FUNCTIONS: [(&str, usize, usize); 2] = [("dict", 0, ANY), ("range", 1, 3)];

/// MiniJinja's own filters that make sense in one expression, likewise.
pub(super) const JINJA_FILTERS: [(&str, usize, usize); 44] = [
    ("abs", 0, 0),
    ("attr", 1, 1),
    ("batch", 1, 2),
    ("bool", 0, 0),
    ("capitalize", 0, 0),
    ("chain", 0, ANY),
    ("count", 0, 0),
    ("d", 0, 2),
    ("default", 0, 2),
    ("dictsort", 0, 3),
    ("first", 0, 0),
    ("float", 0, 1),
    ("format", 0, ANY),
    ("groupby", 1, 3),
    ("indent", 0, 3),
    ("int", 0, 2),
    ("items", 0, 0),
    ("join", 0, 2),
    ("last", 0, 0),
    ("length", 0, 0),
    ("lines", 0, 0),
    ("list", 0, 0),
    ("lower", 0, 0),
    ("map", 1, ANY),
    ("max", 0, 2),
    ("min", 0, 2),
    ("pprint", 0, 0),
    ("reject", 0, ANY),
    ("rejectattr", 1, ANY),
    ("replace", 2, 3),
    ("reverse", 0, 0),
    ("round", 0, 2),
    ("select", 0, ANY),
    ("selectattr", 1, ANY),
    ("slice", 1, 2),
    ("sort", 0, 3),
    ("split", 0, 2),
    ("string", 0, 0),
    ("sum", 0, 2),
    ("title", 0, 0),
    ("trim", 0, 1),
    ("unique", 0, 2),
    ("upper", 0, 0),
    ("zip", 0, ANY),
];

pub(super) const TESTS: [&str; 33] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// The names of a kind of word, all that there are.
pub(super) fn names(kind: &UseKind) -> Vec<&'static str> {
    let jinja = |all: &[(&'static str, usize, usize)]| all.iter().map(|it| it.0).collect();
    let mut names: Vec<&str> = match kind {
        UseKind::Function => jinja(&JINJA_FUNCTIONS),
        UseKind::Filter => jinja(&JINJA_FILTERS),
        UseKind::Test => TESTS.to_vec(),
        UseKind::Name { .. } => Vec::new(),
    };
    names.extend(own(kind).iter().map(|callable| callable.name));
    names.sort_unstable();
    names
}

fn own(kind: &UseKind) -> &'static [Callable] {
    match kind {
        UseKind::Function => &FUNCTIONS,
        UseKind::Filter => &FILTERS,
        UseKind::Test | UseKind::Name { .. } => &[],
    }
}

/// What was found wrong with the word at a byte of the expression.
fn invalid(offset: usize, message: String, help: impl Into<Option<String>>) -> InvalidTemplate {
    InvalidTemplate { message, offset, length: 0, help: help.into() }
}

/// What was found wrong with an argument; of a text, its quotes are not.
fn in_argument(
    written: &Written<'_>,
    message: String,
    help: impl Into<Option<String>>,
) -> InvalidTemplate {
    let Range { start, end } = inside(written);
    InvalidTemplate { length: end - start, ..invalid(start, message, help) }
}

/// The bytes of an argument, without its quotes.
fn inside(written: &Written<'_>) -> Range<usize> {
    let (start, end) = (written.offset, written.offset + written.text.len());
    let quoted = written.text.starts_with(['"', '\'']) && written.text.len() > 2;
    if quoted { start + 1..end - 1 } else { start..end }
}

/// Refuses what cannot be called so; offsets are those of the expression.
pub(super) fn check(text: &str, uses: &[Use]) -> Result<(), InvalidTemplate> {
    for used in uses {
        if matches!(used.kind, UseKind::Name { .. }) {
            continue;
        }
        known(&used.name, &used.kind, used.offset)?;
        if used.kind == UseKind::Test {
            continue;
        }
        let (arguments, _) = arguments::written(text, used.offset + used.name.len());
        match own(&used.kind).iter().find(|callable| callable.name == used.name) {
            Some(callable) => callable.check(used.offset, &arguments)?,
            None => check_jinja(used, &arguments)?,
        }
    }
    Ok(())
}

fn known(name: &str, kind: &UseKind, offset: usize) -> Result<(), InvalidTemplate> {
    let names = names(kind);
    if names.contains(&name) {
        return Ok(());
    }
    let what = match kind {
        UseKind::Function => "function",
        UseKind::Filter => "filter",
        _ => "test",
    };
    let help = match closest(name, names.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None if *kind == UseKind::Test => {
            "the tests are Jinja's, such as `defined`, `none`, `number` and `string`".to_owned()
        }
        None => {
            let jinja = if *kind == UseKind::Filter { "Jinja's, and " } else { "" };
            let own = own(kind).iter().map(|callable| format!("`{}`", callable.name));
            format!("the {what}s are {jinja}{}", own.collect::<Vec<_>>().join(", "))
        }
    };
    Err(invalid(offset, format!("unknown {what} `{name}`"), help))
}

/// MiniJinja checks its own when they are called; how many arguments there are is known before.
fn check_jinja(used: &Use, arguments: &[Written<'_>]) -> Result<(), InvalidTemplate> {
    let all = match used.kind {
        UseKind::Function => &JINJA_FUNCTIONS[..],
        _ => &JINJA_FILTERS[..],
    };
    let found = all.iter().find(|(name, ..)| *name == used.name);
    let Some(&(name, least, most)) = found else { return Ok(()) };
    if !(least..=most).contains(&arguments.len()) {
        let wanted = if arguments.len() < least { least } else { most };
        let message = count(name, arguments.len() < least, least != most, wanted, arguments.len());
        return Err(invalid(used.offset, message, None));
    }
    // What these call is named in a text.
    let (at, kind) = match name {
        "map" => (0, UseKind::Filter),
        "select" | "reject" => (0, UseKind::Test),
        "selectattr" | "rejectattr" => (1, UseKind::Test),
        _ => return Ok(()),
    };
    match arguments.get(at).filter(|it| it.keyword.is_none()).map(|it| (it, literal(it.text))) {
        Some((written, Some(Value::String(called)))) => {
            known(&called, &kind, inside(written).start)
        }
        _ => Ok(()),
    }
}

/// "`range` takes at most 3 arguments, found 4"
fn count(name: &str, fewer: bool, varies: bool, wanted: usize, found: usize) -> String {
    let bound = match (varies, fewer) {
        (false, _) => "",
        (true, true) => "at least ",
        (true, false) => "at most ",
    };
    let wanted = match wanted {
        0 => "no arguments".to_owned(),
        1 => format!("{bound}1 argument"),
        wanted => format!("{bound}{wanted} arguments"),
    };
    format!("`{name}` takes {wanted}, found {found}")
}

impl Callable {
    fn help(&self) -> String {
        format!("write it like `{}`", self.usage)
    }

    fn check(&self, offset: usize, arguments: &[Written<'_>]) -> Result<(), InvalidTemplate> {
        if self.named {
            return arguments.iter().try_for_each(|written| self.check_named(written));
        }
        if let Some(written) = arguments.iter().find(|written| written.keyword.is_some()) {
            let message = format!("`{}` takes its arguments without names", self.name);
            return Err(in_argument(written, message, self.help()));
        }
        let (wanted, found) = (self.parameters.len(), arguments.len());
        if wanted != found {
            let message = count(self.name, found < wanted, false, wanted, found);
            return Err(invalid(offset, message, self.help()));
        }
        for (parameter, written) in self.parameters.iter().zip(arguments) {
            self.check_argument(*parameter, written)?;
        }
        let whole = |at: usize| literal(arguments.get(at)?.text)?.as_i64();
        match (self.name, whole(0), whole(1), arguments) {
            ("random_int", Some(min), Some(max), [_, second]) if min > max => {
                Err(in_argument(second, no_range(min, max), self.help()))
            }
            ("regex_replace", .., [pattern, with]) => check_groups(pattern, with),
            _ => Ok(()),
        }
    }

    fn check_named(&self, written: &Written<'_>) -> Result<(), InvalidTemplate> {
        let Some(name) = written.keyword else {
            let message = format!("`{}` takes its arguments by their names", self.name);
            return Err(in_argument(written, message, self.help()));
        };
        let name_of = |parameter: &Parameter| match parameter {
            Parameter::Duration(name) | Parameter::Format(name) => *name,
            _ => "",
        };
        match self.parameters.iter().find(|parameter| name_of(parameter) == name) {
            Some(parameter) => self.check_argument(*parameter, written),
            None => {
                let close = closest(name, self.parameters.iter().map(name_of));
                let help = close.map_or_else(|| self.help(), |it| format!("did you mean `{it}`?"));
                let message = format!("`{}` has no argument `{name}`", self.name);
                Err(invalid(written.start, message, help))
            }
        }
    }

    /// What is wrong with an argument that is known before the run.
    fn check_argument(
        &self,
        parameter: Parameter,
        written: &Written<'_>,
    ) -> Result<(), InvalidTemplate> {
        let Some(value) = literal(written.text) else { return Ok(()) };
        let wanted = match (parameter, &value) {
            (Parameter::Whole, value) if value.is_i64() => return Ok(()),
            (Parameter::Length, value)
                if value.as_u64().is_some_and(|length| length <= LONGEST_RANDOM) =>
            {
                return Ok(());
            }
            // What a filter works with is taken as its text.
            (Parameter::Text, Value::Number(_) | Value::Bool(_))
                if FILTERS.iter().any(|filter| filter.name == self.name) =>
            {
                return Ok(());
            }
            (Parameter::Whole, _) => "whole numbers".to_owned(),
            (Parameter::Length, _) => format!("a whole number up to {LONGEST_RANDOM}"),
            (_, Value::String(text)) => return check_text(parameter, written, text),
            (Parameter::Duration(_), _) => "a duration such as '1h'".to_owned(),
            _ => "a text".to_owned(),
        };
        let found = match &value {
            Value::Number(_) | Value::Bool(_) => format!("`{value}`"),
            other => value::a_kind(other).to_owned(),
        };
        let message = format!("`{}` takes {wanted}, found {found}", self.name);
        Err(in_argument(written, message, self.help()))
    }
}

/// What is wrong with a text where this is wanted.
fn check_text(
    parameter: Parameter,
    written: &Written<'_>,
    text: &str,
) -> Result<(), InvalidTemplate> {
    let wrong = |error: String| in_argument(written, error, None);
    match parameter {
        Parameter::Text | Parameter::Whole | Parameter::Length => Ok(()),
        Parameter::Duration(_) => time::span(text).map(|_| ()).map_err(wrong),
        Parameter::Format(_) => time::format(text).map(|_| ()).map_err(wrong),
        Parameter::Regex => pattern::pattern(text).map(|_| ()).map_err(|error| {
            let help = pattern::pattern_help(&error).to_owned();
            in_argument(written, error, help)
        }),
        Parameter::JsonPath => JsonPath::parse(text).map(|_| ()).map_err(|error| {
            // With escapes in the text its bytes are not those of the expression.
            let exact = written.text.len() == text.len() + 2;
            match error.offset {
                at if at > 0 && exact => invalid(inside(written).start + at, error.message, None),
                _ => wrong(error.message),
            }
        }),
        Parameter::Kind if fake::KINDS.contains(&text) => Ok(()),
        Parameter::Kind => {
            let kinds = fake::KINDS.map(|kind| format!("`{kind}`")).join(", ");
            let help = closest(text, fake::KINDS).map_or_else(
                || format!("it makes up {kinds}"),
                |close| format!("did you mean `{close}`?"),
            );
            Err(in_argument(written, fake::unknown(text), help))
        }
    }
}

fn check_groups(pattern: &Written<'_>, with: &Written<'_>) -> Result<(), InvalidTemplate> {
    let (Some(Value::String(regex)), Some(Value::String(text))) =
        (literal(pattern.text), literal(with.text))
    else {
        return Ok(());
    };
    let Ok(regex) = pattern::pattern(&regex) else { return Ok(()) };
    pattern::check_groups(&regex, &text).map_err(|error| in_argument(with, error, None))
}

/// The value of an argument that is written out; none of one that has its value in the run only.
pub(super) fn literal(text: &str) -> Option<Value> {
    let first = text.chars().next()?;
    let number = text.strip_prefix('-').unwrap_or(text);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
    let is_text = matches!(first, '"' | '\'') && lex::string_length(text, first) == text.len();
    let is_word = ["true", "false", "none", "True", "False", "None"].contains(&text);
    match first {
        _ if is_number || is_text || is_word => environment::constant(text),
        '[' if text.ends_with(']') => Some(Value::Array(Vec::new())),
        '{' if text.ends_with('}') => Some(Value::Object(value::Map::new())),
        _ => None,
    }
}

/// The paths of `file` that are written out, each with its bytes in the expression.
pub(super) fn files(text: &str, uses: &[Use]) -> Vec<(Range<usize>, String)> {
    let calls = uses.iter().filter(|used| used.kind == UseKind::Function && used.name == "file");
    let paths = calls.filter_map(|used| {
        let (arguments, _) = arguments::written(text, used.offset + used.name.len());
        let path = arguments.first()?;
        match literal(path.text)? {
            Value::String(text) => Some((inside(path), text)),
            _ => None,
        }
    });
    paths.collect()
}
