//! `multipart/form-data`, read as leniently as werkzeug reads it: any line break will do, but a form
//! without its closing boundary is no form.

use bytes::Bytes;
use percent_encoding::percent_decode_str;

/// The most parts that Flask takes.
const MOST_PARTS: usize = 1000;

/// The longest text that Flask takes in one field.
const LONGEST_FIELD: usize = 500_000;

/// A form that was sent.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// Names and texts, in order.
    pub(super) fields: Vec<(String, String)>,
    /// The parts that have a file name, in order.
    pub(super) files: Vec<File>,
}

/// A part with a file name.
#[derive(Debug)]
pub(super) struct File {
    /// The field's name, not the file's.
    pub(super) name: String,
    /// The part's own Content-Type.
    pub(super) content_type: Option<String>,
    /// The bytes of the file.
    pub(super) content: Bytes,
}

/// Why a body is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Error {
    /// It does not have the shape of one.
    Malformed,
    /// It has more parts, or a longer text, than the server takes.
    TooLarge,
}

/// The boundary that a Content-Type names.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let (_, boundary) =
        parameters(content_type).into_iter().rfind(|(name, _)| name == "boundary")?;
    (!boundary.is_empty() && boundary.is_ascii()).then_some(boundary)
}

/// Takes a body apart.
pub(super) fn parse(body: &Bytes, boundary: &str) -> Result<Form, Error> {
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut form = Form::default();
    let mut parts = 0;
    let mut found = find_delimiter(body, &delimiter, 0, true).ok_or(Error::Malformed)?;
    while !found.last {
        parts += 1;
        if parts > MOST_PARTS {
            return Err(Error::TooLarge);
        }
        let (head, content) = split_head(body, found.end).ok_or(Error::Malformed)?;
        let next = find_delimiter(body, &delimiter, content, false).ok_or(Error::Malformed)?;
        let head = Head::parse(head).ok_or(Error::Malformed)?;
        // The break after the head is found again as the one before the delimiter of an empty part.
        add_part(&mut form, head, body.slice(content.min(next.start)..next.start))?;
        found = next;
    }
    Ok(form)
}

fn add_part(form: &mut Form, head: Head, content: Bytes) -> Result<(), Error> {
    if head.is_file {
        form.files.push(File { name: head.name, content_type: head.content_type, content });
        return Ok(());
    }
    if content.len() > LONGEST_FIELD {
        return Err(Error::TooLarge);
    }
    let charset = head.content_type.as_deref().map(parameters).unwrap_or_default();
    let is_latin1 = charset
        .iter()
        .any(|(name, value)| name == "charset" && value.eq_ignore_ascii_case("iso-8859-1"));
    let text = if is_latin1 {
        content.iter().copied().map(char::from).collect()
    } else {
        String::from_utf8_lossy(&content).into_owned()
    };
    form.fields.push((head.name, text));
    Ok(())
}

/// Where a delimiter is.
struct Delimiter {
    /// Where what is before it ends, its line break not counted.
    start: usize,
    /// Where what is after it begins.
    end: usize,
    /// Whether it closes the form.
    last: bool,
}

/// The next delimiter at or after `from`. It stands at the beginning of a line, but for the first one, which
/// many programs send without a line before it.
fn find_delimiter(body: &[u8], delimiter: &[u8], from: usize, first: bool) -> Option<Delimiter> {
    let mut at = from;
    loop {
        at += body.get(at..)?.windows(delimiter.len()).position(|window| window == delimiter)?;
        // The line break before it may be the one that ended the head: then the part is empty.
        let line_break = break_before(body, at);
        let after = at + delimiter.len();
        if (first || line_break > 0)
            && let Some((end, last)) = after_delimiter(body, after)
        {
            return Some(Delimiter { start: at - line_break, end, last });
        }
        at += 1;
    }
}

/// What ends a delimiter: `--` for the last one, else a line break; spaces may come before the break.
fn after_delimiter(body: &[u8], at: usize) -> Option<(usize, bool)> {
    let rest = body.get(at..)?;
    let last = rest.starts_with(b"--");
    let at = if last { at + 2 } else { at };
    let spaces = body.get(at..)?.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let line_break = break_at(body, at + spaces);
    (last || line_break > 0).then_some((at + spaces + line_break, last))
}

