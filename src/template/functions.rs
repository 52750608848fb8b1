//! The functions and filters of the format, as MiniJinja calls them; [`super::callables`] checks how they are written.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use md5::Md5;
use minijinja::value::{Kwargs, Object, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value as Jinja};
use sha1::Sha1;
use sha2::Sha256;

use super::bounds::Budget;
use super::convert::{from_jinja, to_jinja};
use super::random::{Draw, Stream};
use super::{Site, Use, UseKind, codec, fake, pattern, time};
use crate::jsonpath::{self, Found, JsonPath};
use crate::mask::Masks;
use crate::value::Value;

/// The longest `random_string`.
pub(super) const LONGEST_RANDOM: u64 = 1 << 20;

/// What the functions look up that depend on where they stand; no expression can write this name.
pub(super) const CALLS: &str = "the calls of the expression";
/// What `cookie` looks its names up in.
pub(super) const COOKIES: &str = "the session's cookies";

/// The functions and filters that ask for [`Calls`]; `map` may call any of them.
const SITUATED: [&str; 11] = [
    "base64_decode",
    "fake",
    "file",
    "from_json",
    "html_unescape",
    "jwt_claims",
    "map",
    "random_int",
    "random_string",
    "urldecode",
    "uuid",
];

/// Whether one of them is in an expression.
pub(super) fn is_situated(uses: &[Use]) -> bool {
    let mut calls = uses.iter().filter(|used| !matches!(used.kind, UseKind::Name { .. }));
    calls.any(|used| SITUATED.contains(&used.name.as_str()))
}

/// Where an expression is evaluated, and how many random values it has taken.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) draw: Draw,
    pub(super) site: Option<Arc<Site>>,
    /// Where the expression begins in its text.
    pub(super) offset: usize,
    pub(super) masks: Masks,
    pub(super) taken: AtomicU64,
}

impl Object for Calls {}

pub(super) fn add(environment: &mut Environment<'static>) {
    add_functions(environment);
    add_codecs(environment);
    add_data(environment);
    add_times(environment);
}

fn add_functions(environment: &mut Environment<'static>) {
    environment.add_function("cookie", |state: &State<'_, '_>, name: String| {
        state.lookup(COOKIES).unwrap_or_default().get_attr(&name).unwrap_or_default()
    });
    environment.add_function("file", |state: &State<'_, '_>, path: String| {
        with_calls(state, |calls| match &calls.site {
            Some(site) => site.files.read(&path),
            None => Err("there is no folder that a path could be relative to".to_owned()),
        })
    });
    environment
        .add_function("uuid", |state: &State<'_, '_>| random(state, |stream| Ok(stream.uuid())));
    environment.add_function("random_int", |state: &State<'_, '_>, min: i64, max: i64| {
        random(state, |stream| {
            let count = u128::try_from(i128::from(max) - i128::from(min) + 1);
            let count = count.ok().filter(|count| *count > 0).ok_or_else(|| no_range(min, max))?;
            let at = i128::from(min) + i128::try_from(stream.below(count)).unwrap_or_default();
            Ok(i64::try_from(at).unwrap_or(max))
        })
    });
    environment.add_function("random_string", |state: &State<'_, '_>, length: u64| {
        random(state, |stream| match usize::try_from(length) {
            Ok(length) if length as u64 <= LONGEST_RANDOM => Ok(stream.text(length)),
            _ => Err(format!("`random_string` makes up to {LONGEST_RANDOM} characters")),
        })
    });
    environment.add_function("fake", |state: &State<'_, '_>, kind: String| {
        random(state, |stream| fake::fake(&kind, stream).ok_or_else(|| fake::unknown(&kind)))
    });
    environment.add_function("now", |kwargs: Kwargs| {
        let given = |name: &str| kwargs.get::<Option<String>>(name);
        let (plus, minus, format) = (given("plus")?, given("minus")?, given("format")?);
        kwargs.assert_all_used()?;
        now(plus.as_deref(), minus.as_deref(), format.as_deref()).map_err(wrong)
    });
    environment.add_function("timestamp", || time::now().unix_timestamp());
}

pub(super) fn no_range(min: i64, max: i64) -> String {
    format!("no number is at least {min} and at most {max}")
}

fn now(plus: Option<&str>, minus: Option<&str>, format: Option<&str>) -> Result<String, String> {
    let span = |text: Option<&str>| text.map_or(Ok(Duration::ZERO), time::span);
    let at = time::moved(time::now(), span(plus)?, span(minus)?)?;
    time::text(at, format.map(time::format).transpose()?.as_ref())
}

