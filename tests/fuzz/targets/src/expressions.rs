//! Expressions of a configuration, on whatever a record holds.

use crate::input::{text, texts};
use rosterd_model::spec::RuleSpec;
use rosterd_model::{Attributes, Class, Value};
use rosterd_reconcile::expression::{Scope, compile};
use rosterd_reconcile::mapping::Mapping;

/// Attributes of an object: two texts that a source says, and a list of them.
fn attributes(a: &str, b: &str) -> Attributes {
    let list = Value::List(vec![a.into(), Value::Integer(7), Value::Null, b.into()]);
    [("a".to_owned(), a.into()), ("b".to_owned(), b.into()), ("list".to_owned(), list)].into_iter().collect()
}

/// An expression, compiled and evaluated on nothing and on something.
pub fn expression(bytes: &[u8]) {
    let [expression, a, b] = texts(bytes);
    if let Ok(expression) = compile(&expression, "source", None) {
        let full = attributes(&a, &b);
        for attributes in [&Attributes::new(), &full] {
            // The same values give the same answer: a dry run is the truth.
            let [once, again] = [(); 2].map(|()| expression.eval(&Scope::new(attributes)));
            assert_eq!(format!("{once:?}"), format!("{again:?}"));
            let _ = expression.test(&Scope::new(attributes));
        }
    }
}

/// What comes to `FormatDate`: a value, and a pattern for reading it.
pub fn date(bytes: &[u8]) {
    let [value, pattern] = texts(bytes);
    let attributes = attributes(&value, &pattern);
    for text in ["FormatDate(source.a, source.b, 'yyyy-MM-dd')", "FormatDate(source.a, 'iso', source.b)"] {
        let Ok(expression) = compile(text, "source", None) else { panic!("{text} does not compile") };
        let _ = expression.eval(&Scope::new(&attributes));
    }
    // A date that was read is written in a form that is read again as the same date.
    let Ok(twice) = compile("FormatDate(FormatDate(source.a, source.b, 'iso'), 'iso', 'iso')", "source", None) else {
        return;
    };
    let Ok(once) = compile("FormatDate(source.a, source.b, 'iso')", "source", None) else { return };
    if let Ok(once) = once.eval(&Scope::new(&attributes)) {
        assert_eq!(twice.eval(&Scope::new(&attributes)).ok(), Some(once), "{value:?} as {pattern:?}");
    }
}

/// A regular expression that a record holds.
pub fn pattern(bytes: &[u8]) {
    let [value, pattern] = texts(bytes);
    let Ok(expression) = compile("source.a.matches(source.b)", "source", None) else { panic!("it does not compile") };
    let _ = expression.eval(&Scope::new(&attributes(&value, &pattern)));
    // One that is written out is compiled with the expression: the error comes then, or never.
    let written = format!("source.a.matches({:?})", text(pattern.as_bytes()));
    if let Ok(expression) = compile(&written, "source", None) {
        let judged = expression.test(&Scope::new(&attributes(&value, "")));
        assert!(judged.is_ok(), "a pattern that compiled failed on a text: {judged:?}");
    }
}

/// A rule of a mapping: the attribute and its expression, as they are stored and shown again.
pub fn mapping(bytes: &[u8]) {
    let [attribute, rule] = texts(bytes);
    let rules = [(attribute.clone(), RuleSpec::Expression(rule.clone()))].into();
    if let Ok(mapping) = Mapping::compile(Class::Account, &rules, "source", None) {
        let shown = rosterd_engine::fuzzing::rule(mapping.text(), &attribute);
        assert_eq!(shown.as_ref(), Some(&rule), "{}", mapping.text());
        assert_eq!(mapping.text().lines().count(), 2, "one line a rule: {}", mapping.text());
    }
    let _ = rosterd_engine::fuzzing::rule(&rule, &attribute);
}

#[cfg(test)]
mod tests {
    use crate::input::strategies::{join, words};
    use proptest::prelude::*;

    const WORDS: &[&str] = &[
        "source",
        ".a",
        ".b",
        ".list",
        "[0]",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "+",
        "-",
        "*",
        "/",
        "%",
        "==",
        "!=",
        "<",
        " in ",
        "!",
        "&&",
        "||",
        "?",
        ":",
        "'x'",
        "\"\"",
        "1",
        "1.5",
        "null",
        "true",
        "ToLower(",
        "Coalesce(",
        "FormatDate(",
        ".matches(",
        ".size()",
        ".map(x, x)",
        ".filter(x, x == 1)",
        ".exists(x, true)",
        "9223372036854775807",
        "Join(",
        "Split(",
        "Replace(",
        "Left(",
        "Mid(",
        "Item(",
        "NormalizePhone(",
        "NormalizeEmail(",
        "Switch(",
        "IIF(",
        "Reference(",
        "-1",
        "'é\u{301}'",
    ];

    proptest! {
        #[test]
        fn expressions(text in r#"[a-zA-Z(),.'" +?:\[\]{}=&|!0-9]{0,40}"#, mixed in words(WORDS, 14), a in ".{0,6}", b in ".{0,6}") {
            super::expression(&join(&[&text, &a, &b]));
            super::expression(&join(&[&mixed, &a, &b]));
        }

        #[test]
        fn deep_expressions(open in "(\\[|\\(|-|!|\\{'a':|ToLower\\(|true \\? |has\\()", depth in 1..1200_usize, first in "[a-z.]{0,7}") {
            let close = match open.as_str() {
                "[" => "]",
                "{'a':" => "}",
                "-" | "!" => "",
                "true ? " => " : 1",
                _ => ")",
            };
            for inner in [first.as_str(), "1", "source.list"] {
                let text = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
                super::expression(&join(&[text.as_str(), "a", "b"]));
            }
        }

        #[test]
        fn dates(
            value in "[0-9]{0,20}[-/. T]?[0-9]{0,9}([:.+-][0-9]{0,4}){0,3}Z?",
            pattern in "(iso|epoch|epoch-ms|excel|(yyyy|yy|M{1,4}|d{1,2}|HH?|mm|ss|tt|[-/ .:年]){0,8}|(%[a-zA-Z0-9:.#^-]{0,3}){0,4})",
            any in ".{0,20}",
        ) {
            super::date(&join(&[&value, &pattern]));
            super::date(&join(&[&any, &pattern]));
            super::date(&join(&[&value, &any]));
        }

        #[test]
        fn mappings(attribute in "[a-z.]{1,8}|.{0,8}", text in ".{0,8}", mixed in words(WORDS, 6), any in "(\"a\" = \"?.{0,9}|\n|\\* = \\*){0,3}") {
            super::mapping(&join(&[&attribute, &format!("Append('{text}', source.a)")]));
            super::mapping(&join(&[&attribute, &mixed]));
            super::mapping(&join(&["a", &any]));
        }

        #[test]
        fn patterns(value in ".{0,12}", pattern in r"[a-z.*+?()\[\]{}|^$\\0-9,-]{0,16}", any in ".{0,10}") {
            super::pattern(&join(&[&value, &pattern]));
            super::pattern(&join(&[&value, &any]));
        }
    }
}
