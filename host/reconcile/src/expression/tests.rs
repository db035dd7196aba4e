use super::*;
use crate::strategy;
use proptest::prelude::*;

mod absence;
mod limits;
mod sentences;

fn attributes(json: &str) -> Attributes {
    crate::normalise::json_attributes(json).expect("valid")
}

fn sample() -> Attributes {
    attributes(
        r#"{
            "name":"Zhang San","mail":" Zhang.San@Example.COM ","empty":null,"number":7,"half":1.5,"flag":true,
            "list":["a","b"],"emails.work":"w@x","姓名":"张三","nested":{"deep":{"key":"v"},"other":1},
            "boss":{"ref":"account","id":"42"},"first":"Élodie","words":"a,b,,c"
        }"#,
    )
}

fn eval(text: &str) -> Result<Outcome, EvalError> {
    let compiled = compile(text, "source", None).unwrap_or_else(|error| panic!("{text}: {error}"));
    compiled.eval(&Scope::new(&sample()))
}

fn text(value: &str) -> Result<Outcome, EvalError> {
    Ok(Outcome::Value(value.into()))
}

#[test]
fn look_ups_and_their_three_outcomes() {
    assert_eq!(eval("source.name"), text("Zhang San"));
    assert_eq!(eval("source.empty"), Ok(Outcome::Null));
    assert_eq!(eval("source.missing"), Ok(Outcome::Absent));
    assert_eq!(eval("source.emails.work"), text("w@x"));
    assert_eq!(eval("source[\"姓名\"]"), text("张三"));
    assert_eq!(eval("source.`emails.work`"), text("w@x"));
    assert_eq!(eval("source.nested.deep.key"), text("v"));
    assert_eq!(eval("source.nested[\"deep\"].key"), text("v"));
    assert_eq!(eval("source.nested.deep.none"), Ok(Outcome::Absent));
    assert_eq!(eval("source.empty.deeper"), Ok(Outcome::Null));
    assert_eq!(eval("source.boss"), Ok(Outcome::Value(Value::Reference { class: Class::Account, id: "42".into() })));
    assert_eq!(eval("source.number"), Ok(Outcome::Value(Value::Integer(7))));
}

#[test]
fn absence_passes_through_and_can_be_handled() {
    for absent in [
        "ToLower(source.missing)",
        "source.missing + \"x\"",
        "source.missing == \"x\" ? \"a\" : \"b\"",
        "source.missing == null ? \"a\" : \"b\"",
        "source.missing.startsWith(\"x\")",
        "Coalesce(source.missing, source.gone)",
        "Coalesce(source.missing, source.empty)",
        "Append(source.missing)",
        "IIF(IsNull(source.missing), null, \"x\")",
        "source.?missing",
        "[source.missing]",
        "Replace(source.missing, \"a\", \"b\")",
    ] {
        assert_eq!(eval(absent), Ok(Outcome::Absent), "{absent}");
    }
    for (handled, expected) in [
        ("Coalesce(source.missing, source.name)", "Zhang San"),
        ("Coalesce(source.empty, ToLower(source.missing), \"d\")", "d"),
        ("source.?missing.orValue(\"d\")", "d"),
        ("source.?emails.?work.orValue(\"d\")", "w@x"),
        ("has(source.missing) ? \"a\" : \"b\"", "b"),
        ("has(source.emails.work) ? \"a\" : \"b\"", "a"),
        ("has(source.empty) ? \"a\" : \"b\"", "a"),
        ("\"missing\" in source ? \"a\" : \"b\"", "b"),
        ("\"name\" in source ? \"a\" : \"b\"", "a"),
        ("IIF(IsNull(source.missing), \"a\", source.name)", "a"),
        ("IIF(true, source.name, source.missing)", "Zhang San"),
        ("Append(source.name, \"/\", source.missing, source.empty)", "Zhang San/"),
        ("Switch(source.number, \"other\", 6, source.missing, 7, \"seven\")", "seven"),
        ("Switch(source.number, \"other\", 6, \"six\")", "other"),
        ("true || source.missing ? \"a\" : \"b\"", "a"),
    ] {
        assert_eq!(eval(handled), text(expected), "{handled}");
    }
    for null in ["Coalesce(source.empty)", "ToLower(source.empty)", "source.name == \"x\" ? source.name : null"] {
        assert_eq!(eval(null), Ok(Outcome::Null), "{null}");
    }
}

