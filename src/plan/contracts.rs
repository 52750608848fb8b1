//! What responses are held against beyond the scenario's own text: schemas and OpenAPI documents, each read once for all
//! steps that name it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::documents::{self, Library};
use crate::diagnostic::{Diagnostic, extend_new};
use crate::openapi;
use crate::scenario::Scenario;
use crate::scenario::expectation::{OpenApiReference, SchemaExpectation, SchemaSource};
use crate::scenario::project::Project;
use crate::scenario::yaml::At;
use crate::schema::{Dialect, Document, Documents, Schema, Schemas, Wrong};
use crate::source::{Source, Span};

/// Of one document this much is told of what is wrong with it.
const MOST_WRONG: usize = 20;

/// The contracts of a run.
#[derive(Debug, Default)]
pub(super) struct Contracts {
    library: Option<Arc<Library>>,
    /// The schemas that stand in files, by their paths; none could not be read.
    schemas: HashMap<PathBuf, Option<Schema>>,
    /// The OpenAPI documents in the same way.
    documents: HashMap<PathBuf, Option<Arc<openapi::Document>>>,
}

/// The place that asks for a document.
#[derive(Clone, Copy)]
enum Asked<'s> {
    Scenario(&'s Scenario, At),
    Project(&'s Project, At),
}

impl Asked<'_> {
    fn source(&self) -> &Arc<Source> {
        match self {
            Self::Scenario(scenario, _) => scenario.source(),
            Self::Project(project, _) => project.source(),
        }
    }

    fn span(&self) -> Span {
        match self {
            Self::Scenario(scenario, at) => scenario.span(*at),
            Self::Project(project, at) => project.span(*at),
        }
    }
}

/// The working directory, and the folder that no path may leave.
type Folders<'f> = (&'f Path, &'f Path);

impl Contracts {
    /// Reads what the steps of a scenario name.
    pub(super) fn read(
        &mut self,
        scenario: &Scenario,
        folders: Folders<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        for step in scenario.all_steps() {
            let all = std::iter::once(&step.expect);
            for expect in all.chain(step.access.iter().map(|cell| &cell.expect)) {
                if let Some(schema) = &expect.schema {
                    let library = self.library(folders);
                    self.schema(scenario, schema, &library, diagnostics);
                }
                if let Some(openapi) = &expect.openapi {
                    let asked = Asked::Scenario(scenario, openapi.at);
                    self.openapi(asked, openapi, folders, diagnostics);
                }
            }
        }
    }

    /// Reads the document of the project file.
    pub(super) fn read_project(
        &mut self,
        project: &Project,
        folders: Folders<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if let Some(openapi) = &project.openapi {
            let asked = Asked::Project(project, openapi.at);
            self.openapi(asked, openapi, folders, diagnostics);
        }
    }

    fn library(&mut self, (folder, root): Folders<'_>) -> Arc<Library> {
        Arc::clone(self.library.get_or_insert_with(|| Arc::new(Library::new(folder, root))))
    }

    fn openapi(
        &mut self,
        asked: Asked<'_>,
        expected: &OpenApiReference,
        folders: Folders<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let library = self.library(folders);
        let document = match self.documents.get(&expected.file) {
            Some(known) => known.clone(),
            None => {
                let read = openapi_of(&expected.file, &asked, &library);
                let document = read.map_err(|wrong| extend_new(diagnostics, wrong)).ok();
                self.documents.insert(expected.file.clone(), document.clone());
                document
            }
        };
        if let Some(document) = document {
            let _ = expected.document.set(document);
        }
    }

    /// The files that were read.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.library.iter().flat_map(|library| library.paths()).collect()
    }

    fn schema(
        &mut self,
        scenario: &Scenario,
        expected: &SchemaExpectation,
        library: &Arc<Library>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let asked = Asked::Scenario(scenario, expected.at);
        let schema = match &expected.source {
            SchemaSource::File(_, path) => match self.schemas.get(path) {
                Some(known) => known.clone(),
                None => {
                    let read = of_file(path, &asked, library);
                    let schema = read.map_err(|wrong| extend_new(diagnostics, wrong)).ok();
                    self.schemas.insert(path.clone(), schema.clone());
                    schema
                }
            },
            SchemaSource::Inline(_) => {
                let read = inline(scenario, expected, library);
                read.map_err(|wrong| diagnostics.extend(wrong)).ok()
            }
        };
        if let Some(schema) = schema {
            // Of several rows the first has set it.
            let _ = expected.compiled.set(schema);
        }
    }
}

