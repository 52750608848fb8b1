//! Integration tests, in the order in which a newcomer reads them.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

// What the tests stand on: the program, the practice server, the golden pairs.
mod support;

// The house: which module may use which, and which crate is named where.
mod architecture;

// What is wrong with a file is said before anything is sent.
mod invalid;

// The list of hostile files, case by case.
mod bad_files;

// What is called a contradiction is one.
mod lint;

// The schema that editors complete and explain with is that of the files which are read.
mod schema;
mod schema_suite;

// A project is begun with one command.
mod init;

// What is wrong with a response is said at its place.
mod failing;

// A response beside the one that was kept.
mod snapshots;

// The examples are green, by all the ways to select them.
mod examples;

// The commands, their options and exit codes.
mod commands;
mod compare;

// Expressions: random values, and the words that there are.
mod templates;

// What a person sees while a run goes on.
mod progress;

// Which scenarios run, and in which order.
mod select;

// The journal of a run, the reports that are made of it, and what runs again.
mod journal;
mod parts;

// Runs again when something changes.
mod watch;

// A scenario for each row of data.
mod cases;

// What holds for all scenarios, and what runs around them.
mod project;

// Files that others use, and several sessions in one scenario.
mod reuse;
mod sessions;

// Where secrets come from.
mod secrets;

// What is secret goes in and does not come out.
mod canary;

// The transport, as a user sees it fail.
mod transport;

// The project's server is started, awaited and stopped.
mod server;

// What becomes of cookies is told and done.
mod cookies;

// Cookies and paths do what the public suites of RFC 6265bis and RFC 9535 ask for.
mod conformance;

// Every example of the documentation does what the page says.
mod docs;

// The README keeps its word.
mod readme;
