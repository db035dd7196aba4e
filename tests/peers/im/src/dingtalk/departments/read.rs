//! Reading departments. Nothing here has pages. Listings of details respect what an application may see; listings of ids
//! do not, so that a client sees ids whose details it may not read.

use crate::dingtalk::refusal::{Refusal, old};
use crate::dingtalk::state::{Department, Org, ROOT};
use crate::dingtalk::table::Work;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The department that a request names, if it exists.
fn named<'a>(org: &'a Org, work: &Work<'_>) -> Result<(i64, &'a Department), Refusal> {
    let id = work.integer("dept_id").unwrap_or(ROOT);
    org.departments.get(&id).map(|department| (id, department)).ok_or_else(|| old(60003))
}

/// Children in the order that their department shows them in: small first, then by id.
fn ordered(org: &Org, department: i64) -> Vec<(i64, &Department)> {
    let mut children: Vec<_> = org.children(department).collect();
    children.sort_by_key(|(id, child)| (child.order, *id));
    children
}

/// `listsub`: the children with their basic fields; their order number is not among them.
pub(in crate::dingtalk) fn list_below(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    let (id, _) = named(org, work)?;
    if !org.sees_department(work.app, id) {
        return Err(old(50004));
    }
    let basic = ["create_dept_group", "auto_add_user", "from_union_org", "source_identifier", "tags", "ext"];
    let shown = ordered(org, id).into_iter().map(|(id, child)| {
        let mut item = json!({ "dept_id": id, "name": child.name, "parent_id": child.parent_id });
        item["create_dept_group"] = false.into();
        item["auto_add_user"] = false.into();
        for name in basic {
            if let Some(value) = child.more.get(name) {
                item[name] = value.clone();
            }
        }
        item
    });
    Ok(json!({ "result": shown.collect::<Vec<_>>() }))
}

/// `listsubid`.
pub(in crate::dingtalk) fn list_ids_below(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    let (id, _) = named(org, work)?;
    let ids: Vec<i64> = ordered(org, id).into_iter().map(|(id, _)| id).collect();
    Ok(json!({ "result": { "dept_id_list": ids } }))
}

/// `listparentbydept`: the department first, the root last.
pub(in crate::dingtalk) fn path_of_department(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    let (id, _) = named(org, work)?;
    Ok(json!({ "result": { "parent_id_list": org.path(id) } }))
}

/// `listparentbyuser`.
pub(in crate::dingtalk) fn paths_of_user(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    let user = work.text("userid").and_then(|userid| org.users.get(userid)).ok_or_else(|| old(60121))?;
    let paths = user.dept_id_list.iter().map(|id| json!({ "parent_dept_id_list": org.path(*id) }));
    Ok(json!({ "result": { "parent_list": paths.collect::<Vec<_>>() } }))
}

/// `get`.
pub(in crate::dingtalk) fn get(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    let (id, department) = named(org, work)?;
    if !org.sees_department(work.app, id) {
        return Err(old(50004));
    }
    Ok(json!({ "result": whole(org, id, department) }))
}

fn whole(org: &Org, id: i64, department: &Department) -> Value {
    let mut shown = Map::new();
    shown.insert("dept_id".into(), id.into());
    shown.insert("name".into(), department.name.clone().into());
    if let Some(parent) = department.parent_id {
        shown.insert("parent_id".into(), parent.into());
        shown.insert("order".into(), department.order.into());
    }
    let flags = ["create_dept_group", "auto_add_user", "auto_approve_apply", "group_contain_sub_dept", "outer_dept"];
    for name in flags.into_iter().chain(["hide_dept", "from_union_org"]) {
        shown.insert(name.into(), department.more.get(name).cloned().unwrap_or(Value::Bool(false)));
    }
    let texts = ["source_identifier", "code", "brief", "telephone", "tags", "dept_group_chat_id", "org_dept_owner"];
    let others = ["union_dept_ext"];
    for name in texts.into_iter().chain(others) {
        if let Some(value) = department.more.get(name) {
            shown.insert(name.into(), value.clone());
        }
    }
    if let Some(extension) = department.more.get("extension") {
        shown.insert("extention".into(), extension.clone());
    }
    let list = |name: &str| department.more.get(name).cloned().unwrap_or_else(|| json!([]));
    shown.insert("dept_manager_userid_list".into(), list("dept_manager_userid_list"));
    // Who may see it is told only where that is restricted at all.
    for (flag, lists) in
        [("outer_dept", ["outer_permit_depts", "outer_permit_users"]), ("hide_dept", ["dept_permits", "user_permits"])]
    {
        if department.more.get(flag) == Some(&Value::Bool(true)) {
            shown.extend(lists.map(|name| (name.to_owned(), list(name))));
        }
    }
    let below = org.subtree(id);
    let within: BTreeSet<&String> =
        below.into_iter().flat_map(|id| org.members(id)).map(|(userid, _)| userid).collect();
    shown.insert("member_count".into(), within.len().into());
    shown.insert("owning_member_count".into(), org.members(id).count().into());
    Value::Object(shown)
}
