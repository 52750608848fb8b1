//! The project file, `callsheet.yaml`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::decode::{Decoder, Keys, Located, Text, Tree};
use super::expectation::{self, OpenApiReference};
use super::hosts::HostPattern;
use super::report::{self, ReportFile};
use super::sessions::{self, SessionDeclaration};
use super::settings::{self, Settings};
use super::yaml::{self, At, Entry, FileNumber, Kind, Node, Places};
use super::{Read, Scenario, secrets, session_action, step, variables, visit};
use crate::source::{Source, Span};

/// The project file's name.
pub const FILE_NAME: &str = "callsheet.yaml";

/// What the project file says.
#[derive(Debug)]
pub struct Project {
    places: Arc<Places>,
    /// Files or folders, relative to the project's folder.
    pub scenarios: Vec<Located<String>>,
    /// The environment where `--env` names none.
    pub default_environment: Option<Located<String>>,
    /// By name, in the order written.
    pub environments: Vec<(Located<String>, Environment)>,
    /// Variables of every scenario.
    pub vars: Vec<(Located<String>, Tree)>,
    /// The secrets that are read from the environment, `.env` or the file of `--secrets-file`.
    pub secrets: Vec<Located<String>>,
    /// Settings of every request.
    pub defaults: Settings,
    /// Named sessions of every scenario.
    pub sessions: Vec<SessionDeclaration>,
    /// The keys of the credentials that are written out in it, each with the place of its value.
    pub credentials: Vec<Located<String>>,
    /// What is started before the run.
    pub server: Option<Server>,
    /// The reports of every run.
    pub reports: Vec<ReportFile>,
    /// The hosts that requests may go to; none are all.
    pub allow_hosts: Option<Vec<HostPattern>>,
    /// The OpenAPI document whose coverage is told.
    pub openapi: Option<OpenApiReference>,
    /// The files that it names, as far as they are known before a run.
    pub reads: Vec<PathBuf>,
    /// Steps before all scenarios, if there are any.
    pub setup: Option<Scenario>,
    /// Steps after all scenarios, if there are any.
    pub teardown: Option<Scenario>,
}

/// One environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// What paths are joined to.
    pub base_url: Option<Text>,
    /// Its variables.
    pub vars: Vec<(Located<String>, Tree)>,
}

/// The server of a project.
#[derive(Clone, Debug)]
pub enum Server {
    /// The embedded practice server, on a free port.
    Demo,
    /// A command of its own.
    Command(ServerCommand),
}

/// A command that is started, awaited and stopped.
#[derive(Clone, Debug)]
pub struct ServerCommand {
    /// The place of the command.
    pub at: At,
    /// Program and arguments, split as a shell would.
    pub words: Vec<String>,
    /// The URL that answers once it is ready.
    pub ready: Located<String>,
    /// How long it may take to become ready.
    pub timeout: Duration,
}

const KEYS: Keys = Keys {
    what: "the project file",
    known: &[
        "scenarios",
        "default_environment",
        "environments",
        "vars",
        "secrets",
        "defaults",
        "sessions",
        "server",
        "setup",
        "teardown",
        "allow_hosts",
        "report",
        "openapi",
    ],
};
const ENVIRONMENT_KEYS: Keys = Keys { what: "an environment", known: &["base_url", "vars"] };
const SERVER_KEYS: Keys = Keys { what: "`server`", known: &["command", "ready", "timeout"] };

/// Reads a project file.
#[must_use]
pub fn read(source: Arc<Source>) -> Read<Project> {
    let root = super::files::folder(source.path());
    match yaml::read_empty(&source) {
        Some(empty) => super::decode_document(empty, Vec::new(), &root, decode),
        None => match yaml::read(Arc::clone(&source)) {
            Ok((document, warnings)) => super::decode_document(
                document.of_file(FileNumber::Project),
                warnings,
                &root,
                decode,
            ),
            Err(diagnostics) => Read::no_yaml(&source, diagnostics),
        },
    }
}

