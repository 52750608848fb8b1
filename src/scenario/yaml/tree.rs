//! The reading pass: a visitor that builds the tree, numbers its keys and values, and notes what is wrong.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::collections::HashMap;
use std::fmt;

use super::lex;
use super::number;
use super::{At, Entry, FileNumber, Kind, Names, Node};

/// How many lists and maps may be in one another.
pub(super) const MAX_DEPTH: usize = 64;
/// How many nodes a document may have beyond its own, which are at most one a byte.
const MAX_ALIASED_NODES: usize = 250_000;
/// How much text the scalars of a document may have in all.
const MAX_TEXT: usize = 16 << 20;

/// Something wrong that does not stop the reading.
#[derive(Debug)]
pub(super) enum Problem {
    /// A key that its map already has.
    Duplicate { key: String, first: u32, second: u32 },
    /// A key that is not text.
    Key { id: u32, kind: &'static str },
    /// A `<<` with something else than maps.
    Merge { id: u32, kind: &'static str },
    /// `.nan` or `.inf`.
    NotFinite { id: u32 },
    /// A tag.
    Tag { id: u32 },
}

/// What stops the reading, and at which node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    Depth(u32),
    Nodes(u32),
    Text(u32),
}

/// What a pass over the text gave.
pub(super) struct Reading {
    pub(super) root: Result<Node, serde_yaml::Error>,
    pub(super) problems: Vec<Problem>,
    pub(super) stop: Option<Stop>,
    /// Nodes whose written text decides what they are.
    pub(super) unsure: bool,
}

/// Reads the text once.
pub(super) fn read(text: &str, names: Names) -> Reading {
    let mut builder = Builder {
        text,
        ids: 0,
        bytes: 0,
        cursor: has_no_alias(text).then_some(0),
        aliases: !has_no_alias(text),
        binary: text.contains("0b"),
        names,
        problems: Vec::new(),
        stop: None,
        unsure: false,
    };
    let seed = NodeSeed { builder: &mut builder, depth: 0 };
    let root = seed.deserialize(serde_yaml::Deserializer::from_str(text));
    Reading { root, problems: builder.problems, stop: builder.stop, unsure: builder.unsure }
}

/// Without aliases the scalars are visited in the order in which they stand in the text.
fn has_no_alias(text: &str) -> bool {
    let bytes = text.as_bytes();
    !text.match_indices('*').any(|(at, _)| {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let named = bytes
            .get(at + 1)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
        named && !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte))
    })
}

struct Builder<'t> {
    text: &'t str,
    ids: u32,
    bytes: usize,
    /// The end of the scalar before, where that is known.
    cursor: Option<usize>,
    aliases: bool,
    /// Whether `0b`, which serde_yaml takes for a number, occurs.
    binary: bool,
    names: Names,
    problems: Vec<Problem>,
    stop: Option<Stop>,
    unsure: bool,
}

impl<'t> Builder<'t> {
    fn begin<E: de::Error>(&mut self) -> Result<u32, E> {
        let id = self.ids;
        self.ids += 1;
        if id as usize > self.text.len() + MAX_ALIASED_NODES {
            return Err(self.stop(Stop::Nodes(id)));
        }
        Ok(id)
    }

    fn stop<E: de::Error>(&mut self, stop: Stop) -> E {
        self.stop.get_or_insert(stop);
        E::custom("stopped")
    }

    fn count<E: de::Error>(&mut self, id: u32, len: usize) -> Result<(), E> {
        self.bytes += len;
        if self.bytes > MAX_TEXT { Err(self.stop(Stop::Text(id))) } else { Ok(()) }
    }

    /// Text that lies in the input as it is.
    fn borrowed<E: de::Error>(&mut self, id: u32, value: &'t str) -> Result<Node, E> {
        self.count(id, value.len())?;
        let offset = value.as_ptr() as usize - self.text.as_ptr() as usize;
        let quoted = self.is_quote(offset.checked_sub(1));
        if !self.aliases {
            self.cursor = Some(offset + value.len() + usize::from(quoted));
        }
        let kind = match overflowing(value).filter(|_| !quoted) {
            Some(number) => Kind::Number(number),
            None => Kind::Text(value.to_owned()),
        };
        Ok(Node { at: at(id, Some(offset)), kind })
    }

    fn is_quote(&self, at: Option<usize>) -> bool {
        at.is_some_and(|at| matches!(self.text.as_bytes()[at], b'"' | b'\''))
    }

    /// Text that is not in the input as it is: with escapes, folded, in a block.
    fn owned<E: de::Error>(&mut self, id: u32, value: String) -> Result<Node, E> {
        self.count(id, value.len())?;
        self.cursor = None;
        Ok(Node { at: at(id, None), kind: Kind::Text(value) })
    }

