//! `rosterd connection`.

use crate::component::sample;
use crate::support::{Place, assert_shown};

#[test]
fn connections_are_listed_with_their_uses() {
    let text = "[connection.hr]\nplugin = \"sample\"\n[connection.ad]\nplugin = \"ldap\"\n[job.people]\nsource = \"hr\"\n[deliver.ad]\n";
    let place = Place::with_config(text);
    place.write("plugins/sample.wasm", sample());
    assert_shown!(
        [place.run(&["connection", "list"]), place.run(&["connection", "list", "--format", "json"])].join("\n")
    );
}

#[test]
fn there_may_be_none() {
    assert_shown!(Place::with_config("").run(&["connection", "list"]));
}

#[test]
fn an_unknown_connection_can_not_be_asked() {
    let place = Place::with_config("[connection.hr]\nplugin = \"sample\"\n");
    assert_shown!(place.run(&["connection", "discover", "rh"]));
}

#[test]
fn a_connection_whose_plugin_is_missing_can_not_be_asked() {
    let place = Place::with_config("[connection.hr]\nplugin = \"sample\"\n");
    assert_shown!(place.run(&["connection", "discover", "hr"]));
}
