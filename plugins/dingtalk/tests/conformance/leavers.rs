//! Deltas: who left.

use super::{Corp, scan, world};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Change, Class, DepartureCause, Fault, FaultKind, Reader, ScanEnd, Source};
use serde_json::{Value, json};

fn left(userid: &str, time: &str) -> Value {
    json!({ "userId": userid, "name": userid, "leaveTime": time, "leaveReason": "oapi" })
}

fn since(cursor: &str) -> Result<(Vec<Change>, ScanEnd), Fault> {
    let mut reader = open::<Dingtalk>()?.changes_since(&[Class::Account], cursor.to_owned())?;
    let mut changes = Vec::new();
    loop {
        let page = reader.next(1)?;
        let end = page.ended().cloned();
        changes.extend(page.changes);
        if let Some(end) = end {
            return Ok((changes, end));
        }
    }
}

#[test]
fn who_left_is_gone_and_who_came_back_is_not() {
    let mut corp = Corp::small();
    corp.leavers = vec![
        left("old", "2025-12-31T00:00:00Z"),
        left("x1", "2026-01-01T00:00:00Z"),
        left("u1", "2026-01-01T00:00:01Z"),
        left("x2", "2026-01-01T00:00:02Z"),
        left("x1", "2026-01-01T00:00:03Z"),
        left("x3", "2026-01-01T00:00:04Z"),
    ];
    let _world = world(corp, json!({ "leavers": true })).enter();
    let (_, end) = scan().unwrap();
    let (changes, end) = since(&end.cursor.unwrap()).unwrap();
    let gone = |id: &str| Change::gone(Class::Account, id, DepartureCause::Deleted);
    assert_eq!(changes, [gone("x1"), gone("x2"), gone("x3")]);
    assert!(end.complete.is_empty() && end.cursor.is_some());
}

#[test]
fn cursors_of_others_and_of_last_year_need_a_full_scan() {
    let _world = world(Corp::small(), json!({ "leavers": true })).enter();
    for cursor in
        ["", "{}", "0", "{\"leavers_since\":-1}", "{\"leavers_since\":0}", "{\"leavers_since\":18446744073709551615}"]
    {
        assert_eq!(since(cursor).unwrap_err().kind, FaultKind::CursorInvalid, "{cursor}");
    }
}

#[test]
fn without_the_setting_there_are_no_deltas() {
    let _world = world(Corp::small(), json!({})).enter();
    assert_eq!(scan().unwrap().1.cursor, None);
    assert_eq!(since("{\"leavers_since\":1767225600000}").unwrap_err().kind, FaultKind::Unsupported);
}

#[test]
fn answers_that_are_none_are_faults() {
    let path = "/v1.0/contact/empLeaveRecords";
    for answer in [
        json!({}),
        json!({ "records": null }),
        json!({ "records": [{}] }),
        json!({ "records": [{ "userId": null }] }),
        json!({ "records": [], "nextToken": "0" }),
    ] {
        let text = answer.to_string();
        let _world = world(Corp::small().fake_json(path, None, answer), json!({ "leavers": true })).enter();
        let cursor = rosterd_plugin_dingtalk::leavers::cursor();
        assert_eq!(since(&cursor).unwrap_err().kind, FaultKind::Incomplete, "{text}");
    }
}

/// Only DingTalk's word "does not exist" is a leaving.
#[test]
fn a_refusal_is_no_leaving() {
    for (code, said) in [(60011, None), (-1, None), (50002, Some(DepartureCause::LeftScope))] {
        let mut corp = Corp::small();
        corp.leavers = vec![left("x1", "2026-01-01T00:00:00Z")];
        let corp = corp.fake_json("/topapi/v2/user/get", None, super::corp::refused(code));
        let _world = world(corp, json!({ "leavers": true })).enter();
        let answer = since(&rosterd_plugin_dingtalk::leavers::cursor());
        match said {
            None => assert!(answer.is_err(), "{code}"),
            Some(cause) => assert_eq!(answer.unwrap().0, [Change::gone(Class::Account, "x1", cause)]),
        }
    }
}
