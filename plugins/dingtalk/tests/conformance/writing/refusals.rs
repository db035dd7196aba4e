//! What DingTalk refuses, as faults: the kind says who must act, and one object does not stop the others unless all of
//! them would meet the same.

use super::*;
use rosterd_sdk::FaultKind;

fn title(id: &str) -> Operation {
    update(Class::Account, id, &json!({ "title": "X" }))
}

#[test]
fn a_code_says_who_must_act() {
    let cases = [
        (60011, FaultKind::Forbidden, "qyapi_manage_addresslist is missing"),
        (43007, FaultKind::Forbidden, "qyapi_manage_addresslist is missing"),
        (60020, FaultKind::Forbidden, "white list"),
        (40014, FaultKind::Unauthorized, "AppSecret"),
        (90018, FaultKind::RateLimited, "nobody has to act"),
        (90020, FaultKind::RateLimited, "month"),
        (50002, FaultKind::Invalid, "what data it may see"),
        (50004, FaultKind::Invalid, "what data it may see"),
        (60003, FaultKind::Invalid, "not in DingTalk"),
        (60121, FaultKind::NotFound, "not in DingTalk"),
        (60105, FaultKind::Invalid, "mapping"),
        (60106, FaultKind::AlreadyExists, "link the two"),
        (60128, FaultKind::Invalid, "manager"),
        (40022, FaultKind::Invalid, "mobile number"),
        (40035, FaultKind::Invalid, "mapping"),
        (77_777, FaultKind::Invalid, "author"),
    ];
    for (code, kind, words) in cases {
        let office = Office::new().fate(UPDATE, None, Fate::code(code));
        let fault = failed(one(&office, title("u1")));
        assert_eq!(fault.kind, kind, "{code}: {fault:?}");
        for words in [words, UPDATE, "person u1", &format!("code {code}")] {
            assert!(fault.message.contains(words), "{code}: {}", fault.message);
        }
    }
    for (code, subject) in
        [(60105, "email"), (60119, "title"), (60122, "extension"), (60128, "manager"), (60003, "departments")]
    {
        let office = Office::new().fate(UPDATE, None, Fate::code(code));
        assert_eq!(failed(one(&office, title("u1"))).subject.as_deref(), Some(subject), "{code}");
    }
    for (code, kind, subject) in [
        (60004, FaultKind::Invalid, Some("parent")),
        (60010, FaultKind::Invalid, Some("parent")),
        (60002, FaultKind::Invalid, Some("parent")),
        (60009, FaultKind::Invalid, Some("name")),
        (60110, FaultKind::Invalid, None),
        (50004, FaultKind::Invalid, Some("parent")),
    ] {
        let office = Office::new().fate(CREATE_UNIT, None, Fate::code(code));
        let fault = failed(one(&office, create(Class::OrgUnit, &json!({ "name": "Labs" }))));
        assert_eq!((fault.kind, fault.subject.as_deref()), (kind, subject), "{code}");
    }
    for (code, kind) in [(60005, FaultKind::Conflict), (60006, FaultKind::Conflict), (60007, FaultKind::Unsupported)] {
        let office = Office::new().fate(DELETE_UNIT, None, Fate::code(code));
        assert_eq!(failed(one(&office, operation(Class::OrgUnit, Some("70"), Action::Delete))).kind, kind);
        assert!(!office.unit(70).is_null());
    }
}

#[test]
fn what_would_meet_all_stops_the_batch_and_what_meets_one_does_not() {
    let batch = || vec![title("u1"), title("u2"), title("d1")];
    for (code, stops) in
        [(60011, true), (40014, true), (90020, true), (60105, false), (50002, false), (-1, false), (60121, false)]
    {
        let office = Office::new().fate(UPDATE, None, Fate::code(code));
        let receipts = apply(&office, json!({}), batch());
        let untried = receipts.iter().filter(|receipt| matches!(receipt, Receipt::NotAttempted(_))).count();
        assert_eq!(untried, if stops { 2 } else { 0 }, "{code}: {receipts:?}");
    }
    for (fault, stops) in [
        (Fault::denied("no grant"), true),
        (Fault::cancelled("stop"), true),
        (Fault::rate_limited("bucket"), true),
        (Fault::timeout("late"), false),
    ] {
        let office = Office::new().fate(UPDATE, None, Fate::Cut(fault.clone()));
        let receipts = apply(&office, json!({}), batch());
        assert_eq!(matches!(&receipts[2], Receipt::NotAttempted(_)), stops, "{fault:?}: {receipts:?}");
    }
    let page = Fate::Answer(200, "text/html", "<html>too many</html>".to_owned());
    let receipts = apply(&Office::new().fate(UPDATE, None, page), json!({}), batch());
    assert!(
        matches!(&receipts[..], [Receipt::Unknown(_), Receipt::NotAttempted(_), Receipt::NotAttempted(_)]),
        "{receipts:?}"
    );
}

