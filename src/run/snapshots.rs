//! Files of snapshots: read, compared, and written where that is wanted.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::expect::{Evidence, Snapshot, Stored};
use crate::mask::Masks;
use crate::outcome::{Fault, WrittenSnapshot};
use crate::scenario::files::{self, reason};

/// The largest file of a snapshot, in bytes: more than one that was written can have.
const LARGEST: u64 = 8 << 20;

/// What becomes of snapshots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SnapshotMode {
    /// They are compared; one that is missing is written.
    #[default]
    WriteMissing,
    /// They are written instead of compared.
    Update,
    /// They are compared; none is written, and one that is missing fails.
    Never,
}

/// The snapshots of a run. Clones share what became of them.
#[derive(Clone, Debug, Default)]
pub struct Snapshots {
    mode: SnapshotMode,
    used: Arc<Mutex<HashMap<PathBuf, Used>>>,
}

/// A file that a step of this run has named.
#[derive(Debug)]
struct Used {
    /// The file and the place of the expectation.
    by: (PathBuf, usize),
    /// What this run takes for right: it has written it, or would have.
    content: Option<Stored>,
    is_written: bool,
}

/// What the steps of a scenario say to its snapshots.
#[derive(Clone, Debug)]
pub(super) struct Keeper {
    pub(super) snapshots: Snapshots,
    /// The folder that no file may leave.
    pub(super) root: PathBuf,
    /// What may not stand in a snapshot.
    pub(super) masks: Masks,
    /// What may be written nowhere: a superset, which depends on what runs beside.
    pub(super) all_masks: Masks,
}

/// A response that becomes a snapshot once all that its step says of it holds.
#[derive(Debug)]
pub(super) struct Draft {
    place: PathBuf,
    shown: String,
    content: String,
}

impl Snapshots {
    /// None is used yet.
    #[must_use]
    pub fn new(mode: SnapshotMode) -> Self {
        Self { mode, used: Arc::default() }
    }

    /// The files that were written.
    #[must_use]
    pub fn written(&self) -> Vec<PathBuf> {
        let used = self.lock();
        let written = used.iter().filter(|(_, used)| used.is_written);
        written.map(|(path, _)| path.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Used>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    /// Compares a response with its snapshot; gives it back where it is to be written.
    pub(super) fn judge(
        &self,
        snapshot: &Snapshot<'_>,
        evidence: &Evidence<'_>,
    ) -> Result<Option<Draft>, Box<Fault>> {
        let path = snapshot.path();
        let source = snapshot.scenario().source();
        let folder = files::folder(source.path());
        let name = Path::new(source.name()).parent().unwrap_or(Path::new(""));
        let shown = name.join(&path).display().to_string();
        let invalid = |message: String| snapshot.invalid(message);
        let place = files::destination(&folder, name, &self.root, &path).map_err(invalid)?;
        let settled = self.claim(snapshot, &place)?;
        let content = snapshot.content(evidence, &self.masks)?;
        if let Some(stored) = settled {
            return refused(snapshot.difference((&stored, true), &content, &shown));
        }
        if self.snapshots.mode != SnapshotMode::Update {
            if place.symlink_metadata().is_ok() {
                let file = files::resolve(&folder, name, &self.root, &path).map_err(invalid)?;
                let stored = read(&file, &shown).map_err(invalid)?;
                return refused(snapshot.difference((&stored, false), &content, &shown));
            }
            if self.snapshots.mode == SnapshotMode::Never {
                return Err(snapshot.missing(&shown));
            }
        }
        Ok(Some(Draft { place, shown, content }))
    }

    /// No two steps have one snapshot; gives what this run has written for this one.
    fn claim(&self, snapshot: &Snapshot<'_>, place: &Path) -> Result<Option<Stored>, Box<Fault>> {
        let source = snapshot.scenario().source();
        let by = (source.path().canonicalize().unwrap_or_default(), snapshot.start());
        let mut used = self.snapshots.lock();
        let new = || Used { by: by.clone(), content: None, is_written: false };
        let used = used.entry(place.to_owned()).or_insert_with(new);
        if used.by != by {
            let line = source.position(used.by.1).line;
            let message =
                format!("snapshot `{}` is that of another step, at line {line}", snapshot.name);
            let help = "each has a file of its own: give each its own name";
            return Err(snapshot.refused(message, Some(help)));
        }
        Ok(used.content.clone())
    }

    /// Writes a snapshot, unless it is there as it is.
    pub(super) fn write(
        &self,
        snapshot: &Snapshot<'_>,
        step: &str,
        draft: &Draft,
    ) -> Result<Option<WrittenSnapshot>, Box<Fault>> {
        let Draft { place, shown, content } = draft;
        let mut used = self.snapshots.lock();
        let Some(used) = used.get_mut(place) else { return Ok(None) };
        // The same step may have done it meanwhile, for another row.
        if let Some(stored) = &used.content {
            return refused(snapshot.difference((stored, true), content, shown)).map(|_| None);
        }
        let text = snapshot.file(content, step, &self.masks);
        if self.all_masks.text(&text) != text.as_str() {
            let message =
                format!("`{shown}` would hold what another scenario captured as a secret");
            let help = "capture it with `secret: true` here as well, or `ignore` it";
            return Err(snapshot.refused(message, Some(help)));
        }
        used.content = Some(Stored::written(content));
        let there = fs::read_to_string(place).ok();
        if there.as_ref().is_some_and(|there| there.replace("\r\n", "\n") == text) {
            return Ok(None);
        }
        store(place, text.as_bytes()).map_err(|error| {
            snapshot.invalid(format!("cannot write `{shown}`: {}", reason(&error)))
        })?;
        used.is_written = true;
        let is_new = there.is_none();
        Ok(Some(WrittenSnapshot { path: shown.clone(), is_new }))
    }
}

fn refused(fault: Option<Box<Fault>>) -> Result<Option<Draft>, Box<Fault>> {
    fault.map_or(Ok(None), Err)
}

/// Reads the file of a snapshot.
fn read(file: &Path, shown: &str) -> Result<Stored, String> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read `{shown}`: {}", reason(&error)))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("`{shown}` is larger than {} MiB, and no snapshot", LARGEST >> 20));
    }
    let text = String::from_utf8(bytes).ok();
    text.and_then(|text| Stored::read(&text)).ok_or_else(|| {
        format!("`{shown}` is no snapshot, as it does not begin like one: `--update-snapshots` writes it anew")
    })
}

/// Writes a file in one move; its folder is made. What a link leads to is not written to: the link is replaced.
fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".callsheet-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
