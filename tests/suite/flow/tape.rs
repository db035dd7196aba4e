//! Tapes: what was recorded comes to the same plan elsewhere, holds no secret, and says where it breaks off.

use rosterd_tests::built::component;
use rosterd_tests::hub::{Hub, Said, people};
use std::path::Path;

/// A hub that records only where this test says so.
fn hub(count: usize) -> Hub {
    let hub = Hub::new().untaped();
    hub.write("people.csv", &people(1, count));
    hub
}

/// A folder with a tape and nothing else.
struct Elsewhere(Hub);

impl Elsewhere {
    fn new(tape: &Path) -> Self {
        let hub = Hub::with(&[]).untaped();
        std::fs::copy(tape, hub.path("tape")).expect("there is a tape");
        Self(hub)
    }

    fn replay(&self, more: &[&str]) -> Said {
        self.0.rosterd(&[&["replay", "tape", "--format", "json"], more].concat())
    }
}

#[test]
fn a_first_run_replays_elsewhere_without_its_files_and_secrets() {
    let hub = hub(60);
    let said = hub.rosterd(&["run", "hr", "--record", "tape", "--format", "json"]).code(0).json();
    assert!(said["tape"]["frames"].as_u64().is_some_and(|frames| frames > 10), "{said}");
    let elsewhere = Elsewhere::new(&hub.path("tape"));
    let replayed = elsewhere.replay(&[]).code(0).json();
    assert_eq!(replayed["replayed"]["plan"], said["plan"]["digest"]);
    assert_eq!((&replayed["same"], &replayed["redacted"]), (&true.into(), &false.into()));
    let names = replayed["connections"].as_array().expect("connections");
    let names: Vec<_> = names.iter().map(|one| (one["connection"].as_str(), one["count"].as_u64())).collect();
    assert_eq!(names, [(Some("hr"), Some(0)), (Some("directory"), Some(0))], "{replayed}");
    // Nothing of the replay is left but what was compiled.
    assert!(!elsewhere.0.path("data").exists());
}

#[test]
fn a_later_run_replays_over_a_copy_of_the_store_only() {
    let hub = hub(40);
    drop(hub.rosterd(&["run", "hr"]).code(0));
    hub.write("people.csv", &people(3, 40));
    let said = hub.rosterd(&["plan", "hr", "--record", "tape", "--with-store", "--format", "json"]).json();
    let elsewhere = Elsewhere::new(&hub.path("tape"));
    let refused = elsewhere.replay(&[]).code(2);
    assert!(refused.err.contains("--store"), "{}", refused.err);
    let store = hub.path("tape.store");
    let before = std::fs::read(&store).expect("there is a copy");
    let replayed = elsewhere.replay(&["--store", &store.display().to_string()]).code(0).json();
    assert_eq!(replayed["replayed"]["plan"], said["plan"]["digest"]);
    assert!(std::fs::read(&store).expect("it is there") == before, "the copy was changed");
}

#[test]
fn pseudonyms_leave_the_shape_of_the_plan_and_nobodys_name() {
    let hub = hub(30);
    let said = hub.rosterd(&["run", "hr", "--record", "tape", "--redact", "--format", "json"]).code(0).json();
    let bytes = std::fs::read(hub.path("tape")).expect("there is a tape");
    let text = String::from_utf8_lossy(&bytes);
    for word in ["user7", "Person", "00007", "Acme"] {
        assert!(!text.contains(word), "{word} is on the tape");
    }
    let replayed = Elsewhere::new(&hub.path("tape")).replay(&[]).code(0).json();
    assert_eq!((&replayed["same"], &replayed["redacted"]), (&true.into(), &true.into()));
    assert_eq!(replayed["replayed"]["steps"], said["plan"]["steps"]);
    assert_ne!(replayed["replayed"]["plan"], said["plan"]["digest"]);
}

