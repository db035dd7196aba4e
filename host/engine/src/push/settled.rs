//! What clients are answered, once what they said is decided and durable.

use super::together::Settled;
use super::{Told, seen};
use crate::error::EngineError;
use crate::scan::Taken;
use rosterd_model::quarantine::{QuarantineCase, QuarantineReason};
use rosterd_model::{Class, ExternalId, Fault, FaultKind, Rule, Value};
use rosterd_store::prelude::*;
use rosterd_store::{ConnectionNumber, Snapshot};

/// After an amendment, a list of more values than these is not repeated.
const LONG: usize = 100;

/// The answers to what one run took in.
pub(super) fn answers(
    view: &Snapshot,
    connection: ConnectionNumber,
    taken: Vec<Taken>,
    told: &[Told],
) -> Result<Vec<Settled>, EngineError> {
    let has_cases = view.case_count(connection)? > 0;
    let one = |(taken, told): (Taken, &Told)| {
        Ok(Settled::Answer(match taken {
            Taken::Later(said) => return Ok(Settled::Later(said)),
            Taken::Refused(fault) => Err(fault),
            Taken::Removed => Ok(None),
            Taken::Stored { class, id, new, amended } => {
                let case = if has_cases && new { contested(view, connection, class, &id)? } else { None };
                match case {
                    Some(case) => Err(conflict(&case)),
                    None if *told == Told::Outcome => Ok(None),
                    None => Ok(stands(view, connection, class, &id, amended)?),
                }
            }
        }))
    };
    taken.into_iter().zip(told).map(one).collect()
}

/// The object as the client sees it now.
fn stands(
    view: &Snapshot,
    connection: ConnectionNumber,
    class: Class,
    id: &ExternalId,
    amended: bool,
) -> Result<Option<rosterd_model::Record>, EngineError> {
    let Some((_, mut shadow)) = view.shadow_of(connection, class, id)? else { return Ok(None) };
    if amended {
        let long = |value: &Value| matches!(value, Value::List(values) if values.len() > LONG);
        let names: Vec<String> =
            shadow.attributes.iter().filter(|(_, value)| long(value)).map(|(name, _)| name.to_owned()).collect();
        for name in &names {
            shadow.attributes.remove(name);
            shadow.partial = true;
        }
    }
    Ok(seen(shadow))
}

/// The case of a new object of which nobody can say who it is. What a mapping could not read, or the job lets nobody in for,
/// is for the operator, and not for the client.
fn contested(
    view: &Snapshot,
    connection: ConnectionNumber,
    class: Class,
    id: &ExternalId,
) -> Result<Option<QuarantineCase>, EngineError> {
    use QuarantineReason::{AlreadyLinked, Ambiguous, Collision, Disputed, Returning, Review};
    if !Rule::AmbiguousPushConflicts.on() {
        return Ok(None);
    }
    let case = view.case_of(connection, Some(class), id)?.map(|number| view.case(number)).transpose()?.flatten();
    let whose = |case: &QuarantineCase| {
        matches!(case.reason, AlreadyLinked | Ambiguous | Collision | Disputed | Returning | Review)
    };
    Ok(case.filter(whose))
}

fn conflict(case: &QuarantineCase) -> Fault {
    let text = format!(
        "nothing was made of it, because it is not certain who it is ({}): case {} waits for an operator of the hub",
        case.reason, case.number
    );
    let fault = Fault::new(FaultKind::Conflict, text).about(format!("case {}", case.number));
    Fault { detail: serde_json::json!({ "case": case.number }).to_string(), ..fault }
}
