//! Variables that are too large for certain, found without making them.

use std::collections::HashMap;

use super::decode::{Decoder, Located, Text, Tree, inside};
use crate::diagnostic::Diagnostic;
use crate::template::{Expression, MOST_TEXT, Part, VALUE, size};

/// Records variables whose texts grow beyond what any text may have: `b: ${a}${a}`, again and again.
pub(super) fn check(d: &Decoder<'_>, vars: &[(Located<String>, Tree)]) {
    let mut known = HashMap::new();
    for (name, tree) in vars {
        let mut found = least(tree, &known);
        if found.size > MOST_TEXT {
            report(d, &name.value, tree);
            // Those that are made of it have the same mistake.
            found = Least::default();
        }
        known.insert(name.value.as_str(), found);
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

/// What a value counts at the least, as expressions count it.
#[derive(Clone, Copy, Debug, Default)]
struct Least {
    size: usize,
    /// Whether it is a text, so that a text it is inserted into grows by as much.
    is_text: bool,
}

fn least(tree: &Tree, known: &HashMap<&str, Least>) -> Least {
    let all = |sizes: &mut dyn Iterator<Item = Least>| {
        let size = sizes.fold(VALUE, |sum, one| sum.saturating_add(one.size));
        Least { size, is_text: false }
    };
    match tree {
        Tree::Literal(value) => Least { size: size(value), is_text: value.is_string() },
        Tree::Template(text) => in_text(text.value.parts(), known),
        Tree::List(items) => all(&mut items.iter().map(|item| least(item, known))),
        Tree::Map(members) => all(&mut members.iter().map(|(_, member)| least(member, known))),
    }
}

fn in_text(parts: &[Part], known: &HashMap<&str, Least>) -> Least {
    let value_of = |one: &Expression| known.get(one.text()).copied().unwrap_or_default();
    if let [Part::Expression(only)] = parts {
        return value_of(only);
    }
    let size = parts.iter().fold(VALUE, |sum, part| {
        let length = match part {
            Part::Literal(text) => text.len(),
            Part::Expression(one) => {
                let Least { size, is_text } = value_of(one);
                if is_text { size.saturating_sub(VALUE) } else { 0 }
            }
        };
        sum.saturating_add(length)
    });
    Least { size, is_text: true }
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(name: &str, growing: &str, expected: bool) {
        let mut text = "name: a\nvars:\n  x0: [a, b]\n  t0: ab\n".to_owned();
        for n in 1..=30 {
            let line = growing.replace('#', &(n - 1).to_string());
            text.push_str(&format!("  {name}{n}: {line}\n"));
        }
        text.push_str("steps: [{ request: GET http://127.0.0.1:1/ }]\n");
        let source = crate::source::Source::new("a.yaml", "a.yaml", text);
        let read = super::super::read(std::sync::Arc::new(source), std::path::Path::new("."));
        let found = read.diagnostics.iter().any(|it| it.message.contains("grows beyond"));
        assert_eq!(found, expected, "{growing}: {:?}", read.diagnostics);
    }

    #[test]
    fn what_doubles_is_found_and_what_does_not_is_left() {
        check("t", "\"${t#}${t#}\"", true);
        check("x", "[\"${x#}\", \"${x#}\"]", true);
        check("x", "{ a: \"${x#}\", b: \"${x#}\" }", true);
        check("t", "${t#}", false);
        check("t", "\"${t#}.\"", false);
        // How long the text of a list is, is not known here.
        check("t", "\"${x0}${x0}\"", false);
    }
}
