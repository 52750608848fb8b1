//! Everything is read and checked before the first request.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::{Found, discover};
use super::environment::Given;
use super::hosts::Hosts;
use super::used::{Reading, UsedFiles, check_login};
use super::watched::Watched;
use super::{Loaded, Plan, Planned, Request, environment, snapshots};
use crate::diagnostic::suggest::closest;
use crate::diagnostic::{Diagnostic, extend_new};
use crate::mask::Masks;
use crate::scenario::names::{self, Checked, Files, Surroundings};
use crate::scenario::project::{self, Environment, Project};
use crate::scenario::sessions::{Once, SessionDeclaration};
use crate::scenario::step::{Action, Step};
use crate::scenario::yaml::{self, Node};
use crate::scenario::{self, Scenario, lint};
use crate::template::Part;

/// Reads and checks all that a run needs.
#[must_use]
pub fn load(mut request: Request) -> Loaded {
    let mut diagnostics = Vec::new();
    let mut files = 0;
    let project_file = Project::find(&request.folder);
    let root =
        project_file.as_deref().map_or_else(|| request.folder.clone(), scenario::files::folder);
    // Before the first file: the errors of one that cannot be read may not show them either.
    let secrets = environment::read(&mut request, &root, &mut diagnostics);
    let mut watched = Watched::new(&request, project_file.clone(), &root);
    let vars_file = environment::vars_file(&request, &mut diagnostics);
    let project = match project_file {
        None => None,
        Some(path) => {
            files += 1;
            match read_project(&request, &secrets, &path, &mut diagnostics) {
                Some(project) => Some(project),
                None => return Loaded { plan: None, diagnostics, files, watched },
            }
        }
    };
    let environment = chosen_environment(&request, project.as_ref(), &mut diagnostics);
    let paths = paths(&request, project.as_ref(), &root);
    let (found, wrong) = discover(&request.folder, &paths);
    watched.find(paths);
    diagnostics.extend(wrong);
    files += found.len();
    let mut around = surroundings(&request, project.as_ref(), environment.as_deref());
    around.secrets = secrets;
    let more = vars_file.iter().flat_map(|file| &file.vars);
    around.names.extend(more.map(|(name, _)| name.value.clone()));
    let (secrets, names) = Default::default();
    let mut in_use = InUse { masks: &request.masks, secrets, names };
    let mut used = UsedFiles::default();
    if let Some(project) = &project {
        let chosen = environment.as_deref().and_then(|name| project.environment(name));
        let given = (&request, root.as_path());
        let found = &mut diagnostics;
        check_project((project, chosen), given, (&mut around, &mut used, &mut in_use), found);
    }
    let all = found.len();
    let given = (&request, root.as_path());
    let mut scenarios = Vec::new();
    for found in found {
        let state = (&around, &mut used, &mut in_use);
        scenarios.extend(check_scenario(&found, project.as_ref(), given, state, &mut diagnostics));
    }
    if let Some(project) = &project {
        diagnostics.extend(lint::project(project));
        let is_whole = request.paths.is_empty() && request.selection.among.is_none();
        if is_whole && scenarios.len() == all {
            let all = scenarios.iter().map(|planned| &*planned.scenario).chain(project.of_run());
            let all = all.flat_map(|scenario| used.with_used(scenario));
            diagnostics.extend(names::check_unused(project, &around, all));
            if !diagnostics.iter().any(Diagnostic::is_error) {
                diagnostics.extend(lint::unused_of_project(project, &in_use.names));
            }
        }
    }
    if !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.extend(misspelt_vars(&request, &in_use.names));
    }
    files += used.len();
    watched.add(project.as_ref(), &scenarios, &used);
    let secrets = in_use.secrets;
    mask_vars(&request, &scenarios, &used);
    refuse_equal_names(&scenarios, &mut diagnostics);
    let all = scenarios.iter().map(|planned| &*planned.scenario).chain(used.all());
    let all: Vec<&Scenario> = all.chain(project.iter().flat_map(Project::of_run)).collect();
    let has_snapshots = snapshots::check(&all, &mut diagnostics);
    if !request.strict && !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.extend(snapshots::orphans(&request, &watched.folders_of_snapshots(), &all));
    }
    let has_base = request.base_url.is_some()
        || environment
            .as_deref()
            .and_then(|name| project.as_ref()?.environment(name)?.base_url.as_ref())
            .is_some();
    let known_environment = request.environment.is_none() || environment.is_some();
    if known_environment && !has_base {
        let choice = choice(project.as_ref(), environment.as_deref());
        for file in used.without_base(project.as_ref(), &scenarios) {
            check_base_url(file, &choice, &mut diagnostics);
        }
    }
    check_override(&request, &mut diagnostics);
    if let Some(project) = &project
        && let Some(allowed) = &project.allow_hosts
    {
        let chosen = environment.as_deref().and_then(|name| project.environment(name));
        let around = chosen.and_then(|environment| environment.base_url.as_ref());
        let given = request.base_url.as_deref();
        let around = around.filter(|_| given.is_none()).into_iter().collect();
        let hosts = Hosts { allowed, around, given };
        for scenario in scenarios.iter().map(|planned| &*planned.scenario).chain(project.of_run()) {
            hosts.check(&used.with_used(scenario), &mut diagnostics);
        }
    }
    let masks = request.masks.kept();
    let scenarios = scenarios.into_iter().flat_map(|planned| rows(planned, &masks));
    let scenarios: Vec<Planned> = scenarios.collect();
    refuse_equal_rows(&scenarios, &mut diagnostics);
    let found = scenarios.len();
    diagnostics.extend(request.selection.unknown_tags(&scenarios));
    diagnostics.extend(request.selection.gone(&scenarios, !request.paths.is_empty()));
    let (scenarios, selected, parts) = request.selection.apply(scenarios);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let Request { base_url, vars, process, masks, .. } = request;
    let plan = Plan {
        project,
        environment,
        root,
        base_url,
        vars,
        vars_file,
        process,
        secrets,
        masks,
        scenarios,
        found,
        selected,
        parts,
        used,
        has_snapshots,
    };
    Loaded { plan: (!failed).then_some(plan), diagnostics, files, watched }
}

