//! What DingTalk does with a call, as far as writing needs it; an error is a code.

use super::office::State;
use serde_json::{Map, Value, json};

const CREATE: &str = "userid name mobile dept_id_list dept_order_list dept_position_list telephone job_number title email org_email \
    org_email_type work_place remark hired_date manager_userid login_email extension hide_mobile senior_mode exclusive_account \
    exclusive_account_type login_id init_password send_password_to_user exclusive_mobile nickname";
const UPDATE: &str = "userid name dept_id_list dept_order_list dept_position_list telephone job_number title email org_email \
    org_email_type work_place remark hired_date manager_userid extension ext_attrs_update_mode hide_mobile senior_mode \
    force_update_fields loginId init_password send_password_to_user exclusive_mobile nickname";
const CREATE_UNIT: &str =
    "name parent_id order source_identifier create_dept_group hide_dept outer_dept brief telephone";
const UPDATE_UNIT: &str = "dept_id name parent_id order source_identifier create_dept_group hide_dept outer_dept brief telephone code \
    auto_add_user dept_manager_userid_list org_dept_owner force_update_fields";
/// Fields that are kept as they come.
const PLAIN: &str = "name telephone job_number title email org_email org_email_type work_place remark hired_date login_email hide_mobile \
    exclusive_account exclusive_account_type login_id nickname";

pub(crate) fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

pub(crate) fn writes(path: &str) -> bool {
    ["create", "update", "delete", "enable", "disable", "signOut"].iter().any(|end| path.ends_with(end))
}

fn known(body: &Value, fields: &str) {
    for (name, value) in body.as_object().unwrap() {
        assert!(fields.split_whitespace().any(|own| own == name), "no page has the field {name}");
        assert!(!value.is_null(), "{name} is null");
    }
}

fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body[name].as_str()
}

fn ids(text: &str) -> Result<Vec<i64>, String> {
    text.split(',').filter(|part| !part.is_empty()).map(|part| part.parse().map_err(|_| "40066".to_owned())).collect()
}

type Answer = Result<Value, String>;

fn no(code: i64) -> Answer {
    Err(code.to_string())
}

pub(crate) fn carry_out(state: &mut State, path: &str, body: &Value) -> Answer {
    let id = body["dept_id"].as_i64().unwrap_or_default();
    match path {
        "/auth/scopes" => {
            Ok(json!({ "auth_user_field": [], "auth_org_scopes": { "authed_dept": [1], "authed_user": [] } }))
        }
        "/topapi/v2/user/get" => get(state, body),
        "/topapi/v2/user/getbymobile" => by_mobile(state, text(body, "mobile").ok_or("40104")?),
        "/topapi/user/getbyunionid" => {
            let found = state.people.iter().find(|(_, person)| person["unionid"] == body["unionid"]);
            found.map_or_else(|| no(60121), |(id, _)| Ok(json!({ "result": { "contact_type": 0, "userid": id } })))
        }
        "/topapi/v2/user/create" => create(state, body),
        "/topapi/v2/user/update" => update(state, body),
        "/topapi/v2/user/delete" => match state.people.remove(text(body, "userid").unwrap()) {
            Some(_) => Ok(json!({})),
            None => no(33012),
        },
        "/topapi/v2/department/get" => {
            state.units.get(&id).map_or_else(|| no(60003), |unit| Ok(json!({ "result": unit })))
        }
        "/topapi/v2/department/listsub" if state.units.contains_key(&id) => {
            let children: Vec<&Value> = state.units.values().filter(|unit| unit["parent_id"] == json!(id)).collect();
            Ok(json!({ "result": children }))
        }
        "/topapi/v2/department/listsubid" if state.units.contains_key(&id) => {
            let children = state.units.values().filter(|unit| unit["parent_id"] == json!(id));
            let children: Vec<&Value> = children.map(|unit| &unit["dept_id"]).collect();
            Ok(json!({ "result": { "dept_id_list": children } }))
        }
        "/topapi/v2/department/listsub" | "/topapi/v2/department/listsubid" => no(60003),
        "/topapi/v2/department/create" => create_unit(state, body),
        "/topapi/v2/department/update" => update_unit(state, body, id),
        "/topapi/v2/department/delete" => {
            if state.people.values().any(|person| person["dept_id_list"].as_array().unwrap().contains(&json!(id))) {
                return no(60005);
            }
            state.units.remove(&id).map_or_else(|| no(60003), |_| Ok(json!({})))
        }
        "/v1.0/contact/departments/search" | "/v1.0/contact/users/search" => search(state, path, body),
        "/v1.0/contact/orgAccounts/enable"
        | "/v1.0/contact/orgAccounts/disable"
        | "/v1.0/contact/orgAccounts/signOut" => {
            let userid = text(body, "userId").ok_or("invalid.param")?.to_owned();
            let person = state.people.get_mut(&userid).ok_or("user.not.exist")?;
            if person["exclusive_account"] != true {
                return Err("exclusive.account.only".to_owned());
            }
            if path.ends_with("signOut") {
                state.signed_out.push(userid);
            } else {
                person["disable_status"] = path.ends_with("disable").into();
            }
            Ok(json!({ "result": true }))
        }
        other => panic!("{other} is not called by a destination"),
    }
}

