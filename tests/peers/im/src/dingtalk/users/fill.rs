//! What create and update write into a member alike.

use super::rules;
use crate::dingtalk::departments::write::numbers;
use crate::dingtalk::refusal::{Refusal, old, old_about};
use crate::dingtalk::state::User;
use crate::dingtalk::table::Work;
use serde_json::{Map, Value};

/// Texts that are stored as they come; an empty one clears.
const TEXTS: [&str; 14] = [
    "telephone",
    "job_number",
    "title",
    "email",
    "org_email",
    "org_email_type",
    "work_place",
    "remark",
    "login_email",
    "login_id",
    "nickname",
    "exclusive_mobile",
    "exclusive_mobile_verify_status",
    "avatarMediaId",
];

/// Writes the fields of a request into a member, and checks what the table cannot: what it refers to.
pub(super) fn fill(work: &Work<'_>, user: &mut User) -> Result<(), Refusal> {
    let org = &work.world.org;
    if let Some(name) = work.text("name") {
        user.name = name.to_owned();
    }
    if user.name.trim().is_empty() {
        return Err(old(60112));
    }
    for name in TEXTS {
        match work.text(name) {
            // A mailbox that is unbound must be forced; see the caller.
            Some("") if name == "org_email" => {}
            Some("") => drop(user.texts.remove(name)),
            Some(text) => drop(user.texts.insert(name.to_owned(), text.to_owned())),
            None => {}
        }
    }
    for name in ["email", "org_email"] {
        if user.texts.get(name).is_some_and(|text| !rules::email(text)) {
            return Err(old_about(60105, name));
        }
    }
    if user.texts.get("exclusive_mobile").is_some_and(|text| rules::mobile(text, false).is_none()) {
        return Err(old(60103));
    }
    for (field, flag) in [("hide_mobile", "hide_mobile"), ("senior_mode", "senior")] {
        match work.flag(field) {
            Some(true) => drop(user.flags.insert(flag.to_owned())),
            Some(false) => drop(user.flags.remove(flag)),
            None => {}
        }
    }
    if let Some(hired) = work.integer("hired_date") {
        user.hired_date = Some(hired);
    }
    if let Some(manager) = work.text("manager_userid").filter(|manager| !manager.is_empty()) {
        if !org.users.contains_key(manager) {
            return Err(old_about(60128, manager));
        }
        user.manager_userid = Some(manager.to_owned());
    }
    if let Some(names) = work.fields.get("extension_i18n") {
        user.extension_i18n = Some(names.clone());
    }
    extension(work, user)?;
    departments(work, user)
}

/// The fields of the console: all of them are overwritten, or some are added.
fn extension(work: &Work<'_>, user: &mut User) -> Result<(), Refusal> {
    let Some(text) = work.text("extension") else { return Ok(()) };
    let given = if text.is_empty() { Map::new() } else { serde_json::from_str(text).map_err(|_| old(60122))? };
    if let Some(known) = &work.world.org.settings.extension_keys
        && let Some(unknown) = given.keys().find(|key| !known.contains(*key))
    {
        return Err(old_about(60122, unknown));
    }
    if work.integer("ext_attrs_update_mode") == Some(1) {
        user.extension.extend(given);
    } else {
        user.extension = given;
    }
    Ok(())
}

fn departments(work: &Work<'_>, user: &mut User) -> Result<(), Refusal> {
    if let Some(text) = work.text("dept_id_list") {
        let ids = numbers(text)?;
        rules::departments(&work.world.org, work.app, &ids)?;
        user.dept_id_list = Vec::new();
        for id in ids {
            if !user.dept_id_list.contains(&id) {
                user.dept_id_list.push(id);
            }
        }
        let kept = user.dept_id_list.clone();
        user.dept_order.retain(|id, _| kept.contains(id));
        user.dept_title.retain(|id, _| kept.contains(id));
        user.dept_work_place.retain(|id, _| kept.contains(id));
        user.main_dept = user.main_dept.filter(|id| kept.contains(id));
    }
    for (name, item) in
        ["dept_order_list", "dept_title_list", "dept_position_list"].map(|name| (name, items(work, name)))
    {
        for item in item {
            let id = item["dept_id"].as_i64().unwrap_or_default();
            if !user.dept_id_list.contains(&id) {
                return Err(old_about(60003, name));
            }
            if let Some(order) = item["order"].as_i64() {
                user.dept_order.insert(id, order);
            }
            if let Some(title) = item["title"].as_str() {
                user.dept_title.insert(id, title.to_owned());
            }
            if let Some(place) = item["work_place"].as_str() {
                user.dept_work_place.insert(id, place.to_owned());
            }
            match item["is_main"].as_bool() {
                Some(true) => user.main_dept = Some(id),
                Some(false) if user.main_dept == Some(id) => user.main_dept = None,
                _ => {}
            }
        }
    }
    Ok(())
}

fn items<'a>(work: &Work<'a>, name: &str) -> Vec<&'a Value> {
    work.fields.get(name).and_then(Value::as_array).map(|items| items.iter().collect()).unwrap_or_default()
}
