//! The public suites of RFC 6265bis and RFC 9535, which lie outside of the repository: `CALLSHEET_CONFORMANCE` names their folder.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use callsheet::http::Cookies;
use callsheet::jsonpath::{self, Found, JsonPath};
use callsheet::session::{Session, SetCookie};
use serde_json::Value;
use url::Url;

/// The cases of a file.
fn cases(file: &str) -> Value {
    let folder = std::env::var_os("CALLSHEET_CONFORMANCE").expect("CALLSHEET_CONFORMANCE");
    let text = std::fs::read(PathBuf::from(folder).join(file)).expect(file);
    serde_json::from_slice(&text).expect(file)
}

fn text<'c>(case: &'c Value, key: &str) -> &'c str {
    case[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {case}"))
}

#[expect(clippy::print_stdout, reason = "the counts are what is asked for")]
fn count(what: &str, all: usize, failed: &[String]) {
    println!("{what}: {} of {all}", all - failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
#[ignore = "needs the folder that CALLSHEET_CONFORMANCE names"]
fn the_cookie_header_is_what_rfc_6265bis_asks_for() {
    let cases = cases("cookies.json");
    let cases = cases.as_array().expect("cases");
    let failed = cases.iter().filter_map(|case| {
        let mut session = Session::new();
        let url = |key| Url::parse(text(case, key)).expect("a URL");
        let fields = case["set_cookie"].as_array().expect("fields");
        let fields: Vec<&[u8]> =
            fields.iter().map(|field| field.as_str().expect("a text").as_bytes()).collect();
        session.receive(&url("set_at"), &fields);
        let sent = session.cookie_header(&url("then_get"));
        let sent = sent.as_ref().map(|sent| String::from_utf8_lossy(sent.as_bytes()));
        let wanted = case["cookie_header"].as_str();
        (sent.as_deref() != wanted)
            .then(|| format!("{}: sent {sent:?}, wanted {wanted:?}", text(case, "name")))
    });
    count("cookies", cases.len(), &failed.collect::<Vec<_>>());
}

/// Days since 1970 of a date of the Gregorian calendar (Howard Hinnant's `days_from_civil`, from 1601 on).
fn days(year: u64, month: u64, day: u64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    i64::try_from(days).expect("a day") - 719_468
}

/// `Mon, 10 Dec 2007 17:02:24 GMT`
fn instant(text: &str) -> SystemTime {
    let words: Vec<&str> = text.split([' ', ':']).collect();
    let number = |at: usize| words[at].parse::<u64>().expect(text);
    let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = months.find(words[2]).expect(text) as u64 / 3 + 1;
    let seconds = number(4) * 3600 + number(5) * 60 + number(6);
    let days = days(number(3), month, number(1));
    let length = Duration::from_secs(days.unsigned_abs() * 86_400);
    let midnight = match days {
        0.. => SystemTime::UNIX_EPOCH + length,
        _ => SystemTime::UNIX_EPOCH - length,
    };
    midnight + Duration::from_secs(seconds)
}

#[test]
#[ignore = "needs the folder that CALLSHEET_CONFORMANCE names"]
fn cookie_dates_mean_what_rfc_6265bis_says() {
    let cases = cases("cookie-dates.json");
    let cases = cases.as_array().expect("cases");
    let failed = cases.iter().filter_map(|case| {
        let date = text(case, "test");
        let found = SetCookie::parse(format!("a=b; Expires={date}").as_bytes()).expires;
        let wanted = case["expected"].as_str().map(instant);
        (found != wanted).then(|| format!("{date:?}: {found:?}, wanted {wanted:?}"))
    });
    count("cookie dates", cases.len(), &failed.collect::<Vec<_>>());
}

/// What is wrong with a case of a path, if anything is.
fn path_fault(case: &Value) -> Option<String> {
    let selector = text(case, "selector");
    let path = match (JsonPath::parse(selector), case["invalid_selector"] == true) {
        (Err(_), true) => return None,
        (Ok(_), true) => return Some("it was not refused".to_owned()),
        (Err(error), false) => return Some(format!("it was refused: {error}")),
        (Ok(path), false) => path,
    };
    let document = &case["document"];
    let nodes = match path.find(document) {
        Ok(Found::One(node)) => vec![node],
        Ok(Found::Missing) => vec![],
        Ok(Found::Many(nodes)) => nodes,
        Err(error) => return Some(error.to_string()),
    };
    let steps = nodes.iter().map(|node| jsonpath::locate(document, node).expect("a node of it"));
    let paths: Value = steps.map(|steps| jsonpath::normalized(&steps)).collect();
    let found: Value = nodes.into_iter().cloned().collect();
    // Where the order is not defined there are several results to choose from.
    let several = |one: &str, many: &str| match &case[many] {
        Value::Array(several) => several.clone(),
        _ => vec![case[one].clone()],
    };
    let is_right = several("result", "results").contains(&found)
        && several("result_paths", "results_paths").contains(&paths);
    (!is_right).then(|| format!("found {found} at {paths}"))
}

#[test]
#[ignore = "needs the folder that CALLSHEET_CONFORMANCE names"]
fn json_paths_do_what_rfc_9535_asks_for() {
    let cases = cases("jsonpath.json");
    let cases = cases["tests"].as_array().expect("tests");
    let failed = cases.iter().filter_map(|case| {
        let fault = path_fault(case)?;
        Some(format!("{}: `{}`: {fault}", text(case, "name"), text(case, "selector")))
    });
    count("JSONPath", cases.len(), &failed.collect::<Vec<_>>());
}
