//! The lines of a journal: what happened in a run as reports tell it, with nothing in it that may not be shown.
//!
//! Texts are as they came, masked; a report does away with what its own format cannot hold. Times are milliseconds.

use serde::{Deserialize, Serialize};

use super::{AccessCell, Asked, Coverage, Section, State, WrittenSnapshot};

/// The version of the journal's form. A reader takes this one and those before it.
pub const VERSION: u32 = 1;

/// A line of a journal: an object of one member, whose name says what happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A run began. It is the first line.
    RunStarted(RunStarted),
    /// A scenario began.
    ScenarioStarted {
        /// Which: its place in the list of the first line, from 0.
        scenario: usize,
        /// What it is, where that list does not say so: what the project's `setup` leaves to be undone, for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned: Option<PlannedRecord>,
    },
    /// A file in which a step failed, once, before that step.
    Source {
        /// The file, from the project's folder.
        file: String,
        /// Its text, with what its keys say is a credential replaced.
        text: String,
    },
    /// A step is over, or did not run.
    StepFinished {
        /// Of which scenario.
        scenario: usize,
        /// What came of it.
        step: Box<StepRecord>,
    },
    /// A scenario is over.
    ScenarioFinished {
        /// Which.
        scenario: usize,
        /// What came of it.
        state: State,
        /// From its first step to its last, in its last run.
        duration: f64,
        /// How often it ran, for `--retries`; 0 if it did not.
        runs: u32,
    },
    /// The run is over. It is the last line, unless the program was killed.
    RunFinished {
        /// The time it took.
        duration: f64,
        /// Why it ended before all was run: `interrupted`, `timed out`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut: Option<String>,
        /// Whether the seed was used.
        random: bool,
    },
}

/// What is known when a run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`VERSION`].
    pub journal: u32,
    /// The version of the program.
    pub version: String,
    /// Names the run: `run.id`.
    pub id: String,
    /// When it began, as RFC 3339 writes it.
    pub started: String,
    /// What fixes all that is random.
    pub seed: u64,
    /// The part of the run that this is, where several machines share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardRecord>,
    /// What there is to ask for in the project's OpenAPI document, nothing of it asked yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// What is to run, in its order.
    pub scenarios: Vec<PlannedRecord>,
}

/// A part of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRecord {
    /// Which, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
    /// What all of them are, as a digest: it is the same in every part of one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<String>,
}

/// A scenario that is to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRecord {
    /// Its name, with what tells its row from others.
    pub name: String,
    /// Its file, from the project's folder.
    pub file: String,
    /// The line of its name.
    pub line: usize,
    /// Which of its runs this is, from 1, where `--repeat` makes it run several times; its name ends in ` #1` then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition: Option<u32>,
    /// Its place in the whole run, of which this may be a part, from 0.
    pub position: usize,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl PlannedRecord {
    /// Its name without the number of a repetition.
    #[must_use]
    pub fn plain_name(&self) -> &str {
        match self.repetition {
            Some(number) => self.name.strip_suffix(&format!(" #{number}")).unwrap_or(&self.name),
            None => &self.name,
        }
    }
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The list it stands in.
    pub section: Section,
    /// Its name, expressions evaluated.
    pub name: String,
    /// The file it stands in, from the project's folder.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The step of the scenario that it ran for, where it is one of a file that the scenario uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<PlaceRecord>,
    /// What came of it.
    pub state: State,
    /// When it began, after the run did.
    pub start: f64,
    /// The time it took.
    pub duration: f64,
    /// Which attempt of its `retry` this was, from 1.
    pub attempt: u32,
    /// Whether its scenario failed this time, and ran again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rerun: bool,
    /// Why it did not run, or was not tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The cell of an access-control matrix that it fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessCell>,
    /// The snapshot that it wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<WrittenSnapshot>,
    /// What its exchanges asked for in that document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<Asked>,
    /// What was wrong, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultRecord>,
    /// The failure as a terminal shows it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How many requests were sent, each hop of a redirect one.
    pub requests: usize,
    /// The hosts that were believed without a look at their certificates, one for each such request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unverified: Vec<String>,
    /// What was sent and what came, where it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeRecord>,
    /// What the session did with cookies, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<String>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceRecord {
    /// The file, from the project's folder.
    pub file: String,
    /// The line.
    pub line: usize,
}

impl StepRecord {
    /// Does something with each text that may hold what a person or a server wrote.
    pub fn texts(&mut self, change: &mut dyn FnMut(&mut String)) {
        [Some(&mut self.name), self.reason.as_mut(), self.failure.as_mut()]
            .into_iter()
            .flatten()
            .chain(self.access.iter_mut().map(|cell| &mut cell.row))
            .chain(self.snapshot.iter_mut().map(|snapshot| &mut snapshot.path))
            .chain(&mut self.unverified)
            .chain(&mut self.cookies)
            .chain(self.faults.iter_mut().flat_map(|fault| [&mut fault.message, &mut fault.label]))
            .for_each(&mut *change);
        let Some(exchange) = &mut self.exchange else { return };
        exchange.error.iter_mut().chain(&mut exchange.curl).for_each(&mut *change);
        for body in exchange.sent.iter_mut().chain(&mut exchange.body) {
            let BodyRecord { media_type, text, .. } = body;
            media_type.iter_mut().chain(text).for_each(&mut *change);
        }
        for hop in &mut exchange.hops {
            change(&mut hop.url);
            let answered = hop.answer.iter_mut().flat_map(|answer| &mut answer.headers);
            for (name, value) in hop.headers.iter_mut().chain(answered) {
                change(name);
                change(value);
            }
        }
    }
}

/// Something that was wrong with a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// What, in a sentence.
    pub message: String,
    /// What was wanted, where that is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// `expectation.status`, `transport.connect`, `invalid`, `interrupted`, `internal`.
    pub kind: String,
    /// The file of what was not met.
    pub file: String,
    /// Its line.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

impl FaultRecord {
    /// What was wrong and what was wanted, in one line.
    #[must_use]
    pub fn told(&self) -> String {
        match self.label.as_str() {
            "" => self.message.clone(),
            label => format!("{}, {label}", self.message),
        }
    }
}

/// An exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExchangeRecord {
    /// Each request that was sent, in order.
    pub hops: Vec<HopRecord>,
    /// The body that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<BodyRecord>,
    /// The body that came last, decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyRecord>,
    /// Why no whole answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// From the call to the result.
    pub duration: f64,
    /// The curl command that sends the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curl: Option<String>,
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HopRecord {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The header fields of the request, name and value.
    pub headers: Vec<(String, String)>,
    /// Bytes of the request's body.
    pub sent: u64,
    /// The answer's head, if it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerRecord>,
    /// Where the time went.
    pub timing: TimingRecord,
    /// The address that was connected to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// Whether a kept connection was used.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reused: bool,
    /// The version of TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRecord {
    /// `HTTP/1.1`.
    pub version: String,
    /// The status code.
    pub status: u16,
    /// The header fields, name and value.
    pub headers: Vec<(String, String)>,
}

/// The times of a request: each of its own phase, but `first_byte` and `total` from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TimingRecord {
    /// When it began, after the exchange did.
    pub start: f64,
    /// Looking up the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<f64>,
    /// The TCP handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<f64>,
    /// The TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<f64>,
    /// To the first byte of the answer; 0 if none came.
    pub first_byte: f64,
    /// To the end of the body.
    pub total: f64,
}

/// A body, or its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyRecord {
    /// Bytes of the whole.
    pub size: u64,
    /// Its media type, as the header says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Its text, where it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its bytes in base64, where it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Whether it is longer than what stands here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cut: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}
