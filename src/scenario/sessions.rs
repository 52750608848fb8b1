//! `sessions`: the named sessions of a scenario or of the project.

use std::path::PathBuf;

use super::decode::{Decoder, Keys, Located, Tree, joined};
use super::files;
use super::session_action::{self, CookieToSet};
use super::settings::{self, Settings};
use super::yaml::{At, Entry, Kind, Node};

/// The session of steps that name none.
pub const DEFAULT: &str = "default";

/// A session as it is declared: what it has before its first request.
#[derive(Clone, Debug)]
pub struct SessionDeclaration {
    /// Its name.
    pub name: Located<String>,
    /// Settings of the requests that are sent in it.
    pub settings: Settings,
    /// Cookies that it begins with.
    pub cookies: Vec<Located<CookieToSet>>,
    /// How it signs in before its first use.
    pub login: Option<Login>,
}

/// The file that signs a session in.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its place.
    pub at: At,
    /// The file, links followed.
    pub file: PathBuf,
    /// The variables that the file gets.
    pub with: Vec<(Located<String>, Tree)>,
    /// How often it runs.
    pub once: Once,
}

/// How often a login runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Once {
    /// In each scenario that uses the session.
    #[default]
    Scenario,
    /// Once in the whole run; every scenario starts from a copy of what it left.
    Run,
}

const OWN: &[&str] = &["cookies", "login"];
const KNOWN: [&str; OWN.len() + settings::KEYS.known.len()] = joined(OWN, settings::KEYS.known);
pub(super) const KEYS: Keys = Keys { what: "a session", known: &KNOWN };
const LOGIN_KEYS: Keys = Keys { what: "`login`", known: &["use", "with", "once"] };

/// Reads `sessions`; those that are wrong are recorded and left out.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Vec<SessionDeclaration>> {
    Some(
        d.entries(node, "the sessions")?.iter().filter_map(|entry| declaration(d, entry)).collect(),
    )
}

fn declaration(d: &Decoder<'_>, entry: &Entry) -> Option<SessionDeclaration> {
    let name = Located { at: entry.at, value: entry.key.clone() };
    let is_name = check_name(d, &name);
    let entries = d.map(&entry.value, &KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let cookie = |node: &Node| {
        Some(Located { at: node.at, value: session_action::cookie_to_set(d, node, "a cookie")? })
    };
    let cookies = find("cookies").and_then(|node| d.list(node, "cookies"));
    Some(SessionDeclaration {
        settings: settings::from_entries(d, &entries),
        cookies: cookies.unwrap_or_default().iter().filter_map(cookie).collect(),
        login: find("login").and_then(|node| login(d, node)),
        name: is_name.then_some(name)?,
    })
}

/// A name is one word of a report, and of `[bob]` in the name of a case.
fn check_name(d: &Decoder<'_>, name: &Located<String>) -> bool {
    let word = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
    let fine = !name.value.is_empty() && name.value.chars().all(word);
    if !fine {
        let message = format!("`{}` is no name of a session", name.value.escape_debug());
        d.error_help(name.at, message, "", "it has letters, digits and any of `-_.@`");
    }
    fine
}

fn login(d: &Decoder<'_>, node: &Node) -> Option<Login> {
    let entries = d.map(node, &LOGIN_KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let with = find("with").map_or(Some(Vec::new()), |node| super::variables(d, node));
    let once = find("once").map_or(Some(Once::default()), |node| once(d, node));
    let Some(used) = find("use") else {
        // A key that is unknown was reported already, and is what was meant.
        if matches!(&node.kind, Kind::Map(all) if all.len() > entries.len()) {
            return None;
        }
        let help = "name the file that signs in, such as `use: shared/login.yaml`";
        d.error_help(node.at, "`login` wants a `use`", "", help);
        return None;
    };
    let (_, file) = files::literal(d, used)?;
    Some(Login { at: used.at, file, with: with?, once: once? })
}

fn once(d: &Decoder<'_>, node: &Node) -> Option<Once> {
    match &node.kind {
        Kind::Text(text) if text == "scenario" => Some(Once::Scenario),
        Kind::Text(text) if text == "run" => Some(Once::Run),
        _ => {
            d.expected("`scenario` or `run`", node);
            None
        }
    }
}
