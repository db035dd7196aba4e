//! OpenLDAP and Active Directory in one hub: people go from an OpenLDAP into a domain; what the domain decides of them goes back;
//! people of the domain go into another tree of the OpenLDAP. So the domain is source and destination at once, and so is the OpenLDAP.

use super::company;
use super::connection::{connection, first_passwords, hub, waiting};
use super::into_domain::{FROM_OPENLDAP, writable};
use super::samba::Samba;
use super::slapd::Slapd;
use super::tree::{self, Printed, change, read};
use rosterd_tests::hub::{Hub, Said};
use std::collections::BTreeMap;

const SOURCE: &str = "ou=people,dc=example,dc=org";
const COPY: &str = "ou=copy,dc=example,dc=org";
const TARGET: &str = "OU=Ziel,DC=ad,DC=test";

/// The OpenLDAP says who there is and what they are called; the domain says how they are reached, and has people of its own.
const POLICY: &str = r#"
[job.ldap]
source = "ldap"
absence = { confirmations = 1, min-interval = "0s" }
[job.ldap.account]
key-space = "acme"
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ldap.account.map]
userName = "source.uid"
displayName = "source.displayName"
employeeNumber = "source.employeeNumber"
title = { from = "source.title", on-null = "clear" }
orgUnit = "source.orgUnit"
[job.ldap.org-unit.map]
displayName = "source.ou"
parent = "source.parent"
[job.ldap.group]
unmatched = "ignore"

[job.ad]
source = "ad"
absence = { confirmations = 1, min-interval = "0s" }
[job.ad.account]
key-space = "acme"
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ad.account.map]
userName = "source.sAMAccountName"
displayName = "source.displayName"
employeeNumber = "source.employeeNumber"
title = { from = "source.title", on-null = "clear" }
mobile = { from = "source.mobile", on-null = "clear" }
[job.ad.org-unit]
unmatched = "ignore"
[job.ad.group]
unmatched = "ignore"

[authority]
default = ["ldap", "ad"]
mobile = ["ad"]

[guard]
update = { floor = 500, percent = 100.0 }

[deliver.ad]
first-delivery = "allow"
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
employeeNumber = "account.employeeNumber"
title = { from = "account.title", on-null = "clear" }
orgUnit = "account.orgUnit"

[deliver.ldap]
first-delivery = "allow"
scope = "!StartsWith(account.employeeNumber, '9')"
[deliver.ldap.account.map]
mobile = { from = "account.mobile", on-null = "clear" }

[deliver.copy]
first-delivery = "allow"
[deliver.copy.org-unit.map]
ou = "orgUnit.displayName"
parent = "orgUnit.parent"
[deliver.copy.account]
match = ["employeeNumber"]
[deliver.copy.account.map]
uid = "account.userName"
cn = "account.displayName"
sn = "account.displayName"
displayName = "account.displayName"
employeeNumber = "account.employeeNumber"
title = { from = "account.title", on-null = "clear" }
mobile = { from = "account.mobile", on-null = "clear" }
orgUnit = "account.orgUnit"
"#;

/// The hub's account may write both trees.
const WRITABLE: [(&str, &str); 1] = [(
    "access to attrs=userPassword",
    "access to dn.subtree=\"dc=example,dc=org\" by dn.exact=\"cn=sync,dc=example,dc=org\" manage by anonymous auth by * none\naccess \
     to attrs=userPassword",
)];

struct Both {
    hub: Hub,
    slapd: Slapd,
    samba: Samba,
}

impl Both {
    fn new(people: usize, units: usize) -> Self {
        let mut ldif = company::ldif(people, units);
        company::entry(&mut ldif, COPY, &[("objectClass", "organizationalUnit"), ("ou", "copy")]);
        let slapd = Slapd::with(&ldif, &WRITABLE);
        let samba = Samba::start(&writable());
        let hub = hub(|hub| {
            let (openldap, domain) = (slapd.path("ca.crt"), samba.path("ca.crt"));
            let copy =
                "base = \"ou=copy,dc=example,dc=org\"\nbind-dn = \"cn=sync,dc=example,dc=org\"\ndisable = \"none\"";
            let ad = "preset = \"active-directory\"\nbase = \"OU=Ziel,DC=ad,DC=test\"\nbind-dn = \"sync@ad.test\"";
            [
                connection("ldap", &openldap, &[slapd.port()], &format!("{FROM_OPENLDAP}\ndisable = \"none\"")),
                connection("copy", &openldap, &[slapd.port()], copy),
                connection("ad", &domain, &[samba.port()], ad),
                first_passwords(hub, "ad"),
                POLICY.to_owned(),
            ]
            .concat()
        });
        Self { hub, slapd, samba }
    }

    fn run(&self, job: &str) -> Said {
        self.hub.rosterd(&["run", job, "--format", "json"])
    }

    /// When each entry of all three trees was changed last.
    fn changes(&self) -> BTreeMap<String, String> {
        let (usn, csn) = ("uSNChanged", "entryCSN");
        let domain = self.samba.ldapsearch(TARGET, "(objectClass=*)", &[usn]);
        let trees = [SOURCE, COPY].map(|base| self.slapd.ldapsearch_below(base, "(objectClass=*)", &[csn]));
        let last = |entry: Printed| (tree::first(&entry, "dn"), tree::first(&entry, usn) + &tree::first(&entry, csn));
        [&domain, &trees[0], &trees[1]].into_iter().flat_map(|text| read(text)).map(last).collect()
    }

