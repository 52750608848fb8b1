//! The mistakes that are known behind libyaml's errors, the surest first.

use super::lex::Piece;
use super::syntax::{Case, brief, double_brace, quoted};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A mistake, if it is the one.
pub(super) type Rule = fn(&Case) -> Option<Diagnostic>;

/// In the order in which they are tried.
pub(super) const RULES: &[Rule] = &[
    tab,
    open_quote,
    escape,
    braces,
    flow_needs_quotes,
    open_bracket,
    stray_bracket,
    after_quote,
    long_key,
    colon_in_value,
    no_colon,
    first_character,
    item_on_key_line,
    block_head,
    indentation,
    no_value,
];

fn tab(case: &Case) -> Option<Diagnostic> {
    let line = case.source.line_at(case.at);
    let lead = &case.text()[line.start..case.line_text()];
    let at = if case.byte() == Some(b'\t') {
        Some(case.at)
    } else {
        lead.find('\t').map(|at| line.start + at)
    };
    let at = at.filter(|_| case.says("tab") || !lead.is_empty() || case.byte() == Some(b'\t'))?;
    let len = case.text()[at..].len() - case.text()[at..].trim_start_matches('\t').len();
    Some(
        case.error("a tab cannot be used for indentation", Span::new(at, at + len), "use spaces")
            .help("YAML is indented with spaces only; two for each level is usual"),
    )
}

fn open_quote(case: &Case) -> Option<Diagnostic> {
    let quoted = case.context.contains("quoted scalar");
    if !quoted || !(case.says("end of stream") || case.says("document indicator")) {
        return None;
    }
    let at = case.begun?;
    let line = case.source.line_at(at);
    let apostrophe =
        case.text()[at..line.end].starts_with('\'') && case.text()[at + 1..line.end].contains('\'');
    let found = case.error("a quote is not closed", Span::new(at, at + 1), "opened here");
    Some(if apostrophe {
        found.help("within single quotes, a `'` is written `''`")
    } else {
        found.help("close the text with the same quote")
    })
}

fn escape(case: &Case) -> Option<Diagnostic> {
    let unknown = case.says("unknown escape");
    if !unknown && !case.says("hexadecimal number") && !case.says("Unicode character escape") {
        return None;
    }
    let begun = case.begun.unwrap_or(0);
    let last =
        case.text()[..case.at.max(begun) + usize::from(case.byte() == Some(b'\\'))].rfind('\\')?;
    let rest = &case.text()[last + 1..];
    let digits = match rest.chars().next()? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    let more = rest.chars().skip(1).take(digits).take_while(char::is_ascii_hexdigit).count();
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let span = Span::new(last, last + 1 + first + more);
    let written = case.slice(span);
    if !unknown {
        let surrogate = more == digits;
        let label = if surrogate {
            "half of a surrogate pair, or beyond Unicode"
        } else {
            "too few hexadecimal digits"
        };
        return Some(
            case.error(format!("`{written}` is not a character"), span, label)
                .help("write the character itself, or all of its code: `\\U0001F600`"),
        );
    }
    let found = case.error(
        format!("unknown escape `{written}` in double quotes"),
        span,
        "not an escape of YAML",
    );
    let whole = case.lexemes.at(begun).map(|it| case.slice(Span::new(it.start, it.end)));
    let single =
        whole.filter(|it| it.len() < 100 && !it.contains('\n')).map(|it| it.trim_matches('"'));
    Some(match single.filter(|it| !it.contains("\\\"")) {
        Some(inner) => found.help(format!(
            "in single quotes a backslash is just that: `'{}'`",
            inner.replace('\'', "''")
        )),
        None => found.help(
            "in single quotes a backslash is just that; in double quotes it is written `\\\\`",
        ),
    })
}

fn braces(case: &Case) -> Option<Diagnostic> {
    double_brace(case.source, case.at)
}

