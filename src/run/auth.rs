//! `auth`: from what was written to what is put into requests.

use std::collections::HashMap;
use std::sync::Arc;

use url::Url;

use super::context::{Context, helped, invalid, text};
use super::frame::SessionKey;
use crate::http::{self, Request};
use crate::outcome::{Fault, Place};
use crate::scenario::auth::{self as written, AwsSigV4};
use crate::scenario::decode::{Located, Text};
use crate::session::auth::{
    Auth, Aws, Digest, Grant, OAuth2, TokenFailure, TokenRequest, TokenSource,
};

/// Where the tokens of a run come from, by all that makes two of them one: the session's name among it.
pub(super) type Tokens = HashMap<String, Arc<TokenSource>>;

/// What says who sends the request; a token is fetched here, if there is none yet.
pub(super) async fn begin(
    context: &mut Context<'_>,
    auth: Option<&Located<written::Auth>>,
    request: &Request,
    settings: &http::Settings,
) -> Result<Auth, Fault> {
    let Some(auth) = auth else { return Ok(Auth::None) };
    Ok(match &auth.value {
        written::Auth::None => Auth::None,
        written::Auth::Basic(login) => {
            let username = text(context, &login.username)?;
            if username.contains(':') {
                let help =
                    "the password would begin at its first colon: use another way to sign in";
                let message = "a `basic` user name cannot hold a colon".to_owned();
                return Err(helped(context.place(login.username.at), message, help));
            }
            Auth::basic(&username, &secret(context, &login.password)?)
        }
        written::Auth::Bearer(token) => {
            let token_text = secret(context, token)?;
            Auth::bearer(&token_text).ok_or_else(|| {
                let message = "the token holds a character that no header can hold".to_owned();
                invalid(context.place(token.at), message)
            })?
        }
        written::Auth::Digest(login) => {
            let username = text(context, &login.username)?;
            let password = secret(context, &login.password)?;
            let known = std::mem::take(&mut context.session.challenges);
            Auth::Digest(Digest::new(username, password, known))
        }
        written::Auth::OAuth2(oauth2) => {
            let source = source(context, oauth2)?;
            let place = context.place(auth.at);
            let begun = OAuth2::begin(source, settings.clone()).await;
            Auth::OAuth2(Box::new(begun.map_err(|failure| fault(place, failure))?))
        }
        written::Auth::AwsSigV4(aws) => Auth::Aws(Box::new(signer(context, aws, request).await?)),
    })
}

/// What the session keeps of it, and what went wrong on the way.
pub(super) fn end(
    context: &mut Context<'_>,
    auth: Auth,
    written: Option<&Located<written::Auth>>,
) -> Option<Fault> {
    match auth {
        Auth::Digest(digest) => {
            context.session.challenges = digest.into_challenges();
            None
        }
        Auth::OAuth2(oauth2) => {
            let place = context.place(written?.at);
            oauth2.into_failure().map(|failure| fault(place, failure))
        }
        Auth::None | Auth::Fixed(_) | Auth::Aws(_) => None,
    }
}

fn fault(place: Place, failure: TokenFailure) -> Fault {
    match failure {
        TokenFailure::Transport(failure) => Fault::Transport { place, failure },
        TokenFailure::Refused(message) => Fault::Invalid {
            place,
            message,
            label: "this token was asked for".to_owned(),
            help: None,
        },
    }
}

/// A text that is masked from here on.
fn secret(context: &Context<'_>, written: &Text) -> Result<String, Fault> {
    let secret = text(context, written)?;
    context.masks.add(secret.as_bytes());
    Ok(secret)
}

fn source(context: &Context<'_>, oauth2: &written::OAuth2) -> Result<Arc<TokenSource>, Fault> {
    let place = || context.place(oauth2.token_url.at);
    let mut written = text(context, &oauth2.token_url)?;
    if written.starts_with('/') {
        written = context.joined(&written).map_err(|message| invalid(place(), message))?;
    }
    let url = Url::parse(&written).map_err(|error| {
        let shown = crate::value::cut(&written, 200);
        invalid(place(), format!("`{}` is no URL: {error}", shown))
    })?;
    let scopes: Vec<String> =
        oauth2.scopes.iter().map(|scope| text(context, scope)).collect::<Result<_, _>>()?;
    let client_id = text(context, &oauth2.client_id)?;
    let client_secret = oauth2.client_secret.as_ref().map(|it| secret(context, it)).transpose()?;
    let (grant, mut key) = match &oauth2.grant {
        written::Grant::ClientCredentials => (Grant::ClientCredentials, vec![]),
        written::Grant::Password(login) => {
            let username = text(context, &login.username)?;
            let password = secret(context, &login.password)?;
            (Grant::Password(username.clone(), password.clone()), vec![username, password])
        }
        written::Grant::RefreshToken(token) => {
            let token = secret(context, token)?;
            (Grant::RefreshToken(token.clone()), vec![String::new(), String::new(), token])
        }
    };
    key.push(context.sessions.current.as_ref().map_or_else(String::new, SessionKey::unique));
    key.extend([url.to_string(), client_id.clone()]);
    key.push(client_secret.clone().unwrap_or_default());
    key.extend(scopes.iter().cloned());
    let request = TokenRequest { url, client_id, client_secret, scopes, grant };
    let shared = context.shared;
    let mut tokens = shared.tokens.borrow_mut();
    // No text of a file holds a NUL.
    let source = tokens.entry(key.join("\0")).or_insert_with(|| {
        Arc::new(TokenSource::new(request, shared.client.clone(), shared.masks.clone()))
    });
    Ok(Arc::clone(source))
}

async fn signer(context: &Context<'_>, aws: &AwsSigV4, request: &Request) -> Result<Aws, Fault> {
    let header = |written: &Text| {
        let value = text(context, written)?;
        let place = || context.place(written.at);
        super::request::refuse_breaks(&value, place, "`aws_sigv4`").map(|()| value)
    };
    let session_token = aws.session_token.as_ref().map(|token| {
        context.masks.add(text(context, token)?.as_bytes());
        header(token)
    });
    let (service, region) = (header(&aws.service)?, header(&aws.region)?);
    let (access_key, secret_key) = (header(&aws.access_key)?, secret(context, &aws.secret_key)?);
    let session_token = session_token.transpose()?;
    let body = request.body.sha256().await.map_err(|error| {
        let why = crate::scenario::files::reason(&error);
        invalid(context.place(aws.service.at), format!("the body cannot be signed: {why}"))
    })?;
    Ok(Aws { service, region, access_key, secret_key, session_token, body })
}
