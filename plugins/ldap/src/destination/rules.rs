//! Rules of Active Directory for names of accounts, told before the server would tell them as a number.

use super::trouble::{Trouble, wrong};

/// Signs that are in no sAMAccountName.
const FORBIDDEN: &str = "\"/\\[]:;|=,+*?<>@";
/// Characters of an account's sAMAccountName.
const ACCOUNT: usize = 20;
/// Characters of a group's sAMAccountName.
const GROUP: usize = 256;

/// Refuses a sAMAccountName that the server would refuse.
///
/// # Errors
/// It would.
pub fn logon_name(value: &str, group: bool) -> Result<(), Trouble> {
    let name = "sAMAccountName";
    let (length, most) = (value.chars().count(), if group { GROUP } else { ACCOUNT });
    if length > most {
        return Err(wrong(name, &format!("has {length} characters; Active Directory takes at most {most}")));
    }
    if let Some(sign) = value.chars().find(|sign| FORBIDDEN.contains(*sign) || sign.is_control()) {
        return Err(wrong(name, &format!("has {sign:?}, which Active Directory forbids there")));
    }
    if value.ends_with('.') || value.trim_matches(['.', ' ']).is_empty() {
        return Err(wrong(name, "ends with a point, or has nothing but points and spaces"));
    }
    Ok(())
}

/// Refuses a userPrincipalName that is none.
///
/// # Errors
/// It has not the form `name@domain`.
pub fn principal_name(value: &str) -> Result<(), Trouble> {
    let name = "userPrincipalName";
    let Some((user, domain)) = value.rsplit_once('@') else {
        return Err(wrong(name, "has not the form name@domain"));
    };
    let odd = |sign: char| sign.is_whitespace() || sign.is_control() || "\"/\\[]:;|=,+*?<>@".contains(sign);
    if user.is_empty() || domain.is_empty() || value.contains(['\u{0}']) || user.contains(odd) || domain.contains(odd) {
        return Err(wrong(name, "has an empty part, a space, or a sign that Active Directory forbids there"));
    }
    if value.chars().count() > 1024 {
        return Err(wrong(name, "has more than 1024 characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_accounts() {
        for good in ["li.lei", "a", "zwanzig-zeichen-lang", "王芳", "a b"] {
            assert!(logon_name(good, false).is_ok(), "{good}");
        }
        for bad in ["einundzwanzig-zeichen", "a@b", "a\"", "a\\b", "a.", "...", " ", "", "a\u{7}", "x*", "a,b"] {
            let fault = logon_name(bad, false).unwrap_err().fault;
            assert_eq!(
                (fault.kind, fault.subject.as_deref()),
                (rosterd_sdk::FaultKind::Invalid, Some("sAMAccountName"))
            );
        }
        assert!(logon_name("einundzwanzig-zeichen", true).is_ok());
        assert!(principal_name("li.lei@corp.example").is_ok());
        for bad in ["li", "@x", "li@", "l i@x", "a@b@c", "a*@x"] {
            assert_eq!(principal_name(bad).unwrap_err().fault.subject.as_deref(), Some("userPrincipalName"), "{bad}");
        }
    }
}
