//! What stands before every call: addresses that are shut out, the token, permissions, limits, and the shape of the
//! request. The order is the one in which a gateway can know.

use super::refusal::{Refusal, new, old, old_about};
use super::table::{Call, NEW, OLD, calls};
use super::world::World;
use crate::check::{self, Fields, Flaw, Wrong};
use crate::clock::{DAY, MINUTE, Millis, SECOND};
use crate::exchange::{Reply, Request};
use crate::schema::Place;
use crate::server::pairs;
use crate::vendor::{Desk, random_text};
use serde_json::json;

/// The header of tokens of the new interface.
const HEADER: &str = "x-acs-dingtalk-access-token";
/// The parameter of tokens of the old one.
const PARAMETER: &str = "access_token";

/// A call that may be carried out.
pub(super) struct Admitted {
    pub(super) call: &'static Call,
    pub(super) app: Option<String>,
    pub(super) fields: Fields,
}

/// The page for an address that called too often, see "interface call limits" of the vendor.
pub(super) fn shut_out(world: &mut World, desk: &mut Desk, request: &Request) -> Option<Reply> {
    let now = desk.clock.now();
    world.shut_out.retain(|_, (until, _)| *until > now);
    let rates = world.org.settings.rates;
    let name = format!("address {}", request.source);
    let within = desk.windows.admit(&name, now, 20 * SECOND, rates.address_per_twenty_seconds);
    if !within {
        world.shut_out.entry(request.source).or_insert((now + rates.address_pause, false));
    }
    let (_, page) = world.shut_out.get(&request.source)?;
    if *page {
        return Some(Reply::other(200, "text/html;charset=utf-8", "<html><body>too many requests</body></html>"));
    }
    let body = json!({ "status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": random_text::<16>() });
    Some(Reply::json(200, &body))
}

/// Lets a call through or says why not.
pub(super) fn admit(world: &mut World, desk: &mut Desk, request: &Request, now: Millis) -> Result<Admitted, Refusal> {
    let call = find(request)?;
    let app = if call.token { Some(holder(world, call, request, now)?) } else { None };
    if let Some(app) = &app {
        allowed(world, call, app, request)?;
        limits(world, desk, call, app, now)?;
    }
    let fields = fields(call, request)?;
    check::fields(&fields, call.request).map_err(|flaw| wrong(call, &flaw))?;
    Ok(Admitted { call, app, fields })
}

fn is_new(request: &Request) -> bool {
    request.path.starts_with("/v1.0/")
}

fn find(request: &Request) -> Result<&'static Call, Refusal> {
    let mut at = calls().filter(|call| call.path == request.path).peekable();
    let exists = at.peek().copied();
    match (at.find(|call| call.method == request.method), exists) {
        (Some(call), _) => Ok(call),
        _ if is_new(request) => Err(new(404, "InvalidAction.NotFound")),
        (None, Some(call)) => Err(old(if call.method == "GET" { 43001 } else { 43002 })),
        (None, None) => Err(old(404)),
    }
}

/// The application that a token belongs to.
fn holder(world: &World, call: &Call, request: &Request, now: Millis) -> Result<String, Refusal> {
    let refuse = |code: i64, token: Option<&str>| {
        if call.generation == NEW {
            return if token.is_none() { new(401, "InvalidAuthentication") } else { new(400, "InvalidAuthentication") };
        }
        // Which application it is, and with it how its gateway speaks, is known only if the token was ever ours.
        let app = token.and_then(|token| world.tokens.get(token)).map(|token| &token.app);
        let mut apps = world.org.apps.iter().filter(|(key, _)| app.is_none_or(|app| app == *key));
        if apps.any(|(_, app)| app.wrapped_token_errors) { Refusal::Wrapped(code) } else { old(code) }
    };
    let token = if call.generation == NEW { request.header(HEADER) } else { request.query(PARAMETER) };
    let token = match token.filter(|token| !token.is_empty()) {
        Some(token) => token,
        // In the body it is not found, which the vendor's list of questions names as a reason of this code.
        None if String::from_utf8_lossy(&request.body).contains(PARAMETER) => return Err(refuse(40014, None)),
        None => return Err(refuse(41001, None)),
    };
    match world.tokens.get(token) {
        Some(known) if known.until > now && world.org.apps.contains_key(&known.app) => Ok(known.app.clone()),
        Some(_) => Err(refuse(42001, Some(token))),
        None => Err(refuse(40014, Some(token))),
    }
}

