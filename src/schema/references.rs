//! A schema as a whole, before it is compiled: what each `$ref` leads to, and that it leads somewhere else.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jsonschema::{Draft, Registry, Retrieve, Uri};

use super::keywords::{Child, children};
use super::{Document, Documents, Wrong, words};
use crate::value::{self, Map, Value};

/// So many schemas may look at one and the same value, each within the one before it.
pub(super) const MOST_CHAIN: usize = 100;

const DRAFTS: &str = "the drafts are `http://json-schema.org/draft-04/schema#`, `…/draft-06/schema#`, `…/draft-07/schema#`, \
                      `https://json-schema.org/draft/2019-09/schema` and `…/draft/2020-12/schema`; without `$schema` it is 2020-12";

/// Looks at the schemas at these pointers of a document and at all that they refer to. Gives how many schemas at most
/// look at one value, each within the other.
pub(super) fn check(
    document: Document<'_>,
    pointers: &[&str],
    draft: Draft,
    documents: &Arc<dyn Documents>,
) -> Result<usize, Vec<Wrong>> {
    let fetched = Fetched { documents: Arc::clone(documents), log: Mutex::default() };
    let fetched = Arc::new(fetched);
    let whole = |message: String| {
        let (uri, pointer) = (document.uri.to_owned(), String::new());
        vec![Wrong { uri, pointer, message, help: None }]
    };
    let draft = draft.detect(document.value);
    if let Some(wrong) = unknown_dialect(document, documents.as_ref()) {
        return Err(vec![wrong]);
    }
    let base = base(document, draft).map_err(|error| whole(words::unresolved(&error)))?;
    let registry = Registry::new()
        .retriever(Shared(Arc::clone(&fetched)))
        .draft(draft)
        .add(&base, draft.create_resource_ref(document.value))
        .and_then(jsonschema::RegistryBuilder::prepare);
    let registry = registry.map_err(|error| whole(words::unresolved(&error)))?;
    let schemas = pointers.iter().filter_map(|pointer| document.value.pointer(pointer));
    let mut walk = Walk {
        registry: &registry,
        root: document,
        fetched: &fetched,
        chains: HashMap::new(),
        way: Vec::new(),
        checked: HashSet::new(),
        later: schemas.map(|schema| (schema, base.clone(), draft)).collect(),
        regex: jsonschema::options()
            .should_validate_formats(true)
            .build(&serde_json::json!({ "format": "regex" }))
            .ok(),
        wrong: Vec::new(),
    };
    let mut chain = 0;
    while let Some((schema, base, draft)) = walk.later.pop() {
        walk.of_meta(schema, draft);
        chain = chain.max(walk.visit(schema, &base, draft));
    }
    let wrong = walk.finish();
    if wrong.is_empty() { Ok(chain) } else { Err(wrong) }
}

/// The URI that the references of a document are relative to: that of its `$id`, if it has one.
pub(super) fn base(
    document: Document<'_>,
    draft: Draft,
) -> Result<Uri<String>, jsonschema::ReferencingError> {
    let own = jsonschema::uri::from_str(document.uri)?;
    match draft.create_resource_ref(document.value).id() {
        Some(id) => jsonschema::uri::resolve_against(&own.borrow(), id),
        None => Ok(own),
    }
}

/// What is wrong with the `$schema` of a document.
fn unknown_dialect(document: Document<'_>, documents: &dyn Documents) -> Option<Wrong> {
    let written = document.value.get("$schema")?;
    let is_known = written.as_str().is_some_and(|uri| {
        Draft::from_schema_uri(uri) != Draft::Unknown
            || documents.get(uri.trim_end_matches('#')).is_ok()
    });
    let message =
        || format!("`$schema` names no draft that is known: {}", value::shown(written, 80));
    (!is_known).then(|| Wrong {
        uri: document.uri.to_owned(),
        pointer: "/$schema".to_owned(),
        message: message(),
        help: Some(DRAFTS.to_owned()),
    })
}

/// The documents, and what was asked of them.
struct Fetched {
    documents: Arc<dyn Documents>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    found: Vec<String>,
    /// What there is not, with the reason.
    missing: HashMap<String, String>,
    wrong: Vec<Wrong>,
}

