//! Canaries of a hub: secrets that the hub holds while its guests run, the needles that the command under test looks for
//! in their memory, and the search of everything else.
//!
//! All of it lies in a folder of its own: the hub's folder is searched, and must not hold them.

use crate::canary::Canaries;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Secrets, and where they must not turn up.
pub struct Watched {
    /// What is planted, and what was seen.
    pub canaries: Canaries,
    vault: tempfile::TempDir,
    variables: Mutex<BTreeMap<String, String>>,
    guests_ran: AtomicBool,
}

impl Default for Watched {
    fn default() -> Self {
        Self::new()
    }
}

impl Watched {
    /// Nothing planted yet.
    #[must_use]
    pub fn new() -> Self {
        let vault = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for the secrets: {error}"));
        let variables = [("ROSTERD_CANARIES".to_owned(), vault.path().join("needles").display().to_string())];
        Self {
            canaries: Canaries::new(),
            vault,
            variables: Mutex::new(variables.into()),
            guests_ran: AtomicBool::new(false),
        }
    }

    /// Looks for this secret from now on.
    pub fn plant(&self, name: &str, secret: &str) {
        self.canaries.plant(name, secret);
        std::fs::write(self.path("needles"), self.canaries.needles())
            .unwrap_or_else(|error| panic!("the needles can not be written: {error}"));
    }

    /// A secret in a variable of the environment.
    pub fn variable(&self, name: &str, secret: &str) {
        self.plant(name, secret);
        self.variables.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), secret.to_owned());
    }

    /// A secret in a file that only its owner can read.
    #[must_use]
    pub fn file(&self, name: &str, secret: &str) -> PathBuf {
        self.plant(name, secret);
        let path = self.path(name);
        let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(secret.as_bytes()))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// A path beside the secrets, outside of what is searched.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.vault.path().join(name)
    }

    /// Runs a command with the secrets in its environment, and searches what it says. `guests`: a command that calls
    /// connectors, so that their memory must have been searched if it succeeded.
    ///
    /// # Panics
    /// It can not be started.
    pub fn run(&self, command: &mut Command, guests: bool) -> Output {
        command.envs(&*self.variables.lock().unwrap_or_else(PoisonError::into_inner));
        let before = self.memories().len();
        let output = command.output().unwrap_or_else(|error| panic!("the command can not be started: {error}"));
        self.canaries.search("stdout", &output.stdout);
        self.canaries.search("stderr", &output.stderr);
        if guests && output.status.success() {
            self.guests_ran.store(true, Ordering::SeqCst);
            assert!(self.memories().len() > before, "{NOT_SEARCHED}: {command:?}");
        }
        output
    }

    /// Starts a command that goes on, with the secrets in its environment. What it says is for the caller to search.
    ///
    /// # Panics
    /// It can not be started.
    pub fn spawn(&self, command: &mut Command) -> std::process::Child {
        command.envs(&*self.variables.lock().unwrap_or_else(PoisonError::into_inner));
        self.guests_ran.store(true, Ordering::SeqCst);
        command.spawn().unwrap_or_else(|error| panic!("the command can not be started: {error}"))
    }

    /// Each search of a guest's memory so far: the connection, and how many bytes.
    #[must_use]
    pub fn memories(&self) -> Vec<(String, u64)> {
        let text = std::fs::read_to_string(self.path("needles.searched")).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.filter_map(|(guest, bytes)| Some((guest.to_owned(), bytes.parse().ok()?))).collect()
    }

    /// What was seen in the memory of guests.
    #[must_use]
    pub fn seen_in_memory(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("needles.seen")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Searches the folder, and says everything that was seen anywhere so far.
    ///
    /// # Panics
    /// A file can not be read, or guests ran and nobody looked into their memory.
    #[must_use]
    pub fn finish(&self, folder: &Path) -> Vec<String> {
        self.canaries.search_folder(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let bytes: u64 = self.memories().iter().map(|(_, bytes)| bytes).sum();
        // A hub without plugins has no guests.
        let guests = self.guests_ran.load(Ordering::SeqCst) && folder.join("plugins").is_dir();
        assert!(!guests || bytes > 0, "{NOT_SEARCHED}");
        let mut seen = self.canaries.seen();
        seen.extend(self.seen_in_memory());
        seen
    }
}

const NOT_SEARCHED: &str = "guests ran, and their memory was not searched for secrets; the command under test must be built \
    with debug assertions (`cargo build -p rosterd`)";
