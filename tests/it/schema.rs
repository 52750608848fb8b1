//! The JSON Schema of the files: its keys are those that are read, its examples are valid, and it takes and refuses what
//! `check` takes and refuses.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callsheet::scenario::yaml::{self, Kind, Node};
use callsheet::source::Source;
use jsonschema::Validator;
use regex::Regex;
use serde_json::{Map, Value, json};

use super::docs;
use super::support::{files, root, run};

/// What the decoder calls a kind of map, and the definition of the schema that has its keys.
const DEFINITIONS: &[(&str, &str)] = &[
    ("a scenario", "scenario"),
    ("a step", "step"),
    ("the request settings", "settings"),
    ("`timeouts`", "timeouts"),
    ("`graphql`", "graphql"),
    ("a file of `multipart`", "file_part"),
    ("`auth`", "auth_kinds"),
    ("`basic`", "login_pair"),
    ("`digest`", "login_pair"),
    ("`oauth2`", "oauth2"),
    ("`aws_sigv4`", "aws_sigv4"),
    ("`tls`", "tls"),
    ("`retry`", "retry"),
    ("a session", "session"),
    ("`login`", "login"),
    ("a session step", "session_action"),
    ("COOKIE_KEYS", "cookie"),
    ("`delete_cookie`", "cookie_to_delete"),
    ("`expect`", "expect"),
    ("a matcher", "matcher"),
    ("a cookie", "cookie_attributes"),
    ("what `html` asks of an element", "html_element"),
    ("`bytes`", "bytes"),
    ("`snapshot`", "snapshot"),
    ("a redirect", "redirect"),
    ("`approx`", "approx"),
    ("`certificate`", "certificate"),
    ("`timing`", "timing"),
    ("a capture", "capture"),
    ("the project file", "project"),
    ("an environment", "environment"),
    ("`server`", "server"),
    ("`report`", "report"),
];

/// What `check` refuses and no schema can, each file of `fixtures/invalid` with the reason.
const BEYOND_A_SCHEMA: &[(&str, &str)] = &[
    ("files", FILES),
    ("files-more", FILES),
    ("login-token", FILES),
    ("no-certificate", FILES),
    ("flow-names", NAMES),
    ("login-names", NAMES),
    ("secrets", NAMES),
    ("secrets-shown", NAMES),
    ("self-reference", NAMES),
    ("session-names", NAMES),
    ("session-unknown", NAMES),
    ("special-names", NAMES),
    ("variable-later", NAMES),
    ("variable-order", NAMES),
    ("variable-undefined", NAMES),
    ("functions", EXPRESSIONS),
    ("function-arguments", EXPRESSIONS),
    ("function-files", EXPRESSIONS),
    ("text-explosion", EXPRESSIONS),
    ("templates", EXPRESSIONS),
    ("expression-long", EXPRESSIONS),
    ("project reuse", FILES),
    ("project cases", FILES),
    ("project elsewhere", NAMES),
    ("project hosts-elsewhere", NAMES),
    ("project environments", NAMES),
    ("project names", NAMES),
    ("project no-environment", NAMES),
    ("project secrets", NAMES),
    ("project sessions", NAMES),
    ("project settings", NAMES),
    ("project settings-of-nobody", NAMES),
    ("project two-names", FILES),
    ("project server-words", "a pattern does not pair quotes"),
    ("project openapi", FILES),
    ("snapshots-of-two", "whether a name is taken depends on what stands elsewhere"),
    ("schemas", "what is a valid schema depends on its draft, and on other files"),
    ("contradictions", "each of two expectations that exclude each other is one"),
    ("contradictions-more", "each of two expectations that exclude each other is one"),
    ("contradictions-of-numbers", "each of two expectations that exclude each other is one"),
    ("expressions-of-others", EXPRESSIONS),
    ("members-of-variables", NAMES),
    ("jsonpath-deep", "a pattern does not count brackets"),
    ("jsonpath-slips", "a pattern has not the grammar of paths"),
    ("jsonpath-types", "a pattern has not the types of paths"),
    ("members", "a pattern does not know what the program gives"),
    ("no-base-url", "the base URL may come from the project file or the command line"),
    ("no-name", "a file that others use needs no name, and has the same schema"),
];
const FILES: &str = "it is said of another file";
const NAMES: &str = "whether a name is defined depends on what stands elsewhere";
const EXPRESSIONS: &str = "a schema does not read expressions";

