//! `callsheet demo`: the embedded practice server, by itself or for a run.

use std::net::TcpListener;
use std::thread::JoinHandle;

use callsheet::demo;
use tokio::sync::oneshot;

use crate::args;
use crate::exit::Exit;
use crate::output;
use crate::runtime::{runtime, stop_signal};

pub(crate) fn main(demo: args::Demo) -> Exit {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    runtime.block_on(async {
        let listener = match tokio::net::TcpListener::bind(demo.listen).await {
            Ok(listener) => listener,
            Err(error) => {
                output::err(&format!("error: cannot listen on {}: {error}\nhelp: take another address with `--listen`, such as 127.0.0.1:0 for a free port\n", demo.listen));
                return Exit::Invalid;
            }
        };
        let address = listener.local_addr().unwrap_or(demo.listen);
        output::out(&format!("the practice server listens on http://{address} (Ctrl-C stops it)\n"));
        let stop = async {
            stop_signal().await;
        };
        match demo::serve(listener, stop).await {
            Ok(()) => Exit::Passed,
            Err(error) => {
                output::err(&format!("error: the practice server failed: {error}\n"));
                Exit::Internal
            }
        }
    })
}

/// The practice server in a thread of its own, so that it does not share the run's reactor.
#[derive(Debug)]
pub(crate) struct DemoServer {
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DemoServer {
    /// Starts it on a free port of loopback.
    pub(crate) fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("demo".to_owned()).spawn(move || {
            runtime.block_on(async {
                let stopped = async {
                    // The sender that is dropped stops it too.
                    let _ = stopped.await;
                };
                if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                    let _ = demo::serve(listener, stopped).await;
                }
            });
        })?;
        let url = format!("http://{address}");
        Ok(Self { url, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for DemoServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
