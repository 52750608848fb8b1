//! `--tag` and `--skip-tag`: a tag, or tags with `and`, `or`, `not` and parentheses.

/// A condition on the tags of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagExpression {
    /// It has this tag.
    Tag(String),
    /// The condition does not hold.
    Not(Box<Self>),
    /// Both hold.
    And(Box<Self>, Box<Self>),
    /// One of them holds.
    Or(Box<Self>, Box<Self>),
}

/// Of more words and parentheses the stack of whoever reads them could not hold all.
const MOST_TOKENS: usize = 1_000;

const HELP: &str =
    "write a tag, or tags with `and`, `or`, `not` and parentheses: `smoke and not (slow or flaky)`";

/// A word or a parenthesis, and its column from 1.
type Token<'t> = (&'t str, usize);

impl TagExpression {
    /// Reads an expression; `not` binds closest, then `and`, then `or`.
    ///
    /// # Errors
    /// What is wrong, with the place in the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text);
        if tokens.len() > MOST_TOKENS {
            return Err(format!("it has more than {MOST_TOKENS} words and parentheses"));
        }
        let mut parser = Parser { tokens: &tokens, end: text.chars().count() + 1 };
        let all = parser.or();
        let told = |(message, column): (String, usize)| {
            let caret = format!("{}^", " ".repeat(column - 1));
            format!("{message}\n\n  {text}\n  {caret}\n\n{HELP}")
        };
        let expression = all.map_err(told)?;
        match parser.tokens.first() {
            None => Ok(expression),
            Some((word, column)) => {
                Err(told((format!("`{word}` stands where `and` or `or` was expected"), *column)))
            }
        }
    }

    /// Whether it holds for these tags.
    pub fn holds(&self, has: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Tag(tag) => has(tag),
            Self::Not(inner) => !inner.holds(has),
            Self::And(one, other) => one.holds(has) && other.holds(has),
            Self::Or(one, other) => one.holds(has) || other.holds(has),
        }
    }

    /// Calls `visit` for each tag that it names.
    pub fn visit<'t>(&'t self, visit: &mut dyn FnMut(&'t str)) {
        match self {
            Self::Tag(tag) => visit(tag),
            Self::Not(inner) => inner.visit(visit),
            Self::And(one, other) | Self::Or(one, other) => {
                one.visit(visit);
                other.visit(visit);
            }
        }
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut word): (Vec<Token<'_>>, Option<(usize, usize)>) = (Vec::new(), None);
    for (column, (at, c)) in (1..).zip(text.char_indices()) {
        let is_mark = c == '(' || c == ')';
        if !is_mark && !c.is_whitespace() {
            word.get_or_insert((at, column));
            continue;
        }
        tokens.extend(word.take().map(|(start, column)| (&text[start..at], column)));
        tokens.extend(is_mark.then(|| (&text[at..=at], column)));
    }
    tokens.extend(word.map(|(start, column)| (&text[start..], column)));
    tokens
}

struct Parser<'p, 't> {
    tokens: &'p [Token<'t>],
    /// The column behind the text.
    end: usize,
}

type Parsed = Result<TagExpression, (String, usize)>;

impl Parser<'_, '_> {
    fn next_is(&mut self, word: &str) -> bool {
        let is_next = self.tokens.first().is_some_and(|(next, _)| *next == word);
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }

    fn or(&mut self) -> Parsed {
        let mut all = self.and()?;
        while self.next_is("or") {
            all = TagExpression::Or(Box::new(all), Box::new(self.and()?));
        }
        Ok(all)
    }

    fn and(&mut self) -> Parsed {
        let mut all = self.not()?;
        while self.next_is("and") {
            all = TagExpression::And(Box::new(all), Box::new(self.not()?));
        }
        Ok(all)
    }

    fn not(&mut self) -> Parsed {
        if self.next_is("not") {
            return Ok(TagExpression::Not(Box::new(self.not()?)));
        }
        let Some((word, column)) = self.tokens.first().copied() else {
            return Err(("a tag is missing at the end".to_owned(), self.end));
        };
        self.tokens = &self.tokens[1..];
        match word {
            "(" => {
                let inner = self.or()?;
                match self.next_is(")") {
                    true => Ok(inner),
                    false => Err(("this parenthesis is not closed".to_owned(), column)),
                }
            }
            ")" | "and" | "or" => {
                Err((format!("`{word}` stands where a tag was expected"), column))
            }
            tag => Ok(TagExpression::Tag(tag.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, holds: &[&[&str]], fails: &[&[&str]]) {
        let expression = TagExpression::parse(text).expect(text);
        for tags in holds {
            assert!(expression.holds(&|tag| tags.contains(&tag)), "{text} holds for {tags:?}");
        }
        for tags in fails {
            assert!(!expression.holds(&|tag| tags.contains(&tag)), "{text} fails for {tags:?}");
        }
    }

    #[test]
    fn not_binds_closest_then_and_then_or() {
        check("smoke", &[&["smoke"], &["a", "smoke"]], &[&[], &["smoked"]]);
        check("not slow", &[&[], &["a"]], &[&["slow"]]);
        check("a and b or c", &[&["a", "b"], &["c"]], &[&["a"], &["b"]]);
        check("a and (b or c)", &[&["a", "b"], &["a", "c"]], &[&["c"], &["a"]]);
        check("not a and b", &[&["b"]], &[&["a", "b"], &[]]);
        check("not(a and not not b)", &[&["a"], &[]], &[&["a", "b"]]);
        check(" team:pay/web-1.2 ", &[&["team:pay/web-1.2"]], &[]);
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        for (text, column, message) in [
            ("", 1, "a tag is missing at the end"),
            ("a and", 6, "a tag is missing at the end"),
            ("a b", 3, "`b` stands where `and` or `or` was expected"),
            ("and a", 1, "`and` stands where a tag was expected"),
            ("(a or b", 1, "this parenthesis is not closed"),
            ("a)", 2, "`)` stands where `and` or `or` was expected"),
            ("()", 2, "`)` stands where a tag was expected"),
            ("é or or", 6, "`or` stands where a tag was expected"),
        ] {
            let error = TagExpression::parse(text).expect_err(text);
            let caret = error.lines().find(|line| line.trim() == "^").expect("a caret");
            assert_eq!(caret.len() - 2, column, "{text}: {error}");
            assert!(error.starts_with(message), "{text}: {error}");
        }
    }

    #[test]
    fn an_expression_that_no_stack_could_hold_is_refused() {
        for text in ["(".repeat(100_000), "not ".repeat(100_000), "a or ".repeat(100_000)] {
            let error = TagExpression::parse(&text).expect_err("too long");
            assert_eq!(error, "it has more than 1000 words and parentheses");
        }
        let most = format!("{}a{}", "(".repeat(499), ")".repeat(499));
        assert!(TagExpression::parse(&most).is_ok());
    }
}
