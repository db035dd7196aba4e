//! A store full of accounts, as an import leaves it: every table that grows with accounts has its rows.

use crate::error::StoreError;
use crate::key::ConnectionNumber;
use crate::open::Store;
use crate::prelude::*;
use crate::schema::Table;
use crate::tables::entities::EntityKey;
use rosterd_model::claim::{ClaimEntry, Link, LinkMaker};
use rosterd_model::outbox::{OutboxEntry, Projection, ProjectionStatus};
use rosterd_model::plan::{NOTHING, Operation};
use rosterd_model::run::{DeliveryCounts, Run, RunState, ScanCounts};
use rosterd_model::shadow::{Shadow, ShadowHead, ShadowState};
use rosterd_model::{
    Attributes, ClaimSet, Class, ConnectionId, Entity, EntityId, ExternalId, JobId, Lifecycle, RunId, Timestamp, Value,
};

/// Accounts per transaction.
const CHUNK: u32 = 10_000;

/// What [`seed`] put in.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// The source.
    pub source: ConnectionNumber,
    /// The destination.
    pub destination: ConnectionNumber,
    /// The run.
    pub run: RunId,
}

impl Seed {
    /// The id of account number `index`.
    #[must_use]
    pub fn entity(index: u32) -> EntityId {
        // A UUIDv7 of a fixed time: ids grow with the number, as those of an import do.
        EntityId::from_bytes((0x0190_0000_0000_7000_8000_0000_0000_0000_u128 | u128::from(index)).to_be_bytes())
    }

    /// The external id of account number `index` at the source.
    #[must_use]
    pub fn external_id(index: u32) -> ExternalId {
        ExternalId::from(format!("E{index:07}"))
    }

    /// The keys by which a seeded account is found, for [`crate::verify::verify_with`].
    #[must_use]
    pub fn keys(entity: &Entity) -> Vec<EntityKey> {
        let value = |name: &str| entity.attributes.get(name).and_then(Value::as_text).unwrap_or_default().to_owned();
        [("employeeNumber", "hr"), ("userName", "")]
            .map(|(name, space)| EntityKey { attribute: name.to_owned(), space: space.to_owned(), value: value(name) })
            .into()
    }
}

/// Adds `accounts` accounts that the source `seed-hr` shows and that wait for the destination `seed-app`. Even ones are
/// acknowledged there already. Call it once per store.
///
/// # Errors
/// The store can not be written.
pub fn seed(store: &Store, accounts: u32) -> Result<Seed, StoreError> {
    let (hr, app, job) = names()?;
    let seed = store.commit::<_, StoreError>("seed", |writer| {
        let (source, destination) = (writer.intern_connection(&hr)?, writer.intern_connection(&app)?);
        let run = writer.next_run()?;
        writer.next_plan()?;
        writer.put_run(&run_of(run, &hr, job))?;
        Ok(Seed { source, destination, run })
    })?;
    for first in (0..accounts).step_by(CHUNK as usize) {
        let last = accounts.min(first.saturating_add(CHUNK));
        store.commit("seed", |writer| (first..last).try_for_each(|index| account(writer, seed, &app, index)))?;
    }
    Ok(seed)
}

fn account(writer: &mut impl Write, seed: Seed, app: &ConnectionId, index: u32) -> Result<(), StoreError> {
    let (class, entity, id) = (Class::Account, Seed::entity(index), Seed::external_id(index));
    let attributes = attributes(index);
    let mut hash = [0x5e; 16];
    hash[..4].copy_from_slice(&index.to_be_bytes());

    let (ordinal, seq) = (writer.take_ordinal(seed.source, class)?, writer.next_sequence()?);
    let (version, state) = (None, ShadowState::Live);
    let shadow =
        Shadow { class, id: id.clone(), version, hash, seq, partial: false, attributes: attributes.clone(), state };
    writer.put_shadow_head(seed.source, class, &id, &ShadowHead { ordinal, hash, seq, live: true })?;
    writer.put_shadow(seed.source, ordinal, &shadow)?;
    writer.mark_seen(seed.source, class, ordinal)?;

    let lifecycle = Lifecycle::Active;
    let person = Entity { id: entity, class, attributes, lifecycle, revision: 1, created: seed.run, changed: seed.run };
    for key in Seed::keys(&person) {
        writer.put_entity_key(class, &key.attribute, &key.space, &key.value, entity)?;
    }
    writer.put_entity(&person)?;
    writer.add_total(None, class, 1)?;
    let entry = |(attribute, value): (&str, &Value)| ClaimEntry {
        attribute: attribute.into(),
        value: value.clone(),
        since: seed.run,
        mapping: [7; 8],
    };
    let entries = person.attributes.iter().map(entry).collect();
    let claims = ClaimSet { class, ordinal, external_id: id, connector: "built-in".into(), entries };
    writer.put_claims(entity, seed.source, &claims)?;
    writer.put_link(
        seed.source,
        class,
        ordinal,
        &Link { entity, maker: LinkMaker::Created, run: seed.run, live: true },
    )?;

    if index.is_multiple_of(2) {
        let projection = Projection {
            external_id: Some(ExternalId::from(format!("app-{index}"))),
            version: None,
            applied: hash,
            attributes: person.attributes,
            status: ProjectionStatus::Present,
            revision: 1,
            pending: Vec::new(),
        };
        writer.add_total(Some(seed.destination), class, 1)?;
        return writer.put_projection(seed.destination, class, entity, &projection);
    }
    let order = writer.next_order()?;
    let entry = OutboxEntry::new(app.clone(), (class, entity), Operation::Create, NOTHING, order, 1);
    writer.put_outbox(seed.destination, &entry).map(drop)
}

fn attributes(index: u32) -> Attributes {
    [
        ("displayName", format!("Person Number {index}")),
        ("emails.work", format!("person.{index}@example.org")),
        ("employeeNumber", format!("{index:07}")),
        ("title", format!("Clerk {}", index % 40)),
        ("userName", format!("person.{index}")),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), Value::from(text)))
    .collect()
}

/// Names that are valid; the error can not happen.
fn names() -> Result<(ConnectionId, ConnectionId, JobId), StoreError> {
    let bad = |_| StoreError::corrupt(Table::Connections, "a name of the seed is not valid");
    Ok(("seed-hr".parse().map_err(bad)?, "seed-app".parse().map_err(bad)?, "seed".parse().map_err(bad)?))
}

fn run_of(id: RunId, connection: &ConnectionId, job: JobId) -> Run {
    Run {
        id,
        job,
        connection: connection.clone(),
        state: RunState::Ok,
        by: "test".to_owned(),
        started: Timestamp(0),
        ended: Some(Timestamp(0)),
        connector: "built-in".to_owned(),
        scan: ScanCounts::default(),
        licences: Vec::new(),
        plan: None,
        delivery: DeliveryCounts::default(),
        notes: Vec::new(),
    }
}
