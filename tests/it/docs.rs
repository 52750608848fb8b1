//! Every example of the documentation does what the page says.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Demo, Ran, demo, files, root, run};

/// A block of YAML with the place where it begins.
pub(super) struct Example {
    pub(super) place: String,
    pub(super) text: String,
}

/// What a block is, by its keys at the top level.
pub(super) enum Kind {
    Scenario,
    Project,
    /// Of a CI system.
    Workflow,
    /// A file of `fixtures/shared`, which the other examples use.
    Shared(PathBuf),
}

/// The README and every page of `docs/`.
pub(super) fn pages() -> Vec<PathBuf> {
    let mut pages = files(&root().join("docs"), "md");
    pages.push(root().join("README.md"));
    pages
}

/// The YAML blocks of a page.
pub(super) fn examples(page: &Path) -> Vec<Example> {
    let text = fs::read_to_string(page).expect("a page");
    let mut examples = Vec::new();
    let mut open: Option<Example> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line) {
            (None, "```yaml") => {
                let place = format!("{}:{}", page.display(), number + 2);
                open = Some(Example { place, text: String::new() });
            }
            (None, _) => {}
            (Some(_), "```") => examples.extend(open.take()),
            (Some(example), line) => {
                example.text.push_str(line);
                example.text.push('\n');
            }
        }
    }
    assert!(open.is_none(), "a block of {} does not end", page.display());
    examples
}

impl Example {
    fn has_key(&self, key: &str) -> bool {
        self.text.lines().any(|line| line.starts_with(&format!("{key}:")))
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        let first = self.text.lines().next().unwrap_or_default();
        if let Some(path) = first.strip_prefix("# shared/") {
            Some(Kind::Shared(root().join("fixtures/shared").join(path)))
        } else if first.starts_with("# .git") {
            Some(Kind::Workflow)
        } else if self.has_key("name") && self.has_key("steps") {
            Some(Kind::Scenario)
        } else if ["environments", "server", "sessions", "report"]
            .iter()
            .any(|key| self.has_key(key))
        {
            Some(Kind::Project)
        } else {
            None
        }
    }

    /// The exit code that the first line says.
    pub(super) fn code(&self) -> i32 {
        match self.text.lines().next() {
            Some("# fails") => 1,
            Some("# invalid") => 2,
            _ => 0,
        }
    }

    /// Runs it as a scenario, or checks it as a project file beside one; gives what is wrong.
    fn wrong(&self, demo: &Demo) -> Option<String> {
        let told = |ran: &Ran| format!("exit {}\n{}{}", ran.code, ran.stdout, ran.stderr);
        let folder = tempfile::tempdir().expect("a folder");
        let scenarios = folder.path().join("scenarios");
        fs::create_dir(&scenarios).expect("a folder");
        let uploads = root().join("fixtures/uploads/prices.csv");
        fs::copy(uploads, scenarios.join("prices.csv")).expect("an upload");
        fs::create_dir(folder.path().join("shared")).expect("a folder");
        let used = files(&root().join("fixtures/shared"), "yaml");
        for file in used.into_iter().filter(|_| self.text.contains("shared/")) {
            let name = file.file_name().expect("a name");
            fs::copy(&file, folder.path().join("shared").join(name)).expect("a shared file");
        }
        for contract in ["openapi", "schemas"].into_iter().filter(|_| self.text.contains("openapi"))
        {
            let to = folder.path().join(contract);
            fs::create_dir(&to).expect("a folder");
            for entry in fs::read_dir(root().join("fixtures").join(contract)).expect("a folder") {
                let from = entry.expect("an entry").path();
                fs::copy(&from, to.join(from.file_name().expect("a name"))).expect("a contract");
            }
        }
        let (scenario, args) = match self.kind() {
            Some(Kind::Shared(file)) => {
                let same = fs::read_to_string(&file).is_ok_and(|text| text == self.text);
                return (!same).then(|| format!("it is not {}", file.display()));
            }
            Some(Kind::Workflow) => {
                let read = serde_yaml::from_str::<serde_yaml::Value>(&self.text);
                let runs = self.text.contains("callsheet run ");
                return (read.is_err() || !runs).then(|| format!("{read:?}"));
            }
            Some(Kind::Scenario) => {
                let args = vec!["run", "scenarios", "--base-url", &demo.url, "--progress", "never"];
                (self.text.as_str(), args)
            }
            Some(Kind::Project) => {
                fs::write(folder.path().join("callsheet.yaml"), &self.text).expect("a file");
                (
                    "name: a\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n",
                    vec!["check", "scenarios"],
                )
            }
            None => return Some("it is neither a scenario nor a project file".to_owned()),
        };
        fs::write(scenarios.join("example.yaml"), scenario).expect("a file");
        let ran = run(folder.path(), &args);
        // What the reference shows nobody should be warned of.
        let is_whole = matches!(self.kind(), Some(Kind::Scenario)) && self.code() == 0;
        let warned = is_whole && ran.stderr.contains("warning: ");
        (ran.code != self.code() || warned).then(|| told(&ran))
    }
}

#[test]
fn every_example_of_the_documentation_does_what_the_page_says() {
    let demo = demo();
    let all: Vec<Example> = pages().iter().flat_map(|page| examples(page)).collect();
    let wrong: Vec<String> = all
        .iter()
        .filter_map(|example| Some(format!("{}\n{}", example.place, example.wrong(&demo)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(all.len() > 20, "only {} examples were found", all.len());
}

/// The keys that a file of `src/scenario` knows: the words of its `known` lists.
fn known_keys(file: &str) -> Vec<String> {
    let source = fs::read_to_string(root().join("src/scenario").join(file)).expect("a file");
    let list = r"(?:known:|const (?:OWN|COOKIE_KEYS): &\[&str\] =)\s*&\[([^\]]*)\]";
    let list = regex::Regex::new(list).expect("a pattern");
    let words = |list: &str| list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    list.captures_iter(&source).flat_map(|found| -> Vec<String> { words(&found[1]) }).collect()
}

#[test]
fn every_key_that_a_file_may_have_stands_in_the_reference() {
    let reference = fs::read_to_string(root().join("docs/reference.md")).expect("the reference");
    let mut keys = 0;
    for file in [
        "mod.rs",
        "step.rs",
        "sessions.rs",
        "session_action.rs",
        "settings.rs",
        "expectation.rs",
        "matcher.rs",
        "capture.rs",
        "project.rs",
        "session_action.rs",
    ] {
        let known = known_keys(file);
        assert!(!known.is_empty(), "{file} has no `known` keys");
        keys += known.len();
        for key in known {
            let named = [format!("`{key}`"), format!("`{key}:"), format!("{key}:")];
            assert!(
                named.iter().any(|named| reference.contains(named)),
                "`{key}` of {file} is not in the reference"
            );
        }
    }
    assert!(keys > 80, "only {keys} keys were found");
}

#[test]
fn the_reference_names_every_endpoint_of_the_practice_server() {
    let page = get(&demo().url);
    let reference = fs::read_to_string(root().join("docs/reference.md")).expect("a page");
    let endpoints: Vec<&str> =
        page.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next()).collect();
    assert!(endpoints.len() > 30, "{page}");
    for endpoint in endpoints {
        let endpoint = endpoint.replace("&amp;", "&");
        assert!(reference.contains(&format!("| `{endpoint}` |")), "`{endpoint}`");
    }
}

/// The answer of a server's index.
fn get(url: &str) -> String {
    use std::io::{Read as _, Write as _};
    let address = &url["http://".len()..];
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
