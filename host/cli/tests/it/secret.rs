//! `rosterd secret`.

use crate::support::{Place, assert_shown};

#[test]
fn a_secret_is_kept_listed_and_never_shown() {
    let place = Place::with_config("");
    let shown = [
        place.run(&["secret", "list"]),
        place.run(&["secret", "init"]),
        place.run_input("hunter2\n", &["secret", "set", "ad-password"]),
        place.run_input("hunter3", &["secret", "set", "token"]),
        place.run(&["secret", "list"]),
        place.run(&["secret", "list", "--format", "json"]),
    ]
    .join("\n");
    assert!(!shown.contains("hunter"));
    assert_shown!(shown);
    let file = std::fs::read(place.path("secrets.age")).expect("a store");
    assert!(!String::from_utf8_lossy(&file).contains("hunter"));
}

#[test]
fn the_key_is_private_and_never_replaced() {
    let place = Place::with_config("");
    place.run(&["secret", "init"]);
    let mode = std::fs::metadata(place.path(".rosterd/identity.txt")).expect("a key").permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    let before = place.read(".rosterd/identity.txt");
    assert_shown!(place.run(&["secret", "init"]));
    assert_eq!(place.read(".rosterd/identity.txt"), before);
}

#[test]
fn a_store_needs_a_key_and_a_secret_a_value() {
    let place = Place::with_config("");
    let without_key = place.run_input("x", &["secret", "set", "a"]);
    place.run(&["secret", "init"]);
    let shown = [without_key, place.run(&["secret", "set", "a"]), place.run_input("x", &["secret", "set", "a b"])];
    assert_shown!(shown.join("\n"));
}