fn read_project(
    request: &Request,
    secrets: &HashMap<String, String>,
    path: &Path,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Project> {
    let name = path.strip_prefix(&request.folder).unwrap_or(path).display().to_string();
    match yaml::read_file(path, &name) {
        Ok(source) => {
            let source = Arc::new(source.below(&scenario::files::folder(path)));
            let read = project::read(Arc::clone(&source));
            environment::hide(&read, source.text(), (request, secrets));
            diagnostics.extend(read.diagnostics);
            read.value
        }
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    }
}

/// Reads the logins of the project file, and checks its names and theirs.
fn check_project(
    (project, chosen): (&Project, Option<&Environment>),
    (request, root): (&Request, &Path),
    (around, used, in_use): (&mut Surroundings, &mut UsedFiles, &mut InUse<'_>),
    diagnostics: &mut Vec<Diagnostic>,
) {
    used.contracts.read_project(project, (&request.folder, root), diagnostics);
    for session in &project.sessions {
        if let Some(login) = &session.login {
            let reading = Reading { given: (request, &around.secrets), root };
            used.read_login(login, &mut Vec::new(), reading, diagnostics);
        }
        let captures = names::of_login(session, &|path| used.get(path));
        around.sessions.insert(session.name.value.clone(), captures);
    }
    diagnostics.extend(in_use.add(names::check_project(project, chosen, around), around));
    let files = Files { project: Some(project), used: &|path| used.get(path) };
    for session in project.sessions.iter().filter(|session| is_of_run(session)) {
        let found = check_login(session, None, around, files);
        extend_new(diagnostics, in_use.add(found, around));
    }
    check_around(project, (request, root), (around, used, in_use), diagnostics);
}

/// Reads what the steps around all scenarios use, and checks their names; what these capture all scenarios know.
fn check_around(
    project: &Project,
    (request, root): (&Request, &Path),
    (around, used, in_use): (&mut Surroundings, &mut UsedFiles, &mut InUse<'_>),
    diagnostics: &mut Vec<Diagnostic>,
) {
    for part in project.of_run() {
        let reading = Reading { given: (request, &around.secrets), root };
        used.read_all(part, reading, diagnostics);
        let files = Files { project: Some(project), used: &|path| used.get(path) };
        let found = names::check(part, around, files);
        extend_new(diagnostics, in_use.add(found, around));
        let (steps, _) = names::forth(part, &|path| used.get(path));
        let captures = steps.into_iter().flat_map(|(_, step)| &step.captures);
        let names: Vec<String> = captures.map(|capture| capture.name.value.clone()).collect();
        if project.setup.as_ref().is_some_and(|setup| std::ptr::eq(setup, part)) {
            around.names.extend(names);
            around.searched.push("captures of the project file's `setup`".to_owned());
        }
    }
}

/// Reads a scenario and the logins of its sessions, and checks its names and theirs.
fn check_scenario(
    found: &Found,
    project: Option<&Project>,
    (request, root): (&Request, &Path),
    (around, used, in_use): (&Surroundings, &mut UsedFiles, &mut InUse<'_>),
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Planned> {
    let given = (request, &around.secrets);
    let read = read_scenario(found, root, given, diagnostics);
    let scenario = match &read {
        Ok(planned) => &*planned.scenario,
        Err(partial) => &partial.as_deref()?.0,
    };
    used.read_all(scenario, Reading { given, root }, diagnostics);
    let files = Files { project, used: &|path| used.get(path) };
    if let Err(partial) = &read {
        let (scenario, written) = partial.as_deref()?;
        let found = names::check_partial((scenario, written), around, files);
        extend_new(diagnostics, in_use.add(found, around));
        return None;
    }
    let found = names::check(scenario, around, files);
    let mut names = found.used.clone();
    let told = diagnostics.len();
    extend_new(diagnostics, in_use.add(found, around));
    let all = used.with_used(scenario);
    let of_project = project.into_iter().flat_map(|project| &project.sessions);
    let of_project = of_project
        .filter(|session| !is_of_run(session) && all.iter().any(|file| file.uses(session)));
    for session in scenario.sessions.iter().chain(of_project) {
        let found = check_login(session, Some(scenario), around, files);
        names.extend(found.used.iter().cloned());
        extend_new(diagnostics, in_use.add(found, around));
    }
    let mut odd = lint::check(scenario, Some(&names));
    // What is only odd waits for what is wrong: beside a name that is not defined, the one that is not used is no news.
    if diagnostics[told..].iter().any(Diagnostic::is_error) {
        odd.retain(Diagnostic::is_error);
    }
    diagnostics.extend(odd);
    read.ok()
}

/// Whether its login is that of no scenario, whose variables it may use.
fn is_of_run(session: &SessionDeclaration) -> bool {
    session.login.as_ref().is_some_and(|login| login.once == Once::Run)
}

fn chosen_environment(
    request: &Request,
    project: Option<&Project>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<String> {
    let Some(name) = &request.environment else {
        return project?.default_environment.as_ref().map(|name| name.value.clone());
    };
    let known: Vec<&str> = project
        .map(|project| project.environments.iter().map(|(name, _)| name.value.as_str()).collect())
        .unwrap_or_default();
    if known.contains(&name.as_str()) {
        return Some(name.clone());
    }
    let error = Diagnostic::error(format!("there is no environment `{}`", name.escape_debug()));
    diagnostics.push(match closest(name, known.iter().copied()) {
        Some(close) => error.help(format!("did you mean `{close}`?")),
        None if known.is_empty() => {
            error.help("`--env` names one of the `environments` of a `callsheet.yaml`")
        }
        None => error.help(format!("the project file has `{}`", known.join("`, `"))),
    });
    None
}

/// The paths of the command line; those of what failed, where only that is to run; or those of the project file.
fn paths(request: &Request, project: Option<&Project>, root: &Path) -> Vec<String> {
    if !request.paths.is_empty() {
        return request.paths.clone();
    }
    // The project's folder, as it is seen from the working directory: that one or one above it.
    let up = request.folder.strip_prefix(root).map_or(0, |below| below.components().count());
    let from: PathBuf = std::iter::repeat_n("..", up).collect();
    let failed = request.selection.among.iter().flatten().map(|(file, _)| from.join(file));
    let failed = failed.filter(|file| request.folder.join(file).is_file());
    let mut failed: Vec<_> = failed.map(|file| file.display().to_string()).collect();
    if !failed.is_empty() {
        failed.sort_unstable();
        failed.dedup();
        return failed;
    }
    match project {
        Some(project) if !project.scenarios.is_empty() => project
            .scenarios
            .iter()
            .map(|path| from.join(&path.value).display().to_string())
            .collect(),
        _ => vec![if from == PathBuf::new() { ".".to_owned() } else { from.display().to_string() }],
    }
}

/// Warns of a `--var` that nothing uses and that is nearly one that is used. Others are let be: who runs one file of many
/// may give what all of them need.
fn misspelt_vars(request: &Request, used: &HashSet<String>) -> Vec<Diagnostic> {
    let unused = request.vars.iter().filter(|(name, _)| !used.contains(name));
    let close = unused.filter_map(|(name, _)| {
        let close = closest(name, used.iter().map(String::as_str))?;
        let warning = Diagnostic::warning(format!("nothing uses the variable `{name}` of `--var`"));
        Some(warning.help(format!("did you mean `{close}`?")))
    });
    close.collect()
}

fn surroundings(
    request: &Request,
    project: Option<&Project>,
    environment: Option<&str>,
) -> Surroundings {
    let mut around = Surroundings { strict: request.strict, ..Surroundings::default() };
    around.names.insert("run".to_owned());
    around.names.extend(request.vars.iter().map(|(name, _)| name.clone()));
    around.environment.extend(request.process.keys().cloned());
    let Some(project) = project else { return around };
    if project.server.is_some() {
        around.names.insert("server".to_owned());
    }
    around.names.extend(project.vars.iter().map(|(name, _)| name.value.clone()));
    around.searched.push("`vars` of the project file".to_owned());
    for (name, other) in &project.environments {
        let chosen = Some(name.value.as_str()) == environment;
        for (variable, _) in &other.vars {
            if chosen {
                around.names.insert(variable.value.clone());
            } else {
                around.elsewhere.insert(variable.value.clone(), name.value.clone());
            }
        }
        if chosen {
            around.searched.push(format!("environment `{}`", name.value));
        }
    }
    around
}

/// A scenario; or what could be read of it.
fn read_scenario(
    found: &Found,
    root: &Path,
    given: Given<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Planned, Option<Box<(Scenario, Node)>>> {
    let source = match yaml::read_file(&found.path, &found.name) {
        Ok(source) => source,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Err(None);
        }
    };
    let source = Arc::new(source.below(root));
    let read = scenario::read(Arc::clone(&source), root);
    environment::hide(&read, source.text(), given);
    diagnostics.extend(read.diagnostics);
    let Some(scenario) = read.value else { return Err(read.partial.map(Box::new)) };
    let lines = source.text().lines().count().max(1);
    if let Some(line) = found.line.filter(|line| *line > lines) {
        let message = format!("there is no line {line} in `{}`", found.name);
        let help = format!("the file has {lines} lines");
        diagnostics.push(Diagnostic::error(message).help(help));
        return Err(None);
    }
    let until = match found.line {
        None => None,
        Some(line) => match step_at(&scenario, line) {
            Some(until) => Some(until),
            None => {
                let message = format!("`{}:{line}` is before the first step", found.name);
                let first = scenario.setup.iter().chain(&scenario.steps).next();
                let first = first.map_or(1, |step| line_of(&scenario, step));
                let help = format!("the first step is at line {first}");
                diagnostics.push(Diagnostic::error(message).help(help));
                return Err(None);
            }
        },
    };
    let name = scenario.name.value.clone();
    Ok(Planned {
        scenario: Arc::new(scenario),
        name,
        row: None,
        select: None,
        repetition: None,
        position: 0,
        until,
    })
}

/// A scenario once for each of its rows.
fn rows(planned: Planned, masks: &Masks) -> Vec<Planned> {
    // Names tell scenarios apart from run to run, so that what is masked in them has one mark in all.
    let own = masks.text(&planned.name).into_owned();
    let Some(cases) = &planned.scenario.cases else {
        return vec![Planned { name: own, ..planned }];
    };
    let names = cases.names(&own, &planned.scenario.secrets, masks);
    let row = |(index, name): (usize, &String)| Planned {
        scenario: Arc::clone(&planned.scenario),
        select: Some(format!("^{}$", regex::escape(name))),
        name: name.clone(),
        row: Some(index),
        repetition: None,
        position: 0,
        until: planned.until,
    };
    names.iter().enumerate().map(row).collect()
}

/// What the files use.
struct InUse<'m> {
    masks: &'m Masks,
    /// The secrets, with their values.
    secrets: HashMap<String, String>,
    /// Every name.
    names: HashSet<String>,
}

impl InUse<'_> {
    /// Takes the secrets of a file and masks them; gives what is wrong with its names.
    fn add(&mut self, checked: Checked, around: &Surroundings) -> Vec<Diagnostic> {
        self.names.extend(checked.used);
        for name in checked.secrets {
            if let Some(value) = around.secrets.get(&name) {
                self.masks.add(value.as_bytes());
                self.secrets.insert(name, value.clone());
            }
        }
        checked.diagnostics
    }
}

/// A variable of the command line that is a secret of a scenario may not be shown in the line that repeats the run.
fn mask_vars(request: &Request, scenarios: &[Planned], used: &UsedFiles) {
    let files = scenarios.iter().flat_map(|planned| used.with_used(&planned.scenario));
    for secret in files.flat_map(|file| &file.secrets) {
        let given = request.vars.iter().filter(|(name, _)| *name == secret.value);
        given.for_each(|(_, value)| request.masks.add_value(value));
    }
}

/// How many steps run so that the last one is the step that stands at this line.
fn step_at(scenario: &Scenario, line: usize) -> Option<usize> {
    // The one that stands there is the last that begins at or before the line; `setup` runs first wherever it stands.
    let steps = scenario.setup.iter().chain(&scenario.steps).enumerate();
    let lines = steps.map(|(index, step)| (index, line_of(scenario, step)));
    let here = lines.filter(|(_, begins)| *begins <= line).max_by_key(|(_, begins)| *begins);
    here.map(|(index, _)| index + 1)
}

fn line_of(scenario: &Scenario, step: &Step) -> usize {
    scenario.source().position(scenario.start(step.at)).line
}

fn refuse_equal_names(scenarios: &[Planned], diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, &Scenario> = HashMap::new();
    for Planned { scenario, .. } in scenarios {
        if let Some(first) = seen.insert(&scenario.name.value, scenario) {
            diagnostics.push(equal_names(&scenario.name.value, first, scenario));
        }
    }
}

/// The name of a row may be that of another scenario: `A [x]`.
fn refuse_equal_rows(scenarios: &[Planned], diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, &Scenario> = HashMap::new();
    for Planned { scenario, name, .. } in scenarios {
        if let Some(first) = seen.insert(name, scenario)
            && first.name.value != scenario.name.value
        {
            diagnostics.push(equal_names(name, first, scenario));
        }
    }
}

fn equal_names(name: &str, first: &Scenario, again: &Scenario) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("two scenarios have the name `{name}`"))
        .at(again.source(), again.span(again.name.at), "again here")
        .also(first.source(), first.span(first.name.at), "first here");
    diagnostic.help("reports tell scenarios apart by their names: give each its own")
}

/// What to do where there is no base URL.
fn choice(project: Option<&Project>, environment: Option<&str>) -> String {
    let names: Vec<&str> = project
        .map(|project| project.environments.iter().map(|(name, _)| name.value.as_str()).collect())
        .unwrap_or_default();
    if environment.is_none() && !names.is_empty() {
        return format!("choose an environment with `--env`: {}", names.join(", "));
    }
    "give the scenario or its environment a `base_url`, or run with `--base-url URL`".to_owned()
}

/// A path needs a base URL to be joined to.
fn check_base_url(scenario: &Scenario, help: &str, diagnostics: &mut Vec<Diagnostic>) {
    let relative = scenario.all_steps().find_map(|step| match &step.action {
        Action::Request(request) => match request.url.value.parts().first() {
            Some(Part::Literal(start)) if start.starts_with('/') => Some(request),
            _ => None,
        },
        Action::Session(..) | Action::Wait(_) | Action::Group(_) | Action::Use(_) => None,
    });
    if let Some(request) = relative {
        let span = scenario.span(request.at);
        let diagnostic = Diagnostic::error("this path has no base URL to be joined to").at(
            scenario.source(),
            span,
            "",
        );
        diagnostics.push(diagnostic.help(help));
    }
}

fn check_override(request: &Request, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(base_url) = &request.base_url
        && !url::Url::parse(base_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    {
        let message = format!("`--base-url {}` is no URL", base_url.escape_debug());
        diagnostics.push(Diagnostic::error(message).help("write it like `http://127.0.0.1:8080`"));
    }
}
