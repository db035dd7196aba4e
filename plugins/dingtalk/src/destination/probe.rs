//! Whether the application may write, found out without writing: a call that lacks what it must have is refused either
//! way, and the code says whether the permission or the value was missed.
//!
//! That DingTalk looks at permissions first is an assumption; a code that speaks of neither leaves the probe open.

use super::calls::{BY_MOBILE, DELETE_UNIT, DISABLE, UPDATE_PERSON, permission};
use crate::api::{self, Api};
use rosterd_sdk::{FaultKind, Probe};

/// One probe for each permission of the writing role.
#[must_use]
pub fn probes(api: &Api) -> Vec<Probe> {
    let calls = [
        ("write people", UPDATE_PERSON, api.nobody(UPDATE_PERSON)),
        ("write departments", DELETE_UNIT, api.nobody(DELETE_UNIT)),
        ("look up by mobile number", BY_MOBILE, api.nobody(BY_MOBILE)),
        ("stop dedicated accounts", DISABLE, api.nobody(DISABLE)),
    ];
    let mut probes = Vec::with_capacity(calls.len());
    for (name, path, call) in calls {
        let needed = permission(path);
        probes.push(match api::one(call) {
            Ok(_) => Probe::passed(name, format!("{path} answers")),
            Err(refused) if matches!(refused.fault.kind, FaultKind::Invalid | FaultKind::NotFound) => {
                Probe::passed(name, format!("{path}: {needed} is there; only what an empty call lacks was missed"))
            }
            Err(refused) => {
                let remedy =
                    format!("developer console, the application, permission management: add {needed}; then publish");
                Probe::failed(name, &refused.fault.message, remedy)
            }
        });
    }
    probes
}
