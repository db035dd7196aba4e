//! What changed at a real server, one thing after the other: after each the hub knows what `ldapsearch` shows, and has not read
//! everything for it. Whom the hub does not see any more because he was moved is not gone.

use super::directory::Directory;
use super::samba::Samba;
use super::slapd::Slapd;
use super::{active_directory, company, domain};
use rosterd_tests::hub::Hub;

/// People, and org units with the base.
const PEOPLE: usize = 120;
const UNITS: usize = 9;

/// A server with changes.
struct Pair<'a> {
    hub: Hub,
    modify: &'a dyn Fn(&str),
    there: &'a dyn Fn() -> Directory,
}

impl<'a> Pair<'a> {
    /// With a hub that has read everything.
    fn new(hub: Hub, modify: &'a dyn Fn(&str), there: &'a dyn Fn() -> Directory) -> Self {
        drop(super::run(&hub).code(0));
        let pair = Self { hub, modify, there };
        Directory::of_hub(&pair.hub).assert_equals(&(pair.there)());
        assert_eq!((pair.there)().sizes(), (PEOPLE, UNITS, 2));
        pair
    }

    /// Changes something; the hub reads what changed, and nothing else, and ends with this code.
    #[track_caller]
    fn read_changes(&self, what: &str, ldif: &str, code: i32) {
        (self.modify)(ldif);
        let said = super::run(&self.hub);
        let both = format!("{}{}", said.out, said.err);
        assert_eq!(said.code, Some(code), "{what}: {both}");
        let records = said.json()["run"]["scan"]["records"].as_u64().expect("a number");
        assert!(records < PEOPLE as u64 / 2, "{what}: the run read everything: {both}");
    }

    /// Changes something; then the hub knows what the server shows.
    #[track_caller]
    fn follow(&self, what: &str, ldif: &str) {
        self.read_changes(what, ldif, 0);
        Directory::of_hub(&self.hub).assert_equals_after(what, &(self.there)());
    }

    /// Moves somebody out of the base: he is a case, and lives on as he was. All others are as the server shows them.
    #[track_caller]
    fn leaves(&self, name: &str, ldif: &str) {
        let id = (self.there)().id(name);
        self.read_changes("moved out of the base", ldif, 7);
        let known = Directory::of_hub(&self.hub);
        assert_eq!(known.id(name), id, "who left the base was removed");
        known.without(&id).assert_equals(&(self.there)());
        let cases = self.hub.rosterd(&["quarantine", "list", "--format", "json"]).code(0).json();
        assert_eq!(cases["cases"].as_array().map(Vec::len), Some(1), "{cases}");
        assert_eq!(cases["cases"][0]["id"], id.as_str(), "{cases}");
    }

    /// A full run finds nobody whom the deltas missed. What it finds otherwise stands in the README of the connector.
    #[track_caller]
    fn end(self) {
        let known = Directory::of_hub(&self.hub);
        known.assert_equals(&(self.there)());
        let said = self.hub.rosterd(&["run", "ldap", "--full", "--format", "json"]).code(0);
        assert_eq!(said.json()["run"]["scan"]["gone"], 0, "{}", said.out);
        Directory::of_hub(&self.hub).assert_equals(&known);
        self.hub.verify();
    }
}

/// One change as LDIF.
fn change(dn: &str, lines: &str) -> String {
    format!("dn: {dn}\n{lines}\n\n")
}

