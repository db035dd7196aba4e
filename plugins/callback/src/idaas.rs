//! Events as Alibaba Cloud IDaaS calls applications back: names, and JSON inside of JSON inside of JSON. Pure.

use crate::event::{Event, Happened};
use crate::settings::{Content, Idaas, Settings};
use crate::text::Text;
use rosterd_sdk::{Class, Fault};
use serde_json::{Map, Value, json};

/// What every type begins with.
const PREFIX: &str = "urn:alibaba:idaas:app:event:";
/// Who IDaaS says that it is; applications compare it.
const ISSUER: &str = "urn:alibaba:idaas:app:event";
/// How long a message is good, in seconds, as IDaaS has it.
const LIFETIME: u64 = 1800;

/// One element of `eventData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The same for every attempt.
    pub event_id: String,
    /// Without the prefix.
    pub event_type: &'static str,
    /// Id of the object.
    pub biz_id: String,
    /// The object, JSON.
    pub biz_data: Text,
}

/// What an event is in this form: one item, or two where a change and a move are types of their own.
///
/// # Errors
/// `unsupported` for what has no type here.
pub fn items(event: &Event, settings: &Settings) -> Result<Vec<Item>, Fault> {
    if let Some(delta) = event.changes.iter().find(|change| !change.told.contains_key("replace")) {
        let text = format!(
            "events of this form hold no single members or values of {}; do not map it, or use the form standard-webhooks",
            delta.attribute
        );
        return Err(Fault::unsupported(text).about(&delta.attribute));
    }
    let data = object(event, settings);
    let biz_data = if event.password { Text::with_password(&data) } else { Text::plain(data) };
    let item = |event_type, end: &str| Item {
        event_id: format!("evnt_{}{end}", event.key),
        event_type,
        biz_id: event.id.clone(),
        biz_data: biz_data.clone(),
    };
    let moves = event.changes.iter().filter(|change| place(event.class, &change.attribute)).count();
    let types = types(event, moves > 0, moves < event.changes.len())?;
    Ok(types.iter().zip(["", "_place"]).map(|(event_type, end)| item(*event_type, end)).collect())
}

/// The event that tries an endpoint.
#[must_use]
pub fn test(key: &str, settings: &Idaas) -> Item {
    let biz_data = Text::plain("{}");
    Item { event_id: format!("evnt_{key}"), event_type: "common:test", biz_id: settings.instance_id.clone(), biz_data }
}

/// What is encrypted, or stands in `plainData`: a JSON object.
#[must_use]
pub fn payload(items: Vec<Item>, now_ms: u64, settings: &Idaas) -> Text {
    let mut all = Text::plain("");
    let count = items.len();
    for (at, item) in items.into_iter().enumerate() {
        let head = json!({
            "eventId": item.event_id,
            "eventType": format!("{PREFIX}{}", item.event_type),
            "eventTime": now_ms.to_string(),
            "bizId": item.biz_id,
        })
        .to_string();
        let head = format!("{},\"bizData\":", head.strip_suffix('}').unwrap_or(&head));
        let comma = if at + 1 < count { "," } else { "" };
        let one = item.biz_data.quoted().between(&head, &format!("}}{comma}"));
        all = joined(all, one);
    }
    let outer = json!({ "aliUid": settings.ali_uid, "instanceId": settings.instance_id, "eventVersion": "V1.0" });
    let outer = outer.to_string();
    let head = format!("{},\"eventData\":", outer.strip_suffix('}').unwrap_or(&outer));
    all.between("[", "]").quoted().between(&head, "}")
}

/// The claims around a payload; `cipher`: the payload as JWE, or a gap for it.
#[must_use]
pub fn claims(payload: Text, cipher: Option<Text>, now_ms: u64, random: &str, settings: &Idaas) -> Text {
    let seconds = now_ms / 1000;
    let claims = json!({
        "iss": ISSUER,
        "sub": settings.instance_id,
        "aud": settings.application_id,
        "iat": seconds,
        "exp": seconds + LIFETIME,
        "jti": random,
        "dataEncrypted": cipher.is_some(),
    })
    .to_string();
    let head = claims.strip_suffix('}').unwrap_or(&claims);
    match cipher {
        Some(cipher) => cipher.quoted().between(&format!("{head},\"cipherData\":"), ",\"plainData\":\"\"}"),
        None => payload.between(&format!("{head},\"cipherData\":\"\",\"plainData\":"), "}"),
    }
}

