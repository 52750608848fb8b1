//! From the settings of connections as they were written to those that hold for a request.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::context::{Context, invalid, text};
use crate::http::{Channel, Identity, Pem, Proxy, ProxyChoice, Resolve, Tls};
use crate::outcome::Fault;
use crate::scenario::connection::{Connection, TlsEntry, address};
use crate::scenario::decode::{Located, Text};
use crate::scenario::files::{FileReference, reason};
use crate::scenario::settings::merged;

/// Certificates are not larger.
const LARGEST_PEM: u64 = 4 * 1024 * 1024;

/// Evaluates `http`, `tls`, `proxy`, `resolve` and `unix_socket`.
pub(super) fn channel(
    context: &Context<'_>,
    own: &Connection,
    outer: &Connection,
) -> Result<Arc<Channel>, Fault> {
    let proxy = match own.proxy.as_ref().or(outer.proxy.as_ref()) {
        None => ProxyChoice::Environment,
        Some(None) => ProxyChoice::None,
        Some(Some(url)) => proxy(context, url)?,
    };
    let unix_socket = match own.unix_socket.as_ref().or(outer.unix_socket.as_ref()) {
        Some(file) => Some(socket(file, &text(context, &file.path)?)),
        None => None,
    };
    let entries = merged(&outer.resolve, &own.resolve);
    let resolve = entries.filter_map(|(name, address)| Some((name, address.as_ref()?)));
    let resolve = resolve.map(|(name, address)| resolved(context, name, address));
    Ok(Arc::new(Channel {
        version: own.version.or(outer.version).unwrap_or_default(),
        tls: tls(context, own, outer)?,
        proxy,
        resolve: resolve.collect::<Result<_, _>>()?,
        unix_socket,
    }))
}

/// Like a host's name, it says who is asked, not what is read: it may be anywhere. As messages show it, where that leads
/// there from the working directory.
fn socket(file: &FileReference, path: &str) -> PathBuf {
    let (shown, full) = (file.name.join(path), file.folder.join(path));
    if full.exists() && !shown.exists() { full } else { shown }
}

fn proxy(context: &Context<'_>, url: &Text) -> Result<ProxyChoice, Fault> {
    let written = text(context, url)?;
    if written == "none" {
        return Ok(ProxyChoice::None);
    }
    let proxy = Proxy::parse(&written);
    proxy.map(ProxyChoice::Given).map_err(|message| invalid(context.place(url.at), message))
}

fn resolved(
    context: &Context<'_>,
    name: &Located<String>,
    written: &Text,
) -> Result<Resolve, Fault> {
    let (address, at): (IpAddr, _) = address(&text(context, written)?)
        .map_err(|message| invalid(context.place(written.at), message))?;
    // The reader has left nothing else.
    let (host, port) = name.value.rsplit_once(':').unwrap_or((&name.value, ""));
    Ok(Resolve { host: host.to_owned(), port: port.parse().unwrap_or_default(), address, at })
}

fn tls(context: &Context<'_>, own: &Connection, outer: &Connection) -> Result<Tls, Fault> {
    let mut tls = Tls::default();
    let (mut cert, mut key) = (None, None);
    for (name, entry) in merged(&outer.tls, &own.tls) {
        match entry {
            Some(TlsEntry::Ca(file)) => tls.ca = Some(pem(context, file)?),
            Some(TlsEntry::Cert(file)) => cert = Some(pem(context, file)?),
            Some(TlsEntry::Key(file)) => key = Some((name, pem(context, file)?)),
            Some(TlsEntry::Verify(verify)) => tls.verify = *verify,
            Some(TlsEntry::ServerName(name)) => tls.server_name = Some(text(context, name)?),
            Some(TlsEntry::Only13(only)) => tls.only_13 = *only,
            None => {}
        }
    }
    tls.identity = match (cert, key) {
        (Some(cert), key) => Some(Identity { cert, key: key.map(|(_, key)| key) }),
        (None, None) => None,
        (None, Some((name, _))) => {
            let message = "`tls` has a `key` without the `cert` that it belongs to".to_owned();
            return Err(invalid(context.place(name.at), message));
        }
    };
    Ok(tls)
}

fn pem(context: &Context<'_>, file: &FileReference) -> Result<Pem, Fault> {
    let wrong = |message: String| invalid(context.place(file.path.at), message);
    let path = text(context, &file.path)?;
    let name = file.shown(&path);
    let path = file.resolve(&context.shared.plan.root, &path).map_err(wrong)?;
    let unread = |error| wrong(format!("cannot read `{name}`: {}", reason(&error)));
    if fs::metadata(&path).map_err(unread)?.len() > LARGEST_PEM {
        return Err(wrong(format!("`{name}` is too large for a file of certificates")));
    }
    let text = fs::read(&path).map_err(unread)?.into();
    Ok(Pem { name, text })
}
