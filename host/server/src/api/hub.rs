//! What the hub has, whoever it came from: for applications that fetch.

use super::call::Call;
use super::object::{Wanted, opened, sealed, wanted};
use super::problem::{Problem, Refused};
use super::read;
use crate::{Caller, Scope};
use axum::http::HeaderValue;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use rosterd_model::port::BoxFuture;
use rosterd_model::{Class, ConnectionId, ExternalId, Fault, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What a client may see of the hub: everything, or what lies in some org units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The connection in whose words the org units are named.
    pub connection: ConnectionId,
    /// Ids of org units; empty: everything.
    pub org_units: Vec<ExternalId>,
}

impl From<&Caller> for Sight {
    fn from(caller: &Caller) -> Self {
        Self { connection: caller.connection.clone(), org_units: caller.org_units.clone() }
    }
}

/// An object of the hub.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HubObject {
    /// Its id in the hub, which never changes and is never given to another object.
    #[schema(max_length = 36)]
    pub id: String,
    /// `account`, `org-unit` or `group`.
    #[schema(max_length = 16)]
    pub class: String,
    /// `pending`, `active`, `suspended`, `leaving`, `disabled` or `deleted`.
    #[schema(max_length = 16)]
    pub lifecycle: String,
    /// Counts its changes.
    pub revision: u64,
    /// Attributes by the hub's names. A reference is an object with `ref`, the class, and `id`, the id in the hub.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub attributes: Map<String, Value>,
}

/// One page of objects of the hub.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HubPage {
    /// In the order in which they were made.
    #[schema(max_items = 500)]
    pub items: Vec<HubObject>,
    /// Where the next page begins; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048)]
    pub next: Option<String>,
}

/// A change of an object of the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HubChange {
    /// The id of the object in the hub.
    #[schema(max_length = 36)]
    pub id: String,
    /// Its class.
    #[schema(max_length = 16)]
    pub class: String,
    /// What was done: `create`, `update`, `rename`, `move`, `clear`, `enable`, `disable`, `delete`, or `hide` for what the
    /// client may no longer see.
    #[schema(max_length = 16)]
    pub operation: String,
    /// When it was decided.
    #[schema(max_length = 32)]
    pub at: String,
}

/// One page of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HubChanges {
    /// In the order in which they were decided.
    #[schema(max_items = 500)]
    pub items: Vec<HubChange>,
    /// Where to go on: at once if `more` is true, else later.
    #[schema(max_length = 2048)]
    pub next: String,
    /// True: there are more changes already.
    pub more: bool,
}

/// The hub's own directory, for whoever serves clients.
pub trait HubView: Send + Sync {
    /// The time of policy.
    fn now(&self) -> Timestamp;

    /// One page of a class, in the order of creation. `cursor-invalid` for a place that it did not give out.
    fn page(
        &self,
        sight: Sight,
        class: Class,
        after: Option<String>,
        max: u64,
    ) -> BoxFuture<'_, Result<HubPage, Fault>>;

    /// One object; none: not there for this client.
    fn one(&self, sight: Sight, class: Class, id: String) -> BoxFuture<'_, Result<Option<HubObject>, Fault>>;

    /// Changes behind a place; without one none, and the place where those begin that come from now on. `cursor-invalid` if
    /// what lies behind the place is not kept any more.
    fn changes(
        &self,
        sight: Sight,
        whose: Whose,
        after: Option<String>,
        max: u64,
    ) -> BoxFuture<'_, Result<HubChanges, Fault>>;
}

/// Whose changes are asked for, and in whose words they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of the hub, whoever caused them, by the hub's ids.
    Hub,
    /// Those that follow from what clients of the connection pushed, by their ids.
    Connection,
}

fn only_paging(wanted: &Wanted) -> Result<(Option<String>, u64), Refused> {
    match wanted.rest.keys().next() {
        Some(name) => Err(Problem::parameter(format!("{name} is no parameter here; there are limit and after"))),
        None => Ok((wanted.after.as_deref().map(opened).transpose()?, wanted.limit)),
    }
}

/// `GET /v1/hub/accounts`
pub(super) async fn list(call: Call, class: Class) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Scope::Hub)?;
    let (after, limit) = only_paging(&wanted(&call.parts.uri)?)?;
    let mut page = call.api.hub.page(Sight::from(&caller), class, after, limit).await?;
    page.next = page.next.as_deref().map(sealed);
    Ok(axum::Json(page).into_response())
}

/// `GET /v1/hub/accounts/{id}`
pub(super) async fn get(call: Call, class: Class) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Scope::Hub)?;
    let id = call.id()?;
    let found = call.api.hub.one(Sight::from(&caller), class, id.to_owned()).await?;
    let found = found.ok_or_else(|| super::desk::missing(class, id))?;
    let tag = HeaderValue::try_from(format!("\"{}\"", found.revision)).ok();
    let mut response = axum::Json(found).into_response();
    if let Some(tag) = tag {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// `GET /v1/hub/changes`
pub(super) async fn changes(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Scope::Hub)?;
    follow(&call, &caller, Whose::Hub).await
}

/// `GET /v1/changes`
pub(super) async fn own_changes(call: Call) -> Result<Response, Refused> {
    let caller = read::allowed(&call.parts, Scope::Read(Class::Account))?;
    for class in [Class::OrgUnit, Class::Group] {
        read::allowed(&call.parts, Scope::Read(class))?;
    }
    follow(&call, &caller, Whose::Connection).await
}

async fn follow(call: &Call, caller: &Caller, whose: Whose) -> Result<Response, Refused> {
    let (after, limit) = only_paging(&wanted(&call.parts.uri)?)?;
    let mut changes = call.api.hub.changes(Sight::from(caller), whose, after, limit).await?;
    changes.next = sealed(&changes.next);
    Ok(axum::Json(changes).into_response())
}

/// How the document shows a value of the hub.
pub(super) fn value_schema() -> Value {
    let again = serde_json::json!({ "$ref": "#/components/schemas/HubValue" });
    serde_json::json!({ "description": "A value of an attribute.", "anyOf": [
        { "type": "string" },
        { "type": "number" },
        { "type": "boolean" },
        { "type": "array", "items": again },
        { "type": "object", "additionalProperties": again, "description": "A structured value, or a reference: `ref` and `id`." },
        { "type": "null" },
    ] })
}
