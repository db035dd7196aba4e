//! A look at each object that would leave because the scan did not show it. Whoever was moved out of the range that a
//! connection may see is missing from a scan like somebody who is gone; the source tells the two apart where single objects can be read.
//!
//! Only the last confirmation is looked for, and only as many as the guard lets go: more than that wait for a person anyway.

use super::finish::Facts;
use super::hints::is_of_the_system;
use super::observer::Observer;
use super::{Scan, blocking};
use crate::error::EngineError;
use crate::plan::{decides_lifecycle, has_left, unseen};
use crate::policy::Policy;
use rosterd_model::plan::{Bucket, Operation, Target};
use rosterd_model::record::{DepartureCause, Record};
use rosterd_model::{Class, ExternalId, Fault, FaultKind, Rule};
use rosterd_reconcile::absence::{Verdict as Confirmation, confirm};
use rosterd_reconcile::guard::within_threshold;
use rosterd_reconcile::licence::Verdict;
use rosterd_reconcile::stale::may_be_missing;
use rosterd_store::Snapshot;
use rosterd_store::prelude::*;
use std::collections::BTreeSet;

/// Objects of which nobody could say whether they are gone. They stay as they are.
pub(crate) type Spared = BTreeSet<(Class, u32)>;

/// An object that leaves unless it is found.
#[derive(Debug, Clone)]
struct Leaving {
    class: Class,
    ordinal: u32,
    id: ExternalId,
}

/// What the source says of one of them.
#[derive(Debug)]
enum Found {
    /// It is there and to be seen.
    There(Box<Record>),
    /// It is there, and out of our sight.
    Hidden,
    /// It is not there, or the source can not look: the scan counts.
    Gone,
    /// Nobody can say.
    Unknown(Fault),
}

impl Scan<'_> {
    /// Looks for whoever would leave. What is found is observed like a record of the scan, what is hidden has left our sight.
    pub(super) async fn look_for_missing(
        &mut self,
        observer: Observer,
        verdicts: &[(Class, Verdict)],
        facts: &Facts,
    ) -> Result<(Observer, Spared), EngineError> {
        if facts.broken.is_some() || !Rule::MissingLookedFor.on() {
            return Ok((observer, Spared::new()));
        }
        let (licensed, facts, policy) = (licensed(verdicts), facts.clone(), self.engine.policy.clone());
        let (mut observer, leaving) = blocking(move || {
            let mut observer = observer;
            let leaving = observer.leaving(&licensed, &facts, &policy)?;
            Ok((observer, leaving))
        })
        .await?;
        let mut spared = Spared::new();
        let page = self.engine.settings.page_size.max(1) as usize;
        let mut unreached = false;
        for portion in leaving.chunks(page) {
            if unreached || self.engine.gate.is_stopping() {
                spared.extend(portion.iter().map(|one| (one.class, one.ordinal)));
                continue;
            }
            let objects = portion.iter().map(|one| (one.class, one.id.clone())).collect();
            let answers = self.source.read(objects).await;
            if answers.len() != portion.len() {
                let text = format!("{} answers for {} objects; each object needs one", answers.len(), portion.len());
                return Err(EngineError::of(&self.job.source)(Fault::new(FaultKind::Internal, text)));
            }
            let found: Vec<_> =
                portion.iter().zip(answers).map(|(one, answer)| (one.clone(), judge(one, answer))).collect();
            unreached =
                found.iter().any(|(_, found)| matches!(found, Found::Unknown(fault) if is_of_the_system(fault.kind)));
            let (taken, left) = blocking(move || {
                let mut observer = observer;
                let spared = observer.looked_for(found)?;
                Ok((observer, spared))
            })
            .await?;
            observer = taken;
            spared.extend(left);
        }
        Ok((observer, spared))
    }
}

/// Classes in which absence counts.
fn licensed(verdicts: &[(Class, Verdict)]) -> Vec<Class> {
    let licensed = verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Licensed);
    licensed.map(|(class, _)| *class).collect()
}

/// What an answer says. That something is forbidden counts for the object only if the fault is about the object: a permission
/// that is missing altogether says nothing of anybody.
fn judge(one: &Leaving, answer: Result<Option<Record>, Fault>) -> Found {
    match answer {
        Ok(Some(record)) if record.class == one.class && record.id == one.id => Found::There(Box::new(record)),
        Ok(Some(record)) => {
            let text = format!("the source answers with {} {} when it is asked for it", record.class, record.id);
            Found::Unknown(Fault::new(FaultKind::Internal, text))
        }
        Ok(None) => Found::Gone,
        Err(fault) if matches!(fault.kind, FaultKind::Unsupported | FaultKind::NotFound) => Found::Gone,
        Err(fault) if fault.kind == FaultKind::Forbidden && fault.subject.as_deref() == Some(one.id.as_str()) => {
            Found::Hidden
        }
        Err(fault) => Found::Unknown(fault),
    }
}

/// The bucket of those who leave a class.
fn bucket(class: Class) -> Bucket {
    let operation = if class == Class::Account { Operation::Disable } else { Operation::Delete };
    Bucket::new(Target::Hub, class, operation)
}

