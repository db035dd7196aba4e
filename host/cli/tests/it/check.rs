//! `rosterd check`: what can be found wrong without asking anybody.

use crate::component::sample;
use crate::support::{Place, assert_shown};

/// A connection to the sample, with these lines at its end.
fn place(more: &str) -> Place {
    let text = "[connection.hr]\nplugin = \"./sample.wasm\"\n[connection.hr.settings]\nfile = \"people.csv\"\n";
    let place = Place::with_config(&format!("{text}{more}"));
    place.write("sample.wasm", sample());
    place
}

const GRANTS: &str = "[connection.hr.grants]\nhttp = [\"api.example.com\"]\nfiles = [\"people.csv\"]\n";

#[test]
fn all_is_well() {
    let place =
        place(&format!("{GRANTS}[connection.hr.secrets]\ntoken = {{ file = \"token\" }}\n[job.hr]\nsource = \"hr\"\n"));
    place.write("token", "secret");
    assert_shown!([place.run(&["check"]), place.run(&["check", "--format", "json"])].join("\n"));
}

#[test]
fn missing_grants_name_the_line_to_add() {
    let place = place("[connection.hr.secrets]\ntoken = { env = \"TOKEN\" }\n");
    assert_shown!(place.run_env(&[("TOKEN", "x")], &["check"]));
}

#[test]
fn secrets_that_are_not_there() {
    let secrets = "[connection.hr.secrets]\ntoken = { env = \"NOT_SET\" }\nother = { file = \"nowhere\" }\nthird = { store = \"x\" }\nlast = { command = [] }\n";
    assert_shown!(place(&format!("{GRANTS}{secrets}")).run(&["check"]));
}

#[test]
fn a_secret_that_the_connector_needs() {
    assert_shown!(place(GRANTS).run(&["check"]));
}

#[test]
fn a_plugin_that_is_not_there() {
    let place = place("");
    let text = place.read("rosterd.toml").replace("./sample.wasm", "sampel");
    place.write("rosterd.toml", text);
    place.write("plugins/sample.wasm", sample());
    assert_shown!(place.run(&["check"]));
}

#[test]
fn a_delivery_to_a_source_and_settings_that_do_not_fit() {
    let place = place(&format!("{GRANTS}[connection.hr.secrets]\ntoken = {{ command = [\"pass\"] }}\n[deliver.hr]\n"));
    let text = place.read("rosterd.toml").replace("file = \"people.csv\"", "fil = \"people.csv\"");
    place.write("rosterd.toml", text);
    assert_shown!(place.run(&["check"]));
}
