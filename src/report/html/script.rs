//! The script and the style of the page, and the policy that lets a browser run these two and nothing else.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The style.
pub(super) fn style() -> Markup {
    html! { style { (PreEscaped(STYLE)) } }
}

/// The script.
pub(super) fn element() -> Markup {
    html! { script { (PreEscaped(SCRIPT)) } }
}

/// Content Security Policy, level 3: the two by their hashes; nothing is loaded, sent or embedded.
pub(super) fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}
