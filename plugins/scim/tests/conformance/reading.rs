//! What a scan makes of listings, good and bad.

use super::{Provider, Shared, world};
use rosterd_plugin_scim::Scim;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Change, Class, Fault, FaultKind, Reader, ScanEnd, Source};
use serde_json::{Value, json};

fn people(count: usize) -> Vec<Value> {
    (0..count).map(|at| json!({ "userName": format!("u{at}"), "meta": {} })).collect()
}

fn read(provider: &Shared, more: &Value, since: Option<&str>) -> Result<(Vec<Change>, ScanEnd), Fault> {
    let _world = world(provider, more).enter();
    let mut scim = open::<Scim>().unwrap();
    let classes = [Class::Account, Class::Group];
    let mut reader = match since {
        Some(cursor) => scim.changes_since(&classes, cursor.to_owned())?,
        None => scim.scan(&classes, None)?,
    };
    let mut all = Vec::new();
    loop {
        let page = reader.next(100)?;
        let end = page.ended().cloned();
        all.extend(page.changes);
        if let Some(end) = end {
            return Ok((all, end));
        }
    }
}

#[test]
fn a_listing_that_moves_is_incomplete() {
    let more = json!({ "page-size": 2 });
    let (all, end) = read(&Provider::with(&people(5), &[]), &more, None).unwrap();
    assert_eq!((all.len(), &end.complete[..]), (5, &[Class::Account, Class::Group][..]));
    assert_eq!(end.declared_totals, [(Class::Account, 5), (Class::Group, 0)]);
    let changes: [fn(&mut Value); 4] = [
        |page| page["totalResults"] = 4.into(),
        |page| page["totalResults"] = 6.into(),
        |page| page["Resources"] = json!([]),
        |page| page["Resources"][0]["id"] = "id 1/#".into(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let provider = Provider::with(&people(5), &[]);
        provider.borrow_mut().listings.extend([|_: &mut Value| {}, change]);
        let (_, end) = read(&provider, &more, None).unwrap();
        assert_eq!(end.complete, [Class::Group], "{at}: {end:?}");
        assert!(end.note.as_deref().unwrap_or_default().contains("/Users: "), "{at}: {end:?}");
    }
}

#[test]
fn what_is_no_listing_ends_the_scan() {
    let changes: [fn(&mut Value); 4] = [
        |page| *page = json!({}),
        |page| *page = json!({ "totalResults": 3 }),
        |page| page["totalResults"] = Value::Null,
        |page| *page = json!([]),
    ];
    for change in changes {
        let provider = Provider::with(&people(3), &[]);
        provider.borrow_mut().listings.push_back(change);
        assert!(read(&provider, &json!({}), None).is_err());
    }
    let provider = Provider::with(&people(9), &[]);
    provider.borrow_mut().config = Some(json!({ "pagination": { "cursor": true } }));
    let stuck: fn(&mut Value) = |page| page["nextCursor"] = "0".into();
    provider.borrow_mut().listings.extend([stuck; 2]);
    assert_eq!(
        read(&provider, &json!({}), None).unwrap_err().kind,
        FaultKind::Incomplete,
        "a cursor that does not move"
    );
}

#[test]
fn what_can_not_be_read_is_told_and_counts() {
    let provider = Provider::with(&people(2), &[]);
    provider.borrow_mut().listings.push_back(|page| {
        page["Resources"][0] = json!(7);
        page["Resources"][1]["id"] = Value::Null;
    });
    let (all, end) = read(&provider, &json!({}), None).unwrap();
    assert!(all.iter().all(|change| matches!(change, Change::Rejected(_))) && all.len() == 2, "{all:?}");
    assert_eq!(end.complete.len(), 2);
}

#[test]
fn references_and_odd_values_are_read() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let managers = [json!("m"), json!({ "value": "m" }), json!([{ "value": "m" }])];
    let users: Vec<Value> = managers
        .iter()
        .enumerate()
        .map(|(at, manager)| json!({ "USERNAME": format!("u{at}"), "userName": format!("u{at}"), "active": "False", "emails": [{ "value": "a@x" }], enterprise: { "manager": manager } }))
        .collect();
    let group = json!({ "displayName": "g", "members": [{ "value": "a" }, { "value": "b", "$ref": "https://x/Groups/b" }, { "value": "" }] });
    let (all, _) = read(&Provider::with(&users, &[group]), &json!({}), None).unwrap();
    let attributes: Vec<Value> = all
        .iter()
        .map(|change| match change {
            Change::Upsert(object) => serde_json::from_str(&object.attributes).unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    for user in &attributes[..3] {
        assert_eq!(user["manager"], json!({ "ref": "account", "id": "m" }));
        assert_eq!(
            (&user["active"], &user["emails.work"], &user["title"]),
            (&json!(false), &json!("a@x"), &Value::Null)
        );
    }
    assert_eq!(attributes[3]["members"], json!([{ "ref": "account", "id": "a" }, { "ref": "group", "id": "b" }]));
}

#[test]
fn deltas_ask_by_time_and_say_nothing_of_the_rest() {
    let provider = Provider::with(&people(3), &[]);
    for (at, time) in ["2025-12-31T23:54:00Z", "2025-12-31T23:55:01Z", "2026-02-01T00:00:00Z"].into_iter().enumerate() {
        provider.borrow_mut().users[at]["meta"]["lastModified"] = time.into();
    }
    let more = json!({ "delta": "last-modified" });
    let (_, end) = read(&provider, &more, None).unwrap();
    let cursor = end.cursor.unwrap();
    assert_eq!(cursor, "since 2025-12-31T23:55:00Z");
    let (all, end) = read(&provider, &more, Some(&cursor)).unwrap();
    assert_eq!((all.len(), end.complete.len(), end.cursor), (2, 0, Some(cursor)));
    provider.borrow_mut().listings.push_back(|page| page["totalResults"] = 3.into());
    assert_eq!(
        read(&provider, &more, Some("since 2025-12-31T23:55:00Z")).unwrap_err().kind,
        FaultKind::Incomplete,
        "a gap"
    );
    assert_eq!(read(&provider, &more, Some("since \" or 1")).unwrap_err().kind, FaultKind::CursorInvalid);
    assert_eq!(
        read(&provider, &json!({}), Some("since 2025-12-31T23:55:00Z")).unwrap_err().kind,
        FaultKind::Unsupported
    );
}
