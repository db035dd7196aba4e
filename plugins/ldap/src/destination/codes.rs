//! What a server's refusal of a change means: who must act, and which attribute is at fault.
//!
//! `docs/connectors/ldap.md` has the table for operators. Active Directory puts a number of Windows into the text, which says more
//! than the result.

use super::trouble::Trouble;
use crate::message::Outcome;
use rosterd_sdk::{Fault, FaultKind as Kind};
use serde_json::json;

/// What is said about a result.
type Known = (i64, Kind, &'static str, &'static str);

const MAPPING: &str = "whoever maintains the source or the mapping of this destination changes it";
const ADMINISTRATOR: &str = "the server's administrator looks up why";
const NOBODY: &str = "nobody has to act unless it stays so";
const RIGHTS: &str = "the server's administrator lets the account of bind-dn write this";

/// Results, in the order of RFC 4511.
const RESULTS: &[Known] = &[
    (1, Kind::Transient, "an error of the server", ADMINISTRATOR),
    (2, Kind::Unsupported, "the server does not know this request", ADMINISTRATOR),
    (3, Kind::Transient, "time limit", NOBODY),
    (4, Kind::Transient, "size limit", "the server's administrator raises the size limit of this account"),
    (8, Kind::Settings, "a stronger bind is needed", "use ldaps:// in the setting server"),
    (10, Kind::Settings, "another server takes changes", "set server to the one that can be written to"),
    (11, Kind::Transient, "a limit of the server", "the server's administrator raises the limits of this account"),
    (13, Kind::Settings, "TLS is needed", "use ldaps:// in the setting server"),
    (16, Kind::Conflict, "a value that was to go is not there", NOBODY),
    (17, Kind::Invalid, "the server has no such attribute", MAPPING),
    (18, Kind::Invalid, "the server can not compare this attribute", MAPPING),
    (19, Kind::Invalid, "the server forbids this value", MAPPING),
    (20, Kind::Conflict, "a value that was to come is there", NOBODY),
    (21, Kind::Invalid, "the value has not the form that the server wants", MAPPING),
    (32, Kind::NotFound, "there is no such entry", "see whether somebody moved or removed it"),
    (34, Kind::Invalid, "the server does not take this name of an entry", MAPPING),
    (36, Kind::Unsupported, "the entry is an alias", ADMINISTRATOR),
    (48, Kind::Unauthorized, "this account can not bind so", "mend the setting bind-dn"),
    (49, Kind::Unauthorized, "name or password is wrong", "mend the setting bind-dn or the secret bind-password"),
    (50, Kind::Forbidden, "not allowed", RIGHTS),
    (51, Kind::Transient, "the server is busy", NOBODY),
    (52, Kind::Transient, "the server is not available", NOBODY),
    (53, Kind::Unsupported, "the server is unwilling", ADMINISTRATOR),
    (54, Kind::Unsupported, "names go in a circle", ADMINISTRATOR),
    (64, Kind::Invalid, "the name does not fit the entry", MAPPING),
    (65, Kind::Invalid, "an attribute is missing, or is none of this class of entries", MAPPING),
    (
        66,
        Kind::Conflict,
        "it has children",
        "they are moved or removed first, by the hub or by the server's administrator",
    ),
    (67, Kind::Invalid, "the value stands in the name of the entry", MAPPING),
    (68, Kind::AlreadyExists, "it is there already", "link the two, or give one of them another name"),
    (69, Kind::Invalid, "the class of an entry can not change", MAPPING),
    (71, Kind::Unsupported, "it would go to another server", "the server's administrator moves it"),
    (80, Kind::Transient, "an error that the server does not name", ADMINISTRATOR),
];

/// Numbers of Windows at the beginning of a text of Active Directory.
const WINDOWS: &[(&str, Kind, &str, &str)] = &[
    ("00000005", Kind::Forbidden, "access is denied", RIGHTS),
    ("0000001F", Kind::Unsupported, "passwords are set over TLS only", "use ldaps:// in the setting server"),
    ("00000524", Kind::AlreadyExists, "an account with this name is there already", "give one of them another name"),
    ("00000525", Kind::NotFound, "there is no such account", "see whether somebody removed it"),
    (
        "0000052D",
        Kind::Invalid,
        "the password policy of the domain refuses the first password, or the account has none",
        "make the policy of [connection.NAME.initial-passwords] as strict as the domain's, then rosterd outbox retry",
    ),
    ("00000561", Kind::Conflict, "it is no member", NOBODY),
    ("00000562", Kind::Conflict, "it is a member already", NOBODY),
    ("00002071", Kind::AlreadyExists, "an object with this name is there already", "give one of them another name"),
    ("000021C7", Kind::AlreadyExists, "another account has this service name", "give one of them another name"),
    ("000021C8", Kind::AlreadyExists, "another account has this userPrincipalName", "give one of them another name"),
];

