//! Rows of a CSV file (RFC 4180): values are text, but where the header says another type.

use std::sync::Arc;

use super::{Found, Row, RowVar, wrong_name};
use crate::diagnostic::Diagnostic;
use crate::scenario::decode::Tree;
use crate::source::{Source, Span};
use crate::value::{self, Value};

/// So many mistakes of one file are told.
const MOST_TOLD: usize = 20;

/// A column: `age`, `age:int`.
struct Column {
    name: Arc<str>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Int,
    Float,
    Bool,
    Json,
}

const KINDS: [(&str, Kind); 5] = [
    ("text", Kind::Text),
    ("int", Kind::Int),
    ("float", Kind::Float),
    ("bool", Kind::Bool),
    ("json", Kind::Json),
];

/// A field, and where it stands with its quotes.
#[derive(Debug, PartialEq)]
struct Field {
    text: String,
    span: Span,
}

pub(super) fn read(source: &Arc<Source>) -> Found {
    let mut records = records(source)?.into_iter();
    let Some(header) = records.next() else {
        let error = Diagnostic::error(format!("`{}` has no header", source.name()));
        return Err(vec![error.help("its first line names the variables, such as `user,age:int`")]);
    };
    let columns = columns(source, &header)?;
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for record in records {
        match row(source, &columns, &record) {
            Ok(row) => rows.push(row),
            Err(error) => wrong.extend(error),
        }
        if wrong.len() >= MOST_TOLD {
            break;
        }
    }
    if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
}

fn columns(source: &Arc<Source>, header: &[Field]) -> Result<Vec<Column>, Vec<Diagnostic>> {
    let (mut columns, mut wrong): (Vec<Column>, _) = (Vec::new(), Vec::new());
    for Field { text, span } in header {
        let mut refuse = |error: Diagnostic| wrong.push(error.at(source, *span, ""));
        let (name, kind) = match text.trim().split_once(':') {
            None => (text.trim(), "text"),
            Some((name, kind)) => (name.trim_end(), kind.trim_start()),
        };
        let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == kind) else {
            let error = Diagnostic::error(format!("`{}` is no type", value::cut(kind, 40)));
            refuse(error.help("the types are `text`, `int`, `float`, `bool` and `json`"));
            continue;
        };
        if let Some(error) = wrong_name(name) {
            refuse(error);
        } else if columns.iter().any(|column| *column.name == *name) {
            refuse(Diagnostic::error(format!("two columns have the name `{name}`")));
        }
        columns.push(Column { name: name.into(), kind: *kind });
    }
    if wrong.is_empty() { Ok(columns) } else { Err(wrong) }
}

fn row(source: &Arc<Source>, columns: &[Column], record: &[Field]) -> Result<Row, Vec<Diagnostic>> {
    let (first, last) = (record.first(), record.last());
    let span = Span::new(first.map_or(0, |it| it.span.start), last.map_or(0, |it| it.span.end));
    if record.len() != columns.len() {
        let message =
            format!("this row has {} values, the header has {}", record.len(), columns.len());
        let help = "a value with a comma, a quote or a line break in it stands in double quotes";
        return Err(vec![Diagnostic::error(message).at(source, span, "").help(help)]);
    }
    let (mut vars, mut wrong) = (Vec::with_capacity(columns.len()), Vec::new());
    for (column, Field { text, span }) in columns.iter().zip(record) {
        match typed(column.kind, text) {
            Ok(value) => {
                vars.push(RowVar { name: Arc::clone(&column.name), value: Tree::Literal(value) });
            }
            Err(what) => {
                // The value stands in the excerpt, where it may be shown.
                let error = Diagnostic::error(format!("this is no {what}"));
                let label = format!("in column `{}`", column.name);
                wrong.push(error.at(source, *span, label));
            }
        }
    }
    if wrong.is_empty() { Ok(Row { span, vars }) } else { Err(wrong) }
}

/// A value of a column; an empty one that is no text is null.
fn typed(kind: Kind, text: &str) -> Result<Value, &'static str> {
    let trimmed = text.trim();
    if trimmed.is_empty() && kind != Kind::Text {
        return Ok(Value::Null);
    }
    let number = |what| match serde_json::from_str(trimmed) {
        Ok(value @ Value::Number(_)) => Ok(value),
        _ => Err(what),
    };
    match kind {
        Kind::Text => Ok(Value::from(text)),
        Kind::Int if trimmed.contains(['.', 'e', 'E']) => Err("whole number"),
        Kind::Int => number("whole number"),
        Kind::Float => number("number"),
        Kind::Bool => match trimmed {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err("boolean: it is `true` or `false`"),
        },
        Kind::Json => serde_json::from_str(trimmed).map_err(|_| "JSON"),
    }
}

/// The records of the text; lines without anything are passed over.
fn records(source: &Arc<Source>) -> Result<Vec<Vec<Field>>, Vec<Diagnostic>> {
    let text = source.text();
    let (mut records, mut record) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < text.len() {
        let (field, next) = match text[at..].strip_prefix('"') {
            Some(_) => quoted(source, at)?,
            None => {
                let end = text[at..].find([',', '\r', '\n']).map_or(text.len(), |end| at + end);
                (Field { text: text[at..end].to_owned(), span: Span::new(at, end) }, end)
            }
        };
        record.push(field);
        at = next;
        if text[at..].starts_with(',') {
            at += 1;
            if at == text.len() {
                record.push(Field { text: String::new(), span: Span::new(at, at) });
            }
            continue;
        }
        at += text[at..].find(|c| c != '\r' && c != '\n').map_or(text.len() - at, |end| end.min(2));
        at = at.min(text.len());
        end(&mut records, &mut record);
    }
    end(&mut records, &mut record);
    Ok(records)
}

