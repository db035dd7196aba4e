//! The ldap connector: people, org units and groups of an LDAP directory or Active Directory.
//!
//! A source and a destination ([`destination`]). It binds with a password that the hub writes into the message, over TLS, and reads everything below the
//! base in pages. Who is meant by a DN (parent, manager, member) is told by the id of that entry; the id never changes, a DN
//! does. Passwords are never asked for. Memory grows with the number of entries: each has its name and its id there.
//!
//! Reading order: [`ber`], [`control`], [`message`], [`link`], [`trouble`]; [`dn`], [`filter`], [`values`]; [`preset`], [`settings`];
//! [`convert`], [`scan`], [`probe`]; [`schema`], [`discover`]. Of writing: [`spliced`], [`writing`], [`destination`].

/// Entries are many small pieces, and the allocator of the standard library takes two fifths of the time of writing one.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

pub mod ber;
pub mod control;
pub mod convert;
pub mod cursor;
pub mod delta;
pub mod destination;
pub mod discover;
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
pub mod schema;
pub mod settings;
pub mod spliced;
pub mod trouble;
pub mod values;
pub mod walk;
pub mod writing;

use rosterd_sdk::{
    Class, ClassDescription, Connector, Describe, Destination, Fault, Object, ObjectRef, Operation, Page, Probe,
    Reader, Receipt, Receipts, Source, export_connector, export_destination, export_source,
};
use settings::Settings;

/// The connector.
#[derive(Debug)]
pub struct Ldap {
    settings: Settings,
    /// The writing of this run.
    writer: Option<destination::Writer>,
}

fn class(class: Class, title: &str) -> ClassDescription {
    destination::describe::class(class, ClassDescription::immutable_id().title(title).without_versions())
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
            .destination(destination::BATCH, Receipts::AtOnce)
            .class(Class::Account, person)
            .class(Class::OrgUnit, class(Class::OrgUnit, "Organizational unit"))
            .class(Class::Group, class(Class::Group, "Group"))
    }

    fn open(settings: Settings) -> Result<Self, Fault> {
        settings.check()?;
        Ok(Self { settings, writer: None })
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        Ok(probe::probes(&self.settings))
    }

    fn discover(&mut self) -> Result<String, Fault> {
        discover::discover(&self.settings, &Self::describe())
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
        let (place, server) = cursor::Place::read(&cursor, &self.settings)?;
        Ok(Reading::Delta(Box::new(delta::Delta::new(&self.settings, classes, place, server))))
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        read::objects(&self.settings, objects)
    }
}

impl Ldap {
    fn writer(&mut self) -> &mut destination::Writer {
        self.writer.get_or_insert_with(|| destination::Writer::new(&self.settings))
    }
}

impl Destination for Ldap {
    fn apply(&mut self, operations: Vec<Operation>) -> Vec<Receipt> {
        self.writer().apply(&operations)
    }

    fn find(&mut self, class: Class, attribute: &str, value: &str) -> Result<Vec<Object>, Fault> {
        self.writer().find(class, attribute, value)
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        self.writer().read(objects)
    }

    fn finish(&mut self) -> Result<(), Fault> {
        // The next run sees what others may have changed by then.
        if let Some(writer) = self.writer.take() {
            writer.close();
        }
        Ok(())
    }
}

export_connector!(Ldap);
export_source!(Ldap);
export_destination!(Ldap);