fn of_file(
    path: &Path,
    asked: &Asked<'_>,
    library: &Arc<Library>,
) -> Result<Schema, Vec<Diagnostic>> {
    let document = library
        .read(path)
        .map_err(|error| vec![error.also(asked.source(), asked.span(), "read for this")])?;
    let uri = documents::uri(path);
    let read = compile(Document { uri: &uri, value: &document.value }, library);
    read.map_err(|wrong| told(wrong, asked, library, &|_| None))
}

fn inline(
    scenario: &Scenario,
    expected: &SchemaExpectation,
    library: &Arc<Library>,
) -> Result<Schema, Vec<Diagnostic>> {
    let SchemaSource::Inline(node) = &expected.source else { return Err(Vec::new()) };
    let value = expected.inline().unwrap_or_default();
    let asked = Asked::Scenario(scenario, expected.at);
    let path = scenario.source().path();
    let uri = documents::uri(&path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    let own = |wrong: &Wrong| {
        let at = documents::node_at(node, &wrong.pointer).at;
        (wrong.uri == uri).then(|| scenario.span(at))
    };
    let read = compile(Document { uri: &uri, value: &value }, library);
    read.map_err(|wrong| told(wrong, &asked, library, &own))
}

fn openapi_of(
    path: &Path,
    asked: &Asked<'_>,
    library: &Arc<Library>,
) -> Result<Arc<openapi::Document>, Vec<Diagnostic>> {
    let document = library
        .read(path)
        .map_err(|error| vec![error.also(asked.source(), asked.span(), "read for this")])?;
    let uri = documents::uri(path);
    let documents: Arc<dyn Documents> = Arc::<Library>::clone(library);
    let read = openapi::Document::read(Document { uri: &uri, value: &document.value }, &documents);
    read.map(Arc::new).map_err(|wrong| told(wrong, asked, library, &|_| None))
}

fn compile(document: Document<'_>, library: &Arc<Library>) -> Result<Schema, Vec<Wrong>> {
    let documents: Arc<dyn Documents> = Arc::<Library>::clone(library);
    let schemas = Schemas::read(document, &[""], Dialect::Draft202012, &documents)?;
    schemas.at("").map_err(|wrong| vec![wrong])
}

/// What is wrong, where it stands: in the scenario itself, or in the document that it asks for.
fn told(
    mut wrong: Vec<Wrong>,
    asked: &Asked<'_>,
    library: &Library,
    own: &dyn Fn(&Wrong) -> Option<Span>,
) -> Vec<Diagnostic> {
    let more = wrong.len().saturating_sub(MOST_WRONG);
    wrong.sort_by_cached_key(|wrong| {
        let span = own(wrong).or_else(|| Some(library.of(&wrong.uri)?.span(&wrong.pointer)));
        (own(wrong).is_none(), wrong.uri.clone(), span.map_or(0, |span| span.start))
    });
    let one = |wrong: Wrong| {
        let error = Diagnostic::error(wrong.message.as_str());
        let error = match (own(&wrong), library.of(&wrong.uri)) {
            (Some(span), _) => error.at(asked.source(), span, ""),
            (None, Some(document)) => {
                let span = document.span(&wrong.pointer);
                let error = error.at(&document.source, span, "");
                error.also(asked.source(), asked.span(), "read for this")
            }
            (None, None) => error.at(asked.source(), asked.span(), ""),
        };
        match wrong.help {
            Some(help) => error.help(help),
            None => error,
        }
    };
    let mut told: Vec<Diagnostic> = wrong.into_iter().take(MOST_WRONG).map(one).collect();
    if more > 0
        && let Some(last) = told.pop()
    {
        told.push(last.note("note", format!("and {more} more like these")));
    }
    told
}
