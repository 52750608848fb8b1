//! Every example of the documentation does what the page says.

use std::fs;

use super::support::{Demo, demo, root, run, scenario};

/// The YAML blocks of a page, each with its line.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let text = fs::read_to_string(root().join(page)).expect(page);
    let mut blocks = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut block, line) {
            (None, "```yaml") => block = Some((number + 1, String::new())),
            (None, _) => {}
            (Some(_), "```") => blocks.extend(block.take()),
            (Some((_, text)), line) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    blocks
}

fn has_key(block: &str, key: &str) -> bool {
    block.lines().any(|line| line.starts_with(&format!("{key}:")))
}

/// A whole scenario passes, or fails as its first line says.
fn try_scenario(block: &str, demo: &Demo) -> Result<(), String> {
    let folder = scenario(block);
    let expected = match block.lines().next() {
        Some("# fails") => 1,
        Some("# invalid") => 2,
        _ => 0,
    };
    let ran = run(folder.path(), &["run", "--base-url", &demo.url, "--progress", "never"]);
    let told = format!("exit {}\n{}{}", ran.code, ran.stdout, ran.stderr);
    if ran.code == expected { Ok(()) } else { Err(told) }
}

/// A project file is valid beside a scenario.
fn try_project(block: &str) -> Result<(), String> {
    let folder = scenario("name: a\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n");
    fs::create_dir(folder.path().join("scenarios")).expect("a folder");
    let from = folder.path().join("scenario.yaml");
    fs::rename(from, folder.path().join("scenarios/a.yaml")).expect("a move");
    fs::write(folder.path().join("callsheet.yaml"), block).expect("a file");
    let check = run(folder.path(), &["check"]);
    if check.code == 0 { Ok(()) } else { Err(check.stderr) }
}

#[test]
fn every_example_of_the_documentation_does_what_the_page_says() {
    let demo = demo();
    let mut tried = 0;
    let mut wrong = Vec::new();
    for page in ["README.md", "docs/reference.md"] {
        for (line, block) in blocks(page) {
            let result = match (has_key(&block, "steps"), has_key(&block, "server")) {
                (true, _) => try_scenario(&block, &demo),
                (_, true) => try_project(&block),
                _ => Err("this block is neither a scenario nor a project file".to_owned()),
            };
            tried += 1;
            if let Err(told) = result {
                wrong.push(format!("{page}:{line}\n{told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 10, "only {tried} examples were found");
}
