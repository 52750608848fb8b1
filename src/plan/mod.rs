//! Which scenarios run: found, read, checked, in their order.

mod contracts;
mod discover;
mod documents;
mod environment;
mod hosts;
mod load;
mod snapshots;
pub mod select;
pub mod shard;
pub mod tag;
mod used;
mod watched;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

pub use load::load;
pub use used::UsedFiles;
pub use watched::Watched;

use crate::diagnostic::Diagnostic;
use crate::mask::Masks;
use crate::openapi::Coverage;
use crate::scenario::Scenario;
use crate::scenario::credentials;
use crate::scenario::project::{Environment, Project};
use crate::scenario::settings::Settings;
use crate::scenario::vars_file::VarsFile;
use crate::value::Value;
use select::Selection;

/// What a run is made of, as the user asked for it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The working directory.
    pub folder: PathBuf,
    /// Files, folders and `file.yaml:LINE`; none are those of the project file.
    pub paths: Vec<String>,
    /// The environment of the project file.
    pub environment: Option<String>,
    /// Overrides the environment's base URL.
    pub base_url: Option<String>,
    /// Variables of the command line.
    pub vars: Vec<(String, Value)>,
    /// A file of more variables, YAML or JSON.
    pub vars_file: Option<String>,
    /// The variables of the process.
    pub process: HashMap<String, String>,
    /// A dotenv file of secrets.
    pub secrets_file: Option<String>,
    /// Takes what may not be shown, from before the first thing is.
    pub masks: Masks,
    /// Which scenarios of those paths run, how often, and in which order.
    pub selection: Selection,
    /// Whether a variable of the process that is not set is an error: for a run it is, for a check a warning.
    pub strict: bool,
}

/// What runs.
#[derive(Debug)]
pub struct Plan {
    /// The project file, if there is one.
    pub project: Option<Project>,
    /// The environment's name, if one was chosen.
    pub environment: Option<String>,
    /// The folder that no path may leave.
    pub root: PathBuf,
    /// Overrides the environment's base URL.
    pub base_url: Option<String>,
    /// Variables of the command line.
    pub vars: Vec<(String, Value)>,
    /// The variables of the file that the command line names.
    pub vars_file: Option<VarsFile>,
    /// The variables of the process, and those of `.env`.
    pub process: HashMap<String, String>,
    /// The secrets that the files use.
    pub secrets: HashMap<String, String>,
    /// What may not be shown; a run adds what it captures.
    pub masks: Masks,
    /// The scenarios in the order in which they begin.
    pub scenarios: Vec<Planned>,
    /// How many there are, those that were not selected among them.
    pub found: usize,
    /// How many were selected, those of all parts of a run over several machines among them.
    pub selected: usize,
    /// Tells those parts from the parts of another run, where there are any.
    pub parts: Option<String>,
    /// The files that sign sessions in.
    pub used: UsedFiles,
    /// Whether any step has a snapshot.
    pub has_snapshots: bool,
}

impl Plan {
    /// The variables whose values are secret: those that files say are, and those that credentials are made of.
    #[must_use]
    pub fn secret_names(&self) -> HashSet<String> {
        let mut names = HashSet::new();
        let mut add = |name: &str| {
            if !names.contains(name) {
                names.insert(name.to_owned());
            }
        };
        let scenarios = self.scenarios.iter().map(|planned| &*planned.scenario);
        let project = self.project.iter();
        let all = scenarios.chain(self.used.all()).chain(project.clone().flat_map(Project::of_run));
        let mut last: Option<&Scenario> = None;
        for file in all {
            // Rows share their scenario.
            if !last.replace(file).is_some_and(|last| std::ptr::eq(last, file)) {
                credentials::names(file, &mut add);
            }
        }
        for project in project {
            project.secrets.iter().for_each(|secret| add(&secret.value));
            let sessions = project.sessions.iter().map(|session| &session.settings);
            for settings in sessions.chain([&project.defaults]) {
                credentials::names_in(settings, &mut add);
            }
        }
        names
    }
}

/// A scenario that runs.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What was read.
    pub scenario: Arc<Scenario>,
    /// Its name, with what tells its row from others.
    pub name: String,
    /// The row of its `cases` that it runs for, from 0.
    pub row: Option<usize>,
    /// The regular expression that `--name` takes for this row alone.
    pub select: Option<String>,
    /// Which of its runs this is, from 1, where `--repeat` makes it run several times.
    pub repetition: Option<u32>,
    /// Its place among all that was selected, from 0.
    pub position: usize,
    /// How many of its `setup` steps and `steps`, counted together, run; all of them if none.
    pub until: Option<usize>,
}

impl Planned {
    /// What tells it from all others: its file's path from the project's folder, and its name without the number of a
    /// repetition.
    #[must_use]
    pub fn identity(&self) -> (String, String) {
        let number = self.repetition.map(|number| format!(" #{number}"));
        let name = number.and_then(|number| self.name.strip_suffix(&number)).unwrap_or(&self.name);
        (self.scenario.source().identity().to_owned(), name.to_owned())
    }

    /// The names that it shares with no scenario that runs at the same time.
    #[must_use]
    pub fn locks(&self) -> Vec<&str> {
        self.scenario.lock.iter().map(|lock| lock.value.as_str()).collect()
    }
}

/// What was found: a plan if nothing is wrong.
#[derive(Debug)]
pub struct Loaded {
    /// The plan; none if there is an error.
    pub plan: Option<Plan>,
    /// Everything that is wrong or odd, file by file.
    pub diagnostics: Vec<Diagnostic>,
    /// How many files were read.
    pub files: usize,
    /// The files that the run depends on.
    pub watched: Watched,
}

impl Plan {
    /// The environment that was chosen.
    #[must_use]
    pub fn chosen(&self) -> Option<&Environment> {
        self.project.as_ref()?.environment(self.environment.as_deref()?)
    }

    /// All that there is to ask for of the project's OpenAPI document.
    #[must_use]
    pub fn coverage(&self) -> Option<Coverage> {
        let openapi = self.project.as_ref()?.openapi.as_ref()?;
        Some(openapi.document.get()?.coverage(&openapi.path))
    }

    /// How many scenarios a run tells of: the project's `setup` and `teardown` are told as such.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.scenarios.len() + self.project.iter().flat_map(Project::of_run).count()
    }

    /// The settings around a scenario's own.
    #[must_use]
    pub fn defaults(&self) -> Settings {
        self.project.as_ref().map(|project| project.defaults.clone()).unwrap_or_default()
    }
}
