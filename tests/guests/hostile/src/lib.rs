//! A connector that misbehaves as a setting says: one component for every test of the sandbox.
//!
//! Whatever the behaviour, it is a source of numbered people, a destination that applies everything and a receiver that takes
//! everything, so that the same component, well-behaved, can run beside the one that breaks off.

mod behaviour;
mod destination;
mod exhaust;
mod reach;
mod receiver;
mod source;

use behaviour::Behaviour;
use rosterd_sdk::{
    Attribute, Class, ClassDescription, Connector, Describe, Fault, Probe, Receipts, export_connector,
    export_destination, export_receiver, export_source,
};
use serde::Deserialize;

export_connector!(Hostile);
export_source!(Hostile);
export_destination!(Hostile);
export_receiver!(Hostile);

/// The settings, as connector.toml describes them.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    behaviour: Behaviour,
    people: u32,
    page: u32,
    #[serde(default)]
    api: String,
    #[serde(default)]
    target: String,
}

/// One connection.
#[derive(Debug)]
pub struct Hostile {
    settings: Settings,
}

impl Connector for Hostile {
    type Settings = Settings;

    fn describe() -> Describe {
        let person = ClassDescription::immutable_id().without_versions().attribute(Attribute::text("name"));
        let person = person.attribute(Attribute::text("seen").description("what it could read back"));
        Describe::new("hostile", "1.2.3", "Hostile")
            .source(true)
            .destination(100, Receipts::AtOnce)
            .receiver()
            .class(Class::Account, person)
    }

    fn open(settings: Settings) -> Result<Self, Fault> {
        Ok(Self { settings })
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        Ok(vec![Probe::passed("behaviour", format!("{:?}", self.settings.behaviour))])
    }
}
