//! The attributes that the hub knows by name: those of RFC 7643 and a few of our own.
//!
//! Other names are allowed everywhere; what is listed here gets a type check on the way in and serves as the list for
//! "did you mean".

use rosterd_model::Class;

/// What a known attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text; a whole number is written out.
    Text,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// True or false.
    Bool,
    /// A reference to one object of a class.
    Reference(Class),
    /// References to objects of a class, one or several.
    References(Class),
    /// References to accounts and groups.
    Members,
    /// Anything: not ours to judge.
    Other,
}

const ACCOUNT: &[&str] = &[
    "userName",
    "displayName",
    "name.familyName",
    "name.givenName",
    "name.middleName",
    "name.formatted",
    "nickName",
    "emails.work",
    "emails.home",
    "emails.other",
    "phoneNumbers.mobile",
    "phoneNumbers.work",
    "phoneNumbers.home",
    "phoneNumbers.fax",
    "employeeNumber",
    "employeeType",
    "title",
    "department",
    "division",
    "organization",
    "costCenter",
    "orgUnit",
    "orgUnits",
    "manager",
    "status",
    "active",
    "startDate",
    "endDate",
    "locale",
    "timezone",
    "preferredLanguage",
    "profileUrl",
    "userType",
    "description",
    "externalId",
    "addresses.work",
    "addresses.home",
    "workplace",
    "primary",
];
/// The attribute of a secondary account: the user name of the account that it belongs to.
pub const PRIMARY: &str = "primary";
const ORG_UNIT: &[&str] = &["displayName", "parent", "head", "description", "code", "order", "status", "externalId"];
const GROUP: &[&str] =
    &["displayName", "members", "owner", "owners", "description", "emails.work", "groupType", "status", "externalId"];

/// The names that are known for a class.
#[must_use]
pub const fn names(class: Class) -> &'static [&'static str] {
    match class {
        Class::Account => ACCOUNT,
        Class::OrgUnit => ORG_UNIT,
        Class::Group => GROUP,
    }
}

/// What an attribute of a class holds.
#[must_use]
pub fn kind(class: Class, attribute: &str) -> Kind {
    match (class, attribute) {
        (Class::Account, "orgUnit") | (Class::OrgUnit, "parent") => Kind::Reference(Class::OrgUnit),
        (Class::Account, "orgUnits") => Kind::References(Class::OrgUnit),
        (Class::Account, "manager") | (Class::OrgUnit, "head") | (Class::Group, "owner") => {
            Kind::Reference(Class::Account)
        }
        (Class::Group, "owners") => Kind::References(Class::Account),
        (Class::Group, "members") => Kind::Members,
        (Class::Account, "active") => Kind::Bool,
        (_, "order") => Kind::Other,
        (_, name) if name.starts_with("emails.") => Kind::Email,
        (_, name) if name.starts_with("phoneNumbers.") => Kind::Phone,
        (_, name) if name.starts_with("addresses.") => Kind::Other,
        (_, name) if names(class).contains(&name) => Kind::Text,
        _ => Kind::Other,
    }
}

/// True for the attribute by which people know an object, here and at the common destinations.
#[must_use]
pub fn is_name(class: Class, attribute: &str) -> bool {
    match class {
        Class::Account => matches!(attribute, "userName" | "sAMAccountName" | "userPrincipalName" | "uid"),
        Class::OrgUnit => matches!(attribute, "displayName" | "name" | "ou"),
        Class::Group => matches!(attribute, "displayName" | "name" | "cn"),
    }
}

/// True for the attribute that says where in the tree an object stands.
#[must_use]
pub fn is_parent(class: Class, attribute: &str) -> bool {
    match class {
        Class::Account => matches!(attribute, "orgUnit" | "orgUnits"),
        Class::OrgUnit => attribute == "parent",
        Class::Group => false,
    }
}

