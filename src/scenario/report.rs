//! `report` of the project file: the reports that every run writes.

use super::decode::{Decoder, Keys, Located};
use super::yaml::Node;

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JUnit XML.
    Junit,
    /// TAP, version 14.
    Tap,
    /// Everything, as JSON.
    Json,
    /// One page with everything, for a person.
    Html,
    /// HAR 1.2.
    Har,
    /// A summary in Markdown.
    Markdown,
    /// Annotations for GitHub Actions.
    Github,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Junit, Self::Tap, Self::Json, Self::Html, Self::Har, Self::Markdown, Self::Github];

    /// Its name, in the project file and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Tap => "tap",
            Self::Json => "json",
            Self::Html => "html",
            Self::Har => "har",
            Self::Markdown => "markdown",
            Self::Github => "github",
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
            Self::Junit | Self::Tap | Self::Markdown | Self::Github => false,
            Self::Json | Self::Html | Self::Har => true,
        }
    }
}

const KEYS: Keys = Keys {
    what: "`report`",
    known: &["junit", "tap", "json", "html", "har", "markdown", "github"],
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
