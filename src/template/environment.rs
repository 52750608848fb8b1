//! The expression language: MiniJinja, strict, with the functions and filters of the format.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use indexmap::IndexMap;
use minijinja::value::ValueKind;
use minijinja::{Environment, UndefinedBehavior};

use super::{Evaluated, Expression, InvalidTemplate, Scope, Use, UseKind};
use crate::diagnostic::suggest::closest;
use crate::value::{Map, Number, Value};

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("raw", |value: String| minijinja::Value::from_safe_string(value));
    environment.add_filter("json", |value: minijinja::Value| {
        from_jinja(&value).map(|value| value.to_string()).map_err(invalid_operation)
    });
    environment
});

/// MiniJinja's own that make sense in one expression, and those added above.
const FILTERS: [&str; 41] = [
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
    "e",
    "escape",
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
const MORE_FILTERS: [&str; 8] =
    ["string", "sum", "title", "trim", "unique", "upper", "zip", "safe"];
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
const FUNCTIONS: [&str; 3] = ["range", "dict", "namespace"];

/// Refuses functions, filters and tests that are not there; offsets are those of the uses.
pub(super) fn check_callables(uses: &[Use]) -> Result<(), InvalidTemplate> {
    for used in uses {
        let (what, known): (_, Vec<&str>) = match used.kind {
            UseKind::Name { .. } => continue,
            UseKind::Function => ("function", FUNCTIONS.to_vec()),
            UseKind::Filter => ("filter", [&FILTERS[..], &MORE_FILTERS[..]].concat()),
            UseKind::Test => ("test", [&TESTS[..], &["upper", "test", "sameas"][..]].concat()),
        };
        if !known.contains(&used.name.as_str()) {
            return Err(InvalidTemplate {
                message: format!("unknown {what} `{}`", used.name),
                offset: used.offset,
                help: closest(&used.name, known).map(|name| format!("did you mean `{name}`?")),
            });
        }
    }
    Ok(())
}

pub(super) fn compile(
    text: &str,
) -> Result<minijinja::Expression<'static, 'static>, InvalidTemplate> {
    ENVIRONMENT.compile_expression_owned(text.to_owned()).map_err(|error| InvalidTemplate {
        message: format!(
            "`{text}` is no expression: {}",
            error.detail().unwrap_or("it does not follow Jinja's grammar")
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
    let value = program
        .eval(minijinja::Value::from(context))
        .map_err(|error| format!("`${{{}}}` failed: {}", expression.text, reason(&error)))?;
    if value.is_undefined() {
        return Err(format!("`{}` is not defined", expression.text));
    }
    let raw = value.is_safe();
    Ok(Evaluated { value: from_jinja(&value)?, raw })
}

fn reason(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
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
