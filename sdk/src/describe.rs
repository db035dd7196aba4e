//! What a connector can be at most: the answer of `describe`, as wit/v0.1/describe.schema.json has it.

use crate::record::Class;
use serde_json::{Map, Value, json};

/// The description, being built.
///
/// ```
/// use rosterd_sdk::{Class, describe::{Attribute, ClassDescription, Describe}};
/// let text = Describe::new("hr", "0.1.0", "HR database")
///     .source(true)
///     .class(Class::Account, ClassDescription::immutable_id().attribute(Attribute::text("mail").unique()))
///     .to_json();
/// assert!(text.contains(r#""roles":["source"]"#));
/// ```
#[derive(Debug, Clone)]
pub struct Describe(Map<String, Value>);

/// When the receipts of a destination count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipts {
    /// Each operation has taken effect when its receipt is given.
    AtOnce,
    /// All take effect together when `finish` succeeds, as a file that is published whole.
    AfterFinish,
}

impl Describe {
    /// Name and version as in `connector.toml`, and a name for people.
    #[must_use]
    pub fn new(name: &str, version: &str, title: &str) -> Self {
        let mut all = Map::new();
        all.insert("name".to_owned(), name.into());
        all.insert("version".to_owned(), version.into());
        all.insert("title".to_owned(), title.into());
        all.insert("roles".to_owned(), json!([]));
        all.insert("classes".to_owned(), json!({}));
        Self(all)
    }

    /// It is a source without deltas. `resume_stable`: a scan that goes on from a resume point days later still lists
    /// everything.
    #[must_use]
    pub fn source(self, resume_stable: bool) -> Self {
        self.role("source").with("resume-stable", resume_stable).delta_value(false, false)
    }

    /// The source has deltas, which tell of deletes or do not.
    #[must_use]
    pub fn delta(self, includes_deletes: bool) -> Self {
        self.delta_value(true, includes_deletes)
    }

    /// It is a destination that takes so many operations in one call.
    #[must_use]
    pub fn destination(self, maximum_batch: u32, receipts: Receipts) -> Self {
        let receipts = match receipts {
            Receipts::AtOnce => "at-once",
            Receipts::AfterFinish => "after-finish",
        };
        self.role("destination").with("maximum-batch", maximum_batch).with("receipts", receipts)
    }

    /// It is a receiver.
    #[must_use]
    pub fn receiver(self) -> Self {
        self.role("receiver")
    }

    /// It is a listener.
    #[must_use]
    pub fn listener(self) -> Self {
        self.role("listener")
    }

    /// It knows this class.
    #[must_use]
    pub fn class(mut self, class: Class, description: ClassDescription) -> Self {
        if let Some(classes) = self.0.get_mut("classes").and_then(Value::as_object_mut) {
            classes.insert(class.as_str().to_owned(), Value::Object(description.0));
        }
        self
    }

    /// Any other member, for what the schema has and this builder has not.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.insert(member.to_owned(), value.into());
        self
    }

    /// The JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// The answer of `discover` for a connection that has exactly what is described.
    #[must_use]
    pub fn discovery(&self) -> String {
        let mut classes = Map::new();
        for (class, description) in self.0.get("classes").and_then(Value::as_object).into_iter().flatten() {
            classes.insert(class.clone(), json!({ "attributes": description["attributes"] }));
        }
        json!({ "classes": classes }).to_string()
    }

    fn role(mut self, role: &str) -> Self {
        if let Some(roles) = self.0.get_mut("roles").and_then(Value::as_array_mut) {
            roles.push(role.into());
        }
        self
    }

    fn delta_value(self, supported: bool, includes_deletes: bool) -> Self {
        self.with("delta", json!({ "supported": supported, "includes-deletes": includes_deletes }))
    }
}

/// What is said about one class.
#[derive(Debug, Clone)]
pub struct ClassDescription(Map<String, Value>);

impl ClassDescription {
    /// The external id never changes.
    #[must_use]
    pub fn immutable_id() -> Self {
        Self::new("immutable")
    }

    /// The external id can change: then the connector reports `previous-id` wherever the remote system tells.
    #[must_use]
    pub fn mutable_id() -> Self {
        Self::new("mutable")
    }

    /// The remote system's own word for the class.
    #[must_use]
    pub fn title(self, title: &str) -> Self {
        self.with("title", title)
    }

    /// Records of this class have no version.
    #[must_use]
    pub fn without_versions(self) -> Self {
        self.with("versions", "none")
    }

    /// It has this attribute.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute) -> Self {
        if let Some(attributes) = self.0.get_mut("attributes").and_then(Value::as_array_mut) {
            attributes.push(Value::Object(attribute.0));
        }
        self
    }

    /// It has these attributes.
    #[must_use]
    pub fn attributes(self, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        attributes.into_iter().fold(self, Self::attribute)
    }

    /// These attributes together can identify an object: a proposal to the operator. Best first.
    #[must_use]
    pub fn correlation_key(mut self, attributes: &[&str]) -> Self {
        if let Some(keys) = self.0.entry("correlation-keys").or_insert_with(|| json!([])).as_array_mut() {
            keys.push(json!(attributes));
        }
        self
    }

    /// Any other member of the schema.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.insert(member.to_owned(), value.into());
        self
    }

    fn new(id: &str) -> Self {
        let mut all = Map::new();
        all.insert("id".to_owned(), id.into());
        all.insert("attributes".to_owned(), json!([]));
        Self(all)
    }
}

/// What is said about one attribute.
#[derive(Debug, Clone)]
pub struct Attribute(Map<String, Value>);

impl Attribute {
    /// An attribute of a type of the schema: `text`, `integer`, `decimal`, `boolean`, `time`, `binary`, `object`.
    #[must_use]
    pub fn new(name: &str, kind: &str) -> Self {
        let mut all = Map::new();
        all.insert("name".to_owned(), name.into());
        all.insert("type".to_owned(), kind.into());
        Self(all)
    }

    /// A text.
    #[must_use]
    pub fn text(name: &str) -> Self {
        Self::new(name, "text")
    }

    /// True or false.
    #[must_use]
    pub fn boolean(name: &str) -> Self {
        Self::new(name, "boolean")
    }

    /// A reference to objects of these classes.
    #[must_use]
    pub fn reference(name: &str, classes: &[Class]) -> Self {
        let classes: Vec<&str> = classes.iter().map(|class| class.as_str()).collect();
        Self::new(name, "reference").with("references", json!(classes))
    }

    /// Several values, compared as a set.
    #[must_use]
    pub fn multi(self) -> Self {
        self.with("multi", true)
    }

    /// No two live objects of the class may have the same value.
    #[must_use]
    pub fn unique(self) -> Self {
        self.with("unique", true)
    }

    /// Case counts when the remote system compares.
    #[must_use]
    pub fn case_exact(self) -> Self {
        self.with("case-exact", true)
    }

    /// A create without it fails.
    #[must_use]
    pub fn required(self) -> Self {
        self.with("required", true)
    }

    /// `apply` can set it.
    #[must_use]
    pub fn writable(self) -> Self {
        self.with("writable", true)
    }

    /// `find` works by it.
    #[must_use]
    pub fn lookup(self) -> Self {
        self.with("lookup", true)
    }

    /// Shown to nobody without need.
    #[must_use]
    pub fn sensitive(self) -> Self {
        self.with("sensitive", true)
    }

    /// What it means, its unit, its limits.
    #[must_use]
    pub fn description(self, sentence: &str) -> Self {
        self.with("description", sentence)
    }

    /// Any other member of the schema.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.insert(member.to_owned(), value.into());
        self
    }
}
