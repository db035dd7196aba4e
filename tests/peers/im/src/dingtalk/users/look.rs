//! One member. A field that the application may not see is left out, exactly as a field that is empty: a client must never
//! take absence for "cleared".

use super::rules;
use crate::dingtalk::refusal::{Refusal, old};
use crate::dingtalk::state::{Org, User};
use crate::dingtalk::table::Work;
use serde_json::{Map, Value, json};

/// The permission for mobile numbers, by the name that the vendor's console gives it.
const MOBILE: &str = "fieldMobile";
/// The permission for "e-mail and other personal information".
const PERSONAL: &str = "fieldEmail";

/// What single and listed members have in common.
pub(super) fn common(org: &Org, app: &str, userid: &str, user: &User) -> Map<String, Value> {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("userid", userid.into());
    put("unionid", user.unionid.clone().into());
    put("name", user.name.clone().into());
    let hidden: &[(&str, &[&str])] =
        &[(MOBILE, &["mobile", "state_code"]), (PERSONAL, &["email", "work_place", "remark"])];
    let may_show = |name: &str| {
        let needed = hidden.iter().find(|(_, names)| names.contains(&name));
        needed.is_none_or(|(permission, _)| org.may(app, permission))
    };
    let own = user.exclusive.as_ref().filter(|account| rules::is_own(org, account));
    // Only the organisation that owns a dedicated account sees these.
    let owners = ["login_id", "nickname"];
    let internal = ["exclusive_mobile", "exclusive_mobile_verify_status", "avatarMediaId"];
    for (name, value) in &user.texts {
        let name = name.as_str();
        let is_shown = may_show(name) && !internal.contains(&name) && (own.is_some() || !owners.contains(&name));
        if is_shown && !value.is_empty() && (name != "org_email" || org.settings.mailbox) {
            put(name, value.clone().into());
        }
    }
    put("dept_id_list", json!(user.dept_id_list));
    for flag in ["hide_mobile", "admin", "boss"] {
        put(flag, user.flags.contains(flag).into());
    }
    put("active", (!user.inactive).into());
    if org.may(app, PERSONAL) && !user.extension.is_empty() {
        put("extension", Value::Object(user.extension.clone()).to_string().into());
    }
    if let Some(names) = &user.extension_i18n {
        put("extension_i18n", names.clone());
    }
    if let Some(hired) = user.hired_date {
        put("hired_date", hired.into());
    }
    put("exclusive_account", user.exclusive.is_some().into());
    if let Some(account) = &user.exclusive {
        let of_us = account.owner_corp_id.is_empty();
        let owner = |theirs: &str, ours: &str| if of_us { ours.to_owned() } else { theirs.to_owned() };
        put("exclusive_account_type", account.kind.clone().into());
        put("exclusive_account_corp_id", owner(&account.owner_corp_id, &org.corp_id).into());
        put("exclusive_account_corp_name", owner(&account.owner_corp_name, &org.corp_name).into());
    }
    if let Some(account) = own {
        put("disable_status", account.disabled.into());
    }
    shown
}

/// Whether a member is among the managers of a department: the mark stands at the department.
pub(super) fn leads(org: &Org, department: i64, userid: &str) -> bool {
    let managers = org.departments.get(&department).and_then(|one| one.more.get("dept_manager_userid_list"));
    managers.and_then(Value::as_array).is_some_and(|list| list.iter().any(|manager| manager == userid))
}

fn whole(org: &Org, app: &str, userid: &str, user: &User) -> Value {
    let mut shown = common(org, app, userid, user);
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    if let Some(manager) = user.manager_userid.as_ref().filter(|manager| !manager.is_empty()) {
        put("manager_userid", manager.clone().into());
    }
    let departments = || user.dept_id_list.iter();
    let order = |id: &i64| user.dept_order.get(id).copied().unwrap_or_default();
    put("dept_order_list", departments().map(|id| json!({ "dept_id": id, "order": order(id) })).collect());
    put(
        "leader_in_dept",
        departments().map(|id| json!({ "dept_id": id, "leader": leads(org, *id, userid) })).collect(),
    );
    let positions = departments().map(|id| {
        let mut position = json!({ "dept_id": id, "is_main": user.main_dept == Some(*id) });
        if let Some(title) = user.dept_title.get(id) {
            position["title"] = title.clone().into();
        }
        if let Some(place) = user.dept_work_place.get(id) {
            position["work_place"] = place.clone().into();
        }
        position
    });
    put("dept_position_list", positions.collect());
    put("real_authed", user.flags.contains("real_authed").into());
    put("senior", user.flags.contains("senior").into());
    put("role_list", json!(user.role_list));
    if let Some(union) = &user.union_emp_ext {
        put("union_emp_ext", union.clone());
    }
    Value::Object(shown)
}

/// `get`. A `login_id` wins over the userid, for accounts of type `dingtalk` of this organisation.
pub(in crate::dingtalk) fn get(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    let found = match work.text("login_id").filter(|login| !login.is_empty()) {
        Some(login) => org.users.iter().find(|(_, user)| rules::has_login(org, user, login)),
        None => org.users.get_key_value(&work.required("userid")),
    };
    let (userid, user) = found.ok_or_else(|| old(60121))?;
    if !org.sees_user(work.app, userid, user) {
        return Err(old(50002));
    }
    Ok(json!({ "result": whole(org, work.app, userid, user) }))
}

/// `getbymobile`. Dedicated accounts have a mobile number of their own, and a list of their own in the answer.
pub(in crate::dingtalk) fn by_mobile(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    let mobile = rules::mobile(&work.required("mobile"), false).ok_or_else(|| old(40104))?;
    let seen = || org.users.iter().filter(|(userid, user)| org.sees_user(work.app, userid, user));
    let ordinary = seen().find(|(_, user)| rules::stored_mobile(user).is_some_and(|stored| stored == mobile));
    let dedicated = seen().filter(|(_, user)| {
        let own = user.exclusive.as_ref().is_some_and(|account| rules::is_own(org, account));
        let stored = user.texts.get("exclusive_mobile").and_then(|stored| rules::mobile(stored, false));
        own && stored.is_some_and(|stored| stored == mobile)
    });
    let asked = work.flag("support_exclusive_account_search") == Some(true);
    let dedicated: Vec<&String> = if asked { dedicated.map(|(userid, _)| userid).collect() } else { Vec::new() };
    let mut result = match ordinary {
        Some((userid, _)) => json!({ "userid": userid }),
        None if dedicated.is_empty() => return Err(old(60121)),
        None => json!({}),
    };
    if asked {
        result["exclusive_account_userid_list"] = json!(dedicated);
    }
    Ok(json!({ "result": result }))
}

/// `getbyunionid`. External contacts, type 1, are none of the simulator's.
pub(in crate::dingtalk) fn by_unionid(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (org, unionid) = (work.world.seen(), work.required("unionid"));
    let mut seen = org.users.iter().filter(|(userid, user)| org.sees_user(work.app, userid, user));
    let (userid, _) = seen.find(|(_, user)| user.unionid == unionid).ok_or_else(|| old(60121))?;
    Ok(json!({ "result": { "contact_type": 0, "userid": userid } }))
}