/// What the program prints.
fn printed(args: &[&str]) -> Value {
    let ran = run(&root(), args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    serde_json::from_str(&ran.stdout).expect("JSON")
}

fn validator(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).expect("a schema")
}

/// A file as an editor sees it; none if it is no YAML.
fn as_json(text: &str) -> Option<Value> {
    fn value(node: &Node) -> Value {
        match &node.kind {
            Kind::Null => Value::Null,
            Kind::Bool(flag) => json!(flag),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => json!(text),
            Kind::List(items) => items.iter().map(value).collect(),
            Kind::Map(entries) => {
                let members = entries.iter().map(|entry| (entry.key.clone(), value(&entry.value)));
                Value::Object(members.collect())
            }
        }
    }
    let source = Arc::new(Source::new("file", "file", text));
    Some(value(yaml::read(source).ok()?.0.root()))
}

/// What the schema says against a file.
fn objections(validator: &Validator, file: &Value) -> Vec<String> {
    let told = |error: jsonschema::ValidationError<'_>| {
        let mut told = error.to_string();
        told.truncate(200);
        format!("  {}: {told}", error.instance_path())
    };
    validator.iter_errors(file).map(told).collect()
}

/// The maps whose keys are named, each with its name.
fn closed(schema: &Value) -> Vec<(&str, &Map<String, Value>)> {
    let definitions = schema["$defs"].as_object().expect("definitions");
    let closed = |definition: &Value| definition["additionalProperties"] == json!(false);
    definitions
        .iter()
        .filter(|(_, definition)| closed(definition))
        .map(|(name, definition)| {
            (name.as_str(), definition["properties"].as_object().expect("keys"))
        })
        .collect()
}

/// The lists of keys of the decoder: what a map is called, and the keys that it may have.
pub(crate) fn decoded() -> Vec<(String, BTreeSet<String>)> {
    let list = r"Keys \{\s*what(?::\s*\x22([^\x22]+)\x22)?,\s*known:\s*([^\]}]*?\]|[&\w]+)";
    let list = Regex::new(list).expect("a pattern");
    let mut found = Vec::new();
    for path in sources(&root().join("src/scenario")) {
        let text = fs::read_to_string(&path).expect("a file");
        let keys = |written: &str| -> BTreeSet<String> { keys(&text, written) };
        for map in list.captures_iter(&text) {
            let what = map.get(1).unwrap_or_else(|| map.get(2).expect("keys"));
            found.push((what.as_str().to_owned(), keys(&map[2])));
        }
    }
    found
}

/// The keys of a list that is written out, or of the constant that it names.
fn keys(text: &str, written: &str) -> BTreeSet<String> {
    if written.contains('[') {
        return written.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    }
    let constant = |text: &str, name: &str| {
        let list =
            Regex::new(&format!(r"const {name}: [^=]*=\s*&\[([^\]]*)\]")).expect("a pattern");
        let list = list.captures(text).unwrap_or_else(|| panic!("there is no constant {name}"));
        keys(text, &format!("[{}]", &list[1]))
    };
    match written {
        // Keys of its own, and the request settings.
        "&KNOWN" => {
            let settings = fs::read_to_string(root().join("src/scenario/settings.rs"));
            let settings = settings.expect("a file");
            let known = Regex::new(r"known: (&\[[^\]]*\])").expect("a pattern");
            let known = known.captures(&settings).expect("the settings")[1].to_owned();
            constant(text, "OWN").into_iter().chain(keys(&settings, &known)).collect()
        }
        name => constant(text, name),
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = files(folder, "rs");
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        }
    }
    found
}

