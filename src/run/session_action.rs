//! A `session` step: the session is changed by hand.

use std::fs::File;
use std::io::Read as _;
use std::time::{Duration, SystemTime};

use url::Url;

use super::context::{Context, helped, invalid, text};
use crate::outcome::{ByHand, Fault};
use crate::scenario::decode::Text;
use crate::scenario::files::{FileReference, reason};
use crate::scenario::session_action::{CookieToSet, SessionAction};
use crate::scenario::written_cookie::{wrong_name, wrong_value};
use crate::scenario::yaml::At;
use crate::session::files::{self, Entry, JarFormat};
use crate::session::{Cookie, Session};

/// The largest file of cookies, in bytes: a browser's thousands of cookies are a tenth of it.
const LARGEST: u64 = 4 << 20;

/// Does what a `session` step says; gives what came of it.
pub(super) fn act(
    context: &mut Context<'_>,
    at: At,
    action: &SessionAction,
) -> Result<Vec<ByHand>, Fault> {
    let done = match action {
        SessionAction::Reset => vec![by_hand("dropped", &context.reset())],
        SessionAction::SetCookie(cookie) => {
            set_cookie(context, at, cookie).map(|cookie| vec![by_hand("set", &[cookie])])?
        }
        SessionAction::DeleteCookie { name, domain, path } => {
            let name = text(context, name)?;
            let domain = domain.as_ref().map(|domain| text(context, domain)).transpose()?;
            let path = path.as_ref().map(|path| text(context, path)).transpose()?;
            let deleted = context.session.delete(&name, domain.as_deref(), path.as_deref());
            let missing = deleted.is_empty().then_some(name);
            vec![ByHand { missing, ..by_hand("deleted", &deleted) }]
        }
        SessionAction::CloseBrowser => vec![by_hand("dropped", &context.session.close_browser())],
        SessionAction::Save(file) => vec![by_hand("saved", &save(context, file)?)],
        SessionAction::Load(file) => load(context, file)?,
    };
    Ok(done)
}

fn by_hand(what: &'static str, cookies: &[Cookie]) -> ByHand {
    let names = cookies.iter().map(|cookie| cookie.name().into_owned()).collect();
    ByHand { what, names, missing: None }
}

/// Writes all cookies to the file; gives them.
fn save(context: &Context<'_>, file: &FileReference) -> Result<Vec<Cookie>, Fault> {
    let wrong = |message| invalid(context.place(file.path.at), message);
    let (path, format) = jar_file(context, file)?;
    let place = file.destination(&context.shared.plan.root, &path).map_err(wrong)?;
    let cookies = context.session.all();
    let bytes = files::write(format, &cookies).map_err(|message| {
        helped(context.place(file.path.at), message, "`.json` holds them all")
    })?;
    files::store(&place, &bytes).map_err(|error| {
        wrong(format!("cannot write `{}`: {}", file.shown(&path), reason(&error)))
    })?;
    Ok(cookies)
}

/// Adds all cookies of the file, or none where something is wrong with one.
fn load(context: &mut Context<'_>, file: &FileReference) -> Result<Vec<ByHand>, Fault> {
    let (path, format) = jar_file(context, file)?;
    let (session, loaded, expired) = jar(context, file, &path, format)
        .map_err(|message| invalid(context.place(file.path.at), message))?;
    context.session = session;
    let mut done = vec![by_hand("loaded", &loaded)];
    if !expired.is_empty() {
        done.push(by_hand("passed over, as expired", &expired));
    }
    Ok(done)
}

/// The session with the cookies of the file; those that it took, and those whose time is over.
fn jar(
    context: &Context<'_>,
    file: &FileReference,
    path: &str,
    format: JarFormat,
) -> Result<(Session, Vec<Cookie>, Vec<Cookie>), String> {
    let place = file.resolve(&context.shared.plan.root, path)?;
    let shown = file.shown(path);
    let mut bytes = Vec::new();
    File::open(place)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read `{shown}`: {}", reason(&error)))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("`{shown}` is larger than 4 MiB, and no file of cookies"));
    }
    let wrong = |line, why| format!("`{shown}:{line}` cannot be loaded: {why}");
    let entries =
        files::read(format, &bytes).map_err(|problem| wrong(problem.line, problem.message))?;
    let mut session = context.session.clone();
    let (mut loaded, mut expired) = (Vec::new(), Vec::new());
    for Entry { line, cookie } in entries {
        let is_there = session
            .put(&cookie)
            .map_err(|reason| wrong(line, format!("cookie `{}`: {reason}", cookie.name())))?;
        if is_there { &mut loaded } else { &mut expired }.push(cookie);
    }
    Ok((session, loaded, expired))
}

/// The path of a file with cookies, and the format that its ending stands for.
fn jar_file(context: &Context<'_>, file: &FileReference) -> Result<(String, JarFormat), Fault> {
    let path = text(context, &file.path)?;
    match JarFormat::of(&path) {
        Ok(format) => Ok((path, format)),
        Err(message) => Err(helped(context.place(file.path.at), message, JarFormat::ENDINGS)),
    }
}

/// Puts a cookie into the current session, and gives it.
pub(super) fn set_cookie(
    context: &mut Context<'_>,
    at: At,
    written: &CookieToSet,
) -> Result<Cookie, Fault> {
    let name = text(context, &written.name)?;
    let value = text(context, &written.value)?;
    let place = |text: &Text| context.place(text.at);
    if let Some((message, help)) = wrong_name(&name) {
        return Err(helped(place(&written.name), message, help));
    }
    if let Some((message, help)) = wrong_value(&name, &value) {
        return Err(helped(place(&written.value), message, help));
    }
    let domain = written.domain.as_ref().map(|domain| text(context, domain)).transpose()?;
    let path = written.path.as_ref().map(|path| text(context, path)).transpose()?;
    let url = cookie_url(context, at, written.domain.as_ref(), domain.as_deref())?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let host_only = domain.is_none();
    let cookie = Cookie {
        name: name.into(),
        value: value.into(),
        domain: domain.map_or(host, |domain| domain.trim_start_matches('.').to_lowercase()),
        host_only,
        path: path.unwrap_or_else(|| "/".to_owned()),
        secure: written.secure,
        http_only: written.http_only,
        same_site: written.same_site,
        expires: written.expires_in.map(|after: Duration| SystemTime::now() + after),
    };
    let place = context.place(written.domain.as_ref().map_or(at, |domain| domain.at));
    context.session.set(&url, &cookie).map_err(|reason| {
        invalid(place, format!("cookie `{}` cannot be set: {reason}", cookie.name()))
    })?;
    Ok(cookie)
}

/// The URL in whose name a cookie is set: that of its domain, or the base URL.
fn cookie_url(
    context: &Context<'_>,
    at: At,
    written: Option<&Text>,
    domain: Option<&str>,
) -> Result<Url, Fault> {
    let text = match (domain, &context.frame.base_url) {
        (Some(domain), _) => format!("https://{}/", domain.trim_start_matches('.')),
        (None, Some(base)) => base.clone(),
        (None, None) => {
            let message = "a cookie needs a `domain` where there is no base URL".to_owned();
            let help = "add `domain: shop.test`, or give the scenario a `base_url`";
            return Err(helped(context.place(at), message, help));
        }
    };
    Url::parse(&text).map_err(|error| match (domain, written) {
        (Some(domain), Some(written)) => {
            let message = format!("`{}` is no domain", domain);
            helped(context.place(written.at), message, "write a host's name, such as `shop.test`")
        }
        _ => invalid(context.place(at), format!("the base URL `{text}` is no URL: {error}")),
    })
}
