//! What goes wrong while something is written: it is said with who must act, nothing is lost, and afterwards all is there once.

use super::connection::{configure, connection, hub, waiting};
use super::into_domain::{FROM_OPENLDAP, Outward, writable};
use super::samba::DOMAIN;
use super::slapd::Slapd;
use super::tree::{self, Tree, change};
use super::{company, domain};
use rosterd_tests::hub::Hub;
use std::path::Path;

const SOURCE: &str = "ou=people,dc=example,dc=org";
const COPY: &str = "ou=copy,dc=example,dc=org";
const TARGET: &str = "OU=Ziel,DC=ad,DC=test";

const POLICY: &str = r#"
[job.ldap]
source = "ldap"
[job.ldap.account]
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ldap.account.map]
userName = "source.uid"
displayName = "source.displayName"
employeeNumber = "source.employeeNumber"
title = { from = "source.title", on-null = "clear" }
manager = { from = "source.manager", on-null = "clear" }
orgUnit = "source.orgUnit"
[job.ldap.org-unit.map]
displayName = "source.ou"
parent = "source.parent"
[job.ldap.group.map]
displayName = "source.cn"
members = "source.member"
[guard]
update = { floor = 500, percent = 100.0 }

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
manager = { from = "account.manager", on-null = "clear" }
orgUnit = "account.orgUnit"
[deliver.copy.group.map]
cn = "group.displayName"
member = "group.members"
"#;

/// Something is not delivered, which is said with all of these words.
#[track_caller]
fn is_not_delivered(hub: &Hub, words: &[&str]) {
    let said = hub.rosterd(&["run", "ldap"]);
    let list = hub.rosterd(&["outbox", "list"]).code(0);
    let all = format!("{}{}{}", said.out, said.err, list.out);
    assert_eq!(said.code, Some(7), "{all}");
    for word in words {
        assert!(all.contains(word), "no {word:?} in {all}");
    }
}

/// Another password, another base, an authority that nobody has.
fn settings_are_wrong(hub: &Hub, name: &str, base: &str, own: &Path) {
    let section = |part: &str| format!("connection.{name}{part}");
    let wrong = |section: &str, right: &str, wrong: &str, words: &[&str]| {
        configure(hub, section, right, wrong);
        is_not_delivered(hub, words);
        configure(hub, section, wrong, right);
        drop(hub.rosterd(&["resume", name]));
        drop(hub.rosterd(&["outbox", "retry-all", name]));
    };
    hub.watched.variable("LDAP_OTHER_PASSWORD", "Zeisig-18-rot");
    let words = ["result 49", "mend the setting bind-dn or the secret bind-password"];
    wrong(&section(".secrets"), super::VARIABLE, "LDAP_OTHER_PASSWORD", &words);

    let other = tempfile::tempdir().expect("a folder");
    super::tls::certificates(other.path(), &[]);
    let (own, stranger) = (own.display().to_string(), other.path().join("ca.crt").display().to_string());
    wrong(&section(""), &own, &stranger, &["check tls.ca-file and the server's certificate"]);

    let nowhere = base.replacen('=', "=nowhere-", 1);
    wrong(&section(".settings"), base, &nowhere, &["result 32", "base to an entry that is there"]);
}

/// What went wrong is mended: everything is delivered, now and not when it would be due.
#[track_caller]
fn recovers(hub: &Hub, destination: &str, there: impl Fn() -> Tree, wanted: &Tree) {
    drop(hub.rosterd(&["resume", destination]));
    drop(hub.rosterd(&["outbox", "retry-all", destination]));
    let said = hub.rosterd(&["run", "ldap"]);
    let waits = format!("{}{}{}", said.out, said.err, waiting(hub));
    tree::assert_same(&there(), wanted, &waits);
    assert_eq!(said.code, Some(0), "{waits}");
    assert_eq!(waiting(hub).as_array().map_or(0, Vec::len), 0, "{waits}");
}

