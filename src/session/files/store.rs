//! A file with cookies lets whoever reads it sign in: it is for its owner alone, and there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file in one move, with mode 600 also where one with another mode was there; folders that are missing are
/// made.
///
/// # Errors
/// What the system says; what was there before stands then.
pub fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Mode 600 from its creation.
    let mut file =
        tempfile::Builder::new().prefix(".callsheet-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_is_its_owners_alone_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b/cookies.txt");
        for text in ["first", "second"] {
            store(&path, text.as_bytes()).expect("stored");
            assert_eq!(fs::read_to_string(&path).expect("a file"), text);
            let metadata = fs::symlink_metadata(&path).expect("a file");
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
            // The second time another file, with another mode, is in its place.
            fs::remove_file(&path).expect("removed");
            symlink("/dev/null", &path).expect("a link");
        }
        assert_eq!(fs::read_dir(folder.path().join("a/b")).expect("a folder").count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_put_in_place_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("cookies.txt")).expect("a folder");
        store(&folder.path().join("cookies.txt"), b"x").expect_err("a folder is in its place");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