#[test]
fn the_library_does_what_its_names_say() {
    for (call, expected) in [
        ("ToUpper(source.name)", "ZHANG SAN"),
        ("ToLower(source.first)", "élodie"),
        ("NormalizeEmail(source.mail)", "Zhang.San@example.com"),
        ("NormalizePhone(\"138 0013 8000\", \"86\")", "+8613800138000"),
        ("Join(source.name, \"\", source.number, \"-\")", "Zhang San-7"),
        ("Join(source.list, \";\")", "a;b"),
        ("Item(Split(source.words, \",\"), 4)", "c"),
        ("Left(source.name, 2) + Right(source.name, 2)", "Zhan"),
        ("Mid(source.name, 7, 3)", "San"),
        ("Replace(source.name, \" \", \".\")", "Zhang.San"),
        ("RemoveDiacritics(source.first)", "Elodie"),
        ("RemoveDiacritics(source[\"姓名\"])", "张三"),
        ("Pinyin(source[\"姓名\"])", "zhangsan"),
        ("Pinyin(\"Élodie 吕 2!\")", "elodielv2"),
        ("Digits(\"１2-3\")", "123"),
        ("FormatDate(\"20240229\", \"yyyyMMdd\", \"yyyy-MM-dd\")", "2024-02-29"),
        ("string(Len(source.name))", "9"),
        ("Contains(source.list, \"a\") && StartsWith(source.name, \"Zh\") ? \"y\" : \"n\"", "y"),
        ("Trim(\"  x \\u00a0\")", "x"),
        ("source.name.lowerAscii().split(\" \")[1]", "san"),
        ("source.list.map(x, x + \"!\")[0]", "a!"),
        ("source.list.exists(x, x == \"b\") ? \"y\" : \"n\"", "y"),
        ("source.name.matches(\"^Zh.*n$\") ? \"y\" : \"n\"", "y"),
        ("Append(1, true, 2.5)", "1true2.5"),
    ] {
        assert_eq!(eval(call), text(expected), "{call}");
    }
    let unit = Value::Reference { class: Class::OrgUnit, id: "7".into() };
    assert_eq!(eval("Reference(\"org-unit\", source.number)"), Ok(Outcome::Value(unit)));
    assert_eq!(
        eval("[source.boss]"),
        Ok(Outcome::Value(Value::List(vec![sample().get("boss").expect("set").clone()])))
    );
}

#[test]
fn what_can_not_be_applied_says_why_and_shows_no_value() {
    for (expression, words) in [
        ("source.name + source.number", "+"),
        ("source.name + source.empty", "Coalesce"),
        ("source.name.startsWith(source.number)", "startsWith"),
        ("ToLower(source.list)", "ToLower takes a text and was given a list"),
        ("NormalizeEmail(source.name)", "no @"),
        ("Left(source.name, -1)", "negative"),
        ("source.number / 0", "zero"),
        ("source.number + 9223372036854775807", "too large"),
        ("source.list[9]", "fewer"),
        ("{\"a\": 1}[source.name]", "key"),
        ("Replace(source.name, \"\", \"x\")", "empty"),
        ("FormatDate(source.name, \"yyyy\", \"yyyy\")", "date"),
        ("int(source.name)", "int"),
        ("0.0 / 0.0", "finite"),
        ("source.nested.map(k, k)", "order"),
        ("{\"a\": 1}.exists(k, k == \"a\")", "order"),
        ("type(1)", ""),
    ] {
        match eval(expression) {
            Err(error) => {
                assert!(error.message.contains(words), "{expression}: {error}");
                for secret in ["Zhang", "San", "Example"] {
                    assert!(!error.message.contains(secret), "{expression}: {error}");
                }
            }
            Ok(outcome) => assert_eq!(words, "", "{expression}: {outcome:?}"),
        }
    }
}

