//! Variables that are too large for certain, found without making them.

use std::collections::HashMap;

use super::decode::{Decoder, Located, Text, Tree, inside};
use crate::diagnostic::Diagnostic;
use crate::template::{Expression, MOST_TEXT, Part};
use crate::value::Value;

/// Records variables whose texts grow beyond what any text may have: `b: ${a}${a}`, again and again.
pub(super) fn check(d: &Decoder<'_>, vars: &[(Located<String>, Tree)]) {
    let mut known = HashMap::new();
    for (name, tree) in vars {
        let mut size = least(tree, &known);
        if size > MOST_TEXT {
            report(d, &name.value, tree);
            // Those that are made of it have the same mistake.
            size = 0;
        }
        known.insert(name.value.as_str(), size);
    }
}

fn report(d: &Decoder<'_>, name: &str, tree: &Tree) {
    let mut first: Option<(&Text, &Expression)> = None;
    tree.visit(&mut |text| {
        first = first.or_else(|| Some((text, text.value.expressions().next()?)));
    });
    let Some((text, expression)) = first else { return };
    let span = inside(d.source(), d.span(text.at), text.value.source(), expression.offset());
    let message =
        format!("`{name}` grows beyond the {} MiB that a value may have", MOST_TEXT >> 20);
    let help = "it is made of variables that are made of others: use fewer of them";
    d.report(Diagnostic::error(message).at(d.source(), span, "").help(help));
}

/// The bytes that a value has at the least.
fn least(tree: &Tree, known: &HashMap<&str, usize>) -> usize {
    match tree {
        Tree::Literal(Value::String(text)) => text.len(),
        Tree::Literal(_) => 0,
        Tree::Template(text) => text.value.parts().iter().fold(0, |sum, part| {
            let size = match part {
                Part::Literal(text) => text.len(),
                Part::Expression(one) => known.get(one.text()).copied().unwrap_or(0),
            };
            sum.saturating_add(size)
        }),
        Tree::List(items) => {
            items.iter().fold(0, |sum, item| sum.saturating_add(least(item, known)))
        }
        Tree::Map(members) => {
            members.iter().fold(0, |sum, (_, member)| sum.saturating_add(least(member, known)))
        }
    }
}