fn end(records: &mut Vec<Vec<Field>>, record: &mut Vec<Field>) {
    let is_blank =
        matches!(record.as_slice(), [] | [Field { span: Span { start: 0, end: 0 }, .. }])
            || matches!(record.as_slice(), [only] if only.span.start == only.span.end);
    let done = std::mem::take(record);
    if !is_blank {
        records.push(done);
    }
}

/// The field that begins with a quote here, and where it ends.
fn quoted(source: &Arc<Source>, start: usize) -> Result<(Field, usize), Vec<Diagnostic>> {
    let text = source.text();
    let refuse = |message: &str, at: usize, help: &str| {
        let width = text[at..].chars().next().map_or(0, char::len_utf8);
        let error = Diagnostic::error(message).at(source, Span::new(at, at + width), "");
        Err(vec![error.help(help)])
    };
    let mut value = String::new();
    let mut at = start + 1;
    loop {
        let Some(quote) = text[at..].find('"').map(|found| at + found) else {
            let help = "a quote inside of quotes is written twice: `\"\"`";
            return refuse("this quote is not closed", start, help);
        };
        value.push_str(&text[at..quote]);
        at = quote + 1;
        match text[at..].chars().next() {
            Some('"') => {
                value.push('"');
                at += 1;
            }
            None | Some(',' | '\r' | '\n') => {
                return Ok((Field { text: value, span: Span::new(start, at) }, at));
            }
            Some(_) => {
                let help = "a quote inside of quotes is written twice: `\"\"`";
                return refuse("there is more behind the closing quote", at, help);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expected: &[Value]) {
        let rows = read(&Arc::new(Source::new("a.csv", "a.csv", text))).expect(text);
        let object = |row: &Row| {
            let member = |var: &RowVar| match &var.value {
                Tree::Literal(value) => (var.name.to_string(), value.clone()),
                other => panic!("{other:?}"),
            };
            Value::Object(row.vars.iter().map(member).collect())
        };
        assert_eq!(rows.iter().map(object).collect::<Vec<_>>(), expected, "{text:?}");
    }

    #[test]
    fn values_are_text_as_it_stands_there() {
        check("a,b\n01,x y\n", &[json!({"a": "01", "b": "x y"})]);
        check("a,b\r\n1, 2\r\n,\r\n", &[json!({"a": "1", "b": " 2"}), json!({"a": "", "b": ""})]);
        check("a,b\n\n1,2\n\n\n", &[json!({"a": "1", "b": "2"})]);
        check("a\n1", &[json!({"a": "1"})]);
        check("\u{feff}a,b\n1,", &[json!({"a": "1", "b": ""})]);
        check("a,b\n\"x, \"\"y\"\"\nz\",\"\"\n", &[json!({"a": "x, \"y\"\nz", "b": ""})]);
        check(
            "a\n${x}\nnull\ntrue\n",
            &[json!({"a": "${x}"}), json!({"a": "null"}), json!({"a": "true"})],
        );
        check("a\n", &[]);
    }

    #[test]
    fn the_header_says_which_values_are_of_another_type() {
        check(
            "a:int, b : float ,c:bool,d:json,e:text\n12345678901234567890123,1.50,true,\"{\"\"x\"\": [1]}\",7\n,,,,\n",
            &[
                json!({"a": serde_json::from_str::<Value>("12345678901234567890123").unwrap(),
                    "b": serde_json::from_str::<Value>("1.50").unwrap(), "c": true, "d": {"x": [1]}, "e": "7"}),
                json!({"a": null, "b": null, "c": null, "d": null, "e": ""}),
            ],
        );
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        for (text, place, message) in [
            ("", None, "has no header"),
            ("\n\n", None, "has no header"),
            ("a,1b\n", Some((1, 3)), "`1b` is no variable name"),
            ("a,\n", Some((1, 3)), "`` is no variable name"),
            ("a,env\n", Some((1, 3)), "the name `env` is reserved"),
            ("a,b,a\n", Some((1, 5)), "two columns have the name `a`"),
            ("a:number\n", Some((1, 1)), "`number` is no type"),
            ("a,b\n1,2\n3\n", Some((3, 1)), "this row has 1 values, the header has 2"),
            ("a,b\n1,2,3\n", Some((2, 1)), "this row has 3 values, the header has 2"),
            ("a,b:int\n1,2.0\n", Some((2, 3)), "this is no whole number"),
            ("a,b:int\n1,0x1\n", Some((2, 3)), "this is no whole number"),
            ("b:bool\nyes\n", Some((2, 1)), "this is no boolean: it is `true` or `false`"),
            ("b:json\n{\n", Some((2, 1)), "this is no JSON"),
            ("a,b\n1,\"2\n", Some((2, 3)), "this quote is not closed"),
            ("a,b\n\"1\"2,3\n", Some((2, 4)), "there is more behind the closing quote"),
        ] {
            let source = Arc::new(Source::new("a.csv", "a.csv", text));
            let wrong = read(&source).expect_err(text);
            let found = wrong[0].primary.as_ref().map(|label| {
                let at = source.position(label.span.start);
                (at.line, at.column)
            });
            assert_eq!(found, place, "{text:?}");
            assert!(wrong[0].message.contains(message), "{text:?}: {}", wrong[0].message);
        }
    }
}
