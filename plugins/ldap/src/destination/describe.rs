//! What `describe` says of writing, added to what the source says of each attribute.

use crate::preset::{self, EXPIRES, Preset};
use rosterd_sdk::{Attribute, Class, ClassDescription};

/// Texts that no two accounts of a directory should share.
const UNIQUE: [&str; 3] = ["uid", "sAMAccountName", "userPrincipalName"];

/// Everything that a class has, with what can be done with it.
#[must_use]
pub fn class(class: Class, description: ClassDescription) -> ClassDescription {
    let text = |name: &str| {
        [Preset::Openldap, Preset::ActiveDirectory].iter().any(|preset| preset.texts(class).contains(&name))
    };
    let refers = |name: &str| name == preset::above(class) || preset::references(class).any(|(own, _)| own == name);
    let one = |(name, attribute): (String, Attribute)| {
        let name = name.as_str();
        let writable = text(name) || refers(name) || (name == EXPIRES && class == Class::Account);
        let attribute = if writable { attribute.writable() } else { attribute };
        let attribute = if text(name) || name == "dn" { attribute.lookup() } else { attribute };
        if UNIQUE.contains(&name) && class == Class::Account { attribute.unique() } else { attribute }
    };
    let description = description.attributes(preset::named_attributes(class).into_iter().map(one));
    if class == Class::Account {
        let text = "shown by a destination: whether the account can be used";
        return description.attribute(Attribute::boolean("active").description(text));
    }
    description
}
