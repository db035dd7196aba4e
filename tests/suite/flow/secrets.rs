//! No secret of the configuration turns up in anything that the hub writes.

use rosterd_tests::canary::Canaries;
use rosterd_tests::hub::{Hub, people};

#[test]
fn a_canary_in_the_environment_is_nowhere_in_the_store_the_output_or_the_files() {
    const SECRET: &str = "canary-7c1f-do-not-tell";
    let hub = Hub::new();
    hub.write("people.csv", &people(1, 20));
    hub.configure(
        "[connection.hr.grants]",
        "[connection.hr.secrets]\ntoken = { env = \"HR_TOKEN\" }\n[connection.hr.grants]",
    );
    let canaries = Canaries::new();
    canaries.plant("HR_TOKEN", SECRET);
    for words in [&["run", "hr", "--verbose"][..], &["check"], &["run", "hr", "--format", "json"]] {
        let said = hub.rosterd_with(words, &[("HR_TOKEN", SECRET)]);
        canaries.search("stdout", said.out.as_bytes());
        canaries.search("stderr", said.err.as_bytes());
    }
    for file in ["data/hub.redb", "directory.csv", "journal.csv"] {
        if let Ok(bytes) = std::fs::read(hub.path(file)) {
            canaries.search(file, &bytes);
        }
    }
    canaries.assert_unseen();
}
