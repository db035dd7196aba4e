use super::*;
use crate::json_attributes;
use proptest::prelude::*;
use serde_json::json;

fn person() -> (ExternalId, Attributes) {
    let attributes = json_attributes(
        r#"{"userName":"Ann","active":true,"age":41,"score":1.5,"title":"","code":"abcd-efghijklmnopqrst","since":"2026-01-05T08:00:00+08:00",
            "name":{"familyName":"Li"},"externalId":"Ab","boss":{"ref":"account","id":"u9"},
            "emails":[{"type":"home","value":"ann@home.example"},{"type":"work","value":"Ann@Work.example","primary":true}]}"#,
    );
    ("u1".into(), attributes.unwrap())
}

fn compare(attribute: &str, is: Comparison, value: Json) -> Filter {
    Filter::Compare { attribute: attribute.to_owned(), is, value }
}

fn holds(attribute: &str, is: Comparison, value: Json) -> bool {
    let (id, attributes) = person();
    fits(&compare(attribute, is, value), &id, &attributes)
}

#[test]
fn comparisons_are_those_of_the_rfc() {
    use Comparison::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Pr, Sw};
    for (attribute, is, value) in [
        ("USERNAME", Eq, json!("aNN")),
        ("userName", Ne, json!("bob")),
        ("userName", Sw, json!("an")),
        ("userName", Gt, json!("aaa")),
        ("active", Eq, json!(true)),
        ("active", Ne, json!(false)),
        ("age", Ge, json!(41)),
        ("age", Lt, json!(41.5)),
        ("score", Gt, json!(1)),
        ("emails.value", Eq, json!("ANN@work.example")),
        ("emails", Co, json!("@home")),
        ("emails.value", Ew, json!("work.example")),
        ("externalId", Eq, json!("Ab")),
        ("id", Eq, json!("u1")),
        ("boss.value", Eq, json!("u9")),
        ("since", Eq, json!("2026-01-05T00:00:00Z")),
        ("since", Le, json!("2026-01-05T00:00:00.000Z")),
        ("name", Pr, Json::Null),
        ("id", Pr, Json::Null),
        ("title", Eq, Json::Null),
        ("nothing", Ne, json!("x")),
        ("nothing", Eq, Json::Null),
        ("userName", Ne, Json::Null),
        // Twenty signs with a dash at the fifth place, and no time.
        ("code", Eq, json!("abcd-efghijklmnopqrst")),
    ] {
        assert!(holds(attribute, is, value.clone()), "{attribute} {is:?} {value}");
    }
    for (attribute, is, value) in [
        ("externalId", Eq, json!("ab")),
        ("id", Eq, json!("U1")),
        ("title", Pr, Json::Null),
        ("nothing", Eq, json!("x")),
        ("active", Gt, json!("true")),
        ("age", Eq, json!("41")),
        ("emails.value", Ne, json!("ann@home.example")),
        ("userName", Eq, Json::Null),
        ("name", Eq, json!("li")),
        ("title", Ne, Json::Null),
        ("score", Lt, json!(1)),
        ("age", Gt, json!(41.5)),
        ("since", Gt, json!("2026-01-05T00:00:00Z")),
    ] {
        assert!(!holds(attribute, is, value.clone()), "{attribute} {is:?} {value}");
    }
}

#[test]
fn an_index_serves_where_every_fit_is_among_its_rows() {
    let name = compare("username", Comparison::Eq, json!("Ann"));
    let probe = Probe::Value("userName", "ann".to_owned());
    let open = compare("title", Comparison::Pr, Json::Null);
    assert_eq!(probes(&name), Some(vec![probe.clone()]));
    assert_eq!(probes(&Filter::And(vec![open.clone(), name.clone()])), Some(vec![probe.clone()]));
    assert_eq!(probes(&Filter::Or(vec![open.clone(), name.clone()])), None);
    let id = compare("id", Comparison::Eq, json!("u1"));
    assert_eq!(probes(&Filter::Or(vec![id, name.clone()])), Some(vec![Probe::Id("u1".into()), probe]));
    assert_eq!(probes(&Filter::Not(Box::new(name))), None);
    assert_eq!(probes(&compare("userName", Comparison::Sw, json!("a"))), None);
    assert_eq!(
        probes(&compare("emails", Comparison::Eq, json!("A@x"))),
        Some(vec![Probe::Value("emails.value", "a@x".into())])
    );
}

