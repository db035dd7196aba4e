//! Removing a member. It stays in the lists of those who left, and nowhere else.

use crate::clock::Millis;
use crate::dingtalk::events::{self, Kind};
use crate::dingtalk::refusal::{Refusal, old};
use crate::dingtalk::state::{Leaver, Org};
use crate::dingtalk::table::Work;
use serde_json::{Value, json};

/// `delete`.
pub(in crate::dingtalk) fn delete(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let userid = work.required("userid");
    let org = &work.world.org;
    let user = org.users.get(&userid).ok_or_else(|| old(33012))?;
    if !org.sees_user(work.app, &userid, user) {
        return Err(old(50002));
    }
    remove(&mut work.world.org, &userid, "oapi", work.now);
    events::echo_user(work, Kind::UserLeft, &userid, None);
    Ok(json!({}))
}

/// Takes a member out, with everything that refers to it. Says whether it was there.
pub(in crate::dingtalk) fn remove(org: &mut Org, userid: &str, reason: &str, now: Millis) -> bool {
    let Some(user) = org.users.remove(userid) else { return false };
    org.leavers.push(Leaver { userid: userid.to_owned(), reason: reason.to_owned(), at: now, user });
    for other in org.users.values_mut() {
        other.manager_userid = other.manager_userid.take().filter(|manager| manager != userid);
    }
    for department in org.departments.values_mut() {
        if let Some(Value::Array(managers)) = department.more.get_mut("dept_manager_userid_list") {
            managers.retain(|manager| manager != userid);
        }
        if department.more.get("org_dept_owner").is_some_and(|owner| owner == userid) {
            department.more.remove("org_dept_owner");
        }
    }
    true
}
