//! What must not be read, or not as if nothing had happened.

use super::{accounts, fixture, scan, world};
use rosterd_sdk::{Change, Class, FaultKind, Rejection};
use serde_json::json;

fn rejections(changes: &[Change]) -> Vec<&Rejection> {
    let mut rejections = Vec::new();
    for change in changes {
        if let Change::Rejected(rejection) = change {
            rejections.push(rejection);
        }
    }
    rejections
}

#[test]
fn a_bad_row_is_rejected_and_the_others_are_read() {
    let _world = world(fixture("broken-rows.csv"), "id", json!({ "headers": { "org": "org_path" } })).enter();
    let (changes, end) = scan().unwrap();
    let ids: Vec<String> = accounts(&changes).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["1", "8", "11"]);
    let seen: Vec<(Option<&str>, &str)> =
        rejections(&changes).iter().map(|rejection| (rejection.id.as_deref(), rejection.position.as_str())).collect();
    assert_eq!(
        seen,
        [
            (Some("2"), "line 3"),
            (None, "line 4"),
            (Some("4"), "line 5, column 3"),
            (None, "line 6, column 1"),
            (None, "line 7, column 1"),
            (Some("7"), "line 8"),
            (Some("9"), "line 10, column 4"),
            (None, "line 11"),
        ]
    );
    assert_eq!(end.complete, [Class::Account], "rejected rows may have named org units");
    assert!(end.note.unwrap().contains("8 rows rejected"));
}

#[test]
fn an_id_behind_a_wrong_cell_is_not_believed() {
    let _world = world("name,id\nLi, Lei,1\nHan,2\n", "id", json!({})).enter();
    let (changes, _) = scan().unwrap();
    assert_eq!(rejections(&changes)[0].id, None);
}

#[test]
fn an_unclosed_quote_is_no_end() {
    let _world = world(fixture("unclosed.csv"), "id", json!({})).enter();
    let fault = scan().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Incomplete);
    assert!(fault.message.contains("line 2"), "{}", fault.message);
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let _world = world(fixture("nul.csv"), "id", json!({})).enter();
    assert!(scan().unwrap_err().message.contains("NUL"));
    let _world = world(b"id,name\n1,\xFF\xFE\xFD\xFC\n", "id", json!({})).enter();
    let fault = scan().unwrap_err();
    assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Settings, Some("encoding")));
    let _world = world(b"\xEF\xBB\xBFid,name\n1,\xFF\n", "id", json!({})).enter();
    assert_eq!(scan().unwrap_err().kind, FaultKind::Invalid);
    let _world = world("", "id", json!({})).enter();
    assert_eq!(scan().unwrap_err().kind, FaultKind::Incomplete);
}

#[test]
fn gb18030_late_in_the_file_is_found() {
    let mut file = b"id,name\n".to_vec();
    for row in 0..30_000 {
        file.extend_from_slice(format!("{row},plain\n").as_bytes());
    }
    // 李 in GB18030, far behind the first chunk.
    file.extend_from_slice(b"x,\xC0\xEE\n");
    let _world = world(file, "id", json!({})).enter();
    let (changes, _) = scan().unwrap();
    assert_eq!(accounts(&changes).last().unwrap().1["display_name"], "李");
}

#[test]
fn columns_must_be_clear() {
    let _world = world("工号,邮箱,Email\n1,a,b\n", "工号", json!({})).enter();
    let fault = scan().unwrap_err();
    assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Settings, Some("email")));
    let _world = world("a;b\n1;2\n", "工号", json!({})).enter();
    let fault = scan().unwrap_err();
    assert!(fault.kind == FaultKind::Settings && fault.message.contains("\"a\", \"b\""), "{}", fault.message);
}

#[test]
fn huge_cells_are_rejected_without_being_kept() {
    let file = format!("id,name\n1,\"{}\"\n2,Li\n", "x".repeat(300_000));
    let _world = world(file, "id", json!({})).enter();
    let (changes, _) = scan().unwrap();
    assert_eq!(rejections(&changes).len(), 1);
    assert!(rejections(&changes)[0].raw.len() <= 4096);
    assert_eq!(accounts(&changes).len(), 1);
}

#[test]
fn settings_that_contradict_are_named() {
    for (more, subject) in [
        (json!({ "delimiter": "ab" }), "delimiter"),
        (json!({ "org-separator": "\\" }), "org-separator"),
        (json!({ "journal": "people.csv" }), "journal"),
    ] {
        let _world = world("id\n1\n", "id", more).enter();
        assert_eq!(scan().unwrap_err().subject.as_deref(), Some(subject));
    }
    let _world = world("id\n1\n", "id", json!({ "delimeter": "," })).enter();
    assert!(scan().unwrap_err().message.contains("delimeter"));
}
