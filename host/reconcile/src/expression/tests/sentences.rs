//! What people read: where a mistake is, and what could not be done.

use super::*;

fn failure(text: &str) -> String {
    eval(text).expect_err(text).to_string()
}

#[test]
fn what_can_not_be_computed_is_said_in_words() {
    for (expression, sentence) in [
        ("source.name + source.number", "+ can not be applied to string and int"),
        (
            "source.empty + source.name",
            "+ can not be applied to null and string; one of them is empty, see Append and Coalesce",
        ),
        (
            "source.name + source.empty",
            "+ can not be applied to string and null; one of them is empty, see Append and Coalesce",
        ),
        ("source.name - source.number", "- can not be applied to string and int"),
        (
            "source.name * source.empty",
            "* can not be applied to string and null; one of them is empty, see Append and Coalesce",
        ),
        ("source.name / source.number", "/ can not be applied to string and int"),
        ("source.name % source.number", "% can not be applied to string and int"),
        ("source.name < source.number", "< can not be applied to (string, int)"),
        ("null < 1", "< can not be applied to (null_type, int); one of them is empty, see Coalesce"),
        ("source.name[0]", "reading a part can not be applied to (string, int)"),
        ("source.number % 0", "a number is divided by zero"),
        ("9223372036854775807 + source.number", "a number is too large"),
        ("source.list[9]", "a list has fewer values than the index asks for"),
        ("{\"a\": 1}[source.name]", "a structured value does not have the key that is read"),
        ("source.nested.map(k, k)", "a loop walks a structured value, which has no order; name its keys instead"),
        ("int(source.name)", "int can not be applied to what it was given"),
        ("ToLower(source.list)", "ToLower takes a text and was given a list"),
        ("18446744073709551615u", "the result is a number that is too large, which no attribute can hold"),
        ("0.0 / 0.0", "the result is a number that is not finite, which no attribute can hold"),
        ("{1: 2}", "the result is a map whose keys are not texts, which no attribute can hold"),
    ] {
        assert_eq!(failure(expression), sentence, "{expression}");
    }
}

#[test]
fn a_whole_number_is_one_however_it_was_computed() {
    let value = |text: &str| match eval(text) {
        Ok(Outcome::Value(value)) => value,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(value("2.0"), Value::Integer(2));
    assert_eq!(value("source.half * 2.0"), Value::Integer(3));
    assert_eq!(value("source.half * 3.0"), Value::Decimal(4.5));
    assert_eq!(value("9007199254740992.0"), Value::Integer(9_007_199_254_740_992));
    assert_eq!(value("9007199254740994.0"), Value::Decimal(9_007_199_254_740_994.0), "no longer exact");
    assert_eq!(value("-2.5"), Value::Decimal(-2.5));
}

#[test]
fn the_place_of_a_mistake_is_counted_in_characters_over_all_lines() {
    let place = |text: &str| compile(text, "source", None).expect_err(text).column;
    assert_eq!(place("ToLower(source.name) + nothing"), Some(24));
    assert_eq!(place("\"中文\" + nothing"), Some(8));
    assert_eq!(place("source.name +\nnothing"), Some(15));
    assert_eq!(place("source.a +\n  source.b )"), Some(23));
    assert_eq!(place("source.a )"), Some(10));
    assert_eq!(place("\"中文\" )"), Some(6));
}

#[test]
fn names_with_dots_and_underscores_are_suggested_as_they_are_written() {
    let declared = ["first_name".to_owned(), "emails.work".to_owned(), "e-mail".to_owned()];
    for (text, words) in [
        ("source.frist_name", "did you mean source.first_name?"),
        ("source.emails.wrok", "did you mean source.emails.work?"),
        ("source.e_mail", "did you mean source[\"e-mail\"]?"),
    ] {
        let error = compile(text, "source", Some(&declared)).expect_err(text);
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}

#[test]
fn what_does_not_exist_is_refused_wherever_it_stands() {
    for unknown in [
        "source.a == \"x\" ? \"y\" : Replce(source.a, \"b\", \"c\")",
        "source.a == \"x\" ? \"y\" : source.a.replce(\"b\", \"c\")",
        "to_lower(source.a)",
        "_lower(source.a)",
        "Coalesce(to_lower(source.a), \"x\")",
        "[nothing]",
        "{\"a\": nothing}",
        "{nothing: \"a\"}",
        "source.list.map(x, y)",
        "source.a.split(nothing)",
        "nothing.lowerAscii()",
    ] {
        assert!(compile(unknown, "source", None).is_err(), "{unknown}");
    }
    assert!(compile("type(source.a) == int", "source", None).is_ok(), "types are known");
}

#[test]
fn words_of_other_languages_are_put_right() {
    let hint = |text: &str| compile(text, "source", None).expect_err(text).hint.expect("a hint");
    assert_eq!(hint("source.a and source.b"), "write && for and, || for or");
    assert_eq!(hint("source.a or source.b"), "write && for and, || for or");
    assert_eq!(hint("source.a = \"x\""), "write == to compare");
    assert_eq!(hint("source.工号"), "names that are not plain letters are written source[\"姓名\"]");
    assert!(hint("\"工号\" )").starts_with("an expression looks like"), "what is quoted may be any writing");
}
