//! What `jsonpath_rust` is given to read.
//!
//! Its grammar is that of RFC 9535, but it takes white space within names (`$.a b`), trims names, refuses numbers in filters
//! beyond 2^53 and loses digits of others; it keeps no places, lets some errors of type pass (`$[?count(@.*)]`) and refuses others
//! without a place; and a function with a filter in it with a function in it costs twice the time with each level. So it sees
//! neither names nor literals nor white space, and each operand of a filter is read by itself: it says how signs belong together.

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;

use super::Parser;
use crate::jsonpath::InvalidPath;
use crate::jsonpath::lower::{Leaves, Placed};

/// What a beginning of a path may lack before its brackets are closed, in every place of the grammar.
const COMPLETIONS: [&str; 6] = ["", "a", "1", "@", "@,@", ",@"];

/// A query, or a function with its arguments, without white space: `a` is any name, `@` any operand of a filter.
pub(super) struct Shape<'t> {
    text: String,
    /// Where each sign begins: here, and in the path.
    places: Vec<(usize, usize)>,
    pub(super) leaves: Leaves<'t>,
}

impl<'t> Shape<'t> {
    pub(super) fn new(beginning: &str) -> Self {
        Self { text: beginning.to_owned(), places: Vec::new(), leaves: Leaves::default() }
    }

    pub(super) fn push(&mut self, begin: usize, sign: &str) {
        if !sign.is_empty() {
            self.places.push((self.text.len(), begin));
            self.text.push_str(sign);
        }
    }

    pub(super) fn name(&mut self, begin: usize, sign: &str, name: String) {
        self.push(begin, sign);
        self.leaves.names.push_back(name);
    }

    pub(super) fn operand(&mut self, operand: Placed<'t>) {
        self.push(operand.begin, "@");
        self.leaves.operands.push_back(operand);
    }

    pub(super) fn ends_with_operand(&self) -> bool {
        self.text.ends_with(['@', ')'])
    }

    pub(super) fn ends_with_digit(&self) -> bool {
        self.text.ends_with(|c: char| c.is_ascii_digit())
    }

    pub(super) fn read(&self) -> Result<JpQuery, ()> {
        parse_json_path(&self.text).map_err(|_| ())
    }

    /// Whether this can stand behind it.
    pub(super) fn wants(&self, sign: &str) -> bool {
        can_become_a_path(&format!("{}{sign}", self.text))
    }

    /// What can stand behind it, for people.
    pub(super) fn expected(&self) -> Option<String> {
        expected(&self.text)
    }
}

/// Whether the crate reads it with something behind it.
fn can_become_a_path(beginning: &str) -> bool {
    let mut open = Vec::new();
    for c in beginning.chars() {
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            ')' | ']' => {
                open.pop();
            }
            _ => {}
        }
    }
    let closing: String = open.into_iter().rev().collect();
    COMPLETIONS.iter().any(|end| parse_json_path(&format!("{beginning}{end}{closing}")).is_ok())
}

fn expected(beginning: &str) -> Option<String> {
    let is_next = |sign: &str| can_become_a_path(&format!("{beginning}{sign}"));
    let is_in = |sign: &str| is_next(sign).then(|| format!("`{sign}`"));
    match (is_next("@"), is_next("(")) {
        (true, true) => return Some("`@`, `$`, a literal, a function or `(`".to_owned()),
        (true, false) => return Some("`@`, `$`, a literal or a function".to_owned()),
        _ => {}
    }
    if is_next("'a'") {
        return Some("a name in quotes, a number, `*`, a slice or a filter".to_owned());
    }
    if is_next("a") {
        let brackets = if is_next("[") { "a name, `*` or brackets" } else { "a name or `*`" };
        return Some(brackets.to_owned());
    }
    let mut all: Vec<String> = ["]", ")", ",", "&&", "||"].into_iter().filter_map(is_in).collect();
    if is_next("==") {
        all.push("a comparison".to_owned());
    }
    let last = all.pop()?;
    Some(if all.is_empty() { last } else { format!("{} or {last}", all.join(", ")) })
}

impl Parser<'_> {
    /// The first of the mistakes: this one, or what the crate has against the signs before it.
    pub(super) fn first(&self, shape: &Shape, error: InvalidPath) -> InvalidPath {
        if can_become_a_path(&shape.text) { error } else { self.refused(shape) }
    }

    /// Why the crate does not read it: the sign behind the longest beginning that can become a path.
    pub(super) fn refused(&self, shape: &Shape) -> InvalidPath {
        let fits = |end: usize| can_become_a_path(&shape.text[..end]);
        let ends = || shape.places.iter().skip(1).map(|place| place.0).chain([shape.text.len()]);
        let ends: Vec<usize> = ends().collect();
        let count = ends.partition_point(|end| fits(*end));
        let Some((at, begin)) = shape.places.get(count) else { return self.expected(shape) };
        let (before, from) = shape.text.split_at(*at);
        let is_order = super::ORDERS.iter().any(|sign| from.starts_with(sign));
        if is_order && before.ends_with("!@") {
            let error =
                InvalidPath::new(shape.places[count - 2].1, "`!` cannot stand before a comparison");
            return error.help("put the comparison in parentheses: `!(…)`");
        }
        let here = Parser { text: self.text, at: *begin, depth: 0 };
        match expected(before) {
            Some(expected) => here.unexpected().help(format!("expected {expected}")),
            None => here.unexpected(),
        }
    }
}
