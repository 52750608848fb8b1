//! The expression language: MiniJinja, strict, with the functions and filters of the format.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use indexmap::IndexMap;
use minijinja::value::ValueKind;
use minijinja::{Environment, State, UndefinedBehavior};

use super::{Evaluated, Expression, InvalidTemplate, Scope, Use, UseKind, lex};
use crate::diagnostic::suggest::closest;
use crate::value::{self, Map, Number, Value};

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("raw", |value: String| minijinja::Value::from_safe_string(value));
    environment.add_filter("json", |value: minijinja::Value| {
        from_jinja(&value).map(|value| value.to_string()).map_err(invalid_operation)
    });
    environment.add_function("cookie", |state: &State<'_, '_>, name: String| {
        let held = state.lookup(COOKIES).unwrap_or_default();
        held.get_attr(&name).unwrap_or_default()
    });
    environment
});

/// What `cookie` looks its names up in; no expression can write this name.
const COOKIES: &str = "the session's cookies";

/// MiniJinja's own that make sense in one expression, and those added above.
const FILTERS: [&str; 39] = [
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "json",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "raw",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
];
const MORE_FILTERS: [&str; 7] = ["string", "sum", "title", "trim", "unique", "upper", "zip"];
const TESTS: [&str; 30] = [
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
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
];
const FUNCTIONS: [&str; 3] = ["cookie", "dict", "range"];

/// What the format has and this version does not.
const LATER: [&str; 25] = [
    "uuid",
    "now",
    "timestamp",
    "random_int",
    "random_string",
    "fake",
    "file",
    "base64",
    "base64_decode",
    "base64url",
    "urlencode",
    "urldecode",
    "html_escape",
    "html_unescape",
    "sha256",
    "sha1",
    "md5",
    "hmac_sha256",
    "from_json",
    "regex",
    "regex_replace",
    "jsonpath",
    "date",
    "to_date",
    "days_from_now",
];

/// Refuses functions, filters and tests that are not there; offsets are those of the uses.
pub(super) fn check_callables(uses: &[Use]) -> Result<(), InvalidTemplate> {
    for used in uses {
        let (what, known): (_, Vec<&str>) = match used.kind {
            UseKind::Name { .. } => continue,
            UseKind::Function => ("function", FUNCTIONS.to_vec()),
            UseKind::Filter => ("filter", [&FILTERS[..], &MORE_FILTERS[..]].concat()),
            UseKind::Test => ("test", [&TESTS[..], &["upper", "test", "sameas"][..]].concat()),
        };
        if known.contains(&used.name.as_str()) {
            continue;
        }
        if LATER.contains(&used.name.as_str()) && used.kind != UseKind::Test {
            let help = "it is part of the format, but not of this version of callsheet";
            return Err(InvalidTemplate {
                message: format!("{what} `{}` is not supported yet", used.name),
                offset: used.offset,
                help: Some(help.to_owned()),
            });
        }
        return Err(InvalidTemplate {
            message: format!("unknown {what} `{}`", used.name),
            offset: used.offset,
            help: match closest(&used.name, known.iter().copied()) {
                Some(name) => Some(format!("did you mean `{name}`?")),
                None if used.kind == UseKind::Function => {
                    let names = FUNCTIONS.map(|name| format!("`{name}`"));
                    Some(format!("the functions are {}", names.join(", ")))
                }
                None => {
                    Some(format!("the {what}s are those of MiniJinja, the language of `${{…}}`"))
                }
            },
        });
    }
    Ok(())
}

pub(super) fn compile(
    text: &str,
) -> Result<minijinja::Expression<'static, 'static>, InvalidTemplate> {
    ENVIRONMENT.compile_expression_owned(text.to_owned()).map_err(|error| InvalidTemplate {
        message: format!(
            "`{text}` is no expression: {}",
            error
                .detail()
                .unwrap_or("it does not follow Jinja's grammar")
                .replace("end of input", "end of the expression")
                .replace("expected expression", "expected a value")
        ),
        offset: 0,
        help: None,
    })
}

/// The value, or what is wrong in a sentence.
pub(super) fn evaluate(
    program: &minijinja::Expression<'static, 'static>,
    expression: &Expression,
    scope: &Scope,
) -> Result<Evaluated, String> {
    let mut context = BTreeMap::new();
    for used in &expression.uses {
        if let UseKind::Name { optional, .. } = &used.kind {
            match scope.get(&used.name) {
                Some(binding) => {
                    context.insert(used.name.clone(), to_jinja(&binding.value));
                }
                None if *optional => {}
                None => {
                    return Err(format!(
                        "`{}` has no value here{}",
                        used.name,
                        scope.unset_by(&used.name)
                    ));
                }
            }
        }
    }
    if expression.uses.iter().any(is_cookie) {
        let held = scope.cookies().map(|(name, value)| (name.clone(), value.clone()));
        let held: BTreeMap<String, String> = held.collect();
        context.insert(COOKIES.to_owned(), minijinja::Value::from(held));
    }
    let value =
        program.eval(minijinja::Value::from(context)).map_err(|error| match error.kind() {
            minijinja::ErrorKind::UndefinedError => not_there(expression, scope),
            _ => format!("`{}` cannot be worked out: {}", expression.text, reason(&error)),
        })?;
    if value.is_undefined() {
        return Err(not_there(expression, scope));
    }
    let raw = value.is_safe();
    Ok(Evaluated { value: from_jinja(&value)?, raw })
}

