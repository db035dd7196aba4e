//! What an application may see.

use super::refusal::Refusal;
use super::state::ROOT;
use super::table::Work;
use serde_json::{Value, json};

/// `auth/scopes`.
pub(super) fn scopes(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    let scope = org.apps.get(work.app).and_then(|app| app.scope.clone());
    let (users, departments) = match scope {
        Some(scope) => (json!(scope.users), json!(scope.departments)),
        None => (json!([]), json!([ROOT])),
    };
    let mut fields = vec!["name", "userid", "department", "jobnumber", "position", "avatar"];
    for (permission, field) in [("fieldMobile", "mobile"), ("fieldEmail", "email")] {
        if org.may(work.app, permission) {
            fields.push(field);
        }
    }
    Ok(json!({
        "auth_user_field": fields, "condition_field": [],
        "auth_org_scopes": { "authed_user": users, "authed_dept": departments },
    }))
}
