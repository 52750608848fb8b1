//! A look over a JSON text before it is read: how deep it goes, and whether its numbers can be kept.

/// So many characters of a number are kept; more is no number that anybody counts with.
const LONGEST_NUMBER: usize = 1_000;
/// From here on the reader of whole trees gives up: the stack bounds it.
const TOO_DEEP: usize = 128;

/// What a JSON text holds that not every reader takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// It goes deeper than a tree may.
    pub(super) is_deep: bool,
    /// It writes half a character (RFC 8259 section 8.2), or at least two halves.
    pub(super) has_surrogates: bool,
    /// The byte where a number begins that is too long, or too large for a double (RFC 8259 section 6).
    pub(super) number: Option<usize>,
}

/// Looks over a text, which may be no JSON.
pub(super) fn look(json: &str) -> Look {
    let bytes = json.as_bytes();
    let (mut look, mut depth, mut at) = (Look::default(), 0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => string(&bytes[at..], &mut look),
            b'[' | b'{' => {
                depth += 1;
                look.is_deep |= depth >= TOO_DEEP;
                1
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                1
            }
            b'-' | b'0'..=b'9' => {
                let is_part =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let length = bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                if look.number.is_none() && is_beyond(&json[at..at + length]) {
                    look.number = Some(at);
                }
                length
            }
            _ => 1,
        };
    }
    look
}

/// The bytes of the string that begins here.
pub(super) fn string_length(bytes: &[u8]) -> usize {
    string(bytes, &mut Look::default())
}

fn string(bytes: &[u8], look: &mut Look) -> usize {
    let mut at = 1;
    while let Some(next) =
        bytes[at.min(bytes.len())..].iter().position(|b| matches!(b, b'"' | b'\\'))
    {
        at += next;
        if bytes[at] == b'"' {
            return at + 1;
        }
        look.has_surrogates |= matches!(
            bytes[at + 1..],
            [b'u', b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..]
        );
        at += 2;
    }
    bytes.len()
}

/// Whether a number cannot be kept.
pub(super) fn is_beyond(number: &str) -> bool {
    number.len() > LONGEST_NUMBER
        || number.contains(['e', 'E']) && number.parse().is_ok_and(f64::is_infinite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_tree_takes_is_seen() {
        #[track_caller]
        fn check(json: &str, is_deep: bool, has_surrogates: bool, number: Option<usize>) {
            assert_eq!(look(json), Look { is_deep, has_surrogates, number }, "{json:.80}");
        }
        check("", false, false, None);
        check("{\"a\": [1, -2.50e3, \"[[[\\\"1e999\", true]}", false, false, None);
        check(&"[".repeat(127), false, false, None);
        check(&"[{".repeat(64), true, false, None);
        check(&"[]".repeat(500), false, false, None);
        check("\"\\ud83d\\ude00\"", false, true, None);
        check("\"\\uDEAD", false, true, None);
        check("\"\\\\ud800\"", false, false, None);
        check("\"\\ue000", false, false, None);
        check("\"\\", false, false, None);
        check("[1e400]", false, false, Some(1));
        check("[1, -1E+309, 2e999]", false, false, Some(4));
        check("[1e-999, 1e308]", false, false, None);
        check(&"9".repeat(1_000), false, false, None);
        check(&"9".repeat(1_001), false, false, Some(0));
    }
}
