//! The other way: one tree of a real OpenLDAP goes out into another one. What `ldapsearch` prints of both is the same
//! afterwards, whatever was changed in the first.

use super::slapd::Slapd;
use super::tree::{self, Printed, change, coded, read};
use super::{PASSWORD, VARIABLE, company};
use rosterd_tests::built::binary;
use rosterd_tests::hub::{Hub, Said};
use std::process::Command;

const SOURCE: &str = "ou=people,dc=example,dc=org";
const COPY: &str = "ou=copy,dc=example,dc=org";

/// The hub's account may write the copy, and the server has a password policy.
pub(super) const WRITABLE: [(&str, &str); 3] = [
    ("moduleload back_mdb\n", "moduleload back_mdb\nmoduleload ppolicy\n"),
    ("overlay syncprov\n", "overlay ppolicy\noverlay syncprov\n"),
    (
        "access to attrs=userPassword",
        "access to dn.subtree=\"ou=copy,dc=example,dc=org\" by dn.exact=\"cn=sync,dc=example,dc=org\" manage by anonymous auth by * \
         none\naccess to attrs=userPassword",
    ),
];

const CONFIG: &str = r#"
[store]
path = "data/hub.redb"
cache = "16 MB"

[connection.ldap]
plugin = "ldap"
tls.ca-file = "CA-FILE"
[connection.ldap.settings]
server = "ldaps://127.0.0.1:PORT"
base = "ou=people,dc=example,dc=org"
bind-dn = "cn=sync,dc=example,dc=org"
[connection.ldap.secrets]
bind-password = { env = "LDAP_BIND_PASSWORD" }
[connection.ldap.grants]
stream = ["127.0.0.1:PORT"]
networks = ["127.0.0.0/8"]
[connection.ldap.limits]
call-wall = "30 m"

[connection.copy]
plugin = "ldap"
tls.ca-file = "CA-FILE"
[connection.copy.settings]
server = "ldaps://127.0.0.1:PORT"
base = "ou=copy,dc=example,dc=org"
bind-dn = "cn=sync,dc=example,dc=org"
first-passwords = true
protected = ["uid=keep,ou=copy,dc=example,dc=org"]
[connection.copy.secrets]
bind-password = { env = "LDAP_BIND_PASSWORD" }
[connection.copy.initial-passwords]
key = { file = "KEY-FILE" }
[connection.copy.grants]
stream = ["127.0.0.1:PORT"]
networks = ["127.0.0.0/8"]
[connection.copy.limits]
call-wall = "30 m"

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
disable = { floor = 5, percent = 50.0 }
delete = { floor = 5, percent = 50.0 }
remove-member = { floor = 100, percent = 90.0 }

[deliver.copy]
first-delivery = "allow"
on-leave = "disable"
[deliver.copy.org-unit]
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
title = "account.title"
manager = { from = "account.manager", on-null = "clear" }
orgUnit = "account.orgUnit"
[deliver.copy.group.map]
cn = "group.displayName"
member = "group.members"
"#;

struct Out {
    hub: Hub,
    slapd: Slapd,
}

impl Out {
    fn new(people: usize, units: usize) -> Self {
        let mut ldif = company::ldif(people, units);
        company::entry(&mut ldif, COPY, &[("objectClass", "organizationalUnit"), ("ou", "copy")]);
        // One with a plain name: when others move, refint cuts names in the midst of a sign (OpenLDAP 2.5).
        let plain = format!("ou=plain,{SOURCE}");
        company::entry(&mut ldif, &plain, &[("objectClass", "organizationalUnit"), ("ou", "plain")]);
        let inner = [("uid", "inner"), ("cn", "Inner"), ("sn", "Inner"), ("displayName", "Inner")];
        let inner = [&[("objectClass", "inetOrgPerson"), ("employeeNumber", "900002")], &inner[..]].concat();
        company::entry(&mut ldif, &format!("uid=inner,{plain}"), &inner);
        let slapd = Slapd::with(&ldif, &WRITABLE);
        let hub = Hub::with(&["ldap"]);
        hub.watched.variable(VARIABLE, PASSWORD);
        let key = hub.watched.file("passwords-key", "Kanari-key/0123456789+abcdef=ghijklmn").display().to_string();
        let config = CONFIG.replace("CA-FILE", &slapd.path("ca.crt").display().to_string()).replace("KEY-FILE", &key);
        hub.write("rosterd.toml", &config.replace("PORT", &slapd.port().to_string()));
        Self { hub, slapd }
    }

    fn run(&self) -> Said {
        self.hub.rosterd(&["run", "ldap"])
    }

