//! The csv connector: people from and to delimited text files.
//!
//! Reads any table that a spreadsheet or an HR system writes, finds encoding and delimiter out by the whole file,
//! and gives one record per row and one per org unit that the paths name. Writes one table, merged with what it
//! holds, published all or nothing. Needs the file granted for reading, and for writing as a destination; nothing
//! else. Memory does not depend on the size of a file that is read.
//!
//! Reading order: [`decode`], [`rows`], [`header`], [`convert`], [`pull`]; then [`sheet`], [`apply`], [`publish`].

pub mod aliases;
pub mod apply;
pub mod clean;
pub mod convert;
pub mod decode;
pub mod header;
pub mod look;
pub mod neutralise;
pub mod orgpath;
pub mod publish;
pub mod pull;
pub mod replace;
pub mod rows;
pub mod settings;
pub mod sheet;
pub mod values;

use apply::Merge;
use replace::Replace;
use rosterd_sdk::{
    Attribute, Class, ClassDescription, Connector, Describe, Destination, Fault, Object, ObjectRef, Operation, Probe,
    Receipt, Receipts, Source, export_connector, export_destination, export_source,
};
use settings::Settings;
use sheet::Sheet;

/// The connector.
#[derive(Debug)]
pub struct Csv {
    settings: Settings,
    writing: Option<Writing>,
}

/// A table that is being written in this run.
#[derive(Debug)]
enum Writing {
    Merge(Box<Merge>),
    Replace(Box<Replace>),
}

impl Connector for Csv {
    type Settings = Settings;

    fn describe() -> Describe {
        let texts =
            ["given_name", "family_name", "area_code", "title", "department", "status", "hire_date", "end_date"];
        let keys = ["username", "email", "employee_number", "external_id"];
        let account = ClassDescription::immutable_id()
            .title("Row")
            .without_versions()
            .attributes(keys.map(|name| Attribute::text(name).writable().lookup()))
            .attribute(Attribute::text("mobile").writable().lookup().sensitive())
            .attribute(Attribute::text("display_name").case_exact().writable().lookup())
            .attributes(texts.map(|name| Attribute::text(name).case_exact().writable().lookup()))
            .attribute(Attribute::reference("manager", &[Class::Account]).writable())
            .attribute(Attribute::reference("orgUnit", &[Class::OrgUnit]).writable())
            .attribute(Attribute::text("org_path").writable().description("canonical path of the org unit"))
            .correlation_key(&["employee_number"])
            .correlation_key(&["email"])
            .correlation_key(&["username"]);
        let unit = ClassDescription::mutable_id()
            .title("Path")
            .without_versions()
            .attribute(Attribute::text("displayName").case_exact())
            .attribute(Attribute::reference("parent", &[Class::OrgUnit]));
        Describe::new("csv", env!("CARGO_PKG_VERSION"), "CSV file")
            .source(true)
            .destination(10_000, Receipts::AfterFinish)
            .class(Class::Account, account)
            .class(Class::OrgUnit, unit)
            .class(Class::Group, ClassDescription::immutable_id().title("Row").without_versions())
    }

    fn open(settings: Settings) -> Result<Self, Fault> {
        settings.check()?;
        Ok(Self { settings, writing: None })
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        Ok(look::probes(&self.settings))
    }

    fn discover(&mut self) -> Result<String, Fault> {
        look::discovery(&self.settings)
    }
}

impl Source for Csv {
    type Reader = pull::Pull;

    fn scan(&mut self, classes: &[Class], resume: Option<String>) -> Result<pull::Pull, Fault> {
        pull::Pull::start(&self.settings, classes, resume.as_deref())
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        look::in_file(&self.settings, objects)
    }
}

impl Destination for Csv {
    fn apply(&mut self, operations: Vec<Operation>) -> Vec<Receipt> {
        if self.writing.is_none() {
            let begun = if self.settings.replace {
                Replace::begin(&self.settings).map(|replace| Writing::Replace(Box::new(replace)))
            } else {
                Merge::begin(&self.settings).map(|merge| Writing::Merge(Box::new(merge)))
            };
            match begun {
                Ok(writing) => self.writing = Some(writing),
                Err(fault) => return operations.iter().map(|_| Receipt::NotAttempted(fault.clone())).collect(),
            }
        }
        let settings = &self.settings;
        let apply = |operation: &Operation| match &mut self.writing {
            Some(Writing::Merge(merge)) => merge.apply(operation, settings),
            Some(Writing::Replace(replace)) => replace.apply(operation, settings),
            None => Receipt::NotAttempted(Fault::internal("no table is being written")),
        };
        operations.iter().map(apply).collect()
    }

    fn find(&mut self, class: Class, attribute: &str, value: &str) -> Result<Vec<Object>, Fault> {
        if class != Class::from(self.settings.class) {
            return Err(Fault::unsupported(format!("the table holds no objects of the class {}", class.as_str())));
        }
        self.with_sheet(|sheet, settings| look::find(sheet, settings, attribute, value))
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        let all = self.with_sheet(|sheet, settings| {
            Ok(objects.iter().map(|object| look::in_sheet(sheet, settings, object)).collect())
        });
        all.unwrap_or_else(|fault| objects.iter().map(|_| Err(fault.clone())).collect())
    }

    fn finish(&mut self) -> Result<(), Fault> {
        match &mut self.writing {
            Some(Writing::Merge(merge)) => merge.publish(&self.settings)?,
            Some(Writing::Replace(replace)) => replace.publish(&self.settings)?,
            None => {}
        }
        // The next run reads what others may have changed by then.
        self.writing = None;
        Ok(())
    }
}

impl Csv {
    /// The table as this run has made it so far, or as it is published.
    fn with_sheet<R>(&self, look: impl FnOnce(&Sheet, &Settings) -> Result<R, Fault>) -> Result<R, Fault> {
        match &self.writing {
            Some(Writing::Merge(merge)) => look(&merge.sheet, &self.settings),
            _ => look(&Sheet::load(&self.settings)?, &self.settings),
        }
    }
}

export_connector!(Csv);
export_source!(Csv);
export_destination!(Csv);
