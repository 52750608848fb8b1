//! What `check` tells of expectations is so in a run.

use super::support::{demo, run, scenario};

/// What `check` calls a contradiction must be one: no value passes in a run that it says can never hold.
#[test]
fn what_can_never_hold_does_not_hold_in_a_run() {
    const VALUES: [&str; 14] = [
        "5",
        "5.5",
        "0",
        "\"5\"",
        "abc",
        "\"\"",
        "[]",
        "[1, 2]",
        "[abc]",
        "{}",
        "{ a: 1 }",
        "null",
        "true",
        "{ abc: 1, b: 2 }",
    ];
    const OPERATORS: &[&str] = &[
        "gt: 4",
        "gte: 5.0",
        "lt: 5",
        "lte: 5",
        "gt: \"4\"",
        "lt: b",
        "between: [1, 9]",
        "between: [a, z]",
        "in: [5, abc, [1, 2]]",
        "in: [6]",
        "not: 5",
        "not: { gt: 4 }",
        "not: { in: [abc] }",
        "includes: b",
        "includes: 1",
        "includes: {}",
        "includes: { a: 1 }",
        "includes: []",
        "includes: \"\"",
        "excludes: b",
        "excludes: 1",
        "starts_with: a",
        "starts_with: 5",
        "ends_with: \"\"",
        "matches: ^a",
        "matches: \"5\"",
        "length: 0",
        "length: { gt: 1 }",
        "length: 3",
        "empty: true",
        "empty: false",
        "exists: true",
        "type: number",
        "type: integer",
        "type: [string, array]",
        "type: null",
        "each: 1",
        "each: { gt: 0 }",
        "any: 1",
        "none: 1",
        "none: { gt: 5 }",
        "unordered: [2, 1]",
        "unordered: []",
        "sorted: asc",
        "unique: true",
    ];
    let demo = demo();
    for value in VALUES {
        let step = |(index, op): (usize, &&str), first: &str| {
            format!(
                "  - {{ name: n{index}., request: POST /anything, json: {{ v: {value} }}, continue_on_failure: true, expect: {{ json: {{ $.json.v: {{ {first}{op} }} }} }} }}\n"
            )
        };
        let file = |first: &str| -> String {
            let steps = OPERATORS.iter().enumerate().map(|op| step(op, first));
            format!("name: a\nsteps:\n{}", steps.collect::<String>())
        };
        let both = scenario(&file(&format!("equals: {value}, ")));
        let check = run(both.path(), &["check", "--base-url", &demo.url]);
        let alone = scenario(&file(""));
        let ran = run(alone.path(), &["run", "-v", "--base-url", &demo.url]);
        for (index, op) in OPERATORS.iter().enumerate() {
            let refused = check.stderr.contains(&format!("--> scenario.yaml:{}:", index + 3));
            let passed = ran.stdout.contains(&format!("ok  n{index}."));
            assert!(
                !(refused && passed),
                "`{value}` passes `{op}`, and is refused:\n{}",
                check.stderr
            );
        }
        assert!(check.stderr.contains("can never both hold"), "{value}: {}", check.stderr);
        assert!(ran.stdout.contains("ok  n"), "{value}: {}{}", ran.stdout, ran.stderr);
    }
}
