//! Random values that are a function of where they are asked for, never of the order in which that happens.
//!
//! The bytes are those of SHA-256 in counter mode: block `i` is `SHA-256(key ‖ i)`, with `i` as eight bytes, the lowest
//! first, and `key` the SHA-256 of all that the values depend on, each piece behind its length. This never changes: a
//! seed gives the same values with every version.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest as _, Sha256};

use crate::source::Position;

/// The number that fixes all that is random in a run. Clones share whether it was needed.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    number: u64,
    used: Arc<AtomicBool>,
}

impl Seed {
    /// A seed that was given, or drawn.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self { number, used: Arc::default() }
    }

    /// The number itself, for `--seed`.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The number, where something depends on it.
    #[must_use]
    pub fn take(&self) -> u64 {
        self.used.store(true, Ordering::Relaxed);
        self.number
    }

    /// Whether anything was random so far.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

/// What random values depend on, besides the place of their expression.
#[derive(Clone, Debug, Default)]
pub struct Draw {
    /// `--seed`.
    pub seed: Seed,
    /// The scenario: the path of its file from the root, and its name. Empty for what all scenarios share.
    pub scenario: (String, String),
    /// The row of `cases`, from 1.
    pub row: Option<u64>,
    /// When in the scenario, from the outermost on.
    pub turns: Vec<Turn>,
}

/// A part of a scenario in which an expression has one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The step that stands here in its file, and its number in its list: an anchor is one place in several lines.
    Step(Position, usize),
    /// This item of a `for_each`, from 0.
    Item(usize),
    /// This run of a scenario that failed before, from 2.
    Run(u32),
    /// This attempt of a `retry`, from 1.
    Attempt(u32),
    /// In this session: the login of one, or a cell of `access`.
    Session(String),
    /// A login of the run that is given this.
    Given(String),
}

impl Turn {
    fn key(&self) -> String {
        match self {
            Self::Step(at, number) => format!("step {}:{} {number}", at.line, at.column),
            Self::Item(index) => format!("item {index}"),
            Self::Run(number) => format!("run {number}"),
            Self::Attempt(number) => format!("attempt {number}"),
            Self::Session(name) => format!("session {name}"),
            Self::Given(what) => format!("given {what}"),
        }
    }
}

impl Draw {
    /// The values for the `call`-th function in the expression at this place: `a.yaml:3:9`.
    #[must_use]
    pub fn stream(&self, place: &str, call: u64) -> Stream {
        self.seed.used.store(true, Ordering::Relaxed);
        let mut hash = Sha256::new();
        let mut piece = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        piece(b"callsheet 1");
        piece(&self.seed.number.to_le_bytes());
        piece(self.scenario.0.as_bytes());
        piece(self.scenario.1.as_bytes());
        piece(&self.row.unwrap_or(0).to_le_bytes());
        piece(&(self.turns.len() as u64).to_le_bytes());
        self.turns.iter().for_each(|turn| piece(turn.key().as_bytes()));
        piece(place.as_bytes());
        piece(&call.to_le_bytes());
        Stream { key: hash.finalize().into(), block: [0; 32], next: 0 }
    }
}

/// Random bytes without end.
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u8; 32],
    block: [u8; 32],
    /// How many bytes were taken.
    next: u64,
}

impl Stream {
    fn byte(&mut self) -> u8 {
        let at = self.next % 32;
        if at == 0 {
            let number = self.next / 32;
            let block = Sha256::new().chain_update(self.key).chain_update(number.to_le_bytes());
            self.block = block.finalize().into();
        }
        self.next += 1;
        self.block[at as usize]
    }

    /// The next bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    /// A number from 0 up to this one, itself excluded; each is as likely.
    pub fn below(&mut self, end: u128) -> u128 {
        // All that a u64 can be; those beyond the last whole round of `end` are drawn again.
        const ALL: u128 = 1 << 64;
        let end = end.clamp(1, ALL);
        let rounds = ALL - ALL % end;
        loop {
            let drawn = u128::from(u64::from_le_bytes(self.bytes()));
            if drawn < rounds {
                return drawn % end;
            }
        }
    }

