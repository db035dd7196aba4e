//! Results that are none: what failed, who must act, when to try again.

use crate::message::Outcome;
use rosterd_sdk::{Fault, FaultKind};
use serde_json::json;

/// What is said about a result code.
struct Known {
    code: i64,
    kind: FaultKind,
    name: &'static str,
    /// Who must do what.
    remedy: &'static str,
}

const fn known(code: i64, kind: FaultKind, name: &'static str, remedy: &'static str) -> Known {
    Known { code, kind, name, remedy }
}

const KNOWN: &[Known] = &[
    known(3, FaultKind::Incomplete, "time limit", "the server's administrator raises the time limit of this account"),
    known(4, FaultKind::Incomplete, "size limit", "the server's administrator raises the size limit of this account"),
    known(7, FaultKind::Unsupported, "no such way to bind", "the server's administrator allows simple binds over TLS"),
    known(8, FaultKind::Settings, "a stronger bind is needed", "use ldaps:// in the setting server"),
    known(10, FaultKind::Settings, "another server has it", "set base to a part of the tree that this server has"),
    known(
        11,
        FaultKind::Incomplete,
        "a limit of the server",
        "the server's administrator raises the limits of this account",
    ),
    known(
        12,
        FaultKind::Unsupported,
        "no paged results",
        "the server's administrator allows them, control 1.2.840.113556.1.4.319",
    ),
    known(13, FaultKind::Settings, "TLS is needed", "use ldaps:// in the setting server"),
    known(
        32,
        FaultKind::NotFound,
        "there is no such entry",
        "set base to an entry that is there and that bind-dn may see",
    ),
    known(34, FaultKind::Settings, "no valid DN", "mend the settings base and bind-dn"),
    known(48, FaultKind::Unauthorized, "this account can not bind so", "mend the setting bind-dn"),
    known(
        49,
        FaultKind::Unauthorized,
        "name or password is wrong",
        "mend the setting bind-dn or the secret bind-password",
    ),
    known(50, FaultKind::Forbidden, "not allowed", "the server's administrator lets the account of bind-dn read this"),
    known(51, FaultKind::Transient, "the server is busy", "nobody has to act unless it stays so"),
    known(52, FaultKind::Transient, "the server is not available", "nobody has to act unless it stays so"),
    known(53, FaultKind::Forbidden, "the server is unwilling", "the server's administrator looks up why"),
];

/// The fault for a result that is not 0, with what was being done.
#[must_use]
pub fn fault(doing: &str, outcome: &Outcome) -> Fault {
    let known = KNOWN.iter().find(|known| known.code == outcome.code);
    let (kind, name, remedy) = known
        .map_or((FaultKind::Incomplete, "an error", "the server's administrator looks it up"), |known| {
            (known.kind, known.name, known.remedy)
        });
    let said: String = outcome.text.chars().filter(|c| !c.is_control()).take(300).collect();
    let said = if said.is_empty() { String::new() } else { format!(", \"{said}\"") };
    let text = format!("{doing} failed: {name} (result {}{said}); {remedy}", outcome.code);
    Fault::new(kind, text).detail(&json!({ "result": outcome.code }))
}

/// The part of a fault that says who must act.
#[must_use]
pub fn remedy(fault: &Fault) -> String {
    let end = fault.message.rsplit_once("; ").map(|(_, remedy)| remedy);
    end.unwrap_or("see the message; then check again").to_owned()
}
