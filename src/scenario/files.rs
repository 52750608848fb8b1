//! Files that a scenario names: where they are, and that they may be read.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use super::decode::{Decoder, Text};
use super::yaml::Node;
use crate::template::{Files, MOST_TEXT};

/// A path in a scenario.
#[derive(Clone, Debug)]
pub struct FileReference {
    /// The path as it was written.
    pub path: Text,
    /// The folder of the file it stands in.
    pub folder: PathBuf,
    /// That folder as messages show it.
    pub name: PathBuf,
}

pub(super) const RULE: &str =
    "a path is relative to the file it stands in, and must stay below the project's folder";

impl FileReference {
    /// The file that the path means; see [`resolve`].
    ///
    /// # Errors
    /// A message with the path.
    pub fn resolve(&self, root: &Path, path: &str) -> Result<PathBuf, String> {
        resolve(&self.folder, &self.name, root, path)
    }

    /// Where a file of this path would be written; see [`destination`].
    ///
    /// # Errors
    /// A message with the path.
    pub fn destination(&self, root: &Path, path: &str) -> Result<PathBuf, String> {
        destination(&self.folder, &self.name, root, path)
    }

    /// The path as messages show it.
    #[must_use]
    pub fn shown(&self, path: &str) -> String {
        self.name.join(path).display().to_string()
    }
}

/// The folder that the paths of a file are relative to.
#[derive(Debug)]
pub(super) struct Folder {
    folder: PathBuf,
    /// As messages show it.
    name: PathBuf,
    root: PathBuf,
}

impl Folder {
    /// That of the file that is being read.
    pub(super) fn of(d: &Decoder<'_>) -> Self {
        let name = Path::new(d.source().name()).parent().unwrap_or(Path::new("")).to_owned();
        Self { folder: folder(d.source().path()), name, root: d.root().to_owned() }
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        let file = resolve(&self.folder, &self.name, &self.root, path)?;
        let shown = self.name.join(path);
        let shown = shown.display();
        let os = |error: io::Error| format!("cannot read `{shown}`: {}", reason(&error));
        let mut bytes = Vec::new();
        let most = MOST_TEXT as u64 + 1;
        fs::File::open(file)
            .and_then(|file| file.take(most).read_to_end(&mut bytes))
            .map_err(os)?;
        if bytes.len() > MOST_TEXT {
            let most = MOST_TEXT >> 20;
            return Err(format!("`{shown}` is larger than the {most} MiB that a text may have"));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("`{shown}` is no text in UTF-8: byte {at} is no character")
        })
    }
}

/// Reads a path; one without templates is looked up at once.
pub(super) fn reference(d: &Decoder<'_>, node: &Node) -> Option<FileReference> {
    let file = written(d, node)?;
    match file.path.value.literal() {
        Some(path) => {
            let found = allowed(d, &file, file.resolve(d.root(), path))?;
            d.reads.borrow_mut().push(found);
            Some(file)
        }
        None => Some(file),
    }
}

/// Reads a path that is looked up later.
pub(super) fn written(d: &Decoder<'_>, node: &Node) -> Option<FileReference> {
    let path = d.text(node, "a path")?;
    let name = Path::new(d.source().name()).parent().unwrap_or(Path::new("")).to_owned();
    Some(FileReference { path, folder: folder(d.source().path()), name })
}

/// Records a path that does not do.
pub(super) fn allowed<T>(
    d: &Decoder<'_>,
    file: &FileReference,
    looked_up: Result<T, String>,
) -> Option<T> {
    looked_up.map_err(|message| d.error_help(file.path.at, message, "", RULE)).ok()
}

/// Reads a path that may not hold expressions, and follows it to its file: both.
pub(super) fn literal(d: &Decoder<'_>, node: &Node) -> Option<(String, PathBuf)> {
    let path = d.plain(node, "a path")?;
    let name = Path::new(d.source().name()).parent().unwrap_or(Path::new(""));
    let found = resolve(&folder(d.source().path()), name, d.root(), &path.value);
    let found = found.map_err(|message| d.error_help(path.at, message, "", RULE)).ok()?;
    d.reads.borrow_mut().push(found.clone());
    Some((path.value, found))
}

/// The folder of a file.
#[must_use]
pub fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The regular file that `path` means where it stands, below `root` after links are followed; `name` is the folder as
/// messages show it.
///
/// # Errors
/// A file that is missing, lies outside of the root, is no regular file or cannot be read: a message with the path.
pub fn resolve(folder: &Path, name: &Path, root: &Path, path: &str) -> Result<PathBuf, String> {
    if path.is_empty() {
        return Err("the path is empty".to_owned());
    }
    let joined = folder.join(path);
    let shown = name.join(path);
    let shown = shown.display();
    let os = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file `{shown}`"),
        _ => format!("cannot read `{shown}`: {}", reason(&error)),
    };
    let real = fs::canonicalize(&joined);
    let root = fs::canonicalize(root).map_err(os)?;
    // What lies outside is refused before it is said whether it exists.
    let outside = match &real {
        Ok(real) => !real.starts_with(&root),
        Err(_) => !lexically_below(&folder.canonicalize().unwrap_or_default(), &root, path),
    };
    if outside {
        return Err(format!("`{shown}` is outside of the project's folder"));
    }
    let real = real.map_err(os)?;
    let metadata = fs::metadata(&real).map_err(os)?;
    if !metadata.is_file() {
        let kind =
            if metadata.is_dir() { "it is a folder" } else { "it is a device, a pipe or a socket" };
        return Err(format!("`{shown}` is not a regular file: {kind}"));
    }
    fs::File::open(&real).map_err(os)?;
    Ok(real)
}

