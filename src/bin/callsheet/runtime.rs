//! What every command that waits stands on: the runtime, and the signals that end it.

use tokio::runtime::Runtime;

use crate::exit::Exit;
use crate::output;

/// One thread: a run waits more than it computes, and nothing crosses a thread.
pub(crate) fn runtime() -> Result<Runtime, Exit> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        output::err(&format!("error: the runtime cannot start: {error}\n"));
        Exit::Internal
    })
}

/// SIGINT or SIGTERM, as the exit code that says so.
pub(crate) async fn stop_signal() -> Exit {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
            () = hang_up() => Exit::Terminated,
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
            Exit::Interrupted
        }
    }
}

/// SIGHUP: the terminal was closed.
async fn hang_up() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::hangup()) {
        Ok(mut hang_up) => {
            hang_up.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}