#[test]
fn changes_at_openldap_are_followed_by_its_cookies() {
    let slapd = Slapd::start(&company::ldif(PEOPLE, UNITS));
    let (modify, there) = (|ldif: &str| slapd.modify(ldif), || Directory::of_ldapsearch(&slapd));
    let pair = Pair::new(super::hub(&slapd), &modify, &there);
    let (person, unit) = (|number: usize| company::person(number, UNITS - 1), company::unit);
    let base = "ou=people,dc=example,dc=org";

    pair.follow("nothing", "");
    let added = format!(
        "changetype: add\nobjectClass: inetOrgPerson\nuid: new\ncn: Neu, Ä\nsn: Neu\ndisplayName: Neu\n\
         employeeNumber: 900001\nmanager: {}",
        person(3)
    );
    pair.follow("added", &change(&format!("uid=new,{}", unit(2)), &added));
    pair.follow("changed", &change(&person(0), "changetype: modify\nreplace: title\ntitle: Leiterin, Ops"));
    pair.follow("cleared", &change(&person(4), "changetype: modify\ndelete: title"));
    let renamed = "changetype: modrdn\nnewrdn: uid=renamed\ndeleteoldrdn: 1";
    pair.follow("renamed", &change(&person(3), renamed));
    let moved = format!("changetype: modrdn\nnewrdn: uid=u00006\ndeleteoldrdn: 1\nnewsuperior: {}", unit(1));
    pair.follow("moved", &change(&person(6), &moved));
    let plain = format!("ou=plain,{base}");
    pair.follow("an org unit added", &change(&plain, "changetype: add\nobjectClass: organizationalUnit\nou: plain"));
    let inner = "changetype: add\nobjectClass: inetOrgPerson\nuid: inner\ncn: Inner\nsn: Inner\nemployeeNumber: 900002";
    pair.follow("somebody in it added", &change(&format!("uid=inner,{plain}"), inner));
    // One with a plain name: of others refint cuts the names in the midst of a sign (OpenLDAP 2.5).
    let unit_moved = format!("changetype: modrdn\nnewrdn: ou=moved\ndeleteoldrdn: 1\nnewsuperior: {}", unit(2));
    pair.follow("an org unit with everybody in it moved", &change(&plain, &unit_moved));
    let group = format!("cn=组 0\\, all,{base}");
    let member = format!("changetype: modify\nadd: member\nmember: uid=new,{}", unit(2));
    pair.follow("a member added", &change(&group, &member));
    let member = format!("changetype: modify\ndelete: member\nmember: {}", person(9));
    pair.follow("a member removed", &change(&group, &member));
    pair.follow("deleted", &change(&format!("uid=new,{}", unit(2)), "changetype: delete"));
    pair.follow("restored", &change(&format!("uid=new,{}", unit(2)), &added));

    let away = "changetype: modrdn\nnewrdn: uid=u00012\ndeleteoldrdn: 1\nnewsuperior: dc=example,dc=org";
    pair.leaves("u00012", &change(&person(12), away));
    let back = format!("changetype: modrdn\nnewrdn: uid=u00012\ndeleteoldrdn: 1\nnewsuperior: {}", unit(1));
    pair.follow("moved back", &change("uid=u00012,dc=example,dc=org", &back));
    pair.end();
}

#[test]
fn a_change_of_more_than_a_thousand_people_is_followed_by_its_times() {
    const MANY: usize = 1_300;
    let slapd = Slapd::start(&company::ldif(MANY, UNITS));
    let hub = super::hub(&slapd);
    hub.configure("page-size = 100", "page-size = 100\ndelta = \"timestamp\"");
    hub.write("rosterd.toml", &(hub.read("rosterd.toml") + "[guard]\nupdate = { floor = 2000, percent = 100.0 }\n"));
    drop(super::run(&hub).code(0));
    let titled = |number| {
        let title = format!("changetype: modify\nreplace: title\ntitle: Title {number}");
        super::tree::change(&company::person(number, UNITS - 1), &title)
    };
    slapd.modify(&(0..MANY).map(titled).collect::<String>());
    let said = super::run(&hub);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    Directory::of_hub(&hub).assert_equals(&Directory::of_ldapsearch(&slapd));
    hub.verify();
}

