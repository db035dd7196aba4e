//! What the command line of the driver says.

use std::path::{Path, PathBuf};

/// Where things are and how much is measured.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// People of the large company; those of DingTalk are at most 50,000, entries of LDAP at most 100,000.
    pub(crate) people: usize,
    /// Folder of the built binaries: `rosterd`, `demo-company`, `raw_redb`, `tax`, `described`.
    pub(crate) binaries: PathBuf,
    /// The installed form of the csv connector: a component file. Those of dingtalk and ldap lie beside it.
    pub(crate) plugin: PathBuf,
    /// Folder to work in; emptied before each scenario.
    pub(crate) work: PathBuf,
    /// File to write the figures to.
    pub(crate) out: PathBuf,
    /// Only scenarios whose name contains this.
    pub(crate) only: Option<String>,
}

const USAGE: &str = "usage: bench --plugin FILE [--people N] [--binaries DIR] [--work DIR] [--out FILE] [--only NAME]";

impl Settings {
    /// Reads the words of a command line; an error is a sentence.
    pub(crate) fn from_words(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let own =
            std::env::current_exe().map_err(|error| format!("can not find out where this program is: {error}"))?;
        let binaries = own.parent().unwrap_or(Path::new(".")).to_owned();
        let mut settings = Self {
            people: 1_000_000,
            binaries,
            plugin: PathBuf::new(),
            work: PathBuf::from("target/bench/work"),
            out: PathBuf::from("target/bench/bench.json"),
            only: None,
        };
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("{word} lacks its value; {USAGE}"))?;
            match word.as_str() {
                "--people" => {
                    settings.people = value.parse().map_err(|_| format!("\"{value}\" is no number; {USAGE}"))?;
                }
                "--binaries" => settings.binaries = value.into(),
                "--plugin" => settings.plugin = value.into(),
                "--work" => settings.work = value.into(),
                "--out" => settings.out = value.into(),
                "--only" => settings.only = Some(value),
                _ => return Err(format!("\"{word}\" is not known; {USAGE}")),
            }
        }
        if !settings.plugin.is_file() {
            return Err(format!("--plugin must name the built csv component; {USAGE}"));
        }
        Ok(settings)
    }

    /// The path of a built binary.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// True if the scenario is wanted.
    pub(crate) fn wants(&self, scenario: &str) -> bool {
        self.only.as_ref().is_none_or(|part| scenario.contains(part.as_str()))
    }
}
