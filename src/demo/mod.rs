//! The embedded practice server: what httpbin answers, and a small shop with sessions.
//!
//! Examples, the tutorial and this project's own tests run against it, so that nobody needs a network
//! to learn callsheet. The way of a request:
//!
//! ```text
//! connection -> request (decoded as WSGI does) -> route -> an endpoint's file -> reply (finished)
//! ```

mod python;
mod percent;
mod multipart;
mod random;
mod request;
mod reply;
mod route;
mod echo;
mod cookies;
mod redirects;
mod status;
mod auth;
mod digest;
mod content;
mod shop;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::reply::Reply;
use self::request::{Addresses, Request};
use self::shop::Shop;

/// How long open exchanges may take to finish once `shutdown` has resolved.
const GRACE: Duration = Duration::from_secs(1);

/// How long to wait before accepting again when accepting failed: the usual reason is that the process has no
/// file descriptors left, which only time can cure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// After this many failures to accept in a row the listener is taken for dead.
const ACCEPT_FAILURES: u32 = 100;

/// Serves the practice server on `listener` until `shutdown` resolves.
///
/// Speaks HTTP/1.1 and HTTP/2 with prior knowledge. When `shutdown` resolves it stops accepting, lets open
/// exchanges finish for up to a second and closes what is left. All state (sessions, orders, carts) is in
/// memory and belongs to this call.
///
/// # Errors
///
/// Fails when the listener can no longer accept connections.
pub async fn serve(
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let shop = Arc::new(Shop::new());
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    let mut failures = 0;
    let result = loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break Ok(()),
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                failures = 0;
                connections.spawn(connection(stream, peer, Arc::clone(&shop), stopped.clone()));
            }
            Err(error) if failures >= ACCEPT_FAILURES => break Err(error),
            Err(_) => {
                failures += 1;
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        // Forget the connections that have ended, or the set would grow for ever.
        while connections.try_join_next().is_some() {}
    };
    drop(listener);
    stop.send_replace(true);
    let finished = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, finished).await;
    connections.shutdown().await;
    result
}

/// Serves one connection until the peer closes it or `stopped` becomes true.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    shop: Arc<Shop>,
    mut stopped: watch::Receiver<bool>,
) {
    // Answers are small and latency is what a test sees; without the option the only harm is a slower answer.
    let _ = stream.set_nodelay(true);
    let local = stream.local_addr().unwrap_or(peer);
    let addresses = Addresses { peer, local };
    let service = service_fn(move |incoming| {
        let shop = Arc::clone(&shop);
        async move { Ok::<_, Infallible>(exchange(incoming, addresses, &shop).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().title_case_headers(true);
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // A connection that fails is the client's affair: there is nobody here to tell.
    tokio::select! {
        _ = serving.as_mut() => {}
        () = stop_of(&mut stopped) => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

/// Resolves once the server stops.
async fn stop_of(stopped: &mut watch::Receiver<bool>) {
    // An error says that the server is gone, which is as good a reason to stop.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// One request and its answer.
async fn exchange(incoming: hyper::Request<Incoming>, addresses: Addresses, shop: &Shop) -> Reply {
    let (head, body) = incoming.into_parts();
    let request = Request::new(head, addresses);
    match request::read_body(&request, body).await {
        Ok(body) => route::answer(&request.with_body(body), shop).await,
        Err(status) => reply::finish(&request, true, reply::failure(status)),
    }
}
