//! Codes with which DingTalk refuses to write, by its page "global error codes".

use rosterd_sdk::FaultKind;

/// What a value is refused with, and the attribute that it belongs to; none: the code does not say which.
const VALUES: [(&str, Option<&str>); 20] = [
    ("40035", None),
    ("400002", None),
    ("40066", Some("departments")),
    ("40011", Some("order")),
    ("40022", Some("mobile")),
    ("40104", Some("mobile")),
    ("60103", Some("mobile")),
    ("60001", Some("name")),
    ("60009", Some("name")),
    ("60002", Some("parent")),
    ("60004", Some("parent")),
    ("60010", Some("parent")),
    ("60105", Some("email")),
    ("60112", Some("name")),
    ("60119", Some("title")),
    ("60122", Some("extension")),
    ("60123", Some("job_number")),
    ("60128", Some("manager")),
    ("600109", Some("name")),
    ("60110", None),
];

/// Something else has the value that must be one of a kind.
const TAKEN: [&str; 8] = ["60016", "60021", "60102", "60104", "60106", "40100", "40101", "incorrect.reserved"];

/// The attribute that a code speaks of.
#[must_use]
pub fn attribute(code: &str) -> Option<&'static str> {
    VALUES.iter().find(|(own, _)| *own == code).and_then(|(_, attribute)| *attribute)
}

/// Kind of a code of writing, and who must act; none: it is no such code.
#[must_use]
pub fn meaning(path: &str, code: &str) -> Option<(FaultKind, &'static str)> {
    let writes = super::calls::PERMISSIONS.iter().any(|(own, _)| *own == path);
    let found = match code {
        _ if !writes => return None,
        "60005" => (FaultKind::Conflict, "people are still in it; move them first, then this is sent again"),
        "60006" => (FaultKind::Conflict, "departments are still below it; move or remove them first"),
        "60007" | "60018" => (FaultKind::Unsupported, "the root is the organisation itself, and stays as it is"),
        "60110" => (FaultKind::Invalid, "there are as many departments as can be; an administrator removes some"),
        "60002" => {
            (FaultKind::Invalid, "departments are too deep; whoever maintains the mapping gives it another parent")
        }
        "60010" => {
            (FaultKind::Invalid, "it would be below itself; whoever maintains the source puts the parents right")
        }
        "40022" => (
            FaultKind::Invalid,
            "an interface can not change a mobile number; the person changes it in DingTalk, or an administrator adds the person anew",
        ),
        "60128" => (FaultKind::Invalid, "that manager is not in DingTalk; whoever maintains the source names another"),
        "exclusive.account.only" => {
            (FaultKind::Unsupported, "only a dedicated account that this organisation owns can be stopped and started")
        }
        code if TAKEN.contains(&code) => (
            FaultKind::AlreadyExists,
            "something else has this value; link the two (match in [deliver.CONNECTION]) or change one of them",
        ),
        code if VALUES.iter().any(|(own, _)| *own == code) => (
            FaultKind::Invalid,
            "DingTalk does not accept a value; whoever maintains the mapping of this destination changes it",
        ),
        "invalid.param" | "invalidParameter" => {
            (FaultKind::Invalid, "DingTalk does not accept a value; whoever maintains the mapping changes it")
        }
        _ => return None,
    };
    Some(found)
}
