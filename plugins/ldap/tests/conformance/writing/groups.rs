//! What becomes of groups and their members.

use super::server::{Mishap, Shared};
use super::{applied, create, delta, entered, failed, id, one, operation, refers, replace, unchanged, update};
use rosterd_sdk::{Action, Class, FaultKind, Receipt};
use serde_json::{Value, json};

const LI: &str = "uid=li,ou=Sales,dc=x";
const ANN: &str = "uid=ann,ou=R\\, D,ou=Sales,dc=x";

fn members(server: &Shared, dn: &str) -> Vec<String> {
    server.borrow().directory.texts(dn, "member")
}

fn edit(add: &[&str], remove: &[&str]) -> rosterd_sdk::Operation {
    let all = |ids: &[&str]| json!(ids.iter().map(|id| refers("account", id)).collect::<Vec<Value>>());
    update(Class::Group, &id(6), vec![delta("member", &all(add), &all(remove))])
}

#[test]
fn members_come_and_go_one_by_one_and_twice_is_no_harm() {
    // A server that knows the control, and one that does not.
    for permissive in [true, false] {
        let (server, _world) = entered(false, json!({}));
        if !permissive {
            server.borrow_mut().hidden.clear();
        }
        let (li, ann) = (id(4), id(5));
        assert_eq!(members(&server, "cn=g,dc=x"), ["cn=g,dc=x"], "a group without members has itself");
        applied(one(edit(&[&li, &ann], &[])));
        assert_eq!(members(&server, "cn=g,dc=x"), [ANN, LI]);
        let again = one(edit(&[&li, &ann], &["nobody"]));
        assert!(matches!(again, Receipt::Applied(_) | Receipt::Unchanged(_)), "{again:?}");
        applied(one(edit(&[], &[&li])));
        let again = one(edit(&[&ann], &[&li]));
        assert!(matches!(again, Receipt::Applied(_) | Receipt::Unchanged(_)), "{again:?}");
        assert_eq!(members(&server, "cn=g,dc=x"), [ANN]);
        // The last one: the group has itself again.
        applied(one(edit(&[], &[&ann])));
        assert_eq!(members(&server, "cn=g,dc=x"), ["cn=g,dc=x"]);
        applied(one(edit(&[&li], &[])));
        assert_eq!(members(&server, "cn=g,dc=x"), [LI]);
    }
}

#[test]
fn a_member_comes_into_a_group_that_has_others_where_an_absent_value_is_refused() {
    // OpenLDAP refuses to remove a stand-in that is not there even with the control, and everything that was asked with it.
    let (server, _world) = entered(false, json!({}));
    let (li, ann) = (id(4), id(5));
    applied(one(edit(&[&ann], &[])));
    assert_eq!(members(&server, "cn=g,dc=x"), [ANN]);
    applied(one(edit(&[&li], &[])));
    assert_eq!(members(&server, "cn=g,dc=x"), [ANN, LI]);
    // One who comes and one who is no member, in one operation.
    applied(one(edit(&[], &[&li])));
    applied(one(edit(&[&li], &[&id(7)])));
    assert_eq!(members(&server, "cn=g,dc=x"), [ANN, LI]);
}

#[test]
fn a_member_that_is_not_there_is_named_and_the_others_come() {
    let (server, _world) = entered(false, json!({}));
    let done = applied(one(edit(&["nobody", &id(4)], &["nobody either"])));
    assert_eq!(done.problems.iter().map(|fault| fault.subject.as_deref()).collect::<Vec<_>>(), [Some("nobody")]);
    assert_eq!(members(&server, "cn=g,dc=x"), [LI]);
    // The server refuses both together, then one of them.
    server.borrow_mut().mishaps = vec![(0x66, 0, Mishap::Refused(19, "no")), (0x66, 0, Mishap::Refused(19, "no"))];
    let done = applied(one(edit(&[&id(4), &id(5)], &[])));
    assert_eq!(done.problems[0].subject, Some(id(4)));
    assert_eq!(members(&server, "cn=g,dc=x"), [ANN, LI]);
    // All of them.
    server.borrow_mut().mishaps = (0..3).map(|_| (0x66, 0, Mishap::Refused(19, "no"))).collect();
    assert_eq!(failed(one(edit(&[&id(4), &id(5)], &[]))).kind, FaultKind::Invalid);
    server.borrow_mut().mishaps = vec![(0x66, 0, Mishap::Refused(51, "busy"))];
    assert_eq!(failed(one(edit(&[&id(4), &id(5)], &[]))).kind, FaultKind::Transient);
}

