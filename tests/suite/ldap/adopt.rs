//! The first day at a domain that has two thousand accounts: they are linked by the number of the employee, and nobody is made.

use super::company;
use super::connection::{connection, first_passwords, hub};
use super::domain;
use super::into_domain::FROM_OPENLDAP;
use super::samba::{DOMAIN, Samba};
use super::slapd::Slapd;
use super::tree::{self, change, read};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Accounts of the domain, of which two are of administrators, and ten are nobody's.
const ACCOUNTS: usize = 2000;
const PEOPLE: usize = ACCOUNTS - 2 - 10 + 2;

const POLICY: &str = r#"
[job.ldap]
source = "ldap"
[job.ldap.account]
key-space = "acme"
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ldap.account.map]
userName = "source.uid"
displayName = "source.displayName"
employeeNumber = "source.employeeNumber"
[job.ldap.org-unit.map]
displayName = "source.ou"
[job.ldap.group.map]
displayName = "source.cn"

[job.ad]
source = "ad"
[job.ad.account]
key-space = "acme"
[job.ad.account.map]
userName = "source.sAMAccountName"
primary = 'source.sAMAccountName.startsWith("adm-") ? source.sAMAccountName.substring(4) : null'

[authority]
default = ["ldap", "ad"]
"#;

const DELIVERY: &str = r#"
[deliver.ad.account]
match = ["employeeNumber"]
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[deliver.ad.account.map]
cn = "account.displayName"
sAMAccountName = "account.userName"
employeeNumber = "account.employeeNumber"
displayName = "account.displayName"
"#;

/// The accounts: employees whom the OpenLDAP has (two of them have none here), administrators, and strangers.
fn accounts() -> String {
    let mut ldif = domain::account();
    let _ = write!(ldif, "dn: {}\nobjectClass: organizationalUnit\n\n", domain::BASE);
    let mut account = |name: &str, number: &str, more: &str| {
        let _ = write!(
            ldif,
            "dn: CN=old {name},{}\nobjectClass: user\nsAMAccountName: {name}\nemployeeNumber: {number}\n{more}\n",
            domain::BASE
        );
    };
    for number in 0..PEOPLE - 2 {
        account(&format!("u{number:05}"), &format!("{number:06}"), "");
    }
    for number in [5, 6] {
        account(&format!("adm-u{number:05}"), &format!("{number:06}"), "adminCount: 1\n");
    }
    for number in 0..10 {
        account(&format!("stranger{number}"), &format!("8{number:05}"), "");
    }
    ldif
}

#[test]
fn two_thousand_accounts_of_a_domain_are_adopted_and_nobody_is_made() {
    let slapd = Slapd::start(&company::ldif(PEOPLE, 2));
    let samba = Samba::start(&accounts());
    samba.modify(&change(
        &format!("CN=Domain Admins,CN=Users,{DOMAIN}"),
        &format!("changetype: modify\nadd: member\nmember: CN=sync,CN=Users,{DOMAIN}"),
    ));
    let hub = hub(|hub| {
        let ad = format!("preset = \"active-directory\"\nbase = \"{}\"\nbind-dn = \"sync@ad.test\"", domain::BASE);
        let from = connection("ldap", &slapd.path("ca.crt"), &[slapd.port()], FROM_OPENLDAP);
        let to = connection("ad", &samba.path("ca.crt"), &[samba.port()], &ad);
        format!("{from}{to}{}{POLICY}", first_passwords(hub, "ad"))
    });
    let there = || -> BTreeMap<String, String> {
        let found = read(&samba.ldapsearch(domain::BASE, "(objectClass=user)", &["uSNChanged"]));
        found.iter().map(|entry| (tree::first(entry, "dn"), tree::first(entry, "uSNChanged"))).collect()
    };
    let before = there();
    assert_eq!(before.len(), ACCOUNTS);
    drop(hub.rosterd(&["run", "ldap"]).code(0));
    let config = hub.read("rosterd.toml");
    hub.write("rosterd.toml", &format!("{config}{DELIVERY}"));

    let said = hub.rosterd(&["adopt", "ad", "--out", "proposals.jsonl", "--format", "json"]).code(0).json();
    let counts = serde_json::json!({ "sure": PEOPLE - 2, "secondary": 2, "orphan": 10 });
    assert_eq!(said["accounts"], counts, "{said}");
    assert_eq!(said["without-account"], 2, "{said}");
    let human = hub.rosterd(&["adopt", "ad"]).code(0).out;
    for number in 0..10 {
        assert!(human.contains(&format!("stranger{number}")), "{human}");
    }
    let plan = hub.rosterd(&["adopt", "ad", "--file", "proposals.jsonl", "--format", "json"]).code(0).json();
    assert_eq!(plan["links"], PEOPLE - 2, "{plan}");
    drop(hub.rosterd(&["apply", plan["plan"].as_str().expect("a plan")]).code(0));
    assert_eq!(there(), before, "adoption wrote to the domain");
    hub.verify();
}
