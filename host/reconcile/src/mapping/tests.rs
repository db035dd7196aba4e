use super::*;
use crate::normalise::json_attributes;
use proptest::prelude::*;
use rosterd_model::Attributes;
use rosterd_model::spec::RuleTable;

fn rules(pairs: &[(&str, RuleSpec)]) -> BTreeMap<String, RuleSpec> {
    pairs.iter().map(|(name, rule)| ((*name).to_owned(), rule.clone())).collect()
}

fn plain(from: &str) -> RuleSpec {
    RuleSpec::Expression(from.to_owned())
}

fn full(from: &str, change: impl Fn(&mut RuleTable)) -> RuleSpec {
    let mut table = plain(from).table();
    change(&mut table);
    RuleSpec::Full(table)
}

fn mapping(pairs: &[(&str, RuleSpec)]) -> Mapping {
    Mapping::compile(Class::Account, &rules(pairs), "source", None).expect("valid")
}

fn record(json: &str) -> Attributes {
    json_attributes(json).expect("valid")
}

fn apply(mapping: &Mapping, json: &str) -> Result<Vec<(Text, Option<Value>)>, Problem> {
    mapping.apply(&Scope::new(&record(json)), Moment::Change)
}

fn said(pairs: &[(&str, Option<Value>)]) -> Result<Vec<(Text, Option<Value>)>, Problem> {
    Ok(pairs.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
}

#[test]
fn three_states_of_a_value_have_three_effects() {
    let map = mapping(&[
        ("displayName", plain("source.name")),
        ("title", full("source.title", |table| table.on_null = OnNull::Clear)),
    ]);
    let both = said(&[("displayName", Some("n".into())), ("title", Some("t".into()))]);
    assert_eq!(apply(&map, r#"{"name":"n","title":"t"}"#), both);
    assert_eq!(apply(&map, r#"{"name":null,"title":null}"#), said(&[("title", Some(Value::Null))]));
    assert_eq!(apply(&map, "{}"), said(&[]));
    let blank = mapping(&[("title", full("source.a + \" \"", |table| table.on_null = OnNull::Clear))]);
    assert_eq!(
        apply(&blank, r#"{"a":" "}"#).map_err(|problem| problem.reason),
        Err(crate::problem::Problem::mapping("").reason)
    );
    let blank = mapping(&[("title", full("Append(source.a, \" \")", |table| table.on_null = OnNull::Clear))]);
    assert_eq!(apply(&blank, r#"{"a":null}"#), said(&[("title", Some(Value::Null))]), "an empty text is none");
}

#[test]
fn conditions_withdraw_and_unknown_conditions_say_nothing() {
    let map = mapping(&[("title", full("source.t", |table| table.when = Some("source.kind == \"staff\"".into())))]);
    assert_eq!(apply(&map, r#"{"t":"x","kind":"staff"}"#), said(&[("title", Some("x".into()))]));
    assert_eq!(apply(&map, r#"{"t":"x","kind":"guest"}"#), said(&[("title", None)]));
    assert_eq!(apply(&map, r#"{"t":"x"}"#), said(&[]));
}

#[test]
fn some_rules_speak_only_once() {
    let map = mapping(&[
        ("userName", full("source.u", |table| table.apply = Apply::OnCreate)),
        ("nickName", full("source.u", |table| table.apply = Apply::OnLink)),
        ("title", full("source.u", |table| table.strength = Strength::Weak)),
    ]);
    let record = record(r#"{"u":"x"}"#);
    let names = |moment, known: &Attributes| {
        let scope = Scope::new(&record).with_known(known);
        let said = map.apply(&scope, moment).expect("applies");
        said.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let none = Attributes::new();
    assert_eq!(names(Moment::Create, &none), ["title", "userName"]);
    assert_eq!(names(Moment::Link, &none), ["nickName", "title"]);
    assert_eq!(names(Moment::Change, &none), ["title"]);
    let known = [("title".to_owned(), Value::from("held"))].into_iter().collect();
    assert_eq!(names(Moment::Change, &known), Vec::<String>::new());
}

#[test]
fn targets_of_the_hub_have_types() {
    let map = Mapping::identity(Class::Account);
    let made = apply(
        &map,
        r#"{"emails.work":"A@B.C","phoneNumbers.mobile":"+86 138 0013 8000","employeeNumber":7,"active":"是",
            "manager":"42","orgUnit":["u1"],"orgUnits":["u1",{"ref":"org-unit","id":"u2"}],"custom":{"a":1},"gone":null}"#,
    )
    .expect("fits");
    let unit = |id: &str| Value::Reference { class: Class::OrgUnit, id: id.into() };
    let get = |name: &str| made.iter().find(|(other, _)| other == name).and_then(|(_, value)| value.clone());
    assert_eq!(get("emails.work"), Some("A@b.c".into()));
    assert_eq!(get("phoneNumbers.mobile"), Some("+8613800138000".into()));
    assert_eq!(get("employeeNumber"), Some("7".into()));
    assert_eq!(get("active"), Some(Value::Bool(true)));
    assert_eq!(get("manager"), Some(Value::Reference { class: Class::Account, id: "42".into() }));
    assert_eq!(get("orgUnit"), Some(unit("u1")));
    assert_eq!(get("orgUnits"), Some(Value::List(vec![unit("u1"), unit("u2")])));
    assert_eq!(get("gone"), None);
    for (json, words) in [
        (r#"{"emails.work":"nobody"}"#, "\"emails.work\" is no e-mail address"),
        (r#"{"phoneNumbers.mobile":"1.38E+10"}"#, "damaged by a spreadsheet"),
        (r#"{"userName":true}"#, "must be a text and is a bool"),
        (r#"{"active":"maybe"}"#, "true or false"),
        (r#"{"manager":{"ref":"group","id":"1"}}"#, "refer to account"),
    ] {
        let problem = apply(&map, json).expect_err(json);
        assert!(problem.message.contains(words), "{problem}");
        assert!(!problem.message.contains("maybe") && !problem.message.contains("nobody"), "{problem}");
    }
}

#[test]
fn a_failed_rule_is_named_and_is_not_a_null() {
    let map = mapping(&[("title", plain("source.a + source.b"))]);
    let problem = apply(&map, r#"{"a":"secret","b":1}"#).expect_err("types differ");
    assert_eq!(problem.reason, rosterd_model::quarantine::QuarantineReason::Mapping);
    for words in ["\"title\"", "source.a + source.b", "string", "int"] {
        assert!(problem.message.contains(words), "{problem}");
    }
    assert!(!problem.message.contains("secret"), "{problem}");
}

#[test]
fn every_bad_rule_is_reported() {
    let bad = rules(&[
        ("title", plain("sorce.title")),
        ("", plain("source.a")),
        ("nickName", full("source.a", |table| table.when = Some("(".into()))),
        ("displayName", plain("source.ok")),
    ]);
    let errors = Mapping::compile(Class::Account, &bad, "source", None).expect_err("refused");
    let names: Vec<&str> = errors.iter().map(|error| error.attribute.as_str()).collect();
    assert_eq!(names, ["", "nickName", "title"]);
}

#[test]
fn the_digest_follows_the_text_and_nothing_else() {
    let one = mapping(&[("title", plain("source.t")), ("displayName", plain("source.n"))]);
    let same = mapping(&[("displayName", plain("source.n")), ("title", full("source.t", |_| {}))]);
    let other = mapping(&[
        ("displayName", plain("source.n")),
        ("title", full("source.t", |table| table.on_null = OnNull::Clear)),
    ]);
    assert_eq!(one.digest(), same.digest());
    assert_ne!(one.digest(), other.digest());
    assert_eq!(one.text(), "account from source\n\"displayName\" = \"source.n\"\n\"title\" = \"source.t\"\n");
    assert_eq!(one.rule("title"), Some("source.t"));
    assert_eq!(one.rule("none"), None);
    let none = Mapping::compile(Class::Account, &BTreeMap::new(), "source", None).expect("valid");
    assert!(none.is_identity() && none.digest() == Mapping::identity(Class::Account).digest());
}

proptest! {
    #[test]
    fn the_identity_keeps_what_a_class_does_not_know(record in crate::strategy::attributes()) {
        let said = Mapping::identity(Class::Account).apply(&Scope::new(&record), Moment::Change).expect("unknown names");
        let expected: Vec<_> = record.iter().filter(|(_, value)| **value != Value::Null)
            .map(|(name, value)| (name.into(), Some(value.clone()))).collect();
        prop_assert_eq!(said, expected);
    }

    #[test]
    fn no_value_makes_a_target_panic(value in crate::strategy::value(), index in 0usize..30) {
        for class in Class::ALL {
            let names = crate::schema::names(class);
            let once = target::fit(class, names[index % names.len()], value.clone());
            if let Ok(once) = once {
                prop_assert_eq!(target::fit(class, names[index % names.len()], once.clone()), Ok(once));
            }
        }
    }
}
