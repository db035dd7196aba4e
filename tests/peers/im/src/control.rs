//! The control port: verbs that are the same for every vendor. What it does not know, the vendor may.

use crate::crypto::Envelope;
use crate::exchange::{Reply, Request};
use crate::program::{Inside, Program};
use crate::vendor::random;
use serde_json::{Value, json};

/// A reply that says yes.
#[must_use]
pub fn done(value: &Value) -> Reply {
    Reply::json(200, value)
}

/// A reply that says why not.
#[must_use]
pub fn refused(why: &str) -> Reply {
    Reply::json(400, &json!({ "error": why }))
}

/// Answers a verb.
pub async fn answer(program: &Program, request: &Request) -> Reply {
    let reply = shared(program, request);
    // What a verb made due has left when the verb returns: tests need not wait.
    if request.method != "GET" && request.query("settle") != Some("no") {
        program.settle().await;
    }
    reply
}

fn shared(program: &Program, request: &Request) -> Reply {
    let Inside { desk, vendor } = &mut *program.inside();
    let body = if request.body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice::<Value>(&request.body) };
    let body = match body {
        Ok(body) => body,
        Err(error) => return refused(&format!("the body is no JSON: {error}")),
    };
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/state") => done(&vendor.state()),
        ("PUT", "/state") => loaded(vendor.load(desk, body, true)),
        ("PATCH", "/state") => {
            let mut state = vendor.state();
            merge(&mut state, body);
            loaded(vendor.load(desk, state, false))
        }
        ("GET", "/describe") => done(&vendor.describe()),
        ("GET", "/log") => {
            let since = request.query("since").and_then(|number| number.parse().ok()).unwrap_or_default();
            done(&desk.journal.since(since))
        }
        ("GET", "/counts") => done(&desk.journal.counts()),
        ("DELETE", "/log") => {
            desk.journal.clear();
            done(&json!({}))
        }
        ("GET", "/faults") => done(&json!(desk.faults.open())),
        ("DELETE", "/faults") => {
            desk.faults.clear();
            done(&json!({}))
        }
        ("POST", "/faults") => match serde_json::from_value(body) {
            Ok(rule) => {
                desk.faults.add(rule);
                done(&json!({}))
            }
            Err(error) => refused(&error.to_string()),
        },
        ("GET", "/clock") => done(&json!({ "now": desk.clock.now() })),
        ("POST", "/clock") => {
            if let Some(still) = body["stand"].as_bool() {
                desk.clock.stand(still);
            }
            desk.clock.advance(body["advance"].as_i64().unwrap_or_default());
            done(&json!({ "now": desk.clock.now() }))
        }
        ("DELETE", "/rates") => {
            desk.windows.clear();
            done(&json!({}))
        }
        ("GET", "/mistakes") => done(&json!(desk.mistakes)),
        ("POST", "/settle") => done(&json!({})),
        ("POST", "/crypto/seal") => seal(&body),
        ("POST", "/crypto/open") => open(&body),
        _ => vendor.control(desk, request).unwrap_or_else(|| {
            Reply::json(404, &json!({ "error": format!("no verb {} {}", request.method, request.path) }))
        }),
    }
}

/// The keys that a body names.
fn keys(body: &Value) -> Option<Envelope> {
    Envelope::new(body["token"].as_str()?, body["aes_key"].as_str()?, body["owner"].as_str()?)
}

/// The envelope by itself, so that a test can hold it against a vendor's library.
fn seal(body: &Value) -> Reply {
    let Some(keys) = keys(body) else { return refused("no usable keys") };
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let sealed = keys.seal(text("message").as_bytes(), random());
    let signature = keys.sign(text("time"), text("nonce"), &sealed);
    done(&json!({ "encrypt": sealed, "signature": signature }))
}

fn open(body: &Value) -> Reply {
    let Some(keys) = keys(body) else { return refused("no usable keys") };
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    match keys.open_signed(text("encrypt"), text("time"), text("nonce"), text("signature")) {
        Ok(message) => done(&json!({ "message": String::from_utf8_lossy(&message) })),
        Err(refused) => done(&json!({ "refused": format!("{refused:?}").to_lowercase() })),
    }
}

fn loaded(outcome: Result<(), String>) -> Reply {
    outcome.map_or_else(|why| refused(&why), |()| done(&json!({})))
}

/// A JSON merge patch, RFC 7396: objects merge, null removes, everything else replaces.
pub fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(target) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_merges_removes_and_replaces() {
        let mut state = json!({"a": {"b": 1, "c": [1]}, "d": 2});
        merge(&mut state, json!({"a": {"b": null, "c": [2], "e": {"f": null, "g": 3}}}));
        assert_eq!(state, json!({"a": {"c": [2], "e": {"g": 3}}, "d": 2}));
    }
}
