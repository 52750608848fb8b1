//! The program as a user runs it, and golden pairs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tokio::sync::oneshot;

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The program in a folder, with nothing of the caller's that would change what it says.
pub(crate) fn callsheet(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
    command.current_dir(folder).env_remove("CI").env_remove("NO_COLOR");
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    command
}

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program to its end.
#[track_caller]
pub(crate) fn run(folder: &Path, args: &[&str]) -> Ran {
    ran(callsheet(folder).args(args).output().expect("the program starts"))
}

#[track_caller]
pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// The practice server in a thread; dropped, it stops.
pub(crate) struct Demo {
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Starts the practice server on a free port.
pub(crate) fn demo() -> Demo {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("non-blocking");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let stopped = async {
                let _ = stopped.await;
            };
            callsheet::demo::serve(listener, stopped).await.expect("it serves");
        });
    });
    Demo { url, stop: Some(stop), thread: Some(thread) }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The files of a folder with this ending, sorted, without the project file.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .filter(|path| path.file_name().is_some_and(|name| name != "callsheet.yaml"))
        .collect();
    files.sort();
    files
}

/// Compares with the golden file, or writes it where `UPDATE_FIXTURES` is set; gives what differs.
pub(crate) fn golden(path: &Path, actual: &str) -> Option<String> {
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(path, actual).expect("the golden file");
        return None;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    (expected != actual)
        .then(|| format!("{}\n--- expected\n{expected}\n--- actual\n{actual}", path.display()))
}

/// Fails with all that differs.
#[track_caller]
pub(crate) fn none_differs(differences: &[String]) {
    assert!(
        differences.is_empty(),
        "{}\nset UPDATE_FIXTURES=1 to write what came, and read it",
        differences.join("\n\n")
    );
}

/// A scenario file in a folder of its own; the project's root is that folder.
pub(crate) fn scenario(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("scenario.yaml"), text).expect("a file");
    folder
}

/// A TLS server that says hello with this certificate of `fixtures/certificates`; gives its port.
pub(crate) fn tls(certificates: &Path, name: &str) -> u16 {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let chain =
        CertificateDer::pem_file_iter(certificates.join(format!("{name}.pem"))).expect("a chain");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(certificates.join("server.key")).expect("a key");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate and its key");
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("non-blocking");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";
                let _ = stream.write_all(answer).await;
                let _ = stream.flush().await;
            }
        });
    });
    port
}