/// The number of Windows at the beginning of a text.
fn windows(text: &str) -> Option<String> {
    let (number, _) = text.split_once(':')?;
    (number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| number.to_ascii_uppercase())
}

/// The attribute that a text names: `title: value #0 invalid per syntax`, `requires attribute 'sn'`, `Att 90290 (cn)`.
#[must_use]
pub fn attribute(text: &str) -> Option<&str> {
    let plain = |name: &&str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-')
    };
    let quoted = text.split_once("attribute '").and_then(|(_, rest)| rest.split_once('\'')).map(|(name, _)| name);
    let bracketed = || Some(text.split_once(", Att ")?.1.split_once('(')?.1.split_once(')')?.0);
    let leading = || text.split_once(':').map(|(name, _)| name).filter(|name| windows(&format!("{name}:")).is_none());
    quoted.filter(plain).or_else(|| bracketed().filter(plain)).or_else(|| leading().filter(plain))
}

/// True if this says that values which were to come are there, or that those which were to go are not.
#[must_use]
pub fn is_so_already(outcome: &Outcome) -> bool {
    matches!(outcome.code, 16 | 20) || matches!(windows(&outcome.text).as_deref(), Some("00000561" | "00000562"))
}

/// A refused change. `doing` says what was tried.
#[must_use]
pub fn refused(doing: &str, outcome: &Outcome) -> Trouble {
    let number = windows(&outcome.text);
    let special = WINDOWS.iter().find(|(known, ..)| number.as_deref() == Some(*known));
    let usual = RESULTS.iter().find(|(code, ..)| *code == outcome.code);
    let (kind, name, remedy) = match (special, usual) {
        (Some((_, kind, name, remedy)), _) | (None, Some((_, kind, name, remedy))) => (*kind, *name, *remedy),
        (None, None) => (Kind::Unsupported, "an error", ADMINISTRATOR),
    };
    let said: String = outcome.text.chars().filter(|sign| !sign.is_control()).take(300).collect();
    let said = if said.is_empty() { String::new() } else { format!(", \"{said}\"") };
    let text = format!("{doing} was refused: {name} (result {}{said}); {remedy}", outcome.code);
    let mut fault = Fault::new(kind, text).detail(&json!({ "result": outcome.code, "windows": number }));
    if kind == Kind::Invalid {
        fault.subject = attribute(&outcome.text).map(str::to_owned);
    }
    Trouble { code: outcome.code, ..Trouble::not_done(fault) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(code: i64, text: &str) -> Outcome {
        Outcome { code, text: text.to_owned() }
    }

    #[test]
    fn a_refusal_names_who_acts_and_the_attribute() {
        for (code, text, kind, subject, words) in [
            (19, "title: no more than one value", Kind::Invalid, Some("title"), "mapping"),
            (65, "object class 'inetOrgPerson' requires attribute 'sn'", Kind::Invalid, Some("sn"), "mapping"),
            (21, "mail: value #0 invalid per syntax", Kind::Invalid, Some("mail"), "mapping"),
            (
                19,
                "0000207C: AtrErr: DSID-03151280, #1:\n\t0: 0000207C: DSID-03151280, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 3 (cn):len 130",
                Kind::Invalid,
                Some("cn"),
                "mapping",
            ),
            (50, "no write access to parent", Kind::Forbidden, None, "bind-dn write"),
            (51, "", Kind::Transient, None, "nobody"),
            (53, "0000052D: SvcErr: DSID-031A12D2, problem 5003", Kind::Invalid, None, "password policy"),
            (68, "00002071: UpdErr: DSID-0305, problem 6005 (ENTRY_EXISTS)", Kind::AlreadyExists, None, "another name"),
            (66, "subordinate objects must be deleted first", Kind::Conflict, None, "it has children"),
            (4711, "", Kind::Unsupported, None, "administrator"),
        ] {
            let fault = refused("adding \"cn=a\"", &outcome(code, text)).fault;
            assert_eq!((fault.kind, fault.subject.as_deref()), (kind, subject), "{code} {text}");
            assert!(fault.message.contains(words) && fault.message.starts_with("adding"), "{}", fault.message);
        }
    }

    #[test]
    fn what_is_so_already_is_told_apart() {
        assert!(is_so_already(&outcome(20, "")) && is_so_already(&outcome(16, "")));
        assert!(is_so_already(&outcome(68, "00000562: UpdErr")) && is_so_already(&outcome(53, "00000561: SvcErr")));
        assert!(!is_so_already(&outcome(68, "")) && !is_so_already(&outcome(53, "0000052D: x")));
    }
}