    /// A scalar that serde_yaml took for a number, a boolean or null.
    fn plain(&mut self, id: u32, kind: Kind) -> Node {
        let found = self.cursor.and_then(|cursor| next_plain(self.text, cursor));
        let Some((start, end)) = found.filter(|&(start, end)| fits(&kind, &self.text[start..end]))
        else {
            let empty = matches!(kind, Kind::Null);
            self.unsure |= matches!(kind, Kind::Number(_)) && self.binary;
            if !empty {
                self.cursor = None;
            }
            return Node { at: at(id, None), kind };
        };
        self.cursor = Some(end);
        let kind = if is_binary(&self.text[start..end]) {
            Kind::Text(self.text[start..end].to_owned())
        } else {
            kind
        };
        Node { at: at(id, Some(start)), kind }
    }

    /// A number whose value alone does not tell its digits.
    fn long(&mut self, id: u32, value: f64) -> Node {
        if !value.is_finite() {
            self.problems.push(Problem::NotFinite { id });
            self.cursor = None;
            return Node { at: at(id, None), kind: Kind::Null };
        }
        let found = self.cursor.and_then(|cursor| next_plain(self.text, cursor));
        let written = found.map(|(start, end)| &self.text[start..end]);
        let same = |text: &str| text.parse::<f64>().is_ok_and(|it| it.to_bits() == value.to_bits());
        if let (Some((start, end)), Some(text)) = (found, written)
            && same(text)
            && let Some(number) = number::parse(text)
        {
            self.cursor = Some(end);
            return Node { at: at(id, Some(start)), kind: Kind::Number(number) };
        }
        self.cursor = None;
        self.unsure = true;
        let number = serde_json::Number::from_f64(value).unwrap_or_else(|| 0.into());
        Node { at: at(id, None), kind: Kind::Number(number) }
    }
}

fn at(id: u32, offset: Option<usize>) -> At {
    At {
        id,
        offset: offset.and_then(|offset| u32::try_from(offset).ok()),
        file: FileNumber::Scenario,
    }
}

/// serde_yaml takes a number for text where it is beyond what an f64 holds.
fn overflowing(value: &str) -> Option<serde_json::Number> {
    let number_like =
        value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    (number_like && value.contains(['e', 'E'])).then(|| number::parse(value)).flatten()
}

/// Whether it is written as YAML 1.1 writes binary numbers.
pub(super) fn is_binary(text: &str) -> bool {
    text.strip_prefix(['+', '-']).unwrap_or(text).starts_with("0b")
}

/// Whether it is written as null is.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "null" | "Null" | "NULL" | "~")
}

/// Whether a plain scalar with this text can have this value.
fn fits(kind: &Kind, text: &str) -> bool {
    match kind {
        Kind::Null => is_null(text),
        Kind::Bool(value) => text.eq_ignore_ascii_case(if *value { "true" } else { "false" }),
        Kind::Number(value) => is_binary(text) || number::parse(text).as_ref() == Some(value),
        _ => false,
    }
}

/// The next plain scalar on the way from here, if only indicators, blanks and comments come before it.
fn next_plain(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b'[' | b']' | b'{' | b'}' | b':' => at += 1,
            b'-' | b'?' if lex::is_blank_at(bytes, at + 1) => at += 1,
            b'#' => at += bytes[at..].iter().position(|&byte| byte == b'\n')?,
            b'&' => at = (at..bytes.len()).find(|&at| lex::is_blank_at(bytes, at))?,
            b'"' | b'\'' | b'|' | b'>' | b'!' | b'*' => return None,
            _ => break,
        }
    }
    let len = bytes[at..]
        .iter()
        .take_while(|&&byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'~' | b'_')
        })
        .count();
    let ends = matches!(
        bytes.get(at + len),
        None | Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}' | b':')
    );
    (len > 0 && ends).then_some((at, at + len))
}

struct NodeSeed<'b, 't> {
    builder: &'b mut Builder<'t>,
    depth: usize,
}

impl<'t> DeserializeSeed<'t> for NodeSeed<'_, 't> {
    type Value = Node;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Node, D::Error> {
        let id = self.builder.begin()?;
        deserializer.deserialize_any(NodeVisitor { builder: self.builder, depth: self.depth, id })
    }
}

struct NodeVisitor<'b, 't> {
    builder: &'b mut Builder<'t>,
    depth: usize,
    id: u32,
}

impl<'b, 't> NodeVisitor<'b, 't> {
    fn descend<E: de::Error>(&mut self) -> Result<usize, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.builder.stop(Stop::Depth(self.id)));
        }
        Ok(self.depth + 1)
    }
}