/// With one of the ways of Active Directory.
fn domain_is_followed(way: &str) {
    let samba = Samba::start(&domain::ldif(PEOPLE, UNITS));
    // Others are not shown what was deleted.
    samba.modify(&change(
        "CN=Domain Admins,CN=Users,DC=ad,DC=test",
        "changetype: modify\nadd: member\nmember: CN=sync,CN=Users,DC=ad,DC=test",
    ));
    let (modify, there) = (|ldif: &str| samba.modify(ldif), || Directory::of_domain(&samba));
    let hub = active_directory::hub(&samba);
    hub.configure("page-size = 100", &format!("page-size = 100\ndelta = \"{way}\""));
    let pair = Pair::new(hub, &modify, &there);
    let (person, unit) = (|number: usize| domain::person(number, UNITS - 1), domain::unit);

    pair.follow("nothing", "");
    let added = format!(
        "changetype: add\nobjectClass: user\nsAMAccountName: new\nsn: Neu\ndisplayName: Neu\nemployeeNumber: 900001\n\
         userAccountControl: 512\nmanager: {}",
        person(3)
    );
    let new = format!("CN=Neu\\, Ä,{}", unit(2));
    pair.follow("added", &change(&new, &added));
    pair.follow("changed", &change(&person(0), "changetype: modify\nreplace: title\ntitle: Leiterin, Ops"));
    pair.follow("cleared", &change(&person(4), "changetype: modify\ndelete: title"));
    let disabled = "changetype: modify\nreplace: userAccountControl\nuserAccountControl: 514";
    pair.follow("disabled", &change(&person(2), disabled));
    let ends = format!("changetype: modify\nreplace: accountExpires\naccountExpires: {}", domain::ENDS[1].0);
    pair.follow("an end", &change(&person(2), &ends));
    pair.follow("renamed", &change(&person(3), "changetype: modrdn\nnewrdn: CN=renamed\ndeleteoldrdn: 1"));
    let moved = format!("changetype: modrdn\nnewrdn: CN=moved\ndeleteoldrdn: 1\nnewsuperior: {}", unit(1));
    pair.follow("moved", &change(&person(6), &moved));
    let unit_moved = format!("changetype: modrdn\nnewrdn: OU=moved\ndeleteoldrdn: 1\nnewsuperior: {}", unit(2));
    pair.follow("an org unit with everybody in it moved", &change(&unit(3), &unit_moved));
    let group = domain::group(0);
    let member = format!("changetype: modify\nadd: member\nmember: {new}");
    pair.follow("a member added", &change(&group, &member));
    // A server forgets about whom it deletes where he was a member, and the group is none that changed: so he leaves it before.
    let member = format!("changetype: modify\ndelete: member\nmember: {}\nmember: {new}", person(8));
    pair.follow("members removed", &change(&group, &member));
    let id = (pair.there)().id("new");
    pair.follow("deleted", &change(&new, "changetype: delete"));
    let checked = pair.hub.rosterd(&["check", "--online"]).code(0).out;
    let told = "the account is shown deleted objects, so deletions are told";
    assert_eq!(checked.contains(told), way == "usn", "{checked}");
    // What is left of a deleted object has its id in its name.
    let tombstone = format!("CN=Neu\\, Ä\\0ADEL:{id},CN=Deleted Objects,{}", super::samba::DOMAIN);
    let restored = format!(
        "control: 1.2.840.113556.1.4.417 true\nchangetype: modify\ndelete: isDeleted\n-\nreplace: distinguishedName\n\
         distinguishedName: {new}\n-\nreplace: displayName\ndisplayName: Neu\n-\nreplace: employeeNumber\n\
         employeeNumber: 900001"
    );
    pair.follow("restored", &change(&tombstone, &restored));
    assert_eq!((pair.there)().id("new"), id);

    let away = "changetype: modrdn\nnewrdn: CN=away\ndeleteoldrdn: 1\nnewsuperior: CN=Users,DC=ad,DC=test";
    pair.leaves("u00012", &change(&person(12), away));
    let back = format!("changetype: modrdn\nnewrdn: CN=away\ndeleteoldrdn: 1\nnewsuperior: {}", unit(1));
    pair.follow("moved back", &change("CN=away,CN=Users,DC=ad,DC=test", &back));
    pair.end();
}

#[test]
fn changes_in_a_domain_are_followed_by_dirsync() {
    domain_is_followed("dirsync");
}

#[test]
fn changes_in_a_domain_are_followed_by_numbers_of_changes() {
    domain_is_followed("usn");
}
