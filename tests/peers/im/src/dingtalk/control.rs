//! Verbs of the control port that are DingTalk's own: people, events, tokens, bans, permissions, sockets.

use super::events::{self, Kind, Mischief, Progress};
use super::state::{ROOT, User};
use super::stream;
use super::users::remove::remove;
use super::world::World;
use crate::check::Fields;
use crate::clock::MINUTE;
use crate::control::{done, merge, refused};
use crate::exchange::{Frame, Reply, Request};
use crate::vendor::Desk;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Permissions that hide fields and are no call's.
const FIELDS: [&str; 2] = ["fieldMobile", "fieldEmail"];

/// Answers a verb, if it is known.
pub(super) fn answer(world: &mut World, desk: &mut Desk, request: &Request) -> Option<Reply> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let quiet = request.query("quiet").is_some();
    let reply = match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["people", userid]) => person(world, desk, userid, body, quiet),
        ("DELETE", ["people", userid]) => {
            let reason = request.query("reason").unwrap_or("leave");
            let now = desk.clock.now();
            if !remove(&mut world.org, userid, reason, now) {
                return Some(refused("there is no such member"));
            }
            if !quiet {
                events::about_user(world, desk, Kind::UserLeft, userid, None);
            }
            done(&json!({}))
        }
        ("POST", ["departments", id]) => department(world, desk, id, body, quiet),
        ("DELETE", ["departments", id]) => {
            if request.query("people") == Some("move") {
                move_up(world, id);
            }
            remove_department(world, desk, id, quiet)
        }
        ("POST", ["invitations", mobile]) => accept(world, desk, mobile),
        ("POST", ["fire"]) => fire(world, desk, &body),
        ("GET", ["events"]) => done(&world.deliveries.shown()),
        ("POST", ["events"]) => handle_events(world, desk, &body),
        ("GET", ["tokens"]) => {
            let shown = world
                .tokens
                .iter()
                .map(|(text, token)| json!({ "token": text, "app": token.app, "until": token.until }));
            done(&shown.collect())
        }
        ("DELETE", ["tokens"]) => tokens(world, desk, request),
        ("POST", ["ban"]) => ban(world, desk, &body),
        ("DELETE", ["ban"]) => {
            world.shut_out.clear();
            done(&json!({}))
        }
        ("POST", ["apps", key, "permissions"]) => permissions(world, key, &body),
        ("GET", ["streams"]) => done(&world.streams.shown()),
        ("POST", ["streams"]) => streams(world, desk, &body),
        _ => return None,
    };
    Some(reply)
}

/// Changes a member by a merge patch, or adds one.
fn person(world: &mut World, desk: &mut Desk, userid: &str, patch: Value, quiet: bool) -> Reply {
    let before = world.org.users.get(userid).cloned();
    let mut value = serde_json::to_value(before.clone().unwrap_or_default()).unwrap_or_default();
    merge(&mut value, patch);
    let user: User = match serde_json::from_value(value) {
        Ok(user) => user,
        Err(error) => return refused(&error.to_string()),
    };
    let now = desk.clock.now();
    let created = if before.is_none() { now } else { user.created };
    world.org.users.insert(userid.to_owned(), User { modified: now, created, ..user });
    if let Err(why) = world.org.complete() {
        match before {
            Some(before) => world.org.users.insert(userid.to_owned(), before),
            None => world.org.users.remove(userid),
        };
        return refused(&why);
    }
    if !quiet {
        let kind = match &before {
            None => Kind::UserAdded,
            Some(_) => Kind::UserModified,
        };
        events::about_user(world, desk, kind, userid, before.as_ref());
    }
    done(&json!({}))
}