impl Fetched {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Shared(Arc<Fetched>);

impl Retrieve for Shared {
    /// Always gives something: what is missing is told where a `$ref` asks for it, if one does.
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let uri = uri.as_str().trim_end_matches('#').to_owned();
        let nothing = Value::Object(Map::new());
        match self.0.documents.get(&uri) {
            Ok(value) => {
                let document = Document { uri: &uri, value: &value };
                if let Some(wrong) = unknown_dialect(document, self.0.documents.as_ref()) {
                    self.0.log().wrong.push(wrong);
                    return Ok(nothing);
                }
                self.0.log().found.push(uri);
                Ok(Value::clone(&value))
            }
            Err(why) => {
                self.0.log().missing.insert(uri, why);
                Ok(nothing)
            }
        }
    }
}

/// A schema, the URI that its references are relative to, and its draft.
type Open<'r> = (&'r Value, Uri<String>, Draft);

struct Walk<'r> {
    registry: &'r Registry<'r>,
    root: Document<'r>,
    fetched: &'r Fetched,
    /// The longest chain from each schema on, by its address.
    chains: HashMap<*const Value, usize>,
    /// The schemas on the way to this one that look at the same value.
    way: Vec<*const Value>,
    /// Those that were held against the schema of schemas.
    checked: HashSet<*const Value>,
    /// Schemas that look at other values, and are still to be visited.
    later: Vec<Open<'r>>,
    /// Holds of texts that are regular expressions.
    regex: Option<jsonschema::Validator>,
    wrong: Vec<(&'r Value, String, String, Option<String>)>,
}

impl<'r> Walk<'r> {
    /// Visits a schema and all that look at the same value; gives how many do, each within the other.
    fn visit(&mut self, schema: &'r Value, base: &Uri<String>, draft: Draft) -> usize {
        let Value::Object(members) = schema else { return 1 };
        let address = std::ptr::from_ref(schema);
        if let Some(known) = self.chains.get(&address) {
            return *known;
        }
        let Ok(resolver) =
            self.registry.resolver(base.clone()).in_subresource(draft.create_resource_ref(schema))
        else {
            self.tell(schema, "", "its `$id` is no URI".to_owned(), None);
            return 1;
        };
        let base = Uri::clone(&resolver.base_uri());
        self.way.push(address);
        let mut longest = 0;
        for Child { schema: child, in_place } in children(members) {
            self.checked.insert(std::ptr::from_ref(child));
            let draft = draft.detect(child);
            match in_place {
                true => longest = longest.max(self.visit(child, &base, draft)),
                false if self.chains.contains_key(&std::ptr::from_ref(child)) => {}
                false => self.later.push((child, base.clone(), draft)),
            }
        }
        self.patterns(schema, members);
        if let Some(Value::String(reference)) = members.get("$ref") {
            longest = longest.max(self.follow(schema, reference, &base));
        }
        self.way.pop();
        self.chains.insert(address, longest + 1);
        longest + 1
    }

    /// Tells of patterns that are no regular expressions, which the schema of schemas says nothing of.
    fn patterns(&mut self, schema: &'r Value, members: &'r Map<String, Value>) {
        let own = members.get("pattern").and_then(Value::as_str);
        let own = own.map(|pattern| ("/pattern".to_owned(), pattern));
        let named = members.get("patternProperties").and_then(Value::as_object);
        let named = named.into_iter().flat_map(|named| named.keys()).map(|pattern| {
            let escaped = pattern.replace('~', "~0").replace('/', "~1");
            (format!("/patternProperties/{escaped}"), pattern.as_str())
        });
        for (inside, pattern) in own.into_iter().chain(named) {
            let text = Value::from(pattern);
            if self.regex.as_ref().is_some_and(|regex| !regex.is_valid(&text)) {
                let shown = value::cut(pattern, 60);
                self.tell(schema, &inside, format!("`{shown}` is no regular expression"), None);
            }
        }
    }

