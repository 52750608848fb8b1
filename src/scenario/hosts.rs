//! `allow_hosts`: the hosts that requests may go to.

use url::{Host, Url};

/// A host, or all hosts below one: `shop.test`, `*.shop.test`, `127.0.0.1`, `[::1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    /// As the URL standard writes it.
    host: String,
    /// Whether it stands for the names below it, and not for itself.
    below: bool,
}

impl HostPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Err("`*` allows all hosts, as no `allow_hosts` does: leave it out".to_owned());
        }
        let (below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        match Host::parse(name) {
            Ok(host) if name.contains('*') => {
                Err(format!("`{host}` has a `*` that is not its first part"))
            }
            Ok(Host::Domain(host)) => Ok(Self { host, below }),
            Ok(_) if below => Err(format!("there are no names below the address `{name}`")),
            Ok(address) => Ok(Self { host: address.to_string(), below }),
            Err(_) => Err(format!("`{}` is no host", text.escape_debug())),
        }
    }

    /// Whether it stands for a host as a URL has it.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        match self.below {
            false => host == self.host,
            true => host.strip_suffix(&self.host).is_some_and(|below| below.ends_with('.')),
        }
    }
}

/// Whether a URL leads to this machine, by its host alone.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|four| four.is_loopback())
        }
        // RFC 6761 §6.3
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, covered: &[&str], others: &[&str]) {
        let pattern = HostPattern::parse(pattern).expect(pattern);
        for host in covered {
            assert!(pattern.covers(host), "{pattern:?} covers {host}");
        }
        for host in others {
            assert!(!pattern.covers(host), "{pattern:?} does not cover {host}");
        }
    }

    #[test]
    fn a_pattern_is_a_host_or_all_names_below_one() {
        check("shop.test", &["shop.test", "shop.test."], &["a.shop.test", "ashop.test", "test"]);
        check("Shop.Test", &["shop.test"], &[]);
        check("*.shop.test", &["a.shop.test", "a.b.shop.test"], &["shop.test", "ashop.test"]);
        check("bücher.test", &["xn--bcher-kva.test"], &["bücher.test"]);
        check("10.1.2.3", &["10.1.2.3"], &["10.1.2.30"]);
        check("[::1]", &["[::1]"], &["::1"]);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for (text, part) in [
            ("", "`` is no host"),
            ("http://shop.test", "is no host"),
            ("shop.test:80", "is no host"),
            ("shop.test/a", "is no host"),
            ("a b", "is no host"),
            ("*.10.1.2.3", "no names below"),
            ("*", "leave it out"),
            ("shop.*", "that is not its first part"),
            ("*.*.test", "that is not its first part"),
        ] {
            let error = HostPattern::parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
