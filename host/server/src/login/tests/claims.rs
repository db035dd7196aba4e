use super::*;
use proptest::prelude::*;

const TENANT: &str = "0b1e3d5f-0000-4000-8000-000000000001";

fn settings(preset: &str, issuer: &str, more: &str) -> LoginSettings<String> {
    let text = format!(
        "connection = \"id\"\nissuer = \"{issuer}\"\nclient-id = \"c\"\npreset = \"{preset}\"\nemail-domains = [\"acme.example\"]\n{more}"
    );
    toml::from_str(&text).expect("settings")
}

fn entra() -> LoginSettings<String> {
    settings("entra-id", &format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "")
}

fn okta(more: &str) -> LoginSettings<String> {
    settings("okta", "https://acme.okta.example", more)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn refusal(settings: &LoginSettings<String>, claims: Value) -> Refusal {
    person(settings, &object(claims), None).expect_err("refused").refusal
}

#[test]
fn in_entra_id_the_person_is_tenant_and_object_id_and_nothing_else() {
    let claims = json!({ "sub": "pairwise", "tid": TENANT, "oid": "o-1", "upn": "a@x", "preferred_username": "a@x" });
    let person = person(&entra(), &object(claims), None).expect("a person");
    assert_eq!(person.id.as_str(), format!("https://login.microsoftonline.com/{TENANT}/v2.0#o-1"));
    assert_eq!(person.attributes["subject"], "o-1");
    assert!(!person.attributes.contains_key("upn") && !person.attributes.contains_key("userName"));
    assert_eq!(refusal(&entra(), json!({ "sub": "s", "tid": "another", "oid": "o-1" })), Refusal::Tenant);
    assert_eq!(refusal(&entra(), json!({ "sub": "s", "oid": "o-1" })), Refusal::Tenant);
    assert_eq!(refusal(&entra(), json!({ "sub": "s", "tid": TENANT })), Refusal::Subject);
}

#[test]
fn in_entra_id_an_address_counts_only_if_the_domain_is_the_tenants() {
    let mail = |edov: Value| {
        let claims = json!({ "tid": TENANT, "oid": "o", "email": "victim@acme.example", "email_verified": true, "xms_edov": edov });
        person(&entra(), &object(claims), None).expect("a person").attributes.get("emails.work").cloned()
    };
    for no in [Value::Null, json!(false), json!("false"), json!(0), json!([true])] {
        assert_eq!(mail(no.clone()), None, "{no}");
    }
    for yes in [json!(true), json!("true"), json!(1), json!("1")] {
        assert_eq!(mail(yes.clone()), Some(json!("victim@acme.example")), "{yes}");
    }
}

#[test]
fn an_address_is_taken_as_it_is_or_not_at_all() {
    let mail = |address: Value, verified: Value| {
        let claims = json!({ "sub": "u", "email": address, "email_verified": verified });
        person(&okta(""), &object(claims), None).expect("a person").attributes.get("emails.work").cloned()
    };
    assert_eq!(mail(json!("Ann@ACME.example"), json!("true")), Some(json!("Ann@acme.example")));
    for (address, verified) in [
        (json!("ann@acme.example"), json!("yes")),
        (json!("ann@acme.example"), Value::Null),
        (json!("ann@other.example"), json!(true)),
        (json!("ann@sub.acme.example"), json!(true)),
        (json!("ann@acme.example@evil"), json!(true)),
        (json!("\u{430}nn@acme.example"), json!(true)),
        (json!("ann@acm\u{435}.example"), json!(true)),
        (json!(["ann@acme.example"]), json!(true)),
        (json!("@acme.example"), json!(true)),
        (json!("a,b@acme.example"), json!(true)),
    ] {
        assert_eq!(mail(address.clone(), verified.clone()), None, "{address} {verified}");
    }
}

#[test]
fn the_word_for_one_address_does_not_vouch_for_another_one() {
    let token = object(json!({ "sub": "u", "email": "evil@acme.example" }));
    let userinfo = object(json!({ "sub": "u", "email": "ann@acme.example", "email_verified": true }));
    let taken = person(&okta(""), &token, Some(&userinfo)).expect("a person");
    assert!(!taken.attributes.contains_key("emails.work"));
    let token = object(json!({ "sub": "u" }));
    let taken = person(&okta(""), &token, Some(&userinfo)).expect("a person");
    assert_eq!(taken.attributes["emails.work"], "ann@acme.example");
}

#[test]
fn what_is_missing_or_no_plain_value_leaves_its_attribute_alone() {
    let own = okta("claims = { title = \"job\", locale = \"\", tags = \"tags\" }");
    let claims =
        json!({ "sub": "u", "name": { "x": 1 }, "given_name": "A\u{7}", "job": 7, "locale": "de", "tags": ["a", "b"] });
    let person = person(&own, &object(claims), None).expect("a person");
    let names: Vec<&str> = person.attributes.keys().map(String::as_str).collect();
    assert_eq!(names, ["issuer", "subject", "tags", "title"]);
    assert_eq!(person.notes.len(), 2);
}

#[test]
fn groups_are_unknown_unless_they_are_listed() {
    let own = okta("groups = { values = { g1 = \"One\", g2 = \"Two\" } }");
    let groups = |claims: Value| {
        let mut all = object(claims);
        all.insert("sub".to_owned(), json!("u"));
        person(&own, &all, None).expect("a person").groups
    };
    let set = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>());
    assert_eq!(groups(json!({ "groups": ["g1", "g7"] })), set(&["g1"]));
    assert_eq!(groups(json!({ "groups": "g2" })), set(&["g2"]));
    assert_eq!(groups(json!({ "groups": [] })), set(&[]));
    for unknown in [
        json!({}),
        json!({ "groups": [1] }),
        json!({ "groups": { "g1": true } }),
        json!({ "hasgroups": true }),
        json!({ "hasgroups": "true", "groups": [] }),
        json!({ "_claim_names": { "groups": "src1" }, "_claim_sources": { "src1": { "endpoint": "https://graph" } } }),
    ] {
        assert_eq!(groups(unknown.clone()), None, "{unknown}");
    }
}

#[test]
fn ids_of_two_issuers_are_never_the_same() {
    let claims = object(json!({ "sub": "x#y" }));
    let one = id(&settings("generic", "https://a.example", ""), &claims).expect("an id");
    let two = id(&settings("generic", "https://b.example", ""), &claims).expect("an id");
    assert_ne!(one, two);
    assert_eq!(one.as_str().split_once('#'), Some(("https://a.example", "x#y")));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("ann@acme.example")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_the_claims_are_an_address_has_a_word_for_it(
        claims in proptest::collection::btree_map(
            prop_oneof![Just("sub"), Just("email"), Just("email_verified"), Just("name"), Just("groups"), Just("_claim_names"), Just("hasgroups")],
            any_json(), 0..7),
    ) {
        let own = okta("groups = { values = { g1 = \"One\" } }");
        let claims: Map<String, Value> = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Ok(person) = person(&own, &claims, None) {
            prop_assert!(person.id.as_str().len() <= ExternalId::MAX_BYTES);
            if person.attributes.contains_key("emails.work") {
                prop_assert!(is_true(claims.get("email_verified")));
            }
        }
    }
}
