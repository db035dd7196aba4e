//! The csv connector: people from and to delimited text files.
//!
//! Reads any table that a spreadsheet or an HR system writes, finds encoding and delimiter out by the whole file,
//! and gives one record per row and one per org unit that the paths name. Writes one table, merged with what it
//! holds, published all or nothing. Needs the file granted for reading, and for writing as a destination; nothing
//! else. Memory does not depend on the size of a file that is read.

mod aliases;
mod clean;
mod convert;
mod decode;
mod header;
mod neutralise;
mod orgpath;
mod pull;
mod rows;
mod settings;

use rosterd_sdk::{
    Attribute, Change, Class, ClassDescription, Connector, Describe, Fault, Object, ObjectRef, Probe, Reader, Source,
    export_connector, export_source,
};
use settings::Settings;

/// The connector.
#[derive(Debug)]
pub struct Csv {
    settings: Settings,
}

impl Connector for Csv {
    type Settings = Settings;

    fn describe() -> Describe {
        Describe::new("csv", env!("CARGO_PKG_VERSION"), "CSV file").source(true)
            .class(Class::Account, ClassDescription::immutable_id().attribute(Attribute::text("username")))
    }

    fn open(settings: Settings) -> Result<Self, Fault> {
        settings.check()?;
        Ok(Self { settings })
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        Ok(vec![])
    }
}

impl Source for Csv {
    type Reader = pull::Pull;

    fn scan(&mut self, classes: &[Class], resume: Option<String>) -> Result<pull::Pull, Fault> {
        pull::Pull::start(&self.settings, classes, resume.as_deref())
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        let found = self.collect(objects);
        objects.iter().map(|wanted| {
            let found = found.as_ref().map_err(Clone::clone)?;
            Ok(found.iter().find(|object| object.class == wanted.class && object.id == wanted.id).cloned())
        }).collect()
    }
}

impl Csv {
    /// Looks for objects in the whole table: a file has no other way.
    fn collect(&self, wanted: &[ObjectRef]) -> Result<Vec<Object>, Fault> {
        let mut pull = pull::Pull::start(&self.settings, &[self.settings.class.into(), Class::OrgUnit], None)?;
        let mut found = Vec::new();
        loop {
            let page = pull.next(1000)?;
            let ended = page.ended().is_some();
            found.extend(page.changes.into_iter().filter_map(|change| match change {
                Change::Upsert(object) if wanted.iter().any(|one| one.class == object.class && one.id == object.id) => Some(object),
                _ => None,
            }));
            if ended {
                return Ok(found);
            }
        }
    }
}

export_connector!(Csv);
export_source!(Csv);
