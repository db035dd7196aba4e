//! `rosterd init`.

use crate::component::{SAMPLE, component};
use crate::support::{Place, assert_shown};

#[test]
fn it_writes_a_file_that_is_right_but_for_the_plugin() {
    let place = Place::new();
    assert_shown!([place.run(&["init"]), place.run(&["check"])].join("\n"));
}

#[test]
fn with_the_plugin_there_is_nothing_to_mend() {
    let place = Place::new();
    place.run(&["init"]);
    let manifest = SAMPLE.replace("\"sample\"", "\"csv\"").replace("http = [\"api.example.com\"]", "");
    let manifest = manifest.replace("[requests.secrets.token]", "[requests.secrets.token]\nrequired = false");
    let manifest = manifest.replace("properties.file", "properties.id = { type = \"string\" }\nproperties.file");
    place.write("plugins/csv.wasm", component(&manifest, &["source"], &["files"]));
    assert_shown!(place.run(&["check"]));
}

#[test]
fn it_never_overwrites() {
    let place = Place::with_config("# mine\n");
    assert_shown!(place.run(&["init"]));
    assert_eq!(place.read("rosterd.toml"), "# mine\n");
}

#[test]
fn it_makes_the_folder_that_is_named() {
    let place = Place::new();
    assert_shown!(place.run(&["init", "hub", "--format", "json"]));
    assert!(place.path("hub/rosterd.toml").is_file());
}
