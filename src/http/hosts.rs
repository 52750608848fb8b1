//! Where requests may go: the hosts that a project allows, that of its base URL, and this machine.

use url::Url;

use super::failure::{FailureKind, Fault, Refusal, fault};
pub use crate::scenario::hosts::HostPattern;
use crate::scenario::hosts::is_loopback;

/// Refuses a URL whose host is none of these; `home` is the host of the base URL.
pub(super) fn admit(
    allowed: Option<&[HostPattern]>,
    home: Option<&str>,
    url: &Url,
    is_redirect: bool,
) -> Result<(), Fault> {
    let (Some(allowed), Some(host)) = (allowed, url.host_str()) else { return Ok(()) };
    if home == Some(host) || is_loopback(url) || allowed.iter().any(|it| it.covers(host)) {
        return Ok(());
    }
    let message = match is_redirect {
        true => {
            format!("a redirect leads to `{host}`, which is none of the project's `allow_hosts`")
        }
        false => format!("`{host}` is none of the project's `allow_hosts`"),
    };
    let remedy = "add it to `allow_hosts` of the project file if requests may go there";
    Err(fault(FailureKind::Refused(Refusal::Host), message).remedy(remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_that_are_allowed_that_of_the_base_url_and_this_machine_may_be_asked() {
        let allowed = [HostPattern::parse("*.shop.test").expect("a pattern")];
        let check = |allowed: Option<&[HostPattern]>, url: &str| {
            let url = Url::parse(url).expect(url);
            admit(allowed, Some("staging.test"), &url, false).is_ok()
        };
        for url in [
            "https://a.shop.test/",
            "http://staging.test:81/",
            "http://127.0.0.1/",
            "http://a.localhost/",
            "http://[::1]:1/",
        ] {
            assert!(check(Some(&allowed), url), "{url}");
        }
        for url in ["https://shop.test/", "http://a.staging.test/", "http://10.0.0.1/"] {
            assert!(!check(Some(&allowed), url), "{url}");
            assert!(check(None, url), "{url}");
        }
        assert!(!check(Some(&[]), "http://shop.test/"));
    }
}
