//! docs/connector-guide.md, followed to the letter: every file written, every command run, in this order.
//!
//! Its connector asks for no secret, so the canary is in the environment of everything that runs: whatever a guest is
//! given of it, or a command says of it, is seen.

use rosterd_tests::built::{binary, top};
use rosterd_tests::hub::{CANARY_OF_HR, CANARY_VARIABLE};
use rosterd_tests::watched::Watched;
use std::path::Path;
use std::process::Command;

/// A fenced block of the page.
enum Block {
    /// Commands for a shell.
    Shell(String),
    /// A file and its text.
    File(String, String),
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let text =
            lines.by_ref().take_while(|line| *line != "```").fold(String::new(), |text, line| text + line + "\n");
        if info == "sh" {
            blocks.push(Block::Shell(text));
        } else if let Some((_, file)) = info.split_once("file:") {
            blocks.push(Block::File(file.to_owned(), text));
        }
    }
    blocks
}

fn run(watched: &Watched, folder: &Path, commands: &str) -> String {
    let bin = binary();
    let path = format!("{}:{}", bin.parent().unwrap_or(&bin).display(), std::env::var("PATH").unwrap_or_default());
    // One folder for all guests: the standard library is built once.
    let target =
        std::env::var("ROSTERD_GUEST_TARGET").unwrap_or_else(|_| top().join("target/guests").display().to_string());
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", commands])
        .current_dir(folder)
        .env("PATH", path)
        .env("ROSTERD_GUEST_TARGET", target)
        .env("NO_COLOR", "1");
    let output = watched.run(&mut shell, commands.contains("rosterd run"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{commands}{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_connector_in_ten_minutes() {
    let page = std::fs::read_to_string(top().join("docs/connector-guide.md")).expect("the guide");
    let folder = tempfile::tempdir().expect("a folder");
    let watched = Watched::new();
    watched.variable(CANARY_VARIABLE, CANARY_OF_HR);
    let run = |commands: &str| run(&watched, folder.path(), commands);
    let mut last = String::new();
    for block in blocks(&page) {
        match block {
            Block::Shell(commands) => last = run(&commands),
            Block::File(name, text) => std::fs::write(folder.path().join(&name), text).expect("a file of the guide"),
        }
    }
    // What the page promises at its end.
    for name in ["li.hua", "zoe.mueller", "tom.obrien"] {
        assert!(last.contains(name), "{name} is not in {last}");
    }
    let again = run("rosterd run my-hr");
    assert!(again.contains("nothing to do"), "{again}");
    let list = std::fs::read_to_string(folder.path().join("staff.txt")).expect("the list");
    let shorter: String = list.lines().take(2).fold(String::new(), |text, line| text + line + "\n");
    std::fs::write(folder.path().join("staff.txt"), shorter).expect("the list");
    // Two of three is a third fewer: a person is asked, and nobody is removed.
    let held = run("rosterd run my-hr || true; rosterd account list");
    assert!(held.contains("0 removed") && held.matches(" active").count() == 3, "{held}");
    assert_eq!(watched.finish(folder.path()), [""; 0], "secrets were seen where they must not be");
}
