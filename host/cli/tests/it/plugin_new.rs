//! `rosterd plugin new`. That what it writes builds and passes its own tests is proved where guests are built.

use crate::support::{Place, assert_shown};

#[test]
fn a_source() {
    let place = Place::new();
    let shown = place.run(&["plugin", "new", "my-hr"]);
    assert_shown!(format!("{shown}\n{}", place.files("my-hr").join("\n")));
    assert!(place.read("my-hr/Cargo.toml").contains("name = \"my-hr\""));
    assert!(place.read("my-hr/Cargo.toml").contains("../.rosterd-sdk/sdk"));
    assert!(place.path(".rosterd-sdk/sdk/wit/v0.1/worlds.wit").is_file());
}

#[test]
fn no_placeholder_is_left() {
    for kind in ["source", "destination"] {
        let place = Place::new();
        place.run(&["plugin", "new", "my-own", "--kind", kind, "--path", "plugins"]);
        for file in place.files("plugins/my-own").iter().filter(|file| !file.ends_with("Cargo.lock")) {
            let text = place.read(file);
            assert!(!text.contains("{{") || file.ends_with(".rs"), "{file}: {text}");
            assert!(!text.contains("{{name}}") && !text.contains("{{sdk}}"), "{file}");
        }
    }
}

#[test]
fn a_folder_that_is_there_stays_as_it_is() {
    let place = Place::new();
    place.write("my-hr/mine", "");
    assert_shown!(place.run(&["plugin", "new", "my-hr"]));
    assert_eq!(place.files("my-hr"), ["my-hr/mine"]);
}

#[test]
fn names_are_plain() {
    assert_shown!(Place::new().run(&["plugin", "new", "My_HR"]));
}
