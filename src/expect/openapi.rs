//! `openapi`: whether the exchange is one that the document allows.

use super::evidence::Evidence;
use super::operand::Context;
use super::schema::difference;
use crate::openapi::{Body, Exchange, Judged};
use crate::outcome::{Actual, Fault, Miss, Subject};
use crate::scenario::expectation::OpenApiReference;
use crate::value::Value;

/// A body as a document asks for it.
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

impl Context<'_> {
    pub(super) fn openapi(
        &self,
        expected: &OpenApiReference,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let (Some(document), Some(hop)) = (expected.document.get(), evidence.last_hop()) else {
            let fault = self.invalid(expected.at, "the OpenAPI document was not read".to_owned());
            return faults.push(*fault);
        };
        let judged = document.judge(Exchange {
            method: &hop.method,
            url: &hop.url,
            sent: &hop.headers,
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
