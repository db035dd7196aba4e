//! Taking entities out of every table.
//!
//! Rows of the entity go; rows of others that mention it stay, because they are what others are; open plans about it are
//! superseded. What remains is a keyed hash of each of its external ids, so that a source that still shows it does not
//! bring it back. Deleted rows may still lie in free pages of the file: [`crate::Store::rewrite`] leaves those behind.

use crate::codec;
use crate::error::StoreError;
use crate::key::ConnectionNumber;
use crate::kv::{Read, Write};
use crate::schema::Table;
use crate::tables::{
    ReadAudit, ReadConnections, ReadEntities, ReadLinks, ReadOutbox, ReadPlans, ReadProjections, ReadRuns, ReadShadows,
    WriteAudit, WriteConnections, WriteErased, WriteHints, WriteLinks, WriteOutbox, WritePlans, WriteQuarantine,
    WriteRuns, WriteShadows, WriteTotals,
};
use crate::writer::Writer;
use rosterd_model::plan::{PlanHeader, PlanState, Reason, Step, StepObject};
use rosterd_model::quarantine::QuarantineCase;
use rosterd_model::run::Run;
use rosterd_model::{Class, ConnectionId, EntityId, ExternalId, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Whom to erase.
#[derive(Debug)]
pub struct Erasure {
    /// The kind of object.
    pub class: Class,
    /// The entities.
    pub entities: HashSet<EntityId>,
    /// Values by which people would recognise them, each of at least [`Erasure::SHORTEST`] bytes: looked for in texts.
    pub words: Vec<String>,
    /// When.
    pub at: Timestamp,
    /// True: a source that still shows it does not bring it back. False: it was purged after its time, and may.
    pub for_good: bool,
}

impl Erasure {
    /// Shorter values are in too many texts to say anything.
    pub const SHORTEST: usize = 4;
}

/// A shadow of the erased entity.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Trace {
    connection: ConnectionId,
    class: Class,
    ordinal: u32,
    id: ExternalId,
}

/// Tables in which only rows of the entity itself go: what their other rows hold is about others, or about nobody.
const KEPT: &[Table] = &[
    Table::Meta,
    Table::Connections,
    Table::Clients,
    Table::ShadowHeads,
    Table::Shadows,
    Table::ShadowOrdinals,
    Table::ShadowKeys,
    Table::Unsettled,
    Table::Live,
    Table::Seen,
    Table::Missing,
    Table::Entities,
    Table::EntityKeys,
    Table::Claims,
    Table::Links,
    Table::Mappings,
    Table::History,
    Table::Plans,
    Table::PlanDigests,
    Table::PlanJobs,
    Table::PlanSteps,
    Table::Outbox,
    Table::OutboxOrder,
    Table::Projections,
    Table::Runs,
    Table::ScanProgress,
    Table::Cursors,
    Table::LastScan,
    Table::MappingState,
    Table::Quarantine,
    Table::QuarantineObjects,
    Table::QuarantineConnections,
    Table::Totals,
    Table::Budget,
    Table::Owed,
    Table::Accepted,
    Table::Erased,
    Table::Audit,
];

/// Tables whose keys name the entity to which a row belongs.
const OWN: &[Table] = &[
    Table::Entities,
    Table::EntityKeys,
    Table::Claims,
    Table::History,
    Table::Outbox,
    Table::Projections,
    Table::Owed,
];

/// Erases an entity. Returns how many rows of each table were removed or blanked.
///
/// # Errors
/// The store can not be read or written, or [`StoreError::Busy`]: a plan about it is being applied.
pub fn erase(w: &mut Writer<'_>, erasure: &Erasure) -> Result<BTreeMap<Table, u64>, StoreError> {
    let mut removed = BTreeMap::new();
    let (traces, waiting) = (traces(w, erasure)?, waiting(w, erasure)?);
    totals(w, erasure)?;
    plans(w, erasure, &traces, &mut removed)?;
    cases(w, erasure, &traces, &mut removed)?;
    if erasure.for_good {
        runs(w, erasure, &mut removed)?;
        audit(w, erasure, &mut removed)?;
    }
    for table in OWN {
        let rows = rows(w, *table, |key, _| erasure.is_about(key))?;
        remove(w, *table, rows, &mut removed)?;
    }
    let rows_of_order = rows(w, Table::OutboxOrder, |_, value| erasure.is_about(value))?;
    remove(w, Table::OutboxOrder, rows_of_order, &mut removed)?;
    // Whatever else is kept of somebody: scratch of connectors, timers, notifications that were not read yet.
    for table in Table::ALL.iter().filter(|table| !KEPT.contains(table)) {
        let named = |bytes: &[u8]| erasure.is_about(bytes) || erasure.names(bytes);
        let rows = rows(w, *table, |key, value| named(key) || named(value))?;
        remove(w, *table, rows, &mut removed)?;
    }
    for (connection, class, entity) in waiting {
        w.look_again(connection, class, entity)?;
    }
    // Last, because it changes rows that are written when the transaction commits, and can not be listed before.
    for trace in &traces {
        let connection = w.intern_connection(&trace.connection)?;
        w.remove_link(connection, trace.class, trace.ordinal)?;
        *removed.entry(Table::Links).or_default() += 1;
        if w.purge_shadow(connection, trace.class, &trace.id)? {
            *removed.entry(Table::Shadows).or_default() += 1;
        }
        if w.forget_hint(connection, trace.class, &trace.id)? {
            *removed.entry(Table::Hints).or_default() += 1;
        }
        if erasure.for_good {
            w.put_erased(connection, trace.class, &trace.id, erasure.at)?;
        }
    }
    Ok(removed)
}

