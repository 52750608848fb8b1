//! `openapi`: whether the exchange is one that the document allows.

use std::cell::OnceCell;

use super::charset;
use super::evidence::Evidence;
use super::operand::Context;
use crate::jsonpath;
use crate::openapi::{Body, Broken, Exchange, FormField, Judged};
use crate::outcome::{Actual, Difference, Fault, Miss, SentBody, SentPart, Subject};
use crate::scenario::expectation::OpenApiReference;
use crate::value::Value;

/// The body of a response.
struct Answered<'e, 'a>(&'e Evidence<'a>);

impl Body for Answered<'_, '_> {
    fn is_empty(&self) -> bool {
        self.0.size() == 0
    }

    fn json(&self) -> Result<&Value, String> {
        self.0.json().map_err(|actual| match actual {
            Actual::NotJson(why, _) => why.clone(),
            _ => "there is none".to_owned(),
        })
    }

    fn text(&self) -> Option<&str> {
        self.0.text().ok()
    }
}

/// The body of a request.
struct Asked<'e> {
    sent: Option<&'e SentBody>,
    json: OnceCell<Result<Value, String>>,
}

impl Asked<'_> {
    fn bytes(&self) -> &[u8] {
        self.sent.and_then(SentBody::bytes).unwrap_or_default()
    }
}

impl Body for Asked<'_> {
    fn is_empty(&self) -> bool {
        self.sent.is_none()
    }

    fn json(&self) -> Result<&Value, String> {
        let parse = || jsonpath::parse(charset::without_mark(self.bytes()));
        self.json.get_or_init(parse).as_ref().map_err(Clone::clone)
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes()).ok()
    }

    fn is_held(&self) -> bool {
        !matches!(self.sent, Some(SentBody::File(_)))
    }

    fn fields(&self) -> Option<Vec<FormField<'_>>> {
        let Some(SentBody::Parts(parts)) = self.sent else { return None };
        Some(parts.iter().map(field).collect())
    }
}

/// Of a file the name alone.
fn field(part: &SentPart) -> FormField<'_> {
    match part {
        SentPart::Text { name, text } => (name, Some(text)),
        SentPart::File { name, .. } => (name, None),
    }
}

impl Context<'_> {
    pub(super) fn openapi(
        &self,
        expected: &OpenApiReference,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let (Some(document), Some(hop)) = (expected.document.get(), evidence.hop()) else {
            let fault = self.invalid(expected.at, "the OpenAPI document was not read".to_owned());
            return faults.push(*fault);
        };
        let judged = document.judge(Exchange {
            method: &hop.method,
            url: &hop.url,
            sent: &hop.headers,
            sent_body: &Asked { sent: evidence.sent(), json: OnceCell::new() },
            status: evidence.status(),
            headers: evidence.headers(),
            body: &Answered(evidence),
        });
        let miss = |operation, actual, differences| {
            let (subject, wanted) =
                (Subject::OpenApi(operation), ("openapi", Value::from(expected.path.as_str())));
            let miss = self.plain_miss(expected.at, subject, wanted, actual);
            Fault::Miss(Miss { differences, ..miss })
        };
        faults.push(match judged {
            Judged::Holds => return,
            Judged::Breaks(operation, breaches, count) => {
                let differences = breaches.into_iter().map(difference).collect();
                miss(operation, Actual::Unfit(count), differences)
            }
            Judged::NoOperation(methods, closest) => {
                let request = format!("{} {}", hop.method, hop.url.path());
                miss(request, Actual::NoOperation(methods, closest), Vec::new())
            }
            Judged::Unjudged(why) => {
                *self.invalid(expected.at, format!("the response could not be judged: {why}"))
            }
        });
    }
}

fn difference((breach, law): Broken) -> Difference {
    let (expected, actual) = (Some(Value::from(breach.wanted)), breach.found);
    Difference { path: breach.path, expected, actual, law }
}