#[test]
fn a_killed_recording_is_whole_up_to_its_last_frame_and_a_damaged_one_names_the_frame() {
    let hub = hub(50);
    drop(hub.rosterd(&["run", "hr", "--record", "tape"]).code(0));
    let whole = std::fs::read(hub.path("tape")).expect("there is a tape");
    let elsewhere = Elsewhere::new(&hub.path("tape"));
    let cut = |length: usize| std::fs::write(elsewhere.0.path("tape"), &whole[..length]).expect("a file");
    // The last frame is missing; then most of the delivery.
    for missing in [3, 2000] {
        cut(whole.len() - missing);
        let replayed = elsewhere.replay(&[]).code(7).json();
        assert!(replayed["recorded"].is_null() && replayed["replayed"]["plan"].is_string(), "{replayed}");
    }
    let mut damaged = whole.clone();
    let at = whole.len() - 1000;
    damaged[at] ^= 1;
    std::fs::write(elsewhere.0.path("tape"), &damaged).expect("a file");
    let said = elsewhere.replay(&[]).code(2);
    assert!(said.err.contains("damaged at frame "), "{}", said.err);
    std::fs::write(elsewhere.0.path("tape"), "name,id\n").expect("a file");
    assert!(elsewhere.replay(&[]).code(2).err.contains("no tape"));
}

#[test]
fn a_tape_overwrites_nothing() {
    let hub = hub(3);
    hub.write("tape", "precious");
    let said = hub.rosterd(&["plan", "hr", "--record", "tape"]).code(2);
    assert!(said.err.contains("failed to make the tape"), "{}", said.err);
    assert_eq!(hub.read("tape"), "precious");
}

#[test]
fn a_run_that_fails_replays_as_one_that_fails() {
    let hub = hub(3);
    std::fs::remove_file(hub.path("people.csv")).expect("it was there");
    assert_ne!(hub.rosterd(&["run", "hr", "--record", "tape"]).code, Some(0));
    let replayed = Elsewhere::new(&hub.path("tape")).replay(&[]).code(0).json();
    assert_eq!(replayed["replayed"]["outcome"], "failed");
}

#[test]
fn an_upgrade_is_rehearsed_over_an_old_tape() {
    let hub = hub(20);
    drop(hub.rosterd(&["run", "hr", "--record", "tape"]).code(0));
    let test = |file: &str, connection: &str| {
        hub.rosterd(&["plugin", "test", file, "--tape", "tape", "--connection", connection, "--format", "json"])
    };
    // The component of the tape asks for one more secret, so this is another one; what it does is the same.
    let csv = component("csv").display().to_string();
    let said = test(&csv, "hr").code(0).json();
    assert_eq!((said["count"].as_u64(), said["changes"].as_u64()), (Some(0), Some(36)), "{said}");
    // And this one really is another one.
    let said = test(&component("hostile").display().to_string(), "hr").code(7);
    assert!(said.json()["count"].as_u64().is_some_and(|count| count > 0), "{}", said.out);
    assert!(test(&csv, "nobody").code(2).err.contains("--connection hr | directory"));
}

#[test]
fn a_component_is_tested_in_the_real_sandbox() {
    let hub = hub(12);
    hub.write("csv.toml", "[settings]\nfile = \"people.csv\"\nid = \"工号\"\n[grants]\nfiles = [\"people.csv\"]\n");
    let csv = component("csv").display().to_string();
    let words = ["plugin", "test", &csv, "--settings", "csv.toml", "--limit", "2", "--record", "tape"];
    let said = hub.rosterd(&[&words[..], &["--format", "json"]].concat()).code(0).json();
    assert_eq!(said["counts"]["account"], 12, "{said}");
    assert_eq!(said["records"].as_array().map(Vec::len), Some(2), "{said}");
    assert!(said["end"]["complete"].as_array().is_some_and(|all| !all.is_empty()), "{said}");
    let again = hub.rosterd(&["plugin", "test", &csv, "--tape", "tape", "--format", "json"]).code(0).json();
    assert_eq!((again["count"].as_u64(), again["connection"].as_str()), (Some(0), Some("test")), "{again}");
    // Without the grant the sandbox says which line to add.
    hub.write("none.toml", "[settings]\nfile = \"people.csv\"\nid = \"工号\"\n");
    let said = hub.rosterd(&["plugin", "test", &csv, "--settings", "none.toml"]);
    assert!(said.code != Some(0) && (said.err.clone() + &said.out).contains("files"), "{}{}", said.out, said.err);
}
