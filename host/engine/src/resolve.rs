//! An operator resolves a case. What he decides is recorded, and the next plan of the job uses it: so that a link or an
//! entity made by hand goes through a plan and the guard like everything else.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::lineage::find;
use rosterd_model::decision::{Choice, Resolution};
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::shadow::ShadowHead;
use rosterd_model::{Class, EntityId, ExternalId};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};

/// How a case is to be resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// The record is about this entity: an id, or the name of an account.
    Link(String),
    /// It is about somebody new.
    Create,
    /// It is left alone until it changes.
    Ignore,
}

impl Verb {
    const fn word(&self) -> &'static str {
        match self {
            Self::Link(_) => "link",
            Self::Create => "create",
            Self::Ignore => "ignore",
        }
    }
}

/// The record that a case is about.
struct Subject {
    connection: ConnectionNumber,
    class: Class,
    id: ExternalId,
    head: ShadowHead,
}

impl Engine {
    /// Records how a case is to be resolved, and closes it. The next plan of the job does it.
    ///
    /// # Errors
    /// There is no such case or entity, or this case can not be resolved so: the sentence says what can be done.
    pub fn resolve(&self, number: u64, verb: &Verb) -> Result<(QuarantineCase, Choice), EngineError> {
        let view = self.store.snapshot()?;
        let case = view.case(number)?.ok_or_else(|| {
            EngineError::NotFound(format!("there is no open case {number}; see `rosterd quarantine list`"))
        })?;
        let subject = subject(&view, &case)?;
        let choice = self.choice(&view, &case, &subject, verb)?;
        drop(view);
        let now = self.clock.now();
        self.store.commit::<_, EngineError>("resolve", |w| {
            let at = w.advance_clock(now)?;
            let Subject { connection, class, id, head } = &subject;
            let resolution = Resolution { choice, by: self.principal.clone(), at };
            w.put_resolution(*connection, *class, id, &resolution)?;
            w.close_case(number)?;
            w.put_unsettled(*connection, *class, head.ordinal, head.seq)?;
            w.add_audit(at, &self.principal, "quarantine-resolved", &format!("{number} {}", verb.word()))?;
            Ok(())
        })?;
        Ok((case, choice))
    }

    fn choice(
        &self,
        view: &Snapshot,
        case: &QuarantineCase,
        subject: &Subject,
        verb: &Verb,
    ) -> Result<Choice, EngineError> {
        let number = case.number;
        let refuse = |text: String| Err(EngineError::Refused(text));
        let undecided = matches!(
            case.reason,
            QuarantineReason::Ambiguous
                | QuarantineReason::Disputed
                | QuarantineReason::AlreadyLinked
                | QuarantineReason::Review
                | QuarantineReason::Returning
                | QuarantineReason::Unmatched
                | QuarantineReason::Collision
        );
        let link = view.link(subject.connection, subject.class, subject.head.ordinal)?.filter(|link| link.live);
        let returns = case.reason == QuarantineReason::Returning;
        match verb {
            Verb::Ignore => Ok(Choice::Ignore { seq: subject.head.seq }),
            _ if !undecided => refuse(format!(
                "case {number} is about what stands in the record ({}); mend it at its source, then release the case, or ignore it",
                case.reason
            )),
            _ if !subject.head.live => {
                refuse(format!("the record of case {number} is gone at its source; release the case, or ignore it"))
            }
            Verb::Create if case.reason == QuarantineReason::Collision => refuse(format!(
                "case {number} is about a name that somebody has; give the record another name at its source, or link it"
            )),
            Verb::Create if link.is_some() && !returns => {
                refuse(format!("the record of case {number} is linked already; release the case, or ignore it"))
            }
            Verb::Create => Ok(Choice::Create),
            Verb::Link(name) => {
                let entity = entity(view, subject.class, name)?;
                match link {
                    Some(link) if link.entity != entity => refuse(format!(
                        "the record of case {number} is linked to {}; it can not be linked to another entity here",
                        link.entity
                    )),
                    _ => Ok(Choice::Link(entity)),
                }
            }
        }
    }
}

fn subject(view: &Snapshot, case: &QuarantineCase) -> Result<Subject, EngineError> {
    let unknown = || {
        EngineError::Refused(format!(
            "case {} names no record that was read; mend it at its source, then release the case",
            case.number
        ))
    };
    let connection = view.connection_number(&case.connection)?.ok_or_else(unknown)?;
    let (Some(class), Some(id)) = (case.class, case.id.clone()) else { return Err(unknown()) };
    let head = view.shadow_head(connection, class, &id)?.ok_or_else(unknown)?;
    Ok(Subject { connection, class, id, head })
}

/// The entity of an id, or of a name that accounts have.
fn entity(view: &Snapshot, class: Class, name: &str) -> Result<EntityId, EngineError> {
    let found = match name.parse::<EntityId>() {
        Ok(id) => view.has_entity(class, id)?.then_some(id),
        Err(_) if class == Class::Account => find(view, name)?.map(|entity| entity.id),
        Err(_) => None,
    };
    found.ok_or_else(|| EngineError::NotFound(format!("there is no {class} \"{name}\" in the hub")))
}
