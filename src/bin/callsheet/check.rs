//! `callsheet check`: every mistake of every file, and not one request.

use callsheet::plan::{self, Request};

use crate::args::{self, Selection};
use crate::exit::Exit;
use crate::{output, report};

pub(crate) fn main(check: args::Check) -> Exit {
    let color = check.selection.color;
    let narrowing = check.selection.narrowing();
    let request = match request(check.selection, false) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let loaded = plan::load(request);
    output::diagnostics(&loaded.diagnostics, color);
    let errors = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = loaded.diagnostics.len() - errors;
    let files = counted(loaded.files, "file");
    output::out(&format!(
        "checked {files}: {}, {}\n",
        counted(errors, "error"),
        counted(warnings, "warning")
    ));
    match loaded.plan {
        None => Exit::Invalid,
        Some(plan) if plan.selected == 0 => nothing_to_run(plan.found, &narrowing),
        Some(_) => Exit::Passed,
    }
}

/// What the user asked for, with the folder and the variables of the process.
pub(crate) fn request(selection: Selection, strict: bool) -> Result<Request, Exit> {
    let folder = std::env::current_dir().map_err(|error| {
        output::err(&format!("error: cannot tell the working directory: {error}\n"));
        Exit::Internal
    })?;
    let timings = report::timings(&selection.timings)?;
    let among = match selection.rerun_failed.as_slice() {
        [] => None,
        journals => Some(report::failed(journals)?),
    };
    let text = |text: std::ffi::OsString| text.into_string().ok();
    Ok(Request {
        folder,
        paths: selection.paths,
        environment: selection.env,
        base_url: selection.base_url,
        vars: selection.vars,
        vars_file: selection.vars_file,
        process: std::env::vars_os()
            .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
            .collect(),
        secrets_file: selection.secrets_file,
        masks: output::masks().clone(),
        selection: callsheet::plan::select::Selection {
            tags: selection.tags,
            skip_tags: selection.skip_tags,
            name: selection.name,
            shard: selection.shard,
            timings,
            among,
            ..Default::default()
        },
        strict,
    })
}

/// Says that there is nothing to run; `found` is how many scenarios were not selected, by these options.
pub(crate) fn nothing_to_run(found: usize, narrowing: &[&str]) -> Exit {
    output::err(&match found {
        0 => {
            "error: no scenarios found: name a file or a folder that has `.yaml` files; `callsheet init` writes a first one\n"
                .to_owned()
        }
        _ => format!(
            "error: none of {} is selected by {}; `callsheet list` shows them\n",
            counted(found, "scenario"),
            narrowing.join(" and ")
        ),
    });
    Exit::NothingToRun
}

/// `1 error`, `2 errors`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
