//! `callsheet completions` and `callsheet man`: what the definition of the arguments gives to a shell and to a reader.

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Args;
use crate::exit::Exit;
use crate::output;

pub(crate) fn completions(shell: Shell) -> Exit {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "callsheet", &mut out);
    output::out(&String::from_utf8_lossy(&out));
    Exit::Passed
}

pub(crate) fn page(command: Option<&str>) -> Exit {
    let mut program = Args::command();
    program.build();
    let of = match command {
        None => Some(&program),
        Some(name) => program.find_subcommand(name),
    };
    let Some(of) = of else {
        let known = program.get_subcommands().map(|command| format!("`{}`", command.get_name()));
        let known = known.collect::<Vec<_>>().join(", ");
        let name = command.unwrap_or_default().escape_debug();
        output::err(&format!(
            "error: there is no command `{name}`\nhelp: the commands are {known}\n"
        ));
        return Exit::Invalid;
    };
    let title = of.get_display_name().unwrap_or("callsheet").to_uppercase();
    let page =
        Man::new(of.clone()).title(title).source(concat!("callsheet ", env!("CARGO_PKG_VERSION")));
    let mut out = Vec::new();
    match page.render(&mut out) {
        Ok(()) => {
            output::out(&String::from_utf8_lossy(&out));
            Exit::Passed
        }
        Err(error) => {
            output::err(&format!("error: the page cannot be made: {error}\n"));
            Exit::Internal
        }
    }
}
