//! What an answer means: the result of a call, or a fault that names endpoint, code and who must act.
//!
//! The old interface says no with HTTP 200 and `errcode`, its gateway with code 88 or 15 around the real code in
//! `sub_code`; the new one has a status and `code`. What is neither, a page, half an answer, an answer without a code, is
//! never taken for an empty result.

use crate::wire::{self, Object};
use rosterd_sdk::http::Response;
use rosterd_sdk::{Fault, FaultKind};
use serde_json::{Value, json};

/// How long an address is shut out that called too often.
const SHUT_OUT_MS: u64 = 300_000;
/// When to come again after a refusal that will pass.
const LATER_MS: u64 = 60_000;

/// In place of a code: the answer was cut off.
const HALF: &str = "half";
/// In place of a code: there was no answer.
pub const NETWORK: &str = "network";

/// Permission points that the calls of this connector need, as the developer console names them; those of writing stand
/// beside the calls that write.
const PERMISSIONS: [(&str, &str); 7] = [
    ("/topapi/v2/department/listsub", "qyapi_get_department_list"),
    ("/topapi/v2/department/get", "qyapi_get_department_list"),
    ("/topapi/v2/department/listparentbydept", "qyapi_get_department_list"),
    ("/topapi/v2/user/list", "qyapi_get_department_member"),
    ("/topapi/user/count", "qyapi_get_department_member"),
    ("/topapi/v2/user/get", "qyapi_get_member"),
    ("/v1.0/contact/empLeaveRecords", "Contact.Common.Read"),
];

/// The permission that a call needs; none for calls that need a token only.
#[must_use]
pub fn permission(path: &str) -> Option<&'static str> {
    let all = PERMISSIONS.iter().chain(&crate::destination::calls::PERMISSIONS);
    all.into_iter().find(|(own, _)| *own == path).map(|(_, permission)| *permission)
}

/// A call that was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The code: a number of the old interface as text, or a word of the new one; empty if there was none.
    pub code: String,
    /// What crosses the boundary.
    pub fault: Fault,
}

impl Refused {
    /// The department or the person does not exist.
    #[must_use]
    pub fn not_found(&self) -> bool {
        self.fault.kind == FaultKind::NotFound
    }

    /// It may be there, and is outside of what the application may see.
    #[must_use]
    pub fn out_of_sight(&self) -> bool {
        matches!(self.code.as_str(), "50002" | "50004")
    }

    /// Worth to be sent again in this run: so often at most.
    #[must_use]
    pub fn tries(&self) -> u32 {
        match (self.fault.kind, self.code.as_str()) {
            // A used-up month and an address that is shut out do not come back within a run.
            (FaultKind::RateLimited, "90020" | "1111" | NETWORK) => 1,
            (FaultKind::RateLimited, code) if code.ends_with("ApiCountLimitForOrg") => 1,
            (FaultKind::RateLimited, _) => 6,
            // A page instead of an answer comes from somebody else than DingTalk, or from its gate: see above.
            (FaultKind::Transient | FaultKind::Timeout, code) if !code.is_empty() => 3,
            _ => 1,
        }
    }
}

/// Kind of a code, and who must act.
fn meaning(path: &str, code: &str) -> (FaultKind, &'static str) {
    match code {
        "40001" | "40014" | "42001" | "41001" | "88" | "InvalidAuthentication" => (
            FaultKind::Unauthorized,
            "DingTalk does not accept the token; whoever runs the hub checks AppKey and AppSecret",
        ),
        "40089" | "invalidClientIdOrSecret" => (
            FaultKind::Unauthorized,
            "whoever runs the hub sets AppKey and AppSecret as the developer console shows them",
        ),
        "60011" | "43007" => {
            (FaultKind::Forbidden, "the administrator of the application adds the permission and publishes it")
        }
        "60020" => {
            (FaultKind::Forbidden, "the administrator of the application adds the address of the hub to its white list")
        }
        "50002" | "50004" => (FaultKind::Forbidden, "the administrator of the application widens what data it may see"),
        "60121" | "33012" | "60111" | "40003" | "60003" | "40009" | "user.not.exist" => {
            (FaultKind::NotFound, "it is not in DingTalk, or no longer")
        }
        "90020" => (
            FaultKind::RateLimited,
            "the calls of this month are used up; the administrator of the organisation buys more",
        ),
        "1111" => (FaultKind::RateLimited, "DingTalk shut this address out for five minutes; nobody has to act"),
        "-1" | "15" | "400001" | "system.busy" | "systemError" | "system.error" => {
            (FaultKind::Transient, "DingTalk is busy; nobody has to act")
        }
        code if code.parse::<i64>().is_ok_and(|code| (90_001..=90_017).contains(&code) || code == 90_018) => {
            (FaultKind::RateLimited, "too many calls; nobody has to act")
        }
        code if code.contains("Qps") || code.contains("Qpm") => {
            (FaultKind::RateLimited, "too many calls; nobody has to act")
        }
        code if code.ends_with("ApiCountLimitForOrg") => (
            FaultKind::RateLimited,
            "the calls of this month are used up; the administrator of the organisation buys more",
        ),
        code if code.ends_with("IpNotInWhiteList") => {
            (FaultKind::Forbidden, "the administrator of the application adds the address of the hub to its white list")
        }
        code if code.starts_with("Forbidden") => {
            (FaultKind::Forbidden, "the administrator of the application adds the permission and publishes it")
        }
        code => crate::destination::codes::meaning(path, code)
            .unwrap_or((FaultKind::Invalid, "DingTalk refuses what this connector sent; tell its author")),
    }
}

