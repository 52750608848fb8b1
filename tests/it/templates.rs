//! Random values: fixed by the seed, and a function of the place.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use callsheet::template::{Files, Scope, Site, Template, UseKind, callable_names};
use callsheet::value;

use super::support::{Demo, Ran, demo, root, run, scenario};

/// Asks for an identifier in every part of a scenario that has values of its own.
const EVERYWHERE: &str = "\
name: Identifiers
vars:
  own: ${uuid()}
sessions:
  ann: { headers: { X-Ann: '1' } }
  bob:
    cookies: [{ name: device, value: '${uuid()}', domain: 127.0.0.1, path: / }]
    login: { use: login.yaml, with: { id: '${uuid()}' } }
steps:
  - request: GET /get?own=${own}
  - request: GET /get?own=${own}
  - request: GET /get?a=${uuid()}&b=${uuid()}&c=${uuid() ~ uuid()}
  - &again
    request: GET /get?id=${uuid()}
  - *again
  - for_each: { item: [1, 2] }
    request: GET /get?id=${uuid()}
  - for_each: { item: [1, 2] }
    group:
      - request: GET /get?id=${uuid()}
  - retry: { attempts: 3, wait: 1ms }
    request: GET /status/500?id=${uuid()}
    continue_on_failure: true
  - request: GET /get?id=${uuid()}
    access: { ann: 200, bob: 200 }
";

const LOGIN: &str = "\
name: Sign in
vars:
  nonce: ${uuid()}
steps:
  - request: GET /get?id=${id}&nonce=${nonce}&step=${uuid()}
";

fn go(folder: &Path, demo: &Demo, args: &[&str]) -> Ran {
    let all = ["run", "-vv", "--progress", "never", "--base-url", &demo.url];
    run(folder, &[&all[..], args].concat())
}

/// The identifiers in the requests of a run, in the order of the story.
fn ids(ran: &Ran) -> Vec<String> {
    let id = regex::Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").expect("a pattern");
    let lines = ran.stdout.lines().filter(|line| line.trim_start().starts_with("> "));
    lines.flat_map(|line| id.find_iter(line)).map(|found| found.as_str().to_owned()).collect()
}

#[test]
fn every_part_of_a_scenario_has_values_of_its_own_and_a_seed_repeats_them() {
    let (demo, folder) = (demo(), scenario(EVERYWHERE));
    fs::write(folder.path().join("login.yaml"), LOGIN).expect("a file");
    let args = |seed| go(folder.path(), &demo, &["scenario.yaml", "--seed", seed]);
    let first = args("7");
    let own = ids(&first);
    let distinct: HashSet<&String> = own.iter().collect();
    // The variable is one in both of its requests.
    assert_eq!(own[0], own[1], "{}", first.stdout);
    assert_eq!((own.len(), distinct.len()), (20, 19), "{}", first.stdout);
    assert_eq!(ids(&args("7")), own);
    let other = ids(&args("8"));
    assert!(other.iter().all(|id| !distinct.contains(id)), "{other:?}");
    // What runs before makes no difference.
    let alone = go(folder.path(), &demo, &["scenario.yaml:10", "--seed", "7"]);
    assert_eq!(ids(&alone), own[..1]);
}

#[test]
fn a_seed_is_drawn_and_told_where_it_was_needed() {
    let demo = demo();
    let text = "name: One\nsteps: [{ request: 'GET /get?id=${random_int(0, 1000000000)}' }]\n";
    let folder = scenario(text);
    let told = |ran: &Ran| {
        let line =
            ran.stdout.lines().find_map(|line| line.strip_prefix("random values of `--seed "));
        line.expect(&ran.stdout).trim_end_matches('`').to_owned()
    };
    let sent = |ran: &Ran| {
        let (_, rest) = ran.stdout.split_once("> GET ").expect("a request");
        let (_, id) = rest.split_once("?id=").expect("an identifier");
        id.chars().take_while(char::is_ascii_digit).collect::<String>()
    };
    let first = go(folder.path(), &demo, &[]);
    let second = go(folder.path(), &demo, &[]);
    assert_ne!(told(&first), told(&second));
    assert_ne!(sent(&first), sent(&second));
    let report = folder.path().join("junit.xml");
    let option = format!("junit={}", report.display());
    let again = go(folder.path(), &demo, &["--seed", &told(&first), "--report", &option]);
    assert_eq!((told(&again), sent(&again)), (told(&first), sent(&first)));
    let report = fs::read_to_string(report).expect("a report");
    let property = format!("<property name=\"callsheet.seed\" value=\"{}\"/>", told(&first));
    assert!(report.contains(&property), "{report}");
    // Where nothing is random there is nothing to tell.
    let plain = scenario("name: One\nsteps: [{ request: GET /get }]\n");
    assert!(!go(plain.path(), &demo, &["--seed", "7"]).stdout.contains("seed"));
    assert_eq!(run(plain.path(), &["run", "--seed", "-1"]).code, 2);
}

#[test]
fn values_do_not_depend_on_the_working_directory_or_on_what_else_runs() {
    let demo = demo();
    let folder = scenario("name: One\nsteps: [{ request: 'GET /get?id=${uuid()}' }]\n");
    fs::write(folder.path().join("callsheet.yaml"), "scenarios: [.]\n").expect("a file");
    let below = folder.path().join("below");
    fs::create_dir(&below).expect("a folder");
    let other = "name: Two\nsteps: [{ request: 'GET /get?id=${uuid()}' }]\n";
    fs::write(below.join("other.yaml"), other).expect("a file");
    let all = ids(&go(folder.path(), &demo, &["--seed", "7", "-j", "1"]));
    let one = ids(&go(&below, &demo, &["--seed", "7", "other.yaml"]));
    let two = ids(&go(&below, &demo, &["--seed", "7", "../scenario.yaml"]));
    assert_eq!(all, [one, two].concat());
    assert_ne!(all[0], all[1]);
}

