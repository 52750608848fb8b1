//! Connections kept for the next exchange, by scheme, host, port and route.
//!
//! The race that every pool runs: a server closes an idle connection just as a request is written to it. A request
//! that may be repeated is then sent once more; one that may not (a POST) would be lost. So what an origin does with
//! idle connections is remembered in its [`History`], and [`admit`] gives a POST a kept connection only where the
//! origin is known to keep them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use url::{Position, Url};

use super::connect::dial;
use super::connection::{Dialed, Http1, Http2, poll};
use super::failure::Fault;
use super::origin::Origin;
use super::progress::Progress;
use super::route::Route;
use super::trust::Trust;
use super::wire::Look;

/// Idle connections kept per origin; beyond it the oldest is closed.
const MAX_IDLE: usize = 64;
/// How long an idle connection is kept.
const MAX_IDLE_TIME: Duration = Duration::from_secs(90);
/// A server that closes after each answer has done so after this time, even on a busy machine.
const SETTLE: Duration = Duration::from_millis(5);
/// An origin seen to close sooner than this gets a new connection for each request that must not be repeated.
const CLOSES_SOON: Duration = Duration::from_millis(100);

/// How long a request waits for another's handshake that may give both one HTTP/2 connection.
const SHARE_WAIT: Duration = Duration::from_secs(1);

/// A connection for one request.
pub(super) struct Lease<C> {
    pub(super) connection: C,
    /// How long it was idle; none for a new one.
    pub(super) idle: Option<Duration>,
}

/// What was seen of an origin's idle connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// The longest idle time after which one was alive.
    alive_at: Duration,
    /// The shortest idle time after which one was dead.
    dead_at: Option<Duration>,
    /// What the last new connection cost.
    opening: Duration,
}

impl History {
    pub(super) fn alive(&mut self, idle: Duration) {
        self.alive_at = self.alive_at.max(idle);
    }

    pub(super) fn dead(&mut self, idle: Duration) {
        self.dead_at = Some(self.dead_at.map_or(idle, |before| before.min(idle)));
    }
}

/// What to do with an idle connection that looks alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admit {
    /// Use it.
    Use,
    /// Look again after this time.
    Wait(Duration),
    /// Open a new one.
    Fresh,
}

/// Whether a request may go on a connection that has been idle for so long. `repeatable`: RFC 9110 §9.2.2.
pub(super) fn admit(history: History, idle: Duration, repeatable: bool) -> Admit {
    if repeatable {
        return Admit::Use;
    }
    match history.dead_at {
        Some(dead) if dead < CLOSES_SOON => return Admit::Fresh,
        // Half of the time after which one was found closed: well before the server's keep-alive time-out.
        Some(dead) if idle >= dead / 2 => return Admit::Fresh,
        _ => {}
    }
    if history.alive_at >= SETTLE || idle >= SETTLE {
        return Admit::Use;
    }
    // Not known yet: whichever is cheaper. Near servers are connected to in less time than they are waited for.
    let wait = SETTLE - idle;
    if history.opening < wait { Admit::Fresh } else { Admit::Wait(wait) }
}

/// The connections to an origin.
pub(super) struct Connections {
    pub(super) origin: Origin,
    kept: Mutex<Kept>,
    /// Held while a TLS connection is opened and it is not known that the origin speaks HTTP/1 only: all requests
    /// that wait for it may share one HTTP/2 connection.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    /// The longest idle first.
    idle: Vec<Http1>,
    shared: Option<Http2>,
    /// The last handshake agreed on HTTP/1.
    one: bool,
    history: History,
}

