//! JSON Schema: read once, with the place of all that is wrong with it; then values are held against it.
//!
//! Nothing is ever fetched: what a `$ref` leads to comes from [`Documents`], or the schema is refused.

pub mod keywords;
mod references;
mod budget;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use jsonschema::{Draft, Registry, Uri, ValidationError, Validator};

use crate::value::Value;
pub use words::Breach;

/// So many breaches are told; the others are counted.
pub const MOST_BREACHES: usize = 20;

/// Schemas are visited this often for the answer alone. What looks at one value twice is remembered, so that only what
/// multiplies without end comes here.
const MOST_VISITS: u64 = 100_000_000;
/// And this often to tell what is wrong, which remembers nothing and keeps every error.
const MOST_TOLD: u64 = 50_000;

/// The dialects of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Draft 4.
    Draft4,
    /// Draft 6.
    Draft6,
    /// Draft 7.
    Draft7,
    /// 2019-09.
    Draft201909,
    /// 2020-12.
    Draft202012,
}

impl Dialect {
    /// The dialect of a `$schema`, if it is known.
    #[must_use]
    pub fn of_uri(uri: &str) -> Option<Self> {
        Some(match Draft::from_schema_uri(uri) {
            Draft::Draft4 => Self::Draft4,
            Draft::Draft6 => Self::Draft6,
            Draft::Draft7 => Self::Draft7,
            Draft::Draft201909 => Self::Draft201909,
            Draft::Draft202012 => Self::Draft202012,
            _ => return None,
        })
    }

    fn draft(self) -> Draft {
        match self {
            Self::Draft4 => Draft::Draft4,
            Self::Draft6 => Draft::Draft6,
            Self::Draft7 => Draft::Draft7,
            Self::Draft201909 => Draft::Draft201909,
            Self::Draft202012 => Draft::Draft202012,
        }
    }
}

/// Where the documents come from that a `$ref` leads to.
pub trait Documents: Send + Sync {
    /// The document of a URI without its fragment.
    ///
    /// # Errors
    /// Why there is none: lower case, names in backticks.
    fn get(&self, uri: &str) -> Result<Arc<Value>, String>;

    /// Where something stands, as messages show it; none if that is not known.
    fn place(&self, _: &Spot) -> Option<String> {
        None
    }
}

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The URI of the document.
    pub uri: String,
    /// The JSON Pointer to what stands there.
    pub pointer: String,
}

/// A document with its URI.
#[derive(Clone, Copy, Debug)]
pub struct Document<'d> {
    /// The URI that its references are relative to.
    pub uri: &'d str,
    /// All of it.
    pub value: &'d Value,
}

/// Something that is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The URI of the document.
    pub uri: String,
    /// The JSON Pointer to the value that is wrong.
    pub pointer: String,
    /// What: lower case, names in backticks.
    pub message: String,
    /// What to do, where that is known.
    pub help: Option<String>,
}

/// The schemas of a document, read and found right.
#[derive(Debug)]
pub struct Schemas {
    uri: String,
    /// The URI that its references are relative to.
    base: String,
    draft: Draft,
    /// The document, where it is a schema as a whole.
    whole: Option<Value>,
    registry: Registry<'static>,
    chain: usize,
}

/// A schema that values can be held against.
#[derive(Clone, Debug)]
pub struct Schema {
    validator: Arc<Validator>,
    /// How many schemas look at one and the same value, one within the other.
    chain: usize,
}

/// What came of a value that was held against a schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is as the schema says.
    Holds,
    /// It is not: the first [`MOST_BREACHES`], and how many there are. None is the number where nobody can tell.
    Breaks(Vec<Breach>, Option<usize>),
    /// It was not judged: there are too many ways in which it could hold.
    Endless,
}

impl Schemas {
    /// Reads the schemas that stand at these JSON Pointers of a document; the dialect is that of its `$schema`, else the
    /// one that is given.
    ///
    /// # Errors
    /// All that is wrong with them and with what they refer to.
    pub fn read(
        document: Document<'_>,
        pointers: &[&str],
        dialect: Dialect,
        documents: &Arc<dyn Documents>,
    ) -> Result<Self, Vec<Wrong>> {
        let draft = dialect.draft();
        let chain = references::check(document, pointers, draft, documents)?;
        let draft = draft.detect(document.value);
        let base = references::base(document, draft);
        let base = base.map_or_else(|_| document.uri.to_owned(), |base| base.as_str().to_owned());
        let others = references::closure(document, documents.as_ref());
        let registry = Registry::new()
            .retriever(Counted(Arc::clone(documents)))
            .draft(draft)
            .add(&base, draft.create_resource(budget::counted(document.value)))
            .and_then(|registry| references::with_all(registry, &others, draft, budget::counted))
            .and_then(jsonschema::RegistryBuilder::prepare);
        let uri = document.uri.to_owned();
        let whole = pointers.contains(&"").then(|| budget::counted(document.value));
        match registry {
            Ok(registry) => Ok(Self { uri, base, draft, whole, registry, chain }),
            Err(error) => {
                let (pointer, message) = (String::new(), words::unresolved(&error));
                Err(vec![Wrong { uri, pointer, message, help: None }])
            }
        }
    }

