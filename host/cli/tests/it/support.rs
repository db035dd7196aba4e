//! A folder of its own for each test, and the binary run in it with nothing of the machine around.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder with a home, and the binary to run in it.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("rosterd-cli-").tempdir().expect("a temporary folder");
        Self { dir }
    }

    /// With a rosterd.toml.
    pub(crate) fn with_config(text: &str) -> Self {
        let place = Self::new();
        place.write("rosterd.toml", text);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, content).expect("written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A script that can be run.
    pub(crate) fn script(&self, name: &str, text: &str) {
        self.write(name, text);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(self.path(name), mode).expect("permissions");
    }

    /// Names of all files below a folder, sorted.
    pub(crate) fn files(&self, below: &str) -> Vec<String> {
        fn walk(root: &Path, dir: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry")) {
                let path = entry.path();
                if entry.file_type().expect("a type").is_dir() {
                    walk(root, &path, found);
                } else {
                    found.push(path.strip_prefix(root).expect("below").display().to_string());
                }
            }
        }
        let mut found = Vec::new();
        walk(self.dir.path(), &self.path(below), &mut found);
        found.sort();
        found
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rosterd"));
        command.args(arguments).current_dir(self.dir.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.path("home")).env("PATH", "/usr/bin:/bin").env("COLUMNS", "100");
        command
    }

    /// Runs the binary: exit code, stdout and stderr as one text, free of what differs between machines.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.shown(&self.command(arguments).output().expect("it runs"))
    }

    /// The same with variables.
    pub(crate) fn run_env(&self, variables: &[(&str, &str)], arguments: &[&str]) -> String {
        self.shown(&self.command(arguments).envs(variables.iter().copied()).output().expect("it runs"))
    }

    /// The same with something on standard input.
    pub(crate) fn run_input(&self, input: &str, arguments: &[&str]) -> String {
        self.write("stdin", input);
        let file = std::fs::File::open(self.path("stdin")).expect("opened");
        self.shown(&self.command(arguments).stdin(file).output().expect("it runs"))
    }

    fn shown(&self, output: &Output) -> String {
        let mut text = format!("exit: {}\n", output.status.code().expect("an exit code"));
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let part = String::from_utf8_lossy(bytes);
            if !part.is_empty() {
                text += &format!("--- {name}\n{}\n", part.trim_end());
            }
        }
        let real = self.dir.path().canonicalize().expect("a real path");
        let text = text.replace(&real.display().to_string(), "[DIR]");
        text.replace(&self.dir.path().display().to_string(), "[DIR]")
    }
}

/// Holds a text against its snapshot. Digests and times are left out.
macro_rules! assert_shown {
    ($text:expr) => {
        insta::with_settings!({
            filters => vec![
                (r"\b[0-9a-f]{64}\b", "[DIGEST]"),
                (r"\b[0-9a-f]{16}\b", "[DIGEST]"),
                (r"component +size", "component  size"),
                (r"built in [0-9.]+ s", "built in [SECONDS] s"),
                (r#""seconds":[0-9.e-]+"#, "\"seconds\":[SECONDS]"),
            ],
            omit_expression => true,
        }, {
            insta::assert_snapshot!($text);
        });
    };
}
pub(crate) use assert_shown;
