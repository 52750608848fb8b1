//! `fixtures/failing/X.yaml` fails with exactly the output of `X.txt`, against the practice server.

use super::schema::decoded;
use super::support::{callsheet, demo, files, golden, none_differs, ran, root, tls};

/// What differs from run to run: ports, times, fingerprints.
fn steady(text: &str, url: &str) -> String {
    let text = text.replace(url, "http://demo.test").replace(&url["http://".len()..], "demo.test");
    let mut out = text;
    for (pattern, with) in [
        (r"\d+(\.\d+)? (ms|s)\b", "N ms"),
        (r"\d+ days\b", "N days"),
        (r"•••[0-9a-f]{4}", "•••NNNN"),
        (r"(address information): .*", "$1: REASON"),
        (r"callsheet/\d+\.\d+\.\d+", "callsheet/VERSION"),
    ] {
        out = regex::Regex::new(pattern).expect("a pattern").replace_all(&out, with).into_owned();
    }
    out
}

#[test]
fn every_failing_scenario_tells_its_story() {
    let demo = demo();
    let folder = root().join("fixtures/failing");
    let secure = tls(&root().join("fixtures/certificates"), "server");
    let secure = format!("https://localhost:{secure}");
    let mut differences = Vec::new();
    for file in files(&folder, "yaml") {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        let args = ["run", name, "--base-url", &demo.url, "--progress", "never", "--seed", "1"];
        let mut command = callsheet(&folder);
        let ran = ran(command.args(args).env("SECURE_URL", &secure).output().expect("it runs"));
        assert_eq!(ran.code, 1, "{name}: {}{}", ran.stdout, ran.stderr);
        assert!(!ran.stderr.contains("error"), "{name}: {}", ran.stderr);
        differences.extend(golden(
            &file.with_extension("txt"),
            &steady(&ran.stdout.replace(&secure, "https://secure.test"), &demo.url),
        ));
    }
    none_differs(&differences);
}

/// Whoever cannot see the server is told what was expected and what came, whatever was asked.
#[test]
fn every_expectation_and_every_matcher_has_a_failing_pair_and_a_passing_scenario() {
    let texts = |folders: &[&str]| -> String {
        let files = folders.iter().flat_map(|folder| files(&root().join(folder), "yaml"));
        files.map(|file| std::fs::read_to_string(file).expect("a file")).collect()
    };
    let failing = texts(&["fixtures/failing"]);
    let passing = texts(&["scenarios/httpbin", "scenarios/sessions", "scenarios/shop"]);
    // The practice server speaks no TLS; `tests/it/transport.rs` has a server that does.
    let elsewhere = ["certificate"];
    let mut missing = Vec::new();
    for what in ["`expect`", "a matcher"] {
        let keys = decoded().into_iter().find(|(known, _)| known == what).expect(what).1;
        for key in keys {
            let pattern = format!(r"(?m)(^|[\s{{,$]){key}:");
            let pattern = regex::Regex::new(&pattern).expect("a pattern");
            if !pattern.is_match(&failing) {
                missing.push(format!("no pair fails with `{key}` of {what}"));
            }
            if !pattern.is_match(&passing) && !elsewhere.contains(&key.as_str()) {
                missing.push(format!("no scenario passes with `{key}` of {what}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
