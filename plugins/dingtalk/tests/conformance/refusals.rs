//! What DingTalk refuses, and who is told to act.

use super::corp::refused;
use super::{Corp, ids, scan, world};
use rosterd_sdk::http::Response;
use rosterd_sdk::testkit::http::json as reply;
use rosterd_sdk::{Class, Fault, FaultKind};
use serde_json::{Value, json};

const LIST: &str = "/topapi/v2/user/list";

fn fault(answer: Value) -> Fault {
    let _world = world(Corp::small().fake_json(LIST, None, answer), json!({})).enter();
    scan().unwrap_err()
}

#[test]
fn a_code_says_who_must_act() {
    let cases = [
        (60011, FaultKind::Forbidden, "qyapi_get_department_member is missing"),
        (60020, FaultKind::Forbidden, "white list"),
        (50004, FaultKind::Forbidden, "what data it may see"),
        (40014, FaultKind::Unauthorized, "AppKey"),
        (42001, FaultKind::Unauthorized, "AppKey"),
        (40089, FaultKind::Unauthorized, "AppSecret"),
        (400_002, FaultKind::Invalid, "author"),
        (90018, FaultKind::RateLimited, "nobody has to act"),
        (90002, FaultKind::RateLimited, "nobody has to act"),
        (90020, FaultKind::RateLimited, "month"),
        (-1, FaultKind::Transient, "busy"),
        (400_001, FaultKind::Transient, "busy"),
        (15, FaultKind::Transient, "busy"),
        (77_777, FaultKind::Invalid, "author"),
    ];
    for (code, kind, words) in cases {
        let fault = fault(refused(code));
        assert_eq!(fault.kind, kind, "{code}: {fault:?}");
        assert!(fault.message.contains(words), "{code}: {}", fault.message);
        assert!(fault.message.contains(LIST) && fault.message.contains(&format!("code {code}")), "{}", fault.message);
        let detail: Value = serde_json::from_str(&fault.detail).unwrap();
        assert_eq!(
            (&detail["endpoint"], &detail["code"], &detail["request"]),
            (&json!(LIST), &json!(code.to_string()), &json!("r1"))
        );
        assert_eq!(fault.retry_after_ms.is_some(), matches!(kind, FaultKind::RateLimited | FaultKind::Transient));
    }
}

#[test]
fn the_gateway_wraps_the_real_code() {
    let wrapped = |outer: i64, inner: Value| json!({ "errcode": outer, "sub_code": inner, "sub_msg": "why", "errmsg": "ding talk error" });
    for (answer, kind, code) in [
        (wrapped(88, json!("40014")), FaultKind::Unauthorized, "40014"),
        (wrapped(88, json!(60011)), FaultKind::Forbidden, "60011"),
        (wrapped(88, json!("90018")), FaultKind::RateLimited, "90018"),
        (wrapped(88, Value::Null), FaultKind::Unauthorized, "88"),
        (wrapped(15, json!("isp.service-error")), FaultKind::Transient, "15"),
    ] {
        let fault = fault(answer);
        assert_eq!(fault.kind, kind, "{fault:?}");
        assert!(fault.message.contains(&format!("code {code}")), "{}", fault.message);
    }
}

#[test]
fn what_is_throttled_or_busy_is_sent_again_and_what_is_refused_is_not() {
    let tried = |code: i64| {
        let world = world(Corp::small().fake_json("/auth/scopes", None, refused(code)), json!({})).enter();
        scan().unwrap_err();
        world.requests().len()
    };
    assert_eq!([tried(90018), tried(90002), tried(-1), tried(400_001)], [6, 6, 3, 3]);
    assert_eq!([tried(60011), tried(40014), tried(90020), tried(400_002)], [1, 1, 1, 1]);
    let corp = [0, 1, 2].into_iter().fold(Corp::small(), |corp, at| corp.fake_json(LIST, Some(at), refused(90018)));
    let world = world(corp, json!({})).enter();
    let (changes, end) = scan().unwrap();
    assert_eq!((ids(&changes, Class::Account).len(), end.complete.len()), (6, 2));
    let lists = world.requests().iter().filter(|request| request.url.ends_with(LIST)).count();
    assert_eq!(lists, 4 + 3, "only what was refused is sent again");
}

#[test]
fn a_block_of_the_address_waits_five_minutes() {
    let blocked = json!({ "status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "x" });
    let world = world(Corp::small().fake_json("/auth/scopes", None, blocked), json!({})).enter();
    let fault = scan().unwrap_err();
    assert_eq!((fault.kind, fault.retry_after_ms, world.requests().len()), (FaultKind::RateLimited, Some(300_000), 1));
}

#[test]
fn what_the_host_says_is_passed_on() {
    for (fault, tries) in [
        (Fault::denied("no grant"), 1),
        (Fault::unauthorized("the recipe got no token"), 1),
        (Fault::rate_limited("bucket").retry_after(9), 1),
        (Fault::transient("reset"), 3),
        (Fault::timeout("late"), 3),
        (Fault::cancelled("stop"), 1),
    ] {
        let (kind, wait) = (fault.kind, fault.retry_after_ms);
        let settings = json!({ "app-key": "k" });
        let world = rosterd_sdk::testkit::World::new().settings(settings).http(move |_| Err(fault.clone())).enter();
        let got = scan().unwrap_err();
        assert_eq!((got.kind, got.retry_after_ms, world.requests().len()), (kind, wait, tries));
        assert!(got.message.contains("/auth/scopes"));
    }
}

#[test]
fn the_new_interface_refuses_with_words() {
    let judge = |status: u16, body: Value| {
        let response: Response = reply(status, &body.to_string());
        rosterd_plugin_dingtalk::reply::judge("/v1.0/contact/empLeaveRecords", "x", &response)
            .map_err(|refused| refused.fault)
    };
    let missing = json!({ "code": "Forbidden.AccessDenied.AccessTokenPermissionDenied", "message": "no", "requestid": "r",
        "accessdenieddetail": { "requiredScopes": ["Contact.Common.Read"] } });
    let fault = judge(403, missing).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Forbidden);
    assert!(fault.message.contains("permission Contact.Common.Read is missing"), "{}", fault.message);
    let kind = |status, code: &str| judge(status, json!({ "Code": code, "Message": "m" })).unwrap_err().kind;
    assert_eq!(kind(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"), FaultKind::RateLimited);
    assert_eq!(kind(403, "Forbidden.AccessDenied.ApiCountLimitForOrg"), FaultKind::RateLimited);
    assert_eq!(kind(400, "InvalidAuthentication"), FaultKind::Unauthorized);
    assert_eq!(kind(400, "invalidParameter"), FaultKind::Invalid);
    assert_eq!(kind(500, "system.busy"), FaultKind::Transient);
    assert_eq!(kind(503, "whatever"), FaultKind::Transient);
    assert!(judge(200, json!({ "records": [] })).is_ok());
}
