//! The ldap connector through the whole hub, against a real OpenLDAP and against Samba as an Active Directory: the real command,
//! the real component, LDAPS.
//!
//! What the hub knows afterwards is held against what `ldapsearch` prints, which nobody here wrote.

mod active_directory;
mod adopt;
mod both_ways;
mod company;
mod connection;
mod controllers;
mod controllers_written;
mod deltas;
mod directory;
mod domain;
mod everything;
mod failover;
mod faults;
mod hostile;
mod into_domain;
mod ldif;
mod outbound;
mod relay;
mod samba;
mod slapd;
mod tls;
mod tree;
mod write_faults;

use directory::Directory;
use rosterd_tests::hub::{Hub, Said};
use slapd::Slapd;

/// The password of the account that reads.
const PASSWORD: &str = "Kanari-ldap/17+\"gelb\" & blau";
/// Where it is for the hub.
const VARIABLE: &str = "LDAP_BIND_PASSWORD";

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
page-size = 100
[connection.ldap.secrets]
bind-password = { env = "LDAP_BIND_PASSWORD" }
[connection.ldap.grants]
stream = ["127.0.0.1:PORT"]
networks = ["127.0.0.0/8"]
# Machines of tests stop for minutes.
[connection.ldap.limits]
call-wall = "30 m"

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
"#;

/// A hub that has seen nobody, for a server.
fn hub(slapd: &Slapd) -> Hub {
    let hub = Hub::with(&["ldap"]);
    hub.watched.variable(VARIABLE, PASSWORD);
    let config = CONFIG.replace("CA-FILE", &slapd.path("ca.crt").display().to_string());
    hub.write("rosterd.toml", &config.replace("PORT", &slapd.port().to_string()));
    hub
}

fn run(hub: &Hub) -> Said {
    hub.rosterd(&["run", "ldap", "--format", "json"])
}

#[test]
fn a_thousand_people_are_imported_as_ldapsearch_shows_them() {
    let slapd = Slapd::start(&company::ldif(1000, 40));
    let hub = hub(&slapd);
    drop(hub.rosterd(&["check", "--online"]).code(0));
    let attributes = connection::discovered(&hub);
    for name in ["dn", "uid", "manager", "carLicense", "preferredLanguage"] {
        assert!(attributes.iter().any(|own| own == name), "no {name} in {attributes:?}");
    }
    assert!(!attributes.iter().any(|own| own == "sAMAccountName"), "{attributes:?}");
    drop(run(&hub).code(0));
    let (known, there) = (Directory::of_hub(&hub), Directory::of_ldapsearch(&slapd));
    assert_eq!(there.sizes(), (1000, 40, 20));
    known.assert_equals(&there);
    // The same again: nothing to do.
    let again = run(&hub).code(0);
    assert!(again.json()["plan"].is_null(), "{}", again.out);
    known.assert_equals(&Directory::of_hub(&hub));
    hub.verify();
}