#[test]
fn mistakes_are_found_when_the_configuration_is_loaded() {
    let declared = ["username".to_owned(), "e-mail".to_owned(), "nested".to_owned()];
    for (expression, words) in [
        ("sorce.username", "did you mean source?"),
        ("user.username", "did you mean source?"),
        ("username", "source.username"),
        ("source", "source.NAME"),
        ("source.usernmae", "did you mean source.username?"),
        ("source.email", "did you mean source[\"e-mail\"]?"),
        ("has(source.usernmae)", "did you mean source.username?"),
        ("source.?usernmae", "did you mean source.username?"),
        ("Tolower(source.username)", "did you mean ToLower(text)?"),
        ("source.username.replace(\"a\", \"b\")", "Replace(text, from, to)"),
        ("source.username.startWith(\"a\")", "did you mean startsWith?"),
        ("Replace(source.username)", "Replace(text, from, to)"),
        ("IIF(true, 1)", "IIF(condition"),
        ("Switch(1, 2, 3)", "Switch(value"),
        ("source.username and true", "&&"),
        ("source.username = \"x\" ", "=="),
        ("source.工号", "source[\"姓名\"]"),
        ("", "empty"),
        ("source.username +", ""),
        ("[1].map(source, 1)", "loop variable"),
        ("[1].map(a, [1].map(b, [1].map(c, 1)))", "2 deep"),
        ("b\"x\" == b\"x\"", "bytes"),
        ("Foo{a: 1}", ""),
        ("\"unclosed", ""),
    ] {
        let error = compile(expression, "source", Some(&declared)).map(|_| ()).expect_err(expression);
        assert!(error.to_string().contains(words), "{expression}: {error}");
    }
    assert!(compile("source.nested.any.thing", "source", Some(&declared)).is_ok());
    let error = compile("ToLower(source.username) + nothing", "source", None).expect_err("unknown");
    assert_eq!(error.column, Some(28), "{error}");
    let long = format!("\"{}\"", "x".repeat(4096));
    assert!(compile(&long, "source", None).is_err());
    let many = format!("[{}]", "1,".repeat(300));
    assert!(compile(&many, "source", None).is_err());
    let deep = format!("{}source.a{}", "ToLower(".repeat(40), ")".repeat(40));
    assert!(compile(&deep, "source", None).is_err());
    let brackets = format!("{}1{}", "(".repeat(2000), ")".repeat(2000));
    assert!(compile(&brackets, "source", None).is_err());
}

#[test]
fn a_loop_within_a_loop_walks_short_lists_only() {
    let long: Attributes =
        [("l".to_owned(), Value::List((0..501).map(Value::Integer).collect()))].into_iter().collect();
    let nested = compile("source.l.all(a, source.l.exists(b, a == b))", "source", None).expect("valid");
    assert!(nested.eval(&Scope::new(&long)).expect_err("too long").message.contains("500"));
    let single = compile("source.l.all(a, a >= 0)", "source", None).expect("valid");
    assert_eq!(single.test(&Scope::new(&long)), Ok(true));
}

