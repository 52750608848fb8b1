//! What an expression names, and where: a light reading of its words.

/// A word of an expression that stands for something outside of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The word.
    pub name: String,
    /// Where it begins in the expression, in bytes.
    pub offset: usize,
    /// What it is used as.
    pub kind: UseKind,
}

/// What a word of an expression is used as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseKind {
    /// A variable; `member` is what follows its first dot, `optional` where `is defined` or `| default` may catch its absence.
    Name {
        /// `NAME` of `env.NAME`.
        member: Option<String>,
        /// Whether the expression says what to do where it has no value.
        optional: bool,
    },
    /// `name(…)`.
    Function,
    /// `… | name`.
    Filter,
    /// `… is name`.
    Test,
}

/// Where the `}` stands that closes a `${` whose inside begins at `from`; strings and inner braces are stepped over.
pub(super) fn closing_brace(text: &str, from: usize) -> Option<usize> {
    let mut depth = 0;
    let mut bytes = text.bytes().enumerate().skip(from);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            b'"' | b'\'' => loop {
                match bytes.next()?.1 {
                    b'\\' => {
                        bytes.next();
                    }
                    end if end == byte => break,
                    _ => {}
                }
            },
            _ => {}
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token<'t> {
    Word(&'t str, usize),
    Mark(char),
    Text,
    Number,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some((token, length)) = token(&text[at..]) {
        match token {
            Token::Word(word, _) => tokens.push(Token::Word(word, at)),
            Token::Mark(c) if c.is_whitespace() => {}
            token => tokens.push(token),
        }
        at += length;
    }
    tokens
}

/// What a text begins with, white space too, and how long it is.
fn token(rest: &str) -> Option<(Token<'_>, usize)> {
    let c = rest.chars().next()?;
    Some(if c.is_alphabetic() || c == '_' {
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        let length = length.unwrap_or(rest.len());
        (Token::Word(&rest[..length], 0), length)
    } else if c.is_ascii_digit() {
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        (Token::Number, length.unwrap_or(rest.len()))
    } else if c == '"' || c == '\'' {
        (Token::Text, string_length(rest, c))
    } else {
        (Token::Mark(c), c.len_utf8())
    })
}

pub(super) fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A step into a value: `.name`, `[0]`, `['name']`.
pub(super) struct Member<'t> {
    /// As it is written.
    pub(super) text: &'t str,
    /// The name or index alone.
    pub(super) name: &'t str,
}

/// The step that a text begins with, and what follows it.
pub(super) fn member(text: &str) -> Option<(Member<'_>, &str)> {
    if let Some(name) = text.strip_prefix('.') {
        let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        return (!name.is_empty()).then_some((Member { text: &text[..=end], name }, after));
    }
    let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
    let quotes = ['"', '\''];
    let name = inside.trim().trim_matches(quotes);
    let is_plain = !name.contains(quotes) && !inside.contains('[');
    let is_literal = inside.trim().starts_with(quotes) || name.bytes().all(|b| b.is_ascii_digit());
    let step = Member { text: &text[..inside.len() + 2], name };
    (is_plain && is_literal && !name.is_empty()).then_some((step, after))
}

const KEYWORDS: [&str; 13] = [
    "and", "or", "not", "if", "else", "in", "is", "true", "false", "none", "True", "False", "None",
];

/// Whether a word is one of the expression language's own.
#[must_use]
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// Where an expression goes on beyond so many words and signs.
pub(super) fn beyond(text: &str, most: usize) -> Option<usize> {
    let mut at = 0;
    for _ in 0..=most {
        at += text[at..].len() - text[at..].trim_start().len();
        let (_, length) = token(&text[at..])?;
        at += length;
    }
    Some(at)
}

/// The names, functions, filters and tests of an expression in their order.
pub(super) fn uses(text: &str) -> Vec<Use> {
    let mut uses = found(text);
    // A name that is tested with `is defined` somewhere may be without a value everywhere: `x if x is defined else y`.
    let tested: Vec<String> = uses
        .iter()
        .filter(|used| matches!(used.kind, UseKind::Name { optional: true, .. }))
        .map(|used| used.name.clone())
        .collect();
    for used in &mut uses {
        if let UseKind::Name { optional, .. } = &mut used.kind {
            *optional |= tested.contains(&used.name);
        }
    }
    uses.shrink_to_fit();
    uses
}

fn found(text: &str) -> Vec<Use> {
    let tokens = tokens(text);
    let mut uses = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(word, offset) = *token else { continue };
        let before = |n: usize| at.checked_sub(n).map(|at| tokens[at]);
        let after = |n: usize| tokens.get(at + n).copied();
        let is_test = match before(1) {
            Some(Token::Word("is", _)) => before(2) != Some(Token::Mark('.')),
            Some(Token::Word("not", _)) => matches!(before(2), Some(Token::Word("is", _))),
            _ => false,
        };
        let keyword_argument = after(1) == Some(Token::Mark('='))
            && after(2) != Some(Token::Mark('='))
            && matches!(before(1), Some(Token::Mark('(' | ',')));
        let kind = match before(1) {
            _ if is_test && word != "not" => UseKind::Test,
            _ if KEYWORDS.contains(&word) || keyword_argument => continue,
            Some(Token::Mark('.')) => continue,
            Some(Token::Mark('|')) => UseKind::Filter,
            _ if after(1) == Some(Token::Mark('(')) => UseKind::Function,
            _ => name(&tokens[at + 1..]),
        };
        uses.push(Use { name: word.to_owned(), offset, kind });
    }
    uses
}

/// A variable, told by what follows it.
fn name(after: &[Token<'_>]) -> UseKind {
    let mut rest = after;
    let mut member = None;
    while let [Token::Mark('.'), Token::Word(name, _), tail @ ..] = rest {
        member.get_or_insert_with(|| (*name).to_owned());
        rest = tail;
    }
    // `is defined`, `is not defined`, `| default(…)`.
    let rest = match rest {
        [is @ Token::Word("is", _), Token::Word("not", _), tail @ ..] => (*is, tail.first()),
        [first, tail @ ..] => (*first, tail.first()),
        [] => (Token::Text, None),
    };
    let optional = matches!(
        rest,
        (Token::Word("is", _), Some(Token::Word("defined" | "undefined", _)))
            | (Token::Mark('|'), Some(Token::Word("default" | "d", _)))
    );
    UseKind::Name { member, optional }
}