fn decode(d: &Decoder<'_>, node: &Node) -> Option<Project> {
    let entries = d.map(node, &KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let scenarios = find("scenarios").and_then(|node| paths(d, node)).unwrap_or_default();
    let environments =
        find("environments").and_then(|node| environments(d, node)).unwrap_or_default();
    let default_environment =
        find("default_environment").and_then(|node| d.plain(node, "the name of an environment"));
    let vars = find("vars").and_then(|node| variables(d, node)).unwrap_or_default();
    let secrets = find("secrets").and_then(|node| secrets::decode(d, node)).unwrap_or_default();
    let defaults = find("defaults").and_then(|node| settings::decode(d, node)).unwrap_or_default();
    let sessions = find("sessions").and_then(|node| sessions::decode(d, node)).unwrap_or_default();
    let server = find("server").and_then(|node| server(d, node));
    let reports = find("report").and_then(|node| report::decode(d, node)).unwrap_or_default();
    let allow_hosts = find("allow_hosts").and_then(|node| hosts(d, node));
    let openapi = find("openapi").and_then(|node| expectation::openapi::decode(d, node));
    let of_run = |key: &str| of_run(d, entries.iter().copied().find(|entry| entry.key == key)?);
    let (setup, teardown) = (of_run("setup"), of_run("teardown"));
    let both = setup.iter().chain(&teardown);
    session_action::check_loads(d, both.flat_map(|part| &part.steps));
    if let Some(name) = &default_environment
        && !environments.iter().any(|(known, _)| known.value == name.value)
    {
        let known = environments.iter().map(|(name, _)| name.value.as_str());
        let label = crate::diagnostic::suggest::closest(&name.value, known)
            .map_or_else(String::new, |close| format!("did you mean `{close}`?"));
        let names: Vec<String> =
            environments.iter().map(|(name, _)| format!("`{}`", name.value)).collect();
        let help = match names.len() {
            0 => "there are no `environments` in this file".to_owned(),
            _ => format!("the environments are {}", names.join(", ")),
        };
        let message = format!("there is no environment `{}`", name.value);
        d.error_help(name.at, message, &label, &help);
    }
    Some(Project {
        places: d.places(),
        scenarios,
        default_environment,
        environments,
        vars,
        secrets,
        defaults,
        sessions,
        credentials: super::lint::written_out(node),
        server,
        reports,
        allow_hosts,
        openapi,
        reads: d.reads.take(),
        setup,
        teardown,
    })
}

fn hosts(d: &Decoder<'_>, node: &Node) -> Option<Vec<HostPattern>> {
    let pattern = |node: &Node| {
        let text = d.plain(node, "a host")?;
        let help =
            "write hosts, such as `shop.test`, `*.shop.test` for the names below it, or `10.0.0.1`";
        let read = HostPattern::parse(&text.value);
        read.map_err(|message| d.error_help(node.at, message, "", help)).ok()
    };
    Some(d.list(node, "hosts")?.iter().filter_map(pattern).collect())
}

/// Steps around all scenarios, as a scenario of their own.
fn of_run(d: &Decoder<'_>, entry: &Entry) -> Option<Scenario> {
    let steps = step::decode_list(d, &entry.value)?;
    let name = Located { at: entry.at, value: format!("{} of the run", entry.key) };
    (!steps.is_empty()).then(|| Scenario::of_steps(d.places(), name, steps))
}

fn paths(d: &Decoder<'_>, node: &Node) -> Option<Vec<Located<String>>> {
    Some(
        d.list(node, "files and folders")?
            .iter()
            .filter_map(|node| d.plain(node, "a path"))
            .collect(),
    )
}

fn environments(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Located<String>, Environment)>> {
    let environment = |entry: &Entry| {
        let mut environment = Environment::default();
        for part in d.map(&entry.value, &ENVIRONMENT_KEYS)? {
            match part.key.as_str() {
                "base_url" => environment.base_url = settings::base_url(d, &part.value),
                _ => environment.vars = variables(d, &part.value).unwrap_or_default(),
            }
        }
        Some((Located { at: entry.at, value: entry.key.clone() }, environment))
    };
    Some(d.entries(node, "the environments")?.iter().filter_map(environment).collect())
}

fn server(d: &Decoder<'_>, node: &Node) -> Option<Server> {
    match &node.kind {
        Kind::Text(text) if text == "demo" => return Some(Server::Demo),
        Kind::Map(_) => {}
        _ => {
            d.expected("`demo`, or a map with `command` and `ready`", node);
            return None;
        }
    }
    let entries = d.map(node, &SERVER_KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    for key in ["command", "ready"] {
        if find(key).is_none() {
            let help =
                "write `demo`, or `{command: ./shop, ready: 'http://127.0.0.1:8080/health'}`";
            d.error_help(node.at, format!("`server` wants a `{key}`"), "", help);
        }
    }
    let command = d.plain(find("command")?, "a command")?;
    let ready = d.plain(find("ready")?, "a URL")?;
    let words = match shell_words::split(&command.value) {
        Ok(words) if !words.is_empty() => words,
        Ok(_) => {
            d.error(command.at, "the command is empty", "");
            return None;
        }
        Err(_) => {
            d.error(command.at, "a quote in the command is not closed", "");
            return None;
        }
    };
    if !url::Url::parse(&ready.value).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        d.error_help(
            ready.at,
            format!("`{}` is no URL", ready.value),
            "",
            "write the whole URL, such as `http://127.0.0.1:8080/health`",
        );
        return None;
    }
    let timeout = match find("timeout") {
        Some(node) => settings::timeout(d, node)?,
        None => Duration::from_secs(30),
    };
    Some(Server::Command(ServerCommand { at: command.at, words, ready, timeout }))
}

impl Project {
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

    /// The project's folder: the root of all paths.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        super::files::folder(self.source().path())
    }

    /// Whether there are expressions in what it gives to the requests of scenarios.
    #[must_use]
    pub fn gives_expressions(&self) -> bool {
        let mut found = false;
        let of_sessions = self.sessions.iter().map(|session| &session.settings);
        for settings in of_sessions.chain([&self.defaults]) {
            visit::settings(settings, &mut |text| found |= text.value.literal().is_none());
        }
        found
    }

    /// The steps around all scenarios.
    pub fn of_run(&self) -> impl Iterator<Item = &Scenario> {
        self.setup.iter().chain(&self.teardown)
    }

    /// An environment by its name.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|(known, _)| known.value == name).map(|(_, found)| found)
    }

    /// The project file of a folder or one above it.
    #[must_use]
    pub fn find(from: &Path) -> Option<PathBuf> {
        from.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
    }
}
