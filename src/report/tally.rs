//! The end of a run: its counts, and the list of what failed.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::text::{self, BAD, DIM, GOOD, HEAD, paint};
use crate::outcome::{Comparison, Counts, Coverage, Slower, Summary};
use crate::scenario::quantity;

/// More failures than these are counted, not listed: nobody reads on, and a run's memory stays bounded.
const LISTED: usize = 100;

/// The failures of a run, as far as they are listed.
#[derive(Debug, Default)]
pub(super) struct Failures {
    listed: Vec<(usize, String, String)>,
    more: usize,
}

impl Failures {
    /// A failed step of the scenario with this number: `file:LINE`, and `scenario › step`.
    pub(super) fn add(&mut self, scenario: usize, place: String, name: String) {
        // Scenarios that run at the same time fail in any order.
        let at = self.listed.partition_point(|(before, ..)| *before <= scenario);
        self.listed.insert(at, (scenario, place, name));
        if self.listed.len() > LISTED {
            self.listed.pop();
            self.more += 1;
        }
    }

    /// `failed:` and a line each, where there are several.
    pub(super) fn list(&self, color: bool) -> Option<String> {
        if self.listed.len() < 2 {
            return None;
        }
        let width = self.listed.iter().map(|(_, place, _)| place.width()).max().unwrap_or(0);
        let mut out = paint(HEAD, "failed:", color);
        for (_, place, name) in &self.listed {
            let room = " ".repeat(width - place.width());
            out.push_str(&format!("\n  {place}{room}  {name}"));
        }
        if self.more > 0 {
            out.push_str(&format!("\n  … and {} more", self.more));
        }
        Some(out)
    }
}

/// `3 scenarios: 2 passed, 1 failed; 14 steps: 11 passed, 1 failed, 2 not run; 15 requests in 0.24 s`
pub(super) fn line(summary: &Summary, duration: Duration, color: bool) -> String {
    let of = |counts: &Counts, flaky: usize, thing: &str| {
        let head = paint(HEAD, &text::count(counts.total(), thing), color);
        match parts(counts, flaky, color) {
            parts if parts.is_empty() => head,
            parts => format!("{head}: {parts}"),
        }
    };
    let unverified = match summary.unverified {
        0 => String::new(),
        count => {
            let warning = format!(
                "{} did not verify the server's certificate (`tls: {{verify: false}}`)",
                text::count(count, "request")
            );
            format!("\n{}", paint(HEAD, &warning, color))
        }
    };
    let snapshots =
        text::list(&[(summary.new_snapshots, "written"), (summary.updated_snapshots, "updated")]);
    let snapshots = match snapshots.is_empty() {
        true => snapshots,
        false => format!("\nsnapshots: {snapshots}; read them before you commit them"),
    };
    format!(
        "{}; {}; {} in {}{snapshots}{unverified}",
        of(&summary.scenarios, summary.flaky, "scenario"),
        of(&summary.steps, 0, "step"),
        text::count(summary.requests, "request"),
        text::seconds(duration)
    )
}

/// `165 steps compared, 2 slower than noise explains (up to 1.3 times as long)`, and a line for each of them.
pub(super) fn comparison(comparison: &Comparison, color: bool) -> String {
    let Comparison { steps, compared, shift, noise, slower } = comparison;
    if *compared == 0 {
        return "compared: no step of the earlier runs sent and passed here".to_owned();
    }
    let all = match *shift {
        shift if shift >= SHIFTED => {
            format!("; all in all {} times as long as before", factor(shift))
        }
        shift if shift <= 1.0 / SHIFTED => {
            format!("; all in all {} times as quick as before", factor(1.0 / shift))
        }
        _ => String::new(),
    };
    let word = if slower.is_empty() { "none".to_owned() } else { slower.len().to_string() };
    // The others are new, or did not pass before.
    let part = if compared == steps { String::new() } else { format!("{compared} of ") };
    let head = format!(
        "compared: {part}{}, {word} slower than noise explains (up to {} times as long){all}",
        text::count(*steps, "step"),
        factor(*noise)
    );
    let mut out = if slower.is_empty() { head } else { paint(HEAD, &head, color) };
    for step in slower.iter().take(LISTED) {
        out.push_str(&format!("\n  {}", self::slower(step)));
    }
    if let Some(more @ 1..) = slower.len().checked_sub(LISTED) {
        out.push_str(&format!("\n  … and {more} more"));
    }
    out
}

/// All steps taken together are slower, or quicker, from so many times on.
const SHIFTED: f64 = 1.2;

/// `login.yaml:8  A customer signs in › Sign in: 48 ms, 4.0 times as long as before (12 ms)`
pub(super) fn slower(step: &Slower) -> String {
    let took = |time| quantity::shown(super::text::milliseconds(time));
    let name = super::told_name(step.section, &step.step);
    format!(
        "{}:{}  {} › {}: {}, {} times as long as before ({})",
        text::clean(&step.file),
        step.line,
        text::clean(&step.scenario),
        text::clean(&name),
        took(step.now),
        factor(step.now / step.before),
        took(step.before)
    )
}

fn factor(factor: f64) -> String {
    if factor < 9.95 { format!("{factor:.1}") } else { format!("{factor:.0}") }
}

/// `openapi: 12 of 17 operations, 20 of 41 statuses asked`, and what was not, if that is wanted.
pub(super) fn coverage(coverage: &Coverage, missing: bool, color: bool) -> String {
    let ((operations, all_operations), (statuses, all_statuses)) =
        (coverage.operations(), coverage.statuses());
    let operations = format!("{operations} of {}", text::count(all_operations, "operation"));
    let mut lines = format!("openapi: {operations}, {statuses} of {all_statuses} statuses asked");
    for (operation, statuses) in coverage.missing().filter(|_| missing) {
        let what = match statuses.as_slice() {
            [] => format!("not asked: {operation}"),
            statuses => format!("not asked: {operation} -> {}", statuses.join(", ")),
        };
        lines.push_str(&format!("\n  {}", paint(DIM, &text::clean(&what), color)));
    }
    lines
}

fn parts(counts: &Counts, flaky: usize, color: bool) -> String {
    let mut passed = paint(GOOD, "passed", color);
    if flaky > 0 {
        passed.push_str(&format!(" ({flaky} flaky)"));
    }
    let failed = paint(BAD, "failed", color);
    text::list(&[
        (counts.passed, passed.as_str()),
        (counts.failed, failed.as_str()),
        (counts.not_run, "not run"),
        (counts.skipped, "skipped"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failures_of_the_plan_are_listed() {
        let mut failures = Failures::default();
        assert_eq!(failures.list(false), None);
        for number in (0..150).rev() {
            failures.add(number, format!("a.yaml:{number}"), "x".to_owned());
        }
        let list = failures.list(false).expect("a list");
        assert!(list.starts_with("failed:\n  a.yaml:0   x\n  a.yaml:1   x\n"), "{list}");
        assert!(list.ends_with("  a.yaml:99  x\n  … and 50 more"), "{list}");
    }
}
