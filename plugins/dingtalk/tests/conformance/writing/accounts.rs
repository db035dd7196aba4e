//! Dedicated accounts: their passwords, their kinds, stopping and starting them.

use super::*;
use rosterd_sdk::FaultKind;

const ENABLE: &str = "/v1.0/contact/orgAccounts/enable";
const DISABLE: &str = "/v1.0/contact/orgAccounts/disable";
const SIGN_OUT: &str = "/v1.0/contact/orgAccounts/signOut";

#[test]
fn the_password_is_made_and_spliced_by_the_host() {
    let office = Office::new();
    let attributes = json!({ "userid": "n1", "name": "N", "login_id": "n.one", "exclusive_account": true, "exclusive_mobile": "13800000055",
        "nickname": "N", "departments": units(&[9]) });
    let done = applied(one(&office, create(Class::Account, &attributes)));
    let [body] = &office.sent(CREATE)[..] else { panic!() };
    assert_eq!(body["init_password"], "{secret:json:password-of-key-1}");
    assert_eq!(
        (&body["exclusive_account_type"], &body["exclusive_mobile"]),
        (&json!("dingtalk"), &json!("+86-13800000055"))
    );
    assert_eq!(body["send_password_to_user"], false);
    // It can be written and not be seen: what was observed does not have it.
    let observed: Value = serde_json::from_str(&done.observed.unwrap()).unwrap();
    assert!(observed.get("exclusive_mobile").is_none() && observed["active"] == true, "{observed}");
    assert!(!format!("{observed}").contains("password"));
    let set = operation(Class::Account, Some("n1"), Action::SetPassword);
    applied(one(&office, Operation { key: "key-2".to_owned(), ..set }));
    assert_eq!(office.person("n1")["password"], "{secret:json:password-of-key-2}");
}

#[test]
fn an_account_that_logs_in_elsewhere_has_no_password() {
    let office = Office::new();
    let attributes =
        json!({ "userid": "n1", "name": "N", "exclusive_account_type": "sso", "departments": units(&[9]) });
    applied(one(&office, create(Class::Account, &attributes)));
    assert!(office.sent(CREATE)[0].get("init_password").is_none());
    assert_eq!(
        failed(one(&office, operation(Class::Account, Some("n1"), Action::SetPassword))).kind,
        FaultKind::Unsupported
    );
}

#[test]
fn what_an_account_needs_and_does_not_have_is_refused_before_anything_is_sent() {
    let office = Office::new();
    for (attributes, subject) in [
        (json!({ "name": "N", "exclusive_account": true }), "login_id"),
        (json!({ "name": "N", "exclusive_account_type": "sso" }), "userid"),
        (json!({ "name": "N", "exclusive_account_type": "sso", "userid": "x", "login_id": "y" }), "login_id"),
        (json!({ "name": "N", "exclusive_account": true, "login_id": "y", "mobile": "13800000009" }), "mobile"),
        (json!({ "name": "N", "mobile": "13800000009", "nickname": "y" }), "nickname"),
        (json!({ "name": "N", "mobile": "13800000009", "login_id": "y" }), "login_id"),
        (json!({ "name": "N", "exclusive_account_type": "other" }), "exclusive_account_type"),
        (json!({ "name": "N" }), "mobile"),
        (json!({ "mobile": "13800000009" }), "name"),
    ] {
        let fault = failed(one(&office, create(Class::Account, &attributes)));
        assert_eq!((fault.kind, fault.subject.as_deref()), (FaultKind::Invalid, Some(subject)), "{fault:?}");
    }
    for change in [
        json!({ "exclusive_account": false }),
        json!({ "exclusive_account_type": "sso" }),
        json!({ "exclusive_account": true, "exclusive_account_type": "sso" }),
    ] {
        assert_eq!(
            failed(one(&office, update(Class::Account, "d1", &change))).subject.as_deref(),
            Some("exclusive_account")
        );
    }
    unchanged(one(
        &office,
        update(Class::Account, "d1", &json!({ "exclusive_account": true, "exclusive_account_type": "dingtalk" })),
    ));
    unchanged(one(
        &office,
        update(Class::Account, "u1", &json!({ "exclusive_account": false, "exclusive_account_type": "dingtalk" })),
    ));
    assert_eq!(office.writes(), 0);
}

