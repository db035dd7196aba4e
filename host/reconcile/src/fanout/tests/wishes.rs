//! What is wanted of a destination, by what the delivery says and what became of whom it is about.

use super::*;

fn delivery(spec: serde_json::Value) -> Outbound {
    Outbound::compile(&serde_json::from_value(spec).expect("a delivery")).expect("valid")
}

fn projection(attributes: Attributes, status: ProjectionStatus) -> Projection {
    Projection {
        external_id: None,
        version: None,
        applied: [1; 16],
        attributes,
        status,
        revision: 1,
        pending: Vec::new(),
        echo: Echo::default(),
    }
}

fn operation(outbound: &Outbound, entity: &Entity, known: Option<&Projection>) -> Option<Operation> {
    let desired = outbound.desired(entity, &Attributes::new()).expect("no problem");
    part(&destination(), entity.class, &desired, known, outbound.on_leave()).map(|part| part.operation)
}

#[test]
fn accounts_are_always_delivered_and_others_if_something_is_mapped() {
    let some = delivery(serde_json::json!({"group": {"map": {"cn": "group.displayName"}}}));
    assert_eq!(Class::ALL.map(|class| some.delivers(class)), Class::ALL.map(|class| class != Class::OrgUnit));
    assert_eq!(some.mapping(Class::Group).rule("cn"), Some("group.displayName"));
    assert!(some.text().contains("scope \"all\"") && some.text().contains("group.displayName"), "{}", some.text());
    let scoped = delivery(serde_json::json!({"scope": "account.active"}));
    assert!(scoped.text().contains("scope \"account.active\""), "another scope is another delivery");
    assert_eq!(scoped.leave().grace_ms, 30 * 86_400_000);
}

#[test]
fn the_scope_is_about_accounts_and_units_stay_until_a_delete_is_asked_for() {
    let outbound = delivery(serde_json::json!({"scope": "account.displayName == 'Nobody'",
        "org-unit": {"map": {"ou": "orgUnit.displayName"}}}));
    let unit = |lifecycle| Entity { class: Class::OrgUnit, ..entity(lifecycle) };
    let desired = outbound.desired(&unit(Lifecycle::Active), &Attributes::new()).expect("no problem");
    assert!(desired.in_scope);
    assert_eq!(operation(&outbound, &unit(Lifecycle::Active), None), Some(Operation::Create));
    let known = projection(desired.attributes.clone(), ProjectionStatus::Present);
    assert_eq!(operation(&outbound, &unit(Lifecycle::Active), Some(&known)), None);
    assert_eq!(operation(&outbound, &unit(LEFT), Some(&known)), None, "a unit can not be disabled");
    let mut due = outbound.desired(&unit(LEFT), &Attributes::new()).expect("no problem");
    due.delete_due = true;
    let part = part(&destination(), Class::OrgUnit, &due, Some(&known), outbound.on_leave()).expect("it is asked for");
    assert_eq!(part.operation, Operation::Delete);
}

#[test]
fn who_left_is_wanted_there_as_the_delivery_says() {
    let status = |on_leave, lifecycle| {
        let desired = outbound(None, on_leave).desired(&entity(lifecycle), &Attributes::new()).expect("no problem");
        desired.status
    };
    assert_eq!(status(OnLeave::Delete, LEFT), Status::Deleted);
    assert_eq!(status(OnLeave::Delete, MANUAL), Status::Disabled);
    assert_eq!(status(OnLeave::Disable, LEFT), Status::Disabled);
    assert_eq!(status(OnLeave::Disable, Lifecycle::Active), Status::Present);
    assert_eq!(status(OnLeave::Disable, Lifecycle::Suspended), Status::Disabled);
    let ignores = delivery(serde_json::json!({"on-suspend": "none"}));
    let desired = ignores.desired(&entity(Lifecycle::Suspended), &Attributes::new()).expect("no problem");
    assert_eq!(desired.status, Status::Present, "who is suspended works on where suspension means nothing");
}

#[test]
fn a_secondary_account_is_never_made() {
    let outbound = outbound(None, OnLeave::Disable);
    let with = |class, primary: &str| {
        let mut one = Entity { class, ..entity(Lifecycle::Active) };
        one.attributes.set(crate::schema::PRIMARY, primary.into());
        let early = outbound.desired_at(&one, &Attributes::new(), Timestamp(0)).expect("no problem");
        assert_eq!(early, outbound.desired(&one, &Attributes::new()).expect("no problem"), "he has started");
        operation(&outbound, &one, None)
    };
    assert_eq!(with(Class::Account, "zhang"), None);
    assert_eq!(with(Class::Account, ""), Some(Operation::Create));
    assert_eq!(with(Class::Group, "zhang"), Some(Operation::Create));
}

#[test]
fn who_starts_is_made_so_long_before_as_the_delivery_says() {
    let prepared = |scope: &str| delivery(serde_json::json!({"prepare": "3d", "scope": scope}));
    let day = 86_400_000;
    let made = |outbound: &Outbound, primary: &str, now: u64| {
        let mut soon = entity(Lifecycle::Pending { start_at: Timestamp(10 * day) });
        soon.attributes.set(crate::schema::PRIMARY, primary.into());
        let desired = outbound.desired_at(&soon, &Attributes::new(), Timestamp(now * day)).expect("no problem");
        part(&destination(), Class::Account, &desired, None, outbound.on_leave()).is_some()
    };
    let all = prepared("true");
    assert!(!made(&all, "", 6) && made(&all, "", 7));
    assert!(!made(&all, "zhang", 7), "nor is a secondary account then");
    assert!(!made(&prepared("false"), "", 7), "nor who is out of scope");
    assert_eq!(operation(&all, &entity(Lifecycle::Pending { start_at: Timestamp(1) }), None), None, "no date is known");
}

