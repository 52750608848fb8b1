//! The server's certificate: webpki decides, and where nobody trusted has signed it, this says why.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::name::Name;

/// Who looks at a server's certificate.
#[derive(Debug)]
pub(super) enum Judge {
    /// webpki; what stands in `ca` itself is trusted, too, whatever it may sign.
    Strict { webpki: Arc<WebPkiServerVerifier>, pinned: Vec<CertificateDer<'static>> },
    /// Nobody: `verify: false`.
    Blind(WebPkiSupportedAlgorithms),
}

/// Nobody trusted has signed the certificate.
#[derive(Debug, thiserror::Error)]
#[error("unknown issuer")]
pub(super) struct Untrusted {
    /// Who has signed.
    pub(super) issuer: String,
    pub(super) why: Why,
}

/// Why it is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It signed itself.
    SelfSigned,
    /// An authority that was sent along, and is not known.
    Private,
    /// An authority that was not sent along: it is not known, or only a link to one that is.
    Absent,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Self::Strict { webpki, pinned } = self else {
            return Ok(ServerCertVerified::assertion());
        };
        let verdict = webpki.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        let Err(Error::InvalidCertificate(error)) = &verdict else { return verdict };
        let Ok(certificate) = Certificate::from_der(end_entity) else { return verdict };
        let self_signed = is_self_signed(&certificate);
        // webpki has a word of its own for a self-signed certificate that may sign others, as `openssl req -x509`
        // makes it.
        let untrusted = matches!(error, CertificateError::UnknownIssuer)
            || self_signed && matches!(error, CertificateError::Other(_));
        if !untrusted {
            return verdict;
        }
        if pinned.contains(end_entity) {
            return pinned_holds(end_entity, &certificate, name, now);
        }
        let untrusted = explain(&certificate, intermediates);
        let error = CertificateError::Other(OtherError(Arc::new(untrusted)));
        Err(Error::InvalidCertificate(error))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self {
            Self::Strict { webpki, .. } => {
                webpki.verify_tls12_signature(message, certificate, signed)
            }
            Self::Blind(algorithms) => {
                verify_tls12_signature(message, certificate, signed, algorithms)
            }
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self {
            Self::Strict { webpki, .. } => {
                webpki.verify_tls13_signature(message, certificate, signed)
            }
            Self::Blind(algorithms) => {
                verify_tls13_signature(message, certificate, signed, algorithms)
            }
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match self {
            Self::Strict { webpki, .. } => webpki.supported_verify_schemes(),
            Self::Blind(algorithms) => algorithms.supported_schemes(),
        }
    }
}

/// The very certificate that the user trusts: its name and its time are left to look at (RFC 5280 §6.1 begins with a
/// trust anchor, and says nothing of one that is the server's own).
fn pinned_holds(
    end_entity: &CertificateDer<'_>,
    certificate: &Certificate,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, Error> {
    rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
    let validity = certificate.tbs_certificate().validity();
    let at = |time: Duration| UnixTime::since_unix_epoch(time);
    let not_before = at(validity.not_before.to_unix_duration());
    let not_after = at(validity.not_after.to_unix_duration());
    if now.as_secs() < not_before.as_secs() {
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if now.as_secs() > not_after.as_secs() {
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    Ok(ServerCertVerified::assertion())
}

fn is_self_signed(certificate: &Certificate) -> bool {
    let signed = certificate.tbs_certificate();
    signed.subject() == signed.issuer()
}

fn explain(certificate: &Certificate, sent: &[CertificateDer<'_>]) -> Untrusted {
    let sent: Vec<_> = sent.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    let mut top = certificate;
    // As many steps as there are links: a ring of them must have an end.
    for _ in 0..=sent.len() {
        let issuer = top.tbs_certificate().issuer();
        if is_self_signed(top) {
            break;
        }
        match sent.iter().find(|link| link.tbs_certificate().subject() == issuer) {
            Some(link) => top = link,
            None => break,
        }
    }
    let why = match (is_self_signed(certificate), is_self_signed(top)) {
        (true, _) => Why::SelfSigned,
        (false, true) => Why::Private,
        (false, false) => Why::Absent,
    };
    Untrusted { issuer: shown(top.tbs_certificate().issuer()), why }
}

/// The name in short: its common name, else the whole of it (RFC 4514).
fn shown(name: &Name) -> String {
    let whole = name.to_string();
    let common = whole.split(',').find_map(|part| part.strip_prefix("CN="));
    super::head::shown(common.unwrap_or(&whole).as_bytes())
}
