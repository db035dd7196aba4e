//! The scim connector: users and groups of a service provider that speaks SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865).
//!
//! A source, a destination and a receiver; credentials stay in the host, by the recipes of the manifest. Before anything is changed the
//! object is read, so that what is sent is the difference, and the same operation sent again changes nothing. What service
//! providers do differently is read leniently and written in the strictest form.
//!
//! Reading order: [`settings`], [`place`], [`names`], [`convert`], [`filter`]; [`wish`]; [`reply`], [`list`], [`api`],
//! [`provider`]; [`task`], [`writer`]; [`scan`], [`cursor`]; [`probe`]; [`receiver`].

/// A resource is many small pieces, and the allocator of the standard library takes a fifth of the time of a request.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

pub mod api;
pub mod convert;
pub mod cursor;
pub mod filter;
pub mod list;
pub mod names;
pub mod place;
pub mod probe;
pub mod provider;
pub mod receiver;
pub mod reply;
pub mod scan;
pub mod settings;
pub mod task;
pub mod wish;
pub mod writer;

use rosterd_sdk::{
    Class, ClassDescription, Connector, Describe, Destination, Fault, Object, ObjectRef, Operation, Probe, Receipt,
    Receipts, Source, clock, export_connector, export_destination, export_receiver, export_source,
};
use scan::Scan;
use settings::{Delta, Settings};
use writer::Writer;

/// Operations in one call.
const BATCH: u32 = 200;

/// The connector.
#[derive(Debug)]
pub struct Scim {
    settings: Settings,
    writer: Option<Writer>,
}

impl Scim {
    fn writer(&mut self) -> &mut Writer {
        self.writer.get_or_insert_with(|| Writer::new(&self.settings))
    }

    fn next_cursor(&self) -> Option<String> {
        match self.settings.delta {
            Delta::None => None,
            Delta::LastModified => cursor::taken(clock::now_ms(), self.settings.overlap_seconds),
        }
    }
}

fn account() -> ClassDescription {
    ClassDescription::immutable_id()
        .title("User")
        .attributes(names::attributes(Class::Account))
        .correlation_key(&["externalId"])
        .correlation_key(&["userName"])
}

fn described(account: ClassDescription) -> Describe {
    let group = ClassDescription::immutable_id()
        .title("Group")
        .attributes(names::attributes(Class::Group))
        .correlation_key(&["externalId"]);
    Describe::new("scim", env!("CARGO_PKG_VERSION"), "SCIM")
        .source(false)
        .delta(false)
        .destination(BATCH, Receipts::AtOnce)
        .receiver()
        .class(Class::Account, account)
        .class(Class::Group, group)
}

impl Connector for Scim {
    type Settings = Settings;

    fn describe() -> Describe {
        described(account())
    }

    fn open(settings: Settings) -> Result<Self, Fault> {
        settings.check()?;
        Ok(Self { settings, writer: None })
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        if self.settings.url.is_empty() {
            return Ok(vec![Probe::passed("receiver", "the connection only receives; nobody is asked")]);
        }
        probe::probes(&self.settings)
    }

    fn discover(&mut self) -> Result<String, Fault> {
        Ok(described(account().attributes(names::added(&self.settings))).discovery())
    }
}

impl Source for Scim {
    type Reader = Scan;

    fn scan(&mut self, classes: &[Class], resume: Option<String>) -> Result<Scan, Fault> {
        self.settings.reaches()?;
        if resume.is_some() {
            return Err(Fault::cursor_invalid("listings of SCIM move while they are read; a scan begins anew"));
        }
        Ok(Scan::new(&self.settings, classes, None, self.next_cursor()))
    }

    fn changes_since(&mut self, classes: &[Class], cursor: String) -> Result<Scan, Fault> {
        self.settings.reaches()?;
        if self.settings.delta == Delta::None {
            return Err(Fault::unsupported("this connection has no deltas; set delta, or run full scans"));
        }
        let since = cursor::since(&cursor)?;
        Ok(Scan::new(&self.settings, classes, Some(since), self.next_cursor()))
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        writer::read(&self.settings, objects, self.settings.members)
    }
}

impl Destination for Scim {
    fn apply(&mut self, operations: Vec<Operation>) -> Vec<Receipt> {
        if let Err(fault) = self.settings.reaches() {
            return operations.iter().map(|_| Receipt::NotAttempted(fault.clone())).collect();
        }
        self.writer().apply(&operations)
    }

    fn find(&mut self, class: Class, attribute: &str, value: &str) -> Result<Vec<Object>, Fault> {
        self.settings.reaches()?;
        self.writer().find(class, attribute, value)
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        writer::read(&self.settings, objects, false)
    }

    fn finish(&mut self) -> Result<(), Fault> {
        // The next run asks anew what the service provider can do.
        self.writer = None;
        Ok(())
    }
}

export_connector!(Scim);
export_source!(Scim);
export_destination!(Scim);
export_receiver!(Scim);