#[test]
fn who_was_disabled_is_moved_and_not_changed_otherwise() {
    let unit = |id: &str| Value::Reference { class: Class::OrgUnit, id: id.into() };
    let mut left = entity(LEFT);
    left.attributes.set("orgUnit", unit("sales"));
    let known = |pairs: &[(&str, Value)]| {
        let attributes = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        projection(attributes, ProjectionStatus::Disabled)
    };
    let moving = moving("true").expect("valid");
    let renamed = known(&[("displayName", "Old".into()), ("unit", unit("gone"))]);
    assert_eq!(operation(&moving, &left, Some(&renamed)), None, "he stands where he is to stand");
    let maps = serde_json::json!({"displayName": "account.displayName", "unit": "account.orgUnit"});
    let disabling = delivery(serde_json::json!({"account": {"map": maps}}));
    let elsewhere = known(&[("displayName", "Zhang San".into()), ("unit", unit("other"))]);
    assert_eq!(operation(&disabling, &left, Some(&elsewhere)), None, "only on-leave = move moves him");
    let identity = delivery(serde_json::json!({"on-leave": "move", "leave-unit": "gone"}));
    assert_eq!(identity.leave().moves_to().map(ExternalId::as_str), Some("gone"));
}

#[test]
fn what_a_plan_fixed_is_known_again_and_nothing_else_is() {
    let outbound = outbound(None, OnLeave::Disable);
    let desired = |lifecycle, user: &str| {
        let mut person = entity(lifecycle);
        person.attributes.set("userName", user.into());
        outbound.desired(&person, &Attributes::new()).expect("no problem")
    };
    let after = |desired: &Desired, known: Option<&Projection>| {
        part(&destination(), Class::Account, desired, known, OnLeave::Disable).expect("a step").after
    };
    let there = projection(Attributes::new(), ProjectionStatus::Present);
    let active = desired(Lifecycle::Active, "zhang");
    let (made, changed) = (after(&active, None), after(&active, Some(&there)));
    assert_ne!(made, changed, "what is given once is part of what is made");
    assert!(is_planned(&active, &made) && is_planned(&active, &changed));
    assert!(!is_planned(&desired(Lifecycle::Active, "other"), &made));
    let off = desired(LEFT, "zhang");
    assert!(!is_planned(&off, &changed) && !is_planned(&active, &after(&off, Some(&there))));
    assert!(!is_planned(&active, &partial_hash(&active.attributes)), "a state that no plan fixed");
    assert_ne!(partial_hash(&active.attributes), partial_hash(&off.on_create));

    let deleting = part(&destination(), Class::Account, &off, Some(&there), OnLeave::Delete).expect("a step");
    assert_eq!(deleting.operation, Operation::Delete);
    assert!(!is_planned(&off, &deleting.after), "gone is another state than disabled");
}

#[test]
fn a_weak_rule_fills_what_is_empty_and_a_frozen_attribute_is_left_alone() {
    let outbound = outbound(None, OnLeave::Disable);
    let person = entity(Lifecycle::Active);
    let mut held = outbound.desired(&person, &Attributes::new()).expect("no problem").attributes;
    held.set("nick", Value::Null);
    held.set("displayName", "Other".into());
    let mut known = projection(held, ProjectionStatus::Present);
    let changed = |known: &Projection| -> Vec<Text> {
        let changes = step(&outbound, &person, Some(known)).map(|part| part.changes).unwrap_or_default();
        changes.into_iter().map(|change| change.attribute).collect()
    };
    assert_eq!(changed(&known), ["displayName", "nick"]);
    known.echo.swings.push(rosterd_model::outbox::Swing {
        attribute: "displayName".into(),
        from: [0; 8],
        to: [1; 8],
        times: 3,
        since: Timestamp(0),
        frozen: true,
    });
    assert_eq!(changed(&known), ["nick"]);
}

#[test]
fn a_scope_that_fails_says_why_and_what_to_correct() {
    let outbound = outbound(Some("account.title + 1 == 2"), OnLeave::Disable);
    let problem = outbound.desired(&entity(Lifecycle::Active), &Attributes::new()).expect_err("not a number");
    assert_eq!(
        problem.to_string(),
        "the scope can not be applied: + can not be applied to string and int; correct the scope or the account"
    );
}

#[test]
fn the_hash_of_what_is_wanted_never_changes() {
    // It stands in plans that wait and in what destinations acknowledged: another form would send everything again.
    let outbound = outbound(None, OnLeave::Disable);
    let hex = |lifecycle| -> String {
        let desired = outbound.desired(&entity(lifecycle), &Attributes::new()).expect("no problem");
        desired_hash(&desired, true).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    assert_eq!(hex(Lifecycle::Active), "7078d6f5289bae3fddc844d656d087a4");
    assert_ne!(hex(Lifecycle::Active), hex(MANUAL));
}
