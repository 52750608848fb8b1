//! `auth`: how requests say who sends them.

use super::decode::{Decoder, Keys, Located, Text};
use super::settings::Settings;
use super::yaml::{At, Entry, Kind, Node};
use crate::diagnostic::Diagnostic;

/// How requests say who sends them.
#[derive(Clone, Debug)]
pub enum Auth {
    /// They do not, whatever an outer level says.
    None,
    /// User and password in every request (RFC 7617).
    Basic(Login),
    /// A token in every request (RFC 6750).
    Bearer(Text),
    /// A proof of the password, once the server has asked for it (RFC 7616).
    Digest(Login),
    /// A token that another server gives (RFC 6749).
    OAuth2(Box<OAuth2>),
    /// A signature of the request with AWS's Signature Version 4.
    AwsSigV4(Box<AwsSigV4>),
}

/// User and password.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user.
    pub username: Text,
    /// The password.
    pub password: Text,
}

/// Where a token comes from.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// Who gives it.
    pub token_url: Text,
    /// Who asks for it.
    pub client_id: Text,
    /// The secret of who asks; without one the client is a public one.
    pub client_secret: Option<Text>,
    /// What it is to allow.
    pub scopes: Vec<Text>,
    /// In exchange for what it is given.
    pub grant: Grant,
}

/// In exchange for what a token is given (RFC 6749 section 1.3).
#[derive(Clone, Debug)]
pub enum Grant {
    /// The client's own credentials (section 4.4).
    ClientCredentials,
    /// A user's password (section 4.3).
    Password(Login),
    /// A token that was given before (section 6).
    RefreshToken(Text),
}

/// Whose signature, and for what.
#[derive(Clone, Debug)]
pub struct AwsSigV4 {
    /// The service, such as `execute-api` or `s3`.
    pub service: Text,
    /// The region, such as `eu-central-1`.
    pub region: Text,
    /// The identifier of the key.
    pub access_key: Text,
    /// The key.
    pub secret_key: Text,
    /// What goes with keys that are lent for a time.
    pub session_token: Option<Text>,
}

const KEYS: Keys =
    Keys { what: "`auth`", known: &["basic", "bearer", "digest", "oauth2", "aws_sigv4"] };
const LOGIN: &[&str] = &["username", "password"];
const BASIC_KEYS: Keys = Keys { what: "`basic`", known: LOGIN };
const DIGEST_KEYS: Keys = Keys { what: "`digest`", known: LOGIN };
const OAUTH2_KEYS: Keys = Keys {
    what: "`oauth2`",
    known: &[
        "token_url",
        "client_id",
        "client_secret",
        "scopes",
        "grant",
        "username",
        "password",
        "refresh_token",
    ],
};
const SIGV4_KEYS: Keys = Keys {
    what: "`aws_sigv4`",
    known: &["service", "region", "access_key", "secret_key", "session_token"],
};

impl Auth {
    /// Calls `visit` for each of its texts.
    pub fn visit<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        match self {
            Self::None => {}
            Self::Basic(login) | Self::Digest(login) => login.visit(visit),
            Self::Bearer(token) => visit(token),
            Self::OAuth2(oauth2) => {
                visit(&oauth2.token_url);
                visit(&oauth2.client_id);
                oauth2.client_secret.iter().chain(&oauth2.scopes).for_each(&mut *visit);
                match &oauth2.grant {
                    Grant::ClientCredentials => {}
                    Grant::Password(login) => login.visit(visit),
                    Grant::RefreshToken(token) => visit(token),
                }
            }
            Self::AwsSigV4(aws) => {
                let all = [&aws.service, &aws.region, &aws.access_key, &aws.secret_key];
                all.into_iter().chain(&aws.session_token).for_each(visit);
            }
        }
    }
}