#[test]
fn the_schemas_are_valid_ones_of_2020_12() {
    for args in [&["schema"][..], &["schema", "--project"]] {
        let schema = printed(args);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(jsonschema::meta::is_valid(&schema), "{args:?}");
        // References that lead nowhere do not compile.
        validator(&schema);
    }
}

#[test]
fn the_schema_has_the_keys_that_are_read_and_no_others() {
    let schema = printed(&["schema"]);
    let all = closed(&schema);
    let decoded = decoded();
    assert!(decoded.len() >= DEFINITIONS.len(), "only {} lists were found", decoded.len());
    for (what, read) in &decoded {
        let row = DEFINITIONS.iter().find(|(row, _)| row == what);
        let (_, name) = row.unwrap_or_else(|| panic!("{what} has no row in this test"));
        let keys = &schema["$defs"][*name]["properties"];
        let keys: BTreeSet<String> = keys.as_object().expect("keys").keys().cloned().collect();
        assert_eq!(keys, *read, "{what} is the definition `{name}`");
    }
    for (what, name) in DEFINITIONS {
        assert!(decoded.iter().any(|(known, ..)| known == what), "nothing reads {what} ({name})");
    }
    for (name, _) in all {
        let named = DEFINITIONS.iter().any(|(what, row)| *row == name || *what == name);
        assert!(named, "no row says who reads the definition `{name}`");
    }
}

#[test]
fn every_key_is_explained_and_has_examples_that_are_valid() {
    let schema = printed(&["schema"]);
    let mut keys = 0;
    for (name, properties) in closed(&schema) {
        for (key, property) in properties {
            let referred = property["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/"));
            let referred = referred.map_or(&Value::Null, |name| &schema["$defs"][name]);
            let said = |keyword: &str| property.get(keyword).or_else(|| referred.get(keyword));
            let text = said("description").and_then(Value::as_str).unwrap_or_default();
            assert!(text.ends_with('.'), "`{key}` of `{name}` is not explained: {text:?}");
            let examples = said("examples").and_then(Value::as_array).cloned().unwrap_or_default();
            assert!(!examples.is_empty(), "`{key}` of `{name}` has no examples");
            let own = json!({ "$defs": schema["$defs"], "$ref": format!("#/$defs/{name}/properties/{key}") });
            let validator = validator(&own);
            for example in &examples {
                let wrong = objections(&validator, example);
                assert!(wrong.is_empty(), "`{key}` of `{name}`: {example}\n{}", wrong.join("\n"));
            }
            keys += 1;
        }
    }
    assert!(keys > 200, "only {keys} keys were found");
}

#[test]
fn the_merge_key_may_stand_in_every_map_whose_names_are_looked_at() {
    fn check(node: &Value, definitions: &Value, found: &mut usize) {
        if let Some(names) = node.get("propertyNames") {
            let names = json!({ "$defs": definitions, "allOf": [names] });
            assert!(validator(&names).is_valid(&json!("<<")), "{node}");
            *found += 1;
        }
        let members = node.as_object().into_iter().flat_map(Map::values);
        let items = node.as_array().into_iter().flatten();
        members.chain(items).for_each(|inner| check(inner, definitions, found));
    }
    let schema = printed(&["schema"]);
    let mut found = 0;
    check(&schema, &schema["$defs"], &mut found);
    assert!(found > 10, "only {found} were found");
}

/// Every YAML file below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(below(&path));
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            found.push(path);
        }
    }
    found
}

