//! A tree of a real OpenLDAP goes out into Samba as an Active Directory, and follows whatever changes. `ldapsearch` says what is
//! there, and a bind who is let in.

use super::connection::{connection, first_passwords, hub, waiting};
use super::outbound::first_password;
use super::samba::{DOMAIN, Samba};
use super::slapd::Slapd;
use super::tree::{self, Printed, change, coded, read};
use super::{company, domain};
use rosterd_tests::hub::{Hub, Said};
use std::collections::BTreeMap;

const SOURCE: &str = "ou=people,dc=example,dc=org";
const TARGET: &str = "OU=Ziel,DC=ad,DC=test";
/// Where people, org units and groups go; what is read and may be written is the whole domain.
pub(super) const PLACES: &str = r#"
preset = "active-directory"
base = "DC=ad,DC=test"
people-base = "OU=Ziel,DC=ad,DC=test"
units-base = "OU=Ziel,DC=ad,DC=test"
groups-base = "OU=Ziel,DC=ad,DC=test"
bind-dn = "sync@ad.test""#;
pub(super) const FROM_OPENLDAP: &str = r#"
base = "ou=people,dc=example,dc=org"
bind-dn = "cn=sync,dc=example,dc=org""#;

pub(super) const POLICY: &str = r#"
[job.ldap]
source = "ldap"
absence = { confirmations = 1, min-interval = "0s" }
[job.ldap.account]
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ldap.account.map]
userName = "source.uid"
displayName = "source.displayName"
employeeNumber = "source.employeeNumber"
title = { from = "source.title", on-null = "clear" }
manager = { from = "source.manager", on-null = "clear" }
orgUnit = "source.orgUnit"
lifecycle = "source.employeeType"
[job.ldap.org-unit.map]
displayName = "source.ou"
parent = "source.parent"
[job.ldap.group.map]
displayName = "source.cn"
members = "source.member"

[authority]
default = ["ldap"]

[guard]
disable = { floor = 50, percent = 50.0 }
delete = { floor = 50, percent = 50.0 }
delete-org-unit = { floor = 50, percent = 50.0 }
clear = { floor = 50, percent = 50.0 }
remove-member = { floor = 100, percent = 90.0 }

[deliver.ad]
first-delivery = "allow"
on-leave = "disable"
[deliver.ad.org-unit.map]
ou = "orgUnit.displayName"
parent = "orgUnit.parent"
[deliver.ad.account]
match = ["employeeNumber"]
[deliver.ad.account.map]
cn = "account.displayName"
sn = "account.displayName"
displayName = "account.displayName"
sAMAccountName = "account.userName"
userPrincipalName = 'account.userName + "@ad.test"'
employeeNumber = "account.employeeNumber"
title = { from = "account.title", on-null = "clear" }
manager = { from = "account.manager", on-null = "clear" }
orgUnit = "account.orgUnit"
[deliver.ad.group.map]
cn = "group.displayName"
sAMAccountName = 'Append("g", Digits(group.displayName))'
member = "group.members"
"#;

/// Entries of a domain that is written to: where, and the account that writes, who may everything.
pub(super) fn writable() -> String {
    let unit = format!("dn: {TARGET}\nobjectClass: organizationalUnit\n\n");
    let rights = "changetype: modify\nadd: member\nmember: CN=sync,CN=Users,DC=ad,DC=test";
    format!("{}{unit}{}", domain::account(), change(&format!("CN=Domain Admins,CN=Users,{DOMAIN}"), rights))
}

/// An OpenLDAP, a domain, and a hub between them.
pub(super) struct Outward {
    pub(super) hub: Hub,
    pub(super) slapd: Slapd,
    pub(super) samba: Samba,
}

impl Outward {
    /// With so many people, and more entries of the domain.
    pub(super) fn new(people: usize, units: usize, more: &str) -> Self {
        let mut ldif = company::ldif(people, units);
        // One with a plain name: when others move, refint cuts names in the midst of a sign (OpenLDAP 2.5).
        let plain = format!("ou=plain,{SOURCE}");
        company::entry(&mut ldif, &plain, &[("objectClass", "organizationalUnit"), ("ou", "plain")]);
        let inner = [("uid", "inner"), ("cn", "Inner"), ("sn", "Inner"), ("displayName", "Inner")];
        let inner = [&[("objectClass", "inetOrgPerson"), ("employeeNumber", "900002")], &inner[..]].concat();
        company::entry(&mut ldif, &format!("uid=inner,{plain}"), &inner);
        Self::of(&ldif, &format!("{}{more}", writable()))
    }

