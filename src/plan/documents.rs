//! Documents that scenarios are held against: JSON or YAML below the project's folder, each read once, with places.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;
use url::Url;

use crate::diagnostic::Diagnostic;
use crate::scenario::files;
use crate::scenario::yaml::{self, Kind, Node};
use crate::schema::{Documents, Spot};
use crate::source::{Source, Span};
use crate::value::Value;

/// A document has this many bytes at most.
const LARGEST: usize = 16 << 20;

/// A document that was read.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) source: Arc<Source>,
    pub(super) value: Arc<Value>,
    /// The places of one in YAML.
    yaml: Option<yaml::Document>,
}

/// The documents that were read, by their paths with links followed.
#[derive(Debug)]
pub(super) struct Library {
    /// The working directory, for the names of files.
    folder: PathBuf,
    root: PathBuf,
    documents: Mutex<HashMap<PathBuf, Result<Arc<Document>, Diagnostic>>>,
}

impl Library {
    pub(super) fn new(folder: &Path, root: &Path) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self { folder: real(folder), root: real(root), documents: Mutex::default() }
    }

    /// The document of a file, whose links are followed.
    pub(super) fn read(&self, path: &Path) -> Result<Arc<Document>, Diagnostic> {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = documents.get(path) {
            return known.clone();
        }
        let name = self.shown(path);
        let read = yaml::read_file_up_to(path, &name, LARGEST).and_then(Document::read);
        let read = read.map(Arc::new);
        documents.insert(path.to_owned(), read.clone());
        read
    }

    /// A path as messages show it: from the working directory.
    fn shown(&self, path: &Path) -> String {
        let common = self.folder.ancestors().enumerate().find_map(|(up, folder)| {
            let below = path.strip_prefix(folder).ok()?;
            Some(std::iter::repeat_n("..", up).collect::<PathBuf>().join(below))
        });
        common.unwrap_or_else(|| path.to_owned()).display().to_string()
    }

    /// The document of a URI.
    pub(super) fn of(&self, uri: &str) -> Option<Arc<Document>> {
        self.read(&path(uri)?).ok()
    }

    /// The files that were read.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.keys().cloned().collect()
    }
}

impl Documents for Library {
    fn get(&self, uri: &str) -> Result<Arc<Value>, String> {
        let Some(path) = path(uri) else {
            return Err(format!(
                "`{uri}` is not fetched: only files below the project's folder are read"
            ));
        };
        let shown = self.shown(&path);
        let file =
            files::resolve(Path::new("/"), Path::new(""), &self.root, &path.display().to_string())
                .map_err(|message| message.replace(&path.display().to_string(), &shown))?;
        let read = self.read(&file).map(|document| Arc::clone(&document.value));
        read.map_err(|error| match &error.primary {
            Some(label) => {
                let at = label.source.position(label.span.start);
                format!("`{shown}:{}:{}`: {}", at.line, at.column, error.message)
            }
            None => error.message,
        })
    }

    fn place(&self, spot: &Spot) -> Option<String> {
        let path = path(&spot.uri)?.canonicalize().ok()?;
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        // Only what was read while files were checked: nothing is opened for a message.
        let document = Arc::clone(documents.get(&path)?.as_ref().ok()?);
        drop(documents);
        let at = document.source.position(document.span(&spot.pointer).start);
        Some(format!("{}:{}:{}", document.source.name(), at.line, at.column))
    }
}

/// The URI of a file.
pub(super) fn uri(path: &Path) -> String {
    Url::from_file_path(path).map_or_else(|()| "file:///".to_owned(), String::from)
}

fn path(uri: &str) -> Option<PathBuf> {
    Url::parse(uri).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok()
}

impl Document {
    fn read(source: Source) -> Result<Self, Diagnostic> {
        let source = Arc::new(source);
        let ending = source.path().extension().and_then(|ending| ending.to_str());
        let is_json = match ending {
            Some("json") => true,
            Some("yaml" | "yml") => false,
            _ => source.text().trim_start().starts_with(['{', '[']),
        };
        if is_json {
            let value = serde_json::from_str(source.text());
            let value = Arc::new(value.map_err(|error| no_json(&source, &error))?);
            return Ok(Self { source, value, yaml: None });
        }
        match yaml::read_data(Arc::clone(&source)) {
            Ok((document, _)) => {
                let value = Arc::new(document.root().data());
                Ok(Self { source, value, yaml: Some(document) })
            }
            Err(mut wrong) if !wrong.is_empty() => Err(wrong.swap_remove(0)),
            Err(_) => Err(Diagnostic::error("this is no YAML").at(&source, Span::new(0, 0), "")),
        }
    }

    /// Where the value of a JSON Pointer stands, or the last one on the way to it.
    pub(super) fn span(&self, pointer: &str) -> Span {
        match &self.yaml {
            Some(document) => document.span(node_at(document.root(), pointer).at),
            None => json_span(self.source.text(), pointer),
        }
    }
}

/// The node of a JSON Pointer, or the last one on the way to it.
pub(super) fn node_at<'n>(root: &'n Node, pointer: &str) -> &'n Node {
    let mut node = root;
    for name in names(pointer) {
        let next = match &node.kind {
            Kind::Map(entries) => {
                entries.iter().find(|entry| entry.key == name).map(|entry| &entry.value)
            }
            Kind::List(items) => name.parse().ok().and_then(|index: usize| items.get(index)),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}

fn names(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"))
}

/// Where a value of a JSON text stands: of an object or a list, its first character.
fn json_span(text: &str, pointer: &str) -> Span {
    let mut here: &str = text.trim();
    for name in names(pointer) {
        let object = || serde_json::from_str::<HashMap<String, &RawValue>>(here).ok();
        let list = || serde_json::from_str::<Vec<&RawValue>>(here).ok();
        let next = match here.as_bytes().first() {
            Some(b'{') => object().and_then(|members| members.get(&name).copied()),
            Some(b'[') => list().and_then(|items| items.get(name.parse::<usize>().ok()?).copied()),
            _ => None,
        };
        match next {
            Some(next) => here = next.get(),
            None => break,
        }
    }
    let start = here.as_ptr().addr() - text.as_ptr().addr();
    let length = if here.starts_with(['{', '[']) { 1 } else { here.len() };
    Span::new(start, start + length)
}

/// The parser's words, at their place.
fn no_json(source: &Arc<Source>, error: &serde_json::Error) -> Diagnostic {
    let at = source.offset(error.line().max(1), error.column().max(1));
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    Diagnostic::error(format!("this is no JSON: {said}")).at(source, Span::new(at, at), "")
}
