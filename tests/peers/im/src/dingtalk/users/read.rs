//! Listing members of one department. There is no listing of all: a client walks the departments, and meets whoever is in
//! several of them several times.

use super::look::{common, leads};
use crate::dingtalk::refusal::{Refusal, old};
use crate::dingtalk::state::{Org, User};
use crate::dingtalk::table::Work;
use serde_json::{Value, json};
use std::cmp::Reverse;

/// Direct members in the order that was asked for. `custom` is the order of the console: large numbers first.
fn ordered<'a>(org: &'a Org, department: i64, order: &str) -> Vec<(&'a String, &'a User)> {
    let mut members: Vec<_> = org.members(department).collect();
    match order {
        "entry_asc" => members.sort_by_key(|(_, user)| user.created),
        "entry_desc" => members.sort_by_key(|(_, user)| Reverse(user.created)),
        "modify_asc" => members.sort_by_key(|(_, user)| user.modified),
        "modify_desc" => members.sort_by_key(|(_, user)| Reverse(user.modified)),
        _ => members.sort_by_key(|(_, user)| Reverse(user.dept_order.get(&department).copied().unwrap_or_default())),
    }
    members
}

/// One page, each member shown by `show`.
fn page(work: &Work<'_>, show: impl Fn(&Org, i64, &String, &User) -> Value) -> Result<Value, Refusal> {
    let org = work.world.seen();
    let department = work.integer("dept_id").unwrap_or_default();
    // A department that does not exist is outside of every scope: this call has no code for "not found".
    if !org.departments.contains_key(&department) || !org.sees_department(work.app, department) {
        return Err(old(50004));
    }
    let number = |name: &str| usize::try_from(work.integer(name).unwrap_or_default()).unwrap_or_default();
    let (cursor, size) = (number("cursor"), number("size"));
    let members = ordered(org, department, work.text("order_field").unwrap_or("custom"));
    let shown = members.iter().skip(cursor).take(size).map(|(userid, user)| show(org, department, userid, user));
    let shown: Vec<Value> = shown.collect();
    let next = cursor + shown.len();
    let has_more = next < members.len();
    let mut result = json!({ "has_more": has_more, "list": shown });
    if has_more {
        result["next_cursor"] = next.into();
    }
    Ok(json!({ "result": result }))
}

/// `list`.
pub(in crate::dingtalk) fn list(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let app = work.app;
    page(work, |org, department, userid, user| {
        let mut shown = common(org, app, userid, user);
        shown.insert("dept_order".into(), user.dept_order.get(&department).copied().unwrap_or_default().into());
        shown.insert("leader".into(), leads(org, department, userid).into());
        Value::Object(shown)
    })
}

/// `listsimple`.
pub(in crate::dingtalk) fn list_simple(work: &mut Work<'_>) -> Result<Value, Refusal> {
    page(work, |_, _, userid, user| json!({ "userid": userid, "name": user.name }))
}

/// `listid`: neither pages nor scope.
pub(in crate::dingtalk) fn list_ids(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (org, department) = (work.world.seen(), work.integer("dept_id").unwrap_or_default());
    if !org.departments.contains_key(&department) {
        return Err(old(60003));
    }
    let ids: Vec<&String> = ordered(org, department, "custom").into_iter().map(|(userid, _)| userid).collect();
    Ok(json!({ "result": { "userid_list": ids } }))
}

/// `count`: of those that the application may see.
pub(in crate::dingtalk) fn count(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let (org, only_active) = (work.world.seen(), work.flag("only_active") == Some(true));
    let seen = org.users.iter().filter(|(userid, user)| org.sees_user(work.app, userid, user));
    let count = seen.filter(|(_, user)| !only_active || !user.inactive).count();
    Ok(json!({ "result": { "count": count } }))
}
