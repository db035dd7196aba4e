//! What goes out in the form of Alibaba Cloud IDaaS.

use super::endpoint::rs256;
use super::{answer, apply, body, create, header, in_idaas, operation, update, world};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rosterd_sdk::http::{Request, Response};
use rosterd_sdk::{Action, Class, Edit, Fault, FaultKind, Operation, Receipt};
use serde_json::{Value, json};

fn decoded(text: &str) -> Vec<u8> {
    BASE64.decode(text).unwrap()
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

/// The claims of a message whose signature fits.
fn claims(request: &Request) -> Value {
    let outer = json_of(body(request).as_bytes());
    let parts: Vec<&str> = outer["event"].as_str().unwrap().split('.').collect();
    let [head, payload, signature] = parts[..] else { panic!("{outer}") };
    assert_eq!(decoded(signature), rs256(format!("{head}.{payload}").as_bytes()));
    assert_eq!(json_of(&decoded(head))["alg"], "RS256");
    json_of(&decoded(payload))
}

/// What a JWE says.
fn opened(cipher: &str) -> Value {
    let parts: Vec<&str> = cipher.split('.').collect();
    let [head, "", iv, ciphertext, tag] = parts[..] else { panic!("{cipher}") };
    assert_eq!(json_of(&decoded(head)), json!({ "alg": "dir", "enc": "A256GCM" }));
    let sealed = [decoded(ciphertext), decoded(tag)].concat();
    let nonce: [u8; 12] = decoded(iv).try_into().unwrap();
    let payload = Payload { msg: &sealed, aad: head.as_bytes() };
    json_of(&Aes256Gcm::new_from_slice(&[9; 32]).unwrap().decrypt(&nonce.into(), payload).unwrap())
}

/// The events of a payload, with `bizData` read.
fn events(payload: &Value) -> Vec<Value> {
    let Value::Array(mut all) = json_of(payload["eventData"].as_str().unwrap().as_bytes()) else { panic!("{payload}") };
    for event in &mut all {
        event["bizData"] = json_of(event["bizData"].as_str().unwrap().as_bytes());
    }
    all
}

/// Takes everything, by name.
fn taking(request: &Request) -> Result<Response, Fault> {
    let claims = claims(request);
    let payload = match claims["dataEncrypted"].as_bool() {
        Some(true) => opened(claims["cipherData"].as_str().unwrap()),
        _ => claims["plainData"].clone(),
    };
    let ids: Vec<Value> = events(&payload).iter().map(|event| json!({ "eventId": event["eventId"] })).collect();
    Ok(answer(200, &json!({ "successEvents": ids, "failedEvents": [] }).to_string()))
}

/// All events that these operations come to, in messages that are not encrypted.
fn told(operations: Vec<Operation>) -> Vec<Value> {
    let entered = world(&in_idaas(&json!({ "encrypt": false }))).http(taking).enter();
    let receipts = apply(operations);
    assert!(receipts.iter().all(|receipt| matches!(receipt, Receipt::Applied(_))), "{receipts:?}");
    entered.requests().iter().flat_map(|request| events(&claims(request)["plainData"])).collect()
}

#[test]
fn an_encrypted_event_is_what_idaas_sends() {
    let entered = world(&in_idaas(&json!({}))).http(taking).enter();
    let li = json!({ "id": "user_1", "username": "li \"lei\"", "accountExpireTime": -1, "emailVerified": true });
    let receipts = apply(vec![create("0a.1", &li)]);
    assert!(matches!(&receipts[..], [Receipt::Applied(applied)] if applied.id == "user_1"), "{receipts:?}");
    let request = &entered.requests()[0];
    assert_eq!(header(request, "content-type"), "application/json;charset=utf-8");
    let mut claims = claims(request);
    let payload = opened(claims["cipherData"].take().as_str().unwrap());
    let id = claims["jti"].take();
    assert_eq!(id.as_str().map(str::len), Some(32));
    let expected = json!({
        "iss": "urn:alibaba:idaas:app:event", "sub": "idaas_1", "aud": "app_1", "iat": 1_767_225_600, "exp": 1_767_227_400,
        "jti": null, "dataEncrypted": true, "cipherData": null, "plainData": "",
    });
    assert_eq!(claims, expected);
    assert_eq!(
        (&payload["aliUid"], &payload["instanceId"], &payload["eventVersion"]),
        (&json!("77"), &json!("idaas_1"), &json!("V1.0"))
    );
    let biz = json!({
        "userId": "user_1", "username": "li \"lei\"", "accountExpireTime": "-1", "emailVerified": true, "status": "enabled",
    });
    let event = json!({
        "eventId": "evnt_0a_1", "eventType": "urn:alibaba:idaas:app:event:ud:user:create", "eventTime": "1767225600000",
        "bizId": "user_1", "bizData": biz,
    });
    assert_eq!(events(&payload), [event]);
}

#[test]
fn every_message_has_an_iv_and_an_id_of_its_own() {
    let entered = world(&in_idaas(&json!({}))).http(taking).enter();
    apply((0..20).map(|at| create(&format!("k{at}"), &json!({ "id": at }))).collect());
    let claims: Vec<Value> = entered.requests().iter().map(claims).collect();
    let distinct =
        |of: &dyn Fn(&Value) -> String| claims.iter().map(of).collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(distinct(&|claims| claims["cipherData"].as_str().unwrap().split('.').nth(2).unwrap().to_owned()), 20);
    assert_eq!(distinct(&|claims| claims["jti"].to_string()), 20);
}

#[test]
fn types_are_those_of_idaas() {
    let unit = |id: &str| json!({ "ref": "org-unit", "id": id });
    let li = json!({ "id": "u", "primaryOrganizationalUnitId": unit("ou_2"), "organizationalUnits": [unit("ou_1"), unit("ou_2")] });
    let moved = || ("primaryOrganizationalUnitId", unit("ou_2"));
    let of = |class, operation| Operation { class, ..operation };
    let all = told(vec![
        update("1", "u", &[("displayName", json!("L"))], &li),
        update("2", "u", &[moved()], &li),
        update("3", "u", &[("displayName", json!("L")), moved()], &li),
        operation("4", Some("u"), Action::Disable, &li),
        operation("5", Some("u"), Action::Enable, &li),
        operation("6", Some("u"), Action::Delete, &li),
        of(Class::OrgUnit, create("7", &json!({ "id": "ou_1", "organizationalUnitName": "Sales", "parentId": null }))),
        of(Class::OrgUnit, update("8", "ou_1", &[("parentId", unit("ou_9"))], &json!({ "parentId": unit("ou_9") }))),
        of(Class::Group, create("9", &json!({ "id": "g", "groupName": "All" }))),
        operation(
            "10",
            Some("u"),
            Action::MoveTo(Some(rosterd_sdk::ObjectRef { class: Class::OrgUnit, id: "ou_3".into() })),
            &li,
        ),
    ]);
    let types: Vec<&str> = all
        .iter()
        .map(|event| event["eventType"].as_str().unwrap().strip_prefix("urn:alibaba:idaas:app:event:ud:").unwrap())
        .collect();
    let expected = [
        "user:update_info",
        "user:update_primary_ou",
        "user:update_info",
        "user:update_primary_ou",
        "user:disable",
        "user:enable",
        "user:delete",
        "organizational_unit:create",
        "organizational_unit:update_parent_organizational_unit",
        "group:create",
        "user:update_primary_ou",
    ];
    assert_eq!(types, expected);
    assert_eq!((&all[2]["eventId"], &all[3]["eventId"]), (&json!("evnt_3"), &json!("evnt_3_place")));
    let units = json!([{ "organizationalUnitId": "ou_1", "primary": false }, { "organizationalUnitId": "ou_2", "primary": true }]);
    assert_eq!(
        all[0]["bizData"],
        json!({ "userId": "u", "primaryOrganizationalUnitId": "ou_2", "organizationalUnits": units })
    );
    assert_eq!((&all[4]["bizData"]["status"], &all[5]["bizData"]["status"]), (&json!("disabled"), &json!("enabled")));
    assert_eq!(all[6]["bizData"], json!({ "userId": "u" }));
    assert_eq!(all[8]["bizData"], json!({ "organizationalUnitId": "ou_1", "parentId": "ou_9" }));
    assert_eq!(all[10]["bizData"]["primaryOrganizationalUnitId"], "ou_3");
}

#[test]
fn what_has_no_type_is_refused() {
    let entered = world(&in_idaas(&json!({}))).http(taking).enter();
    let delta = Edit { attribute: "members".into(), replace: None, add: Some("[1]".into()), remove: None };
    let group = |action| Operation { class: Class::Group, ..operation("k", Some("g"), action, &json!({})) };
    let all = [
        group(Action::Update(vec![delta])),
        group(Action::Disable),
        operation("k", Some("u"), Action::SetPassword, &json!({})),
    ];
    for refused in all {
        let receipts = apply(vec![refused]);
        assert!(
            matches!(&receipts[..], [Receipt::Failed(fault)] if fault.kind == FaultKind::Unsupported),
            "{receipts:?}"
        );
    }
    assert!(entered.requests().is_empty());
}

/// The claims of a message that holds a password, of which the connector sees a placeholder only.
fn hidden(encrypt: bool) -> Value {
    let mut settings = in_idaas(&json!({ "encrypt": encrypt, "key-id": "KEY1" }));
    settings["passwords"] = true.into();
    let entered = world(&settings).http(|_| Ok(answer(500, ""))).enter();
    apply(vec![create("k\"1", &json!({ "id": "u" }))]);
    let text = body(&entered.requests()[0]);
    // The claims are one secret: their placeholder stands between the dots. It shows them here, and the password in them.
    let (head, rest) = text.split_once("{secret:base64url:").unwrap();
    let (whole, rest) = rest.rsplit_once("}.").unwrap();
    // The body is JSON around the placeholder, which the world fills with text that is not escaped.
    let whole: String = serde_json::from_str(&format!("\"{whole}\"")).unwrap();
    let signature = rest.strip_suffix("\"}").unwrap();
    let head = head.strip_prefix("{\"event\":\"").unwrap().strip_suffix('.').unwrap();
    assert_eq!(json_of(&decoded(head))["kid"], "KEY1");
    assert_eq!(decoded(signature), rs256(format!("{head}.{}", BASE64.encode(&whole)).as_bytes()));
    json_of(whole.as_bytes())
}

#[test]
fn a_password_is_signed_and_sent_and_not_seen() {
    for encrypt in [false, true] {
        let claims = hidden(encrypt);
        assert_eq!(claims["dataEncrypted"], encrypt);
        let payload = match encrypt {
            true => opened(claims["cipherData"].as_str().unwrap()),
            false => claims["plainData"].clone(),
        };
        assert_eq!(
            events(&payload)[0]["bizData"],
            json!({ "userId": "u", "status": "enabled", "passwordSet": true, "password": "password-of-k\"1" })
        );
        let empty = if encrypt { "plainData" } else { "cipherData" };
        assert_eq!(claims[empty], "");
    }
}

#[test]
fn an_event_with_a_password_is_measured_as_it_is_sent() {
    for (encrypt, fits) in [(false, 1024), (true, 1024), (false, 262_144), (true, 262_144)] {
        let mut settings = in_idaas(&json!({ "encrypt": encrypt }));
        (settings["passwords"], settings["maximum-bytes"]) = (true.into(), fits.into());
        let _world = world(&settings).http(|_| Ok(answer(500, ""))).enter();
        let receipts = apply(vec![create("k1", &json!({ "id": "u", "displayName": "n".repeat(900) }))]);
        let refused = format!("{receipts:?}").contains("maximum-bytes");
        assert_eq!(refused, fits == 1024, "{receipts:?}");
    }
}
