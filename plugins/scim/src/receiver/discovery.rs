//! What we can do: `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas` (RFC 7644, section 4; paging by RFC 9865).

use super::answer::json as answered;
use super::refusal::Refusal;
use super::request::{Call, LARGEST};
use super::schema::{self, Kind};
use super::{bulk, search};
use crate::settings::Settings;
use rosterd_sdk::Answer;
use serde_json::{Map, Value, json};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// True for the endpoints of this module.
#[must_use]
pub fn is_here(endpoint: &str) -> bool {
    ["ServiceProviderConfig", "ResourceTypes", "Schemas"].contains(&endpoint)
}

/// Answers one of them.
///
/// # Errors
/// Another method, a filter, or what is not there.
pub fn answer(settings: &Settings, call: &Call, path: &[&str]) -> Result<Answer, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::method("this can be read and nothing else"));
    }
    if call.parameter("filter").is_some() {
        return Err(Refusal::forbidden("this is not filtered"));
    }
    let found = match path {
        ["ServiceProviderConfig"] => Some(config(call)),
        ["ResourceTypes"] => Some(listed(Kind::ALL.iter().map(|kind| resource_type(settings, call, *kind)))),
        ["ResourceTypes", name] => {
            let kind = Kind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name));
            kind.map(|kind| resource_type(settings, call, kind))
        }
        ["Schemas"] => Some(listed(schema::all(settings).into_iter().map(|one| schema(call, one)))),
        ["Schemas", urn] => {
            let own = |one: &Map<String, Value>| one["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(urn));
            schema::all(settings).into_iter().find(own).map(|one| schema(call, one))
        }
        _ => None,
    };
    found.map(|found| answered(200, &found)).ok_or_else(|| Refusal::not_found("there is no such thing"))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn listed(resources: impl Iterator<Item = Map<String, Value>>) -> Map<String, Value> {
    let resources: Vec<Value> = resources.map(Value::Object).collect();
    let count = resources.len();
    object(json!({
        "schemas": [LIST], "totalResults": count, "itemsPerPage": count, "startIndex": 1, "Resources": resources,
    }))
}

fn meta(call: &Call, kind: &str, path: &str) -> Value {
    json!({ "resourceType": kind, "location": format!("{}/{path}", call.base) })
}

fn schema(call: &Call, mut one: Map<String, Value>) -> Map<String, Value> {
    let path = format!("Schemas/{}", one["id"].as_str().unwrap_or_default());
    one.insert("meta".to_owned(), meta(call, "Schema", &path));
    one
}

fn resource_type(settings: &Settings, call: &Call, kind: Kind) -> Map<String, Value> {
    let extensions: Vec<Value> =
        kind.extensions(settings).iter().map(|urn| json!({ "schema": urn, "required": false })).collect();
    let mut all = object(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": kind.name(), "name": kind.name(),
        "description": kind.about(), "endpoint": format!("/{}", kind.endpoint()), "schema": kind.schema(),
    }));
    if !extensions.is_empty() {
        all.insert("schemaExtensions".to_owned(), extensions.into());
    }
    all.insert("meta".to_owned(), meta(call, "ResourceType", &format!("ResourceTypes/{}", kind.name())));
    all
}

fn config(call: &Call) -> Map<String, Value> {
    object(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": true, "maxOperations": bulk::MOST, "maxPayloadSize": LARGEST },
        "filter": { "supported": true, "maxResults": search::MOST },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": search::PAGE,
            "maxPageSize": search::MOST,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "Bearer token", "description": "A token that the hub gave out to this client.",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750", "primary": true,
        }],
        "meta": meta(call, "ServiceProviderConfig", "ServiceProviderConfig"),
    }))
}
