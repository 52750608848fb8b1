//! Which names have which values, and where each came from.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::bounds;
use super::random::{Draw, Turn};
use crate::mask::Masks;
use crate::source::{Source, Span};
use crate::value::Value;

/// Where a value came from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// `vars` of the project file, of an environment or of the scenario.
    Vars {
        /// The environment's name, where it is one's.
        environment: Option<String>,
        /// The text.
        source: Arc<Source>,
        /// The name's place in it.
        span: Span,
    },
    /// A capture of an earlier step.
    Capture {
        /// The step's name.
        step: String,
        /// The text.
        source: Arc<Source>,
        /// The capture's place in it.
        span: Span,
    },
    /// `with` of a login.
    With {
        /// The text.
        source: Arc<Source>,
        /// The name's place in it.
        span: Span,
    },
    /// The item of a `for_each`.
    Item {
        /// The text.
        source: Arc<Source>,
        /// The name's place in it.
        span: Span,
    },
    /// A row of `cases`.
    Row {
        /// Which, from 1.
        number: usize,
        /// The text.
        source: Arc<Source>,
        /// The row's place in it.
        span: Span,
    },
    /// `--var`.
    CommandLine,
    /// The file of `--vars-file`.
    VarsFile {
        /// The text.
        source: Arc<Source>,
        /// The name's place in it.
        span: Span,
    },
    /// What callsheet itself gives, such as `server`.
    Program,
}

impl Origin {
    /// Whether both are the same piece of the same text.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        match (self.place(), other.place()) {
            (Some((source, span)), Some((other, there))) => {
                Arc::ptr_eq(source, other) && span == there
            }
            _ => false,
        }
    }

    /// What is given beside the files stands above all in them.
    fn rank(&self) -> u8 {
        match self {
            Self::CommandLine => 2,
            Self::VarsFile { .. } => 1,
            _ => 0,
        }
    }

    fn place(&self) -> Option<(&Arc<Source>, Span)> {
        match self {
            Self::Vars { source, span, .. }
            | Self::Capture { source, span, .. }
            | Self::With { source, span }
            | Self::Item { source, span }
            | Self::Row { source, span, .. }
            | Self::VarsFile { source, span } => Some((source, *span)),
            Self::CommandLine | Self::Program => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |source: &Source, span: &Span| {
            format!("{}:{}", source.name(), source.position(span.start).line)
        };
        match self {
            Self::Vars { environment: None, source, span } => {
                write!(f, "from `vars` at {}", place(source, span))
            }
            Self::Vars { environment: Some(name), source, span } => {
                write!(f, "from environment `{name}` at {}", place(source, span))
            }
            Self::Capture { step, source, span } => {
                write!(f, "captured by step `{step}` at {}", place(source, span))
            }
            Self::With { source, span } => write!(f, "from `with` at {}", place(source, span)),
            Self::Item { source, span } => write!(f, "from `for_each` at {}", place(source, span)),
            Self::Row { number, source, span } => {
                write!(f, "from row {number} of `cases` at {}", place(source, span))
            }
            Self::CommandLine => f.write_str("from `--var`"),
            Self::VarsFile { source, span } => {
                write!(f, "from `--vars-file` at {}", place(source, span))
            }
            Self::Program => f.write_str("set by callsheet"),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The value.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// The names that an expression can use.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Shared by those that were cloned: every `cleanup` on record has a scope.
    bindings: HashMap<String, Arc<Binding>>,
    /// Names that a step was to capture and did not: name -> the step's name.
    unset: HashMap<String, String>,
    /// What `cookie('name')` finds: name and value.
    cookies: Vec<(String, String)>,
    /// How much text the values hold.
    held: usize,
    /// What random values depend on, besides their place.
    pub(super) draw: Draw,
    /// What is read out of a secret is added to these.
    pub(super) masks: Masks,
}

impl Scope {
    /// An empty scope.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a name its value; what stands there is replaced, but `--var` wins over all else, and the file of
    /// `--vars-file` over all but that.
    pub fn bind(&mut self, name: impl Into<String>, value: Value, origin: Origin) {
        let name = name.into();
        let rank = self.bindings.get(&name).map_or(0, |binding| binding.origin.rank());
        if origin.rank() >= rank {
            self.held += bounds::size(&value);
            let before = self.bindings.insert(name, Arc::new(Binding { value, origin }));
            self.held -= before.map_or(0, |before| bounds::size(&before.value));
        }
    }

    /// What is random from here on depends on this.
    pub fn set_draw(&mut self, draw: Draw) {
        self.draw = draw;
    }

    /// What random values depend on, besides their place.
    #[must_use]
    pub fn draw(&self) -> &Draw {
        &self.draw
    }

    /// Begins a part of the scenario in which an expression has one value; gives what ends it.
    pub fn turn(&mut self, turn: Turn) -> usize {
        self.draw.turns.push(turn);
        self.draw.turns.len() - 1
    }

    /// Ends that part.
    pub fn end_turn(&mut self, turn: usize) {
        self.draw.turns.truncate(turn);
    }

    /// Takes these for all the parts that it is in; gives those that it was in.
    pub fn set_turns(&mut self, turns: Vec<Turn>) -> Vec<Turn> {
        std::mem::replace(&mut self.draw.turns, turns)
    }

    /// What is read out of a secret is masked with these.
    pub fn set_masks(&mut self, masks: Masks) {
        self.masks = masks;
    }

    /// Refuses to make more values where there is too much of them.
    pub(super) fn has_room(&self) -> Result<(), String> {
        if self.held > bounds::MOST_HELD { Err(bounds::too_much_held()) } else { Ok(()) }
    }

    /// The cookies that `cookie('name')` finds: the first of each name.
    pub fn set_cookies(&mut self, cookies: Vec<(String, String)>) {
        self.cookies = cookies;
    }

    /// Those cookies; of each name the last is the one to take.
    pub(super) fn cookies(&self) -> impl DoubleEndedIterator<Item = &(String, String)> {
        self.cookies.iter().rev()
    }

    /// Takes a name away.
    pub fn unbind(&mut self, name: &str) {
        let before = self.bindings.remove(name);
        self.held -= before.map_or(0, |before| bounds::size(&before.value));
    }

    /// Remembers which step was to set a name and did not.
    pub fn mark_unset(&mut self, name: &str, step: &str) {
        self.unset.insert(name.to_owned(), step.to_owned());
    }

    /// A name's value with its origin.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Binding> {
        self.bindings.get(name).map(Arc::as_ref)
    }

    /// The step that was to capture a name which has no value.
    #[must_use]
    pub fn not_captured_by(&self, name: &str) -> Option<&str> {
        let unset = || self.unset.get(name).map(String::as_str);
        if self.bindings.contains_key(name) { None } else { unset() }
    }

    /// ": step `x` did not capture it", for a name that a step was to set.
    pub(super) fn unset_by(&self, name: &str) -> String {
        self.unset
            .get(name)
            .map(|step| format!(": step `{step}` did not capture it"))
            .unwrap_or_default()
    }
}