impl Auth {
    /// What of it is secret.
    pub(super) fn secrets(&self) -> Vec<&Text> {
        match self {
            Self::None => Vec::new(),
            Self::Basic(login) | Self::Digest(login) => vec![&login.password],
            Self::Bearer(token) => vec![token],
            Self::OAuth2(oauth2) => {
                let grant = match &oauth2.grant {
                    Grant::ClientCredentials => None,
                    Grant::Password(login) => Some(&login.password),
                    Grant::RefreshToken(token) => Some(token),
                };
                grant.into_iter().chain(&oauth2.client_secret).collect()
            }
            Self::AwsSigV4(aws) => {
                std::iter::once(&aws.secret_key).chain(&aws.session_token).collect()
            }
        }
    }
}

impl Login {
    fn visit<'t>(&'t self, visit: &mut dyn FnMut(&'t Text)) {
        visit(&self.username);
        visit(&self.password);
    }
}

/// The entries of one kind of `auth`.
struct Map<'d, 'n> {
    d: &'d Decoder<'d>,
    at: At,
    what: &'static str,
    entries: Vec<&'n Entry>,
    /// What is missing may be what an unknown key is meant to be.
    has_unknown: bool,
}

impl<'d, 'n> Map<'d, 'n> {
    fn of(d: &'d Decoder<'d>, node: &'n Node, keys: &Keys) -> Option<Self> {
        let entries = d.map(node, keys)?;
        let has_unknown = matches!(&node.kind, Kind::Map(all) if all.len() > entries.len());
        Some(Self { d, at: node.at, what: keys.what, entries, has_unknown })
    }

    fn find(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// None where it is wrong, none inside where it is not given.
    fn optional(&self, key: &str) -> Option<Option<Text>> {
        match self.find(key) {
            Some(node) => self.d.text(node, "a text").map(Some),
            None => Some(None),
        }
    }

    fn text(&self, key: &str) -> Option<Text> {
        let text = self.optional(key)?;
        if text.is_none() && !self.has_unknown {
            let message = format!("{} wants a `{key}`", self.what);
            self.d.error_help(self.at, message, "", &format!("add `{key}: …`"));
        }
        text
    }

    fn login(&self) -> Option<Login> {
        let (username, password) = (self.text("username"), self.text("password"));
        Some(Login { username: username?, password: password? })
    }
}

/// Reads `auth`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Located<Auth>> {
    let at = node.at;
    if matches!(&node.kind, Kind::Text(text) if text == "none") {
        return Some(Located { at, value: Auth::None });
    }
    if !matches!(node.kind, Kind::Map(_)) {
        let what = "`none`, or a way to sign in such as `{bearer: \"${token}\"}`";
        d.expected(what, node);
        return None;
    }
    let entries = d.map(node, &KEYS)?;
    let [entry] = entries.as_slice() else {
        let known = KEYS.known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        // An unknown key has been told already.
        if entries.len() > 1 || matches!(&node.kind, Kind::Map(all) if all.is_empty()) {
            let message = format!("`auth` is one of {known}");
            d.error_help(at, message, "", "`auth: none` sends no credentials");
        }
        return None;
    };
    let value = match entry.key.as_str() {
        "basic" => Auth::Basic(basic(d, &entry.value)?),
        "bearer" => Auth::Bearer(d.text(&entry.value, "a token")?),
        "digest" => Auth::Digest(Map::of(d, &entry.value, &DIGEST_KEYS)?.login()?),
        "oauth2" => Auth::OAuth2(Box::new(oauth2(d, &entry.value)?)),
        _ => Auth::AwsSigV4(Box::new(aws(d, &entry.value)?)),
    };
    Some(Located { at, value })
}

fn basic(d: &Decoder<'_>, node: &Node) -> Option<Login> {
    let login = Map::of(d, node, &BASIC_KEYS)?.login()?;
    if login.username.value.literal().is_some_and(|name| name.contains(':')) {
        // RFC 7617 section 2
        let help = "the password would begin at its first colon: use another way to sign in";
        d.error_help(login.username.at, "a `basic` user name cannot hold a colon", "", help);
        return None;
    }
    Some(login)
}

