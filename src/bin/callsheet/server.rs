//! The project's `server`: started before the run, stopped after it, whatever happens.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use callsheet::diagnostic::Diagnostic;
use callsheet::http::{Body, Client, NoCookies, Request, Settings};
use callsheet::scenario::files::reason;
use callsheet::scenario::project::{Project, Server, ServerCommand};
use callsheet::scenario::quantity;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::demo::DemoServer;

/// How long a server may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is asked whether it is ready.
const PAUSE: Duration = Duration::from_millis(50);
/// The lines of its log that are shown where it does not become ready.
const LOG_LINES: usize = 20;

/// The process group of the command that runs; 0 for none.
static GROUP: AtomicI32 = AtomicI32::new(0);

/// Tells the server's command to end and does not wait for it: for a program that cannot drop what it has.
pub(crate) fn abandon() {
    if let Some(group) = Pid::from_raw(GROUP.load(Ordering::SeqCst)) {
        let _ = kill_process_group(group, Signal::TERM);
    }
}

/// A server that runs; dropping it stops it.
#[derive(Debug)]
pub(crate) enum Running {
    Demo(DemoServer),
    Command(Process),
}

impl Running {
    /// `server.url`: where the server is, without a path.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Demo(demo) => &demo.url,
            Self::Command(process) => &process.url,
        }
    }
}

/// Starts the project's server and waits until it is ready.
pub(crate) async fn start(project: &Project) -> Result<Option<Running>, Box<Diagnostic>> {
    match &project.server {
        None => Ok(None),
        Some(Server::Demo) => match DemoServer::start() {
            Ok(demo) => Ok(Some(Running::Demo(demo))),
            Err(error) => {
                let message = format!("the practice server cannot start: {}", reason(&error));
                Err(Box::new(Diagnostic::error(message)))
            }
        },
        Some(Server::Command(command)) => {
            refuse_another(project, command).await?;
            let mut process = Process::start(project, command)?;
            process.ready(project, command).await?;
            Ok(Some(Running::Command(process)))
        }
    }
}

/// A command with all that it starts: a process group of its own.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: Log,
    url: String,
}

impl Process {
    fn start(project: &Project, command: &ServerCommand) -> Result<Self, Box<Diagnostic>> {
        let failed = |what: &str, error: &io::Error| {
            let message = format!("{what}: {}", reason(error));
            Box::new(about(Diagnostic::error(message), project, command))
        };
        let log =
            Log::create().map_err(|error| failed("the server's log cannot be made", &error))?;
        let stream = || log.file.try_clone().map(Stdio::from);
        let (out, err) = match (stream(), stream()) {
            (Ok(out), Ok(err)) => (out, err),
            (Err(error), _) | (_, Err(error)) => {
                return Err(failed("the server's log cannot be made", &error));
            }
        };
        let (program, arguments) =
            command.words.split_first().unwrap_or((&command.ready.value, &[]));
        // A program with a slash is one of the project's folder; any other is looked up in PATH.
        let folder = project.folder();
        let path =
            if program.contains('/') { folder.join(program) } else { PathBuf::from(program) };
        let child = Command::new(path)
            .args(arguments)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0)
            .spawn()
            .map_err(|error| failed(&format!("`{program}` cannot be started"), &error))?;
        let process = Self { child, log, url: origin(&command.ready.value) };
        GROUP.store(process.group().map_or(0, Pid::as_raw_pid), Ordering::SeqCst);
        Ok(process)
    }

    /// Asks until the answer is no error, the command ends or the time is over.
    async fn ready(
        &mut self,
        project: &Project,
        command: &ServerCommand,
    ) -> Result<(), Box<Diagnostic>> {
        let client = Client::new();
        let begun = Instant::now();
        let mut last = "nothing was asked".to_owned();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.not_ready(project, command, &format!("it ended with {status}")));
            }
            if begun.elapsed() >= command.timeout {
                let limit = quantity::shown(command.timeout);
                return Err(self.not_ready(project, command, &format!("after {limit}: {last}")));
            }
            match ask(&client, &command.ready.value).await {
                // What answers while the command has just ended is another one.
                Ok(()) if self.child.try_wait().is_ok_and(|ended| ended.is_none()) => return Ok(()),
                Ok(()) => {}
                Err(reason) => last = reason,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn not_ready(
        &mut self,
        project: &Project,
        command: &ServerCommand,
        why: &str,
    ) -> Box<Diagnostic> {
        let mut diagnostic = about(
            Diagnostic::error(format!("the server did not become ready: {why}")),
            project,
            command,
        )
        .note("ready", command.ready.value.clone());
        let log = self.log.tail();
        diagnostic = diagnostic
            .note("log", if log.is_empty() { "it wrote nothing".to_owned() } else { log });
        Box::new(diagnostic)
    }

    fn group(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    fn stop(&mut self) {
        let Some(group) = self.group() else { return };
        // Also where the command itself has ended: what it started may live on in its group.
        let _ = kill_process_group(group, Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < GRACE {
            let ended: Option<ExitStatus> = self.child.try_wait().unwrap_or_default();
            if ended.is_some() && rustix::process::test_kill_process_group(group).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
        GROUP.store(0, Ordering::SeqCst);
    }
}

/// What answers before the command is started is not the server that is meant.
async fn refuse_another(project: &Project, command: &ServerCommand) -> Result<(), Box<Diagnostic>> {
    if ask(&Client::new(), &command.ready.value).await.is_err() {
        return Ok(());
    }
    let message = format!("something answers at `{}` already", command.ready.value);
    let help = "stop it, or give the server another port: else the run would test the wrong server";
    Err(Box::new(about(Diagnostic::error(message), project, command).help(help)))
}

/// One question; an answer below 400 is a yes.
async fn ask(client: &Client, ready: &str) -> Result<(), String> {
    let url = url::Url::parse(ready).map_err(|error| error.to_string())?;
    let request = Request {
        method: http::Method::GET,
        url,
        headers: http::HeaderMap::new(),
        body: Body::Empty,
    };
    let settings = Settings {
        connect_timeout: Duration::from_secs(1),
        request_timeout: Duration::from_secs(2),
        ..Settings::default()
    };
    match client.exchange(request, &settings, &mut NoCookies).await.result {
        Ok(response) if response.status().as_u16() < 400 => Ok(()),
        Ok(response) => Err(format!("it answers {}", response.status())),
        Err(failure) => Err(failure.message),
    }
}

fn about(diagnostic: Diagnostic, project: &Project, command: &ServerCommand) -> Diagnostic {
    diagnostic.at(project.source(), project.span(command.at), "")
}

fn origin(url: &str) -> String {
    url::Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// The file that a server's output goes to; it is gone when the server is.
#[derive(Debug)]
struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    fn create() -> io::Result<Self> {
        let path =
            std::env::temp_dir().join(format!("callsheet-server-{}.log", std::process::id()));
        // `create_new` follows no link that somebody left under this name.
        let _ = fs::remove_file(&path);
        let file = File::options().read(true).append(true).create_new(true).open(&path)?;
        Ok(Self { file, path })
    }

    /// The last lines.
    fn tail(&mut self) -> String {
        const BYTES: i64 = 8 * 1024;
        let mut bytes = Vec::new();
        let is_cut = self.file.seek(SeekFrom::End(-BYTES)).is_ok_and(|at| at > 0);
        if is_cut || self.file.rewind().is_ok() {
            let _ = (&self.file).take(BYTES.unsigned_abs()).read_to_end(&mut bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<&str> = text.lines().collect();
        if is_cut && !lines.is_empty() {
            // Of a line that is cut no secret would be found.
            lines[0] = "…";
        }
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