#[test]
fn a_group_that_is_renamed_keeps_its_stand_in() {
    let (server, _world) = entered(false, json!({}));
    applied(one(update(Class::Group, &id(6), vec![replace("cn", &json!("Ä, +"))])));
    let dn = "cn=Ä\\, \\+,dc=x";
    assert_eq!(members(&server, dn), [dn]);
    applied(one(edit(&[&id(4)], &[])));
    assert_eq!(members(&server, dn), [LI]);
    applied(one(update(Class::Group, &id(6), vec![replace("cn", &json!("h"))])));
    assert_eq!(members(&server, "cn=h,dc=x"), [LI]);
}

#[test]
fn a_new_group_has_a_stand_in_of_the_setting_and_is_read_without_members() {
    let (server, _world) =
        entered(false, json!({ "group-placeholder": "cn=nobody,dc=y", "groups-base": "ou=Sales,dc=x" }));
    let made = applied(one(create(Class::Group, &json!({ "cn": "new" }))));
    assert_eq!(members(&server, "cn=new,ou=Sales,dc=x"), ["cn=nobody,dc=y"]);
    let both = json!([refers("account", &id(4)), refers("group", &id(6))]);
    applied(one(update(Class::Group, &made.id, vec![replace("member", &both)])));
    assert_eq!(members(&server, "cn=new,ou=Sales,dc=x"), ["cn=g,dc=x", LI]);
    applied(one(update(Class::Group, &made.id, vec![replace("member", &Value::Null)])));
    assert_eq!(members(&server, "cn=new,ou=Sales,dc=x"), ["cn=nobody,dc=y"]);
    let mut destination = rosterd_sdk::testkit::open::<rosterd_plugin_ldap::Ldap>().unwrap();
    let found = rosterd_sdk::Destination::find(&mut destination, Class::Group, "cn", "new").unwrap();
    assert!(found[0].partial && !found[0].attributes.contains("nobody"), "{found:?}");
    applied(one(operation(Class::Group, Some(&made.id), Action::Delete)));
    unchanged(one(operation(Class::Group, Some(&made.id), Action::Delete)));
}

/// So many people, by their ids.
fn crowd(server: &Shared, count: usize) -> Vec<String> {
    let one = |number: usize| {
        let name = format!("m{number}");
        let dn = format!("uid={name},dc=x");
        let own: &[(&str, &[&str])] =
            &[("objectClass", &["inetOrgPerson"]), ("uid", &[&name]), ("cn", &[&name]), ("sn", &[&name])];
        server.borrow_mut().directory.put(&dn, own)
    };
    (0..count).map(one).collect()
}

#[test]
fn many_members_go_in_portions() {
    let (server, _world) = entered(false, json!({}));
    let ids = crowd(&server, 200);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    applied(one(edit(&ids, &[])));
    assert_eq!(members(&server, "cn=g,dc=x").len(), 200);
}

#[test]
fn a_group_is_made_with_as_many_members_as_one_request_takes_and_the_others_come_then() {
    let (server, _world) = entered(false, json!({}));
    let ids = crowd(&server, 1_100);
    let all = json!(ids.iter().map(|id| refers("account", id)).collect::<Vec<Value>>());
    applied(one(create(Class::Group, &json!({ "cn": "all", "member": all }))));
    assert_eq!(members(&server, "cn=all,dc=x").len(), 1_100);
    let log = server.borrow().directory.log.clone();
    assert!(log.len() > 1 && log[0] == "add cn=all,dc=x", "{log:?}");
}
