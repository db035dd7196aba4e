//! A scenario file, read.

use rosterd_model::rule::Rule;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Table;

/// A scenario.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// The file's name without `.toml`: `4-shrink`.
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
    /// Each of these rules is needed for it.
    pub(crate) switches: Vec<Rule>,
    /// Public accidents that it plays.
    pub(crate) accidents: Vec<String>,
    /// The configuration.
    pub(crate) given: Table,
    pub(crate) steps: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Form {
    #[serde(rename = "title")]
    _title: String,
    rules: Vec<String>,
    #[serde(default)]
    switch: Option<OneOrMore>,
    #[serde(default)]
    accident: Option<OneOrMore>,
    #[serde(default)]
    given: Table,
    step: Vec<Table>,
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(crate) fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::More(list) => list,
        }
    }
}

impl Scenario {
    /// The section of the document that it belongs to.
    pub(crate) fn section(&self) -> u32 {
        let number = self.name.split('-').next().and_then(|number| number.parse().ok());
        number.unwrap_or_else(|| panic!("{}: a scenario's name begins with the number of its section", self.name))
    }

    fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let form: Form = toml::from_str(&text).map_err(|error| error.to_string())?;
        let rules: Vec<Rule> = form.rules.iter().map(|id| crate::rule(id)).collect::<Result<_, _>>()?;
        let switches = match form.switch {
            Some(ids) => ids.list().iter().map(|id| crate::rule(id)).collect::<Result<_, _>>()?,
            None => rules.first().copied().into_iter().collect(),
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let given = with_base(form.given)?;
        let accidents = form.accident.map(OneOrMore::list).unwrap_or_default();
        Ok(Self { name, rules, switches, accidents, given, steps: form.step })
    }
}

/// `like = "hr"`: the configuration of `given/hr.toml`, and what stands beside it laid over that.
fn with_base(mut given: Table) -> Result<Table, String> {
    let Some(like) = given.remove("like") else { return Ok(given) };
    let like = like.as_str().ok_or("given.like is the name of a file in tests/scenarios/given")?.to_owned();
    let path = folder().join("given").join(format!("{like}.toml"));
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut base: Table = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    merge(&mut base, given);
    Ok(base)
}

/// Lays `over` over `base`: tables are merged, everything else is replaced.
pub(crate) fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => merge(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Where scenarios lie.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios")
}

/// All scenarios, by name.
pub(crate) fn all() -> Vec<Scenario> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    let read = |path: &PathBuf| Scenario::read(path).unwrap_or_else(|text| panic!("{}: {text}", path.display()));
    paths.iter().map(read).collect()
}