impl Observer {
    /// Who leaves with this scan; nobody of a class of which more are missing than the guard lets go.
    fn leaving(&mut self, classes: &[Class], facts: &Facts, policy: &Policy) -> Result<Vec<Leaving>, EngineError> {
        let view = self.store.snapshot()?;
        let mut all = Vec::new();
        for class in classes {
            let of = view.total(None, *class)?;
            let mut leaving = Vec::new();
            for ordinal in unseen(&view, self.scan.connection, *class, &self.seen)? {
                leaving.extend(self.is_leaving(&view, (*class, ordinal), facts, policy)?);
                if !within_threshold(&policy.guard, &bucket(*class), leaving.len() as u64, of) {
                    self.notes.push(format!(
                        "more objects of class {class} are missing than the guard lets go, so none of them was looked for"
                    ));
                    leaving.clear();
                    break;
                }
            }
            all.append(&mut leaving);
        }
        Ok(all)
    }

    /// The object, if this scan confirms for the last time that it is missing.
    fn is_leaving(
        &self,
        view: &Snapshot,
        (class, ordinal): (Class, u32),
        facts: &Facts,
        policy: &Policy,
    ) -> Result<Option<Leaving>, EngineError> {
        let connection = self.scan.connection;
        let Some(shadow) = view.shadow(connection, class, ordinal)? else { return Ok(None) };
        let link = view.link(connection, class, ordinal)?.filter(|link| link.live);
        let Some(link) = link.filter(|_| may_be_missing(shadow.seq, self.scan.started_seq)) else { return Ok(None) };
        // Whose leaving this source does not decide stays missing for good, and is not looked for at every scan.
        let Some(entity) = view.entity(class, link.entity)?.filter(|entity| !has_left(entity)) else { return Ok(None) };
        let mut others = Vec::new();
        for (number, claims) in view.claims_of(entity.id)? {
            if number != connection
                && let Some(name) = view.connection_name(number)?
            {
                others.push((name, claims));
            }
        }
        if !decides_lifecycle(view, policy, &self.source, (class, ordinal), &others)? {
            return Ok(None);
        }
        let known = view.missing(connection, class, ordinal)?;
        let (_, verdict) = confirm(known.as_ref(), facts.version.as_deref(), self.now, &self.absence);
        Ok((verdict == Confirmation::Gone).then_some(Leaving { class, ordinal, id: shadow.id }))
    }

    /// Takes in what looking showed; returns those of whom nobody can say anything.
    fn looked_for(&mut self, found: Vec<(Leaving, Found)>) -> Result<Spared, EngineError> {
        let mut view = self.store.snapshot()?;
        let (mut spared, mut there, mut hidden) = (Spared::new(), 0_u32, 0_u32);
        let mut told = None;
        for (Leaving { class, ordinal, id }, found) in found {
            match found {
                Found::There(record) => {
                    there += 1;
                    self.record(&mut view, *record)?;
                }
                Found::Hidden => {
                    hidden += 1;
                    self.gone(&view, class, id, DepartureCause::LeftScope)?;
                }
                Found::Gone => {}
                Found::Unknown(fault) => {
                    told.get_or_insert_with(|| {
                        format!("{class} {id} is missing, and nobody can say whether it is gone: {fault}")
                    });
                    spared.insert((class, ordinal));
                }
            }
        }
        drop(view);
        if there > 0 {
            self.notes.push(format!("{there} objects that the scan did not show are there all the same"));
        }
        if hidden > 0 {
            self.notes
                .push(format!("{hidden} objects that the scan did not show are there, and may not be seen any more"));
        }
        let others = spared.len().saturating_sub(1);
        self.notes.extend(told.map(|told| match others {
            0 => format!("{told}; it stays"),
            _ => format!("{told}; it stays, and so do {others} others"),
        }));
        self.flush()?;
        self.land()?;
        Ok(spared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Leaving {
        Leaving { class: Class::Account, ordinal: 7, id: "u1".into() }
    }

    fn said(kind: FaultKind, about: Option<&str>) -> Found {
        let fault = Fault::new(kind, "no");
        judge(&asked(), Err(about.map_or(fault.clone(), |id| fault.about(id))))
    }

    #[test]
    fn only_what_is_forbidden_about_the_object_itself_hides_it() {
        assert!(matches!(said(FaultKind::Forbidden, Some("u1")), Found::Hidden));
        assert!(matches!(said(FaultKind::Forbidden, Some("u2")), Found::Unknown(_)));
        assert!(matches!(said(FaultKind::Forbidden, None), Found::Unknown(_)));
        assert!(matches!(said(FaultKind::Transient, Some("u1")), Found::Unknown(_)));
        assert!(matches!(said(FaultKind::NotFound, Some("u1")), Found::Gone));
        assert!(matches!(said(FaultKind::Unsupported, None), Found::Gone));
        assert!(matches!(judge(&asked(), Ok(None)), Found::Gone));
    }

    #[test]
    fn an_answer_about_somebody_else_says_nothing() {
        let record = |id: &str, class| Record {
            class,
            id: id.into(),
            previous_id: None,
            version: None,
            attributes: "{}".to_owned(),
            partial: false,
        };
        assert!(matches!(judge(&asked(), Ok(Some(record("u1", Class::Account)))), Found::There(_)));
        assert!(matches!(judge(&asked(), Ok(Some(record("u2", Class::Account)))), Found::Unknown(_)));
        assert!(matches!(judge(&asked(), Ok(Some(record("u1", Class::Group)))), Found::Unknown(_)));
    }
}
