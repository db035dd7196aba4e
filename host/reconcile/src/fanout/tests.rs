use super::*;
use rosterd_model::outbox::Echo;
use rosterd_model::spec::{OutboundSpec, RuleSpec, RuleTable};
use rosterd_model::{DisabledReason, EntityId, RunId, Timestamp};

mod wishes;

fn table(from: &str) -> RuleTable {
    RuleSpec::Expression(from.to_owned()).table()
}

fn outbound(scope: Option<&str>, on_leave: OnLeave) -> Outbound {
    let map = [
        ("displayName", RuleSpec::Expression("account.displayName".into())),
        ("title", RuleSpec::Full(RuleTable { on_null: rosterd_model::spec::OnNull::Clear, ..table("account.title") })),
        ("uid", RuleSpec::Full(RuleTable { apply: Apply::OnCreate, ..table("account.userName") })),
        ("nick", RuleSpec::Full(RuleTable { strength: Strength::Weak, ..table("account.userName") })),
    ];
    let map = map.into_iter().map(|(name, rule)| (name.to_owned(), rule)).collect();
    let account = OutboundSpec { map, correlate: Vec::new(), matching: Vec::new() };
    let toml_default = serde_json::json!({});
    let spec: DeliverySpec = serde_json::from_value(toml_default).expect("every key has a default");
    let spec = DeliverySpec { scope: scope.map(str::to_owned), on_leave, account, ..spec };
    Outbound::compile(&spec).expect("valid")
}

fn entity(lifecycle: Lifecycle) -> Entity {
    let pairs = [("displayName", "Zhang San"), ("userName", "zhang"), ("title", "Engineer")];
    Entity {
        id: EntityId::from_bytes([7; 16]),
        class: Class::Account,
        attributes: pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect(),
        lifecycle,
        revision: 1,
        created: RunId(1),
        changed: RunId(1),
    }
}

const LEFT: Lifecycle = Lifecycle::Disabled { reason: DisabledReason::Leaver, at: Timestamp(0) };
const MANUAL: Lifecycle = Lifecycle::Disabled { reason: DisabledReason::Manual, at: Timestamp(0) };

fn destination() -> ConnectionId {
    "ad".parse().expect("a connection")
}

fn step(outbound: &Outbound, entity: &Entity, known: Option<&Projection>) -> Option<Part> {
    let desired = outbound.desired(entity, &Attributes::new()).expect("no problem");
    part(&destination(), Class::Account, &desired, known, outbound.on_leave())
}

/// What the destination holds after it acknowledged a step.
fn acknowledged(outbound: &Outbound, entity: &Entity, step: &Part, status: ProjectionStatus) -> Projection {
    let attributes = outbound.desired(entity, &Attributes::new()).expect("no problem").attributes;
    Projection {
        external_id: None,
        version: None,
        applied: step.after,
        attributes,
        status,
        revision: 1,
        pending: Vec::new(),
        echo: Echo::default(),
    }
}

#[test]
fn a_created_account_needs_nothing_more_until_it_changes() {
    let outbound = outbound(None, OnLeave::Disable);
    let mut person = entity(Lifecycle::Active);
    let create = step(&outbound, &person, None).expect("creates");
    assert_eq!((create.operation, create.before), (Operation::Create, NOTHING));
    assert!(create.changes.iter().any(|change| change.attribute == "uid"), "given at creation");
    let known = acknowledged(&outbound, &person, &create, ProjectionStatus::Present);
    assert_eq!(step(&outbound, &person, Some(&known)), None);

    person.attributes.set("title", "Lead".into());
    person.attributes.set("userName", "zhang2".into());
    let update = step(&outbound, &person, Some(&known)).expect("updates");
    assert_eq!((update.operation, update.before), (Operation::Update, create.after));
    let names: Vec<&str> = update.changes.iter().map(|change| change.attribute.as_str()).collect();
    assert_eq!(names, ["title"], "on-create and weak rules do not touch what is there");
    person.attributes.set("userName", "zhang".into());
    person.attributes.set("title", Value::Null);
    assert_eq!(step(&outbound, &person, Some(&known)).map(|part| part.operation), Some(Operation::Clear));
    person.attributes.remove("title");
    assert_eq!(step(&outbound, &person, Some(&known)), None, "what nobody claims is not managed");
}