    /// The schema at one of those pointers.
    ///
    /// # Errors
    /// What is wrong with it beyond its form, such as a pattern that is no regular expression.
    pub fn at(&self, pointer: &str) -> Result<Schema, Wrong> {
        let reference = reference(&self.base, pointer);
        // What stands within a document is reached as from another one; a whole one is the outermost itself, which
        // `$recursiveRef` asks for.
        let part = serde_json::json!({ "$ref": reference });
        let (root, base) = match &self.whole {
            Some(whole) if pointer.is_empty() => (whole, self.base.as_str()),
            _ => (&part, "callsheet:schema"),
        };
        let mut options = jsonschema::options()
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .with_base_uri(base);
        // A dialect of its own is found by its `$schema`.
        if self.draft != Draft::Unknown {
            options = options.with_draft(self.draft);
        }
        let built = budget::counting(options).build(root);
        let validator = built.map_err(|error| Wrong {
            uri: self.uri.clone(),
            pointer: place(&error).unwrap_or_else(|| pointer.to_owned()),
            message: words::refused(&error),
            help: None,
        })?;
        Ok(Schema { validator: Arc::new(validator), chain: self.chain })
    }
}

impl Schema {
    /// Holds a value against the schema.
    #[must_use]
    pub fn judge(&self, value: &Value) -> Verdict {
        let depth = depth(value) * self.chain.max(1);
        if depth <= DEEP {
            return self.judge_here(value);
        }
        // Each schema on the way to a value takes room on the stack: where both go deep, there is a larger one.
        std::thread::scope(|scope| {
            let judge = std::thread::Builder::new().stack_size(LARGE_STACK);
            let judge = judge.spawn_scoped(scope, || self.judge_here(value));
            judge.ok().and_then(|judge| judge.join().ok()).unwrap_or(Verdict::Endless)
        })
    }

    fn judge_here(&self, value: &Value) -> Verdict {
        match budget::within(MOST_VISITS, || self.validator.is_valid(value)) {
            Some(true) => return Verdict::Holds,
            Some(false) => {}
            None => return Verdict::Endless,
        }
        let all = budget::within(MOST_TOLD, || {
            let mut found = Vec::new();
            let mut seen = HashSet::new();
            for error in self.validator.iter_errors(value) {
                for breach in words::breaches(&error, value) {
                    if seen.insert((breach.path.clone(), breach.wanted.clone())) {
                        found.push(breach);
                    }
                }
            }
            found
        });
        if let Some(mut all) = all {
            let count = all.len();
            all.truncate(MOST_BREACHES);
            return Verdict::Breaks(all, Some(count));
        }
        let first = budget::within(MOST_TOLD, || match self.validator.validate(value) {
            Ok(()) => Vec::new(),
            Err(error) => words::breaches(&error, value),
        });
        let any = || vec![Breach::of_whole(value)];
        Verdict::Breaks(first.filter(|first| !first.is_empty()).unwrap_or_else(any), None)
    }
}

fn reference(base: &str, pointer: &str) -> String {
    format!("{}#{}", base.trim_end_matches('#'), percent(pointer))
}

/// Values within values, times schemas for one value, that any stack has room for.
const DEEP: usize = 400;
/// The stack for more: a body has 128 levels at most, and [`references::MOST_CHAIN`] schemas look at each.
const LARGE_STACK: usize = 128 << 20;

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 1,
    }
}

/// The pointer as the fragment of a URI.
fn percent(pointer: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const REST: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'<')
        .add(b'>')
        .add(b'[')
        .add(b'\\')
        .add(b']')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    utf8_percent_encode(pointer, REST).to_string()
}

/// Where the reader of schemas stopped.
fn place(error: &ValidationError<'_>) -> Option<String> {
    let paths = [error.schema_path(), error.instance_path()];
    paths.into_iter().map(|path| path.as_str().to_owned()).find(|path| !path.is_empty())
}

/// The documents as they are compiled; one that there is not has been told, or stands where nobody looks.
struct Counted(Arc<dyn Documents>);

impl jsonschema::Retrieve for Counted {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let uri = uri.as_str().trim_end_matches('#');
        let none = || Value::Object(crate::value::Map::new());
        Ok(self.0.get(uri).map_or_else(|_| none(), |value| budget::counted(&value)))
    }
}
