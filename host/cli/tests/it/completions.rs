//! `rosterd completions`: the scripts belong to clap; that they are made and name our commands is ours.

use crate::support::Place;

#[test]
fn there_is_a_script_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let shown = Place::new().run(&["completions", shell]);
        assert!(shown.starts_with("exit: 0\n--- stdout\n"), "{shell}");
        assert!(shown.contains("quarantine") && !shown.contains("--- stderr"), "{shell}");
    }
}
