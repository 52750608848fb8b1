//! The project's `server`.

use std::fs;
use std::time::{Duration, Instant};

use super::support::run;

/// A project whose server is this shell command.
fn project(command: &str, ready: &str, timeout: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text =
        format!("server:\n  command: sh -c '{command}'\n  ready: {ready}\n  timeout: {timeout}\n");
    fs::write(folder.path().join("callsheet.yaml"), text).expect("a file");
    fs::write(
        folder.path().join("a.yaml"),
        "name: a\nbase_url: ${server.url}\nsteps: [{ request: GET /get }]\n",
    )
    .expect("a file");
    folder
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Whether a process whose id stands in this file is alive (a zombie is not).
fn alive(file: &std::path::Path) -> bool {
    let pid = fs::read_to_string(file).expect("the pid");
    fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
        .is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_command_is_started_awaited_and_stopped_with_all_that_it_started() {
    let port = free_port();
    let program = env!("CARGO_BIN_EXE_callsheet");
    let command = format!(
        "sleep 0.3; sleep 1000 & echo $! > child.pid; {program} demo --listen 127.0.0.1:{port}"
    );
    let folder = project(&command, &format!("http://127.0.0.1:{port}/health"), "20s");
    let ran = run(folder.path(), &["run"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(!alive(&folder.path().join("child.pid")), "its child lives on");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "the server lives on");
}

#[test]
fn a_command_that_ends_or_never_answers_is_exit_5_with_the_end_of_its_log() {
    let port = free_port();
    let ready = format!("http://127.0.0.1:{port}/health");
    let ended = run(project("echo no database >&2; exit 3", &ready, "20s").path(), &["run"]);
    assert_eq!(ended.code, 5);
    for part in ["the server did not become ready", "callsheet.yaml:2:", "no database"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    let begun = Instant::now();
    let slow = project("sleep 1000 & echo $! > child.pid; wait", &ready, "500ms");
    let ran = run(slow.path(), &["run"]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(!alive(&slow.path().join("child.pid")), "its child lives on");
}

#[test]
fn a_command_that_is_not_there_is_said_at_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("callsheet.yaml"),
        "server: { command: ./nope, ready: \"http://127.0.0.1:1/\" }\n",
    )
    .expect("a file");
    fs::write(
        folder.path().join("a.yaml"),
        "name: a\nsteps: [{ request: \"GET ${server.url}/get\" }]\n",
    )
    .expect("a file");
    let ran = run(folder.path(), &["run"]);
    assert_eq!(ran.code, 5);
    assert!(ran.stderr.contains("`./nope` cannot be started"), "{}", ran.stderr);
}