/// True for what several people may share over time: names, telephone numbers, mail addresses. A match by these alone
/// does not take over an account that no source created.
#[must_use]
pub fn is_weak_key(attribute: &str) -> bool {
    const PREFIXES: [&str; 3] = ["emails.", "phoneNumbers.", "name."];
    matches!(attribute, "displayName" | "nickName" | "email" | "emails" | "mail" | "mobile" | "phone" | "phoneNumbers")
        || PREFIXES.iter().any(|prefix| attribute.starts_with(prefix))
}

/// The candidate that `word` was most likely meant to be: at most a third of its letters differ.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const LONGEST: usize = 64;
    let wanted: Vec<char> = word.to_lowercase().chars().take(LONGEST).collect();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| {
            let other: Vec<char> = candidate.to_lowercase().chars().take(LONGEST).collect();
            (distance(&wanted, &other), candidate)
        })
        .filter(|(distance, _)| *distance <= (wanted.len() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Edits (insert, remove, replace) between two words.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_a_different_word_is_not() {
        let names = || names(Class::Account).iter().copied();
        assert_eq!(suggest("usernmae", names()).as_deref(), Some("userName"));
        assert_eq!(suggest("email.work", names()).as_deref(), Some("emails.work"));
        assert_eq!(suggest("zzzz", names()), None);
        assert_eq!(suggest("", names()), None);
    }

    #[test]
    fn a_word_may_differ_in_a_third_of_its_letters_and_is_never_meant_to_be_itself() {
        let meant = |word: &str, names: &[&'static str]| suggest(word, names.iter().copied());
        assert_eq!(meant("empoyeTyp", &["employeeType"]).as_deref(), Some("employeeType"), "three of nine");
        assert_eq!(meant("empoyTyp", &["employeeType"]), None, "four of eight");
        assert_eq!(meant("id", &["if"]).as_deref(), Some("if"), "one always may");
        assert_eq!(meant("title", &["title", "titles"]).as_deref(), Some("titles"));
        assert_eq!(meant("title", &["title"]), None);
    }

    #[test]
    fn edits_between_words_are_the_fewest() {
        for (from, to, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("kitten", "sitting", 3),
            ("sitting", "kitten", 3),
            ("saturday", "sunday", 3),
            ("flaw", "lawn", 2),
            ("ab", "ba", 2),
            ("intention", "execution", 5),
        ] {
            let (a, b): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
            assert_eq!(distance(&a, &b), edits, "{from} {to}");
        }
    }

    #[test]
    fn an_attribute_has_its_type_in_the_class_that_knows_it() {
        use Class::{Account, Group, OrgUnit};
        for (class, attribute, expected) in [
            (Account, "orgUnit", Kind::Reference(OrgUnit)),
            (OrgUnit, "parent", Kind::Reference(OrgUnit)),
            (Account, "orgUnits", Kind::References(OrgUnit)),
            (Account, "manager", Kind::Reference(Account)),
            (OrgUnit, "head", Kind::Reference(Account)),
            (Group, "owner", Kind::Reference(Account)),
            (Group, "owners", Kind::References(Account)),
            (Group, "members", Kind::Members),
            (Account, "active", Kind::Bool),
            (OrgUnit, "order", Kind::Other),
            (Group, "emails.work", Kind::Email),
            (Account, "emails.anything", Kind::Email),
            (Account, "phoneNumbers.fax", Kind::Phone),
            (Account, "addresses.work", Kind::Other),
            (Account, "title", Kind::Text),
            (OrgUnit, "code", Kind::Text),
            (OrgUnit, "title", Kind::Other),
            (Group, "parent", Kind::Other),
            (Account, "members", Kind::Other),
            (Account, "shoeSize", Kind::Other),
        ] {
            assert_eq!(kind(class, attribute), expected, "{attribute} of {class}");
        }
    }

    #[test]
    fn what_several_people_may_share_is_a_weak_key() {
        for weak in ["displayName", "mail", "mobile", "emails.work", "phoneNumbers.home", "name.familyName"] {
            assert!(is_weak_key(weak), "{weak}");
        }
        for strong in ["employeeNumber", "userName", "externalId", "uid"] {
            assert!(!is_weak_key(strong), "{strong}");
        }
    }
}