    /// The copy is what the first tree is, nothing waits, and nothing is done once more.
    #[track_caller]
    fn assert_same(&self) {
        let waiting = self.hub.rosterd(&["outbox", "list"]).code(0).out;
        tree::assert_same(&tree::of_slapd(&self.slapd, COPY), &tree::of_slapd(&self.slapd, SOURCE), &waiting);
        let again = self.run();
        assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
        let waiting = self.hub.rosterd(&["outbox", "list", "--format", "json"]).code(0).json();
        assert_eq!(waiting["entries"].as_array().map_or(0, Vec::len), 0, "{waiting}");
        let drift = self.hub.rosterd(&["drift", "copy"]).code(0);
        assert!(drift.out.contains("0 differ"), "{}", drift.out);
    }

    /// The only entry of the copy that a filter finds.
    fn entry(&self, filter: &str, names: &[&str]) -> Printed {
        let mut found = read(&self.slapd.ldapsearch_below(COPY, filter, names));
        assert_eq!(found.len(), 1, "{filter}");
        found.remove(0)
    }
}

#[test]
fn a_tree_goes_out_and_follows_whatever_changes() {
    let out = Out::new(100, 8);
    drop(out.hub.rosterd(&["check", "--online"]).code(0));
    let first = out.run();
    assert_eq!(first.code, Some(0), "{}{}", first.out, first.err);
    out.assert_same();
    let ids = |filter: &str| out.entry(filter, &["entryUUID"])["entryUUID"].clone();
    let before = ids("(employeeNumber=000003)");

    // Another name, another title and place, another manager; a unit with another name in another place; members.
    let people = read(&out.slapd.ldapsearch("(objectClass=inetOrgPerson)", &["employeeNumber"]));
    let dn =
        |number: &str| people.iter().find(|one| one["employeeNumber"][0] == number).expect("a person")["dn"][0].clone();
    let units = read(&out.slapd.ldapsearch("(objectClass=organizationalUnit)", &["ou"]));
    let unit = |name: &str| units.iter().find(|unit| unit["ou"][0] == name).expect("a unit")["dn"][0].clone();
    let group = read(&out.slapd.ldapsearch("(objectClass=groupOfNames)", &["member"]))[0].clone();
    let (gone, name) = (group["member"][1].clone(), group["dn"][0].clone());
    let person = dn("000003");
    let changes = [
        change(
            &person,
            &format!("changetype: modrdn\nnewrdn: uid=ren\\2C amed\ndeleteoldrdn: 1\nnewsuperior: {SOURCE}\n"),
        ),
        change(
            &format!("uid=ren\\2C amed,{SOURCE}"),
            "changetype: modify\nreplace: title\ntitle: Boss\n-\ndelete: manager\n",
        ),
        change(&dn("000004"), "changetype: modify\nreplace: displayName\ndisplayName: Another, Name\n"),
        change(&dn("000005"), "changetype: modify\nreplace: employeeType\nemployeeType: left\n"),
        change(&name, &format!("changetype: modify\nadd: member\nmember:: {}\n", coded(&dn("000044")))),
        change(&name, &format!("changetype: modify\ndelete: member\nmember:: {}\n", coded(&gone))),
        change(
            &unit("plain"),
            &format!(
                "changetype: modrdn\nnewrdn: ou=\\+ moved\ndeleteoldrdn: 1\nnewsuperior:: {}\n",
                coded(&unit("研发 0"))
            ),
        ),
    ];
    out.slapd.modify(&changes.concat());
    let said = out.run();
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    out.assert_same();
    assert_eq!(ids("(employeeNumber=000003)"), before, "it is the same entry under another name");
    let locked = out.entry("(employeeNumber=000005)", &["pwdAccountLockedTime"]);
    assert_eq!(locked["pwdAccountLockedTime"], ["000001010000Z"]);
    // Back again.
    out.slapd.modify(&change(&dn("000005"), "changetype: modify\nreplace: employeeType\nemployeeType: active\n"));
    drop(out.run().code(0));
    assert!(!out.entry("(employeeNumber=000005)", &["pwdAccountLockedTime"]).contains_key("pwdAccountLockedTime"));
    out.assert_same();

    // The first password lets in whom it was made for.
    let password = first_password(&out.hub, "copy", "u00008");
    out.hub.watched.plant("a first password", &password);
    let dn = out.entry("(employeeNumber=000008)", &["uid"])["dn"][0].clone();
    assert!(out.slapd.lets_in(&dn, &password), "{dn} is not let in");
    out.hub.verify();
}

/// What `account password` shows. Here, and nowhere else, a password may be in what a command says.
pub(super) fn first_password(hub: &Hub, connection: &str, account: &str) -> String {
    let mut command = Command::new(binary());
    command.args(["account", "password", account, "--connection", connection, "--format", "json"]);
    command.current_dir(hub.path(".")).env("NO_COLOR", "1").env_remove("ROSTERD_CONFIG");
    let output = command.output().expect("the command starts");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    said["password"].as_str().expect("a password").to_owned()
}
