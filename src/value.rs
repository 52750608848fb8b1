//! JSON values: their kinds, their order, and equality by meaning with no digit lost.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use num_bigint::BigInt;
pub use serde_json::{Map, Number, Value};

/// A number of a JSON text goes from 1e-324 to 1e308.
const MOST_ZEROS: u32 = 5_000;

/// The kind's name, as the `type` matcher spells it; a whole number is still a `number`.
#[must_use]
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The kind with its article, for sentences.
#[must_use]
pub fn a_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// What stands in a text where the value is inserted: a string as it is, all else as JSON.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The value as JSON on one line, cut after `limit` characters.
#[must_use]
pub fn shown(value: &Value, limit: usize) -> String {
    // Of a text, its own characters are counted, and the quotes stay.
    if let Value::String(text) = value
        && let Some((end, _)) = text.char_indices().nth(limit)
    {
        let start = Value::from(format!("{}…", &text[..end]));
        return format!("{start} ({} characters)", text.chars().count());
    }
    match value {
        Value::String(_) => value.to_string(),
        value => cut(&value.to_string(), limit),
    }
}

/// The text, cut after `limit` characters with a mark that says so.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
    }
}

/// Whether two values mean the same: numbers by value, objects without regard to order.
#[must_use]
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare(a, b) == Ordering::Equal,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// Compares two numbers by their decimal digits, whatever their size.
#[must_use]
pub fn compare(a: &Number, b: &Number) -> Ordering {
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return a.cmp(&b);
    }
    let (a, b) = (Decimal::of(a.as_str()), Decimal::of(b.as_str()));
    match (a.sign(), b.sign()) {
        (x, y) if x != y => x.cmp(&y),
        (-1, _) => b.compare_size(&a),
        _ => a.compare_size(&b),
    }
}

/// Whether a number is no further from another than `within`, worked out with all their digits.
#[must_use]
pub fn is_near(number: &Number, other: &Number, within: &Number) -> bool {
    if compare(number, other) == Ordering::Equal {
        return true;
    }
    let all = [number, other, within].map(|number| Decimal::of(number.as_str()));
    let scale = all.iter().map(Decimal::last).min().unwrap_or(0);
    let [number, other, within] = all.map(|decimal| decimal.scaled(scale));
    match (number, other, within) {
        (Some(number), Some(other), Some(within)) => {
            number.clone() - &within <= other && other <= number + within
        }
        // They have thousands of digits between them.
        _ => false,
    }
}

/// Feeds a number to a hasher: what [`compare`] takes for equal hashes the same, and hardly anything else does.
pub fn hash(number: &Number, hasher: &mut impl Hasher) {
    let decimal = Decimal::of(number.as_str());
    let magnitude = if decimal.digits.is_empty() { 0 } else { decimal.magnitude };
    (decimal.sign(), decimal.digits, magnitude).hash(hasher);
}

/// Whether the number is whole, however it is spelt (`1.0` and `1e2` are).
#[must_use]
pub fn is_integer(number: &Number) -> bool {
    let decimal = Decimal::of(number.as_str());
    decimal.digits.is_empty() || decimal.magnitude >= decimal.digits.len() as i64
}

/// `0.DIGITS × 10^magnitude`, without zeros at either end; zero has no digits.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    magnitude: i64,
}

impl Decimal {
    fn of(json: &str) -> Self {
        let negative = json.starts_with('-');
        let (mantissa, exponent) = json
            .trim_start_matches('-')
            .split_once(['e', 'E'])
            .unwrap_or((json.trim_start_matches('-'), "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = all.iter().take_while(|digit| **digit == b'0').count();
        let end = all.len() - all[zeros..].iter().rev().take_while(|d| **d == b'0').count();
        // An exponent beyond i64 saturates: no two such numbers can be told apart by memory anyway.
        let exponent = exponent
            .trim_start_matches('+')
            .parse::<i64>()
            .unwrap_or(if exponent.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 });
        let magnitude = (whole.len() as i64 - zeros as i64).saturating_add(exponent);
        Self { negative, digits: all[zeros..end.max(zeros)].to_vec(), magnitude }
    }

    /// The power of ten of its last digit.
    fn last(&self) -> i64 {
        if self.digits.is_empty() { 0 } else { self.magnitude - self.digits.len() as i64 }
    }

    /// How often it has `10^scale`, which is no greater than its last digit; none where that has too many digits.
    fn scaled(&self, scale: i64) -> Option<BigInt> {
        if self.digits.is_empty() {
            return Some(BigInt::ZERO);
        }
        let zeros = u32::try_from(self.last() - scale).ok().filter(|zeros| *zeros <= MOST_ZEROS)?;
        let digits = BigInt::parse_bytes(&self.digits, 10)?;
        let size = digits * BigInt::from(10).pow(zeros);
        Some(if self.negative { -size } else { size })
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (_, true) => -1,
            _ => 1,
        }
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        if self.digits.is_empty() || other.digits.is_empty() {
            return self.digits.len().cmp(&other.digits.len());
        }
        self.magnitude.cmp(&other.magnitude).then_with(|| self.digits.cmp(&other.digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, expected: Ordering, b: &str) {
        let number = |text: &str| match serde_json::from_str(text) {
            Ok(Value::Number(number)) => number,
            other => panic!("{text} is no number: {other:?}"),
        };
        assert_eq!(compare(&number(a), &number(b)), expected, "{a} {b}");
        assert_eq!(compare(&number(b), &number(a)), expected.reverse(), "{b} {a}");
    }

    #[test]
    fn numbers_compare_by_value_with_all_their_digits() {
        use Ordering::{Equal, Greater, Less};
        check("1", Equal, "1.0");
        check("100", Equal, "1e2");
        check("0.5", Less, "0.51");
        check("-2", Less, "-1.5");
        check("-0", Equal, "0.0");
        check("0", Less, "1e-400");
        check("-1", Less, "0.0");
        check("12345678901234567890123", Less, "12345678901234567890124");
        check("12345678901234567890123", Equal, "12345678901234567890123.000");
        check("9007199254740993", Greater, "9007199254740992.0");
        check("0.1", Equal, "0.10");
        check("1e999999999999999999999", Greater, "1");
        check("1e-999999999999999999999", Less, "1");
    }

    #[test]
    fn whole_numbers_are_integers_however_spelt() {
        for (text, expected) in [
            ("1", true),
            ("1.0", true),
            ("1.50", false),
            ("15e-1", false),
            ("1.5e1", true),
            ("0", true),
        ] {
            let number: Number = serde_json::from_str(text).expect("a number");
            assert_eq!(is_integer(&number), expected, "{text}");
        }
    }

    #[test]
    fn objects_are_equal_in_any_order_and_strings_never_equal_numbers() {
        let json = |text: &str| serde_json::from_str::<Value>(text).expect("json");
        assert!(equal(&json(r#"{"a":1,"b":[1.0]}"#), &json(r#"{"b":[1],"a":1.0}"#)));
        assert!(!equal(&json(r#""1""#), &json("1")));
        assert!(!equal(&json(r#"{"a":1}"#), &json(r#"{"a":1,"b":null}"#)));
    }
}
