//! The life of dedicated accounts: suspending, signing out, and their ids among all users of the vendor.

use super::refusal::{Refusal, new};
use super::state::Exclusive;
use super::table::Work;
use super::users::rules;
use crate::clock::{DAY, Millis};
use serde_json::{Value, json};

/// Beginnings of ids that the vendor keeps for itself.
const RESERVED: [&str; 2] = ["dingtalk", "alibaba"];
/// How long an id stays as it is.
const YEAR: Millis = 365 * DAY;

/// The dedicated account that a request names. The two codes are those of the call's own page.
fn account<'a>(
    work: &'a mut Work<'_>,
    missing: &'static str,
    ordinary: &'static str,
) -> Result<&'a mut Exclusive, Refusal> {
    let userid = work.required("userId");
    let own = {
        let org = &work.world.org;
        let user = org.users.get(&userid).ok_or_else(|| new(400, missing))?;
        user.exclusive.as_ref().is_some_and(|account| rules::is_own(org, account))
    };
    let user = work.world.org.users.get_mut(&userid).filter(|_| own);
    user.and_then(|user| user.exclusive.as_mut()).ok_or_else(|| new(400, ordinary))
}

fn suspend(work: &mut Work<'_>, disabled: bool) -> Result<Value, Refusal> {
    account(work, "user.not.exist", "exclusive.account.only")?.disabled = disabled;
    Ok(json!({ "result": true }))
}

/// `enable`.
pub(super) fn enable(work: &mut Work<'_>) -> Result<Value, Refusal> {
    suspend(work, false)
}

/// `disable`.
pub(super) fn disable(work: &mut Work<'_>) -> Result<Value, Refusal> {
    suspend(work, true)
}

/// `signOut`. Accounts that sign in elsewhere can only be enabled and disabled.
pub(super) fn sign_out(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let account = account(work, "user.not.exist", "exclusive.account.only")?;
    if account.kind == "sso" {
        return Err(new(400, "invalid.param"));
    }
    account.signed_out += 1;
    Ok(json!({ "result": true }))
}

/// `status`.
pub(super) fn status(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (userid, org) = (work.required("userId"), work.world.seen());
    let user = org.users.get(&userid).ok_or_else(|| new(400, "user.not.exist"))?;
    let account = user.exclusive.as_ref().filter(|account| rules::is_own(org, account));
    let account = account.ok_or_else(|| new(400, "exclusive.account.only"))?;
    Ok(json!({ "disable": account.disabled }))
}

/// `ownedOrganizations`: this one and those that the account joined.
pub(super) fn owned_organisations(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (userid, org) = (work.required("userId"), work.world.seen());
    let user = org.users.get(&userid).ok_or_else(|| new(400, "employee.not.exist"))?;
    let account = user.exclusive.as_ref().ok_or_else(|| new(400, "exclusive.account.limit"))?;
    let mut list = vec![json!({ "corpId": org.corp_id, "corpName": org.corp_name })];
    list.extend(account.organisations.iter().map(|(id, name)| json!({ "corpId": id, "corpName": name })));
    Ok(json!({ "orgList": list }))
}

/// `multiOrgPermissions/auth`. It answers with nothing at all.
pub(super) fn allow_joining(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let ids = work.fields.get("grantDeptIdList").and_then(Value::as_array).cloned().unwrap_or_default();
    let known = |id: &Value| id.as_i64().is_some_and(|id| work.world.org.departments.contains_key(&id));
    if ids.iter().all(known) { Ok(Value::Null) } else { Err(new(400, "invalid.param")) }
}

/// `dingTalkIds/change`: 6 to 20 letters and digits, a letter first, nobody else's, and once a year.
pub(super) fn change_dingtalk_id(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (id, userid, now) = (work.required("dingTalkId"), work.required("userId"), work.now);
    if !(6..=20).contains(&id.len()) {
        return Err(new(400, "incorrect.length"));
    }
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain || !id.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return Err(new(400, "incorrect.format"));
    }
    let lower = id.to_ascii_lowercase();
    let mut others = work.world.org.users.iter().filter(|(other, _)| **other != userid);
    let taken =
        others.any(|(_, user)| user.exclusive.as_ref().is_some_and(|one| one.dingtalk_id.as_ref() == Some(&id)));
    if taken || RESERVED.iter().any(|reserved| lower.starts_with(reserved)) {
        return Err(new(400, "incorrect.reserved"));
    }
    let account = account(work, "emp.not.exist", "internalenterpriseaccount.limit")?;
    if account.dingtalk_id_changed.is_some_and(|at| at > now - YEAR) {
        return Err(new(400, "have.been.set"));
    }
    account.dingtalk_id = Some(id);
    account.dingtalk_id_changed = Some(now);
    Ok(json!({ "result": true }))
}