#[test]
fn conditions_over_the_hub_read_absent_as_empty_where_they_compare() {
    let account = attributes(r#"{"department":"Sales","external":true}"#);
    let extra = attributes(r#"{"active":true}"#);
    let scope = Scope::new(&account).with_extra(&extra);
    for (condition, expected) in [
        ("account.active && account.department == \"Sales\"", true),
        ("account.title != \"Boss\"", true),
        ("account.title == \"Boss\"", false),
        ("!account.external", false),
        ("!account.frozen", true),
        ("account.active && !account.frozen", true),
        ("account.orgPath.startsWith(\"Acme\")", false),
        ("account.title in [\"Boss\"]", false),
        ("!(account.title in [\"Boss\"])", true),
        ("account.frozen", false),
    ] {
        let compiled = compile(condition, "account", None).expect(condition);
        assert_eq!(compiled.test(&scope), Ok(expected), "{condition}");
    }
    let text = compile("account.department", "account", None).expect("valid");
    assert!(text.test(&scope).expect_err("a text").message.contains("not true or false"));
    let unknown = compile("source.kind != \"x\"", "source", None).expect("valid");
    assert_eq!(unknown.test(&scope), Ok(false), "a source that says nothing about it decides nothing");
}

#[test]
fn simple_expressions_do_not_reach_cel() {
    for simple in [
        "source.a",
        "source.a.b",
        "source[\"任何\"]",
        "ToLower(source.a)",
        "ToUpper(source.a.b)",
        "Trim(source.a)",
        "NormalizeEmail(source.a)",
        "\"constant\"",
        "true",
        "null",
        "7",
    ] {
        assert!(compile(simple, "source", None).expect(simple).is_native(), "{simple}");
    }
    assert!(!compile("source.a + \"\"", "source", None).expect("valid").is_native());
}

proptest! {
    #[test]
    fn both_ways_of_evaluating_agree(record in strategy::attributes(), name in "[a-f](\\.[a-c])?", function in 0usize..8) {
        let look_up = format!("source.{name}");
        let expression = match function {
            0 => look_up,
            1 => format!("source[\"{name}\"]"),
            2 => format!("ToLower({look_up})"),
            3 => format!("ToUpper({look_up})"),
            4 => format!("Trim({look_up})"),
            5 => format!("NormalizeEmail({look_up})"),
            6 => format!("Digits({look_up})"),
            _ => format!("RemoveDiacritics({look_up})"),
        };
        let fast = compile(&expression, "source", None).expect("valid");
        prop_assert!(fast.is_native());
        let slow = Expression::compile_slow(&expression, "source").expect("valid");
        let scope = Scope::new(&record);
        prop_assert_eq!(fast.eval(&scope), slow.eval(&scope), "{}", expression);
    }

    #[test]
    fn no_text_makes_the_compiler_panic(text in "\\PC{0,40}") {
        let _ = compile(&text, "source", None);
    }

    #[test]
    fn nor_do_its_own_words(words in proptest::collection::vec(prop_oneof![
        Just("source"), Just("."), Just("a"), Just("("), Just(")"), Just("["), Just("]"), Just("\"x\""), Just("?"),
        Just(":"), Just("=="), Just("&&"), Just("!"), Just("IIF"), Just("Switch"), Just("Coalesce"), Just(","),
        Just("has"), Just("map"), Just("1"), Just("in"), Just("{"), Just("}"), Just("null"), Just("`a`"), Just("optional"),
    ], 0..14)) {
        let text = words.join("");
        if let Ok(expression) = compile(&text, "source", None) {
            let _ = expression.eval(&Scope::new(&sample()));
        }
    }
}

#[test]
fn a_wrong_regular_expression_is_found_when_it_is_loaded() {
    for text in
        ["source.name.matches(\"(a\")", "matches(source.name, \"(a\")", "!source.list.exists(x, x.matches(\"(a\"))"]
    {
        let error = compile(text, "source", None).expect_err("refused");
        assert!(error.message.contains("the regular expression is not valid: unclosed group"), "{text}: {error}");
        assert_eq!(error.column, text.find("\"(a").map(|at| at + 1), "{text}");
    }
    let error = compile("source.name.matches()", "source", None).expect_err("refused");
    assert!(error.message.contains("wrong number of arguments"), "{error}");
}

#[test]
fn patterns_match_as_they_did_and_may_come_from_the_record() {
    for (call, expected) in [
        ("matches(source.name, \"San$\") ? \"y\" : \"n\"", "y"),
        ("source.list.exists(x, x.matches(\"^[bc]$\")) ? \"y\" : \"n\"", "y"),
        ("source.name.matches(source.first) ? \"y\" : \"n\"", "n"),
        ("source.name.matches(\"^\" + source.name) ? \"y\" : \"n\"", "y"),
    ] {
        assert_eq!(eval(call), text(expected), "{call}");
    }
    assert_eq!(eval("source.nothing.matches(\"x\")"), Ok(Outcome::Absent));
    let error = eval("source.name.matches(\"(\" + source.name)").expect_err("no pattern");
    assert!(error.message.contains("matches was given a pattern that is not valid"), "{error}");
    assert!(!error.message.contains("Zhang"), "{error}");
}
