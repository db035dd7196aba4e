//! The calls, and nothing else: where each goes, what it carries, how often it is sent again.
//!
//! The token is the host's: a request names the recipe of the manifest. So are the limits of 20 calls a second; what comes
//! back refused for them is sent again here, and the closed bucket of the host makes it wait.

use crate::reply::{NETWORK, Refused, judge};
use crate::settings::Settings;
use crate::wire::{self, Object};
use rosterd_sdk::http::{self, Request, send_all};
use rosterd_sdk::{Fault, FaultKind, clock};
use serde_json::{Value, json};

/// People in one page of a listing: the most that DingTalk gives.
pub const PAGE: i64 = 100;
/// Calls that go together; the host sends eight at once unless the operator changed it.
pub const TOGETHER: usize = 8;
/// The longest wait before a call is sent again.
const LONGEST_WAIT_MS: u32 = 8_000;
/// The furthest place in a listing that can be asked for.
pub const LAST_CURSOR: i64 = 100_000;

/// A call to be made.
#[derive(Debug, Clone)]
pub struct Call {
    request: Request,
    path: &'static str,
    /// What it is about, for messages.
    about: String,
}

/// The two interfaces of one organisation.
#[derive(Debug, Clone)]
pub struct Api {
    server: String,
    new_server: String,
    language: String,
}

impl Api {
    /// For a connection.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let Settings { server, new_server, language, .. } = settings;
        Self { server: server.clone(), new_server: new_server.clone(), language: language.clone() }
    }

    pub(crate) fn post(&self, path: &'static str, about: String, body: &Value) -> Call {
        Call { request: http::post(format!("{}{path}", self.server)).json(body).auth("app"), path, about }
    }

    pub(crate) fn post_new(&self, path: &'static str, about: String, body: &Value) -> Call {
        Call { request: http::post(format!("{}{path}", self.new_server)).json(body).auth("app"), path, about }
    }

    /// Language of names, as a call takes it.
    pub(crate) fn language(&self) -> &str {
        &self.language
    }

    /// What the application may see.
    #[must_use]
    pub fn scopes(&self) -> Call {
        let request = http::get(format!("{}/auth/scopes", self.server)).auth("app");
        Call { request, path: "/auth/scopes", about: "what the application may see".to_owned() }
    }

    /// The children of a department, with their basic fields.
    #[must_use]
    pub fn children(&self, department: i64) -> Call {
        let body = json!({ "dept_id": department, "language": self.language });
        self.post("/topapi/v2/department/listsub", format!("department {department}"), &body)
    }

    /// All fields of a department.
    #[must_use]
    pub fn department(&self, department: i64) -> Call {
        let body = json!({ "dept_id": department, "language": self.language });
        self.post("/topapi/v2/department/get", format!("department {department}"), &body)
    }

    /// The department and all above it.
    #[must_use]
    pub fn path(&self, department: i64) -> Call {
        let body = json!({ "dept_id": department });
        self.post("/topapi/v2/department/listparentbydept", format!("department {department}"), &body)
    }

    /// One page of a department's direct members.
    #[must_use]
    pub fn members(&self, department: i64, cursor: i64, size: i64) -> Call {
        // Oldest first: whoever joins while the pages are read comes behind them and moves nobody. Members whose access is
        // limited are members, too; left out they would look like people who left.
        let body = json!({
            "dept_id": department, "cursor": cursor, "size": size, "order_field": "entry_asc",
            "contain_access_limit": true, "language": self.language,
        });
        self.post("/topapi/v2/user/list", format!("department {department} from {cursor}"), &body)
    }

    /// All fields of a person.
    #[must_use]
    pub fn person(&self, userid: &str) -> Call {
        let body = json!({ "userid": userid, "language": self.language });
        self.post("/topapi/v2/user/get", format!("person {userid}"), &body)
    }

    /// How many people there are, whether they ever used the software or not.
    #[must_use]
    pub fn count(&self) -> Call {
        self.post("/topapi/user/count", "all people".to_owned(), &json!({ "only_active": false }))
    }

    /// Those who left since a time (RFC 3339).
    #[must_use]
    pub fn leavers(&self, since: &str, token: &str) -> Call {
        let path = "/v1.0/contact/empLeaveRecords";
        let request = http::get(format!("{}{path}", self.new_server))
            .query("startTime", since)
            .query("nextToken", token)
            .query("maxResults", "50")
            .auth("app");
        Call { request, path, about: format!("those who left since {since}") }
    }
}

/// Sends calls together; answers in their order. What was throttled, or met a busy server, is sent again a few times.
#[must_use]
pub fn send(calls: &[Call]) -> Vec<Result<Object, Refused>> {
    send_by(calls, Refused::tries)
}

/// Sends one call that changes something. What may have been carried out is sent again only if it may be carried out
/// twice; what was throttled was not carried out.
///
/// # Errors
/// As [`judge`], or what kept it from being sent.
pub fn write(call: Call, repeatable: bool) -> Result<Object, Refused> {
    let certain = |refused: &Refused| refused.fault.kind == FaultKind::RateLimited;
    let tries = |refused: &Refused| if repeatable || certain(refused) { refused.tries() } else { 1 };
    send_by(&[call], tries).pop().unwrap_or_else(|| Err(lost()))
}

fn send_by(calls: &[Call], tries: impl Fn(&Refused) -> u32) -> Vec<Result<Object, Refused>> {
    let mut answers: Vec<Option<Result<Object, Refused>>> = calls.iter().map(|_| None).collect();
    let mut open: Vec<usize> = (0..calls.len()).collect();
    for attempt in 1_u32.. {
        let requests: Vec<Request> = open.iter().filter_map(|at| Some(calls.get(*at)?.request.clone())).collect();
        let mut again = Vec::new();
        for (at, response) in open.into_iter().zip(send_all(&requests)) {
            let Some(call) = calls.get(at) else { continue };
            let answer = match response {
                Ok(response) => judge(call.path, &call.about, &response),
                Err(fault) => Err(Refused { code: NETWORK.to_owned(), fault: fault.context(call.path) }),
            };
            if answer.as_ref().is_err_and(|refused| attempt < tries(refused)) {
                again.push(at);
            }
            if let Some(place) = answers.get_mut(at) {
                *place = Some(answer);
            }
        }
        open = again;
        if open.is_empty() {
            break;
        }
        clock::sleep_ms(LONGEST_WAIT_MS.min(1000 << (attempt - 1).min(3)));
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(lost()))).collect()
}

fn lost() -> Refused {
    Refused { code: String::new(), fault: Fault::internal("a call has no answer") }
}

/// Sends one call.
///
/// # Errors
/// As [`judge`], or what kept it from being sent.
pub fn one(call: Call) -> Result<Object, Refused> {
    send(&[call]).pop().unwrap_or_else(|| Err(lost()))
}

/// The member `result` of an answer, through a reader.
///
/// # Errors
/// `incomplete` if it is not there or of another shape: half an answer is no answer.
pub fn result<T>(
    answer: &Object,
    call: &'static str,
    reader: impl for<'a> Fn(&'a Value) -> Option<T>,
) -> Result<T, Fault> {
    let found = wire::member(answer, "result").and_then(reader);
    found.ok_or_else(|| broken(call, "its result is missing or has another shape than documented"))
}

/// An answer that says yes and can not be used.
#[must_use]
pub fn broken(call: &str, what: &str) -> Fault {
    let text = format!("{call}: {what}; nobody has to act unless it stays, then tell the author of this connector");
    Fault::incomplete(text).detail(&json!({ "endpoint": call }))
}
