//! One system: what it shows, what it keeps, how it fails.

use super::object::Object;
use super::source::Shown;
use super::trouble::Trouble;
use super::{Connected, Sent};
use rosterd_model::port::{BoxFuture, Connector, Probe};
use rosterd_model::{Class, Fault};
use std::collections::{BTreeMap, BTreeSet};

/// A system of the world, in both roles.
#[derive(Debug, Clone)]
pub struct System {
    /// What it shows when it is read.
    pub shown: Shown,
    /// True: a scan shows the objects that are there, and not [`System::shown`].
    pub shows_itself: bool,
    /// The objects that are there, by class and id.
    pub objects: BTreeMap<(Class, String), Object>,
    /// Attributes of which no two objects of a class may have the same value.
    pub unique: BTreeSet<String>,
    /// Attributes whose values the system puts in lower case before it keeps them.
    pub lowers: BTreeSet<String>,
    /// True: a conditional write with an old version is refused.
    pub keeps_versions: bool,
    /// True: receipts show the object as it is now.
    pub observes: bool,
    /// True: its connector looks a create up by its key before it sends it a second time.
    pub looks_up: bool,
    /// True: what was applied takes effect when the run finishes.
    pub settles_late: bool,
    /// What goes wrong, the first that fits first.
    pub trouble: Vec<Trouble>,
    /// Why it can not be reached at all.
    pub unreachable: Option<Fault>,
    /// Digest of its connector: another one is an upgrade.
    pub digest: String,
    /// What was asked of it since somebody looked.
    pub sent: Vec<Sent>,
    /// Keys of operations that had an effect, in order.
    pub journal: Vec<String>,
    /// Objects made so far: the number in the next id.
    pub made: u64,
    /// What `describe` answers.
    pub description: String,
    pub(super) name: String,
    /// What creates made, by the keys of the operations.
    pub(super) created: BTreeMap<String, String>,
    /// Changes that take effect with `finish`.
    pub(super) late: Vec<rosterd_model::outbox::Request>,
}

impl System {
    pub(super) fn new(name: &str) -> Self {
        Self {
            shown: Shown::default(),
            shows_itself: false,
            objects: BTreeMap::new(),
            unique: BTreeSet::new(),
            lowers: BTreeSet::new(),
            keeps_versions: false,
            observes: false,
            looks_up: false,
            settles_late: false,
            trouble: Vec::new(),
            unreachable: None,
            digest: "5c".repeat(32),
            sent: Vec::new(),
            journal: Vec::new(),
            made: 0,
            description: r#"{"resume-stable":true}"#.to_owned(),
            name: name.to_owned(),
            created: BTreeMap::new(),
            late: Vec::new(),
        }
    }

    /// The object of a class that people know by `name`.
    #[must_use]
    pub fn named(&self, class: Class, name: &str) -> Option<(&str, &Object)> {
        let mut objects = self.objects.iter().filter(|((of, _), _)| *of == class);
        objects.find(|((_, id), object)| object.name(id) == name).map(|((_, id), object)| (id.as_str(), object))
    }
}

impl Connector for Connected {
    fn identity(&self) -> String {
        format!("{} 1.0.0", self.name)
    }
    fn digest(&self) -> String {
        self.with(|system| system.digest.clone())
    }
    fn describe(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok(self.with(|system| system.description.clone())) })
    }
    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Probe>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn discover(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(async { Ok("{}".to_owned()) })
    }
}
