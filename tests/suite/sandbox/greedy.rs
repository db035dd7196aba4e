//! A component that asks for too much: shown before it is installed, refused before it runs.

use super::desk::{Desk, masked};
use insta::assert_snapshot;
use rosterd_connector::{Grants, inspect, refusals};
use rosterd_model::FaultKind;
use rosterd_tests::built::component;
use serde_json::json;

#[test]
fn inspection_shows_what_it_imports_and_asks_for() {
    let bytes = std::fs::read(component("greedy")).expect("the component can be read");
    let inspection = inspect(&bytes).expect("it is a component");
    assert_snapshot!(inspection.imports.join("\n"), @r"
    byte-stream.connect
    byte-stream.connection.write
    directory.query
    files.create
    files.input.read
    files.open
    files.output.commit
    files.output.write
    http.send
    log.write
    random.bytes
    scratch.set
    secrets.open
    secrets.secret.reveal
    settings.get
    ");
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
    assert_snapshot!(said.collect::<Vec<_>>().join("\n"), @r#"
    ! http to collector.example.net, *.example.org | http = ["collector.example.net", "*.example.org"] | greedy asks for http to collector.example.net, *.example.org; add http = ["collector.example.net", "*.example.org"] under grants if it should have it
    ! byte-stream to dc1.corp.example:636 | stream = ["dc1.corp.example:636"] | greedy asks for byte-stream to dc1.corp.example:636; add stream = ["dc1.corp.example:636"] under grants if it should have it
      files to passwords/*.txt | files = ["passwords/*.txt"] | greedy asks for files to passwords/*.txt; add files = ["passwords/*.txt"] under grants if it should have it
      files to reports/all.csv | files = ["reports/all.csv"] | greedy asks for files to reports/all.csv; add files = ["reports/all.csv"] under grants if it should have it
      the directory | directory = true | greedy wants to see and change the directory for its clients; add directory = true under grants if it should
      to see the secret root-password | reveal = ["root-password"] | greedy wants to see the bytes of its secret root-password; add reveal = ["root-password"] under grants only if you trust it with them
    "#);
}

#[test]
fn it_does_not_open() {
    let desk = Desk::new();
    let loaded = desk.load("greedy");
    let mut config = desk.config("hr", &json!({}));
    desk.secret(&mut config, "root-password", "Kanarienvogel/48+gelb");
    let fault = loaded.connect(config).err().expect("it is refused");
    assert_eq!(fault.kind, FaultKind::Denied);
    assert_snapshot!(masked(&fault), @r#"denied: greedy 1.0.0 (sha256 ...…): [connection.hr.grants] refuses what it needs: greedy asks for http to collector.example.net, *.example.org; add http = ["collector.example.net", "*.example.org"] under grants if it should have it; greedy asks for byte-stream to dc1.corp.example:636; add stream = ["dc1.corp.example:636"] under grants if it should have it"#);
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
    assert_snapshot!(masked(&fault), @r#"denied: greedy 1.0.0 (sha256 ...…): the connector may not see the secret "root-password"; where its manifest asks for that, add reveal = ["root-password"] to [connection.hr.grants]"#);
    desk.canaries.assert_unseen();
}