fn allowed(world: &World, call: &Call, app: &str, request: &Request) -> Result<(), Refusal> {
    let addresses = world.org.apps.get(app).and_then(|app| app.addresses.as_ref());
    if addresses.is_some_and(|addresses| !addresses.contains(&request.source)) {
        return Err(either(call, 60020, 403, "Forbidden.AccessDenied.IpNotInWhiteList"));
    }
    match call.permission {
        Some(permission) if !world.org.may(app, permission) => Err(if call.generation == NEW {
            let code = "Forbidden.AccessDenied.AccessTokenPermissionDenied";
            Refusal::New(403, code, "no permission for this api".to_owned(), vec![permission])
        } else {
            old(if call.writes { 43007 } else { 60011 })
        }),
        _ => Ok(()),
    }
}

fn limits(world: &World, desk: &mut Desk, call: &Call, app: &str, now: Millis) -> Result<(), Refusal> {
    let rates = world.org.settings.rates;
    let path = call.path;
    let mut within =
        |name: String, span, limit: Option<u64>| limit.is_none_or(|limit| desk.windows.admit(&name, now, span, limit));
    if !within(format!("second {app} {path}"), SECOND, Some(rates.app_per_second)) {
        return Err(limit(call.generation, "app"));
    }
    if !within(format!("second {path}"), SECOND, rates.path_per_second) {
        return Err(limit(call.generation, "api"));
    }
    if !within(format!("minute {app} {path}"), MINUTE, rates.app_per_minute) {
        return Err(limit(call.generation, "minute"));
    }
    // The directory and tokens are exempt from the quota of a month.
    let counts = path.contains("/hrm/") || path.contains("/orgAccounts/");
    if counts && !within("month".to_owned(), 30 * DAY, rates.month) {
        return Err(limit(call.generation, "month"));
    }
    Ok(())
}

fn limit(generation: &str, which: &str) -> Refusal {
    let (code, name) = match which {
        "api" => (90002, "Forbidden.AccessDenied.QpsLimitForApi"),
        "minute" => (90018, "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"),
        "month" => (90020, "Forbidden.AccessDenied.ApiCountLimitForOrg"),
        _ => (90018, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"),
    };
    if generation == NEW { new(403, name) } else { old(code) }
}

/// The refusal that a test arranged.
pub(super) fn throttled(request: &Request, which: &str) -> Refusal {
    limit(if is_new(request) { NEW } else { OLD }, which)
}

/// The refusal that a test arranged.
pub(super) fn busy(request: &Request) -> Refusal {
    if is_new(request) { new(500, "system.busy") } else { old(-1) }
}

fn either(call: &Call, code: i64, status: u16, name: &'static str) -> Refusal {
    if call.generation == NEW { new(status, name) } else { old(code) }
}

/// The fields of a request, in the types of the table as far as they arrive as text.
fn fields(call: &Call, request: &Request) -> Result<Fields, Refusal> {
    let query = request.query.iter().filter(|(name, _)| call.generation == NEW || name != PARAMETER);
    let query: Vec<_> = query.cloned().collect();
    if call.place == Place::Query {
        return Ok(check::from_pairs(&query, call.request));
    }
    if let Some((name, _)) = query.first() {
        return Err(wrong(call, &Flaw { field: name.clone(), wrong: Wrong::Unknown, code: None }));
    }
    let no_shape = |what: &str| wrong(call, &Flaw { field: what.to_owned(), wrong: Wrong::Type, code: None });
    match (request.media_type().as_str(), call.place) {
        ("application/json", _) => {
            // A body of nothing is an object without fields, as libraries send it.
            let body: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
            serde_json::from_slice::<Fields>(body).map_err(|_| no_shape("body"))
        }
        ("application/x-www-form-urlencoded", Place::JsonOrForm) => {
            let text = String::from_utf8_lossy(&request.body).into_owned();
            Ok(check::from_pairs(&pairs(&text), call.request))
        }
        _ => Err(no_shape("content-type")),
    }
}

/// What the vendor says about a wrong field.
fn wrong(call: &Call, flaw: &Flaw) -> Refusal {
    if call.generation == NEW {
        let code = match call.path {
            path if path.contains("/orgAccounts/") => "invalid.param",
            path if path.contains("/hrm/") => "invalidParameter.param.invalid",
            _ => "invalidParameter",
        };
        return Refusal::New(400, code, format!("{}: {:?}", flaw.field, flaw.wrong).to_lowercase(), Vec::new());
    }
    let what = format!("{} ({:?})", flaw.field, flaw.wrong).to_lowercase();
    // A missing field or a wrong type is the shape's code; the field's own code is about its value.
    let own = flaw.code.filter(|_| matches!(flaw.wrong, Wrong::Size | Wrong::Value));
    old_about(own.unwrap_or(call.refusal), &what)
}
