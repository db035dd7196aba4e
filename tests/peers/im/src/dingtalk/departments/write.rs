//! Writing departments.

use crate::dingtalk::events::{self, Kind};
use crate::dingtalk::refusal::{Refusal, old, old_about};
use crate::dingtalk::state::{Department, Org, ROOT};
use crate::dingtalk::table::Work;
use serde_json::{Value, json};

/// Letters that a name must not have: hyphen, quotation mark and comma, each in half and full width. The vendor's page
/// names them; which full-width forms count is not certain.
const FORBIDDEN: [char; 8] = ['-', '"', ',', '－', '＂', '，', '“', '”'];

/// Fields that are stored as they come.
const PLAIN: [&str; 15] = [
    "source_identifier",
    "create_dept_group",
    "hide_dept",
    "outer_dept",
    "outer_dept_only_self",
    "auto_approve_apply",
    "auto_add_user",
    "brief",
    "telephone",
    "extension",
    "group_contain_sub_dept",
    "group_contain_outer_dept",
    "group_contain_hidden_dept",
    "org_dept_owner",
    "code",
];
/// Lists of numbers and lists of texts, which arrive between commas.
const NUMBERS: [&str; 2] = ["dept_permits", "outer_permit_depts"];
const TEXTS: [&str; 2] = ["user_permits", "outer_permit_users"];

/// Checks a name: its letters, and that no sibling has it.
fn name(org: &Org, name: &str, parent: i64, itself: Option<i64>) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(old(60001));
    }
    if name.contains(FORBIDDEN) {
        return Err(old(60009));
    }
    let taken = org.children(parent).any(|(id, sibling)| sibling.name == name && Some(id) != itself);
    if taken { Err(old_about(60021, name)) } else { Ok(()) }
}

/// The parent that a request names must exist, be visible, and not be too deep.
fn parent(work: &Work<'_>, parent: i64) -> Result<(), Refusal> {
    let org = &work.world.org;
    if !org.departments.contains_key(&parent) {
        return Err(old(60004));
    }
    if !org.sees_department(work.app, parent) {
        return Err(old(50004));
    }
    let levels = org.path(parent).len();
    if org.settings.most_levels.is_some_and(|most| levels >= most) { Err(old(60002)) } else { Ok(()) }
}

/// Lists between commas, read.
fn lists(work: &Work<'_>) -> Result<Vec<(String, Value)>, Refusal> {
    let mut found = Vec::new();
    for name in NUMBERS.iter().filter(|name| work.fields.contains_key(**name)) {
        found.push(((*name).to_owned(), json!(numbers(&work.required(name))?)));
    }
    for name in TEXTS.iter().filter(|name| work.fields.contains_key(**name)) {
        found.push(((*name).to_owned(), json!(parts(&work.required(name)))));
    }
    for (one, other) in [(0, 0), (1, 1)].map(|(one, other)| (NUMBERS[one], TEXTS[other])) {
        let count = |name: &str| work.text(name).map_or(0, |text| parts(text).len());
        if count(one) + count(other) > 50 {
            return Err(old_about(40035, one));
        }
    }
    Ok(found)
}

