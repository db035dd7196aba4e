//! Groups.

use super::{Kept, Kind, MORE, kept_owns, kept_text, own, put, put_owns, text};
use crate::api::pattern;
use crate::api::problem::Finding;
use crate::api::shape::Group;
use rosterd_model::Class;

impl Kind for Group {
    const CLASS: Class = Class::Group;
    const PATH: &'static str = "groups";
    const NAME: &'static str = "Group";
    const NEEDED: &'static str = "displayName";
    const FILTERS: &'static [(&'static str, &'static [&'static str])] =
        &[("displayName", &["displayName"]), ("externalId", &["externalId"]), ("member", &["members.value"])];
    const NAMES: &'static [&'static str] =
        &["id", "schemas", "meta", "displayName", "externalId", "description", "members", "attributes"];

    fn check(&self, found: &mut Vec<Finding>) {
        text(found, "displayName", Some(&self.display_name), pattern::WORDS, 256);
        text(found, "externalId", self.external_id.as_deref(), pattern::TEXT, 256);
        text(found, "description", self.description.as_deref(), pattern::TEXT, 1024);
        own(found, Self::NAMES, self.attributes.as_ref());
    }

    fn keep(&self) -> Kept {
        let mut kept = Kept::new();
        put(&mut kept, "displayName", Some(self.display_name.as_str()));
        put(&mut kept, "externalId", self.external_id.as_deref());
        put(&mut kept, "description", self.description.as_deref());
        put_owns(&mut kept, self.attributes.as_ref());
        if self.attributes.as_ref().is_some_and(|owns| !owns.is_empty()) {
            kept.insert(MORE.to_owned(), true.into());
        }
        kept
    }

    fn show(kept: &Kept) -> Self {
        Self {
            display_name: kept_text(kept, "displayName").unwrap_or_default(),
            external_id: kept_text(kept, "externalId"),
            description: kept_text(kept, "description"),
            attributes: kept_owns(kept, Self::NAMES),
        }
    }
}
