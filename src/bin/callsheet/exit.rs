//! The exit codes: documented and stable.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Every scenario passed.
    Passed,
    /// A scenario failed.
    Failed,
    /// A scenario, the project file or the usage is invalid: nothing was sent.
    Invalid,
    /// An internal error, or a report that could not be written.
    Internal,
    /// No scenario was selected.
    NothingToRun,
    /// The project's `server` did not become ready.
    ServerNotReady,
    /// Stopped by SIGINT.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
}

impl Exit {
    /// The code, as a shell sees it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Invalid => 2,
            Self::Internal => 3,
            Self::NothingToRun => 4,
            Self::ServerNotReady => 5,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