#[test]
fn what_goes_wrong_while_an_openldap_is_written_is_said_and_made_good() {
    let source = Slapd::start(&company::ldif(60, 8));
    let mut top = company::ldif(0, 1);
    company::entry(&mut top, COPY, &[("objectClass", "organizationalUnit"), ("ou", "copy")]);
    let copy = Slapd::start(&top);
    let hub = hub(|_| {
        let to = "base = \"ou=copy,dc=example,dc=org\"\nbind-dn = \"cn=sync,dc=example,dc=org\"";
        let from = connection("ldap", &source.path("ca.crt"), &[source.port()], FROM_OPENLDAP);
        from + &connection("copy", &copy.path("ca.crt"), &[copy.port()], to) + POLICY
    });
    let wanted = tree::of_slapd(&source, SOURCE);
    let there = || tree::of_slapd(&copy, COPY);

    settings_are_wrong(&hub, "copy", COPY, &copy.path("ca.crt"));

    is_not_delivered(&hub, &["result 50", "lets the account of bind-dn write this"]);
    assert!(there().is_empty());
    let rights = ("dc=org\" read by", "dc=org\" write by");
    copy.restart(rights.0, rights.1);
    drop(hub.rosterd(&["resume", "copy"]));

    recovers(&hub, "copy", there, &wanted);

    // Of entries that change it gives three.
    let changes = (0..60).map(|number| {
        let title = format!("changetype: modify\nreplace: title\ntitle: New {number}");
        change(&company::person(number, 7), &title)
    });
    source.modify(&changes.collect::<String>());
    copy.restart("size.hard=500", "size.hard=3");
    copy.restart("size.soft=500", "size.soft=3");
    is_not_delivered(&hub, &["size limit", "the server's administrator raises the size limit of this account"]);
    copy.restart("size.soft=3", "size.soft=500");
    copy.restart("size.hard=3", "size.hard=500");

    // It dies among them.
    copy.dies_after(9_000);
    drop(hub.rosterd(&["resume", "copy"]));
    drop(hub.rosterd(&["outbox", "retry-all", "copy"]));
    is_not_delivered(&hub, &["127.0.0.1:", "transient"]);
    assert!(copy.is_dead(), "the server was not asked for so much");
    copy.restart("threads 2", "threads 2");
    recovers(&hub, "copy", there, &tree::of_slapd(&source, SOURCE));
    hub.verify();
}

#[test]
fn what_goes_wrong_while_a_domain_is_written_is_said_and_made_good() {
    let unit = format!("dn: {TARGET}\nobjectClass: organizationalUnit\n\n");
    let into = Outward::of(&company::ldif(60, 8), &(domain::account() + &unit));
    let there = || tree::of_domain(&into.samba, TARGET);
    let hub = &into.hub;

    settings_are_wrong(hub, "ad", TARGET, &into.samba.path("ca.crt"));

    is_not_delivered(hub, &["result 50", "lets the account of bind-dn write this"]);
    assert!(there().is_empty());
    let rights = format!("changetype: modify\nadd: member\nmember: CN=sync,CN=Users,{DOMAIN}");
    into.samba.modify(&change(&format!("CN=Domain Admins,CN=Users,{DOMAIN}"), &rights));
    drop(hub.rosterd(&["resume", "ad"]));

    // It dies while accounts are made.
    into.samba.dies_after(20_000);
    is_not_delivered(hub, &["127.0.0.1:", "transient"]);
    assert!(into.samba.is_dead(), "the server was not asked for so much");
    into.samba.restart();
    recovers(hub, "ad", there, &tree::of_slapd(&into.slapd, SOURCE));
    hub.verify();
}

/// A group in which everybody is.
fn everybody(people: usize) -> String {
    let mut ldif = String::new();
    let members: Vec<String> = (0..people).map(|number| company::person(number, 7)).collect();
    let mut all = vec![("objectClass", "groupOfNames"), ("cn", "everybody")];
    all.extend(members.iter().map(|member| ("member", member.as_str())));
    company::entry(&mut ldif, &format!("cn=everybody,{SOURCE}"), &all);
    ldif
}

