//! Files that a scenario names: where they are, and that they may be read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::decode::{Decoder, Text};
use super::yaml::Node;

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

const RULE: &str =
    "a path is relative to the file it stands in, and must stay below the project's folder";

/// Reads a path; one without templates is looked up at once.
pub(super) fn reference(d: &Decoder<'_>, node: &Node) -> Option<FileReference> {
    let path = d.text(node, "a path")?;
    let name = Path::new(d.source().name()).parent().unwrap_or(Path::new("")).to_owned();
    let file = FileReference { path, folder: folder(d.source().path()), name };
    if let Some(literal) = file.path.value.literal()
        && let Err(message) = resolve(&file.folder, &file.name, d.root(), literal)
    {
        d.error_help(node.at, message, "", RULE);
        return None;
    }
    Some(file)
}

/// Reads a path that may not hold expressions, and follows it to its file.
pub(super) fn literal(d: &Decoder<'_>, node: &Node) -> Option<PathBuf> {
    let path = d.plain(node, "a path")?;
    let name = Path::new(d.source().name()).parent().unwrap_or(Path::new(""));
    let found = resolve(&folder(d.source().path()), name, d.root(), &path.value);
    found.map_err(|message| d.error_help(path.at, message, "", RULE)).ok()
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
            std::path::Component::ParentDir => {
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
}
