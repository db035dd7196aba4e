//! The user of RFC 7643 (sections 4.1 and 4.3), and what we add to it.

use super::attribute::{Attribute, Type};

const fn kinds(words: &'static [&'static str]) -> Attribute {
    Attribute::text("type", "What the value is for.").words(words)
}

const DISPLAY: Attribute = Attribute::text("display", "The value, as people read it.");
const PRIMARY: Attribute =
    Attribute::of("primary", Type::Boolean, "True for the preferred value, of which there is one.");

const NAME: [Attribute; 6] = [
    Attribute::text("formatted", "The whole name, as it is written."),
    Attribute::text("familyName", "The family name."),
    Attribute::text("givenName", "The given name."),
    Attribute::text("middleName", "The middle names."),
    Attribute::text("honorificPrefix", "What stands before the name."),
    Attribute::text("honorificSuffix", "What stands after the name."),
];

const EMAIL: [Attribute; 4] =
    [Attribute::text("value", "The address."), DISPLAY, kinds(&["work", "home", "other"]), PRIMARY];

const PHONE: [Attribute; 4] = [
    Attribute::text("value", "The number, kept as it was sent."),
    DISPLAY,
    kinds(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const IM: [Attribute; 4] = [
    Attribute::text("value", "The address."),
    DISPLAY,
    kinds(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];

const PHOTO: [Attribute; 4] = [
    Attribute::of("value", Type::Reference, "Where the picture is.").words(&["external"]),
    DISPLAY,
    kinds(&["photo", "thumbnail"]),
    PRIMARY,
];

const ADDRESS: [Attribute; 8] = [
    Attribute::text("formatted", "The whole address, as it is written."),
    Attribute::text("streetAddress", "Street and house."),
    Attribute::text("locality", "The city."),
    Attribute::text("region", "The province or state."),
    Attribute::text("postalCode", "The postal code."),
    Attribute::text("country", "The country, two letters of ISO 3166-1."),
    kinds(&["work", "home", "other"]),
    PRIMARY,
];

const PLAIN: [Attribute; 4] = [Attribute::text("value", "The value."), DISPLAY, kinds(&[]), PRIMARY];

const CERTIFICATE: [Attribute; 4] =
    [Attribute::of("value", Type::Binary, "The certificate, DER in base64."), DISPLAY, kinds(&[]), PRIMARY];

const IN_GROUP: [Attribute; 4] = [
    Attribute::text("value", "Id of the group.").exact().read_only(),
    Attribute::of("$ref", Type::Reference, "Where the group is.").words(&["Group"]).read_only(),
    Attribute::text("display", "Name of the group.").read_only(),
    Attribute::text("type", "direct: of the group itself.").words(&["direct"]).read_only(),
];

const MANAGER: [Attribute; 3] = [
    Attribute::text("value", "Id of the manager.").exact(),
    Attribute::of("$ref", Type::Reference, "Where the manager is.").words(&["User"]),
    Attribute::text("displayName", "Name of the manager.").read_only(),
];

const UNIT: [Attribute; 2] = [
    Attribute::text("value", "Id of the org unit.").exact(),
    Attribute::of("$ref", Type::Reference, "Where the org unit is.").words(&["OrganizationalUnit"]),
];

/// The core.
pub const CORE: &[Attribute] = &[
    Attribute::text("userName", "The name by which the client knows the user.").required().unique(),
    Attribute::complex("name", "The parts of the name.", &NAME),
    Attribute::text("displayName", "The name, as people read it."),
    Attribute::text("nickName", "What the user is called."),
    Attribute::of("profileUrl", Type::Reference, "A page about the user.").words(&["external"]),
    Attribute::text("title", "The title at work."),
    Attribute::text("userType", "The relation to the organisation."),
    Attribute::text("preferredLanguage", "The language that is preferred."),
    Attribute::text("locale", "How dates and numbers are written."),
    Attribute::text("timezone", "The time zone, by the name of IANA."),
    Attribute::of("active", Type::Boolean, "Whether the account may be used."),
    Attribute::text("password", "Taken and dropped: the hub keeps no passwords of others.").write_only(),
    Attribute::complex("emails", "Addresses of mail.", &EMAIL).many(),
    Attribute::complex("phoneNumbers", "Telephone numbers.", &PHONE).many(),
    Attribute::complex("ims", "Addresses of instant messaging.", &IM).many(),
    Attribute::complex("photos", "Pictures of the user.", &PHOTO).many(),
    Attribute::complex("addresses", "Postal addresses.", &ADDRESS).many(),
    Attribute::complex("groups", "Groups that the user is a direct member of.", &IN_GROUP)
        .many()
        .read_only()
        .on_request(),
    Attribute::complex("entitlements", "What the user is entitled to.", &PLAIN).many(),
    Attribute::complex("roles", "Roles of the user.", &PLAIN).many(),
    Attribute::complex("x509Certificates", "Certificates of the user.", &CERTIFICATE).many(),
];

/// The enterprise extension.
pub const ENTERPRISE: &[Attribute] = &[
    Attribute::text("employeeNumber", "The staff number."),
    Attribute::text("costCenter", "The cost centre."),
    Attribute::text("organization", "The organisation."),
    Attribute::text("division", "The division."),
    Attribute::text("department", "The department."),
    Attribute::complex("manager", "The manager, another user.", &MANAGER),
];

/// Our own extension.
pub const HUB: &[Attribute] =
    &[Attribute::complex("organizationalUnit", "The org unit that the user belongs to.", &UNIT)];
