//! `rosterd plugin install` and `list`.

use crate::component::{SAMPLE, component, sample};
use crate::support::{Place, assert_shown};

#[test]
fn an_installed_plugin_is_listed_and_found_by_name() {
    let place = Place::with_config("[connection.hr]\nplugin = \"sample\"\n");
    place.write("out/sample.wasm", sample());
    let shown = [
        place.run(&["plugin", "list"]),
        place.run(&["plugin", "install", "out/sample.wasm"]),
        place.run(&["plugin", "list"]),
        place.run(&["plugin", "list", "--format", "json"]),
    ];
    assert_shown!(shown.join("\n"));
    assert!(place.run(&["plugin", "inspect", "sample"]).starts_with("exit: 0"));
}

#[test]
fn another_one_of_the_same_name_must_be_asked_for() {
    let place = Place::with_config("");
    place.write("one.wasm", sample());
    let newer = component(&SAMPLE.replace("1.2.3", "1.3.0"), &["source"], &["files", "http"]);
    place.write("two.wasm", newer);
    let shown = [
        place.run(&["plugin", "install", "one.wasm"]),
        place.run(&["plugin", "install", "one.wasm"]),
        place.run(&["plugin", "install", "two.wasm"]),
        place.run(&["plugin", "install", "two.wasm", "--replace"]),
    ];
    assert_shown!(shown.join("\n"));
}

#[test]
fn what_can_not_be_used_is_not_installed() {
    let place = Place::with_config("");
    place.write("text.wasm", "no component");
    assert_shown!(place.run(&["plugin", "install", "text.wasm"]));
    assert!(!place.path("plugins").exists());
}

#[test]
fn a_broken_one_is_listed_as_such() {
    let place = Place::with_config("");
    place.write("plugins/broken.wasm", "no component");
    assert_shown!(place.run(&["plugin", "list"]));
}