/// Two texts, of which the second may have a gap only if the first has none.
fn joined(first: Text, second: Text) -> Text {
    match first.sent(None) {
        Ok(text) if !first.has_gap() => second.between(&text, ""),
        _ => {
            let text = second.sent(None).unwrap_or_default();
            first.between("", &text)
        }
    }
}

fn types(event: &Event, moves: bool, more: bool) -> Result<Vec<&'static str>, Fault> {
    let place = match event.class {
        Class::Account => "ud:user:update_primary_ou",
        Class::OrgUnit => "ud:organizational_unit:update_parent_organizational_unit",
        Class::Group => "ud:group:update",
    };
    let own = match (event.class, event.happened) {
        (_, Happened::Moved) => return Ok(vec![place]),
        (_, Happened::Updated) if moves && !more => return Ok(vec![place]),
        (Class::Account, Happened::Created) => "ud:user:create",
        (Class::Account, Happened::Updated) => "ud:user:update_info",
        (Class::Account, Happened::Enabled) => "ud:user:enable",
        (Class::Account, Happened::Disabled) => "ud:user:disable",
        (Class::Account, Happened::Deleted) => "ud:user:delete",
        (Class::OrgUnit, Happened::Created) => "ud:organizational_unit:create",
        (Class::OrgUnit, Happened::Updated) => "ud:organizational_unit:update",
        (Class::OrgUnit, Happened::Deleted) => "ud:organizational_unit:delete",
        (Class::Group, Happened::Created) => "ud:group:create",
        (Class::Group, Happened::Updated) => "ud:group:update",
        (Class::Group, Happened::Deleted) => "ud:group:delete",
        (Class::OrgUnit | Class::Group, Happened::Enabled | Happened::Disabled) => {
            return Err(Fault::unsupported("only accounts are enabled and disabled"));
        }
    };
    Ok(if moves && event.happened == Happened::Updated { vec![own, place] } else { vec![own] })
}

/// Attributes that say where an object stands.
fn place(class: Class, attribute: &str) -> bool {
    match class {
        Class::Account => matches!(attribute, "primaryOrganizationalUnitId" | "organizationalUnits"),
        Class::OrgUnit => attribute == "parentId",
        Class::Group => false,
    }
}

/// `bizData`: the mapped attributes, which have the names of IDaaS, in the shapes of IDaaS.
fn object(event: &Event, settings: &Settings) -> String {
    let id = match event.class {
        Class::Account => "userId",
        Class::OrgUnit => "organizationalUnitId",
        Class::Group => "groupId",
    };
    let mut all = Map::from_iter([(id.to_owned(), Value::from(event.id.as_str()))]);
    if settings.content == Content::Full && event.happened != Happened::Deleted {
        let primary = event.attributes.get("primaryOrganizationalUnitId").map(shape);
        let taken = |name: &str| name == id || (event.password && name == "password");
        for (name, value) in event.attributes.iter().filter(|(name, _)| !taken(name)) {
            let value = match (name.as_str(), value) {
                ("organizationalUnits", Value::Array(units)) => {
                    units.iter().map(|unit| in_unit(unit, &primary)).collect()
                }
                _ => shape(value),
            };
            all.insert(name.clone(), value);
        }
        if event.class == Class::Account {
            let status = match event.happened {
                Happened::Created | Happened::Enabled => Some("enabled"),
                Happened::Disabled => Some("disabled"),
                _ => None,
            };
            if let Some(status) = status {
                all.insert("status".to_owned(), status.into());
            }
            if event.password {
                all.insert("passwordSet".to_owned(), true.into());
            }
        }
        if event.happened == Happened::Moved && event.class != Class::Group {
            let name = if event.class == Class::Account { "primaryOrganizationalUnitId" } else { "parentId" };
            let to = event.changes.first().and_then(|change| change.told.get("replace")).map_or(Value::Null, shape);
            all.insert(name.to_owned(), to);
        }
    }
    Value::Object(all).to_string()
}

/// Numbers are texts there, and a reference is an id.
fn shape(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.to_string()),
        Value::Array(values) => values.iter().map(shape).collect(),
        Value::Object(members) => match (members.get("ref"), members.get("id")) {
            (Some(_), Some(id)) => id.clone(),
            _ => members.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        },
        other => other.clone(),
    }
}

fn in_unit(unit: &Value, primary: &Option<Value>) -> Value {
    let id = shape(unit);
    let is_primary = primary.as_ref() == Some(&id);
    json!({ "organizationalUnitId": id, "primary": is_primary })
}
