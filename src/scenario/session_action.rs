//! A `session` step: what it changes in the session by hand.

use std::path::{Path, PathBuf};

use super::decode::{self, Decoder, Keys, Text};
use super::files::{self, FileReference};
use super::settings;
use super::step::{Action, Step};
use super::written_cookie;
use super::yaml::{Entry, Kind, Node};
use crate::cookies::SameSite;

/// What a `session` step does.
#[derive(Clone, Debug)]
pub enum SessionAction {
    /// As new.
    Reset,
    /// Puts a cookie into the session.
    SetCookie(Box<CookieToSet>),
    /// Takes cookies out of it.
    DeleteCookie {
        /// The name.
        name: Text,
        /// Only the one of this domain.
        domain: Option<Text>,
        /// Only the one of this path.
        path: Option<Text>,
    },
    /// Drops the cookies that have no expiry.
    CloseBrowser,
    /// Writes the cookies to a file.
    Save(FileReference),
    /// Adds the cookies of a file.
    Load(FileReference),
}

/// The format of a file with cookies, by the ending of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JarFormat {
    /// `.txt`: `cookies.txt` of Netscape, curl and wget.
    Netscape,
    /// `.lwp`: `#LWP-Cookies-2.0` of Perl and Python.
    Lwp,
    /// `.json`: callsheet's own.
    Json,
}

impl JarFormat {
    /// The format that the path's ending stands for.
    ///
    /// # Errors
    /// Another ending, with those that there are.
    pub fn of(path: &str) -> Result<Self, String> {
        match Path::new(path).extension().and_then(|ending| ending.to_str()) {
            Some("txt") => Ok(Self::Netscape),
            Some("lwp") => Ok(Self::Lwp),
            Some("json") => Ok(Self::Json),
            _ if path.is_empty() => Err("the path is empty".to_owned()),
            _ => Err(format!("`{}` is no name for a file of cookies", path.escape_debug())),
        }
    }

    /// What the endings mean, for help.
    pub const ENDINGS: &str = "its ending says the format: `.txt` (Netscape, curl), `.lwp` (Perl, Python) or `.json` (callsheet)";
}

/// A cookie that is set by hand.
#[derive(Clone, Debug)]
pub struct CookieToSet {
    /// The name.
    pub name: Text,
    /// The value.
    pub value: Text,
    /// The domain that it is sent to, with its subdomains; none is the host of the base URL alone.
    pub domain: Option<Text>,
    /// The path; none is `/`.
    pub path: Option<Text>,
    /// Sent over https (and to loopback) only.
    pub secure: bool,
    /// Kept from scripts.
    pub http_only: bool,
    /// Which requests from other sites it is for.
    pub same_site: Option<SameSite>,
    /// The time until it expires; none is a session cookie.
    pub expires_in: Option<std::time::Duration>,
}

const ACTIONS: &str = "the actions are `reset`, `close_browser`, `{set_cookie: {name, value}}`, `{delete_cookie: NAME}`, \
                       `{save: path}` and `{load: path}`";

const SESSION_KEYS: Keys =
    Keys { what: "a session step", known: &["set_cookie", "delete_cookie", "save", "load"] };

/// Reads what stands at `session`.
pub(super) fn decode(d: &Decoder<'_>, entry: &Entry) -> Option<Action> {
    let node = &entry.value;
    let action = match &node.kind {
        Kind::Text(text) if text == "reset" => SessionAction::Reset,
        Kind::Text(text) if text == "close_browser" => SessionAction::CloseBrowser,
        Kind::Map(_) => match d.map(node, &SESSION_KEYS)?.as_slice() {
            [only] => match only.key.as_str() {
                "set_cookie" => SessionAction::SetCookie(Box::new(cookie_to_set(
                    d,
                    &only.value,
                    "`set_cookie`",
                )?)),
                "save" => SessionAction::Save(file_to_save(d, &only.value)?),
                "load" => SessionAction::Load(jar_file(d, &only.value)?),
                _ => delete_cookie(d, &only.value)?,
            },
            [] => {
                if matches!(&node.kind, Kind::Map(all) if all.is_empty()) {
                    d.error_help(node.at, "this session step does nothing", "", ACTIONS);
                }
                return None;
            }
            [_, second, ..] => {
                let message = "a session step does one thing";
                d.error_help(second.at, message, "the second", "make two steps of it");
                return None;
            }
        },
        _ => {
            d.error_help(
                node.at,
                format!("expected a session action, found {}", decode::found(node)),
                "",
                ACTIONS,
            );
            return None;
        }
    };
    Some(Action::Session(node.at, action))
}