fn oauth2(d: &Decoder<'_>, node: &Node) -> Option<OAuth2> {
    let map = Map::of(d, node, &OAUTH2_KEYS)?;
    let (token_url, client_id) = (map.text("token_url"), map.text("client_id"));
    let client_secret = map.optional("client_secret");
    let scopes = match map.find("scopes") {
        Some(node) => {
            let all = d.list(node, "scopes")?.iter().map(|item| d.text(item, "a scope"));
            all.collect::<Vec<_>>().into_iter().collect()
        }
        None => Some(Vec::new()),
    };
    let grant = grant(d, &map);
    Some(OAuth2 {
        token_url: url(d, token_url?)?,
        client_id: client_id?,
        client_secret: client_secret?,
        scopes: scopes?,
        grant: grant?,
    })
}

fn url(d: &Decoder<'_>, text: Text) -> Option<Text> {
    let is_url = |text: &str| {
        let is_whole =
            url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        is_whole || text.starts_with('/')
    };
    if let Some(literal) = text.value.literal().filter(|literal| !is_url(literal)) {
        let message = format!("`{}` is no URL", crate::value::cut(literal, 60));
        d.error_help(text.at, message, "", "write a URL, such as `https://a.test/token`, or a path that is put behind the base URL");
        return None;
    }
    Some(text)
}

fn grant(d: &Decoder<'_>, map: &Map<'_, '_>) -> Option<Grant> {
    let written = match map.find("grant") {
        Some(node) => Some((node, d.plain(node, "a grant")?.value)),
        None => None,
    };
    let name = written.as_ref().map_or("client_credentials", |(_, name)| name);
    let (grant, own): (_, &[&str]) = match name {
        "client_credentials" => (Grant::ClientCredentials, &[]),
        "password" => (Grant::Password(map.login()?), LOGIN),
        "refresh_token" => (Grant::RefreshToken(map.text("refresh_token")?), &["refresh_token"]),
        other => {
            let message = format!("`{other}` is no grant");
            let help = "it is `client_credentials` (the default), `password` or `refresh_token`";
            d.error_help(written.map_or(map.at, |(node, _)| node.at), message, "", help);
            return None;
        }
    };
    for key in ["username", "password", "refresh_token"].iter().filter(|key| !own.contains(key)) {
        if let Some(node) = map.find(key) {
            let message = format!("`{key}` has no meaning for the grant `{name}`");
            let meant = if *key == "refresh_token" { "refresh_token" } else { "password" };
            d.error_help(node.at, message, "", &format!("add `grant: {meant}`, or leave it out"));
        }
    }
    Some(grant)
}

fn aws(d: &Decoder<'_>, node: &Node) -> Option<AwsSigV4> {
    let map = Map::of(d, node, &SIGV4_KEYS)?;
    let (service, region) = (map.text("service"), map.text("region"));
    let (access_key, secret_key) = (map.text("access_key"), map.text("secret_key"));
    let session_token = map.optional("session_token");
    Some(AwsSigV4 {
        service: service?,
        region: region?,
        access_key: access_key?,
        secret_key: secret_key?,
        session_token: session_token?,
    })
}

/// Two answers to one question: `auth` and an `Authorization` header on one level.
pub(super) fn refuse_both(d: &Decoder<'_>, settings: &Settings) {
    let header = settings.headers.iter().find(|(name, _)| name.value == "authorization");
    if let (Some(auth), Some((name, Some(_)))) = (&settings.auth, header) {
        let diagnostic =
            Diagnostic::error("`auth` and an `Authorization` header stand side by side")
                .at(d.source(), d.span(name.at), "the header")
                .also(d.source(), d.span(auth.at), "and `auth`");
        d.report(diagnostic.help("leave one of them out"));
    }
}
