//! What a server's certificate says, as far as scenarios ask.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use x509_cert::Certificate as X509;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// A server's own certificate, without those that vouch for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is: `CN=shop.example.com,O=Shop` (RFC 4514).
    pub subject: String,
    /// Who gave it, in the same way.
    pub issuer: String,
    /// Valid from here.
    pub not_before: SystemTime,
    /// Valid up to here.
    pub not_after: SystemTime,
    /// The names and addresses that it is for (RFC 5280 section 4.2.1.6), as they stand in it.
    pub names: Vec<String>,
}

impl Certificate {
    /// Reads one; none if it cannot be read, which `verify: false` lets through.
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let certificate = X509::from_der(der).ok()?;
        let signed = certificate.tbs_certificate();
        let at = |since: Duration| SystemTime::UNIX_EPOCH.checked_add(since);
        let names = signed.get_extension::<SubjectAltName>().ok().flatten();
        let names = names.map(|(_, names)| names.0.iter().filter_map(name).collect());
        Some(Self {
            subject: signed.subject().to_string(),
            issuer: signed.issuer().to_string(),
            not_before: at(signed.validity().not_before.to_unix_duration())?,
            not_after: at(signed.validity().not_after.to_unix_duration())?,
            names: names.unwrap_or_default(),
        })
    }
}

/// Names that stand for a server; the others are for people and devices.
fn name(name: &GeneralName) -> Option<String> {
    Some(match name {
        GeneralName::DnsName(name)
        | GeneralName::UniformResourceIdentifier(name)
        | GeneralName::Rfc822Name(name) => name.to_string(),
        GeneralName::DirectoryName(name) => name.to_string(),
        GeneralName::IpAddress(bytes) => match *bytes.as_bytes() {
            [a, b, c, d] => Ipv4Addr::new(a, b, c, d).to_string(),
            ref six => Ipv6Addr::from(<[u8; 16]>::try_from(six).ok()?).to_string(),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::pem::PemObject;

    #[test]
    fn a_certificate_says_whose_it_is_and_until_when() {
        let path = format!("{}/fixtures/certificates/server.pem", env!("CARGO_MANIFEST_DIR"));
        let der = CertificateDer::from_pem_file(path).expect("a certificate");
        let read = Certificate::read(&der).expect("it is read");
        assert_eq!(read.subject, "CN=callsheet test server");
        assert_eq!(read.issuer, "CN=callsheet test authority");
        assert_eq!(read.names, ["localhost", "127.0.0.1", "::1"]);
        let days = read.not_after.duration_since(read.not_before).expect("in this order");
        assert_eq!(days.as_secs() / 86_400, 36_524);
        assert_eq!(Certificate::read(&CertificateDer::from_slice(b"no")), None);
    }
}