#[test]
fn who_has_nothing_to_be_sorted_by_comes_last_and_the_primary_value_counts() {
    let sort = |attribute: &str, descending| vec![Sort { attribute: attribute.to_owned(), descending }];
    let keys = |text: &str| sort_keys(&sort("emails.value", false), &"x".into(), &json_attributes(text).unwrap());
    let (id, attributes) = person();
    let ann = sort_keys(&sort("emails.value", false), &id, &attributes);
    assert_eq!(ann, [SortKey::Text("ann@work.example".into())]);
    let bob = keys(r#"{"emails":["bob@x"]}"#);
    let none = keys("{}");
    for (a, b) in [(&ann, &bob), (&bob, &none)] {
        assert_eq!(order(&sort("emails.value", false), a, b), Ordering::Less);
        assert_eq!(order(&sort("emails.value", true), a, b), Ordering::Greater);
    }
}

#[test]
fn values_of_one_kind_are_sorted_by_value_and_kinds_stand_apart() {
    let sort = |descending| vec![Sort { attribute: "x".to_owned(), descending }];
    let ascending = [
        SortKey::Bool(false),
        SortKey::Bool(true),
        SortKey::Number(-2.0),
        SortKey::Number(1.5),
        SortKey::Text("a".into()),
        SortKey::Text("b".into()),
        SortKey::None,
    ];
    for pair in ascending.windows(2) {
        let (a, b) = (&pair[..1], &pair[1..]);
        assert_eq!(order(&sort(false), a, b), Ordering::Less, "{pair:?}");
        assert_eq!(order(&sort(true), a, b), Ordering::Greater, "{pair:?}");
        assert_eq!(order(&sort(false), a, a), Ordering::Equal);
    }
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let is = prop_oneof![Just(Comparison::Eq), Just(Comparison::Ne), Just(Comparison::Co), Just(Comparison::Pr)];
    let attribute = prop_oneof![Just("userName"), Just("emails"), Just("emails.value"), Just("id"), Just("title")];
    let leaf = (attribute, is, "[aAbB]{1,2}").prop_map(|(attribute, is, text)| {
        let value = if is == Comparison::Pr { Json::Null } else { Json::from(text) };
        compare(attribute, is, value)
    });
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    /// Whoever fits is found by a probe: an index may show too many, and never too few.
    #[test]
    fn no_probe_misses_who_fits(filter in any_filter(), name in "[aAbB]{1,2}", mail in "[aAbB]{1,2}", id in "[ab]{1,2}") {
        let text = json!({ "userName": name, "emails": [{ "value": mail }], "title": "x" }).to_string();
        let attributes = json_attributes(&text).unwrap();
        let id = ExternalId::from(id.as_str());
        if let (Some(probes), true) = (probes(&filter), fits(&filter, &id, &attributes)) {
            let keys = rosterd_model::directory::keys_of(&attributes);
            let met = |probe: &Probe| match probe {
                Probe::Id(asked) => *asked == id,
                Probe::Value(attribute, value) => keys.contains(&(*attribute, value.clone())),
            };
            prop_assert!(probes.iter().any(met), "{filter:?}");
        }
    }

    /// The opposite of a filter fits exactly whom the filter does not.
    #[test]
    fn not_is_the_opposite(filter in any_filter(), name in "[aAbB]{1,2}") {
        let attributes = json_attributes(&json!({ "userName": name }).to_string()).unwrap();
        let id = ExternalId::from("a");
        let not = Filter::Not(Box::new(filter.clone()));
        prop_assert_ne!(fits(&filter, &id, &attributes), fits(&not, &id, &attributes));
    }
}
