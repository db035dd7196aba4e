//! What is read from files as people send them.

use super::{accounts, fixture, scan, world};
use rosterd_plugin_csv::Csv;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Change, Class, Connector, FaultKind, Reader, Source};
use serde_json::{Value, json};

#[test]
fn every_encoding_gives_the_same_people() {
    let read = |name: &str| {
        let _world = world(fixture(name), "工号", json!({})).enter();
        let (changes, end) = scan().unwrap();
        assert_eq!(end.complete, [Class::Account, Class::OrgUnit], "{name}");
        (changes, end.note.unwrap())
    };
    let (utf8, note) = read("people-utf8.csv");
    assert!(note.starts_with("5 rows, UTF-8, delimiter ','"), "{note}");
    assert!(note.contains("成本中心"), "{note}");
    for (name, encoding) in
        [("people-utf8-bom.csv", "UTF-8"), ("people-gbk.csv", "GB18030"), ("people-utf16be.csv", "UTF-16BE")]
    {
        let (changes, note) = read(name);
        assert_eq!(changes, utf8, "{name}");
        assert!(note.contains(encoding), "{note}");
    }
    let (changes, note) = read("people-utf16le-bom-tab.txt");
    assert_eq!(changes.len(), utf8.len());
    assert!(note.contains("UTF-16LE, delimiter tab"), "{note}");
}

#[test]
fn a_row_becomes_an_account_and_its_path_org_units() {
    let _world = world(fixture("people-utf8.csv"), "工号", json!({})).enter();
    let (changes, _) = scan().unwrap();
    let units: Vec<(String, Value)> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Upsert(object) if object.class == Class::OrgUnit => {
                Some((object.id.clone(), serde_json::from_str(&object.attributes).unwrap()))
            }
            _ => None,
        })
        .collect();
    let parent = |id: &str| json!({ "ref": "org-unit", "id": id });
    assert_eq!(
        units,
        [
            ("Acme".to_owned(), json!({ "displayName": "Acme" })),
            ("Acme/研发".to_owned(), json!({ "displayName": "研发", "parent": parent("Acme") })),
            ("Acme/研发/视觉".to_owned(), json!({ "displayName": "视觉", "parent": parent("Acme/研发") })),
            ("Acme/销售".to_owned(), json!({ "displayName": "销售", "parent": parent("Acme") })),
        ]
    );
    let accounts = accounts(&changes);
    let (id, first) = &accounts[0];
    assert_eq!(id, "E1001");
    assert_eq!(
        *first,
        json!({
            "employee_number": "E1001", "display_name": "李雷", "email": "lilei@example.com", "mobile": "+8613800000001",
            "orgUnit": parent("Acme/研发/视觉"), "org_path": "Acme/研发/视觉", "成本中心": "R-1",
        })
    );
    assert_eq!(accounts[2].1["display_name"], "王 \"小\" 明");
    assert_eq!(accounts[2].1["manager"], json!({ "ref": "account", "id": "E1001" }));
    assert_eq!(accounts[2].1.get("成本中心"), None, "an empty cell says nothing");
    assert_eq!(accounts[4].1["display_name"], "多行\n名字");
}

#[test]
fn excel_says_its_delimiter_and_leaves_empty_rows() {
    let _world = world(fixture("excel-sep.csv"), "Employee ID", json!({})).enter();
    let (changes, end) = scan().unwrap();
    let accounts = accounts(&changes);
    assert_eq!(accounts.len(), 2);
    assert_eq!(accounts[0].1["display_name"], "John \"J\" Doe");
    assert_eq!(accounts[1].1["display_name"], "Smith; Anna");
    assert_eq!(end.complete, [Class::Account], "without paths the file says nothing about org units");
}

#[test]
fn the_columns_of_idaas_are_understood() {
    let _world = world(fixture("idaas.csv"), "username", json!({})).enter();
    let (changes, _) = scan().unwrap();
    let accounts = accounts(&changes);
    assert_eq!(accounts[0].1["cost_center"], "CC1");
    assert_eq!(accounts[0].1["mobile"], "13800000000", "full-width digits");
    assert_eq!(accounts[0].1["area_code"], "86");
    assert_eq!(accounts[0].1["orgUnit"]["id"], r"Acme/R\/D");
    assert_eq!(accounts[1].1["email"], "han@example.com");
}

