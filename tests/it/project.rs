//! The project file: what holds for all scenarios, and what runs around them.

use std::fs;
use std::path::Path;

use super::support::{Ran, demo, run};

/// A project with the practice server as its environment; `{url}` in a file is its URL.
#[track_caller]
fn run_project(files: &[(&str, &str)], args: &[&str]) -> Ran {
    let demo = demo();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("a folder");
        fs::write(path, text.replace("{url}", &demo.url)).expect("a file");
    }
    run(folder.path(), &[&["run", "--progress", "never"], args].concat())
}

const LOCAL: &str = "
scenarios: [scenarios]
default_environment: local
environments: { local: { base_url: \"{url}\" } }
";

const SETUP: &str = "
sessions: { root: {} }
setup:
  - { name: Sign in, request: POST /login, as: root, form: { username: root, password: toor } }
  - name: Order
    request: POST /orders
    as: root
    json: { items: [{ sku: TEA-01, quantity: 1 }] }
    capture: { order: $.id }
    cleanup: [{ name: Remove it, request: \"DELETE /orders/${order}\" }]
teardown:
  - { name: It is gone, request: \"GET /orders/${order}\", as: root, expect: { status: 404 } }
";

#[test]
fn setup_runs_once_before_all_scenarios_which_know_its_captures_and_teardown_after_them() {
    let project = format!("{LOCAL}{SETUP}");
    let one = "
name: one
vars: { wanted: \"${order}\" }
steps: [{ request: \"GET /anything/${order}\", expect: { json: { $.url: { ends_with: \"${wanted}\" } } } }]
";
    let two = one.replace("name: one", "name: two");
    let files = [
        ("callsheet.yaml", project.as_str()),
        ("scenarios/1.yaml", one),
        ("scenarios/2.yaml", &two),
    ];
    let ran = run_project(&files, &["-v"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let at = |text: &str| ran.stdout.find(text).unwrap_or_else(|| panic!("{text}\n{}", ran.stdout));
    assert!(
        at("callsheet.yaml › setup of the run") < at("scenarios/1.yaml › one"),
        "{}",
        ran.stdout
    );
    assert!(
        at("scenarios/2.yaml › two") < at("callsheet.yaml › teardown of the run"),
        "{}",
        ran.stdout
    );
    assert!(at("cleanup › Order › Remove it") < at("It is gone"), "{}", ran.stdout);
    assert!(ran.stdout.contains("4 scenarios: 4 passed"), "{}", ran.stdout);
}

#[test]
fn where_setup_fails_nothing_else_runs_but_teardown() {
    let project = format!(
        "{LOCAL}
setup:
  - {{ name: Begin, request: GET /status/500 }}
  - {{ name: Go on, request: GET /get, capture: {{ later: $.url }} }}
teardown:
  - {{ name: End, request: GET /get }}
  - {{ name: Undo, request: \"DELETE ${{later}}\" }}
"
    );
    let one = "name: one\nsteps: [{ request: \"GET ${later}\" }]\n";
    let files = [("callsheet.yaml", project.as_str()), ("scenarios/1.yaml", one)];
    let junit = &["-v", "--report", "junit=junit.xml"];
    let ran = run_project(&files, junit);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    for told in [
        "FAIL  callsheet.yaml › setup of the run › Begin",
        "= repeat: callsheet run\n",
        "GET ${later}: not run (the project file's `setup` failed)",
        "ok  End",
        "Undo: not run (`later` has no value: step `Go on` did not capture it)",
        "3 scenarios: 1 passed, 1 failed, 1 not run",
    ] {
        assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
    }
}

#[test]
fn no_request_goes_to_a_host_that_the_project_does_not_allow() {
    let project = format!("{LOCAL}allow_hosts: [shop.test]\n");
    let one = "
name: one
steps:
  - { request: \"GET http://${host}/\", expect: { error: refused } }
  - { request: \"GET /redirect-to?url=http://evil.test/\", expect: { error: refused } }
  - { request: GET /get }
  - request: GET /get
    auth: { oauth2: { token_url: \"http://${host}/token\", client_id: a, client_secret: abcdef } }
";
    let files = [("callsheet.yaml", project.as_str()), ("scenarios/1.yaml", one)];
    let ran = run_project(&files, &["--var", "host=evil.test"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("`evil.test` is none of the project's `allow_hosts`"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("4 steps: 3 passed, 1 failed"), "{}", ran.stdout);
}

#[test]
fn a_file_of_variables_wins_over_all_but_the_command_lines() {
    let one = "
name: one
vars: { a: 1, b: 1, c: 1 }
steps:
  - request: POST /anything
    json: { a: \"${a}\", b: \"${b}\", c: \"${c}\" }
    expect: { json: { $.json: { equals: { a: 1, b: [1, \"${x}\"], c: text } } } }
  - { request: GET /status/500, headers: { B: \"${b | length}\" } }
";
    let one = one.replace("[1, \"${x}\"]", "[1, \"$${x}\"]");
    let files = [
        ("callsheet.yaml", LOCAL),
        ("scenarios/1.yaml", one.as_str()),
        ("vars.json", "{\"b\": [1, \"${x}\"], \"c\": true}"),
    ];
    let ran = run_project(&files, &["--vars-file", "vars.json", "--var", "c=text"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    for told in [
        "2 steps: 1 passed, 1 failed",
        "= b: [1,\"${x}\"], from `--vars-file` at vars.json:1",
        "= repeat: callsheet run scenarios/1.yaml:8 --var 'c=text' --vars-file vars.json",
    ] {
        assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
    }
    let files = [
        ("callsheet.yaml", LOCAL),
        ("scenarios/1.yaml", one.as_str()),
        ("vars.yml", "1a: 2\nrun: 3\n"),
    ];
    let ran = run_project(&files, &["--vars-file", "vars.yml"]);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    for told in ["`1a` is no variable name", "vars.yml:1:1", "the name `run` is reserved"] {
        assert!(ran.stderr.contains(told), "{told}\n{}", ran.stderr);
    }
}

const OPENAPI: &str = "
openapi: 3.0.0
servers: [{ url: /anything }]
paths:
  /orders:
    get: { responses: { 200: {}, 401: {} } }
    post: { responses: { 201: {} } }
  /orders/{id}: { get: { responses: { 2XX: {}, default: {} } } }
";

#[test]
fn the_end_of_a_run_says_how_much_of_the_openapi_document_was_asked() {
    let project = format!("{LOCAL}openapi: scenarios/openapi.yaml\n");
    let steps = "
name: one
steps:
  - request: GET /anything/orders
  - { request: GET /anything/orders/7, expect: { openapi: openapi.yaml } }
  - request: GET http://localhost:1/anything/orders
    expect: { error: connect }
";
    let files = [
        ("callsheet.yaml", project.as_str()),
        ("scenarios/openapi.yaml", OPENAPI),
        ("scenarios/one.yaml", steps),
    ];
    let ran = run_project(&files, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let told = "\nopenapi: 2 of 3 operations, 2 of 5 statuses asked\n";
    assert!(ran.stdout.ends_with(told), "{}", ran.stdout);
    let ran = run_project(&files, &["-v"]);
    let told = format!(
        "{told}  not asked: GET /orders -> 401\n  not asked: POST /orders\n  not asked: GET /orders/{{id}} -> default\n"
    );
    assert!(ran.stdout.ends_with(&told), "{}", ran.stdout);
    let ran = run_project(&files, &["--journal", "/dev/stdout"]);
    let first = ran.stdout.lines().next().unwrap_or_default();
    assert!(first.contains("\"name\":\"POST /orders\",\"asked\":0"), "{first}");
    let ran = run_project(&files, &["--report", "json=/dev/stdout", "--journal", "run.jsonl"]);
    let counted = "{\"name\":\"GET /orders\",\"asked\":1,\"statuses\":{\"200\":1,\"401\":0}}";
    assert!(ran.stdout.contains(counted), "{}", ran.stdout);
    let ran = run_project(&files, &["--report", "markdown=/dev/stdout"]);
    let told =
        "<summary>openapi: 2 of 3 operations, 2 of 5 statuses asked</summary>\n\n- not asked: ";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
}

const MEMBERS: &str = "
openapi: 3.1.0
paths:
  /anything/members:
    post:
      requestBody: { $ref: \"parts.yaml#/bodies/Member\" }
      responses: { 200: {} }
";

const PARTS: &str = "
bodies:
  Member:
    content:
      application/json:
        schema:
          properties:
            name: { type: string }
";

#[test]
fn a_miss_names_its_place_in_the_file_that_the_openapi_document_refers_to() {
    let step = |name: u8| {
        format!(
            "
name: one
steps:
  - request: POST /anything/members
    json: {{ name: {name}, more: \"{}\" }}
    expect: {{ openapi: openapi.yaml }}
",
            "x".repeat(20_000)
        )
    };
    let one = step(5);
    let files = [
        ("callsheet.yaml", LOCAL),
        ("scenarios/openapi.yaml", MEMBERS),
        ("scenarios/parts.yaml", PARTS),
        ("scenarios/one.yaml", &one),
    ];
    // The response is so large that it is judged off the reactor's thread.
    let ran = run_project(&files, &["scenarios/one.yaml", "--report", "json=report.json"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("error: `$.name` of the request body is 5\n"), "{}", ran.stdout);
    let place = "= document: scenarios/parts.yaml:8:27\n";
    assert!(ran.stdout.contains(place), "{}", ran.stdout);
}

#[test]
fn a_body_that_a_redirect_left_behind_is_not_held_against_the_operation_after_it() {
    let document = "
openapi: 3.1.0
paths:
  /redirect-to: { post: { responses: { 3XX: {} } } }
  /anything/{to}:
    get:
      requestBody: { content: { text/plain: {} } }
      responses: { 200: {} }
    post:
      requestBody: { content: { text/plain: {} } }
      responses: { 200: {} }
";
    let one = "
name: one
steps:
  - request: POST /redirect-to?url=/anything/there&status_code=303
    json: {}
    expect: { openapi: openapi.yaml }
  - request: POST /redirect-to?url=/anything/there&status_code=307
    json: {}
    expect: { openapi: openapi.yaml }
";
    let files = [
        ("callsheet.yaml", LOCAL),
        ("scenarios/openapi.yaml", document),
        ("scenarios/one.yaml", one),
    ];
    let ran = run_project(&files, &["scenarios/one.yaml"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("2 steps: 1 passed, 1 failed"), "{}", ran.stdout);
    let told = "error: the content type of the request is \"application/json\"\n";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
}
