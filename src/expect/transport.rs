//! `http_version`, `remote_ip`, `certificate`, `timing`: how the last answer came.

use std::time::{Duration, SystemTime};

use ::http::Version;

use super::evidence::Evidence;
use super::explain::{Looked, absent};
use super::operand::Context;
use super::target::{Domain, Target};
use crate::http::Certificate;
use crate::outcome::{Actual, Fault, Subject};
use crate::scenario::expectation::{CertificatePart, TimingPart, TransportExpectation};
use crate::scenario::matcher::Matcher;
use crate::value::Value;

impl Context<'_> {
    pub(super) fn transport(
        &self,
        wanted: &TransportExpectation,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        if let Some(matcher) = &wanted.http_version {
            let looked = Looked { subject: &|| Subject::HttpVersion, missing: &absent };
            let version = Target::Text(version(evidence.version()));
            self.matcher(matcher, version, Domain::Text, &looked, faults);
        }
        if let Some(matcher) = &wanted.remote_ip {
            let looked = Looked { subject: &|| Subject::RemoteIp, missing: &absent };
            let address = evidence.hop().and_then(|hop| hop.remote);
            let address = address.map(|remote| remote.ip().to_string());
            let target = address.as_deref().map_or(Target::Missing, Target::Text);
            self.matcher(matcher, target, Domain::Text, &looked, faults);
        }
        self.certificate(&wanted.certificate, evidence, faults);
        for (part, matcher) in &wanted.timing {
            let looked = Looked { subject: &|| Subject::Timing(part.name()), missing: &absent };
            let took = milliseconds(took(*part, evidence));
            self.matcher(matcher, Target::Node(&took), Domain::Duration, &looked, faults);
        }
    }

    fn certificate(
        &self,
        wanted: &[(CertificatePart, Matcher)],
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let secured = evidence.hop().and_then(|hop| hop.tls.as_ref());
        let certificate = secured.and_then(|tls| tls.certificate.as_deref());
        for (part, matcher) in wanted {
            let subject = || Subject::Certificate(part.name());
            let Some(certificate) = certificate else {
                let missing = || match secured {
                    Some(_) => Actual::Absent,
                    None => Actual::NotSecure,
                };
                let looked = Looked { subject: &subject, missing: &missing };
                // That there is none is one mistake, and told once.
                return self.without_value(matcher, Domain::Text, &looked, faults);
            };
            let value = value_of(*part, certificate);
            let (target, domain) = match (part, &value) {
                (CertificatePart::ExpiresIn, _) => (Target::Node(&value), Domain::Duration),
                (_, Value::String(text)) => (Target::Text(text), Domain::Text),
                _ => (Target::Node(&value), Domain::Json),
            };
            let looked = Looked { subject: &subject, missing: &absent };
            self.matcher(matcher, target, domain, &looked, faults);
        }
    }
}

fn value_of(part: CertificatePart, certificate: &Certificate) -> Value {
    match part {
        CertificatePart::Subject => Value::from(certificate.subject.as_str()),
        CertificatePart::Issuer => Value::from(certificate.issuer.as_str()),
        CertificatePart::San => Value::from(certificate.names.as_slice()),
        CertificatePart::ExpiresIn => {
            match certificate.not_after.duration_since(SystemTime::now()) {
                Ok(left) => milliseconds(left),
                Err(over) => Value::from(-over.duration().as_secs_f64() * 1e3),
            }
        }
    }
}

/// What did not take place took no time: a kept connection has no handshake, and an address needs no look-up.
fn took(part: TimingPart, evidence: &Evidence<'_>) -> Duration {
    let timing = evidence.hop().map(|hop| hop.timing).unwrap_or_default();
    match part {
        TimingPart::Dns => timing.dns.unwrap_or_default(),
        TimingPart::Connect => timing.connect.unwrap_or_default(),
        TimingPart::Tls => timing.tls.unwrap_or_default(),
        TimingPart::FirstByte => timing.first_byte,
        TimingPart::Total => timing.total,
    }
}

fn milliseconds(time: Duration) -> Value {
    Value::from(time.as_secs_f64() * 1e3)
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        _ => "unknown",
    }
}
