//! The expression language: MiniJinja, strict, with the functions and filters of the format.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use super::bounds::{self, Budget};
use super::convert::{from_jinja, to_jinja};
use super::functions::{self, CALLS, COOKIES, Calls};
use super::{Evaluated, Expression, InvalidTemplate, Scope, Use, UseKind, lex};
use crate::value::{self, Value};

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(bounds::FUEL));
    functions::add(&mut environment);
    environment
});

/// The value of a text that needs no scope.
pub(super) fn constant(text: &str) -> Option<Value> {
    let value = compile(text).ok()?.eval(()).ok()?;
    from_jinja(&value, &mut Budget::default()).ok()
}

pub(super) fn compile(
    text: &str,
) -> Result<minijinja::Expression<'static, 'static>, InvalidTemplate> {
    ENVIRONMENT.compile_expression_owned(text.to_owned()).map_err(|error| InvalidTemplate {
        message: format!(
            "`{}` is no expression: {}",
            value::cut(text, 200),
            error
                .detail()
                .unwrap_or("it does not follow Jinja's grammar")
                .replace("end of input", "end of the expression")
                .replace("expected expression", "expected a value")
        ),
        offset: 0,
        length: 0,
        help: said_otherwise(text),
    })
}

/// What other languages write in an expression, and Jinja another way.
fn said_otherwise(text: &str) -> Option<String> {
    let is_lone_equals = || {
        let plain =
            ["==", "!=", "<=", ">="].iter().fold(text.to_owned(), |t, op| t.replace(op, ""));
        plain.contains('=')
    };
    let help = match text {
        text if text.contains("===") => "`==` compares",
        text if text.contains("&&") || text.contains("||") => "write `and`, `or`, `not`",
        text if text.contains('?') => "write `A if CONDITION else B`, or `A | default(B)`",
        text if text.trim_start().starts_with('!') => "write `not`",
        text if text.contains('$') => "within `${…}` a variable is its name alone",
        _ if is_lone_equals() => "`==` compares",
        _ => return None,
    };
    Some(help.to_owned())
}

/// The value, or what is wrong in a sentence.
pub(super) fn evaluate(
    program: &minijinja::Expression<'static, 'static>,
    expression: &Expression,
    scope: &Scope,
    budget: &mut Budget,
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
    if expression.is_situated {
        context.insert(CALLS.to_owned(), calls(expression, scope));
    }
    let value =
        program.eval(minijinja::Value::from(context)).map_err(|error| match error.kind() {
            ErrorKind::OutOfFuel => {
                format!("`{}` takes too much work: {}", expression.shown(), bounds::too_much())
            }
            ErrorKind::UndefinedError => not_there(expression, scope),
            _ => format!("`{}` cannot be worked out: {}", expression.shown(), reason(&error)),
        })?;
    if value.is_undefined() {
        return Err(not_there(expression, scope));
    }
    let raw = value.is_safe();
    let value = from_jinja(&value, budget)
        .map_err(|why| format!("`{}` cannot be worked out: {why}", expression.shown()))?;
    Ok(Evaluated { value, raw })
}

/// What the functions need to know of where they stand.
fn calls(expression: &Expression, scope: &Scope) -> minijinja::Value {
    minijinja::Value::from_object(Calls {
        draw: scope.draw.clone(),
        site: expression.site.clone(),
        offset: expression.offset,
        masks: scope.masks.clone(),
        taken: Default::default(),
    })
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
        return format!("the session holds no cookie that `{}` asks for", expression.shown());
    }
    for used in expression.uses.iter().filter(|used| used.kind == UseKind::Filter) {
        if ["regex", "jsonpath"].contains(&used.name.as_str()) {
            return format!("`{}` found nothing", expression.shown());
        }
    }
    format!("a part of `{}` is not there", expression.shown())
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

#[cfg(test)]
pub(super) fn has_filter(name: &str) -> bool {
    let known = ENVIRONMENT.compile_expression_owned(format!("'{name}' is filter"));
    known.is_ok_and(|known| known.eval(()).is_ok_and(|is| is.is_true()))
}

#[cfg(test)]
pub(super) fn has_test(name: &str) -> bool {
    let known = ENVIRONMENT.compile_expression_owned(format!("'{name}' is test"));
    known.is_ok_and(|known| known.eval(()).is_ok_and(|is| is.is_true()))
}

#[cfg(test)]
pub(super) fn has_function(name: &str) -> bool {
    ENVIRONMENT.globals().any(|(known, _)| known == name)
}
