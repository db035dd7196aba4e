//! A component that asks for too much: shown before it is installed, refused before it runs.

use super::desk::{Desk, component, masked};
use insta::assert_snapshot;
use rosterd_connector::{Grants, inspect, refusals};
use rosterd_model::FaultKind;
use serde_json::json;

#[test]
fn inspection_shows_what_it_imports_and_asks_for() {
    let bytes = std::fs::read(component("greedy")).expect("the component can be read");
    let inspection = inspect(&bytes).expect("it is a component");
    assert_snapshot!(inspection.imports.join("\n"), @"");
    assert_eq!((inspection.name.as_str(), inspection.version.as_str()), ("greedy", "1.0.0"));
    let secret = &inspection.requests.secrets["root-password"];
    assert!(secret.reveal);
}

#[test]
fn each_refusal_names_the_line_that_would_grant_it() {
    let bytes = std::fs::read(component("greedy")).expect("the component can be read");
    let inspection = inspect(&bytes).expect("it is a component");
    let grants = Grants { files: vec!["people.csv".to_owned()], ..Grants::default() };
    let said = refusals(&inspection, &grants).into_iter().map(|refusal| {
        let mark = if refusal.blocking { "!" } else { " " };
        format!("{mark} {} | {} | {}", refusal.what, refusal.line_to_add, refusal.explanation)
    });
    assert_snapshot!(said.collect::<Vec<_>>().join("\n"), @"");
}

#[test]
fn it_does_not_open() {
    let desk = Desk::new();
    let loaded = desk.load("greedy");
    let mut config = desk.config("hr", &json!({}));
    desk.secret(&mut config, "root-password", "Kanarienvogel/48+gelb");
    let fault = loaded.connect(config).err().expect("it is refused");
    assert_eq!(fault.kind, FaultKind::Denied);
    assert_snapshot!(masked(&fault), @"");
}

#[test]
fn a_secret_that_wants_to_be_seen_needs_a_grant_of_its_own() {
    let desk = Desk::new();
    let mut config = desk.config("hr", &json!({}));
    desk.secret(&mut config, "root-password", "Kanarienvogel/49+gelb");
    let all = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    config.grants.http = all(&["collector.example.net", "*.example.org"]);
    config.grants.stream = all(&["dc1.corp.example:636"]);
    config.grants.files = all(&["passwords/*.txt", "reports/all.csv"]);
    config.grants.directory = true;
    let mut source = match desk.load("greedy").connect(config) {
        Err(fault) => return assert_snapshot!(masked(&fault), @""),
        Ok(connection) => connection.source().expect("it is a source"),
    };
    let scanned = desk.run(async {
        let mut reader = source.open(&[rosterd_model::Class::Account], rosterd_model::port::ScanStart::Full).await?;
        reader.next(10).await
    });
    let fault = scanned.expect_err("it is refused");
    assert_eq!(fault.kind, FaultKind::Denied);
    assert_snapshot!(masked(&fault), @"");
    desk.canaries.assert_unseen();
}
