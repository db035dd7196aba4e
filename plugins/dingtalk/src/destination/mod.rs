//! The writing role: people and departments, ordinary and dedicated accounts.
//!
//! DingTalk knows no conditional writes and no keys of idempotency. So a change reads what is there and sends only
//! differences; a create that was sent before is looked for first, by what DingTalk keeps unique: userid, mobile number,
//! login name, the name of a department below its parent. An answer that is none leaves a receipt that says so, unless a
//! look shows what came of it.
//!
//! Pure: [`values`], [`when`], [`mobile`], [`rules`], [`person`], [`born`], [`shown`], [`change`], [`mod@unit`], [`show`].
//! Effects: [`calls`], [`looking`], [`people`], [`units`], [`find`], and this file, which keeps the batch.

pub mod born;
pub mod calls;
pub mod change;
pub mod codes;
pub mod describe;
pub mod done;
pub mod find;
pub mod looking;
pub mod mobile;
pub mod people;
pub mod person;
pub mod probe;
pub mod rules;
pub mod show;
pub mod shown;
pub mod trouble;
pub mod unit;
pub mod units;
pub mod values;
pub mod when;

use crate::api::{self, Api};
use crate::settings::Settings;
use done::{Outcome, receipt};
use people::People;
use rosterd_sdk::{Action, Class, Fault, Object as Entry, ObjectRef, Operation, Receipt, clock};
use shown::Shown;
use std::collections::BTreeMap;
use trouble::Trouble;
use units::Units;

/// Operations in one call.
pub const BATCH: u32 = 100;
/// A batch that takes longer ends, and the rest is sent next: the host ends a call after two minutes.
const LONGEST_NS: u64 = 45_000_000_000;

/// Writes to one organisation, for one run.
#[derive(Debug)]
pub struct Writer {
    api: Api,
    settings: Settings,
    /// Departments by key; walked when it is first needed, and again after one of them changed.
    index: Option<find::Index>,
}

