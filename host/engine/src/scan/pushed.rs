//! What clients of a pushed source say, observed: each submission is compared with what was said before, and what differs is
//! stored like a record of a scan.
//!
//! There is no scan. What is not mentioned stays as it is, and what is gone a client removed.

use super::observer::Observer;
use super::pending::Pending;
use super::{Described, Mode, ScanResult, blocking, finish};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::policy::Job;
use rosterd_model::directory::{Submission, keys_of};
use rosterd_model::record::{Amendment, Change, Edit, Record};
use rosterd_model::run::Run;
use rosterd_model::shadow::{RecordHash, Shadow, ShadowHead};
use rosterd_model::{Attributes, Class, ExternalId, Fault, FaultKind, Rule};
use rosterd_reconcile::Problem;
use rosterd_reconcile::normalise::{amend, json_attributes, normalise, record_hash, value_to_json};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};
use std::collections::HashSet;

/// Values by which a new object is told from others: two that share one of them are not decided together.
pub(crate) const OF_ONE: [&str; 2] = ["userName", "externalId"];

/// A submission, and what its record says where that was read before its turn came. Reading depends on nothing that the hub
/// holds, so that it may be done while others have the turn.
#[derive(Debug)]
pub(crate) struct Said {
    submission: Submission,
    read: Option<Result<SaidRecord, Problem>>,
}

/// What a record says.
#[derive(Debug)]
struct SaidRecord {
    attributes: Attributes,
    hash: RecordHash,
    keys: ShadowKeys,
}

/// The values by which an object is looked up.
pub(super) type ShadowKeys = Vec<(&'static str, String)>;

impl Said {
    /// Reads a submission.
    pub(crate) fn read(mut submission: Submission) -> Self {
        let read = match &mut submission.change {
            Change::Upsert(record) => {
                // Clients of the directory know no ids and versions but those of the hub.
                (record.version, record.previous_id) = (None, None);
                Some(SaidRecord::of(record))
            }
            _ => None,
        };
        Self { submission, read }
    }
}

impl SaidRecord {
    fn of(record: &Record) -> Result<Self, Problem> {
        let attributes = normalise(record)?;
        Ok(Self { hash: record_hash(record), keys: keys_of(&attributes).into_iter().collect(), attributes })
    }
}

/// What became of a submission before anything is decided.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It is not stored.
    Refused(Fault),
    /// The object is as it was said to be.
    Stored {
        class: Class,
        id: ExternalId,
        /// It was not there before.
        new: bool,
        /// Only a part of it was said.
        amended: bool,
    },
    /// The object is gone.
    Removed,
    /// It is taken by the next run, because it would be decided together with one that wants the same.
    Later(Box<Said>),
}

/// Submissions that are taken in by one run, in order. Nothing is decided; what is stored is durable with the next commit that
/// is.
pub(crate) struct Intake {
    taking: Taking,
    facts: finish::Facts,
}

impl Intake {
    /// Begins. With `defers`, of two that make the same only the first is taken in.
    pub(crate) fn begin(
        engine: &Engine,
        job: &Job,
        connection: ConnectionNumber,
        run: &mut Run,
        defers: bool,
    ) -> Result<Self, EngineError> {
        run.connector = engine.connections.digest(&job.source).unwrap_or_default();
        let mut observer = Observer::new(engine, job, connection, run.id, (Mode::Hints, Described::default()))?;
        observer.counts.pages = 1;
        let facts = finish::Facts {
            version: None,
            resumed: false,
            connector: run.connector.clone(),
            mapping: String::new(),
            allow_empty: false,
            broken: None,
        };
        let (touched, wanted, later) = (HashSet::new(), HashSet::new(), HashSet::new());
        Ok(Self { taking: Taking { observer, defers, touched, wanted, later }, facts })
    }

    /// Takes some in.
    pub(crate) async fn add(mut self, submissions: Vec<Said>) -> Result<(Self, Vec<Taken>), EngineError> {
        blocking(move || {
            let mut view = self.taking.observer.store.snapshot()?;
            let mut taken = Vec::with_capacity(submissions.len());
            for submission in submissions {
                taken.push(self.taking.one(&mut view, submission)?);
                self.taking.observer.flush_if_full()?;
            }
            Ok((self, taken))
        })
        .await
    }

