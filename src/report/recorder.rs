//! Events as the lines of a journal: masked, cut to what a report shows, and without anything of the program's own.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, header};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::failure::{self, Of};
use super::{Style, cookies, curl, exchange, mask};
use crate::http::{Exchange, Hop, Timing};
use crate::mask::Masks;
use crate::outcome::record::{
    AnswerRecord, BodyRecord, ExchangeRecord, FaultRecord, HopRecord, Line, PlaceRecord,
    PlannedRecord, RunStarted, ShardRecord, StepRecord, TimingRecord, VERSION,
};
use crate::outcome::{
    Breaker, Coverage, Event, Fault, Fingerprints, Miss, Place, SentBody, State, StepOutcome,
    Subject,
};
use crate::plan::shard::Shard;
use crate::plan::{Plan, Planned};
use crate::scenario::{Scenario, credentials};
use crate::source::Source;
use crate::template::Seed;

/// The bytes of a body that are kept of a step that failed, and of one that did not.
const FAILED_BODY: usize = 64 * 1024;
const PASSED_BODY: usize = 8 * 1024;
/// Longer files are not shown whole,
const LONGEST_SOURCE: usize = 128 * 1024;
/// nor more of them than this together: reports hold them all.
const MOST_SOURCES: usize = 8 * 1024 * 1024;

/// What is known of a run before its first event.
#[derive(Clone, Debug)]
pub struct Run {
    /// Names it.
    pub id: String,
    /// When it began.
    pub started: SystemTime,
    /// What fixes all that is random.
    pub seed: Seed,
    /// The part that this is.
    pub shard: Option<Shard>,
    /// The options that it was given, each with a space before it.
    pub options: String,
}

/// Makes lines of events.
#[derive(Debug)]
pub struct Recorder {
    run: Run,
    prints: Fingerprints,
    /// Whether the exchanges of steps that passed are recorded.
    whole: bool,
    listed: usize,
    /// The files whose texts are recorded.
    sources: HashSet<String>,
    /// How many bytes of them may come yet.
    room: usize,
    /// The variables whose values they may not show.
    secret: HashSet<String>,
    known: HashMap<usize, Known>,
}

/// What a failure says of its scenario.
#[derive(Debug)]
struct Known {
    file: String,
    name: String,
    select: Option<String>,
}

impl Recorder {
    /// `whole` says whether the exchanges of steps that passed are recorded too; they have to be masked then.
    #[must_use]
    pub fn new(run: Run, prints: Fingerprints, whole: bool) -> Self {
        Self {
            run,
            prints,
            whole,
            listed: 0,
            sources: HashSet::new(),
            room: MOST_SOURCES,
            secret: HashSet::new(),
            known: HashMap::new(),
        }
    }

    /// The first line: what is to run.
    #[must_use]
    pub fn begin(&mut self, plan: &Plan, masks: &Masks) -> Line {
        self.secret = plan.secret_names();
        let parts = plan.parts.clone();
        let shard = self.run.shard.map(|Shard { number, of }| ShardRecord { number, of, parts });
        self.begin_with(planned(plan, masks), plan.coverage(), shard)
    }

    pub(super) fn begin_with(
        &mut self,
        scenarios: Vec<PlannedRecord>,
        coverage: Option<Coverage>,
        shard: Option<ShardRecord>,
    ) -> Line {
        self.listed = scenarios.len();
        Line::RunStarted(RunStarted {
            journal: VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            id: self.run.id.clone(),
            started: timestamp(self.run.started),
            seed: self.run.seed.number(),
            shard,
            coverage,
            scenarios,
        })
    }

