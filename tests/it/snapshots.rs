//! Snapshots: written, compared, updated, and never written in CI.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::support::{Demo, Ran, callsheet, demo, ran, scenario};

/// A run with nothing on stderr but what is wrong.
fn command(folder: &Path, demo: &Demo, args: &[&str]) -> Command {
    let mut command = callsheet(folder);
    command.args(["run", "--progress", "never", "--base-url", &demo.url]).args(args);
    command
}

#[track_caller]
fn run(folder: &Path, demo: &Demo, args: &[&str]) -> Ran {
    ran(command(folder, demo, args).output().expect("it starts"))
}

#[track_caller]
fn in_ci(folder: &Path, demo: &Demo, ci: &str, args: &[&str]) -> Ran {
    ran(command(folder, demo, args).env("CI", ci).output().expect("it starts"))
}

#[track_caller]
fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join("snapshots").join(name)).expect(name)
}

/// The names of the files in `snapshots`.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("snapshots")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[track_caller]
fn has(ran: &Ran, code: i32, parts: &[&str]) {
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.code, code, "{told}");
    for part in parts {
        assert!(told.contains(part), "{part}: {told}");
    }
}

const SENT: &str = "\
name: What was sent
steps:
  - name: Send
    request: POST /anything
    json: { b: 1, a: [x, y], id: \"${uuid()}\" }
    expect:
      snapshot:
        name: sent
        ignore: [$.json.id, $.data, $.headers, $.url]
        headers: [content-type, x-none]
";

const SENT_SNAP: &str = "\
---
scenario: What was sent
step: Send
---
content-type: application/json

{
  \"args\": {},
  \"data\": \"[ignored]\",
  \"files\": {},
  \"form\": {},
  \"headers\": \"[ignored]\",
  \"json\": {
    \"a\": [
      \"x\",
      \"y\"
    ],
    \"b\": 1,
    \"id\": \"[ignored]\"
  },
  \"method\": \"POST\",
  \"origin\": \"127.0.0.1\",
  \"url\": \"[ignored]\"
}
";

#[test]
fn a_snapshot_is_written_once_said_so_and_compared_from_then_on() {
    let (demo, folder) = (demo(), scenario(SENT));
    let first = run(folder.path(), &demo, &[]);
    has(
        &first,
        0,
        &["wrote snapshot snapshots/scenario.sent.snap", "snapshots: 1 written; read them"],
    );
    assert_eq!(read(folder.path(), "scenario.sent.snap"), SENT_SNAP);
    assert_eq!(files(folder.path()), ["scenario.sent.snap"], "nothing else is left");
    let second = run(folder.path(), &demo, &[]);
    assert_eq!(second.code, 0, "{}", second.stdout);
    assert!(!second.stdout.contains("snapshot"), "{}", second.stdout);
    let quiet = run(folder.path(), &demo, &["--update-snapshots"]);
    assert!(!quiet.stdout.contains("snapshot"), "nothing is new: {}", quiet.stdout);
}

#[test]
fn a_difference_fails_and_an_update_takes_it() {
    let (demo, folder) = (demo(), scenario(SENT));
    run(folder.path(), &demo, &[]);
    fs::write(folder.path().join("scenario.yaml"), SENT.replace("b: 1", "b: 2")).expect("a file");
    let differs = run(folder.path(), &demo, &[]);
    has(
        &differs,
        1,
        &[
            "differs from snapshot `sent` in one place",
            "scenario.yaml:8:15",
            "18 -     \"b\": 1,",
            "+     \"b\": 2,",
        ],
    );
    assert_eq!(read(folder.path(), "scenario.sent.snap"), SENT_SNAP, "it stands as it was");
    let updated = run(folder.path(), &demo, &["--update-snapshots", "-q"]);
    has(&updated, 0, &["snapshots: 1 updated"]);
    assert_eq!(
        read(folder.path(), "scenario.sent.snap"),
        SENT_SNAP.replace("\"b\": 1", "\"b\": 2")
    );
    has(&run(folder.path(), &demo, &[]), 0, &[]);
}