#[test]
fn leavers_are_treated_as_the_operator_says_and_never_deleted_otherwise() {
    for lifecycle in [Lifecycle::Active, Lifecycle::Suspended, LEFT, MANUAL, Lifecycle::Deleted { at: Timestamp(0) }] {
        for scope in [None, Some("account.title == \"Nobody\"")] {
            for on_leave in [OnLeave::Disable, OnLeave::Delete, OnLeave::None] {
                let outbound = outbound(scope, on_leave);
                let known = Projection {
                    external_id: None,
                    version: None,
                    applied: [1; 16],
                    attributes: Attributes::new(),
                    status: ProjectionStatus::Present,
                    revision: 1,
                    pending: Vec::new(),
                    echo: Echo::default(),
                };
                let person = entity(lifecycle);
                let left = lifecycle == LEFT || matches!(lifecycle, Lifecycle::Deleted { .. }) || scope.is_some();
                let expected = match (left, on_leave) {
                    (true, OnLeave::Delete) => Some(Operation::Delete),
                    (true, OnLeave::None) => None,
                    (true, OnLeave::Disable | OnLeave::StripGroups | OnLeave::Move) => Some(Operation::Disable),
                    (false, _) if lifecycle.is_active() => Some(Operation::Update),
                    (false, _) => Some(Operation::Disable),
                };
                let found = step(&outbound, &person, Some(&known)).map(|part| part.operation);
                assert_eq!(found, expected, "{lifecycle} {scope:?} {on_leave:?}");
                let made = step(&outbound, &person, None).map(|part| part.operation);
                let starts = !left && lifecycle.is_active();
                assert_eq!(made, starts.then_some(Operation::Create), "{lifecycle} {scope:?} {on_leave:?}");
            }
        }
    }
}

#[test]
fn whoever_left_is_left_alone_and_comes_back_enabled() {
    let outbound = outbound(None, OnLeave::Disable);
    let mut person = entity(LEFT);
    let known = Projection {
        external_id: None,
        version: None,
        applied: [1; 16],
        attributes: Attributes::new(),
        status: ProjectionStatus::Disabled,
        revision: 3,
        pending: Vec::new(),
        echo: Echo::default(),
    };
    assert_eq!(step(&outbound, &person, Some(&known)), None);
    person.lifecycle = Lifecycle::Active;
    assert_eq!(step(&outbound, &person, Some(&known)).map(|part| part.operation), Some(Operation::Enable));
    let deleted = Projection { status: ProjectionStatus::Deleted, ..known };
    assert_eq!(step(&outbound, &person, Some(&deleted)).map(|part| part.operation), Some(Operation::Create));
}

#[test]
fn who_starts_soon_is_made_and_computed_attributes_can_be_asked_for() {
    let outbound = outbound(Some("account.lifecycle == \"pending\" && !account.active"), OnLeave::Disable);
    let soon = Lifecycle::Pending { start_at: Timestamp(1) };
    assert_eq!(step(&outbound, &entity(soon), None).map(|part| part.operation), Some(Operation::Create));
    let desired = outbound.desired(&entity(soon), &Attributes::new()).expect("no problem");
    assert_eq!(desired.status, Status::Disabled);
}

#[test]
fn a_scope_that_can_not_be_applied_is_a_problem_and_not_a_leaver() {
    let outbound = outbound(Some("account.title + 1 == 2"), OnLeave::Delete);
    let problem = outbound.desired(&entity(Lifecycle::Active), &Attributes::new()).expect_err("not a number");
    assert!(problem.message.contains("scope"), "{problem}");
}

