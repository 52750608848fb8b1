//! The files that others use: each is read once, however many use it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::contracts::Contracts;
use super::environment::Given;
use super::{Planned, environment};
use crate::diagnostic::{Diagnostic, extend_new};
use crate::scenario::names::{self, Checked, Files, Surroundings};
use crate::scenario::project::Project;
use crate::scenario::reuse::Use;
use crate::scenario::sessions::{Login, Once, SessionDeclaration};
use crate::scenario::step::Action;
use crate::scenario::yaml::{self, At, FileNumber};
use crate::scenario::{self, Scenario, lint};

/// Files use files this many deep at most.
const MOST_DEEP: usize = 20;
/// One scenario uses this many files at most, each counted as often as it is used.
const MOST_USES: usize = 10_000;

/// The files that were read, by their paths with links followed.
#[derive(Debug, Default)]
pub struct UsedFiles {
    files: IndexMap<PathBuf, Used>,
    /// What their steps are held against, and those of the scenarios.
    pub(super) contracts: Contracts,
}

/// A file that was read.
#[derive(Debug, Default)]
struct Used {
    /// None if it could not be read, or cannot be used.
    file: Option<Scenario>,
    extent: Extent,
}

/// How far the files go that a file uses.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    deep: usize,
    uses: usize,
}

/// What reading a file takes: what the user gave, and the folder that no path may leave.
#[derive(Clone, Copy)]
pub(super) struct Reading<'g> {
    pub(super) given: Given<'g>,
    pub(super) root: &'g Path,
}

/// The files on the way to one that is read, with their names.
type Way = Vec<(PathBuf, String)>;