/// `{bearer: ${token}}`, `[$.a[0]]`: in flow style a bracket ends an unquoted text.
fn flow_needs_quotes(case: &Case) -> Option<Diagnostic> {
    let byte = case.byte().filter(|byte| matches!(byte, b'{' | b'['))?;
    let before =
        case.lexemes.before(case.at).filter(|it| it.piece == Piece::Plain && it.end == case.at)?;
    let open = before.flow?;
    let value = Span::new(before.start, value_end(case, before.start));
    let written = case.slice(value);
    let index = case.lexemes.index(before.start);
    let pieces = case.lexemes.all();
    let key = match index.checked_sub(2).map(|first| (&pieces[first], &pieces[first + 1])) {
        Some((key, colon)) if colon.piece == Piece::Colon && key.piece.is_scalar() => {
            format!("{}: ", case.slice(Span::new(key.start, key.end)))
        }
        _ => String::new(),
    };
    let what = match written {
        _ if written.contains("${") => "a template",
        _ if written.starts_with('$') => "a JSONPath",
        _ => "a text",
    };
    let style = if case.text()[open..].starts_with('{') { "{…}" } else { "[…]" };
    let bracket = char::from(byte);
    Some(
        case.error(
            format!("{what} with `{bracket}` must be in quotes within `{style}`"),
            value,
            "needs quotes",
        )
        .help(format!("put it in quotes: `{key}{}`", quoted(written))),
    )
}

/// The end of an unquoted value with brackets in it.
fn value_end(case: &Case, start: usize) -> usize {
    let line = case.source.line_at(start);
    let mut depth = 0_usize;
    let trimmed = |end: usize| start + case.text()[start..end].trim_end().len();
    for (at, c) in case.text()[start..line.end].char_indices() {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' if depth > 0 => depth -= 1,
            ',' | '}' | ']' if depth == 0 => return trimmed(start + at),
            ':' if depth == 0 && case.text()[start + at..].starts_with(": ") => return start + at,
            _ => {}
        }
    }
    trimmed(line.end)
}

fn open_bracket(case: &Case) -> Option<Diagnostic> {
    let expected = case.says("',' or ']'") || case.says("',' or '}'");
    let in_flow = case.context.contains("flow");
    let at_end = in_flow && case.at >= case.text().trim_end().len();
    if !(expected || at_end) {
        return None;
    }
    let open = case.begun?;
    let bracket = &case.text()[open..=open];
    let close = if bracket == "[" { ']' } else { '}' };
    let what = if close == ']' { "list" } else { "map" };
    let message = format!("expected `,` or `{close}` in the {what} that `{bracket}` opens");
    let found = case
        .error(message, case.word(), format!("the `{bracket}` is not closed before this"))
        .also(case.source, Span::new(open, open + 1), "opened here");
    Some(found.help(format!(
        "close it with `{close}`; text with `,`, `: ` or brackets in it must be in quotes here"
    )))
}

fn stray_bracket(case: &Case) -> Option<Diagnostic> {
    let byte = case.byte().filter(|byte| matches!(byte, b']' | b'}'))?;
    let bracket = char::from(byte);
    let flow = case.piece().and_then(|it| it.flow);
    if flow.is_some() {
        return None;
    }
    let open = if byte == b']' { '[' } else { '{' };
    Some(
        case.error(format!("`{bracket}` without a `{open}`"), case.here(), "nothing to close")
            .help("remove it, or put the text in quotes"),
    )
}

fn after_quote(case: &Case) -> Option<Diagnostic> {
    let before = case.lexemes.before(case.at)?;
    let Piece::Quoted { double, closed: true } = before.piece else {
        return None;
    };
    let first = case.source.line_at(before.start);
    if before.end > first.end {
        let span = Span::new(before.start, before.start + 1);
        let found = case.error("a quote is not closed on its line", span, "opened here");
        let end = Span::new(before.end - 1, before.end);
        return Some(
            found
                .also(case.source, end, "closed only here")
                .help("is the closing quote missing where the text should end?"),
        );
    }
    let same_line = case.source.line_at(case.at).start == first.start;
    let colon = case.byte() == Some(b':');
    if !same_line || colon {
        return None;
    }
    let line = case.source.line_at(case.at);
    let rest = Span::new(case.at, line.start + case.text()[line.start..line.end].trim_end().len());
    let found = case
        .error("text after a closing quote", rest, "does not belong to the value")
        .also(case.source, Span::new(before.start, before.end), "the value ends here");
    Some(if double {
        found.help("put all of the value in quotes; within double quotes, a `\"` is written `\\\"`")
    } else {
        found.help("put all of the value in quotes; within single quotes, a `'` is written `''`")
    })
}

