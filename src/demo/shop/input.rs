//! What clients send to the shop: JSON or a form, checked field by field.

use serde_json::Value;

use super::super::percent;
use super::super::request::Request;
use super::Refusal;
use super::store::{self, Line};

/// What is wrong with a number that counts something.
pub(super) const COUNT: &str = "must be a whole number, at least 1 and not too big";

/// The most of one product in one go, and the most lines of an order.
const MOST: usize = 100;

const INVALID: &str = "the input is not valid";

/// The members of a JSON object or the fields of a form, whichever was sent.
pub(super) fn members(request: &Request) -> Result<Value, Refusal> {
    let (kind, _) = request.content_type();
    let value = if kind == "application/x-www-form-urlencoded" {
        let text = String::from_utf8_lossy(&request.body);
        percent::parse_pairs(&text)
            .into_iter()
            .map(|(name, value)| (name, Value::from(value)))
            .collect()
    } else {
        serde_json::from_slice(&request.body).unwrap_or(Value::Null)
    };
    let wrong = || vec![("body".to_owned(), "must be a JSON object or a form")];
    if value.is_object() { Ok(value) } else { Err(Refusal::Invalid(INVALID, wrong())) }
}

/// One product and its quantity, at the top of the input.
pub(super) fn line(input: &Value) -> Result<Line, Refusal> {
    let mut wrong = Vec::new();
    match check_line(input, "", &mut wrong) {
        Some(line) => Ok(line),
        None => Err(Refusal::Invalid(INVALID, wrong)),
    }
}

/// The lines of an order, in the member `items`.
pub(super) fn lines(input: &Value) -> Result<Vec<Line>, Refusal> {
    let refuse = |why| Err(Refusal::Invalid(INVALID, vec![("items".to_owned(), why)]));
    let Some(items) = input.get("items").and_then(Value::as_array) else {
        return refuse("must be a list");
    };
    if items.is_empty() {
        return refuse("must not be empty");
    }
    if items.len() > MOST {
        return refuse("must have at most 100 elements");
    }
    let mut wrong = Vec::new();
    let mut lines = Vec::new();
    for (index, item) in items.iter().enumerate() {
        lines.extend(check_line(item, &format!("items[{index}]."), &mut wrong));
    }
    if wrong.is_empty() { Ok(lines) } else { Err(Refusal::Invalid(INVALID, wrong)) }
}

fn check_line(item: &Value, prefix: &str, wrong: &mut Vec<(String, &'static str)>) -> Option<Line> {
    let product = item.get("sku").and_then(Value::as_str).and_then(store::product);
    if product.is_none() {
        wrong.push((format!("{prefix}sku"), "must be the sku of a product"));
    }
    let quantity = item.get("quantity").and_then(quantity);
    if quantity.is_none() {
        wrong.push((format!("{prefix}quantity"), "must be a whole number from 1 to 100"));
    }
    Some(Line { product: product?, quantity: quantity? })
}

/// A quantity; a form can only send it as text.
fn quantity(value: &Value) -> Option<u32> {
    let number = match value {
        Value::String(text) => text.parse().ok()?,
        other => other.as_u64()?,
    };
    u32::try_from(number).ok().filter(|number| (1..=100).contains(number))
}
