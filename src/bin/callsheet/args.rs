//! The arguments as they are typed.

use std::path::PathBuf;
use std::time::Duration;

use callsheet::plan::shard::Shard;
use callsheet::plan::tag::TagExpression;
use callsheet::scenario::quantity;
use callsheet::value::Value;
use clap::{ArgAction, Parser, Subcommand};
use clap_complete::Shell;
use regex::Regex;

use crate::output::When;
use crate::reports::Report;

const EXIT_CODES: &str = "\
Exit codes:
  0    every scenario passed
  1    a scenario failed
  2    invalid scenario, project file or usage: nothing was sent
  3    internal error, or a report could not be written
  4    nothing to run
  5    the `server` of the project file did not become ready
  130  interrupted (143: terminated)";

/// Runs declarative HTTP scenarios.
///
/// A scenario is a YAML file: the requests to send, one session with its cookies, and what each response must be.
#[derive(Debug, Parser)]
#[command(name = "callsheet", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios
    Run(Run),
    /// Report every mistake of every file; send nothing
    Check(Check),
    /// List the scenarios that a run would take
    List(List),
    /// Make reports from the journals of runs: of one that was killed, or of the parts of one
    Report(ReportOf),
    /// Write what a project begins with: its file, a first scenario, schemas for the editor; keep what is there
    Init,
    /// Serve the embedded practice server until Ctrl-C
    Demo(Demo),
    /// Print the JSON Schema of scenario files, for editors
    Schema(Schema),
    /// Print what completes the commands and options in a shell
    Completions {
        /// Whose
        shell: Shell,
    },
    /// Print the manual page of the program, or of one of its commands
    Man {
        /// The command
        command: Option<String>,
    },
}

/// What is run, and with which values.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Selection {
    /// Files, folders, or `file.yaml:LINE` for the scenario up to that step [default: those of callsheet.yaml]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Only scenarios with these tags: a tag, or tags with `and`, `or`, `not` and parentheses; several times
    #[arg(short, long = "tag", alias = "tags", value_name = "EXPR", value_parser = TagExpression::parse)]
    pub(crate) tags: Vec<TagExpression>,
    /// No scenarios with these tags
    #[arg(long = "skip-tag", value_name = "EXPR", value_parser = TagExpression::parse)]
    pub(crate) skip_tags: Vec<TagExpression>,
    /// Only scenarios whose names this regular expression finds
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub(crate) name: Option<Regex>,
    /// Only what failed, or did not run, in the run of this journal, or of a folder of them; several times
    #[arg(long, value_name = "JOURNAL")]
    pub(crate) rerun_failed: Vec<PathBuf>,
    /// Only the I-th of N parts of the scenarios, the same on every machine
    #[arg(long, value_name = "I/N", value_parser = Shard::parse)]
    pub(crate) shard: Option<Shard>,
    /// Journals of earlier runs, whose durations make the parts of `--shard` take the same time
    #[arg(long, value_name = "JOURNAL", requires = "shard")]
    pub(crate) timings: Vec<PathBuf>,
    /// Environment of the project file
    #[arg(short, long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// Variable: NAME=TEXT, or NAME:=JSON for another type; several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) vars: Vec<(String, Value)>,
    /// File of variables of any type: YAML or JSON; below --var, above all else
    #[arg(long, value_name = "FILE")]
    pub(crate) vars_file: Option<String>,
    /// File of secrets for `secret.NAME`: dotenv, wins over the environment and .env
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets_file: Option<String>,
    /// Base URL instead of the environment's
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
}