fn add_codecs(environment: &mut Environment<'static>) {
    type Work = fn(&str) -> Result<String, String>;
    let codecs: [(&'static str, Work); 7] = [
        ("base64", |text| Ok(codec::base64(text))),
        ("base64url", |text| Ok(codec::base64url(text))),
        ("urlencode", |text| Ok(codec::urlencode(text))),
        ("html_escape", |text| Ok(codec::html_escape(text))),
        ("sha256", |text| Ok(codec::hash::<Sha256>(text))),
        ("sha1", |text| Ok(codec::hash::<Sha1>(text))),
        ("md5", |text| Ok(codec::hash::<Md5>(text))),
    ];
    for (name, work) in codecs {
        environment.add_filter(name, move |value: Jinja| work(&text(name, &value)?).map_err(wrong));
    }
    let decoders: [(&'static str, Work); 3] = [
        ("base64_decode", codec::base64_decode),
        ("urldecode", codec::urldecode),
        ("html_unescape", |text| Ok(codec::html_unescape(text))),
    ];
    for (name, work) in decoders {
        environment.add_filter(name, move |state: &State<'_, '_>, value: Jinja| {
            let text = text(name, &value)?;
            let decoded = work(&text).map_err(wrong)?;
            with_calls(state, |calls| {
                calls.hide(&text, |masks| masks.add(decoded.as_bytes()));
                Ok(())
            })?;
            Ok::<_, Error>(decoded)
        });
    }
    environment.add_filter("hmac_sha256", |value: Jinja, key: Jinja| {
        codec::hmac_sha256(&text("hmac_sha256", &value)?, &text("hmac_sha256", &key)?)
            .map_err(wrong)
    });
}

fn add_data(environment: &mut Environment<'static>) {
    environment.add_filter("raw", |value: Jinja| match value.as_str() {
        Some(text) => Ok(Jinja::from_safe_string(text.to_owned())),
        None => Ok(Jinja::from_safe_string(text("raw", &value)?.into_owned())),
    });
    environment.add_filter("json", |value: Jinja| Ok::<_, Error>(plain(&value)?.to_string()));
    environment.add_filter("from_json", |state: &State<'_, '_>, value: Jinja| {
        let text = text("from_json", &value)?;
        let parsed = jsonpath::parse(text.as_bytes());
        let parsed = parsed.map_err(|error| wrong(format!("the text is no JSON: {error}")))?;
        with_calls(state, |calls| {
            calls.hide(&text, |masks| masks.add_value(&parsed));
            Ok(())
        })?;
        Ok::<_, Error>(to_jinja(&parsed))
    });
    environment.add_filter("jwt_claims", |state: &State<'_, '_>, value: Jinja| {
        let text = text("jwt_claims", &value)?;
        let claims = codec::jwt_claims(&text).map_err(wrong)?;
        with_calls(state, |calls| {
            calls.hide(&text, |masks| masks.add_value(&claims));
            Ok(())
        })?;
        Ok::<_, Error>(to_jinja(&claims))
    });
    environment.add_filter("jsonpath", |value: Jinja, path: Jinja| {
        let path = JsonPath::parse(&text("jsonpath", &path)?);
        let path = path.map_err(|error| wrong(error.message))?;
        let value = plain(&value)?;
        Ok::<_, Error>(match path.find(&value).map_err(|error| wrong(error.to_string()))? {
            Found::One(node) => to_jinja(node),
            Found::Missing => Jinja::UNDEFINED,
            Found::Many(nodes) => jsonpath::copies(&nodes).iter().map(to_jinja).collect(),
        })
    });
    environment.add_filter("regex", |value: Jinja, pattern: Jinja| {
        let (text, pattern) = (text("regex", &value)?, text("regex", &pattern)?);
        let found = pattern::first(&text, &pattern).map_err(wrong)?;
        Ok::<_, Error>(found.map_or(Jinja::UNDEFINED, Jinja::from))
    });
    environment.add_filter("regex_replace", |value: Jinja, pattern: Jinja, with: Jinja| {
        let text = |value| text("regex_replace", value);
        pattern::replace(&text(&value)?, &text(&pattern)?, &text(&with)?).map_err(wrong)
    });
}

fn add_times(environment: &mut Environment<'static>) {
    let given = |value: &Jinja| time::given(&plain(value)?).map_err(wrong);
    environment.add_filter("date", move |value: Jinja, format: Jinja| {
        let format = time::format(&text("date", &format)?).map_err(wrong)?;
        time::text(given(&value)?, Some(&format)).map_err(wrong)
    });
    environment.add_filter("to_date", |value: Jinja, format: Jinja| {
        let format = time::format(&text("to_date", &format)?).map_err(wrong)?;
        let at = time::read(&text("to_date", &value)?, &format).map_err(wrong)?;
        time::text(at, None).map_err(wrong)
    });
    environment.add_filter("days_from_now", move |value: Jinja| {
        Ok::<_, Error>(time::days_from(time::now(), given(&value)?))
    });
}

impl Calls {
    /// What is read out of a secret is one too.
    fn hide(&self, text: &str, hide: impl FnOnce(&Masks)) {
        if matches!(self.masks.text(text), Cow::Owned(_)) {
            hide(&self.masks);
        }
    }
}

fn with_calls<T>(
    state: &State<'_, '_>,
    work: impl FnOnce(&Calls) -> Result<T, String>,
) -> Result<T, Error> {
    let calls = state.lookup(CALLS).unwrap_or_default();
    match calls.downcast_object_ref::<Calls>() {
        Some(calls) => work(calls).map_err(wrong),
        None => Err(wrong("the place of the expression is not known".to_owned())),
    }
}

fn random<T>(
    state: &State<'_, '_>,
    work: impl FnOnce(&mut Stream) -> Result<T, String>,
) -> Result<T, Error> {
    with_calls(state, |calls| {
        let number = calls.taken.fetch_add(1, Ordering::Relaxed);
        let place = calls.site.as_ref().map_or("", |site| &site.place);
        work(&mut calls.draw.stream(&format!("{place}+{}", calls.offset), number))
    })
}

/// What a filter works on; a number and a boolean are taken as their text.
fn text<'v>(filter: &str, value: &'v Jinja) -> Result<Cow<'v, str>, Error> {
    let kind = match value.kind() {
        ValueKind::String => return Ok(Cow::Borrowed(value.as_str().unwrap_or_default())),
        ValueKind::Number | ValueKind::Bool => {
            return Ok(Cow::Owned(crate::value::text(&plain(value)?)));
        }
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => "null",
        ValueKind::Map => "an object: write `| json` before it",
        _ => "an array: write `| json` or `| join` before it",
    };
    Err(wrong(format!("`{filter}` takes a text, and this is {kind}")))
}

fn plain(value: &Jinja) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    from_jinja(value, &mut Budget::default()).map_err(wrong)
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
