//! The JSON Schema Test Suite, which lies outside of the repository: `CALLSHEET_SCHEMA_SUITE` names its folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callsheet::schema::{Dialect, Document, Documents, Schemas, Verdict};
use serde_json::Value;

use super::support::files;

/// What is not as the suite has it, with the reason.
const OTHERWISE: &[(&str, &str)] = &[(
    "is only an annotation by default",
    "a test that a `format` is written into wants it to hold: formats are looked at in every draft",
)];

/// What the suite serves at `http://localhost:1234`.
struct Remotes(HashMap<String, Arc<Value>>);

impl Documents for Remotes {
    fn get(&self, uri: &str) -> Result<Arc<Value>, String> {
        self.0.get(uri).cloned().ok_or_else(|| format!("there is no `{uri}`"))
    }
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).expect("a file");
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    found.extend(files(folder, "json"));
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            below(&path, found);
        }
    }
}

fn remotes(suite: &Path) -> Remotes {
    let folder = suite.join("remotes");
    let mut all = Vec::new();
    below(&folder, &mut all);
    let remote = |path: PathBuf| {
        let name = path.strip_prefix(&folder).expect("below").display().to_string();
        (format!("http://localhost:1234/{name}"), Arc::new(json(&path)))
    };
    Remotes(all.into_iter().map(remote).collect())
}

/// What came of the tests of one draft: those that hold, all, and the names of the others.
fn run(suite: &Path, draft: &str, dialect: Dialect) -> (usize, usize, Vec<String>) {
    let documents: Arc<dyn Documents> = Arc::new(remotes(suite));
    let (mut held, mut all, mut failed) = (0, 0, Vec::new());
    for file in files(&suite.join("tests").join(draft), "json") {
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        for case in json(&file).as_array().expect("cases") {
            let document = Document { uri: "file:///suite/case.json", value: &case["schema"] };
            let read = Schemas::read(document, &[""], dialect, &documents);
            let schema = read.and_then(|schemas| schemas.at("").map_err(|wrong| vec![wrong]));
            for test in case["tests"].as_array().expect("tests") {
                let what = format!("{name}: {}: {}", case["description"], test["description"]);
                let found = match &schema {
                    Ok(schema) => match schema.judge(&test["data"]) {
                        Verdict::Holds => Ok(true),
                        Verdict::Breaks(..) => Ok(false),
                        Verdict::Endless => Err("endless".to_owned()),
                    },
                    Err(wrong) => Err(format!("{wrong:?}")),
                };
                all += 1;
                match found == Ok(test["valid"] == true) {
                    true => held += 1,
                    false => failed.push(format!("{draft}: {what}: {found:?}")),
                }
            }
        }
    }
    (held, all, failed)
}

#[test]
#[ignore = "needs the folder that CALLSHEET_SCHEMA_SUITE names"]
#[expect(clippy::print_stdout, reason = "the counts are what is asked for")]
fn the_schema_suite_holds_in_every_draft() {
    let suite = std::env::var_os("CALLSHEET_SCHEMA_SUITE").expect("CALLSHEET_SCHEMA_SUITE");
    let mut wrong = Vec::new();
    for (draft, dialect) in [
        ("draft4", Dialect::Draft4),
        ("draft6", Dialect::Draft6),
        ("draft7", Dialect::Draft7),
        ("draft2019-09", Dialect::Draft201909),
        ("draft2020-12", Dialect::Draft202012),
    ] {
        let (held, all, failed) = run(Path::new(&suite), draft, dialect);
        println!("{draft}: {held} of {all}");
        let is_known = |failed: &&String| OTHERWISE.iter().any(|(known, _)| failed.contains(known));
        wrong.extend(failed.iter().filter(|failed| !is_known(failed)).cloned());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