    /// One of these.
    pub fn choose<'c, T>(&mut self, all: &'c [T]) -> Option<&'c T> {
        let at = self.below(all.len() as u128);
        all.get(usize::try_from(at).ok()?)
    }

    /// A UUID of version 4 (RFC 9562 section 5.4).
    pub fn uuid(&mut self) -> String {
        let mut bytes: [u8; 16] = self.bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (head, rest) = digits.split_at(8);
        format!("{head}-{}-{}-{}-{}", &rest[..4], &rest[4..8], &rest[8..12], &rest[12..])
    }

    /// So many letters and digits.
    pub fn text(&mut self, length: usize) -> String {
        const ALL: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut text = String::with_capacity(length);
        while text.len() < length {
            // 248 is the last whole round of 62 in a byte.
            let byte = self.byte();
            if byte < 248 {
                text.push(char::from(ALL[usize::from(byte % 62)]));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw() -> Draw {
        let scenario = ("scenarios/a.yaml".to_owned(), "A".to_owned());
        Draw { seed: Seed::new(1), scenario, ..Draw::default() }
    }

    #[test]
    fn the_values_of_a_seed_never_change() {
        let stream = || draw().stream("scenarios/a.yaml:3:9", 0);
        assert_eq!(stream().uuid(), "83c1841f-ef6a-4140-bdb7-31843bd939bf");
        assert_eq!(stream().text(12), "HHIf1sDCB7xI");
        let mut stream = stream();
        let dice: Vec<u128> = (0..12).map(|_| stream.below(6) + 1).collect();
        assert_eq!(dice, [2, 6, 2, 4, 2, 1, 2, 3, 5, 6, 1, 6]);
    }

    #[test]
    fn everything_in_the_key_gives_other_values() {
        let step = |line, column| Turn::Step(Position { line, column }, 0);
        let with = |turns: Vec<Turn>| Draw { turns, ..draw() };
        let scenario = ("scenarios/a".to_owned(), ".yamlA".to_owned());
        let draws = [
            draw(),
            Draw { seed: Seed::new(2), ..draw() },
            Draw { scenario, ..draw() },
            Draw { row: Some(1), ..draw() },
            with(vec![step(3, 5)]),
            with(vec![step(35, 0)]),
            with(vec![step(3, 5), Turn::Session("bob".to_owned())]),
            with(vec![Turn::Step(Position { line: 3, column: 5 }, 1)]),
            with(vec![step(3, 5), Turn::Item(0)]),
            with(vec![step(3, 5), Turn::Item(1)]),
            with(vec![step(3, 5), Turn::Attempt(1)]),
            with(vec![step(3, 5), Turn::Item(0), Turn::Attempt(1)]),
            with(vec![step(3, 5), Turn::Given("bob".to_owned())]),
        ];
        let places = [("a.yaml:3:9", 0), ("a.yaml:3:9", 1), ("a.yaml:3:10", 0)];
        let mut seen = std::collections::HashSet::new();
        assert!(!draws[0].seed.is_used());
        for draw in &draws {
            assert!(
                places.iter().all(|(place, call)| seen.insert(draw.stream(place, *call).uuid()))
            );
        }
        assert!(draws.iter().all(|draw| draw.seed.clone().is_used()));
    }

    #[test]
    fn a_number_is_in_its_range_and_each_comes() {
        let mut stream = draw().stream("a.yaml:1:1", 0);
        let mut seen = [0; 6];
        for _ in 0..6000 {
            seen[stream.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (800..1200).contains(count)), "{seen:?}");
        assert_eq!(stream.below(1), 0);
        assert_eq!(stream.below(0), 0);
        assert!(stream.below(1 << 64) < 1 << 64);
        assert_eq!(stream.choose::<u8>(&[]), None);
    }
}
