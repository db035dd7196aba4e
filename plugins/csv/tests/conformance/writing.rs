//! What is written, and when it becomes visible.

use super::world;
use rosterd_plugin_csv::Csv;
use rosterd_sdk::testkit::{Entered, open};
use rosterd_sdk::{Action, Class, Destination, Edit, FaultKind, ObjectRef, Operation, Receipt};
use serde_json::{Value, json};

const PEOPLE: &str = "工号,姓名,状态,自定义\r\nE1,李雷,启用,a\r\nE2,韩梅梅,启用,b\r\n";

fn operation(key: &str, id: Option<&str>, action: Action) -> Operation {
    let desired = if let Action::Create(attributes) = &action { attributes.clone() } else { "{}".to_owned() };
    Operation {
        key: key.to_owned(),
        class: Class::Account,
        id: id.map(str::to_owned),
        action,
        desired,
        known: None,
        version: None,
        attempt: 1,
    }
}

fn create(key: &str, attributes: &Value) -> Operation {
    operation(key, None, Action::Create(attributes.to_string()))
}

fn set(key: &str, id: &str, attribute: &str, value: &Value) -> Operation {
    let edit = Edit { attribute: attribute.to_owned(), replace: Some(value.to_string()), add: None, remove: None };
    operation(key, Some(id), Action::Update(vec![edit]))
}

fn text(world: &Entered, name: &str) -> String {
    String::from_utf8(world.file(name).unwrap_or_default()).unwrap()
}

fn settings(more: &Value) -> Value {
    let mut all = json!({ "status": { "header": "状态", "enabled": "启用", "disabled": "停用" } });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

#[test]
fn operations_are_merged_and_the_rest_is_kept() {
    let world = world(PEOPLE, "工号", settings(&json!({}))).enter();
    let mut csv = open::<Csv>().unwrap();
    let receipts = csv.apply(vec![
        create("1", &json!({ "employee_number": "E3", "display_name": "=cmd" })),
        set("2", "E1", "display_name", &json!("李 \"Lee\"")),
        operation("3", Some("E2"), Action::Disable),
        operation("4", Some("E9"), Action::Delete),
        operation("5", Some("E9"), Action::Disable),
        operation("6", Some("E1"), Action::SetPassword),
    ]);
    assert!(matches!(&receipts[..3], [Receipt::Applied(_), Receipt::Applied(_), Receipt::Applied(_)]), "{receipts:?}");
    assert!(matches!(&receipts[3], Receipt::Unchanged(_)));
    assert!(matches!(&receipts[4], Receipt::Failed(fault) if fault.kind == FaultKind::NotFound));
    assert!(matches!(&receipts[5], Receipt::Failed(fault) if fault.kind == FaultKind::Unsupported));
    assert_eq!(text(&world, "people.csv"), PEOPLE, "nothing is visible before finish");
    csv.finish().unwrap();
    assert_eq!(
        text(&world, "people.csv"),
        "\"工号\",\"姓名\",\"状态\",\"自定义\"\r\n\"E1\",\"李 \"\"Lee\"\"\",\"启用\",\"a\"\r\n\
         \"E2\",\"韩梅梅\",\"停用\",\"b\"\r\n\"E3\",\"'=cmd\",\"\",\"\"\r\n"
    );
}

#[test]
fn nothing_to_do_writes_nothing() {
    let world = world(PEOPLE, "工号", settings(&json!({ "journal": "journal.csv" }))).enter();
    let mut csv = open::<Csv>().unwrap();
    let receipts = csv.apply(vec![
        create("1", &json!({ "employee_number": "E1", "display_name": "李雷" })),
        operation("2", Some("E2"), Action::Enable),
    ]);
    assert!(receipts.iter().all(|receipt| matches!(receipt, Receipt::Unchanged(_))), "{receipts:?}");
    csv.finish().unwrap();
    assert_eq!(text(&world, "people.csv"), PEOPLE);
    assert_eq!(world.file("journal.csv"), None);
}

#[test]
fn a_create_that_is_in_the_way_is_looked_at() {
    let _world = world(PEOPLE, "工号", settings(&json!({}))).enter();
    let mut csv = open::<Csv>().unwrap();
    let first = create("1", &json!({ "employee_number": "E1", "display_name": "Other" }));
    let receipts = csv.apply(vec![first.clone(), Operation { attempt: 2, ..first }]);
    let Receipt::Failed(fault) = &receipts[0] else { panic!("{receipts:?}") };
    assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::AlreadyExists, Some("E1")));
    assert!(matches!(&receipts[1], Receipt::Applied(applied) if applied.id == "E1"));
}

#[test]
fn a_new_id_comes_back_and_must_be_free() {
    let _world = world(PEOPLE, "工号", settings(&json!({}))).enter();
    let mut csv = open::<Csv>().unwrap();
    let receipts = csv.apply(vec![
        set("1", "E1", "employee_number", &json!("E2")),
        set("2", "E1", "employee_number", &json!("E7")),
        set("3", "E7", "display_name", &json!("Li")),
    ]);
    assert!(matches!(&receipts[0], Receipt::Failed(fault) if fault.kind == FaultKind::AlreadyExists));
    assert!(matches!(&receipts[1], Receipt::Applied(applied) if applied.id == "E7"));
    assert!(matches!(&receipts[2], Receipt::Applied(_)));
}