    /// Ends. The second value: whether anything was stored.
    pub(crate) async fn end(self, run: &mut Run) -> Result<(ScanResult, bool), EngineError> {
        let Self { taking: Taking { mut observer, .. }, facts } = self;
        let started_seq = observer.scan.started_seq;
        let (observer, stored) = blocking(move || {
            observer.flush()?;
            observer.land()?;
            let counts = &observer.counts;
            let stored = counts.new + counts.changed + counts.gone > 0;
            Ok((observer.finish(&facts)?.0, stored))
        })
        .await?;
        run.scan = observer.counts;
        run.notes.extend(observer.notes);
        let nothing = ScanResult::nothing(run.connector.clone());
        Ok((ScanResult { seen: observer.seen, started_seq, ..nothing }, stored))
    }
}

/// Where clients submitted once and now it is read, nobody keeps up any more by which values they look things up.
pub(super) fn forget_keys(
    engine: &Engine,
    job: &Job,
    connection: ConnectionNumber,
    view: &Snapshot,
) -> Result<(), EngineError> {
    if job.pushed || !view.has_shadow_keys(connection)? {
        return Ok(());
    }
    engine.gate.pushes().set_indexed(&job.source, false);
    engine.store.commit::<_, EngineError>("keys-dropped", |w| Ok(w.drop_shadow_keys(connection)?))
}

impl Observer {
    /// Takes in a record that was read already, of an object that was never there and that nothing else waits to be stored of.
    fn new_record(&mut self, mut record: Record, said: SaidRecord) {
        let SaidRecord { attributes, mut hash, keys } = said;
        if std::mem::take(&mut record.partial) {
            hash = record_hash(&record);
        }
        self.counts.records += 1;
        self.counts.new += 1;
        self.bytes += record.attributes.len() + record.id.as_str().len();
        record.attributes = String::new();
        self.waiting.insert((record.class, record.id.clone()), hash);
        self.pending.push(Pending::Record { record, attributes, hash, head: None, keys: Some(keys) });
    }
}

/// Submissions on their way in.
struct Taking {
    observer: Observer,
    /// True: two that want the same are not taken together.
    defers: bool,
    /// Objects that a submission before was about and whose new state may not be stored yet.
    touched: HashSet<(Class, ExternalId)>,
    /// Values of new objects.
    wanted: HashSet<(Class, &'static str, String)>,
    /// Objects of which something waits for the next run.
    later: HashSet<(Class, ExternalId)>,
}

impl Taking {
    fn one(&mut self, view: &mut Snapshot, said: Said) -> Result<Taken, EngineError> {
        let Said { submission, read } = said;
        let Some((class, id)) = about(&submission.change) else {
            return Ok(refused(
                FaultKind::Invalid,
                "a submission says what an object is, how it changes, or that it goes",
            ));
        };
        let key = (class, id.clone());
        if self.later.contains(&key) {
            return Ok(Taken::Later(Box::new(Said { submission, read })));
        }
        if !self.touched.insert(key) {
            // What comes next builds on what was said of this object: that must be in the store, and in the view.
            self.observer.flush()?;
            self.observer.land()?;
            *view = self.observer.store.snapshot()?;
            self.touched = HashSet::from([(class, id.clone())]);
        }
        let head = view.shadow_head(self.observer.scan.connection, class, &id)?;
        let never = head.is_none();
        let head = head.filter(|head| head.live);
        if let Some(fault) = unexpected(&submission, class, &id, head.as_ref()) {
            return Ok(Taken::Refused(fault));
        }
        match submission.change {
            Change::Upsert(record) => {
                let read = read.unwrap_or_else(|| SaidRecord::of(&record));
                self.upsert(view, (record, read), (head, never), submission.create)
            }
            Change::Amend(amendment) => self.amend(view, Amendment { version: None, ..amendment }, head),
            Change::Gone { class, id, cause } => {
                if head.is_none() {
                    return Ok(Taken::Refused(not_there(class, &id)));
                }
                self.observer.gone(view, class, id, cause)?;
                Ok(Taken::Removed)
            }
            Change::Rejected(_) => Ok(refused(FaultKind::Invalid, "it could not be read")),
        }
    }

