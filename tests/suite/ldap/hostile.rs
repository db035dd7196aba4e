//! Entries as nobody wants them, at a real OpenLDAP, on their way into a real domain: what can not be used is set aside or parked with
//! a reason, and everybody else arrives.

use super::company;
use super::company::{entry, person};
use super::connection::waiting;
use super::directory::Directory;
use super::into_domain::{Outward, writable};
use super::samba::Samba;
use super::{active_directory, domain, tree};

const SOURCE: &str = "ou=people,dc=example,dc=org";
const TARGET: &str = "OU=Ziel,DC=ad,DC=test";
/// Bytes of a value.
const LARGE: usize = 10 << 20;

fn ldif() -> String {
    let mut ldif = company::ldif(10, 4);
    let mut odd = |rdn: &str, number: &str, attributes: &[(&str, &str)]| {
        let first = [("objectClass", "inetOrgPerson"), ("sn", "Odd")];
        let number = (!number.is_empty()).then_some(("employeeNumber", number));
        let all: Vec<(&str, &str)> = first.into_iter().chain(number).chain(attributes.iter().copied()).collect();
        entry(&mut ldif, &format!("{rdn},{SOURCE}"), &all);
    };
    let long = "x".repeat(200);
    let large = "m".repeat(LARGE);
    odd("cn=nameless", "700001", &[("cn", "nameless"), ("uid", "nameless")]);
    odd("cn=without a login", "700002", &[("cn", "without a login"), ("displayName", "Without A Login")]);
    odd("uid=two", "700003", &[("uid", "two"), ("uid", "zwei"), ("cn", "Two"), ("displayName", "Two")]);
    odd("uid=long", "700004", &[("uid", "long"), ("cn", "Long"), ("displayName", "Long"), ("title", &long)]);
    odd("uid=large", "700005", &[("uid", "large"), ("cn", "Large"), ("displayName", "Large"), ("description", &large)]);
    odd("uid=a\\22b/c", "700006", &[("uid", "a\"b/c"), ("cn", "Quote"), ("displayName", "Quote")]);
    odd(
        "uid=photo",
        "700007",
        &[("uid", "photo"), ("cn", "Photo"), ("displayName", "Photo"), ("jpegPhoto", "\u{fffd}")],
    );
    let own = format!("uid=own,{SOURCE}");
    odd("uid=own", "700008", &[("uid", "own"), ("cn", "Own"), ("displayName", "Own"), ("manager", &own)]);
    let all = " #a,b+c\"d\\e<f>g;h=i/j*k(l)m\u{1f600}\u{202e}n ";
    odd("uid=signs", "700009", &[("uid", "signs"), ("cn", "signs"), ("displayName", all)]);
    let group = |number: usize| format!("cn=circle {number},{SOURCE}");
    for (number, members) in
        [(1, [group(2), person(0, 3)]), (2, [group(1), person(1, 3)]), (3, [group(3), "cn=nobody".into()])]
    {
        let cn = format!("circle {number}");
        let all = [
            ("objectClass", "groupOfNames"),
            ("cn", &cn),
            ("member", members[0].as_str()),
            ("member", members[1].as_str()),
        ];
        entry(&mut ldif, &group(number), &all);
    }
    // A value that is no UTF-8, which base64 can hold and a text can not.
    ldif.replace("jpegPhoto:: 77+9", "jpegPhoto:: /9j/4AA=")
}

#[test]
fn hostile_entries_are_data_with_a_reason_and_stop_nobody() {
    let into = Outward::of(&ldif(), &writable());
    into.hub.configure(
        "bind-dn = \"cn=sync,dc=example,dc=org\"",
        "bind-dn = \"cn=sync,dc=example,dc=org\"\nattributes = [\"jpegPhoto\"]",
    );
    into.hub.configure(
        "title = { from = \"source.title\"",
        "description = \"source.description\"\ntitle = { from = \"source.title\"",
    );
    into.hub.configure(
        "title = { from = \"account.title\"",
        "description = \"account.description\"\ntitle = { from = \"account.title\"",
    );
    let said = into.run();
    assert_eq!(said.code, Some(7), "{}{}", said.out, said.err);
    let cases = into.hub.rosterd(&["quarantine", "list"]).code(0).out;
    for reason in [
        "bytes of JSON are more than 1048576; shorten it at the source",
        "a value of jpegPhoto is not UTF-8; whoever keeps this entry mends it",
        "has no userName; give it one at the source",
        "the rule for \"userName\" (source.uid) failed: must be a text and is a list",
    ] {
        assert!(cases.contains(reason), "no {reason:?} in {cases}");
    }
    let waits = waiting(&into.hub);
    let parked = waits.to_string();
    for reason in [
        "cn is empty, and stands in the name of the entry",
        "attribute 'title' on entry",
        "which Active Directory forbids there",
        "this group is a member of itself, over other groups",
    ] {
        assert!(parked.contains(reason), "no {reason:?} in {parked}");
    }
    assert_eq!(waits.as_array().map(Vec::len), Some(5), "{parked}");
    // All others are there; of groups in a circle the groups, and the members who are people.
    let there = tree::of_domain(&into.samba, TARGET);
    let people: Vec<&str> = there.keys().filter_map(|name| name.strip_prefix("person ")).collect();
    let plain = (0..10).map(|number| format!("{number:06}")).chain(["700008".to_owned(), "700009".to_owned()]);
    assert_eq!(people, plain.collect::<Vec<_>>());
    assert_eq!(there["person 700008"]["manager"].iter().next().map(String::as_str), None, "he is his own manager");
    for number in 1..=3 {
        assert!(there.contains_key(&format!("group circle {number}")), "{:?}", there.keys());
    }
    into.hub.verify();
}

