//! What stands around the thing that a step does: whether it runs, how often and how long.

use std::time::Duration;

use super::decode::{Decoder, Keys, Located, Text, Tree, found};
use super::step::{self, Step};
use super::yaml::{At, Entry, Kind, Node};
use super::{quantity, settings};
use crate::diagnostic::Diagnostic;
use crate::value::Value;

/// The modifiers of a step; most steps have none.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// Whether it runs.
    pub when: Option<Located<Tree>>,
    /// The items that it runs for, one after the other.
    pub for_each: Option<ForEach>,
    /// How it is tried again.
    pub retry: Option<Box<Retry>>,
    /// How long all of it may take, its retries included.
    pub timeout: Option<Located<Period>>,
}

/// Those of a step that has none.
pub(super) static NONE: Flow = Flow { when: None, for_each: None, retry: None, timeout: None };

/// Items, and the name that each has while the step runs for it.
#[derive(Clone, Debug)]
pub struct ForEach {
    /// The name.
    pub name: Located<String>,
    /// The place of the items.
    pub at: At,
    /// A list.
    pub items: Tree,
}

/// How a step is tried again until its expectations hold.
#[derive(Clone, Debug)]
pub struct Retry {
    /// How often it is tried at most, the first time included.
    pub attempts: u32,
    /// The time before the second attempt.
    pub wait: Located<Period>,
    /// What each wait is longer by than the one before, as a factor.
    pub backoff: f64,
    /// The longest wait.
    pub max_wait: Option<Located<Period>>,
    /// What makes further attempts hopeless.
    pub give_up_when: Option<Text>,
}

/// A time that something takes or may take.
#[derive(Clone, Debug)]
pub enum Period {
    /// It was written out.
    Fixed(Duration),
    /// It is known in the run.
    Computed(Text),
}

/// More attempts are a slip.
const MOST_ATTEMPTS: u64 = 10_000;
/// The time between two attempts where nothing else is said.
const WAIT: Duration = Duration::from_secs(1);

const FOR_EACH_HELP: &str = "write a name and its items, such as `for_each: {id: [1, 2]}`";

/// Reads the modifiers among a step's entries.
pub(super) fn decode(d: &Decoder<'_>, entries: &[&Entry]) -> Option<Box<Flow>> {
    const KEYS: [&str; 4] = ["when", "for_each", "retry", "timeout"];
    if !entries.iter().any(|entry| KEYS.contains(&entry.key.as_str())) {
        return None;
    }
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    Some(Box::new(Flow {
        when: find("when").and_then(|node| when(d, node)),
        for_each: find("for_each").and_then(|node| for_each(d, node)),
        retry: find("retry").and_then(|node| retry(d, node)).map(Box::new),
        timeout: find("timeout").and_then(|node| timeout(d, node)),
    }))
}

fn when(d: &Decoder<'_>, node: &Node) -> Option<Located<Tree>> {
    let value = match &node.kind {
        Kind::Bool(value) => Tree::Literal(Value::Bool(*value)),
        Kind::Text(text) if text.contains("${") => Tree::Template(expression(d, node, "`when`")?),
        _ => {
            let message = format!("`when` wants an expression, found {}", found(node));
            d.error_help(node.at, message, "", "write it like `when: ${env.CI is defined}`");
            return None;
        }
    };
    Some(Located { at: node.at, value })
}

/// A text that is one expression and no more.
fn expression(d: &Decoder<'_>, node: &Node, what: &str) -> Option<Text> {
    let text = d.text(node, "an expression")?;
    if text.value.parts().len() != 1 || text.value.literal().is_some() {
        let message = format!("{what} is one `${{…}}`, which is true or false");
        d.error_help(node.at, message, "", "put all of it inside: `${ a and b }`");
        return None;
    }
    Some(text)
}

fn for_each(d: &Decoder<'_>, node: &Node) -> Option<ForEach> {
    let [entry] = d.entries(node, "`for_each`")? else {
        d.error_help(node.at, "`for_each` binds one name", "", FOR_EACH_HELP);
        return None;
    };
    let name = super::variable_name(d, entry)?;
    let at = entry.value.at;
    let items = d.tree(&entry.value)?;
    match &items {
        Tree::Literal(Value::Array(items)) if items.is_empty() => {
            d.error_help(at, "`for_each` has no items: the step never runs", "", FOR_EACH_HELP);
            None
        }
        Tree::Literal(Value::Array(_)) | Tree::List(_) | Tree::Template(_) => {
            Some(ForEach { name, at, items })
        }
        Tree::Literal(_) | Tree::Map(_) => {
            d.error_help(
                at,
                format!("expected a list of items, found {}", found(&entry.value)),
                "",
                FOR_EACH_HELP,
            );
            None
        }
    }
}

