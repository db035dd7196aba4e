//! Rules about members that several calls share.

use crate::dingtalk::refusal::{Refusal, old, old_about};
use crate::dingtalk::state::{Exclusive, Org, User};

/// Prefix and digits of a mobile number, if it is one: eleven digits of the mainland, or `+prefix-digits`. Organisations
/// outside of the mainland must write the prefix of the mainland too.
pub(in crate::dingtalk) fn mobile(text: &str, overseas: bool) -> Option<(String, String)> {
    let digits = |part: &str, range: std::ops::RangeInclusive<usize>| {
        range.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match text.strip_prefix('+').map(|rest| rest.split_once('-')) {
        Some(Some((prefix, number))) if digits(prefix, 1..=4) && digits(number, 5..=14) => {
            Some((prefix.to_owned(), number.to_owned()))
        }
        None if !overseas && text.starts_with('1') && digits(text, 11..=11) => Some(("86".to_owned(), text.to_owned())),
        _ => None,
    }
}

/// The number of an ordinary account.
pub(in crate::dingtalk) fn stored_mobile(user: &User) -> Option<(String, String)> {
    let number = user.texts.get("mobile")?.clone();
    Some((user.texts.get("state_code").cloned().unwrap_or_else(|| "86".to_owned()), number))
}

/// Whether this organisation owns a dedicated account.
pub(in crate::dingtalk) fn is_own(org: &Org, account: &Exclusive) -> bool {
    account.owner_corp_id.is_empty() || account.owner_corp_id == org.corp_id
}

/// Whether a member is this organisation's account of type `dingtalk` with this name.
pub(in crate::dingtalk) fn has_login(org: &Org, user: &User, login: &str) -> bool {
    let account = user.exclusive.as_ref().filter(|account| account.kind == "dingtalk" && is_own(org, account));
    account.is_some() && user.texts.get("login_id").is_some_and(|stored| stored == login)
}

/// A password needs eight letters, not all letters and not all digits.
pub(in crate::dingtalk) fn password(text: &str) -> bool {
    let all = |is: fn(&u8) -> bool| text.as_bytes().iter().all(is);
    text.len() >= 8 && !all(u8::is_ascii_alphabetic) && !all(u8::is_ascii_digit)
}

/// One `@` with something on both sides, and a point behind it.
pub(in crate::dingtalk) fn email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}

/// Texts that no two members may share. `itself` is the member that has them.
pub(in crate::dingtalk) fn unique(org: &Org, user: &User, itself: &str) -> Result<(), Refusal> {
    // No source gives telephone numbers and login ids a code of their own.
    for (name, code) in [("email", 60106), ("org_email", 60106), ("telephone", 40035), ("login_id", 40035)] {
        let Some(text) = user.texts.get(name).filter(|text| !text.is_empty()) else { continue };
        let mut others = org.users.iter().filter(|(userid, _)| *userid != itself);
        if others.any(|(_, other)| other.texts.get(name) == Some(text)) {
            return Err(old_about(code, name));
        }
    }
    Ok(())
}

/// Departments exist and are visible to the application.
pub(in crate::dingtalk) fn departments(org: &Org, app: &str, ids: &[i64]) -> Result<(), Refusal> {
    if ids.is_empty() {
        return Err(old(40066));
    }
    match ids.iter().find(|id| !org.departments.contains_key(id)) {
        Some(id) => Err(old_about(60003, &id.to_string())),
        None if ids.iter().all(|id| org.sees_department(app, *id)) => Ok(()),
        None => Err(old(50004)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobile_numbers_have_two_forms() {
        let read = |text: &str, overseas| mobile(text, overseas).map(|(prefix, number)| format!("{prefix} {number}"));
        assert_eq!(read("13800000001", false).as_deref(), Some("86 13800000001"));
        assert_eq!(read("+852-51234567", false).as_deref(), Some("852 51234567"));
        assert_eq!(read("13800000001", true), None);
        assert_eq!(read("+86-13800000001", true).as_deref(), Some("86 13800000001"));
        for wrong in ["", "23800000001", "1380000000", "+852", "+-51234567", "+852 51234567", "13800000001x"] {
            assert_eq!(read(wrong, false), None, "{wrong}");
        }
    }

    #[test]
    fn passwords_are_mixed() {
        assert!(password("Init-2026pw"));
        assert!(!password("abcdefgh") && !password("12345678") && !password("a1"));
    }
}
