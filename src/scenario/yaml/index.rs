//! The locating pass: where every key and value stands, for when something is to be said of one.
//!
//! serde_yaml gives no places for good nodes, but an error knows where it happened. A newtype inside a newtype costs a
//! level of its recursion limit and consumes nothing, so asking for one until the limit is reached fails with the
//! place of the node that comes next; the node can then be read as if nothing had been.

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};
use std::collections::HashMap;
use std::fmt::{self, Write as _};

use super::lex;

/// The places by number.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Where a node begins, its anchor and tag included; that of an alias is its anchor's.
    pub(super) places: Vec<u32>,
    /// The aliases that were being expanded where the pass ended, the outermost first.
    pub(super) aliases: Vec<u32>,
}

impl Index {
    pub(super) fn place(&self, id: u32) -> Option<usize> {
        self.places.get(id as usize).map(|&place| place as usize)
    }
}

/// Locates the nodes of a text, up to the one with the number `upto`.
pub(super) fn index(text: &str, upto: u32) -> Index {
    let mut indexer = Indexer {
        text,
        upto,
        offsets: Places::of(text),
        index: Index::default(),
        anchors: HashMap::new(),
        targets: HashMap::new(),
    };
    // The root is at the first piece: to ask for its place would be a parse of its own.
    let root = lex::lex(text)
        .find(|lexeme| !matches!(lexeme.piece, lex::Piece::Start | lex::Piece::Directive))
        .map_or(0, |lexeme| lexeme.start);
    indexer.enter(root);
    let visitor = Descend { indexer: &mut indexer };
    // Where the text is broken the pass ends there: the places up to it are good.
    let _broken = serde_yaml::Deserializer::from_str(text).deserialize_any(visitor);
    indexer.index
}

struct Indexer<'t> {
    text: &'t str,
    upto: u32,
    offsets: Places<'t>,
    index: Index,
    /// Where the latest node with this anchor is.
    anchors: HashMap<&'t str, u32>,
    /// What the alias at a place stands for.
    targets: HashMap<u32, u32>,
}

impl<'t> Indexer<'t> {
    /// Notes the place of the next node; whether it is an alias.
    fn enter(&mut self, mark: usize) -> bool {
        let place = u32::try_from(mark).unwrap_or(u32::MAX);
        let rest = self.text.get(mark..).unwrap_or_default();
        let alias = rest.strip_prefix('*').map(name);
        if let Some(name) = alias {
            let known = self.anchors.get(name).copied().unwrap_or(place);
            let target = *self.targets.entry(place).or_insert(known);
            self.index.places.push(target);
            return true;
        }
        self.index.places.push(place);
        if self.index.aliases.is_empty()
            && let Some(name) = anchor(rest)
        {
            self.anchors.insert(name, place);
        }
        false
    }

    fn is_over(&self) -> bool {
        self.index.places.len() > self.upto as usize
    }

    fn fail<E: de::Error>(&self) -> E {
        E::custom("over")
    }

    fn begin_alias<E: de::Error>(&mut self, mark: usize) -> Result<(), E> {
        let place = u32::try_from(mark).unwrap_or(u32::MAX);
        let cycle = self.index.aliases.contains(&place);
        self.index.aliases.push(place);
        if cycle { Err(self.fail()) } else { Ok(()) }
    }

    fn mark(&self, error: &impl fmt::Display) -> usize {
        let mut mark = Mark::default();
        // The sink takes everything.
        let _never = write!(mark, "{error}");
        if mark.seen == 0 { 0 } else { self.offsets.offset(&mark) }
    }
}

fn name(rest: &str) -> &str {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
    &rest[..end.unwrap_or(rest.len())]
}

/// The name of the anchor that a node begins with, perhaps after its tag.
fn anchor(rest: &str) -> Option<&str> {
    if let Some(after) = rest.strip_prefix('&') {
        return Some(name(after));
    }
    rest.strip_prefix('!')?.split_once(' ')?.1.trim_start_matches([' ', '\t']).strip_prefix('&').map(name)
}

/// Fails with the place of the next node and leaves it be.
struct Peek;

impl<'t> DeserializeSeed<'t> for Peek {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_newtype_struct("", self)
    }
}

impl<'t> Visitor<'t> for Peek {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a place")
    }

    fn visit_newtype_struct<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_newtype_struct("", self)
    }
}

