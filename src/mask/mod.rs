//! Masking by value: what is secret is found in every form that a text may give it, and a fingerprint stands in.
//!
//! A value is looked for as it is, in base64 and in hex; and all of that in the text as it is, and as it reads once
//! its percent-encoding, its backslashes, its entities and its doubled quotes are undone. So it does not matter which
//! characters an encoder takes, or how many encodings lie upon each other.

mod fingerprint;
mod forms;
pub mod header;
mod source;
mod values;
mod views;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use fingerprint::already as fingerprint;
pub use fingerprint::{Fingerprints, MASK};
pub use source::Sources;

use crate::value::{self, Map, Value};
use values::{Set, Values};

/// A value with fewer characters is no secret: what is masked by value would be half of every report.
pub const SHORTEST: usize = 4;

/// So much longer may a form be than the value: `\\u0041` for `A`.
const LONGEST_ESCAPE: usize = 8;

/// Whether a text is too short to be masked by value.
#[must_use]
pub fn is_too_short(text: &str) -> bool {
    text.chars().nth(SHORTEST - 1).is_none()
}

/// `is empty`, `has 3 characters`: what is wrong with a secret that is too short.
#[must_use]
pub fn too_short(text: &str) -> Option<String> {
    is_too_short(text).then(|| match text.chars().count() {
        0 => "is empty".to_owned(),
        1 => "has 1 character".to_owned(),
        count => format!("has {count} characters"),
    })
}

/// What to do about it.
pub const TOO_SHORT_HELP: &str = "a secret has at least four characters: a shorter one cannot be masked, as it stands in too many words";

/// The values that may not be shown. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    prints: Fingerprints,
    own: Arc<Mutex<Values>>,
    /// The values of what this is a part of.
    outer: Option<Arc<Mutex<Values>>>,
    /// Those that take what is added to this as well.
    told: Option<Box<Masks>>,
}

/// A piece that may not be shown, and what stands in for it.
type Found = (Range<usize>, Arc<str>);

impl Masks {
    /// What stands in for masked values.
    #[must_use]
    pub fn fingerprints(&self) -> &Fingerprints {
        &self.prints
    }

    /// For a part of the run that has secrets of its own: those of the run, and what is added to this alone.
    #[must_use]
    pub fn within(&self) -> Self {
        let outer = Some(Arc::clone(&self.own));
        Self { prints: self.prints.clone(), own: Arc::default(), outer, told: self.told.clone() }
    }

    /// The values of now, for what is kept from run to run: all have the same mark, and what is added to these later is
    /// added to those of the run, but not the other way round. So what runs beside them changes nothing.
    #[must_use]
    pub fn kept(&self) -> Self {
        let prints = Fingerprints::none();
        let mut own = Values::default();
        lock(&self.own).known().for_each(|value| own.add(value, &prints));
        let (own, told) = (Arc::new(Mutex::new(own)), Some(Box::new(self.clone())));
        Self { prints, own, outer: None, told }
    }

    /// This value is masked here alone from here on; one that is too short is not.
    pub fn add_here(&self, value: &[u8]) {
        if value.len() < SHORTEST || std::str::from_utf8(value).is_ok_and(is_too_short) {
            return;
        }
        lock(&self.own).add(value, &self.prints);
    }

    /// This value is masked from here on; one that is too short is not.
    pub fn add(&self, value: &[u8]) {
        if let Some(told) = &self.told {
            told.add(value);
        }
        self.add_here(value);
    }

