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
    // `user` is how others call `username`: a beginning is close, though less so than a slip.
    let is_beginning = |name: &str| limit > 0 && wanted.len() >= 4 && name.starts_with(&wanted);
    let distance = |name: &str| match strsim::damerau_levenshtein(&wanted, name) {
        distance if distance <= limit => Some(distance),
        _ => is_beginning(name).then_some(usize::MAX),
    };
    let close = known.into_iter().filter_map(|name| Some((distance(&plain(name))?, name)));
    close.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
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
        check("head", Some("headers"));
        check("cookies", None);
        check("x", None);
        check("jn", None);
    }
}
