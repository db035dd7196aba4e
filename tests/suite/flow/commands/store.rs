//! `store`.

use super::{assert_shown, settled, shown};
use rosterd_tests::hub::Hub;

#[test]
fn a_store_is_counted_verified_copied_and_put_back() {
    let hub = settled();
    assert_shown!(shown(
        &hub,
        &[
            &["store", "verify"],
            &["store", "verify", "--format", "json"],
            &["store", "stats"],
            &["store", "backup", "copy.redb"],
            &["store", "backup", "copy.redb"],
            &["store", "restore", "copy.redb"],
            &["store", "restore", "copy.redb", "--force"],
            &["store", "restore", "nothing.redb", "--force"],
            &["store", "restore", "people.csv", "--force"],
            &["store", "verify"],
            &["store", "backup", "other.redb", "--format", "json"],
        ]
    ));
}

#[test]
fn a_store_that_is_not_there_or_is_something_else() {
    let hub = Hub::new();
    let absent = shown(
        &hub,
        &[&["store", "verify"], &["store", "stats"], &["store", "backup", "copy.redb"], &["account", "list"]],
    );
    std::fs::create_dir_all(hub.path("data")).expect("a folder");
    hub.write("data/hub.redb", "people\n");
    assert_shown!(absent + "\n" + &shown(&hub, &[&["store", "verify"], &["run", "hr"]]));
}
