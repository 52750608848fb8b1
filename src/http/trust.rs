//! TLS: whom to trust, and who to be.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use super::channel::{Identity, Pem, Tls, Version};
use super::failure::{FailureKind, Fault, Refusal, TlsFault, fault};
use super::verify::Judge;

/// Who may sign the certificates of servers.
#[derive(Clone, Debug, Default)]
pub enum Roots {
    /// The platform's store; `SSL_CERT_FILE` and `SSL_CERT_DIR` replace it.
    #[default]
    Platform,
    /// These certificates alone, as PEM text.
    Pem(Vec<u8>),
}

/// The configurations, each made at the first https request that wants it.
#[derive(Debug, Default)]
pub(super) struct Trust {
    roots: Roots,
    store: OnceCell<Arc<RootCertStore>>,
    configs: Mutex<Vec<Known>>,
}

/// A configuration and what it was made of.
#[derive(Debug)]
struct Known {
    tls: Tls,
    version: Version,
    config: Arc<ClientConfig>,
}

impl Trust {
    pub(super) fn new(roots: Roots) -> Self {
        Self { roots, store: OnceCell::new(), configs: Mutex::default() }
    }

    /// The configuration for these settings: one each, so that no session is resumed under the rules of another.
    pub(super) async fn config(
        &self,
        tls: &Tls,
        version: Version,
    ) -> Result<Arc<ClientConfig>, Fault> {
        let known = |known: &&Known| known.tls == *tls && known.version == version;
        let configs = || self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = configs().iter().find(known) {
            return Ok(Arc::clone(&known.config));
        }
        let config = configure(self.store().await?, tls, version)?;
        let made = Known { tls: tls.clone(), version, config: Arc::clone(&config) };
        configs().push(made);
        Ok(config)
    }

    /// Loads the roots once, off the reactor: a platform store is a file of some hundred kilobytes.
    async fn store(&self) -> Result<Arc<RootCertStore>, Fault> {
        let make = || async {
            let roots = self.roots.clone();
            match tokio::task::spawn_blocking(move || load(&roots)).await {
                Ok(made) => made,
                Err(error) => {
                    Err(untrusted("the root certificates could not be loaded").because(&error))
                }
            }
        };
        self.store.get_or_try_init(make).await.cloned()
    }
}

fn load(roots: &Roots) -> Result<Arc<RootCertStore>, Fault> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::Platform => {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
        }
        Roots::Pem(text) => {
            let certificates = certificates(text);
            for certificate in certificates
                .map_err(|error| untrusted("a root certificate is not PEM").because(&error))?
            {
                store
                    .add(certificate)
                    .map_err(|error| untrusted("a root certificate is unusable").because(&error))?;
            }
        }
    }
    Ok(Arc::new(store))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}

fn configure(
    platform: Arc<RootCertStore>,
    tls: &Tls,
    version: Version,
) -> Result<Arc<ClientConfig>, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let judge = judge(platform, tls, &provider)?;
    let versions: &[_] = if tls.only_13 { &[&TLS13] } else { &[&TLS13, &TLS12] };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| untrusted("TLS could not be set up").because(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge));
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = (chain(&identity.cert)?, key(identity)?);
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                let message = format!(
                    "the private key in `{}` does not belong to the certificate in `{}`",
                    identity.key.as_ref().unwrap_or(&identity.cert).name,
                    identity.cert.name
                );
                unusable(message).because(&error)
            })?
        }
    };
    let protocols: &[&[u8]] = match version {
        Version::Auto => &[b"h2", b"http/1.1"],
        Version::One => &[b"http/1.1"],
        Version::Two | Version::PriorKnowledge => &[b"h2"],
    };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}

/// Who looks at the server's certificate.
fn judge(
    platform: Arc<RootCertStore>,
    tls: &Tls,
    provider: &Arc<CryptoProvider>,
) -> Result<Judge, Fault> {
    let algorithms = provider.signature_verification_algorithms;
    if !tls.verify {
        return Ok(Judge::Blind(algorithms));
    }
    let (mut store, mut pinned) = (platform, Vec::new());
    if let Some(ca) = &tls.ca {
        pinned = chain(ca)?;
        let whole = Arc::make_mut(&mut store);
        for certificate in &pinned {
            whole.add(certificate.clone()).map_err(|error| {
                unusable(format!("a certificate in `{}` is unusable", ca.name)).because(&error)
            })?;
        }
    }
    if store.is_empty() {
        return Err(untrusted("there are no root certificates to trust")
            .remedy("set SSL_CERT_FILE to a PEM file, or write `tls: {ca: FILE}`"));
    }
    let webpki = WebPkiServerVerifier::builder_with_provider(store, Arc::clone(provider))
        .build()
        .map_err(|error| untrusted("TLS could not be set up").because(&error))?;
    Ok(Judge::Strict { webpki, pinned })
}

fn chain(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let found = certificates(&pem.text)
        .map_err(|error| unusable(format!("`{}` is not a PEM file", pem.name)).because(&error))?;
    if found.is_empty() {
        return Err(unusable(format!("`{}` holds no certificate", pem.name))
            .remedy("a certificate in PEM begins with `-----BEGIN CERTIFICATE-----`"));
    }
    Ok(found)
}

fn key(identity: &Identity) -> Result<PrivateKeyDer<'static>, Fault> {
    let pem = identity.key.as_ref().unwrap_or(&identity.cert);
    PrivateKeyDer::from_pem_slice(&pem.text).map_err(|error| {
        let fault = unusable(format!("`{}` holds no private key", pem.name)).because(&error);
        match identity.key {
            None => fault.remedy("name the file of the key with `key`"),
            Some(_) if pem.text.windows(9).any(|nine| nine == b"ENCRYPTED") => {
                fault.remedy("the key is encrypted: `openssl pkey -in KEY -out PLAIN` undoes that")
            }
            Some(_) => fault.remedy("a key in PEM begins with `-----BEGIN PRIVATE KEY-----`"),
        }
    })
}

fn unusable(message: String) -> Fault {
    fault(FailureKind::Refused(Refusal::Settings), message)
}

fn untrusted(message: &str) -> Fault {
    fault(FailureKind::Tls(TlsFault::CertUntrusted), message)
}
