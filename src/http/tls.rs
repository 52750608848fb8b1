//! TLS: what a failed handshake means, and what helps.

use std::io;

use rustls::pki_types::UnixTime;
use rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible,
};
use time::OffsetDateTime;

use super::channel::Tls;
use super::failure::{FailureKind, Fault, ProtocolFault, TlsFault, fault, find};
use super::head::shown;
use super::verify::{Untrusted, Why};
use super::wire::Wire;

/// The setting that takes any certificate.
const UNVERIFIED: &str = "`tls: {verify: false}` takes it as it is";

/// What a failed handshake means for the user. `place` is where the server is.
pub(super) fn explain(
    error: &io::Error,
    settings: &Tls,
    host: &str,
    place: &str,
    wire: &Wire,
) -> Fault {
    let greeting = wire.greeting();
    if greeting.starts_with(b"HTTP/") || greeting.starts_with(b"<") {
        let message = format!("the server at {place} speaks plain HTTP, not TLS");
        return fault(FailureKind::Tls(TlsFault::Protocol), message)
            .because(error)
            .remedy("write `http://` in the URL, or ask the server's TLS port");
    }
    match find::<Error>(error) {
        Some(tls) => explain_tls(tls, settings, host, &greeting).because(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => fault(
            FailureKind::Tls(TlsFault::Handshake),
            format!("`{host}` closed the connection in the TLS handshake"),
        ),
        None if error.kind() == io::ErrorKind::ConnectionReset => {
            let message = format!("`{host}` reset the connection in the TLS handshake");
            fault(FailureKind::Protocol(ProtocolFault::ConnectionReset), message)
        }
        None => fault(
            FailureKind::Tls(TlsFault::Handshake),
            format!("the TLS handshake with `{host}` failed"),
        )
        .because(error),
    }
}

/// What rustls objects to. The greeting is what the server said first.
pub(super) fn explain_tls(error: &Error, settings: &Tls, host: &str, greeting: &[u8]) -> Fault {
    let tls = |what, message: String| fault(FailureKind::Tls(what), message);
    match error {
        Error::InvalidCertificate(certificate) => explain_certificate(certificate, settings, host),
        Error::NoCertificatesPresented => {
            tls(TlsFault::Handshake, format!("`{host}` sent no certificate"))
        }
        Error::AlertReceived(alert) => explain_alert(*alert, settings, host),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => too_old(settings, host),
        Error::PeerIncompatible(_) => tls(
            TlsFault::Protocol,
            format!("`{host}` offers no TLS cipher or key exchange in common"),
        )
        .remedy("the server's TLS settings are too old, or for other clients"),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => tls(
            TlsFault::Protocol,
            format!("`{host}` answered with something that is not TLS: `{}`", shown(greeting)),
        )
        .remedy("check the port; a plain-HTTP server wants `http://`"),
        Error::InvalidMessage(_)
        | Error::PeerMisbehaved(_)
        | Error::InappropriateMessage { .. } => {
            tls(TlsFault::Protocol, format!("`{host}` broke the TLS protocol"))
        }
        _ => tls(TlsFault::Handshake, format!("the TLS handshake with `{host}` failed")),
    }
}

fn too_old(settings: &Tls, host: &str) -> Fault {
    let kind = FailureKind::Tls(TlsFault::Protocol);
    if settings.only_13 {
        return fault(kind, format!("`{host}` does not speak TLS 1.3"))
            .remedy("`tls: {min_version: 1.2}` lets TLS 1.2 through");
    }
    fault(kind, format!("`{host}` speaks neither TLS 1.2 nor 1.3"))
        .remedy("older versions are not safe and not spoken: the server must be brought up to date")
}

/// RFC 8446 §6: what the server says of us.
fn explain_alert(alert: AlertDescription, settings: &Tls, host: &str) -> Fault {
    use AlertDescription as Alert;
    let tls = |what, message: String| fault(FailureKind::Tls(what), message);
    match (alert, &settings.identity) {
        (Alert::ProtocolVersion, _) => too_old(settings, host),
        (Alert::CertificateRequired, _) => client_certificate_required(host),
        (Alert::NoApplicationProtocol, _) => tls(
            TlsFault::Protocol,
            format!("`{host}` speaks no version of HTTP that `http` allows"),
        )
        .remedy("`http: auto` takes what the server has"),
        (Alert::UnrecognisedName, _) => {
            tls(TlsFault::Handshake, format!("`{host}` is a name that the server does not know"))
                .remedy("`tls: {server_name: NAME}` asks for another one")
        }
        (Alert::HandshakeFailure, None) => tls(
            TlsFault::Handshake,
            format!("`{host}` ended the TLS handshake (HandshakeFailure)"),
        )
        .remedy(
            "no cipher in common, or it wants a client certificate: `tls: {cert: FILE, key: FILE}`",
        ),
        (
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied,
            Some(identity),
        ) => {
            let message = format!(
                "`{host}` does not take the client certificate in `{}` ({alert:?})",
                identity.cert.name
            );
            tls(TlsFault::Handshake, message)
                .remedy("show one that the server's authority has signed")
        }
        _ => tls(TlsFault::Handshake, format!("`{host}` ended the TLS handshake ({alert:?})")),
    }
}

pub(super) fn client_certificate_required(host: &str) -> Fault {
    let kind = FailureKind::Tls(TlsFault::ClientCertRequired);
    fault(kind, format!("`{host}` wants a client certificate"))
        .remedy("show one with `tls: {cert: FILE, key: FILE}`")
}

fn explain_certificate(error: &CertificateError, settings: &Tls, host: &str) -> Fault {
    let tls = |what, message: String| fault(FailureKind::Tls(what), message);
    match error {
        CertificateError::ExpiredContext { time, not_after } => tls(
            TlsFault::CertExpired,
            format!(
                "the certificate of `{host}` expired {} ago, on {}",
                span(*not_after, *time),
                day(*not_after)
            ),
        )
        .remedy(format!("renew it on the server; {UNVERIFIED}")),
        CertificateError::Expired => {
            tls(TlsFault::CertExpired, format!("the certificate of `{host}` has expired"))
                .remedy(format!("renew it on the server; {UNVERIFIED}"))
        }
        CertificateError::NotValidYetContext { time, not_before } => tls(
            TlsFault::CertNotYetValid,
            format!(
                "the certificate of `{host}` is valid from {}, in {}",
                day(*not_before),
                span(*time, *not_before)
            ),
        )
        .remedy(format!("check this machine's clock; {UNVERIFIED}")),
        CertificateError::NotValidYet => {
            tls(TlsFault::CertNotYetValid, format!("the certificate of `{host}` is not valid yet"))
                .remedy(format!("check this machine's clock; {UNVERIFIED}"))
        }
        CertificateError::NotValidForNameContext { presented, .. } => tls(
            TlsFault::CertName,
            format!("the certificate is not for `{host}`: {}", names(presented)),
        )
        .remedy(other_name(presented)),
        CertificateError::NotValidForName => {
            tls(TlsFault::CertName, format!("the certificate is not for `{host}`"))
                .remedy(UNVERIFIED)
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => tls(
            TlsFault::CertPurpose,
            format!("the certificate of `{host}` is not meant for servers"),
        )
        .remedy(UNVERIFIED),
        other => match untrusted(other) {
            Some(untrusted) => explain_untrusted(untrusted, settings, host),
            None => tls(
                TlsFault::CertUntrusted,
                format!("the certificate of `{host}` is not acceptable: {other}"),
            )
            .remedy(UNVERIFIED),
        },
    }
}

fn untrusted(error: &CertificateError) -> Option<&Untrusted> {
    match error {
        CertificateError::Other(OtherError(other)) => other.downcast_ref(),
        _ => None,
    }
}

fn explain_untrusted(untrusted: &Untrusted, settings: &Tls, host: &str) -> Fault {
    let issuer = &untrusted.issuer;
    let tls = |message: String| fault(FailureKind::Tls(TlsFault::CertUntrusted), message);
    let nor = match &settings.ca {
        Some(ca) => format!(", and not in `{}` either", ca.name),
        None => String::new(),
    };
    match untrusted.why {
        Why::SelfSigned => tls(format!("the certificate of `{host}` is self-signed and not among the trusted ones{nor}"))
            .remedy(format!("`tls: {{ca: FILE}}` trusts it, if FILE holds it; {UNVERIFIED}")),
        Why::Private => tls(format!("the certificate of `{host}` comes from the private authority `{issuer}`, which is not trusted{nor}"))
            .remedy(format!("`tls: {{ca: FILE}}` trusts the authority, if FILE holds its certificate; {UNVERIFIED}")),
        Why::Absent => tls(format!(
            "the certificate of `{host}` is signed by `{issuer}`, which is not trusted{nor} and whose certificate the \
             server did not send"
        ))
        .remedy(format!(
            "if `{issuer}` is a private authority, `tls: {{ca: FILE}}` trusts it; if it is a link to a public one, the \
             server's chain is incomplete; {UNVERIFIED}"
        )),
    }
}

/// What a name that the certificate has would help.
fn other_name(presented: &[String]) -> String {
    match presented.iter().map(|name| bare(name)).find(|name| !name.contains('*')) {
        Some(name) => format!("`tls: {{server_name: {name}}}` asks for that name; {UNVERIFIED}"),
        None => UNVERIFIED.to_owned(),
    }
}

/// "it names `a`, `b`", from webpki's `DnsName("a")`.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "it names no host (a subjectAltName is needed, a common name does not count)"
            .to_owned();
    }
    let mut list: Vec<String> =
        presented.iter().take(5).map(|name| format!("`{}`", bare(name))).collect();
    if presented.len() > 5 {
        list.push(format!("and {} more", presented.len() - 5));
    }
    format!("it names {}", list.join(", "))
}