#[test]
fn errors_name_their_place() {
    let spec: DeliverySpec = serde_json::from_value(serde_json::json!({
        "scope": "account.", "account": { "map": { "displayName": "acount.displayName" } }
    }))
    .expect("parses");
    let errors = Outbound::compile(&spec).expect_err("refused");
    let places: Vec<&str> = errors.iter().map(|error| error.attribute.as_str()).collect();
    assert_eq!(places, ["scope", "account.displayName"]);
    assert!(errors[1].message.contains("did you mean account?"), "{}", errors[1]);
}

#[test]
fn a_delete_that_is_due_is_one_whatever_happened_on_leaving_and_only_for_who_left() {
    for on_leave in [OnLeave::Disable, OnLeave::StripGroups, OnLeave::None] {
        let outbound = outbound(None, on_leave);
        let known = |status| Projection {
            external_id: None,
            version: None,
            applied: [1; 16],
            attributes: Attributes::new(),
            status,
            revision: 1,
            pending: Vec::new(),
            echo: Echo::default(),
        };
        let step = |lifecycle, status| {
            let mut desired = outbound.desired(&entity(lifecycle), &Attributes::new()).expect("no problem");
            desired.delete_due = true;
            let found = part(&destination(), Class::Account, &desired, Some(&known(status)), outbound.on_leave());
            found.map(|part| part.operation)
        };
        assert_eq!(step(LEFT, ProjectionStatus::Disabled), Some(Operation::Delete), "{on_leave:?}");
        assert_eq!(step(LEFT, ProjectionStatus::Deleted), None, "{on_leave:?}");
        assert_ne!(step(Lifecycle::Active, ProjectionStatus::Present), Some(Operation::Delete), "{on_leave:?}");
        assert_ne!(step(MANUAL, ProjectionStatus::Present), Some(Operation::Delete), "{on_leave:?}");
    }
}

fn moving(scope: &str) -> Result<Outbound, Vec<MappingError>> {
    let spec = serde_json::json!({"on-leave": "move", "leave-unit": "gone", "scope": scope,
        "account": {"map": {"displayName": "account.displayName", "unit": "account.orgUnit"}}});
    Outbound::compile(&serde_json::from_value(spec).expect("a delivery"))
}

#[test]
fn who_left_is_moved_whatever_he_was_before_and_who_is_back_stands_where_he_belongs() {
    let outbound = moving("true").expect("valid");
    let unit = |id: &str| Value::Reference { class: Class::OrgUnit, id: id.into() };
    let mut here = entity(Lifecycle::Active);
    here.attributes.set("orgUnit", unit("sales"));
    let left = Entity { lifecycle: LEFT, ..here.clone() };
    let made = step(&outbound, &here, None).expect("it is made");
    let known = acknowledged(&outbound, &here, &made, ProjectionStatus::Present);
    let leaving = step(&outbound, &left, Some(&known)).expect("he leaves");
    assert_eq!((leaving.operation, &leaving.changes[0].after), (Operation::Disable, &Some(unit("gone"))));
    let suspended = Projection { status: ProjectionStatus::Disabled, ..known };
    assert_eq!(step(&outbound, &left, Some(&suspended)).expect("he is moved").operation, Operation::Move);
    let gone = acknowledged(&outbound, &left, &leaving, ProjectionStatus::Disabled);
    assert_eq!(step(&outbound, &left, Some(&gone)), None);
    let back = step(&outbound, &here, Some(&gone)).expect("he is back");
    assert_eq!((back.operation, &back.changes[0].after), (Operation::Enable, &Some(unit("sales"))));
    let narrow = moving("account.displayName == 'Nobody'").expect("valid");
    let outside = narrow.desired(&here, &Attributes::new()).expect("no problem");
    assert_eq!(outside.attributes.get("unit"), Some(&unit("gone")), "who is out of scope is treated alike");
}

#[test]
fn moving_needs_a_rule_that_says_where_people_stand() {
    let spec = serde_json::json!({"on-leave": "move", "leave-unit": "gone",
        "account": {"map": {"displayName": "account.displayName"}}});
    let spec: DeliverySpec = serde_json::from_value(spec).expect("a delivery");
    let errors = Outbound::compile(&spec).expect_err("refused");
    assert!(errors[0].to_string().contains("account.orgUnit"), "{}", errors[0]);
}