    /// The text of a value, and every text in it.
    pub fn add_value(&self, value: &Value) {
        self.add(value::text(value).as_bytes());
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.add_texts(item)),
            Value::Object(members) => members.values().for_each(|member| self.add_texts(member)),
            _ => {}
        }
    }

    fn add_texts(&self, value: &Value) {
        match value {
            Value::String(text) => self.add(text.as_bytes()),
            Value::Array(items) => items.iter().for_each(|item| self.add_texts(item)),
            Value::Object(members) => members.values().for_each(|member| self.add_texts(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether there is nothing to mask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.own).len() + self.outer.iter().map(|outer| lock(outer).len()).sum::<usize>()
    }

    /// The text without what may not be shown.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = self.find(text.as_bytes());
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let masked = replaced(text.as_bytes(), &found);
        // A value that is no UTF-8 may end within a character.
        Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
    }

    /// As [`Masks::text`], for what is hardly ever shown: of the values of this part it looks for plain ones first, so
    /// that nothing is built for them.
    #[must_use]
    pub fn name<'t>(&self, name: &'t str) -> Cow<'t, str> {
        match &self.outer {
            Some(outer) if !lock(&self.own).is_in(name) => {
                let (prints, own) = (self.prints.clone(), Arc::clone(outer));
                Self { prints, own, outer: None, told: None }.text(name)
            }
            _ => self.text(name),
        }
    }

    /// The bytes without what may not be shown.
    #[must_use]
    pub fn bytes<'t>(&self, bytes: &'t [u8]) -> Cow<'t, [u8]> {
        match self.find(bytes) {
            found if found.is_empty() => Cow::Borrowed(bytes),
            found => Cow::Owned(replaced(bytes, &found)),
        }
    }

    /// The beginning of what is too long to be looked through: it ends before what may be half a secret.
    #[must_use]
    pub fn beginning(&self, bytes: &[u8], limit: usize) -> Vec<u8> {
        let Some(head) = bytes.get(..limit).filter(|head| head.len() < bytes.len()) else {
            return self.bytes(bytes).into_owned();
        };
        let longest = self.sets().iter().map(|set| set.longest).max().unwrap_or(0);
        let sure = head.len().saturating_sub(longest.saturating_mul(LONGEST_ESCAPE));
        let found = self.find(head);
        // What begins in the sure part is masked whole.
        let begun = found.iter().map(|(range, _)| range).filter(|range| range.start < sure);
        let end = begun.map(|range| range.end).fold(sure, usize::max);
        let found: Vec<Found> = found.into_iter().filter(|(range, _)| range.end <= end).collect();
        replaced(&head[..end], &found)
    }

    /// The value without what may not be shown; a number that is secret becomes a text.
    pub fn value(&self, value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                if let Cow::Owned(masked) = self.text(number.as_str()) {
                    *value = Value::String(masked);
                }
            }
            Value::String(text) => {
                if let Cow::Owned(masked) = self.text(text) {
                    *text = masked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => {
                let all = std::mem::take(members).into_iter().map(|(name, mut member)| {
                    self.value(&mut member);
                    (self.text(&name).into_owned(), member)
                });
                *members = all.collect::<Map<_, _>>();
            }
        }
    }

    fn sets(&self) -> Vec<Arc<Set>> {
        let outer = self.outer.iter().flat_map(|outer| lock(outer).sets());
        lock(&self.own).sets().into_iter().chain(outer).collect()
    }

    /// The pieces that may not be shown, in their order; no two overlap.
    fn find(&self, bytes: &[u8]) -> Vec<Found> {
        if bytes.len() < SHORTEST || self.is_empty() {
            return Vec::new();
        }
        let sets = self.sets();
        let mut found = Vec::new();
        views::each(bytes, &mut |view| {
            for set in &sets {
                set.find(view.bytes(), &mut |range, stands_in| {
                    found.push((view.range(range), Arc::clone(stands_in)));
                });
            }
        });
        union(found)
    }
}

fn lock(values: &Mutex<Values>) -> MutexGuard<'_, Values> {
    values.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pieces that overlap are one, for which the longest gives the stand-in.
fn union(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut all: Vec<(Found, usize)> = Vec::new();
    for (range, stands_in) in found {
        let length = range.len();
        match all.last_mut() {
            Some(((last, by), longest)) if range.start < last.end => {
                last.end = last.end.max(range.end);
                if length > *longest {
                    (*by, *longest) = (stands_in, length);
                }
            }
            _ => all.push(((range, stands_in), length)),
        }
    }
    all.into_iter().map(|(found, _)| found).collect()
}

fn replaced(bytes: &[u8], found: &[Found]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (range, stands_in) in found {
        out.extend_from_slice(&bytes[at..range.start]);
        out.extend_from_slice(stands_in.as_bytes());
        at = range.end;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

#[cfg(test)]
mod tests;
