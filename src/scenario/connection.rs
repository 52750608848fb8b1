//! Settings of connections: `http`, `tls`, `proxy`, `resolve`, `unix_socket`.

use std::fs;
use std::net::{IpAddr, SocketAddr};

use super::decode::{Decoder, Keys, Located, Text, found};
use super::files::{self, FileReference};
use super::settings::merged;
use super::yaml::{Entry, Kind, Node};

/// How connections are made; what is none comes from the next outer level.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The version of HTTP.
    pub version: Option<HttpVersion>,
    /// The entries of `tls` by key; none removes an outer one.
    pub tls: Vec<(Located<String>, Option<TlsEntry>)>,
    /// The proxy's URL; none inside for `none`.
    pub proxy: Option<Option<Text>>,
    /// Addresses by `host:port`, as a URL would write them; none removes an outer one.
    pub resolve: Vec<(Located<String>, Option<Text>)>,
    /// The socket of this machine that the server listens at.
    pub unix_socket: Option<FileReference>,
}

/// Nothing is said.
pub(super) static NONE: Connection = Connection {
    version: None,
    tls: Vec::new(),
    proxy: None,
    resolve: Vec::new(),
    unix_socket: None,
};

/// `http`: the version of HTTP that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/2 where TLS agrees on it (RFC 7301), else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1.
    One,
    /// HTTP/2, as TLS agreed, or a failure.
    Two,
    /// HTTP/2 from the first byte, without asking (RFC 9113 §3.3).
    PriorKnowledge,
}

/// One entry of `tls`.
#[derive(Clone, Debug)]
pub enum TlsEntry {
    /// Certificates of authorities that are trusted as well.
    Ca(FileReference),
    /// The client's certificate.
    Cert(FileReference),
    /// Its private key.
    Key(FileReference),
    /// Whether the server's certificate must be good.
    Verify(bool),
    /// The name that is asked for and must be in the certificate.
    ServerName(Text),
    /// Nothing older than TLS 1.3.
    Only13(bool),
}

impl Connection {
    /// These settings over `outer` ones.
    #[must_use]
    pub fn over(&self, outer: &Self) -> Self {
        Self {
            version: self.version.or(outer.version),
            tls: merged(&outer.tls, &self.tls).cloned().collect(),
            proxy: self.proxy.clone().or_else(|| outer.proxy.clone()),
            resolve: merged(&outer.resolve, &self.resolve).cloned().collect(),
            unix_socket: self.unix_socket.clone().or_else(|| outer.unix_socket.clone()),
        }
    }

    /// Calls `visit` for every text.
    pub fn visit<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        for entry in self.tls.iter().filter_map(|(_, entry)| entry.as_ref()) {
            match entry {
                TlsEntry::Ca(file) | TlsEntry::Cert(file) | TlsEntry::Key(file) => {
                    visit(&file.path);
                }
                TlsEntry::ServerName(name) => visit(name),
                TlsEntry::Verify(_) | TlsEntry::Only13(_) => {}
            }
        }
        self.proxy.iter().flatten().for_each(&mut *visit);
        self.resolve.iter().filter_map(|(_, address)| address.as_ref()).for_each(&mut *visit);
        self.unix_socket.iter().for_each(|socket| visit(&socket.path));
    }

    /// Reads the entry if it is one of these settings.
    pub(super) fn read(&mut self, d: &Decoder<'_>, entry: &Entry) {
        let value = &entry.value;
        match entry.key.as_str() {
            "http" => self.version = version(d, value),
            "tls" => self.tls = tls(d, value),
            "proxy" => self.proxy = proxy(d, value),
            "resolve" => self.resolve = resolve(d, value),
            "unix_socket" => self.unix_socket = files::written(d, value),
            _ => {}
        }
    }
}

fn version(d: &Decoder<'_>, node: &Node) -> Option<HttpVersion> {
    const WHAT: &str = "`auto`, `1.1`, `2` or `2-prior-knowledge`";
    match d.plain(node, WHAT)?.value.as_str() {
        "auto" => Some(HttpVersion::Auto),
        "1.1" => Some(HttpVersion::One),
        "2" => Some(HttpVersion::Two),
        "2-prior-knowledge" => Some(HttpVersion::PriorKnowledge),
        _ => {
            d.error(node.at, format!("`http` is {WHAT}, found {}", found(node)), "");
            None
        }
    }
}

const TLS_KEYS: Keys =
    Keys { what: "`tls`", known: &["ca", "cert", "key", "verify", "server_name", "min_version"] };

fn tls(d: &Decoder<'_>, node: &Node) -> Vec<(Located<String>, Option<TlsEntry>)> {
    let read = |entry: &&Entry| {
        let value = &entry.value;
        let read = match (entry.key.as_str(), &value.kind) {
            (_, Kind::Null) => None,
            ("ca", _) => Some(TlsEntry::Ca(pem(d, value, CERTIFICATE)?)),
            ("cert", _) => Some(TlsEntry::Cert(pem(d, value, CERTIFICATE)?)),
            ("key", _) => Some(TlsEntry::Key(pem(d, value, KEY)?)),
            ("verify", _) => Some(TlsEntry::Verify(d.boolean(value)?)),
            ("server_name", _) => Some(TlsEntry::ServerName(d.text(value, "a host's name")?)),
            _ => Some(TlsEntry::Only13(only_13(d, value)?)),
        };
        Some((Located { at: entry.at, value: entry.key.clone() }, read))
    };
    d.map(node, &TLS_KEYS).unwrap_or_default().iter().filter_map(read).collect()
}

