//! From YAML text to a [`Scenario`]: located tree, model, decoding, checks.

pub mod access;
pub mod auth;
pub mod body;
pub mod capture;
pub mod cases;
pub mod connection;
pub mod credentials;
pub mod decode;
pub mod expectation;
pub mod expected_error;
pub mod files;
pub mod flow;
mod growth;
pub mod hosts;
mod levels;
pub mod lint;
pub mod matcher;
pub mod names;
pub mod project;
pub mod quantity;
pub mod report;
pub mod reuse;
pub mod schema;
pub mod secrets;
pub mod session_action;
pub mod sessions;
pub mod settings;
pub mod step;
pub mod vars_file;
pub mod visit;
pub mod written_cookie;
pub mod yaml;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cases::Cases;
use decode::{Decoder, Keys, Located, Text, Tree};
use sessions::SessionDeclaration;
use settings::Settings;
use step::Step;
use yaml::{At, Document, Entry, FileNumber, Node, Places};

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::value::Value;

/// One scenario file.
#[derive(Debug)]
pub struct Scenario {
    places: Arc<Places>,
    /// The name that reports show; unique in a run.
    pub name: Located<String>,
    /// For reports.
    pub description: Option<String>,
    /// For selection.
    pub tags: Vec<Located<String>>,
    /// Why it does not run, if it does not.
    pub skip: Option<String>,
    /// What it shares with scenarios that must not run at the same time.
    pub lock: Vec<Located<String>>,
    /// Overrides the environment's.
    pub base_url: Option<Text>,
    /// Variables in the order written; one may use those above it.
    pub vars: Vec<(Located<String>, Tree)>,
    /// The variables whose values are masked.
    pub secrets: Vec<Located<String>>,
    /// Settings of every request.
    pub defaults: Settings,
    /// Named sessions.
    pub sessions: Vec<SessionDeclaration>,
    /// The rows that it runs for, if there are any.
    pub cases: Option<Arc<Cases>>,
    /// The keys of the credentials that are written out in it, each with the place of its value.
    pub credentials: Vec<Located<String>>,
    /// The files that it names, as far as they are known before a run.
    pub reads: Vec<PathBuf>,
    /// Steps before the steps.
    pub setup: Vec<Step>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Steps that always run.
    pub teardown: Vec<Step>,
}

const KEYS: Keys = Keys {
    what: "a scenario",
    known: &[
        "name",
        "description",
        "tags",
        "skip",
        "lock",
        "base_url",
        "vars",
        "secrets",
        "defaults",
        "sessions",
        "cases",
        "setup",
        "steps",
        "teardown",
    ],
};

/// Names that expressions have anyway.
const RESERVED: [&str; 6] = ["env", "secret", "server", "response", "case", "run"];

/// What reading a file gave: the thing itself if there is no error among the diagnostics.
#[derive(Debug)]
pub struct Read<T> {
    /// What was read.
    pub value: Option<T>,
    /// What could be read of a thing that has errors, with all that is written, for those who look for more of them.
    pub partial: Option<(T, Node)>,
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// Values that no diagnostic may show, whether the thing could be read or not.
    pub secrets: Vec<Value>,
}

/// Reads a scenario; `root` is the folder that its paths may not leave.
#[must_use]
pub fn read(source: Arc<Source>, root: &Path) -> Read<Scenario> {
    match yaml::read(Arc::clone(&source)) {
        Ok((document, warnings)) => decode_document(document, warnings, root, decode),
        Err(diagnostics) => Read::no_yaml(&source, diagnostics),
    }
}

impl<T> Read<T> {
    fn no_yaml(source: &Source, diagnostics: Vec<Diagnostic>) -> Self {
        let secrets = secrets::guessed(source.text());
        Self { value: None, partial: None, diagnostics, secrets }
    }
}

/// Reads a file that another one uses, whose places are those of this number; it needs no name.
#[must_use]
pub fn read_used(source: Arc<Source>, root: &Path, number: u16) -> Read<Scenario> {
    match yaml::read(Arc::clone(&source)) {
        Ok((document, warnings)) => {
            let document = document.of_file(FileNumber::Used(number));
            decode_document(document, warnings, root, decode_used)
        }
        Err(diagnostics) => Read::no_yaml(&source, diagnostics),
    }
}

/// Reads what is in a document, and puts all that is wrong in the order of the text.
fn decode_document<T>(
    document: Document,
    mut diagnostics: Vec<Diagnostic>,
    root: &Path,
    decode: fn(&Decoder<'_>, &Node) -> Option<T>,
) -> Read<T> {
    let decoder = Decoder::new(&document, root);
    let value = decode(&decoder, document.root());
    lint::braces(&decoder, document.root());
    let secrets = decoder.secrets.take();
    diagnostics.extend(decoder.finish());
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span.start));
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let (value, partial) = match failed {
        true => (None, value.map(|value| (value, document.into_root()))),
        false => (value, None),
    };
    Read { value, partial, diagnostics, secrets }
}

