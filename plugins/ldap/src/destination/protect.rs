//! Entries that are never written.

use super::name;
use super::session::text_of;
use super::trouble::Trouble;
use crate::message::Entry;
use crate::settings::Settings;
use rosterd_sdk::{Class, Fault};

/// Accounts that every domain has.
const BUILT_IN: [&str; 4] = ["krbtgt", "administrator", "guest", "defaultaccount"];

/// Refuses an entry that is protected.
///
/// # Errors
/// It is.
pub fn may_write(settings: &Settings, class: Class, dn: &str, entry: &Entry) -> Result<(), Trouble> {
    let refuse = |why: &str| Err(Trouble::not_done(Fault::unsupported(format!("\"{dn}\" is never written: {why}"))));
    if !name::is_within(dn, &settings.base) {
        return refuse("it is not within the setting base; whoever runs the hub changes base, or unlinks it");
    }
    if settings.protected.iter().any(|protected| name::same(protected, dn)) {
        return refuse("it is named in the setting protected; whoever runs the hub takes it out there");
    }
    let own = |text: Option<&str>| text.is_some_and(|text| text.eq_ignore_ascii_case(&settings.bind_dn));
    if name::same(&settings.bind_dn, dn) || own(text_of(entry, "userPrincipalName")) {
        return refuse("it is the account of bind-dn, with which the hub works");
    }
    if !settings.preset.is_ad() || settings.write_administrators || class == Class::OrgUnit {
        return Ok(());
    }
    let remedy = "the administrator of the domain does it, or whoever runs the hub sets write-administrators";
    let built_in = text_of(entry, "sAMAccountName").is_some_and(|own| BUILT_IN.contains(&own.to_lowercase().as_str()));
    if built_in || text_of(entry, "isCriticalSystemObject") == Some("TRUE") {
        return refuse(&format!("the domain itself needs it; {remedy}"));
    }
    if text_of(entry, "adminCount").is_some_and(|count| count != "0") {
        return refuse(&format!("it is an administrator (adminCount); {remedy}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "tests hand over what json! makes")]
    fn refused(more: serde_json::Value, dn: &str, attributes: &[(&str, &str)]) -> bool {
        let mut all = json!({ "server": "ldaps://dc", "base": "dc=x", "bind-dn": "cn=Sync, dc=x" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let settings: Settings = serde_json::from_value(all).unwrap();
        let bytes = |text: &str| bytes::Bytes::copy_from_slice(text.as_bytes());
        let one = |(name, value): &(&str, &str)| (bytes(name), [bytes(value)].into_iter().collect());
        let entry = Entry { dn: bytes(dn), attributes: attributes.iter().map(one).collect(), state: None };
        may_write(&settings, Class::Account, dn, &entry).is_err()
    }

    #[test]
    fn who_is_protected() {
        let ad = json!({ "preset": "active-directory" });
        assert!(!refused(json!({}), "cn=a,dc=x", &[("sAMAccountName", "krbtgt")]));
        assert!(refused(json!({}), "CN=sync,DC=x", &[]));
        assert!(refused(json!({}), "cn=a,dc=y", &[]));
        assert!(refused(json!({ "protected": ["cn=root , dc=x"] }), "cn=Root,dc=x", &[]));
        for (name, value) in [
            ("sAMAccountName", "KRBTGT"),
            ("sAMAccountName", "Guest"),
            ("adminCount", "1"),
            ("isCriticalSystemObject", "TRUE"),
        ] {
            assert!(refused(ad.clone(), "cn=a,dc=x", &[(name, value)]), "{name}");
            let both = json!({ "preset": "active-directory", "write-administrators": true });
            assert!(!refused(both, "cn=a,dc=x", &[(name, value)]), "{name}");
        }
        assert!(!refused(ad, "cn=a,dc=x", &[("adminCount", "0"), ("sAMAccountName", "li")]));
        let upn = json!({ "preset": "active-directory", "bind-dn": "hub@x" });
        assert!(refused(upn, "cn=hub,dc=x", &[("userPrincipalName", "HUB@x")]));
    }
}
