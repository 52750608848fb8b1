//! TLS: whom to trust, and what a failed handshake means.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, InvalidMessage, RootCertStore,
};
use time::OffsetDateTime;
use tokio::sync::OnceCell;

use super::failure::{FailureKind, Fault, ProtocolFault, TlsFault, fault, find};
use super::head::shown;
use super::wire::Wire;

/// Who may sign the certificates of servers.
#[derive(Clone, Debug, Default)]
pub enum Roots {
    /// The platform's store; `SSL_CERT_FILE` and `SSL_CERT_DIR` replace it.
    #[default]
    Platform,
    /// These certificates alone, as PEM text.
    Pem(Vec<u8>),
}

/// The configuration, made at the first https request.
#[derive(Debug, Default)]
pub(super) struct Trust {
    roots: Roots,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Trust {
    pub(super) fn new(roots: Roots) -> Self {
        Self { roots, config: OnceCell::new() }
    }

    /// Loads the roots once, off the reactor: a platform store is a file of some hundred kilobytes.
    pub(super) async fn config(&self) -> Result<Arc<ClientConfig>, Fault> {
        let make = || async {
            let roots = self.roots.clone();
            match tokio::task::spawn_blocking(move || configure(&roots)).await {
                Ok(made) => made,
                Err(error) => {
                    Err(untrusted("the root certificates could not be loaded").because(&error))
                }
            }
        };
        self.config.get_or_try_init(make).await.cloned()
    }
}

fn configure(roots: &Roots) -> Result<Arc<ClientConfig>, Fault> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::Platform => {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
            if let (true, Some(error)) = (store.is_empty(), found.errors.first()) {
                return Err(untrusted("the root certificates could not be read").because(error));
            }
        }
        Roots::Pem(text) => {
            for certificate in CertificateDer::pem_slice_iter(text) {
                let certificate = certificate
                    .map_err(|error| untrusted("a root certificate is not PEM").because(&error))?;
                store
                    .add(certificate)
                    .map_err(|error| untrusted("a root certificate is unusable").because(&error))?;
            }
        }
    }
    if store.is_empty() {
        return Err(untrusted("there are no root certificates to trust")
            .remedy("set SSL_CERT_FILE to a PEM file"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| untrusted("TLS could not be set up").because(&error))?;
    let mut config = builder.with_root_certificates(store).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn untrusted(message: &str) -> Fault {
    fault(FailureKind::Tls(TlsFault::CertUntrusted), message)
}

/// What a failed handshake means for the user.
pub(super) fn explain(error: &io::Error, host: &str, wire: &Wire) -> Fault {
    let greeting = wire.greeting();
    if greeting.starts_with(b"HTTP/") || greeting.starts_with(b"<") {
        let message = format!("the server at {} speaks plain HTTP, not TLS", wire.remote);
        return fault(FailureKind::Tls(TlsFault::Protocol), message)
            .because(error)
            .remedy("write `http://` in the URL, or ask the server's TLS port");
    }
    match find::<Error>(error) {
        Some(tls) => explain_tls(tls, host, &greeting).because(error),
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
pub(super) fn explain_tls(error: &Error, host: &str, greeting: &[u8]) -> Fault {
    let tls = |what, message: String| fault(FailureKind::Tls(what), message);
    match error {
        Error::InvalidCertificate(certificate) => explain_certificate(certificate, host),
        Error::NoCertificatesPresented => {
            tls(TlsFault::Handshake, format!("`{host}` sent no certificate"))
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            tls(
                TlsFault::Protocol,
                format!("`{host}` offers no protocol version or cipher in common"),
            )
            .remedy("TLS 1.2 and 1.3 are spoken; older versions are not")
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            tls(TlsFault::ClientCertRequired, format!("`{host}` wants a client certificate"))
        }
        Error::AlertReceived(alert) => tls(
            TlsFault::Handshake,
            format!("`{host}` ended the TLS handshake with the alert {alert:?}"),
        ),
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

fn explain_certificate(error: &CertificateError, host: &str) -> Fault {
    let tls = |what, message: String| fault(FailureKind::Tls(what), message);
    match error {
        CertificateError::ExpiredContext { time, not_after } => tls(
            TlsFault::CertExpired,
            format!("the certificate of `{host}` expired {} ago, on {}", span(*not_after, *time), day(*not_after)),
        ),
        CertificateError::Expired => tls(TlsFault::CertExpired, format!("the certificate of `{host}` has expired")),
        CertificateError::NotValidYetContext { time, not_before } => tls(
            TlsFault::CertNotYetValid,
            format!("the certificate of `{host}` is valid from {}, in {}", day(*not_before), span(*time, *not_before)),
        )
        .remedy("check this machine's clock"),
        CertificateError::NotValidYet => {
            tls(TlsFault::CertNotYetValid, format!("the certificate of `{host}` is not valid yet"))
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            tls(TlsFault::CertName, format!("the certificate is not for `{host}`: {}", names(presented)))
        }
        CertificateError::NotValidForName => tls(TlsFault::CertName, format!("the certificate is not for `{host}`")),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            tls(TlsFault::CertPurpose, format!("the certificate of `{host}` is not meant for servers"))
        }
        CertificateError::UnknownIssuer => tls(
            TlsFault::CertUntrusted,
            format!(
                "the certificate of `{host}` is not signed by a trusted authority: self-signed, of a private \
                 authority, or sent without its intermediate"
            ),
        )
        .remedy("set SSL_CERT_FILE to a PEM file that holds the authority's certificate"),
        other => tls(TlsFault::CertUntrusted, format!("the certificate of `{host}` is not acceptable: {other}")),
    }
}

/// "it names `a`, `b`", from webpki's `DnsName("a")`.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "it names no host (a subjectAltName is needed, a common name does not count)"
            .to_owned();
    }
    let mut list: Vec<String> = presented
        .iter()
        .take(5)
        .map(|name| {
            let bare = name
                .split_once('(')
                .map_or(name.as_str(), |(_, inner)| inner.trim_end_matches(')'));
            format!("`{}`", bare.trim_matches('"'))
        })
        .collect();
    if presented.len() > 5 {
        list.push(format!("and {} more", presented.len() - 5));
    }
    format!("it names {}", list.join(", "))
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
            let fault = explain_certificate(&error, "example.test");
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