fn decode(d: &Decoder<'_>, node: &Node) -> Option<Scenario> {
    let is_name = |entry: &Entry| entry.key == "name";
    if matches!(&node.kind, yaml::Kind::Map(entries) if !entries.iter().any(is_name)) {
        d.error_help(
            node.at,
            "the scenario has no `name`",
            "",
            "add `name: what it shows`, for reports; a file that others use lies outside of the folders that are run",
        );
    }
    decode_used(d, node)
}

fn decode_used(d: &Decoder<'_>, node: &Node) -> Option<Scenario> {
    let entries = d.map(node, &KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let steps =
        |key: &str| find(key).and_then(|node| step::decode_list(d, node)).unwrap_or_default();
    let name = find("name").and_then(|node| name_of(d, node));
    let description = find("description").and_then(|node| d.plain(node, "a description"));
    let tags = find("tags").and_then(|node| tags(d, node)).unwrap_or_default();
    let skip = find("skip").and_then(|node| skip(d, node));
    let lock = find("lock").and_then(|node| locks(d, node)).unwrap_or_default();
    let base_url = find("base_url").and_then(|node| settings::base_url(d, node));
    let vars = find("vars").and_then(|node| variables(d, node)).unwrap_or_default();
    let secrets = find("secrets").and_then(|node| secrets::decode(d, node)).unwrap_or_default();
    for (name, value) in &vars {
        if let Tree::Literal(value) = value
            && secrets.iter().any(|secret| secret.value == name.value)
        {
            d.secrets.borrow_mut().push(value.clone());
        }
    }
    let defaults = find("defaults").and_then(|node| settings::decode(d, node)).unwrap_or_default();
    let sessions = find("sessions").and_then(|node| sessions::decode(d, node)).unwrap_or_default();
    let cases = find("cases").and_then(|node| cases::decode(d, node)).map(Arc::new);
    match &cases {
        Some(cases) => mask_rows(d, cases, &secrets),
        // Rows with a mistake are not there, but their lines are shown.
        None if find("cases").is_some() => {
            d.secrets.borrow_mut().extend(secrets::guessed(d.source().text()));
        }
        None => {}
    }
    let (setup, main, teardown) = (steps("setup"), steps("steps"), steps("teardown"));
    if name.as_ref().is_some_and(|name| name.value.trim().is_empty()) {
        let at = find("name").map_or(node.at, |name| name.at);
        d.error_help(
            at,
            "the scenario's `name` is empty",
            "",
            "say what it shows: reports need it",
        );
    }
    match find("steps") {
        None => d.error_help(
            node.at,
            "the scenario has no `steps`",
            "",
            "add `steps:` with a list of steps, such as `- request: GET /health`",
        ),
        Some(list) if matches!(&list.kind, yaml::Kind::List(items) if items.is_empty()) => {
            d.error_help(
                list.at,
                "`steps` is empty: a scenario without steps checks nothing",
                "",
                "add a step, such as `- request: GET /health`",
            );
        }
        Some(_) => {}
    }
    session_action::check_loads(d, setup.iter().chain(&main).chain(&teardown));
    let name = match find("name") {
        Some(_) => name?,
        None => Located { at: node.at, value: d.source().name().to_owned() },
    };
    Some(Scenario {
        places: d.places(),
        name,
        description: description.map(|text| text.value),
        tags,
        skip,
        lock,
        base_url,
        vars,
        secrets,
        defaults,
        sessions,
        cases,
        reads: d.reads.take(),
        credentials: lint::written_out(node),
        setup,
        steps: main,
        teardown,
    })
}

/// No message shows the values of rows that are secret.
fn mask_rows(d: &Decoder<'_>, cases: &Cases, secrets: &[Located<String>]) {
    for var in cases.rows.iter().flat_map(|row| &row.vars) {
        if let Tree::Literal(value) = &var.value
            && secrets.iter().any(|secret| *secret.value == *var.name)
        {
            d.secrets.borrow_mut().push(value.clone());
        }
    }
}

/// A name is known before anything runs, as scenarios are selected by it.
fn name_of(d: &Decoder<'_>, node: &Node) -> Option<Located<String>> {
    let name = d.string(node, "the scenario's name")?;
    if name.value.contains("${") {
        let help = "write it out; of `cases` each row's name ends in its first values by itself: `Orders [alice]`";
        d.error_help(node.at, "the name of a scenario holds no `${…}`", "", help);
        return None;
    }
    Some(name)
}

fn tags(d: &Decoder<'_>, node: &Node) -> Option<Vec<Located<String>>> {
    let tag = |node: &Node| {
        let tag = d.plain(node, "a tag")?;
        let reserved = ["and", "or", "not"].contains(&tag.value.as_str());
        let word = |c: char| c.is_alphanumeric() || "-_.:/".contains(c);
        if tag.value.is_empty() || reserved || !tag.value.chars().all(word) {
            let help = "a tag has letters, digits and any of `-_.:/`, and is not `and`, `or` or `not`, so that `--tag` can name it";
            d.error_help(node.at, format!("`{}` is no tag", tag.value), "", help);
            return None;
        }
        Some(tag)
    };
    Some(d.list(node, "tags")?.iter().filter_map(tag).collect())
}

fn skip(d: &Decoder<'_>, node: &Node) -> Option<String> {
    let reason = d.plain(node, "the reason why the scenario is skipped")?;
    if reason.value.trim().is_empty() {
        d.error_help(node.at, "`skip` has no reason", "", "say why: reports show it");
        return None;
    }
    Some(reason.value)
}

fn locks(d: &Decoder<'_>, node: &Node) -> Option<Vec<Located<String>>> {
    let lock = |node: &Node| d.plain(node, "the name of a lock");
    Some(d.list(node, "names")?.iter().filter_map(lock).collect())
}

/// Reads `vars`.
fn variables(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Located<String>, Tree)>> {
    let variable = |entry: &Entry| {
        let (name, value) = (variable_name(d, entry), d.tree(&entry.value));
        Some((name?, value?))
    };
    let vars: Vec<_> = d.entries(node, "the variables")?.iter().filter_map(variable).collect();
    growth::check(d, &vars);
    Some(vars)
}

/// Whether an expression can use this name, and callsheet does not give it a meaning of its own.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    is_word(name) && !is_reserved(name)
}

