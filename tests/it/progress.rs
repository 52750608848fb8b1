//! What a person sees while a run goes on.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::support::{callsheet, demo, run, scenario};

const SLOW: &str = "name: Slow
cases: [{ n: 1 }, { n: 2 }]
steps:
  - name: Wait a bit
    wait: 400ms
  - request: GET /health
    expect: { status: 200 }
";

/// What a terminal of 60 columns and 20 rows gets of a run.
fn on_a_terminal(args: &[&str]) -> String {
    let (demo, folder) = (demo(), scenario(SLOW));
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&master).expect("a terminal");
    unlockpt(&master).expect("a terminal");
    tcsetwinsize(&master, Winsize { ws_row: 20, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0 })
        .expect("a size");
    let name = ptsname(&master, Vec::new()).expect("a name");
    let path = name.to_str().expect("a path");
    let end = || Stdio::from(File::options().read(true).write(true).open(path).expect("an end"));
    let mut command = callsheet(folder.path());
    command.args(["run", "scenario.yaml", "--base-url", &demo.url]).args(args);
    command.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().expect("it starts");
    // It holds ends of the terminal, which would keep that open.
    drop(command);
    let mut seen = Vec::new();
    let mut master = File::from(master);
    let mut part = [0; 4096];
    // Linux says EIO where the last end is closed.
    while let Ok(count @ 1..) = master.read(&mut part) {
        seen.extend_from_slice(&part[..count]);
    }
    assert!(child.wait().expect("it ends").success());
    String::from_utf8(seen).expect("UTF-8")
}

#[test]
fn a_terminal_shows_each_running_scenario_and_a_bar_and_keeps_only_what_was_told() {
    let seen = on_a_terminal(&[]);
    for part in ["  Slow [1] › Wait a bit", "  Slow [2] › Wait a bit", "0/2 scenarios"] {
        assert!(seen.contains(part), "{part} is not in {seen:?}");
    }
    // The bar is removed before the summary, which is the last thing that is written.
    let (_, after) = seen.rsplit_once("/2 scenarios").expect("a bar");
    assert!(after.contains("\u{1b}[2K"), "{after:?}");
    assert!(after.contains("2 scenarios"), "{after:?}");
    assert!(
        seen.trim_end().lines().last().is_some_and(|last| last.contains("requests in")),
        "{seen:?}"
    );
}

#[test]
fn without_progress_a_terminal_gets_the_story_alone() {
    for option in ["--progress=never", "--quiet"] {
        let seen = on_a_terminal(&[option]);
        assert!(!seen.contains("/2 scenarios") && !seen.contains("\u{1b}[2K"), "{seen:?}");
        assert!(seen.contains("requests in"), "{seen:?}");
    }
}

#[test]
fn elsewhere_nothing_is_drawn_over() {
    let (demo, folder) = (demo(), scenario(SLOW));
    let ran = run(folder.path(), &["run", "scenario.yaml", "--base-url", &demo.url]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
}
