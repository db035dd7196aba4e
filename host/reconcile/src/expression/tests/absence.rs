//! Where an attribute that is absent counts as null, and where it makes the whole expression absent.

use super::*;

#[test]
fn a_function_that_can_handle_absence_does_not_handle_it_for_what_is_computed_within() {
    for absent in [
        "Coalesce(source.missing + \"x\", \"d\")",
        "Coalesce(source.missing == \"x\" ? \"a\" : \"b\", \"d\")",
        "Coalesce(source.list.map(x, source.missing), \"d\")",
        "Coalesce({source.missing: 1}, \"d\")",
        "Coalesce(source.missing.lowerAscii(), \"d\")",
        "Coalesce(source.missing.matches(\"x\"), \"d\")",
    ] {
        assert_eq!(eval(absent), Ok(Outcome::Absent), "{absent}");
    }
}

#[test]
fn a_source_that_says_nothing_about_it_says_neither_yes_nor_no() {
    assert_eq!(eval("!source.missing"), Ok(Outcome::Absent));
    assert_eq!(eval("!source.flag"), Ok(Outcome::Value(Value::Bool(false))));
}

#[test]
fn optional_parts_may_stand_anywhere_in_a_path_and_be_made() {
    for (handled, expected) in [
        ("source.?emails.work.orValue(\"d\")", "w@x"),
        ("source.?gone.work.orValue(\"d\")", "d"),
        ("source[?\"name\"].orValue(\"d\")", "Zhang San"),
        ("optional.of(source.name).orValue(\"d\")", "Zhang San"),
        ("optional.none().orValue(\"d\")", "d"),
        ("optional.ofNonZeroValue(\"\").orValue(\"d\")", "d"),
    ] {
        assert_eq!(eval(handled), text(expected), "{handled}");
    }
    for unknown in ["optional.some(source.name)", "source.name.of(1)", "source.name.none()"] {
        assert!(compile(unknown, "source", None).is_err(), "{unknown}");
    }
    assert!(!compile("source.?name", "source", None).expect("valid").is_native(), "it gives no plain value");
}

#[test]
fn an_attribute_that_is_no_other_is_found_by_its_own_name_first() {
    let record = attributes(r#"{"emails.work":"flat","emails":{"work":"deep","home":"h"}}"#);
    let read = |text: &str| compile(text, "source", None).expect("valid").eval(&Scope::new(&record));
    assert_eq!(read("source.emails.work"), text("flat"));
    assert_eq!(read("source.emails.home"), text("h"));
}