    /// With these entries.
    pub(super) fn of(openldap: &str, domain: &str) -> Self {
        let (slapd, samba) = (Slapd::start(openldap), Samba::start(domain));
        let hub = hub(|hub| {
            let from = connection("ldap", &slapd.path("ca.crt"), &[slapd.port()], FROM_OPENLDAP);
            let to = connection("ad", &samba.path("ca.crt"), &[samba.port()], PLACES);
            format!("{from}{to}{}{POLICY}", first_passwords(hub, "ad"))
        });
        Self { hub, slapd, samba }
    }

    pub(super) fn run(&self) -> Said {
        self.hub.rosterd(&["run", "ldap"])
    }

    /// Everything below the target, with the numbers of their last changes.
    pub(super) fn changes(&self) -> BTreeMap<String, String> {
        let found = read(&self.samba.ldapsearch(TARGET, "(objectClass=*)", &["uSNChanged"]));
        found.iter().map(|entry| (tree::first(entry, "dn"), tree::first(entry, "uSNChanged"))).collect()
    }

    /// The domain is what the tree is, nothing waits, and to do it once more writes nothing.
    #[track_caller]
    pub(super) fn assert_same(&self) {
        let waits = waiting(&self.hub).to_string();
        let (wanted, there) = (tree::of_slapd(&self.slapd, SOURCE), tree::of_domain(&self.samba, TARGET));
        tree::assert_same(&there, &wanted, &waits);
        let before = self.changes();
        drop(self.run().code(0));
        assert_eq!(waiting(&self.hub).as_array().map_or(0, Vec::len), 0, "{waits}");
        let drift = self.hub.rosterd(&["drift", "ad"]).code(0);
        assert!(drift.out.contains("0 differ"), "{}", drift.out);
        assert_eq!(self.changes(), before, "it was written once more");
    }

    /// Changes entries of the source; the hub follows.
    #[track_caller]
    pub(super) fn follow(&self, changes: &[String]) {
        self.slapd.modify(&changes.concat());
        let said = self.run();
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    }

    /// The only entry of the domain that a filter finds.
    pub(super) fn entry(&self, filter: &str, names: &[&str]) -> Printed {
        let mut found = read(&self.samba.ldapsearch(DOMAIN, filter, names));
        assert_eq!(found.len(), 1, "{filter}");
        found.remove(0)
    }

    /// The name of somebody at the source.
    pub(super) fn dn(&self, number: &str) -> String {
        let found = read(&self.slapd.ldapsearch(&format!("(employeeNumber={number})"), &["uid"]));
        tree::first(&found[0], "dn")
    }

    pub(super) fn unit(&self, name: &str) -> String {
        let found = read(&self.slapd.ldapsearch("(objectClass=organizationalUnit)", &["ou"]));
        tree::first(found.iter().find(|unit| unit["ou"][0] == name).expect("a unit"), "dn")
    }
}

#[test]
fn a_tree_goes_into_a_domain_and_follows_whatever_changes() {
    let into = Outward::new(50, 8, "");
    drop(into.hub.rosterd(&["check", "--online"]).code(0));
    let first = into.run();
    assert_eq!(first.code, Some(0), "{}{}", first.out, first.err);
    into.assert_same();
    // It is no text.
    let id = |filter: &str| {
        let printed = into.samba.ldapsearch(DOMAIN, filter, &["objectGUID"]);
        printed.lines().find(|line| line.starts_with("objectGUID:")).expect("an id").to_owned()
    };
    let before = id("(employeeNumber=000003)");
    let password = first_password(&into.hub, "ad", "u00008");
    into.hub.watched.plant("a first password", &password);
    assert!(into.samba.lets_in("u00008@ad.test", &password), "the first password lets nobody in");
    assert!(!into.samba.lets_in("u00008@ad.test", "Another.password-1"));

    // Another name, another title and place, no manager; a unit with another name in another place; members.
    let group = read(&into.slapd.ldapsearch("(objectClass=groupOfNames)", &["member"]))[0].clone();
    let (gone, name) = (group["member"][1].clone(), tree::first(&group, "dn"));
    let renamed = format!("changetype: modrdn\nnewrdn: uid=renamed\ndeleteoldrdn: 1\nnewsuperior: {SOURCE}");
    let other =
        "changetype: modify\nreplace: title\ntitle: Boss\n-\ndelete: manager\n-\nreplace: displayName\ndisplayName:: ";
    let moved = format!(
        "changetype: modrdn\nnewrdn: ou=\\+ 移, \"x\"\ndeleteoldrdn: 1\nnewsuperior:: {}",
        coded(&into.unit("研发 0"))
    );
    let moved = moved.replace("ou=\\+ 移, \"x\"", "ou=\\+ moved\\2C \\22x\\22");
    into.follow(&[
        change(&into.dn("000003"), &renamed),
        change(&format!("uid=renamed,{SOURCE}"), &format!("{other}{}", coded("# Ünïcode, \"名\" <x>; = +\\ /"))),
        change(&into.dn("000004"), "changetype: modify\ndelete: title"),
        change(&into.dn("000008"), "changetype: modify\nreplace: employeeType\nemployeeType: left"),
        change(&name, &format!("changetype: modify\nadd: member\nmember:: {}", coded(&into.dn("000044")))),
        change(&name, &format!("changetype: modify\ndelete: member\nmember:: {}", coded(&gone))),
        change(&into.unit("plain"), &moved),
    ]);
    into.assert_same();
    assert_eq!(id("(employeeNumber=000003)"), before, "it is the same account under another name");
    assert_eq!(into.entry("(employeeNumber=000008)", &["userAccountControl"])["userAccountControl"], ["514"]);
    assert!(!into.samba.lets_in("u00008@ad.test", &password), "who is disabled is let in");
    // He is back.
    into.follow(&[change(&into.dn("000008"), "changetype: modify\nreplace: employeeType\nemployeeType: active")]);
    assert!(into.samba.lets_in("u00008@ad.test", &password), "who is enabled is not let in");
    into.assert_same();

    // A unit with somebody in it, a group: all of them go.
    into.hub.configure("on-leave = \"disable\"", "on-leave = \"delete\"");
    drop(into.hub.rosterd(&["run", "ldap", "--accept-configuration"]).code(0));
    let unit = into.unit("+ moved, \"x\"");
    into.follow(&[
        change(&into.dn("900002"), "changetype: delete"),
        change(&unit, "changetype: delete"),
        change(&into.dn("000005"), "changetype: delete"),
        change(&name, "changetype: delete"),
    ]);
    into.assert_same();
    assert!(read(&into.samba.ldapsearch(DOMAIN, "(employeeNumber=000005)", &["cn"])).is_empty());
    into.hub.verify();
}

