//! Callbacks that are registered by the interface. An address must first answer a question with `success` in the envelope.

use super::events::body;
use super::refusal::{Refusal, old, old_about, success};
use super::state::Callback;
use super::table::Work;
use super::world::World;
use crate::crypto::Envelope;
use crate::exchange::{Outcome, Reply};
use crate::vendor::random_text;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The types of events that can be subscribed to here; the vendor has more that are not about the directory.
pub(super) const TAGS: [&str; 17] = [
    "user_add_org",
    "user_modify_org",
    "user_leave_org",
    "user_active_org",
    "org_admin_add",
    "org_admin_remove",
    "org_dept_create",
    "org_dept_modify",
    "org_dept_remove",
    "org_change",
    "org_remove",
    "label_user_change",
    "label_conf_add",
    "label_conf_del",
    "label_conf_modify",
    "check_url",
    "hrm_user_record_change",
];
/// How many failures one call returns.
const FAILURES: usize = 200;

/// A registration that waits for its address.
#[derive(Debug)]
pub(super) struct Probe {
    app: String,
    callback: Callback,
    envelope: Envelope,
}

/// The answer to an event in the envelope, opened.
pub(super) fn accepted(envelope: &Envelope, outcome: &Outcome) -> Result<(), String> {
    let (status, body) = outcome.as_ref().map_err(Clone::clone)?;
    if *status != 200 {
        return Err(format!("status {status}"));
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))?;
    let text = |name: &str| match &body[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let (sealed, time, nonce, signature) = (text("encrypt"), text("timeStamp"), text("nonce"), text("msg_signature"));
    match envelope.open_signed(&sealed, &time, &nonce, &signature) {
        Ok(plain) if plain == b"success" => Ok(()),
        Ok(plain) => Err(format!("not success: {}", String::from_utf8_lossy(&plain))),
        Err(refused) => Err(format!("{refused:?}").to_lowercase()),
    }
}

/// What became of the question: the reply that the registration waits for.
pub(super) fn probed(world: &mut World, probe: Probe, outcome: &Outcome) -> Reply {
    let id = random_text::<6>();
    if outcome.as_ref().is_err() || outcome.as_ref().is_ok_and(|(status, _)| *status != 200) {
        return old(71012).reply(&id);
    }
    match accepted(&probe.envelope, outcome) {
        Err(why) => old_about(71013, &why).reply(&id),
        Ok(()) => {
            if let Some(app) = world.org.apps.get_mut(&probe.app) {
                app.callback = Some(probe.callback);
            }
            success(json!({}), &id)
        }
    }
}

fn current<'a>(work: &'a Work<'_>) -> Option<&'a Callback> {
    work.world.org.apps.get(work.app)?.callback.as_ref()
}

fn ask(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let tags = work.fields.get("call_back_tag").and_then(Value::as_array).cloned().unwrap_or_default();
    let tags: BTreeSet<String> = tags.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if tags.is_empty() || tags.iter().any(|tag| !TAGS.contains(&tag.as_str())) {
        return Err(old_about(400_002, "call_back_tag"));
    }
    let callback = Callback {
        url: work.required("url"),
        token: work.required("token"),
        aes_key: work.required("aes_key"),
        // Callbacks of this kind belong to the organisation and not to an application.
        owner: work.world.org.corp_id.clone(),
        tags,
        registered: true,
        spelling: super::state::Spelling::Legacy,
        ..Callback::default()
    };
    let plain = callback.token.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let envelope = Envelope::new(&callback.token, &callback.aes_key, &callback.owner).filter(|_| plain);
    let envelope = envelope.ok_or_else(|| old_about(400_002, "token or aes_key"))?;
    let question = json!({ "EventType": "check_url" }).to_string();
    let id = work.desk.number();
    let push = body::sealed(id, &callback, &envelope, &question, work.now);
    work.world.probes.insert(id, Probe { app: work.app.to_owned(), callback, envelope });
    work.probe = Some(push);
    Ok(json!({}))
}

/// `register_call_back`.
pub(super) fn register(work: &mut Work<'_>) -> Result<Value, Refusal> {
    if current(work).is_some() { Err(old(71006)) } else { ask(work) }
}

/// `update_call_back`.
pub(super) fn update(work: &mut Work<'_>) -> Result<Value, Refusal> {
    if current(work).is_none() { Err(old(71007)) } else { ask(work) }
}

/// `get_call_back`.
pub(super) fn get(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let callback = current(work).ok_or_else(|| old(71007))?;
    let (tags, token, key, url) = (&callback.tags, &callback.token, &callback.aes_key, &callback.url);
    Ok(json!({ "call_back_tag": tags, "token": token, "aes_key": key, "url": url }))
}

/// `delete_call_back`.
pub(super) fn delete(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let app = work.world.org.apps.get_mut(work.app);
    app.and_then(|app| app.callback.take()).map(|_| json!({})).ok_or_else(|| old(71007))
}

/// `get_call_back_failed_result`: what no attempt delivered, a while after the last one. What was returned is gone.
pub(super) fn failed(work: &mut Work<'_>) -> Result<Value, Refusal> {
    let corp = work.world.org.corp_id.clone();
    let (taken, has_more) = work.world.deliveries.take_failed(work.app, work.now, FAILURES);
    let list = taken.iter().map(|event| {
        let tag = event.kind.clone();
        let mut item = json!({ "call_back_tag": tag, "event_time": event.born });
        let mut about = json!({ "corpid": corp });
        if !event.users.is_empty() {
            about["userid"] = json!(event.users);
        }
        if !event.departments.is_empty() {
            about["deptid"] = json!(event.departments);
        }
        item[tag.as_str()] = about;
        item
    });
    Ok(json!({ "has_more": has_more, "failed_list": list.collect::<Vec<_>>() }))
}
