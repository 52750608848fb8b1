//! `callsheet schema`: the JSON Schemas of what is read, for editors, and of what is written, for programs.

use callsheet::report::{journal, json};
use callsheet::scenario::schema;

use crate::args;
use crate::exit::Exit;
use crate::{list, output};

pub(crate) fn main(which: &args::Schema) -> Exit {
    output::out(&match which {
        args::Schema { project: true, .. } => schema::project(),
        args::Schema { journal: true, .. } => journal::SCHEMA.to_owned(),
        args::Schema { report: true, .. } => json::schema(),
        args::Schema { list: true, .. } => list::SCHEMA.to_owned(),
        _ => schema::scenario(),
    });
    Exit::Passed
}