#[test]
fn encodings_that_are_never_guessed_can_be_named() {
    let _world = world(
        fixture("people-big5.csv"),
        "員工編號",
        json!({ "encoding": "big5", "headers": {"員工編號": "employee_number"} }),
    )
    .enter();
    assert_eq!(accounts(&scan().unwrap().0)[0].1["姓名"], json!(null));
    assert_eq!(accounts(&scan().unwrap().0)[0].1["display_name"], "陳大文");
    let _world = world(fixture("people-1252.csv"), "id", json!({ "encoding": "windows-1252" })).enter();
    let names: Vec<Value> =
        accounts(&scan().unwrap().0).iter().map(|(_, attributes)| attributes["display_name"].clone()).collect();
    assert_eq!(names, ["Müller", "Frà"], "carriage returns alone end rows");
}

#[test]
fn a_clear_token_clears_and_lists_are_split() {
    let file = "id,title,roles\n1,-,a; b;c\\;d\n2,boss,\n";
    let _world = world(file, "id", json!({ "clear-token": "-", "multi-value": ["roles"] })).enter();
    let accounts = accounts(&scan().unwrap().0);
    assert_eq!(accounts[0].1, json!({ "id": "1", "title": null, "roles": ["a", "b", "c;d"] }));
    assert_eq!(accounts[1].1, json!({ "id": "2", "title": "boss" }));
}

#[test]
fn passwords_never_leave_the_file() {
    let file = "id,name,初始密码\n1,Li,Secret1\n2,Ragged,Secret2,x\n";
    let world = world(file, "id", json!({})).enter();
    let (changes, _) = scan().unwrap();
    assert!(!format!("{changes:?}").contains("Secret"), "{changes:?}");
    assert!(world.logs().iter().any(|(_, message, _)| message.contains("初始密码")));
}

#[test]
fn a_changed_file_is_not_read_on() {
    let file = |name: &str| (0..50).fold("id,name\n".to_owned(), |text, row| format!("{text}{row},{name}\n"));
    let world = world(file("Li"), "id", json!({})).enter();
    let mut reader = open::<Csv>().unwrap().scan(&[Class::Account], None).unwrap();
    let resume = reader.next(20).unwrap().resume.unwrap();
    world.put_file("people.csv", file("Lu"));
    let fault = open::<Csv>().unwrap().scan(&[Class::Account], Some(resume.clone())).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::CursorInvalid);
    world.put_file("people.csv", "id,name\n0,Li\n");
    let fault = open::<Csv>().unwrap().scan(&[Class::Account], Some(resume)).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::CursorInvalid);
}

#[test]
fn memory_does_not_grow_with_a_name_that_crosses_chunks() {
    // Rows of 37 bytes and chunks of 128 KiB: every kind of boundary is hit, in every encoding.
    let text =
        (0..20_000).fold("id,name\r\n".to_owned(), |text, row| format!("{text}{row:06},\"名字 {row} \"\"é\"\"\"\r\n"));
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), &utf16] {
        let _world = world(bytes, "id", json!({})).enter();
        let accounts = accounts(&scan().unwrap().0);
        assert_eq!(accounts.len(), 20_000);
        for (row, (id, attributes)) in accounts.iter().enumerate() {
            assert_eq!(*id, format!("{row:06}"));
            assert_eq!(attributes["display_name"], format!("名字 {row} \"é\""));
        }
    }
}

#[test]
fn check_and_discover_tell_what_was_found() {
    let _world = world(fixture("people-gbk.csv"), "工号", json!({})).enter();
    let mut csv = open::<Csv>().unwrap();
    assert!(csv.check().unwrap().iter().all(|probe| probe.ok));
    let found: Value = serde_json::from_str(&csv.discover().unwrap()).unwrap();
    assert_eq!(found["classes"]["account"]["attributes"][0]["title"], "工号");
    assert!(found["notes"][0]["message"].as_str().unwrap().contains("GB18030"));
    let _world = world(fixture("people-gbk.csv"), "没有", json!({})).enter();
    let probes = open::<Csv>().unwrap().check().unwrap();
    assert!(!probes[0].ok && probes[0].message.contains("工号"), "{probes:?}");
}
