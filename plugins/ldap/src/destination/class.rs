//! What follows from the settings for a class, computed once: thousands of operations ask for it.

use super::places::{Disable, LOCKED};
use super::wish::Words;
use crate::preset::{self, CONTROL, EXPIRES};
use crate::settings::Settings;
use crate::writing::showing;
use rosterd_sdk::Class;
use std::collections::HashSet;
use std::rc::Rc;

/// Of one class.
#[derive(Debug)]
pub(super) struct OfClass {
    /// What can be written.
    pub(super) words: Words,
    /// What is read.
    pub(super) wanted: Vec<String>,
    /// The control that asks for all of that behind a change.
    pub(super) showing: Rc<[u8]>,
    /// The same behind an entry that was made, whose classes are known.
    pub(super) showing_new: Rc<[u8]>,
    /// Texts that are shown, beside the name.
    pub(super) shown: Vec<String>,
}

/// Of all classes, each at its place.
pub(super) fn all(settings: &Settings) -> [OfClass; 3] {
    [Class::Account, Class::OrgUnit, Class::Group].map(|class| OfClass::new(settings, class))
}

/// Where a class stands among them.
pub(super) const fn place_of(class: Class) -> usize {
    match class {
        Class::Account => 0,
        Class::OrgUnit => 1,
        Class::Group => 2,
    }
}

impl OfClass {
    fn new(settings: &Settings, class: Class) -> Self {
        let texts = settings.preset.texts(class).iter().map(|name| (*name).to_owned());
        let mut shown: Vec<String> = texts.chain(settings.attributes.iter().cloned()).collect();
        only_first(&mut shown);
        shown.retain(|name| !name.eq_ignore_ascii_case("dn"));
        let wanted = Self::wanted(settings, class);
        let mut new = wanted.clone();
        new.retain(|name| name != "objectClass");
        let (showing, showing_new) = (showing(&wanted).into(), showing(&new).into());
        Self { words: Words::new(settings, class), showing, showing_new, wanted, shown }
    }

    /// Members are not among them: there may be a hundred thousand.
    fn wanted(settings: &Settings, class: Class) -> Vec<String> {
        let mut names: Vec<&str> = vec![settings.id(), "objectClass"];
        names.extend(settings.preset.texts(class));
        names.extend(settings.attributes.iter().map(String::as_str));
        names.extend(preset::references(class).map(|(name, _)| name).filter(|name| *name != "member"));
        match (class, settings.how_to_disable()) {
            (_, Disable::Control) => names.extend([CONTROL, EXPIRES, "adminCount", "isCriticalSystemObject"]),
            (Class::Account, Disable::Attribute(name, _)) if name == LOCKED => names.push(LOCKED),
            _ => {}
        }
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        if let (Class::Account, Disable::Attribute(name, _)) = (class, settings.how_to_disable()) {
            names.push(name);
        }
        only_first(&mut names);
        names
    }
}

/// Of names that differ in case only the first one stays.
fn only_first(names: &mut Vec<String>) {
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.to_ascii_lowercase()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_stands_at_its_place() {
        for (at, class) in [Class::Account, Class::OrgUnit, Class::Group].into_iter().enumerate() {
            assert_eq!(place_of(class), at);
        }
    }

    #[test]
    fn of_names_that_differ_in_case_the_first_stays() {
        let mut names = ["cn", "mail", "CN", "Mail", "sn"].map(str::to_owned).to_vec();
        only_first(&mut names);
        assert_eq!(names, ["cn", "mail", "sn"]);
    }
}
