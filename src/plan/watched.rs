//! The files that a run depends on, for those who wait until one changes.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::discover::{discover, folders};
use super::used::UsedFiles;
use super::{Planned, Request, snapshots};
use crate::scenario::Scenario;
use crate::scenario::expectation::FOLDER;
use crate::scenario::project::Project;

/// What a run depends on.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    folder: PathBuf,
    paths: Vec<String>,
    /// Files on which all scenarios depend: the project file, what it uses, `.env`, variables and secrets.
    pub all: HashSet<PathBuf>,
    /// Scenario files, each with the files that it reads; one with mistakes may read more.
    pub scenarios: HashMap<PathBuf, HashSet<PathBuf>>,
}

impl Watched {
    /// What all scenarios depend on, whatever the project file says.
    pub(super) fn new(request: &Request, project: Option<PathBuf>, root: &std::path::Path) -> Self {
        let given = [&request.vars_file, &request.secrets_file].into_iter().flatten();
        let given = given.map(|name| request.folder.join(name));
        let all = project.into_iter().chain([root.join(".env")]).chain(given).collect();
        Self { folder: request.folder.clone(), all, ..Self::default() }
    }

    /// The scenario files that these paths mean.
    pub(super) fn find(&mut self, paths: Vec<String>) {
        self.paths = paths;
        self.scenarios = self.files().into_iter().map(|path| (path, HashSet::new())).collect();
    }

    /// What the project and the scenarios read.
    pub(super) fn add(
        &mut self,
        project: Option<&Project>,
        scenarios: &[Planned],
        used: &UsedFiles,
    ) {
        self.all.extend(used.contracts.paths());
        if let Some(project) = project {
            self.all.extend(project.reads.iter().cloned());
            let logins = project.sessions.iter().filter_map(|session| session.login.as_ref());
            let logins = logins.filter_map(|login| used.get(&login.file));
            let of_all: Vec<&Scenario> = logins.chain(project.of_run()).collect();
            self.all.extend(of_all.into_iter().flat_map(|file| reads(file, used)));
        }
        for Planned { scenario, .. } in scenarios {
            let read = self.scenarios.entry(scenario.source().path().to_owned()).or_default();
            read.extend(reads(scenario, used));
        }
    }

    /// Every file of it; one that several scenarios read comes several times.
    pub fn every(&self) -> impl Iterator<Item = &PathBuf> {
        let reads = self.scenarios.iter().flat_map(|(path, reads)| reads.iter().chain([path]));
        self.all.iter().chain(reads)
    }

    /// The scenario files that there are now.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let (found, _) = discover(&self.folder, &self.paths);
        found.into_iter().map(|found| found.path).collect()
    }

    /// The folders with snapshots below those that the paths mean.
    pub(super) fn folders_of_snapshots(&self) -> Vec<PathBuf> {
        folders(&self.folder, &self.paths, FOLDER)
    }
}

/// A file, those that it uses, and all that they read.
fn reads(file: &Scenario, used: &UsedFiles) -> Vec<PathBuf> {
    let mut files = used.with_used(file);
    let logins = |file: &Scenario| -> Vec<PathBuf> {
        let logins = file.sessions.iter().filter_map(|session| session.login.as_ref());
        logins.map(|login| login.file.clone()).collect()
    };
    let logins: Vec<PathBuf> = files.iter().flat_map(|file| logins(file)).collect();
    for login in logins.iter().filter_map(|path| used.get(path)) {
        files.extend(used.with_used(login));
    }
    let own = files.iter().map(|file| file.source().path().to_owned());
    let read = own.chain(files.iter().flat_map(|file| file.reads.iter().cloned()));
    read.chain(files.iter().flat_map(|file| snapshots::files(file))).collect()
}
