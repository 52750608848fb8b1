//! `report` of the project file: the reports that every run writes.

use super::decode::{Decoder, Keys, Located};
use super::yaml::Node;

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JUnit XML.
    Junit,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Junit];

    /// Its name, in the project file and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Junit => "junit",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether it tells of the exchanges of steps that passed.
    #[must_use]
    pub fn tells_exchanges(self) -> bool {
        match self {
            Self::Junit => false,
        }
    }
}

const KEYS: Keys = Keys {
    what: "`report`",
    known: &["junit"],
    later: &["tap", "json", "html", "har", "markdown", "github"],
};

/// A report of every run.
#[derive(Clone, Debug)]
pub struct ReportFile {
    /// Its format.
    pub format: Format,
    /// Its path, relative to the project's folder.
    pub path: Located<String>,
}

/// Reads the paths by their formats.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Vec<ReportFile>> {
    let mut files: Vec<ReportFile> = Vec::new();
    for entry in d.map(node, &KEYS)? {
        let (Some(format), Some(path)) =
            (Format::named(&entry.key), d.plain(&entry.value, "the path of a report"))
        else {
            continue;
        };
        if path.value.is_empty() {
            d.error(path.at, "the path of a report is empty", "write it like `target/junit.xml`");
        } else if let Some(other) = files.iter().find(|other| other.path.value == path.value) {
            let message = format!("`{}` goes to the path of `{}`", entry.key, other.format.name());
            d.error(path.at, message, "give each report a file of its own");
        } else {
            files.push(ReportFile { format, path });
        }
    }
    Some(files)
}
