//! A hub in a folder of its own, driven through the command line as an operator would.
//!
//! Its connections hold canary secrets. What each command says is searched for them, and the memory of its guests after
//! every call; when the hub is dropped, its whole folder is too (store, exports, compiled components). One that turned up
//! anywhere fails the test.

use crate::built::{binary, component_asking};
use crate::compiled;
use crate::tape;
use crate::watched::Watched;
use serde_json::Value as Json;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

/// A hub in a folder of its own; as [`Hub::new`] makes it, with a csv source `hr` and a csv destination `directory`.
pub struct Hub {
    dir: tempfile::TempDir,
    /// The secrets of its connections, and where they were seen.
    pub watched: Watched,
    finished: bool,
    /// Runs are recorded, and each tape is replayed.
    taped: bool,
    tapes: AtomicU64,
}

/// The variable that holds the secret of `hr`.
pub const CANARY_VARIABLE: &str = "ROSTERD_TEST_CANARY";
/// The secret of `hr`. It has what is written differently in a url, in JSON and in UTF-16.
pub const CANARY_OF_HR: &str = "Kanari/7c1f+\"gelb\" & blau";
/// The secret of `directory`, which is in a file.
pub const CANARY_OF_DIRECTORY: &str = "Zeisig/91be+\"grün\" & rot";

/// What a command of the hub printed.
pub struct Said {
    /// Exit code; none: it was killed by a signal.
    pub code: Option<i32>,
    /// stdout.
    pub out: String,
    /// stderr.
    pub err: String,
}

impl Said {
    /// stdout as JSON.
    #[must_use]
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {}{}", self.out, self.err))
    }

    /// The same, after a check of the exit code.
    #[must_use]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }
}

/// Where a hub keeps compiled components.
const CACHE: &str = ".rosterd/cache";

const CONFIG: &str = r#"
[store]
path = "data/hub.redb"
cache = "16 MB"

[connection.hr]
plugin = "csv"
[connection.hr.settings]
file = "people.csv"
id = "工号"
[connection.hr.grants]
files = ["people.csv"]
[connection.hr.secrets]
canary = { env = "ROSTERD_TEST_CANARY" }

[connection.directory]
plugin = "csv"
[connection.directory.settings]
file = "directory.csv"
id = "employee_number"
journal = "journal.csv"
status = { header = "status", enabled = "on", disabled = "off" }
[connection.directory.grants]
files = ["directory.csv", "journal.csv"]
[connection.directory.secrets]
canary = { file = "CANARY-FILE" }

[job.hr]
source = "hr"
[job.hr.account]
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.hr.account.map]
userName = 'ToLower(source.username)'
displayName = 'source.display_name'
"emails.work" = 'source.email'
employeeNumber = 'source.employee_number'
orgUnit = 'source.orgUnit'
lifecycle = 'source.status'
[job.hr.org-unit.map]
displayName = 'source.displayName'
parent = 'source.parent'

[deliver.directory]
first-delivery = "allow"
[deliver.directory.account.map]
employee_number = 'account.employeeNumber'
username = 'account.userName'
display_name = 'account.displayName'
email = 'account.emails.work'
org_path = 'account.orgPath'

[limits]
page-size = 20
observe-batch = 20
apply-batch = 20
deliver-batch = 20
"#;

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

impl Hub {
    /// A hub that has seen nobody.
    #[must_use]
    pub fn new() -> Self {
        let hub = Self::with(&["csv"]);
        let file = hub.watched.file("directory-secret", CANARY_OF_DIRECTORY);
        hub.write("rosterd.toml", &CONFIG.replace("CANARY-FILE", &file.display().to_string()));
        hub
    }

    /// A hub with these components and no configuration. The variable of [`CANARY_VARIABLE`] is set.
    #[must_use]
    pub fn with(components: &[&str]) -> Self {
        let hub = Self::empty();
        for name in components {
            hub.install(name).unwrap_or_else(|error| panic!("{name} can not be put into the hub: {error}"));
        }
        hub
    }

    /// A hub with one component, in whose manifest some texts are replaced, and no configuration.
    #[must_use]
    pub fn with_changed(component: &str, changes: &[(&str, &str)]) -> Self {
        let hub = Self::empty();
        hub.install_changed(component, changes)
            .unwrap_or_else(|error| panic!("{component} can not be put into the hub: {error}"));
        hub
    }

    fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for the hub: {error}"));
        let hub = Self { dir, watched: Watched::new(), finished: false, taped: true, tapes: AtomicU64::new(0) };
        hub.watched.variable(CANARY_VARIABLE, CANARY_OF_HR);
        hub
    }

    /// The same hub without tapes, for tests that need very many runs.
    #[must_use]
    pub fn untaped(self) -> Self {
        let mut hub = self;
        hub.taped = false;
        hub
    }

    /// Puts a component into its folder as a plugin, which from then on asks for an optional secret `canary` too: the host
    /// then holds the secret while the guest runs. It comes compiled.
    ///
    /// # Errors
    /// The component is not built, or the hub's folder can not be written.
    pub fn install(&self, name: &str) -> std::io::Result<()> {
        self.install_changed(name, &[])
    }

    fn install_changed(&self, name: &str, changes: &[(&str, &str)]) -> std::io::Result<()> {
        let component = component_asking(name, changes)?;
        std::fs::create_dir_all(self.path("plugins"))?;
        std::fs::write(self.path("plugins").join(format!("{name}.wasm")), &component)?;
        compiled::put(&component, &self.path(CACHE), || {
            // A component is compiled for what it is: its hub may be configured already, and keeps that.
            let configured = self.read("rosterd.toml");
            self.write("rosterd.toml", "");
            drop(self.rosterd(&["plugin", "describe", name]).code(0));
            self.write("rosterd.toml", &configured);
        })
    }

    /// Ends the hub without judging it: everything that was seen anywhere.
    #[must_use]
    pub fn sightings(mut self) -> Vec<String> {
        self.finished = true;
        self.watched.finish(self.dir.path())
    }

    /// A path in its folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file in its folder.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Reads a file of its folder; empty if there is none.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Changes the configuration.
    pub fn configure(&self, from: &str, to: &str) {
        let text = self.read("rosterd.toml");
        assert!(text.contains(from), "the configuration has no {from}");
        self.write("rosterd.toml", &text.replace(from, to));
    }

    /// Runs a command.
    #[must_use]
    pub fn rosterd(&self, words: &[&str]) -> Said {
        if self.taped && tape::can_be_recorded(words) { self.recorded(words) } else { self.rosterd_with(words, &[]) }
    }

    /// Runs a command, records it, and replays it elsewhere: it must come to the same plan.
    fn recorded(&self, words: &[&str]) -> Said {
        let number = self.tapes.fetch_add(1, Ordering::SeqCst) + 1;
        let _ = std::fs::create_dir(self.path("tapes"));
        let name = format!("tapes/{number}");
        let mut said = self.rosterd_with(&[words, &["--record", &name, "--with-store"]].concat(), &[]);
        let about_tapes =
            |line: &&str| line.starts_with("recorded on ") || line.contains("places held a secret of the");
        said.err = said.err.split_inclusive('\n').filter(|line| !about_tapes(line)).collect();
        // What the command says is compared with what it says without a tape.
        if let Ok(Json::Object(mut body)) = serde_json::from_str(&said.out)
            && body.remove("tape").is_some()
        {
            said.out = format!("{}\n", Json::Object(body));
        }
        tape::replay(&self.path(&name), &self.path(CACHE), words);
        said
    }

    /// Runs a command with more environment.
    #[must_use]
    pub fn rosterd_with(&self, words: &[&str], environment: &[(&str, &str)]) -> Said {
        self.say(words, |command| command.envs(environment.iter().copied()))
    }

    /// Runs a command that reads this file from standard input.
    #[must_use]
    pub fn rosterd_reading(&self, words: &[&str], input: &Path) -> Said {
        let file = std::fs::File::open(input).unwrap_or_else(|error| panic!("{}: {error}", input.display()));
        self.say(words, |command| command.stdin(file))
    }

    fn say(&self, words: &[&str], more: impl FnOnce(&mut Command) -> &mut Command) -> Said {
        let mut command = Command::new(binary());
        command.args(words).current_dir(self.dir.path()).env("NO_COLOR", "1").env_remove("ROSTERD_CONFIG");
        more(&mut command);
        let Output { status, stdout, stderr } = self.watched.run(&mut command, calls_guests(words));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// The hub's own file of all accounts.
    #[must_use]
    pub fn export(&self) -> String {
        let said = self.rosterd(&["export", "export.csv"]).code(0);
        drop(said);
        self.read("export.csv")
    }

    /// Says that every invariant of the store holds.
    pub fn verify(&self) {
        let said = self.rosterd(&["store", "verify"]);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // A test that fails already says more than what a half-done hub holds.
        if self.finished || std::thread::panicking() {
            return;
        }
        let seen = self.watched.finish(self.dir.path());
        assert!(seen.is_empty(), "secrets were seen where they must not be:\n{}", seen.join("\n"));
    }
}

/// Commands that can not succeed without a call of a connector.
fn calls_guests(words: &[&str]) -> bool {
    match words {
        ["plan", what, ..] => !["show", "approve"].contains(what),
        [command, ..] => {
            ["run", "import", "export"].contains(command) || words.starts_with(&["connection", "discover"])
        }
        [] => false,
    }
}

/// A table of `count` people from number `from`, in a tree of org units.
#[must_use]
pub fn people(from: usize, count: usize) -> String {
    let mut text = "工号,用户名,姓名,邮箱,组织路径,状态\n".to_owned();
    for n in from..from + count {
        // Writing to a String can not fail.
        let _ = writeln!(text, "{n:05},user{n},Person {n},user{n}@example.com,Acme/Dept {}/Team {},", n % 5, n % 10);
    }
    text
}