#[test]
fn protected_accounts_of_a_domain_are_not_written() {
    let number = |dn: &str, number: u32| {
        change(dn, &format!("changetype: modify\nreplace: employeeNumber\nemployeeNumber: {number:06}"))
    };
    let administrator = format!(
        "dn: CN=adm-li,{TARGET}\nobjectClass: user\nsAMAccountName: adm-li\nadminCount: 1\nemployeeNumber: 000001\n\n"
    );
    let krbtgt = number(&format!("CN=krbtgt,CN=Users,{DOMAIN}"), 2);
    let own = number(&format!("CN=sync,CN=Users,{DOMAIN}"), 3);
    let into = Outward::new(10, 4, &[administrator, krbtgt, own].concat());
    let look = || {
        let filter = "(|(sAMAccountName=adm-li)(sAMAccountName=krbtgt)(sAMAccountName=sync))";
        let mut found = read(&into.samba.ldapsearch(
            DOMAIN,
            filter,
            &["cn", "title", "displayName", "memberOf", "userPrincipalName", "employeeNumber"],
        ));
        found.sort();
        found
    };
    let before = look();
    assert_eq!(before.len(), 3);
    // Somebody has linked them, by their numbers.
    let whole = into.hub.read("rosterd.toml");
    let (sources, delivery) = whole.split_once("[deliver.ad]").expect("a delivery");
    into.hub.write("rosterd.toml", sources);
    drop(into.run().code(0));
    let found = "match = [\"employeeNumber\"]\ncorrelate = [{ tier = 1, match = [\"employeeNumber\"] }]";
    let delivery = delivery.replace("match = [\"employeeNumber\"]", found);
    into.hub.write("rosterd.toml", &format!("{sources}[deliver.ad]{delivery}"));
    drop(into.hub.rosterd(&["adopt", "ad", "--out", "proposals.jsonl"]).code(0));
    let plan = into.hub.rosterd(&["adopt", "ad", "--file", "proposals.jsonl", "--format", "json"]).code(0).json();
    assert_eq!(plan["links"], 3, "{plan}");
    drop(into.hub.rosterd(&["apply", plan["plan"].as_str().expect("a plan")]).code(0));
    let said = into.hub.rosterd(&["run", "ldap", "--accept-configuration"]);
    assert_eq!(said.code, Some(7), "{}{}", said.out, said.err);
    assert_eq!(look(), before);
    let waits = waiting(&into.hub).to_string();
    for words in ["it is an administrator (adminCount)", "the domain itself needs it", "it is the account of bind-dn"] {
        assert!(waits.contains(words), "no {words:?} in {waits}");
    }
    // Nobody was made in their place, and all others are there: two of the three are elsewhere in the domain.
    let there = tree::of_domain(&into.samba, TARGET);
    let people: Vec<&String> = there.keys().filter(|name| name.starts_with("person ")).collect();
    assert_eq!(people.len(), 10 + 1 - 2, "{people:?}");
    into.hub.verify();
}
