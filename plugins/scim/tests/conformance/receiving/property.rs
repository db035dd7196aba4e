//! What holds for all filters, resources and changes.

use super::Client;
use proptest::prelude::*;
use rosterd_plugin_scim::receiver::filter::{Filter, Is, Name, matches, parse};
use rosterd_plugin_scim::receiver::schema::Kind;
use rosterd_plugin_scim::receiver::{accept, patch, stored};
use rosterd_sdk::Class;
use serde_json::{Map, Value, json};

const NAMES: &[&str] = &[
    "userName",
    "externalId",
    "title",
    "active",
    "emails",
    "emails.value",
    "emails.type",
    "name.familyName",
    "id",
    "meta.lastModified",
    "roles",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
    "favourite",
    "addresses.locality",
];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => prop::sample::select(vec!["a", "A", "b", "ab", "work", "home", "true", "2026-01-01T00:00:00Z"]).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => (0..3_i64).prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn compare(names: &'static [&'static str]) -> impl Strategy<Value = Filter> {
    const ALL: [Is; 10] = [Is::Eq, Is::Ne, Is::Co, Is::Sw, Is::Ew, Is::Gt, Is::Ge, Is::Lt, Is::Le, Is::Pr];
    (prop::sample::select(names), prop::sample::select(ALL.to_vec()), value()).prop_map(|(name, is, value)| {
        let fits = match is {
            Is::Eq | Is::Ne => value,
            Is::Pr => Value::Null,
            _ => value.as_str().unwrap_or("a").into(),
        };
        Filter::Compare(Name::of(name).unwrap(), is, fits)
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let within = compare(&["type", "value", "primary"])
        .prop_map(|inner| Filter::Within(Name::of("emails").unwrap(), Box::new(inner)));
    let both = (compare(&["type"]), compare(&["value"]), any::<bool>()).prop_map(|(one, other, and)| {
        let list = vec![one, other];
        Filter::Within(Name::of("emails").unwrap(), Box::new(if and { Filter::And(list) } else { Filter::Or(list) }))
    });
    prop_oneof![6 => compare(NAMES), 1 => within, 1 => both].prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|one| Filter::Not(Box::new(one))),
        ]
    })
}

/// As it is written.
fn text(filter: &Filter) -> String {
    let joined =
        |list: &[Filter], word: &str| list.iter().map(|one| format!("({})", text(one))).collect::<Vec<_>>().join(word);
    match filter {
        Filter::And(list) => joined(list, " AND "),
        Filter::Or(list) => joined(list, " or "),
        Filter::Not(inner) => format!("not ({})", text(inner)),
        Filter::Compare(name, Is::Pr, _) => format!("{} pr", name.text()),
        Filter::Compare(name, is, value) => format!("{} {} {value}", name.text(), is.word()),
        Filter::Within(name, inner) => format!("{}[{}]", name.text(), text(inner)),
    }
}

fn user() -> impl Strategy<Value = Map<String, Value>> {
    let word = || prop::sample::select(vec!["a", "A", "b", "ab", "work", "home", "ü", "a.b"]);
    let email = (prop::option::of(word()), prop::option::of(word()), any::<bool>())
        .prop_map(|(kind, value, primary)| json!({ "type": kind, "value": value, "primary": primary.then_some(true) }));
    let maybe = || prop::option::of(word());
    (word(), maybe(), maybe(), maybe(), prop::collection::vec(email, 0..3), prop::option::of(any::<bool>()), maybe(), maybe(), maybe()).prop_map(
        |(name, external, title, family, mut emails, active, department, manager, favourite)| {
            let mut seen = false;
            for email in &mut emails {
                if email["primary"] == true && std::mem::replace(&mut seen, true) {
                    email["primary"] = Value::Null;
                }
            }
            let all = json!({
                "userName": name, "externalId": external, "title": title, "name": { "familyName": family }, "emails": emails, "active": active,
                "roles": favourite.map(|one| vec![one]), "favourite": favourite, "addresses": [{ "type": title, "locality": family, "formatted": external }],
                super::ENTERPRISE: { "department": department, "manager": manager }, "urn:x:y:User": { "k.1": favourite, "list": [title, 7, { "deep": name }] }
            });
            let mut all = all.as_object().unwrap().clone();
            all.get_mut("urn:x:y:User").unwrap().as_object_mut().unwrap().shift_remove("k.1");
            all
        },
    )
}

fn accepted(body: &Map<String, Value>) -> stored::Resource {
    accept::whole(Kind::User, body.clone(), &Kind::User.extensions(&settings())).unwrap()
}

fn settings() -> rosterd_plugin_scim::settings::Settings {
    serde_json::from_value(json!({})).unwrap()
}

fn operation() -> impl Strategy<Value = Value> {
    let path = prop::sample::select(vec![
        "userName",
        "title",
        "active",
        "name",
        "name.familyName",
        "emails",
        "emails.value",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "emails[value sw \"a\"].primary",
        "roles",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "urn:x:y:User:list",
        "favourite",
        "addresses[type eq \"a\"].locality",
    ]);
    let given = prop_oneof![
        value(),
        value().prop_map(|value| json!({ "value": value, "type": "work" })),
        value().prop_map(|value| json!([{ "value": value }])),
        value().prop_map(|value| json!({ "familyName": value, "department": value })),
    ];
    (prop::sample::select(vec!["add", "Replace", "remove"]), prop::option::of(path), given)
        .prop_map(|(op, path, value)| json!({ "op": op, "path": path, "value": value }))
}

