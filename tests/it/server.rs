//! The project's `server`.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::support::{callsheet, run};

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
    // The log is shown from its middle on: a secret that the cut goes through would not be known for one.
    let long = "printf \"SECRET-0123456789%08180d\\n\" 0 | head -c 8200; echo; exit 3";
    let folder = project(long, &ready, "20s");
    fs::write(folder.path().join(".env"), "TOKEN=SECRET-0123456789\n").expect("a file");
    let text = "name: b\nbase_url: ${server.url}\nsteps: [{ request: GET /get, headers: { x: \"${secret.TOKEN}\" } }]\n";
    fs::write(folder.path().join("b.yaml"), text).expect("a file");
    let cut = run(folder.path(), &["run"]);
    assert_eq!(cut.code, 5, "{}", cut.stderr);
    assert!(!cut.stderr.contains("123456789"), "{}", cut.stderr);
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

#[test]
fn another_server_on_the_same_port_is_not_taken_for_the_one_that_is_meant() {
    let demo = super::support::demo();
    let stale = project("sleep 0.2; exit 1", &format!("{}/health", demo.url), "20s");
    let ran = run(stale.path(), &["run"]);
    assert_eq!(ran.code, 5, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("something answers at"), "{}", ran.stderr);
}

#[test]
fn a_second_signal_ends_the_run_and_its_server_also_where_nobody_reads_what_is_told() {
    let port = free_port();
    let program = env!("CARGO_BIN_EXE_callsheet");
    let command = format!("echo $$ > server.pid; exec {program} demo --listen 127.0.0.1:{port}");
    let folder = project(&command, &format!("http://127.0.0.1:{port}/health"), "20s");
    // More than a pipe holds.
    let steps = "  - { request: GET /get }\n".repeat(2_000);
    let text = format!("name: a\nbase_url: ${{server.url}}\nsteps:\n{steps}");
    fs::write(folder.path().join("a.yaml"), text).expect("a file");
    let mut child = callsheet(folder.path())
        .args(["run", "-vv", "--journal", "run.jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    std::thread::sleep(Duration::from_millis(3000));
    let signal = || {
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    };
    signal();
    std::thread::sleep(Duration::from_millis(500));
    signal();
    let begun = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().expect("its end") {
            break status.code();
        }
        if begun.elapsed() > Duration::from_secs(10) {
            child.kill().expect("a signal");
            child.wait().expect("its end");
            panic!("two signals do not end it");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(code, Some(130));
    std::thread::sleep(Duration::from_millis(500));
    assert!(!alive(&folder.path().join("server.pid")), "the server lives on");
    let told = run(folder.path(), &["report", "run.jsonl"]);
    assert!(told.stdout.contains("the run broke off"), "{}{}", told.stdout, told.stderr);
}