    /// The line of an event that was masked; none if a journal does not tell it. `now` counts from the run's beginning.
    #[must_use]
    pub fn line(&mut self, event: &Event, now: Duration) -> Option<Line> {
        Some(match event {
            Event::ScenarioStarted { scenario, name, place, select } => {
                let (file, select) = (place.source.name().to_owned(), select.clone());
                self.known.insert(*scenario, Known { file, name: name.clone(), select });
                let is_listed = *scenario < self.listed;
                let planned = (!is_listed).then(|| PlannedRecord {
                    name: name.clone(),
                    file: place.source.identity().to_owned(),
                    line: place.line(),
                    repetition: None,
                    // Behind all of the plan.
                    position: usize::MAX,
                    tags: Vec::new(),
                    description: None,
                });
                Line::ScenarioStarted { scenario: *scenario, planned }
            }
            Event::StepStarted { .. } | Event::Transfer { .. } => return None,
            Event::StepFinished { scenario, step } => {
                let step = Box::new(self.step(*scenario, step, now));
                Line::StepFinished { scenario: *scenario, step }
            }
            Event::ScenarioFinished { scenario, state, duration, runs } => {
                self.known.remove(scenario);
                let duration = milliseconds(*duration);
                Line::ScenarioFinished { scenario: *scenario, state: *state, duration, runs: *runs }
            }
        })
    }

    /// The lines of the files in which this event, which was masked, says that something is wrong; each file once.
    #[must_use]
    pub fn sources(&mut self, event: &Event) -> Vec<Line> {
        let Event::StepFinished { step, .. } = event else { return Vec::new() };
        if !is_fault(step) {
            return Vec::new();
        }
        let places = step.faults.iter().map(place).chain([&step.place]);
        let new = |place: &Place| {
            let (file, text) = (place.source.identity(), place.source.text());
            let is_short = text.len() <= LONGEST_SOURCE.min(self.room);
            if !is_short || !self.sources.insert(file.to_owned()) {
                return None;
            }
            self.room -= text.len();
            let text = credentials::hidden(&place.source, &self.secret)?;
            let text = mask::urls(&text).into_owned();
            Some(Line::Source { file: file.to_owned(), text })
        };
        places.filter_map(new).collect()
    }

    /// The last line; `cut` says why the run ended before all was run, if it did.
    #[must_use]
    pub fn end(&self, duration: Duration, cut: Option<&str>) -> Line {
        Line::RunFinished {
            duration: milliseconds(duration),
            cut: cut.map(str::to_owned),
            random: self.run.seed.is_used(),
        }
    }

    fn step(&self, scenario: usize, step: &StepOutcome, now: Duration) -> StepRecord {
        let is_fault = is_fault(step);
        let hops = step.exchange.iter().flat_map(|exchange| &exchange.hops);
        let unverified = hops.clone().filter(|hop| hop.is_unverified());
        let exchange = step.exchange.as_deref().filter(|_| is_fault || self.whole);
        let kept = if is_fault { FAILED_BODY } else { PASSED_BODY };
        StepRecord {
            section: step.section,
            name: step.name.clone(),
            file: step.place.source.identity().to_owned(),
            line: step.place.line(),
            asked: step.asked.as_ref().map(|place| PlaceRecord {
                file: place.source.identity().to_owned(),
                line: place.line(),
            }),
            state: step.state,
            start: milliseconds(now.saturating_sub(step.duration)),
            duration: milliseconds(step.duration),
            attempt: step.attempt,
            rerun: step.rerun,
            reason: step.reason.clone(),
            access: step.access.clone(),
            snapshot: step.snapshot.as_deref().cloned(),
            covers: step.covers.clone(),
            faults: if is_fault { step.faults.iter().map(fault).collect() } else { Vec::new() },
            failure: is_fault.then(|| self.failure(scenario, step)),
            requests: hops.clone().count(),
            unverified: unverified
                .filter_map(|hop| hop.url.host_str().map(str::to_owned))
                .collect(),
            exchange: exchange.map(|it| self.exchange(it, step.sent_body.as_ref(), kept)),
            cookies: match is_fault || self.whole {
                true => cookies::all(step, &self.prints),
                false => Vec::new(),
            },
        }
    }

