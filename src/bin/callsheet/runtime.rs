//! What every command that waits stands on: the runtime, and the signals that end it.

use std::sync::Once;
use std::thread;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::exit::Exit;
use crate::{output, server};

/// What has not ended by itself so long after a second signal is held up: by a reader that reads no more, or by a disk.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// From now on a second signal ends the program, whatever holds up the thread of the run; its journal is left as it is.
#[expect(clippy::exit, reason = "the thread that should return from `main` is held up")]
pub(crate) fn heed_a_second_signal() {
    let second = async {
        stop_signal().await;
        let exit = stop_signal().await;
        tokio::time::sleep(PATIENCE).await;
        exit
    };
    let wait = move || {
        let Ok(runtime) = runtime() else { return };
        let exit = runtime.block_on(second);
        server::abandon();
        std::process::exit(exit.code().into());
    };
    // With `--watch` there are several runs. Where there is no thread, a run that nothing holds up looks at signals itself.
    static HEEDED: Once = Once::new();
    HEEDED.call_once(|| {
        let _ = thread::Builder::new().name("signals".to_owned()).spawn(wait);
    });
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
