//! Events without what may not be shown: made of every event once, before anything is drawn or cut.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::{
    Actual, ByHand, CookieFate, CookieNote, Event, Fault, Miss, Nearest, Place, Reached, SentBody,
    SentPart, State, StepOutcome, Subject, UsedValue,
};
use crate::http::{Certificate, Channel, Exchange, Failure, Head, Proxy};
use crate::mask::{Masks, Sources, header};
use crate::value::Value;

/// The bytes of a body that are looked through; no report shows as many.
const LONGEST_BODY: usize = 256 * 1024;

/// What will be shown of a step that did not fail. The rest is not looked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Its name.
    #[default]
    Name,
    /// The line of its exchange as well.
    Line,
    /// Headers and bodies as well.
    Exchange,
}

/// Masks the events of a run: with the secrets of the run, and with those that stood in the headers of a scenario.
#[derive(Debug)]
pub struct Masking {
    masks: Masks,
    detail: Detail,
    scenarios: HashMap<usize, Sources>,
}

impl Masking {
    /// With the secrets of the run, which may become more.
    #[must_use]
    pub fn new(masks: Masks, detail: Detail) -> Self {
        Self { masks, detail, scenarios: HashMap::new() }
    }

    /// The event as it may be shown.
    #[must_use]
    pub fn event(&mut self, mut event: Event) -> Event {
        match &mut event {
            // Of the place the line alone is told.
            Event::ScenarioStarted { name, place: _, select, .. } => {
                text(&self.masks, name);
                select.iter_mut().for_each(|select| text(&self.masks, select));
            }
            Event::StepStarted { scenario, name } => {
                let masks = self.scenarios.get(scenario).map_or(&self.masks, Sources::masks);
                *name = masks.name(name).into_owned();
            }
            Event::Transfer { .. } => {}
            Event::StepFinished { scenario, step } => self.step(*scenario, step),
            Event::ScenarioFinished { scenario, .. } => {
                self.scenarios.remove(scenario);
            }
        }
        event
    }

    fn step(&mut self, scenario: usize, step: &mut StepOutcome) {
        let new = || Sources::new(self.masks.within());
        let sources = self.scenarios.entry(scenario).or_insert_with(new);
        let masks = &sources.masks().clone();
        for fault in &mut step.faults {
            if let Fault::Miss(miss) = fault {
                miss.stand_in(masks.fingerprints());
            }
        }
        if let Some(exchange) = &step.exchange {
            learn(masks, exchange);
        }
        if masks.is_empty() {
            return;
        }
        let mut masked = Masked { masks, sources };
        match self.detail {
            _ if matches!(step.state, State::Failed | State::Retried) => masked.step(step),
            Detail::Name => {
                step.name = masks.name(&step.name).into_owned();
                let row = step.access.iter_mut().map(|cell| &mut cell.row);
                let path = step.snapshot.iter_mut().map(|snapshot| &mut snapshot.path);
                let words = step.reason.iter_mut().chain(row).chain(path);
                words.for_each(|words| *words = masks.name(words).into_owned());
                // Its host is told.
                let hops = step.exchange.iter_mut().flat_map(|exchange| &mut exchange.hops);
                hops.filter(|hop| hop.is_unverified()).for_each(|hop| masked.url(&mut hop.url));
            }
            Detail::Line => {
                masked.text(&mut step.name);
                let row = step.access.iter_mut().map(|cell| &mut cell.row);
                let path = step.snapshot.iter_mut().map(|snapshot| &mut snapshot.path);
                let words = step.reason.iter_mut().chain(row).chain(path);
                words.for_each(|words| masked.text(words));
                masked.cookies(&mut step.cookies, &mut step.by_hand);
                let hops = step.exchange.iter_mut().flat_map(|exchange| &mut exchange.hops);
                hops.for_each(|hop| masked.url(&mut hop.url));
            }
            Detail::Exchange => masked.step(step),
        }
    }
}

/// What stood in the headers of an exchange is secret from then on.
pub(crate) fn learn(masks: &Masks, exchange: &Exchange) {
    let mut add = |secret: &[u8]| masks.add_here(secret);
    for hop in &exchange.hops {
        header::secrets(&hop.headers, &mut add);
        if let Some(credentials) = hop.proxy.as_ref().and_then(Proxy::authorization) {
            let headers = HeaderMap::from_iter([(PROXY_AUTHORIZATION, credentials.clone())]);
            header::secrets(&headers, &mut add);
        }
        if let Some(answer) = &hop.answer {
            header::secrets(&answer.headers, &mut add);
        }
        hop.refused_cookies.iter().for_each(|line| header::set_cookie(line, &mut add));
    }
}

