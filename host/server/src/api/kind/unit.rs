//! Org units.

use super::{Kept, Kind, kept_owns, kept_reference, kept_text, own, put, put_owns, reference, text};
use crate::api::pattern;
use crate::api::problem::Finding;
use crate::api::shape::OrgUnit;
use rosterd_model::Class;

impl Kind for OrgUnit {
    const CLASS: Class = Class::OrgUnit;
    const PATH: &'static str = "org-units";
    const NAME: &'static str = "OrgUnit";
    const NEEDED: &'static str = "displayName";
    const FILTERS: &'static [(&'static str, &'static [&'static str])] =
        &[("displayName", &["displayName"]), ("externalId", &["externalId"]), ("parent", &["parent.value"])];
    const NAMES: &'static [&'static str] =
        &["id", "schemas", "meta", "displayName", "externalId", "description", "parent", "manager", "attributes"];

    fn check(&self, found: &mut Vec<Finding>) {
        text(found, "displayName", Some(&self.display_name), pattern::WORDS, 256);
        text(found, "externalId", self.external_id.as_deref(), pattern::TEXT, 256);
        text(found, "description", self.description.as_deref(), pattern::TEXT, 1024);
        text(found, "parent", self.parent.as_deref(), pattern::ID, 256);
        text(found, "manager", self.manager.as_deref(), pattern::ID, 256);
        own(found, Self::NAMES, self.attributes.as_ref());
    }

    fn keep(&self) -> Kept {
        let mut kept = Kept::new();
        put(&mut kept, "displayName", Some(self.display_name.as_str()));
        put(&mut kept, "externalId", self.external_id.as_deref());
        put(&mut kept, "description", self.description.as_deref());
        put(&mut kept, "parent", self.parent.as_deref().map(|id| reference(Class::OrgUnit, id)));
        put(&mut kept, "manager", self.manager.as_deref().map(|id| reference(Class::Account, id)));
        put_owns(&mut kept, self.attributes.as_ref());
        kept
    }

    fn show(kept: &Kept) -> Self {
        Self {
            display_name: kept_text(kept, "displayName").unwrap_or_default(),
            external_id: kept_text(kept, "externalId"),
            description: kept_text(kept, "description"),
            parent: kept_reference(kept, "parent"),
            manager: kept_reference(kept, "manager"),
            attributes: kept_owns(kept, Self::NAMES),
        }
    }
}