    /// Visits what a `$ref` leads to.
    fn follow(&mut self, schema: &'r Value, reference: &str, base: &Uri<String>) -> usize {
        if let Some((why, help)) = self.missing(reference, base) {
            self.tell(schema, "/$ref", why, help);
            return 0;
        }
        let resolver = self.registry.resolver(base.clone());
        let resolved = match resolver.lookup(reference) {
            Ok(resolved) => resolved,
            Err(error) => {
                let message = format!("`$ref` leads to nothing: {}", words::unresolved(&error));
                self.tell(schema, "/$ref", message, None);
                return 0;
            }
        };
        let (target, resolver, draft) = resolved.into_inner();
        let address = std::ptr::from_ref(target);
        if self.way.contains(&address) {
            let message = format!("`{reference}` leads back to where it stands");
            let help = "a value is never done with such a schema: let it go to a member or an element first";
            self.tell(schema, "/$ref", message, Some(help.to_owned()));
            return 0;
        }
        if self.way.len() > MOST_CHAIN {
            let message = format!("more than {MOST_CHAIN} schemas look at one value here");
            let help = "each of them refers to the next: take some of them out";
            self.tell(schema, "/$ref", message, Some(help.to_owned()));
            return 0;
        }
        self.of_meta(target, draft);
        let base = Uri::clone(&resolver.base_uri());
        let chain = self.visit(target, &base, draft);
        if chain + self.way.len() > MOST_CHAIN && chain <= MOST_CHAIN {
            let message = format!("more than {MOST_CHAIN} schemas look at one value here");
            self.tell(schema, "/$ref", message, None);
        }
        chain
    }

    /// Why there is no document for a reference, and what to do.
    fn missing(&self, reference: &str, base: &Uri<String>) -> Option<(String, Option<String>)> {
        let before = reference.split('#').next().unwrap_or_default();
        if before.is_empty() {
            return None;
        }
        let uri = self.registry.resolve_uri(&base.borrow(), before).ok()?;
        let log = self.fetched.log();
        let why = log.missing.get(uri.as_str().trim_end_matches('#'))?;
        let is_relative = !before.contains(':');
        let by_id = is_relative && uri.scheme().as_str().starts_with("http");
        let help = by_id.then(|| {
            format!("with the `$id` around it, `{reference}` means `{uri}`: leave the `$id` out, and it is a file beside this one")
        });
        Some((why.clone(), help))
    }

    /// Holds a schema against the schema of schemas, unless one around it was.
    fn of_meta(&mut self, schema: &'r Value, draft: Draft) {
        if draft == Draft::Unknown || !self.checked.insert(std::ptr::from_ref(schema)) {
            return;
        }
        let meta = match draft {
            Draft::Draft4 => jsonschema::draft4::meta::validator(),
            Draft::Draft6 => jsonschema::draft6::meta::validator(),
            Draft::Draft7 => jsonschema::draft7::meta::validator(),
            Draft::Draft201909 => jsonschema::draft201909::meta::validator(),
            _ => jsonschema::draft202012::meta::validator(),
        };
        for error in meta.iter_errors(schema) {
            for (inside, message) in words::of_schema(&error) {
                self.tell(schema, &inside, message, None);
            }
        }
    }

    fn tell(&mut self, schema: &'r Value, inside: &str, message: String, help: Option<String>) {
        self.wrong.push((schema, inside.to_owned(), message, help));
    }

    /// What is wrong, with its places.
    fn finish(self) -> Vec<Wrong> {
        let Log { found, mut wrong, .. } = std::mem::take(&mut *self.fetched.log());
        let mut documents: Vec<(String, &Value)> =
            vec![(self.root.uri.to_owned(), self.root.value)];
        for uri in found {
            let parsed = jsonschema::uri::from_str(&uri).map(|uri| self.registry.resolver(uri));
            if let Ok(resolved) = parsed.and_then(|resolver| resolver.lookup("")) {
                documents.push((uri, resolved.contents()));
            }
        }
        for (schema, inside, message, help) in self.wrong {
            let place = documents.iter().find_map(|(uri, value)| {
                let mut pointer = String::new();
                find(value, schema, &mut pointer).then_some((uri, pointer))
            });
            let (uri, pointer) = match place {
                Some((uri, pointer)) => (uri.clone(), pointer + &inside),
                None => (self.root.uri.to_owned(), String::new()),
            };
            let new = Wrong { uri, pointer, message, help };
            if !wrong.contains(&new) {
                wrong.push(new);
            }
        }
        wrong
    }
}

/// Whether a value is in a document, by its address; the pointer to it.
fn find(here: &Value, wanted: &Value, pointer: &mut String) -> bool {
    if std::ptr::eq(here, wanted) {
        return true;
    }
    let length = pointer.len();
    let step = |name: &str, value: &Value, pointer: &mut String| {
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        let found = find(value, wanted, pointer);
        if !found {
            pointer.truncate(length);
        }
        found
    };
    match here {
        Value::Object(members) => members.iter().any(|(name, value)| step(name, value, pointer)),
        Value::Array(items) => {
            items.iter().enumerate().any(|(index, value)| step(&index.to_string(), value, pointer))
        }
        _ => false,
    }
}