impl UsedFiles {
    /// A file by its path; none if it could not be read.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&Scenario> {
        self.files.get(path)?.file.as_ref()
    }

    /// A file by its number.
    #[must_use]
    pub fn numbered(&self, number: u16) -> Option<&Scenario> {
        self.files.get_index(usize::from(number))?.1.file.as_ref()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Those that could be read.
    pub(super) fn all(&self) -> impl Iterator<Item = &Scenario> {
        self.files.values().filter_map(|used| used.file.as_ref())
    }

    /// A file and all that its steps use, each once.
    pub(super) fn with_used<'p>(&'p self, file: &'p Scenario) -> Vec<&'p Scenario> {
        let mut all = vec![file];
        let mut seen = HashSet::new();
        let mut next = 0;
        while let Some(file) = all.get(next).copied() {
            next += 1;
            let used = uses(file).into_iter().filter(|used| seen.insert(used.file.as_path()));
            all.extend(used.filter_map(|used| self.get(&used.file)));
        }
        all
    }

    /// The files that have no base URL of their own or of one that uses them, each once.
    pub(super) fn without_base<'p>(
        &'p self,
        project: Option<&'p Project>,
        scenarios: &'p [Planned],
    ) -> Vec<&'p Scenario> {
        let mut bare = Vec::new();
        let of_project = project.into_iter().flat_map(|project| &project.sessions);
        let around = project.into_iter().flat_map(Project::of_run);
        let of_run = scenarios.iter().flat_map(|Planned { scenario, .. }| {
            let logins = scenario.sessions.iter().filter_map(|session| session.login.as_ref());
            logins.filter(|login| login.once == Once::Run)
        });
        for scenario in scenarios.iter().map(|planned| &*planned.scenario).chain(around) {
            self.bare(scenario, &mut bare);
        }
        for login in of_project.filter_map(|session| session.login.as_ref()).chain(of_run) {
            self.get(&login.file).into_iter().for_each(|file| self.bare(file, &mut bare));
        }
        bare
    }

    fn bare<'p>(&'p self, file: &'p Scenario, bare: &mut Vec<&'p Scenario>) {
        if file.base_url.is_some() || bare.iter().any(|known| std::ptr::eq(*known, file)) {
            return;
        }
        bare.push(file);
        let logins = file.sessions.iter().filter_map(|session| session.login.as_ref());
        let used = uses(file).into_iter().map(|used| &used.file);
        for path in used.chain(logins.map(|login| &login.file)) {
            self.get(path).into_iter().for_each(|file| self.bare(file, bare));
        }
    }

    /// Reads the files that a scenario uses, and refuses what they cannot do.
    pub(super) fn read_all(
        &mut self,
        scenario: &Scenario,
        reading: Reading<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let (request, _) = reading.given;
        self.contracts.read(scenario, (&request.folder, reading.root), diagnostics);
        let source = scenario.source();
        let path = source.path().canonicalize().unwrap_or_default();
        let mut way = vec![(path, source.name().to_owned())];
        self.follow(scenario, &mut way, reading, diagnostics);
    }

    /// Reads the file of a login, and refuses what a login cannot do.
    pub(super) fn read_login(
        &mut self,
        login: &Login,
        way: &mut Way,
        reading: Reading<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        self.read(&login.file, way, reading, diagnostics);
        let Some(file) = self.get(&login.file) else { return };
        let mut refused = Vec::new();
        for file in self.with_used(file) {
            refuse_sessions(file, &mut refused);
            if login.once == Once::Run {
                refuse_cleanup(file, &mut refused);
            }
        }
        extend_new(diagnostics, refused);
    }

    fn read(
        &mut self,
        path: &Path,
        way: &mut Way,
        reading: Reading<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if self.files.contains_key(path) {
            return;
        }
        let read = self.read_file(path, reading, diagnostics);
        let (index, _) = self.files.insert_full(path.to_owned(), Used::default());
        let Some(file) = read else { return };
        way.push((path.to_owned(), file.source().name().to_owned()));
        let extent = self.follow(&file, way, reading, diagnostics);
        way.pop();
        if let (Some(extent), Some((_, used))) = (extent, self.files.get_index_mut(index)) {
            *used = Used { file: Some(file), extent };
        }
    }

    /// Reads what a file uses; none where that has no end, or none that is near.
    fn follow(
        &mut self,
        file: &Scenario,
        way: &mut Way,
        reading: Reading<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Extent> {
        let place = |at: At, error: Diagnostic| error.at(file.source(), file.span(at), "");
        for login in file.sessions.iter().filter_map(|session| session.login.as_ref()) {
            match endless(way, &login.file) {
                Some(error) => diagnostics.push(place(login.at, error)),
                None => self.read_login(login, way, reading, diagnostics),
            }
        }
        let (mut extent, mut ends) = (Extent::default(), true);
        for used in uses(file) {
            if let Some(error) = endless(way, &used.file) {
                diagnostics.push(place(used.at, error));
                ends = false;
                continue;
            }
            self.read(&used.file, way, reading, diagnostics);
            if let Some(inner) = self.get(&used.file).filter(|inner| inner.cases.is_some()) {
                let shown = inner.source().name();
                let message = format!("the `cases` of `{shown}` do not count where it is used");
                let help = "give it the variables of one row with `with`, or run the `use` step with `for_each`";
                diagnostics.push(place(used.at, Diagnostic::warning(message)).help(help));
            }
            let inner = self.files.get(&used.file).map(|used| used.extent).unwrap_or_default();
            extent.deep = extent.deep.max(inner.deep + 1);
            extent.uses += inner.uses + 1;
            if let Some(error) = too_far(extent) {
                diagnostics.push(place(used.at, error));
                return None;
            }
        }
        ends.then_some(extent)
    }

    fn read_file(
        &mut self,
        path: &Path,
        Reading { given, root }: Reading<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Scenario> {
        let (request, _) = given;
        // The path has no links any more: the working directory must not have any either to be found in it.
        let folder = request.folder.canonicalize().unwrap_or_default();
        let root = root.canonicalize().unwrap_or_default();
        let name = path.strip_prefix(&folder).or_else(|_| path.strip_prefix(&root));
        let name = name.unwrap_or(path).display().to_string();
        let number = u16::try_from(self.files.len()).ok();
        let read = match (yaml::read_file(path, &name), number) {
            (Ok(source), Some(number)) => {
                let source = Arc::new(source.below(&root));
                let read = scenario::read_used(Arc::clone(&source), &root, number);
                environment::hide(&read, source.text(), given);
                read
            }
            (Ok(_), None) => {
                let message = format!("`{name}` is one file too many: {} are used", u16::MAX);
                diagnostics.push(Diagnostic::error(message));
                return None;
            }
            (Err(diagnostic), _) => {
                diagnostics.push(diagnostic);
                return None;
            }
        };
        diagnostics.extend(read.diagnostics);
        if let Some(file) = &read.value {
            self.contracts.read(file, (&request.folder, &root), diagnostics);
        }
        diagnostics.extend(read.value.iter().flat_map(|file| lint::check(file, None)));
        read.value
    }
}

/// The `use` steps of a file.
fn uses(file: &Scenario) -> Vec<&Use> {
    let used = file.all_steps().filter_map(|step| match &step.action {
        Action::Use(used) => Some(used.as_ref()),
        _ => None,
    });
    used.collect()
}

/// What is wrong with using a file that is used already, or another one at the end of so long a way.
fn endless(way: &Way, path: &Path) -> Option<Diagnostic> {
    let Some(first) = way.iter().position(|(known, _)| known == path) else {
        let deep = way.len();
        return too_far(Extent { deep, uses: 0 });
    };
    let names: Vec<String> = way[first..].iter().map(|(_, name)| format!("`{name}`")).collect();
    let (name, between) = names.split_first()?;
    let help = match between {
        [] => "put the steps that are to be used into a file of their own".to_owned(),
        _ => format!("{name} uses {}, which uses {name}", between.join(", which uses ")),
    };
    Some(Diagnostic::error(format!("{name} uses itself")).help(help))
}

fn too_far(extent: Extent) -> Option<Diagnostic> {
    let message = if extent.deep > MOST_DEEP {
        format!("files use files more than {MOST_DEEP} deep here")
    } else if extent.uses > MOST_USES {
        format!("more than {MOST_USES} files are used here, each counted as often as it is used")
    } else {
        return None;
    };
    Some(
        Diagnostic::error(message).help("use fewer files: steps that belong together fit into one"),
    )
}

/// A login runs in the session that it signs in, and in no other.
fn refuse_sessions(file: &Scenario, diagnostics: &mut Vec<Diagnostic>) {
    let declared = file.sessions.iter().map(|session| (session.name.at, "`sessions`"));
    let steps = file.all_steps();
    let named = steps.flat_map(|step| {
        let cells = step.access.first().map(|cell| (cell.session.at, "`access`"));
        step.session.iter().map(|session| (session.at, "`as`")).chain(cells)
    });
    for (at, what) in declared.chain(named) {
        let error = Diagnostic::error(format!("a file that signs a session in has no {what}"));
        let help = "its steps run in the session that they sign in: leave it out";
        diagnostics.push(error.at(file.source(), file.span(at), "").help(help));
    }
}

/// What one login for the run has made is there for the scenarios that come after the one that runs it.
fn refuse_cleanup(file: &Scenario, diagnostics: &mut Vec<Diagnostic>) {
    let steps = file.all_steps();
    for cleanup in steps.filter_map(|step| step.cleanup.first()) {
        let error = Diagnostic::error("a login with `once: run` has no `cleanup`");
        let help = "the scenarios after this one need what it made: clean up in the project file's `teardown`";
        diagnostics.push(error.at(file.source(), file.span(cleanup.at), "").help(help));
    }
}

/// Checks the names in the file of a login with what this session gives to it.
pub(super) fn check_login(
    declaration: &SessionDeclaration,
    scenario: Option<&Scenario>,
    around: &Surroundings,
    files: Files<'_>,
) -> Checked {
    let Some(login) = &declaration.login else { return Checked::default() };
    let Some(file) = (files.used)(&login.file) else { return Checked::default() };
    let mut around = around.clone();
    around.names.extend(login.with.iter().map(|(name, _)| name.value.clone()));
    around.searched.push(format!("`with` of the login of session `{}`", declaration.name.value));
    // One login for the run cannot know of one scenario.
    if let (Once::Scenario, Some(scenario)) = (login.once, scenario) {
        around.names.extend(scenario.vars.iter().map(|(name, _)| name.value.clone()));
        around.searched.push("`vars` of the scenario that signs in".to_owned());
    }
    let mut found = names::check(file, &around, files);
    let place = |at: At| match (at.file(), scenario, files.project) {
        (FileNumber::Project, _, Some(project)) => Some((project.source(), project.span(at))),
        (_, Some(scenario), _) => Some((scenario.source(), scenario.span(at))),
        _ => None,
    };
    let unused = names::unused_with(file, &login.with, &found);
    let unused = unused.into_iter().map(|(name, warning)| match place(name.at) {
        Some((source, span)) => warning.at(source, span, ""),
        None => warning,
    });
    let unused: Vec<Diagnostic> = unused.collect();
    found.diagnostics.splice(0..0, unused);
    found
}
