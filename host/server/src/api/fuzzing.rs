//! A door for tests that hand over any bytes: bodies, lines, cursors and parameters of clients.

use super::kind::checked;
use super::lines::Cutter;
use super::object::opened;
use super::read::{parameters, parsed};
use super::shape::{Account, Group, Members, OrgUnit};
use axum::http::Uri;
use std::collections::BTreeMap;

/// Reads bytes as everything that a client may send. Lines are the same however they are cut on the way.
pub fn request(bytes: &[u8]) {
    let _ = parsed::<Account>(bytes).and_then(|one| checked(&one));
    let _ = parsed::<OrgUnit>(bytes).and_then(|one| checked(&one));
    let _ = parsed::<Group>(bytes).and_then(|one| checked(&one));
    let _ = parsed::<Members>(bytes);
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