fn long_key(case: &Case) -> Option<Diagnostic> {
    let key = case.line_text();
    let colon = case.text()[key..case.source.line_at(case.at).end].find(": ").or_else(|| {
        let line = case.source.line_at(case.at);
        case.text()[key..line.end].ends_with(':').then(|| line.end - key - 1)
    })?;
    if colon <= 1024 || !(case.says("expected ':'") || case.says("mapping values")) {
        return None;
    }
    let begins = Span::new(key, case.text().floor_char_boundary(key + 20));
    Some(
        case.error("a key of more than 1024 characters", begins, "begins here")
            .help("put long text in a value"),
    )
}

fn colon_in_value(case: &Case) -> Option<Diagnostic> {
    if !case.says("mapping values are not allowed") {
        return None;
    }
    let line = case.source.line_at(case.at);
    let start = case.line_text();
    let before = case.lexemes.before(case.at)?;
    // The key is read as the next line of the value above where it is indented too far.
    if before.start < start {
        if let Some(found) = missing_blank(case, before.start) {
            return Some(found);
        }
        let key = brief(case.text()[start..case.at].trim_end());
        return Some(
            case.error(
                format!("`{key}:` continues the value above"),
                Span::new(start, case.at),
                "indented too far",
            )
            .also(
                case.source,
                Span::new(before.start, case.source.line_at(before.start).end),
                "this value goes on",
            )
            .help("indent the key as its siblings, or move the value above to a key of its own"),
        );
    }
    let value =
        Span::new(before.start, line.start + case.text()[line.start..line.end].trim_end().len());
    let written = case.slice(value);
    let key = brief(case.text()[start..before.start].trim_start_matches("- "));
    let found = case.error(
        "`: ` within a value that is not in quotes",
        case.here(),
        "YAML reads a key before this",
    );
    Some(found.help(format!("put the value in quotes: `{key}{}`", quoted(written))))
}

fn no_colon(case: &Case) -> Option<Diagnostic> {
    if !case.says("could not find expected ':'") && !case.says("unexpected ':'") {
        return None;
    }
    let at = case.begun.unwrap_or(case.at);
    if let Some(found) = missing_blank(case, at) {
        return Some(found);
    }
    let line = case.source.line_at(at);
    let text = case.text()[at..line.end].trim_end();
    let found =
        case.error("a key without a `:` after it", Span::new(at, at + text.len()), "read as a key");
    Some(if text.starts_with('*') {
        found.help(format!("to merge a map, write `<<: {}`", brief(text)))
    } else {
        found.help("write `key: value`; a text over several lines needs a key with `|` before it")
    })
}

/// `key:value` on a line of its own.
fn missing_blank(case: &Case, at: usize) -> Option<Diagnostic> {
    let line = case.source.line_at(at);
    let lead = case.text()[line.start..at].trim_start_matches([' ', '-']);
    let text = case.text()[at..line.end].trim_end();
    let (key, value) =
        text.split_once(':').filter(|(key, value)| !key.is_empty() && !value.is_empty())?;
    if !lead.is_empty() || value.starts_with([' ', '/']) {
        return None;
    }
    let colon = at + key.len();
    Some(
        case.error(
            "no blank after the `:` of a key",
            Span::new(colon, colon + 1),
            "not a key without it",
        )
        .help(format!("put a blank after the colon: `{}: {}`", brief(key), brief(value))),
    )
}

/// Characters that YAML keeps for itself.
fn first_character(case: &Case) -> Option<Diagnostic> {
    let start = case.says("cannot start any token");
    let name = case.says("alphabetic or numeric");
    if !start && !name {
        return None;
    }
    let at = if name { case.begun.unwrap_or(case.at) } else { case.at };
    let c = case.text()[at..].chars().next()?;
    if let Some(found) = path_in_brackets(case, at) {
        return Some(found);
    }
    let line = case.source.line_at(at);
    let value = case.text()[at..line.end].trim_end();
    let found = case.error(
        format!("a value cannot begin with `{c}`"),
        Span::new(at, at + c.len_utf8()),
        "has a meaning of its own in YAML",
    );
    Some(found.help(format!("put the value in quotes: `{}`", quoted(value))))
}