/// The line and column in the text of an error, which is where a generic error tells them; none at the very start.
#[derive(Default)]
struct Mark {
    numbers: [usize; 2],
    seen: usize,
    in_number: bool,
}

impl fmt::Write for Mark {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte.is_ascii_digit() {
                self.seen += usize::from(!self.in_number);
                if let Some(number) = self.numbers.get_mut(self.seen - 1) {
                    *number = *number * 10 + usize::from(byte - b'0');
                }
            }
            self.in_number = byte.is_ascii_digit();
        }
        Ok(())
    }
}

/// From lines and columns to offsets in constant time, as there may be a million on one line.
struct Places<'t> {
    text: &'t str,
    /// The characters before each line.
    lines: Vec<u32>,
    /// The byte offset of every 64th character; empty if all are ASCII.
    steps: Vec<u32>,
}

impl<'t> Places<'t> {
    fn of(text: &'t str) -> Self {
        let mut places = Self { text, lines: vec![0], steps: Vec::new() };
        let ascii = text.is_ascii();
        let bytes = text.as_bytes();
        let mut next_line = None;
        for (count, (at, _)) in text.char_indices().enumerate() {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            if next_line == Some(at) {
                places.lines.push(count);
            }
            if !ascii && count % 64 == 0 {
                places.steps.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
            let len = lex::break_len(bytes, at);
            // The break CR LF was found at its CR.
            if len > 0 && !(bytes[at] == b'\n' && next_line.is_some_and(|next| next > at)) {
                next_line = Some(at + len);
            }
        }
        places
    }

    fn offset(&self, mark: &Mark) -> usize {
        let [line, column] = mark.numbers;
        let Some(&start) = self.lines.get(line.saturating_sub(1)) else {
            return self.text.len();
        };
        let count = start as usize + column.saturating_sub(1);
        if self.steps.is_empty() {
            return count.min(self.text.len());
        }
        let Some(&step) = self.steps.get(count / 64) else {
            return self.text.len();
        };
        let rest = &self.text[step as usize..];
        rest.char_indices().nth(count % 64).map_or(self.text.len(), |(at, _)| step as usize + at)
    }
}

struct Locate<'i, 't> {
    indexer: &'i mut Indexer<'t>,
    mark: usize,
}

impl<'t> DeserializeSeed<'t> for Locate<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        let alias = self.indexer.enter(self.mark);
        if alias {
            self.indexer.begin_alias(self.mark)?;
        }
        if self.indexer.is_over() {
            return Err(self.indexer.fail());
        }
        let result = deserializer.deserialize_any(Descend { indexer: self.indexer });
        // A failure ends the pass, and the aliases stay for who asks where it was.
        if alias && result.is_ok() {
            self.indexer.index.aliases.pop();
        }
        result
    }
}

struct Descend<'i, 't> {
    indexer: &'i mut Indexer<'t>,
}

impl<'t> Visitor<'t> for Descend<'_, 't> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("YAML")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i128<E>(self, _: i128) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u128<E>(self, _: u128) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut access: A) -> Result<(), A::Error> {
        loop {
            let mark = match access.next_element_seed(Peek) {
                Ok(None) => return Ok(()),
                Ok(Some(())) => 0,
                Err(error) => self.indexer.mark(&error),
            };
            let seed = Locate { indexer: &mut *self.indexer, mark };
            if access.next_element_seed(seed)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'t>>(self, mut access: A) -> Result<(), A::Error> {
        loop {
            let mark = match access.next_key_seed(Peek) {
                Ok(None) => return Ok(()),
                Ok(Some(())) => 0,
                Err(error) => self.indexer.mark(&error),
            };
            let seed = Locate { indexer: &mut *self.indexer, mark };
            if access.next_key_seed(seed)?.is_none() {
                return Ok(());
            }
            let mark = match access.next_value_seed(Peek) {
                Ok(()) => 0,
                Err(error) => self.indexer.mark(&error),
            };
            access.next_value_seed(Locate { indexer: &mut *self.indexer, mark })?;
        }
    }

    fn visit_enum<A: EnumAccess<'t>>(self, access: A) -> Result<(), A::Error> {
        let (_, variant) = access.variant::<IgnoredAny>()?;
        variant.newtype_variant_seed(Untagged(self))
    }
}

struct Untagged<'i, 't>(Descend<'i, 't>);

impl<'t> DeserializeSeed<'t> for Untagged<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self.0)
    }
}
