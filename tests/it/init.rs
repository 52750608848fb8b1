//! `callsheet init`: a project is begun with one command, and what is there is kept.

use std::fs;

use super::support::run;

#[test]
fn a_new_project_is_green_at_once_and_has_nothing_to_warn_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let init = run(folder.path(), &["init"]);
    assert_eq!((init.code, init.stderr.as_str()), (0, ""));
    for part in [
        "wrote callsheet.yaml\n",
        "wrote scenarios/sign-in.yaml\n",
        "wrote .callsheet/project.schema.json\n",
        "wrote .callsheet/scenario.schema.json\n",
        "\nnow try: callsheet run\n",
    ] {
        assert!(init.stdout.contains(part), "{part}: {}", init.stdout);
    }
    let check = run(folder.path(), &["check"]);
    assert_eq!(check.code, 0);
    assert_eq!(check.stdout, "checked 2 files: 0 errors, 0 warnings\n", "{}", check.stderr);
    let ran = run(folder.path(), &["run", "-v", "--progress", "never"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    for part in ["ok  Sign in", "ok  See the account", "1 scenario: 1 passed"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
}

#[test]
fn the_modelines_of_a_new_project_lead_to_the_schemas() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(folder.path(), &["init"]).code, 0);
    for (file, args) in
        [("callsheet.yaml", &["schema", "--project"][..]), ("scenarios/sign-in.yaml", &["schema"])]
    {
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).expect("a file");
        let line = text.lines().next().expect("a line");
        let schema = line.strip_prefix("# yaml-language-server: $schema=").expect("a modeline");
        let schema = fs::read_to_string(path.with_file_name(schema)).expect("the schema");
        assert_eq!(schema, run(folder.path(), args).stdout, "{file}");
    }
}

#[test]
fn what_is_there_is_kept_and_what_is_missing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    fs::write(file("callsheet.yaml"), "scenarios: [scenarios]\n").expect("a file");
    fs::create_dir(file("scenarios")).expect("a folder");
    fs::write(file("scenarios/mine.yaml"), "mine\n").expect("a file");
    fs::create_dir(file(".callsheet")).expect("a folder");
    fs::write(file(".callsheet/project.schema.json"), "{}\n").expect("a file");
    let init = run(folder.path(), &["init"]);
    assert_eq!((init.code, init.stderr.as_str()), (0, ""));
    let expected = "kept callsheet.yaml: it is there\n\
                    kept scenarios/sign-in.yaml: there are scenarios\n\
                    kept .callsheet/project.schema.json: it is there\n\
                    wrote .callsheet/scenario.schema.json\n";
    assert_eq!(init.stdout, expected);
    for (name, text) in [
        ("callsheet.yaml", "scenarios: [scenarios]\n"),
        ("scenarios/mine.yaml", "mine\n"),
        (".callsheet/project.schema.json", "{}\n"),
    ] {
        assert_eq!(fs::read_to_string(file(name)).expect("a file"), text);
    }
    assert!(!file("scenarios/sign-in.yaml").exists());
}

#[test]
fn the_schemas_of_another_version_are_brought_up_to_date() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(folder.path(), &["init"]).code, 0);
    let path = folder.path().join(".callsheet/scenario.schema.json");
    let new = fs::read_to_string(&path).expect("a file");
    fs::write(&path, new.replace("\"steps\"", "\"acts\"")).expect("a file");
    let init = run(folder.path(), &["init"]);
    assert_eq!(init.code, 0);
    for part in [
        "updated .callsheet/scenario.schema.json\n",
        "kept .callsheet/project.schema.json: it is up to date\n",
    ] {
        assert!(init.stdout.contains(part), "{part}: {}", init.stdout);
    }
    assert!(!init.stdout.contains("now try"), "{}", init.stdout);
    assert_eq!(fs::read_to_string(&path).expect("a file"), new);
}

#[test]
fn what_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("scenarios"), "a file").expect("a file");
    let init = run(folder.path(), &["init"]);
    assert_eq!(init.code, 3, "{}", init.stdout);
    assert!(
        init.stderr.starts_with("error: `scenarios/sign-in.yaml` cannot be written: "),
        "{}",
        init.stderr
    );
}