#[test]
fn files_that_are_right_are_right_to_the_schema() {
    let schemas = (validator(&printed(&["schema"])), validator(&printed(&["schema", "--project"])));
    let mut texts = Vec::new();
    let folders = ["scenarios", "fixtures/failing", "fixtures/shared", "src/bin/callsheet/init"];
    // What bodies are held against is no scenario.
    let is_contract = |path: &PathBuf| {
        let folder = path.parent().and_then(Path::file_name);
        folder.is_some_and(|folder| folder == "schemas" || folder == "openapi")
    };
    let all = folders.iter().flat_map(|folder| below(&root().join(folder)));
    for path in all.filter(|path| !is_contract(path)) {
        let is_project = path.ends_with("callsheet.yaml");
        texts.push((
            path.display().to_string(),
            fs::read_to_string(&path).expect("a file"),
            is_project,
        ));
    }
    let project = fs::read_to_string(root().join("callsheet.yaml")).expect("the project file");
    texts.push(("callsheet.yaml".to_owned(), project, true));
    for example in docs::pages().iter().flat_map(|page| docs::examples(page)) {
        let is_ours = !matches!(example.kind(), None | Some(docs::Kind::Workflow));
        if is_ours && example.code() != 2 {
            let is_project = matches!(example.kind(), Some(docs::Kind::Project));
            texts.push((example.place, example.text, is_project));
        }
    }
    assert!(texts.len() > 80, "only {} files were found", texts.len());
    let wrong = texts.iter().filter_map(|(place, text, is_project)| {
        let file = as_json(text).unwrap_or_else(|| panic!("{place} is no YAML"));
        let wrong = objections(if *is_project { &schemas.1 } else { &schemas.0 }, &file);
        (!wrong.is_empty()).then(|| format!("{place}\n{}", wrong.join("\n")))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files that must be refused, each with its name, what is told of it, and whether it is a project file.
fn invalid() -> Vec<(String, PathBuf, PathBuf, bool)> {
    let stem = |path: &Path| path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
    let scenarios = files(&root().join("fixtures/invalid"), "yaml").into_iter().map(|path| {
        (stem(&path).expect("a name"), path.clone(), path.with_extension("txt"), false)
    });
    let projects = fs::read_dir(root().join("fixtures/invalid-project")).expect("a folder");
    let projects = projects.map(|entry| entry.expect("an entry").path()).map(|folder| {
        let name = format!("project {}", stem(&folder).expect("a name"));
        (name, folder.join("callsheet.yaml"), folder.join("expected.txt"), true)
    });
    scenarios.chain(projects).collect()
}

#[test]
fn files_that_are_wrong_are_refused_by_the_schema_where_one_can() {
    let schemas = (validator(&printed(&["schema"])), validator(&printed(&["schema", "--project"])));
    let mut wrong = Vec::new();
    let invalid = invalid();
    for (name, path, told, is_project) in &invalid {
        let told = fs::read_to_string(told).unwrap_or_default();
        let is_error = told.lines().any(|line| line.starts_with("error"));
        // What is no YAML is told by the editor's parser.
        let Some(file) = fs::read_to_string(path).ok().and_then(|text| as_json(&text)) else {
            continue;
        };
        let objections = objections(if *is_project { &schemas.1 } else { &schemas.0 }, &file);
        let reason = BEYOND_A_SCHEMA.iter().find(|(known, _)| known == name);
        wrong.extend(match (is_error, objections.is_empty(), reason) {
            (true, true, None) => Some(format!("{name} is wrong, and the schema takes it\n{told}")),
            (true, false, Some((_, reason))) => {
                Some(format!("{name} is refused after all: is it so that {reason}?"))
            }
            (false, false, _) => {
                Some(format!("{name} is right, and refused\n{}", objections.join("\n")))
            }
            (false, true, Some(_)) => Some(format!("{name} is right: it needs no reason")),
            _ => None,
        });
    }
    for (name, _) in BEYOND_A_SCHEMA {
        if !invalid.iter().any(|(known, ..)| known == name) {
            wrong.push(format!("there is no {name}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
