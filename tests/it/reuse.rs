//! Files that scenarios use, and what is cleaned up after them.

use std::fs;
use std::path::Path;

use super::support::{Ran, demo, run};

const LOGIN: &str = "\
vars: { password: builder }
steps:
  - name: Sign in
    request: POST /login
    form: { username: \"${user}\", password: \"${password}\" }
    follow_redirects: false
    expect: { status: 303 }
    capture: { landed: { header: location } }
";

const ORDER: &str = "\
name: Place an order
steps:
  - name: Place it
    request: POST /orders
    json: { items: [{ sku: TEA-01, quantity: \"${quantity}\" }] }
    expect: { status: 201 }
    capture: { order: $.id }
    cleanup:
      - { name: Remove it, request: \"DELETE /orders/${order}\" }
";

#[track_caller]
fn run_files(files: &[(&str, &str)], args: &[&str]) -> Ran {
    let demo = demo();
    let folder = folder(files);
    run(folder.path(), &[&["run", "--base-url", &demo.url, "--progress", "never"], args].concat())
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn a_used_file_runs_in_the_session_of_its_step_and_its_captures_are_seen_after_it() {
    let text = "
name: uses
vars: { user: nobody, quantity: 1 }
sessions: { bob: {} }
steps:
  - { use: shared/login.yaml, with: { user: bob }, as: bob }
  - { request: GET /account, as: bob, expect: { json: { $.user: bob } } }
  - { request: GET /account, expect: { status: 401 } }
  - { request: \"GET ${landed}\", as: bob }
  - { request: GET /anything, headers: { X-User: \"${user}\" }, expect: { json: { $.headers['X-User']: nobody } } }
  - { use: shared/order.yaml, as: bob, with: { quantity: 3 } }
  - { request: \"GET /orders/${order}\", as: bob, expect: { json: { '$.items[0].quantity': 3 } } }
";
    let text = text.replace("$.headers['X-User']", "\"$.headers['X-User']\"");
    let files =
        [("uses.yaml", text.as_str()), ("shared/login.yaml", LOGIN), ("shared/order.yaml", ORDER)];
    let ran = run_files(&files, &["-v", "uses.yaml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for name in ["shared/login.yaml as bob › Sign in", "shared/order.yaml as bob › Place it"] {
        assert!(ran.stdout.contains(name), "{name}\n{}", ran.stdout);
    }
    let removed = "cleanup › shared/order.yaml as bob › Place it › Remove it";
    assert!(ran.stdout.contains(removed), "{}", ran.stdout);
}

#[test]
fn cleanups_run_latest_first_before_teardown_whatever_failed_and_know_what_their_step_knew() {
    let text = "
name: cleans
vars: { order: none }
steps:
  - { use: shared/login.yaml, with: { user: bob } }
  - name: Order
    for_each: { quantity: [1, 2] }
    use: shared/order.yaml
  - request: GET /status/500
  - name: Never placed
    request: POST /orders
    cleanup: [{ name: Never removed, request: GET /status/500 }]
teardown:
  - name: All orders are gone
    request: GET /orders
    expect: { json: { $.orders: { length: 0 } } }
";
    let files = [("a.yaml", text), ("shared/login.yaml", LOGIN), ("shared/order.yaml", ORDER)];
    let ran = run_files(&files, &["-v", "a.yaml"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let at = |text: &str| ran.stdout.find(text).unwrap_or_else(|| panic!("{text}\n{}", ran.stdout));
    let second = at("cleanup › Order [2] › Place it › Remove it");
    assert!(second < at("cleanup › Order [1] › Place it › Remove it"), "{}", ran.stdout);
    assert!(second < at("teardown › All orders are gone"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("Never removed"), "{}", ran.stdout);
    assert!(ran.stdout.contains("8 steps: 6 passed, 1 failed, 1 not run"), "{}", ran.stdout);
}

#[test]
fn a_cleanup_that_fails_fails_the_scenario_and_the_others_run_all_the_same() {
    let text = "
name: fails
steps:
  - { request: GET /get, cleanup: [{ name: first, request: GET /get }] }
  - { request: GET /get, cleanup: [{ name: second, request: GET /status/500 }] }
";
    let ran = run_files(&[("a.yaml", text)], &["-v", "a.yaml"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("4 steps: 3 passed, 1 failed"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("FAIL  a.yaml › fails › cleanup › GET /get › second"),
        "{}",
        ran.stdout
    );
}

#[test]
fn sessions_that_a_used_file_declares_begin_anew_with_each_use_and_stay_for_its_cleanups() {
    let inner = "
sessions: { actor: { login: { use: login.yaml, with: { user: \"${who}\", password: \"${password}\" } } } }
steps:
  - { request: GET /account, as: actor, expect: { json: { $.user: \"${who}\" } } }
  - name: Order
    request: POST /orders
    as: actor
    json: { items: [{ sku: TEA-01, quantity: 1 }] }
    capture: { order: $.id }
    cleanup:
      - { name: \"Remove it as ${who}\", request: \"DELETE /orders/${order}\" }
";
    let text = "
name: actors
sessions: { actor: { headers: { X-Actor: outer } } }
steps:
  - use: shared/actor.yaml
    for_each: { who: [bob, alice] }
    with: { password: \"${'builder' if who == 'bob' else 'wonderland'}\" }
  - { request: GET /account, as: actor, expect: { status: 401 } }
  - { request: GET /headers, as: actor, expect: { json: { \"$.headers['X-Actor']\": outer } } }
";
    let files = [("a.yaml", text), ("shared/actor.yaml", inner), ("shared/login.yaml", LOGIN)];
    let ran = run_files(&files, &["-v", "a.yaml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("Remove it as alice"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("login actor › Sign in").count(), 2, "{}", ran.stdout);
}

#[test]
fn what_a_login_made_is_removed_also_where_it_failed_after_it() {
    let login = "
steps:
  - { name: Sign in, request: POST /login, form: { username: bob, password: builder } }
  - name: Order
    request: POST /orders
    json: { items: [{ sku: TEA-01, quantity: 1 }] }
    capture: { order: $.id }
    cleanup: [{ name: Remove it, request: \"DELETE /orders/${order}\" }]
  - { name: Then, request: \"GET /status/${status}\" }
";
    for (status, code, steps) in
        [("200", 0, "5 steps: 5 passed"), ("500", 1, "5 steps: 3 passed, 1 failed, 1 not run")]
    {
        let text = format!(
            "
name: a
sessions: {{ bob: {{ login: {{ use: shared/orders.yaml, with: {{ status: {status} }} }} }} }}
steps: [{{ request: GET /account, as: bob }}]
"
        );
        let files = [("a.yaml", text.as_str()), ("shared/orders.yaml", login)];
        let ran = run_files(&files, &["-v", "a.yaml"]);
        assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("cleanup › login bob › Order › Remove it"), "{}", ran.stdout);
        assert!(ran.stdout.contains(steps), "{}", ran.stdout);
    }
}

#[test]
fn settings_and_base_url_of_a_used_file_hold_in_it_alone() {
    let inner = "
base_url: ${base}/anything/inner
defaults: { headers: { X-Inner: \"1\", X-Both: inner } }
steps:
  - request: GET /a
    expect:
      json:
        $.url: { ends_with: /anything/inner/a }
        $.headers['X-Inner']: \"1\"
        $.headers['X-Both']: inner
        $.headers['X-Outer']: \"2\"
        $.headers['X-Session']: \"3\"
";
    let text = "
name: a
defaults: { headers: { X-Outer: \"2\", X-Both: outer } }
sessions: { default: { headers: { X-Session: \"3\" } } }
steps:
  - { request: GET /get, capture: { url: $.url } }
  - { use: inner.yaml, with: { base: \"${url | replace('/get', '')}\" } }
  - request: GET /anything
    expect:
      json:
        $.headers['X-Inner']: { exists: false }
        $.headers['X-Both']: outer
        $.headers['X-Session']: \"3\"
";
    let quoted = |text: &str| {
        let header = regex::Regex::new(r"(\$\.headers\['[A-Za-z-]+'\])").expect("a pattern");
        header.replace_all(text, "\"$1\"").into_owned()
    };
    let (inner, text) = (quoted(inner), quoted(text));
    let files = [("a.yaml", text.as_str()), ("inner.yaml", inner.as_str())];
    let ran = run_files(&files, &["-v", "a.yaml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_used_file_that_fails_runs_its_own_teardown_and_can_be_tried_again() {
    let inner = "
setup: [{ name: before, request: GET /get }]
steps:
  - { name: fails, request: GET /status/500 }
  - { name: after, request: GET /get, capture: { later: $.url } }
teardown: [{ name: tidy, request: GET /get }]
";
    let text = "
name: a
steps:
  - { name: Part, use: inner.yaml, retry: { attempts: 2, wait: 1ms } }
teardown: [{ request: \"GET ${later}\" }]
";
    let ran = run_files(&[("a.yaml", text), ("inner.yaml", inner)], &["-v", "a.yaml"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout.matches("Part › tidy").count(), 2, "{}", ran.stdout);
    let why = "`later` has no value: step `after` did not capture it";
    assert!(ran.stdout.contains(why), "{}", ran.stdout);
    assert!(ran.stdout.contains("repeat: callsheet run a.yaml:4"), "{}", ran.stdout);
}

#[test]
fn files_that_go_too_deep_or_too_far_are_refused_before_anything_is_sent() {
    // (files, how often each uses the next, what is said)
    let cases = [
        (22, 1, "files use files more than 20 deep here"),
        (5_000, 1, "files use files more than 20 deep here"),
        (16, 2, "more than 10000 files are used here"),
    ];
    for (files, times, message) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..files {
            let step = format!("  - {{ use: {}.yml }}\n", number + 1);
            let text = format!("name: a\nsteps:\n{}", step.repeat(times));
            fs::write(folder.path().join(format!("{number}.yml")), text).expect("a file");
        }
        let last = "steps: [{ wait: 1ms }]";
        fs::write(folder.path().join(format!("{files}.yml")), last).expect("a file");
        let ran = run(folder.path(), &["run", "0.yml"]);
        assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
        assert!(ran.stderr.ends_with("\n1 error: nothing was sent\n"), "{}", ran.stderr);
    }
}

#[test]
fn the_steps_of_a_login_are_told_also_where_the_step_or_the_scenario_is_tried_again() {
    let login = "steps: [{ name: Sign in, request: \"GET /status/${status}\" }]\n";
    let text = |status: u16, step: &str| {
        format!(
            "
name: a
sessions: {{ bob: {{ login: {{ use: shared/login.yaml, with: {{ status: {status} }} }} }} }}
steps: [{{ {step}, as: bob, retry: {{ attempts: 3, wait: 1ms }} }}]
"
        )
    };
    let shown = "FAIL  a.yaml › a › login bob › Sign in";
    let failing = text(401, "request: GET /get");
    let passing = text(200, "request: GET /status/500");
    for (text, more, told, steps) in [
        (&failing, "0", shown, "2 steps: 1 failed, 1 not run; 1 request "),
        (&failing, "1", shown, "2 steps: 1 failed, 1 not run; 2 requests "),
        (&passing, "0", "ok  login bob › Sign in", "2 steps: 1 passed, 1 failed; 4 requests "),
    ] {
        let files = [("a.yaml", text.as_str()), ("shared/login.yaml", login)];
        let ran = run_files(&files, &["-v", "--retries", more, "a.yaml"]);
        assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
        assert!(ran.stdout.contains(steps), "{steps}\n{}", ran.stdout);
    }
}

#[test]
fn what_cleans_up_signs_in_although_no_step_begins_any_more() {
    let project = "
scenarios: [s]
sessions: { admin: { login: { use: login.yaml } } }
teardown: [{ name: Last, request: GET /get, as: admin }]
";
    let fails = "name: a\nsteps: [{ request: GET /status/500 }]\n";
    let made = "
name: b
steps:
  - request: GET /delay/0.3
    cleanup: [{ name: Remove it, request: GET /get, as: admin }]
  - { name: Never, request: GET /get }
";
    let login = "steps: [{ name: Sign in, request: GET /get }]\n";
    let with = |project: &str| {
        let files = [
            ("callsheet.yaml", project),
            ("login.yaml", login),
            ("s/a.yaml", fails),
            ("s/b.yaml", made),
        ];
        run_files(&files, &["-v", "--fail-fast"])
    };
    let ran = with(project);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    for told in [
        "-  Never: not run",
        "ok  cleanup › login admin › Sign in",
        "ok  cleanup › GET /delay/0.3 › Remove it",
        "ok  login admin › Sign in",
        "ok  Last",
    ] {
        assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
    }
    let ran = with(&format!("{project}setup: [{{ request: GET /status/500 }}]\n"));
    for told in ["ok  login admin › Sign in", "ok  Last"] {
        assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
    }
}