const COOKIE_KEYS: &[&str] =
    &["name", "value", "domain", "path", "secure", "http_only", "same_site", "expires_in"];

/// Reads a cookie, which messages call `what`.
pub(super) fn cookie_to_set(
    d: &Decoder<'_>,
    node: &Node,
    what: &'static str,
) -> Option<CookieToSet> {
    let entries = d.map(node, &Keys { what, known: COOKIE_KEYS })?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let text = |key: &str| find(key).and_then(|node| d.text(node, "a text"));
    let flag = |key: &str| find(key).and_then(|node| d.boolean(node)).unwrap_or(false);
    for key in ["name", "value"] {
        if find(key).is_none() {
            let help = "write it like `{name: theme, value: dark}`";
            d.error_help(node.at, format!("{what} wants a `{key}`"), "", help);
        }
    }
    let same_site = find("same_site").and_then(|node| {
        let text = d.plain(node, "`strict`, `lax` or `none`")?;
        let known = SameSite::from_name(&text.value);
        if known.is_none() {
            d.error(
                node.at,
                format!("`same_site` is `strict`, `lax` or `none`, found `{}`", text.value),
                "",
            );
        }
        known
    });
    let same_site_at = find("same_site").map_or(node.at, |node| node.at);
    let cookie = CookieToSet {
        name: text("name")?,
        value: text("value")?,
        domain: text("domain"),
        path: text("path"),
        secure: flag("secure"),
        http_only: flag("http_only"),
        same_site,
        expires_in: find("expires_in").and_then(|node| settings::duration(d, node)),
    };
    written_cookie::check(d, &cookie, same_site_at);
    Some(cookie)
}

/// A file of cookies; the ending of one without templates is known at once.
fn jar_file(d: &Decoder<'_>, node: &Node) -> Option<FileReference> {
    let file = files::written(d, node)?;
    if let Some(Err(message)) = file.path.value.literal().map(JarFormat::of) {
        d.error_help(node.at, message, "", JarFormat::ENDINGS);
        return None;
    }
    Some(file)
}

fn file_to_save(d: &Decoder<'_>, node: &Node) -> Option<FileReference> {
    let file = jar_file(d, node)?;
    match file.path.value.literal() {
        Some(path) => files::allowed(d, &file, file.destination(d.root(), path)).map(|_| file),
        None => Some(file),
    }
}

/// Records the files that a step loads, that are not there, and that no step before writes.
pub(super) fn check_loads<'s>(d: &Decoder<'_>, steps: impl Iterator<Item = &'s Step>) {
    // Where steps save; none is a path that only the run knows, or another file.
    let mut saved: Vec<Option<PathBuf>> = Vec::new();
    let mut all = Vec::new();
    steps.for_each(|step| step.walk(&mut |step| all.push(step)));
    for step in all {
        let action = match &step.action {
            Action::Session(_, action) => action,
            Action::Use(_) => {
                saved.push(None);
                continue;
            }
            _ => continue,
        };
        let place = |file: &FileReference| {
            file.path.value.literal().map(|path| file.destination(d.root(), path))
        };
        match action {
            SessionAction::Save(file) => saved.push(place(file).and_then(Result::ok)),
            SessionAction::Load(file) => {
                let Some(place) = place(file) else { continue };
                let Some(place) = files::allowed(d, file, place) else { continue };
                let is_written =
                    |saved: &Option<PathBuf>| saved.as_ref().is_none_or(|s| *s == place);
                if let Some(path) = file.path.value.literal()
                    && !saved.iter().any(is_written)
                {
                    files::allowed(d, file, file.resolve(d.root(), path));
                }
            }
            _ => {}
        }
    }
}

const DELETE_KEYS: Keys = Keys { what: "`delete_cookie`", known: &["name", "domain", "path"] };

fn delete_cookie(d: &Decoder<'_>, node: &Node) -> Option<SessionAction> {
    if !matches!(node.kind, Kind::Map(_)) {
        let name = d.text(node, "a cookie's name")?;
        return Some(SessionAction::DeleteCookie { name, domain: None, path: None });
    }
    let entries = d.map(node, &DELETE_KEYS)?;
    let text = |key: &str| {
        entries
            .iter()
            .find(|entry| entry.key == key)
            .and_then(|entry| d.text(&entry.value, "a text"))
    };
    let Some(name) = text("name") else {
        let help = "write it like `{delete_cookie: theme}`";
        d.error_help(node.at, "`delete_cookie` wants a `name`", "", help);
        return None;
    };
    Some(SessionAction::DeleteCookie { name, domain: text("domain"), path: text("path") })
}