impl Writer {
    /// For a connection.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { api: Api::new(settings), settings: settings.clone(), index: None }
    }

    /// Applies a batch, one after the other. What would meet all of them ends it.
    pub fn apply(&mut self, operations: &[Operation]) -> Vec<Receipt> {
        let begun = clock::monotonic_ns();
        let mut ahead = self.read_ahead(operations);
        let mut stopped: Option<Fault> = None;
        let mut outcomes: Vec<Result<Outcome, Fault>> = Vec::with_capacity(operations.len());
        for operation in operations {
            if stopped.is_none() && clock::monotonic_ns().saturating_sub(begun) > LONGEST_NS {
                stopped = Some(Fault::transient(
                    "DingTalk is slow: this batch took too long, and the rest is sent with the next",
                ));
            }
            if let Some(fault) = &stopped {
                outcomes.push(Err(fault.clone()));
                continue;
            }
            let outcome = self.one(operation, &mut ahead);
            if let Err(trouble) = &outcome
                && trouble.stops()
            {
                stopped = Some(trouble.fault.clone());
            }
            outcomes.push(Ok(outcome));
        }
        let mut observed = self.read_back(operations, &outcomes);
        let one = |(at, outcome): (usize, Result<Outcome, Fault>)| match outcome {
            Ok(outcome) => receipt(outcome, observed.remove(&at)),
            Err(fault) => Receipt::NotAttempted(fault),
        };
        outcomes.into_iter().enumerate().map(one).collect()
    }

    fn one(&mut self, operation: &Operation, ahead: &mut BTreeMap<String, Shown>) -> Outcome {
        let parent = |target: &Option<ObjectRef>| target.as_ref().map(|target| target.id.clone());
        match operation.class {
            Class::Account => {
                let people = People { api: &self.api, settings: &self.settings };
                // What was read ahead is good for one operation: the next one may meet what this one changed.
                let shown = operation.id.as_ref().and_then(|id| ahead.remove(id));
                match &operation.action {
                    Action::Create(json) => people.create(operation, json),
                    Action::Update(edits) => people.update(operation, edits, shown),
                    Action::Enable => people.set_enabled(operation, true, shown),
                    Action::Disable => people.set_enabled(operation, false, shown),
                    Action::SetPassword => people.set_password(operation, shown),
                    Action::MoveTo(target) => people.move_to(operation, parent(target).as_deref(), shown),
                    Action::Delete => people.delete(operation, shown),
                }
            }
            Class::OrgUnit => {
                self.index = None;
                let units = Units { api: &self.api, settings: &self.settings };
                match &operation.action {
                    Action::Create(json) => units.create(operation, json),
                    Action::Update(edits) => units.update(operation, edits),
                    Action::MoveTo(target) => units.move_to(operation, parent(target).as_deref()),
                    Action::Delete => units.delete(operation),
                    Action::Enable | Action::Disable | Action::SetPassword => Err(Trouble::not_done(
                        Fault::unsupported("a department can not be enabled or disabled, and has no password"),
                    )),
                }
            }
            Class::Group => Err(Trouble::not_done(show::no_groups())),
        }
    }

    /// People whom operations name, asked for together; who can not be read here is asked for again alone.
    fn read_ahead(&self, operations: &[Operation]) -> BTreeMap<String, Shown> {
        let people = operations.iter().filter(|operation| operation.class == Class::Account);
        let mut ids: Vec<&String> = people.filter_map(|operation| operation.id.as_ref()).collect();
        ids.sort();
        ids.dedup();
        if ids.len() < 2 {
            return BTreeMap::new();
        }
        self.read_people(ids)
    }

    fn read_people<'s>(&self, ids: impl IntoIterator<Item = &'s String>) -> BTreeMap<String, Shown> {
        let mut found = BTreeMap::new();
        let ids: Vec<&String> = ids.into_iter().filter(|id| person::is_userid(id)).collect();
        for some in ids.chunks(api::TOGETHER) {
            let calls: Vec<_> = some.iter().map(|id| self.api.person(id)).collect();
            for (id, answer) in some.iter().zip(api::send(&calls)) {
                match looking::read_person(answer, Some(id)) {
                    Ok(shown) => found.extend(shown.map(|shown| ((*id).clone(), shown))),
                    // What meets one of them meets all of them; the operation itself says it.
                    Err(trouble) if trouble.stops() => return found,
                    Err(_) => {}
                }
            }
        }
        found
    }

    /// How people are shown after they were changed: DingTalk may spell values its own way, and hides some.
    fn read_back(&self, operations: &[Operation], outcomes: &[Result<Outcome, Fault>]) -> BTreeMap<usize, String> {
        let mut changed = BTreeMap::new();
        for (at, (operation, outcome)) in operations.iter().zip(outcomes).enumerate() {
            if let Ok(Ok(done)) = outcome
                && done.changed
                && operation.class == Class::Account
                && operation.action != Action::Delete
            {
                changed.insert(at, done.id.clone());
            }
        }
        let shown = self.read_people(changed.values());
        let read =
            |(at, id): (&usize, &String)| Some((*at, show::person(shown.get(id)?, &self.settings).ok()?.attributes));
        changed.iter().filter_map(read).collect()
    }

    /// Objects with a value.
    ///
    /// # Errors
    /// `unsupported` if DingTalk can not look them up by this attribute.
    pub fn find(&mut self, class: Class, attribute: &str, value: &str) -> Result<Vec<Entry>, Fault> {
        match class {
            Class::Account => find::people(&self.api, &self.settings, attribute, value),
            Class::OrgUnit => find::units(&self.api, &self.settings, &mut self.index, attribute, value),
            Class::Group => Err(show::no_groups()),
        }
    }

    /// Objects as they are now.
    pub fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Entry>, Fault>> {
        objects.iter().map(|object| self.at(object)).collect()
    }

    fn at(&self, object: &ObjectRef) -> Result<Option<Entry>, Fault> {
        match object.class {
            Class::Account => {
                let shown = looking::person(&self.api, &object.id).map_err(|trouble| trouble.fault)?;
                shown.map(|shown| find::entry(&shown, &self.settings)).transpose()
            }
            Class::OrgUnit => {
                let Some(id) = units::number(&object.id) else { return Ok(None) };
                let fields = looking::unit(&self.api, id).map_err(|trouble| trouble.fault)?;
                let shown = fields.map(|fields| show::department(id, &fields, &self.settings));
                shown.transpose().map_err(|wrong| find::wrong_shape(&format!("department {id}"), &wrong))
            }
            Class::Group => Err(show::no_groups()),
        }
    }
}
