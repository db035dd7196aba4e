//! What an event named is read again. Only DingTalk's own word that somebody does not exist may end as a leaver; whom the
//! application does not see is out of sight.

use crate::corp::{Corp, refused};
use crate::{refers, world};
use rosterd_plugin_dingtalk::Dingtalk;
use rosterd_sdk::testkit::open;
use rosterd_sdk::{Class, Fault, FaultKind, Object, ObjectRef, Source};
use serde_json::{Value, json};

const GET: &str = "/topapi/v2/user/get";
const PATH: &str = "/topapi/v2/department/listparentbydept";

/// One object as the hub reads it for a hint, where only departments 7 and 9 are read.
fn read(corp: Corp, class: Class, id: &str) -> Result<Option<Object>, Fault> {
    let _world = world(corp, json!({ "departments": [7, 9] })).enter();
    open::<Dingtalk>().unwrap().read(&[ObjectRef { class, id: id.to_owned() }]).pop().unwrap()
}

fn departments(object: &Object) -> Value {
    serde_json::from_str::<Value>(&object.attributes).unwrap()["departments"].clone()
}

#[test]
fn only_who_does_not_exist_is_not_there() {
    for code in [60121, 33012] {
        assert_eq!(read(Corp::small().fake_json(GET, None, refused(code)), Class::Account, "u1"), Ok(None), "{code}");
    }
    for code in [50002, 50004, 60011, 60020, 40014, 88, 90018, -1] {
        let fault = read(Corp::small().fake_json(GET, None, refused(code)), Class::Account, "u1").unwrap_err();
        assert_ne!(fault.kind, FaultKind::NotFound, "{code}: a hub takes that for out of sight, after a delete too");
    }
    // A department that is gone, and one out of sight.
    assert_eq!(read(Corp::small(), Class::OrgUnit, "71"), Ok(None));
    let corp = Corp::small().fake_json("/topapi/v2/department/get", None, refused(50004));
    assert_eq!(read(corp, Class::OrgUnit, "70").unwrap_err().kind, FaultKind::Forbidden);
}

/// The people of a removed department are somewhere else, or nowhere that is read; they are never gone with it.
#[test]
fn people_of_a_removed_department_are_not_gone_with_it() {
    let mut corp = Corp::small();
    corp.person("left-behind", &[71], json!({ "name": "Left Behind" }));
    corp.person("elsewhere", &[71, 9], json!({ "name": "Elsewhere" }));
    assert_eq!(read(corp, Class::Account, "left-behind").unwrap_err().kind, FaultKind::Forbidden);
    let mut corp = Corp::small();
    corp.person("elsewhere", &[71, 9], json!({ "name": "Elsewhere" }));
    let found = read(corp, Class::Account, "elsewhere").unwrap().unwrap();
    assert_eq!(departments(&found), json!([refers("org-unit", "9")]));
}

#[test]
fn a_department_out_of_sight_hides_nobody_who_is_in_another() {
    for code in [50002, 50004] {
        // The second of his departments is not to be seen; the first is.
        let corp = Corp::small().fake_json(PATH, Some(1), refused(code));
        let found = read(corp, Class::Account, "u1").unwrap().unwrap();
        assert_eq!(departments(&found), json!([refers("org-unit", "7")]), "{code}");
        let corp = Corp::small().fake_json(PATH, None, refused(code));
        assert_eq!(read(corp, Class::Account, "u1").unwrap_err().kind, FaultKind::Forbidden, "nothing of him is seen");
    }
    // A permission that is missing says nothing about him.
    let corp = Corp::small().fake_json(PATH, Some(1), refused(60011));
    assert!(read(corp, Class::Account, "u1").unwrap_err().message.contains("permission"));
}

#[test]
fn who_moved_out_of_what_is_read_is_out_of_sight() {
    let mut corp = Corp::small();
    corp.person("u1", &[1], json!({ "name": "Li Lei" }));
    let fault = read(corp, Class::Account, "u1").unwrap_err();
    assert_eq!(fault.kind, FaultKind::Forbidden, "{fault:?}");
}