impl<'t> Visitor<'t> for NodeVisitor<'_, 't> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("YAML")
    }

    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node { at: at(self.id, None), kind: Kind::Null })
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Ok(self.builder.plain(self.id, Kind::Null))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        Ok(self.builder.plain(self.id, Kind::Bool(value)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        Ok(self.builder.plain(self.id, Kind::Number(value.into())))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        Ok(self.builder.plain(self.id, Kind::Number(value.into())))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Node, E> {
        Ok(self.builder.plain(self.id, big(value)))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Node, E> {
        Ok(self.builder.plain(self.id, big(value)))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        Ok(self.builder.long(self.id, value))
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'t str) -> Result<Node, E> {
        self.builder.borrowed(self.id, value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node, E> {
        self.builder.owned(self.id, value.to_owned())
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Node, E> {
        self.builder.owned(self.id, value)
    }

    fn visit_seq<A: SeqAccess<'t>>(mut self, mut access: A) -> Result<Node, A::Error> {
        let depth = self.descend()?;
        let mut items = Vec::new();
        while let Some(item) =
            access.next_element_seed(NodeSeed { builder: self.builder, depth })?
        {
            items.push(item);
        }
        Ok(Node { at: at(self.id, None), kind: Kind::List(items) })
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut access: A) -> Result<Node, A::Error> {
        let depth = self.descend()?;
        let mut entries = Vec::new();
        let mut merges = false;
        while let Some(key) = access.next_key_seed(NodeSeed { builder: self.builder, depth })? {
            let value = access.next_value_seed(NodeSeed { builder: self.builder, depth })?;
            let key_at = key.at;
            let key = match key.kind {
                Kind::Text(text) => text,
                Kind::Number(number) if self.builder.names == Names::Scalars => number.to_string(),
                Kind::Bool(value) if self.builder.names == Names::Scalars => value.to_string(),
                other => {
                    let kind = other.name();
                    self.builder.problems.push(Problem::Key { id: key_at.id, kind });
                    continue;
                }
            };
            merges |= key == "<<";
            entries.push(Entry { at: key_at, key, value });
        }
        note_duplicates(&entries, &mut self.builder.problems);
        if merges {
            entries = merged(entries, &mut self.builder.problems);
        }
        let offset =
            entries.first().and_then(|entry| entry.at.offset).map(|offset| offset as usize);
        let offset = offset.filter(|_| !merges);
        Ok(Node { at: at(self.id, offset), kind: Kind::Map(entries) })
    }

    fn visit_enum<A: EnumAccess<'t>>(self, access: A) -> Result<Node, A::Error> {
        let (_, variant) = access.variant::<de::IgnoredAny>()?;
        self.builder.problems.push(Problem::Tag { id: self.id });
        variant.newtype_variant_seed(Untagged(self))
    }
}

/// What stands behind a tag.
struct Untagged<'b, 't>(NodeVisitor<'b, 't>);

impl<'t> DeserializeSeed<'t> for Untagged<'_, 't> {
    type Value = Node;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self.0)
    }
}

fn big(value: impl ToString) -> Kind {
    match value.to_string().parse() {
        Ok(number) => Kind::Number(number),
        Err(_) => Kind::Text(value.to_string()),
    }
}

fn note_duplicates(entries: &[Entry], problems: &mut Vec<Problem>) {
    let mut note = |first: &Entry, second: &Entry| {
        let key = second.key.clone();
        problems.push(Problem::Duplicate { key, first: first.at.id, second: second.at.id });
    };
    if entries.len() <= 12 {
        for (index, second) in entries.iter().enumerate() {
            if let Some(first) = entries[..index].iter().find(|first| first.key == second.key) {
                note(first, second);
            }
        }
        return;
    }
    let mut seen: HashMap<&str, &Entry> = HashMap::with_capacity(entries.len());
    for second in entries {
        match seen.get(second.key.as_str()) {
            Some(first) => note(first, second),
            None => {
                seen.insert(&second.key, second);
            }
        }
    }
}

/// The entries with those of `<<` in its place, where the map has no such key itself; of several maps the first wins.
fn merged(entries: Vec<Entry>, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut seen: std::collections::HashSet<String> =
        entries.iter().map(|entry| entry.key.clone()).collect();
    let mut result = Vec::with_capacity(entries.len());
    for entry in entries {
        if entry.key != "<<" {
            result.push(entry);
            continue;
        }
        for map in sources(entry.value, problems) {
            result.extend(map.into_iter().filter(|entry| seen.insert(entry.key.clone())));
        }
    }
    result
}

fn sources(value: Node, problems: &mut Vec<Problem>) -> Vec<Vec<Entry>> {
    let mut wrong = |node: &Node| {
        problems.push(Problem::Merge { id: node.at.id, kind: node.kind.name() });
    };
    match value.kind {
        Kind::Map(map) => vec![map],
        Kind::List(items) => {
            let mut maps = Vec::with_capacity(items.len());
            for item in items {
                match item.kind {
                    Kind::Map(map) => maps.push(map),
                    _ => wrong(&item),
                }
            }
            maps
        }
        _ => {
            wrong(&value);
            Vec::new()
        }
    }
}
