//! What a JSONPath costs: when it is read, in a tree of 1 MB beside serde_json_path, and in a whole run on a body of 50 MB.
//!
//! `cargo bench --bench jsonpath` prints the best of many rounds in a tree, and wall time, CPU time and peak memory of
//! processes that fetch the large body and expect one thing of it. It fails where 10,000 paths are not read within
//! [`MOST_READING`], a path in a tree is slower than serde_json_path beyond [`NOISE`], or a process takes more than [`MOST_MEMORY`]; CPU time
//! depends on what else the machine does.

mod process;

use std::fs;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callsheet::jsonpath::{Found, JsonPath};
use serde_json::Value;

use process::{Result, measure, print_head};

const ROUNDS: u32 = 200;
const MB: usize = 1_000_000;
/// In times of the body.
const MOST_MEMORY: f64 = 4.0;

/// So much slower may anything look on a machine that does other work meanwhile.
const NOISE: f64 = 1.5;

const MOST_READING: Duration = Duration::from_millis(100);
/// What scenarios expect things of.
const TYPICAL: [&str; 10] = [
    "$.id",
    "$.user.name",
    "$.items[0].id",
    "$.items[-1].owner.mail",
    "$.data.items[*].id",
    "$..id",
    "$['content-type']",
    "$.slideshow.slides[0].title",
    "$.items[?@.state == 'open'].id",
    "$.error.details[0].message",
];

fn main() -> Result<()> {
    reading()?;
    in_a_tree()?;
    in_a_run()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn reading() -> Result<()> {
    let read = || (0..1_000).flat_map(|_| TYPICAL).filter(|path| JsonPath::parse(path).is_ok());
    let took = best(|| read().count(), 10_000)?;
    println!("{:<34} {:>12} us", "10,000 paths, read", took.as_micros());
    if took > MOST_READING {
        return Err(format!("reading took more than {MOST_READING:?}").into());
    }
    Ok(())
}

/// So many bytes of a list of things as shops have them.
fn document(size: usize) -> (usize, String) {
    let mut json = "{\"items\":[".to_owned();
    let mut count = 0;
    while json.len() < size {
        let comma = if count == 0 { "" } else { "," };
        json.push_str(&format!(
            "{comma}{{\"id\":{count},\"name\":\"item {count}\",\"price\":{count}.5,\"tags\":[\"a\",\"b\"],\"owner\":{{\"id\":{count},\"mail\":\"owner@shop.test\"}},\"text\":\"some words about it, to fill it up\"}}"
        ));
        count += 1;
    }
    json.push_str(&format!("],\"total\":{count}}}"));
    (count, json)
}

/// The best time of many, of what a path finds in a tree.
fn best(find: impl Fn() -> usize, count: usize) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let found = black_box(find());
        best = best.min(begun.elapsed());
        if found != count {
            return Err(format!("{found} nodes were found, and there are {count}").into());
        }
    }
    Ok(best)
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn in_a_tree() -> Result<()> {
    let (count, json) = document(MB);
    let tree: Value = serde_json::from_str(&json)?;
    println!("{:38} {:>9} {:>15}", "1 MB, in a tree", "callsheet", "serde_json_path");
    for (path, count) in [("$..id", 2 * count), ("$.items[*].id", count)] {
        let ours = JsonPath::parse(path)?;
        let theirs = serde_json_path::JsonPath::parse(path)?;
        let ours = best(
            || match ours.find(black_box(&tree)) {
                Ok(Found::Many(nodes)) => nodes.len(),
                _ => 0,
            },
            count,
        )?;
        let theirs = best(|| theirs.query(black_box(&tree)).len(), count)?;
        let us = |duration: Duration| format!("{:.0} us", duration.as_secs_f64() * 1e6);
        println!("{path:38} {:>9} {:>15}", us(ours), us(theirs));
        if ours.as_secs_f64() > NOISE * theirs.as_secs_f64() {
            return Err(format!("`{path}` is slower than serde_json_path").into());
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn in_a_run() -> Result<()> {
    let (count, json) = document(50 * MB);
    let body = Arc::new(json.into_bytes());
    let size = body.len();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    // Its CPU time is that of this process, which is not counted.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let body = Arc::clone(&body);
            std::thread::spawn(move || answer(&stream, &body));
        }
    });
    let folder = tempfile::tempdir()?;
    let run = |name: &str, expected: &str| {
        let head =
            format!("name: {name}\nbase_url: http://{address}\nsteps:\n  - request: GET /\n");
        fs::write(folder.path().join("large.yaml"), head + expected)?;
        measure(name, || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
            command.args(["run", "large.yaml", "--progress", "never"]).current_dir(folder.path());
            command
        })
    };
    print_head();
    let floor = run("50 MB, nothing expected of it", "")?;
    let paths = [
        ("$.total", count.to_string()),
        ("$.items[*].id", format!("{{ length: {count} }}")),
        ("$..id", format!("{{ length: {} }}", 2 * count)),
    ];
    for (path, wanted) in paths {
        let expected = format!("    expect:\n      json:\n        {path}: {wanted}\n");
        let cost = run(&format!("50 MB, {path}"), &expected)?;
        cost.print_beside(&floor);
        let times = cost.memory as f64 * 1024.0 / size as f64;
        println!("{:38} {times:>28.2}x of the body", "");
        if times > MOST_MEMORY {
            return Err(format!("`{path}` takes too much memory").into());
        }
    }
    Ok(())
}

/// One request, one answer.
fn answer(stream: &TcpStream, body: &[u8]) -> Result<()> {
    let mut lines = BufReader::new(stream).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    Ok(())
}
