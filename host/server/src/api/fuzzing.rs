//! A door for tests that hand over any bytes: bodies, lines, cursors and parameters of clients.

use super::apart;
use super::kind::checked;
use super::lines::Cutter;
use super::object::{given_id, opened};
use super::read::{fitted, parameters, parsed};
use super::shape::{Account, Group, Members, OrgUnit};
use axum::http::Uri;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Reads bytes as everything that a client may send. Lines are the same however they are cut on the way.
pub fn request(bytes: &[u8]) {
    let _ = parsed::<Account>(bytes).and_then(|one| checked(&one));
    let _ = parsed::<OrgUnit>(bytes).and_then(|one| checked(&one));
    let _ = parsed::<Group>(bytes).and_then(|one| checked(&one));
    let _ = parsed::<Members>(bytes);
    if let Some(fast) = apart::read::<Account>(bytes) {
        let slow = parsed::<Map<String, Value>>(bytes).and_then(|mut body| {
            let id = given_id(&mut body)?;
            Ok((id, fitted::<Account>(Value::Object(body))?))
        });
        assert!(slow.is_ok_and(|slow| slow == fast), "a line is read in one pass as it is in two");
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = opened(&text);
    if let Ok(uri) = format!("/v1/accounts?{}", text.escape_default()).parse::<Uri>() {
        let _ = parameters::<BTreeMap<String, String>>(&uri);
    }
    let lines = |size: usize| {
        let (mut cutter, mut all) = (Cutter::default(), Vec::new());
        bytes.chunks(size).for_each(|piece| cutter.cut(piece, &mut all));
        all.extend(cutter.rest());
        all
    };
    assert_eq!(lines(1), lines(bytes.len().max(1)), "lines depend on how they were sent");
}