#[test]
fn nothing_is_ever_written_in_ci() {
    let (demo, folder) = (demo(), scenario(SENT));
    for ci in ["true", "1", "woodpecker"] {
        let missing = in_ci(folder.path(), &demo, ci, &[]);
        has(
            &missing,
            1,
            &["snapshot `sent` is missing", "expected the file `snapshots/scenario.sent.snap`"],
        );
        let update = in_ci(folder.path(), &demo, ci, &["--update-snapshots"]);
        has(&update, 2, &["error: `--update-snapshots` writes nothing in CI", "help: "]);
        assert_eq!(update.stdout, "");
    }
    assert!(!folder.path().join("snapshots").exists());
    for no_ci in ["false", ""] {
        has(&in_ci(folder.path(), &demo, no_ci, &["--update-snapshots"]), 0, &["1 written"]);
        fs::remove_dir_all(folder.path().join("snapshots")).expect("removed");
    }
    run(folder.path(), &demo, &[]);
    has(&in_ci(folder.path(), &demo, "true", &[]), 0, &[]);
}

#[test]
fn ends_of_lines_indentation_and_spellings_of_numbers_do_not_matter() {
    let (demo, folder) = (demo(), scenario(SENT));
    run(folder.path(), &demo, &[]);
    let path = folder.path().join("snapshots/scenario.sent.snap");
    let write = |text: String| fs::write(&path, text).expect("a file");
    write(SENT_SNAP.replace('\n', "\r\n"));
    has(&run(folder.path(), &demo, &[]), 0, &[]);
    has(&run(folder.path(), &demo, &["--update-snapshots"]), 0, &[]);
    assert!(fs::read_to_string(&path).expect("a file").contains("\r\n"), "it was as it should be");
    write(format!(
        "\u{feff}{}\n\n",
        SENT_SNAP.replace("  ", "    ").replace("\"b\": 1", "\"b\":1.0")
    ));
    has(&run(folder.path(), &demo, &[]), 0, &[]);
    write(
        SENT_SNAP.replace("scenario: What", "scenario: Another").replace("step: Send", "step: x"),
    );
    has(&run(folder.path(), &demo, &[]), 0, &[]);
    write(SENT_SNAP.replace("content-type: application/json", "content-type: text/plain"));
    has(&run(folder.path(), &demo, &[]), 1, &["5 - content-type: text/plain"]);
}

