//! Those who left: the directory's own records, and the personnel module with its two generations of interfaces.

use super::refusal::{Refusal, new, old, old_about};
use super::state::{Leaver, Org, User};
use super::table::Work;
use crate::clock::{DAY, from_iso, iso};
use crate::vendor::random_text;
use serde_json::{Value, json};

/// The longest time that can be asked for at once.
const SPAN: i64 = 365 * DAY;

fn size(work: &Work<'_>, name: &str, usual: i64) -> usize {
    usize::try_from(work.integer(name).unwrap_or(usual)).unwrap_or_default()
}

/// `empLeaveRecords`. The place to go on from is opaque: it is a number in hexadecimal digits behind a letter.
pub(super) fn records(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let time = |name: &str| work.text(name).map(|text| from_iso(text).ok_or_else(|| new(400, "invalidParameter")));
    let start = time("startTime").transpose()?.unwrap_or_default();
    let end = time("endTime").transpose()?.unwrap_or(work.now);
    if end < start || end - start > SPAN {
        return Err(new(400, "invalidParameter"));
    }
    let token = work.required("nextToken");
    let from = match token.strip_prefix('D') {
        Some(digits) => usize::from_str_radix(digits, 16).map_err(|_| new(400, "invalidParameter"))?,
        None if token == "0" => 0,
        None => return Err(new(400, "invalidParameter")),
    };
    let org = work.world.seen();
    let within: Vec<&Leaver> = org.leavers.iter().filter(|leaver| (start..=end).contains(&leaver.at)).collect();
    let shown = within.iter().skip(from).take(size(work, "maxResults", 0));
    let may_mobile = org.may(work.app, "fieldMobile");
    let shown: Vec<Value> = shown.map(|leaver| record(leaver, may_mobile)).collect();
    let next = from + shown.len();
    let mut body = json!({ "records": shown });
    if next < within.len() {
        body["nextToken"] = format!("D{next:015X}").into();
    }
    Ok(body)
}

fn record(leaver: &Leaver, may_mobile: bool) -> Value {
    let mut shown = json!({ "userId": leaver.userid, "name": leaver.user.name });
    for (name, text) in [("stateCode", "state_code"), ("mobile", "mobile")] {
        if let Some(value) = leaver.user.texts.get(text).filter(|_| may_mobile) {
            shown[name] = value.clone().into();
        }
    }
    shown["leaveTime"] = iso(leaver.at).into();
    shown["leaveReason"] = leaver.reason.clone().into();
    shown
}

fn need_module(org: &Org) -> Result<(), Refusal> {
    if org.settings.hrm { Ok(()) } else { Err(new(400, "corpNotOpenHrm")) }
}

/// `employees/dismissions`.
pub(super) fn dismissed(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    need_module(org)?;
    let from = size(work, "nextToken", 0);
    let ids: Vec<&String> = org.leavers.iter().map(|leaver| &leaver.userid).collect();
    let shown: Vec<&&String> = ids.iter().skip(from).take(size(work, "maxResults", 30)).collect();
    let next = from + shown.len();
    Ok(json!({ "nextToken": next, "hasMore": next < ids.len(), "userIdList": shown }))
}

/// `employees/dimissionInfos`, of those who left and of those who are about to. Others are left out.
pub(super) fn dismissals(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    need_module(org)?;
    let ids = work.fields.get("userIdList").and_then(Value::as_array).cloned().unwrap_or_default();
    let shown = ids.iter().filter_map(Value::as_str).filter_map(|userid| {
        let left = org.leavers.iter().rev().find(|leaver| leaver.userid == userid);
        match (left, org.users.get(userid)) {
            (_, Some(user)) if !user.dismissal.is_empty() => Some(dismissal(org, userid, user, None)),
            (Some(leaver), None) => Some(dismissal(org, userid, &leaver.user, Some(leaver.at))),
            _ => None,
        }
    });
    Ok(json!({ "result": shown.collect::<Vec<_>>() }))
}