#[test]
fn stopped_means_stopped_and_signed_out() {
    let office = Office::new();
    let disable = |id: &str| operation(Class::Account, Some(id), Action::Disable);
    let enable = |id: &str| operation(Class::Account, Some(id), Action::Enable);
    applied(one(&office, disable("d1")));
    assert_eq!(
        (&office.person("d1")["disable_status"], office.0.borrow().signed_out.clone()),
        (&json!(true), vec!["d1".to_owned()])
    );
    unchanged(one(&office, disable("d1")));
    assert_eq!(office.sent(SIGN_OUT).len(), 1);
    // A try that broke off between the two calls has left sessions open.
    unchanged(one(&office, again(disable("d1"))));
    assert_eq!(office.sent(SIGN_OUT).len(), 2);
    applied(one(&office, enable("d1")));
    assert_eq!(office.person("d1")["disable_status"], false);
    unchanged(one(&office, enable("d1")));
    // Those that log in elsewhere can only be stopped.
    applied(one(&office, disable("s1")));
    assert_eq!((office.sent(SIGN_OUT).len(), office.sent(DISABLE).len(), office.sent(ENABLE).len()), (2, 2, 1));
}

#[test]
fn an_open_session_is_not_a_stopped_account() {
    let disable = || operation(Class::Account, Some("d1"), Action::Disable);
    let office = Office::new().fate(
        SIGN_OUT,
        None,
        Fate::Answer(500, "application/json", "{\"code\":\"system.busy\"}".to_owned()),
    );
    unknown(one(&office, disable()));
    assert_eq!(office.person("d1")["disable_status"], true);
    // What can never be signed out is told, and the account is stopped.
    let office = Office::new().fate(
        SIGN_OUT,
        None,
        Fate::Answer(400, "application/json", "{\"code\":\"invalid.param\"}".to_owned()),
    );
    assert_eq!(applied(one(&office, disable())).problems.len(), 1);
    // A yes that says no.
    let office =
        Office::new().fate(DISABLE, None, Fate::Answer(200, "application/json", "{\"result\":false}".to_owned()));
    unknown(one(&office, disable()));
    assert!(office.sent(SIGN_OUT).is_empty());
}

#[test]
fn a_dedicated_account_is_stopped_before_it_is_removed() {
    let office = Office::new();
    applied(one(&office, operation(Class::Account, Some("d1"), Action::Delete)));
    assert_eq!((office.sent(DISABLE).len(), office.sent(SIGN_OUT).len(), office.person("d1")), (1, 1, Value::Null));
    let refused = "{\"code\":\"Forbidden.AccessDenied.AccessTokenPermissionDenied\",\"accessdenieddetail\":{\"requiredScopes\":[\"S\"]}}";
    let office = Office::new().fate(DISABLE, None, Fate::Answer(403, "application/json", refused.to_owned()));
    let fault = failed(one(&office, operation(Class::Account, Some("d1"), Action::Delete)));
    assert_eq!(fault.kind, FaultKind::Forbidden);
    assert!(fault.message.contains("permission S is missing"), "{fault:?}");
    assert!(!office.person("d1").is_null());
}

#[test]
fn a_login_name_changes_and_is_spelled_otherwise_then() {
    let office = Office::new();
    applied(one(&office, update(Class::Account, "d1", &json!({ "login_id": "han2", "org_email": "h@a.example" }))));
    assert_eq!(
        office.sent(UPDATE)[0],
        json!({ "org_email": "h@a.example", "loginId": "han2", "dept_id_list": "9", "userid": "d1" })
    );
    applied(one(&office, update(Class::Account, "d1", &json!({ "org_email": null }))));
    assert_eq!(office.sent(UPDATE)[1]["force_update_fields"], "org_email");
    assert!(office.person("d1").get("org_email").is_none());
}
