//! Secrets go in, and come back from the server in every form: none of them comes out of the program.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;

use super::support::{Ran, callsheet, ran, run};

/// How each comes into the run, and the value.
const CANARIES: [(&str, &str); 7] = [
    ("environment", r#"envi"&<'/+ ü\%41ronment"#),
    ("dotenv", r"dotty '&<+ü %2F\n/env"),
    ("secrets file", r#"file"s>é&amp;\u0041+/ %x"#),
    ("variable", r#"vari'"<&>able/+ ü\"#),
    ("command line", r#"cmd;$(x)`'"&ü+line"#),
    ("capture", r#"tok\/en"<ü>&'+ %zz"#),
    ("cookie", "cook/+%3C&<'ie|value"),
];
/// The value of an Authorization header that no `secrets` names.
const BEARER: &str = "bear/+~er<&'x%42==";

fn all() -> Vec<&'static str> {
    CANARIES.iter().map(|(_, value)| *value).chain([BEARER]).collect()
}

/// Every byte that is not in `kept` as `%XX`.
fn percent(value: &str, kept: &str, upper: bool) -> String {
    value.bytes().fold(String::new(), |mut out, byte| {
        let _ = match byte {
            byte if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => {
                write!(out, "{}", char::from(byte))
            }
            byte if upper => write!(out, "%{byte:02X}"),
            byte => write!(out, "%{byte:02x}"),
        };
        out
    })
}

/// JSON, with these characters as `\uXXXX`.
fn json_escaped(value: &str, wanted: impl Fn(char) -> bool, upper: bool) -> String {
    let plain = json!(value).to_string();
    plain[1..plain.len() - 1].chars().fold(String::new(), |mut out, c| {
        let _ = match c {
            c if wanted(c) && upper => write!(out, "\\u{:04X}", u32::from(c)),
            c if wanted(c) => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "{c}"),
        };
        out
    })
}

fn html(value: &str, quote: &str, apostrophe: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    value.replace('"', quote).replace('\'', apostrophe)
}

/// Whole texts in base64 that have the value somewhere in them.
fn base64(value: &str) -> Vec<String> {
    let texts = ["", "u", "us", "user:"].map(|before| format!("{before}{value}"));
    let padded = texts.iter().flat_map(|text| [STANDARD.encode(text), URL_SAFE.encode(text)]);
    let all = padded.flat_map(|text| [text.trim_end_matches('=').to_owned(), text]);
    all.collect()
}

/// The forms in which a server, a browser or this program may write a value; computed here by other code.
fn forms(value: &str) -> Vec<String> {
    let mut all =
        vec![value.to_owned(), value.escape_debug().to_string(), value.replace('\'', r"'\''")];
    // Component, encodeURIComponent, quote, path, query, encodeURI.
    for kept in [
        "",
        "-._~",
        "-_.!~*'()",
        "-._~/",
        "-._~/!$&'()*+,;=:@",
        "-._~!$'()*,;:@/?+",
        ";,/?:@&=+$-_.!~*'()#",
    ] {
        all.extend([true, false].map(|upper| percent(value, kept, upper)));
    }
    all.push(percent(value, "*-._ ", true).replace(' ', "+"));
    let none = |_| false;
    let wide = |c: char| !c.is_ascii();
    let safe = |c: char| "<>&'\u{2028}".contains(c);
    all.push(json_escaped(value, none, false));
    all.push(json_escaped(value, none, false).replace('/', "\\/"));
    for upper in [true, false] {
        all.push(json_escaped(value, wide, upper));
        all.push(json_escaped(value, safe, upper));
        all.push(
            json_escaped(value, |c| wide(c) || safe(c) || c == '+', upper).replace('/', "\\/"),
        );
    }
    for (quote, apostrophe) in
        [("&quot;", "&#39;"), ("&#34;", "&#x27;"), ("&quot;", "&apos;"), ("\"", "'")]
    {
        all.push(html(value, quote, apostrophe));
    }
    all.extend(base64(value));
    let hex = |byte: u8| format!("{byte:02x}");
    let hex: String = value.bytes().map(hex).collect();
    all.extend([hex.to_uppercase(), hex]);
    let mut seen = BTreeSet::new();
    all.retain(|form| seen.insert(form.clone()));
    all
}

/// What may be nowhere: every form, and of the plain ones every piece that is long enough to know it by.
fn forbidden() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for value in self::all() {
        all.extend(forms(value));
        for plain in
            [value.to_owned(), json_escaped(value, |_| false, false), percent(value, "-._~", true)]
        {
            let chars: Vec<char> = plain.chars().collect();
            all.extend(chars.windows(7).map(|piece| piece.iter().collect::<String>()));
        }
    }
    all
}

/// A server that sends back what the path asks for.
fn server() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let forms: Arc<Vec<Vec<String>>> = Arc::new(all().into_iter().map(forms).collect());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let forms = Arc::clone(&forms);
            std::thread::spawn(move || stream.map(|stream| serve(stream, &forms)));
        }
    });
    url
}

