//! `rosterd plugin inspect`.

use crate::component::{component, sample};
use crate::support::{Place, assert_shown};

fn place(grants: &str) -> Place {
    let connection = "[connection.hr]\nplugin = \"./sample.wasm\"\n[connection.hr.settings]\nfile = \"people.csv\"\n";
    let place = Place::with_config(&format!("{connection}[connection.hr.grants]\n{grants}"));
    place.write("sample.wasm", sample());
    place
}

#[test]
fn it_shows_what_a_component_asks_for() {
    assert_shown!(place("").run(&["plugin", "inspect", "sample.wasm"]));
}

#[test]
fn it_refuses_and_names_the_lines_to_add() {
    assert_shown!(place("").run(&["plugin", "inspect", "sample.wasm", "--connection", "hr"]));
}

#[test]
fn the_lines_that_it_names_grant_it() {
    let place = place("http = [\"api.example.com\"]\nfiles = [\"people.csv\"]\n");
    assert_shown!(place.run(&["plugin", "inspect", "sample.wasm", "--connection", "hr"]));
}

#[test]
fn json_has_the_whole_manifest() {
    assert_shown!(place("").run(&["plugin", "inspect", "sample.wasm", "--format", "json"]));
}

#[test]
fn wrong_settings_are_a_matter_of_configuration() {
    let place = place("http = [\"api.example.com\"]\n");
    let config = place.read("rosterd.toml").replace("file = ", "fil = ");
    place.write("rosterd.toml", config);
    assert_shown!(place.run(&["plugin", "inspect", "sample.wasm", "--connection", "hr"]));
}

#[test]
fn what_is_no_component_is_said_so() {
    let place = Place::new();
    place.write("text.wasm", "no component");
    assert_shown!(place.run(&["plugin", "inspect", "text.wasm"]));
}

#[test]
fn a_component_without_manifest_and_one_that_lies() {
    let place = Place::new();
    place.write("bare.wasm", component("", &["source"], &[]));
    let lie = crate::component::SAMPLE.replace("[\"source\"]", "[\"destination\"]");
    place.write("lie.wasm", component(&lie, &["source"], &[]));
    let shown = [place.run(&["plugin", "inspect", "bare.wasm"]), place.run(&["plugin", "inspect", "lie.wasm"])];
    assert_shown!(shown.join("\n"));
}

#[test]
fn an_unknown_name_and_an_unknown_connection() {
    let place = place("");
    let shown = [
        place.run(&["plugin", "inspect", "smaple"]),
        place.run(&["plugin", "inspect", "sample.wasm", "--connection", "rh"]),
    ];
    assert_shown!(shown.join("\n"));
}
