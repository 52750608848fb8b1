//! `fixtures/failing/X.yaml` fails with exactly the output of `X.txt`, against the practice server.

use super::support::{demo, files, golden, none_differs, root, run};

/// What differs from run to run: ports, times, fingerprints.
fn steady(text: &str, url: &str) -> String {
    let text = text.replace(url, "http://demo.test").replace(&url["http://".len()..], "demo.test");
    let mut out = text;
    for (pattern, with) in [
        (r"\d+(\.\d+)? (ms|s)\b", "N ms"),
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
    let mut differences = Vec::new();
    for file in files(&folder, "yaml") {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        let ran = run(
            &folder,
            &["run", name, "--base-url", &demo.url, "--progress", "never", "--seed", "1"],
        );
        assert_eq!(ran.code, 1, "{name}: {}{}", ran.stdout, ran.stderr);
        assert!(!ran.stderr.contains("error"), "{name}: {}", ran.stderr);
        differences.extend(golden(&file.with_extension("txt"), &steady(&ran.stdout, &demo.url)));
    }
    none_differs(&differences);
}
