//! `check`, `discover`, settings, the manifest.

use super::corp::refused;
use super::{Corp, world};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Class, Connector, FaultKind, ObjectRef, Probe, Source};
use serde_json::{Value, json};

fn probes(corp: Corp, settings: Value) -> Vec<Probe> {
    let _world = world(corp, settings).enter();
    open::<Dingtalk>().unwrap().check().unwrap()
}

#[test]
fn each_permission_has_a_probe_that_names_it() {
    assert!(probes(Corp::small(), json!({ "leavers": true })).iter().filter(|probe| !probe.ok).count() == 0);
    let names = [
        ("/topapi/v2/department/listsub", "read departments", "qyapi_get_department_list"),
        ("/topapi/v2/department/get", "read one department", "qyapi_get_department_list"),
        ("/topapi/v2/user/list", "list people", "qyapi_get_department_member"),
        ("/topapi/v2/user/get", "read one person", "qyapi_get_member"),
        ("/topapi/user/count", "count people", "qyapi_get_department_member"),
        ("/v1.0/contact/empLeaveRecords", "read leavers", "Contact.Common.Read"),
    ];
    for (path, name, permission) in names {
        let answer = refused(60011);
        let probes =
            probes(Corp::small().fake_json(path, None, answer), json!({ "leavers": true, "departments": [7] }));
        let failed: Vec<&Probe> = probes.iter().filter(|probe| !probe.ok).collect();
        assert_eq!(failed.iter().map(|probe| probe.name.as_str()).collect::<Vec<_>>(), [name], "{probes:?}");
        assert!(failed[0].message.contains(permission), "{failed:?}");
        assert!(failed[0].remedy.as_deref().is_some_and(|remedy| remedy.contains(permission)), "{failed:?}");
    }
}

#[test]
fn a_hidden_field_has_a_probe_and_a_warning() {
    for (hidden, name) in
        [(vec!["mobile", "state_code"], "mobile"), (vec!["email", "work_place", "remark", "extension"], "email")]
    {
        let corp = || {
            let mut corp = Corp::small();
            corp.hidden.clone_from(&hidden);
            corp
        };
        let probes = probes(corp(), json!({ "departments": [7] }));
        let failed: Vec<&str> = probes.iter().filter(|probe| !probe.ok).map(|probe| probe.name.as_str()).collect();
        assert_eq!(failed, [format!("field {name}")]);
        let _world = world(corp(), json!({ "departments": [7] })).enter();
        let found: Value = serde_json::from_str(&open::<Dingtalk>().unwrap().discover().unwrap()).unwrap();
        assert_eq!(found["warnings"][0]["attribute"], name, "{found}");
    }
}

#[test]
fn who_gives_no_token_stops_all_probes() {
    let _world = world(Corp::small().fake_json("/auth/scopes", None, refused(40089)), json!({})).enter();
    assert_eq!(open::<Dingtalk>().unwrap().check().unwrap_err().kind, FaultKind::Unauthorized);
}

#[test]
fn discovery_lists_attributes_and_keys_of_the_extension() {
    let names = |settings: Value| {
        let _world = world(Corp::small(), settings).enter();
        let found: Value = serde_json::from_str(&open::<Dingtalk>().unwrap().discover().unwrap()).unwrap();
        assert!(found["notes"][0]["message"].as_str().unwrap().contains("badge"), "{found}");
        let attributes = found["classes"]["account"]["attributes"].as_array().unwrap().clone();
        attributes.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let listed = names(json!({ "departments": [7] }));
    let each = names(json!({ "departments": [7], "details": "each" }));
    assert!(listed.contains(&"login_id".to_owned()) && listed.contains(&"departments".to_owned()));
    assert!(!listed.contains(&"manager".to_owned()) && each.contains(&"manager".to_owned()));
}

#[test]
fn single_objects_are_read_for_hints() {
    let read = |corp: Corp, settings: Value, class: Class, id: &str| {
        let _world = world(corp, settings).enter();
        open::<Dingtalk>().unwrap().read(&[ObjectRef { class, id: id.to_owned() }]).pop().unwrap()
    };
    let whole = |class, id| read(Corp::small(), json!({}), class, id);
    assert!(whole(Class::Account, "u1").unwrap().is_some() && whole(Class::OrgUnit, "70").unwrap().is_some());
    for (class, id) in
        [(Class::Account, "nobody"), (Class::OrgUnit, "4711"), (Class::OrgUnit, "07"), (Class::OrgUnit, "-1")]
    {
        assert_eq!(whole(class, id), Ok(None), "{id}");
    }
    assert_eq!(whole(Class::Group, "1").unwrap_err().kind, FaultKind::Unsupported);
    // There, and not read by this connection: never "gone".
    for (class, id) in [(Class::Account, "u2"), (Class::OrgUnit, "7"), (Class::OrgUnit, "1")] {
        let fault = read(Corp::small(), json!({ "departments": [9] }), class, id).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Forbidden, "{id}");
    }
    let scoped = Corp::small().fake_json("/topapi/v2/user/get", None, refused(50002));
    assert_eq!(read(scoped, json!({}), Class::Account, "u1").unwrap_err().kind, FaultKind::Forbidden);
}

#[test]
fn settings_that_contradict_themselves_are_refused_by_name() {
    for (name, value) in [
        ("departments", json!([7, 7])),
        ("departments", json!([0])),
        ("server", json!("https://oapi.dingtalk.com/")),
        ("new-server", json!("ftp://x")),
    ] {
        let _world = world(Corp::small(), json!({ name: value })).enter();
        let fault = open::<Dingtalk>().err().unwrap();
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Settings, Some(name)));
    }
}
