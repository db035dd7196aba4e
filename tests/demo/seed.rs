//! The program as `make demo` calls it: what it writes depends on its arguments alone.

use std::path::Path;
use std::process::Command;

fn company(seed: &str, out: &Path) -> Vec<u8> {
    let status = Command::new(env!("CARGO_BIN_EXE_demo-company"))
        .args(["--people", "300", "--seed", seed, "--out"])
        .arg(out)
        .status()
        .expect("the program starts");
    assert!(status.success(), "{status}");
    std::fs::read(out).expect("it wrote the file")
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_seed_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = company("7", &folder.path().join("a.csv"));
    assert!(first == company("7", &folder.path().join("b.csv")), "two companies of one seed differ");
    assert!(first != company("8", &folder.path().join("c.csv")), "two seeds make one company");
    let about = std::fs::read_to_string(folder.path().join("a.csv.json")).expect("what it says of itself");
    assert_eq!(about.trim(), r#"{"seed":7,"people":300}"#);
}