/// `a.test`, from webpki's `DnsName("a.test")`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').map_or(name, |(_, inner)| inner.trim_end_matches(')'));
    inner.trim_matches('"')
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(time) => time.date().to_string(),
        Err(_) => "a day beyond the calendar".to_owned(),
    }
}

fn span(from: UnixTime, to: UnixTime) -> String {
    let seconds = to.as_secs().saturating_sub(from.as_secs());
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn certificate_faults_are_told_with_their_facts() {
        #[track_caller]
        fn check(error: CertificateError, class: &str, expected: &str) {
            let fault = explain_certificate(&error, &Tls::default(), "example.test");
            assert_eq!(fault.kind.class(), class);
            assert_eq!(fault.message, expected);
        }
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let error = CertificateError::ExpiredContext {
            time: at(1_795_392_000),
            not_after: at(1_795_132_800),
        };
        check(
            error,
            "tls.cert_expired",
            "the certificate of `example.test` expired 3 days ago, on 2026-11-20",
        );
        let error = CertificateError::NotValidYetContext { time: at(0), not_before: at(7_200) };
        check(
            error,
            "tls.cert_not_yet_valid",
            "the certificate of `example.test` is valid from 1970-01-01, in 2 hours",
        );
        let Ok(expected) = rustls::pki_types::ServerName::try_from("example.test") else {
            panic!("a name")
        };
        let presented = vec!["DnsName(\"a.test\")".to_owned(), "IpAddress(10.0.0.1)".to_owned()];
        let error = CertificateError::NotValidForNameContext { expected, presented };
        check(
            error,
            "tls.cert_name",
            "the certificate is not for `example.test`: it names `a.test`, `10.0.0.1`",
        );
    }
}
