//! `--watch`: again when something changes, and only what depends on it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::support::{callsheet, demo};

/// A run that watches, and the lines that it writes.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let mut command = callsheet(folder);
        command.args(["run", "--watch", "--progress", "never"]).args(args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("stdout"));
        let err = BufReader::new(child.stderr.take().expect("stderr"));
        let other = send.clone();
        std::thread::spawn(move || {
            out.lines().map_while(Result::ok).for_each(|line| drop(send.send(line)))
        });
        std::thread::spawn(move || {
            err.lines().map_while(Result::ok).for_each(|line| drop(other.send(line)))
        });
        Self { child, lines }
    }

    /// The lines up to that which says that it waits.
    #[track_caller]
    fn until_it_waits(&self) -> String {
        let mut told = String::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(20));
            let line = line.unwrap_or_else(|error| panic!("{error}: {told}"));
            if line.starts_with("watching ") {
                // What the run wrote to the other stream may come a little later.
                while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(200)) {
                    told.push_str(&format!("{line}\n"));
                }
                return told;
            }
            told.push_str(&format!("{line}\n"));
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn only_what_depends_on_a_changed_file_runs_again() {
    let (demo, folder) = (demo(), tempfile::tempdir().expect("a folder"));
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("callsheet.yaml", "scenarios: [scenarios]\nserver: demo\n");
    write("scenarios/a.yaml", "name: a\nsteps: [{ use: ../shared/s.yaml }]\n");
    write(
        "scenarios/b.yaml",
        "name: b\ncases: ../rows.csv\nsteps: [{ request: \"GET /anything/${id}\" }]\n",
    );
    write("scenarios/c.yaml", "name: c\nsteps: [{ request: PUT /anything, file: ../body.txt }]\n");
    write("shared/s.yaml", "steps: [{ request: GET /get }]\n");
    write("rows.csv", "id\n1\n");
    write("body.txt", "body");
    let watching =
        Watching::start(folder.path(), &["--base-url", &demo.url, "--report", "junit=j.xml"]);
    let all = watching.until_it_waits();
    assert!(all.contains("3 scenarios: 3 passed"), "{all}");
    #[track_caller]
    fn runs(watching: &Watching, changed: &str, names: &[&str]) {
        let told = watching.until_it_waits();
        assert!(told.contains(&format!("changed: {changed}")), "{told}");
        let ran: Vec<&str> =
            told.lines().filter_map(|line| line.split_once(" › ")).map(|it| it.1).collect();
        let ran: Vec<&str> =
            ran.iter().map(|it| it.split(" (").next().unwrap_or_default()).collect();
        assert_eq!(ran, names, "{told}");
    }
    write("shared/s.yaml", "steps: [{ request: GET /get }, { request: GET /headers }]\n");
    runs(&watching, "shared/s.yaml", &["a"]);
    write("rows.csv", "id\n1\n2\n");
    runs(&watching, "rows.csv", &["b [1]", "b [2]"]);
    write("body.txt", "another body");
    runs(&watching, "body.txt", &["c"]);
    write("scenarios/d.yaml", "name: d\nsteps: [{ request: GET /get }]\n");
    runs(&watching, "scenarios/d.yaml", &["d"]);
    write("scenarios/d.yaml", "name: d\nsteps: [{ reqest: GET /get }]\n");
    let told = watching.until_it_waits();
    assert!(
        told.contains("did you mean `request`?") && told.contains("nothing was sent"),
        "{told}"
    );
    write("scenarios/d.yaml", "name: d\nsteps: [{ request: GET /status/500 }]\n");
    let told = watching.until_it_waits();
    assert!(told.contains("1 scenario: 1 failed"), "{told}");
    fs::remove_file(folder.path().join("scenarios/d.yaml")).expect("removed");
    let told = watching.until_it_waits();
    assert!(told.contains("no scenario is to run"), "{told}");
    write("callsheet.yaml", "scenarios: [scenarios]\nserver: demo\nvars: { x: 1 }\n");
    let told = watching.until_it_waits();
    assert!(told.contains("4 scenarios: 4 passed"), "{told}");
}

#[test]
fn a_snapshot_is_a_file_that_is_read_and_what_the_run_itself_writes_is_no_news() {
    let (demo, folder) = (demo(), tempfile::tempdir().expect("a folder"));
    let text = "name: a\nsteps: [{ request: GET /bytes/16, expect: { snapshot: NAME } }]\n";
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    write("a.yaml", &text.replace("NAME", "fixed"));
    write("b.yaml", &text.replace("name: a", "name: b").replace("NAME", "\"x${run.id | length}\""));
    let watching = Watching::start(folder.path(), &["--base-url", &demo.url, "--update-snapshots"]);
    let first = watching.until_it_waits();
    assert!(first.contains("snapshots: 2 written"), "{first}");
    let silent = watching.lines.recv_timeout(Duration::from_secs(2));
    assert!(silent.is_err(), "it runs again by itself: {silent:?}");
    write("snapshots/a.fixed.snap", "---\n---\n");
    let again = watching.until_it_waits();
    assert!(again.contains("changed: snapshots/a.fixed.snap"), "{again}");
    assert!(again.contains("1 scenario: 1 passed") && again.contains("1 updated"), "{again}");
}

#[test]
fn ctrl_c_ends_it() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.yaml"), "name: a\nsteps: [{ wait: 1ms }]\n").expect("a file");
    let mut watching = Watching::start(folder.path(), &[]);
    watching.until_it_waits();
    let id = watching.child.id().to_string();
    assert!(
        std::process::Command::new("kill").args(["-INT", &id]).status().expect("kill").success()
    );
    assert_eq!(watching.child.wait().expect("it ends").code(), Some(130));
}

#[test]
fn what_could_not_run_for_a_mistake_runs_once_that_is_mended() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    write("a.yaml", "name: a\nsteps: [{ wait: 1ms }]\n");
    write("b.yaml", "name: b\nsteps: [{ wiat: 1ms }]\n");
    let watching = Watching::start(folder.path(), &[]);
    let told = watching.until_it_waits();
    assert!(told.contains("nothing was sent"), "{told}");
    write("b.yaml", "name: b\nsteps: [{ wait: 1ms }]\n");
    let told = watching.until_it_waits();
    assert!(told.contains("2 scenarios: 2 passed"), "{told}");
    write("a.yaml", "name: a\nsteps: [{ wiat: 1ms }]\n");
    watching.until_it_waits();
    write("b.yaml", "name: b\nsteps: [{ wait: 2ms }, { wait: 1ms }]\n");
    watching.until_it_waits();
    write("a.yaml", "name: a\nsteps: [{ wait: 2ms }]\n");
    let told = watching.until_it_waits();
    assert!(told.contains("2 scenarios: 2 passed"), "{told}");
}
