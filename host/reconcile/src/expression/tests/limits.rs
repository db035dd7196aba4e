//! The limits of expressions, at the last value that is allowed and the first that is not.

use super::*;
use crate::expression::convert::from_cel;
use cel::Value as Cel;
use std::sync::Arc;

fn compiles(text: &str) -> bool {
    compile(text, "source", None).is_ok()
}

fn around(open: &str, middle: &str, close: &str, times: usize) -> String {
    format!("{}{middle}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn an_expression_has_4096_characters_and_a_list_256_entries() {
    assert!(compiles(&format!("\"{}\"", "中".repeat(4094))));
    assert!(!compiles(&format!("\"{}\"", "中".repeat(4095))));
    let list = |entries: usize| format!("[{}]", vec!["1"; entries].join(","));
    assert!(compiles(&list(256)) && !compiles(&list(257)));
    let map = |entries: usize| {
        let entries: Vec<String> = (0..entries).map(|n| format!("\"{n}\":1")).collect();
        format!("{{{}}}", entries.join(","))
    };
    assert!(compiles(&map(256)) && !compiles(&map(257)));
}

#[test]
fn calls_are_nested_32_deep_and_a_condition_is_one_call() {
    assert!(compiles(&around("ToLower(", "source.a", ")", 32)));
    assert!(!compiles(&around("ToLower(", "source.a", ")", 33)));
    assert!(compiles(&around("IIF(source.a, \"x\", ", "source.b", ")", 32)));
    assert!(!compiles(&around("IIF(source.a, \"x\", ", "source.b", ")", 33)));
    assert!(!compiles(&around("IIF(source.a, ", "source.b", ", \"x\")", 33)));
}

#[test]
fn a_switch_has_a_value_a_default_and_one_to_32_pairs() {
    let switch = |arguments: usize| {
        let pairs: Vec<String> = (2..arguments).map(|n| n.to_string()).collect();
        compiles(&format!("Switch(source.a, \"other\", {})", pairs.join(", ")))
    };
    assert!(switch(4) && switch(66));
    assert!(!switch(3) && !switch(5) && !switch(67) && !switch(68));
    assert!(!compiles("Switch(source.a, \"other\")"));
}

#[test]
fn a_loop_within_a_loop_walks_a_list_of_500() {
    let list: Attributes =
        [("l".to_owned(), Value::List((0..500).map(Value::Integer).collect()))].into_iter().collect();
    let nested = compile("source.l.all(a, source.l.exists(b, a == b))", "source", None).expect("valid");
    assert_eq!(nested.test(&Scope::new(&list)), Ok(true));
}

#[test]
fn a_result_is_nested_32_deep_whatever_it_is_made_of() {
    let list = |inner| Cel::List(Arc::new(vec![inner]));
    let map = |inner| Cel::Map(std::collections::HashMap::from([("k".to_owned(), inner)]).into());
    let optional = |inner| Cel::Opaque(Arc::new(cel::objects::OptionalValue::of(inner)));
    let wraps: [&dyn Fn(Cel) -> Cel; 3] = [&list, &map, &optional];
    for wrap in wraps {
        let nested = |times: usize| (0..times).fold(Cel::from("x"), |inner, _| wrap(inner));
        assert!(from_cel(&nested(32)).is_ok());
        assert!(from_cel(&nested(33)).expect_err("too deep").contains("32 deep"));
    }
}
