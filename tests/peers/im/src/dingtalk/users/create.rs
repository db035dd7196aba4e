//! Creating a member: an ordinary account, a dedicated one, or one that another organisation owns.

use super::{fill, rules};
use crate::clock::DAY;
use crate::dingtalk::events::{self, Kind};
use crate::dingtalk::refusal::{Refusal, old, old_about};
use crate::dingtalk::state::{Exclusive, Invitation, User};
use crate::dingtalk::table::Work;
use crate::vendor::random_text;
use serde_json::{Value, json};

/// Fields that only dedicated accounts have, and those that only type `dingtalk` has.
const DEDICATED: [&str; 4] = ["exclusive_mobile", "nickname", "avatarMediaId", "exclusive_mobile_verify_status"];
const WITH_PASSWORD: [&str; 3] = ["login_id", "init_password", "send_password_to_user"];

/// `create`.
pub(in crate::dingtalk) fn create(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = &work.world.org;
    let userid = work.text("userid").map_or_else(random_text::<8>, str::to_owned);
    if org.users.contains_key(&userid) {
        return Err(old(60102));
    }
    if org.settings.most_users.is_some_and(|most| org.users.len() >= most) {
        return Err(old(-1));
    }
    let mut user = User { unionid: format!("z{}iE", random_text::<10>()), ..User::default() };
    user.created = work.now;
    user.modified = work.now;
    user.exclusive = dedicated(work)?;
    let ordinary = user.exclusive.is_none();
    if ordinary {
        mobile(work, &mut user)?;
        // Nobody has signed in yet.
        user.inactive = true;
    }
    fill::fill(work, &mut user)?;
    rules::unique(org, &user, &userid)?;
    if ordinary && must_accept(work, &user) {
        let number = user.texts.get("mobile").cloned().unwrap_or_default();
        work.world.org.invitations.insert(number, Invitation { userid, user });
        return Err(old(40103));
    }
    let union = user.unionid.clone();
    work.world.org.users.insert(userid.clone(), user);
    events::echo_user(work, Kind::UserAdded, &userid, None);
    Ok(json!({ "result": { "userid": userid, "unionId": union } }))
}

/// What makes the account a dedicated one; none for an ordinary one.
fn dedicated(work: &Work<'_>) -> Result<Option<Exclusive>, Refusal> {
    let org = &work.world.org;
    let lacks = |field: &str| Err(old_about(40035, field));
    let invited = (work.text("outer_exclusive_corpid"), work.text("outer_exclusive_userid"));
    let account = match invited {
        (Some(corp), Some(_)) => {
            Exclusive { owner_corp_id: corp.to_owned(), kind: "dingtalk".into(), ..Exclusive::default() }
        }
        (Some(_), None) => return lacks("outer_exclusive_userid"),
        (None, Some(_)) => return lacks("outer_exclusive_corpid"),
        (None, None) => {
            if work.flag("exclusive_account") != Some(true) {
                let foreign = DEDICATED.iter().chain(&WITH_PASSWORD).chain(&["exclusive_account_type"]);
                let foreign = foreign.copied().find(|field| work.fields.contains_key(*field));
                return foreign.map_or(Ok(None), lacks);
            }
            let Some(kind) = work.text("exclusive_account_type") else { return lacks("exclusive_account_type") };
            Exclusive { kind: kind.to_owned(), ..Exclusive::default() }
        }
    };
    if !org.settings.dedicated {
        return lacks("exclusive_account");
    }
    let has_password = account.kind == "dingtalk" && account.owner_corp_id.is_empty();
    if has_password {
        if work.text("login_id").is_none_or(str::is_empty) {
            return lacks("login_id");
        }
        if !work.text("init_password").is_some_and(rules::password) {
            return lacks("init_password");
        }
    } else if let Some(field) = WITH_PASSWORD.into_iter().find(|field| work.fields.contains_key(*field)) {
        return lacks(field);
    }
    let password = work.text("init_password").map(str::to_owned);
    Ok(Some(Exclusive { password, ..account }))
}

/// An ordinary account has a mobile number that nobody else here has.
fn mobile(work: &Work<'_>, user: &mut User) -> Result<(), Refusal> {
    let org = &work.world.org;
    let given = work.text("mobile").ok_or_else(|| old_about(40035, "mobile"))?;
    let (prefix, number) = rules::mobile(given, org.settings.overseas).ok_or_else(|| old(60103))?;
    let same = |other: &User| rules::stored_mobile(other) == Some((prefix.clone(), number.clone()));
    if org.users.values().any(same) {
        return Err(old(60104));
    }
    user.texts.insert("state_code".into(), prefix);
    user.texts.insert("mobile".into(), number);
    Ok(())
}

/// Whether the owner of the number must accept an invitation before it is a member.
fn must_accept(work: &Work<'_>, user: &User) -> bool {
    let org = &work.world.org;
    let number = rules::stored_mobile(user);
    let left_today =
        || org.leavers.iter().any(|leaver| leaver.at > work.now - DAY && rules::stored_mobile(&leaver.user) == number);
    let listed = number.as_ref().is_some_and(|(_, number)| org.settings.invite.contains(number));
    listed || (org.settings.invite_returning && left_today())
}
