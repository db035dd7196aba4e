//! An account that is born with a password which the hub makes and the connector never sees.

use rosterd_sdk::{Action, Applied, Fault, Operation, Receipt, http, secrets};
use serde_json::{Value, json};

/// Creates the account, or gives it a new password.
pub(crate) fn apply(api: &str, operation: &Operation) -> Receipt {
    match send(api, operation) {
        Ok(id) => Receipt::Applied(Applied::id(id)),
        Err(fault) if fault.certainly_not_sent() => Receipt::Failed(fault),
        Err(fault) => Receipt::Unknown(fault),
    }
}

/// Asks for a password although no operation is under way, which the hub must refuse.
pub(crate) fn out_of_turn() -> Result<String, Fault> {
    secrets::initial_password("made-up").map(|password| format!("there is one: {password:?}"))
}

fn send(api: &str, operation: &Operation) -> Result<String, Fault> {
    let not_sent = |fault: Fault| fault.detail(&json!({ "sent": false }));
    let password = secrets::initial_password(&operation.key).map_err(not_sent)?.placeholder("json")?;
    let answer = match (&operation.action, &operation.id) {
        (Action::Create(attributes), _) => {
            let mut body: Value = serde_json::from_str(attributes).map_err(|_| Fault::internal("no JSON"))?;
            body["password"] = password.into();
            http::post(format!("{api}/users")).header("idempotency-key", operation.key.clone()).json(&body).send()?
        }
        (Action::SetPassword, Some(id)) => {
            http::post(format!("{api}/users/{id}/password")).json(&json!({ "password": password })).send()?
        }
        _ => return Err(not_sent(Fault::unsupported("only creates and passwords"))),
    };
    let body: Value = answer.success()?.json()?;
    body["id"].as_str().map(str::to_owned).ok_or_else(|| Fault::transient("the answer names no id"))
}
