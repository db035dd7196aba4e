//! The suite of the SDK.

use super::{Directory, person, shared, world};
use rosterd_plugin_ldap::Ldap;
use rosterd_plugin_ldap::writing::PERMISSIVE;
use rosterd_sdk::Class;
use rosterd_sdk::testkit::conformance;
use serde_json::{Value, json};

fn samples(ad: bool) -> Vec<(Class, Value)> {
    let mut first = person("li, lei");
    if ad {
        first = json!({ "cn": "Li, Lei \"x\"", "sAMAccountName": "li.lei", "userPrincipalName": "li@x.example" });
    }
    let group = if ad { json!({ "cn": " all+", "sAMAccountName": "all" }) } else { json!({ "cn": " all+" }) };
    vec![(Class::Account, first), (Class::OrgUnit, json!({ "ou": "R&D #1" })), (Class::Group, group)]
}

fn conforms(ad: bool, controls: &[&'static str], more: Value) {
    let mut directory = Directory { ad, ..Directory::default() };
    directory.put("dc=x", &[("objectClass", &["domain"])]);
    let server = shared(directory);
    server.borrow_mut().controls = controls.to_vec();
    server.borrow_mut().hidden.clear();
    conformance::destination::<Ldap>(world(&server, more), &samples(ad), "displayName");
    assert_eq!(server.borrow().directory.names(), ["dc=x"]);
}

#[test]
fn openldap() {
    for connections in [1, 4] {
        let controls = [rosterd_plugin_ldap::writing::POST_READ, PERMISSIVE];
        conforms(false, &controls, json!({ "connections": connections }));
        conforms(false, &[], json!({ "connections": connections, "first-passwords": true }));
    }
}

#[test]
fn active_directory() {
    conforms(true, &[PERMISSIVE], json!({}));
    conforms(true, &[PERMISSIVE], json!({ "first-passwords": false }));
}

#[test]
fn another_server() {
    let more = json!({ "preset": "inetorgperson", "id-attribute": "entryUUID", "disable": "employeeType=gone", "person-name": "cn" });
    conforms(false, &[], more);
}