#[test]
fn a_failure_while_publishing_leaves_the_old_table() {
    // Writes and commits in order: table, journal, commit of the journal, commit of the table.
    for writes in 0..4 {
        let world = world(PEOPLE, "工号", settings(&json!({ "journal": "journal.csv" }))).enter();
        let operations =
            vec![set("k1", "E1", "display_name", &json!("Li")), operation("k2", Some("E2"), Action::Delete)];
        let mut csv = open::<Csv>().unwrap();
        csv.apply(operations.clone());
        world.fail_after_writes(Some(writes));
        assert!(csv.finish().is_err());
        assert_eq!(text(&world, "people.csv"), PEOPLE, "{writes}");
        world.fail_after_writes(None);
        let mut csv = open::<Csv>().unwrap();
        csv.apply(operations);
        csv.finish().unwrap();
        assert_eq!(text(&world, "people.csv").lines().count(), 2);
        let journal = text(&world, "journal.csv");
        assert_eq!(
            journal, "\"key\",\"action\",\"id\"\r\n\"k1\",\"update\",\"E1\"\r\n\"k2\",\"delete\",\"E2\"\r\n",
            "{writes}"
        );
    }
}

#[test]
fn columns_are_those_of_the_settings() {
    let columns = json!([
        { "attribute": "username", "header": "用户名" },
        { "attribute": "orgUnit", "header": "组织路径" },
        { "attribute": "roles", "header": "角色" },
    ]);
    let more =
        json!({ "file": "out.csv", "columns": columns, "locale": "zh", "delimiter": ";", "multi-value": ["roles"] });
    let world = world("", "username", more).enter();
    let mut csv = open::<Csv>().unwrap();
    let unit = json!({ "ref": "org-unit", "id": "Acme/R" });
    let receipts =
        csv.apply(vec![create("1", &json!({ "username": "li", "orgUnit": unit, "roles": ["a", "b"], "x": 1 }))]);
    let Receipt::Applied(applied) = &receipts[0] else { panic!("{receipts:?}") };
    assert_eq!(applied.problems[0].subject.as_deref(), Some("x"));
    let edit = Edit {
        attribute: "roles".to_owned(),
        replace: None,
        add: Some("[\"c\"]".to_owned()),
        remove: Some("[\"a\"]".to_owned()),
    };
    let target = ObjectRef { class: Class::OrgUnit, id: "Acme/S".to_owned() };
    csv.apply(vec![
        operation("2", Some("li"), Action::Update(vec![edit])),
        operation("3", Some("li"), Action::MoveTo(Some(target))),
    ]);
    csv.finish().unwrap();
    assert_eq!(text(&world, "out.csv"), "\u{FEFF}\"用户名\";\"组织路径\";\"角色\"\r\n\"li\";\"Acme/S\";\"b;c\"\r\n");
}

#[test]
fn a_whole_export_replaces_the_file_and_an_empty_run_does_not() {
    let world = world(
        PEOPLE,
        "工号",
        settings(&json!({ "replace": true, "columns": [{ "attribute": "employee_number", "header": "工号" }] })),
    )
    .enter();
    let mut csv = open::<Csv>().unwrap();
    csv.apply(Vec::new());
    csv.finish().unwrap();
    assert_eq!(text(&world, "people.csv"), PEOPLE);
    let creates =
        (0..3).map(|row| create(&row.to_string(), &json!({ "employee_number": format!("N{row}") }))).collect();
    let receipts = csv.apply(creates);
    assert!(receipts.iter().all(|receipt| matches!(receipt, Receipt::Applied(_))), "{receipts:?}");
    assert!(
        matches!(&csv.apply(vec![operation("d", Some("N0"), Action::Delete)])[0], Receipt::Failed(fault) if fault.kind == FaultKind::Unsupported)
    );
    csv.finish().unwrap();
    assert_eq!(text(&world, "people.csv"), "\"工号\"\r\n\"N0\"\r\n\"N1\"\r\n\"N2\"\r\n");
}

#[test]
fn a_table_that_would_lose_something_is_not_touched() {
    let ragged = "工号,姓名\r\nE1,李雷,surplus\r\n";
    let world = world(ragged, "工号", json!({})).enter();
    let mut csv = open::<Csv>().unwrap();
    let receipts = csv.apply(vec![create("1", &json!({ "employee_number": "E3" }))]);
    assert!(matches!(&receipts[0], Receipt::NotAttempted(fault) if fault.message.contains("line 2")), "{receipts:?}");
    csv.finish().unwrap();
    assert_eq!(text(&world, "people.csv"), ragged);
}

#[test]
fn the_status_column_is_used_unless_another_is_named() {
    let world = world("id,状态\r\n1,true\r\n", "id", json!({})).enter();
    let mut csv = open::<Csv>().unwrap();
    let receipts =
        csv.apply(vec![operation("1", Some("1"), Action::Enable), operation("2", Some("1"), Action::Disable)]);
    assert!(matches!(receipts[..], [Receipt::Unchanged(_), Receipt::Applied(_)]), "{receipts:?}");
    csv.finish().unwrap();
    assert!(text(&world, "people.csv").contains("\"1\",\"false\""));
    world.put_file("people.csv", "id\r\n1\r\n");
    assert!(
        matches!(&csv.apply(vec![operation("3", Some("1"), Action::Disable)])[0], Receipt::Failed(fault) if fault.kind == FaultKind::Unsupported)
    );
}
