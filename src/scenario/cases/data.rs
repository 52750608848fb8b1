//! Rows of a JSON or YAML file: a list of maps.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::{Found, Row, RowVar, wrong_name};
use crate::diagnostic::Diagnostic;
use crate::scenario::decode::{Tree, exactly, found};
use crate::scenario::yaml::{self, Kind};
use crate::source::{Source, Span};
use crate::value::{Map, Value};

const HELP: &str = "a file of rows is a list of maps, each a row with its variables";

pub(super) fn json(source: &Arc<Source>) -> Found {
    let text = source.text();
    let rows: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|error| not_read(source, 0, &error))?;
    let begin = |row: &RawValue| row.get().as_ptr().addr() - text.as_ptr().addr();
    let read = |row: &&RawValue| {
        let start = begin(row);
        let members: Map<String, Value> =
            serde_json::from_str(row.get()).map_err(|error| not_read(source, start, &error))?;
        let end = start + row.get().len();
        variables(source, Span::new(start, end), members)
    };
    rows.iter().map(read).collect()
}

/// The parser's words, at the place in the whole text.
fn not_read(source: &Arc<Source>, start: usize, error: &serde_json::Error) -> Vec<Diagnostic> {
    let begin = source.position(start);
    let line = begin.line + error.line().max(1) - 1;
    let column = error.column() + if error.line() <= 1 { begin.column - 1 } else { 0 };
    let at = source.offset(line, column.max(1));
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let error = match error.classify() {
        serde_json::error::Category::Data => Diagnostic::error("this is no list of rows"),
        _ => Diagnostic::error(format!("this is no JSON: {said}")),
    };
    vec![error.at(source, Span::new(at, at), "").help(HELP)]
}

pub(super) fn yaml(source: &Arc<Source>) -> Found {
    let (document, _) = yaml::read(Arc::clone(source))?;
    let wrong = |node: &yaml::Node| {
        let message = format!("expected rows, found {}", found(node));
        vec![Diagnostic::error(message).at(source, document.span(node.at), "").help(HELP)]
    };
    let Kind::List(items) = &document.root().kind else { return Err(wrong(document.root())) };
    let read = |item: &yaml::Node| match item.data() {
        Value::Object(members) => variables(source, document.span(item.at), members),
        _ => Err(wrong(item)),
    };
    items.iter().map(read).collect()
}

fn variables(
    source: &Arc<Source>,
    span: Span,
    members: Map<String, Value>,
) -> Result<Row, Vec<Diagnostic>> {
    let wrong: Vec<Diagnostic> = members
        .iter()
        .filter_map(|(name, _)| Some(wrong_name(name)?.at(source, span, "in this row")))
        .collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    if members.is_empty() {
        return Err(vec![Diagnostic::error("the row is empty").at(source, span, "").help(HELP)]);
    }
    let variable =
        |(name, value): (String, Value)| RowVar { name: name.into(), value: Tree::Literal(value) };
    Ok(Row { span, vars: exactly(members.into_iter().map(variable)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(read: fn(&Arc<Source>) -> Found, text: &str, expected: Result<&str, &str>) {
        let source = Arc::new(Source::new("a", "a", text));
        let told = match read(&source) {
            Ok(rows) => Ok(rows
                .iter()
                .map(|row| {
                    let line = source.position(row.span.start).line;
                    let vars = row.vars.iter().map(|var| format!(" {}={:?}", var.name, var.value));
                    format!("{line}:{}\n", vars.collect::<String>())
                })
                .collect()),
            Err(wrong) => {
                let place = wrong[0].primary.as_ref().map(|it| source.position(it.span.start));
                let place = place.map_or((0, 0), |it| (it.line, it.column));
                Err(format!("{}:{} {}", place.0, place.1, wrong[0].message))
            }
        };
        assert_eq!(told, expected.map(str::to_owned).map_err(str::to_owned), "{text:?}");
    }

    #[test]
    fn json_is_a_list_of_objects() {
        let two =
            "1: a=Literal(Number(1)) b=Literal(String(\"${x}\"))\n3: a=Literal(Number(1.50))\n";
        check(json, "[{\"a\": 1, \"b\": \"${x}\"},\n\n{\"a\": 1.50}]", Ok(two));
        check(json, "[]", Ok(""));
        check(json, "{\"a\": 1}", Err("1:1 this is no list of rows"));
        check(json, "[{\"a\": 1},\n  7]", Err("2:3 this is no list of rows"));
        check(json, "[{\"a\": 1},\n  {\"b\": }]", Err("2:9 this is no JSON: expected value"));
        check(json, "[{}]", Err("1:2 the row is empty"));
        check(json, "[{\"1\": 2}]", Err("1:2 `1` is no variable name"));
    }

    #[test]
    fn yaml_is_a_list_of_maps() {
        check(
            yaml,
            "- a: 1\n  b: no\n- { a: 2 }\n",
            Ok("1: a=Literal(Number(1)) b=Literal(String(\"no\"))\n3: a=Literal(Number(2))\n"),
        );
        check(yaml, "a: 1", Err("1:1 expected rows, found a map"));
        check(yaml, "- 1", Err("1:3 expected rows, found the number `1`"));
    }
}