fn department(world: &mut World, desk: &mut Desk, id: &str, patch: Value, quiet: bool) -> Reply {
    let Ok(id) = id.parse::<i64>() else { return refused("the id of a department is a number") };
    let before = world.org.departments.get(&id).cloned();
    let mut value = serde_json::to_value(before.clone().unwrap_or_default()).unwrap_or_default();
    merge(&mut value, patch);
    if id != ROOT && value["parent_id"].is_null() {
        value["parent_id"] = ROOT.into();
    }
    let mut org = world.org.clone();
    match serde_json::from_value(value) {
        Ok(department) => drop(org.departments.insert(id, department)),
        Err(error) => return refused(&error.to_string()),
    }
    if let Err(why) = org.complete() {
        return refused(&why);
    }
    world.org = org;
    if !quiet {
        let kind = if before.is_none() { Kind::DepartmentCreated } else { Kind::DepartmentModified };
        let event = events::event(kind.name(), desk.clock.now(), Vec::new(), vec![id]);
        events::enqueue(world, desk, &event);
    }
    done(&json!({}))
}

/// Whoever is in a department or below goes to the department above it, unless another one is left to be in: what the
/// administration console does with a department that has members, all at once and without a word about them.
fn move_up(world: &mut World, id: &str) {
    let Ok(id) = id.parse::<i64>() else { return };
    let below = world.org.subtree(id);
    let Some(above) = world.org.departments.get(&id).and_then(|department| department.parent_id) else { return };
    for user in world.org.users.values_mut() {
        let before = user.dept_id_list.len();
        user.dept_id_list.retain(|id| !below.contains(id));
        if user.dept_id_list.len() < before {
            user.dept_order.retain(|id, _| !below.contains(id));
            user.dept_title.retain(|id, _| !below.contains(id));
            user.dept_work_place.retain(|id, _| !below.contains(id));
            user.main_dept = user.main_dept.filter(|id| !below.contains(id));
        }
        if user.dept_id_list.is_empty() {
            user.dept_id_list.push(above);
        }
    }
}

fn remove_department(world: &mut World, desk: &mut Desk, id: &str, quiet: bool) -> Reply {
    let Ok(id) = id.parse::<i64>() else { return refused("the id of a department is a number") };
    let below = world.org.subtree(id);
    let in_use = world.org.users.values().any(|user| user.dept_id_list.iter().any(|id| below.contains(id)));
    if id == ROOT || in_use || !world.org.departments.contains_key(&id) {
        return refused("it is the root, has members, or is not there");
    }
    world.org.departments.retain(|id, _| !below.contains(id));
    if !quiet {
        let gone = below.into_iter().collect();
        let event = events::event(Kind::DepartmentRemoved.name(), desk.clock.now(), Vec::new(), gone);
        events::enqueue(world, desk, &event);
    }
    done(&json!({}))
}

/// Somebody accepts an invitation.
fn accept(world: &mut World, desk: &mut Desk, mobile: &str) -> Reply {
    let Some(invitation) = world.org.invitations.remove(mobile) else { return refused("nobody was invited") };
    let userid = invitation.userid.clone();
    world.org.users.insert(invitation.userid, invitation.user);
    events::about_user(world, desk, Kind::UserAdded, &userid, None);
    done(&json!({ "userid": userid }))
}

