//! "Did you mean": the known name closest to an unknown one.

/// The closest of `known` to `unknown`, if one is close enough to be a slip of the finger.
///
/// Names that differ in case or in `-` and `_` only are always close.
#[must_use]
pub fn closest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let wanted = plain(unknown);
    // Two letters are one slip away from every other two.
    let limit = match wanted.chars().count() {
        0..3 => 0,
        length => (length / 3).max(1),
    };
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wanted, &plain(name)), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unknown: &str, expected: Option<&str>) {
        let known = ["status", "headers", "follow_redirects", "json"];
        assert_eq!(closest(unknown, known), expected, "{unknown}");
    }

    #[test]
    fn a_slip_is_close_and_another_word_is_not() {
        check("stattus", Some("status"));
        check("Status", Some("status"));
        check("follow-redirects", Some("follow_redirects"));
        check("jsno", Some("json"));
        check("cookies", None);
        check("x", None);
        check("jn", None);
    }
}