/// Reads the answer to a call of `path`; `about` says what it was about: "department 7".
///
/// # Errors
/// What DingTalk refused, and every answer that is none.
pub fn judge(path: &str, about: &str, response: &Response) -> Result<Object, Refused> {
    let status = response.status;
    let malformed = |code: &str, what: String, wait: u64| {
        let who = "nobody has to act unless it stays; then a proxy on the way is the first to look at";
        let fault = Fault::transient(format!("{path} ({about}): {what}; {who}")).retry_after(wait);
        let detail = json!({ "endpoint": path, "status": status });
        Refused { code: code.to_owned(), fault: fault.detail(&detail) }
    };
    let page = response.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
    let body = match serde_json::from_slice::<Value>(&response.body) {
        Ok(Value::Object(body)) => body,
        _ if page || response.body.trim_ascii_start().starts_with(b"<") => {
            let what = format!(
                "the answer is a page (status {status}): the address is shut out for five minutes, or a proxy answered"
            );
            return Err(malformed("", what, SHUT_OUT_MS));
        }
        Ok(_) => return Err(malformed("", format!("the answer (status {status}) is no JSON object"), LATER_MS)),
        Err(_) if status >= 500 => return Err(malformed("5xx", format!("status {status}"), LATER_MS)),
        Err(error) => {
            return Err(malformed(HALF, format!("the answer (status {status}) is no whole JSON: {error}"), LATER_MS));
        }
    };
    let text = |name: &str| wire::member(&body, name).and_then(wire::words);
    if text("status").is_some_and(|status| status == "1111") {
        return Err(refusal(path, about, status, &body, "1111"));
    }
    let errcode = text("errcode");
    // A wrapper says that something is wrong; what it is stands inside.
    let inner = text("sub_code").filter(|_| matches!(errcode.as_deref(), Some("88" | "15")));
    let inner = inner.filter(|code| code.parse::<i64>().is_ok());
    let word = ["code", "Code"].into_iter().find_map(text);
    match (errcode, status) {
        (Some(code), 200..=299) if code == "0" => Ok(body),
        (Some(code), _) if code != "0" => Err(refusal(path, about, status, &body, inner.as_deref().unwrap_or(&code))),
        (None, 200..=299) if path.starts_with("/v1.0/") && word.is_none() => Ok(body),
        (_, 200..=299) if word.is_none() => Err(malformed("", "the answer has no errcode".to_owned(), LATER_MS)),
        _ => {
            let code = word.unwrap_or_else(|| if status >= 500 { "5xx".to_owned() } else { String::new() });
            Err(refusal(path, about, status, &body, &code))
        }
    }
}

fn refusal(path: &str, about: &str, status: u16, body: &Object, code: &str) -> Refused {
    let (kind, who) = match meaning(path, code) {
        (FaultKind::Invalid, _) if status >= 500 => (FaultKind::Transient, "DingTalk failed; nobody has to act"),
        known => known,
    };
    let said = ["sub_msg", "errmsg", "message", "Message"].into_iter().find_map(|name| body.get(name)?.as_str());
    let said: String = said.unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(200).collect();
    let mut text = format!("{path} ({about}): DingTalk refused with code {code}");
    if !said.is_empty() {
        text.push_str(&format!(" ({said})"));
    }
    let scopes = ["accessdenieddetail", "AccessDeniedDetail"].into_iter().find_map(|name| body.get(name));
    let scopes = scopes.and_then(|detail| detail.get("requiredScopes")).and_then(wire::texts);
    let asks =
        matches!(code, "60011" | "43007") || (kind == FaultKind::Forbidden && code.ends_with("PermissionDenied"));
    let missing = scopes.map(|scopes| scopes.join(", ")).or_else(|| permission(path).map(ToOwned::to_owned));
    if let Some(missing) = missing.filter(|_| asks) {
        text.push_str(&format!("; the permission {missing} is missing"));
    }
    text.push_str("; ");
    text.push_str(who);
    let request = ["request_id", "requestid", "RequestId"].into_iter().find_map(|name| body.get(name)?.as_str());
    let detail = json!({ "endpoint": path, "code": code, "status": status, "request": request });
    let mut fault = Fault::new(kind, text).detail(&detail);
    if kind == FaultKind::RateLimited || kind == FaultKind::Transient {
        fault = fault.retry_after(if code == "1111" { SHUT_OUT_MS } else { LATER_MS });
    }
    Refused { code: code.to_owned(), fault }
}