    fn failure(&self, scenario: usize, step: &StepOutcome) -> String {
        let options = super::with_seed(&self.run.options, &self.run.seed);
        let of = match self.known.get(&scenario) {
            Some(Known { file, name, select }) => {
                Of { file, name, select: select.as_deref(), options: &options }
            }
            None => {
                Of { file: step.place.source.name(), name: "", select: None, options: &options }
            }
        };
        failure::diagnostics(of, step, Style::default(), &self.prints)
    }

    fn exchange(
        &self,
        exchange: &Exchange,
        sent: Option<&SentBody>,
        kept: usize,
    ) -> ExchangeRecord {
        let first = exchange.hops.first();
        let answer = exchange.hops.last().and_then(|hop| hop.answer.as_ref());
        ExchangeRecord {
            hops: exchange.hops.iter().map(|hop| self.hop(hop)).collect(),
            sent: first.filter(|hop| hop.body_len > 0).map(|hop| {
                let bytes = sent.and_then(SentBody::bytes).unwrap_or_default();
                body(bytes, hop.body_len, &hop.headers, kept)
            }),
            body: exchange.result.as_ref().ok().filter(|response| response.size > 0).map(
                |response| {
                    let none = HeaderMap::new();
                    let headers = answer.map_or(&none, |answer| &answer.headers);
                    body(&response.body, response.size, headers, kept)
                },
            ),
            error: exchange.result.as_ref().err().map(|failure| failure.message.clone()),
            duration: milliseconds(exchange.duration),
            curl: curl::command(exchange, sent),
        }
    }

    fn hop(&self, hop: &Hop) -> HopRecord {
        HopRecord {
            method: hop.method.to_string(),
            url: mask::urls(&mask::readable(hop.url.as_str())).into_owned(),
            headers: self.headers(&hop.headers),
            sent: hop.body_len,
            answer: hop.answer.as_ref().map(|answer| AnswerRecord {
                version: format!("{:?}", answer.version),
                status: answer.status.as_u16(),
                headers: self.headers(&answer.headers),
            }),
            timing: timing(&hop.timing),
            remote: hop.remote.map(|address| address.to_string()),
            reused: hop.reused,
            tls: hop.tls.as_ref().map(|tls| tls.version.to_owned()),
        }
    }

    fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let all = headers.iter();
        all.map(|(name, value)| (name.to_string(), mask::header(name, value, &self.prints)))
            .collect()
    }
}

/// The scenarios in the order of their numbers in the events.
fn planned(plan: &Plan, masks: &Masks) -> Vec<PlannedRecord> {
    // Around nothing nothing runs.
    if plan.scenarios.is_empty() {
        return Vec::new();
    }
    let of_run =
        |steps: &Scenario, position| record(steps, (&steps.name.value, None), position, masks);
    let project = plan.project.as_ref();
    let setup = project.and_then(|project| project.setup.as_ref());
    let teardown = project.and_then(|project| project.teardown.as_ref());
    let scenario = |planned: &Planned| {
        record(&planned.scenario, (&planned.name, planned.repetition), planned.position + 1, masks)
    };
    let setup = setup.map(|steps| of_run(steps, 0));
    let teardown = teardown.map(|steps| of_run(steps, usize::MAX));
    setup.into_iter().chain(plan.scenarios.iter().map(scenario)).chain(teardown).collect()
}

fn record(
    scenario: &Scenario,
    (name, repetition): (&str, Option<u32>),
    position: usize,
    masks: &Masks,
) -> PlannedRecord {
    let source: &Source = scenario.source();
    let text = |text: &str| masks.text(text).into_owned();
    PlannedRecord {
        name: text(name),
        file: source.identity().to_owned(),
        line: source.position(scenario.start(scenario.name.at)).line,
        repetition,
        position,
        tags: scenario.tags.iter().map(|tag| text(&tag.value)).collect(),
        description: scenario.description.as_deref().map(text),
    }
}

