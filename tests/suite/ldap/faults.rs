//! What goes wrong at real servers: it is said with who must act, nobody is removed, and afterwards all is as before.

use super::directory::Directory;
use super::samba::Samba;
use super::slapd::Slapd;
use super::{VARIABLE, active_directory, company, domain, run};
use rosterd_tests::hub::{Hub, Said};
use std::path::Path;

fn full(hub: &Hub) -> Said {
    hub.rosterd(&["run", "ldap", "--full", "--format", "json"])
}

/// It read too little to know who is missing, said so with all of these words, and removed nobody.
#[track_caller]
fn failed(hub: &Hub, words: &[&str], before: &Directory) {
    let said = full(hub);
    let both = format!("{}{}", said.out, said.err);
    assert_eq!(said.code, Some(8), "{both}");
    for word in words {
        assert!(both.contains(word), "no {word:?} in {both}");
    }
    assert_eq!(Directory::of_hub(hub), *before);
}

/// Another password, another base, an authority that nobody has.
fn settings_are_wrong(hub: &Hub, base: &str, own: &Path, before: &Directory) {
    hub.watched.variable("LDAP_OTHER_PASSWORD", "Zeisig-18-rot");
    hub.configure(VARIABLE, "LDAP_OTHER_PASSWORD");
    failed(hub, &["result 49", "mend the setting bind-dn or the secret bind-password"], before);
    hub.configure("LDAP_OTHER_PASSWORD", VARIABLE);

    let line = |base: &str| format!("base = \"{base}\"");
    let nowhere = base.replacen('=', "=nowhere-", 1);
    hub.configure(&line(base), &line(&nowhere));
    failed(hub, &["result 32", "set base to an entry that is there"], before);
    hub.configure(&line(&nowhere), &line(base));

    let other = tempfile::tempdir().expect("a folder");
    super::tls::certificates(other.path(), &[]);
    let (own, wrong) = (own.display().to_string(), other.path().join("ca.crt").display().to_string());
    hub.configure(&own, &wrong);
    failed(hub, &["check tls.ca-file and the server's certificate"], before);
    hub.configure(&wrong, &own);
}

#[test]
fn what_goes_wrong_is_said_and_removes_nobody() {
    let slapd = Slapd::start(&company::ldif(300, 12));
    let hub = super::hub(&slapd);
    drop(run(&hub).code(0));
    let before = Directory::of_hub(&hub);
    assert_eq!(before.sizes(), (300, 12, 6));
    settings_are_wrong(&hub, "ou=people,dc=example,dc=org", &slapd.path("ca.crt"), &before);

    // The server dies behind some pages.
    slapd.dies_after(40_000);
    failed(&hub, &["127.0.0.1:"], &before);
    assert!(slapd.is_dead(), "the server was not asked for so much");
    failed(&hub, &["TLS with 127.0.0.1:", "transient"], &before);

    // It gives the account no more than so many entries.
    slapd.restart("size.prtotal=unlimited", "size.prtotal=150");
    failed(&hub, &["the server's administrator raises"], &before);
    // It shows the account nothing.
    slapd.restart("size.prtotal=150", "size.prtotal=unlimited");
    slapd.restart("dc=org\" read by", "dc=org\" auth by");
    failed(&hub, &["result 50", "lets the account of bind-dn read this"], &before);
    // It hides some, and calls the rest everything.
    slapd.restart("dc=org\" auth by", "dc=org\" read by");
    slapd.restart("access to * by dn", "access to filter=(title=*) by * none\naccess to * by dn");
    let said = full(&hub);
    assert_eq!(said.code, Some(6), "{}{}", said.out, said.err);
    // Who refers to somebody hidden is known with less, but nobody is removed.
    assert_eq!(Directory::of_hub(&hub).sizes(), before.sizes());

    slapd.restart("access to filter=(title=*) by * none\n", "");
    drop(full(&hub).code(0));
    Directory::of_hub(&hub).assert_equals(&Directory::of_ldapsearch(&slapd));
    hub.verify();
}

#[test]
fn what_goes_wrong_at_a_domain_controller_is_said_and_removes_nobody() {
    let samba = Samba::start(&domain::ldif(200, 12));
    let hub = active_directory::hub(&samba);
    drop(run(&hub).code(0));
    let before = Directory::of_hub(&hub);
    assert_eq!(before.sizes(), (200, 12, 4));
    settings_are_wrong(&hub, domain::BASE, &samba.path("ca.crt"), &before);

    samba.dies_after(40_000);
    failed(&hub, &["127.0.0.1:"], &before);
    assert!(samba.is_dead(), "the server was not asked for so much");
    failed(&hub, &["TLS with 127.0.0.1:", "transient"], &before);

    // A domain does not say no: it hides what the account may not see, and calls the rest everything.
    samba.restart();
    let hidden = |places: &[String]| {
        let shown: String = places.iter().map(|place| samba.hide(place)).collect();
        let said = full(&hub);
        assert_eq!(said.code, Some(6), "{}{}", said.out, said.err);
        assert_eq!(Directory::of_hub(&hub).sizes(), before.sizes());
        samba.modify(&shown);
    };
    hidden(&[domain::BASE.to_owned()]);
    let units = (0..11).map(domain::unit);
    hidden(&units.chain([domain::BASE.to_owned()]).collect::<Vec<_>>());

    drop(full(&hub).code(0));
    Directory::of_hub(&hub).assert_equals(&Directory::of_domain(&samba));
    hub.verify();
}
