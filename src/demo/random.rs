//! Randomness: the system's for session ids, and Python's generator where a `seed` must give httpbin's bytes.

use std::fmt::Write as _;

/// Fills `buffer` from the system's random source, or says that there is none.
pub(super) fn fill(buffer: &mut [u8]) -> Option<()> {
    rustls::crypto::ring::default_provider().secure_random.fill(buffer).ok()
}

/// 128 random bits in hexadecimal: an id that nobody can guess.
pub(super) fn token() -> Option<String> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Some(bytes.iter().fold(String::new(), |mut token, byte| {
        // Writing to a string cannot fail.
        let _ = write!(token, "{byte:02x}");
        token
    }))
}

/// A random number from 0 to 1, 1 excluded.
pub(super) fn unit() -> Option<f64> {
    let mut bytes = [0; 4];
    fill(&mut bytes)?;
    Some(f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0))
}

const SIZE: usize = 624;
const MIDDLE: usize = 397;

/// MT19937, as Matsumoto and Nishimura describe it and as Python's `random` seeds it.
///
/// `/bytes/{n}?seed=` must give the same bytes here as on httpbin, or a test that compares them could not
/// move between the two.
pub(super) struct Twister {
    state: [u32; SIZE],
    next: usize,
}

impl Twister {
    /// The generator after Python's `random.seed(seed)`.
    pub(super) fn seeded(seed: i128) -> Self {
        let key = limbs(seed.unsigned_abs());
        let mut state = Self::from_word(19_650_218);
        let (mut at, mut from) = (1, 0);
        for _ in 0..SIZE.max(key.len()) {
            let mixed = mix(state[at - 1], 1_664_525) ^ state[at];
            state[at] = mixed.wrapping_add(key[from]).wrapping_add(index(from));
            from = (from + 1) % key.len();
            at = Self::advance(&mut state, at);
        }
        for _ in 1..SIZE {
            let mixed = mix(state[at - 1], 1_566_083_941) ^ state[at];
            state[at] = mixed.wrapping_sub(index(at));
            at = Self::advance(&mut state, at);
        }
        state[0] = 0x8000_0000;
        Self { state, next: SIZE }
    }

    fn from_word(word: u32) -> [u32; SIZE] {
        let mut state = [word; SIZE];
        for at in 1..SIZE {
            state[at] = mix(state[at - 1], 1_812_433_253).wrapping_add(index(at));
        }
        state
    }

    /// The next place to seed; the first word is skipped, and takes the last one's value instead.
    fn advance(state: &mut [u32; SIZE], at: usize) -> usize {
        if at + 1 < SIZE {
            return at + 1;
        }
        state[0] = state[SIZE - 1];
        1
    }

    /// `randint(0, 255)`: Python draws nine bits and throws away what does not fit in eight.
    pub(super) fn byte(&mut self) -> u8 {
        loop {
            if let Ok(byte) = u8::try_from(self.word() >> 23) {
                return byte;
            }
        }
    }

    fn word(&mut self) -> u32 {
        if self.next == SIZE {
            self.twist();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn twist(&mut self) {
        for at in 0..SIZE {
            let joined =
                (self.state[at] & 0x8000_0000) | (self.state[(at + 1) % SIZE] & 0x7fff_ffff);
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[at] = self.state[(at + MIDDLE) % SIZE] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }
}

/// How a word of a fresh state comes from the word before it; each stage of seeding has its own factor.
fn mix(before: u32, factor: u32) -> u32 {
    (before ^ (before >> 30)).wrapping_mul(factor)
}

/// A place in the state as a word; it always fits.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or_default()
}

/// A seed as words, the lowest first, without leading zeros; zero is one word.
fn limbs(seed: u128) -> Vec<u32> {
    let bytes = seed.to_le_bytes();
    let words =
        bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    let mut words: Vec<u32> = words.collect();
    while words.len() > 1 && words.last() == Some(&0) {
        words.pop();
    }
    words
}