fn dismissal(org: &Org, userid: &str, user: &User, left: Option<i64>) -> Value {
    let path = |id: &i64| {
        let path = org.path(*id);
        let names = path.iter().rev().filter_map(|id| org.departments.get(id)).map(|one| one.name.clone());
        names.collect::<Vec<_>>().join("-")
    };
    let listed = user.dept_id_list.iter().map(|id| json!({ "dept_id": id, "dept_path": path(id) }));
    let main = user.main_dept.or(user.dept_id_list.first().copied());
    let mut shown = json!({
        "userId": userid, "name": user.name, "deptList": listed.collect::<Vec<_>>(),
        // 1 waits, 2 is done, 3 did not come to pass, 4 was taken back.
        "status": if left.is_some() { 2 } else { 1 },
        "preStatus": if user.hrm_status == Some(2) { 2 } else { 3 },
        "voluntaryReason": user.dismissal.get("voluntaryReason").cloned().unwrap_or_else(|| json!([])),
        "passiveReason": user.dismissal.get("passiveReason").cloned().unwrap_or_else(|| json!([])),
    });
    if let Some(main) = main {
        shown["mainDeptId"] = main.into();
        if let Some(department) = org.departments.get(&main) {
            shown["mainDeptName"] = department.name.clone().into();
        }
    }
    if let Some(last) = user.dismissal.get("lastWorkDay").cloned().or(left.map(Value::from)) {
        shown["lastWorkDay"] = last;
    }
    for name in ["reasonMemo", "handoverUserId"] {
        if let Some(value) = user.dismissal.get(name) {
            shown[name] = value.clone();
        }
    }
    shown
}

/// `pendingDismission/start`.
pub(super) fn start(work: &mut Work<'_>) -> Result<Value, Refusal> {
    need_module(&work.world.org)?;
    let userid = work.required("userId");
    let names = [
        ("lastWorkDate", "lastWorkDay"),
        ("remark", "reasonMemo"),
        ("terminationReasonVoluntary", "voluntaryReason"),
        ("terminationReasonPassive", "passiveReason"),
    ];
    let user = work.world.org.users.get_mut(&userid).ok_or_else(|| new(400, "invalidParameter.param.invalid"))?;
    for (given, stored) in names {
        if let Some(value) = work.fields.get(given) {
            user.dismissal.insert(stored.to_owned(), value.clone());
        }
    }
    user.hrm_status = Some(5);
    Ok(json!({ "requestId": random_text::<8>(), "success": true, "result": true }))
}

/// A page of the old interface; at the end there is no place to go on from.
fn page(work: &Work<'_>, ids: &[&String]) -> Value {
    let from = size(work, "offset", 0);
    let shown: Vec<_> = ids.iter().skip(from).take(size(work, "size", 0)).collect();
    let next = from + shown.len();
    let mut result = json!({ "data_list": shown });
    if next < ids.len() {
        result["next_cursor"] = next.into();
    }
    json!({ "result": result })
}

/// `queryonjob`: members by their status, 2 on trial, 3 regular, 5 about to leave, -1 none.
pub(super) fn on_job(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let wanted = super::departments::write::parts(&work.required("status_list"));
    let known = ["2", "3", "5", "-1"];
    if let Some(strange) = wanted.iter().find(|status| !known.contains(&status.as_str())) {
        return Err(old_about(400_002, strange));
    }
    let org = work.world.seen();
    if !org.settings.hrm {
        return Err(old(400_002));
    }
    let status = |user: &User| user.hrm_status.unwrap_or(3).to_string();
    let of_status = org.users.iter().filter(|(_, user)| wanted.contains(&status(user)));
    let ids: Vec<&String> = of_status.map(|(userid, _)| userid).collect();
    Ok(page(work, &ids))
}

/// `querydimission`.
pub(super) fn left(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let org = work.world.seen();
    if !org.settings.hrm {
        return Err(old(400_002));
    }
    let ids: Vec<&String> = org.leavers.iter().map(|leaver| &leaver.userid).collect();
    Ok(page(work, &ids))
}