/// Values between commas.
pub(in crate::dingtalk) fn parts(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Department ids between commas.
pub(in crate::dingtalk) fn numbers(text: &str) -> Result<Vec<i64>, Refusal> {
    parts(text).iter().map(|part| part.parse().map_err(|_| old_about(40066, part))).collect()
}

/// `create`.
pub(in crate::dingtalk) fn create(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let above = work.integer("parent_id").unwrap_or(ROOT);
    let new_name = work.required("name");
    parent(work, above)?;
    name(&work.world.org, &new_name, above, None)?;
    let org = &work.world.org;
    if org.settings.most_departments.is_some_and(|most| org.departments.len() >= most) {
        return Err(old(60110));
    }
    let mut department = Department { name: new_name, parent_id: Some(above), ..Department::default() };
    fill(work, &mut department)?;
    let org = &mut work.world.org;
    let id = org.next_department;
    org.next_department += 1;
    org.departments.insert(id, department);
    events::echo(work, Kind::DepartmentCreated, &[id]);
    Ok(json!({ "result": { "dept_id": id } }))
}

/// What create and update store alike.
fn fill(work: &Work<'_>, department: &mut Department) -> Result<(), Refusal> {
    if let Some(order) = work.integer("order") {
        department.order = order;
    }
    for field in PLAIN {
        if let Some(value) = work.fields.get(field) {
            department.more.insert(field.to_owned(), value.clone());
        }
    }
    department.more.extend(lists(work)?);
    Ok(())
}

/// `update`: what is not there stays.
pub(in crate::dingtalk) fn update(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let id = work.integer("dept_id").unwrap_or_default();
    if id == ROOT {
        return Err(old(60018));
    }
    let mut department = work.world.org.departments.get(&id).cloned().ok_or_else(|| old(60003))?;
    if !work.world.org.sees_department(work.app, id) {
        return Err(old(50004));
    }
    let above = work.integer("parent_id").or(department.parent_id).unwrap_or(ROOT);
    if Some(above) != department.parent_id {
        if work.world.org.subtree(id).contains(&above) {
            return Err(old(60010));
        }
        parent(work, above)?;
        department.parent_id = Some(above);
    }
    let new_name = work.text("name").unwrap_or(&department.name).to_owned();
    name(&work.world.org, &new_name, above, Some(id))?;
    department.name = new_name;
    managers(work, id, &mut department)?;
    let is_member = |userid: &str| work.world.org.members(id).any(|(member, _)| member == userid);
    if let Some(owner) = work.text("org_dept_owner").filter(|owner| !owner.is_empty() && !is_member(owner)) {
        return Err(old_about(60121, owner));
    }
    fill(work, &mut department)?;
    work.world.org.departments.insert(id, department);
    events::echo(work, Kind::DepartmentModified, &[id]);
    Ok(json!({}))
}

/// Managers are direct members. An empty list is an error unless the field is forced, which is the only way to clear it.
fn managers(work: &Work<'_>, id: i64, department: &mut Department) -> Result<(), Refusal> {
    let forced = work.text("force_update_fields").is_some_and(|names| parts(names).iter().any(|name| name == MANAGERS));
    let named = work.text(MANAGERS).map(parts);
    let named = match (named, forced) {
        (None, false) => return Ok(()),
        (Some(named), false) if named.is_empty() => return Err(old_about(40035, MANAGERS)),
        (named, _) => named.unwrap_or_default(),
    };
    let org = &work.world.org;
    let stranger = named.iter().find(|userid| !org.members(id).any(|(member, _)| member == *userid));
    if let Some(userid) = stranger {
        return Err(old_about(60121, userid));
    }
    department.more.insert(MANAGERS.to_owned(), json!(named));
    Ok(())
}

const MANAGERS: &str = "dept_manager_userid_list";

/// `delete`: refused as long as anybody is in it or below it; empty departments below go with it.
pub(in crate::dingtalk) fn delete(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let id = work.integer("dept_id").unwrap_or_default();
    if id == ROOT {
        return Err(old(60007));
    }
    let org = &work.world.org;
    if !org.departments.contains_key(&id) {
        return Err(old(60003));
    }
    if !org.sees_department(work.app, id) {
        return Err(old(50004));
    }
    let below = org.subtree(id);
    if org.users.values().any(|user| user.dept_id_list.iter().any(|id| below.contains(id))) {
        return Err(old(60005));
    }
    if org.settings.keep_parents && below.len() > 1 {
        return Err(old(60006));
    }
    work.world.org.departments.retain(|id, _| !below.contains(id));
    let removed: Vec<i64> = below.into_iter().collect();
    events::echo(work, Kind::DepartmentRemoved, &removed);
    Ok(json!({}))
}
