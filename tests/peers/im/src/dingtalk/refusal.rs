//! What the vendor says no with. The two generations of its interface have envelopes of their own.

use crate::exchange::Reply;
use serde_json::{Value, json};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Of the old interface: a code, always with HTTP 200.
    Old(i64, String),
    /// Of the old interface, by its gateway: code 88 around the real one.
    Wrapped(i64),
    /// Of the new interface: HTTP status, code, text and the permissions that are missing.
    New(u16, &'static str, String, Vec<&'static str>),
}

/// A refusal of the old interface with its usual text.
pub(super) fn old(code: i64) -> Refusal {
    Refusal::Old(code, text(code).to_owned())
}

/// A refusal of the old interface about something.
pub(super) fn old_about(code: i64, what: &str) -> Refusal {
    Refusal::Old(code, format!("{}: {what}", text(code)))
}

/// A refusal of the new interface.
pub(super) fn new(status: u16, code: &'static str) -> Refusal {
    Refusal::New(status, code, code.to_owned(), Vec::new())
}

impl Refusal {
    /// The reply. `id` is the number of the request.
    #[must_use]
    pub(super) fn reply(&self, id: &str) -> Reply {
        match self {
            Self::Old(code, message) => {
                Reply::json(200, &json!({ "errcode": code, "errmsg": message, "request_id": id }))
            }
            Self::Wrapped(code) => {
                let message = text(*code);
                let whole = format!("ding talk error[subcode={code},submsg={message}]");
                let code = code.to_string();
                let body =
                    json!({ "errcode": 88, "sub_code": code, "sub_msg": message, "errmsg": whole, "request_id": id });
                Reply::json(200, &body)
            }
            Self::New(status, code, message, scopes) => {
                let mut body = json!({ "code": code, "message": message, "requestid": id });
                if !scopes.is_empty() {
                    body["accessdenieddetail"] = json!({ "requiredScopes": scopes });
                }
                Reply::json(*status, &body)
            }
        }
    }
}

/// The text of a code, from the vendor's table of global codes. Clients must go by the code.
fn text(code: i64) -> &'static str {
    match code {
        -1 => "system busy",
        404 => "the requested uri does not exist",
        33012 => "invalid userid",
        40001 | 40014 => "invalid access_token",
        40011 => "invalid order",
        40022 => "the mobile number cannot be changed",
        40035 => "invalid parameter",
        40066 => "invalid department list",
        40068 => "invalid offset",
        40069 => "invalid size",
        40089 => "invalid appkey or appsecret",
        40103 => "the member must accept an invitation first",
        40104 => "invalid mobile number",
        41001 => "access_token is missing",
        42001 => "access_token has expired",
        43001 => "GET is required",
        43002 => "POST is required",
        43007 => "not authorised to write the directory",
        50002 => "the member is outside of the scope of this application",
        50004 => "the department is outside of the scope of this application",
        60001 => "illegal length of department name",
        60002 => "too many levels of departments",
        60003 => "department not found",
        60004 => "parent department not found",
        60005 => "the department has members",
        60006 => "the department has departments below",
        60007 => "the root department cannot be deleted",
        60009 => "illegal letter in department name",
        60010 => "departments would form a circle",
        60011 => "no permission for this api",
        60018 => "the root department cannot be updated",
        60020 => "the address is not in the white list",
        60021 => "a department of this name exists under this parent",
        60102 => "userid exists",
        60103 => "illegal mobile number",
        60104 => "mobile number exists",
        60105 => "illegal email",
        60106 => "email exists",
        60110 => "too many departments",
        60112 => "illegal name",
        60119 => "illegal title",
        60121 => "user not found",
        60122 => "illegal extension attributes",
        60123 => "illegal job number",
        60128 => "illegal manager",
        71006 => "a callback is registered already",
        71007 => "no callback is registered",
        71012 => "the callback url cannot be reached",
        71013 => "the answer of the callback url cannot be decrypted to success",
        90002 => "too many calls to this api",
        90018 => "too many calls of this application to this api",
        90020 => "the calls of this month are used up",
        400_001 => "system error",
        400_002 => "invalid parameter",
        _ => "error",
    }
}

/// The body of an old reply that says yes: what the handler says, and the envelope.
#[must_use]
pub(super) fn success(mut body: Value, id: &str) -> Reply {
    body["errcode"] = 0.into();
    body["errmsg"] = "ok".into();
    body["request_id"] = id.into();
    Reply::json(200, &body)
}