    /// Both jobs find nothing more to do, and nothing is written anywhere.
    #[track_caller]
    fn is_at_rest(&self) {
        let before = self.changes();
        for job in ["ldap", "ad", "ldap", "ad"] {
            let said = self.run(job).code(0);
            assert!(said.json()["plan"].is_null(), "{job}: {}", said.out);
        }
        for job in ["ldap", "ad"] {
            drop(self.hub.rosterd(&["run", job, "--full"]).code(0));
        }
        assert_eq!(self.changes(), before, "it is written without end");
        assert_eq!(waiting(&self.hub).as_array().map_or(0, Vec::len), 0);
    }

    fn moves(&self, job: &str) {
        let said = self.run(job);
        assert_eq!(said.code, Some(0), "{job}: {}{}", said.out, said.err);
    }

    fn at_openldap(&self, base: &str, name: &str) -> BTreeMap<String, String> {
        values(&self.slapd.ldapsearch_below(base, "(employeeNumber=*)", &["employeeNumber", name]), name)
    }

    fn at_domain(&self, name: &str) -> BTreeMap<String, String> {
        values(&self.samba.ldapsearch(TARGET, "(employeeNumber=*)", &["employeeNumber", name]), name)
    }

    fn dn_at_domain(&self, number: &str) -> String {
        let found = read(&self.samba.ldapsearch(TARGET, &format!("(employeeNumber={number})"), &["cn"]));
        tree::first(&found[0], "dn")
    }
}

/// One value of everybody who has one, by number.
fn values(ldif: &str, name: &str) -> BTreeMap<String, String> {
    let people = read(ldif);
    let with = people.iter().filter(|person| person.contains_key(name));
    with.map(|person| (tree::first(person, "employeeNumber"), tree::first(person, name))).collect()
}

#[test]
fn two_directories_keep_each_other_up_to_date_and_come_to_rest() {
    let both = Both::new(30, 5);
    both.moves("ldap");
    both.moves("ad");
    let people = both.at_openldap(SOURCE, "displayName");
    assert_eq!(people.len(), 30);
    assert_eq!(both.at_domain("displayName"), people);
    assert_eq!(both.at_openldap(COPY, "displayName"), people);
    both.is_at_rest();

    // The domain says how people are reached, and has somebody of its own.
    let reached = |number: &str, mobile: &str| {
        change(&both.dn_at_domain(number), &format!("changetype: modify\nreplace: mobile\nmobile: {mobile}"))
    };
    let own = "changetype: add\nobjectClass: user\nsAMAccountName: extern\nsn: Extern\ndisplayName: Extern, Ä\n\
               employeeNumber: 900100\nmobile: +49 9\ntitle: Guest\nuserAccountControl: 514";
    let own = change(&format!("CN=Extern,{TARGET}"), own);
    both.samba.modify(&[reached("000003", "+49 3"), reached("000007", "+86 7"), own].concat());
    both.moves("ad");
    let all: BTreeMap<String, String> = [("000003", "+49 3"), ("000007", "+86 7"), ("900100", "+49 9")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    assert_eq!(both.at_openldap(COPY, "mobile"), all);
    assert_eq!(both.at_openldap(COPY, "title")["900100"], "Guest");
    // He is not made where he does not belong.
    let mut known = all.clone();
    known.remove("900100");
    assert_eq!(both.at_openldap(SOURCE, "mobile"), known);
    both.moves("ldap");
    both.is_at_rest();

    // Each changes what is its own, of the same people, before anybody looks; and the domain what is not its own.
    let of_people = read(&both.slapd.ldapsearch("(employeeNumber=000003)", &["title"]));
    let dn = tree::first(&of_people[0], "dn");
    both.slapd.modify(&change(&dn, "changetype: modify\nreplace: title\ntitle: Boss"));
    both.samba.modify(&reached("000003", "+49 33"));
    let gone = change(&both.dn_at_domain("000007"), "changetype: modify\ndelete: mobile");
    let by_hand = change(&both.dn_at_domain("000008"), "changetype: modify\nreplace: title\ntitle: By hand");
    both.samba.modify(&[gone, by_hand].concat());
    both.moves("ad");
    both.moves("ldap");
    for there in [both.at_domain("title"), both.at_openldap(COPY, "title"), both.at_openldap(SOURCE, "title")] {
        assert_eq!(there["000003"], "Boss");
    }
    for there in [both.at_domain("mobile"), both.at_openldap(COPY, "mobile"), both.at_openldap(SOURCE, "mobile")] {
        assert_eq!(there.get("000003").map(String::as_str), Some("+49 33"));
        assert_eq!(there.get("000007"), None);
    }
    // What the domain does not decide goes nowhere.
    let title = both.at_openldap(SOURCE, "title")["000008"].clone();
    assert_eq!((both.at_openldap(COPY, "title")["000008"].as_str(), title.as_str()), ("工程师", "工程师"));
    assert_eq!(both.at_domain("title")["000008"], "By hand");
    both.hub.verify();
}
