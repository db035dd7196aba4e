//! The hub's directory from its store: entities with references in the hub's own ids, within the org units that a client
//! may see.

mod changes;
mod sight;

use super::hub::{HubChanges, HubObject, HubPage, HubView, Sight, Whose};
use rosterd_model::port::{BoxFuture, Clock};
use rosterd_model::{Class, Entity, EntityId, Fault, FaultKind, Lifecycle, Timestamp, Value};
use rosterd_store::prelude::*;
use rosterd_store::{Snapshot, Store, StoreError};
use serde_json::{Map, Value as Json, json};
use sight::Seeing;
use std::sync::Arc;

/// Objects that one call looks at, if the client may not see most of them.
const MOST_LOOKED_AT: usize = 20_000;

/// The hub's directory in a store.
pub struct StoreView {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
}

impl StoreView {
    /// The directory that this store keeps.
    #[must_use]
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Reads off the threads on which everything waits.
    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot) -> Result<Result<T, Fault>, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, Fault>> {
        let store = Arc::clone(&self.store);
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || work(store.durable_snapshot()?.as_ref()));
            match read.await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    tracing::error!(%error, "a client that fetches from the hub was not served");
                    Err(later())
                }
                Err(error) => {
                    tracing::error!(%error, "reading the hub for a client ended");
                    Err(later())
                }
            }
        })
    }
}

fn later() -> Fault {
    let text = "the hub can not be read at present; try again later";
    Fault { retry_after_ms: Some(5_000), ..Fault::new(FaultKind::Transient, text) }
}

fn cursor_invalid() -> Fault {
    let text = "what follows this place is not kept any more, or nobody gave it out: read everything anew, and then follow \
                the changes from a new place";
    Fault::new(FaultKind::CursorInvalid, text)
}

impl HubView for StoreView {
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        self.store.snapshot_without_keys().and_then(|view| view.policy_now(now)).unwrap_or(now)
    }

    fn page(
        &self,
        sight: Sight,
        class: Class,
        after: Option<String>,
        max: u64,
    ) -> BoxFuture<'_, Result<HubPage, Fault>> {
        self.read(move |view| {
            let after = match after.map(|after| after.parse::<EntityId>()).transpose() {
                Ok(after) => after,
                Err(_) => return Ok(Err(cursor_invalid())),
            };
            page(view, &sight, class, after, usize::try_from(max).unwrap_or(usize::MAX)).map(Ok)
        })
    }

    fn one(&self, sight: Sight, class: Class, id: String) -> BoxFuture<'_, Result<Option<HubObject>, Fault>> {
        self.read(move |view| {
            let Ok(id) = id.parse::<EntityId>() else { return Ok(Ok(None)) };
            let Some(entity) = view.entity(class, id)?.filter(is_there) else { return Ok(Ok(None)) };
            let mut seeing = Seeing::new(view, &sight)?;
            let object = if seeing.sees(&entity)? { Some(object(&mut seeing, &entity, true)?) } else { None };
            Ok(Ok(object))
        })
    }

    fn changes(
        &self,
        sight: Sight,
        whose: Whose,
        after: Option<String>,
        max: u64,
    ) -> BoxFuture<'_, Result<HubChanges, Fault>> {
        self.read(move |view| {
            changes::changes(view, &sight, whose, after.as_deref(), usize::try_from(max).unwrap_or(usize::MAX))
        })
    }
}

const fn is_there(entity: &Entity) -> bool {
    !matches!(entity.lifecycle, Lifecycle::Deleted { .. })
}

fn page(
    view: &Snapshot,
    sight: &Sight,
    class: Class,
    after: Option<EntityId>,
    max: usize,
) -> Result<HubPage, StoreError> {
    let mut seeing = Seeing::new(view, sight)?;
    let (mut items, mut last) = (Vec::new(), None);
    let mut rows = view.entities(class, after)?;
    let mut looked = 0;
    while items.len() < max && looked < MOST_LOOKED_AT {
        let Some(entity) = rows.next() else { return Ok(HubPage { items, next: None }) };
        let entity = entity?;
        looked += 1;
        last = Some(entity.id.to_string());
        if is_there(&entity) && seeing.sees(&entity)? {
            items.push(object(&mut seeing, &entity, false)?);
        }
    }
    let next = last.filter(|_| rows.next().is_some());
    Ok(HubPage { items, next })
}

/// An entity as clients see it; `long`: with lists of references, such as the members of a group.
fn object(seeing: &mut Seeing<'_>, entity: &Entity, long: bool) -> Result<HubObject, StoreError> {
    let words = seeing.words(entity)?;
    let mut attributes = Map::new();
    for (name, value) in entity.attributes.iter() {
        let is_long = entity.class == Class::Group
            && matches!(value, Value::List(list) if list.iter().any(|one| matches!(one, Value::Reference { .. })));
        if (!is_long || long) && !matches!(value, Value::Null) {
            attributes.insert(name.to_owned(), told(seeing, &words, value)?);
        }
    }
    Ok(HubObject {
        id: entity.id.to_string(),
        class: entity.class.to_string(),
        lifecycle: entity.lifecycle.to_string(),
        revision: entity.revision,
        attributes,
    })
}

/// A value with references in the hub's ids. Of what the client may not see, or the hub does not know, there is no id.
fn told(seeing: &mut Seeing<'_>, words: &sight::Words, value: &Value) -> Result<Json, StoreError> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Decimal(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(values) => {
            let mut all = Vec::with_capacity(values.len());
            for value in values {
                let told = told(seeing, words, value)?;
                // In a list a reference to nobody says nothing.
                if !matches!(value, Value::Reference { .. }) || !told["id"].is_null() {
                    all.push(told);
                }
            }
            Json::Array(all)
        }
        Value::Map(map) => {
            let mut all = Map::new();
            for (name, value) in map {
                all.insert(name.clone(), told(seeing, words, value)?);
            }
            Json::Object(all)
        }
        Value::Reference { class, id } => {
            let entity = match seeing.entity_of(words, *class, id)? {
                Some(entity) if seeing.sees_id(*class, entity)? => Some(entity.to_string()),
                _ => None,
            };
            json!({ "ref": class.as_str(), "id": entity })
        }
    })
}