/// Whether reports say what was wrong with the step.
fn is_fault(step: &StepOutcome) -> bool {
    step.state == State::Failed || (step.rerun && !step.faults.is_empty())
}

fn place(fault: &Fault) -> &Place {
    let (Fault::Miss(Miss { place, .. })
    | Fault::Transport { place, .. }
    | Fault::BrokenOff { place, .. }
    | Fault::Invalid { place, .. }) = fault;
    place
}

fn fault(fault: &Fault) -> FaultRecord {
    let Place { source, span } = place(fault);
    let at = source.position(span.start);
    FaultRecord {
        message: failure::message(fault),
        label: failure::label(fault),
        kind: kind(fault),
        file: source.identity().to_owned(),
        line: at.line,
        column: at.column,
    }
}

/// `expectation.status`, `transport.…`, `invalid`, `interrupted`, `internal`
fn kind(fault: &Fault) -> String {
    match fault {
        Fault::Miss(Miss { subject, .. }) => format!("expectation.{}", looked_at(subject)),
        Fault::Transport { failure, .. } => exchange::class(failure),
        Fault::Invalid { .. } => "invalid".to_owned(),
        Fault::BrokenOff { by: Breaker::EndOfRun, .. } => "interrupted".to_owned(),
        Fault::BrokenOff { by: Breaker::Defect, .. } => "internal".to_owned(),
    }
}

fn looked_at(subject: &Subject) -> &'static str {
    match subject {
        Subject::Status => "status",
        Subject::Header(_) => "header",
        Subject::Cookie(..) => "cookie",
        Subject::SetCookie(..) => "set_cookie",
        Subject::Json(_) => "json",
        Subject::Body => "body",
        Subject::Html(..) => "html",
        Subject::Xml(_) => "xml",
        Subject::Schema => "schema",
        Subject::OpenApi(_) => "openapi",
        Subject::Snapshot(_) => "snapshot",
        Subject::Bytes(_) => "bytes",
        Subject::Duration => "duration",
        Subject::Url => "url",
        Subject::Redirects | Subject::Redirect(..) => "redirects",
        Subject::Error => "error",
        Subject::Check(_) => "check",
        Subject::Like(_) => "like",
        Subject::HttpVersion => "http_version",
        Subject::RemoteIp => "remote_ip",
        Subject::Certificate(_) => "certificate",
        Subject::Timing(_) => "timing",
    }
}

fn timing(timing: &Timing) -> TimingRecord {
    TimingRecord {
        start: milliseconds(timing.start),
        dns: timing.dns.map(milliseconds),
        connect: timing.connect.map(milliseconds),
        tls: timing.tls.map(milliseconds),
        first_byte: milliseconds(timing.first_byte),
        total: milliseconds(timing.total),
    }
}

/// A body of so many bytes, of which the beginning may be at hand; no more than `kept` of it stays.
fn body(bytes: &[u8], size: u64, headers: &HeaderMap, kept: usize) -> BodyRecord {
    let beginning = &bytes[..bytes.len().min(kept)];
    let text = match std::str::from_utf8(beginning) {
        Ok(text) => Some(text),
        // The last character may have been cut through.
        Err(error) if error.error_len().is_none() && beginning.len() < bytes.len() => {
            std::str::from_utf8(&beginning[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    BodyRecord {
        size,
        media_type: media_type.map(str::to_owned),
        text: text.map(|text| mask::urls(text).into_owned()),
        base64: text.is_none().then(|| BASE64_STANDARD.encode(beginning)),
        cut: (beginning.len() as u64) < size,
    }
}

/// With three digits behind the point.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// `2026-01-31T12:00:00.123Z`
fn timestamp(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let at = at.replace_nanosecond(u32::from(at.millisecond()) * 1_000_000).unwrap_or(at);
    at.format(&Rfc3339).unwrap_or_default()
}