/// Where `name.member[0]` leads.
pub(super) struct Reached<'t, 'v> {
    /// As far as it is there: `name.member`.
    pub(super) path: String,
    /// What is there.
    pub(super) value: &'v Value,
    /// The step that leads to nothing.
    pub(super) missing: Option<&'t str>,
}

/// Follows a use of a name through its members.
pub(super) fn reached<'t, 'v>(
    expression: &'t Expression,
    used: &Use,
    mut value: &'v Value,
) -> Reached<'t, 'v> {
    let mut path = used.name.clone();
    let mut rest = &expression.text[used.offset + used.name.len()..];
    while let Some((step, after)) = lex::member(rest) {
        let next = match value {
            Value::Object(members) => members.get(step.name),
            Value::Array(items) => step.name.parse().ok().and_then(|at: usize| items.get(at)),
            _ => None,
        };
        let Some(next) = next else {
            return Reached { path, value, missing: Some(step.text) };
        };
        path.push_str(step.text);
        (value, rest) = (next, after);
    }
    Reached { path, value, missing: None }
}

fn is_cookie(used: &Use) -> bool {
    used.kind == UseKind::Function && used.name == "cookie"
}

/// Which part of an expression leads to nothing: "`a.b.c` is not there: `a.b` is a string".
fn not_there(expression: &Expression, scope: &Scope) -> String {
    let names = expression.uses.iter().filter(|used| matches!(used.kind, UseKind::Name { .. }));
    for used in names {
        let Some(binding) = scope.get(&used.name) else { continue };
        let rest = &expression.text[used.offset + used.name.len()..];
        if let ("env", Some((member, _))) = (used.name.as_str(), lex::member(rest))
            && binding.value.get(member.name).is_none()
        {
            return format!("the environment variable `{}` is not set", member.name);
        }
        if let Reached { path, value, missing: Some(missing) } =
            reached(expression, used, &binding.value)
        {
            return format!("`{path}{missing}` is not there: `{path}` is {}", described(value));
        }
    }
    if expression.uses.iter().any(is_cookie) {
        return format!("the session holds no cookie that `{}` asks for", expression.text);
    }
    format!("a part of `{}` is not there", expression.text)
}

/// "an object with `id`, `name`"
fn described(value: &Value) -> String {
    const MOST: usize = 12;
    match value {
        Value::Object(members) if !members.is_empty() => {
            let names: Vec<String> =
                members.keys().take(MOST).map(|name| format!("`{name}`")).collect();
            let more = if members.len() > MOST { " and more" } else { "" };
            format!("an object with {}{more}", names.join(", "))
        }
        Value::Array(items) => match items.len() {
            1 => "an array of 1 element".to_owned(),
            length => format!("an array of {length} elements"),
        },
        value => value::a_kind(value).to_owned(),
    }
}

/// MiniJinja's words where they are a programmer's.
fn plain(detail: &str) -> String {
    let kinds = |text: &str| match text {
        "none" => "null".to_owned(),
        "sequence" => "list".to_owned(),
        kind => kind.to_owned(),
    };
    let unsupported = detail.strip_prefix("tried to use ").and_then(|rest| {
        let (operator, rest) = rest.split_once(" operator on unsupported types ")?;
        let (left, right) = rest.split_once(" and ")?;
        Some(format!("`{operator}` cannot be used with {} and {}", kinds(left), kinds(right)))
    });
    match detail {
        "invalid float literal" | "invalid integer literal" => "the text is no number".to_owned(),
        detail => unsupported.unwrap_or_else(|| detail.to_owned()),
    }
}

fn reason(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => plain(detail),
        None => error.kind().to_string(),
    }
}

fn invalid_operation(message: String) -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message)
}

fn to_jinja(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(value) => minijinja::Value::from(*value),
        Value::Number(number) => number_to_jinja(number),
        Value::String(text) => minijinja::Value::from(text.as_str()),
        Value::Array(items) => items.iter().map(to_jinja).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, _)| (name.as_str().into(), to_jinja(value));
            let members: IndexMap<minijinja::Value, minijinja::Value> =
                members.iter().map(member).collect();
            minijinja::Value::from(members)
        }
    }
}

/// Arithmetic is done on 128-bit integers and floats, as MiniJinja has them.
fn number_to_jinja(number: &Number) -> minijinja::Value {
    if let Some(whole) = number.as_i64() {
        whole.into()
    } else if let Ok(whole) = number.as_str().parse::<i128>() {
        whole.into()
    } else {
        number.as_f64().unwrap_or(f64::NAN).into()
    }
}

fn from_jinja(value: &minijinja::Value) -> Result<Value, String> {
    let wrong = || format!("`{value}` is no JSON value");
    Ok(match value.kind() {
        ValueKind::None => Value::Null,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number if value.is_integer() => {
            Value::Number(value.to_string().parse().map_err(|_| wrong())?)
        }
        ValueKind::Number => {
            let number = f64::try_from(value.clone()).map_err(|_| wrong())?;
            Value::Number(Number::from_f64(number).ok_or_else(wrong)?)
        }
        ValueKind::String => Value::String(value.as_str().ok_or_else(wrong)?.to_owned()),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(|_| wrong())?;
            Value::Array(items.map(|item| from_jinja(&item)).collect::<Result<_, _>>()?)
        }
        ValueKind::Map => {
            let mut members = Map::new();
            for key in value.try_iter().map_err(|_| wrong())? {
                let member = value.get_item(&key).map_err(|_| wrong())?;
                members.insert(key.to_string(), from_jinja(&member)?);
            }
            Value::Object(members)
        }
        _ => return Err(wrong()),
    })
}
