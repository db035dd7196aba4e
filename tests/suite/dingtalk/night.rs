//! What goes wrong in a scan at night. Each night ends with a scan that went well.

use super::company::Company;
use super::directory::Directory;
use super::tree::leaves;
use super::{APP, Pair};
use serde_json::{Value, json};

const BELOW: &str = "/topapi/v2/department/listsub";
const DEPARTMENT: &str = "/topapi/v2/department/get";
const PEOPLE: &str = "/topapi/v2/user/list";

/// Tokens end in the middle: they are too old, then nobody ever knew them.
pub(super) fn tokens_end(pair: &Pair) {
    pair.meanwhile(BELOW, 100, "DELETE", "/tokens", &Value::Null);
    pair.meanwhile(PEOPLE, 150, "DELETE", "/tokens?forget=yes", &Value::Null);
    let ran = pair.next_day();
    ran.well();
    let counts = pair.vendor.verb("GET", "/counts", &Value::Null);
    assert_eq!(counts["calls"]["GET /gettoken"], 3, "eight calls that find a token ended renew it once: {counts}");
}

/// Throttled, busy, cut and lost: what is sent again is read.
pub(super) fn busy_and_cut(pair: &Pair) {
    pair.fault(BELOW, 40, 3, &json!({ "throttle": "app" }));
    pair.fault(BELOW, 43, 1, &json!("busy"));
    pair.fault(DEPARTMENT, 40, 2, &json!({ "throttle": "api" }));
    pair.fault(DEPARTMENT, 42, 1, &json!("ignore"));
    pair.fault(PEOPLE, 40, 1, &json!("cut_all"));
    pair.fault(PEOPLE, 41, 1, &json!("cut_half"));
    pair.next_day().well();
}

/// Permissions are withdrawn: that of a call, then that of a field.
pub(super) fn permissions_go(pair: &Pair) {
    let permissions = |verb: &str, name: &str| {
        pair.vendor.verb("POST", &format!("/apps/{APP}/permissions"), &json!({ verb: [name] }));
    };
    let before = Directory::of_hub(&pair.hub);
    permissions("revoke", "qyapi_get_department_member");
    pair.next_day().failed(&["/topapi/user/count", "60011", "qyapi_get_department_member", "administrator"]);
    assert_eq!(Directory::of_hub(&pair.hub), before, "nothing was read, and nothing changed");
    permissions("grant", "qyapi_get_department_member");
    permissions("revoke", "fieldMobile");
    pair.run().well();
    let known = Directory::of_hub(&pair.hub);
    // Who came today has none yet.
    assert!(known.with("mobile") >= known.size().0 - 8, "a number that is hidden is not a number that is gone");
    permissions("grant", "fieldMobile");
    pair.run().well();
}

/// A department goes with people in it, while its people are about to be read.
pub(super) fn department_goes(pair: &Pair) {
    let leaves = leaves(&pair.vendor.state());
    let last = leaves.first().expect("a leaf");
    pair.meanwhile(PEOPLE, 30, "DELETE", &format!("/departments/{last}?people=move"), &Value::Null);
    pair.next_day().failed(&[PEOPLE, &format!("department {last}"), "50004"]);
    pair.run().well();
}

/// The application sees less than before: people out of its range are no leavers.
pub(super) fn range_shrinks(pair: &Pair) {
    let range = |scope: &Value| pair.vendor.verb("PATCH", "/state", &json!({ "apps": { APP: { "scope": scope } } }));
    let before = Directory::of_hub(&pair.hub);
    range(&json!({ "users": [], "departments": [1000, 1001] }));
    pair.next_day().failed(&["/auth/scopes", "no longer sees department 1,", "administrator"]);
    pair.run().failed(&["no longer sees department 1,"]);
    assert_eq!(Directory::of_hub(&pair.hub), before, "nothing was read, and nothing changed");
    range(&Value::Null);
    pair.run().well();
}

/// Somebody is moved from a department that is still to be read to one that was read: no page shows him.
pub(super) fn people_move(pair: &Pair) {
    let userid = Company::somebody_read_late(&pair.vendor);
    pair.meanwhile(PEOPLE, 40, "POST", &format!("/people/{userid}"), &json!({ "dept_id_list": [1] }));
    let ran = pair.next_day();
    let licences = ran.said.json()["run"]["licences"].clone();
    let account = licences.as_array().into_iter().flatten().find(|one| one["class"] == "account").cloned();
    assert_eq!(account.expect("a licence")["licensed"], false, "{licences}");
    pair.run().well();
}

/// The address is shut out, told by a page and then by JSON.
pub(super) fn shut_out(pair: &Pair) {
    for page in [true, false] {
        pair.vendor.verb("POST", "/ban", &json!({ "page": page }));
        pair.next_day().failed(&["/gettoken", "takes no calls for now", "rate-limited"]);
        pair.vendor.verb("DELETE", "/ban", &Value::Null);
    }
    pair.run().well();
}