    fn upsert(
        &mut self,
        view: &mut Snapshot,
        (mut record, read): (Record, Result<SaidRecord, Problem>),
        (head, never): (Option<ShadowHead>, bool),
        create: bool,
    ) -> Result<Taken, EngineError> {
        let (class, id) = (record.class, record.id.clone());
        let said = match read {
            Ok(said) => said,
            Err(problem) => return Ok(refused(FaultKind::Invalid, &problem.message)),
        };
        if let Some(head) = head {
            if record.partial {
                return self.amend(view, amendment_of(&record), Some(head));
            }
            let same = |known: Shadow| !known.partial && known.attributes == said.attributes;
            if !view.shadow(self.observer.scan.connection, class, head.ordinal)?.is_some_and(same) {
                self.observer.record(view, record)?;
            }
            return Ok(Taken::Stored { class, id, new: false, amended: false });
        }
        let erased_some = self.observer.erased_some;
        if erased_some && view.erased(self.observer.scan.connection, class, &id)?.is_some() {
            let text = "the object of this id was erased for good; whoever it is now needs another id";
            return Ok(Taken::Refused(Fault::new(FaultKind::Conflict, text).about(id.as_str())));
        }
        if self.defers && !self.is_first(class, &said.keys) {
            self.later.insert((class, id.clone()));
            let submission = Submission { change: Change::Upsert(record), create, expect: None };
            return Ok(Taken::Later(Box::new(Said { submission, read: Some(Ok(said)) })));
        }
        if never {
            self.observer.new_record(record, said);
        } else {
            record.partial = false;
            self.observer.record(view, record)?;
        }
        Ok(Taken::Stored { class, id, new: true, amended: false })
    }

    /// True unless a new object before it has the same name: of two clients that make the same, the first one does, which a
    /// plan of both would leave to a person.
    fn is_first(&mut self, class: Class, keys: &[(&'static str, String)]) -> bool {
        let keys = keys.iter().filter(|(attribute, _)| OF_ONE.contains(attribute));
        let keys: Vec<_> = keys.map(|(attribute, value)| (class, *attribute, value.clone())).collect();
        if keys.iter().any(|key| self.wanted.contains(key)) && Rule::FirstPushWins.on() {
            return false;
        }
        self.wanted.extend(keys);
        true
    }

    fn amend(&mut self, view: &Snapshot, amendment: Amendment, head: Option<ShadowHead>) -> Result<Taken, EngineError> {
        let (class, id) = (amendment.class, amendment.id.clone());
        let connection = self.observer.scan.connection;
        let known = head.map(|head| view.shadow(connection, class, head.ordinal)).transpose()?.flatten();
        let Some(known) = known else { return Ok(Taken::Refused(not_there(class, &id))) };
        match amend(&known.attributes, &amendment) {
            Err(problem) => return Ok(refused(FaultKind::Invalid, &problem.message)),
            Ok(after) if after == known.attributes => {}
            Ok(_) => self.observer.amendment(view, amendment)?,
        }
        Ok(Taken::Stored { class, id, new: false, amended: true })
    }
}

/// What a change is about.
fn about(change: &Change) -> Option<(Class, ExternalId)> {
    match change {
        Change::Upsert(record) => Some((record.class, record.id.clone())),
        Change::Amend(amendment) => Some((amendment.class, amendment.id.clone())),
        Change::Gone { class, id, .. } => Some((*class, id.clone())),
        Change::Rejected(_) => None,
    }
}

/// Why a submission does not fit what is there.
fn unexpected(submission: &Submission, class: Class, id: &ExternalId, head: Option<&ShadowHead>) -> Option<Fault> {
    if submission.create && head.is_some() {
        let text = format!("{class} \"{id}\" is there already; change it, or choose another id");
        return Some(Fault::new(FaultKind::AlreadyExists, text).about(id.as_str()));
    }
    let expected = submission.expect.as_deref().filter(|_| Rule::PushExpects.on())?;
    match (head, &submission.change) {
        (Some(head), _) if version_of(head.seq) == expected => None,
        (None, Change::Amend(_) | Change::Gone { .. }) => None,
        _ => {
            let text = format!("{class} \"{id}\" is not as expected: it was changed meanwhile; read it again");
            Some(Fault::new(FaultKind::Conflict, text).about(id.as_str()))
        }
    }
}

/// The version of an object as clients see it: the place of its last change in the order of all changes.
pub(crate) fn version_of(seq: u64) -> String {
    format!("{seq:x}")
}

fn refused(kind: FaultKind, message: &str) -> Taken {
    Taken::Refused(Fault::new(kind, message))
}

fn not_there(class: Class, id: &ExternalId) -> Fault {
    Fault::new(FaultKind::NotFound, format!("there is no {class} \"{id}\" here")).about(id.as_str())
}

/// A record that is called partial, as the edits that it stands for.
fn amendment_of(record: &Record) -> Amendment {
    let attributes = json_attributes(&record.attributes).unwrap_or_default();
    let edit = |(name, value): (&str, &rosterd_model::Value)| Edit {
        attribute: name.to_owned(),
        replace: Some(value_to_json(value).to_string()),
        add: None,
        remove: None,
    };
    let edits = attributes.iter().map(edit).collect();
    Amendment { class: record.class, id: record.id.clone(), version: None, edits }
}
