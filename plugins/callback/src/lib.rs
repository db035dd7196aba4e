//! The callback connector: each change is a signed event to an application's own HTTP endpoint.
//!
//! A destination that can not be read: nothing is looked up, so an event that may have arrived is sent again with the same id,
//! and the endpoint takes it once. Keys stay in the host, which signs. Redirects are not followed; which hosts and addresses
//! may be called is granted by the operator and checked by the host at every attempt.
//!
//! Reading order: [`settings`], [`event`], [`text`]; [`standard`], [`idaas`]; [`keys`], [`jose`], [`reply`], [`send`];
//! [`probe`].

pub mod event;
pub mod idaas;
pub mod jose;
pub mod keys;
pub mod probe;
pub mod reply;
pub mod send;
pub mod settings;
pub mod standard;
pub mod text;

use rosterd_sdk::{
    Attribute, Class, ClassDescription, Connector, Describe, Destination, Fault, Object, ObjectRef, Operation, Probe,
    Receipt, Receipts, export_connector, export_destination,
};
use send::Sender;
use settings::Settings;

/// Operations in one call.
const BATCH: u32 = 200;

/// The connector.
#[derive(Debug)]
pub struct Callback {
    settings: Settings,
    sender: Option<Sender>,
}

impl Connector for Callback {
    type Settings = Settings;

    fn describe() -> Describe {
        let class = |title: &str| {
            let id = "the id in each event (the setting id): a staff number, a code. Other attributes are whatever is mapped";
            let id = Attribute::text("id").case_exact().unique().required().writable().description(id);
            ClassDescription::immutable_id().title(title).without_versions().attribute(id)
        };
        Describe::new("callback", env!("CARGO_PKG_VERSION"), "Callback")
            .destination(BATCH, Receipts::AtOnce)
            .class(Class::Account, class("Account"))
            .class(Class::OrgUnit, class("Org unit"))
            .class(Class::Group, class("Group"))
    }

    fn open(settings: Settings) -> Result<Self, Fault> {
        settings.check()?;
        Ok(Self { settings, sender: None })
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        Ok(probe::probes(&self.settings))
    }

    fn discover(&mut self) -> Result<String, Fault> {
        probe::discovery(&Self::describe().discovery(), &self.settings)
    }
}

impl Destination for Callback {
    fn apply(&mut self, operations: Vec<Operation>) -> Vec<Receipt> {
        if self.sender.is_none() {
            match Sender::open(&self.settings) {
                Ok(sender) => self.sender = Some(sender),
                Err(fault) => return operations.iter().map(|_| Receipt::Failed(fault.clone())).collect(),
            }
        }
        self.sender.as_ref().map(|sender| sender.apply(&operations)).unwrap_or_default()
    }

    fn find(&mut self, _class: Class, _attribute: &str, _value: &str) -> Result<Vec<Object>, Fault> {
        Err(unreadable())
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        objects.iter().map(|_| Err(unreadable())).collect()
    }
}

/// What every look is answered with; the host then goes by what was acknowledged.
fn unreadable() -> Fault {
    Fault::unsupported("an endpoint takes events and can not be asked what it has")
}

export_connector!(Callback);
export_destination!(Callback);