impl Selection {
    /// The options that leave scenarios out, by their names.
    pub(crate) fn narrowing(&self) -> Vec<&'static str> {
        let all = [
            ("`--tag`", !self.tags.is_empty()),
            ("`--skip-tag`", !self.skip_tags.is_empty()),
            ("`--name`", self.name.is_some()),
            ("`--rerun-failed`", !self.rerun_failed.is_empty()),
        ];
        all.into_iter().filter_map(|(name, is_given)| is_given.then_some(name)).collect()
    }

    /// The journals that are read, whatever for.
    pub(crate) fn journals(&self) -> impl Iterator<Item = &PathBuf> {
        self.rerun_failed.iter().chain(&self.timings)
    }

    /// The options as they would be typed again, each with a space before it; the paths are left out.
    pub(crate) fn options(&self) -> String {
        let mut words = Vec::new();
        if let Some(name) = &self.env {
            words.extend(["--env".to_owned(), name.clone()]);
        }
        for (name, value) in &self.vars {
            words.push("--var".to_owned());
            words.push(match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}:={other}"),
            });
        }
        if let Some(path) = &self.vars_file {
            words.extend(["--vars-file".to_owned(), path.clone()]);
        }
        if let Some(path) = &self.secrets_file {
            words.extend(["--secrets-file".to_owned(), path.clone()]);
        }
        if let Some(url) = &self.base_url {
            words.extend(["--base-url".to_owned(), url.clone()]);
        }
        words.iter().map(|word| format!(" {}", shell_words::quote(word))).collect()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Scenarios at the same time
    #[arg(short, long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) jobs: u16,
    /// Begin no more scenarios once N have failed
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) fail_fast: Option<u32>,
    /// Run a scenario that failed again, N times at most; one that passes then is flaky, and not a failure
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub(crate) retries: u32,
    /// Run each scenario N times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) repeat: u32,
    /// Begin the scenarios in an order by chance, which `--seed` fixes
    #[arg(long)]
    pub(crate) shuffle: bool,
    /// Write snapshots instead of comparing them; not in CI, where `CI` is set and not `false`
    #[arg(long)]
    pub(crate) update_snapshots: bool,
    /// Run again when a scenario, or a file that it reads, changes
    #[arg(long)]
    pub(crate) watch: bool,
    /// Report: FORMAT is junit, tap, json, html, har, markdown or github; several times
    #[arg(long = "report", value_name = "FORMAT=PATH", value_parser = Report::parse)]
    pub(crate) reports: Vec<Report>,
    /// Journal of the run: every event as a line of JSON, for `report` and `--rerun-failed`
    #[arg(long, value_name = "PATH")]
    pub(crate) journal: Option<PathBuf>,
    /// Journals of earlier runs, or folders with them: the end of the run tells which steps became slower than noise explains
    #[arg(long, value_name = "JOURNAL")]
    pub(crate) compare: Vec<PathBuf>,
    /// Longest time for the whole run, such as 10m; what did not run by then is reported
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
    /// Seed of all that is random, as an earlier run has told it [default: a new one]
    #[arg(long, value_name = "N", value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Show every step; twice: its headers and bodies too
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Show failures and the summary only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// When to show the progress of the run
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) progress: When,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportOf {
    /// Journals, as `run --journal` writes them, or folders with such files, which end in `.jsonl`
    #[arg(value_name = "JOURNAL", required = true)]
    pub(crate) journals: Vec<PathBuf>,
    /// Journals of earlier runs, or folders with them: tell which steps became slower than noise explains
    #[arg(long, value_name = "JOURNAL")]
    pub(crate) compare: Vec<PathBuf>,
    /// JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// TAP, version 14
    #[arg(long, value_name = "FILE")]
    pub(crate) tap: Option<PathBuf>,
    /// Everything, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// One page with everything, for a person; it needs no network
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// HAR 1.2: the exchanges, for tools that show them
    #[arg(long, value_name = "FILE")]
    pub(crate) har: Option<PathBuf>,
    /// A summary in Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Annotations for GitHub Actions
    #[arg(long, value_name = "FILE")]
    pub(crate) github: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: std::net::SocketAddr,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// That of the project file, callsheet.yaml
    #[arg(long, group = "which")]
    pub(crate) project: bool,
    /// That of a line of a journal
    #[arg(long, group = "which")]
    pub(crate) journal: bool,
    /// That of the JSON report
    #[arg(long, group = "which")]
    pub(crate) report: bool,
    /// That of `list --json`
    #[arg(long, group = "which")]
    pub(crate) list: bool,
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| error.to_string())
}

/// `250ms`, `10m`
fn time(text: &str) -> Result<Duration, String> {
    match quantity::duration(text)? {
        Duration::ZERO => Err("no run ends at once: write it like `10m`".to_owned()),
        time => Ok(time),
    }
}

/// `NAME=TEXT` is a text, always; `NAME:=JSON` any value.
fn variable(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write it like `name=value` or `name:=1`")?;
    let (name, value) = match name.strip_suffix(':') {
        None => (name, Value::from(value)),
        Some(name) => {
            // Like every message of an argument, it does not repeat what may be secret.
            let value = serde_json::from_str(value)
                .map_err(|_| "what follows `:=` is no JSON; a text is written `NAME=TEXT`")?;
            (name, value)
        }
    };
    if !callsheet::scenario::is_variable_name(name) {
        return Err(format!("`{name}` cannot be the name of a variable"));
    }
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use serde_json::json;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn variables_are_texts_unless_written_as_json() {
        assert_eq!(variable("id=01234"), Ok(("id".to_owned(), json!("01234"))));
        assert_eq!(variable("q=a=b"), Ok(("q".to_owned(), json!("a=b"))));
        assert_eq!(variable("n:=3"), Ok(("n".to_owned(), json!(3))));
        assert_eq!(variable("l:=[1, \"a\"]"), Ok(("l".to_owned(), json!([1, "a"]))));
        for wrong in ["x", "=1", "a b=1", "n:=x", "1a=1", "env=1", "not=1"] {
            assert!(variable(wrong).is_err(), "{wrong}");
        }
    }
}
