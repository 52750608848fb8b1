//! The values of a run, and the automata that find them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::SHORTEST;
use super::fingerprint::{Fingerprints, MASK};
use super::forms::{Form, forms};

/// What this program puts where it cuts a text.
const CUT: &str = "…";

/// Values, of which an automaton is made only when something is looked through.
#[derive(Default)]
pub(super) struct Values {
    known: HashSet<Box<[u8]>>,
    /// Not in an automaton yet.
    new: Vec<(Box<[u8]>, Arc<str>)>,
    /// Each at least twice as large as the next, so that many values that come one by one are not built in anew each time.
    sets: Vec<Arc<Set>>,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values", self.known.len())
    }
}

impl Values {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The values.
    pub(super) fn known(&self) -> impl Iterator<Item = &[u8]> {
        self.known.iter().map(AsRef::as_ref)
    }

    pub(super) fn add(&mut self, value: &[u8], prints: &Fingerprints) {
        if !self.known.contains(value) {
            self.known.insert(value.into());
            self.new.push((value.into(), prints.of(value).into()));
        }
    }

    /// Whether one of the values stands in the text as it is.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let values = self.known.iter().filter_map(|value| std::str::from_utf8(value).ok());
        values.into_iter().any(|value| text.contains(value))
    }

    /// The automata of all values.
    pub(super) fn sets(&mut self) -> Vec<Arc<Set>> {
        if !self.new.is_empty() {
            let mut all: Vec<(Form, Arc<str>)> = Vec::new();
            for (value, stands_in) in self.new.drain(..) {
                all.extend(forms(&value).into_iter().map(|form| (form, Arc::clone(&stands_in))));
            }
            while let Some(last) = self.sets.pop_if(|last| last.forms.len() < 2 * all.len()) {
                all.extend(last.forms.iter().cloned());
            }
            self.sets.push(Arc::new(Set::new(all)));
        }
        self.sets.clone()
    }
}

/// Forms with the automaton that finds them.
pub(super) struct Set {
    forms: Vec<(Form, Arc<str>)>,
    /// Those that begin with these bytes.
    heads: HashMap<[u8; SHORTEST], Vec<usize>>,
    /// None if there is more than an automaton can hold.
    automaton: Option<AhoCorasick>,
    /// The bytes of the longest form.
    pub(super) longest: usize,
}

impl Set {
    fn new(forms: Vec<(Form, Arc<str>)>) -> Self {
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(forms.iter().map(|(form, _)| &form.bytes))
            .ok();
        let longest = forms.iter().map(|(form, _)| form.bytes.len()).max().unwrap_or(0);
        let mut heads: HashMap<_, Vec<_>> = HashMap::new();
        for (index, (form, _)) in forms.iter().enumerate() {
            if let Some(head) = form.bytes.first_chunk() {
                heads.entry(*head).or_default().push(index);
            }
        }
        Self { forms, heads, automaton, longest }
    }

    /// Every occurrence of every form, overlapping ones too.
    pub(super) fn find(&self, bytes: &[u8], found: &mut dyn FnMut(Range<usize>, &Arc<str>)) {
        let Some(automaton) = &self.automaton else {
            // Rather nothing is shown than a secret.
            return found(0..bytes.len(), &Arc::from(MASK));
        };
        for each in automaton.find_overlapping_iter(bytes) {
            let (form, stands_in) = &self.forms[each.pattern().as_usize()];
            found(form.around(each.range(), bytes), stands_in);
        }
        self.cut(bytes, found);
    }

    /// What begins like a secret and ends where a text was cut.
    fn cut(&self, bytes: &[u8], found: &mut dyn FnMut(Range<usize>, &Arc<str>)) {
        let mark = CUT.as_bytes();
        let cuts =
            (0..bytes.len()).filter(|at| bytes[*at] == mark[0] && bytes[*at..].starts_with(mark));
        for end in cuts {
            let tail = &bytes[end.saturating_sub(self.longest)..end];
            let begun = [whole(tail), tail].into_iter().find_map(|tail| self.begun(tail));
            if let Some((before, stands_in)) = begun {
                found(end - tail.len() + before..end, stands_in);
            }
        }
    }

    /// Where the longest piece begins that ends the text and begins a form.
    fn begun(&self, text: &[u8]) -> Option<(usize, &Arc<str>)> {
        text.windows(SHORTEST).enumerate().find_map(|(at, head)| {
            let mut forms = self.heads.get(head)?.iter().map(|index| &self.forms[*index]);
            let (_, stands_in) = forms.find(|(form, _)| form.bytes.starts_with(&text[at..]))?;
            Some((at, stands_in))
        })
    }
}

/// Without the beginning of an escape: `%2`, `\\u00`, `&quo`.
fn whole(text: &[u8]) -> &[u8] {
    let recent = text.len().saturating_sub(10);
    let escape = text[recent..].iter().rposition(|byte| b"%\\&".contains(byte));
    escape.map_or(text, |at| &text[..recent + at])
}
