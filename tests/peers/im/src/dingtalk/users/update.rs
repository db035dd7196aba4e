//! Changing a member: what is not there stays.

use super::{fill, rules};
use crate::dingtalk::departments::write::parts;
use crate::dingtalk::events::{self, Kind};
use crate::dingtalk::refusal::{Refusal, old, old_about};
use crate::dingtalk::table::Work;
use serde_json::{Value, json};

/// Fields of dedicated accounts.
const DEDICATED: [&str; 6] =
    ["loginId", "init_password", "send_password_to_user", "exclusive_mobile", "avatarMediaId", "nickname"];

/// `update`.
pub(in crate::dingtalk) fn update(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = &work.world.org;
    let userid = work.required("userid");
    let before = org.users.get(&userid).ok_or_else(|| old(60121))?;
    if !org.sees_user(work.app, &userid, before) {
        return Err(old(50002));
    }
    let mut user = before.clone();
    if let Some(given) = work.text("mobile") {
        let given = rules::mobile(given, org.settings.overseas).ok_or_else(|| old(60103))?;
        if rules::stored_mobile(before) != Some(given) {
            return Err(old(40022));
        }
    }
    let is_dedicated = match &user.exclusive {
        Some(account) if account.kind == "sso" => {
            if let Some(field) = DEDICATED[..3].iter().find(|field| work.fields.contains_key(**field)) {
                return Err(old_about(40035, field));
            }
            true
        }
        Some(_) => true,
        None => match DEDICATED.iter().find(|field| work.fields.contains_key(**field)) {
            Some(field) => return Err(old_about(40035, field)),
            None => false,
        },
    };
    if let Some(text) = work.text("init_password") {
        if !rules::password(text) {
            return Err(old_about(40035, "init_password"));
        }
        if let Some(account) = &mut user.exclusive {
            account.password = Some(text.to_owned());
        }
    }
    if let Some(login) = work.text("loginId").filter(|login| !login.is_empty()) {
        user.texts.insert("login_id".into(), login.to_owned());
    }
    fill::fill(work, &mut user)?;
    // Some fields are cleared only by force, and only some may be forced.
    for field in parts(work.text("force_update_fields").unwrap_or_default()) {
        let empty = work.text(&field).is_none_or(str::is_empty);
        match field.as_str() {
            "manager_userid" if empty => user.manager_userid = None,
            "org_email" if is_dedicated && empty => drop(user.texts.remove("org_email")),
            "manager_userid" => {}
            "org_email" if is_dedicated => {}
            _ => return Err(old_about(40035, &field)),
        }
    }
    rules::unique(org, &user, &userid)?;
    let before = before.clone();
    if user != before {
        user.modified = work.now;
        work.world.org.users.insert(userid.clone(), user);
        events::echo_user(work, Kind::UserModified, &userid, Some(&before));
    }
    Ok(json!({}))
}