/// The length of the line break at `at`; nothing where there is none.
fn break_at(body: &[u8], at: usize) -> usize {
    match body.get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// The length of the line break that ends at `at`.
fn break_before(body: &[u8], at: usize) -> usize {
    match body.get(..at).unwrap_or_default() {
        [.., b'\r', b'\n'] => 2,
        [.., b'\r' | b'\n'] => 1,
        _ => 0,
    }
}

/// The head of the part that begins at `from`, and where its content begins: after an empty line.
fn split_head(body: &[u8], from: usize) -> Option<(&[u8], usize)> {
    let rest = body.get(from..)?;
    // The break must be the same twice: `\n\r\n` is a line that ends in `\n`, and then half an empty one.
    let first_break = |at: usize| match rest.get(at..)? {
        [b'\r', b'\n', b'\r', b'\n', ..] => Some(2),
        [b'\r', b'\r', ..] | [b'\n', b'\n', ..] => Some(1),
        _ => None,
    };
    let (end, length) = (0..rest.len()).find_map(|at| Some((at, first_break(at)?)))?;
    let second = from + end + length;
    Some((&rest[..end], second + break_at(body, second)))
}

/// What a part says of itself.
struct Head {
    name: String,
    is_file: bool,
    content_type: Option<String>,
}

impl Head {
    fn parse(head: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(head).ok()?.replace("\r\n", "\n").replace('\r', "\n");
        // A line that begins with a space continues the one before it.
        let text = text.replace("\n ", " ").replace("\n\t", " ");
        let value = |wanted: &str| {
            text.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
                name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim_matches([' ', '\t']))
            })
        };
        let disposition = parameters(value("content-disposition")?);
        let named = |wanted: &str| disposition.iter().rfind(|(name, _)| name == wanted);
        // A part without a name is one of the name `null`: httpbin shows Python's None as a JSON key.
        let name = named("name").map_or_else(|| "null".to_owned(), |(_, name)| name.clone());
        let content_type = value("content-type").map(str::to_owned);
        Some(Self { name, is_file: named("filename").is_some(), content_type })
    }
}

/// The parameters of a header's value, names in lower case and values unquoted.
pub(super) fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while !rest.is_empty() {
        rest = rest.trim_start_matches([' ', '\t']);
        let key_end = rest.find(|character| !is_token(character)).unwrap_or(rest.len());
        let (key, after) = rest.split_at(key_end);
        if let Some(raw) = after.strip_prefix('=').filter(|_| !key.is_empty()) {
            let (value, after) = parameter_value(raw);
            found.extend(value.map(|value| decode_parameter(&key.to_ascii_lowercase(), value)));
            rest = after;
        }
        rest = rest.split_once(';').map_or("", |(_, rest)| rest);
    }
    found
}

/// A token or a quoted text at the start, and what follows it.
fn parameter_value(raw: &str) -> (Option<String>, &str) {
    let Some(quoted) = raw.strip_prefix('"') else {
        let end = raw.find(|character| !is_token(character)).unwrap_or(raw.len());
        let (token, after) = raw.split_at(end);
        return ((!token.is_empty()).then(|| token.to_owned()), after);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (Some(value.replace("%22", "\"")), &quoted[at + 1..]),
            // Only these two are escapes: browsers once sent Windows paths with single backslashes.
            '\\' if quoted[at + 1..].starts_with(['\\', '"']) => {
                value.extend(characters.next().map(|(_, escaped)| escaped));
            }
            _ => value.push(character),
        }
    }
    // Without its closing quote it is no value, and nothing can follow.
    (None, "")
}

/// RFC 2231: `name*=UTF-8''%C3%A9` is a percent-encoded value of `name`.
fn decode_parameter(key: &str, value: String) -> (String, String) {
    let Some(plain) = key.strip_suffix('*') else { return (key.to_owned(), value) };
    let encoded = value.splitn(3, '\'').nth(2).unwrap_or(&value);
    (plain.to_owned(), percent_decode_str(encoded).decode_utf8_lossy().into_owned())
}

fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_!#$%&'*+-.^`|~".contains(character)
}
