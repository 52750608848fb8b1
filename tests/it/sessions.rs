//! Several sessions in one scenario, and none of them knows of another.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::support::{Ran, demo, run};

const LOGIN: &str = "\
steps:
  - name: Sign in
    request: POST /login
    form: { username: \"${user}\", password: \"${password}\" }
    follow_redirects: false
    expect: { status: 303 }
    capture: { landed: { header: location } }
";

/// A folder with these files, run against a practice server.
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

const TWO_USERS: &str = "
name: two users
vars: { customers_password: builder }
sessions:
  bob:
    headers: { Sender: \"${landed}\" }
    cookies: [{ name: consent, value: \"yes\" }]
    login: { use: shared/login.yaml, with: { user: bob, password: \"${customers_password}\" } }
  root: { login: { use: shared/login.yaml, with: { user: root, password: toor } } }
steps:
  - { request: GET /account, expect: { status: 401 } }
  - { request: GET /account, as: bob, expect: { json: { $.user: bob } } }
  - { request: GET /account, as: root, expect: { json: { $.user: root } } }
  - { request: GET /anything, as: bob, expect: { json: { $.headers.Sender: /account } } }
  - { request: GET /cookies, as: bob, expect: { json: { $.cookies.consent: \"yes\" } } }
  - { request: GET /cookies, as: root, expect: { json: { $.cookies.consent: { exists: false } } } }
  - { request: GET /anything, as: bob, headers: { Landed: \"${landed}\" }, expect: { json: { $.headers.Landed: /account } } }
  - { session: reset, as: root }
  - { request: GET /account, as: root, expect: { json: { $.user: root } } }
  - { request: GET /cookies, expect: { json: { $.cookies: {equals: {}} } } }
";

#[test]
fn every_session_has_its_own_cookies_settings_and_captures() {
    let files = [("two.yaml", TWO_USERS), ("shared/login.yaml", LOGIN)];
    let ran = run_files(&files, &["-v", "two.yaml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    // As new means: not signed in any more, so that it signs in again.
    assert_eq!(ran.stdout.matches("login root › Sign in").count(), 2, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("login bob › Sign in").count(), 1, "{}", ran.stdout);
}

#[test]
fn a_session_that_is_reset_takes_the_copy_that_the_login_of_the_run_left() {
    let text = "
name: reset
sessions: { bob: { login: { use: shared/login.yaml, with: { user: bob, password: builder }, once: run } } }
steps:
  - { request: GET /account, as: bob }
  - { request: POST /cart, as: bob, json: { sku: TEA-01, quantity: 1 } }
  - { session: reset, as: bob }
  - { request: GET /account, as: bob, expect: { json: { $.user: bob } } }
  - { request: GET /cart, as: bob, expect: { cookies: { cart: { exists: false } } } }
";
    let files = [("reset.yaml", text), ("shared/login.yaml", LOGIN)];
    let ran = run_files(&files, &["-v", "reset.yaml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout.matches("login bob › Sign in").count(), 1, "{}", ran.stdout);
}

#[test]
fn the_sessions_of_the_project_are_those_of_every_scenario_and_a_scenarios_own_win() {
    let project = "\
scenarios: [scenarios]
sessions:
  customer: { login: { use: shared/login.yaml, with: { user: bob, password: builder } } }
  default: { headers: { Sender: project } }
";
    let first = "name: first\nsteps: [{ request: GET /account, as: customer, expect: { json: { $.user: bob } } }, { request: GET /anything, expect: { json: { $.headers.Sender: project } } }]\n";
    let second = "name: second\nsessions: { customer: {} }\nsteps: [{ request: GET /account, as: customer, expect: { status: 401 } }]\n";
    let files = [
        ("callsheet.yaml", project),
        ("shared/login.yaml", LOGIN),
        ("scenarios/a.yaml", first),
        ("scenarios/b.yaml", second),
    ];
    let ran = run_files(&files, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

/// A server that counts the logins, and answers slowly so that all who want one come while it is under way.
fn counting(status: &'static str) -> (String, Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>) {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (logins, cookies) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (counted, seen) = (Arc::clone(&logins), Arc::clone(&cookies));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (counted, seen) = (Arc::clone(&counted), Arc::clone(&seen));
            std::thread::spawn(move || answer(&stream, status, &counted, &seen));
        }
    });
    (url, logins, cookies)
}

fn answer(
    stream: &std::net::TcpStream,
    status: &str,
    logins: &AtomicUsize,
    cookies: &Mutex<Vec<String>>,
) {
    use std::io::{BufRead, BufReader, Write};
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() {
        return;
    }
    let is_login = line.starts_with("GET /login");
    loop {
        line.clear();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) if line == "\r\n" => break,
            Ok(_) if line.to_lowercase().starts_with("cookie:") => {
                cookies.lock().expect("no panic").push(line.trim().to_owned());
            }
            Ok(_) => {}
        }
    }
    let mut writer = stream;
    let _ = if is_login {
        let number = logins.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(100));
        write!(
            writer,
            "HTTP/1.1 {status}\r\nset-cookie: token=number-{number}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    } else {
        write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    };
}

fn many(number: usize, once: &str) -> Vec<(String, String)> {
    let login = "steps: [{ name: Sign in, request: GET /login }]\n".to_owned();
    let mut files = vec![("shared/login.yaml".to_owned(), login)];
    for n in 0..number {
        let text = format!(
            "name: scenario {n:02}\nsessions: {{ root: {{ login: {{ use: ../shared/login.yaml, once: {once} }} }} }}\nsteps: [{{ request: GET /x, as: root }}]\n"
        );
        files.push((format!("scenarios/{n:02}.yaml"), text));
    }
    files
}

#[track_caller]
fn run_many(number: usize, once: &str, status: &'static str) -> (Ran, usize, Vec<String>) {
    let files = many(number, once);
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let (url, logins, cookies) = counting(status);
    let args = ["run", "-j", "64", "--base-url", &url, "--progress", "never", "scenarios"];
    let ran = run(folder.path(), &[&args[..], &["--report", "junit=junit.xml"]].concat());
    let cookies = cookies.lock().expect("no panic").clone();
    (ran, logins.load(Ordering::SeqCst), cookies)
}

#[test]
fn one_login_serves_a_whole_run_even_where_64_scenarios_want_it_at_once() {
    let (ran, logins, cookies) = run_many(64, "run", "200 OK");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(logins, 1);
    assert_eq!(cookies, vec!["cookie: token=number-0"; 64]);
}

#[test]
fn a_login_of_each_scenario_runs_in_each() {
    let (ran, logins, mut cookies) = run_many(8, "scenario", "200 OK");
    assert_eq!((ran.code, logins), (0, 8), "{}{}", ran.stdout, ran.stderr);
    cookies.sort();
    cookies.dedup();
    assert_eq!(cookies.len(), 8);
}

#[test]
fn a_login_that_fails_fails_everyone_who_needs_it_and_is_told_once() {
    let (ran, logins, _) = run_many(64, "run", "403 Forbidden");
    assert_eq!((ran.code, logins), (1, 1), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout.matches("error: status is 403").count(), 1, "{}", ran.stdout);
    let others = "error: the login of session `root` failed in scenario `scenario 00`: its step `login root › Sign in` \
                  at shared/login.yaml:1 failed";
    assert_eq!(ran.stdout.matches(others).count(), 63, "{}", ran.stdout);
    // Each scenario has one failed step: that of the login, or the one that needed it.
    let counts = "64 scenarios: 64 failed; 65 steps: 64 failed, 1 not run";
    assert!(ran.stdout.contains(counts), "{}", ran.stdout);
}

#[test]
fn a_login_that_fails_is_one_failure_of_each_scenario_and_the_steps_after_it_say_so() {
    let scenario = |name: &str| {
        format!(
            "name: {name}
sessions: {{ bob: {{ login: {{ use: ../shared/login.yaml, with: {{ user: bob, password: wrong }}, once: run }} }} }}
steps:
  - {{ request: GET /health, as: bob, continue_on_failure: true }}
  - {{ request: GET /health }}
  - {{ request: GET /account, as: bob }}
  - {{ request: GET /orders }}
teardown:
  - {{ request: GET /cart, as: bob }}
"
        )
    };
    let (first, second) = (scenario("first"), scenario("second"));
    let files = [
        ("shared/login.yaml", LOGIN),
        ("scenarios/1.yaml", first.as_str()),
        ("scenarios/2.yaml", second.as_str()),
    ];
    let ran = run_files(&files, &["-v", "-j", "1", "scenarios"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let why = "the login of session `bob` failed: its step `login bob › Sign in` at shared/login.yaml:2 failed";
    // In the first: the step that asked, the other step of the session, the one after it, and the teardown's.
    assert_eq!(ran.stdout.matches(&format!("not run ({why})")).count(), 4, "{}", ran.stdout);
    assert!(ran.stdout.contains("repeat: callsheet run scenarios/1.yaml:4"), "{}", ran.stdout);
    let counts = "2 scenarios: 2 failed; 11 steps: 2 passed, 2 failed, 7 not run";
    assert!(ran.stdout.contains(counts), "{}", ran.stdout);
}

#[test]
fn an_access_matrix_is_drawn_and_has_a_case_for_each_cell() {
    let text = "
name: who may
sessions:
  anonymous: {}
  bob: { login: { use: shared/login.yaml, with: { user: bob, password: builder } } }
steps:
  - { request: GET /account, access: { anonymous: 401, bob: { json: { $.user: bob } } }, expect: { headers: { content-type: application/json } } }
  - { request: GET /admin/users, access: { anonymous: [401, 403], bob: 200 }, continue_on_failure: true }
  - { request: GET /health, access: { anonymous: { json: { $.status: down } }, bob: { status: 2xx, json: { $.status: down } } }, continue_on_failure: true }
  - { request: GET /products, access: { anonymous: 2xx, bob: { in: [200] } } }
";
    let demo = demo();
    let folder = folder(&[("who.yaml", text), ("shared/login.yaml", LOGIN)]);
    let args = ["run", "who.yaml", "--base-url", &demo.url, "--report", "junit=junit.xml"];
    let ran = run(folder.path(), &args);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let table = "
      access            anonymous    bob
      GET /account      401          200
      GET /admin/users  401          403, not 200
      GET /health       200, failed  200, failed
      GET /products     200          200
";
    assert!(ran.stdout.contains(table), "{}", ran.stdout);
    let junit = fs::read_to_string(folder.path().join("junit.xml")).expect("the report");
    for name in ["GET /account [anonymous]", "GET /account [bob]", "GET /products [bob]"] {
        assert_eq!(junit.matches(&format!("name=\"{name}\"")).count(), 1, "{junit}");
    }
    assert_eq!(junit.matches("<failure").count(), 3, "{junit}");
}

/// The server says which cookies it got; they must be those of this scenario, all of them and no other.
#[test]
fn sixty_four_scenarios_of_200_requests_each_never_send_a_cookie_of_another() {
    let demo = demo();
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..64 {
        let mut text = format!("name: scenario {n:02}\nsteps:\n");
        // Each step is two requests: one that sets a cookie, and the one that it redirects to.
        for turn in 0..100 {
            let _ = writeln!(
                text,
                "  - {{ request: GET /cookies/set?own-{n}={turn}, expect: {{ json: {{ $.cookies: {{ equals: {{ own-{n}: \"{turn}\" }} }} }} }} }}"
            );
        }
        fs::write(folder.path().join(format!("{n:02}.yaml")), text).expect("a file");
    }
    let args = ["run", ".", "-j", "64", "--base-url", &demo.url, "--progress", "never"];
    let ran = run(folder.path(), &args);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("64 scenarios: 64 passed; 6400 steps: 6400 passed; 12800 requests")
    );
}

#[test]
fn a_cookie_of_the_session_is_a_value_in_expressions() {
    let text = "
name: a token twice
steps:
  - { request: GET /cookies/set?csrf=t0ken, follow_redirects: false, expect: { check: [\"${cookie('csrf') == 't0ken'}\"] } }
  - request: GET /anything
    headers: { Csrf: \"${cookie('csrf')}\", Nothing: \"${cookie('none') | default('-')}\" }
    expect: { json: { $.headers.Csrf: t0ken, $.headers.Nothing: \"-\" } }
  - { request: GET /anything, headers: { Csrf: \"${cookie('gone')}\" } }
";
    let ran = run_files(&[("csrf.yaml", text)], &[]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let message = "error: the session holds no cookie that `cookie('gone')` asks for";
    assert!(ran.stdout.contains(message), "{}", ran.stdout);
    assert!(ran.stdout.contains("3 steps: 2 passed, 1 failed"), "{}", ran.stdout);
}