impl Connections {
    fn to(origin: Origin) -> Self {
        Self { origin, kept: Mutex::default(), opening: tokio::sync::Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection for a request: kept if it may be, else new.
    pub(super) async fn lease(
        &self,
        repeatable: bool,
        fresh: bool,
        trust: &Trust,
        limit: Duration,
        progress: &mut Progress,
    ) -> Result<Leased, Fault> {
        if !fresh && let Some(leased) = self.take(repeatable).await {
            return Ok(leased);
        }
        if !self.origin.route.may_share() || self.kept().one {
            return self.open(trust, limit, progress).await;
        }
        // Not without end: a handshake that hangs must not hold up the others one after another.
        let _opening = tokio::time::timeout(SHARE_WAIT, self.opening.lock()).await;
        // Another exchange may have opened it meanwhile.
        if !fresh && let Some(leased) = self.shared() {
            return Ok(leased);
        }
        self.open(trust, limit, progress).await
    }

    async fn open(
        &self,
        trust: &Trust,
        limit: Duration,
        progress: &mut Progress,
    ) -> Result<Leased, Fault> {
        let start = Instant::now();
        // Boxed: what happens once per connection does not swell the future of every request.
        let dialed = Box::pin(dial(&self.origin, trust, limit, progress)).await?;
        let mut kept = self.kept();
        kept.history.opening = start.elapsed();
        kept.one = matches!(dialed, Dialed::One(_));
        Ok(match dialed {
            Dialed::One(connection) => Leased::One(Lease { connection, idle: None }),
            Dialed::Two(connection) => {
                kept.shared = Some(connection.clone());
                Leased::Two(Lease { connection, idle: None })
            }
        })
    }

    fn shared(&self) -> Option<Leased> {
        let mut kept = self.kept();
        match &kept.shared {
            // A connection that got GOAWAY ends its task, and with it this sender.
            Some(two) if two.sender.is_closed() || two.wire.look() == Look::Dead => {
                kept.shared = None;
                None
            }
            Some(two) => {
                Some(Leased::Two(Lease { connection: two.clone(), idle: Some(Duration::ZERO) }))
            }
            None => None,
        }
    }

    async fn take(&self, repeatable: bool) -> Option<Leased> {
        if self.origin.route.may_share() {
            let shared = self.kept().shared.clone();
            if shared.is_some_and(|two| two.wire.look() == Look::Bytes) {
                // Perhaps a GOAWAY: its task gets the time to read it.
                tokio::task::yield_now().await;
            }
            if let Some(leased) = self.shared() {
                return Some(leased);
            }
        }
        loop {
            let mut connection = self.kept().candidate(repeatable)?;
            if !self.is_alive(&mut connection).await {
                continue;
            }
            let idle = connection.since.elapsed();
            let history = self.kept().history;
            match admit(history, idle, repeatable) {
                Admit::Use => return Some(Leased::One(Lease { connection, idle: Some(idle) })),
                Admit::Wait(time) => {
                    tokio::time::sleep(time).await;
                    self.put(connection);
                }
                Admit::Fresh => {
                    self.put(connection);
                    return None;
                }
            }
        }
    }

    /// Looks at an idle connection and remembers what was seen. Nothing blocks.
    async fn is_alive(&self, connection: &mut Http1) -> bool {
        let idle = connection.since.elapsed();
        let mut look = connection.wire.look();
        if look == Look::Bytes && self.origin.route.tls.is_some() {
            // Session tickets and key updates may come at any time (RFC 8446 §4.6): the reactor is given a turn and
            // rustls the bytes. hyper ends the connection if they were anything of HTTP, or a closing alert.
            tokio::task::yield_now().await;
            let driver = &mut connection.driver;
            let ended =
                std::future::poll_fn(|cx| std::task::Poll::Ready(poll(driver, cx).is_ready()))
                    .await;
            look = if ended { Look::Dead } else { connection.wire.look() };
        }
        let alive = look == Look::Quiet && connection.sender.is_ready() && idle < MAX_IDLE_TIME;
        let history = &mut self.kept().history;
        match look {
            Look::Quiet => history.alive(idle),
            Look::Bytes | Look::Dead => history.dead(idle),
        }
        alive
    }

    /// A request on a kept connection was lost to the server's closing it.
    pub(super) fn lost(&self, idle: Duration) {
        self.kept().history.dead(idle);
    }

    /// Gives a connection back whose answer was read to its end.
    pub(super) fn give_back(&self, mut connection: Http1) {
        connection.since = Instant::now();
        self.put(connection);
    }

    fn put(&self, connection: Http1) {
        let mut kept = self.kept();
        let expired =
            kept.idle.iter().take_while(|one| one.since.elapsed() >= MAX_IDLE_TIME).count();
        let surplus = (kept.idle.len() + 1).saturating_sub(MAX_IDLE);
        let gone: Vec<_> = kept.idle.drain(..expired.max(surplus)).collect();
        let place = kept.idle.partition_point(|one| one.since <= connection.since);
        kept.idle.insert(place, connection);
        drop(kept);
        // Closing sockets is not done under the lock.
        drop(gone);
    }
}

impl Kept {
    /// The connection used last, or, as long as the origin is not known to keep them, the one idle for longest: it
    /// tells most.
    fn candidate(&mut self, repeatable: bool) -> Option<Http1> {
        if repeatable || self.history.alive_at >= SETTLE {
            self.idle.pop()
        } else if self.idle.is_empty() {
            None
        } else {
            Some(self.idle.remove(0))
        }
    }
}

/// A connection of either protocol.
pub(super) enum Leased {
    One(Lease<Http1>),
    Two(Lease<Http2>),
}

/// The connections of a run: by the origin's name, and once for every way in which it is reached.
#[derive(Default)]
pub(super) struct Pool {
    origins: Mutex<HashMap<String, Vec<Arc<Connections>>>>,
}

impl Pool {
    /// The connections to the origin of a URL. Refused if it is neither http nor https.
    pub(super) fn connections(&self, url: &Url, route: Route) -> Result<Arc<Connections>, Fault> {
        let key = key(url);
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = origins.get(&*key).into_iter().flatten();
        if let Some(known) = known.find(|known| known.origin.route == route) {
            return Ok(Arc::clone(known));
        }
        let new = Arc::new(Connections::to(Origin::new(url, route)?));
        origins.entry(key.into_owned()).or_default().push(Arc::clone(&new));
        Ok(new)
    }
}

/// `scheme://host:port` as the URL writes it, without a name and a password.
fn key(url: &Url) -> Cow<'_, str> {
    if url.username().is_empty() && url.password().is_none() {
        Cow::Borrowed(&url[..Position::BeforePath])
    } else {
        Cow::Owned(format!(
            "{}{}",
            &url[..Position::BeforeUsername],
            &url[Position::BeforeHost..Position::BeforePath]
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_must_not_be_repeated_wants_an_origin_that_keeps_connections() {
        let ms = Duration::from_millis;
        let us = Duration::from_micros;
        #[track_caller]
        fn check(alive_at: Duration, dead_at: Option<Duration>, idle: Duration, expected: Admit) {
            let history = History { alive_at, dead_at, opening: Duration::from_millis(30) };
            assert_eq!(admit(history, idle, false), expected);
            assert_eq!(admit(history, idle, true), Admit::Use);
        }
        // Nothing known: the server gets the time to close.
        check(ms(0), None, us(50), Admit::Wait(us(4_950)));
        check(ms(0), None, ms(5), Admit::Use);
        // A new connection costs less than the wait.
        let near = History { opening: us(100), ..History::default() };
        assert_eq!(admit(near, us(50), false), Admit::Fresh);
        assert_eq!(admit(near, ms(5), false), Admit::Use);
        // Known to keep: at once.
        check(ms(5), None, us(50), Admit::Use);
        // Known to close soon: never.
        check(ms(5), Some(ms(3)), us(50), Admit::Fresh);
        check(ms(0), Some(us(400)), ms(50), Admit::Fresh);
        // A keep-alive time-out of five seconds: not near it.
        check(ms(900), Some(ms(5_000)), ms(2_400), Admit::Use);
        check(ms(900), Some(ms(5_000)), ms(2_500), Admit::Fresh);
    }

    #[test]
    fn the_key_holds_no_password() {
        let check = |url: &str, expected: &str| match Url::parse(url) {
            Ok(url) => assert_eq!(key(&url), expected),
            Err(error) => panic!("{error}"),
        };
        check("http://a.test/b?c", "http://a.test");
        check("http://u:p@a.test:81/b", "http://a.test:81");
        check("https://[::1]:4430", "https://[::1]:4430");
    }
}
