//! All that is written: stdout, stderr and the files of reports. What is secret goes through none of them.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::{env, fs};

use callsheet::diagnostic::Diagnostic;
use callsheet::diagnostic::render::{self, Style};
use callsheet::mask::{Masks, Sources, is_too_short};
use callsheet::scenario::report::Format;
use clap::ValueEnum;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use indicatif::ProgressDrawTarget;

/// Auto asks the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// If the output is a terminal
    Auto,
    Always,
    Never,
}

static MASKS: LazyLock<Masks> = LazyLock::new(Masks::default);

/// What may not be shown.
pub(crate) fn masks() -> &'static Masks {
    &MASKS
}

/// Writes to stdout; a reader that has gone away does not end the run.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(MASKS.text(text).as_bytes());
    let _ = stdout.flush();
}

/// Writes to stderr.
pub(crate) fn err(text: &str) {
    let _ = io::stderr().lock().write_all(MASKS.text(text).as_bytes());
}

/// More diagnostics are counted, not shown: a file can have a mistake in every few bytes.
const MOST_SHOWN: usize = 1_000;

/// Writes diagnostics to stderr.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic], color: When) {
    if !diagnostics.is_empty() {
        let mut sources = Sources::new(MASKS.clone());
        let shown = diagnostics.iter().take(MOST_SHOWN).cloned();
        let masked = shown.map(|one| one.masked(&mut sources));
        let masked: Vec<Diagnostic> = masked.collect();
        err(&render::styled(&masked, style(color, &io::stderr())));
        err("\n");
        if let Some(more @ 1..) = diagnostics.len().checked_sub(MOST_SHOWN) {
            err(&format!("{more} more are not shown\n"));
        }
    }
}

/// Writes what is wrong with the arguments. No file was read yet, so that nothing is known to be secret: what is given to a
/// variable is not repeated, nor what comes from a variable of the process.
pub(crate) fn usage(mut error: clap::Error) {
    // `report` has an option for each format, `run` one for all.
    let is_run = env::args_os().nth(1).is_some_and(|command| command == "run");
    let format = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(arg)) if is_run && error.kind() == ErrorKind::UnknownArgument => {
            Format::named(arg.trim_start_matches('-'))
        }
        _ => None,
    };
    if let Some(format) = format.map(Format::name) {
        let help = StyledStr::from(format!("write `--report {format}=PATH`"));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![help]));
        error.remove(ContextKind::SuggestedArg);
    }
    let of_var = error
        .get(ContextKind::InvalidArg)
        .is_some_and(|arg| matches!(arg, ContextValue::String(arg) if arg.starts_with("--var ")));
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue]
    {
        let Some(ContextValue::String(word)) = error.get(kind) else { continue };
        let is_value = kind == ContextKind::InvalidValue && of_var || is_in_environment(word);
        let shown = match word.split_once('=') {
            // `--var <NAME=VALUE>` is what clap calls the option.
            _ if kind == ContextKind::InvalidArg && word.contains('<') => continue,
            Some((name, _)) if !is_in_environment(name) => format!("{name}=…"),
            None if !is_value => continue,
            _ => "…".to_owned(),
        };
        error.insert(kind, ContextValue::String(shown));
    }
    let text = error.render();
    err(&match wants_color(When::Auto, io::stderr().is_terminal()) {
        true => text.ansi().to_string(),
        false => text.to_string(),
    });
}

/// Whether a variable of the process has this value, as in `--jobs $API_KEY`.
fn is_in_environment(word: &str) -> bool {
    !is_too_short(word) && env::vars_os().any(|(_, value)| value == word)
}

/// Makes a write beyond the limit of a file's size (`ulimit -f`) an error of that write; by default its signal ends the program,
/// and all the other files with it.
pub(crate) fn outlive_limits() {
    let limit = rustix::process::Signal::XFSZ.as_raw();
    // Where it cannot be taken it stays as it was.
    let _ = signal_hook::flag::register(limit, Arc::new(AtomicBool::new(false)));
}

/// Writes a file whole or not at all; its folder is made. What is there and is no file, such as a pipe or `/dev/stdout`, is
/// written to and not replaced.
pub(crate) fn file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let write_to = |path: &Path| {
        let mut out = BufWriter::new(File::create(path)?);
        write(&mut out)?;
        out.flush()
    };
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return write_to(path);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = write_to(&temporary).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Opens a file that is written line by line as things happen; its folder is made. The texts in the lines are masked: a mask
/// over a whole line could break its numbers.
pub(crate) fn lines(path: &Path) -> io::Result<BufWriter<File>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(path).map(BufWriter::new)
}

/// Whether stderr is a terminal, whose last line can be drawn over.
pub(crate) fn is_live() -> bool {
    io::stderr().is_terminal()
}

/// Where what lives at the bottom of that terminal is drawn.
pub(crate) fn live() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr()
}

/// The style for stdout.
pub(crate) fn result_style(color: When) -> Style {
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

/// The columns and rows of the terminal that stderr is, or of an ordinary one.
pub(crate) fn size() -> (usize, usize) {
    // A terminal that does not know its size says 0.
    match rustix::termios::tcgetwinsize(io::stderr()).map(|size| (size.ws_col, size.ws_row)) {
        Ok((columns @ 1.., rows @ 1..)) => (usize::from(columns).max(20), usize::from(rows)),
        _ => (80, 24),
    }
}
