//! `callsheet schema`: the JSON Schema of the files, for editors.

use callsheet::scenario::schema;

use crate::args;
use crate::exit::Exit;
use crate::output;

pub(crate) fn main(which: &args::Schema) -> Exit {
    output::out(&if which.project { schema::project() } else { schema::scenario() });
    Exit::Passed
}