proptest! {
    #[test]
    fn a_filter_is_read_as_it_is_written(filter in filter()) {
        prop_assert_eq!(parse::filter(&text(&filter)), Ok(filter));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "([a-z.:$\\[\\]() \"\\\\]|eq|and|not|pr|urn:|é){0,24}") {
        if let Ok(filter) = parse::filter(&text) {
            drop(rosterd_plugin_scim::receiver::filter::bound::bound(Kind::User, &filter));
        }
        if let Ok(path) = parse::path(&text) {
            prop_assert!(!path.name.attribute.is_empty());
        }
    }

    #[test]
    fn what_is_kept_is_shown_as_it_came(body in user()) {
        let resource = accepted(&body);
        let kept = stored::stored(Kind::User, resource.clone(), &mut |_| Class::Account);
        let shown = stored::resource(Kind::User, kept);
        prop_assert_eq!(Value::Object(shown.clone()), Value::Object(resource));
        prop_assert_eq!(Value::Object(accepted(&shown)), Value::Object(shown));
    }

    #[test]
    fn a_listing_gives_exactly_what_fits(users in prop::collection::vec(user(), 1..5), filter in filter()) {
        let mut client = Client::new();
        for (at, mut body) in users.into_iter().enumerate() {
            body["userName"] = format!("{}{at}", body["userName"].as_str().unwrap()).into();
            client.made("Users", &Value::Object(body));
        }
        let all = client.get("/Users").body["Resources"].as_array().unwrap().clone();
        let said = client.call("POST", "/Users/.search", &json!({ "filter": text(&filter) }));
        if said.status == 400 {
            prop_assert_eq!(&said.body["scimType"], "invalidFilter");
            return Ok(());
        }
        let known = filter.renamed(&|name: Name| name.resolved(Kind::User.schema(), [super::ENTERPRISE].into_iter()));
        let fitting: Vec<&Value> = all.iter().filter(|one| matches::fits(Kind::User, one.as_object().unwrap(), &known)).collect();
        prop_assert_eq!(said.body["Resources"].as_array().unwrap().iter().collect::<Vec<_>>(), fitting);
        prop_assert_eq!(&said.body["totalResults"], &json!(said.body["Resources"].as_array().unwrap().len()));
    }

    #[test]
    fn a_change_is_kept_as_it_is_shown_and_done_twice_is_done_once(body in user(), operations in prop::collection::vec(operation(), 1..4)) {
        let mut client = Client::new();
        let id = client.made("Users", &Value::Object(body));
        let path = format!("/Users/{id}");
        let before = client.get(&path).body;
        let said = client.patch(&path, &json!(operations));
        if said.status != 200 {
            prop_assert!(said.status == 400, "{:?}", said);
            prop_assert_eq!(client.get(&path).body, before);
            return Ok(());
        }
        prop_assert_eq!(&client.get(&path).body, &said.body);
        let primary = said.body["emails"].as_array().into_iter().flatten().filter(|one| one["primary"] == true).count();
        prop_assert!(primary <= 1);
        let put = client.call("PUT", &path, &said.body);
        prop_assert_eq!(put.body, said.body, "what is shown can be sent back");
    }

    #[test]
    fn members_come_and_go_as_if_the_group_were_read(there in prop::collection::btree_set("[a-f]", 0..5), steps in prop::collection::vec((any::<bool>(), "[a-f]"), 1..4)) {
        let mut client = Client::new();
        let list: Vec<Value> = there.iter().map(|id| json!({ "value": id, "type": "User" })).collect();
        let id = client.made("Groups", &json!({ "displayName": "g", "members": list }));
        let one = |(add, member): &(bool, String)| if *add { json!({ "op": "add", "path": "members", "value": [{ "value": member }] }) } else { json!({ "op": "remove", "path": format!("members[value eq \"{member}\"]") }) };
        let operations: Vec<Value> = steps.iter().map(one).collect();
        let mut wanted = there;
        for (add, member) in steps {
            if add { wanted.insert(member); } else { wanted.remove(&member); }
        }
        prop_assert_eq!(client.patch(&format!("/Groups/{id}"), &json!(operations)).status, 204);
        let said = client.get(&format!("/Groups/{id}"));
        let found: std::collections::BTreeSet<String> = said.body["members"].as_array().into_iter().flatten().map(|one| one["value"].as_str().unwrap().to_owned()).collect();
        prop_assert_eq!(found, wanted);
    }
}

#[test]
fn operations_are_bounded() {
    let extensions = Kind::User.extensions(&settings());
    let rules = patch::Rules { kind: Kind::User, extensions: &extensions, creates: true };
    let many = json!({ "Operations": vec![json!({ "op": "remove", "path": "title" }); 1001] });
    assert_eq!(patch::operations(rules, many.as_object().unwrap()).unwrap_err().status, 413);
    let deep = format!("{}a pr{}", "(".repeat(50), ")".repeat(50));
    let wide = vec!["a pr"; 200].join(" or ");
    let long = format!("a eq \"{}\"", "x".repeat(20_000));
    for text in [deep, wide, long] {
        assert!(parse::filter(&text).is_err());
    }
}
