//! The dingtalk connector: people and departments of a DingTalk organisation, dedicated accounts included.
//!
//! All four roles: a source, a destination, and a receiver and a listener for events. As a source it walks the departments
//! that its application may see, lists the people of each, and merges
//! those of several departments. Token, secret and rate limits are the host's, by the recipes and buckets of the manifest.
//! Needs `qyapi_get_department_list`, `qyapi_get_department_member`, `qyapi_get_member`, and the field permissions for
//! what is to be seen of people. As a destination it makes, changes and removes both, with `qyapi_manage_addresslist`; see
//! [`destination`]. Memory grows with the number of departments and with the ids of people.
//!
//! What DingTalk does not show is never taken for empty, and nothing but its own word for gone.
//!
//! Reading order: [`reply`], [`api`], [`tree`], [`range`], [`people`], [`fields`], [`convert`], [`pull`]; then [`look`],
//! [`leavers`], [`probe`]; then [`destination`]. Of events: [`event`], [`receiver`], [`listener`].

pub mod api;
pub mod convert;
pub mod destination;
pub mod event;
pub mod fields;
pub mod leavers;
pub mod listener;
pub mod look;
pub mod people;
pub mod probe;
pub mod pull;
pub mod range;
pub mod receiver;
pub mod reply;
pub mod settings;
pub mod tree;
pub mod wire;

use leavers::Leavers;
use rosterd_sdk::{
    Attribute, Class, ClassDescription, Connector, Describe, Destination, Fault, Object, ObjectRef, Operation, Page,
    Probe, Reader, Receipt, Receipts, Source, export_connector, export_destination, export_listener, export_receiver,
    export_source,
};
use serde_json::json;
use settings::Settings;

/// The connector.
#[derive(Debug)]
pub struct Dingtalk {
    settings: Settings,
    /// The writing of this run.
    writer: Option<destination::Writer>,
}

/// A reading under way.
#[derive(Debug)]
pub enum Reading {
    /// Everything.
    Scan(Box<pull::Scan>),
    /// Who left.
    Leavers(Box<Leavers>),
}

impl Reader for Reading {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        match self {
            Self::Scan(scan) => scan.next(max),
            Self::Leavers(leavers) => leavers.next(max),
        }
    }
}

fn account() -> ClassDescription {
    let written = |name, attribute| destination::describe::person(name, attribute);
    let unit = |name| written(name, Attribute::reference(name, &[Class::OrgUnit]));
    let userid = Attribute::text("userid").unique().case_exact().description("1 to 64 characters; never changes");
    let orders = Attribute::new("dept_orders", "object").description("place in each of them, by its id; large first");
    let manager = Attribute::reference("manager", &[Class::Account]).description("read only with details = \"each\"");
    let class = ClassDescription::immutable_id()
        .title("Member")
        .without_versions()
        .attribute(written("userid", userid))
        .attributes(fields::FIELDS.iter().map(fields::Field::attribute))
        .attribute(Attribute::text("dept_id_list").multi().description("all departments, also those that are not read"))
        .attribute(unit("departments").multi().description("the departments that are read"))
        .attribute(unit("leads").multi().description("of these, those that the person leads"))
        .attribute(written("dept_orders", orders))
        .attribute(unit("main_department").description("read only with details = \"each\""))
        .attribute(written("manager", manager))
        .correlation_key(&["job_number"])
        .correlation_key(&["email"])
        .correlation_key(&["mobile"])
        // Records of leavers; switched on by a setting.
        .with("delta", json!({ "supported": true, "includes-deletes": true }));
    destination::describe::unseen(class)
}

fn unit() -> ClassDescription {
    let written = |name, attribute| destination::describe::unit(name, attribute);
    let text = |name| written(name, Attribute::text(name));
    let account = |name| written(name, Attribute::reference(name, &[Class::Account]));
    let parent = Attribute::reference("parent", &[Class::OrgUnit]).description("empty at the top of what is read");
    let order = Attribute::new("order", "integer").description("place among its siblings; small first");
    ClassDescription::immutable_id()
        .title("Department")
        .without_versions()
        .attribute(text("name").case_exact())
        .attribute(written("parent", parent))
        .attribute(written("order", order))
        .attribute(account("managers").multi())
        .attribute(account("owner").description("of the department's chat"))
        .attribute(text("source_identifier").description("a key that another system gave it"))
        .attributes(["code", "brief", "telephone", "tags", "dept_group_chat_id"].map(text))
        .attributes(
            ["from_union_org", "outer_dept", "hide_dept", "create_dept_group", "auto_add_user"]
                .map(|name| written(name, Attribute::boolean(name))),
        )
        .correlation_key(&["source_identifier"])
        .correlation_key(&["parent", "name"])
}

impl Connector for Dingtalk {
    type Settings = Settings;

    fn describe() -> Describe {
        Describe::new("dingtalk", env!("CARGO_PKG_VERSION"), "DingTalk")
            .source(false)
            .receiver()
            .listener()
            .destination(destination::BATCH, Receipts::AtOnce)
            .class(Class::Account, account())
            .class(Class::OrgUnit, unit())
    }

    fn open(settings: Settings) -> Result<Self, Fault> {
        settings.check()?;
        Ok(Self { settings, writer: None })
    }

    fn check(&mut self) -> Result<Vec<Probe>, Fault> {
        let mut probes = probe::probes(&self.settings)?;
        probes.extend(receiver::probe());
        Ok(probes)
    }

    fn discover(&mut self) -> Result<String, Fault> {
        probe::discovery(&self.settings)
    }
}

impl Source for Dingtalk {
    type Reader = Reading;

    fn scan(&mut self, classes: &[Class], resume: Option<String>) -> Result<Reading, Fault> {
        if resume.is_some() {
            return Err(Fault::cursor_invalid(
                "people move between departments; a scan of them begins at the beginning",
            ));
        }
        let cursor = self.settings.leavers.then(leavers::cursor);
        Ok(Reading::Scan(Box::new(pull::Scan::new(&self.settings, classes, cursor))))
    }

    fn changes_since(&mut self, classes: &[Class], cursor: String) -> Result<Reading, Fault> {
        if !self.settings.leavers || !classes.contains(&Class::Account) {
            return Err(Fault::unsupported(
                "DingTalk tells only who left, and the setting leavers is off; run full scans",
            ));
        }
        Ok(Reading::Leavers(Box::new(Leavers::new(&self.settings, &cursor)?)))
    }

    fn read(&mut self, objects: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> {
        match look::Look::new(&self.settings) {
            Ok(mut look) => objects.iter().map(|object| look.at(object)).collect(),
            Err(fault) => objects.iter().map(|_| Err(fault.clone())).collect(),
        }
    }
}

impl Dingtalk {
    fn writer(&mut self) -> &mut destination::Writer {
        self.writer.get_or_insert_with(|| destination::Writer::new(&self.settings))
    }
}

impl Destination for Dingtalk {
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
        self.writer = None;
        Ok(())
    }
}

export_connector!(Dingtalk);
export_source!(Dingtalk);
export_receiver!(Dingtalk);
export_listener!(Dingtalk);
export_destination!(Dingtalk);