#[test]
fn one_login_of_the_run_has_the_same_values_whoever_needs_it() {
    let demo = demo();
    let folder = scenario("name: unused\nskip: it\nsteps: []\n");
    fs::remove_file(folder.path().join("scenario.yaml")).expect("a file");
    fs::write(
        folder.path().join("callsheet.yaml"),
        "scenarios: [a.yaml, b.yaml]\nvars: { of_run: '${uuid()}' }\nsessions:\n  ann: { login: { use: login.yaml, with: { id: '${uuid()}' }, once: run } }\n  bob: { login: { use: login.yaml, with: { id: fixed }, once: run } }\n",
    )
    .expect("a file");
    fs::write(folder.path().join("login.yaml"), LOGIN).expect("a file");
    for name in ["a", "b"] {
        let text = format!(
            "name: {name}\nsteps:\n  - {{ request: 'GET /get?run=${{of_run}}', as: ann }}\n  - {{ request: GET /get, as: bob }}\n"
        );
        fs::write(folder.path().join(format!("{name}.yaml")), text).expect("a file");
    }
    let both = go(folder.path(), &demo, &["--seed", "7", "-j", "1"]);
    let second = go(folder.path(), &demo, &["--seed", "7", "b.yaml"]);
    let (both, second) = (ids(&both), ids(&second));
    // The login of ann: its `id`, `nonce` and step; the variable of the run; the login of bob; the variable again.
    assert_eq!(both.len(), 7, "{both:?}");
    assert_eq!(both[..6], second[..]);
    assert_eq!(both[3], both[6]);
    assert_eq!(both.iter().collect::<HashSet<_>>().len(), 6);
}

/// The rows of a table of the reference, with their cells.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let reference = fs::read_to_string(root().join("docs/reference.md")).expect("the reference");
    let (_, rest) = reference.split_once(heading).expect(heading);
    let lines = rest.lines().skip_while(|line| !line.starts_with("| `"));
    let rows = lines.take_while(|line| line.starts_with("| `"));
    let cell = |cell: &str| cell.replace('\0', "|").trim().trim_matches('`').to_owned();
    rows.map(|row| row.replace("\\|", "\0").trim_matches('|').split('|').map(cell).collect())
        .collect()
}

#[test]
fn the_reference_names_every_function_and_filter_and_no_other() {
    let known = |what| callable_names(&what).collect::<Vec<_>>();
    let named = |heading| {
        let names =
            rows(heading).into_iter().map(|row| row[0].split('(').next().map(str::to_owned));
        names.map(Option::unwrap_or_default).collect::<Vec<_>>()
    };
    assert_eq!(named("### Functions\n"), known(UseKind::Function));
    assert_eq!(named("### Filters\n"), known(UseKind::Filter));
}

/// The file that the reference reads.
#[derive(Debug)]
struct Prices;

impl Files for Prices {
    fn read(&self, path: &str) -> Result<String, String> {
        let path = root().join("fixtures/uploads").join(path);
        fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

#[test]
fn the_examples_of_the_reference_have_the_values_that_it_says() {
    let mut scope = Scope::new();
    scope.set_cookies(vec![("session".to_owned(), "abc".to_owned())]);
    let evaluated = |text: &str| {
        let mut template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        template.stand(&Arc::new(Site { place: String::new(), files: Arc::new(Prices) }));
        value::text(&template.evaluate(&scope).unwrap_or_else(|error| panic!("{text}: {error}")))
    };
    for row in rows("### Functions\n") {
        evaluated(&row[1]);
    }
    for row in rows("### Filters\n") {
        assert_eq!(evaluated(&row[1]).replace('\n', "\\n"), row[2], "{}", row[1]);
    }
}

#[test]
fn what_a_filter_reads_out_of_a_secret_is_not_shown() {
    let (demo, folder) = (demo(), scenario(SECRETS));
    // `ann:wonder & land`, an object with a key, and a token of `ali-baba`.
    let secrets = "BASIC=YW5uOndvbmRlciAmIGxhbmQ=\nOBJECT='{\"key\": \"opensesame\"}'\nTOKEN=e30.eyJzdWIiOiJhbGktYmFiYSJ9.x\n";
    fs::write(folder.path().join("secrets.env"), secrets).expect("a file");
    let ran = go(folder.path(), &demo, &["scenario.yaml", "--secrets-file", "secrets.env"]);
    let story = &ran.stdout;
    assert_eq!(ran.code, 1, "{story}");
    for word in ["wonder", "b3BlbnNlc2FtZQ", "opensesame", "YW5u", "ali-baba"] {
        assert!(!story.contains(word), "{word}: {story}");
    }
    // A digest of a secret is none, and shows which one it was.
    assert!(story.contains("digest="), "{story}");
}

const SECRETS: &str = "\
name: Secrets in filters
steps:
  - request: GET /get
    query:
      plain: ${secret.BASIC | base64_decode}
      key: ${(secret.OBJECT | from_json).key}
      again: ${(secret.OBJECT | from_json).key | base64}
      upper: ${secret.BASIC | urlencode}
      claim: ${(secret.TOKEN | jwt_claims).sub}
      digest: ${secret.BASIC | sha256}
    expect: { status: 500 }
";
