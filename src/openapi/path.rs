//! Path templates: `/orders/{id}`, and which of several a path is meant by.

use std::cmp::Ordering;

use percent_encoding::percent_decode_str;

/// A path with names in braces for what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template {
    segments: Vec<Vec<Piece>>,
}

/// A piece of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Name(String),
}

/// The values that a path has for the names of its template, as they were sent.
pub(super) type Values = Vec<(String, String)>;

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some(path) = text.strip_prefix('/') else {
            return Err(format!("the path `{text}` does not begin with `/`"));
        };
        let segments = path.split('/').map(|segment| pieces(segment, text));
        Ok(Self { segments: segments.collect::<Result<_, _>>()? })
    }

    /// The path in front of others: of a server.
    pub(super) fn prefix(path: &str) -> Result<Self, String> {
        match path.trim_end_matches('/') {
            "" => Ok(Self::default()),
            path => Self::parse(path),
        }
    }

    /// Both, one behind the other.
    pub(super) fn below(&self, prefix: &Self) -> Self {
        Self { segments: prefix.segments.iter().chain(&self.segments).cloned().collect() }
    }

    /// The names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().flatten().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The values of its names in a path of a URL; none if that is another path.
    pub(super) fn values(&self, path: &str) -> Option<Values> {
        let mut values = Vec::new();
        let mut given = path.strip_prefix('/').unwrap_or(path).split('/');
        for segment in &self.segments {
            fits(segment, given.next()?, &mut values).then_some(())?;
        }
        given.next().is_none().then_some(values)
    }

    /// Whether two differ in their names alone.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let shape = |template: &Self| -> Vec<Vec<Option<String>>> {
            let piece = |piece: &Piece| match piece {
                Piece::Literal(text) => Some(text.clone()),
                Piece::Name(_) => None,
            };
            template.segments.iter().map(|all| all.iter().map(piece).collect()).collect()
        };
        shape(self) == shape(other)
    }

    /// Which of two that fit is meant: the one with more literal segments, then the one that is literal sooner.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let kinds = |template: &Self| -> Vec<u8> {
            let kind = |pieces: &Vec<Piece>| match pieces.as_slice() {
                [Piece::Name(_)] => 2,
                pieces if pieces.iter().all(|piece| matches!(piece, Piece::Literal(_))) => 0,
                _ => 1,
            };
            template.segments.iter().map(kind).collect()
        };
        let (own, others) = (kinds(self), kinds(other));
        let literal = |kinds: &[u8]| kinds.iter().filter(|kind| **kind == 0).count();
        literal(&own).cmp(&literal(&others)).then_with(|| others.cmp(&own))
    }
}

fn pieces(segment: &str, path: &str) -> Result<Vec<Piece>, String> {
    let wrong = || Err(format!("the braces of the path `{path}` do not match"));
    let mut pieces = Vec::new();
    let mut rest = segment;
    while let Some(open) = rest.find(['{', '}']) {
        let (literal, after) = rest.split_at(open);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(decoded(literal)));
        }
        let Some((name, after)) = after.strip_prefix('{').and_then(|it| it.split_once('}')) else {
            return wrong();
        };
        if name.is_empty() || name.contains('{') {
            return wrong();
        }
        pieces.push(Piece::Name(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Literal(decoded(rest)));
    }
    Ok(pieces)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Whether a segment is that of a template; each name takes as little as it can, and at least a character.
fn fits(pieces: &[Piece], given: &str, values: &mut Values) -> bool {
    match pieces {
        [] => given.is_empty(),
        [Piece::Literal(text)] => decoded(given) == *text,
        [Piece::Literal(text), rest @ ..] => {
            // Within a segment with names a literal is as it is written.
            given.strip_prefix(text.as_str()).is_some_and(|given| fits(rest, given, values))
        }
        [Piece::Name(name)] => {
            values.push((name.clone(), given.to_owned()));
            !given.is_empty()
        }
        [Piece::Name(name), rest @ ..] => {
            let before = values.len();
            let ends = given.char_indices().skip(1).map(|(end, _)| end);
            ends.chain([given.len()]).filter(|end| *end > 0).any(|end| {
                values.truncate(before);
                values.push((name.clone(), given[..end].to_owned()));
                fits(rest, &given[end..], values)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, path: &str, expected: Option<&[(&str, &str)]>) {
        let found = Template::parse(template).expect(template).values(path);
        let expected = expected.map(|all| {
            all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        });
        assert_eq!(found, expected, "{template} {path}");
    }

    #[test]
    fn a_template_takes_the_paths_of_its_shape() {
        check("/", "/", Some(&[]));
        check("/orders", "/orders", Some(&[]));
        check("/orders", "/orders/", None);
        check("/orders/{id}", "/orders/A-1", Some(&[("id", "A-1")]));
        check("/orders/{id}", "/orders/", None);
        check("/orders/{id}", "/orders/a/b", None);
        check("/orders/{id}", "/orders/a%2Fb", Some(&[("id", "a%2Fb")]));
        check("/caf%C3%A9", "/caf%c3%a9", Some(&[]));
        check("/a/{x}.{y}", "/a/b.c", Some(&[("x", "b"), ("y", "c")]));
        check("/a/{x}-{y}", "/a/-b", None);
        check("/a/v{x}", "/a/v12", Some(&[("x", "12")]));
    }

    #[test]
    fn braces_that_do_not_match_are_refused() {
        for text in ["/a/{x", "/a/x}", "/a/{}", "/a/{{x}}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
        assert!(Template::parse("a").is_err());
    }

    #[test]
    fn of_several_the_most_literal_one_is_meant() {
        let meant = |all: &[&str]| -> String {
            let all = all.iter().map(|text| (text, Template::parse(text).expect("a template")));
            all.max_by(|a, b| a.1.compare(&b.1)).map(|(text, _)| (*text).to_owned()).expect("one")
        };
        assert_eq!(meant(&["/{a}/mine", "/orders/{id}", "/orders/mine"]), "/orders/mine");
        assert_eq!(meant(&["/{a}/mine", "/orders/{id}"]), "/orders/{id}");
        assert_eq!(meant(&["/orders/{id}", "/orders/v{id}"]), "/orders/v{id}");
    }
}
