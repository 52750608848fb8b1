//! `callsheet schema`: the JSON Schema of the files, for editors.

use callsheet::report::{journal, json};
use callsheet::scenario::schema;

use crate::args;
use crate::exit::Exit;
use crate::output;

pub(crate) fn main(which: &args::Schema) -> Exit {
    output::out(&match which {
        args::Schema { project: true, .. } => schema::project(),
        args::Schema { journal: true, .. } => journal::SCHEMA.to_owned(),
        args::Schema { report: true, .. } => json::schema(),
        _ => schema::scenario(),
    });
    Exit::Passed
}
