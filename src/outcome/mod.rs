//! What happened, as data: events, the lines that a journal keeps of them, and the outcome that is their fold.

mod compare;
mod fold;
mod masking;
mod miss;
pub mod record;
mod summary;

use std::sync::Arc;
use std::time::Duration;

pub use compare::{Comparison, Slower, Times};
pub use fold::{Outcome, RunOutcome, ScenarioOutcome};
pub(crate) use masking::learn;
pub use masking::{Detail, Masking};
pub use miss::{
    Actual, DiffLine, Difference, HtmlPart, LineDifferences, MOST_DIFFERENCES, MOST_LINES, Miss,
    Nearest, Reached, Side, Subject, Unit, Via, Wanted,
};
pub use summary::{Counts, Summary};

pub use crate::mask::{Fingerprints, MASK};

use serde::{Deserialize, Serialize};

use crate::http::{Exchange, Failure};
pub use crate::openapi::{Asked, Coverage, OperationCoverage};
pub use crate::session::{CookieFate, CookieNote, Reason};
use crate::source::{Source, Span};
use crate::value::Value;

/// A place in a file of the user's.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The piece of its text.
    pub span: Span,
}

impl Place {
    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.source.position(self.span.start).line
    }
}

/// Something that happened in a run. `scenario` counts from 0 in the order of the plan, the project's `setup` before and its
/// `teardown` behind it.
#[derive(Debug)]
pub enum Event {
    /// A scenario began.
    ScenarioStarted {
        /// Which.
        scenario: usize,
        /// Its name.
        name: String,
        /// Where its name stands.
        place: Place,
        /// The regular expression that `--name` takes for it alone, where its file makes several scenarios.
        select: Option<String>,
    },
    /// A step began.
    StepStarted {
        /// Of which scenario.
        scenario: usize,
        /// The step's name.
        name: String,
    },
    /// Bytes pass, and have done so for a while.
    Transfer {
        /// Of which scenario.
        scenario: usize,
        /// Bytes of the request so far.
        sent: u64,
        /// Bytes of the answer so far.
        received: u64,
    },
    /// A step is over, or did not run.
    StepFinished {
        /// Of which scenario.
        scenario: usize,
        /// What came of it.
        step: Box<StepOutcome>,
    },
    /// A scenario is over.
    ScenarioFinished {
        /// Which.
        scenario: usize,
        /// What came of it.
        state: State,
        /// From its first step to its last, in its last run.
        duration: Duration,
        /// How often it ran, for `--retries`; 0 if it did not.
        runs: u32,
    },
}

/// What came of a step or a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All held.
    Passed,
    /// Something did not.
    Failed,
    /// It did not run, because of what failed before it.
    NotRun,
    /// It did not run, as its scenario says.
    Skipped,
    /// It failed, or was part of what failed, and was tried again.
    Retried,
}

/// The list that a step stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// `setup`
    Setup,
    /// `steps`
    Steps,
    /// `cleanup` of a step
    Cleanup,
    /// `teardown`
    Teardown,
}

/// What came of a step.
#[derive(Debug)]
pub struct StepOutcome {
    /// The list it stands in.
    pub section: Section,
    /// Its name, expressions evaluated.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What came of it.
    pub state: State,
    /// What was wrong, in the order of the file; empty unless it failed.
    pub faults: Vec<Fault>,
    /// The time it took.
    pub duration: Duration,
    /// The exchange, for a request step that was sent.
    pub exchange: Option<Box<Exchange>>,
    /// The request's body, as far as reports tell of it.
    pub sent_body: Option<SentBody>,
    /// The values that the step used; only where it failed.
    pub values: Vec<UsedValue>,
    /// What the session did with cookies, at all hops of the exchange.
    pub cookies: Vec<CookieNote>,
    /// What a `session` step did with cookies.
    pub by_hand: Vec<ByHand>,
    /// The snapshot that it wrote.
    pub snapshot: Option<Box<WrittenSnapshot>>,
    /// Why it did not run, or was not tried again.
    pub reason: Option<String>,
    /// Which attempt of its `retry` this was, from 1.
    pub attempt: u32,
    /// Whether its scenario failed this time, and ran again.
    pub rerun: bool,
    /// For a step with `access`: the session that it ran in this time, and what it wanted.
    pub access: Option<AccessCell>,
    /// The step of the scenario that it ran for, where it is one of a file that the scenario uses.
    pub asked: Option<Place>,
    /// What its requests asked for of the project's OpenAPI document.
    pub covers: Vec<Asked>,
}

/// What is kept of a body that no failure shows; reports show less of it, so that a secret that is cut is not seen.
const KEPT_BODY: usize = 64 * 1024;

impl StepOutcome {
    /// Lets go of what no report shows of a step that did not fail; until its scenario is over it may wait to be told.
    pub fn let_go(&mut self) {
        if self.state != State::Passed {
            return;
        }
        if let Some(exchange) = &mut self.exchange
            && let Ok(response) = &mut exchange.result
            && response.body.len() > KEPT_BODY
        {
            // A slice would keep all of it.
            response.body = bytes::Bytes::copy_from_slice(&response.body[..KEPT_BODY]);
        }
    }
}

/// A snapshot that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenSnapshot {
    /// Its path, as messages show it.
    pub path: String,
    /// Whether there was none before.
    pub is_new: bool,
}

/// What was done with cookies by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// What: `dropped`, `loaded`.
    pub what: &'static str,
    /// With which, by their names.
    pub names: Vec<String>,
    /// Which one was not there.
    pub missing: Option<String>,
}

/// What was sent as the body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentBody {
    /// These bytes, or as many of them as fit into a report.
    Bytes(bytes::Bytes),
    /// The file of this path.
    File(String),
    /// Fields and files.
    Parts(Vec<SentPart>),
}

impl SentBody {
    /// The bytes, where they are at hand.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::File(_) | Self::Parts(_) => None,
        }
    }
}

/// A part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentPart {
    /// A field.
    Text {
        /// Its name.
        name: String,
        /// What it says.
        text: String,
    },
    /// A file.
    File {
        /// The field's name.
        name: String,
        /// The file's path, as messages show it.
        path: String,
        /// The name that was told.
        filename: String,
        /// The media type that was told.
        content_type: String,
    },
}

/// A cell of an access-control matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessCell {
    /// The row: the step's name.
    pub row: String,
    /// The column: the session's name.
    pub session: String,
    /// The status that it was to get: `403`, `2xx`.
    pub wanted: String,
}

/// A value that a step used.
#[derive(Clone, Debug, PartialEq)]
pub struct UsedValue {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Where the value came from: "from `vars` at login.yaml:5".
    pub origin: String,
}

/// Something that was wrong with a step.
#[derive(Debug)]
pub enum Fault {
    /// An expectation that did not hold.
    Miss(Miss),
    /// No response came, or not a whole one.
    Transport {
        /// Where the request line stands.
        place: Place,
        /// What went wrong.
        failure: Failure,
    },
    /// The step could not be done as it is written: an expression without a value, a capture that found nothing.
    Invalid {
        /// Where.
        place: Place,
        /// What, lower case, names in backticks.
        message: String,
        /// What stands beside the caret.
        label: String,
        /// What to do, where that is known.
        help: Option<String>,
    },
    /// The step did not come to its end, through no fault of its own.
    BrokenOff {
        /// The step.
        place: Place,
        /// Why.
        message: String,
        /// What broke it off.
        by: Breaker,
    },
}

/// What breaks a step off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// A signal, or the end of the run's time.
    EndOfRun,
    /// A defect of the program itself.
    Defect,
}