#[test]
fn what_is_secret_is_one_mark_from_run_to_run() {
    let text = "\
name: Secrets
vars: { token: \"${uuid()}\", shown: of nobody }
secrets: [token]
steps:
  - request: GET /cookies/set/session/${uuid()}
    follow_redirects: false
  - request: POST /anything
    headers: { Authorization: \"Bearer ${random_string(20)}\" }
    json: { token: \"${token}\", of: \"x${token | base64}\", digits: \"${secret.PIN}\", new: \"${uuid()}\", shown: \"${shown}\" }
    expect:
      snapshot: { name: all, ignore: [$.data, $.url, $.headers.Host, \"$.headers['Content-Length']\"] }
    capture:
      new: { json: $.json.new, secret: true }
  - request: GET /response-headers?Set-Cookie=a%3D1%3B%20Path%3D/
    expect:
      snapshot: { name: cookie, headers: [Set-Cookie] }
teardown:
  - request: GET /anything/${new}
";
    let (demo, folder) = (demo(), scenario(text));
    let with_pin = |args: &[&str]| {
        let pin = command(folder.path(), &demo, args).env("PIN", "48151623").output();
        ran(pin.expect("it starts"))
    };
    has(&with_pin(&[]), 0, &["2 written"]);
    let kept = read(folder.path(), "scenario.all.snap");
    for part in [
        "\"token\": \"•••\"",
        "\"of\": \"x•••",
        "\"digits\": \"•••\"",
        "\"new\": \"•••\"",
        "\"Authorization\": \"Bearer •••\"",
        "\"Cookie\": \"session=•••\"",
        "\"shown\": \"of nobody\"",
    ] {
        assert!(kept.contains(part), "{part}: {kept}");
    }
    let prints = regex::Regex::new("•••[0-9a-f]").expect("a pattern");
    assert!(!prints.is_match(&kept) && !kept.contains("48151623"), "{kept}");
    let cookie = read(folder.path(), "scenario.cookie.snap");
    assert!(cookie.contains("set-cookie: a=•••; Path=/\n"), "{cookie}");
    has(&with_pin(&[]), 0, &[]);
    has(&with_pin(&["-j", "1", "--seed", "7"]), 0, &[]);
}

#[test]
fn what_another_scenario_captures_changes_no_snapshot_and_is_written_into_none() {
    let other = "\
name: a captures
steps:
  - request: GET /anything?key=4711-key
    capture: { key: { json: $.args.key, secret: true } }
  - request: GET /anything/${key}
";
    let shows = "\
name: b shows
lock: [x]
steps:
  - wait: 200ms
  - request: GET /anything?key=4711-key
    expect: { snapshot: { name: key, ignore: [$.url, $.headers] } }
";
    let (demo, folder) = (demo(), scenario(shows));
    has(&run(folder.path(), &demo, &[]), 0, &["1 written"]);
    let alone = read(folder.path(), "scenario.key.snap");
    fs::write(folder.path().join("a.yaml"), other).expect("a file");
    has(&run(folder.path(), &demo, &[]), 0, &["2 scenarios: 2 passed"]);
    has(&run(folder.path(), &demo, &["-j", "1"]), 0, &["2 scenarios: 2 passed"]);
    assert_eq!(read(folder.path(), "scenario.key.snap"), alone);
    fs::remove_dir_all(folder.path().join("snapshots")).expect("removed");
    let refused = run(folder.path(), &demo, &["-j", "1"]);
    has(&refused, 1, &["would hold what another scenario captured as a secret", "secret: true"]);
    assert_eq!(files(folder.path()), Vec::<String>::new());
}

#[test]
fn the_runs_of_one_step_have_one_file_or_names_that_tell_them_apart() {
    let text = |name: &str| {
        format!(
            "\
name: Items
cases: [{{ row: 1 }}, {{ row: 2 }}]
steps:
  - for_each: {{ id: [a, b] }}
    continue_on_failure: true
    request: GET /anything?id=${{id}}
    expect: {{ snapshot: {{ name: \"{name}\", ignore: [$.url, $.headers] }} }}
"
        )
    };
    let (demo, folder) = (demo(), scenario(&text("item")));
    let one = run(folder.path(), &demo, &["-j", "1"]);
    has(
        &one,
        1,
        &[
            "1 written",
            "expected what this run has for `snapshots/scenario.item.snap`",
            "-     \"id\": \"a\"",
            "+     \"id\": \"b\"",
            "tells them apart, such as `name: order-${id}`",
        ],
    );
    assert!(read(folder.path(), "scenario.item.snap").contains("\"id\": \"a\""));
    fs::write(folder.path().join("scenario.yaml"), text("item-${id}")).expect("a file");
    fs::remove_dir_all(folder.path().join("snapshots")).expect("removed");
    has(&run(folder.path(), &demo, &[]), 0, &["snapshots: 2 written"]);
    assert_eq!(files(folder.path()), ["scenario.item-a.snap", "scenario.item-b.snap"]);
    has(&run(folder.path(), &demo, &["--update-snapshots"]), 0, &[]);
}

#[test]
fn a_response_is_written_only_if_all_else_holds() {
    let text = "\
name: Not yet
steps:
  - request: GET /json
    continue_on_failure: true
    expect: { snapshot: a, json: { $.slideshow.author: Nobody } }
  - request: GET /json
    continue_on_failure: true
    expect: { snapshot: b }
    capture: { x: $.nothing }
  - request: GET /json
    expect: { snapshot: \"c-${env.HOME | sha256 | length}\" }
";
    let (demo, folder) = (demo(), scenario(text));
    for args in [&[][..], &["--update-snapshots"]] {
        let failed = run(folder.path(), &demo, args);
        has(&failed, 1, &["`$.slideshow.author` is", "nothing to capture as `x`"]);
        assert_eq!(files(folder.path()), ["scenario.c-64.snap"], "{}", failed.stdout);
    }
}

#[test]
fn text_and_bytes_have_snapshots_too() {
    let text = "\
name: Kinds
steps:
  - { request: GET /html, expect: { snapshot: page } }
  - { request: GET /bytes/64?seed=1, expect: { snapshot: image } }
  - { request: GET /status/204, expect: { snapshot: nothing } }
  - { request: GET /bytes/40000?seed=1, expect: { snapshot: large, bytes: { length: 40000 } } }
";
    let (demo, folder) = (demo(), scenario(text));
    has(&run(folder.path(), &demo, &[]), 0, &["4 written"]);
    has(&run(folder.path(), &demo, &[]), 0, &[]);
    assert!(read(folder.path(), "scenario.page.snap").contains("---\n<!"));
    let image = read(folder.path(), "scenario.image.snap");
    assert!(image.contains("(binary: ") && image.contains(" bytes, sha256 "), "{image}");
    assert!(read(folder.path(), "scenario.nothing.snap").ends_with("---\n(no body)\n"));
}

#[test]
fn check_warns_of_files_that_no_step_names() {
    let text = "\
name: Named
steps:
  - { request: GET /json, expect: { snapshot: one } }
  - { request: GET /json, expect: { snapshot: \"item-${run.id | length}\" } }
";
    let (demo, folder) = (demo(), scenario(text));
    run(folder.path(), &demo, &[]);
    let put = |name: &str| {
        fs::create_dir_all(folder.path().join("below/snapshots")).expect("a folder");
        fs::write(folder.path().join(name), "---\n---\n").expect("a file");
    };
    let check = |args: &[&str]| {
        let check = callsheet(folder.path())
            .arg("check")
            .args(args)
            .args(["--base-url", &demo.url])
            .output();
        ran(check.expect("it starts"))
    };
    let none = check(&[]);
    has(&none, 0, &["0 warnings"]);
    put("snapshots/scenario.item-17.snap");
    put("snapshots/scenario.two.snap");
    put("snapshots/gone.one.snap");
    put("below/snapshots/gone.one.snap");
    let three = check(&[]);
    has(
        &three,
        0,
        &[
            "3 warnings",
            "no step has the snapshot `snapshots/scenario.two.snap`",
            "no step has the snapshot `snapshots/gone.one.snap`",
            "no step has the snapshot `below/snapshots/gone.one.snap`",
        ],
    );
    fs::write(folder.path().join("gone.yaml"), "name: x\nsteps: [{ wait: 1ms }]\n")
        .expect("a file");
    let one_file = check(&["scenario.yaml"]);
    assert!(!one_file.stderr.contains("snapshots/gone.one"), "{}", one_file.stderr);
    let quiet = run(folder.path(), &demo, &[]);
    assert!(!quiet.stderr.contains("no step has"), "a run does not tell: {}", quiet.stderr);
}

#[test]
fn no_link_leads_a_snapshot_out_of_the_project() {
    let text = "name: a\nsteps: [{ request: GET /json, expect: { snapshot: one } }]\n";
    let (demo, folder) = (demo(), scenario(text));
    let outside = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("snapshots");
    std::os::unix::fs::symlink(outside.path(), &link).expect("a link");
    has(
        &run(folder.path(), &demo, &["--update-snapshots"]),
        1,
        &["is outside of the project's folder"],
    );
    assert_eq!(fs::read_dir(outside.path()).expect("a folder").count(), 0);
    fs::remove_file(&link).expect("removed");
    fs::create_dir(&link).expect("a folder");
    let target = outside.path().join("x");
    fs::write(&target, "mine").expect("a file");
    std::os::unix::fs::symlink(&target, link.join("scenario.one.snap")).expect("a link");
    has(&run(folder.path(), &demo, &[]), 1, &["is outside of the project's folder"]);
    has(&run(folder.path(), &demo, &["--update-snapshots"]), 0, &["1 updated"]);
    assert_eq!(fs::read_to_string(&target).expect("a file"), "mine");
    has(&run(folder.path(), &demo, &[]), 0, &[]);
}

#[test]
fn a_used_file_has_its_snapshots_beside_it_and_sessions_may_have_their_own() {
    let text = "\
name: Uses
sessions: { one: {}, two: { headers: { X-Who: two } } }
steps:
  - use: shared/part.yaml
  - request: GET /headers
    access:
      one: { snapshot: { name: one, ignore: [$.headers.Host] } }
      two: { snapshot: { name: two, ignore: [$.headers.Host] } }
";
    let (demo, folder) = (demo(), scenario(text));
    let shared = folder.path().join("shared");
    fs::create_dir(&shared).expect("a folder");
    let part = "steps: [{ request: GET /json, expect: { snapshot: part } }]\n";
    fs::write(shared.join("part.yaml"), part).expect("a file");
    let again = text
        .replace("Uses", "Uses it, too")
        .replace("name: one", "name: un")
        .replace("name: two", "name: deux");
    fs::write(folder.path().join("again.yaml"), again).expect("a file");
    // The file of both is not found as a scenario.
    let both = ["scenario.yaml", "again.yaml"];
    has(&run(folder.path(), &demo, &both), 0, &["5 written", "shared/snapshots/part.part.snap"]);
    let names = ["again.deux.snap", "again.un.snap", "scenario.one.snap", "scenario.two.snap"];
    assert_eq!(files(folder.path()), names);
    assert_eq!(files(&shared), ["part.part.snap"]);
    assert!(read(folder.path(), "scenario.two.snap").contains("\"X-Who\": \"two\""));
    has(&run(folder.path(), &demo, &both), 0, &[]);
}
