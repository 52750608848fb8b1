//! `callsheet init`: what a project begins with. It asks nothing, and keeps every file that a person may have written.

use std::fs;
use std::path::Path;

use callsheet::scenario::project::FILE_NAME;
use callsheet::scenario::schema;

use crate::exit::Exit;
use crate::output;

const SCENARIOS: &str = "scenarios";

pub(crate) fn main() -> Exit {
    let files = [
        (FILE_NAME, include_str!("init/callsheet.yaml").to_owned()),
        ("scenarios/sign-in.yaml", include_str!("init/sign-in.yaml").to_owned()),
        (".callsheet/project.schema.json", schema::project()),
        (".callsheet/scenario.schema.json", schema::scenario()),
    ];
    let is_new = !is_there(Path::new(FILE_NAME));
    for (name, text) in files {
        let done = match kept(name, &text) {
            Some(why) => format!("kept {name}: {why}\n"),
            None => {
                let done = if is_there(Path::new(name)) { "updated" } else { "wrote" };
                if let Err(error) =
                    output::file(Path::new(name), |out| out.write_all(text.as_bytes()))
                {
                    output::err(&format!("error: `{name}` cannot be written: {error}\n"));
                    return Exit::Internal;
                }
                format!("{done} {name}\n")
            }
        };
        output::out(&done);
    }
    if is_new {
        output::out("\nnow try: callsheet run\n");
    }
    Exit::Passed
}

/// Why a file is not written: what was there stays, but for a schema of another version of callsheet.
fn kept(name: &str, text: &str) -> Option<&'static str> {
    let path = Path::new(name);
    if name.starts_with(SCENARIOS) && has_scenarios() {
        return Some("there are scenarios");
    }
    if !is_there(path) {
        return None;
    }
    match fs::read_to_string(path) {
        Ok(there) if name.ends_with(".json") && there == text => Some("it is up to date"),
        Ok(there) if name.ends_with(".json") && there.contains(schema::MARK) => None,
        _ => Some("it is there"),
    }
}

/// Whether the folder of the first scenario has any: then that one is not missed.
fn has_scenarios() -> bool {
    let is_yaml =
        |path: &Path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    let entries = fs::read_dir(SCENARIOS).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| is_yaml(&entry.path()) || entry.path().is_dir())
}

/// A link that leads nowhere is there, too.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