#[test]
fn hostile_entries_of_a_domain_are_set_aside_and_stop_nobody() {
    let samba = Samba::start(&domain::ldif(10, 4));
    let mut ldif = String::new();
    let all = " #a,b+c\"d\\e<f>g;h=i/j*k(l)m\u{1f600}\u{202e}n ";
    let rdn = "\\ \\#a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h\\=i/j*k(l)m\u{1f600}\u{202e}n\\ ";
    // The hub keeps no spaces around a name, so that of the unit has none to be compared.
    let unit = format!("OU={},{}", &rdn[2..rdn.len() - 2], domain::BASE);
    entry(&mut ldif, &unit, &[("objectClass", "organizationalUnit")]);
    let mut odd = |name: &str, number: &str, more: &[(&str, &str)]| {
        let first = [("objectClass", "user"), ("sAMAccountName", name), ("userAccountControl", "512")];
        let own: Vec<(&str, &str)> =
            first.into_iter().chain([("employeeNumber", number)]).chain(more.iter().copied()).collect();
        entry(&mut ldif, &format!("CN={name},{unit}"), &own);
    };
    let large = "m".repeat(LARGE);
    odd("plain", "700001", &[("displayName", all.trim())]);
    odd("large", "700002", &[("displayName", "Large"), ("jpegPhoto", &large)]);
    odd("photo", "700003", &[("displayName", "Photo"), ("jpegPhoto", "\u{fffd}")]);
    odd("signs{}!~^`'%&$", "700004", &[("displayName", "Signs"), ("title", "a\u{0}b\u{7}")]);
    entry(&mut ldif, &format!("CN={rdn},{unit}"), &[("objectClass", "user"), ("sAMAccountName", "signs")]);
    // Who is his own manager; groups in a circle.
    let plain = format!("CN=plain,{unit}");
    let manager = format!("changetype: modify\nreplace: manager\nmanager:: {}", tree::coded(&plain));
    let group = |number: usize| format!("CN=circle {number},{unit}");
    for number in 1..=3 {
        let name = format!("circle{number}");
        entry(&mut ldif, &group(number), &[("objectClass", "group"), ("sAMAccountName", &name)]);
    }
    samba.modify(&ldif.replace("jpegPhoto:: 77+9", "jpegPhoto:: /9j/4AA="));
    let circles = [(1, 2), (2, 3), (3, 1)].map(|(one, other)| {
        tree::change(&group(one), &format!("changetype: modify\nadd: member\nmember:: {}", tree::coded(&group(other))))
    });
    samba.modify(&(tree::change(&plain, &manager) + &circles.concat()));

    let hub = active_directory::hub(&samba);
    hub.configure("page-size = 100", "page-size = 100\nattributes = [\"jpegPhoto\"]");
    let said = super::run(&hub);
    assert_eq!(said.code, Some(7), "{}{}", said.out, said.err);
    let cases = hub.rosterd(&["quarantine", "list"]).code(0).out;
    for reason in [
        "control character",
        "shorten it at the source",
        "a value of jpegPhoto is not UTF-8; whoever keeps this entry mends it",
    ] {
        assert!(cases.contains(reason), "no {reason:?} in {cases}");
    }
    let there = Directory::of_domain(&samba);
    let set_aside = ["large", "photo", "signs{}!~^`'%&$"].map(|name| there.id(name));
    let there = set_aside.iter().fold(there, |there, id| there.without(id));
    Directory::of_hub(&hub).assert_equals(&there);
    hub.verify();
}
