//! The suite of the SDK.

use super::{Server, world};
use rosterd_plugin_ldap::Ldap;
use rosterd_sdk::testkit::{World, conformance};
use serde_json::json;

#[test]
fn a_source_with_any_page_size() {
    for size in [1, 2, 3, 500] {
        conformance::source::<Ldap>(|| world(Server::small(), json!({ "page-size": size })));
    }
}

#[test]
fn a_source_behind_start_tls() {
    conformance::source::<Ldap>(|| {
        let settings = json!({ "server": "ldap://dc", "base": "dc=x", "bind-dn": "cn=sync", "preset": "openldap" });
        World::new().settings(settings).secret("bind-password", "Kanari-17").server("dc", 389, Server::small())
    });
}
