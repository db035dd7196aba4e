//! The ldap connector: people, org units and groups of an LDAP directory or Active Directory.
//!
//! A source only. It binds with a password that the hub writes into the message, over TLS, and reads everything below the
//! base in pages. Who is meant by a DN (parent, manager, member) is told by the id of that entry; the id never changes, a DN
//! does. Passwords are never asked for. Memory grows with the number of entries: each has its name and its id there.
//!
//! Reading order: [`ber`], [`control`], [`message`], [`link`], [`trouble`]; [`dn`], [`filter`], [`values`]; [`preset`], [`settings`];
//! [`convert`], [`scan`], [`probe`].

pub mod ber;
pub mod control;
pub mod convert;
pub mod cursor;
pub mod delta;
pub mod dn;
pub mod filter;
pub mod ladder;
pub mod link;
pub mod look;
pub mod message;
pub mod preset;
pub mod probe;
pub mod ranges;
pub mod read;
pub mod root;
pub mod scan;
pub mod settings;
pub mod trouble;
pub mod values;
pub mod walk;

use rosterd_sdk::{
    Class, ClassDescription, Connector, Describe, Fault, Object, ObjectRef, Page, Probe, Reader, Source,
    export_connector, export_source,
};
use settings::Settings;

/// The connector.
#[derive(Debug)]
pub struct Ldap {
    settings: Settings,
}

fn class(class: Class, title: &str) -> ClassDescription {
    ClassDescription::immutable_id().title(title).without_versions().attributes(preset::attributes(class))
}

impl Connector for Ldap {
    type Settings = Settings;

    fn describe() -> Describe {
        let person = class(Class::Account, "Person")
            .correlation_key(&["employeeNumber"])
            .correlation_key(&["mail"])
            .correlation_key(&["uid"])
            .correlation_key(&["sAMAccountName"]);
        Describe::new("ldap", env!("CARGO_PKG_VERSION"), "LDAP")
            .source(false)
            .delta(true)
            .class(Class::Account, person)
            .class(Class::OrgUnit, class(Class::OrgUnit, "Organizational unit"))
            .class(Class::Group, class(Class::Group, "Group"))
    }

    fn open(settings: Settings) -> Result<Self, Fault> {
        settings.check()?;
        Ok(Self { settings })
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        Ok(probe::probes(&self.settings))
    }
}

/// A reading: everything, or what changed.
#[derive(Debug)]
pub enum Reading {
    /// Everything.
    Scan(Box<scan::Scan>),
    /// What changed.
    Delta(Box<delta::Delta>),
}

impl Reader for Reading {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        match self {
            Self::Scan(scan) => scan.next(max),
            Self::Delta(delta) => delta.next(max),
        }
    }
}

impl Source for Ldap {
    type Reader = Reading;

    fn scan(&mut self, classes: &[Class], resume: Option<String>) -> Result<Reading, Fault> {
        if resume.is_some() {
            return Err(Fault::cursor_invalid("pages belong to a connection; a scan begins at the beginning"));
        }
        Ok(Reading::Scan(Box::new(scan::Scan::new(&self.settings, classes))))
    }

    fn changes_since(&mut self, classes: &[Class], cursor: String) -> Result<Reading, Fault> {
        let place = cursor::Place::read(&cursor, &self.settings)?;
        Ok(Reading::Delta(Box::new(delta::Delta::new(&self.settings, classes, place))))
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        read::objects(&self.settings, objects)
    }
}

export_connector!(Ldap);
export_source!(Ldap);