/// `[$.items[*].price]`: within brackets another `[` begins a list, so that a JSONPath has to be in quotes.
fn path_in_brackets(case: &Case, at: usize) -> Option<Diagnostic> {
    let text = case.text();
    let before = text[..at].strip_suffix('[')?;
    let begins = |c: char| c.is_whitespace() || matches!(c, '[' | '{' | ',');
    let name = before.rsplit(begins).next().unwrap_or_default();
    let start = before.len() - name.len();
    if name.is_empty() || name.ends_with(':') {
        return None;
    }
    let mut depth = 0_usize;
    let ends = |c: char| {
        match c {
            '[' => depth += 1,
            // This one closes the list around it.
            ']' if depth == 0 => return true,
            ']' => depth -= 1,
            _ => {}
        }
        c.is_whitespace() || matches!(c, ',' | '}')
    };
    let whole = text[start..].split(ends).next().unwrap_or_default();
    // A key has a colon behind it.
    let (whole, colon) = match whole.strip_suffix(':') {
        Some(key) => (key, ": …"),
        None => (whole, ""),
    };
    let what = if whole.starts_with('$') { "a JSONPath" } else { "a text" };
    let open = case.lexemes.at(start).and_then(|it| it.flow).unwrap_or(start);
    let style = if text[open..].starts_with('{') { "{…}" } else { "[…]" };
    let message = format!("{what} with `[` must be in quotes within `{style}`");
    let found = case.error(message, Span::new(start, start + whole.len()), "needs quotes");
    Some(found.help(format!("put it in quotes: `{}{colon}`", quoted(whole))))
}

fn item_on_key_line(case: &Case) -> Option<Diagnostic> {
    if case.says("block sequence entries are not allowed") {
        return Some(
            case.error("a list cannot begin on the line of its key", case.here(), "an item")
                .help("put each `- ` on a line of its own, or write the list as `[a, b]`"),
        );
    }
    if case.says("mapping keys are not allowed") {
        return Some(
            case.error("`? ` cannot stand here", case.here(), "begins a key in YAML")
                .help("if it is text, put it in quotes"),
        );
    }
    None
}

fn block_head(case: &Case) -> Option<Diagnostic> {
    if !case.context.contains("block scalar") {
        return None;
    }
    let head = case.begun.unwrap_or(case.at);
    let mark = case.text()[head..].chars().next()?;
    let line = case.source.line_at(head);
    let value = case.text()[head..line.end].trim_end();
    Some(
        case.error(format!("text after `{mark}`"), case.here(), "does not belong here")
            .help(format!("text after `{mark}` begins on the next line, indented"))
            .help(format!(
                "if the value itself begins with `{mark}`, put it in quotes: `{}`",
                quoted(value)
            )),
    )
}

fn indentation(case: &Case) -> Option<Diagnostic> {
    let map = case.says("expected key");
    let list = case.says("'-' indicator");
    if !map && !list && !case.says("<document start>") {
        return None;
    }
    let first = case.at == case.line_text();
    let dash = case.piece().is_some_and(|it| it.piece == Piece::Dash);
    let column = case.source.position(case.at).column;
    let begun = case.begun.filter(|&begun| begun != case.at);
    let found = match (map, list) {
        (true, _) if dash => case
            .error("a list item among the keys of a map", case.here(), "expected a key")
            .help("indent the list below the key it belongs to"),
        (true, _) if first && case.byte() == Some(b':') => case
            .error("a key is missing before `:`", case.here(), "nothing stands before it")
            .help("write the key, such as `name: value`"),
        (true, _) if first => case
            .error(
                "this line fits no level of indentation",
                case.word(),
                format!("begins in column {column}"),
            )
            .help("indent a key exactly as the other keys of its map"),
        (_, true) => case
            .error(
                "expected `- ` here, as in the other items of this list",
                case.word(),
                "not an item",
            )
            .help("begin an item with `- `; indent what belongs to one by two more"),
        _ => case
            .error("text that belongs to nothing", case.word(), "unexpected")
            .help("put the value in quotes, or check the indentation"),
    };
    Some(match begun {
        Some(begun) => {
            let what = if map { "the map begins" } else { "the list begins" };
            let column = case.source.position(begun).column;
            found.also(
                case.source,
                case.source.character_at(begun),
                format!("{what} here, in column {column}"),
            )
        }
        None => found,
    })
}

fn no_value(case: &Case) -> Option<Diagnostic> {
    if !case.says("expected node content") {
        return None;
    }
    let c = case.text()[case.at..].chars().next();
    Some(match c {
        Some(c) => case
            .error(format!("a value is missing before `{c}`"), case.here(), "unexpected")
            .help("write the value, or put the text in quotes"),
        None => case
            .error("a value is missing at the end", case.here(), "the text ends here")
            .help("write what is missing, and close what is open"),
    })
}
