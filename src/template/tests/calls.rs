//! What is known to be wrong with a call before it is made.

use super::{Template, check_invalid, template};
use crate::template::{UseKind, callables, environment};

#[test]
fn unknown_words_are_refused_with_what_they_may_have_meant() {
    for (text, help) in [
        ("${uuuid()}", "did you mean `uuid`?"),
        ("${'a' | base46}", "did you mean `base64`?"),
        ("${'a' | sha265}", "did you mean `sha256`?"),
        ("${['a'] | map('uper')}", "did you mean `upper`?"),
        ("${[1] | select('intger')}", "did you mean `integer`?"),
        ("${[1] | selectattr('a', 'equalt')}", "did you mean `equalto`?"),
        ("${fake('emial')}", "did you mean `email`?"),
        ("${now(pluss='1h')}", "did you mean `plus`?"),
    ] {
        let error = Template::parse(text).expect_err(text);
        assert_eq!(error.help.as_deref(), Some(help), "{text}: {error}");
    }
}

#[test]
fn the_number_and_the_kind_of_arguments_are_checked() {
    for (text, offset, message) in [
        ("${uuid(1)}", 2, "`uuid` takes no arguments, found 1"),
        ("${timestamp(1)}", 2, "`timestamp` takes no arguments, found 1"),
        ("${random_int(6)}", 2, "`random_int` takes 2 arguments, found 1"),
        ("${random_int(1, 'a')}", 17, "`random_int` takes whole numbers, found a string"),
        ("${random_int(1.5, 2)}", 13, "`random_int` takes whole numbers, found `1.5`"),
        ("${random_int(6, 1)}", 16, "no number is at least 6 and at most 1"),
        ("${random_int(min=1, max=6)}", 17, "`random_int` takes its arguments without names"),
        ("${random_string()}", 2, "`random_string` takes 1 argument, found 0"),
        (
            "${random_string(-1)}",
            16,
            "`random_string` takes a whole number up to 1048576, found `-1`",
        ),
        (
            "${random_string(9999999)}",
            16,
            "`random_string` takes a whole number up to 1048576, found `9999999`",
        ),
        (
            "${random_string('12')}",
            17,
            "`random_string` takes a whole number up to 1048576, found a string",
        ),
        ("${fake()}", 2, "`fake` takes 1 argument, found 0"),
        ("${fake('colour')}", 8, "`fake` does not know `colour`"),
        ("${fake(1)}", 7, "`fake` takes a text, found `1`"),
        ("${file(true)}", 7, "`file` takes a text, found `true`"),
        ("${cookie(none)}", 9, "`cookie` takes a text, found null"),
        ("${now('1h')}", 7, "`now` takes its arguments by their names"),
        ("${now(in='1h')}", 6, "`now` has no argument `in`"),
        (
            "${now(plus='1y')}",
            12,
            "`1y` is no duration: write it like `30s`, `15m`, `1h`, `3d` or `2w`",
        ),
        ("${now(plus=1)}", 11, "`now` takes a duration such as '1h', found `1`"),
        (
            "${now(format='today')}",
            14,
            "`today` is no date format: it has no `%`; write it like `%Y-%m-%d`",
        ),
        ("${'a' | base64('b')}", 8, "`base64` takes no arguments, found 1"),
        ("${'a' | hmac_sha256}", 8, "`hmac_sha256` takes 1 argument, found 0"),
        ("${'a' | hmac_sha256(['b'])}", 20, "`hmac_sha256` takes a text, found an array"),
        ("${'a' | regex('(')}", 15, "`(` is no regular expression: unclosed group"),
        ("${'a' | regex(1)}", 14, "`regex` takes a text, found `1`"),
        ("${'a' | regex_replace('a')}", 8, "`regex_replace` takes 2 arguments, found 1"),
        (
            "${'a' | regex_replace('a', '$1')}",
            28,
            "`a` has no group `1`: groups are written `$1` or `${name}`, a dollar `$$`",
        ),
        ("${[] | jsonpath('id')}", 17, "a JSONPath begins with `$`"),
        ("${1 | date}", 6, "`date` takes 1 argument, found 0"),
        (
            "${1 | date('%!')}",
            12,
            "`%!` is no date format: invalid component name `!` at byte index 1",
        ),
        ("${'1' | to_date({})}", 16, "`to_date` takes a text, found an object"),
        ("${'a' | upper(1)}", 8, "`upper` takes no arguments, found 1"),
        ("${'a' | replace('a')}", 8, "`replace` takes at least 2 arguments, found 1"),
        ("${'a' | trim('a', 'b')}", 8, "`trim` takes at most 1 argument, found 2"),
        ("${range()}", 2, "`range` takes at least 1 argument, found 0"),
        ("${['a'] | map('frob')}", 15, "unknown filter `frob`"),
    ] {
        check_invalid(text, offset, message);
    }
}

#[test]
fn what_has_its_value_in_the_run_only_is_left_to_the_run() {
    for text in [
        "${random_int(low, high)}",
        "${fake(kind)}",
        "${file(name ~ '.txt')}",
        "${now(plus=hours ~ 'h')}",
        "${x | regex(pattern)}",
        "${x | regex_replace('(a)', '[$1]$$')}",
        "${x | jsonpath('$.' ~ name)}",
        "${x | date(format)}",
        "${x | map(name)}",
        "${x | hmac_sha256(123)}",
    ] {
        template(text, "");
    }
}

#[test]
fn the_files_of_a_text_are_known_before_the_run() {
    let files: Vec<_> =
        template("a ${ file('b.txt') ~ file(x) ~ file(\"c\\td\") }", "").files().collect();
    assert_eq!(files, [(11..16, "b.txt".to_owned()), (37..41, "c\td".to_owned())]);
}

#[test]
fn every_word_that_is_known_is_there() {
    for name in callables::names(&UseKind::Filter) {
        assert!(environment::has_filter(name), "filter `{name}`");
    }
    for name in callables::names(&UseKind::Test) {
        assert!(environment::has_test(name), "test `{name}`");
    }
    for name in callables::names(&UseKind::Function) {
        assert!(environment::has_function(name), "function `{name}`");
    }
}
