//! Reading a real domain controller.

use super::connection::discovered;
use super::directory::Directory;
use super::samba::Samba;
use super::{PASSWORD, VARIABLE, domain, run};
use rosterd_tests::hub::Hub;

const CONFIG: &str = r#"
[store]
path = "data/hub.redb"
cache = "16 MB"

[connection.ldap]
plugin = "ldap"
tls.ca-file = "CA-FILE"
[connection.ldap.settings]
server = "ldaps://127.0.0.1:PORT"
preset = "active-directory"
base = "BASE"
bind-dn = "sync@ad.test"
page-size = 100
[connection.ldap.secrets]
bind-password = { env = "LDAP_BIND_PASSWORD" }
[connection.ldap.grants]
stream = ["127.0.0.1:PORT"]
networks = ["127.0.0.0/8"]
# Machines of tests stop for minutes.
[connection.ldap.limits]
call-wall = "30 m"
"#;

/// Who is read, and how.
pub(super) const JOB: &str = r#"
[job.ldap]
source = "ldap"
[job.ldap.account]
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ldap.account.map]
userName = "source.sAMAccountName"
displayName = "source.displayName"
employeeNumber = "source.employeeNumber"
title = { from = "source.title", on-null = "clear" }
manager = { from = "source.manager", on-null = "clear" }
orgUnit = "source.orgUnit"
active = "!source.disabled"
endDate = "source.accountExpires"
[job.ldap.org-unit.map]
displayName = "source.ou"
parent = "source.parent"
[job.ldap.group.map]
displayName = "source.cn"
members = "source.member"
"#;

/// A hub that has seen nobody, for a server.
pub(super) fn hub(samba: &Samba) -> Hub {
    let hub = Hub::with(&["ldap"]);
    hub.watched.variable(VARIABLE, PASSWORD);
    let config = CONFIG.replace("CA-FILE", &samba.path("ca.crt").display().to_string()).replace("BASE", domain::BASE);
    hub.write("rosterd.toml", &(config.replace("PORT", &samba.port().to_string()) + JOB));
    hub
}

#[test]
fn a_domain_is_imported_as_ldapsearch_shows_it() {
    let samba = Samba::start(&domain::ldif(1000, 40));
    let hub = hub(&samba);
    // What was deleted ordinary accounts are not shown.
    let gone = "dn: CN=gone,CN=Users,DC=ad,DC=test\n";
    samba.modify(&format!("{gone}objectClass: user\nsAMAccountName: gone\n\n{gone}changetype: delete\n\n"));
    let checked = hub.rosterd(&["check", "--online"]).code(0).out;
    assert!(checked.contains("the account is shown no deleted object"), "{checked}");
    let attributes = discovered(&hub);
    for name in ["dn", "sAMAccountName", "disabled", "userPrincipalName", "msDS-cloudExtensionAttribute1"] {
        assert!(attributes.iter().any(|own| own == name), "no {name} in {attributes:?}");
    }
    drop(run(&hub).code(0));
    let (known, there) = (Directory::of_hub(&hub), Directory::of_domain(&samba));
    assert_eq!(there.sizes(), (1000, 40, 20));
    known.assert_equals(&there);
    // The same again: nothing to do.
    let again = run(&hub).code(0);
    assert!(again.json()["plan"].is_null(), "{}", again.out);
    known.assert_equals(&Directory::of_hub(&hub));
    hub.verify();
}
