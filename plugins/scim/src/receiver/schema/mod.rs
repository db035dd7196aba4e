//! What the resources look like: the schemas of RFC 7643, the org unit that SCIM lacks, and the extensions that the operator
//! adds. What stands here decides how values are read, and is what `/Schemas` shows.

pub mod attribute;
pub mod user;

use crate::place::{ENTERPRISE, Place};
use crate::settings::Settings;
use attribute::{Attribute, Type};
use rosterd_sdk::Class;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Our extension of the user.
pub const HUB: &str = "urn:rosterd:scim:schemas:extension:hub:1.0:User";

const MEMBER: [Attribute; 3] = [
    Attribute::text("value", "Id of the member.").exact().immutable(),
    Attribute::of("$ref", Type::Reference, "Where the member is.").words(&["User", "Group"]).immutable(),
    Attribute::text("type", "What the member is.").words(&["User", "Group"]).immutable(),
];
const PARENT: [Attribute; 2] = [
    Attribute::text("value", "Id of the org unit above.").exact(),
    Attribute::of("$ref", Type::Reference, "Where the org unit above is.").words(&["OrganizationalUnit"]),
];
const GROUP: &[Attribute] = &[
    Attribute::text("displayName", "The name, as people read it.").required(),
    Attribute::complex("members", "Users and groups.", &MEMBER).many(),
];
const UNIT: &[Attribute] = &[
    Attribute::text("displayName", "The name, as people read it.").required(),
    Attribute::text("description", "What the org unit is for."),
    Attribute::complex("parent", "The org unit above; none: the top.", &PARENT),
];
/// What each resource has beside its schema.
const COMMON: &[Attribute] = &[
    Attribute::text("id", "The id that we gave.").exact().read_only(),
    Attribute::text("externalId", "The client's own id.").exact(),
    Attribute::of("schemas", Type::Reference, "Schemas of the resource.").many(),
    Attribute::complex("meta", "About the resource.", &META).read_only(),
];
const META: [Attribute; 5] = [
    Attribute::text("resourceType", "What it is.").exact().read_only(),
    Attribute::of("created", Type::DateTime, "When it was made.").read_only(),
    Attribute::of("lastModified", Type::DateTime, "When it was changed.").read_only(),
    Attribute::of("location", Type::Reference, "Where it is.").read_only(),
    Attribute::text("version", "Its version.").exact().read_only(),
];

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An account.
    User,
    /// A group.
    Group,
    /// An org unit.
    Unit,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::User, Self::Group, Self::Unit];

    /// The class of the hub.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::User => Class::Account,
            Self::Group => Class::Group,
            Self::Unit => Class::OrgUnit,
        }
    }

    /// Name of the resource type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Unit => "OrganizationalUnit",
        }
    }

    /// The first segment of its paths.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
            Self::Unit => "OrganizationalUnits",
        }
    }

    /// Its schema.
    #[must_use]
    pub const fn schema(self) -> &'static str {
        match self {
            Self::User => "urn:ietf:params:scim:schemas:core:2.0:User",
            Self::Group => "urn:ietf:params:scim:schemas:core:2.0:Group",
            Self::Unit => "urn:rosterd:scim:schemas:core:1.0:OrganizationalUnit",
        }
    }

    /// A sentence for people.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::User => "A person's or a service's account.",
            Self::Group => "A set of users and of other groups.",
            Self::Unit => "A node of the organisation's tree.",
        }
    }

    /// The attributes of its schema.
    #[must_use]
    pub const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => user::CORE,
            Self::Group => GROUP,
            Self::Unit => UNIT,
        }
    }

    /// The kind with this endpoint.
    #[must_use]
    pub fn at(endpoint: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.endpoint().eq_ignore_ascii_case(endpoint))
    }

    /// An attribute of the core, or of an extension that is known.
    #[must_use]
    pub fn attribute(self, schema: Option<&str>, name: &str) -> Option<&'static Attribute> {
        let find = |list: &'static [Attribute]| list.iter().find(|one| one.name.eq_ignore_ascii_case(name));
        match schema {
            None => find(self.attributes()).or_else(|| find(COMMON)),
            Some(urn) if self != Self::User => None.filter(|_| urn.is_empty()),
            Some(urn) if urn.eq_ignore_ascii_case(ENTERPRISE) => find(user::ENTERPRISE),
            Some(urn) if urn.eq_ignore_ascii_case(HUB) => find(user::HUB),
            Some(_) => None,
        }
    }

    /// Extensions: those that are known, and those of the operator.
    #[must_use]
    pub fn extensions(self, settings: &Settings) -> Vec<String> {
        let mut all = Vec::new();
        if self == Self::User {
            all.extend([ENTERPRISE.to_owned(), HUB.to_owned()]);
            all.extend(added(settings).into_keys());
        }
        all
    }
}

/// The operator's extensions and their attributes.
fn added(settings: &Settings) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for place in settings.attributes.iter().filter_map(|name| Place::of(name)) {
        let Some(schema) = place.schema.filter(|schema| !schema.eq_ignore_ascii_case(ENTERPRISE)) else { continue };
        let names = all.entry(schema.to_owned()).or_default();
        if !names.iter().any(|name| name.eq_ignore_ascii_case(place.attribute)) {
            names.push(place.attribute.to_owned());
        }
    }
    all
}

/// All schemas, as `/Schemas` shows them.
#[must_use]
pub fn all(settings: &Settings) -> Vec<Map<String, Value>> {
    let list = |attributes: &[Attribute]| attributes.iter().map(Attribute::to_json).collect::<Vec<Value>>();
    let mut all: Vec<Map<String, Value>> =
        Kind::ALL.iter().map(|kind| shown(kind.schema(), kind.name(), kind.about(), list(kind.attributes()))).collect();
    all.push(shown(ENTERPRISE, "EnterpriseUser", "What an employer knows of a user.", list(user::ENTERPRISE)));
    all.push(shown(HUB, "HubUser", "What the hub knows of a user and SCIM does not.", list(user::HUB)));
    for (urn, names) in added(settings) {
        let text = |name: &String| {
            let mut one = Attribute::text("", "Added by the operator.").to_json();
            one["name"] = name.as_str().into();
            one
        };
        all.push(shown(&urn, &urn, "Added by the operator.", names.iter().map(text).collect()));
    }
    all
}

fn shown(urn: &str, name: &str, about: &str, attributes: Vec<Value>) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:Schema"]));
    all.insert("id".to_owned(), urn.into());
    all.insert("name".to_owned(), name.into());
    all.insert("description".to_owned(), about.into());
    all.insert("attributes".to_owned(), attributes.into());
    all
}
