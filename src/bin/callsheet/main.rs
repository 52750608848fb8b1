//! The `callsheet` program: arguments, configuration, terminal.

mod args;
mod check;
mod demo;
mod exit;
mod init;
mod list;
mod live;
mod manual;
mod output;
mod record;
mod report;
mod reports;
mod run;
mod runtime;
mod schema;
mod server;
mod watch;

use std::panic;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::Exit;

fn main() -> ExitCode {
    output::outlive_limits();
    panic::set_hook(Box::new(|panic| output::err(&format!("internal error: {panic}\n"))));
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            if error.use_stderr() {
                output::usage(error);
                return Exit::Invalid.into();
            }
            // Help goes to stdout; a closed stream is not our failure.
            let _ = error.print();
            return Exit::Passed.into();
        }
    };
    // What went wrong was said.
    let exit = panic::catch_unwind(|| go(args.command)).unwrap_or(Exit::Internal);
    exit.into()
}

fn go(command: Command) -> Exit {
    match command {
        Command::Run(run) if run.watch => watch::main(&run),
        Command::Run(run) => run::main(run),
        Command::Check(check) => check::main(check),
        Command::List(list) => list::main(list),
        Command::Report(asked) => report::main(&asked),
        Command::Init => init::main(),
        Command::Demo(demo) => demo::main(demo),
        Command::Schema(which) => schema::main(&which),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { command } => manual::page(command.as_deref()),
    }
}