/// A company, a server that takes no requests of more than so many bytes, and a hub between them.
fn narrow(company: &str, bytes: usize) -> (Slapd, Slapd, Hub) {
    let source = Slapd::start(company);
    let mut top = company::ldif(0, 1);
    company::entry(&mut top, COPY, &[("objectClass", "organizationalUnit"), ("ou", "copy")]);
    let copy = Slapd::with(&top, &[("dc=org\" read by", "dc=org\" write by")]);
    copy.restart("threads 2", &format!("threads 2\nsockbuf_max_incoming_auth {bytes}"));
    let hub = hub(|_| {
        let to = "base = \"ou=copy,dc=example,dc=org\"\nbind-dn = \"cn=sync,dc=example,dc=org\"";
        let from = connection("ldap", &source.path("ca.crt"), &[source.port()], FROM_OPENLDAP);
        from + &connection("copy", &copy.path("ca.crt"), &[copy.port()], to) + POLICY
    });
    (source, copy, hub)
}

#[test]
fn a_group_of_everybody_is_made_in_requests_that_a_server_takes() {
    let (source, copy, hub) = narrow(&company::ldif(1_600, 8), 100_000);
    drop(hub.rosterd(&["run", "ldap"]).code(0));
    // All of its members are there already.
    source.modify(&everybody(1_600).replacen('\n', "\nchangetype: add\n", 1));
    let said = hub.rosterd(&["run", "ldap"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let there = tree::of_slapd(&copy, COPY);
    tree::assert_same(&there, &tree::of_slapd(&source, SOURCE), &waiting(&hub).to_string());
    // In one piece they would have been too much.
    let found = tree::read(&copy.ldapsearch_below(COPY, "(cn=everybody)", &["member"]));
    let bytes: usize = found[0]["member"].iter().map(String::len).sum();
    assert!(bytes > 100_000, "{bytes} bytes of members");
    hub.verify();
}

#[test]
fn what_is_too_large_for_an_openldap_holds_nobody_else_up() {
    let (source, copy, hub) = narrow(&(company::ldif(150, 8) + &everybody(150)), 6_000);
    let wanted = tree::of_slapd(&source, SOURCE);
    let there = || tree::of_slapd(&copy, COPY);
    too_large(&hub, "copy", there, &wanted);
    copy.restart("sockbuf_max_incoming_auth 6000\n", "");
    recovers(&hub, "copy", there, &wanted);
    hub.verify();
}

#[test]
fn what_is_too_large_for_a_domain_holds_nobody_else_up() {
    let into = Outward::of(&(company::ldif(150, 8) + &everybody(150)), &writable());
    let small = "\n ldap max anonymous request size = 7000\n ldap max authenticated request size = 7000";
    into.samba.restart_with("ldb:nosync = true", &format!("ldb:nosync = true{small}"));
    let wanted = tree::of_slapd(&into.slapd, SOURCE);
    let there = || tree::of_domain(&into.samba, TARGET);
    too_large(&into.hub, "ad", there, &wanted);
    into.samba.restart_with(small, "");
    recovers(&into.hub, "ad", there, &wanted);
    into.hub.verify();
}

/// A server closes the connection where a request is too large: all others arrive, some of them later, and that one waits.
#[track_caller]
fn too_large(hub: &Hub, destination: &str, there: impl Fn() -> Tree, wanted: &Tree) {
    let (mut waits, mut tries) = (serde_json::Value::Null, 0);
    while waits.as_array().map(Vec::len) != Some(1) {
        assert!(tries < 5, "{waits}");
        tries += 1;
        is_not_delivered(hub, &["127.0.0.1:", "transient"]);
        waits = waiting(hub);
        drop(hub.rosterd(&["resume", destination]));
        drop(hub.rosterd(&["outbox", "retry-all", destination]));
    }
    let there = there();
    for name in wanted.keys().filter(|name| *name != "group everybody") {
        assert_eq!(there.get(name), wanted.get(name), "{name}; {waits}");
    }
}