const RETRY_KEYS: Keys =
    Keys { what: "`retry`", known: &["attempts", "wait", "backoff", "max_wait", "give_up_when"] };

fn retry(d: &Decoder<'_>, node: &Node) -> Option<Retry> {
    let entries = d.map(node, &RETRY_KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let Some(attempts) = find("attempts") else {
        let help = "say how often it is tried at most, such as `retry: {attempts: 5}`";
        d.error_help(node.at, "`retry` wants `attempts`", "", help);
        return None;
    };
    let attempts = d.integer(attempts, 1..=MOST_ATTEMPTS)?;
    let wait = match find("wait") {
        Some(node) => period(d, node)?,
        None => Located { at: node.at, value: Period::Fixed(WAIT) },
    };
    let backoff = match find("backoff") {
        Some(node) => backoff(d, node)?,
        None => 1.0,
    };
    Some(Retry {
        attempts: u32::try_from(attempts).ok()?,
        wait,
        backoff,
        max_wait: find("max_wait").and_then(|node| period(d, node)),
        give_up_when: find("give_up_when").and_then(|node| expression(d, node, "`give_up_when`")),
    })
}

fn backoff(d: &Decoder<'_>, node: &Node) -> Option<f64> {
    let factor = match &node.kind {
        Kind::Number(number) => number.as_f64().filter(|factor| (1.0..=100.0).contains(factor)),
        _ => None,
    };
    if factor.is_none() {
        d.expected("a factor from 1 to 100, such as `2.0`", node);
    }
    factor
}

/// Reads a time; one without expressions is looked at once.
pub(super) fn period(d: &Decoder<'_>, node: &Node) -> Option<Located<Period>> {
    let value = match &node.kind {
        Kind::Text(text) if text.contains("${") => {
            Period::Computed(d.text(node, "a duration like `500ms` or `10s`")?)
        }
        _ => {
            let text = d.plain(node, "a duration like `500ms` or `10s`")?;
            let fixed =
                written_period(&text.value).map_err(|message| d.error(node.at, message, ""));
            Period::Fixed(fixed.ok()?)
        }
    };
    Some(Located { at: node.at, value })
}

fn timeout(d: &Decoder<'_>, node: &Node) -> Option<Located<Period>> {
    match &node.kind {
        Kind::Text(text) if text.contains("${") => period(d, node),
        _ => Some(Located { at: node.at, value: Period::Fixed(settings::timeout(d, node)?) }),
    }
}

/// Reads a time of at most a day.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn written_period(text: &str) -> Result<Duration, String> {
    let duration = quantity::duration(text)?;
    if duration > settings::LONGEST {
        return Err(format!("`{text}` is longer than 24h"));
    }
    Ok(duration)
}

/// Reads the steps of a `group` or a `cleanup`.
pub(super) fn list(d: &Decoder<'_>, entry: &Entry) -> Option<Vec<Step>> {
    if matches!(&entry.value.kind, Kind::List(items) if items.is_empty()) {
        d.error_help(
            entry.value.at,
            format!("the `{}` has no steps", entry.key),
            "",
            "give it steps, or leave it out",
        );
        return None;
    }
    step::decode_list(d, &entry.value)
}

/// Records what one step cannot be at the same time.
pub(super) fn two_kinds(d: &Decoder<'_>, first: &Entry, second: &Entry) {
    let message = format!("a step does one thing, found `{}` and `{}`", first.key, second.key);
    let diagnostic = Diagnostic::error(message)
        .at(d.source(), d.span(second.at), "the second")
        .also(d.source(), d.span(first.at), "the first");
    d.report(diagnostic.help("make two steps of it"));
}

impl Flow {
    /// Calls `visit` for every text that is evaluated before the step does its work.
    pub fn visit<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        self.visit_outer(visit);
        self.visit_inner(visit);
    }

    /// Likewise, for those that are evaluated before there is an item.
    pub fn visit_outer<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        self.when.iter().for_each(|when| when.value.visit(visit));
        self.timeout.iter().for_each(|timeout| timeout.value.visit(visit));
        self.for_each.iter().for_each(|each| each.items.visit(visit));
    }

    /// Likewise, for those that are evaluated for each item.
    pub fn visit_inner<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        if let Some(retry) = &self.retry {
            retry.wait.value.visit(visit);
            retry.max_wait.iter().for_each(|max| max.value.visit(visit));
        }
    }
}

impl Period {
    /// Calls `visit` for its text.
    pub fn visit<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        match self {
            Self::Fixed(_) => {}
            Self::Computed(text) => visit(text),
        }
    }
}