fn text(masks: &Masks, text: &mut String) {
    if let Cow::Owned(masked) = masks.text(text) {
        *text = masked;
    }
}

/// Masks one step.
struct Masked<'m> {
    masks: &'m Masks,
    sources: &'m mut Sources,
}

impl Masked<'_> {
    fn step(&mut self, step: &mut StepOutcome) {
        let StepOutcome {
            section: _,
            name,
            place,
            state: _,
            faults,
            duration: _,
            exchange,
            sent_body,
            values,
            cookies,
            by_hand,
            snapshot,
            reason,
            access,
            attempt: _,
            // Of the place the line alone is told.
            rerun: _,
            asked: _,
            covers: _,
        } = step;
        access.iter_mut().for_each(|cell| self.text(&mut cell.row));
        self.text(name);
        self.place(place);
        faults.iter_mut().for_each(|fault| self.fault(fault));
        exchange.iter_mut().for_each(|exchange| self.exchange(exchange));
        sent_body.iter_mut().for_each(|body| self.sent(body));
        for UsedValue { name, value, origin } in values {
            self.text(name);
            self.masks.value(value);
            self.text(origin);
        }
        self.cookies(cookies, by_hand);
        snapshot.iter_mut().for_each(|snapshot| self.text(&mut snapshot.path));
        reason.iter_mut().for_each(|reason| self.text(reason));
    }

    fn text(&self, words: &mut String) {
        text(self.masks, words);
    }

    fn sent(&self, body: &mut SentBody) {
        match body {
            SentBody::Bytes(bytes) => self.body(bytes),
            SentBody::File(path) => self.text(path),
            SentBody::Parts(parts) => parts.iter_mut().for_each(|part| match part {
                SentPart::Text { name, text } => {
                    [name, text].into_iter().for_each(|it| self.text(it))
                }
                SentPart::File { name, path, filename, content_type } => {
                    [name, path, filename, content_type].into_iter().for_each(|it| self.text(it));
                }
            }),
        }
    }

    fn body(&self, body: &mut Bytes) {
        *body = self.masks.beginning(body, LONGEST_BODY).into();
    }

    fn place(&mut self, place: &mut Place) {
        self.sources.mask(&mut place.source, &mut place.span);
    }

    fn cookies(&self, notes: &mut [CookieNote], by_hand: &mut [ByHand]) {
        notes.iter_mut().for_each(|note| self.cookie(note));
        for ByHand { what: _, names, missing } in by_hand {
            names.iter_mut().chain(missing).for_each(|name| self.text(name));
        }
    }

    fn cookie(&self, CookieNote { name, fate, is_foreign: _, host, step }: &mut CookieNote) {
        self.text(name);
        self.text(host);
        step.iter_mut().for_each(|step| *step = self.masks.name(step).into_owned());
        match fate {
            CookieFate::Sent
            | CookieFate::PassedOver
            | CookieFate::Stored
            | CookieFate::Replaced => {}
            CookieFate::HeldBack(reason)
            | CookieFate::Refused(reason)
            | CookieFate::Deleted(reason)
            | CookieFate::Expired(reason)
            | CookieFate::Evicted(reason)
            | CookieFate::Gone(reason) => self.text(&mut reason.message),
        }
    }

    fn fault(&mut self, fault: &mut Fault) {
        match fault {
            Fault::Miss(miss) => self.miss(miss),
            Fault::Transport { place, failure } => {
                self.place(place);
                self.failure(failure);
            }
            Fault::BrokenOff { place, message, by: _ } => {
                self.place(place);
                self.text(message);
            }
            Fault::Invalid { place, message, label, help } => {
                self.place(place);
                self.text(message);
                self.text(label);
                help.iter_mut().for_each(|help| self.text(help));
            }
        }
    }

    fn miss(&mut self, miss: &mut Miss) {
        let Miss { subject, via: _, place, wanted, actual, differences, reached } = miss;
        self.place(place);
        match subject {
            Subject::Header(text)
            | Subject::Cookie(text, _)
            | Subject::SetCookie(text, _)
            | Subject::Snapshot(text)
            | Subject::Json(text)
            | Subject::OpenApi(text)
            | Subject::Like(text)
            | Subject::Html(text, _)
            | Subject::Xml(text)
            | Subject::Check(text) => self.text(text),
            Subject::Status
            | Subject::Body
            | Subject::Schema
            | Subject::Bytes(_)
            | Subject::Duration
            | Subject::Url
            | Subject::Error
            | Subject::Redirects
            | Subject::Redirect(..)
            | Subject::HttpVersion
            | Subject::RemoteIp
            | Subject::Certificate(_)
            | Subject::Timing(_) => {}
        }
        self.text(&mut wanted.operator);
        self.masks.value(&mut wanted.operand);
        wanted.expression.iter_mut().for_each(|expression| self.text(expression));
        match actual {
            Actual::Value(value) => self.masks.value(value),
            Actual::NoNode(reached) => self.reached(reached),
            Actual::NotJson(reason, media) => {
                self.text(reason);
                media.iter_mut().for_each(|media| self.text(media));
            }
            Actual::NotText(reason) | Actual::NotXml(reason) | Actual::NotHtml(reason) => {
                self.text(reason);
            }
            Actual::NotFound(Nearest { path, nodes: _, has }) | Actual::Unbound(path, has) => {
                has.iter_mut().chain([path]).for_each(|name| self.text(name));
            }
            Actual::NoOperation(methods, closest) => {
                methods.iter_mut().chain(closest).for_each(|word| self.text(word));
            }
            Actual::Lines(lines) => {
                lines.lines.iter_mut().for_each(|line| self.text(&mut line.text));
            }
            Actual::NoneOf(names) => names.iter_mut().for_each(|name| self.text(name)),
            Actual::Absent
            | Actual::NotSecure
            | Actual::NoBody
            | Actual::Unfit(_)
            | Actual::Answered(_) => {}
        }
        reached.iter_mut().for_each(|reached| self.reached(reached));
        for difference in differences {
            self.text(&mut difference.path);
            difference.law.iter_mut().for_each(|law| self.text(law));
            let values: [&mut Option<Value>; 2] =
                [&mut difference.expected, &mut difference.actual];
            values.into_iter().flatten().for_each(|value| self.masks.value(value));
        }
    }

    fn reached(&self, reached: &mut Reached) {
        let Reached { path, nodes: _, first, kind: _, members, length: _ } = reached;
        self.text(path);
        self.text(first);
        members.iter_mut().for_each(|member| self.text(member));
    }

    fn failure(&self, failure: &mut Failure) {
        let Failure { kind: _, url, elapsed: _, message, cause, remedy } = failure;
        self.url(url);
        self.text(message);
        self.text(cause);
        remedy.iter_mut().for_each(|remedy| self.text(remedy));
    }

    fn exchange(&self, exchange: &mut Exchange) {
        for hop in &mut exchange.hops {
            self.url(&mut hop.url);
            self.headers(&mut hop.headers);
            if let Some(proxy) = &mut hop.proxy {
                proxy.names(&mut |name| self.text(name));
            }
            if *hop.channel != Channel::default() {
                Arc::make_mut(&mut hop.channel).names(&mut |name| self.text(name));
            }
            hop.answer.iter_mut().for_each(|answer| self.head(answer));
            let secured = hop.tls.iter_mut().filter_map(|tls| tls.certificate.as_mut());
            secured.for_each(|certificate| self.certificate(Arc::make_mut(certificate)));
            for line in &mut hop.refused_cookies {
                *line = self.masks.bytes(line).into_owned();
            }
        }
        match &mut exchange.result {
            Ok(response) => {
                self.head(&mut response.head);
                self.url(&mut response.url);
                self.body(&mut response.body);
            }
            Err(failure) => self.failure(failure),
        }
    }

    fn certificate(&self, certificate: &mut Certificate) {
        let Certificate { subject, issuer, names, not_before: _, not_after: _ } = certificate;
        [subject, issuer].into_iter().chain(names).for_each(|name| self.text(name));
    }

    fn head(&self, head: &mut Arc<Head>) {
        self.headers(&mut Arc::make_mut(head).headers);
    }

    fn headers(&self, headers: &mut HeaderMap) {
        let mut masked = HeaderMap::with_capacity(headers.len());
        for (name, value) in &*headers {
            let name = self.header_name(name);
            let bytes = self.masks.bytes(value.as_bytes());
            // What was found by its value is masked well enough: the rest of it, and its fingerprint, may be seen.
            let sensitive = value.is_sensitive() && matches!(bytes, Cow::Borrowed(_));
            // A stand-in has nothing that a value may not have.
            let mut value = HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static(""));
            value.set_sensitive(sensitive);
            masked.append(name, value);
        }
        *headers = masked;
    }

    /// A server can send a secret back as the name of a header.
    fn header_name(&self, name: &HeaderName) -> HeaderName {
        match self.masks.text(name.as_str()) {
            Cow::Borrowed(_) => name.clone(),
            Cow::Owned(_) => HeaderName::from_static("masked"),
        }
    }

    /// A URL percent-encodes the stand-in; who shows it undoes that.
    fn url(&self, url: &mut Url) {
        if let Cow::Owned(masked) = self.masks.text(url.as_str()) {
            let none = || Url::parse("masked:").ok();
            if let Some(masked) = Url::parse(&masked).ok().or_else(none) {
                *url = masked;
            }
        }
    }
}