/// Where a file of this path is to be written: its folder, which need not be there yet, lies below `root` after links
/// are followed.
///
/// # Errors
/// A place outside of the root, or one that cannot hold a file: a message with the path.
pub fn destination(folder: &Path, name: &Path, root: &Path, path: &str) -> Result<PathBuf, String> {
    let shown = name.join(path);
    let shown = shown.display();
    let os = |error: io::Error| format!("cannot write `{shown}`: {}", reason(&error));
    let path = Path::new(path);
    let file = path.file_name().ok_or_else(|| format!("`{shown}` is no name for a file"))?;
    let root = fs::canonicalize(root).map_err(os)?;
    let mut place = fs::canonicalize(folder).map_err(os)?;
    for component in path.parent().into_iter().flat_map(Path::components) {
        if component == Component::ParentDir {
            place.pop();
            continue;
        }
        place.push(component);
        match fs::canonicalize(&place) {
            Ok(real) => place = real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(os(error)),
        }
    }
    if !place.starts_with(&root) {
        return Err(format!("`{shown}` is outside of the project's folder"));
    }
    let place = place.join(file);
    if place.is_dir() {
        return Err(format!("cannot write `{shown}`: it is a folder"));
    }
    Ok(place)
}

/// The operating system's words without its number, in lower case.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.chars().next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(text.chars().skip(1)).collect()
    })
}

/// Whether a path that does not exist would lie below the root.
fn lexically_below(folder: &Path, root: &Path, path: &str) -> bool {
    let mut place = folder.to_owned();
    for component in Path::new(path).components() {
        match component {
            Component::ParentDir => {
                place.pop();
            }
            other => place.push(other),
        }
    }
    place.starts_with(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Result<&str, &str>) {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("scenarios");
        fs::create_dir_all(folder.join("inner")).expect("a folder");
        fs::write(folder.join("a.txt"), "a").expect("a file");
        std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).expect("a link");
        std::os::unix::fs::symlink("loop", folder.join("loop")).expect("a link");
        let found = resolve(&folder, Path::new("scenarios"), root.path(), path);
        match expected {
            Ok(end) => assert!(found.expect(path).ends_with(end)),
            Err(part) => {
                let message = found.expect_err(path);
                assert!(message.contains(part), "{path}: {message}");
            }
        }
    }

    #[test]
    fn a_path_must_be_a_readable_regular_file_below_the_root() {
        check("a.txt", Ok("scenarios/a.txt"));
        check("inner/../a.txt", Ok("scenarios/a.txt"));
        check("b.txt", Err("there is no file"));
        check("../../../../../../etc/passwd", Err("outside of the project's folder"));
        check("../../no-such-file", Err("outside of the project's folder"));
        check("/etc/passwd", Err("outside of the project's folder"));
        check("link", Err("outside of the project's folder"));
        check("/dev/zero", Err("outside of the project's folder"));
        check("inner", Err("it is a folder"));
        check("loop", Err("symbolic links"));
        check("a.txt\0", Err("cannot read"));
        check("~/a.txt", Err("there is no file"));
    }

    #[track_caller]
    fn check_destination(path: &str, expected: Result<&str, &str>) {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("scenarios");
        fs::create_dir_all(folder.join("inner.txt")).expect("a folder");
        fs::write(folder.join("a.txt"), "a").expect("a file");
        std::os::unix::fs::symlink("/etc", folder.join("etc")).expect("a link");
        std::os::unix::fs::symlink("..", folder.join("up")).expect("a link");
        let found = destination(&folder, Path::new("scenarios"), root.path(), path);
        match expected {
            Ok(end) => {
                let real = root.path().canonicalize().expect("a folder");
                assert_eq!(found.expect(path), real.join(end));
            }
            Err(message) => assert_eq!(found.expect_err(path), message),
        }
    }

    #[test]
    fn a_file_is_written_below_the_root_wherever_links_lead() {
        let outside = |path: &str| {
            let message = format!("`scenarios/{path}` is outside of the project's folder");
            check_destination(path, Err(&message));
        };
        check_destination("a.txt", Ok("scenarios/a.txt"));
        check_destination("new/er/b.txt", Ok("scenarios/new/er/b.txt"));
        check_destination("new/../b.txt", Ok("scenarios/b.txt"));
        check_destination("../b.txt", Ok("b.txt"));
        check_destination("up/b.txt", Ok("b.txt"));
        outside("../../b.txt");
        outside("up/../b.txt");
        outside("etc/b.txt");
        outside("new/../../../b.txt");
        check_destination("/etc/b.txt", Err("`/etc/b.txt` is outside of the project's folder"));
        check_destination("", Err("`scenarios/` is no name for a file"));
        check_destination("..", Err("`scenarios/..` is no name for a file"));
        check_destination("inner.txt", Err("cannot write `scenarios/inner.txt`: it is a folder"));
    }
}
