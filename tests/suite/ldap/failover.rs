//! Two servers with the same content, of which one dies: the other one is read and written, and what it calls changed is not taken
//! for what the first one does.

use super::company;
use super::connection::{connection, hub, waiting};
use super::directory::Directory;
use super::slapd::Slapd;
use super::tree::{self, change, read};
use rosterd_tests::hub::{Hub, Said};

const COPY: &str = "ou=copy,dc=example,dc=org";
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
[deliver.copy]
first-delivery = "allow"
[deliver.copy.account]
match = ["employeeNumber"]
[deliver.copy.account.map]
uid = "account.userName"
cn = "account.displayName"
sn = "account.displayName"
employeeNumber = "account.employeeNumber"
title = { from = "account.title", on-null = "clear" }
"#;

const WRITABLE: (&str, &str) = ("dc=org\" read by", "dc=org\" manage by");

/// A run, and how many records it read.
fn run(hub: &Hub) -> (Said, u64) {
    let said = hub.rosterd(&["run", "ldap", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let read = said.json()["run"]["scan"]["records"].as_u64().expect("a number");
    (said, read)
}

#[test]
fn the_next_server_is_asked_when_one_dies() {
    let mut ldif = company::ldif(40, 5);
    company::entry(&mut ldif, COPY, &[("objectClass", "organizationalUnit"), ("ou", "copy")]);
    let (first, second) = (Slapd::with(&ldif, &[WRITABLE]), Slapd::with(&ldif, &[WRITABLE]));
    let hub = hub(|hub| {
        // Each has an authority of its own.
        let both = [&first, &second].map(|slapd| std::fs::read_to_string(slapd.path("ca.crt")).expect("readable"));
        hub.write("both.crt", &both.concat());
        let one = |name: &str, base: &str| {
            let servers = format!("servers = [\"ldaps://127.0.0.1:{}\"]", second.port());
            let settings =
                format!("{servers}\nbase = \"{base}\"\nbind-dn = \"cn=sync,dc=example,dc=org\"\ndisable = \"none\"");
            connection(name, &hub.path("both.crt"), &[first.port(), second.port()], &settings)
        };
        one("ldap", "ou=people,dc=example,dc=org") + &one("copy", COPY) + POLICY
    });
    let said = hub.rosterd(&["check", "--online"]).code(0);
    assert!(said.out.contains(&second.port().to_string()), "{}", said.out);
    drop(run(&hub));
    assert_eq!(Directory::of_hub(&hub).sizes(), (40, 5, 0));
    let (_, read_again) = run(&hub);
    assert!(read_again < 50, "there is no delta: {read_again}");
    let title = |slapd: &Slapd| {
        let found = read(&slapd.ldapsearch_below(COPY, "(uid=u00003)", &["title"]));
        found.first().map(|entry| tree::first(entry, "title"))
    };
    assert_eq!((title(&first), title(&second)), (Some(String::new()), None));
    // What is written to the first the second has some time later.
    second.restore(&first.slapcat());

    // It dies, and what happens is told by the other one: everything is read, and written there.
    first.kill();
    let dn = tree::first(&read(&second.ldapsearch("(uid=u00003)", &["uid"]))[0], "dn");
    second.modify(&change(&dn, "changetype: modify\nreplace: title\ntitle: Second"));
    let (_, all) = run(&hub);
    assert!(all >= 45, "not everything was read: {all}");
    Directory::of_hub(&hub).assert_equals(&Directory::of_ldapsearch(&second));
    assert_eq!((title(&second).as_deref(), waiting(&hub).as_array().map_or(0, Vec::len)), (Some("Second"), 0));
    second.modify(&change(&dn, "changetype: modify\nreplace: title\ntitle: Third"));
    let (said, some) = run(&hub);
    assert!(some < 40, "the second has no delta: {}", said.out);
    Directory::of_hub(&hub).assert_equals(&Directory::of_ldapsearch(&second));
    let said = hub.rosterd(&["check", "--online"]);
    let both = format!("{}{}", said.out, said.err);
    assert!(both.contains(&format!("TLS with 127.0.0.1:{}", first.port())), "{both}");

    // What is read from the second is read there as long as it answers, and then from the first again.
    first.restart("threads 2", "threads 2");
    let (said, some) = run(&hub);
    assert!(some < 40, "the second was left without need: {}", said.out);
    second.kill();
    first.modify(&change(&dn, "changetype: modify\nreplace: title\ntitle: First"));
    drop(run(&hub));
    Directory::of_hub(&hub).assert_equals(&Directory::of_ldapsearch(&first));
    assert_eq!(title(&first).as_deref(), Some("First"));

    // Neither answers: both are named, and nobody is removed.
    first.kill();
    let before = Directory::of_hub(&hub);
    let said = hub.rosterd(&["run", "ldap", "--full"]);
    let both = format!("{}{}", said.out, said.err);
    assert_eq!(said.code, Some(8), "{both}");
    assert!(both.contains("none of 2 servers answers"), "{both}");
    assert_eq!(Directory::of_hub(&hub), before);
    hub.verify();
}

#[test]
fn a_server_that_is_older_than_the_hub_is_read_whole() {
    let slapd = Slapd::start(&company::ldif(40, 5));
    let hub = super::hub(&slapd);
    drop(run(&hub));
    let backup = slapd.slapcat();
    let dn = tree::first(&read(&slapd.ldapsearch("(uid=u00003)", &["uid"]))[0], "dn");
    slapd.modify(&change(&dn, "changetype: modify\nreplace: title\ntitle: Lost"));
    let (said, some) = run(&hub);
    assert!(some < 40, "there is no delta: {}", said.out);
    // It comes back from its backup, as does a copy that is asked in the place of one that is ahead of it.
    slapd.restore(&backup);
    let (_, all) = run(&hub);
    assert!(all >= 45, "not everything was read: {all}");
    Directory::of_hub(&hub).assert_equals(&Directory::of_ldapsearch(&slapd));
    let (said, some) = run(&hub);
    assert!(some < 40, "there is no delta any more: {}", said.out);
    hub.verify();
}
