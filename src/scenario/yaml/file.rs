//! From a path to a text: what is no regular file, too large or not UTF-8 is refused here.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// The largest text that is read.
pub const MAX_BYTES: usize = 1 << 20;

/// Reads the text of a file, which messages call `name`.
///
/// # Errors
/// The file is missing, cannot be read, is no regular file, is too large or is not UTF-8.
pub fn read_file(path: &Path, name: &str) -> Result<Source, Diagnostic> {
    read_file_up_to(path, name, MAX_BYTES)
}

/// As [`read_file`], of a file that may have this many bytes.
///
/// # Errors
/// As [`read_file`].
pub fn read_file_up_to(path: &Path, name: &str, most: usize) -> Result<Source, Diagnostic> {
    // A FIFO would block the open, and a device never ends: the kind is asked for first.
    let facts = fs::metadata(path).map_err(|error| unreadable(name, &error))?;
    if !facts.is_file() {
        return Err(irregular(name, facts.file_type()));
    }
    if facts.len() > most as u64 {
        return Err(too_large(name, facts.len(), most));
    }
    let file = File::open(path).map_err(|error| unreadable(name, &error))?;
    // As much room as it needs: a suite keeps thousands of texts.
    let room = usize::try_from(facts.len()).unwrap_or(0).min(most) + 1;
    let mut bytes = Vec::with_capacity(room);
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    // A file may grow while it is read, and those of /proc have no size.
    if bytes.len() > most {
        return Err(too_large(name, bytes.len() as u64, most));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, path, text)),
        Err(error) => Err(not_utf8(path, name, error.utf8_error().valid_up_to(), error.as_bytes())),
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Diagnostic {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    Diagnostic::error(format!("cannot read `{name}`: {}", text.to_lowercase()))
}

fn irregular(name: &str, kind: fs::FileType) -> Diagnostic {
    let what = if kind.is_dir() { "a folder" } else { special(kind) };
    Diagnostic::error(format!("cannot read `{name}`: it is {what}, not a file"))
}

#[cfg(unix)]
fn special(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: fs::FileType) -> &'static str {
    "a device"
}

pub(super) fn too_large(name: &str, len: u64, most: usize) -> Diagnostic {
    let size = match len {
        0..0x20_0000 => format!("{len} bytes"),
        _ => format!("{} MiB", len >> 20),
    };
    Diagnostic::error(format!("`{name}` is too large: {size}, at most {} MiB is read", most >> 20))
        .help("split it into several files; keep rows in a file that `cases` names, bodies in one that `file` names")
}

fn not_utf8(path: &Path, name: &str, offset: usize, bytes: &[u8]) -> Diagnostic {
    let lossy = String::from_utf8_lossy(bytes);
    let mark = if lossy.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let source = Arc::new(Source::new(name, path, lossy));
    let at = offset.saturating_sub(mark);
    let wide = source.text()[at..].chars().next().map_or(0, char::len_utf8);
    let byte = bytes[offset];
    let (guess, label) = guess(bytes, byte);
    let mut found = Diagnostic::error(format!("`{name}` is not UTF-8"))
        .at(&source, Span::new(at, at + wide), label)
        .note("note", format!("the first such byte is 0x{byte:02x}, at byte {offset} of the file"));
    if let Some(guess) = guess {
        found = found.note("note", format!("it looks like {guess}"));
    }
    found.help("save the file as UTF-8")
}

/// What the encoding may be, and what the byte says.
fn guess(bytes: &[u8], byte: u8) -> (Option<&'static str>, String) {
    let plain = "not UTF-8 from here on".to_owned();
    match bytes {
        [0xff, 0xfe, ..] => return (Some("UTF-16, little-endian"), plain),
        [0xfe, 0xff, ..] => return (Some("UTF-16, big-endian"), plain),
        _ => {}
    }
    match byte {
        0xa0..=0xff => (
            Some("Latin-1 or Windows-1252"),
            format!("this byte is `{}` in Latin-1", char::from(byte)),
        ),
        0x80..=0x9f => (Some("Windows-1252"), plain),
        _ => (None, plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], message: &str, place: Option<(usize, usize)>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        fs::write(&path, bytes).unwrap();
        let found = read_file(&path, "a.yaml").unwrap_err();
        assert_eq!(found.message, message);
        let at = found.primary.map(|label| label.source.position(label.span.start));
        assert_eq!(at.map(|at| (at.line, at.column)), place);
    }

    #[test]
    fn bytes_that_are_no_text() {
        check(b"name: caf\xe9\n", "`a.yaml` is not UTF-8", Some((1, 10)));
        check(b"\xef\xbb\xbfa: 1\nb: \x93x\x94", "`a.yaml` is not UTF-8", Some((2, 4)));
        check(b"\xff\xfea\0", "`a.yaml` is not UTF-8", Some((1, 1)));
        let large = vec![b' '; MAX_BYTES + 1];
        check(&large, "`a.yaml` is too large: 1048577 bytes, at most 1 MiB is read", None);
    }

    #[test]
    fn a_file_at_the_limit_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        fs::write(&path, vec![b' '; MAX_BYTES]).unwrap();
        assert!(read_file(&path, "a.yaml").is_ok());
    }

    #[test]
    fn what_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let message = |path: &Path| read_file(path, "x").unwrap_err().message;
        assert_eq!(message(folder.path()), "cannot read `x`: it is a folder, not a file");
        assert_eq!(
            message(&folder.path().join("none")),
            "cannot read `x`: no such file or directory"
        );
        if cfg!(unix) {
            assert_eq!(
                message(Path::new("/dev/zero")),
                "cannot read `x`: it is a device, not a file"
            );
            let pipe = folder.path().join("pipe");
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            assert_eq!(message(&pipe), "cannot read `x`: it is a named pipe, not a file");
        }
    }
}
