//! A hub in a folder of its own: configuration, plugin, one CSV file.

use crate::process::{self, Outcome};
use crate::settings::Settings;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The configuration of every measured hub.
const CONFIGURATION: &str = include_str!("../rosterd.toml");

/// Exit codes with which a measured run is complete: ok, and partial.
const COMPLETE: [i32; 2] = [0, 7];

/// A hub to measure.
#[derive(Debug)]
pub(crate) struct Hub<'a> {
    settings: &'a Settings,
    folder: PathBuf,
}

impl<'a> Hub<'a> {
    /// A new, empty hub under the work folder, with the csv connector installed.
    pub(crate) fn new(settings: &'a Settings, name: &str) -> Result<Self, String> {
        Self::with(settings, name, CONFIGURATION, &settings.plugin)
    }

    /// A new, empty hub with this configuration and this component.
    pub(crate) fn with(settings: &'a Settings, name: &str, configuration: &str, plugin: &Path) -> Result<Self, String> {
        let folder = settings.work.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| format!("can not empty {}: {error}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).map_err(|error| format!("can not make {}: {error}", folder.display()))?;
        let folder = folder.canonicalize().map_err(|error| format!("can not find the new folder: {error}"))?;
        std::fs::write(folder.join("rosterd.toml"), configuration)
            .map_err(|error| format!("can not write a configuration: {error}"))?;
        let hub = Self { settings, folder };
        let found = plugin.canonicalize();
        let plugin = found.map_err(|error| format!("can not find the component {}: {error}", plugin.display()))?;
        hub.rosterd(&["plugin", "install", &plugin.to_string_lossy()])?;
        Ok(hub)
    }

    /// Writes `people.csv`: clean people, of whom `changed` have another title.
    pub(crate) fn write_people(&self, people: usize, changed: usize) -> Result<(), String> {
        let (people, changed) = (people.to_string(), changed.to_string());
        let words = ["--people", &people, "--clean", "--changed", &changed, "--out", "people.csv"];
        process::run(&self.settings.binary("demo-company"), &words, &self.folder, &[]).map(drop)
    }

    /// The file of people.
    pub(crate) fn people(&self) -> PathBuf {
        self.folder.join("people.csv")
    }

    /// The folder of the hub.
    pub(crate) fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// Runs a command of the measured binary in the hub's folder.
    pub(crate) fn rosterd(&self, words: &[&str]) -> Result<Outcome, String> {
        process::run(&self.settings.binary("rosterd"), words, &self.folder, &COMPLETE)
    }

    /// Runs the job: file to applied state.
    pub(crate) fn run(&self) -> Result<(Outcome, Value), String> {
        let outcome = self.rosterd(&["run", "hr", "--format", "json"])?;
        let json = outcome.json()?;
        Ok((outcome, json))
    }
}
