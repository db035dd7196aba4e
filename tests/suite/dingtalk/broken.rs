//! Answers that are none: each is a fault with the call, what is wrong and who must act, and nobody is removed.

use super::company::Company;
use super::directory::Directory;
use super::tree::parents;
use super::{Pair, Way};
use serde_json::{Value, json};

const BELOW: &str = "/topapi/v2/department/listsub";
const PEOPLE: &str = "/topapi/v2/user/list";

#[test]
fn an_answer_that_is_none_removes_nobody_and_says_who_must_act() {
    let (_, organisation) = Company::new(19, 60, 8);
    let below =
        parents(&organisation).into_iter().find(|(_, parent)| parent.is_some_and(|id| id != 1)).expect("two levels");
    let (child, parent) = (below.0, below.1.expect("a parent"));
    let pair = Pair::new(organisation, Way::Polling);
    pair.next_day().well();
    let before = Directory::of_hub(&pair.hub);
    let text = |status: u16, body: &str| json!({ "text": { "status": status, "body": body } });
    let reply = |body: Value| json!({ "reply": { "status": 200, "body": body } });
    let good = |result: Value| reply(json!({ "errcode": 0, "errmsg": "ok", "result": result }));
    let looped = json!([{ "dept_id": parent, "parent_id": child, "name": "again" }]);
    for (path, action, words) in [
        (PEOPLE, text(200, "<html>portal</html>"), vec!["is a page (status 200)", "a proxy"]),
        (PEOPLE, text(502, "<html>gone</html>"), vec!["is a page (status 502)", "a proxy"]),
        (BELOW, text(200, "{\"errcode\":0,\"result\":[{\"dept"), vec!["no whole JSON", "nobody has to act unless"]),
        (PEOPLE, reply(json!({ "result": { "list": [], "has_more": false } })), vec!["no errcode"]),
        (PEOPLE, reply(json!({ "errcode": 60020, "errmsg": "ip" })), vec!["60020", "white list"]),
        (PEOPLE, good(json!({ "list": {}, "has_more": "perhaps" })), vec!["the author of this connector"]),
        (PEOPLE, good(json!({ "list": [], "has_more": true, "next_cursor": 0 })), vec!["no way forward"]),
        (BELOW, reply(json!({ "errcode": 0 })), vec!["has no list"]),
        (BELOW, good(looped), vec!["a loop", "an administrator of DingTalk"]),
        ("/gettoken", reply(json!({ "errcode": 40089 })), vec!["code 40089", "unauthorized"]),
        ("/gettoken", reply(json!({ "errcode": -1 })), vec!["is busy", "transient"]),
        ("/gettoken", text(200, "{\"errcode\":0,\"access_to"), vec!["a part of one", "transient"]),
    ] {
        // Whoever asks again gets the same.
        let skipped = if path == BELOW { 1 } else { 0 };
        pair.fault(path, skipped, 100, &action);
        let ran = pair.next_day();
        ran.failed(&words).failed(&[path]);
        pair.vendor.verb("DELETE", "/faults", &Value::Null);
        assert_eq!(Directory::of_hub(&pair.hub), before, "{action}");
    }
    // And one good run says that all is as it was.
    assert!(pair.next_day().well().said.json()["plan"].is_null());
    pair.assert_equal();
}
