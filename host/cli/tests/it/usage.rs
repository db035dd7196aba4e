//! Help, version, and what is said to wrong arguments.

use crate::support::{Place, assert_shown};

#[test]
fn help_lists_every_command() {
    assert_shown!(Place::new().run(&["--help"]));
}

#[test]
fn plan_help() {
    assert_shown!(Place::new().run(&["plan", "--help"]));
}

#[test]
fn version_needs_nothing() {
    let shown = Place::new().run(&["--version"]);
    assert_eq!(shown, format!("exit: 0\n--- stdout\nrosterd {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_command_is_usage() {
    assert_shown!(Place::new().run(&["syncronise"]));
}

#[test]
fn plan_needs_a_job() {
    assert_shown!(Place::new().run(&["plan"]));
}

#[test]
fn quiet_and_verbose_exclude_each_other() {
    assert_shown!(Place::new().run(&["check", "--quiet", "--verbose"]));
}