fn serve(stream: TcpStream, forms: &[Vec<String>]) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut line, mut length, mut head) = (String::new(), 0, String::new());
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut header = Vec::new();
            if reader.read_until(b'\n', &mut header).unwrap_or(0) <= 2 {
                break;
            }
            let header = String::from_utf8_lossy(&header).into_owned();
            let lower = header.to_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            head.push_str(&header);
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let answer = answer(&line, &head, &body, forms);
        if reader.get_mut().write_all(&answer).is_err() {
            return;
        }
    }
}

fn answer(line: &str, head: &str, body: &[u8], forms: &[Vec<String>]) -> Vec<u8> {
    let target = line.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<usize>().ok()).unwrap_or(0);
    let (mut status, mut headers) = ("200 OK", String::new());
    let content = match parts[0] {
        "login" => {
            headers = format!("Set-Cookie: session={}; Path=/\r\n", CANARIES[6].1);
            json!({ "token": CANARIES[5].1, "left": "stays" }).to_string().into_bytes()
        }
        "form" => {
            let form = &forms[number(1)][number(2)];
            format!("before-{0}-{1} {form} after-{0}-{1}", number(1), number(2)).into_bytes()
        }
        "json" => json!({ "v": all()[number(1)], "w": [{ all()[number(1)]: 1 }] })
            .to_string()
            .into_bytes(),
        "cut" => {
            format!("{}{}{}", "x".repeat(number(2)), all()[number(1)], "y".repeat(500)).into_bytes()
        }
        "loop" => {
            status = "302 Found";
            headers = format!("Location: {target}\r\n");
            Vec::new()
        }
        "header" => {
            headers = format!("X-Echo: {}\r\n", percent(all()[number(1)], "", true));
            [head.as_bytes(), b"\0", body].concat()
        }
        _ => [head.as_bytes(), body].concat(),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", content.len());
    [head.as_bytes(), &content].concat()
}

/// A scenario that sends the canaries everywhere and gets them back; each step after the first fails, or none does.
fn scenario(fails: bool) -> String {
    let variable = json!(CANARIES[3].1);
    let mut text = format!(
        r#"name: Canaries
secrets: [pw, given]
vars: {{ pw: {variable}, given: "overridden", bad: "http://[${{pw}}", bearer: {bearer} }}
defaults: {{ headers: {{ Authorization: "Bearer ${{bearer}}" }} }}
steps:
  - name: Sign in with ${{secret.CANARY_ENV}}
    request: POST /login?key=${{secret.CANARY_ENV}}&given=${{given}}
    headers: {{ X-Key: "${{secret.CANARY_FILE}}" }}
    form: {{ pw: "${{pw}}", dotenv: "${{secret.CANARY_DOTENV}}" }}
    capture: {{ token: {{ json: $.token, secret: true }} }}
"#,
        bearer = json!(BEARER),
    );
    let mut step = |request: String, rest: &str| {
        let expect = match fails {
            true => {
                "expect: { status: 599, body: { equals: \"${token}\" }, check: [\"${response.body == pw}\"] }"
            }
            false => "expect: { status: 200 }",
        };
        let _ = write!(
            text,
            "  - request: {request}\n    continue_on_failure: true\n    {expect}\n{rest}"
        );
    };
    for (index, value) in all().into_iter().enumerate() {
        for form in 0..forms(value).len() {
            step(format!("GET /form/{index}/{form}"), "");
        }
        step(format!("GET /json/{index}"), "");
        step(format!("GET /header/{index}"), "");
        if fails {
            (360..402).step_by(3).for_each(|offset| step(format!("GET /cut/{index}/{offset}"), ""));
        }
    }
    step(
        "POST /echo/${token}/${secret.CANARY_ENV | raw}?pw=${pw}&all=${secret.CANARY_FILE ~ token}"
            .to_owned(),
        "    name: Say ${token} to ${'Mr ' ~ secret.CANARY_DOTENV}\n    headers: { X-Note: \"a ${token} b ${given}\" }\n    json: { a: \"${token}\", \"${pw}\": \"x${secret.CANARY_FILE}\", given: \"${given}\" }\n",
    );
    if fails {
        step("GET http://127.0.0.1:1/?t=${token}&${pw | raw}".to_owned(), "");
        step("GET ${bad}".to_owned(), "");
        step("GET http://${pw | raw}/".to_owned(), "");
        (100..200)
            .step_by(7)
            .for_each(|length| step(format!("GET /loop?{}${{token}}", "z".repeat(length)), ""));
        text.push_str("  - request: GET /json/5\n    continue_on_failure: true\n    expect: { json: { $.v: ab, $.w: { includes: x }, \"$.w[0].v\": 1 } }\n");
        text.push_str("  - request: GET /login\n    expect: { status: 500 }\n    capture: { again: { json: $.token, secret: true } }\n");
    }
    text
}

