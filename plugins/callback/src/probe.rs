//! What `check` and `discover` say: whether events can be signed, whether the endpoint takes one, and the public keys that it
//! needs.

use crate::jose;
use crate::keys::{self, Keys};
use crate::reply::Verdict;
use crate::send::Sender;
use crate::settings::Settings;
use rosterd_sdk::secrets::Secret;
use rosterd_sdk::{Fault, Probe};
use serde_json::{Value, json};

/// The probes of a connection. An event goes out only where the operator wants it.
#[must_use]
pub fn probes(settings: &Settings) -> Vec<Probe> {
    let opened = Sender::open(settings).and_then(|sender| Ok((public(sender.keys())?, sender)));
    let (public, sender) = match opened {
        Ok(both) => both,
        Err(fault) => return vec![Probe::failed("keys", fault.message, "set the secrets of this connection")],
    };
    let known = match public.names.as_slice() {
        [] => "events are signed with a shared secret".to_owned(),
        names => {
            let names = names.join(", ");
            format!("events are signed with {names}; `rosterd connection discover` has the public half")
        }
    };
    vec![Probe::passed("keys", known), endpoint(&sender, settings)]
}

fn endpoint(sender: &Sender, settings: &Settings) -> Probe {
    const NAME: &str = "endpoint";
    if !settings.ping {
        return Probe::passed(NAME, "not tried; with ping = true a signed event of the type ping is sent");
    }
    match sender.ping() {
        Verdict::Done => Probe::passed(NAME, "it took a signed event"),
        Verdict::Refused(fault) | Verdict::Doubtful(fault) => {
            let remedy = "look at the endpoint's own log; it must take the event of the type ping (IDaaS form: common:test) \
                          like any other";
            Probe::failed(NAME, fault.message, remedy)
        }
    }
}

/// Public keys, for machines and for people.
#[derive(Debug, Default)]
struct Public {
    jwks: Vec<Value>,
    webhooks: Vec<String>,
    /// Of the keys that sign.
    names: Vec<String>,
    notes: Vec<String>,
}

fn public(keys: &Keys) -> Result<Public, Fault> {
    let mut all = Public::default();
    match keys {
        Keys::Standard(standard) => {
            for key in &standard.keys {
                let jwk = jose::public(key).map_err(keys::unfit)?;
                let text =
                    jose::whpk(&jwk).ok_or_else(|| Fault::settings("the secret signing-key is no ed25519 key"))?;
                all.notes.push(format!("events are signed with the key of {text}"));
                all.names.push(text.clone());
                all.webhooks.push(text);
                all.jwks.push(Value::Object(jwk));
            }
        }
        Keys::Idaas(jose) => {
            let jwk = named(&jose.event_key, Some(&jose.key_id))?;
            all.notes.push(format!("events are signed with the key of {jwk}"));
            all.jwks.push(jwk);
            all.names.push(jose.key_id.clone());
            if let Some(next) = keys::optional("next-event-key")? {
                let jwk = named(&next, None)?;
                all.notes.push(format!("the next key will be that of {jwk}"));
                all.jwks.push(jwk);
            }
        }
    }
    Ok(all)
}

/// A JWK of a JWKS; without a name it has its thumbprint.
fn named(key: &Secret, id: Option<&str>) -> Result<Value, Fault> {
    let jwk = jose::public(key).map_err(keys::unfit)?;
    let id = match id {
        Some(id) => id.to_owned(),
        None => jose::thumbprint(&jwk)?,
    };
    let mut all = Value::Object(jwk);
    all["kid"] = id.into();
    all["use"] = "sig".into();
    all["alg"] = "RS256".into();
    Ok(all)
}

/// What `described` says, with the public keys as what the server says about itself, and as notes.
///
/// # Errors
/// A key is missing or can not be read.
pub fn discovery(described: &str, settings: &Settings) -> Result<String, Fault> {
    let public = public(&Keys::open(settings)?)?;
    let mut all: Value = serde_json::from_str(described).unwrap_or_else(|_| json!({ "classes": {} }));
    all["server"] = json!({ "jwks": { "keys": public.jwks }, "webhook-public-keys": public.webhooks });
    all["notes"] = public.notes.iter().map(|message| json!({ "message": message })).collect();
    Ok(all.to_string())
}
