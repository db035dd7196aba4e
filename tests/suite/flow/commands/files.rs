//! `import` and `export`.

use super::{assert_shown, settled, shown};
use rosterd_tests::hub::{Hub, people};

#[test]
fn a_file_goes_in_and_out() {
    let hub = Hub::new();
    hub.configure("first-delivery = \"allow\"", "first-delivery = \"allow\"\nscope = 'false'");
    hub.write("in.csv", &people(1, 3));
    assert_shown!(shown(
        &hub,
        &[
            &["import", "in.csv"],
            &["import", "in.csv"],
            &["import", "in.csv", "--format", "json"],
            &["export", "out.csv"],
            &["export", "out.csv", "--format", "json"],
        ]
    ));
}

#[test]
fn files_that_can_not_be_read_or_written() {
    let hub = settled();
    hub.write("odd.csv", "shoe size\n42\n");
    hub.write("empty.csv", "");
    assert_shown!(shown(
        &hub,
        &[
            &["import", "nothing.csv"],
            &["import", "odd.csv"],
            &["import", "empty.csv"],
            &["import", "people.csv", "--id", "badge"],
            &["export", "nowhere/out.csv"],
        ]
    ));
}