fn go(folder: &std::path::Path, url: &str, options: &[&str]) -> Ran {
    let given = format!("given={}", CANARIES[4].1);
    let always = ["run", "--base-url", url, "--secrets-file", "more.env", "--var", &given];
    let mut command = callsheet(folder);
    command.args(always).args(options).env("CANARY_ENV", CANARIES[0].1);
    ran(command.output().expect("it runs"))
}

/// Runs it in every way there is, and gives what it wrote.
fn everything(fails: bool) -> Vec<(String, String)> {
    let url = server();
    let folder = super::support::scenario(&scenario(fails));
    let path = folder.path();
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
    fs::write(path.join(".env"), format!("CANARY_DOTENV=\"{}\"\n", escaped(CANARIES[1].1)))
        .expect("a file");
    fs::write(path.join("more.env"), format!("CANARY_FILE=\"{}\"\n", escaped(CANARIES[2].1)))
        .expect("a file");
    let mut written = Vec::new();
    for (verbosity, colors) in [
        (&["-q"][..], &["never"][..]),
        (&[], &["always"]),
        (&["-v"], &["never"]),
        (&["-vv"], &["always", "never"]),
    ] {
        for color in colors {
            let report = ["--report", "junit=out/j.xml", "--progress", "always", "--color", color];
            // What a journal has is masked for its sake, also where the terminal shows nothing of it.
            let is_quiet = verbosity == ["-q"];
            let journal: &[&str] = if is_quiet { &["--journal", "out/j.jsonl"] } else { &[] };
            let ran = go(path, &url, &[verbosity, journal, &report].concat());
            assert_eq!(ran.code, i32::from(fails), "{}{}", ran.stdout, ran.stderr);
            let name = format!("{verbosity:?} {color}");
            written.push((format!("{name} stdout"), ran.stdout));
            written.push((format!("{name} stderr"), ran.stderr));
            let junit = fs::read_to_string(path.join("out/j.xml")).expect("the report");
            written.push((format!("{name} junit"), junit));
            if is_quiet {
                let journal = fs::read_to_string(path.join("out/j.jsonl")).expect("the journal");
                written.push((format!("{name} journal"), journal));
                let formats = ["html", "json", "har", "markdown", "tap", "github"];
                let files = formats.map(|format| format!("--{format}=out/{format}"));
                let files = files.iter().map(String::as_str);
                let told = run(
                    path,
                    &["report", "out/j.jsonl"].into_iter().chain(files).collect::<Vec<_>>(),
                );
                written.push((format!("{name} report"), format!("{}{}", told.stdout, told.stderr)));
                for format in formats {
                    let file = fs::read_to_string(path.join("out").join(format)).expect("a report");
                    written.push((format!("{name} {format} file"), file));
                }
            }
        }
    }
    written
}

#[track_caller]
fn silent(written: &[(String, String)]) {
    let forbidden = forbidden();
    let finder = aho_corasick::AhoCorasick::new(&forbidden).expect("an automaton");
    let all: Vec<&String> = forbidden.iter().collect();
    for (name, text) in written {
        let found: Vec<String> = finder
            .find_iter(text)
            .take(5)
            .map(|found| {
                let line = text[..found.start()].rfind('\n').map_or(0, |at| at + 1);
                let line = text[line..].lines().next().unwrap_or_default();
                format!("`{}` in: {line}", all[found.pattern().as_usize()])
            })
            .collect();
        assert!(found.is_empty(), "{name} shows\n{}", found.join("\n"));
    }
}

#[test]
fn no_form_of_a_secret_comes_out_of_a_run_that_fails() {
    let written = everything(true);
    silent(&written);
    let tells_all = |name: &str| !name.ends_with("stderr") && !name.ends_with("file");
    for (name, text) in written.iter().filter(|(name, _)| tells_all(name)) {
        for (index, value) in all().into_iter().enumerate() {
            for form in 0..forms(value).len() {
                for side in ["before", "after"] {
                    let stays = format!("{side}-{index}-{form}");
                    assert!(text.contains(&stays), "{name} has no {stays}");
                }
            }
        }
        for stays in ["Say •••", "stays", "--var 'given=•••", "\"x•••"] {
            let stays = if name.ends_with("junit") {
                stays.replace('"', "&quot;")
            } else {
                stays.to_owned()
            };
            assert!(
                text.contains(&stays) || text.contains(&stays.replace('\'', "&apos;")),
                "{name} has no {stays}"
            );
        }
    }
}

#[test]
fn no_form_of_a_secret_comes_out_of_a_run_that_passes() {
    let written = everything(false);
    silent(&written);
    let loud = |name: &str| name.contains("-vv") && name.ends_with("stdout");
    for (_, text) in written.iter().filter(|(name, _)| loud(name)) {
        for stays in [
            "before-0-0 ",
            " after-0-0",
            "Sign in with •••",
            "> authorization: Bearer •••",
            "< set-cookie: session=•••",
        ] {
            assert!(text.contains(stays), "{stays}");
        }
    }
}
