//! `http_version`, `remote_ip`, `certificate`, `timing`: how the answer came.

use std::net::IpAddr;

use super::super::decode::{Decoder, Keys};
use super::super::matcher::{self, Domain, Matcher};
use super::super::yaml::{Entry, Kind, Node};

/// What must hold of the connection and the time of the last request.
#[derive(Clone, Debug, Default)]
pub struct TransportExpectation {
    /// The version of HTTP: `1.0`, `1.1`, `2`.
    pub http_version: Option<Matcher>,
    /// The address that was connected to.
    pub remote_ip: Option<Matcher>,
    /// The server's certificate, by parts.
    pub certificate: Vec<(CertificatePart, Matcher)>,
    /// The parts of the time.
    pub timing: Vec<(TimingPart, Matcher)>,
}

/// What can be asked of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificatePart {
    /// Whose it is.
    Subject,
    /// Who gave it.
    Issuer,
    /// The milliseconds until it expires; below zero where it has.
    ExpiresIn,
    /// The names that it is for.
    San,
}

/// The parts of the time of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimingPart {
    /// Looking up the name.
    Dns,
    /// Connecting.
    Connect,
    /// The TLS handshake.
    Tls,
    /// From the start to the first byte of the answer.
    FirstByte,
    /// From the start to the end of the body.
    Total,
}

impl CertificatePart {
    /// The key that asks for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Issuer => "issuer",
            Self::ExpiresIn => "expires_in",
            Self::San => "san",
        }
    }
}

impl TimingPart {
    /// The key that asks for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::FirstByte => "first_byte",
            Self::Total => "total",
        }
    }
}

impl TransportExpectation {
    /// All matchers in it.
    pub fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        let whole = self.http_version.iter().chain(&self.remote_ip);
        let parts = self.certificate.iter().map(|(_, matcher)| matcher);
        whole.chain(parts).chain(self.timing.iter().map(|(_, matcher)| matcher))
    }
}

const CERTIFICATE_KEYS: Keys =
    Keys { what: "`certificate`", known: &["subject", "issuer", "expires_in", "san"] };

const TIMING_KEYS: Keys =
    Keys { what: "`timing`", known: &["dns", "connect", "tls", "first_byte", "total"] };

const VERSIONS: [&str; 3] = ["1.0", "1.1", "2"];

/// Reads those of the entries of `expect` that are told here.
pub(super) fn decode(d: &Decoder<'_>, entries: &[&Entry]) -> Option<TransportExpectation> {
    let mut all = TransportExpectation::default();
    let mut is_asked = false;
    for Entry { key, value, .. } in entries.iter().copied() {
        match key.as_str() {
            "http_version" => all.http_version = version(d, value),
            "remote_ip" => all.remote_ip = address(d, value),
            "certificate" => all.certificate = certificate(d, value).unwrap_or_default(),
            "timing" => all.timing = timing(d, value).unwrap_or_default(),
            _ => continue,
        }
        is_asked = true;
    }
    is_asked.then_some(all)
}

/// The text of a scalar that is compared as it stands.
fn literal(d: &Decoder<'_>, node: &Node) -> Option<String> {
    let is_scalar = !matches!(node.kind, Kind::Map(_) | Kind::List(_));
    let text = is_scalar.then(|| d.string(node, "a text")).flatten()?.value;
    (!text.contains("${")).then_some(text)
}

fn version(d: &Decoder<'_>, node: &Node) -> Option<Matcher> {
    if let Some(written) = literal(d, node).filter(|text| !VERSIONS.contains(&text.as_str())) {
        let bare = written.to_lowercase().replace("http/", "").replace("h2", "2");
        let bare = bare.strip_suffix(".0").filter(|bare| *bare == "2").unwrap_or(&bare);
        let label = VERSIONS.iter().find(|version| **version == bare);
        let label = label.map(|meant| format!("did you mean `{meant}`?")).unwrap_or_default();
        let shown = crate::value::cut(&written, 40);
        let help = "the versions are `1.0`, `1.1` and `2`";
        d.error_help(node.at, format!("`{shown}` is no version of HTTP"), &label, help);
        return None;
    }
    matcher::decode(d, node, Domain::Text)
}

fn address(d: &Decoder<'_>, node: &Node) -> Option<Matcher> {
    if let Some(written) = literal(d, node) {
        let shown = crate::value::cut(&written, 60);
        match written.parse::<IpAddr>().map(|address| address.to_string()) {
            Ok(usual) if usual == written => {}
            // It is compared as a text.
            Ok(usual) => {
                let message = format!("`{shown}` is another spelling of `{usual}`");
                d.error(node.at, message, &format!("write `{usual}`"));
                return None;
            }
            Err(_) => {
                let help = "an address is written like `192.0.2.1` or `2001:db8::1`";
                d.error_help(node.at, format!("`{shown}` is no IP address"), "", help);
                return None;
            }
        }
    }
    matcher::decode(d, node, Domain::Text)
}

fn certificate(d: &Decoder<'_>, node: &Node) -> Option<Vec<(CertificatePart, Matcher)>> {
    use CertificatePart::{ExpiresIn, Issuer, San, Subject};
    super::not_empty(d, node, d.entries(node, CERTIFICATE_KEYS.what)?)?;
    let mut parts = Vec::new();
    for entry in d.map(node, &CERTIFICATE_KEYS)? {
        let (part, domain) = match entry.key.as_str() {
            "subject" => (Subject, Domain::Text),
            "issuer" => (Issuer, Domain::Text),
            "expires_in" => (ExpiresIn, Domain::Duration),
            _ => (San, Domain::Json),
        };
        if let (San, Some(name)) = (part, literal(d, &entry.value)) {
            let help = format!("to look for one of them, write `san: {{includes: {name}}}`");
            d.error_help(entry.value.at, "`san` is a list of names", "", &help);
            continue;
        }
        parts.extend(matcher::decode(d, &entry.value, domain).map(|matcher| (part, matcher)));
    }
    Some(parts)
}

fn timing(d: &Decoder<'_>, node: &Node) -> Option<Vec<(TimingPart, Matcher)>> {
    use TimingPart::{Connect, Dns, FirstByte, Tls, Total};
    super::not_empty(d, node, d.entries(node, TIMING_KEYS.what)?)?;
    let mut parts = Vec::new();
    for entry in d.map(node, &TIMING_KEYS)? {
        let part = match entry.key.as_str() {
            "dns" => Dns,
            "connect" => Connect,
            "tls" => Tls,
            "first_byte" => FirstByte,
            _ => Total,
        };
        let matcher = matcher::decode(d, &entry.value, Domain::Duration);
        parts.extend(matcher.map(|matcher| (part, matcher)));
    }
    Some(parts)
}