#[test]
fn one_operation_after_the_other_sees_what_the_one_before_did() {
    let office = Office::new();
    let receipts = apply(
        &office,
        json!({}),
        vec![
            title("d1"),
            operation(Class::Account, Some("d1"), Action::Disable),
            operation(Class::Account, Some("u1"), Action::Delete),
            title("u1"),
            title("u2"),
            create(Class::OrgUnit, &json!({ "name": "Labs" })),
            operation(Class::Group, Some("g"), Action::Delete),
        ],
    );
    let words: Vec<&str> = receipts
        .iter()
        .map(|receipt| match receipt {
            Receipt::Applied(_) => "applied",
            Receipt::Unchanged(_) => "unchanged",
            Receipt::Failed(_) => "failed",
            Receipt::Unknown(_) => "unknown",
            Receipt::NotAttempted(_) => "not attempted",
        })
        .collect();
    assert_eq!(words, ["applied", "applied", "applied", "failed", "applied", "applied", "failed"], "{receipts:?}");
}

#[test]
fn a_slow_day_ends_a_batch_before_the_host_does() {
    let office = Office::new().fate(UPDATE, None, Fate::code(90018));
    let receipts = apply(&office, json!({}), vec![title("u1"), title("u2")]);
    assert!(matches!(&receipts[..], [Receipt::Failed(_), Receipt::NotAttempted(_)]), "{receipts:?}");
    // A minute of retries for busy answers, person by person, until the time is up.
    let office = Office::new().fate(UPDATE, None, Fate::code(-1));
    let many: Vec<Operation> = (0..40).map(|at| title(if at % 2 == 0 { "u1" } else { "u2" })).collect();
    let receipts = apply(&office, json!({}), many);
    let tried = receipts.iter().filter(|receipt| matches!(receipt, Receipt::Unknown(_))).count();
    assert!((10..30).contains(&tried), "{tried}");
    assert!(matches!(receipts.last(), Some(Receipt::NotAttempted(_))));
}

#[test]
fn no_message_has_a_secret_or_a_number_of_somebody() {
    for fate in [Fate::code(60103), Fate::code(-1), Fate::Cut(Fault::timeout("late"))] {
        let office = Office::new().fate(CREATE, None, fate);
        for attributes in [
            json!({ "name": "N", "mobile": "13800000009" }),
            json!({ "name": "N", "exclusive_account": true, "login_id": "n" }),
        ] {
            let receipt = format!("{:?}", one(&office, create(Class::Account, &attributes)));
            assert!(!receipt.contains("13800000009") && !receipt.contains("password-of"), "{receipt}");
        }
    }
}

#[test]
fn the_permissions_to_write_have_probes_and_nothing_is_written_for_them() {
    use rosterd_sdk::Connector;
    let probes = |office: &Office, settings: Value| {
        let _world = office.world(settings).enter();
        let probes = open::<Dingtalk>().unwrap().check().unwrap();
        probes
            .into_iter()
            .filter(|probe| ["write", "look", "stop"].iter().any(|word| probe.name.starts_with(word)))
            .collect::<Vec<_>>()
    };
    // The scan's probes are the source's business: none of them can be tried here.
    let settings = json!({ "check-writing": true, "count": false });
    let reading = |office: Office| {
        let empty = Fate::Answer(
            200,
            "application/json",
            json!({ "errcode": 0, "result": { "has_more": false, "list": [] } }).to_string(),
        );
        office.fate("/topapi/v2/user/list", None, empty)
    };
    let office = reading(Office::new().fate(DELETE_UNIT, None, Fate::code(40035)));
    let found = probes(&office, settings.clone());
    assert_eq!((found.len(), found.iter().filter(|probe| !probe.ok).count()), (4, 0), "{found:?}");
    assert!(office.sent(UPDATE)[0].as_object().unwrap().is_empty(), "a call that names nobody does nothing");
    assert_eq!((office.person("u1").is_null(), office.unit(70).is_null()), (false, false));
    let office =
        reading(Office::new().fate(UPDATE, None, Fate::code(60011)).fate(DELETE_UNIT, None, Fate::code(43007)));
    let failed: Vec<String> =
        probes(&office, settings).into_iter().filter(|probe| !probe.ok).map(|probe| probe.name).collect();
    assert_eq!(failed, ["write people", "write departments"]);
    assert!(probes(&reading(Office::new()), json!({ "count": false })).is_empty(), "a source has no use for them");
}