fn is_word(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    starts && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || crate::template::is_keyword(name)
}

/// The name of a variable or capture: a word that an expression can use.
fn variable_name(d: &Decoder<'_>, entry: &Entry) -> Option<Located<String>> {
    let name = entry.key.as_str();
    if !is_word(name) {
        let help = "a name has letters, digits and `_`, and begins with no digit, so that `${…}` can use it";
        d.error_help(entry.at, format!("`{name}` is no variable name"), "", help);
        return None;
    }
    if is_reserved(name) {
        let help = "callsheet gives it a meaning of its own in `${…}`: take another name";
        d.error_help(entry.at, format!("the name `{name}` is reserved"), "", help);
        return None;
    }
    Some(Located { at: entry.at, value: name.to_owned() })
}

impl Scenario {
    /// The name and the places alone, which is all that another thread needs to tell what is wrong.
    #[must_use]
    pub fn places(&self) -> Self {
        Self::of_steps(Arc::clone(&self.places), self.name.clone(), Vec::new())
    }

    /// One that has nothing but steps.
    fn of_steps(places: Arc<Places>, name: Located<String>, steps: Vec<Step>) -> Self {
        Self {
            places,
            name,
            description: None,
            tags: Vec::new(),
            skip: None,
            lock: Vec::new(),
            base_url: None,
            vars: Vec::new(),
            secrets: Vec::new(),
            defaults: Settings::default(),
            sessions: Vec::new(),
            cases: None,
            reads: Vec::new(),
            credentials: Vec::new(),
            setup: Vec::new(),
            steps,
            teardown: Vec::new(),
        }
    }

    /// The text it was read from.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        self.places.source()
    }

    /// The piece of the text at a place.
    #[must_use]
    pub fn span(&self, at: At) -> Span {
        self.places.span(at)
    }

    /// Where a node begins, for its line.
    #[must_use]
    pub fn start(&self, at: At) -> usize {
        self.places.start(at)
    }

    /// The sessions that its steps name.
    pub fn named_sessions(&self) -> impl Iterator<Item = &Located<String>> {
        self.all_steps().flat_map(|step| {
            step.session.iter().chain(step.access.iter().map(|cell| &cell.session))
        })
    }

    /// Whether a step runs in this session of the project file.
    #[must_use]
    pub fn uses(&self, session: &SessionDeclaration) -> bool {
        let is_it = |name: &Located<String>| name.value == session.name.value;
        let own = self.sessions.iter().any(|own| is_it(&own.name));
        let default = session.name.value == sessions::DEFAULT;
        !own && (default || self.named_sessions().any(is_it))
    }

    /// The steps of the three lists in the order they run, those of a group behind it.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        let mut found = Vec::new();
        self.top_steps().for_each(|step| step.walk(&mut |step| found.push(step)));
        found.into_iter()
    }

    /// The steps of the three lists in the order they run.
    pub fn top_steps(&self) -> impl Iterator<Item = &Step> {
        self.setup.iter().chain(&self.steps).chain(&self.teardown)
    }
}