/// Fires any event: `type`, and `users`, `departments`, `more` if it has some.
fn fire(world: &mut World, desk: &mut Desk, body: &Value) -> Reply {
    let Some(kind) = body["type"].as_str() else { return refused("an event has a type") };
    let users = body["users"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let departments = body["departments"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    let mut event = events::event(kind, desk.clock.now(), users, departments);
    event.more = body["more"].as_object().cloned().unwrap_or_else(Fields::new);
    let id = event.id.clone();
    events::enqueue(world, desk, &event);
    done(&json!({ "event": id }))
}

/// `lose` and `repeat` deliveries to come, `hold` and `release` them, `resend` one.
fn handle_events(world: &mut World, desk: &mut Desk, body: &Value) -> Reply {
    let deliveries = &mut world.deliveries;
    let after = |value: &Value| value["after"].as_u64().unwrap_or_default();
    if let Some(lose) = body.get("lose") {
        deliveries.mischief.push((after(lose), Mischief::Lose));
    }
    if let Some(repeat) = body.get("repeat") {
        let times = repeat["times"].as_u64().and_then(|times| u32::try_from(times).ok()).unwrap_or(1);
        deliveries.mischief.push((after(repeat), Mischief::Repeat(times)));
    }
    if let Some(hold) = body["hold"].as_bool() {
        deliveries.holding = hold;
    }
    if let Some(number) = body["resend"].as_u64() {
        let now = desk.clock.now();
        let Some(delivery) = deliveries.get(number) else { return refused("there is no such delivery") };
        delivery.progress = Progress::Waiting;
        delivery.attempts = 0;
        delivery.due = now;
    }
    match &body["release"] {
        Value::Null => {}
        Value::Array(numbers) => release(world, &numbers.iter().filter_map(Value::as_u64).collect::<Vec<_>>()),
        order => {
            let held = world.deliveries.list.iter().filter(|delivery| delivery.progress == Progress::Held);
            let mut numbers: Vec<u64> = held.map(|delivery| delivery.number).collect();
            if order == "reversed" {
                numbers.reverse();
            }
            release(world, &numbers);
        }
    }
    done(&json!({}))
}

/// Lets go what was held, in the order of `numbers`.
fn release(world: &mut World, numbers: &[u64]) {
    let list = &mut world.deliveries.list;
    for number in numbers {
        let held = |one: &events::Delivery| one.number == *number && one.progress == Progress::Held;
        if let Some(at) = list.iter().position(held) {
            let mut delivery = list.remove(at);
            delivery.progress = Progress::Waiting;
            list.push(delivery);
        }
    }
}

/// Ends tokens of one application or of all; with `forget` they were never known.
fn tokens(world: &mut World, desk: &mut Desk, request: &Request) -> Reply {
    let now = desk.clock.now();
    let meant = |app: &str| request.query("app").is_none_or(|wanted| wanted == app);
    if request.query("forget").is_some() {
        world.tokens.retain(|_, token| !meant(&token.app));
    } else {
        world.tokens.values_mut().filter(|token| meant(&token.app)).for_each(|token| token.until = now);
    }
    done(&json!({}))
}

/// Shuts an address out `for` so many milliseconds, told by a page if `page` is set.
fn ban(world: &mut World, desk: &mut Desk, body: &Value) -> Reply {
    let Ok(address) = body["address"].as_str().unwrap_or("127.0.0.1").parse() else { return refused("no address") };
    let until = desk.clock.now() + body["for"].as_i64().unwrap_or(5 * MINUTE);
    world.shut_out.insert(address, (until, body["page"] == true));
    done(&json!({}))
}

/// Grants and revokes permissions of an application.
fn permissions(world: &mut World, key: &str, body: &Value) -> Reply {
    let Some(app) = world.org.apps.get_mut(key) else { return refused("there is no such application") };
    let all = || super::table::calls().filter_map(|call| call.permission).chain(FIELDS).map(str::to_owned);
    let permissions = app.permissions.get_or_insert_with(|| all().collect::<BTreeSet<_>>());
    let named = |name: &str| body[name].as_array().into_iter().flatten().filter_map(Value::as_str);
    permissions.extend(named("grant").map(str::to_owned));
    let revoked: Vec<&str> = named("revoke").collect();
    permissions.retain(|permission| !revoked.contains(&permission.as_str()));
    done(&json!({ "permissions": permissions }))
}

/// Frames to all sockets: `system` and `callback` name a topic of either; `drop` cuts them, `close` closes them.
fn streams(world: &mut World, desk: &mut Desk, body: &Value) -> Reply {
    let ids = world.streams.ids();
    let mut messages = Vec::new();
    for socket in &ids {
        for (name, kind) in [("system", "SYSTEM"), ("callback", "CALLBACK")] {
            if let Some(topic) = body[name].as_str() {
                messages.push(stream::frame(desk, *socket, kind, topic));
            }
        }
        if body["close"] == true {
            desk.send(*socket, Frame::Close);
        }
        if body["drop"] == true {
            desk.send(*socket, Frame::Drop);
        }
    }
    done(&json!({ "sockets": ids, "messages": messages }))
}