/// Rows of others that still hold one of the words: a manager's number at those who report to him.
///
/// # Errors
/// The store can not be read.
pub fn mentions(view: &impl Read, words: &[String]) -> Result<BTreeMap<Table, u64>, StoreError> {
    let mut found = BTreeMap::new();
    for table in Table::ALL {
        for row in view.prefix(*table, b"")? {
            let row = row?;
            if words.iter().any(|word| contains(&row.key, word.as_bytes()) || contains(&row.value, word.as_bytes())) {
                *found.entry(*table).or_default() += 1;
            }
        }
    }
    Ok(found)
}

impl Erasure {
    fn names(&self, bytes: &[u8]) -> bool {
        self.words.iter().any(|word| word.len() >= Self::SHORTEST && contains(bytes, word.as_bytes()))
    }

    fn says(&self, text: &str) -> bool {
        self.names(text.as_bytes()) || self.entities.iter().any(|entity| text.contains(&entity.to_string()))
    }

    /// True if the id of one of the entities is in these bytes.
    fn is_about(&self, bytes: &[u8]) -> bool {
        bytes.windows(16).any(|window| {
            <[u8; 16]>::try_from(window).is_ok_and(|id| self.entities.contains(&EntityId::from_bytes(id)))
        })
    }
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    !word.is_empty() && bytes.windows(word.len()).any(|window| window == word)
}

fn rows(w: &Writer<'_>, table: Table, mut is: impl FnMut(&[u8], &[u8]) -> bool) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut keys = Vec::new();
    for row in w.prefix(table, b"")? {
        let row = row?;
        if is(&row.key, &row.value) {
            keys.push(row.key.to_vec());
        }
    }
    Ok(keys)
}

fn remove(
    w: &mut Writer<'_>,
    table: Table,
    keys: Vec<Vec<u8>>,
    removed: &mut BTreeMap<Table, u64>,
) -> Result<(), StoreError> {
    for key in keys {
        w.remove(table, &key)?;
        *removed.entry(table).or_default() += 1;
    }
    Ok(())
}

/// The shadows that were ever linked to the entity.
fn traces(w: &Writer<'_>, erasure: &Erasure) -> Result<BTreeSet<Trace>, StoreError> {
    let mut traces = BTreeSet::new();
    for (connection, number) in w.connections()? {
        for class in Class::ALL {
            for link in w.links(number, class)? {
                let (ordinal, link) = link?;
                if !erasure.entities.contains(&link.entity) {
                    continue;
                }
                if let Some(shadow) = w.shadow(number, class, ordinal)? {
                    traces.insert(Trace { connection: connection.clone(), class, ordinal, id: shadow.id });
                }
            }
        }
    }
    Ok(traces)
}

/// Others whose entries wait for one of the entities, which will never be told: they look again.
fn waiting(w: &Writer<'_>, erasure: &Erasure) -> Result<BTreeSet<(ConnectionNumber, Class, EntityId)>, StoreError> {
    let mut waiting = BTreeSet::new();
    for (_, number) in w.connections()? {
        for id in &erasure.entities {
            let others = w.waiting_for(number, erasure.class, *id)?;
            let others = others.into_iter().filter(|(_, other)| !erasure.entities.contains(other));
            waiting.extend(others.map(|(class, other)| (number, class, other)));
        }
    }
    Ok(waiting)
}

