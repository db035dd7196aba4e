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

#[test]
fn a_mapping_has_512_rules_and_a_name_256_bytes() {
    let many = |count: usize| {
        let rules = (0..count).map(|n| (format!("a{n}"), plain("source.a"))).collect();
        Mapping::compile(Class::Account, &rules, "source", None)
    };
    assert!(many(512).is_ok());
    for count in [513, 600] {
        assert!(many(count).expect_err("refused")[0].message.contains("more than 512"));
    }
    let named = |name: &str| Mapping::compile(Class::Account, &rules(&[(name, plain("source.a"))]), "source", None);
    assert!(named(&"x".repeat(256)).is_ok());
    for wrong in [&"x".repeat(257), &"x".repeat(300), " a", "a ", "a\nb", "\u{7}"] {
        assert!(named(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_name_that_is_made_is_made_once_and_finished_by_who_knows_all_names() {
    let unique = |table: &mut RuleTable| table.unique = Some("{}{n}@example.com".to_owned());
    let map = mapping(&[("emails.work", full("source.u", unique)), ("title", plain("source.u"))]);
    let record = record(r#"{"u":"li.wei"}"#);
    let names = |moment| {
        let said = map.apply(&Scope::new(&record), moment).expect("the beginning of a name is no address yet");
        said.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(Moment::Create), ["emails.work", "title"]);
    assert_eq!(names(Moment::Change), ["title"]);
    assert_eq!(names(Moment::Link), ["title"]);
    let templates: Vec<_> = map.unique().map(|(name, template)| (name, template.to_string())).collect();
    assert_eq!(templates, [("emails.work", "{}{n}@example.com".to_owned())]);
    assert!(map.text().contains("unique \"{}{n}@example.com\""), "another template is another mapping");
    assert_eq!(map.finish("emails.work", "Li@EXAMPLE.com".to_owned()), Ok("Li@example.com".into()));
    let problem = map.finish("emails.work", "li".to_owned()).expect_err("no address");
    assert!(problem.to_string().contains("correct its template"), "{problem}");
    let outbound = Mapping::compile(Class::Account, &rules(&[("mail", full("account.u", unique))]), "account", None);
    assert!(outbound.expect_err("refused")[0].message.contains("no meaning for a destination"));
}

#[test]
fn an_address_that_a_rule_gives_is_checked_as_one_that_a_record_gives() {
    let map = mapping(&[("emails.work", plain("source.u"))]);
    assert!(apply(&map, r#"{"u":"nobody"}"#).expect_err("no @").message.contains("no @"));
    let outbound = Mapping::compile(Class::Account, &rules(&[("emails.work", plain("account.u"))]), "account", None);
    let said = outbound.expect("valid").apply(&Scope::new(&record(r#"{"u":"nobody"}"#)), Moment::Change);
    assert_eq!(said.map(|said| said.len()), Ok(1), "what a destination holds is its own business");
}

#[test]
fn a_rule_of_normal_strength_speaks_over_what_is_held() {
    let map = mapping(&[
        ("nickName", plain("source.u")),
        ("title", full("source.u", |table| table.strength = Strength::Weak)),
    ]);
    assert!(map.has_weak() && !mapping(&[("title", plain("source.u"))]).has_weak());
    let (record, known) = (record(r#"{"u":"x"}"#), record(r#"{"nickName":"held","title":null}"#));
    let said = map.apply(&Scope::new(&record).with_known(&known), Moment::Change).expect("applies");
    assert_eq!(said.len(), 2, "and a weak one over what is empty");
}

#[test]
fn a_rule_reads_what_its_value_and_its_condition_read() {
    let map = mapping(&[
        ("nickName", plain("source.n")),
        ("title", full("source.t", |table| table.when = Some("source.kind == \"staff\"".into()))),
    ]);
    assert_eq!(map.reads_of("title"), ["t", "kind"]);
    assert_eq!(map.reads_of("nickName"), ["n"]);
    assert_eq!(map.reads_of("none"), [] as [&str; 0]);
    assert_eq!(Mapping::identity(Class::Account).reads_of("title"), ["title"]);
}

#[test]
fn a_value_that_a_person_gives_must_fit_its_attribute() {
    let fit = |attribute: &str, value: Value| fit_value(Class::Account, attribute, value);
    assert_eq!(fit("emails.work", "A@B.C".into()), Ok("A@b.c".into()));
    assert_eq!(fit("emails.work", Value::Null), Ok(Value::Null), "he may empty it");
    assert!(fit("emails.work", "nobody".into()).is_err());
}

#[test]
fn several_values_are_no_single_one_and_words_of_both_languages_are_true_or_false() {
    let list = |values: &[&str]| Value::List(values.iter().map(|value| Value::from(*value)).collect());
    let fit = |attribute: &str, value: Value| fit_value(Class::Account, attribute, value);
    for attribute in ["title", "orgUnit", "manager", "emails.work"] {
        assert!(fit(attribute, list(&["a", "b"])).is_err(), "{attribute}");
        assert!(fit(attribute, list(&[])).is_err(), "{attribute}");
    }
    assert_eq!(fit("title", list(&["a"])), Ok("a".into()));
    assert!(fit("title", Value::Decimal(1.5)).is_err());
    for (word, expected) in
        [("TRUE", true), ("yes", true), ("1", true), ("启用", true), ("False", false), ("no", false), ("否", false)]
    {
        assert_eq!(fit("active", word.into()), Ok(Value::Bool(expected)), "{word}");
    }
    assert_eq!(fit("active", Value::Integer(0)), Ok(Value::Bool(false)));
    assert!(fit("active", Value::Integer(2)).is_err());
    let unit = |id: &str| Value::Reference { class: Class::OrgUnit, id: id.into() };
    assert_eq!(fit("orgUnit", Value::Integer(7)), Ok(unit("7")));
    assert_eq!(fit("orgUnit", unit("7")), Ok(unit("7")));
    assert_eq!(fit("orgUnit", "x".repeat(1024).into()), Ok(unit(&"x".repeat(1024))));
    assert!(fit("orgUnit", "x".repeat(1025).into()).is_err() && fit("orgUnit", "".into()).is_err());
}

#[test]
fn whoever_asks_why_is_told_what_each_rule_came_to() {
    use trace::Outcome as Came;
    let map = mapping(&[
        ("costCenter", full("source.gone", |table| table.on_null = OnNull::Clear)),
        ("department", full("source.none", |table| table.on_null = OnNull::Clear)),
        ("division", full("source.u", |table| table.apply = Apply::OnLink)),
        ("emails.work", plain("source.u")),
        ("nickName", full("source.u", |table| table.when = Some("source.u == \"z\"".into()))),
        ("title", plain("source.u + 1")),
        ("userName", full("source.u", |table| table.apply = Apply::OnCreate)),
    ]);
    let record = record(r#"{"u":"x","none":null}"#);
    let traced = map.trace(&Scope::new(&record), Moment::Create);
    let came: Vec<_> = traced.iter().map(|rule| (rule.attribute.as_str(), &rule.outcome)).collect();
    let value = Came::Value("x".into());
    assert_eq!(came[..3], [("costCenter", &Came::Nothing), ("department", &Came::Empty), ("division", &Came::NotNow),]);
    assert!(matches!(came[3].1, Came::Failed(because) if because.contains("no @")), "{came:?}");
    assert_eq!(came[4], ("nickName", &Came::Withdrawn));
    assert!(matches!(came[5].1, Came::Failed(because) if because.contains("string and int")), "{came:?}");
    assert_eq!(came[6], ("userName", &value));
    assert_eq!((traced[4].from.as_str(), traced[4].when.as_deref()), ("source.u", Some("source.u == \"z\"")));
    assert!(map.is_once("userName") && map.is_once("division") && !map.is_once("title") && !map.is_once("none"));

    let traced = Mapping::identity(Class::Account).trace(&Scope::new(&record), Moment::Change);
    let came: Vec<_> = traced.iter().map(|rule| (rule.from.as_str(), &rule.outcome)).collect();
    assert_eq!(came, [("source.u", &value)], "what is null says nothing");
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

#[test]
fn rules_that_are_otherwise_are_found_and_say_the_same_as_the_whole() {
    let before =
        mapping(&[("displayName", plain("source.n")), ("title", plain("source.t")), ("userName", plain("source.u"))]);
    let after = mapping(&[
        ("displayName", plain("source.n")),
        ("nickName", full("source.a.b", |table| table.when = Some("has(source.kind) && 'x' in source".into()))),
        ("title", full("source.t", |table| table.on_null = OnNull::Clear)),
    ]);
    let changed = after.changed_since(before.text()).expect("both have rules");
    assert_eq!(changed.attributes(), ["nickName", "title"], "one is new, one says otherwise, and one is gone");
    let read: Vec<&str> = ["a", "a.b", "a.b.c", "ab", "kind", "n", "t", "tt", "u", "x"]
        .into_iter()
        .filter(|name| changed.may_read(name.as_bytes()))
        .collect();
    assert_eq!(read, ["a", "a.b", "a.b.c", "kind", "t", "x"]);
    let record = record(r#"{"n":"N","t":null,"a.b":"B","kind":1,"x":1}"#);
    let whole = after.apply(&Scope::new(&record), Moment::Change).expect("applies");
    let part = after.apply_changed(&changed, &Scope::new(&record), Moment::Change).expect("applies");
    assert_eq!(part, whole.into_iter().filter(|(name, _)| name != "displayName").collect::<Vec<_>>());
    assert!(after.changed_since(after.text()).expect("the same").is_empty());
}

#[test]
fn where_anything_may_be_otherwise_no_rules_are_named() {
    let rules = [("title", plain("source.t"))];
    let after = mapping(&rules);
    let identity = Mapping::identity(Class::Account);
    assert_eq!(after.changed_since(identity.text()), None);
    assert_eq!(identity.changed_since(after.text()), None);
    assert_eq!(after.changed_since(&after.text().replace("account from", "group from")), None);
    assert_eq!(after.changed_since(""), None);
    let weak = mapping(&[("title", full("source.t", |table| table.strength = Strength::Weak))]);
    assert_eq!(weak.changed_since(after.text()), None, "it asks what its target holds");
    assert!(after.changed_since(weak.text()).is_some_and(|changed| !changed.is_empty()));
    // It is known only later which attribute is asked for.
    let any = mapping(&[("title", plain("source.t in source"))]);
    assert!(any.changed_since(after.text()).is_some_and(|changed| changed.may_read(b"whatever")));
}