fn get(state: &State, body: &Value) -> Answer {
    let found = match text(body, "login_id") {
        Some(login) => state.people.values().find(|person| text(person, "login_id") == Some(login)),
        None => state.people.get(text(body, "userid").unwrap()),
    };
    let Some(person) = found else { return no(60121) };
    let mut shown = person.clone();
    for name in state.hidden.iter().chain(&["password", "exclusive_mobile"]) {
        shown.as_object_mut().unwrap().shift_remove(*name);
    }
    let userid = &person["userid"];
    let departments = person["dept_id_list"].as_array().unwrap();
    let leads = |id: &Value| {
        state.units[&id.as_i64().unwrap()]["dept_manager_userid_list"].as_array().unwrap().contains(userid)
    };
    let order = |id: &Value| person["orders"][id.to_string()].as_i64().unwrap_or_default();
    shown["leader_in_dept"] = departments.iter().map(|id| json!({ "dept_id": id, "leader": leads(id) })).collect();
    shown["dept_order_list"] = departments.iter().map(|id| json!({ "dept_id": id, "order": order(id) })).collect();
    shown["dept_position_list"] = departments
        .iter()
        .map(|id| json!({ "dept_id": id, "is_main": person["main"] == *id, "title": "kept" }))
        .collect();
    Ok(json!({ "result": shown }))
}

fn by_mobile(state: &State, mobile: &str) -> Answer {
    let number =
        |person: &Value, name: &str| text(person, name).map(|number| number.trim_start_matches("+86-").to_owned());
    let wanted = mobile.trim_start_matches("+86-");
    let found = state.people.iter().find(|(_, person)| number(person, "mobile").as_deref() == Some(wanted));
    let dedicated: Vec<&String> = state
        .people
        .iter()
        .filter(|(_, person)| number(person, "exclusive_mobile").as_deref() == Some(wanted))
        .map(|(id, _)| id)
        .collect();
    match found {
        None if dedicated.is_empty() => no(60121),
        found => {
            let mut result = json!({ "exclusive_account_userid_list": dedicated });
            if let Some((id, _)) = found {
                result["userid"] = id.clone().into();
            }
            Ok(json!({ "result": result }))
        }
    }
}

fn create(state: &mut State, body: &Value) -> Answer {
    known(body, CREATE);
    let userid = text(body, "userid").map_or_else(|| format!("made-{}", state.people.len()), ToOwned::to_owned);
    if state.people.contains_key(&userid) {
        return no(60102);
    }
    let mut person = json!({ "userid": userid, "unionid": format!("union-{userid}"), "active": false, "senior": false, "hide_mobile": false });
    if body["exclusive_account"] == true {
        assert!(body.get("mobile").is_none());
        person["disable_status"] = false.into();
        if body["exclusive_account_type"] == "dingtalk" {
            let login = text(body, "login_id").ok_or("40035")?;
            let password = text(body, "init_password").ok_or("40035")?;
            assert!(password.starts_with("{secret:json:"), "the password is the host's");
            if state.people.values().any(|other| text(other, "login_id") == Some(login)) {
                return no(40035);
            }
            person["password"] = password.into();
        } else {
            assert!(body.get("init_password").is_none() && body.get("login_id").is_none());
        }
    } else {
        let mobile = text(body, "mobile").ok_or("40035")?;
        if state.people.values().any(|other| text(other, "mobile") == Some(mobile)) {
            return no(60104);
        }
        person["mobile"] = mobile.into();
        person["state_code"] = "86".into();
        if state.invite.contains(&mobile) {
            return no(40103);
        }
    }
    fill(state, &mut person, body)?;
    state.people.insert(userid.clone(), person);
    Ok(json!({ "result": { "userid": userid, "unionId": format!("union-{userid}") } }))
}

fn update(state: &mut State, body: &Value) -> Answer {
    let Some(userid) = text(body, "userid").map(ToOwned::to_owned) else { return no(40035) };
    known(body, UPDATE);
    let Some(mut person) = state.people.get(&userid).cloned() else { return no(60121) };
    let dedicated = person["exclusive_account"] == true;
    assert!(!dedicated || body.get("dept_id_list").is_some(), "the page about dedicated accounts wants departments");
    if let Some(password) = text(body, "init_password") {
        assert!(password.starts_with("{secret:json:"), "the password is the host's");
        person["password"] = password.into();
    }
    if let Some(login) = text(body, "loginId") {
        person["login_id"] = login.into();
    }
    let before = person["manager_userid"].clone();
    fill(state, &mut person, body)?;
    for field in text(body, "force_update_fields").unwrap_or_default().split(',').filter(|field| !field.is_empty()) {
        assert!(field == "manager_userid" || (dedicated && field == "org_email"), "{field} is forced");
        person.as_object_mut().unwrap().shift_remove(field);
    }
    if text(body, "manager_userid") == Some("") && body.get("force_update_fields").is_none() {
        person["manager_userid"] = before;
    }
    state.people.insert(userid, person);
    Ok(json!({}))
}