/// What a PEM file must hold (RFC 7468): its label, and how messages call it.
type Wanted = (&'static [u8], &'static str);
const CERTIFICATE: Wanted = (b"-----BEGIN CERTIFICATE-----", "certificate");
/// `PRIVATE KEY`, `RSA PRIVATE KEY`, `EC PRIVATE KEY`.
const KEY: Wanted = (b"PRIVATE KEY-----", "private key");

/// Reads the path of a PEM file, and looks into the file of one without templates.
fn pem(d: &Decoder<'_>, node: &Node, (label, what): Wanted) -> Option<FileReference> {
    let file = files::reference(d, node)?;
    let Some(path) = file.path.value.literal() else { return Some(file) };
    let found = file.resolve(d.root(), path).ok()?;
    let shown = file.shown(path);
    let text = match fs::read(found) {
        Ok(text) => text,
        Err(error) => {
            d.error(node.at, format!("cannot read `{shown}`: {}", files::reason(&error)), "");
            return None;
        }
    };
    if text.windows(label.len()).any(|piece| piece == label) {
        return Some(file);
    }
    let help = "a PEM file is text; `openssl` makes one of a DER or PKCS #12 file";
    d.error_help(node.at, format!("`{shown}` holds no {what}"), "", help);
    None
}

fn only_13(d: &Decoder<'_>, node: &Node) -> Option<bool> {
    match d.plain(node, "`1.2` or `1.3`")?.value.as_str() {
        "1.2" => Some(false),
        "1.3" => Some(true),
        _ => {
            let message = format!("`min_version` is `1.2` or `1.3`, found {}", found(node));
            d.error_help(
                node.at,
                message,
                "",
                "versions before 1.2 are not spoken: they are not safe",
            );
            None
        }
    }
}

fn proxy(d: &Decoder<'_>, node: &Node) -> Option<Option<Text>> {
    let text = d.text(node, "a proxy's URL, or `none`")?;
    match text.value.literal() {
        Some("none") => return Some(None),
        Some(literal) => {
            let is_http =
                |url: &url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
            if !url::Url::parse(literal).is_ok_and(|url| is_http(&url)) {
                let help = "write it as `http://host:port`, or `none` to go without one";
                // The text may hold a password.
                d.error_help(node.at, "this is no URL of an HTTP proxy", "", help);
                return None;
            }
        }
        None => {}
    }
    Some(Some(text))
}

fn resolve(d: &Decoder<'_>, node: &Node) -> Vec<(Located<String>, Option<Text>)> {
    let read = |entry: &Entry| {
        let key = super::settings::no_template(d, entry)?;
        let Some(name) = host_and_port(&key.value) else {
            let message = format!("`{}` is no `host:port`", crate::value::cut(&key.value, 60));
            d.error_help(entry.at, message, "", "name the port as well: `shop.test:443`");
            return None;
        };
        let value = match entry.value.kind {
            Kind::Null => None,
            _ => Some(d.text(&entry.value, "an address such as `127.0.0.1`")?),
        };
        if let Some(Err(message)) =
            value.as_ref().and_then(|text| text.value.literal()).map(address)
        {
            d.error(entry.value.at, message, "");
            return None;
        }
        Some((Located { at: entry.at, value: name }, value))
    };
    let entries = d.entries(node, "`resolve`").unwrap_or_default();
    entries.iter().filter_map(read).collect()
}

/// `host:port` as URLs write it: lower case, brackets around IPv6.
fn host_and_port(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    Some(format!("{}:{port}", url::Host::parse(host).ok()?))
}

/// An IP address, and a port where one is given: `127.0.0.1`, `127.0.0.1:8443`, `::1`, `[::1]:8443`.
///
/// # Errors
/// A message with the text.
pub fn address(text: &str) -> Result<(IpAddr, Option<u16>), String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse() {
        return Ok((ip, None));
    }
    let both = |address: SocketAddr| (address.ip(), Some(address.port()));
    text.parse().map(both).map_err(|_| {
        format!("`{}` is no IP address, with a port or without", crate::value::cut(text, 60))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_resolve_are_hosts_with_ports() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(host_and_port(text).as_deref(), expected, "{text}");
        }
        check("Shop.Test:443", Some("shop.test:443"));
        check("[::1]:80", Some("[::1]:80"));
        check("[0:0::1]:80", Some("[::1]:80"));
        check("shop.test", None);
        check("shop.test:0", None);
        check("shop.test:99999", None);
        check("http://shop.test:80", None);
        check("u@shop.test:80", None);
        check("shop.test:80:81", None);
        check(":80", None);
    }

    #[test]
    fn addresses_may_have_a_port() {
        #[track_caller]
        fn check(text: &str, expected: Option<(&str, Option<u16>)>) {
            let expected = expected.map(|(ip, port)| (ip.parse().expect("an address"), port));
            assert_eq!(address(text).ok(), expected, "{text}");
        }
        check("127.0.0.1", Some(("127.0.0.1", None)));
        check("127.0.0.1:8443", Some(("127.0.0.1", Some(8443))));
        check("::1", Some(("::1", None)));
        check("[::1]", Some(("::1", None)));
        check("[::1]:8443", Some(("::1", Some(8443))));
        check("localhost", None);
        check("127.0.0.1:", None);
    }
}
