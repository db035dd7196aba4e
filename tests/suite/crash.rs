//! Killed at every effect: each time the next run goes on, and in the end all is as if nothing had happened.

use rosterd_tests::hub::{Hub, people};
use std::collections::BTreeSet;

/// Kills a run of `hub` at its n-th effect, goes on once, and compares with an undisturbed one.
fn killed_at(n: u64, prepare: &dyn Fn(&Hub), export: &str, directory: &str, keys: usize) {
    let hub = Hub::new().untaped();
    prepare(&hub);
    let at = n.to_string();
    let said = hub.rosterd_with(&["run", "hr"], &[("ROSTERD_KILL_AT", &at)]);
    assert_eq!(said.code, None, "effect {n} did not kill: {}{}", said.out, said.err);
    let said = hub.rosterd(&["run", "hr"]);
    assert_eq!(said.code, Some(0), "after effect {n}: {}{}", said.out, said.err);
    hub.verify();
    assert_eq!(hub.export(), export, "the hub after effect {n}");
    assert_eq!(hub.read("directory.csv"), directory, "the destination after effect {n}");
    let journal = hub.read("journal.csv");
    let lines: Vec<&str> = journal.lines().skip(1).collect();
    let distinct: BTreeSet<&str> = lines.iter().filter_map(|line| line.split(',').next()).collect();
    assert_eq!((lines.len(), distinct.len()), (keys, keys), "the journal after effect {n}: each key once");
}

/// Effects of an undisturbed run.
fn effects(hub: &Hub) -> u64 {
    // A number that no run reaches: only counted.
    let said = hub.rosterd_with(&["run", "hr", "--format", "json"], &[("ROSTERD_KILL_AT", "1000000")]).code(0);
    said.json()["effects"].as_u64().expect("the run prints its effects")
}

#[test]
fn a_first_run_killed_at_every_effect_converges() {
    let prepare = |hub: &Hub| hub.write("people.csv", &people(1, 200));
    let whole = Hub::new();
    prepare(&whole);
    let count = effects(&whole);
    println!("effects of the run: {count}");
    assert!(count >= 40, "only {count} effects");
    let (export, directory) = (whole.export(), whole.read("directory.csv"));
    let keys = whole.read("journal.csv").lines().count() - 1;
    assert_eq!(keys, 200);
    let next = std::sync::atomic::AtomicU64::new(1);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    if n > count {
                        return;
                    }
                    killed_at(n, &prepare, &export, &directory, keys);
                }
            });
        }
    });
}