fn fill(state: &State, person: &mut Value, body: &Value) -> Result<(), String> {
    let fields = person.as_object_mut().unwrap();
    for name in PLAIN.split_whitespace().chain(["exclusive_mobile"]) {
        match body.get(name) {
            Some(Value::String(text)) if text.is_empty() => drop(fields.shift_remove(name)),
            Some(value) => drop(fields.insert(name.to_owned(), value.clone())),
            None => {}
        }
    }
    if let Some(senior) = body.get("senior_mode") {
        person["senior"] = senior.clone();
    }
    if let Some(manager) = text(body, "manager_userid").filter(|manager| !manager.is_empty()) {
        if !state.people.contains_key(manager) {
            return Err("60128".to_owned());
        }
        person["manager_userid"] = manager.into();
    }
    if let Some(extension) = text(body, "extension") {
        let mut given: Map<String, Value> = serde_json::from_str(extension).unwrap();
        if body["ext_attrs_update_mode"] == 1 {
            let mut all: Map<String, Value> =
                text(person, "extension").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            all.extend(std::mem::take(&mut given));
            given = all;
        }
        person["extension"] = Value::Object(given).to_string().into();
    }
    if let Some(list) = text(body, "dept_id_list") {
        let list = ids(list)?;
        if list.is_empty() {
            return Err("40066".to_owned());
        }
        if list.iter().any(|id| !state.units.contains_key(id)) {
            return Err("60003".to_owned());
        }
        person["dept_id_list"] = json!(list);
    }
    for place in body["dept_order_list"].as_array().into_iter().flatten() {
        person["orders"][place["dept_id"].to_string()] = place["order"].clone();
    }
    for place in body["dept_position_list"].as_array().into_iter().flatten().filter(|place| place["is_main"] == true) {
        person["main"] = place["dept_id"].clone();
    }
    Ok(())
}

fn create_unit(state: &mut State, body: &Value) -> Answer {
    known(body, CREATE_UNIT);
    let parent = body["parent_id"].as_i64().unwrap();
    if !state.units.contains_key(&parent) {
        return no(60004);
    }
    if state.units.values().any(|unit| unit["parent_id"] == json!(parent) && unit["name"] == body["name"]) {
        return no(60021);
    }
    let id = state.next;
    state.next += 1;
    let mut unit = json!({ "dept_id": id, "order": 0, "dept_manager_userid_list": [], "hide_dept": false });
    merge(&mut unit, body.clone());
    state.units.insert(id, unit);
    Ok(json!({ "result": { "dept_id": id } }))
}

fn update_unit(state: &mut State, body: &Value, id: i64) -> Answer {
    known(body, UPDATE_UNIT);
    let Some(mut unit) = state.units.get(&id).cloned() else { return no(60003) };
    let mut at = body["parent_id"].as_i64();
    while let Some(above) = at {
        if above == id {
            return no(60010);
        }
        let Some(one) = state.units.get(&above) else { return no(60004) };
        at = one["parent_id"].as_i64();
    }
    let parent = body.get("parent_id").unwrap_or(&unit["parent_id"]);
    let name = body.get("name").unwrap_or(&unit["name"]);
    if state
        .units
        .values()
        .any(|other| other["dept_id"] != json!(id) && other["parent_id"] == *parent && other["name"] == *name)
    {
        return no(60021);
    }
    let mut more = body.clone();
    let force = more.as_object_mut().unwrap().shift_remove("force_update_fields");
    let member = |userid: &str| {
        state.people.get(userid).is_some_and(|person| person["dept_id_list"].as_array().unwrap().contains(&json!(id)))
    };
    if let Some(named) = text(body, "dept_manager_userid_list") {
        let named: Vec<&str> = named.split(',').filter(|part| !part.is_empty()).collect();
        if named.is_empty() && force.is_none() {
            return no(40035);
        }
        if !named.iter().all(|userid| member(userid)) {
            return no(60121);
        }
        more["dept_manager_userid_list"] = json!(named);
    }
    if text(body, "org_dept_owner").is_some_and(|owner| !owner.is_empty() && !member(owner)) {
        return no(60121);
    }
    merge(&mut unit, more);
    state.units.insert(id, unit);
    Ok(json!({}))
}

fn search(state: &State, path: &str, body: &Value) -> Answer {
    let word = text(body, "queryWord").unwrap();
    let fits = |one: &Value| {
        if path.contains("users") { one["name"] == word } else { one["name"].as_str().unwrap().contains(word) }
    };
    let units =
        state.units.values().filter(|one| path.contains("departments") && fits(one)).map(|one| one["dept_id"].clone());
    let people =
        state.people.values().filter(|one| path.contains("users") && fits(one)).map(|one| one["userid"].clone());
    let all: Vec<Value> = units.chain(people).collect();
    // Two on a page, so that there are pages.
    let from = body["offset"].as_u64().unwrap() as usize;
    let shown: Vec<&Value> = all.iter().skip(from).take(2).collect();
    Ok(json!({ "hasMore": from + shown.len() < all.len(), "totalCount": all.len(), "list": shown }))
}