fn totals(w: &mut Writer<'_>, erasure: &Erasure) -> Result<(), StoreError> {
    let (class, connections) = (erasure.class, w.connections()?);
    for id in &erasure.entities {
        if w.entity(class, *id)?.is_some_and(|entity| entity.lifecycle.is_living()) {
            w.add_total(None, class, -1)?;
        }
        for (_, number) in &connections {
            if w.projection(*number, class, *id)?.is_some_and(|projection| projection.status.is_living()) {
                w.add_total(Some(*number), class, -1)?;
            }
        }
    }
    Ok(())
}

/// Steps about the entity go; a plan that still waits and had one is over.
fn plans(
    w: &mut Writer<'_>,
    erasure: &Erasure,
    traces: &BTreeSet<Trace>,
    removed: &mut BTreeMap<Table, u64>,
) -> Result<(), StoreError> {
    let about = |step: &Step| {
        let of = |connection: &ConnectionId, id: &ExternalId| {
            traces.iter().any(|t| t.class == step.class && t.connection == *connection && t.id == *id)
        };
        let object = match &step.object {
            StepObject::Entity(id) => erasure.entities.contains(id),
            StepObject::New { connection, id } => of(connection, id),
        };
        // Names of members stand in the reason of a group that follows a rule.
        let named = match &step.reason {
            Reason::Rule(followed) => followed.joins.iter().chain(&followed.leaves).any(|name| erasure.says(name)),
            _ => false,
        };
        object || named || step.source.as_ref().is_some_and(|source| of(&source.connection, &source.id))
    };
    let (mut keys, mut touched) = (Vec::new(), BTreeSet::new());
    for row in w.prefix(Table::PlanSteps, b"")? {
        let row = row?;
        if about(&codec::decode(Table::PlanSteps, &row.value)?) {
            touched.extend(row.key.get(..8).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes));
            keys.push(row.key.to_vec());
        }
    }
    remove(w, Table::PlanSteps, keys, removed)?;
    let headers: Vec<PlanHeader> = w.plans()?.collect::<Result<_, _>>()?;
    for mut header in headers {
        let mine = touched.contains(&header.number);
        if mine && matches!(header.state, PlanState::Applying { .. }) {
            return Err(StoreError::Busy { what: "a plan about it is being applied" });
        }
        let mut changed = false;
        if mine && !matches!(header.state, PlanState::Applied | PlanState::Superseded) {
            header.state = PlanState::Superseded;
            changed = true;
        }
        for hold in &mut header.holds {
            let before = hold.samples.len();
            hold.samples.retain(|name| !erasure.for_good || !erasure.says(name));
            changed |= hold.samples.len() != before;
        }
        if changed {
            w.put_plan(&header)?;
            *removed.entry(Table::Plans).or_default() += 1;
        }
    }
    Ok(())
}

fn cases(
    w: &mut Writer<'_>,
    erasure: &Erasure,
    traces: &BTreeSet<Trace>,
    removed: &mut BTreeMap<Table, u64>,
) -> Result<(), StoreError> {
    let mut numbers = Vec::new();
    for row in w.prefix(Table::Quarantine, b"")? {
        let case: QuarantineCase = codec::decode(Table::Quarantine, &row?.value)?;
        let mine = case.candidates.iter().any(|candidate| erasure.entities.contains(candidate))
            || traces.iter().any(|t| t.connection == case.connection && Some(&t.id) == case.id.as_ref())
            || (erasure.for_good && (erasure.says(&case.raw) || erasure.says(&case.message)));
        if mine {
            numbers.push(case.number);
        }
    }
    for number in numbers {
        w.close_case(number)?;
        *removed.entry(Table::Quarantine).or_default() += 1;
    }
    Ok(())
}

fn runs(w: &mut Writer<'_>, erasure: &Erasure, removed: &mut BTreeMap<Table, u64>) -> Result<(), StoreError> {
    let runs: Vec<Run> = w.runs()?.collect::<Result<_, _>>()?;
    for mut run in runs {
        let before = run.notes.len();
        run.notes.retain(|note| !erasure.says(note));
        if run.notes.len() != before {
            w.put_run(&run)?;
            *removed.entry(Table::Runs).or_default() += 1;
        }
    }
    Ok(())
}

fn audit(w: &mut Writer<'_>, erasure: &Erasure, removed: &mut BTreeMap<Table, u64>) -> Result<(), StoreError> {
    let mut numbers = Vec::new();
    for row in w.audit(0)? {
        let (number, row) = row?;
        if row.detail.is_some_and(|detail| erasure.says(&detail)) {
            numbers.push(number);
        }
    }
    for number in numbers {
        w.erase_audit_detail(number)?;
        *removed.entry(Table::Audit).or_default() += 1;
    }
    Ok(())
}
