//! The terminal: what goes to stdout and stderr, and with which colours.

use std::env;
use std::io::{self, IsTerminal, Write};

use callsheet::diagnostic::Diagnostic;
use callsheet::diagnostic::render::{self, Style};

use crate::args::When;

/// Writes to stdout; a reader that has gone away does not end the run.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

/// Writes to stderr.
pub(crate) fn err(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes diagnostics to stderr.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic], color: When) {
    if !diagnostics.is_empty() {
        err(&render::styled(diagnostics, style(color, &io::stderr())));
        err("\n");
    }
}

/// The style for stdout.
pub(crate) fn stdout_style(color: When) -> Style {
    style(color, &io::stdout())
}

fn style(color: When, stream: &impl IsTerminal) -> Style {
    Style { color: wants_color(color, stream.is_terminal()), ..Style::default() }
}

/// <https://no-color.org>: a NO_COLOR that is not empty means none.
fn wants_color(color: When, terminal: bool) -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    match color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && !set("NO_COLOR") && env::var("TERM").as_deref() != Ok("dumb"),
    }
}

/// The columns of the terminal that stderr is, or of an ordinary one.
pub(crate) fn width() -> usize {
    rustix::termios::tcgetwinsize(io::stderr()).map_or(80, |size| usize::from(size.ws_col)).max(20)
}
